"""Write a small index of today's format, and what searches find in it: `python -m tests.compat.make`.

Done once for each format; later versions of ragopt must open what lies there (test_compat.py). The chunks are made up
here: enough vectors for codes, two segments, deleted chunks, metadata of several types.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ragopt import Document, F, Index

HERE = Path(__file__).resolve().parent
#: The format that ragopt writes today: FORMAT of rust/ragopt-core/src/index/file.rs.
FORMAT = 1
CHUNKS, WIDTH = 1040, 8
FRUIT = ("apple", "pear", "plum", "quince", "medlar", "cherry", "sloe")


def documents(start: int, stop: int) -> Iterator[Document]:
    """Texts of a few words; every seventh chunk holds a long one, so that counts above three occur."""
    for i in range(start, stop):
        words = [FRUIT[i % 7], FRUIT[i * i % 5], f"tree{i % 97}", *["grow"] * (9 if i % 7 == 0 else i % 3)]
        metadata: dict[str, Any] = {"year": 2000 + i % 30, "lang": "en" if i % 2 else "vi", "ripe": i % 3 == 0}
        yield Document(f"doc-{i}", " ".join(words), metadata=metadata)


def rows(start: int, stop: int) -> npt.NDArray[np.float32]:
    """A vector a chunk, of small whole numbers; every hundredth is missing."""
    numbers = np.array([[(i * (d + 3) * 31 + i * i * d) % 23 - 11 for d in range(WIDTH)] for i in range(start, stop)])
    numbers[[i - start for i in range(start, stop) if i % 100 == 0]] = 0
    return numbers.astype(np.float32)


def found(index: Index) -> dict[str, Any]:
    """What the searches give: ids with scores, by name."""
    vector = np.arange(1.0, WIDTH + 1.0, dtype=np.float32)
    asked: dict[str, dict[str, Any]] = {
        "lexical": {"query": "plum grow tree5", "alpha": 0},
        "dense": {"vector": vector, "alpha": 1, "normalizer": "none"},
        "hybrid": {"query": "quince sloe", "vector": vector},
        "minmax": {"query": "quince sloe", "vector": vector, "normalizer": "minmax", "k": 3},
        "filtered": {"query": "pear", "vector": vector, "where": (F("year") >= 2020) & (F("lang") == "vi")},
    }
    hits = {name: index.search(**options) for name, options in asked.items()}
    return {name: [[hit.id, hit.score] for hit in one] for name, one in hits.items()}


def write(folder: Path) -> Index:
    """The index, saved in a new folder: two generations, of which the second added and deleted chunks."""
    index = Index.build(documents(0, CHUNKS), vectors=rows(0, CHUNKS), analyzer="whitespace")
    index.save(folder)
    index.add(documents(CHUNKS, CHUNKS + 5), vectors=rows(CHUNKS, CHUNKS + 5))
    index.delete(ids=["doc-3", "doc-1041"])
    index.commit()
    return index


def main() -> None:
    """Replace the index of today's format and its results."""
    name = f"format_{FORMAT}"
    shutil.rmtree(HERE / name, ignore_errors=True)
    index = write(HERE / name)
    texts = {document.id: document.text for document in documents(0, CHUNKS) if document.id in ("doc-0", "doc-7")}
    results = {"chunks": len(index), "text": texts, "found": found(index)}
    (HERE / f"{name}.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
