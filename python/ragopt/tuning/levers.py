"""What each lever of a pipeline saves on one's own questions: tokens and dollars, and recall beside them.

The levers are pulled one after another, each on top of those before it, and every step is done for real on every
question: all hits as they come, without duplicates, pruned, neighbors merged, within the budget, in the form sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np

from ragopt.economics import Price, QuestionCost
from ragopt.errors import InputError
from ragopt.evaluation import By, Qrels, QrelsLike, Queries, Questions, Unit
from ragopt.pipeline import Pipeline
from ragopt.protocols import Progress
from ragopt.types import (
    Context,
    Form,
    Level,
    Method,
    PackSettings,
    Piece,
    PruneSettings,
    Query,
    Settings,
    Source,
    Where,
)
from ragopt.types.rendering import write

__all__ = ["LeverSaving", "lever_savings"]

#: A budget that no list of hits reaches.
_NO_BUDGET = 2**31
#: What is priced: so many questions.
PER = 1000


@dataclass(frozen=True, slots=True)
class LeverSaving:
    """One lever: what was sent per question once it was pulled, and what that saved against the step before.

    `setting` says how it stands, and `chosen` whether it stands so in the settings: the first step is nothing to
    choose, and duplicates, which lose no text, are tried where they are off. `chunks` and `tokens` (by the counter's
    point) are means over all questions, `share` is `saved` as a share of the first step's tokens. Dollars are those of
    1,000 questions' contexts as uncached input; None where no price is known. `recall` is the mean share of what is
    relevant that is sent or cited, over the judged questions; None without judgements.
    """

    lever: str
    setting: str
    chosen: bool
    chunks: float
    tokens: float
    saved: float
    share: float
    dollars: Decimal | None
    dollars_saved: Decimal | None
    recall: float | None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: dollars as strings."""
        plain = asdict(self)
        return {**plain, **{name: None if plain[name] is None else str(plain[name]) for name in _MONEY}}


_MONEY = ("dollars", "dollars_saved")


@dataclass(frozen=True, slots=True)
class _Step:
    lever: str
    setting: str
    settings: Settings
    budget: int = _NO_BUDGET
    chosen: bool = True
    merged: bool = True


def lever_savings(
    pipeline: Pipeline,
    queries: Queries | Questions,
    *,
    qrels: QrelsLike | None = None,
    by: By | str = By.CHUNK,
    price: Price | None = None,
    where: Where | None = None,
    progress: Progress | None = None,
) -> tuple[LeverSaving, ...]:
    """What each lever of `pipeline.settings` saves on these questions, in the order in which they are pulled.

    `qrels`, where there are some, name chunks or (`by="document"`) documents. `price` is that of the model which
    reads the context. A question without a relevant context counts with 0 tokens. Raises InputError without questions.
    """
    questions = Questions.of(queries)
    if not len(questions):
        raise InputError("no questions: what a lever saves is measured on some")
    judged = None if qrels is None else Qrels.of(qrels)
    if judged is not None:
        questions.judged(judged)  # raises where no question has a judgement
    steps = list(_steps(pipeline.settings))
    sizes, counts, recalls = (np.full((len(questions), len(steps)), np.nan) for _ in range(3))
    unit = Unit(by)
    asked = [pipeline.with_settings(step.settings) for step in steps]
    for row, (id_, query) in enumerate(zip(questions.ids, _with_vectors(questions), strict=True)):
        wanted = (
            {of for of, grade in judged[id_].items() if grade > 0} if judged is not None and id_ in judged else set()
        )
        for column, step in enumerate(steps):
            context = asked[column].retrieve(query, where=where, budget=step.budget)
            size = context.tokens if step.merged else pipeline.counter.count(_apart(context))
            sizes[row, column], counts[row, column] = size.point, len(context.hits)
            if wanted:
                recalls[row, column] = len(wanted & set(_sent(context, unit))) / len(wanted)
        if progress is not None:
            progress(row + 1, len(questions), "packing, questions:")
    known = ~np.isnan(recalls[:, 0])
    mean_recalls = recalls[known].mean(axis=0).tolist() if known.any() else [None] * len(steps)
    return _savings(steps, sizes.mean(axis=0).tolist(), counts.mean(axis=0).tolist(), mean_recalls, price)


