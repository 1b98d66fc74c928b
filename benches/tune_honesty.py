"""How often tuning claims what is not there, and what it wins: `python -m benches.tune_honesty`.

On the collections of ../shared. `--runs N` (default 1,000) sets how often each null is drawn. Everything is seeded.

- **Nulls.** Sign flips: every question's whole curve over alpha, less the default's value, is turned over at random, so
  that no alpha is better than the default. Shuffled: the judgements of the questions change hands. Both through the
  choice and the verdict of `tune`.
- **Power.** The same sign flips, with a gain planted: it rises from none at the default to its full size at alpha .85
  and beyond for every question. How often is it claimed?
- **Coverage.** Tuned on so many questions at random, from a bad default, so that there is something to choose: does the
  interval that they predict for the others' gain hold what the others say?
- **Tuned and fixed.** Tuned on one random half, measured on the other, with a prior that the collection had no part in.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from benches.data import cache_folder
from benches.fit_prior import NAMES, fitted
from ragopt.backends import embedders
from ragopt.index import Pairs
from ragopt.tuning import Outcome, alpha_path, judge
from ragopt.tuning.choose import choose_alpha, predicted_gain, tuner_of
from ragopt.tuning.path import WINDOW
from ragopt.tuning.prior import PRIOR_WEIGHT
from ragopt.tuning.tuner import folds_of
from ragopt.types import Query
from tests.collections.data import Collection
from tests.collections.measured import FOUR, collection, index_of, stratified_sign_flip

Floats = npt.NDArray[np.float64]

MEASURE = "nDCG@10"
ALPHAS = tuple(i / 100 for i in range(101))
FOLDS, REPEATS, DRAWS = 5, 2, 199


@dataclass(frozen=True, eq=False)
class Curves:
    """Values over alpha, rows of questions: as they are, and smoothed as the tuner sees them."""

    exact: Floats
    smooth: Floats

    def at(self, rows: npt.NDArray[np.intp]) -> Curves:
        """Those questions."""
        return Curves(self.exact[rows], self.smooth[rows])

    def turned(self, signs: Floats, default: int) -> Curves:
        """Around the default's values, with those signs."""
        exact, smooth = (one - one[:, [default]] for one in (self.exact, self.smooth))
        return Curves(signs[:, None] * exact, signs[:, None] * smooth)


@cache
def curves(name: str, normalizer: str, part: str = "test", shuffle: int | None = None) -> Curves:
    """Of a collection; with `shuffle` the judgements change hands."""
    data = collection(name, qrels=part)
    qrels = data.qrels
    if shuffle is not None:
        ids = list(qrels)
        order = np.random.default_rng(shuffle).permutation(len(ids))
        qrels = {ids[i]: qrels[ids[order[i]]] for i in range(len(ids))}
    index = index_of(name) if shuffle is None else _Walked(_pairs(name, normalizer, part))
    path = alpha_path(index, data.queries, qrels, normalizer=normalizer, vectors=_vectors(data, part), threads=1)
    return Curves(path.table(MEASURE, ALPHAS), path.table(MEASURE, ALPHAS, WINDOW))


@dataclass(frozen=True, eq=False)
class _Walked:
    """In place of an index: what its searches gave, for other judgements of the same questions."""

    found: Sequence[Pairs]

    def pairs(self, queries: Sequence[str | Query], **_: object) -> list[Pairs]:
        assert len(queries) == len(self.found)
        return list(self.found)


@cache
def _pairs(name: str, normalizer: str, part: str) -> Sequence[Pairs]:
    data = collection(name, qrels=part)
    return alpha_path(
        index_of(name), data.queries, data.qrels, normalizer=normalizer, vectors=_vectors(data, part), threads=1
    ).pairs


def _vectors(data: Collection, part: str) -> npt.NDArray[np.float32]:
    """Of the questions; where there are none they are made (a minute for scifact's 809) and kept in the cache."""
    if data.query_vectors is not None:
        return data.query_vectors
    file = cache_folder() / f"{data.name}.{part}.minilm.queries.npy"
    if not file.exists():
        np.save(file, embedders.load("minilm").embed_queries(list(data.queries.values())))
    return np.load(file)


@cache
def prior(normalizer: str, without: str) -> Floats:
    """The prior curve of the other collections."""
    return np.array(fitted(tuple(name for name in NAMES if name != without), (normalizer,))[normalizer])


def place(alpha: float) -> int:
    """Its place among the alphas."""
    return round(alpha * 100)


def tuned(of: Curves, default: int, curve: Floats, seed: int) -> int:
    """The place that these questions choose."""
    scores = of.smooth.T
    return choose_alpha(
        scores, ALPHAS, default, folds=FOLDS, repeats=REPEATS, seed=seed, prior=curve, weight=PRIOR_WEIGHT
    ).chosen


def halves(n: int, seed: int, size: int | None = None) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """`size` (default: half) of n places at random, and the others."""
    order = np.random.default_rng(seed).permutation(n)
    size = n // 2 if size is None else size
    return order[:size], order[size:]


