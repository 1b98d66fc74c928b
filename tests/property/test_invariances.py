"""What may change without changing a result: k, depth of threads, order of adding, saving, scales of a side."""

from __future__ import annotations

from dataclasses import replace
from math import log, sqrt
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt import _core
from tests.property.worlds import WHITESPACE, Question, World, at_least, bits, questions, worlds
from tests.reference.fusion import LIST_RELATIVE, NORMALIZERS

AFFINE = ("minmax", "zscore", "dbsf")


@at_least(100)
@given(worlds(most=60), st.data())
def test_the_top_k_is_a_prefix_of_the_top_50(world: World, data: st.DataObject) -> None:
    index = world.core()
    whole = data.draw(questions(world, k=50))
    everything = bits(whole.ask(index))
    for k in range(51):
        assert bits(replace(whole, k=k).ask(index)) == everything[:k]


@at_least(100)
@given(worlds(), st.data())
def test_the_order_of_adding_does_not_matter(world: World, data: st.DataObject) -> None:
    question = data.draw(questions(world))
    shuffled = world.take(data.draw(st.permutations(range(len(world.ids)))))
    assert bits(question.ask(world.core())) == bits(question.ask(shuffled.core()))


@at_least(50)
@given(worlds(), st.data())
def test_a_saved_index_answers_bit_for_bit(world: World, data: st.DataObject) -> None:
    index = world.core()
    with TemporaryDirectory() as folder:
        path = str(Path(folder, "index"))
        index.save(path)
        reopened = _core.Index.open(path)
        assert reopened.ids() == index.ids()
        assert reopened.bm25 == index.bm25
        assert reopened.analyzer.fingerprint == index.analyzer.fingerprint
        for _ in range(4):
            question = data.draw(questions(world))
            assert bits(question.ask(reopened)) == bits(question.ask(index))


@at_least(60)
@given(worlds(), st.data())
def test_many_at_once_are_many_alone(world: World, data: st.DataObject) -> None:
    index = world.core()
    first = data.draw(questions(world))
    rest = data.draw(st.lists(questions(world), max_size=6))
    asked = [replace(first, terms=q.terms, vector=q.vector) for q in (first, *rest)]
    width = len(world.vectors[0]) if world.vectors else 2
    rows = np.array([q.vector or (0.0,) * width for q in asked], dtype=np.float32)
    alone = [bits(q.ask(index)) for q in asked]
    for threads in (1, 2, 0):
        many = index.search_many([q.lexical for q in asked], rows, first.allowed(index), first.parameters, threads)
        assert [bits(found) for found in many] == alone


@at_least(100)
@given(worlds(), st.data())
def test_an_explanation_adds_up_to_its_score(world: World, data: st.DataObject) -> None:
    index, twin = world.core(), world.twin()
    question = data.draw(questions(world))
    found = question.ask(index)
    mask = question.allowed(index)
    for place, ordinal in enumerate(found.ordinals.tolist()):
        account = index.explain(question.lexical, question.row, mask, question.parameters, ordinal)
        raw, normalized, rank, weight = account.lexical
        cosine, scaled, place_dense, share = account.dense
        assert account.score == found.scores[place]
        assert account.allowed
        assert account.alpha == found.alpha
        assert account.score == pytest.approx(weight * normalized + share * scaled, rel=1e-12, abs=1e-15)
        assert (raw is None) == bool(np.isnan(found.lexical[place]))
        assert (cosine is None) == bool(np.isnan(found.dense[place]))
        if raw is not None:
            assert raw == found.lexical[place]
            assert sum(s for *_, s in account.terms) == pytest.approx(raw - account.constant, rel=1e-12, abs=1e-12)
            assert [t for t, *_ in account.terms] == sorted(
                {t for t in question.terms or () if twin.counts[ordinal][t]}, key=str.encode
            )
            for term, tf, idf, times, _ in account.terms:
                assert (tf, times) == (twin.counts[ordinal][term], question.terms.count(term))
                assert idf == pytest.approx(twin.idf(term), rel=1e-12, abs=1e-15)
            assert (rank is None) == (not account.terms)
        if cosine is not None:
            assert place_dense is not None
            assert place_dense >= 1


@at_least(60)
@given(worlds(vectors=True), st.data())
def test_ranks_in_an_explanation_are_the_sides_own(world: World, data: st.DataObject) -> None:
    index = world.core()
    question = replace(data.draw(questions(world, normalizer="none")), k=len(world.ids))
    mask = question.allowed(index)
    found = question.ask(index)
    lexical, dense = found.sides
    for side, alpha in ((0, 0.0), (1, 1.0)):
        if not (lexical, dense)[side]:
            continue
        alone = replace(
            question, alpha=alpha, terms=None if side else question.terms, vector=question.vector if side else None
        ).ask(index)
        place = {id_: i for i, id_ in enumerate(alone.ids, 1)}
        for ordinal, id_ in zip(found.ordinals.tolist(), found.ids, strict=True):
            account = index.explain(question.lexical, question.row, mask, question.parameters, ordinal)
            assert (account.lexical, account.dense)[side][2] == place.get(id_)


# --- scales of a side -------------------------------------------------------------------------------
# A world with given raw scores: each chunk has a term of its own (k1 0: what the query weighs it by is
# its score) and a point on the unit circle; `everywhere` is in all chunks and shifts every lexical score.


