"""A collection in BEIR layout as values: documents, judged queries, judgements, cached vectors."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ragopt import Document

Rows = npt.NDArray[np.float32]
Qrels = dict[str, dict[str, int]]


@dataclass(frozen=True, eq=False)
class Collection:
    """Row i of `vectors` belongs to document i, row j of `query_vectors` to query j; queries are the judged ones."""

    name: str
    documents: list[Document]
    queries: dict[str, str]
    qrels: Qrels
    vectors: Rows | None
    query_vectors: Rows | None


@cache
def load(folder: Path, *, part: str = "", qrels: str = "test") -> Collection:
    """The collection in `folder`. `part` names a subset with vectors of its own (aws-passages has "guides")."""
    judged = read_qrels(folder / "qrels" / f"{qrels}.tsv")
    texts = {row["_id"]: row["text"] for row in read_lines(folder / "queries.jsonl")}
    queries = {id_: texts[id_] for id_ in judged}
    documents = [
        Document(row["_id"], row["text"], row.get("title") or "", row.get("metadata") or {})
        for row in read_lines(folder / "corpus.jsonl.gz")
    ]
    stems = [path.name.removesuffix(".docs.npy") for path in folder.glob(f"emb.*{part}.docs.npy")]
    if len(stems) != 1 or (".guides" in stems[0] and not part):
        return Collection(folder.name, documents, queries, judged, None, None)
    stem = folder / stems[0]
    if part:
        wanted = json.loads(Path(f"{stem}.docs.ids.json").read_text(encoding="utf-8"))
        by_id = {document.id: document for document in documents}
        documents = [by_id[id_] for id_ in wanted]
    place = {id_: i for i, id_ in enumerate(json.loads(Path(f"{stem}.queries.ids.json").read_text(encoding="utf-8")))}
    rows = np.load(f"{stem}.queries.npy").astype(np.float32)
    known = all(id_ in place for id_ in queries)  # only the questions of the test part come with vectors
    query_vectors = rows[[place[id_] for id_ in queries]] if known else None
    return Collection(
        folder.name, documents, queries, judged, np.load(f"{stem}.docs.npy").astype(np.float32), query_vectors
    )


def read_lines(path: Path) -> list[dict]:  # type: ignore[type-arg]
    """The objects of a JSON lines file, packed or not."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def read_qrels(path: Path) -> Qrels:
    """Query id to judged ids with their grades."""
    judged: Qrels = {}
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        query, id_, grade = line.split("\t")
        judged.setdefault(query, {})[id_] = int(grade)
    return judged