def claims_gain(of: Curves, default: int, curve: Floats, seed: int) -> bool:
    """Whether tuning on one half claims a gain on the other."""
    mine, theirs = (of.at(rows) for rows in halves(len(of.exact), seed))
    chosen = tuned(mine, default, curve, seed)
    if chosen == default:
        return False
    tuner = tuner_of(ALPHAS, default, curve, PRIOR_WEIGHT)
    differences = [one - one[:, [default]] for one in (mine.smooth, theirs.exact)]
    p = tuner.p_value(*differences, chosen, folds_of(len(mine.exact), FOLDS, REPEATS, seed), DRAWS, seed)
    values = theirs.exact
    return judge(values[:, chosen], values[:, default], MEASURE, p=p).outcome is Outcome.GAIN


def flipped_claims(name: str, runs: int, *, default: float = 0.6, normalizer: str = "bounded") -> float:
    """How often a gain is claimed under the sign-flip null around the default."""
    of, at, claimed = curves(name, normalizer), place(default), 0
    for seed in range(runs):
        signs = np.random.default_rng(seed).choice([-1.0, 1.0], len(of.exact))
        claimed += claims_gain(of.turned(signs, at), at, prior(normalizer, name), seed)
    return claimed / runs


def planted_claims(name: str, gain: float, runs: int, *, default: float = 0.6, normalizer: str = "bounded") -> float:
    """How often a gain is claimed where the sign-flip null has one of this size planted."""
    of, at, claimed = curves(name, normalizer), place(default), 0
    more = gain * np.clip((np.array(ALPHAS) - default) / (0.85 - default), 0.0, 1.0)
    for seed in range(runs):
        flat = of.turned(np.random.default_rng(seed).choice([-1.0, 1.0], len(of.exact)), at)
        claimed += claims_gain(Curves(flat.exact + more, flat.smooth + more), at, prior(normalizer, name), seed)
    return claimed / runs


def shuffled_claims(name: str, runs: int, *, default: float = 0.6, normalizer: str = "bounded") -> float:
    """How often a gain is claimed when questions have each other's judgements."""
    claimed = 0
    for seed in range(runs):
        of = curves.__wrapped__(name, normalizer, "test", seed)
        claimed += claims_gain(of, place(default), prior(normalizer, name), seed)
    return claimed / runs


def covered(name: str, size: int, runs: int, *, part: str = "test", default: float = 0.2) -> float:
    """How often the interval predicted from `size` questions holds the gain on the others."""
    of, at, inside = curves(name, "bounded", part), place(default), 0
    for seed in range(runs):
        rows, rest = halves(len(of.exact), seed, size)
        mine = of.at(rows)
        choice = choose_alpha(
            mine.smooth.T,
            ALPHAS,
            at,
            folds=FOLDS,
            repeats=REPEATS,
            seed=seed,
            prior=prior("bounded", name),
            weight=PRIOR_WEIGHT,
        )
        expected = predicted_gain(choice.unseen, mine.exact[:, choice.chosen] - mine.exact[:, at], len(rest))
        gain = float((of.exact[rest, choice.chosen] - of.exact[rest, at]).mean())
        inside += expected.low - 1e-9 <= gain <= expected.high + 1e-9
    return inside / runs


def held_out_gain(name: str, normalizer: str, default: float, against: float, splits: int) -> Floats:
    """Each question's mean gain over the alpha `against` when it was in the half that was not tuned on."""
    of, at = curves(name, normalizer), place(default)
    total, count = np.zeros(len(of.exact)), np.zeros(len(of.exact))
    for seed in range(splits):
        for mine, rest in (both := halves(len(of.exact), seed), both[::-1]):
            chosen = tuned(of.at(mine), at, prior(normalizer, name), seed)
            total[rest] += of.exact[rest, chosen] - of.exact[rest, place(against)]
            count[rest] += 1
    return total / count


def lines(runs: int) -> Iterable[str]:
    """What is printed."""
    yield f"gain claimed without one, {runs} runs: sign flips, shuffled judgements"
    for name in FOUR:
        yield f"  {name:<16}{flipped_claims(name, runs):8.3f}{shuffled_claims(name, runs):8.3f}"
    yield f"gain claimed where one is planted, {min(runs, 200)} runs: of .02, .05, .10"
    for name in FOUR:
        shares = (planted_claims(name, gain, min(runs, 200)) for gain in (0.02, 0.05, 0.1))
        yield f"  {name:<16}" + "".join(f"{share:8.3f}" for share in shares)
    yield "interval predicted for the held-out gain covers it"
    for name, part, sizes in (("cranfield", "test", (25, 50, 100)), ("scifact", "train", (25, 50, 100, 200, 400))):
        for size in sizes:
            yield f"  {name} {part}, {size:>3} questions{covered(name, size, min(runs, 300), part=part):8.3f}"
    yield "gain on the half not tuned on: over the default, and over alpha .5"
    for normalizer, default in (("bounded", 0.6), ("theoretical", 0.8), ("theoretical", 0.5)):
        gains = [held_out_gain(name, normalizer, default, default, 20) for name in FOUR]
        middle = [held_out_gain(name, normalizer, default, 0.5, 20) for name in FOUR]
        each = " ".join(f"{name} {one.mean():+.4f}" for name, one in zip(FOUR, gains, strict=True))
        mean = np.mean([one.mean() for one in middle])
        p = stratified_sign_flip(middle)
        yield f"  {normalizer} from {default:g}: {each}; over .5 {mean:+.4f} (p = {p:.5f})"


def main() -> None:
    """Print all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    for line in lines(parser.parse_args().runs):
        print(line, flush=True)


if __name__ == "__main__":
    main()
