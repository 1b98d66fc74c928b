"""A target that cannot be written is refused before the tuning, not after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragopt.cli import main


@pytest.mark.parametrize("flag", ["--output", "--report", "--picture"])
def test_refused_at_once(flag: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "none" / "file"
    code = main(["tune", "no.idx", "--queries", "no.jsonl", "--qrels", "no.tsv", flag, str(target)])
    assert code == 2
    assert "folder that does not exist" in capsys.readouterr().err
