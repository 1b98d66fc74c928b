"""What levers save: every step is a real packing, on top of the one before it."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest

from ragopt import Index, Pipeline, Settings
from ragopt.economics import price
from ragopt.errors import InputError
from ragopt.testing import FakeTokenCounter
from ragopt.tuning import lever_savings
from ragopt.types import Document

TEXT = "The console shows when each key of kind {} was used, for the account and for the region that it is in."
DOCUMENTS = [Document(f"d{i}", TEXT.format("abcde"[i % 5]), title=f"Kind {'abcde'[i % 5]}") for i in range(20)]
QUERIES = {"q1": "when was key of kind a used", "q2": "region of kind b key", "q3": "account of kind c"}
QRELS = {"q1": {"d0": 1, "d5": 1, "d1": 0}, "q2": {"d1": 2}}


def pipeline(**tables: dict[str, object]) -> Pipeline:
    settings = Settings.from_dict({"search": {"k": 10}, "query": {"answerable": 0.0}, **tables})
    return Pipeline(Index.build(DOCUMENTS), settings, counter=FakeTokenCounter())


def test_each_step_is_what_the_pipeline_sends() -> None:
    asking = pipeline(
        prune={"duplicates": 1.0, "relative": 0.5}, pack={"tokens": 60, "form": "xml"}, search={"k": 10, "alpha": 0}
    )
    rows = lever_savings(asking, QUERIES, qrels=QRELS, price=price())
    assert [row.lever for row in rows] == [
        "everything",
        "duplicates",
        "prune",
        "merge",
        "budget",
        "method",
        "sentences",
        "form",
    ]
    assert all(row.chosen for row in rows)
    sent = [asking.retrieve(text) for text in QUERIES.values()]
    assert rows[-1].tokens == pytest.approx(sum(context.tokens.point for context in sent) / 3)
    assert rows[-1].chunks == pytest.approx(sum(len(context.hits) for context in sent) / 3)
    plain = pipeline(search={"k": 10, "alpha": 0})
    everything = [plain.retrieve(text, budget=10**6).tokens.point for text in QUERIES.values()]
    assert rows[0].tokens == pytest.approx(sum(everything) / 3) and rows[0].saved == 0
    for before, after in pairwise(rows):
        assert after.saved == pytest.approx(before.tokens - after.tokens)
        assert after.share == pytest.approx(after.saved / rows[0].tokens)
    assert rows[1].saved > 0 and rows[4].saved > 0
    rate = price().input_per_million
    assert rows[0].dollars == Decimal(repr(rows[0].tokens)) * rate / 1000
    assert rows[0].recall == rows[1].recall == 1.0  # what is dropped as a duplicate is cited still
    assert rows[1].to_dict()["dollars"] == str(rows[1].dollars)


def test_duplicates_are_tried_where_they_are_off_and_unknown_is_not_zero() -> None:
    rows = lever_savings(pipeline(), list(QUERIES.items()))
    assert [row.chosen for row in rows] == [True, False, *[True] * 6]
    assert rows[1].setting == "duplicates = 1" and rows[1].saved > 0
    assert rows[2].setting == "no rule" and rows[2].saved == 0
    assert {row.dollars for row in rows} == {row.recall for row in rows} == {None}
    assert rows[0].to_dict()["dollars"] is None


def test_wrong_use() -> None:
    with pytest.raises(InputError, match="no questions"):
        lever_savings(pipeline(), {})
    with pytest.raises(InputError, match="no query has a judgement"):
        lever_savings(pipeline(), QUERIES, qrels={"other": {"d0": 1}})
