"""The cases of tests/cases, worked out by hand, on the twin and on the core (Rust runs them too)."""

from __future__ import annotations

import tomllib
from collections import Counter
from math import log, sqrt
from typing import Any

import numpy as np
import pytest

from ragopt import _core
from ragopt.filters import F, steps
from tests.parity.engine import index_of, raw_scores
from tests.reference.bm25 import Bm25
from tests.reference.fusion import Side, fuse, ranked
from tests.shared import ROOT


def cases(name: str) -> list[Any]:
    """The cases of one file, each under its name."""
    loaded = tomllib.loads((ROOT / "tests" / "cases" / f"{name}.toml").read_text(encoding="utf-8"))
    return [pytest.param(case, id=case["name"]) for case in loaded["case"]]


def chunk_terms(chunk: str | dict[str, int]) -> list[str]:
    """A chunk as its terms; `{length = n}` is one x among n - 1 times y."""
    return chunk.split() if isinstance(chunk, str) else ["x"] + ["y"] * (chunk["length"] - 1)


@pytest.mark.parametrize("case", cases("bm25"))
def test_bm25(case: dict[str, Any]) -> None:
    corpus = [chunk_terms(chunk) for chunk in case["chunks"]]
    k1, b, delta, epsilon = (
        case.get(*default) for default in (("k1", 1.2), ("b", 0.75), ("delta", 0.0), ("epsilon", 0.25))
    )
    twin, query = Bm25(corpus, case["variant"], k1, b, delta, epsilon), Counter(case["query"])
    expected = pytest.approx(case["scores"] + [0.0] * (len(corpus) - len(case["scores"])), rel=1e-12, abs=1e-15)
    constant = pytest.approx(case.get("constant", 0.0), rel=1e-12, abs=1e-15)
    assert [twin.score(query, i) for i in range(len(corpus))] == expected
    assert twin.constant(query) == constant
    index = index_of(corpus, case["variant"], k1, b, delta, epsilon)
    if corpus:
        assert raw_scores(index, case["query"]).tolist() == expected
    else:
        parameters = _core.Parameters(10, 0.0, "bounded", 1000, -1.0, None)
        assert len(index.search(" ".join(case["query"]), None, None, parameters)) == 0


@pytest.mark.parametrize("case", cases("fusion"))
def test_fusion_on_the_twin(case: dict[str, Any]) -> None:
    sides = []
    for name, bottom, most in (("lexical", 0.0, None), ("dense", case.get("floor", -1.0), 1.0)):
        scores = case.get(name)
        if scores is None:
            sides.append(None)
            continue
        found = {id_: s for id_, s in scores.items() if id_ in case.get("allow", scores)}
        sides.append(Side(found, bottom, sum(scores.values()) if most is None else most))
    _, fused = fuse(*sides, case["alpha"], case["normalizer"], case.get("depth", 1000))
    fused = {id_: round(score, 12) for id_, score in fused.items()}
    order = [id_ for id_ in ranked(fused) if fused[id_] >= case.get("min_score", -np.inf)][: case.get("k", 10)]
    assert order == [id_ for id_, _ in case["expected"]]
    assert [fused[id_] for id_ in order] == pytest.approx([score for _, score in case["expected"]], abs=1e-9)


@pytest.mark.parametrize("case", cases("fusion"))
def test_fusion_on_the_core(case: dict[str, Any]) -> None:
    lexical, dense = case.get("lexical"), case.get("dense")
    ids = list({**(lexical or {}), **(dense or {}), **dict.fromkeys(case.get("others", ()))})
    idf = log(1 + (len(ids) - 0.5) / 1.5)
    rows = np.zeros((len(ids), 2), dtype=np.float32)
    for id_, c in (dense or {}).items():
        rows[ids.index(id_)] = (c, sqrt(1 - c * c))
    index = _core.Index.build(
        _core.Analyzer("whitespace"),
        ("lucene", 0.0, 0.75, 0.0, 0.25),
        ids,
        [f"own-{id_}" if id_ in (lexical or {}) else "" for id_ in ids],
        [b""] * len(ids),
        None if dense is None else rows,
        "{}",
        [{"id": id_} for id_ in ids],
    )
    terms = None if lexical is None else [(f"own-{id_}", s / idf) for id_, s in lexical.items()] or [("unknown", 1.0)]
    vector = None if dense is None else np.array([1.0, 0.0], dtype=np.float32)
    allow = index.allow(steps(F("id").isin(case["allow"]))) if "allow" in case else None
    parameters = _core.Parameters(
        case.get("k", 10),
        case["alpha"],
        case["normalizer"],
        case.get("depth", 1000),
        case.get("floor", -1.0),
        case.get("min_score"),
    )
    found = index.search(terms, vector, allow, parameters)
    assert found.ids == [id_ for id_, _ in case["expected"]]
    assert found.scores.tolist() == pytest.approx([score for _, score in case["expected"]], rel=1e-6, abs=1e-6)
