"""Staging, committing, locking: what is seen when, and that what is refused changes nothing."""

from __future__ import annotations

import copy
import multiprocessing
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ragopt import Document, F, Index
from ragopt.corpus import WindowChunker
from ragopt.errors import (
    DuplicateIdError,
    EmbedderError,
    IndexLockedError,
    InputError,
    InputTypeError,
    VectorError,
)
from ragopt.testing import FakeEmbedder
from ragopt.types import Reason

FOX, HEN, OWL = Document("fox", "a red fox"), Document("hen", "a red hen"), Document("owl", "a grey owl")


def test_what_is_staged_is_seen_after_the_commit() -> None:
    index = Index.build([FOX])
    assert index.add([HEN, OWL]) == 2
    assert (len(index), index.ids, index.get("hen"), index.search("hen").ids) == (1, ["fox"], None, [])
    before = index.generation
    assert index.commit() == index.generation == before + 1
    assert (len(index), index.ids, index.search("hen").ids) == (3, ["fox", "hen", "owl"], ["hen"])
    assert index.commit() == before + 1  # nothing more to say
    assert index.delete(ids=["fox", "nobody"]) == 1
    assert index.delete(ids=["fox"]) == 0
    assert index.update([{"id": "owl", "text": "a white owl"}, {"id": "elk", "text": "an elk"}]) == 2
    index.commit()
    assert index.ids == ["hen", "owl", "elk"]
    assert [index.chunk(i).text for i in range(3)] == ["a red hen", "a white owl", "an elk"]
    with pytest.raises(InputError, match="no chunk 3"):
        index.chunk(3)


def test_a_block_commits_or_rolls_back() -> None:
    index = Index.build([FOX])
    with index as same:
        assert same is index
        index.add([HEN])
    assert index.ids == ["fox", "hen"]
    with pytest.raises(ZeroDivisionError):
        with index:
            index.add([OWL])
            index.delete(ids=["fox"])
            raise ZeroDivisionError
    index.commit()
    assert index.ids == ["fox", "hen"]
    index.add([OWL])
    index.rollback()
    assert index.commit() == index.generation
    assert index.ids == ["fox", "hen"]


def generator() -> Iterator[Document]:
    yield OWL
    yield HEN


@pytest.mark.parametrize("given", [[OWL, HEN, OWL], [OWL, FOX], generator()], ids=["twice", "there", "generator"])
def test_an_id_that_is_there_is_refused_and_nothing_is_staged(given: Any) -> None:
    index = Index.build([FOX, HEN] if isinstance(given, Iterator) else [FOX])
    before = index.ids
    with pytest.raises(DuplicateIdError, match="update"):
        index.add(given)
    index.commit()
    assert index.ids == before


def test_a_staged_id_is_there_too() -> None:
    index = Index.build([FOX])
    index.add([HEN])
    with pytest.raises(DuplicateIdError):
        index.add([OWL, HEN])
    index.commit()
    assert index.ids == ["fox", "hen"]


def test_documents_that_are_cut_change_as_a_whole() -> None:
    chunker = WindowChunker(words=2)
    index = Index.build([Document("d", "one two three four five")], chunker=chunker)
    assert index.ids == ["d#0", "d#1", "d#2"]
    with pytest.raises(DuplicateIdError):
        index.add([Document("d", "other")])
    assert index.update([Document("d", "six seven")], chunker=chunker) == 1
    index.add([Document("e", "eight nine ten")], chunker=chunker)
    index.commit()
    assert index.ids == ["d#0", "e#0", "e#1"] and index.chunk(0).text == "six seven"
    assert index.delete(ids=["e#0"]) == 1  # a chunk
    assert index.delete(ids=["d"]) == 1  # a document
    index.commit()
    assert index.ids == ["e#1"]
    assert index.update([Document("e", "whole")]) == 1
    index.commit()
    assert index.ids == ["e"]


def test_delete_by_filter_sees_what_is_staged() -> None:
    index = Index.build([Document("a", "x", metadata={"year": 2020}), Document("b", "x", metadata={"year": 2024})])
    index.add([Document("c", "x", metadata={"year": 2019})])
    assert index.delete(where=F("year") < 2024) == 2
    assert index.delete(where=F("year") < 2024) == 0
    index.commit()
    assert index.ids == ["b"]
    assert index.delete(where=~F("nothing").exists()) == 1
    index.commit()
    hits = index.search("x")
    assert len(index) == 0 and not hits and hits.reason is Reason.EMPTY_INDEX
    index.add([FOX])
    index.commit()
    assert index.search("fox").ids == ["fox"]


