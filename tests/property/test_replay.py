"""A replay gives what `Pipeline.retrieve` gives, under any settings: the same text, hits, tokens and status."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from ragopt import F
from ragopt.index import Index
from ragopt.pipeline import Pipeline
from ragopt.tuning import Replay
from ragopt.types import (
    Chunk,
    PackSettings,
    PruneSettings,
    Query,
    QuerySettings,
    Recalibration,
    SearchSettings,
    Settings,
    Threshold,
)
from tests.property.worlds import at_least

WORDS = ["pump", "valve", "wing", "flow", "heat", "shock", "panel", "load", "fan", "rotor", "nozzle", "skin"]
QUESTIONS: tuple[str | Query, ...] = (
    "how does the pump valve heat the wing?",
    "what is the difference between shock load and panel flow?",
    "rotor nozzle",
    "hello! please tell me about skin heat",
    "quantum chromodynamics of bananas",
    Query("fan", parts=(Query("fan rotor"), Query("skin panel load"), Query("nozzle"))),
    Query("wing", terms=(("wing", 2.0), ("heat", 0.5))),
)


class Seeded:
    """An embedder whose vectors hang on the letters of a text."""

    name, dimension, cosine_floor, alpha = "letters", 6, -1.0, None

    def embed_queries(self, texts: Any) -> npt.NDArray[np.float32]:
        rows = [np.random.default_rng(sum(map(ord, text))).normal(size=6).round(1) for text in texts]
        return np.array(rows, dtype=np.float32)

    embed_passages = embed_queries


@cache
def corpus(dense: bool) -> Index:
    rng = np.random.default_rng(1)
    documents = []
    for i in range(90):
        sentences = (" ".join(rng.choice(WORDS, size=rng.integers(3, 12))) + "." for _ in range(rng.integers(2, 8)))
        text = documents[i - 1]["text"] if i % 9 == 8 else " ".join(sentences)
        documents.append({"id": f"d{i}", "title": f"Note {i}", "text": text, "metadata": {"year": 2000 + i % 3}})

    def halves(document: Any) -> list[Chunk]:
        middle = document.text.find(" ", len(document.text) // 2)
        spans = [(0, middle), (middle, len(document.text))]
        return [Chunk(f"{document.id}#{i}", document.id, document.text[a:b], (a, b)) for i, (a, b) in enumerate(spans)]

    return Index.build(
        documents, embedder=Seeded() if dense else None, chunker=halves, analyzer="english", fields={"year": int}
    )


@cache
def replay(dense: bool, filtered: bool, given_vectors: bool) -> Replay:
    where = F("year") >= 2001 if filtered else None
    return Replay(corpus(dense), asked(), vectors=rows() if given_vectors else None, where=where, depth=30)


def asked() -> dict[str, str | Query]:
    return {f"q{i}": question for i, question in enumerate(QUESTIONS)}


def rows() -> npt.NDArray[np.float32]:
    return np.random.default_rng(3).normal(size=(len(QUESTIONS), 6)).astype(np.float32)


maybe = st.none() | st.floats(0.0, 1.0)


@st.composite
def settings(draw: st.DrawFn) -> Settings:
    name = draw(st.sampled_from(["bounded", "theoretical", "minmax", "zscore", "dbsf", "l2", "rank", "none"]))
    least = draw(st.none() | st.floats(-0.2, 0.8))
    alphas = st.sampled_from([0.0, 0.3, 0.6, 1.0]) | st.floats(0.0, 1.0)
    search = SearchSettings(
        k=draw(st.integers(0, 30)),
        alpha=draw(alphas if name == "none" else st.none() | alphas),
        normalizer=name,
        depth=draw(st.sampled_from([30, 1000])),
        min_score=None if least is None else Threshold(least, kind=name),
        k1=draw(st.sampled_from([None, 0.4, 1.2])),
        b=draw(st.sampled_from([None, 0.0, 0.9])),
    )
    chances = st.none() | st.floats(0.0, 0.4) if name == "bounded" else st.none()  # known for such scores alone
    prune = PruneSettings(
        min_relevance=draw(chances),
        relative=draw(maybe),
        gap=draw(st.none() | st.floats(0.0, 0.5)),
        per_token=draw(chances),
        mode=draw(st.sampled_from(["recall", "hit"])),
        min_keep=draw(st.integers(0, 3)),
        recalibration=draw(st.sampled_from([None, Recalibration(-0.5, 1.2, 20) if name == "bounded" else None])),
        duplicates=draw(maybe),
        per_part=draw(st.none() | st.integers(1, 5)),
    )
    pack = PackSettings(
        tokens=draw(st.integers(20, 1500)),
        order=draw(st.sampled_from(["score", "document", "edges"])),
        form=draw(st.sampled_from(["text", "xml"])),
        method=draw(st.sampled_from(["knapsack", "skip", "truncate"])),
        level=draw(st.sampled_from(["auto", "chunk", "sentence"])),
        per_source=draw(st.none() | st.integers(1, 2)),
        trim=draw(st.booleans()),
    )
    query = QuerySettings(
        style=draw(st.booleans()),
        split=draw(st.booleans()),
        most_parts=draw(st.sampled_from([2, 4])),
        answerable=draw(st.sampled_from([None, None, 0.3])),
    )
    return Settings(search, pack, query=query, prune=prune)


@at_least(60)
@given(settings(), st.booleans(), st.booleans())
def test_a_replay_is_the_pipeline(chosen: Settings, dense: bool, filtered: bool) -> None:
    pipeline, where = Pipeline(corpus(dense), chosen), F("year") >= 2001 if filtered else None
    replayed = replay(dense, filtered, False).contexts(chosen)
    for question, context in zip(QUESTIONS, replayed, strict=True):
        real = pipeline.retrieve(question, where=where)
        assert context.hits.ids == real.hits.ids
        assert [hit.score for hit in context.hits] == [hit.score for hit in real.hits]
        assert [(hit.part, hit.lexical, hit.dense) for hit in context.hits] == [
            (hit.part, hit.lexical, hit.dense) for hit in real.hits
        ]
        assert context.tokens == real.tokens
        assert context.text == real.text
        assert context.status == real.status
        assert context.citations == real.citations
