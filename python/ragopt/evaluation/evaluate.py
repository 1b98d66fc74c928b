"""`evaluate`: how good a search is on judged queries."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from ragopt.errors import InputError, InputTypeError
from ragopt.evaluation.judgements import Qrels, QrelsLike, Run
from ragopt.evaluation.measures import Judged, Measure, parse_measures
from ragopt.evaluation.questions import Queries, Questions, Searchable, check_ids, require_searchable, search_deep
from ragopt.evaluation.table import Table
from ragopt.evaluation.unit import By, Unit
from ragopt.types import SearchSettings, Settings, Where

__all__ = ["MEASURES", "evaluate", "score_run"]

#: What is measured unless something else is asked for.
MEASURES = ("nDCG@10", "R@100")


def evaluate(
    index: Searchable,
    queries: Queries,
    qrels: QrelsLike,
    measures: Iterable[str | Measure] = MEASURES,
    *,
    settings: SearchSettings | Settings | None = None,
    vectors: npt.ArrayLike | None = None,
    where: Where | None = None,
    by: By | str = By.CHUNK,
) -> Table:
    """Search `index` for every judged query and measure what it found.

    `queries` is a mapping from id to text (or Query), (id, text) pairs, or dicts with `_id` and
    `text`; `qrels` a mapping {query id: {id: grade}}, Qrels, or a TREC or BEIR file. `vectors` has a
    row a query, in the order of `queries`. by="document" means that the judgements name documents:
    each stands once, at its best chunk.

    The search uses `settings` but for k: it goes as deep as the deepest cutoff (1,000 for a measure
    without one). The mean is over the given queries that are judged; a query without a relevant
    chunk, or that finds nothing, counts 0. Queries without judgements are left out and counted in
    `notes`, as are queries without a relevant judgement and judged ids that the index does not hold; a filter with
    which no query finds anything is noted too.

    Raises UnknownNameError for a measure or unit that does not exist, InputError where no query is
    judged or no judged id is in the index.
    """
    require_searchable(index)
    if settings is not None and not isinstance(settings, Settings | SearchSettings):
        raise InputTypeError(f"settings is a {type(settings).__name__}: give Settings(...) or SearchSettings(...)")
    wanted = parse_measures(measures)
    judged, unit, given = Qrels.of(qrels), Unit(by), Questions.of(queries, vectors)
    questions = given.judged(judged)
    mine = judged.only(questions.ids)
    notes = check_ids(index, mine, unit)
    if left := len(given) - len(questions):
        notes.insert(0, f"{left} of {len(given)} queries have no judgement and are left out")
    if empty := sum(not any(grade > 0 for grade in mine[id].values()) for id in questions.ids):
        notes.append(f"{empty} of {len(questions)} judged queries have no relevant judgement and count 0")
    search = settings.search if isinstance(settings, Settings) else settings or SearchSettings()
    depth = max(measure.depth for measure in wanted)
    if all(measure.cutoff is None for measure in wanted if measure.depth == depth):
        depth = min(depth, search.depth)  # an end of the list that we choose never asks for more than can be had
    hits = search_deep(index, questions, search, k=depth, unit=unit, where=where)
    if where is not None and not any(map(len, hits)):
        notes.append("with this filter no query finds anything, so that all count 0: look at its fields")
    return _table(Run.of(questions.ids, hits, by=unit.by), mine, questions.ids, wanted, notes)


def score_run(
    run: Run | str | os.PathLike[str], qrels: QrelsLike, measures: Iterable[str | Measure] = MEASURES
) -> Table:
    """Measure a run that exists already: a Run, or a TREC run file.

    The mean is over all judged queries, as trec_eval's -c does: one that the run lacks counts 0.
    Queries of the run without judgements are left out and counted in `notes`, as are those of a file with tied scores:
    ids upward decide there, so trec_eval (downward) may give another figure.
    """
    wanted, judged = parse_measures(measures), Qrels.of(qrels)
    found = run if isinstance(run, Run) else Run.load(run)
    if not len(judged):
        raise InputError("the qrels hold no judgement, so nothing can be measured")
    queries = tuple(judged)
    notes = []
    if unjudged := sum(query not in judged for query in found.rankings):
        notes.append(f"{unjudged} of the run's {len(found)} queries have no judgement and are left out")
    if absent := sum(query not in found.rankings for query in queries):
        notes.append(f"{absent} of {len(queries)} judged queries are not in the run and count 0")
    if not isinstance(run, Run) and (tied := found.tied):
        notes.append(
            f"{tied} of the run's {len(found)} queries have tied scores, which stand here by id upward (trec_eval: "
            f"downward, so its figures may differ)"
        )
    return _table(found, judged, queries, wanted, notes)


def _table(
    run: Run, qrels: Qrels, queries: Sequence[str], measures: tuple[Measure, ...], notes: Sequence[str]
) -> Table:
    made = [f"judgements are not a person's: {qrels.origin}"] if qrels.origin else []
    graded = Judged.of_ranks([run.ranks(query) for query in queries], [qrels[query] for query in queries])
    values = np.column_stack([measure.values(graded) for measure in measures])
    return Table(tuple(queries), measures, values, run, (*made, *notes))
