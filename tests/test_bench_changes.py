"""The measure of changes runs and judges its figures."""

from __future__ import annotations

import json

import pytest

from benches import changes


def test_a_small_run(capsys: pytest.CaptureFixture[str]) -> None:
    changes.main(["--chunks", "3000", "--dimension", "16", "--added", "20", "--commits", "40"])
    printed = capsys.readouterr().out
    figures = json.loads(printed[: printed.index("}") + 1])
    assert figures["adding, s"] < 1
    assert 1 <= figures["committing, segments at most"] <= 20
    assert printed.count("at most") == 4  # one figure and three limits
