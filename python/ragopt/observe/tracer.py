"""Collects the spans of one question."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from ragopt.types import Span, Trace

__all__ = ["Tracer"]


class Tracer:
    """One question's trace while it grows. Not shared between threads: each question has its own."""

    __slots__ = ("trace",)

    def __init__(self, trace: Trace | None = None) -> None:
        self.trace = trace or Trace()

    @contextmanager
    def span(self, stage: str) -> Iterator[dict[str, Any]]:
        """Time a stage. The stage writes what it did into the yielded dict; an error is noted and passes on."""
        details: dict[str, Any] = {}
        start = perf_counter()
        try:
            yield details
        except BaseException as error:
            details["error"] = type(error).__name__
            raise
        finally:
            self.trace = self.trace.with_span(Span(stage, perf_counter() - start, details))
