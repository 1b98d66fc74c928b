"""Judgements and runs: what is relevant, and what was found. Their files, read and written."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from ragopt.errors import InputError, InputTypeError
from ragopt.evaluation.judgement_files import read_lines, read_rows, writable, write_lines, write_rows
from ragopt.evaluation.unit import By, Unit
from ragopt.types import Hits

__all__ = ["Qrels", "QrelsLike", "Run"]

N = TypeVar("N", int, float)

_HIGHEST = 10**6  # far above any scale of judgement, and sums of it stay exact


@dataclass(frozen=True, slots=True)
class Qrels:
    """Judgements: query id → chunk (or document) id → grade. A grade of 1 or more is relevant.

    `origin` says where they come from if no person judged: "feedback" of production, "synthetic:MODEL" for questions
    that a model wrote, "judge:MODEL" for grades that a model gave, several joined by "+". It goes into files, measures,
    settings and reports. "" for all others.
    """

    grades: Mapping[str, Mapping[str, int]]
    origin: str = ""

    def __post_init__(self) -> None:
        checked = {}
        for query, judged in self.grades.items():
            if not isinstance(judged, Mapping):
                raise InputTypeError(f"qrels: query {query!r} has a {type(judged).__name__}: give {{id: grade}}")
            for id, grade in judged.items():
                if not isinstance(query, str) or not isinstance(id, str):
                    raise InputTypeError(f"qrels: ids must be strings, not {query!r} and {id!r}")
                if isinstance(grade, bool) or not hasattr(grade, "__index__"):
                    raise InputError(f"qrels: query {query!r}, {id!r}: grade {grade!r} is not a whole number")
                if abs(int(grade)) > _HIGHEST:
                    raise InputError(f"qrels: query {query!r}, {id!r}: grade {grade} is no grade: above {_HIGHEST}")
            checked[query] = MappingProxyType({id: int(grade) for id, grade in judged.items()})
        if not isinstance(self.origin, str):
            raise InputTypeError(f"qrels: origin is a {type(self.origin).__name__}: give a text, as 'judge:MODEL'")
        object.__setattr__(self, "grades", MappingProxyType(checked))
        object.__setattr__(self, "origin", "_".join(self.origin.split()))  # TREC's columns hold no blank

    @classmethod
    def of(cls, qrels: Qrels | Mapping[str, Mapping[str, int]] | str | os.PathLike[str]) -> Qrels:
        """Qrels as they are, of a nested mapping, or of a file."""
        if isinstance(qrels, Qrels):
            return qrels
        if isinstance(qrels, str | os.PathLike):
            return cls.load(qrels)
        if not isinstance(qrels, Mapping):
            raise InputTypeError(
                f"qrels is a {type(qrels).__name__}: give Qrels, {{query id: {{id: grade}}}}, or a file's path"
            )
        return cls(qrels)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Qrels:
        """Read judgements, graded or not; the name's end tells .csv and .jsonl, else the columns tell TREC from BEIR.

        - TREC qrels: query, 0, id, grade; BEIR: query, id, grade by tabs, with or without a header line.
        - .csv with a header line that names `query`, `id` and `grade` (also by BEIR's names); .jsonl: such objects.
          Either may have an `origin`; see `Qrels`.

        InputError names file and line of wrong columns, a grade that is no whole number, or a second
        judgement of the same pair, with both grades.
        """
        path = Path(path)
        grades: dict[str, dict[str, int]] = {}
        origins: dict[str, None] = {}
        for number, query, id, text, origin in read_rows(path):
            grade = _number(int, text)
            if grade is None:
                raise InputError(f"{path}:{number}: grade {text!r} is not a whole number")
            if not query or not id:
                raise InputError(
                    f"{path}:{number}: the {'id' if query else 'query'} is empty: write it or drop the line"
                )
            judged = grades.setdefault(query, {})
            if id in judged:
                raise InputError(
                    f"{path}:{number}: query {query!r} already has a judgement of {id!r}, grade {judged[id]}, and here "
                    f"it is {grade}; keep one"
                )
            judged[id] = grade
            origins.update(dict.fromkeys(filter(None, origin.split("+"))))
        if not grades:
            raise InputError(f"{path}: holds no judgement")
        return cls(grades, "+".join(origins))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write .csv, .jsonl, or a BEIR file where the name ends in .tsv, else a TREC file.

        InputError for ids that the format cannot carry, and for a BEIR file of judgements with an `origin`.
        """
        write_rows(
            Path(path),
            ((q, id, grade) for q, judged in self.grades.items() for id, grade in judged.items()),
            self.origin,
        )

    @property
    def kinds(self) -> tuple[str, ...]:
        """The origin without models: "feedback", "synthetic", "judge"; none for judgements of people."""
        return tuple(dict.fromkeys(part.partition(":")[0] for part in self.origin.split("+") if part))

    def only(self, queries: Iterable[str]) -> Qrels:
        """The judgements of those queries."""
        return Qrels({query: self.grades[query] for query in queries if query in self.grades}, self.origin)

    def __contains__(self, query: object) -> bool:
        return query in self.grades

    def __getitem__(self, query: str) -> Mapping[str, int]:
        return self.grades[query]

    def __iter__(self) -> Iterator[str]:
        return iter(self.grades)

    def __len__(self) -> int:
        return len(self.grades)


#: What is taken as judgements: values, a nested mapping, or a file.
QrelsLike = Qrels | Mapping[str, Mapping[str, int]] | str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Run:
    """Ranked hits of many queries: query id → ((id, score), ...), best first.

    The order is the order given. A file has no order but its scores: `load` sorts by score down,
    then by the ids' bytes, which is ragopt's own order; the rank column is not looked at. Other
    tools break ties their own way (trec_eval: ids downwards), so their figures for tied scores differ.
    """

    rankings: Mapping[str, Sequence[tuple[str, float]]]
    name: str = "ragopt"
    _ranks: Mapping[str, Mapping[str, int]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        checked, ranks = {}, {}
        for query, ranking in self.rankings.items():
            hits = _pairs(ranking)
            ids = [id for id, _ in hits]
            places = dict(zip(ids, range(1, len(ids) + 1), strict=True))
            if len(places) < len(hits):
                twice = next(id for rank, id in enumerate(ids, start=1) if places[id] != rank)
                raise InputError(f"run {self.name!r}: query {query!r} has the hit {twice!r} twice")
            if not all(isfinite(score) for _, score in hits):
                id, score = next((id, score) for id, score in hits if not isfinite(score))
                raise InputError(f"run {self.name!r}: query {query!r}, hit {id!r}: score {score} is not finite")
            checked[query], ranks[query] = hits, places
        object.__setattr__(self, "rankings", MappingProxyType(checked))
        object.__setattr__(self, "_ranks", MappingProxyType(ranks))

    @classmethod
    def of(cls, queries: Sequence[str], hits: Sequence[Hits], *, by: By | str = By.CHUNK, name: str = "ragopt") -> Run:
        """The run of searched hits; by="document" ranks documents, each at its best chunk."""
        judged = Unit(by)
        return cls({query: judged.scored(found) for query, found in zip(queries, hits, strict=True)}, name)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Run:
        """Read a TREC run file (query, Q0, id, rank, score, name). InputError names file and line of what is wrong."""
        path = Path(path)
        rankings: dict[str, dict[str, float]] = {}
        name = ""
        for number, line in read_lines(path):
            columns = line.split()
            if len(columns) != 6:
                raise InputError(
                    f"{path}:{number}: {len(columns)} columns, but a run line has six: query Q0 id rank score name"
                )
            query, _, id, _, text, name = columns
            score = _number(float, text)
            if score is None or not isfinite(score):
                raise InputError(f"{path}:{number}: score {text!r} is not a finite number")
            found = rankings.setdefault(query, {})
            if id in found:
                raise InputError(f"{path}:{number}: query {query!r} already has the hit {id!r}; keep one")
            found[id] = score
        ordered = {query: _ranked(found) for query, found in rankings.items()}
        return cls(ordered, name or "ragopt")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a TREC run file; reading it again gives the same scores."""
        path = Path(path)
        writable(path, self.name)
        lines = []
        for query, ranking in self.rankings.items():
            for rank, (id, score) in enumerate(ranking, start=1):
                writable(path, query, id)
                lines.append(f"{query} Q0 {id} {rank} {score!r} {self.name}")
        write_lines(path, lines)

    @property
    def tied(self) -> int:
        """In how many queries two neighbors have the same score, so that the order says nothing of them."""
        return sum(any(a[1] == b[1] for a, b in pairwise(ranking)) for ranking in self.rankings.values())

    def ids(self, query: str) -> list[str]:
        """The ids of one query, best first; none for a query that the run lacks."""
        return [id for id, _ in self.rankings.get(query, ())]

    def ranks(self, query: str) -> Mapping[str, int]:
        """The rank of each hit of one query, by id; 1 is the best."""
        return self._ranks.get(query, {})

    def __len__(self) -> int:
        return len(self.rankings)


def _pairs(ranking: Sequence[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    """The ranking as it is where it holds pairs with a float already, as nearly all do; else made so."""
    if all(type(hit) is tuple and type(hit[1]) is float for hit in ranking):
        return tuple(ranking)
    return tuple((id, float(score)) for id, score in ranking)


def _number(kind: Callable[[str], N], text: str) -> N | None:
    """The number in a file's column; Python alone reads 1_000 and the digits of other scripts, evaluators do not."""
    try:
        return kind(text) if text.isascii() and "_" not in text else None
    except ValueError:
        return None


def _ranked(found: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(found.items(), key=lambda hit: (-hit[1], hit[0].encode("utf-8", "surrogatepass")))
