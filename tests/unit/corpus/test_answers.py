"""Answers from a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragopt.corpus import read_answers, read_queries
from ragopt.errors import CorpusError


def test_they_may_stand_beside_the_questions(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(
        '{"_id": "a", "text": "how long?", "answers": ["365 days", "a year"]}\n\n{"id": "b", "text": "who?"}\n',
        encoding="utf-8",
    )
    assert read_answers(path) == {"a": ["365 days", "a year"], "b": []}
    assert read_queries(path) == {"a": "how long?", "b": "who?"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"text": "no id", "answers": []}', "no object with"),
        ('{"_id": "a", "answers": "one"}', "no object with"),
        ('{"_id": "a", "answers": ["x"]}\n{"_id": "a", "answers": ["y"]}', "comes twice"),
        ('{"_id": "a", "answers": [" "]}', "is no text"),
        ('{"_id": "a", "answers": [1]}', "is no text"),
        ('{"_id": "a"}', "holds no answers"),
        ("[]", "not an object"),
        ("", "holds no answers"),
    ],
)
def test_files_that_are_wrong(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CorpusError, match=said):
        read_answers(path)
