"""Labels of answers: what a question's reply must say, and whether a context says it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from ragopt.errors import InputError, InputTypeError

__all__ = ["Answers", "answer_share", "check_answers"]

#: Query id → the texts that a right answer holds; several are parts of one answer, and all are wanted.
Answers = Mapping[str, Sequence[str]]


def check_answers(answers: Answers) -> Answers:
    """The answers as they are; InputError for an empty text, InputTypeError for a string in place of a list."""
    if not isinstance(answers, Mapping):
        raise InputTypeError(f"answers is a {type(answers).__name__}: give {{query id: [text, ...]}}")
    for query, texts in answers.items():
        if isinstance(texts, str) or not isinstance(texts, Sequence):
            raise InputTypeError(f"answers: query {query!r} has a {type(texts).__name__}: give a list of texts")
        for text in texts:
            if not isinstance(text, str) or not _plain(text):
                raise InputError(f"answers: query {query!r}: {text!r} is no text to look for")
    return answers


def answer_share(context: str, answers: Sequence[str]) -> float:
    """The share of `answers` that stand in `context` as whole words; case, blanks and punctuation aside.

    A span that is contiguous in the context predicts whether a model answers right better than recall of chunks
    does. None wanted gives 0.
    """
    if not answers:
        return 0.0
    held = f" {_plain(context)} "
    return sum(f" {_plain(answer)} " in held for answer in answers) / len(answers)


def _plain(text: str) -> str:
    """Lower case, composed, words apart by single blanks; punctuation is no word."""
    folded = unicodedata.normalize("NFC", text.casefold())
    return " ".join("".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in folded).split())
