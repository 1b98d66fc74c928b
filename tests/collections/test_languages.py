"""Typos, missing accents, Vietnamese, identifiers: what they cost and what is won back, by nDCG@10 of BM25.

With -s it prints the rows of the table in docs/languages.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from ragopt import Bm25, Index
from ragopt.query import mend
from ragopt.types import Query
from tests.collections.data import Collection
from tests.collections.measured import collection, ids, index_of, values
from tests.collections.typing import with_typos, without_accents

pytestmark = pytest.mark.collections

SEEDS = range(3)
WAYS = ((1.2, 0.75), (0.9, 0.4))


def ndcg(index: Index, data: Collection, queries: Sequence[str | Query]) -> float:
    return float(values(data, ids(index.search_many(list(queries), k=10, alpha=0))).mean())


def mended(index: Index, queries: Sequence[str]) -> list[Query]:
    return [mend(query, index=index)[0] for query in queries]


@pytest.mark.parametrize("analyzer", ["english", "multilingual"])
@pytest.mark.parametrize("name", ["cranfield", "scifact"])
def test_typos_are_mended(name: str, analyzer: str) -> None:
    data, index = collection(name), index_of(name, analyzer)
    clean = list(data.queries.values())
    mistyped = [[with_typos(query, seed) for query in clean] for seed in SEEDS]
    lost = np.mean([ndcg(index, data, queries) for queries in mistyped])
    won = np.mean([ndcg(index, data, mended(index, queries)) for queries in mistyped])
    right, kept = ndcg(index, data, clean), ndcg(index, data, mended(index, clean))
    share = (won - lost) / (right - lost)
    print(
        f"\n| typos | {name}, {analyzer} | {right:.4f} | {lost:.4f} | {won:.4f} | {share:.0%} | {kept - right:+.4f} |"
    )
    assert share >= 0.7
    assert kept >= right - 0.005


@pytest.mark.parametrize("analyzer", ["vietnamese", "multilingual"])
@pytest.mark.parametrize(("name", "part"), [("vicov19qa", "dev"), ("xquad-vi", "test")])
def test_accents_are_read_where_they_are_missing(name: str, part: str, analyzer: str) -> None:
    data = collection(name, qrels=part)
    index = Index.build(data.documents, analyzer=analyzer)
    accented = list(data.queries.values())
    bare = [without_accents(query) for query in accented]
    right, lost, won = ndcg(index, data, accented), ndcg(index, data, bare), ndcg(index, data, mended(index, bare))
    kept = ndcg(index, data, mended(index, accented))
    print(
        f"\n| no accents | {name}, {analyzer} | {right:.4f} | {lost:.4f} | {won:.4f} | {won / right:.0%} of the "
        f"accented | {kept - right:+.4f} |"
    )
    assert won >= 0.9 * right
    assert kept >= right - 0.005


@pytest.mark.parametrize(("k1", "b"), WAYS)
def test_vietnamese_is_better_than_plain_syllables(k1: float, b: float) -> None:
    for name, part, least in (("vicov19qa", "dev", 0.04), ("xquad-vi", "test", 0.0)):
        data = collection(name, qrels=part)
        queries = list(data.queries.values())
        # Plain syllables: the words in lower case and in one normal form, each one term.
        words = Index.build([], analyzer="vietnamese").vocabulary.words
        plain = [
            {
                "id": document.id,
                "text": " ".join(word.lower() for word, _ in words(f"{document.title}\n{document.text}")),
            }
            for document in data.documents
        ]
        base = Index.build(plain, analyzer="whitespace", bm25=Bm25(k1=k1, b=b))
        syllables = ndcg(base, data, [" ".join(word.lower() for word, _ in words(query)) for query in queries])
        reached = {
            analyzer: ndcg(Index.build(data.documents, analyzer=analyzer, bm25=Bm25(k1=k1, b=b)), data, queries)
            for analyzer in ("vietnamese", "multilingual")
        }
        shown = " | ".join(f"{value:.4f}" for value in (syllables, *reached.values()))
        print(f"\n| Vietnamese | {name}, k1 {k1}, b {b} | {shown} |")
        assert reached["vietnamese"] >= syllables + least
        assert reached["multilingual"] >= syllables + least - 0.001  # the default, for any language


@pytest.mark.parametrize("name", ["cranfield", "cisi", "vaswani", "scifact"])
def test_identifiers_cost_plain_text_nothing(name: str) -> None:
    data = collection(name)
    queries = list(data.queries.values())
    with_, without = (
        ndcg(index_of(name, analyzer), data, queries) for analyzer in ("multilingual", "multilingual-identifiers")
    )
    print(f"\n| identifiers | {name} | without {without:.4f} | with {with_:.4f} | {with_ - without:+.4f} |")
    assert with_ >= without - 0.003
