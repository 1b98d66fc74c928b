"""What every engine is given: the same chunks, the same terms, the same vectors, the same questions."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import numpy.typing as npt

from ragopt import Document
from tests.collections.data import Collection, load

ROOT = Path(__file__).resolve().parent.parent
COLLECTIONS = ROOT.parent / "shared" / "collections"
ANALYZER = "english"

Rows = npt.NDArray[np.float32]


def cache_folder() -> Path:
    """Where vectors are kept that take minutes to make: outside the checkout."""
    folder = Path(os.environ.get("RAGOPT_TEST_CACHE") or Path.home() / ".cache" / "ragopt-tests")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def collection(name: str) -> Collection:
    """A test collection; those without vectors for every document get the static embedder's."""
    folder = COLLECTIONS / name
    if not folder.is_dir():
        sys.exit(f"no collection {name!r}: {folder} is missing (put the shared folder beside the checkout)")
    data = load(folder)
    if data.vectors is not None:
        return data
    vectors, query_vectors = static_vectors(data)
    return Collection(name, data.documents, data.queries, data.qrels, vectors, query_vectors)


def static_vectors(data: Collection) -> tuple[Rows, Rows]:
    """Vectors of the documents (kept in the cache) and of the queries, by the embedder `static`."""
    from ragopt.backends import embedders

    embedder = embedders.load("static")
    questions = np.asarray(embedder.embed_queries(list(data.queries.values())), dtype=np.float32)
    safe = "".join(c if c.isalnum() else "-" for c in embedder.name)
    file = cache_folder() / f"{data.name}.{len(data.documents)}.{safe}.npy"
    if not file.exists():
        start = perf_counter()
        print(f"{data.name}: embedding {len(data.documents):,} chunks once ...", file=sys.stderr, flush=True)
        rows = embedder.embed_passages([full_text(document) for document in data.documents])
        aside = file.with_suffix(".part.npy")
        np.save(aside, np.asarray(rows, dtype=np.float32))
        aside.replace(file)
        print(f"{data.name}: embedded in {perf_counter() - start:.0f} s, kept in {file.parent}", file=sys.stderr)
    return np.load(file), questions


def full_text(document: Document) -> str:
    """What is analyzed and embedded."""
    return f"{document.title}\n{document.text}" if document.title else document.text


def unit_rows(rows: Rows) -> Rows:
    """Rows at length 1; a zero row stays."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(lengths == 0, 1, lengths)).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Given:
    """One data set as a worker reads it from a folder."""

    folder: Path

    @property
    def queries(self) -> list[str]:
        """The questions as text."""
        loaded: list[str] = json.loads((self.folder / "queries.json").read_text(encoding="utf-8"))
        return loaded

    @property
    def documents(self) -> list[Document]:
        """The chunks as text."""
        with (self.folder / "documents.jsonl").open(encoding="utf-8") as lines:
            return [Document(*json.loads(line)) for line in lines]

    @property
    def terms(self) -> list[list[str]]:
        """The chunks as terms, by ragopt's English analyzer."""
        return self._terms("documents")

    @property
    def query_terms(self) -> list[list[str]]:
        """The questions as terms."""
        return self._terms("queries")

    @property
    def vectors(self) -> Rows:
        """One unit row a chunk."""
        return np.load(self.folder / "vectors.npy")

    @property
    def query_vectors(self) -> Rows:
        """One unit row a question."""
        return np.load(self.folder / "query_vectors.npy")

    def _terms(self, name: str) -> list[list[str]]:
        vocabulary = json.loads((self.folder / "vocabulary.json").read_text(encoding="utf-8"))
        flat = [vocabulary[i] for i in np.load(self.folder / f"{name}.terms.npy").tolist()]
        ends = np.load(self.folder / f"{name}.ends.npy").tolist()
        return [flat[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def hand_over(data: Collection, folder: Path, documents: int | None, queries: int | None) -> tuple[Given, float]:
    """Write a data set for the workers, at most so many documents and queries; and the seconds of its analysis."""
    from ragopt import _core

    assert data.vectors is not None
    assert data.query_vectors is not None
    chosen, asked = data.documents[:documents], list(data.queries.values())[:queries]
    with (folder / "documents.jsonl").open("w", encoding="utf-8") as out:
        out.writelines(json.dumps([d.id, d.text, d.title]) + "\n" for d in chosen)
    (folder / "queries.json").write_text(json.dumps(asked), encoding="utf-8")
    np.save(folder / "vectors.npy", unit_rows(data.vectors[: len(chosen)]))
    np.save(folder / "query_vectors.npy", unit_rows(data.query_vectors[: len(asked)]))
    analyzer, place = _core.Analyzer(ANALYZER), {}
    start = perf_counter()
    terms = analyzer.terms_many([full_text(document) for document in chosen])
    seconds = perf_counter() - start
    for name, rows in (("documents", terms), ("queries", analyzer.terms_many(asked))):
        _write_terms(folder, name, rows, place)
    (folder / "vocabulary.json").write_text(json.dumps(list(place)), encoding="utf-8")
    return Given(folder), seconds


def _write_terms(folder: Path, name: str, rows: Iterable[list[str]], place: dict[str, int]) -> None:
    flat: list[int] = []
    ends: list[int] = []
    for row in rows:
        flat += [place.setdefault(term, len(place)) for term in row]
        ends.append(len(flat))
    np.save(folder / f"{name}.terms.npy", np.array(flat, dtype=np.int32))
    np.save(folder / f"{name}.ends.npy", np.array(ends, dtype=np.int64))
