"""The core equals its slow twins: raw scores, fused scores, ids and order."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.property.worlds import TERMS, UNKNOWN, Question, World, at_least, questions, worlds
from tests.reference.bm25 import VARIANTS
from tests.reference.fusion import LIST_RELATIVE, NORMALIZERS

#: Required is 1e-6; the core sums in float64 as the twin does, so a few last bits are all that may differ.
RELATIVE = 1e-12


def close(left: float, right: float, scale: float = 1.0) -> bool:
    """Whether two scores are the same number up to rounding; `scale` is the size of what they were made from."""
    return abs(left - right) <= RELATIVE * max(abs(left), abs(right), scale)


def assert_same(question: Question, world: World) -> None:
    """The core finds what the twin finds.

    Ids and order are the twin's wherever its scores differ by more than rounding; among those that are
    equal up to rounding the core's own bits decide, and equal bits go by the id.
    """
    found = question.ask(world.core())
    everything = question.ask_twin(world, whole=True)
    expected = everything[: question.k]
    assert len(found) == len(expected)
    keys = [(-score, id_.encode()) for score, id_ in zip(found.scores.tolist(), found.ids, strict=True)]
    assert keys == sorted(keys)
    by_id = {hit.id: hit for hit in everything}
    for i, wanted in enumerate(expected):
        hit = by_id[found.ids[i]]
        assert hit.id == wanted.id or close(hit.score, wanted.score), (found.ids, expected)
        assert close(found.scores[i], hit.score), (hit, found.scores[i])
        assert (found.lexical[i] != found.lexical[i]) == (hit.lexical is None)
        assert hit.lexical is None or close(found.lexical[i], hit.lexical)
        assert (found.dense[i] != found.dense[i]) == (hit.dense is None)
        assert hit.dense is None or close(found.dense[i], hit.dense)


def steep(question: Question, world: World) -> bool:
    """Whether a list-relative normalizer would turn rounding into a difference: two scores of a side that are equal
    but for the last bits."""
    hits = replace(question, normalizer="none", alpha=0.5, min_score=None).ask_twin(world, whole=True)
    for side in ("lexical", "dense"):
        values = sorted({value for hit in hits if (value := getattr(hit, side)) is not None})
        if any(0 < high - low < 1e-6 * max(1.0, abs(high)) for low, high in pairwise(values)):
            return True
    return False


@at_least(1000)
@given(worlds(vectors=False), st.lists(st.sampled_from((*TERMS, UNKNOWN)), min_size=1, max_size=6))
def test_bm25_equals_the_twin_in_every_variant(world: World, terms: list[str]) -> None:
    question = Question(tuple(terms), None, len(world.ids), 0.0, "none")
    for variant in VARIANTS:
        assert_same(question, replace(world, variant=variant))


@at_least(300)
@given(worlds(vectors=True), st.data())
def test_cosine_equals_the_twin(world: World, data: st.DataObject) -> None:
    assert_same(replace(data.draw(questions(world, normalizer="none")), terms=None), world)


@pytest.mark.parametrize("normalizer", NORMALIZERS)
@at_least(250)
@given(st.data())
def test_every_search_equals_the_twin(normalizer: str, data: st.DataObject) -> None:
    world = data.draw(worlds())
    question = data.draw(questions(world, normalizer=normalizer))
    assume(normalizer not in LIST_RELATIVE or not steep(question, world))
    assert_same(question, world)


@at_least(200)
@given(worlds(), st.data(), st.floats(-1, 2))
def test_a_threshold_drops_what_is_below_it(world: World, data: st.DataObject, least: float) -> None:
    question = data.draw(questions(world))
    assume(all(abs(hit.score - least) > 1e-9 for hit in question.ask_twin(world)))
    assume(question.normalizer not in LIST_RELATIVE or not steep(question, world))
    assert_same(replace(question, min_score=least), world)


@at_least(100)
@given(worlds(), st.data())
def test_a_score_is_its_own_threshold(world: World, data: st.DataObject) -> None:
    index = world.core()
    question = data.draw(questions(world))
    found = question.ask(index)
    for score in found.scores.tolist():
        kept = replace(question, min_score=score).ask(index)
        assert kept.ids == [id_ for id_, s in zip(found.ids, found.scores, strict=True) if s >= score]


@at_least(100)
@given(worlds(vectors=True), st.data())
def test_weighted_terms_are_repeated_terms(world: World, data: st.DataObject) -> None:
    question = data.draw(questions(world))
    assume(question.terms is not None)
    index = world.core()
    pairs = [(term, float(question.terms.count(term))) for term in set(question.terms)]
    ones = [(term, 1.0) for term in question.terms]
    expected = question.ask(index)
    for lexical in (pairs, ones):
        found = index.search(lexical, question.row, question.allowed(index), question.parameters)
        assert found.ids == expected.ids
        assert found.scores.tobytes() == expected.scores.tobytes()
