"""What each rule of pruning saves in tokens at the recall of the first ten: `python -m benches.prune`.

Cross-validated: the prior of relevance is that of the other three collections, recalibrated on the training folds,
and every rule's number is the one that keeps the recall of ten hits on the training folds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from benches.fit_relevance import prior
from benches.judged import COLLECTIONS, Counted, Judged, judged
from ragopt.prune.relevance import fit_scale, relevance_by
from ragopt.prune.rules import above_share, before_gap, worth_their_tokens
from ragopt.types import PruneMode

__all__ = ["RULES", "Outcome", "measure"]

Floats = npt.NDArray[np.float64]
K, FOLDS, REPEATS = 10, 5, 4
_SEARCH = 40
GIVEN = 0.02


@dataclass(frozen=True, eq=False)
class List:
    """One question's hits as numbers."""

    scores: Floats
    cosines: Floats
    tokens: Floats
    relevant: npt.NDArray[np.bool_]
    known: int


@dataclass(frozen=True, eq=False)
class Outcome:
    """By question: recall (or whether anything relevant was sent) and tokens, under the rule and with ten hits."""

    gained: Floats
    tokens: Floats
    gained_ten: Floats
    tokens_ten: Floats

    @property
    def difference(self) -> float:
        """The mean change of recall, or of the share of questions with a hit."""
        return float((self.gained - self.gained_ten).mean())

    @property
    def saved(self) -> float:
        """The share of all tokens that was saved."""
        return 1.0 - float(self.tokens.mean() / self.tokens_ten.mean())


Rule = Callable[[List, Floats, float], npt.NDArray[np.intp]]

#: By name: the rule, its range from keeping all to keeping little, and what it is to keep.
RULES: dict[str, tuple[Rule, tuple[float, float], PruneMode]] = {
    "gain per token": (
        lambda of, p, least: worth_their_tokens(p, of.tokens, least, PruneMode.RECALL),
        (1e-5, 1e2),
        PruneMode.RECALL,
    ),
    "gain per token, hit": (
        lambda of, p, least: worth_their_tokens(p, of.tokens, least, PruneMode.HIT),
        (1e-5, 1e2),
        PruneMode.HIT,
    ),
    "raw cosine": (lambda of, _, least: np.flatnonzero(of.cosines >= least), (1e-3, 1.0), PruneMode.RECALL),
    "share of the best score": (lambda of, _, share: above_share(of.scores, share), (1e-3, 1.0), PruneMode.RECALL),
    "largest gap": (
        lambda of, _, least: np.arange(before_gap(of.scores, 1.0 - min(least, 1.0))[0]),
        (1e-3, 1.0),
        PruneMode.RECALL,
    ),
}


@cache
def lists(name: str) -> list[List]:
    """The questions of a collection as numbers."""
    counter, of = Counted(), judged(name)
    return [
        List(
            np.array([hit.score for hit in one.hits]),
            np.array([hit.dense or 0.0 for hit in one.hits]),
            np.array([counter.count(hit.chunk.full_text).point for hit in one.hits], dtype=np.float64),
            np.array([one.grades.get(hit.id, 0) > 0 for hit in one.hits]),
            len(of.relevant(i)),
        )
        for i, one in enumerate(of.labelled)
    ]


def measure(rule: str, name: str, *, seed: int = 0, give: float = 0.0) -> Outcome:
    """The rule on one collection; `give` is how much recall (or hit rate) the training folds may lose."""
    keep, bounds, mode = RULES[rule]
    mine, questions = judged(name), lists(name)
    model = _prior_of_others(name)
    n = len(questions)

    def gain(of: List, places: npt.NDArray[np.intp]) -> float:
        found = int(of.relevant[places].sum())
        return float(found > 0) if mode is PruneMode.HIT else found / of.known

    def least_one(places: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        return places if len(places) else np.arange(1)

    ten = np.arange(K)
    gained_ten = np.array([gain(of, ten) for of in questions])
    tokens_ten = np.array([of.tokens[:K].sum() for of in questions])
    gained, tokens = np.zeros(n), np.zeros(n)
    rng = np.random.default_rng(seed)
    for _ in range(REPEATS):
        fold_of = rng.permutation(n) % FOLDS
        for fold in range(FOLDS):
            train, test = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
            fitted = fit_scale([mine.labelled[i] for i in train], lambda _: model)
            chances = [relevance_by(one.hits, model, fitted) for one in mine.labelled]
            target = gained_ten[train].mean() - give
            low, high = bounds
            for _ in range(_SEARCH):
                least = float(np.sqrt(low * high))
                kept = np.mean([gain(questions[i], least_one(keep(questions[i], chances[i], least))) for i in train])
                low, high = (least, high) if kept >= target else (low, least)
            for i in test:
                places = least_one(keep(questions[i], chances[i], low))
                gained[i] += gain(questions[i], places) / REPEATS
                tokens[i] += questions[i].tokens[places].sum() / REPEATS
    return Outcome(gained, tokens, gained_ten, tokens_ten)


@cache
def _prior_of_others(name: str):  # type: ignore[no-untyped-def]
    others: list[Judged] = [judged(other) for other in COLLECTIONS if other != name]
    return prior(others)


def main() -> None:
    print("| rule | " + " | ".join(f"{name}: tokens saved, recall" for name in COLLECTIONS) + " | mean |")
    print("|---|" + "---|" * (len(COLLECTIONS) + 1))
    for rule, give in (*((rule, 0.0) for rule in RULES), ("gain per token, hit", GIVEN)):
        outcomes = [measure(rule, name, give=give) for name in COLLECTIONS]
        rule += f", {GIVEN} given" if give else ""
        cells = [f"{one.saved:+.1%}, {one.difference:+.4f}" for one in outcomes]
        saved, difference = (np.mean([getattr(one, what) for one in outcomes]) for what in ("saved", "difference"))
        print(f"| {rule} | " + " | ".join(cells) + f" | **{saved:+.1%}**, {difference:+.4f} |", flush=True)


if __name__ == "__main__":
    main()
