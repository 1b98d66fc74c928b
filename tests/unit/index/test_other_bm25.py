"""A search under another k1 and b is that of an index that was built with them: ids, order and bits."""

from __future__ import annotations

import numpy as np
import pytest

from ragopt import F
from ragopt.errors import InputError
from ragopt.index import Index
from ragopt.pipeline import Pipeline
from ragopt.tuning import Replay
from ragopt.types import Bm25, Query, SearchSettings, Settings
from ragopt.types.parameters import Variant

WORDS = ["pump", "valve", "wing", "flow", "heat", "shock", "panel", "load"]


def built(bm25: Bm25 | None = None, count: int = 70) -> Index:
    rng = np.random.default_rng(5)
    texts = [" ".join(rng.choice(WORDS, size=rng.integers(1, 25))) for _ in range(count)]
    documents = [{"id": f"d{i}", "text": text, "metadata": {"year": i % 3}} for i, text in enumerate(texts)]
    return Index.build(documents, vectors=rng.normal(size=(count, 4)), bm25=bm25, fields={"year": int})


@pytest.mark.parametrize("variant", list(Variant))
def test_it_is_that_of_an_index_built_so(variant: Variant) -> None:
    index, other = built(Bm25(variant=variant)), built(Bm25(0.5, 0.2, variant))
    vectors = np.random.default_rng(6).normal(size=(3, 4))
    queries = ["pump heat", "wing wing load", "shock"]
    for name in ("bounded", "theoretical", "minmax", "rank"):
        for where in (None, F("year") == 1):
            kept = {"k": 20, "where": where, "normalizer": name, "vectors": vectors}
            mine, theirs = index.search_many(queries, **kept, k1=0.5, b=0.2), other.search_many(queries, **kept)
            assert [[(h.id, h.score, h.lexical) for h in hits] for hits in mine] == [
                [(h.id, h.score, h.lexical) for h in hits] for hits in theirs
            ]
            mine[0].explain(0)
    assert index.bm25.k1 == 1.2
    if variant is Variant.LUCENE:
        assert index.search("pump", alpha=0.0, b=0.0)[0].lexical != index.search("pump", alpha=0.0)[0].lexical


def test_a_living_index_and_a_tenant() -> None:
    index = built()
    index.search("pump", alpha=0.0, k1=0.5)
    index.add([{"id": "new", "text": "pump pump pump"}], vectors=[[0, 0, 0, 1]])
    index.commit()
    assert "new" in index.search("pump", k=80, alpha=0.0, k1=0.5).ids
    divided = Index.build([{"id": "x", "text": "pump", "metadata": {"who": "a"}}], tenant_field="who")
    assert divided.tenant("a").search("pump", k1=0.1).ids == ["x"]


def test_what_cannot_be() -> None:
    index = built()
    for wrong in ({"k1": -1.0}, {"b": 1.5}, {"b": float("nan")}, {"k1": "much"}):
        with pytest.raises(InputError, match="k1|b"):
            index.search("pump", **wrong)
        with pytest.raises(InputError, match="k1|b"):
            SearchSettings(**wrong)
    with pytest.raises(InputError, match="b"):
        Settings.from_dict({"search": {"b": 3}})


def test_settings_carry_them_to_a_pipeline() -> None:
    index, other = built(), built(Bm25(0.5, 0.2))
    settings = Settings.from_dict(Settings(search=SearchSettings(k1=0.5, b=0.2)).to_dict())
    assert settings.search.k1 == 0.5
    mine, theirs = Pipeline(index, settings).retrieve("pump load"), Pipeline(other).retrieve("pump load")
    assert [(h.id, h.score) for h in mine.hits] == [(h.id, h.score) for h in theirs.hits]


def test_a_replay_takes_vectors_and_refuses_what_it_cannot_tell() -> None:
    index, queries = built(), {"a": "pump load", "b": "wing"}
    vectors = np.random.default_rng(7).normal(size=(2, 4)).astype(np.float32)
    replay = Replay(index, queries, vectors=vectors, depth=12)
    for search in (SearchSettings(k=12, k1=0.3), SearchSettings(k=3, alpha=0.0), SearchSettings(alpha=1.0)):
        settings = Settings(search=search)
        for text, vector, context in zip(queries.values(), vectors, replay.contexts(settings), strict=True):
            real = Pipeline(index, settings).retrieve(Query(text, vector=vector))
            assert (context.text, context.tokens) == (real.text, real.tokens)
    assert replay.passes == 3
    with pytest.raises(InputError, match="depth=13"):
        replay.contexts(Settings(search=SearchSettings(k=13)))
    with pytest.raises(InputError, match=r"search.depth = 5"):
        replay.contexts(Settings(search=SearchSettings(k=6, normalizer="minmax", depth=5)))
    with pytest.raises(InputError, match="where="):
        Replay(index, {"a": Query("pump", where=F("year") == 1)})
    with pytest.raises(InputError, match="tells both sides"):
        Replay("docs.idx", queries)
    index.add([{"id": "new", "text": "pump"}], vectors=[[0, 0, 0, 1]])
    index.commit()
    with pytest.raises(InputError, match="was changed"):
        replay.contexts(Settings(search=SearchSettings(k1=2.0)))
