"""Judgements and runs: what is relevant, and what was found. TREC and BEIR files, read and written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from types import MappingProxyType

from ragopt.errors import InputError, InputTypeError
from ragopt.evaluation.unit import By, Unit
from ragopt.types import Hits

__all__ = ["Qrels", "Run"]

_HEADERS = ("query-id", "query_id", "queryid", "qid", "query")


_HIGHEST = 10**6  # far above any scale of judgement, and sums of it stay exact


@dataclass(frozen=True, slots=True)
class Qrels:
    """Judgements: query id → chunk (or document) id → grade. A grade of 1 or more is relevant."""

    grades: Mapping[str, Mapping[str, int]]

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
        object.__setattr__(self, "grades", MappingProxyType(checked))

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
        """Read a TREC qrels file (query, 0, id, grade) or a BEIR one (query, id, grade by tabs, header line).

        InputError names file and line of wrong columns, a grade that is no whole number, or a second
        judgement of the same pair.
        """
        path = Path(path)
        grades: dict[str, dict[str, int]] = {}
        for number, line in _lines(path):
            query, id, text = _judgement(path, number, line)
            if query is None:
                continue
            try:
                grade = int(text)
            except ValueError:
                raise InputError(f"{path}:{number}: grade {text!r} is not a whole number") from None
            judged = grades.setdefault(query, {})
            if id in judged:
                raise InputError(f"{path}:{number}: query {query!r} already has a judgement of {id!r}; keep one")
            judged[id] = grade
        if not grades:
            raise InputError(f"{path}: holds no judgement")
        return cls(grades)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a BEIR file where the name ends in .tsv, else a TREC file."""
        path = Path(path)
        beir = path.suffix.lower() == ".tsv"
        lines = ["query-id\tcorpus-id\tscore"] if beir else []
        for query, judged in self.grades.items():
            for id, grade in judged.items():
                _writable(path, query, id, tabs=beir)
                lines.append(f"{query}\t{id}\t{grade}" if beir else f"{query} 0 {id} {grade}")
        _write(path, lines)

    def only(self, queries: Iterable[str]) -> Qrels:
        """The judgements of those queries."""
        return Qrels({query: self.grades[query] for query in queries if query in self.grades})

    def __contains__(self, query: object) -> bool:
        return query in self.grades

    def __getitem__(self, query: str) -> Mapping[str, int]:
        return self.grades[query]

    def __iter__(self) -> Iterator[str]:
        return iter(self.grades)

    def __len__(self) -> int:
        return len(self.grades)


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
        for number, line in _lines(path):
            columns = line.split()
            if len(columns) != 6:
                raise InputError(
                    f"{path}:{number}: {len(columns)} columns, but a run line has six: query Q0 id rank score name"
                )
            query, _, id, _, text, name = columns
            try:
                score = float(text)
            except ValueError:
                score = float("nan")
            if not isfinite(score):
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
        _writable(path, self.name)
        lines = []
        for query, ranking in self.rankings.items():
            for rank, (id, score) in enumerate(ranking, start=1):
                _writable(path, query, id)
                lines.append(f"{query} Q0 {id} {rank} {score!r} {self.name}")
        _write(path, lines)

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


def _ranked(found: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(found.items(), key=lambda hit: (-hit[1], hit[0].encode("utf-8", "surrogatepass")))


def _judgement(path: Path, number: int, line: str) -> tuple[str | None, str, str]:
    columns = line.split("\t")
    if len(columns) == 3:
        if number == 1 and columns[0].strip().lower() in _HEADERS:
            return None, "", ""
        return columns[0].strip(), columns[1].strip(), columns[2].strip()
    columns = line.split()
    if len(columns) == 4:
        return columns[0], columns[2], columns[3]
    raise InputError(
        f"{path}:{number}: {len(columns)} columns, but a judgement is `query 0 id grade` (TREC) or "
        f"query, id and grade split by tabs (BEIR)"
    )


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not UTF-8 (byte {error.start})") from error
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.rstrip("\r")
        if line.strip():
            yield number, line


def _writable(path: Path, *texts: str, tabs: bool = False) -> None:
    for text in texts:
        # Read back, tabs leave inner blanks alone but not those at the ends; TREC's columns allow none at all.
        if text != text.strip() or (any(mark in text for mark in "\t\r\n") if tabs else len(text.split()) != 1):
            raise InputError(f"{path}: {text!r} is empty or holds white space, which this format cannot carry")


def _write(path: Path, lines: Sequence[str]) -> None:
    try:
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from error
