"""What settings send on one half of the judged questions, replayed; and which of some settings a goal wants."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ragopt.errors import InputError
from ragopt.evaluation import Answers, Estimate, Judged, Measure, Qrels, Unit, answer_share, mean_intervals
from ragopt.protocols import Progress
from ragopt.tuning.objective import Goal
from ragopt.tuning.replay import Replay
from ragopt.tuning.state import State
from ragopt.types import Context, Level, Settings

__all__ = ["Sent", "SentHalf", "Wish", "answered"]

Floats = npt.NDArray[np.float64]

#: No context holds more hits: all that is sent counts.
_ALL = Measure.parse("R@1000000")
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Sent:
    """What is sent, one value a question, times what the question counts (`Questions.shares`).

    `recall` is the share of the relevant that the context holds or cites (of a chunk that is cut, the share of its text
    that is shown), or, where answers are known, the share of
    them that stands in its text. `quality` is the tuned measure of its hits, `tokens` its tokens.
    """

    recall: Floats
    quality: Floats
    tokens: Floats

    def at(self, rows: npt.NDArray[np.intp]) -> Sent:
        """Those questions."""
        return Sent(self.recall[rows], self.quality[rows], self.tokens[rows])


class SentHalf:
    """One half of the judged questions under a replay. Settings are replayed once, and kept in `state`."""

    def __init__(
        self,
        name: str,
        replay: Replay,
        qrels: Qrels,
        unit: Unit,
        measure: Measure,
        answers: Answers | None,
        state: State,
        progress: Progress | None = None,
    ) -> None:
        self._name, self._replay, self._unit, self._measure, self._state = name, replay, unit, measure, state
        self._grades = [qrels[id] for id in replay.questions.ids]
        self._answers = None if answers is None else [answers[id] for id in replay.questions.ids]
        self._progress = progress
        self._known: dict[str, Sent] = {}
        self.settings: dict[str, Settings] = {}

    def __len__(self) -> int:
        return len(self._replay)

    @property
    def worth(self) -> float:
        """As how many equal questions these tell."""
        return self._replay.questions.worth

    def __call__(self, settings: Settings) -> Sent:
        """What these settings send."""
        key = json.dumps(settings.to_dict(), sort_keys=True)
        if key not in self._known:
            place = f"{self._name} {key}"
            if self._progress is not None:
                self._progress(len(self._known), 0, f"replaying settings, {self._name} half:")
            rows = self._state.get(place)
            if rows is None or len(rows) != 3 or any(len(row) != len(self) for row in rows):
                rows = self._replayed(settings)
                self._state.put(place, rows)
            shares = self._replay.questions.shares
            self._known[key] = Sent(*(np.array(row, dtype=np.float64) * shares for row in rows))
            self.settings[key] = settings
        return self._known[key]

    def _replayed(self, settings: Settings) -> list[list[float]]:
        contexts = self._replay.contexts(settings)
        sent = [self._unit.ids(hit for best in context.hits for hit in (best, *best.also)) for context in contexts]
        judged = Judged.of(sent, self._grades)
        recall: list[float] = _ALL.values(judged).tolist()
        if self._answers is not None:
            wanted = zip(contexts, self._answers, strict=True)
            recall = [answer_share(context.text, answers) for context, answers in wanted]
        else:
            for i, context in enumerate(contexts):
                if context.hits and (settings.pack.trim or _level(context) == Level.SENTENCE):
                    recall[i] = self._partly(context, self._grades[i])
        return [recall, self._measure.values(judged).tolist(), [float(c.tokens.point) for c in contexts]]

    def _partly(self, context: Context, grades: Mapping[str, int]) -> float:
        """Recall where chunks are cut: one of which a third is shown counts a third."""
        wanted = [id for id, grade in grades.items() if grade > 0]
        shares = dict.fromkeys(wanted, 0.0)
        for source in context.sources:
            cited = {citation.id for citation in source.citations}
            hits = [hit for hit in context.hits if hit.id in cited]
            whole, shown = sum(len(hit.text) for hit in hits), sum(len(piece.text) for piece in source.pieces)
            for hit in (one for best in hits for one in (best, *best.also)):
                for id in self._unit.ids([hit]):
                    if id in shares:
                        shares[id] = max(shares[id], min(1.0, shown / max(1, whole)))
        return sum(shares.values()) / len(wanted) if wanted else 0.0


def _level(context: Context) -> str:
    return str(context.trace.spans[-1].details["level"])


@dataclass(frozen=True, slots=True)
class Wish:
    """The rule by which settings are wanted, on whatever questions.

    Without a limit: the fewest tokens, of those whose recall is surely (one-sided 95 %) not below the default's by
    more than `margin`. Within a limit of tokens: the most recall, of those whose mean tokens are surely within it.
    Of those that cannot be told from the best by one standard error, the first: lists begin with what is least
    changed (Breiman et al. 1984).
    """

    goal: Goal
    margin: float
    seed: int

    def pick(self, default: Sent, tried: Sequence[Sent]) -> int:
        """The place of the wanted one of `tried`."""
        if self.goal.tokens is None:
            cost = np.array([sent.tokens for sent in tried])
            allowed = self.keeps(default, tried)
            last_resort = -np.array([sent.recall for sent in tried])
        else:
            cost = -np.array([sent.recall for sent in tried])
            allowed = self._within(tried)
            last_resort = np.array([sent.tokens for sent in tried])
        if not allowed.any():
            return int(last_resort.mean(axis=1).argmin())
        means = np.where(allowed, cost.mean(axis=1), np.inf)
        behind = cost - cost[int(means.argmin())]
        n = behind.shape[1]
        error = behind.std(axis=1, ddof=1) / np.sqrt(n) if n > 1 else np.full(len(cost), np.inf)
        near = allowed & (behind.mean(axis=1) <= error + _ROUNDING)
        return int(np.flatnonzero(near)[0])

    def keeps(self, default: Sent, tried: Sequence[Sent]) -> npt.NDArray[np.bool_]:
        """Which of them surely lose at most the margin of the default's recall.

        One imagined question that loses everything is added, as in `choose.loses_at_most`.
        """
        losses = default.recall - np.array([sent.recall for sent in tried])
        if losses.shape[1] < 2:
            return np.zeros(len(tried), dtype=np.bool_)
        table = np.vstack([losses.T, np.ones(len(tried))])
        return np.array([e.high <= self.margin + _ROUNDING for e in self._bounds(table)])

    def _within(self, tried: Sequence[Sent]) -> npt.NDArray[np.bool_]:
        table = np.array([sent.tokens for sent in tried]).T
        limit = self.goal.tokens or 0.0
        return np.array([(e.high if e.known else e.mean) <= limit for e in self._bounds(table)])

    def _bounds(self, table: Floats) -> list[Estimate]:
        return mean_intervals(table, confidence=0.9, seed=self.seed)


def answered(ids: Sequence[str], answers: Answers) -> list[int]:
    """The places of the questions that have answers; InputError where none has."""
    rows = [i for i, id in enumerate(ids) if answers.get(id)]
    if not rows:
        raise InputError("no judged query of one half has an answer to look for")
    return rows