def _with_vectors(questions: Questions) -> tuple[str | Query, ...]:
    if questions.vectors is None:
        return questions.queries
    queries = (Query(query) if isinstance(query, str) else query for query in questions.queries)
    return tuple(replace(query, vector=row) for query, row in zip(queries, questions.vectors, strict=True))


def _savings(
    steps: list[_Step], tokens: list[float], chunks: list[float], recalls: list[float | None], price: Price | None
) -> tuple[LeverSaving, ...]:
    priced = None if price is None else QuestionCost(price)
    rows = []
    for at, step in enumerate(steps):
        saved = tokens[at - 1] - tokens[at] if at else 0.0
        spent, less = (None, None) if priced is None else (priced.dollars(tokens[at]), priced.dollars(saved))
        rows.append(
            LeverSaving(
                lever=step.lever,
                setting=step.setting,
                chosen=step.chosen,
                chunks=chunks[at],
                tokens=tokens[at],
                saved=saved,
                share=saved / tokens[0] if tokens[0] else 0.0,
                dollars=None if spent is None else spent * PER,
                dollars_saved=None if less is None else less * PER,
                recall=recalls[at],
            )
        )
    return tuple(rows)


def _steps(settings: Settings) -> Iterator[_Step]:
    """Every lever of these settings, each with all before it."""
    chosen = settings.prune
    search = replace(settings.search, min_score=None)
    pack = PackSettings(tokens=settings.pack.tokens, order=settings.pack.order, level=Level.CHUNK)
    now = replace(settings, search=search, prune=PruneSettings(min_keep=chosen.min_keep), pack=pack)
    yield _Step("everything", f"top {search.k}", now, merged=False)

    least = 1.0 if chosen.duplicates is None else chosen.duplicates
    now = replace(now, prune=replace(now.prune, duplicates=least))
    yield _Step("duplicates", f"duplicates = {least:g}", now, chosen=chosen.duplicates is not None, merged=False)

    now = replace(now, search=settings.search, prune=replace(chosen, duplicates=least))
    yield _Step("prune", _rules(settings), now, merged=False)

    yield _Step("merge", "neighbors as one", now)

    plain = replace(settings.pack, form=Form.TEXT, method=Method.TRUNCATE, level=Level.CHUNK, trim=False)
    now = replace(now, pack=plain)
    yield _Step("budget", f"tokens = {pack.tokens}, cut there", now, pack.tokens)

    now = replace(now, pack=replace(now.pack, method=settings.pack.method))
    yield _Step("method", f'method = "{settings.pack.method}"', now, pack.tokens)

    now = replace(now, pack=replace(settings.pack, form=Form.TEXT))
    trimmed = ", trim" if settings.pack.trim else ""
    yield _Step("sentences", f'level = "{settings.pack.level}"{trimmed}', now, pack.tokens)

    now = replace(now, pack=settings.pack)
    yield _Step("form", f'form = "{settings.pack.form}"', now, pack.tokens)


def _rules(settings: Settings) -> str:
    names = ("min_relevance", "relative", "gap", "per_token", "mmr", "facility_location")
    rules = {name: getattr(settings.prune, name) for name in names}
    if settings.search.min_score is not None:
        rules["min_score"] = getattr(settings.search.min_score, "value", settings.search.min_score)
    return ", ".join(f"{name} = {value:g}" for name, value in rules.items() if value is not None) or "no rule"


def _apart(context: Context) -> str:
    """The hits of a context written one by one, as they were found."""
    hits = enumerate(context.hits, start=1)
    sources = [Source(n, hit.id, hit.document, hit.title, (Piece(hit.text, hit.span),), ()) for n, hit in hits]
    return write(sources, Form.TEXT)


def _sent(context: Context, unit: Unit) -> list[str]:
    """The judged ids that are sent or cited."""
    return unit.ids(hit for best in context.hits for hit in (best, *best.also))
