"""A named embedder is stored in the index, loaded again when needed, and no other is let in."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragopt.backends import embedders
from ragopt.errors import EmbedderMismatchError
from ragopt.index import Index
from ragopt.types import Document

DOCUMENTS = [
    Document("bucket", "A bucket is a container for objects.", title="Buckets"),
    Document("lambda", "A function runs your code without servers.", title="Functions"),
    Document("none", " "),
    Document("vi", "Khóa mã hóa bảo vệ dữ liệu đã lưu.", title="Mã hóa"),
]


@pytest.mark.parametrize(
    ("name", "question", "best"),
    [
        ("static", "run code on a server", "lambda"),
        ("minilm", "how do I execute a program?", "lambda"),
        ("e5", "what protects data at rest by encryption?", "vi"),
    ],
)
def test_meaning_is_found_after_reopening(tmp_path: Path, name: str, question: str, best: str) -> None:
    built = Index.build(DOCUMENTS, embedder=name)
    built.save(tmp_path / "index")
    opened = Index.open(tmp_path / "index")
    hits = opened.search(question, k=4, alpha=1.0)
    assert hits.ids[0] == best
    assert "none" not in hits.ids, "a blank chunk has no place on the dense side"
    assert [(hit.id, hit.score) for hit in hits] == [
        (hit.id, hit.score) for hit in built.search(question, k=4, alpha=1.0)
    ]
    assert opened.describe()["embedder"]["name"] == embedders.load(name).name
    other = "minilm" if name == "static" else "static"
    with pytest.raises(EmbedderMismatchError, match=f"'{name}/"):
        Index.open(tmp_path / "index", embedder=other)
