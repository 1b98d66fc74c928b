"""The first search: what it makes is made once, whoever asks, and what opening did for it hides no damage."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import pytest

from ragopt import Document, Index
from ragopt.errors import CorruptIndexError

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


def test_damage_in_a_term_that_opening_looks_through_is_the_error_of_its_search_alone(tmp_path: Path) -> None:
    # More than a megabyte of postings: what is smaller is checked when it is opened.
    texts = ("whale one other three words", *["one other three words"] * 9)
    index = Index.build(Document(str(i), texts[i % 10]) for i in range(200_000))
    index.save(tmp_path / "i")
    (file,) = (tmp_path / "i").glob("segment-*")
    # The places of "whale", ten apart: 16 bits each, of which the upper two say that the term comes once.
    content = bytearray(file.read_bytes())
    places = struct.pack("<3H", 0, 10, 20)
    assert content.count(places) >= 1
    content[content.index(places) + 2] ^= 1
    file.write_bytes(content)
    opened = Index.open(tmp_path / "i")
    with pytest.raises(CorruptIndexError, match="segment"):
        opened.search("whale", alpha=0)
    assert Index.open(tmp_path / "i").search("words", k=3, alpha=0) == index.search("words", k=3, alpha=0)
