"""Indexes of every format open, are whole, and give what they gave; no format changes unnoticed. make.py wrote them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ragopt import Index
from tests.compat.make import FORMAT, HERE, found, write

CHANGED = (
    "{name} of tests/compat/format_{format} is not what ragopt writes today: the layout of an index changed. Where an "
    "index of format {format} was released, raise FORMAT in rust/ragopt-core/src/index/file.rs and in "
    "tests/compat/make.py, let files of format {format} still be read, and run python -m tests.compat.make, which "
    "writes format {next} beside the old one. Before the first release run it alone."
)


@pytest.fixture(params=sorted(path.stem for path in HERE.glob("format_*.json")))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_formats_are_kept() -> None:
    kept = [f"format_{number}" for number in range(1, FORMAT + 1)]
    assert sorted(path.stem for path in HERE.glob("format_*.json")) == kept
    assert sorted(path.name for path in HERE.glob("format_*") if path.is_dir()) == kept


def test_a_format_does_not_change_unnoticed(tmp_path: Path) -> None:
    write(tmp_path / "index")
    kept = HERE / f"format_{FORMAT}"
    assert kept.joinpath("CURRENT").read_text(encoding="ascii").startswith(f"ragopt-index {FORMAT}\n")
    names = sorted(path.name for path in kept.iterdir())
    assert sorted(path.name for path in (tmp_path / "index").iterdir()) == names
    for name in names:
        same = (tmp_path / "index" / name).read_bytes() == kept.joinpath(name).read_bytes()
        assert same, CHANGED.format(name=name, format=FORMAT, next=FORMAT + 1)


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
