"""The public face is closed: what is added or taken away changes this list, on purpose."""

from __future__ import annotations

import inspect
from types import ModuleType

import pytest

import ragopt
from tests.rules import undocumented, vendors_among

FACE = [
    "Answer",
    "Bm25",
    "Budget",
    "Chunk",
    "Context",
    "Document",
    "F",
    "GenerateSettings",
    "Hit",
    "Hits",
    "Index",
    "Measure",
    "PackSettings",
    "Pipeline",
    "PruneSettings",
    "Qrels",
    "Query",
    "RagoptError",
    "Run",
    "SearchSettings",
    "Settings",
    "Threshold",
    "__version__",
    "evaluate",
    "tune",
]


def test_the_face_is_closed() -> None:
    assert sorted(ragopt.__all__) == sorted(FACE)
    assert len(ragopt.__all__) <= 25
    shown = {name for name in dir(ragopt) if not name.startswith("_")}
    extra = {name for name in shown - set(FACE) if not inspect.ismodule(getattr(ragopt, name))}
    assert extra == set(), "public by accident"


@pytest.mark.parametrize("name", FACE)
def test_every_name_is_there_and_documented(name: str) -> None:
    assert undocumented(ragopt, [name]) == []


def test_no_vendor_in_the_face() -> None:
    assert vendors_among(ragopt, ragopt.__all__) == []


def test_an_undocumented_name_and_a_vendor_are_caught() -> None:
    planted = ModuleType("planted")
    planted.bare = lambda: None  # type: ignore[attr-defined]
    planted.vendor = pytest.fixture  # type: ignore[attr-defined]
    assert undocumented(planted, ["bare", "absent"]) == ["bare: no documentation", "absent: missing"]
    assert vendors_among(planted, ["vendor"]) == ["vendor comes from _pytest"]
