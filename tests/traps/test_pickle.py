"""Trap 34: files hold data only; an index, a pipeline and a retriever go to other processes by the folder's path."""

from __future__ import annotations

import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ragopt import Document, Index, Pipeline, SearchSettings, Settings
from ragopt.errors import EmbedderMismatchError, InputError
from ragopt.integrations.langchain import RagoptRetriever
from ragopt.testing import FakeEmbedder

DOCUMENTS = [Document(f"d{i}", f"fox number{i}", metadata={"who": "ab"[i % 2]}) for i in range(20)]


@pytest.fixture
def index(tmp_path: Path) -> Index:
    index = Index.build(DOCUMENTS, embedder=FakeEmbedder(8))
    index.save(tmp_path / "i")
    return index


def found(searcher: Any, query: str) -> list[str]:
    """The ids that an index, a pipeline or a retriever finds."""
    if isinstance(searcher, Index):
        return searcher.search(query, k=3).ids
    if isinstance(searcher, Pipeline):
        return [hit.id for hit in searcher.retrieve(query).hits]
    return [document.metadata["ragopt"]["id"] for document in searcher.invoke(query)]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_pool_of_processes_searches(method: str, index: Index) -> None:
    settings = Settings(search=SearchSettings(k=3))
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        for searcher in (index, Pipeline(index, settings), RagoptRetriever(source=index, k=3)):
            queries = ["fox number3", "number7", "nothing"]
            theirs = list(pool.map(found, [searcher] * 3, queries))
            assert theirs == [found(searcher, query) for query in queries]


def test_a_view_stays_a_view(tmp_path: Path) -> None:
    index = Index.build(DOCUMENTS, tenant_field="who")
    index.save(tmp_path / "i")
    view = pickle.loads(pickle.dumps(index.tenant("b")))
    assert view.ids == index.tenant("b").ids and view.search("number2").ids == []


def test_the_copy_is_as_small_as_its_path_and_sees_later_commits(index: Index) -> None:
    sent = pickle.dumps(index)
    assert len(sent) < 1000
    index.delete(ids=["d3"])
    index.commit()
    again = pickle.loads(sent)
    assert again.get("d3") is None and len(again) == 19
    index.delete(ids=["d4"])
    index.commit()
    assert again.get("d4") is not None
    assert again.refresh() and again.get("d4") is None


def test_what_cannot_travel_says_what_to_do(tmp_path: Path) -> None:
    index = Index.build(DOCUMENTS)
    for searcher in (index, Pipeline(index), [index]):
        with pytest.raises(InputError, match=r"save\(path\)"):
            pickle.dumps(searcher)
    index.save(tmp_path / "i")
    index.delete(ids=["d1"])
    with pytest.raises(InputError, match="commit"):
        pickle.dumps(index)


def test_the_embedder_is_that_of_the_index(tmp_path: Path, index: Index) -> None:
    dense = index.search("fox number3", alpha=1, k=5)
    assert dense and pickle.loads(pickle.dumps(index)).search("fox number3", alpha=1, k=5) == dense
    sent = pickle.dumps(index)
    Index.build(DOCUMENTS, embedder=FakeEmbedder(16)).save(tmp_path / "i")
    with pytest.raises(EmbedderMismatchError):
        pickle.loads(sent)


def test_no_file_of_an_index_is_a_pickle(tmp_path: Path, index: Index) -> None:
    index.delete(ids=["d1"])
    index.commit()
    for file in (tmp_path / "i").iterdir():
        with pytest.raises((pickle.UnpicklingError, EOFError, ValueError, KeyError, IndexError, AttributeError)):
            pickle.loads(file.read_bytes())
