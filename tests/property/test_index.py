"""The public Index gives what the twin gives: search, search_many, filters, thresholds, explanations."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ragopt import Bm25, Document, F, Index
from ragopt.types import Hits, Query, Threshold
from tests.property.test_twins import close, steep
from tests.property.worlds import Question, World, at_least, questions, worlds
from tests.reference.fusion import LIST_RELATIVE

TAGS = (0, 1, 2)


def index_of(world: World) -> Index:
    """The world as documents; the place of a chunk, counted by threes, is its tag."""
    documents = [
        Document(id_, " ".join(chunk), metadata={"tag": place % 3})
        for place, (id_, chunk) in enumerate(zip(world.ids, world.corpus, strict=True))
    ]
    parameters = Bm25(world.k1, world.b, world.variant, world.delta, world.epsilon)
    return Index.build(documents, vectors=world.rows, analyzer="whitespace", bm25=parameters)


def plain(question: Question) -> Question:
    """The question as the public face asks it: blank text is no lexical side, and there is no embedder's floor."""
    return replace(question, floor=-1.0, terms=question.terms or None)


def assert_hits(hits: Hits, question: Question, world: World) -> None:
    """The hits are the twin's."""
    expected = question.ask_twin(world, whole=True)
    by_id = {hit.id: hit for hit in expected}
    assert len(hits) == min(question.k, len(expected))
    for hit, wanted in zip(hits, expected, strict=False):
        mine = by_id[hit.id]
        assert mine.id == wanted.id or close(mine.score, wanted.score)
        assert close(hit.score, mine.score)
        assert hit.text == " ".join(world.corpus[world.ids.index(hit.id)])
    assert (hits.reason is None) == bool(len(hits))
    assert hits.exact


@at_least(150)
@given(worlds(most=9), st.data(), st.none() | st.frozensets(st.sampled_from(TAGS)))
def test_search_equals_the_twin(world: World, data: st.DataObject, tags: frozenset[int] | None) -> None:
    question = plain(data.draw(questions(world, filters=False)))
    assume(question.normalizer not in LIST_RELATIVE or not steep(question, world))
    where = None if tags is None else F("tag").isin(sorted(tags))
    allow = None if tags is None else frozenset(id_ for i, id_ in enumerate(world.ids) if i % 3 in tags)
    question = replace(question, allow=allow)
    index = index_of(world)
    vector = question.vector if world.vectors is not None else None
    options = {"k": question.k, "alpha": question.alpha, "normalizer": question.normalizer, "depth": question.depth}
    hits = index.search(question.lexical, vector=vector, where=where, **options)
    assert_hits(hits, question, world)
    [again] = index.search_many(
        [question.lexical or ""], vectors=None if vector is None else [vector], where=where, **options
    )
    assert again.items == hits.items
    counted = Query("", terms=tuple((term, 1.0) for term in question.terms or ()) or None)
    assert index.search(counted, vector=vector, where=where, **options).items == hits.items
    for place, hit in enumerate(hits):
        account = hits.explain(place)
        assert account.score == hit.score
        assert account.lexical.share + account.dense.share == pytest.approx(hit.score, rel=1e-12, abs=1e-15)
        assert sum(term.share for term in account.terms) == pytest.approx(
            (account.lexical.raw or 0.0) - account.constant, rel=1e-12, abs=1e-12
        )
        assert account.passes_filter
        assert account.passes_threshold
    if hits:
        least = Threshold(hits[0].score, kind=question.normalizer)
        kept = index.search(question.lexical, vector=vector, where=where, min_score=least, **options)
        assert kept.ids == [hit.id for hit in hits if hit.score >= hits[0].score]
