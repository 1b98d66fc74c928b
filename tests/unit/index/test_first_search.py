"""What the first search of an index makes is made once, whoever asks first: one thread, many, or a batch."""

from __future__ import annotations

import subprocess
import sys

import pytest

_PROGRAM = """
import threading
import numpy as np
from ragopt import Document, Index

rows = np.random.default_rng(0).normal(size=(20_000, 64)).astype(np.float32)
index = Index.build([Document(str(i), f"w{i % 50} x") for i in range(len(rows))], vectors=rows)
if FIRST == "batch":
    found = index.search_many(["w1 x"] * 40, vectors=rows[:40])
else:
    found = [None] * 8
    def ask(i):
        found[i] = index.search("w1 x", vector=rows[i])
    threads = [threading.Thread(target=ask, args=(i,)) for i in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
assert all(hits == index.search("w1 x", vector=rows[i]) for i, hits in enumerate(found))
"""


@pytest.mark.parametrize("first", ["batch", "threads"])
def test_the_first_search_of_an_index_does_not_wait_for_itself(first: str) -> None:
    # In a process of its own, which can be ended when it hangs.
    program = _PROGRAM.replace("FIRST", repr(first))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()
