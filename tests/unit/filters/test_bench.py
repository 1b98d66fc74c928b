"""The bench of filters runs and counts what passes."""

from __future__ import annotations

import pytest

from benches import filters


def test_a_small_run(capsys: pytest.CaptureFixture[str]) -> None:
    filters.main(["--chunks", "2000"])
    rows = [line.rsplit(maxsplit=3) for line in capsys.readouterr().out.splitlines()]
    assert {"year", "tags", "url"} <= {row[0] for row in rows if row}
    counts = {row[0]: int(row[1].replace(",", "")) for row in rows[10:]}
    assert 30 < counts["year == 2000"] < 90 and 900 < counts["lang in 2"] < 1100
