"""Every error of the core arrives as its class of `ragopt.errors`, with a message that says what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ragopt import _core, errors

LUCENE = ("lucene", 1.2, 0.75, 0.0, 0.0)
ONE = _core.Parameters(1, 0.5, "bounded", 1, -1.0, None)


def build(
    ids: list[str] | None = None, vectors: object = None, bm25: tuple[str, float, float, float, float] = LUCENE
) -> _core.Index:
    ids = ["a", "b"] if ids is None else ids
    rows = np.asarray([[1, 0], [0, 1]] if vectors is None else vectors, dtype=np.float32)
    texts = [f"text of {id}" for id in ids]
    return _core.Index.build(_core.Analyzer("english"), bm25, ids, texts, [b""] * len(ids), rows, "{}")


def saved(folder: Path) -> Path:
    build().save(str(folder / "index"))
    return folder / "index"


def damaged(folder: Path) -> str:
    path = saved(folder)
    segment = next(path.glob("segment-*"))
    segment.write_bytes(segment.read_bytes()[:-1])
    return str(path)


def newer(folder: Path) -> str:
    path = saved(folder)
    pointer = path / "CURRENT"
    pointer.write_text(pointer.read_text().replace("ragopt-index 1", "ragopt-index 2", 1))
    return str(path)


def unreadable(folder: Path) -> str:
    path = saved(folder)
    manifest = next(path.glob("manifest-*"))
    manifest.unlink()
    manifest.symlink_to(manifest.name)  # a loop: there, but nobody can open it, not even root
    return str(path)


RAISES: dict[str, tuple[type[errors.RagoptError], str, Callable[[Path], object]]] = {
    "analyzer": (errors.UnknownNameError, "english", lambda _: _core.Analyzer("englsh")),
    "variant": (errors.UnknownNameError, "bm25plus", lambda _: build(bm25=("bm26", 1.2, 0.75, 0.0, 0.0))),
    "normalizer": (errors.UnknownNameError, "minmax", lambda _: _core.Parameters(1, 0.5, "minmx", 1, -1.0, None)),
    "input": (errors.InputError, "alpha=2", lambda _: _core.Parameters(1, 2.0, "bounded", 1, -1.0, None)),
    "duplicate": (errors.DuplicateIdError, '"a"', lambda _: build(ids=["a", "a"])),
    "vector": (errors.VectorError, '"b".*dimension 1', lambda _: build(vectors=[[1, 0], [0, np.nan]])),
    "rows": (errors.VectorError, "1 vectors for 2 chunks", lambda _: build(vectors=[[1, 0]])),
    "query vector": (
        errors.VectorError,
        "3 dimensions, the index 2",
        lambda _: build().search(None, np.ones(3, dtype=np.float32), None, ONE),
    ),
    "allow": (
        errors.InputError,
        "another state of the index",
        lambda _: build().search("a", None, build().allow([("all", "", ())]), ONE),
    ),
    "ordinal": (errors.InputError, "no chunk 2", lambda _: build().stored(2)),
    "not an index": (errors.NotAnIndexError, "no file CURRENT", lambda folder: _core.Index.open(str(folder))),
    "version": (errors.IndexVersionError, "upgrade ragopt", lambda folder: _core.Index.open(newer(folder))),
    "corrupt": (errors.CorruptIndexError, "ragopt index", lambda folder: _core.Index.open(damaged(folder))),
    "read": (errors.IndexFileError, "cannot be read", lambda folder: _core.Index.open(unreadable(folder))),
    "write": (errors.IndexWriteError, "unchanged", lambda _: build().save("/proc/no-such-place/index")),
    "locked": (
        errors.IndexLockedError,
        "another writer",
        lambda folder: (_core.Lock(str(folder)), build().save(str(folder))),
    ),
}


@pytest.mark.parametrize("what", RAISES)
def test_each_error_has_its_class(what: str, tmp_path: Path) -> None:
    kind, message, act = RAISES[what]
    with pytest.raises(kind, match=message) as raised:
        act(tmp_path)
    assert type(raised.value) is kind


def test_the_gil_is_free_while_the_core_works() -> None:
    """A thread that only counts must get on during a long build."""
    import threading

    ticks, done = 0, threading.Event()

    def count() -> None:
        nonlocal ticks
        while not done.wait(0.001):
            ticks += 1

    counter = threading.Thread(target=count)
    texts = ["word " * 20_000] * 300
    counter.start()
    _core.Index.build(_core.Analyzer("english"), LUCENE, [str(i) for i in range(300)], texts, [b""] * 300, None, "{}")
    done.set()
    counter.join()
    assert ticks >= 5
