"""The engines, each behind one small class: `build` makes its index, `search` answers question `i`.

All use BM25 (lucene, k1 1.2, b .75) on the same terms, cosine on the same vectors, and the normalizer
`bounded` at alpha .6 where both are joined. ragopt analyzes the text of chunks and questions itself,
within its time; the peers are given terms, but for the engine that is said to make its own.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from benches.data import ANALYZER, Given, full_text

K = 10
DEPTH = 1000
K1, B, ALPHA = 1.2, 0.75, 0.6


class Engine(Protocol):
    """`kind` is what it ranks by: lexical, dense or hybrid. Ordinals come back best first, with their scores."""

    kind: str

    def build(self, given: Given) -> None: ...

    def search(self, i: int) -> tuple[list[int], list[float]]: ...


class Ragopt:
    """The public `Index`: text in, Hits out."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._alpha = {"lexical": 0.0, "dense": 1.0, "hybrid": ALPHA}[kind]

    def build(self, given: Given) -> None:
        from ragopt import Bm25, Index

        vectors = None if self.kind == "lexical" else given.vectors
        self._index = Index.build(given.documents, vectors=vectors, analyzer=ANALYZER, bm25=Bm25(K1, B))
        self._place = {id_: i for i, id_ in enumerate(self._index.ids)}
        self._queries = [None] * len(given.queries) if self.kind == "dense" else given.queries
        self._vectors: Any = [None] * len(given.queries) if self.kind == "lexical" else list(given.query_vectors)

    def search(self, i: int) -> tuple[list[int], list[float]]:
        kind = "bounded" if self.kind == "hybrid" else "none"  # one side alone: its own scores, as the peers give
        hits = self._index.search(self._queries[i], k=K, alpha=self._alpha, normalizer=kind, vector=self._vectors[i])
        return [self._place[hit.id] for hit in hits], [hit.score for hit in hits]


class Bm25s:
    """bm25s with its numba back end, given the terms of chunks and questions."""

    kind = "lexical"

    def build(self, given: Given) -> None:
        self._bm25 = bm25s_index(given.terms)
        self._terms = given.query_terms

    def search(self, i: int) -> tuple[list[int], list[float]]:
        known = [[term for term in self._terms[i] if term in self._bm25.vocab_dict]]
        found = self._bm25.retrieve(known, k=K, show_progress=False, n_threads=1)
        return found.documents[0].tolist(), found.scores[0].tolist()


class Bm25sOfText:
    """bm25s as it is used on text: its own tokens (English stop words, no stemmer), those of a query in its time."""

    kind = "lexical"

    def build(self, given: Given) -> None:
        from bm25s.tokenization import Tokenizer

        self._tokenizer = Tokenizer(stopwords="en")
        texts = [full_text(document) for document in given.documents]
        tokens = self._tokenizer.tokenize(texts, return_as="tuple", show_progress=False)
        self._bm25 = bm25s_index(tokens)
        self._queries = given.queries

    def search(self, i: int) -> tuple[list[int], list[float]]:
        query = [self._queries[i]]
        ids = self._tokenizer.tokenize(query, update_vocab=False, return_as="ids", show_progress=False)
        found = self._bm25.retrieve(ids, k=K, show_progress=False, n_threads=1)
        return found.documents[0].tolist(), found.scores[0].tolist()


class RankBm25:
    """rank-bm25's BM25Okapi, as most people use it (its own idf, so its scores are not the others')."""

    kind = "lexical"

    def build(self, given: Given) -> None:
        from rank_bm25 import BM25Okapi

        self._bm25 = BM25Okapi(given.terms, k1=K1, b=B)
        self._terms = given.query_terms

    def search(self, i: int) -> tuple[list[int], list[float]]:
        scores = self._bm25.get_scores(self._terms[i])
        return best(scores, K)


class Faiss:
    """faiss IndexFlatIP."""

    kind = "dense"

    def build(self, given: Given) -> None:
        self._index = faiss_index(given)
        self._vectors = given.query_vectors

    def search(self, i: int) -> tuple[list[int], list[float]]:
        scores, places = self._index.search(self._vectors[i : i + 1], K)
        return places[0].tolist(), scores[0].tolist()


