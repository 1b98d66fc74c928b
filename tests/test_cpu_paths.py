"""Every path of instructions gives the same bits: those of this processor, each forced in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ragopt import _core
from tests.shared import ROOT

NAMES = _core.paths()
#: From the plainest to the one in force here.
PATHS = NAMES[: NAMES.index(_core.cpu()) + 1]

# Large enough that upper bounds are used; the dimensions are odd ones for every width of a register.
PROBE = """
import hashlib, itertools
import numpy as np
from ragopt import F, _core
from ragopt.filters import steps

CHUNKS = 5000
draw = np.random.default_rng(11)
texts = [" ".join(f"w{int(i)}" for i in draw.zipf(1.3, size=n) if i < 3000) for n in draw.integers(0, 40, CHUNKS)]
metadata = [{"few": bool(few)} for few in draw.random(CHUNKS) < 0.1]
digest = hashlib.sha256()
for dimension in (1, 15, 17, 100, 384):
    rows = draw.standard_normal((CHUNKS, dimension)).astype(np.float32)
    rows[::7] = rows[::-1][::7]
    rows[5] = 0
    rows[6] *= 1e-41
    index = _core.Index.build(_core.Analyzer("whitespace"), ("lucene", 1.2, 0.75, 0.0, 0.25),
                              [str(i) for i in range(CHUNKS)], texts, [b""] * CHUNKS, rows, "{}", metadata)
    allow = index.allow(steps(F("few") == True))
    vectors = draw.standard_normal((4, dimension)).astype(np.float32)
    ways = itertools.product(range(4), (1, 10, 300), (0.0, 0.6, 1.0),
                             ("bounded", "theoretical", "minmax", "rank"), (None, allow))
    for i, k, alpha, normalizer, mask in ways:
        found = index.search(f"w{i + 1} w{40 * i + 3} w{200 + i}", vectors[i], mask,
                             _core.Parameters(k, alpha, normalizer, 1000, -1.0, None))
        for column in (found.ordinals, found.scores, found.lexical, found.dense):
            digest.update(np.ascontiguousarray(column).tobytes())
    many = draw.standard_normal((75, dimension)).astype(np.float32)
    for text, alpha, mask in ((None, 1.0, None), (None, 1.0, allow), ("w2 w43 w203", 0.6, None)):
        for found in index.search_many([text] * 75, many, mask,
                                       _core.Parameters(10, alpha, "bounded", 1000, -1.0, None), 1):
            digest.update(found.ordinals.tobytes() + found.scores.tobytes())
print(_core.cpu(), digest.hexdigest())
"""


def forced(path: str, *command: str) -> subprocess.CompletedProcess[str]:
    """A Python command in a process that uses that path."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "RAGOPT_CPU": path},
        capture_output=True,
        text=True,
        check=False,
    )


def probed(path: str) -> list[str]:
    """The path that a process forced to `path` says it uses, and the digest of what it finds."""
    done = forced(path, "-c", PROBE)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.fixture(scope="module")
def plainest() -> str:
    """What the scalar path finds."""
    return probed("scalar")[1]


@pytest.mark.parametrize("path", PATHS)
def test_ids_order_and_bits_of_scores_are_those_of_the_scalar_path(path: str, plainest: str) -> None:
    assert probed(path) == [path, plainest]


@pytest.mark.parametrize("path", PATHS[:-1])
def test_what_the_public_index_finds_is_what_its_twin_finds(path: str) -> None:
    """The widest path is the one that every other run of these tests takes."""
    done = forced(path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/property/test_index.py")
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("name", ["sse9", "AVX2", "avx512 "])
def test_a_name_that_is_unknown_leaves_the_widest(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from ragopt import _core; print(_core.cpu())"],
        env={key: value for key, value in os.environ.items() if key != "RAGOPT_CPU"} | {"RAGOPT_CPU": name},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() in NAMES
    assert "RAGOPT_CPU" in os.environ or done.stdout.strip() == PATHS[-1]
