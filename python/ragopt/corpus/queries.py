"""Questions from a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from ragopt.corpus.decoding import read_text
from ragopt.corpus.problems import Problem
from ragopt.corpus.records import json_lines, json_record
from ragopt.errors import CorpusError

__all__ = ["read_answers", "read_queries"]

_HEADERS = {"id", "_id", "qid", "query-id", "query_id"}


def read_queries(path: str | os.PathLike[str]) -> dict[str, str]:
    """The questions of a file, id to text, in its order.

    .jsonl: objects with `_id` or `id`, and `text`; .tsv: id, tab, question, with or without a header
    line; .txt: a question a line, its id the line number. Each also with .gz. Raises CorpusError at
    the first line that is wrong, for an id that comes twice, and for a file without questions.
    """
    path = Path(path)
    readers = {".jsonl": _json, ".tsv": _table, ".txt": _plain}
    suffix = Path(path.name.lower().removesuffix(".gz")).suffix
    if suffix not in readers:
        raise CorpusError(f"{path}: questions are read from {', '.join(readers)} (also with .gz); convert the file")
    queries: dict[str, str] = {}
    for number, id_, question in readers[suffix](str(path), read_text(path, str(path))):
        if id_ in queries:
            _raise(Problem(str(path), f"the id {id_!r} comes twice", "give each question its own", number))
        if not question.strip():
            _raise(Problem(str(path), f"question {id_!r} is empty", "write it or remove the line", number))
        queries[id_] = question
    if not queries:
        _raise(Problem(str(path), "holds no questions", "write one a line"))
    return queries


def read_answers(path: str | os.PathLike[str]) -> dict[str, list[str]]:
    """What right answers hold, by question: JSON lines with `_id` or `id` and a list `answers` of texts.

    It may be the file of the questions; a line without `answers` has none. Raises CorpusError at the first line that
    is wrong, for an id that comes twice, and for a file without answers.
    """
    path = Path(path)
    answers: dict[str, list[str]] = {}
    for number, record in json_lines(str(path), read_text(path, str(path)), _raise):
        id_ = record.get("_id", record.get("id")) if isinstance(record, dict) else None
        texts = record.get("answers", []) if isinstance(record, dict) else None
        if not isinstance(id_, str) or not id_ or not isinstance(texts, list):
            _raise(Problem(str(path), "no object with `_id` and a list `answers`", "write both", number))
        if id_ in answers:
            _raise(Problem(str(path), f"the id {id_!r} comes twice", "give each question its own", number))
        if not all(isinstance(text, str) and text.strip() for text in texts):
            _raise(Problem(str(path), f"an answer of {id_!r} is no text", "write texts to look for", number))
        answers[id_] = texts
    if not any(answers.values()):
        _raise(Problem(str(path), "holds no answers", "give a question a list `answers`"))
    return answers


def _json(name: str, text: str) -> Iterator[tuple[int, str, str]]:
    for number, record in json_lines(name, text, _raise):
        document = json_record(name, number, record, _raise)
        if document is not None:
            yield number, document.id, document.text


def _table(name: str, text: str) -> Iterator[tuple[int, str, str]]:
    for number, line in enumerate(text.split("\n"), start=1):
        id_, tab, question = line.partition("\t")
        if not line.strip() or (number == 1 and id_.strip().lower() in _HEADERS):
            continue
        if not tab or not id_.strip():
            _raise(Problem(name, "no id and question divided by a tab", "write id, tab, question", number))
        yield number, id_.strip(), question.strip()


def _plain(_name: str, text: str) -> Iterator[tuple[int, str, str]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, str(number), line.strip()


def _raise(problem: Problem) -> NoReturn:
    raise problem.error()
