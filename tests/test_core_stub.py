"""The stub of the compiled core says what is in it: names, arguments, defaults."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shared import ROOT


@pytest.fixture
def core(tmp_path: Path) -> Path:
    """A package with nothing but the core and its stub, to plant differences in."""
    package = tmp_path / "python" / "ragopt"
    package.mkdir(parents=True)
    source = ROOT / "python" / "ragopt"
    built = list(source.glob("_core*.so"))
    assert built, "the extension is not built: make build"
    for path in [*built, *source.glob("_core*.pyi"), source / "errors.py"]:
        shutil.copy(path, package)
    (package / "__init__.py").write_text("", encoding="utf-8")
    return package


def stubtest(python: Path) -> subprocess.CompletedProcess[str]:
    """mypy's stubtest on the core of the package in `python`."""
    return subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "ragopt._core", "--concise"],
        cwd=python,
        env={**os.environ, "PYTHONPATH": str(python), "MYPYPATH": str(python)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_stub_matches_the_core(core: Path) -> None:
    done = stubtest(core.parent)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("old", "new", "caught"),
    [
        ("    def document_frequency(self", "    def invented(self", "ragopt._core.Index.document_frequency"),
        ("def terms(self, text: str, /)", "def terms(self, text: str, more: int, /)", "ragopt._core.Analyzer.terms"),
    ],
)
def test_a_stub_that_drifted_is_caught(core: Path, old: str, new: str, caught: str) -> None:
    stub = core / "_core.pyi"
    text = stub.read_text(encoding="utf-8")
    assert old in text
    stub.write_text(text.replace(old, new), encoding="utf-8")
    done = stubtest(core.parent)
    assert done.returncode == 1
    assert caught in done.stdout
