"""`ragopt index --update`, tenants on the command line, and what `inspect` says of an index that changes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ragopt import F
from ragopt.cli import main
from ragopt.index import Index
from ragopt.testing import FakeEmbedder

#: Runs a command; its exit code, its JSON, what it says besides.
Run = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*argv: object, as_json: bool = True) -> tuple[int, Any, str]:
        capsys.readouterr()
        code = main([*map(str, argv), *(["--json"] if as_json else [])])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return code, json.loads(said.out) if as_json and said.out else said.out, said.err

    return call


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for name, text in (("a.txt", "Keys rotate."), ("b.txt", "Buckets hold objects."), ("c.txt", "Lambda runs.")):
        (folder / name).write_text(text)
    return folder


def counts(account: dict[str, Any]) -> list[int]:
    return [account[name] for name in ("added", "updated", "deleted", "unchanged")]


def test_only_what_changed_is_written(run: Run, docs: Path, tmp_path: Path) -> None:
    target = tmp_path / "idx"
    code, account, _ = run("index", docs, "--to", target, "--update")  # nothing is there yet: it is built
    assert code == 0 and account["chunks"] == 3
    generation = Index.open(target).generation
    assert counts(run("index", docs, "--to", target, "--update")[1]) == [0, 0, 0, 3]
    assert Index.open(target).generation == generation  # nothing changed, nothing is written
    (docs / "a.txt").write_text("Keys rotate yearly.")
    (docs / "b.txt").unlink()
    (docs / "d.txt").write_text("Queues wait.")
    code, said, _ = run("index", docs, "--to", target, "--update", as_json=False)
    assert code == 0 and "1 added, 1 updated, 1 deleted, 1 unchanged: 3 chunks in" in said
    index = Index.open(target)
    assert index.generation == generation + 1
    assert sorted(index.ids) == ["a.txt#0", "c.txt#0", "d.txt#0"]
    assert index.search("yearly").ids == ["a.txt#0"] and not index.search("objects")
    # Metadata and the way of cutting count as content, too.
    (docs / "c.md").write_text("---\nyear: 2024\n---\nLambda runs.")
    (docs / "c.txt").unlink()
    assert counts(run("index", docs, "--to", target, "--update")[1]) == [1, 0, 1, 2]
    (docs / "c.md").write_text("---\nyear: 2025\n---\nLambda runs.")
    assert counts(run("index", docs, "--to", target, "--update")[1]) == [0, 1, 0, 2]
    assert counts(run("index", docs, "--to", target, "--update", "--chunk-words", 1)[1]) == [0, 3, 0, 0]


def test_an_unchanged_document_is_not_embedded_again(docs: Path, tmp_path: Path) -> None:
    texts: list[str] = []

    class Counting(FakeEmbedder):
        def embed_passages(self, given: Sequence[str]) -> Any:
            texts.extend(given)
            return super().embed_passages(given)

    index = Index.build([{"id": "a", "text": "one"}, {"id": "b", "text": "two"}], embedder=Counting(8))
    texts.clear()
    changes = index.sync([{"id": "a", "text": "one"}, {"id": "b", "text": "2"}, {"id": "c", "text": "three"}])
    assert texts == ["2", "three"]
    assert (changes.added, changes.updated, changes.deleted, changes.unchanged) == (1, 1, 0, 1) and changes
    index.commit()
    assert not index.sync([{"id": c, "text": t} for c, t in (("c", "three"), ("a", "one"), ("b", "2"))])


def test_what_cannot_be_read_is_not_gone(run: Run, docs: Path, tmp_path: Path) -> None:
    target = tmp_path / "idx"
    run("index", docs, "--to", target)
    (docs / "a.txt").write_bytes(b"caf\xe9")
    (docs / "b.txt").unlink()
    code, account, said = run("index", docs, "--to", target, "--update")
    assert code == 1 and counts(account) == [0, 0, 0, 1] and "nothing was deleted" in said
    assert len(Index.open(target)) == 3
    for file in docs.iterdir():
        file.unlink()
    code, _, said = run("index", docs, "--to", target, "--update")
    assert code == 1 and "nothing to index" in said and len(Index.open(target)) == 3


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--analyzer", "english"), "--analyzer english: .* was built with multilingual"),
        (("--k1", "0.9"), "--k1 0.9"),
        (("--embedder", "static"), "--embedder static: .* was built with none"),
        (("--tenant-field", "who"), "--tenant-field who"),
        (("--tenant", "a"), "no tenants"),
        (("--field", "year=int"), "--field year=int: .* with no type for it"),
    ],
)
def test_an_index_keeps_how_it_was_built(flags: Sequence[str], says: str, run: Run, docs: Path, tmp_path: Path) -> None:
    run("index", docs, "--to", tmp_path / "idx")
    (docs / "d.txt").write_text("Queues wait.")
    code, _, said = run("index", docs, "--to", tmp_path / "idx", "--update", *flags)
    assert code == 2
    assert re.search(says, said)
    assert len(Index.open(tmp_path / "idx")) == 3
    assert run("index", docs, "--to", tmp_path / "idx", "--update", "--analyzer", "multilingual")[0] == 0


def test_several_sources(run: Run, docs: Path, tmp_path: Path) -> None:
    more = tmp_path / "more.jsonl"
    more.write_text('{"_id": "m", "text": "More."}\n')
    assert run("index", docs, more, "--to", tmp_path / "idx")[1]["documents"] == 4
    assert counts(run("index", docs, more, "--to", tmp_path / "idx", "--update")[1]) == [0, 0, 0, 4]
    code, _, said = run("index", docs, docs, "--to", tmp_path / "idx")
    assert code == 2 and "two documents have the id" in said


@pytest.fixture
def shared(tmp_path: Path, run: Run) -> Path:
    rows = [
        {"_id": "r", "text": "red fox", "metadata": {"who": "a", "year": 2020}},
        {"_id": "q", "text": "red hen", "metadata": {"who": "b", "year": 2021}},
        {"_id": "s", "text": "red owl", "metadata": {"who": "b", "year": 2022}},
    ]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    code, account, _ = run("index", tmp_path / "t.jsonl", "--to", tmp_path / "idx", "--tenant-field", "who")
    assert code == 0 and account["chunks"] == 3
    return tmp_path / "idx"


def test_tenants(run: Run, shared: Path, tmp_path: Path) -> None:
    code, found, _ = run("search", shared, "red", "--tenant", "b")
    assert code == 0 and [hit["text"] for hit in found["hits"]] == ["red hen", "red owl"]
    assert run("search", shared, "fox", "--tenant", "b")[0] == 1
    code, _, said = run("search", shared, "red")
    assert code == 2 and "tenant" in said
    code, account, _ = run("inspect", shared)
    assert account["tenants"] == {"a": 1, "b": 2} and account["tenant_field"] == "who" and account["metadata"] == {}
    assert run("inspect", shared, "--tenant", "a")[1]["metadata"]["year"]["chunks"] == 1
    assert "red fox" in run("inspect", shared, "--tenant", "a", "--chunk", "r#0", as_json=False)[1]
    (tmp_path / "b.jsonl").write_text('{"_id": "s", "text": "red owl", "metadata": {"who": "b", "year": 2022}}\n')
    code, _, said = run("index", tmp_path / "b.jsonl", "--to", shared, "--update")
    assert code == 2 and "tenant" in said
    assert counts(run("index", tmp_path / "b.jsonl", "--to", shared, "--update", "--tenant", "b")[1]) == [0, 0, 1, 1]
    assert Index.open(shared).tenants == ["a", "b"] and len(Index.open(shared)) == 2
    code, _, said = run("index", tmp_path / "b.jsonl", "--to", shared, "--update", "--tenant", "a")
    assert code == 2 and "belongs to the tenant 'b'" in said
    assert run("index", tmp_path / "b.jsonl", "--to", tmp_path / "new", "--tenant", "a")[0] == 2


def test_inspect_shows_segments(run: Run, docs: Path, tmp_path: Path) -> None:
    run("index", docs, "--to", tmp_path / "idx")
    (docs / "a.txt").write_text("Keys rotate yearly.")
    run("index", docs, "--to", tmp_path / "idx", "--update")
    account = run("inspect", tmp_path / "idx")[1]
    assert account["generation"] == Index.open(tmp_path / "idx").generation
    assert sum(one["chunks"] - one["deleted"] for one in account["segments"]) == account["chunks"] == 3
    shown = run("inspect", tmp_path / "idx", as_json=False)[1]
    assert "generation" in shown and "deleted" in shown and str(account["segments"][0]["file"]) in shown


def test_inspect_verifies(run: Run, docs: Path, tmp_path: Path) -> None:
    run("index", docs, "--to", tmp_path / "idx")
    assert run("inspect", tmp_path / "idx")[1]["verified"] is False
    assert run("inspect", tmp_path / "idx", "--verify")[1]["verified"] is True
    assert "every byte verified" in run("inspect", tmp_path / "idx", "--verify", as_json=False)[1]
    [segment] = (tmp_path / "idx").glob("segment-*")
    data = segment.read_bytes()
    segment.write_bytes(data[:-40] + bytes([data[-40] ^ 1]) + data[-39:])
    code, _, said = run("inspect", tmp_path / "idx", "--verify")
    assert code == 2 and segment.name in said


def test_a_declared_field_decides_how_a_csv_cell_is_read(run: Run, tmp_path: Path) -> None:
    docs, target = tmp_path / "docs", tmp_path / "idx"
    docs.mkdir()
    head = "id,text,code,since,share,year\n"
    (docs / "a.csv").write_text(f"{head}a,Keys rotate.,10,2024-05-01,1,2023\nb,Keys expire.,20,2025-05-01,2,2024\n")
    declared = [flag for field in ("code=str", "since=datetime", "share=float") for flag in ("--field", field)]
    assert run("index", docs, "--to", target, *declared)[0] == 0
    index = Index.open(target)
    assert index.count(F("code") == "10") == 1 and index.count(F("share") >= 1.5) == 1
    assert index.count(F("since") >= datetime(2025, 1, 1, tzinfo=UTC)) == 1
    assert index.count(F("year") == 2023) == 1, "what is not declared is typed by its cells"
    # An update goes by what the index declares.
    (docs / "a.csv").write_text(f"{head}a,Keys rotate.,10,2024-05-01,1,2023\nb,Keys expire.,30,2025-05-01,2,2024\n")
    assert counts(run("index", docs, "--to", target, "--update")[1]) == [0, 1, 0, 1]
    assert Index.open(target).count(F("code") == "30") == 1
    # A declaration that the cells do not fit is still refused.
    code, _, said = run("index", docs, "--to", tmp_path / "other", "--field", "since=int")
    assert code != 0 and "since" in said
