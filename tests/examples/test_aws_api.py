"""The judged questions of the demo: complete, consistent, and about documents that exist."""

import json
import re
from collections import Counter
from functools import cache
from typing import Any

import pytest

from ragopt.backends import awsdocs
from ragopt.evaluation import Qrels
from tests.shared import ROOT

FOLDER = ROOT / "examples" / "aws-api"


@cache
def questions() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / "questions.jsonl").read_text(encoding="utf-8").splitlines()]


@cache
def qrels() -> Qrels:
    return Qrels.load(FOLDER / "qrels.tsv")


def test_there_are_enough_of_them_and_each_is_complete() -> None:
    rows = questions()
    assert len(rows) >= 120
    assert len({row["_id"] for row in rows}) == len(rows)
    for row in rows:
        assert set(row) == {"_id", "text", "half", "lang", "kind", "service"}
        assert row["text"] == row["text"].strip()
        assert row["half"] in ("tune", "test")
        assert row["lang"] in ("en", "vi")
        assert row["kind"] in ("howto", "symptom", "error", "limit", "why")
    assert sum(row["lang"] == "vi" for row in rows) >= 10


def test_every_question_is_judged_and_can_be_answered() -> None:
    assert {row["_id"] for row in questions()} == set(qrels())
    for query in qrels():
        grades = qrels()[query].values()
        assert set(grades) <= {1, 2, 3}
        assert 3 in grades, f"{query} has no document that answers it"


def test_every_judged_document_exists() -> None:
    ids = {document.id for document in awsdocs.read()}
    unknown = sorted({id for query in qrels() for id in qrels()[query]} - ids)
    assert unknown == []


def test_most_services_are_asked_about_in_both_halves() -> None:
    halves: dict[str, Counter[str]] = {service: Counter() for service in awsdocs.SERVICES}
    for row in questions():
        halves[row["service"]][row["half"]] += 1
    assert sum(bool(found) for found in halves.values()) >= 30
    assert all(abs(found["tune"] - found["test"]) <= 3 for found in halves.values()), halves
    sizes = Counter(row["half"] for row in questions())
    assert abs(sizes["tune"] - sizes["test"]) <= 3


def words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.lower()))


def test_no_question_of_one_half_rewords_one_of_the_other() -> None:
    tune = [row["text"] for row in questions() if row["half"] == "tune"]
    test = [row["text"] for row in questions() if row["half"] == "test"]
    for one in tune:
        for other in test:
            both, either = words(one) & words(other), words(one) | words(other)
            assert len(both) < 0.6 * len(either), f"{one!r} and {other!r}"


@pytest.mark.parametrize("row", questions(), ids=lambda row: row["_id"])
def test_no_question_is_an_operation_s_name(row: dict[str, Any]) -> None:
    asked = re.findall(r"\w+", row["text"].lower())
    for id, grade in qrels()[row["_id"]].items():
        if grade < 3 or ":shape:" in id:
            continue
        named = {word.lower() for word in re.findall(r"[A-Z][a-z]+", id.rpartition(":")[2])}
        share = sum(word in named or word.rstrip("s") in named for word in asked) / len(asked)
        assert share < 0.4, f"{row['text']!r} spells out {id}"
