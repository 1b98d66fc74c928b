"""What is wrong with judgements, as values, before anything is tuned on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ragopt.evaluation.judgements import Qrels
from ragopt.evaluation.overlap import Overlap, Worded, lexical_overlap
from ragopt.evaluation.questions import (
    Queries,
    Questions,
    Searchable,
    missing_ids,
    require_searchable,
    search_deep,
)
from ragopt.evaluation.unit import By, Unit
from ragopt.types import SearchSettings, Where

__all__ = ["Fault", "LabelProblem", "label_problems"]

_SHOWN = 5
_FEW = 4  # with fewer questions that have something relevant, one id in more than half of them says nothing


class Fault(StrEnum):
    """What can be wrong with labels."""

    UNKNOWN_IDS = "unknown_ids"
    UNJUDGED_QUESTIONS = "unjudged_questions"
    UNKNOWN_QUESTIONS = "unknown_questions"
    NO_RELEVANT = "no_relevant"
    ONE_RELEVANT_FOR_ALL = "one_relevant_for_all"
    REPEATED_QUESTIONS = "repeated_questions"
    CONFLICTING_GRADES = "conflicting_grades"
    UNJUDGED_HITS = "unjudged_hits"
    COPIED_QUESTIONS = "copied_questions"
    MADE_BY_A_MODEL = "made_by_a_model"
    FROM_FEEDBACK = "from_feedback"


@dataclass(frozen=True, slots=True)
class LabelProblem:
    """One thing that is wrong or to be known: `share` of the labels that it touches (0 to 1), and the first `ids`."""

    fault: Fault
    share: float
    ids: tuple[str, ...]
    sentence: str

    def __str__(self) -> str:
        return self.sentence

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"fault": str(self.fault), "share": self.share, "ids": list(self.ids), "sentence": self.sentence}


def label_problems(
    queries: Queries | Questions,
    qrels: Qrels | Mapping[str, Mapping[str, int]],
    index: Searchable | None = None,
    *,
    by: By | str = By.CHUNK,
    settings: SearchSettings | None = None,
    where: Where | None = None,
    k: int = 10,
) -> list[LabelProblem]:
    """What is wrong with the labels of these queries; the empty list if nothing is.

    With an `index` ids are looked up in it, and it is searched (by `settings`, `k` hits a question) for how many of
    the hits nobody has judged: they count as irrelevant, so a search that finds other things than the judged ones did
    looks worse than it is (Buckley and Voorhees, SIGIR 2004); and for how much the questions repeat of their chunks
    (`lexical_overlap`). A second judgement of one pair is refused by
    `Qrels.load`, with its line; what is found here are questions that are the same but for case and blanks.
    """
    given, judged = Questions.of(queries), Qrels.of(qrels)
    mine = judged.only(given.ids)
    found = [_origin(judged), *_of_ids(given, judged, mine), _one_for_all(mine), *_repeated(given, mine)]
    if index is not None:
        require_searchable(index)
        unit = Unit(by)
        found.append(_unknown(index, mine, unit))
        if isinstance(index, Worded):
            found.append(_copied(lexical_overlap(index, given, mine, by=unit.by)))
        if len(mine) and k > 0:
            asked = given.judged(judged)
            hits = search_deep(index, asked, settings or SearchSettings(), k=k, unit=unit, where=where)
            found.append(_unjudged_hits(mine, asked.ids, [unit.ids(ranked)[:k] for ranked in hits], k))
    return [problem for problem in found if problem is not None]


def _problem(fault: Fault, ids: Sequence[str], of: int, sentence: str) -> LabelProblem | None:
    if not ids:
        return None
    return LabelProblem(fault, len(ids) / of, tuple(ids[:_SHOWN]), sentence)


def _origin(qrels: Qrels) -> LabelProblem | None:
    if not qrels.origin:
        return None
    if qrels.origin == "feedback":
        sentence = (
            "judgements are inferred from feedback, not made by a person (feedback): they know only what was shown, "
            "which favors the settings that showed it"
        )
        return LabelProblem(Fault.FROM_FEEDBACK, 1.0, (), sentence)
    sentence = (
        f"judgements were made by a model, not by a person ({qrels.origin}): they rank systems, but levels are off"
    )
    return LabelProblem(Fault.MADE_BY_A_MODEL, 1.0, (), sentence)


def _of_ids(given: Questions, judged: Qrels, mine: Qrels) -> list[LabelProblem | None]:
    unjudged = [id for id in given.ids if id not in judged]
    known = set(given.ids)
    unknown = [id for id in judged if id not in known]
    empty = [id for id in mine if not any(grade > 0 for grade in mine[id].values())]
    return [
        _problem(
            Fault.UNJUDGED_QUESTIONS, unjudged, len(given),
            f"{len(unjudged)} of {len(given)} questions have no judgement and are left out",
        ),
        _problem(
            Fault.UNKNOWN_QUESTIONS, unknown, len(judged),
            f"{len(unknown)} of {len(judged)} judged questions are not among the questions (the first is "
            f"{unknown[0] if unknown else ''!r}) and are left out",
        ),
        _problem(
            Fault.NO_RELEVANT, empty, len(mine),
            f"{len(empty)} of {len(mine)} judged questions have no relevant judgement and score 0",
        ),
    ]  # fmt: skip


def _one_for_all(mine: Qrels) -> LabelProblem | None:
    relevant = [[id for id, grade in mine[query].items() if grade > 0] for query in mine]
    relevant = [ids for ids in relevant if ids]
    if len(relevant) < _FEW:
        return None
    id, times = Counter(id for ids in relevant for id in ids).most_common(1)[0]
    if times <= len(relevant) / 2:
        return None
    sentence = (
        f"{id!r} is relevant for {times} of {len(relevant)} questions: any setting that finds it wins, so these labels "
        "tell settings apart badly"
    )
    return LabelProblem(Fault.ONE_RELEVANT_FOR_ALL, times / len(relevant), (id,), sentence)


def _repeated(given: Questions, mine: Qrels) -> list[LabelProblem | None]:
    first: dict[str, str] = {}
    again, against = [], []
    for id, text in zip(given.ids, given.texts, strict=True):
        if id not in mine or not text.strip():  # a question without text is its vector
            continue
        other = first.setdefault(" ".join(text.casefold().split()), id)
        if other == id:
            continue
        again.append(id)
        if any(mine[other].get(chunk, grade) != grade for chunk, grade in mine[id].items()):
            against.append(id)
    return [
        _problem(
            Fault.REPEATED_QUESTIONS, again, len(mine),
            f"{len(again)} of {len(mine)} questions ask what another one asks (the first is "
            f"{again[0] if again else ''!r}): they count twice; keep one of each",
        ),
        _problem(
            Fault.CONFLICTING_GRADES, against, len(mine),
            f"{len(against)} of {len(mine)} questions ask what another one asks and grade the same chunk otherwise "
            f"(the first is {against[0] if against else ''!r})",
        ),
    ]  # fmt: skip


def _unknown(index: Searchable, mine: Qrels, unit: Unit) -> LabelProblem | None:
    judged, missing = missing_ids(index, mine, unit)
    return _problem(
        Fault.UNKNOWN_IDS, missing, judged,
        f"{len(missing)} of {judged} judged ids are not in the index (the first is {missing[0] if missing else ''!r}); "
        "a relevant one among them counts as never found",
    )  # fmt: skip


def _copied(overlap: Overlap) -> LabelProblem | None:
    if not overlap.copy_like:
        return None
    sentence = (
        f"{overlap}: such questions are found by their words alone, so that alpha comes out too low on them; people's "
        "questions seldom do that"
    )
    return _problem(Fault.COPIED_QUESTIONS, overlap.copies, len(overlap.questions), sentence)


def _unjudged_hits(mine: Qrels, queries: Sequence[str], found: Sequence[Sequence[str]], k: int) -> LabelProblem | None:
    seen = [(query, id) for query, ids in zip(queries, found, strict=True) for id in ids]
    unjudged = [id for query, id in seen if id not in mine[query]]
    share = len(unjudged) / max(1, len(seen))
    return _problem(
        Fault.UNJUDGED_HITS, unjudged, len(seen),
        f"{len(unjudged)} of {len(seen)} hits in the top {k} have no judgement ({share:.0%}) and count as irrelevant: "
        "a search that finds other chunks than were judged looks worse than it is",
    )  # fmt: skip
