"""The wider search of `tune`: which halves are replayed, around what, and where the run is kept."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ragopt import _core
from ragopt.errors import InputTypeError
from ragopt.evaluation import Answers, Measure, Questions, check_answers
from ragopt.index import Index
from ragopt.protocols import Progress
from ragopt.tuning.alpha import AlphaOutcome
from ragopt.tuning.bm25 import Bm25Choice, tune_bm25
from ragopt.tuning.objective import Goal
from ragopt.tuning.plan import Plan
from ragopt.tuning.replay import DEPTH, Replay
from ragopt.tuning.sent import Sent, SentHalf, answered
from ragopt.tuning.space import Dimension, Levers, beside_k, changes, dimensions
from ragopt.tuning.state import State
from ragopt.tuning.trials import Arm, HalfSearch
from ragopt.tuning.wider import LeverChoice, tune_levers
from ragopt.types import Settings

__all__ = ["Space", "Widened", "widen"]

#: Fields that are tuned for the order of hits, before what is sent.
_SCORES = ("search.k1", "search.b")


@dataclass(frozen=True, slots=True)
class Space:
    """What `tune(levers=...)` asks for: the values of k1 and b, and the other fields."""

    scores: tuple[Dimension, ...] = ()
    sent: tuple[Dimension, ...] = ()

    @classmethod
    def of(cls, levers: Levers | None, index: object, base: Settings, ks: Sequence[int], *, answers: bool) -> Space:
        """The space of these levers; InputTypeError where the index cannot be replayed."""
        if levers is None:
            return cls()
        if not isinstance(index, Index):
            raise InputTypeError(f"levers= needs an Index, which tells the scores of both sides, not {type(index)}")
        made = dimensions(levers, base, ks, answers=answers)
        parts = [[d for d in made if (d.name in _SCORES) is scores] for scores in (True, False)]
        return cls(tuple(parts[0]), tuple(parts[1]))

    def scored(self, tuning: HalfSearch, kept: HalfSearch, plan: Plan, alpha: float | None) -> Bm25Choice | None:
        """What k1 and b should be; None where they are not asked for, or BM25 takes no part."""
        index = tuning.index
        if not self.scores or alpha == 1.0 or not isinstance(index, Index):
            return None
        values = {dimension.name: dimension.values for dimension in self.scores}
        own = replace(index.bm25, **plan.search.bm25)  # type: ignore[arg-type]
        return tune_bm25(tuning, kept, plan, alpha, own, *(values.get(name, (None,)) for name in _SCORES))


@dataclass(frozen=True, slots=True, eq=False)
class Widened:
    """What came of the wider search: the choice, what the chosen settings send held out, and all that was tried.

    `sent` is what the arms send by the same replay, by name: empty where the choice is not written.
    """

    choice: LeverChoice
    held_out: Sent
    sent: Mapping[str, Sent]
    tried: tuple[tuple[Settings, Sent], ...]
    default: Settings

    def pieces(self) -> Iterator[tuple[float | None, int, float, float, float, str]]:
        """For the front: alpha, k, mean quality, recall and tokens of the tuning half, and what was changed."""
        for settings, sent in self.tried:
            quality, recall, tokens = (float(values.mean()) for values in (sent.quality, sent.recall, sent.tokens))
            told = beside_k(changes(self.default, settings))
            if told:  # top-k alone is there already
                yield settings.search.alpha, settings.search.k, quality, recall, tokens, told

    def arms(self, arms: Sequence[Arm], kept: HalfSearch, measures: Sequence[Measure]) -> tuple[Arm, ...]:
        """The arms and the chosen settings on the held-out half; what each of them sends is replayed, so that they
        can be compared.
        """
        search = self.choice.settings.search
        last = replace(kept, search=search).arm("settings written", search.alpha, search.k, measures)
        rows = [(arm, self.sent[arm.name]) for arm in arms if arm.name != last.name] + [(last, self.held_out)]
        # What is replayed is times what each question counts already.
        return tuple(replace(arm, recall=sent.recall, tokens=sent.tokens, shares=None) for arm, sent in rows)


def widen(
    halves: tuple[HalfSearch, HalfSearch],
    asked: tuple[Questions, Questions],
    space: Space,
    plan: Plan,
    base: Settings,
    alpha: AlphaOutcome,
    alone: int,
    goal: Goal,
    arms: Mapping[str, Settings],
    *,
    answers: Answers | None,
    state: str | os.PathLike[str] | None,
    progress: Progress | None,
) -> Widened | None:
    """Search `space.sent` around `base` at the adopted alpha, where `alone` is the k that top-k alone gives.

    `asked` are the questions of the halves as they were given, so that they are prepared as a pipeline does. `arms` are
    settings to be measured by the same replay if the choice is written.
    """
    if not space.sent:
        return None
    default = replace(base, search=replace(plan.search, alpha=alpha.adopted))
    simple = replace(default, search=replace(default.search, k=alone))
    index = halves[0].index
    assert isinstance(index, Index)
    deepest = max(DEPTH, alone, *(max(d.values) for d in space.sent if d.name == "search.k"), default.search.k)
    with State(state, _run(index, halves, space, plan, default, simple, goal, answers)) as kept_values:
        made = []
        for name, half, questions in zip(("tuning", "held-out"), halves, asked, strict=True):
            if answers is not None:
                questions = questions.at(answered(questions.ids, check_answers(answers)))
            replay = Replay(
                index, questions, where=half.where, depth=deepest, counter=half.sending.counter, progress=progress
            )
            made.append(SentHalf(name, replay, half.qrels, half.unit, plan.measure, answers, kept_values, progress))
        choice = tune_levers(made[0], made[1], default, simple, space.sent, plan, goal)
        tried = tuple((settings, made[0](settings)) for settings in made[0].settings.values())
        sent = {name: made[1](settings) for name, settings in arms.items()} if choice.adopted else {}
        return Widened(choice, made[1](choice.settings), sent, tried, default)


def _run(
    index: Index, halves: Sequence[HalfSearch], space: Space, plan: Plan, default: Settings, simple: Settings,
    goal: Goal, answers: Answers | None,
) -> dict[str, object]:  # fmt: skip
    """What a run is known by: another input is another run."""
    judged = [
        [
            (id, text, sorted(half.qrels[id].items()))
            for id, text in zip(half.questions.ids, half.questions.texts, strict=True)
        ]
        for half in halves
    ]
    vectors = [None if half.questions.vectors is None else _digest(half.questions.vectors.tobytes()) for half in halves]
    return {
        "version": _core.__version__,
        "index": index.identity().to_dict(),
        "generation": index.generation,
        "questions": _digest(json.dumps([judged, vectors, answers], default=str).encode()),
        "unit": str(halves[0].unit.by),
        "filter": repr(halves[0].where),
        "settings": default.to_dict(),
        "top_k": simple.search.k,
        "levers": [[d.name, *map(str, d.values)] for d in space.sent],
        "plan": [str(plan.measure), plan.folds, plan.repeats, plan.margin, plan.seed],
        "goal": goal.to_dict(),
    }


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
