"""The default hybrid on collections with cached vectors: better than rank fusion, never worse than a side."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from ragopt import Index
from ragopt.protocols import Vectors
from tests.collections.data import Collection
from tests.collections.measured import (
    FOUR,
    Values,
    collection,
    ids,
    index_of,
    reciprocal_rank_fusion,
    stratified_sign_flip,
    values,
)

pytestmark = pytest.mark.collections


@cache
def measured(name: str) -> dict[str, Values]:
    """nDCG@10 of each query: default hybrid, each side alone, and RRF 60 of the two."""
    data, index = collection(name), index_of(name)
    asked = list(data.queries.values())

    def search(alpha: float | None, k: int = 10) -> list[list[str]]:
        return ids(index.search_many(asked, k=k, alpha=alpha, vectors=data.query_vectors))

    lexical, dense = search(0, 1000), search(1, 1000)
    fused = [reciprocal_rank_fusion(*lists) for lists in zip(lexical, dense, strict=True)]
    return {
        "hybrid": values(data, search(None)),
        "lexical": values(data, lexical),
        "dense": values(data, dense),
        "rrf": values(data, fused),
    }


@pytest.mark.parametrize("name", FOUR)
def test_the_default_hybrid_is_not_below_its_better_side(name: str) -> None:
    means = {way: float(scores.mean()) for way, scores in measured(name).items()}
    print(name, {way: round(mean, 4) for way, mean in means.items()})
    assert means["hybrid"] >= max(means["lexical"], means["dense"]) - 0.005


def test_the_default_hybrid_beats_rank_fusion() -> None:
    hybrid, rrf = ([measured(name)[way] for name in FOUR] for way in ("hybrid", "rrf"))
    macro, macro_rrf = (float(np.mean([part.mean() for part in parts])) for parts in (hybrid, rrf))
    p = stratified_sign_flip([one - other for one, other in zip(hybrid, rrf, strict=True)])
    print(f"macro nDCG@10: hybrid {macro:.4f}, RRF 60 {macro_rrf:.4f}, difference {macro - macro_rrf:.4f}, p {p:.5f}")
    assert macro >= 0.522
    assert macro - macro_rrf >= 0.009
    assert p < 0.01


class CachedE5:
    """multilingual-e5-small as an embedder, its vectors read from the collection instead of computed."""

    name = "e5/multilingual-e5-small-q4 (cached vectors of the collection)"
    dimension = 384
    cosine_floor = 0.7
    alpha = None

    def __init__(self, data: Collection) -> None:
        assert data.vectors is not None
        assert data.query_vectors is not None
        passages = [f"{d.title}\n{d.text}" if d.title else d.text for d in data.documents]
        self._passages = dict(zip(passages, data.vectors, strict=True))
        self._queries = dict(zip(data.queries.values(), data.query_vectors, strict=True))

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self._passages[text] for text in texts])

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self._queries[text] for text in texts])


def test_e5_on_vietnamese_by_default() -> None:
    data = collection("xquad-vi")
    index = Index.build(data.documents, embedder=CachedE5(data))
    ndcg = values(data, ids(index.search_many(list(data.queries.values())))).mean()
    print(f"xquad-vi: nDCG@10 {ndcg:.4f}")
    assert ndcg >= 0.975


def test_the_right_page_of_the_aws_guides() -> None:
    data = collection("aws-passages", part="guides", qrels="doc_level")
    index = Index.build(data.documents, vectors=data.vectors, analyzer="english")
    assert len(index) == 19_771
    found = index.search_many(list(data.queries.values()), k=100, vectors=data.query_vectors)
    ranks = []
    for judged, hits in zip(data.qrels.values(), found, strict=True):
        page = {id_.rsplit("#", 1)[0] for id_ in judged}
        pages = list(dict.fromkeys(id_.rsplit("#", 1)[0] for id_ in hits.ids))
        ranks.append(next((rank for rank, one in enumerate(pages, 1) if one in page), np.inf))
    at = {k: float(np.mean([rank <= k for rank in ranks])) for k in (1, 3, 5, 10)}
    mrr = float(np.mean([1 / rank for rank in ranks]))
    print(f"aws-passages, guides: MRR {mrr:.4f}, page in top k {at}")
    assert mrr >= 0.76
