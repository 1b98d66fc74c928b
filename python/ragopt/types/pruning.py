"""The frozen parameters of the pruning stage."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ragopt.errors import InputError
from ragopt.types.parameters import finite, fraction, one_of, whole

__all__ = ["PruneMode", "PruneSettings", "Recalibration"]


class PruneMode(StrEnum):
    """What adaptive pruning buys: as much of all that is relevant as it can, or one good chunk."""

    RECALL = "recall"
    HIT = "hit"


@dataclass(frozen=True, slots=True)
class Recalibration:
    """What labels say of the shipped prior of relevance: log-odds become `shift` + `scale` · log-odds.

    `questions` is how many labelled questions it was fitted on.
    """

    shift: float
    scale: float
    questions: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "shift", finite("recalibration.shift", self.shift))
        object.__setattr__(self, "scale", finite("recalibration.scale", self.scale))
        object.__setattr__(self, "questions", whole("recalibration.questions", self.questions, least=1))


@dataclass(frozen=True, slots=True)
class PruneSettings:
    """The pruning stage. Each rule is off while it is None; `search.min_score` is applied here too.

    `min_relevance` is a least probability of relevance, in [0, 1]. `relative` drops hits below that share of the
    best score. `gap` cuts the list at its largest drop in score, if that is at least this share of the best score.
    `per_token` keeps the hits whose expected gain per 1,000 tokens is at least this: in `mode` recall the gain of
    recall, in `mode` hit the gain of the chance that anything relevant is sent. The rules that compare hits with
    each other (relative, gap, per_token) leave at least `min_keep`; a threshold may leave none, which is an answer
    (`no_relevant_context`). `recalibration` fits the probabilities to labels of one's own; without it they only
    order well (see ragopt.prune).

    `duplicates` drops a hit of which at least this share, in [0, 1], stands in better ones that are kept: of its runs
    of five words in one of them, or of its characters where windows of one document overlap; 1 drops what is repeated
    whole. The better one cites it (`Hit.also`). `mmr` and `facility_location` reorder what is left so that what comes
    later is unlike what came before: their number is lambda, from 0 (unlike alone) to 1 (the score alone). They need
    the vectors of an index, and cost relevant hits where there are no near-duplicates. `per_part` is the most hits of
    each part of a question that was split (`Hit.part`).
    """

    min_relevance: float | None = None
    relative: float | None = None
    gap: float | None = None
    per_token: float | None = None
    mode: PruneMode | str = PruneMode.RECALL
    min_keep: int = 1
    recalibration: Recalibration | None = None
    duplicates: float | None = None
    mmr: float | None = None
    facility_location: float | None = None
    per_part: int | None = None

    def __post_init__(self) -> None:
        for name in ("min_relevance", "relative", "gap", "duplicates", "mmr", "facility_location"):
            if (value := getattr(self, name)) is not None:
                object.__setattr__(self, name, fraction(f"prune.{name}", value))
        if self.per_token is not None:
            least = finite("prune.per_token", self.per_token)
            if least < 0:
                raise InputError(f"prune.per_token={least}: must be 0 or more")
            object.__setattr__(self, "per_token", least)
        if self.per_part is not None:
            object.__setattr__(self, "per_part", whole("prune.per_part", self.per_part, least=1))
        object.__setattr__(self, "mode", one_of("prune mode", self.mode, PruneMode))
        object.__setattr__(self, "min_keep", whole("prune.min_keep", self.min_keep))
        if self.recalibration is not None and not isinstance(self.recalibration, Recalibration):
            raise InputError("prune.recalibration: give Recalibration(shift, scale, questions)")
        if self.mmr is not None and self.facility_location is not None:
            raise InputError("prune.mmr and prune.facility_location: each is an order of its own, so set one of them")
