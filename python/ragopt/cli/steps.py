"""What was done to a question, as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ragopt.cli.output import shortened, table

__all__ = ["step_lines"]

_COLUMNS = 100


def step_lines(steps: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line a step: whether it changed the question, why, and what it made of it."""
    rows = [
        [str(step["stage"]), "changed" if step["changed"] else "–", f"{step['seconds'] * 1e6:.0f} µs", _said(step)]
        for step in steps
    ]
    return table(["step", "question", "time", "why"], rows, right=(2,)).split("\n") if rows else []


def _said(step: Mapping[str, Any]) -> str:
    shown = step.get("parts") or step.get("keywords") or step.get("after")
    if isinstance(shown, Mapping):
        shown = ", ".join(f"{phrase} {weight:.2f}" for phrase, weight in shown.items())
    elif isinstance(shown, Sequence) and not isinstance(shown, str):
        shown = " | ".join(map(str, shown))
    return shortened(f"{step['why']}: {shown}" if shown else str(step["why"]), _COLUMNS)
