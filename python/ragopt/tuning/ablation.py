"""What each lever contributed: the settings that were tuned, taken one at a time and one after another.

Every row is measured on the same judged questions by what is sent: searched, pruned and packed as the pipeline does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from ragopt.errors import InputError
from ragopt.evaluation import (
    Answers,
    By,
    Estimate,
    Judged,
    Measure,
    Qrels,
    QrelsLike,
    Queries,
    Questions,
    Searchable,
    Unit,
    answer_share,
    check_answers,
    compare_values,
    mean_interval,
    search_deep,
)
from ragopt.pipeline import context_of
from ragopt.protocols import TokenCounter
from ragopt.tokens import ByteEstimate
from ragopt.tuning.space import changes
from ragopt.types import Query, Settings, Where

__all__ = ["Contribution", "Lever", "contributions"]

Floats = npt.NDArray[np.float64]


class Lever(StrEnum):
    """A group of settings that is tuned as one: how hits score (BM25 too), how many, which of them, in what room."""

    ALPHA = "alpha"
    K = "k"
    THRESHOLD = "threshold"
    PACKING = "packing"


@dataclass(frozen=True, slots=True)
class Contribution:
    """One lever: what changing it alone did to the default, and what all up to it did together.

    Each is a mean difference per question from the default, with its 95 % interval: of the measure of what is
    sent, and of its tokens. `p` is two-sided, of the measure, for the lever alone. `change` says from what to
    what; it is empty where the lever was left as it was, and then everything is 0.
    """

    lever: Lever
    change: str
    quality: Estimate
    tokens: Estimate
    p: float
    quality_so_far: Estimate
    tokens_so_far: Estimate

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        names = ("quality", "tokens", "quality_so_far", "tokens_so_far")
        estimates = {name: getattr(self, name).to_dict() for name in names}
        return {"lever": str(self.lever), "change": self.change, "p": self.p, **estimates}


def contributions(
    index: Searchable,
    queries: Queries | Questions,
    qrels: QrelsLike,
    before: Settings,
    after: Settings,
    *,
    measure: str | Measure = "nDCG@10",
    vectors: npt.ArrayLike | None = None,
    where: Where | None = None,
    by: By | str = By.CHUNK,
    answers: Answers | None = None,
    token_counter: TokenCounter | None = None,
    seed: int = 0,
) -> tuple[Contribution, ...]:
    """What alpha, k, threshold and packing of `after` each contribute over `before`, one at a time and together.

    Arguments are those of `tune`. With `answers`, quality is the share of a question's answers that stand in the
    packed text, over the judged questions that have some: what a reader of the context can say, rather than which
    hits it holds. Raises InputError where no query is judged, or none has an answer.
    """
    judged = Qrels.of(qrels)
    questions = Questions.of(queries, vectors).judged(judged)
    counter, unit, wanted = token_counter or ByteEstimate(), Unit(by), Measure.parse(measure)
    if answers is not None:
        rows = [i for i, id in enumerate(questions.ids) if check_answers(answers).get(id)]
        if not rows:
            raise InputError("no judged query has an answer to look for")
        questions = questions.at(rows)
    known: list[tuple[Settings, Floats, Floats]] = []
    vectors_of = getattr(index, "vectors_of", None)

    def measured(settings: Settings) -> tuple[Floats, Floats]:
        for same, quality, tokens in known:
            if same == settings:
                return quality, tokens
        sent: list[list[str]] = []
        counts: list[float] = []
        shares: list[float] = []
        k = max(settings.search.k, 1)
        search = replace(settings.search, min_score=None)
        found = search_deep(index, questions, search, k=k, unit=Unit(By.CHUNK), where=where)
        for hits, text in zip(found, questions.texts, strict=True):
            context = context_of(Query(text), hits, settings, counter, vectors=vectors_of)
            sent.append(unit.ids(hit for best in context.hits for hit in (best, *best.also)))
            counts.append(float(context.tokens.point))
            if answers is not None:
                shares.append(answer_share(context.text, answers[questions.ids[len(shares)]]))
        if answers is None:
            quality = wanted.values(Judged.of(sent, [judged[id] for id in questions.ids]))
        else:
            quality = np.array(shares)
        known.append((settings, quality * questions.shares, np.array(counts) * questions.shares))
        return known[-1][1], known[-1][2]

    return _contributions(before, after, measured, seed)


def _contributions(
    before: Settings, after: Settings, measured: Callable[[Settings], tuple[Floats, Floats]], seed: int
) -> tuple[Contribution, ...]:
    base_quality, base_tokens = measured(before)
    so_far, rows = before, []
    for lever in Lever:
        alone, so_far = _with(before, after, lever), _with(so_far, after, lever)
        quality, tokens = measured(alone)
        all_quality, all_tokens = measured(so_far)
        compared = compare_values(quality, base_quality, seed=seed)
        rows.append(
            Contribution(
                lever=lever,
                change=", ".join(changes(before, alone)),
                quality=compared.difference,
                tokens=mean_interval(tokens - base_tokens, seed=seed),
                p=compared.p,
                quality_so_far=compare_values(all_quality, base_quality, seed=seed).difference,
                tokens_so_far=mean_interval(all_tokens - base_tokens, seed=seed),
            )
        )
    return tuple(rows)


def _with(settings: Settings, after: Settings, lever: Lever) -> Settings:
    """`settings` with that lever as it stands in `after`."""
    search, wanted = settings.search, after.search
    match lever:
        case Lever.ALPHA:
            # A threshold belongs to the kind of score: it follows the normalizer, not the lever's turn.
            same = wanted.normalizer == search.normalizer
            least = search.min_score if same else wanted.min_score
            scores = {name: getattr(wanted, name) for name in ("alpha", "normalizer", "k1", "b")}
            return replace(settings, search=replace(search, min_score=least, **scores))
        case Lever.K:
            return replace(settings, search=replace(search, k=wanted.k, depth=max(search.depth, wanted.depth)))
        case Lever.THRESHOLD:
            same = wanted.normalizer == search.normalizer
            least = wanted.min_score if same else search.min_score
            return replace(settings, search=replace(search, min_score=least), prune=after.prune)
        case Lever.PACKING:
            return replace(settings, pack=after.pack)
