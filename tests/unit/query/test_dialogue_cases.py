"""The written conversations are what tests/cases/dialogues/README.md says they are."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from tests.shared import ROOT

FOLDER = ROOT / "tests" / "cases" / "dialogues"
NAMES = tuple(f"{language}_{part}" for language in ("english", "vietnamese") for part in ("first", "second", "third"))


def dialogues(name: str) -> list[dict[str, Any]]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))["dialogue"]


@pytest.mark.parametrize("name", NAMES)
def test_each_part_has_twenty_and_about_half_need_their_history(name: str) -> None:
    cases = dialogues(name)
    assert len(cases) >= 20
    assert len({case["name"] for case in cases}) == len(cases)
    assert 0.4 <= sum(case["needs_history"] for case in cases) / len(cases) <= 0.6


@pytest.mark.parametrize("name", NAMES)
def test_what_is_added_was_said_and_stands_in_the_right_reading(name: str) -> None:
    for case in dialogues(name):
        said = [text for _, text in case["history"]]
        assert {role for role, _ in case["history"]} <= {"user", "assistant"}
        if not case["needs_history"]:
            assert case["standalone"] == case["question"] and not {"add", "said"} & case.keys(), case["name"]
            continue
        assert case["add"] and case["standalone"] != case["question"], case["name"]
        for phrase in case["add"]:
            assert any(phrase.casefold() in text.casefold() for text in said), (case["name"], phrase)
        assert case.get("said", said[0]) in said, case["name"]
