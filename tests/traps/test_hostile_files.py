"""Ten thousand mutated index files: a typed error or the right index, never a crash, a hang or a huge allocation."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.shared import ROOT
from tests.traps.hostile import SLOWEST

CASES = 10_000


def test_mutated_files_are_refused_or_harmless() -> None:
    """In a process of its own, whose address space is limited: a crash or a huge allocation ends it."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.traps.hostile", "0", str(CASES)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout)
    outcomes = told["outcomes"]
    assert sum(outcomes.values()) == CASES
    # Every kind of outcome is seen, or the cases are not what they seem.
    for outcome in ("plain, refused when opened", "plain, harmless"):
        assert outcomes[outcome] > CASES // 1000, outcomes
    for outcome in ("forged, refused when opened", "forged, refused when read", "forged, searched"):
        assert outcomes[outcome] > CASES // 50, outcomes
    assert told["slowest"] < SLOWEST
    assert told["megabytes"] < 500
