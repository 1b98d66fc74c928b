"""Trap 32: memory is that of the index, not of token lists, documents and copies; opening takes next to none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.shared import ROOT

CHUNKS, DIMENSION = 40_000, 384

OPEN = """
import json, sys
from benches.living import resident
from ragopt import Index
before = resident()
index = Index.open(sys.argv[1])
opened = resident()
index.search("bark", k=5, alpha=0)
print(json.dumps({"opened": opened - before, "searched": resident() - before, "chunks": len(index)}))
"""


def figures(*argv: object) -> Any:
    """What a fresh process prints."""
    done = subprocess.run(
        [sys.executable, *map(str, argv)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_build_is_bounded_and_an_open_index_is_mapped(tmp_path: Path) -> None:
    """The bars of a million chunks, 1.5 × the final size and little until touched, on what a test can wait for."""
    size = ("--chunks", CHUNKS, "--dimension", DIMENSION, "--folder", tmp_path / "i")
    built = figures("-m", "benches.living", "build", *size)
    assert built["peak_to_final"] <= 1.5, built
    # A chunk of 40 words: its text, 40 postings of 4 bytes at most, a vector and its codes, an id.
    assert built["disk_bytes"] / CHUNKS < 300 + 40 * 4 + DIMENSION * 5 + 120
    opened = figures("-c", OPEN, tmp_path / "i")
    assert opened["chunks"] == CHUNKS
    assert opened["opened"] < 0.25 * built["disk_bytes"], (opened, built)
    asked = figures("-m", "benches.living", "first", "--questions", 7, "--folder", tmp_path / "i")
    # The bar is 3, on a million chunks and a machine that does nothing else. Here a question takes microseconds.
    assert all(asked[words]["first_to_again"] < 60 for words in ("rare", "frequent")), asked
