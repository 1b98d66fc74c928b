"""Indexes of every released format open, are whole, and give what they gave. make.py wrote them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ragopt import Index
from tests.compat.make import HERE, found


@pytest.fixture(params=sorted(path.stem for path in HERE.glob("format_*.json")))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_formats_are_kept() -> None:
    assert [path.name for path in sorted(HERE.glob("format_*.json"))] == ["format_1.json"]


def test_an_old_index_gives_what_it_gave(name: str) -> None:
    stated = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    index = Index.open(HERE / name)
    assert len(index) == stated["chunks"]
    for id, text in stated["text"].items():
        chunk = index.get(id)
        assert chunk is not None
        assert chunk.text == text
    assert index.get("doc-3") is None
    assert {name: [[id, score] for id, score in hits] for name, hits in found(index).items()} == stated["found"]
    index.verify()
    index.warm()
    assert found(index) == stated["found"]


def test_an_old_index_can_be_changed(name: str, tmp_path: Path) -> None:
    shutil.copytree(HERE / name, tmp_path / "index")
    index = Index.open(tmp_path / "index")
    index.delete(ids=["doc-5"])
    index.commit()
    index.merge()
    assert Index.open(tmp_path / "index").get("doc-5") is None
    assert len(Index.open(tmp_path / "index")) == len(index)
