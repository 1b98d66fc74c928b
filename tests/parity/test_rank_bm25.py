"""rank-bm25 0.2.2: its three classes in float64.

Its BM25L multiplies each term by tf once more than the paper (and so leaves absent terms out). That is
a slip of the peer, so it is undone here, term by term, before the numbers are held against ours.
"""

from __future__ import annotations

import numpy as np
import pytest
from rank_bm25 import BM25L, BM25Okapi, BM25Plus

from tests.parity.engine import index_of, raw_scores
from tests.parity.texts import CORPORA

RELATIVE = 1e-9
PARAMETERS = [(1.5, 0.75), (0.9, 0.4), (1.2, 1.0)]


@pytest.mark.parametrize(("k1", "b"), PARAMETERS)
@pytest.mark.parametrize("name", CORPORA)
def test_okapi_with_its_epsilon(name: str, k1: float, b: float) -> None:
    corpus, queries = CORPORA[name]
    peer = BM25Okapi(corpus, k1=k1, b=b, epsilon=0.25)
    index = index_of(corpus, "okapi", k1, b, epsilon=0.25)
    for query in queries:
        np.testing.assert_allclose(raw_scores(index, query), peer.get_scores(query), rtol=RELATIVE, atol=1e-12)
    if name != "sentences":  # the epsilon is at work
        assert any(2 * sum(term in chunk for chunk in corpus) > len(corpus) for term in peer.idf)


@pytest.mark.parametrize(("k1", "b"), PARAMETERS)
@pytest.mark.parametrize("name", CORPORA)
def test_plus(name: str, k1: float, b: float) -> None:
    corpus, queries = CORPORA[name]
    peer = BM25Plus(corpus, k1=k1, b=b, delta=1)
    index = index_of(corpus, "bm25plus", k1, b, delta=1.0)
    for query in queries:
        np.testing.assert_allclose(raw_scores(index, query), peer.get_scores(query), rtol=RELATIVE, atol=1e-12)


@pytest.mark.parametrize(("k1", "b"), PARAMETERS)
@pytest.mark.parametrize("name", CORPORA)
def test_l_but_for_the_peers_extra_tf(name: str, k1: float, b: float) -> None:
    corpus, queries = CORPORA[name]
    peer = BM25L(corpus, k1=k1, b=b, delta=0.5)
    index = index_of(corpus, "bm25l", k1, b, delta=0.5)
    for query in queries:
        with_slip = np.zeros(len(corpus))
        for term in query:
            tf = np.array([chunk.count(term) for chunk in corpus])
            with_slip += tf * raw_scores(index, [term])
        np.testing.assert_allclose(with_slip, peer.get_scores(query), rtol=RELATIVE, atol=1e-12)
