"""`ragopt doctor` says what is there, and ends with 1 where something is to be mended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

import ragopt
from ragopt.cli import doctor, main
from ragopt.index.machine import instructions, known_instructions


@pytest.fixture(autouse=True)
def _unforced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAGOPT_CPU", raising=False)


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ragopt"] == ragopt.__version__
    assert found["instructions"] == {"used": instructions(), "wanted": None}
    assert found["instructions"]["used"] in known_instructions()
    assert 1 <= found["threads"]["usable"] <= found["threads"]["processors"]
    assert found["memory"]["total"] > found["memory"]["available"] > 0
    assert found["huge_pages"] in ("always", "madvise", "never", None)
    assert set(found["extras"]) == {
        "bedrock", "demo", "e5", "langchain", "minilm", "report", "static", "tokenizers",
    }  # fmt: skip
    assert {"wordllama", "boto3"} < set(found["extras"]["demo"]["packages"])
    assert found["mend"] == []


def test_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    for word in (ragopt.__version__, instructions(), "huge pages", "threads", "boto3", "wordllama"):
        assert word in printed


def test_a_missing_extra_names_its_cure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    real = doctor.version

    def without(package: str) -> str:
        if package == "boto3":
            raise PackageNotFoundError(package)
        return real(package)

    monkeypatch.setattr(doctor, "version", without)
    found = doctor.diagnose()["extras"]
    assert found["bedrock"] == {
        "installed": False,
        "packages": {"boto3": None},
        "cure": 'pip install "ragopt[bedrock]"',
    }
    assert not found["demo"]["installed"]
    assert found["langchain"]["cure"] is None
    assert main(["doctor"]) == 0
    assert 'pip install "ragopt[bedrock]"' in capsys.readouterr().out


def test_huge_pages_that_are_off_are_a_hint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    setting = tmp_path / "enabled"
    setting.write_text("always madvise [never]\n", encoding="ascii")
    monkeypatch.setattr(doctor, "_HUGE_PAGES", setting)
    found = doctor.diagnose()
    assert found["huge_pages"] == "never"
    assert any("huge pages are off" in hint for hint in found["hints"])
    assert found["mend"] == []


def test_a_system_that_says_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("_HUGE_PAGES", "_MEMORY", "_PROCESSOR"):
        monkeypatch.setattr(doctor, name, tmp_path / "missing")
    assert main(["doctor"]) == 0
    found = doctor.diagnose()
    assert found["huge_pages"] is None
    assert found["memory"] == {"total": None, "available": None}


@pytest.mark.parametrize(
    ("wanted", "code", "used", "says"),
    [("scalar", 0, "scalar", "is in force"), ("sse9", 1, None, "no such instructions")],
)
def test_forced(wanted: str, code: int, used: str | None, says: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ragopt", "doctor", "--json"],
        env={**os.environ, "RAGOPT_CPU": wanted},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    found = json.loads(done.stdout)
    assert found["instructions"] == {"used": used or instructions(), "wanted": wanted}
    assert any(says in text for text in found["mend"] + found["hints"])