@pytest.mark.parametrize(
    "arguments", [{}, {"ids": ["a"], "where": F("a") == 1}, {"ids": "fox"}, {"ids": [1]}, {"ids": 3}, {"ids": {"a": 1}}]
)
def test_a_deletion_says_what(arguments: Any) -> None:
    index = Index.build([FOX])
    with pytest.raises(InputError, match="ids|id to delete"):
        index.delete(**arguments)


def test_vectors_come_from_the_embedder_or_the_caller(tmp_path: Path) -> None:
    embedder = FakeEmbedder(8)
    index = Index.build([FOX], embedder=embedder)
    index.add([HEN])
    index.add([OWL], vectors={"owl": np.ones(8)})
    index.commit()
    assert index.search("a red hen", alpha=1, k=1).ids == ["hen"]
    assert index.search(vector=np.ones(8), alpha=1, k=1).ids == ["owl"]
    index.save(tmp_path / "i")
    alone = Index.open(tmp_path / "i")
    with pytest.raises(EmbedderError, match="not at hand"):
        alone.add([Document("x", "y")])
    with pytest.raises(VectorError, match="3 dimensions"):
        alone.add([Document("x", "y")], vectors=np.ones((1, 3)))
    with pytest.raises(VectorError, match="1 chunks"):
        alone.add([Document("x", "y")], vectors=np.ones((2, 8)))
    with pytest.raises(VectorError, match="'z'"):
        alone.add([Document("x", "y")], vectors={"z": np.ones(8)})
    with pytest.raises(VectorError, match="NaN"):
        alone.add([Document("x", "y")], vectors=np.full((1, 8), np.nan))
    assert alone.commit() == alone.generation and len(alone) == 3
    given = Index.build([FOX], vectors=np.ones((1, 4)))
    with pytest.raises(VectorError, match="pass vectors="):
        given.add([HEN])
    lexical = Index.build([FOX])
    with pytest.raises(VectorError, match="without vectors"):
        lexical.add([HEN], vectors=np.ones((1, 4)))
    empty = Index.build(())
    empty.add([HEN], vectors=np.ones((1, 4)))
    empty.commit()
    assert empty.describe()["dimension"] == 4


def test_a_folder_holds_what_was_committed(tmp_path: Path) -> None:
    index = Index.build([FOX])
    index.save(tmp_path / "i")
    index.add([HEN])
    assert Index.open(tmp_path / "i").ids == ["fox"]
    index.commit()
    other = Index.open(tmp_path / "i")
    assert other.ids == ["fox", "hen"] and other.generation == index.generation
    index.delete(ids=["fox"])
    index.commit()
    assert other.ids == ["fox", "hen"]  # its snapshot
    assert other.refresh() is True and other.ids == ["hen"] and other.refresh() is False
    other.add([OWL])
    other.commit()
    index.add([FOX])  # begins with what the other committed
    index.commit()
    assert index.ids == ["hen", "owl", "fox"]
    assert index.refresh() is False


def test_a_save_elsewhere_is_a_copy(tmp_path: Path) -> None:
    index = Index.build([FOX])
    index.save(tmp_path / "home")
    index.save(tmp_path / "copy")
    index.add([HEN])
    with pytest.raises(InputError, match="staged"):
        index.save(tmp_path / "copy")
    with pytest.raises(InputError, match="staged"):
        index.merge()
    index.commit()
    assert Index.open(tmp_path / "copy").ids == ["fox"]
    assert Index.open(tmp_path / "home").ids == ["fox", "hen"]


def test_one_writer_a_folder(tmp_path: Path) -> None:
    Index.build([FOX]).save(tmp_path / "i")
    first, second = Index.open(tmp_path / "i"), Index.open(tmp_path / "i")
    first.add([HEN])
    for attempt in (
        lambda: second.add([OWL]),
        lambda: second.delete(ids=["fox"]),
        second.merge,
        lambda: second.save(tmp_path / "i"),
        lambda: Index.build([OWL]).save(tmp_path / "i"),
    ):
        with pytest.raises(IndexLockedError, match=str(tmp_path / "i")):
            attempt()
    assert second.search("fox").ids == ["fox"]  # readers need no lock
    assert Index.open(tmp_path / "i").ids == ["fox"]
    first.rollback()
    second.add([OWL])
    second.commit()
    first.add([HEN])
    first.commit()
    assert first.ids == ["fox", "owl", "hen"]


