"""The rules of pruning: what each keeps, that none goes below min_keep, and that each says what it decided."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt.errors import InputError, ScoreKindError, SettingsError
from ragopt.prune import Labelled, Pruned, decide, recalibrate, relevance
from ragopt.prune.rules import above_share, before_gap, worth_their_tokens
from ragopt.tokens import ByteEstimate
from ragopt.types import (
    Chunk,
    Hit,
    Hits,
    Normalizer,
    PruneMode,
    PruneSettings,
    Reason,
    Recalibration,
    Settings,
    Sides,
)

COUNTER = ByteEstimate()


def hits_of(
    scores: list[float], *, words: list[int] | None = None, normalizer: Normalizer = Normalizer.BOUNDED
) -> Hits:
    sizes = words or [5] * len(scores)
    items = tuple(
        Hit(f"c{i}", score, lexical=score * 9, dense=score, chunk=Chunk(f"c{i}", "d", "word " * size, (0, 1)))
        for i, (score, size) in enumerate(zip(sorted(scores, reverse=True), sizes, strict=True))
    )
    return Hits(items, 0.6, normalizer, Sides(True, True))


def run(hits: Hits, **settings: object) -> Pruned:
    return decide(hits, PruneSettings(**settings), counter=COUNTER)  # type: ignore[arg-type]


def test_no_rule_keeps_all_and_says_nothing() -> None:
    hits = hits_of([0.9, 0.2])
    pruned = run(hits)
    assert pruned.hits is hits and pruned.decisions == () and pruned.relevance is None


def test_relative_keeps_what_reaches_a_share_of_the_best() -> None:
    pruned = run(hits_of([0.8, 0.4, 0.39]), relative=0.5)
    assert pruned.hits.ids == ["c0", "c1"]
    (decision,) = pruned.decisions
    assert (decision.rule, decision.seen, decision.kept) == ("relative", 3, 2)
    assert "0.5 of the best" in decision.why


def test_gap_cuts_at_the_largest_drop_and_reports_it() -> None:
    pruned = run(hits_of([1.0, 0.9, 0.4, 0.3]), gap=0.2)
    assert pruned.hits.ids == ["c0", "c1"]
    assert "largest drop 0.5 of the best score, after hit 2" in pruned.decisions[0].why
    flat = run(hits_of([1.0, 0.95, 0.9]), gap=0.2)
    assert len(flat.hits) == 3
    assert "no drop of 0.2" in flat.decisions[0].why


def test_rules_leave_min_keep_and_thresholds_may_leave_nothing() -> None:
    kept = run(hits_of([1.0, 0.1, 0.09]), gap=0.1, min_keep=2)
    assert kept.hits.ids == ["c0", "c1"]
    assert "min_keep 2" in kept.decisions[0].why
    gone = run(hits_of([0.5, 0.4]), min_relevance=1.0, min_keep=2)
    assert len(gone.hits) == 0 and gone.hits.reason is Reason.BELOW_THRESHOLD


def test_the_trace_says_whether_the_probabilities_are_calibrated() -> None:
    hits = hits_of([0.9, 0.5])
    assert "not calibrated" in run(hits, min_relevance=0.0).decisions[0].why
    fitted = Recalibration(shift=0.0, scale=1.0, questions=40)
    assert "calibrated on 40 questions" in run(hits, per_token=0.0, recalibration=fitted).decisions[0].why


@given(
    st.lists(st.floats(0.01, 1), min_size=1, max_size=25),
    st.sampled_from([None, 0.0, 0.3, 0.9]),
    st.sampled_from([None, 0.0, 0.1, 0.6]),
    st.sampled_from([None, 0.0, 0.5, 5.0, 1e9]),
    st.sampled_from(PruneMode),
    st.integers(0, 6),
)
def test_whatever_the_rules(
    scores: list[float],
    relative: float | None,
    gap: float | None,
    per_token: float | None,
    mode: PruneMode,
    min_keep: int,
) -> None:
    hits = hits_of(scores)
    pruned = run(hits, relative=relative, gap=gap, per_token=per_token, mode=mode, min_keep=min_keep)
    places = [hits.ids.index(id) for id in pruned.hits.ids]
    assert places == sorted(places)
    assert len(places) >= min(min_keep, len(hits))
    assert len(pruned.decisions) == sum(rule is not None for rule in (relative, gap, per_token))
    if pruned.relevance is not None:
        assert len(pruned.relevance) == len(pruned.hits)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 500)), max_size=20),
    st.floats(1e-6, 1e3),
)
def test_gain_per_token_by_its_definition(items: list[tuple[float, int]], least: float) -> None:
    p, tokens = (np.array(column, dtype=np.float64) for column in (zip(*items, strict=True) if items else ((), ())))
    kept = worth_their_tokens(p, tokens, least, PruneMode.RECALL).tolist()
    total = sum(chance for chance, _ in items)
    expected = [i for i, (chance, size) in enumerate(items) if total and chance >= least * max(size, 1) / 1000 * total]
    assert kept == expected
    missed, walked = 1.0, []
    for i, (chance, size) in enumerate(items):
        if missed * chance >= least * max(size, 1) / 1000:
            walked.append(i)
            missed *= 1 - chance
    assert worth_their_tokens(p, tokens, least, PruneMode.HIT).tolist() == walked


def test_rules_on_nothing() -> None:
    nothing = np.zeros(0)
    assert above_share(nothing, 0.5).tolist() == []
    assert before_gap(nothing, 0.5) == (0, 0.0)
    assert worth_their_tokens(nothing, nothing, 0.1, PruneMode.RECALL).tolist() == []
    empty = hits_of([])
    assert run(empty, relative=0.5, gap=0.1, per_token=1.0, min_relevance=0.5).hits is empty


def test_a_probability_needs_bounded_scores() -> None:
    with pytest.raises(ScoreKindError, match="bounded"):
        relevance(hits_of([0.5], normalizer=Normalizer.MINMAX))


def test_relevance_rises_with_the_score_and_recalibration_moves_it() -> None:
    hits = hits_of([0.9, 0.8, 0.5, 0.3])
    plain = relevance(hits)
    assert (np.diff(plain) < 0).all() and (plain > 0).all() and (plain < 1).all()
    assert (relevance(hits, Recalibration(2.0, 1.0, 10)) > plain).all()


def test_recalibrating_finds_the_share_that_is_relevant() -> None:
    rng = np.random.default_rng(0)
    labelled = []
    for _ in range(60):
        hits = hits_of(rng.uniform(0.2, 0.9, 20).tolist())
        chance = np.array([hit.score**2 for hit in hits])
        labelled.append(Labelled(hits, {hit.id: 1 for hit, c in zip(hits, chance, strict=True) if rng.random() < c}))
    fitted = recalibrate(labelled)
    predicted = np.concatenate([relevance(one.hits, fitted) for one in labelled])
    truth = np.concatenate([[one.grades.get(hit.id, 0) for hit in one.hits] for one in labelled])
    assert fitted.questions == 60
    assert predicted.mean() == pytest.approx(truth.mean(), abs=1e-6)


def test_recalibrating_on_little_or_nothing_is_refused() -> None:
    one = Labelled(hits_of([0.5, 0.4]), {"c0": 1})
    with pytest.raises(InputError, match="10 or more"):
        recalibrate([one] * 9)
    with pytest.raises(InputError, match="every hit"):
        recalibrate([Labelled(hits_of([0.5]), {"c0": 1})] * 12)


def test_settings_carry_the_rules() -> None:
    settings = Settings(
        prune=PruneSettings(per_token=0.4, mode="hit", recalibration=Recalibration(-0.5, 1.25, 100), min_keep=2)
    )
    assert Settings.from_dict(settings.to_dict()) == settings
    assert "recalibration = { shift = -0.5, scale = 1.25, questions = 100 }" in settings.to_toml()
    with pytest.raises(SettingsError, match="recalibration"):
        Settings.from_dict({"prune": {"recalibration": {"shift": 1.0}}})
    for wrong in ({"relative": 1.5}, {"gap": -0.1}, {"per_token": -1}, {"min_keep": -1}, {"mode": "best"}):
        with pytest.raises(InputError):
            PruneSettings(**wrong)  # type: ignore[arg-type]
