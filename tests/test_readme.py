"""What the README shows runs: its Python blocks in order, sharing names, and its shell blocks marked `run`.

A block's first line says what it is: ```python runs always, ```sh run is run by the shell, anything else is text.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.shared import ROOT


@dataclass(frozen=True)
class Block:
    """A fenced block: its info string, its code, and the line it begins at."""

    info: str
    code: str
    line: int


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a Markdown text."""
    found = []
    for match in re.finditer(r"^```([^\n`]*)\n(.*?)^```[ ]*$", text, re.MULTILINE | re.DOTALL):
        found.append(Block(match[1].strip(), match[2], text.count("\n", 0, match.start(2)) + 1))
    return found


def run(path: Path) -> int:
    """Run the blocks of a Markdown file in the current folder; how many ran."""
    names: dict[str, Any] = {"__name__": "__main__"}
    ran = 0
    for block in blocks(path.read_text(encoding="utf-8")):
        if block.info == "python":
            code = compile("\n" * (block.line - 1) + block.code, str(path), "exec")
            exec(code, names)
        elif block.info == "sh run":
            env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
            done = subprocess.run(["sh", "-eu", "-c", block.code], env=env, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{path.name}:{block.line}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        else:
            continue
        ran += 1
    return ran


def documents() -> list[Path]:
    """The README and whatever docs/ holds."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_examples_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run(path)
    assert ran > 0 or path.name != "README.md", "the README shows no example"


def test_the_first_example_is_short() -> None:
    first = next(block for block in blocks((ROOT / "README.md").read_text(encoding="utf-8")) if block.info == "python")
    assert len(first.code.splitlines()) <= 15


def test_links_lead_somewhere() -> None:
    for path in [*documents(), ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (path.parent / target).exists(), f"{path.name} links to {target}, which is not there"


@pytest.mark.parametrize(
    "code", ["```python\nx = 1\n```\n\n```python\nassert x == 2\n```\n", "```sh run\nragopt no-such-command\n```\n"]
)
def test_an_example_that_fails_is_caught(tmp_path: Path, code: str) -> None:
    planted = tmp_path / "README.md"
    planted.write_text(f"# Planted\n\n{code}", encoding="utf-8")
    with pytest.raises(AssertionError):
        run(planted)


def test_blocks_are_found_with_their_lines() -> None:
    text = "a\n```python\nx = 1\n```\n\n```sh run\nls\n```\n~~~\n```text\nno\n```\n"
    assert [(b.info, b.line) for b in blocks(text)] == [("python", 3), ("sh run", 7), ("text", 11)]
