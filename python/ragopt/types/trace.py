"""What happened to one question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Span", "Trace"]


@dataclass(frozen=True, slots=True)
class Span:
    """One stage of a question: its name, seconds, and what it did, in JSON-ready values."""

    stage: str
    seconds: float
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trace:
    """The stages of one question in the order they ran."""

    spans: tuple[Span, ...] = ()

    def with_span(self, span: Span) -> Trace:
        """The trace with one more stage."""
        return Trace((*self.spans, span))

    @property
    def seconds(self) -> float:
        """The time of all stages together."""
        return sum(span.seconds for span in self.spans)

    def to_dict(self) -> list[dict[str, Any]]:
        """The spans as JSON-ready values."""
        return [{"stage": s.stage, "seconds": s.seconds, **s.details} for s in self.spans]
