"""Reading files as documents, and cutting documents into chunks."""

from ragopt.corpus.chunking import DEFAULT_WORDS, SentenceChunker, WindowChunker
from ragopt.corpus.problems import Problem
from ragopt.corpus.queries import read_answers, read_queries
from ragopt.corpus.reading import EXTENSIONS, read

__all__ = [
    "DEFAULT_WORDS",
    "EXTENSIONS",
    "Problem",
    "SentenceChunker",
    "WindowChunker",
    "read",
    "read_answers",
    "read_queries",
]
