"""`tune`: which settings judged questions speak for, and whether the gain is real."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol, runtime_checkable

import numpy.typing as npt

from ragopt import _core
from ragopt.economics import QuestionCost
from ragopt.economics import price as price_of
from ragopt.errors import InputError, InputTypeError
from ragopt.evaluation import (
    Answers,
    By,
    Fault,
    LabelProblem,
    Measure,
    Qrels,
    QrelsLike,
    Queries,
    Questions,
    Searchable,
    Unit,
    check_ids,
    holm,
    label_problems,
)
from ragopt.index import Index
from ragopt.pipeline import Pipeline
from ragopt.protocols import Progress, TokenCounter
from ragopt.tokens import ByteEstimate
from ragopt.tuning.ablation import contributions
from ragopt.tuning.alpha import AlphaOutcome, tune_alpha
from ragopt.tuning.bm25 import Bm25Choice
from ragopt.tuning.copies import check_copies
from ragopt.tuning.front import Front, made_front
from ragopt.tuning.halves import Half, halves
from ragopt.tuning.levers import LeverSaving, lever_savings
from ragopt.tuning.moves import worst_questions
from ragopt.tuning.objective import Goal, Objective
from ragopt.tuning.outcome import Curves, Facts
from ragopt.tuning.plan import Plan
from ragopt.tuning.result import TuneResult, default_and_tuned
from ragopt.tuning.sizes import choose_index
from ragopt.tuning.space import Levers
from ragopt.tuning.steps import (
    Steps,
    alpha_grid,
    embed_once,
    k_grid,
    measure_arms,
    tune_k,
)
from ragopt.tuning.trials import Arm, HalfSearch, Sending
from ragopt.tuning.verdict import Claim
from ragopt.tuning.widen import Space, Widened, widen
from ragopt.types import Normalizer, SearchSettings, Settings, Where
from ragopt.types.parameters import fraction, whole

__all__ = ["tune"]

#: What is wrong with labels as a whole; `_notes` tells the rest by halves.
#: Held-out questions on which the levers are pulled one after another: each is packed eight times.
_SAVED = 200
_NOTED = (
    Fault.MADE_BY_A_MODEL,
    Fault.FROM_FEEDBACK,
    Fault.ONE_RELEVANT_FOR_ALL,
    Fault.REPEATED_QUESTIONS,
    Fault.CONFLICTING_GRADES,
)


def tune(
    index: Searchable | Mapping[str, Index] | Sequence[Index],
    queries: Queries,
    qrels: QrelsLike,
    *,
    measure: str | Measure = "nDCG@10",
    settings: Settings | None = None,
    alphas: Sequence[float] | None = None,
    ks: Sequence[int] | None = None,
    normalizer: Normalizer | str | None = None,
    held_out: float | tuple[Queries, QrelsLike] = 0.5,
    folds: int = 5,
    repeats: int = 10,
    recall_margin: float = 0.05,
    seed: int = 0,
    also: Iterable[str | Measure] = ("R@10",),
    by: By | str = By.CHUNK,
    where: Where | None = None,
    vectors: npt.ArrayLike | None = None,
    weights: Mapping[str, float] | None = None,
    held_out_vectors: npt.ArrayLike | None = None,
    token_counter: TokenCounter | None = None,
    cost: QuestionCost | None = None,
    objective: Objective | str = Objective.FEWEST_TOKENS,
    budget: float | None = None,
    price: Decimal | float | str | None = None,
    answers: Answers | None = None,
    allow_copies: bool = False,
    levers: Levers | None = None,
    state: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> TuneResult:
    """Tune alpha and top-k of `index` on judged queries, and judge the outcome on queries held out.

    `queries`, `qrels`, `vectors`, `by` and `where` are those of `evaluate`. `held_out` is the share
    of the judged queries that tuning must not see (split at random, seeded), or (queries, qrels) of
    their own, with `held_out_vectors`. `weights` ({query id: weight}, as of `feedback_labels`) are what queries count
    in means, intervals and tests; too few are those that are worth fewer than ten equal ones. The default to beat is
    `settings` (all defaults unless given), with `normalizer` in place of its own if given.

    - `alphas` (default every hundredth, from the exact path over alpha, smoothed over .05 to both sides; without
      one, as for a measure without cutoff, every twentieth, searched) always hold 0, 1 and the default. Joined with
      a prior of other collections, the one-standard-error rule picks the alpha nearest the default that cannot be
      told from the best by `measure`, and repeated cross-validation must confirm it (`folds` × `repeats`). It becomes
      the setting only if the verdict on the held-out half is a gain. Where fusion is not better than one side alone,
      on both halves, alpha becomes 0 or 1 (`result.side` says why).
    - `ks` (default 1 to the default k) are measured by the recall and the tokens of what the pipeline
      would send: the first k hits, packed by `settings.pack`. The smallest k that loses at most
      `recall_margin` of that recall with 95 % confidence on both halves becomes the setting. k never grows.

    `cost` prices a question (default: its context as input of `ragopt.economics.DEFAULT_MODEL`): the result's
    `front` sets what every alpha and k give against tokens, dollars and latency. `objective` says what k is for: the
    same recall with the fewest tokens, as above, or the most recall under a `budget` of mean tokens of context per
    question, or under a `price` in dollars per question by `cost`; under a limit k may grow, up to 50.
    `savings` of the result tell what each lever saves with the tuned settings (up to 200 held-out questions), and
    `contributions` what each changed setting did; with `answers` ({query id: texts that a right
    answer holds}) by the share of answers that stand in the context, else by `measure` of what is sent.

    `levers` widens the search: "all", names such as "prune.gap", or {name: values to try} (`ragopt.tuning.LEVERS`).
    k1 and b of BM25 are chosen for `measure`, and kept if that is a gain held out. Then top-k, thresholds, adaptive
    rules, budget and packing are searched together for `objective`, by replaying what one scoring pass found; what is
    found must hold outside the folds that chose it, and on the held-out half, or top-k alone stands. `levers` of the
    result says so. It takes minutes rather than seconds, and writes more than alpha and k, so it is asked for.
    `state` names a file that keeps what was replayed: a run that was stopped goes on from there, to the same result.

    Several indexes of the same documents, cut in other ways, may be given as {name: index}: they are compared at equal
    tokens (`ragopt.tuning.compare_indexes`), and the first is tuned unless both halves say that another is surely
    better; `sizes` of the result is the comparison on the held-out half. Judgements then name documents.

    `also` names further measures for the held-out table. `token_counter` counts the tokens of
    chunks (default: the offline estimate). `progress(done, total, label)` is called after each step.
    Everything random is seeded: the same input gives the same result.

    Synthetic questions (by the origin of their judgements) that copy their chunks are refused (CopiedQuestionsError)
    unless `allow_copies`; the notes tell so. See `ragopt.evaluation.lexical_overlap`; people's that copy give a note.

    Raises InputError where there are fewer than two judged queries, where a held-out question is
    tuned on as well, or for what `evaluate` refuses.
    """
    if settings is not None and not isinstance(settings, Settings):
        raise InputTypeError(f"settings is a {type(settings).__name__}: give Settings(...) or Settings.load(path)")
    several = isinstance(index, Mapping | list | tuple)
    if not several and not callable(getattr(index, "search_many", None)):
        raise InputTypeError(f"index is a {type(index).__name__}: give an Index, as of Index.open(path)")
    priced = cost or QuestionCost(price_of())
    goal = Goal.of(objective, budget, price, priced)
    base = replace(settings or Settings(), tuned=None)  # they are found anew
    search = base.search if normalizer is None else replace(base.search, normalizer=normalizer)
    if search.k < 1:
        raise InputError("settings.search.k is 0, so nothing would be sent: tune with a k of 1 or more")
    plan = Plan(
        measure=Measure.parse(measure),
        also=tuple(Measure.parse(name) for name in also),
        search=search,
        alphas=alpha_grid(search, alphas),
        fine=alphas is None,
        ks=k_grid(search, ks, grow=goal.tokens is not None),
        folds=whole("folds", folds, least=2),
        repeats=whole("repeats", repeats, least=1),
        margin=fraction("recall_margin", recall_margin),
        seed=whole("seed", seed),
    )
    given, judged, unit = Questions.of(queries, vectors, weights), Qrels.of(qrels), Unit(by)
    tuning_half, kept_half = halves(given, judged, held_out, held_out_vectors, seed)
    sizes = None
    if isinstance(index, Mapping | Sequence):
        index, sizes = choose_index(
            index, (tuning_half, kept_half), settings=replace(base, search=search), measure=plan.measure, by=unit.by,
            where=where, answers=answers, token_counter=token_counter, seed=plan.seed, progress=progress,
        )  # fmt: skip
    if where is not None and isinstance(index, Index) and not index.count(where):
        raise InputError("the filter leaves no chunk of the index, so nothing can be found: look at its fields")
    problems = label_problems(given, judged)
    notes = _notes(problems, index, given, judged, tuning_half, kept_half, unit)
    notes += check_copies(index, (tuning_half, kept_half), unit, allow=allow_copies)
    if state is not None and levers is None:
        raise InputError("state= keeps what a wider search replays, and levers= asks for none: give levers too")
    space = Space.of(levers, index, base, plan.ks, answers=answers is not None)
    sending, step = Sending(token_counter or ByteEstimate(), base.pack), Steps(3 * len(plan.alphas) + 14, progress)
    started = time.perf_counter()
    tuning, kept = (
        HalfSearch(index, embed_once(index, questions), theirs, search, unit, where, sending, step)
        for questions, theirs in (tuning_half, kept_half)
    )
    embedding = (time.perf_counter() - started) / (len(tuning.questions) + len(kept.questions))
    alpha = tune_alpha(tuning, kept, plan)
    bm25 = space.scored(tuning, kept, plan, alpha.adopted)
    scored = plan if bm25 is None else replace(plan, search=bm25.search)
    now = replace(tuning, search=scored.search), replace(kept, search=scored.search)
    top_k, k_curve = tune_k(*now, scored, alpha.adopted, goal)
    final = replace(scored.search, alpha=search.alpha if alpha.adopted is None else alpha.adopted, k=top_k.k)
    arms = measure_arms(kept, plan, alpha, final)
    plain = {arm.name: replace(base, search=replace(search, alpha=arm.alpha, k=arm.k)) for arm in arms}
    wide = widen(
        now, (tuning_half[0], kept_half[0]), space, scored, base, alpha, top_k.k, goal, plain,
        answers=answers, state=state, progress=progress,
    )  # fmt: skip
    settings_written = replace(base, search=final)
    if wide is not None and wide.choice.adopted:
        settings_written = wide.choice.settings
    arms = _written(arms, now[1], scored, final, wide)
    front = _front(tuning, plan, alpha, arms, priced, embedding, wide)
    before = replace(base, search=replace(search, alpha=alpha.default))
    shares = contributions(
        index, kept.questions, kept.qrels, before, settings_written, measure=plan.measure, where=where,
        by=unit.by, answers=answers, token_counter=sending.counter, seed=plan.seed,
    )  # fmt: skip
    savings = _savings(index, settings_written, sending.counter, kept, priced, where)
    first, second = default_and_tuned(arms)
    values = (arm.table.column(plan.measure) for arm in (first, second))
    worst = worst_questions(kept, plan.measure, (first.alpha, second.alpha), *values)
    step.end()
    return TuneResult(
        settings=settings_written,
        verdict=alpha.verdict,
        top_k=top_k,
        arms=arms,
        curves=Curves(alpha.curve, k_curve, alpha.exact),
        trials=alpha.trials,
        health=alpha.health,
        unseen_gain=alpha.unseen,
        default_alpha=alpha.default,
        chosen_alpha=alpha.chosen,
        facts=Facts(
            date=datetime.now(UTC).date().isoformat(),
            version=_core.__version__,
            measure=str(plan.measure),
            by=str(unit.by),
            normalizer=str(search.normalizer),
            tuning_queries=len(tuning.questions),
            held_out_queries=len(kept.questions),
            seed=plan.seed,
            folds=plan.folds,
            repeats=plan.repeats,
            recall_margin=plan.margin,
            held_out="given" if isinstance(held_out, tuple) else f"{held_out:g}",
            pack_tokens=base.pack.tokens,
            tokens_by=sending.method,
            labels="+".join(dict.fromkeys(h.origin for _, h in (tuning_half, kept_half) if h.origin)) or "given",
            index=_describe(index),
        ),
        notes=(*notes, *alpha.notes),
        questions=dict(zip(kept.questions.ids, kept.questions.texts, strict=True)),
        front=front,
        worst=worst,
        contributions=shares,
        savings=savings,
        identity=index.identity() if isinstance(index, Index) else None,
        claims=_family(alpha, bm25, wide),
        expected=alpha.expected,
        side=alpha.side,
        bm25=bm25,
        levers=None if wide is None else wide.choice,
        sizes=sizes,
        problems=tuple(problems),
    )


def _savings(
    index: Searchable, final: Settings, counter: TokenCounter, kept: HalfSearch, cost: QuestionCost, where: Where | None
) -> tuple[LeverSaving, ...]:
    """What each lever of the settings saves on at most _SAVED of the held-out questions, evenly taken."""
    if not isinstance(index, Index):
        return ()  # a pipeline takes no other searcher
    count = len(kept.questions)
    rows = [at * count // min(count, _SAVED) for at in range(min(count, _SAVED))]
    return lever_savings(
        Pipeline(index, final, counter=counter),
        kept.questions.at(rows),
        qrels=kept.qrels,
        by=kept.unit.by,
        price=cost.price,
        where=where,
    )


def _front(
    tuning: HalfSearch, plan: Plan, alpha: AlphaOutcome, arms: Sequence[Arm], cost: QuestionCost, embedding: float,
    wide: Widened | None,
) -> Front:  # fmt: skip
    """Quality against cost, with the time of a search as the arms took it: a side that is not searched costs none."""
    took = {arm.alpha: arm.seconds for arm in arms}

    def seconds(share: float | None) -> float:
        if share is None or share == 0.0:
            return took.get(share, arms[0].seconds)
        return took.get(share if share == 1.0 else alpha.default, arms[0].seconds) + embedding

    alphas = (None,) if alpha.default is None else tuple(point.alpha for point in alpha.curve)
    further = () if wide is None else wide.pieces()
    return made_front(tuning, plan.measure, alphas, plan.ks, cost, seconds, further)


def _written(
    arms: tuple[Arm, ...], kept: HalfSearch, plan: Plan, final: SearchSettings, wide: Widened | None
) -> tuple[Arm, ...]:
    """The arms with one of what is written, where that is more than an alpha and a k."""
    measures = tuple(dict.fromkeys((plan.measure, *plan.also)))
    if wide is not None and wide.choice.adopted:
        return wide.arms(arms, kept, measures)
    if not final.bm25:
        return arms
    last = kept.arm("settings written", arms[-1].alpha, final.k, measures)
    return (*(arm for arm in arms if arm.name != last.name), last)


def _family(alpha: AlphaOutcome, bm25: Bm25Choice | None, wide: Widened | None) -> tuple[Claim, ...]:
    """All tests on the held-out half; those of the wider search adjusted over the whole family."""
    more = [made.claim for made in (bm25, wide.choice if wide else None) if made is not None and made.claim is not None]
    adjusted = holm([claim.p for claim in (*alpha.claims, *more)])[len(alpha.claims) :]
    return (*alpha.claims, *(replace(claim, adjusted=p) for claim, p in zip(more, adjusted, strict=True)))


def _notes(
    problems: Sequence[LabelProblem], index: Searchable, given: Questions, judged: Qrels, tuning: Half, kept: Half,
    unit: Unit,
) -> list[str]:  # fmt: skip
    notes = [str(problem) for problem in problems if problem.fault in _NOTED]
    if unjudged := sum(id not in judged for id in given.ids):
        notes.append(f"{unjudged} of {len(given)} queries have no judgement and are left out")
    both = Qrels({**{id: tuning[1][id] for id in tuning[1]}, **{id: kept[1][id] for id in kept[1]}})
    notes += check_ids(index, both, unit)
    for name, (questions, theirs) in (("tuning", tuning), ("held-out", kept)):
        if empty := sum(not any(grade > 0 for grade in theirs[id].values()) for id in questions.ids):
            notes.append(f"{empty} of {len(questions)} {name} questions have no relevant judgement and score 0")
    return notes


@runtime_checkable
class _Described(Protocol):
    def describe(self) -> dict[str, Any]: ...


def _describe(index: Searchable) -> dict[str, str]:
    if not isinstance(index, _Described):
        return {}
    told = index.describe()
    embedder = told.get("embedder") or {}
    dense = embedder.get("name") or (
        "unknown: its vectors were given" if told.get("dimension") else "none: lexical only"
    )
    bm25 = told["bm25"]
    return {
        "chunks": f"{told['sizes']['chunks']:,}",
        "analyzer": f"{told['analyzer']['name']} v{told['analyzer']['version']}",
        "BM25": f"{bm25['variant']} k1 {bm25['k1']:g} b {bm25['b']:g}",
        "embedder": dense,
    }
