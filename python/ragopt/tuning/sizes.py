"""Indexes of one corpus cut in other ways, compared at equal tokens: which chunk size is worth its prompt?

Recall at a fixed top-k favors large chunks, which send more. Here every index gets the same budget of tokens, fills it
by the pipeline's packing from its best hits, and is judged by the documents that it sends from: what a document label
can say of any cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ragopt.errors import InputError, InputTypeError
from ragopt.evaluation import (
    Answers,
    By,
    Comparison,
    Estimate,
    Measure,
    Qrels,
    QrelsLike,
    Queries,
    Questions,
    Unit,
    check_answers,
    check_ids,
    compare_values,
    holm,
    mean_interval,
)
from ragopt.index import Index
from ragopt.protocols import Progress, TokenCounter
from ragopt.tuning.halves import Half
from ragopt.tuning.replay import DEPTH, Replay
from ragopt.tuning.sent import Sent, SentHalf, answered
from ragopt.tuning.state import State
from ragopt.tuning.verdict import LEAST_EFFECT, LEAST_QUESTIONS, LEVEL, Outcome
from ragopt.types import Settings, Where
from ragopt.types.parameters import whole

__all__ = ["BUDGETS", "SizeComparison", "SizeRow", "choose_index", "compare_indexes"]

#: Tokens of context at which indexes are compared.
BUDGETS = (500, 1000, 2000)


@dataclass(frozen=True, slots=True)
class SizeRow:
    """One index at one budget: what it sends, and its recall against that of the first index at the same budget.

    `adjusted` is the p of that difference by Holm over all comparisons; 1 for the first index itself. `chunks` is the
    mean number of chunks sent, `chunk_tokens` the mean tokens of a chunk that is sent.
    """

    name: str
    budget: int
    recall: Estimate
    quality: Estimate
    tokens: Estimate
    chunks: float
    chunk_tokens: float
    against_first: Comparison
    adjusted: float

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        estimates = {name: getattr(self, name).to_dict() for name in ("recall", "quality", "tokens")}
        plain = {name: getattr(self, name) for name in ("name", "budget", "chunks", "chunk_tokens", "adjusted")}
        return {**plain, **estimates, "against_first": self.against_first.to_dict()}


@dataclass(frozen=True, slots=True)
class SizeComparison:
    """Indexes at equal tokens. `best` is the one to take, by the mean over the budgets, and `reason` says why.

    `outcome` is `gain` where another index than the first is surely better over the budgets, `worse` where all others
    are surely worse, `no_detectable_gain` where they cannot be told apart: then the first is `best`.
    """

    rows: tuple[SizeRow, ...]
    questions: int
    by: str
    measure: str
    best: str
    outcome: Outcome
    reason: str

    @property
    def moved(self) -> bool:
        """Whether another index than the first is the one to take."""
        return self.best != self.rows[0].name

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        plain = {name: getattr(self, name) for name in ("questions", "by", "measure", "best", "reason")}
        return {**plain, "outcome": str(self.outcome), "rows": [row.to_dict() for row in self.rows]}

    def __str__(self) -> str:
        head = ["budget", "index", "recall of sent", self.measure, "tokens", "chunks", "against the first", "p (Holm)"]
        lines = [head]
        for row in self.rows:
            gain = row.against_first.difference.mean
            first = row.name == self.rows[0].name
            lines.append([
                str(row.budget), row.name, str(row.recall), f"{row.quality.mean:.4f}", f"{row.tokens.mean:.0f}",
                f"{row.chunks:.1f}", "" if first else f"{gain:+.4f}", "" if first else f"{row.adjusted:.4f}",
            ])  # fmt: skip
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        table = ["  ".join(f"{c:<{w}}" for c, w in zip(line, widths, strict=True)).rstrip() for line in lines]
        return "\n".join([*table, "", f"Verdict: {self.outcome}. {self.reason}"])


def compare_indexes(
    indexes: Mapping[str, Index],
    queries: Queries | Questions,
    qrels: QrelsLike,
    *,
    budgets: Sequence[int] = BUDGETS,
    measure: str | Measure = "nDCG@10",
    settings: Settings | None = None,
    by: By | str = By.DOCUMENT,
    where: Where | None = None,
    vectors: Mapping[str, npt.ArrayLike] | None = None,
    answers: Answers | None = None,
    token_counter: TokenCounter | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> SizeComparison:
    """Compare indexes of the same documents, cut in other ways, at each of the `budgets` of tokens.

    The other arguments are those of `tune`; `settings` holds for all, but each index fills the budget from its best 50
    hits, whatever k is. `vectors` are the queries' by the name of the index. Judgements name documents, which all cuts
    share; with `answers`, recall is the share of answers that stand in the text, which tells cuts apart best. Of a
    chunk that is cut, the share that is shown counts.

    Raises InputError for fewer than two indexes, an impossible budget, questions of which not one has a relevant
    judgement or an answer, and for what `evaluate` refuses.
    """
    if not isinstance(indexes, Mapping) or not all(isinstance(index, Index) for index in indexes.values()):
        raise InputTypeError("indexes: give a mapping of names to Index values, such as {'200 words': index, ...}")
    if len(indexes) < 2:
        raise InputError(f"a comparison needs two indexes or more, and there are {len(indexes)}")
    if isinstance(budgets, str) or not isinstance(budgets, Iterable):
        raise InputTypeError(f"budgets is {budgets!r}: give a list of tokens, such as [500, 1000]")
    if vectors is not None and set(vectors) != set(indexes):
        raise InputError(f"vectors is of {', '.join(vectors)}: give the queries' by the name of each index")
    at = tuple(dict.fromkeys(whole("budget", budget, least=1) for budget in budgets))
    if not at:
        raise InputError("no budget: give the tokens at which to compare, such as [500, 1000]")
    wanted, unit, judged = Measure.parse(measure), Unit(by), Qrels.of(qrels)
    sent: dict[str, list[tuple[Sent, float]]] = {}
    count = 0
    for name, index in indexes.items():
        questions = Questions.of(queries, None if vectors is None else vectors[name]).judged(judged)
        check_ids(index, judged.only(questions.ids), unit)
        if answers is not None:
            questions = questions.at(answered(questions.ids, check_answers(answers)))
        elif not any(grade > 0 for id in questions.ids for grade in judged[id].values()):
            raise InputError(
                f"not one of {len(questions)} judged questions has a relevant judgement (a grade of 1 or more), so "
                f"nothing tells the indexes apart: look at the judgements"
            )
        count = len(questions)
        sent[name] = _sent(name, index, questions, judged, unit, wanted, settings or Settings(), at, where, answers,
                           token_counter, progress)  # fmt: skip
    return _compared(sent, at, count, unit, wanted, seed)


def choose_index(
    indexes: Mapping[str, Index] | Sequence[Index],
    halves: tuple[Half, Half],
    *,
    settings: Settings,
    measure: Measure,
    by: By,
    where: Where | None,
    answers: Answers | None,
    token_counter: TokenCounter | None,
    seed: int,
    progress: Progress | None,
) -> tuple[Index, SizeComparison]:
    """The index that both halves speak for, else the first: the best of the comparison that comes with it."""
    named = indexes if isinstance(indexes, Mapping) else {f"index {i}": one for i, one in enumerate(indexes, start=1)}
    if by is not By.DOCUMENT:
        raise InputError('indexes that are cut in other ways share no chunk: judge them by document (by="document")')
    if any(questions.vectors is not None for questions, _ in halves):
        raise InputError("several indexes embed the questions each by itself: give queries as texts, without vectors")
    tuning, kept = (
        compare_indexes(
            named, questions, qrels, measure=measure, settings=settings, by=by, where=where, answers=answers,
            token_counter=token_counter, seed=seed, progress=progress,
        )
        for questions, qrels in halves
    )  # fmt: skip
    if kept.outcome is Outcome.GAIN and (tuning.outcome is not Outcome.GAIN or tuning.best != kept.best):
        first = next(iter(named))
        told = f"{kept.reason} The tuning half does not say so too, so {first} stays."
        kept = replace(kept, best=first, outcome=Outcome.NO_DETECTABLE_GAIN, reason=told)
    return named[kept.best], kept


def _sent(
    name: str, index: Index, questions: Questions, judged: Qrels, unit: Unit, measure: Measure, settings: Settings,
    budgets: Sequence[int], where: Where | None, answers: Answers | None, counter: TokenCounter | None,
    progress: Progress | None,
) -> list[tuple[Sent, float]]:  # fmt: skip
    """What the index sends within each budget, and the mean number of chunks."""
    replay = Replay(index, questions, where=where, depth=DEPTH, counter=counter, progress=progress)
    half = SentHalf(name, replay, judged, unit, measure, answers, State(None, {}), progress)
    made = []
    for budget in budgets:
        chosen = replace(
            settings, search=replace(settings.search, k=DEPTH), pack=replace(settings.pack, tokens=budget), tuned=None
        )
        chunks = float(np.mean([len(context.hits) for context in replay.contexts(chosen)]))
        made.append((half(chosen), chunks))
    return made


def _compared(
    sent: Mapping[str, list[tuple[Sent, float]]], budgets: Sequence[int], count: int, unit: Unit, measure: Measure,
    seed: int,
) -> SizeComparison:  # fmt: skip
    first, *others = sent
    tests = {
        (name, place): compare_values(sent[name][place][0].recall, sent[first][place][0].recall, seed=seed)
        for place in range(len(budgets))
        for name in sent
    }
    adjusted = dict.fromkeys(tests, 1.0)
    adjusted |= _holm({key: test.p for key, test in tests.items() if key[0] != first})
    rows = tuple(
        SizeRow(
            name, budget, mean_interval(one.recall, seed=seed), mean_interval(one.quality, seed=seed),
            mean_interval(one.tokens, seed=seed), chunks, float(one.tokens.mean()) / chunks if chunks else 0.0,
            tests[name, place], adjusted[name, place],
        )
        for place, budget in enumerate(budgets)
        for name, (one, chunks) in ((name, sent[name][place]) for name in sent)
    )  # fmt: skip
    means = {name: np.mean([one.recall for one, _ in sent[name]], axis=0) for name in sent}
    over = {name: compare_values(means[name], means[first], seed=seed) for name in others}
    best, outcome, reason = _verdict(first, over, count)
    return SizeComparison(rows, count, str(unit.by), str(measure), best, outcome, reason)


def _holm(values: Mapping[tuple[str, int], float]) -> dict[tuple[str, int], float]:
    return dict(zip(values, holm(list(values.values())), strict=True))


def _verdict(first: str, over: Mapping[str, Comparison], count: int) -> tuple[str, Outcome, str]:
    """Which index to take, by the means over the budgets."""
    if count < LEAST_QUESTIONS:
        return (
            first,
            Outcome.TOO_FEW_QUESTIONS,
            f"{count} questions are too few; at least {LEAST_QUESTIONS} are needed.",
        )
    chances = dict(zip(over, holm([test.p for test in over.values()]), strict=True))
    name = max(over, key=lambda name: over[name].difference.mean)
    gain, p = over[name].difference, chances[name]
    told = f"{name} sends {gain.mean:+.4f} recall against {first} at equal tokens (95 % interval {gain.low:+.4f} to "
    told += f"{gain.high:+.4f}, p = {p:.4f} by Holm) on {count} questions"
    if p < LEVEL and gain.mean >= LEAST_EFFECT:
        return name, Outcome.GAIN, f"{told}."
    if all(test.difference.mean < 0 and chances[other] < LEVEL for other, test in over.items()):
        return first, Outcome.WORSE, f"All others are worse than {first}; the best of them: {told}."
    return first, Outcome.NO_DETECTABLE_GAIN, f"{told}: no size is surely better than {first}."
