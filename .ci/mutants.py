"""Take each rounding slack of the fast search away and see a test fail: `make mutants` (some minutes, not in CI).

The bounds of `rust/ragopt-core` are proved in the docs of their modules; each proof adds a slack for rounding. A test
that passes without the slack shows nothing about it. So each mutant here is the source with one slack left out, and
the tests named after it must fail. `tests/test_ci.py` holds the list to the source, so that it cannot rot.

No case is known that needs COARSE_SLACK of `dense.rs` or the 2^-48 of `units.rs`: what they are made of is rounded
outwards already, and SLACK and the slack of f32 beside them are larger. The proofs ask for them all the same.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORE = Path("rust/ragopt-core/src")


@dataclass(frozen=True)
class Mutant:
    """A slack taken away: in `file`, each `old` becomes its `new`; `tests` is a filter for cargo."""

    name: str
    file: str
    changes: tuple[tuple[str, str], ...]
    tests: str


DENSE, LEXICAL, UNITS = "search/fast/dense.rs", "search/fast/lexical.rs", "search/fast/units.rs"
QUANTIZE, CLASSES = "score/quantize.rs", "index/classes.rs"

MUTANTS = (
    Mutant(
        "dense: nothing for the exact cosine's rounding and cutting",
        DENSE,
        (("const SLACK: f64 = 1.0 / (1u32 << 20) as f64;", "const SLACK: f64 = 0.0;"),),
        "slack_tests",
    ),
    Mutant(
        "dense: the query's error left out",
        DENSE,
        (("let constant = offset + eight.error * longest;", "let constant = offset;"),),
        "slack_tests",
    ),
    Mutant(
        "dense: the row's residual left out",
        DENSE,
        (("radius: sixteen.length,", "radius: 0.0,"),),
        "fast::",
    ),
    Mutant(
        "codes: distances rounded to the nearest, not up",
        QUANTIZE,
        (("((distance * (1.0 + 1e-9) + 1e-12) as f32).next_up()", "distance as f32"),),
        "quantize",
    ),
    Mutant(
        "lexical: no sixteenth of a step",
        LEXICAL,
        (("(x + 0.5625 + 8_388_608.0)", "(x + 0.5 + 8_388_608.0)"),),
        "slack_tests",
    ),
    Mutant(
        "lexical: a sum may exceed its gain by nothing",
        LEXICAL,
        (
            ("1.1 + term.factor * steps * levels.gap()", "term.factor * steps * levels.gap()"),
            ("slack.ceil() as u32 + 1", "slack.ceil() as u32"),
        ),
        "a_sum_is_above_the_gain",
    ),
    Mutant(
        "lexical: classes of lengths without their gap",
        LEXICAL,
        (("1.1 + term.factor * steps * levels.gap()", "1.1 + 0.0 * levels.gap()"),),
        "fast::",
    ),
    Mutant(
        "lexical: classes take their longest length",
        CLASSES,
        (("map(|&(shortest, _)| saturations.of(shortest))", "map(|&(_, shortest)| saturations.of(shortest))"),),
        "fast::",
    ),
    Mutant(
        "units: nothing for sums in f32",
        UNITS,
        (("let loss = (2.0 + gain * most) / f64::from(1u32 << 22);", "let loss = 0.0 * most;"),),
        "slack_tests",
    ),
)


def mutated(mutant: Mutant, source: str) -> str:
    """The source without the slack; a ValueError where what is to be changed does not stand there once."""
    for old, new in mutant.changes:
        if source.count(old) != 1:
            raise ValueError(f"{mutant.name}: {old!r} stands {source.count(old)} times in {mutant.file}: mend MUTANTS")
        source = source.replace(old, new)
    return source


def survives(mutant: Mutant, copy: Path) -> bool:
    """Whether the tests pass on a copy of the crates without the slack."""
    path = copy / CORE / mutant.file
    whole = path.read_text(encoding="utf-8")
    path.write_text(mutated(mutant, whole), encoding="utf-8")
    try:
        command = ["cargo", "test", "--quiet", "--package", "ragopt-core", "--lib", "--locked", mutant.tests]
        target = os.environ | {
            "CARGO_TARGET_DIR": str(ROOT / "target" / "mutants"),
            "PROPTEST_FAILURE_PERSISTENCE": "off",
        }
        build = subprocess.run(
            [*command, "--no-run"], cwd=copy, env=target, capture_output=True, text=True, check=False
        )
        if build.returncode:
            raise RuntimeError(f"{mutant.name} does not compile:\n{build.stderr[-3000:]}")
        return subprocess.run(command, cwd=copy, env=target, capture_output=True, check=False).returncode == 0
    finally:
        path.write_text(whole, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("words", nargs="*", help="only mutants whose names hold one of these words")
    words = parser.parse_args().words
    alive = 0
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place)
        for name in ("Cargo.toml", "Cargo.lock"):
            shutil.copy(ROOT / name, copy / name)
        shutil.copytree(ROOT / "rust", copy / "rust", ignore=shutil.ignore_patterns("target", "corpus"))
        for mutant in MUTANTS:
            if not words or any(word in mutant.name for word in words):
                lives = survives(mutant, copy)
                alive += lives
                print(f"{'SURVIVES' if lives else 'killed  '}  {mutant.name}  ({mutant.tests})", flush=True)
    return min(alive, 1)


if __name__ == "__main__":
    sys.exit(main())
