"""Feedback of production: what was served and what came of it, as JSON lines, and judgements inferred from it."""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ragopt.errors import InputError, InputTypeError, UnknownNameError
from ragopt.evaluation.judgement_files import read_lines
from ragopt.evaluation.judgements import Qrels
from ragopt.types import Hits

__all__ = ["Feedback", "FeedbackLabels", "feedback_labels", "read_feedback"]

_LEAST = 0.05  # the smallest propensity that a signal is divided by: none counts more than twenty
_SEQUENCES = ("shown", "scores", "clicked", "cited")


@dataclass(frozen=True, slots=True)
class Feedback:
    """One answered question: what was served, and what the user and the model did with it. A line of the log.

    `shown` are the ids of the chunks in the order of the list, `scores` theirs (or none). `clicked` are those that the
    user opened, `cited` those that the answer cites, `thumb` +1 or -1 where the user judged the answer.
    `alpha` and `k` are what was searched with, `exploration` the probability (above 0, at most 1) with which this list,
    and no other, was served: 1 where nothing is tried out. It must be stored when serving; later nobody knows it.
    `time` is free text, as an ISO date.
    """

    question: str
    shown: tuple[str, ...]
    scores: tuple[float, ...] = ()
    clicked: tuple[str, ...] = ()
    cited: tuple[str, ...] = ()
    thumb: int | None = None
    alpha: float | None = None
    k: int | None = None
    exploration: float = 1.0
    time: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.question, str) or not isinstance(self.time, str):
            raise InputTypeError("feedback: question and time are texts")
        if not self.question.strip():
            raise InputError("feedback: the question is empty, so nothing can be learnt of it")
        for name in _SEQUENCES:
            value, kind = getattr(self, name), (int, float) if name == "scores" else str
            if not isinstance(value, list | tuple) or not all(
                isinstance(part, kind) and not isinstance(part, bool) for part in value
            ):
                raise InputTypeError(
                    f"feedback: {name} = {value!r}: give a list of {'numbers' if name == 'scores' else 'ids'}"
                )
            object.__setattr__(self, name, tuple(value))
        if len(set(self.shown)) < len(self.shown):
            raise InputError("feedback: a chunk is shown twice; each stands once, at its rank")
        if self.scores and len(self.scores) != len(self.shown):
            raise InputError(f"feedback: {len(self.scores)} scores, but {len(self.shown)} chunks shown: one each")
        for name in ("clicked", "cited"):
            if strange := [id for id in getattr(self, name) if id not in self.shown]:
                raise InputError(f"feedback: {strange[0]!r} is {name}, but was not shown")
        if self.thumb not in (None, 1, -1) or isinstance(self.thumb, bool):
            raise InputError(f"feedback: thumb = {self.thumb!r}: give 1, -1 or nothing")
        _check_number("exploration", self.exploration, above=0.0)
        if self.alpha is not None:
            _check_number("alpha", self.alpha, above=-1e-9)
        if self.k is not None and (isinstance(self.k, bool) or not isinstance(self.k, int) or self.k < 0):
            raise InputError(f"feedback: k = {self.k!r}: give a whole number, not below 0")

    @classmethod
    def of(cls, question: str, hits: Hits, **outcome: Any) -> Feedback:
        """Of a search as it was served, with its alpha; `outcome` are the further fields."""
        shown, scores = tuple(hit.id for hit in hits), tuple(hit.score for hit in hits)
        return cls(question, shown, scores, **{"alpha": hits.alpha, "k": len(shown), **outcome})

    def append(self, path: str | os.PathLike[str]) -> None:
        """Add the line to a log, made if it is not there. One write, so that lines of several processes stay whole."""
        line = json.dumps(self.to_dict(), ensure_ascii=False) + "\n"
        try:
            with Path(path).open("ab", buffering=0) as log:
                log.write(line.encode("utf-8", "backslashreplace"))
        except OSError as error:
            raise InputError(f"{os.fspath(path)}: the feedback cannot be written ({error.strerror})") from error

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; what is None or empty is left out, but for what was shown."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        kept = {name: list(v) if isinstance(v, tuple) else v for name, v in plain.items()}
        return {name: v for name, v in kept.items() if name == "shown" or (v is not None and v not in ([], ""))}

    @property
    def query(self) -> str:
        """The id of the question: the same for all that differ in case and blanks alone."""
        plain = " ".join(self.question.casefold().split())
        return "f" + hashlib.blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()

    @property
    def told(self) -> bool:
        """Whether anybody did anything: a click, a citation, a thumb."""
        return bool(self.clicked or self.cited or self.thumb)


