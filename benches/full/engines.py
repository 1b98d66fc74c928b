"""The engines at work. A host is what one process holds; it answers any number of tasks on its index.

A task is a small dict: `side` (lexical, dense, hybrid), `k`, and where they matter `words` (q or qh),
`normalizer`, `alpha`, `keep` (thousandths of the chunks that the filter lets through), `batch`, `threads`,
`min_score`. `calls` turns it into a function from questions start to stop: each call is one search, or one batch.
All engines use BM25 (lucene, k1 1.2, b .75, which is all that tantivy has) and vectors at length 1.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np

from benches.engines import best
from benches.full.workloads import Workload, cache

K1, B = 1.2, 0.75
Task = dict[str, Any]
#: From the first and the end of some questions to what the engine gives.
Call = Callable[[int, int], Any]
#: Ordinals and scores, best first.
Answer = tuple[list[int], list[float]]


class Host(Protocol):
    """`build` makes the index from the workload's text and vectors; `keep` saves it, `load` reads it again.

    `answers` reads what a call gave; it is not timed.
    """

    def __init__(self, workload: Workload) -> None: ...

    def build(self) -> None: ...

    def keep(self, folder: Path) -> None: ...

    def load(self, folder: Path) -> None: ...

    def call(self, task: Task) -> Call: ...

    def answers(self, given: Any) -> list[Answer]: ...


class Ragopt:
    """The public `Index`."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload

    def build(self, *, fields: bool = False) -> None:
        from ragopt import Bm25, Document, Index

        def documents() -> Iterator[Document]:
            lines = self.workload.lines() if self.workload.words else ("" for _ in range(self.workload.size))
            for i, line in enumerate(lines):
                # Ids in the order of the bytes: ties go as the peers' do. `share` is what filters ask for.
                yield Document(f"{i:08}", line, metadata={"share": i * 7919 % 1000} if fields else {})

        rows = self.workload.vectors(mapped=True) if self.workload.rows else None
        self.index = Index.build(documents(), vectors=rows, analyzer="whitespace", bm25=Bm25(K1, B))

    def keep(self, folder: Path) -> None:
        self.index.save(folder)

    def load(self, folder: Path, *, warm: bool = True) -> None:
        from ragopt import Index

        self.index = Index.open(folder)
        if warm:
            self.index.warm()

    def call(self, task: Task) -> Call:
        from ragopt import F

        side = task["side"]
        options: dict[str, Any] = {"k": task["k"]}
        options["alpha"] = {"lexical": 0.0, "dense": 1.0}.get(side, task.get("alpha"))
        options["normalizer"] = task.get("normalizer", "none" if side != "hybrid" else "bounded")
        options["min_score"] = task.get("min_score")
        if "keep" in task:
            options["where"] = F("share") < task["keep"]
        texts: Any = self.workload.questions(task.get("words", "q")) if side != "dense" else None
        rows = None if side == "lexical" else self.workload.question_vectors()
        index = self.index
        if "batch" in task:
            options["threads"] = task["threads"]

            def batch(start: int, stop: int) -> Any:
                asked = texts[start:stop] if texts else [""] * (stop - start)
                vectors = None if rows is None else rows[start:stop]
                return index.search_many(asked, vectors=vectors, **options)

            return batch
        listed: Any = [None] * len(texts) if rows is None else list(rows)

        def one(start: int, _: int) -> Any:
            return [index.search(texts[start] if texts else None, vector=listed[start], **options)]

        return one

    def answers(self, given: Any) -> list[Answer]:
        return [([int(hit.id) for hit in hits], [hit.score for hit in hits]) for hits in given]

    def survivors(self, task: Task, stop: int) -> list[tuple[int, int, int]]:
        """Of each question: chunks whose BM25 was worked out, that were bounded twice, whose cosine was worked out."""
        from ragopt import _core

        alpha = {"lexical": 0.0, "dense": 1.0}.get(task["side"], task.get("alpha"))
        parameters = _core.Parameters(task["k"], alpha, task.get("normalizer", "bounded"), 1000, -1.0, None)
        texts = self.workload.questions("q")[:stop] if task["side"] != "dense" else [None] * stop
        rows = [None] * stop if task["side"] == "lexical" else list(self.workload.question_vectors()[:stop])
        core = self.index._snapshot.core
        return [core.survivors(text, row, None, parameters) for text, row in zip(texts, rows, strict=False)]


class Bm25s:
    """bm25s with its numba back end."""

    package = "bm25s"
    options: ClassVar[dict[str, Any]] = {}

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        logging.getLogger(self.package).disabled = True

    def build(self) -> None:
        self.bm25 = self._module().BM25(k1=K1, b=B, method="lucene", backend="numba", **self.options)
        self.bm25.index([line.split() for line in self.workload.lines()], show_progress=False)

    def keep(self, folder: Path) -> None:
        self.bm25.save(folder, show_progress=False)

    def load(self, folder: Path) -> None:
        self.bm25 = self._module().BM25.load(folder, load_corpus=False)
        self.bm25.backend = "numba"
        self.bm25.activate_numba_scorer()

    def call(self, task: Task) -> Call:
        known, retrieve, k = self.bm25.vocab_dict, self.bm25.retrieve, task["k"]
        terms = [[t for t in line.split() if t in known] for line in self.workload.questions(task.get("words", "q"))]
        threads = task.get("threads", 1)

        def some(start: int, stop: int) -> Any:
            return retrieve(terms[start:stop], k=k, show_progress=False, n_threads=threads)

        return some

    def answers(self, given: Any) -> list[Answer]:
        return list(zip(given.documents.tolist(), given.scores.tolist(), strict=True))

    def _module(self) -> Any:
        import bm25s

        return bm25s


