"""Folders that are no index, that were harmed, or that cannot be written: a typed error, and what stood there stays."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ragopt import Document, Index
from ragopt.errors import (
    CorruptIndexError,
    EmbedderMismatchError,
    IndexFileError,
    IndexVersionError,
    IndexWriteError,
    NotAnIndexError,
)
from ragopt.testing import FakeEmbedder
from tests.shared import ROOT
from tests.traps.places import forbid, mounted


def small(word: str = "fox") -> Index:
    return Index.build(
        [Document("a", f"the {word}"), Document("b", "a hen", metadata={"n": 1})], embedder=FakeEmbedder(8)
    )


def large(chunks: int = 3000) -> Index:
    """About 3 MB on disk."""
    rows = np.random.default_rng(1).standard_normal((chunks, 256)).astype(np.float32)
    return Index.build([Document(f"d{i}", f"fox {i}") for i in range(chunks)], vectors=rows)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- opening ------------------------------------------------------------------------------------------------------


def plain_folder(path: Path) -> None:
    path.mkdir()
    (path / "notes.txt").write_text("mine")


def other_pointer(path: Path) -> None:
    path.mkdir()
    (path / "CURRENT").write_text("MANIFEST-000004\n")


NOT_AN_INDEX: dict[str, Any] = {
    "nothing there": lambda path: None,
    "an empty folder": Path.mkdir,
    "a folder of other files": plain_folder,
    "a file": lambda path: path.write_text("text"),
    "an empty file": lambda path: path.write_bytes(b""),
    "another program's CURRENT": other_pointer,
    "a folder named CURRENT": lambda path: (path / "CURRENT").mkdir(parents=True),
}


@pytest.mark.parametrize("make", list(NOT_AN_INDEX.values()), ids=list(NOT_AN_INDEX))
def test_a_folder_that_is_not_an_index(make: Any, tmp_path: Path) -> None:
    path = tmp_path / "place"
    make(path)
    with pytest.raises(NotAnIndexError) as caught:
        Index.open(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("version", [2, 99, 2**40])
def test_an_index_of_a_newer_format(version: int, tmp_path: Path) -> None:
    small().save(tmp_path / "index")
    pointer = tmp_path / "index" / "CURRENT"
    old = pointer.read_text()
    assert old.startswith("ragopt-index 1\n")
    pointer.write_text(old.replace("ragopt-index 1", f"ragopt-index {version}", 1))
    with pytest.raises(IndexVersionError, match=str(version)):
        Index.open(tmp_path / "index")


def harmed(data: bytes) -> Iterator[bytes]:
    """Every way of cutting, and flipped bits at many places."""
    for cut in {0, 1, len(data) // 2, len(data) - 1}:
        yield data[:cut]
    yield data + b"\0"
    for place in range(0, len(data), max(1, len(data) // 60)):
        yield data[:place] + bytes([data[place] ^ (1 << place % 8)]) + data[place + 1 :]


def test_a_file_that_was_cut_or_changed(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    small().save(folder)
    assert len(contents(folder)) >= 4
    for name, data in contents(folder).items():
        if name == "LOCK":
            continue  # which no reader looks at
        for bad in harmed(data):
            if bad == data:
                continue
            (folder / name).write_bytes(bad)
            with pytest.raises(IndexFileError) as caught:
                Index.open(folder)
            assert str(folder) in str(caught.value)
        (folder / name).unlink()
        with pytest.raises(IndexFileError):
            Index.open(folder)
        (folder / name).write_bytes(data)
    assert Index.open(folder).search("fox", alpha=0).ids == ["a"]


def test_the_error_names_the_file_and_the_cure(tmp_path: Path) -> None:
    small().save(tmp_path / "index")
    (segment,) = (tmp_path / "index").glob("segment-*")
    segment.write_bytes(segment.read_bytes()[:-10])
    with pytest.raises(CorruptIndexError, match=rf"{segment.name}.*rebuild"):
        Index.open(tmp_path / "index")


def test_another_embedder_is_refused(tmp_path: Path) -> None:
    small().save(tmp_path / "index")
    for other in (FakeEmbedder(16), FakeEmbedder(8, name="other"), lambda texts: np.ones((len(texts), 8))):
        with pytest.raises(EmbedderMismatchError):
            Index.open(tmp_path / "index", embedder=other)


# --- writing where one may not ------------------------------------------------------------------------------------


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    plain_folder(tmp_path / "mine")
    before = contents(tmp_path)
    with pytest.raises(IndexFileError, match="notes.txt"):
        small().save(tmp_path / "mine")
    assert contents(tmp_path) == before


@pytest.mark.parametrize("inside", ["", "deeper/still"])
def test_a_file_in_the_way(inside: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(IndexFileError):
        small().save(tmp_path / "file" / inside)
    assert contents(tmp_path) == {"file": b"mine"}


def test_a_read_only_target(place: Path) -> None:
    if os.geteuid() == 0:
        assert mounted(place, "size=4m"), "root without the right to mount: run as a plain user"
    small().save(place / "old")
    before = contents(place)
    forbid(place / "old" if not os.path.ismount(place) else place)
    with pytest.raises(IndexWriteError) as caught:
        small("hen").save(place / "old")
    assert isinstance(caught.value, OSError)
    assert str(place / "old") in str(caught.value)
    assert Index.open(place / "old").search("fox", alpha=0).ids == ["a"]
    if os.path.ismount(place):
        with pytest.raises(IndexWriteError):
            small().save(place / "new")
    else:
        (place / "old").chmod(0o755)
    assert contents(place) == before


FULL = """
import resource, sys
import numpy as np
from ragopt import Index
from ragopt.errors import IndexWriteError
from tests.traps.test_bad_folder import large
index = large()
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    index.save(sys.argv[1])
except IndexWriteError as error:
    assert isinstance(error, OSError)
    print(error)
"""


@pytest.mark.parametrize("most", [0, 50, 10_000, 2_000_000])
def test_no_room_for_a_file(most: int, tmp_path: Path) -> None:
    """A limit on a file's size stops a write as a full disk does, for any user."""
    small().save(tmp_path / "old")
    before = contents(tmp_path)
    for name in ("old", "new"):
        done = subprocess.run(
            [sys.executable, "-c", FULL, str(tmp_path / name), str(most)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert str(tmp_path / name) in done.stdout
        assert contents(tmp_path) == before
    assert Index.open(tmp_path / "old").search("fox", alpha=0).ids == ["a"]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != most


def test_a_full_disk(place: Path) -> None:
    """A real file system without room, where one may be mounted; the test above holds for the rest."""
    if not mounted(place, "size=512k"):
        assert os.geteuid() != 0, "root without the right to mount"
        return
    small().save(place / "old")
    before = contents(place)
    with pytest.raises(IndexWriteError, match="(?i)no space"):
        large().save(place / "old")
    with pytest.raises(IndexWriteError):
        large().save(place / "new")
    assert contents(place) == before
    assert Index.open(place / "old").search("fox", alpha=0).ids == ["a"]
    small("hen").save(place / "old")
    assert Index.open(place / "old").search("hen", alpha=0).ids == ["a", "b"]


def test_saving_over_an_index_replaces_it(tmp_path: Path) -> None:
    for word in ("fox", "hen", "den"):
        small(word).save(tmp_path / "index")
        assert len(contents(tmp_path / "index")) == 4
    assert Index.open(tmp_path / "index").search("den", alpha=0).ids == ["a"]
    json.dumps(Index.open(tmp_path / "index").describe())