@dataclass(frozen=True, slots=True)
class FeedbackLabels:
    """Judgements from feedback: the `queries` (id → text) and `qrels` that `tune` takes, and what they rest on.

    `relevance` is the estimate behind each grade, 0 to 1. `silent` records said nothing and are left out. `weights`, by
    query, are the effective numbers of records: (Σw)²/Σw² of their weights w = 1/exploration (Kish 1965), which is
    their number where nothing was tried out. So a question counts as often as it was asked, and less where its records
    weigh unlike each other.
    """

    queries: Mapping[str, str]
    qrels: Qrels
    relevance: Mapping[str, Mapping[str, float]]
    records: int
    silent: int
    weights: Mapping[str, float]


def read_feedback(path: str | os.PathLike[str]) -> list[Feedback]:
    """The records of a log of JSON lines. InputError names file and line of what is wrong, with the field."""
    path, known, records = Path(path), {f.name for f in fields(Feedback)}, []
    for number, line in read_lines(path):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{path}:{number}: not JSON ({error}); a line that broke off can be deleted") from error
        if not isinstance(record, dict) or "question" not in record or "shown" not in record:
            raise InputError(f"{path}:{number}: a record of feedback is an object with `question` and `shown`")
        if unknown := [key for key in record if key not in known]:
            raise InputError(f"{path}:{number}: {UnknownNameError.of('field of feedback', unknown[0], known)}")
        try:
            records.append(Feedback(**record))
        except InputError as error:
            raise InputError(f"{path}:{number}: {error}") from error
    return records


def feedback_labels(
    records: Iterable[Feedback], *, eta: float = 1.0, examination: Sequence[float] | None = None, relevant: float = 0.3
) -> FeedbackLabels:
    """Judgements inferred from feedback, corrected for what users look at and for what was tried out.

    A user looks at rank r with probability (1/r)^`eta` (or `examination[r - 1]`, where you know better; its last value
    holds beyond it), so a click there counts its inverse (Joachims, Swaminathan and Schnabel, WSDM 2017, §4 and §6:
    eta 1). A model reads the whole context, so that a citation counts 1; it counts 0 in an answer that got a thumb
    down. Each record weighs 1/`exploration`, and the sum is divided by the weights (self-normalized inverse
    propensity: Swaminathan and Joachims, NeurIPS 2015). No propensity below 0.05 is used, which bounds the variance at
    the price of a little bias. A chunk's relevance is the larger of its estimates by clicks and by citations, at most
    1.

    Grade 2: relevance of `relevant` or more, and more answers that cite it got a thumb up than down; grade 1:
    relevance of `relevant` or more; grade 0: shown, and less. What was never shown is not judged. Records in which
    nobody did anything are no evidence against their chunks (nobody may have looked), and are left out.
    """
    if not isfinite(eta) or eta < 0 or not 0 < relevant <= 1:
        raise InputError(f"eta = {eta}, relevant = {relevant}: eta is 0 or more, and relevant above 0 and at most 1")
    for share in examination or ():
        _check_number("examination", share, above=0.0)
    seen: dict[str, dict[str, _Tally]] = defaultdict(lambda: defaultdict(_Tally))
    texts: dict[str, str] = {}
    sums: dict[str, tuple[float, float]] = {}
    count = silent = 0
    for record in records:
        count += 1
        if not record.told:
            silent += 1
            continue
        query = record.query
        texts.setdefault(query, record.question)
        weight, (total, squares) = _weight(record), sums.get(query, (0.0, 0.0))
        sums[query] = total + weight, squares + weight**2
        for rank, id in enumerate(record.shown, start=1):
            looked = examination[min(rank, len(examination)) - 1] if examination else (1 / rank) ** eta
            seen[query][id].add(record, id, max(_LEAST, looked))
    relevance = {query: {id: tally.relevance for id, tally in tallies.items()} for query, tallies in seen.items()}
    grades = {
        query: {id: 0 if tally.relevance < relevant else 1 + (tally.thumbs > 0) for id, tally in tallies.items()}
        for query, tallies in seen.items()
    }
    weights = MappingProxyType({query: total**2 / squares for query, (total, squares) in sums.items()})
    return FeedbackLabels(MappingProxyType(texts), Qrels(grades, "feedback"), relevance, count, silent, weights)


class _Tally:
    """What was seen of one chunk for one question."""

    def __init__(self) -> None:
        self.weight = self.clicks = self.citations = 0.0
        self.thumbs = 0

    def add(self, record: Feedback, id: str, looked: float) -> None:
        weight = _weight(record)
        self.weight += weight
        self.clicks += weight * (id in record.clicked) / looked
        if id in record.cited:
            self.citations += weight * (record.thumb != -1)
            self.thumbs += record.thumb or 0

    @property
    def relevance(self) -> float:
        return min(1.0, max(self.clicks, self.citations) / self.weight)


def _weight(record: Feedback) -> float:
    return 1 / max(_LEAST, record.exploration)


def _check_number(name: str, value: Any, *, above: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not above < value <= 1:
        least = "above 0" if above == 0.0 else "from 0"
        raise InputError(f"feedback: {name} = {value!r}: give a number {least} and at most 1")