class Bm25q(Bm25s):
    """bm25q: bm25s with impacts of 8 bits. Its scores are approximate."""

    package = "bm25q"
    options: ClassVar = {"quantize": True}

    def load(self, folder: Path) -> None:
        super().load(folder)
        self.bm25.quantize = True

    def _module(self) -> Any:
        import bm25q

        return bm25q


class Tantivy:
    """tantivy: terms and lengths alone, no ids, no stored text. (Lengths of one byte: its scores are its own.)"""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self._folder = cache() / "scratch" / f"{workload.name}.tantivy"

    def build(self) -> None:
        import tantivy

        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        schema = tantivy.SchemaBuilder()
        schema.add_text_field("body", stored=False, tokenizer_name="whitespace", index_option="freq")
        self._open(tantivy.Index(schema.build(), path=str(self._folder)))
        writer = self.index.writer(512_000_000, 2)
        for line in self.workload.lines():
            writer.add_document(tantivy.Document(body=line))
        writer.commit()
        writer.wait_merging_threads()
        self.index.reload()

    def keep(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._folder.replace(folder)

    def load(self, folder: Path) -> None:
        import tantivy

        self._open(tantivy.Index.open(str(folder)))

    def _open(self, index: Any) -> None:
        import tantivy

        self.index = index
        analyzer = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
        index.register_tokenizer("whitespace", analyzer)

    def call(self, task: Task) -> Call:
        import tantivy

        schema, searcher, k = self.index.schema, self.index.searcher(), task["k"]
        should, term_query = tantivy.Occur.Should, tantivy.Query.term_query
        boolean = tantivy.Query.boolean_query
        terms = [line.split() for line in self.workload.questions(task.get("words", "q"))]

        def one(start: int, _: int) -> Any:
            query = boolean([(should, term_query(schema, "body", term, index_option="freq")) for term in terms[start]])
            return searcher.search(query, k, count=False).hits

        return one

    def answers(self, given: Any) -> list[Answer]:
        # Addresses of chunks are no ordinals, and are compared with none.
        return [([address.doc for _, address in given], [score for score, _ in given])]


class Faiss:
    """IndexFlatIP; and the same rows behind 8 bits a number (SQ8), the best 4 k of them refined."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload

    def build(self) -> None:
        import faiss

        faiss.omp_set_num_threads(1)
        rows = self.workload.vectors(mapped=True)
        width = rows.shape[1]
        self._flat = faiss.IndexFlatIP(width)
        self._coarse = faiss.IndexScalarQuantizer(width, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
        self._coarse.train(np.array(rows[:: max(1, len(rows) // 100_000)]))
        for start in range(0, len(rows), 50_000):
            part = np.array(rows[start : start + 50_000])
            self._flat.add(part)
            self._coarse.add(part)
        self._refined = faiss.IndexRefine(self._coarse, self._flat)
        self._refined.k_factor = 4

    def keep(self, folder: Path) -> None:
        """Nothing: building it is reading the rows."""

    def load(self, _: Path) -> None:
        self.build()

    def call(self, task: Task) -> Call:
        index = self._refined if task.get("coarse") else self._flat
        rows, k = self.workload.question_vectors(), task["k"]

        def some(start: int, stop: int) -> Any:
            return index.search(rows[start:stop], k)

        return some

    def answers(self, given: Any) -> list[Answer]:
        scores, places = given
        return list(zip(places.tolist(), scores.tolist(), strict=True))


class Glue(Bm25s):
    """bm25s + numpy, exact: both sides' scores of every chunk, brought to one scale, joined, the best taken.

    ragopt's definitions: `bounded` halves 1 + cosine and divides BM25 by the sum of the terms' idf;
    `theoretical` divides by the best of each side, the cosine from -1.
    """

    def load(self, folder: Path) -> None:
        super().load(folder)
        self._rows = self.workload.vectors()
        frequency = np.diff(self.bm25.scores["indptr"])
        self._idf = np.log1p((len(self._rows) - frequency + 0.5) / (frequency + 0.5))

    def call(self, task: Task) -> Call:
        terms = [line.split() for line in self.workload.questions(task.get("words", "q"))]
        vectors, alpha, k = self.workload.question_vectors(), task["alpha"], task["k"]
        theoretical = task["normalizer"] == "theoretical"

        def one(start: int, _: int) -> Any:
            scores = self._rows @ vectors[start]
            scores += 1
            scores *= alpha / (scores.max() if theoretical else 2)
            known = self.bm25.get_tokens_ids(terms[start])
            if known:
                lexical = self.bm25.get_scores_from_ids(known)
                most = lexical.max() if theoretical else self._idf[known].sum()
                lexical *= (1 - alpha) / most
                scores += lexical
            return [best(scores, k)]

        return one

    def answers(self, given: Any) -> list[Answer]:
        return list(given)


HOSTS: dict[str, type[Any]] = {
    "ragopt": Ragopt,
    "bm25s": Bm25s,
    "bm25q": Bm25q,
    "tantivy": Tantivy,
    "faiss": Faiss,
    "glue": Glue,
}
#: Whose saved index a host reads.
SAVED_AS = {"glue": "bm25s"}