def test_a_refused_call_gives_the_lock_back(tmp_path: Path) -> None:
    Index.build([FOX]).save(tmp_path / "i")
    first, second = Index.open(tmp_path / "i"), Index.open(tmp_path / "i")
    with pytest.raises(DuplicateIdError):
        first.add([FOX])
    second.add([HEN])
    second.commit()


_HOLDER = """
import sys
from ragopt import Index
index = Index.open(sys.argv[1])
index.add([{"id": "hen", "text": "a red hen"}])
print("staged", flush=True)
sys.stdin.read()
"""


def test_the_lock_dies_with_its_process(tmp_path: Path) -> None:
    Index.build([FOX]).save(tmp_path / "i")
    index = Index.open(tmp_path / "i")
    pipe: Any = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", _HOLDER, tmp_path / "i"], stdin=pipe, stdout=pipe) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"staged\n"
        with pytest.raises(IndexLockedError):
            index.add([OWL])
        holder.kill()
    index.add([OWL])
    index.commit()
    assert index.ids == ["fox", "owl"]


def test_a_merge_changes_no_answer(tmp_path: Path) -> None:
    index = Index.build([Document(f"d{i}", f"fox {i % 7}") for i in range(50)])
    index.save(tmp_path / "i")
    for i in range(50, 60):
        index.add([Document(f"d{i}", f"fox {i % 7}")])
        index.delete(ids=[f"d{i - 50}"])
        index.commit()
    before = index.search("fox 3", k=100)
    assert index.merge() == index.generation == Index.open(tmp_path / "i").generation
    assert index.search("fox 3", k=100) == before == Index.open(tmp_path / "i").search("fox 3", k=100)


def test_an_index_travels_by_its_folder(tmp_path: Path) -> None:
    index = Index.build([FOX, HEN], embedder=FakeEmbedder(8))
    with pytest.raises(InputTypeError, match="save"):
        pickle.dumps(index)
    index.save(tmp_path / "i")
    again = pickle.loads(pickle.dumps(index))
    assert again.search("a red fox") == index.search("a red fox")
    index.add([OWL])
    with pytest.raises(InputError, match="staged"):
        pickle.dumps(index)
    index.commit()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_ids_of, (index,)) == index.ids


def _ids_of(index: Index) -> list[str]:
    return index.ids


def test_a_copy_holds_what_is_committed() -> None:
    index = Index.build([FOX])
    index.add([HEN])
    for twin in (copy.copy(index), copy.deepcopy(index)):
        assert twin.ids == ["fox"]
        twin.add([OWL])
        twin.commit()
        assert twin.ids == ["fox", "owl"]
    index.commit()
    assert index.ids == ["fox", "hen"]


def test_a_forked_child_has_an_index_of_its_own(tmp_path: Path) -> None:
    index = Index.build([FOX])
    index.save(tmp_path / "i")
    index.add([HEN])
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        said = []
        try:
            said.append(",".join(index.search("fox").ids))
            try:
                index.add([OWL])
            except IndexLockedError:
                said.append("locked")
            index.rollback()
        except BaseException as error:
            said.append(repr(error))
        os.write(write, "|".join(said).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        assert pipe.read() == b"fox|locked"
    os.waitpid(child, 0)
    other = Index.open(tmp_path / "i")
    with pytest.raises(IndexLockedError):  # the child did not give it away
        other.add([OWL])
    index.commit()
    assert index.ids == ["fox", "hen"]
    other.add([OWL])


def test_a_folder_with_another_index_is_not_taken_up(tmp_path: Path) -> None:
    index = Index.build([FOX])
    index.save(tmp_path / "i")
    Index.build([HEN], fields={"year": int}).save(tmp_path / "i")
    with pytest.raises(Exception, match="another index"):
        index.refresh()
    assert index.ids == ["fox"]


def test_documents_that_change_the_index_while_they_come_are_refused() -> None:
    index = Index.build([FOX])

    def busy() -> Iterator[Document]:
        yield HEN
        index.delete(ids=["fox"])

    with pytest.raises(InputError, match="make a list"):
        index.add(busy())
    index.commit()
    assert index.ids == ["fox"]


def test_keys_of_metadata_that_ragopt_keeps_are_refused() -> None:
    with pytest.raises(InputError, match="chunk 'a': the metadata key"):
        Index.build([Document("a", "x", metadata={"\0document": "b"})])
