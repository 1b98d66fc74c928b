"""CI lets nothing through: a failure, a test that was left out, or a run without tests ends it."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shared import ROOT

REPORTS = {
    "passed": ('<testcase classname="t" name="a"/>', 0, "1 passed, 0 failed, 0 skipped"),
    "skipped": (
        '<testcase classname="t" name="a"/><testcase classname="t" name="b"><skipped message="no data"/></testcase>',
        1,
        "1 passed, 0 failed, 1 skipped",
    ),
    "failed": ('<testcase classname="t" name="a"><failure/></testcase>', 1, "0 passed, 1 failed, 0 skipped"),
    "broken": ('<testcase classname="t" name="a"><error/></testcase>', 1, "0 passed, 1 failed, 0 skipped"),
    "empty": ("", 1, "0 passed, 0 failed, 0 skipped"),
}


@pytest.mark.parametrize("case", list(REPORTS))
def test_counts(case: str, tmp_path: Path) -> None:
    cases, code, line = REPORTS[case]
    report = tmp_path / "report.xml"
    report.write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "counts.py"), str(report)], capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert done.stdout.splitlines()[-1] == line
    if case == "skipped":
        assert "t::b: no data" in done.stdout


def test_a_test_that_hangs_ends_the_run_and_says_where(tmp_path: Path) -> None:
    planted = tmp_path / "test_planted.py"
    planted.write_text("import threading\n\ndef test_hang():\n    threading.Event().wait()\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-c", str(ROOT / "pyproject.toml"), "-o", "faulthandler_timeout=2"]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", str(planted)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode not in (0, 5)
    assert "test_planted.py" in done.stderr
    assert "Timeout" in done.stderr


def test_a_run_that_breaks_a_test_ends_with_an_error(tmp_path: Path) -> None:
    """The script's own shape: make fails, so the script does, and what it made is gone."""
    (tmp_path / ".ci").mkdir()
    script = tmp_path / ".ci" / "run"
    script.write_bytes((ROOT / ".ci" / "run").read_bytes())
    (tmp_path / "Makefile").write_text('test:\n\t@echo "CI=$(CI)"\n\t@exit 3\n', encoding="utf-8")
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    env = {"PATH": "/usr/bin:/bin", "TMPDIR": str(scratch), "HOME": str(tmp_path)}
    done = subprocess.run(
        ["bash", str(script)],
        cwd=scratch,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "CI=true" in done.stdout
    assert list(scratch.iterdir()) == []
    assert (tmp_path / ".cache" / "ragopt-tests").is_dir()


def test_the_mutants_fit_the_source() -> None:
    """Each slack that `make mutants` takes away stands once where it says."""
    mutants = runpy.run_path(str(ROOT / ".ci" / "mutants.py"))
    assert mutants["MUTANTS"]
    for mutant in mutants["MUTANTS"]:
        source = (ROOT / mutants["CORE"] / mutant.file).read_text(encoding="utf-8")
        assert mutants["mutated"](mutant, source) != source