class ExactGlue:
    """bm25s + faiss + numpy, exact: both sides' scores of every chunk, joined, the best ten taken.

    The cosines are one product with the rows that faiss holds: faster than asking faiss to rank them all.
    """

    kind = "hybrid"

    def build(self, given: Given) -> None:
        import faiss

        self._bm25, self._faiss = bm25s_index(given.terms), faiss_index(given)
        count, width = self._faiss.ntotal, self._faiss.d
        self._rows = faiss.rev_swig_ptr(self._faiss.get_xb(), count * width).reshape(count, width)
        frequency = np.diff(self._bm25.scores["indptr"])
        self._idf = np.log1p((count - frequency + 0.5) / (frequency + 0.5))
        self._terms, self._vectors = given.query_terms, given.query_vectors

    def search(self, i: int) -> tuple[list[int], list[float]]:
        known = self._bm25.get_tokens_ids(self._terms[i])
        scores = self._rows @ self._vectors[i]
        scores += 1
        scores *= ALPHA / 2
        if known:
            lexical = self._bm25.get_scores_from_ids(known)
            lexical *= (1 - ALPHA) / self._idf[known].sum()
            scores += lexical
        return best(scores, K)


class CandidateGlue(ExactGlue):
    """bm25s + faiss + numpy as it is mostly written: the best 1,000 of each side joined, missing ones scored 0."""

    def search(self, i: int) -> tuple[list[int], list[float]]:
        depth = min(DEPTH, self._faiss.ntotal)
        cosines, places = self._faiss.search(self._vectors[i : i + 1], depth)
        fused = dict(zip(places[0].tolist(), (ALPHA / 2 * (cosines[0] + 1)).tolist(), strict=True))
        known = self._bm25.get_tokens_ids(self._terms[i])
        if known:
            found = self._bm25.retrieve([self._terms[i]], k=depth, show_progress=False, n_threads=1)
            share = (1 - ALPHA) / self._idf[known].sum()
            for place, score in zip(found.documents[0].tolist(), (share * found.scores[0]).tolist(), strict=True):
                fused[place] = fused.get(place, 0.0) + score
        top = sorted(fused.items(), key=lambda item: (-item[1], item[0]))[:K]
        return [place for place, _ in top], [score for _, score in top]


def bm25s_index(terms: Any) -> Any:
    """An index of bm25s over terms: lists of strings, or what its own tokenizer made."""
    import logging

    import bm25s

    logging.getLogger("bm25s").disabled = True
    index = bm25s.BM25(k1=K1, b=B, method="lucene", backend="numba")
    index.index(terms, show_progress=False)
    return index


def faiss_index(given: Given) -> Any:
    """An IndexFlatIP over the given rows."""
    import faiss

    faiss.omp_set_num_threads(1)
    rows = given.vectors
    index = faiss.IndexFlatIP(rows.shape[1])
    index.add(rows)
    return index


def best(scores: Any, k: int) -> tuple[list[int], list[float]]:
    """The ordinals of the k best, best first."""
    k = min(k, len(scores))
    top = np.argpartition(scores, len(scores) - k)[-k:]
    top = top[np.argsort(-scores[top], kind="stable")]
    return top.tolist(), scores[top].tolist()


ENGINES: dict[str, Any] = {
    "ragopt": lambda: Ragopt("lexical"),
    "bm25s (numba), given terms": Bm25s,
    "bm25s (numba), its own tokens": Bm25sOfText,
    "rank-bm25": RankBm25,
    "ragopt, dense": lambda: Ragopt("dense"),
    "faiss IndexFlatIP": Faiss,
    "ragopt, hybrid": lambda: Ragopt("hybrid"),
    "bm25s + faiss + numpy, exact": ExactGlue,
    "bm25s + faiss + numpy, 1,000 a side": CandidateGlue,
}

#: Engines whose top ten must be ragopt's.
EXACT = {
    "bm25s (numba), given terms": "ragopt",
    "faiss IndexFlatIP": "ragopt, dense",
    "bm25s + faiss + numpy, exact": "ragopt, hybrid",
}
