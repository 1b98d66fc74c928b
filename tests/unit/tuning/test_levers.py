"""What levers save: every step is a real packing, on top of the one before it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from ragopt import Index, Pipeline, Settings
from ragopt.economics import price
from ragopt.errors import InputError
from ragopt.testing import FakeTokenCounter
from ragopt.tuning import lever_savings, tune
from ragopt.types import Document, Query

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
    contexts = [plain.retrieve(text, budget=10**6) for text in QUERIES.values()]
    written = ["\n\n".join(f"[{n}] {h.title}\n{h.text}" for n, h in enumerate(c.hits, start=1)) for c in contexts]
    everything = sum(FakeTokenCounter().count(text).point for text in written)  # with the copies, which no context has
    assert rows[0].tokens == pytest.approx(everything / 3) and rows[0].saved == 0
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


def test_tuning_says_and_reports_what_they_save(tmp_path: Path) -> None:
    texts = {f"q{i}": f"when was key of kind {'abcde'[i % 5]} used" for i in range(20)}
    qrels = {f"q{i}": {f"d{i % 5}": 1} for i in range(20)}
    index = Index.build(DOCUMENTS, vectors=np.eye(20, 8, dtype=np.float32))
    settings = Settings.from_dict({"prune": {"relative": 0.5}, "pack": {"tokens": 60}, "query": {"answerable": 0.0}})
    vectors = np.eye(20, 8, dtype=np.float32)
    result = tune(index, texts, qrels, settings=settings, vectors=vectors, folds=2, repeats=1)
    kept = [int(id[1:]) for id in result.questions]
    rows = lever_savings(
        Pipeline(index, replace(result.settings, tuned=None)),
        {id: Query(texts[id], vector=vectors[row]) for id, row in zip(result.questions, kept, strict=True)},
        qrels=qrels,
        price=price(),
    )
    assert result.savings == rows and rows[0].saved == 0 and rows[1].saved > 0
    assert result.to_dict()["savings"] == [row.to_dict() for row in rows]
    result.report(tmp_path / "report.html")
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    section = html.split("What each lever saves")[1].split("<h2>")[0]
    assert "duplicates" in section and f"{rows[1].saved:,.0f} ({rows[1].share:.1%})" in section
    assert f"{rows[1].dollars_saved:,.3f}" in section and "not set: tried" in section


def test_wrong_use() -> None:
    with pytest.raises(InputError, match="no questions"):
        lever_savings(pipeline(), {})
    with pytest.raises(InputError, match="no query has a judgement"):
        lever_savings(pipeline(), QUERIES, qrels={"other": {"d0": 1}})
