"""faiss IndexFlatIP: the same ten nearest by cosine."""

from __future__ import annotations

import faiss
import numpy as np
import pytest

from ragopt import _core


@pytest.mark.parametrize(("count", "width"), [(2000, 384), (500, 33), (64, 3)])
def test_the_nearest_are_those_of_faiss(count: int, width: int) -> None:
    draw = np.random.default_rng(count)
    rows = draw.standard_normal((count, width)).astype(np.float32)
    questions = draw.standard_normal((50, width)).astype(np.float32)
    rows *= draw.uniform(0.01, 100, (count, 1)).astype(np.float32)  # the index normalizes
    ids = [f"{i:06}" for i in range(count)]
    index = _core.Index.build(
        _core.Analyzer("whitespace"), ("lucene", 1.2, 0.75, 0.0, 0.25), ids, [""] * count, [b""] * count, rows, "{}"
    )
    peer = faiss.IndexFlatIP(width)
    peer.add(rows / np.linalg.norm(rows, axis=1, keepdims=True))
    theirs, places = peer.search(questions / np.linalg.norm(questions, axis=1, keepdims=True), 10)
    found = index.search_many(
        [None] * len(questions), questions, None, _core.Parameters(10, 1.0, "none", 1000, -1.0, None), 1
    )
    for i, one in enumerate(found):
        np.testing.assert_allclose(one.scores, theirs[i], atol=2e-6)
        # float32 sums may swap two neighbours that are closer than their rounding
        clear = np.abs(np.diff(theirs[i], append=-2.0)) > 4e-6
        clear &= np.abs(np.diff(theirs[i], prepend=2.0)) > 4e-6
        assert clear.sum() >= 7
        assert (one.ordinals[clear] == places[i][clear]).all()
