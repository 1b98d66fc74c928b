"""Our measures against ir-measures (pytrec_eval and the official gdeval and msmarco scripts behind it).

trec_eval sorts a run itself, by score and then by id downwards. Ours are ranked lists, so the runs
here carry ranks as scores: ties in the original scores are broken by ragopt's rule before both look.
"""

from __future__ import annotations

import ir_measures
import numpy as np
import pytest

from ragopt.evaluation import Run, score_run

THEIRS = {
    "nDCG": "nDCG",
    "nDCG@1": "nDCG@1",
    "nDCG@10": "nDCG@10",
    "AP": "AP",
    "AP@5": "AP@5",
    "RR": "RR",
    "RR@3": "RR@3",
    "R@5": "R@5",
    "R@100": "R@100",
    "P@1": "P@1",
    "P@10": "P@10",
    "hit@1": "Success@1",
    "hit@5": "Success@5",
}


def random_case(seed: int, least_grade: int = -2) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, float]]]:
    """Graded qrels and a run with tied scores, unjudged hits, empty queries and queries that one of them lacks."""
    rng = np.random.default_rng(seed)
    qrels: dict[str, dict[str, int]] = {}
    run: dict[str, dict[str, float]] = {}
    for query in range(30):
        ids = [f"d{i}" for i in rng.permutation(40)]
        grades = rng.integers(least_grade, 4, size=15)
        if query % 7 == 0:
            grades = np.minimum(grades, 0)  # nothing relevant
        if query % 10 != 3:
            qrels[str(query + 1)] = {id: int(grade) for id, grade in zip(ids, grades, strict=False)}
        if query % 10 != 5:
            found = rng.permutation(ids)[: rng.integers(1, 30)]
            run[str(query + 1)] = {str(id): float(rng.integers(0, 6)) / 2 for id in found}
    return qrels, run


def ranked(run: dict[str, dict[str, float]]) -> Run:
    """The run in ragopt's order: score down, then the ids' bytes."""
    return Run({q: sorted(found.items(), key=lambda hit: (-hit[1], hit[0].encode())) for q, found in run.items()})


def ours_and_theirs(
    name: str, theirs: str, qrels: dict[str, dict[str, int]], run: Run
) -> tuple[list[float], list[float]]:
    by_rank = {
        query: {id: float(len(ranking) - rank) for rank, (id, _) in enumerate(ranking)}
        for query, ranking in run.rankings.items()
    }
    measure = ir_measures.parse_measure(theirs)
    expected = {metric.query_id: metric.value for metric in ir_measures.iter_calc([measure], qrels, by_rank)}
    table = score_run(run, qrels, [name])
    assert set(table.queries) == set(expected)
    return list(table.column(name)), [expected[query] for query in table.queries]


@pytest.mark.parametrize("seed", range(20))
def test_equal_to_ir_measures(seed: int) -> None:
    qrels, run = random_case(seed)
    for name, theirs in THEIRS.items():
        ours, expected = ours_and_theirs(name, theirs, qrels, ranked(run))
        np.testing.assert_allclose(ours, expected, atol=1e-9, rtol=0, err_msg=name)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("cutoff", [3, 10])
def test_exponential_gain_equals_gdeval(seed: int, cutoff: int) -> None:
    # gdeval prints five decimals and knows no negative grade.
    qrels, run = random_case(seed, least_grade=0)
    ours, expected = ours_and_theirs(f"nDCG_exp@{cutoff}", f"nDCG(dcg='exp-log2')@{cutoff}", qrels, ranked(run))
    np.testing.assert_allclose(ours, expected, atol=5.1e-6, rtol=0)


@pytest.mark.parametrize("seed", range(5))
def test_exponential_gain_equals_linear_gain_of_mapped_grades(seed: int) -> None:
    # To 1e-9: linear gain, which ir-measures computes in full, over grades replaced by 2^grade - 1.
    qrels, run = random_case(seed)
    mapped = {query: {id: 2 ** max(grade, 0) - 1 for id, grade in judged.items()} for query, judged in qrels.items()}
    for cutoff in (3, 10):
        ours = score_run(ranked(run), qrels, [f"nDCG_exp@{cutoff}"]).column(f"nDCG_exp@{cutoff}")
        _, expected = ours_and_theirs(f"nDCG@{cutoff}", f"nDCG@{cutoff}", mapped, ranked(run))
        np.testing.assert_allclose(ours, expected, atol=1e-9, rtol=0)


def test_means_equal_ir_measures() -> None:
    qrels, run = random_case(99)
    order = ranked(run)
    table = score_run(order, qrels, list(THEIRS))
    by_rank = {q: {id: -float(rank) for rank, (id, _) in enumerate(r)} for q, r in order.rankings.items()}
    theirs = ir_measures.calc_aggregate([ir_measures.parse_measure(m) for m in THEIRS.values()], qrels, by_rank)
    for name, other in THEIRS.items():
        assert table[name] == pytest.approx(theirs[ir_measures.parse_measure(other)], abs=1e-9)


def test_distinct_scores_need_no_rule() -> None:
    qrels, run = random_case(7)
    rng = np.random.default_rng(7)
    distinct = {q: {id: score + float(rng.random()) for id, score in found.items()} for q, found in run.items()}
    measure = ir_measures.parse_measure("nDCG@10")
    theirs = {m.query_id: m.value for m in ir_measures.iter_calc([measure], qrels, distinct)}
    table = score_run(ranked(distinct), qrels, ["nDCG@10"])
    for query, value in zip(table.queries, table.column("nDCG@10"), strict=True):
        assert value == pytest.approx(theirs[query], abs=1e-9)
