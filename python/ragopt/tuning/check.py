"""Whether what tuning promised still holds: production's feedback against the figures in the settings file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ragopt.errors import InputTypeError, SettingsError
from ragopt.evaluation import Estimate, Feedback, Run, feedback_labels, score_run
from ragopt.index import Index
from ragopt.types import Settings, Tuned
from ragopt.types.parameters import whole

__all__ = ["Check", "Standing", "check"]

#: The index has changed too much when so large a share of its chunks came, or of the sampled ones went.
_CHANGED = 0.25


class Standing(StrEnum):
    """How production stands to what was promised."""

    HOLDS = "holds"
    DRIFTED = "drifted"
    TOO_LITTLE_FEEDBACK = "too_little_feedback"
    INDEX_CHANGED = "index_changed"


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of `check`: `standing`, its `reason` in a sentence, and the figures behind it.

    `promised` is the held-out figure of the settings file, `found` the same measure by feedback (None where there is
    too little). `questions` are those on which somebody acted, `silent` the records in which nobody did.
    """

    standing: Standing
    reason: str
    measure: str
    promised: Estimate
    found: Estimate | None
    questions: int
    silent: int

    @property
    def tune_again(self) -> bool:
        """Whether tuning again is advised."""
        return self.standing in (Standing.DRIFTED, Standing.INDEX_CHANGED)

    def __str__(self) -> str:
        return f"{self.standing}: {self.reason}"

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "standing": str(self.standing),
            "reason": self.reason,
            "tune_again": self.tune_again,
            "measure": self.measure,
            "promised": self.promised.to_dict(),
            "found": None if self.found is None else self.found.to_dict(),
            "questions": self.questions,
            "silent": self.silent,
        }


def check(settings: Settings, records: Iterable[Feedback], *, index: Index | None = None, least: int = 30) -> Check:
    """Hold production's feedback against the promise of tuned settings, and say when to tune again.

    The lists that were served are measured by the judgements that `feedback_labels` infers (each question once, by its
    last record), and compared with the held-out interval in the settings file:

    - `index_changed`: `index` (if given) gives scores another meaning than the one that was tuned on, lost more than a
      quarter of the chunks sampled then, or grew or shrank by more than a quarter;
    - `too_little_feedback`: somebody acted on fewer than `least` questions (default 30);
    - `drifted`: the 95 % interval by feedback lies wholly below the promised one;
    - `holds`: else.

    Feedback judges only what was shown, so it flatters a list: a fall is a sign, a rise is none. SettingsError for
    settings that were not tuned, or were on fewer than two held-out questions.
    """
    if not isinstance(settings, Settings):
        raise InputTypeError(f"settings is a {type(settings).__name__}: give Settings.load(path)")
    whole("least", least, least=2)
    tuned = settings.tuned
    if tuned is None:
        raise SettingsError("these settings promise nothing: they lack [tuned], which `ragopt tune` writes")
    if tuned.low is None or tuned.high is None:
        raise SettingsError("these settings promise nothing: they were tuned with fewer than two held-out questions")
    records = list(records)
    labels = feedback_labels(records)
    promised, count = Estimate(tuned.score, tuned.low, tuned.high), len(labels.queries)
    found = None
    if count >= least:
        served = {r.query: [(id, -float(i)) for i, id in enumerate(r.shown)] for r in records if r.told}
        table = score_run(Run(served), labels.qrels, [tuned.measure])
        found = table.estimates[tuned.measure]
    standing, reason = _standing(tuned, promised, found, index, count, least)
    return Check(standing, reason, tuned.measure, promised, found, count, labels.silent)


def _standing(
    tuned: Tuned, promised: Estimate, found: Estimate | None, index: Index | None, count: int, least: int
) -> tuple[Standing, str]:
    if index is not None and (changes := _changes(tuned, index)):
        return Standing.INDEX_CHANGED, f"Tune again: {'; '.join(changes)}."
    if found is None:
        reason = f"somebody acted on {count} questions, and {least} are needed to say anything."
        return Standing.TOO_LITTLE_FEEDBACK, reason[0].upper() + reason[1:]
    told = f"{tuned.measure} by feedback is {found} on {count} questions; {promised} was promised"
    if found.known and found.high < promised.low:
        return Standing.DRIFTED, f"Tune again: {told}."
    return Standing.HOLDS, f"{told}."


def _changes(tuned: Tuned, index: Index) -> list[str]:
    before, now = tuned.index, index.identity()
    changes = before.differences(now)
    if before.sample:
        gone = sum(index.get(id) is None for id in before.sample)
        if gone > _CHANGED * len(before.sample):
            changes.append(f"{gone} of the {len(before.sample)} chunks sampled then are gone")
    if before.chunks and abs(now.chunks - before.chunks) > _CHANGED * before.chunks:
        changes.append(f"it holds {now.chunks:,} chunks, and held {before.chunks:,}")
    return changes
