"""Several settings, or runs of other systems, on the same judged queries: who is better, and whether it is noise."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy.typing as npt

from ragopt.errors import InputError, InputTypeError
from ragopt.evaluation.evaluate import MEASURES, evaluate, score_run
from ragopt.evaluation.judgements import Qrels, QrelsLike, Run
from ragopt.evaluation.measures import Measure
from ragopt.evaluation.questions import Queries, Questions, Searchable
from ragopt.evaluation.statistics import holm
from ragopt.evaluation.table import Comparison, Table, compare
from ragopt.evaluation.unit import By
from ragopt.types import SearchSettings, Settings, Where

__all__ = ["Against", "Difference", "Standings", "System", "evaluate_all"]

#: What is compared: settings of the index, or the hits of any system, as a Run or a TREC run file.
System = Settings | SearchSettings | Run | str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Against:
    """One system against the baseline on one measure; `adjusted` is Holm's p over all systems and measures."""

    system: str
    measure: str
    comparison: Comparison
    adjusted: float

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        told = self.comparison.to_dict()
        return {"system": self.system, "measure": self.measure, **told, "p_holm": self.adjusted}


@dataclass(frozen=True, slots=True)
class Difference:
    """One query: the value of each system, in the order of the standings, and the most that one differs by."""

    query: str
    values: tuple[float, ...]
    change: float


@dataclass(frozen=True, eq=False)
class Standings:
    """Tables of the same queries by the name of their system; the first is the baseline of every comparison.

    Intervals are 95 % BCa bootstrap, p-values two-sided by paired randomization, both seeded.
    """

    tables: Mapping[str, Table]

    def __post_init__(self) -> None:
        if len(self.tables) < 2:
            raise InputError(f"{len(self.tables)} system is no comparison: give two or more")
        first = next(iter(self.tables.values()))
        for name, table in self.tables.items():
            if table.measures != first.measures or set(table.queries) != set(first.queries):
                raise InputError(f"{name!r} was measured on other queries or by other measures than {self.baseline!r}")

    @property
    def baseline(self) -> str:
        """The name of the first system."""
        return next(iter(self.tables))

    @property
    def queries(self) -> tuple[str, ...]:
        """The queries that all were measured on."""
        return self.tables[self.baseline].queries

    @cached_property
    def against(self) -> tuple[Against, ...]:
        """Every other system against the baseline, measure by measure."""
        first, others = self.tables[self.baseline], list(self.tables.items())[1:]
        pairs = [(measure, name, compare(table, first, measure)) for measure in first for name, table in others]
        adjusted = holm([found.p for _, _, found in pairs])
        return tuple(
            Against(name, measure, found, p) for (measure, name, found), p in zip(pairs, adjusted, strict=True)
        )

    def diff(self, measure: str | Measure | None = None) -> list[Difference]:
        """Every query by one measure (default: the first), the largest change from the baseline first."""
        wanted = Measure.parse(measure) if measure is not None else self.tables[self.baseline].measures[0]
        columns = [
            dict(zip(table.queries, table.column(wanted).tolist(), strict=True)) for table in self.tables.values()
        ]
        rows = []
        for query in self.queries:
            values = tuple(column[query] for column in columns)
            rows.append(Difference(query, values, max((v - values[0] for v in values[1:]), key=abs)))
        return sorted(rows, key=lambda row: (-abs(row.change), row.query))

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: every system's means, intervals and values, and its comparison with the baseline."""
        return {
            "baseline": self.baseline,
            "queries": len(self.queries),
            "systems": {name: table.to_dict() for name, table in self.tables.items()},
            "against": [found.to_dict() for found in self.against],
        }

    def rows(self) -> list[list[str]]:
        """The table as cells, the first row a heading: a row for every measure and system."""
        found = {(row.measure, row.system): row for row in self.against}
        out = [["measure", "system", "mean", "95 % interval", "difference", "95 % interval", "p (Holm)", "+ / − / ="]]
        for measure in self.tables[self.baseline]:
            for name, table in self.tables.items():
                mean = table.estimates[measure]
                cells = [measure, name, f"{mean.mean:.4f}", _span(mean.low, mean.high, mean.known, "")]
                if (row := found.get((measure, name))) is None:
                    out.append([*cells, "", "", "", ""])
                    continue
                one = row.comparison
                change = one.difference
                out.append([
                    *cells, f"{change.mean:+.4f}", _span(change.low, change.high, change.known, "+"),
                    f"{row.adjusted:.4f}", f"{one.wins} / {one.losses} / {one.ties}",
                ])  # fmt: skip
        return out

    def __str__(self) -> str:
        rows = self.rows()
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        lines = [
            "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
        ]
        notes = [f"note: {name}: {note}" for name, table in self.tables.items() for note in table.notes]
        return "\n".join([*lines, f"over {len(self.queries)} queries, against {self.baseline}", *notes])


def evaluate_all(
    index: Searchable | None,
    queries: Queries | None,
    qrels: QrelsLike,
    systems: Mapping[str, System],
    measures: Iterable[str | Measure] = MEASURES,
    *,
    vectors: npt.ArrayLike | None = None,
    where: Where | None = None,
    by: By | str = By.CHUNK,
) -> Standings:
    """Measure two or more systems on the same judged queries and compare each with the first.

    A system is Settings (or SearchSettings), by which `index` is searched, or a Run or the path of a TREC run file
    of any other system. Where all are runs, `index` and `queries` may be None: then every judged query counts. The
    arguments are those of `evaluate` otherwise; a query that a run lacks counts 0 for it.

    Raises InputError for fewer than two systems, or for settings without an index to search.
    """
    if not isinstance(systems, Mapping):
        raise InputTypeError(f"systems is a {type(systems).__name__}: give {{name: settings, run or run file}}")
    wanted = tuple(measures) if not isinstance(measures, str | Measure) else (measures,)
    judged = Qrels.of(qrels)
    mine = judged
    if queries is not None:
        questions = Questions.of(queries, vectors)
        mine = judged.only(questions.judged(judged).ids)
    tables = {}
    for name, system in systems.items():
        if isinstance(system, Run | str | os.PathLike):
            tables[name] = score_run(system, mine, wanted)
            continue
        if index is None or queries is None:
            raise InputError(f"{name!r} is settings: give the index and the queries that they search, or a run")
        tables[name] = evaluate(index, queries, mine, wanted, settings=system, vectors=vectors, where=where, by=by)
    return Standings(tables)


def _span(low: float, high: float, known: bool, sign: str) -> str:
    return f"{low:{sign}.4f} to {high:{sign}.4f}" if known else "unknown: one query"