def staged(lexical: list[float], dense: list[float], alpha: float, normalizer: str, shift: float = 0.0) -> _core.Found:
    """The core's ranking of chunks that have these raw scores."""
    count = len(lexical)
    own, common = log(1 + (count - 0.5) / 1.5), log(1 + 0.5 / (count + 0.5))
    index = _core.Index.build(
        WHITESPACE,
        ("lucene", 0.0, 0.75, 0.0, 0.25),
        [f"{i:02}" for i in range(count)],
        [f"own{i} everywhere" for i in range(count)],
        [b""] * count,
        np.array([(c, sqrt(1 - c * c)) for c in dense], dtype=np.float32),
        "{}",
    )
    query = [(f"own{i}", s / own) for i, s in enumerate(lexical)] + [("everywhere", shift / common)]
    parameters = _core.Parameters(count, alpha, normalizer, 1000, -1.0, None)
    return index.search(query, np.array([1.0, 0.0], dtype=np.float32), None, parameters)


scores = st.lists(st.integers(1, 40), unique=True, min_size=2, max_size=8).map(lambda xs: [x / 50 for x in xs])
pairs = scores.flatmap(lambda xs: st.tuples(st.just(xs), st.permutations(xs)))
alphas = st.sampled_from((0.2, 0.5, 0.8))


def assert_same_scores(one: _core.Found, other: _core.Found) -> None:
    """The same score for every chunk; float32 vectors hold a cosine to some 1e-7, a small spread magnifies that."""
    left = dict(zip(one.ids, one.scores.tolist(), strict=True))
    right = dict(zip(other.ids, other.scores.tolist(), strict=True))
    assert left == pytest.approx(right, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("normalizer", AFFINE)
@given(pairs, alphas, st.sampled_from((0.01, 1.0, 1000.0)), st.sampled_from((0.0, 3.0)))
def test_positive_affine_maps_of_the_lexical_side(
    normalizer: str, sides: tuple[list[float], list[float]], alpha: float, scale: float, shift: float
) -> None:
    lexical, dense = sides
    mapped = staged([scale * s for s in lexical], dense, alpha, normalizer, shift=scale * shift)
    assert_same_scores(staged(lexical, dense, alpha, normalizer), mapped)


@pytest.mark.parametrize("normalizer", AFFINE)
@given(pairs, alphas, st.sampled_from((0.5, 1.0, 1.2)), st.sampled_from((-0.9, 0.0, 0.03)))
def test_positive_affine_maps_of_the_dense_side(
    normalizer: str, sides: tuple[list[float], list[float]], alpha: float, scale: float, shift: float
) -> None:
    lexical, dense = sides
    mapped = staged(lexical, [scale * c + shift for c in dense], alpha, normalizer)
    assert_same_scores(staged(lexical, dense, alpha, normalizer), mapped)


@pytest.mark.parametrize("normalizer", ["theoretical", "l2", "bounded"])
@given(pairs, alphas, st.sampled_from((0.001, 7.0, 1000.0)))
def test_scales_of_the_lexical_side(
    normalizer: str, sides: tuple[list[float], list[float]], alpha: float, scale: float
) -> None:
    lexical, dense = sides
    mapped = staged([scale * s for s in lexical], dense, alpha, normalizer)
    assert_same_scores(staged(lexical, dense, alpha, normalizer), mapped)


@given(pairs, alphas)
def test_ranks_know_only_the_order(sides: tuple[list[float], list[float]], alpha: float) -> None:
    lexical, dense = sides
    mapped = staged([s**3 + 5 for s in lexical], [c**2 for c in dense], alpha, "rank")
    one = staged(lexical, dense, alpha, "rank")
    assert (one.ids, one.scores.tolist()) == (mapped.ids, mapped.scores.tolist())


@pytest.mark.parametrize("normalizer", NORMALIZERS)
@given(scores, alphas)
def test_a_list_fused_with_itself_keeps_its_order(normalizer: str, xs: list[float], alpha: float) -> None:
    order = [f"{i:02}" for i in sorted(range(len(xs)), key=lambda i: -xs[i])]
    assert staged(xs, xs, alpha, normalizer).ids == order


@pytest.mark.parametrize("normalizer", sorted(set(NORMALIZERS) - {"rank"}))
@given(pairs)
def test_a_fused_score_is_a_line_in_alpha(normalizer: str, sides: tuple[list[float], list[float]]) -> None:
    lexical, dense = sides
    ends = [staged(lexical, dense, alpha, normalizer) for alpha in (0.0, 1.0)]
    low, high = (dict(zip(found.ids, found.scores.tolist(), strict=True)) for found in ends)
    for alpha in (0.25, 0.5, 0.9):
        found = staged(lexical, dense, alpha, normalizer)
        expected = {id_: alpha * high[id_] + (1 - alpha) * low[id_] for id_ in low}
        assert dict(zip(found.ids, found.scores.tolist(), strict=True)) == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_a_k_above_the_depth_is_refused() -> None:
    world = World(("a", "b"), (("a",), ("a",)), None)
    for normalizer in LIST_RELATIVE:
        question = Question(("a",), None, 2, 0.5, normalizer, depth=1)
        with pytest.raises(ValueError, match="depth"):
            question.ask(world.core())
