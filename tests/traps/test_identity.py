"""Traps 16 and 20: a hit is its id; how the work is divided, and what else has the same text, changes nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragopt import Document, Index, Pipeline, Query, Settings
from ragopt.integrations.langchain import RagoptRetriever, documents_of
from ragopt.pack import pack
from ragopt.testing import FakeEmbedder, FakeTokenCounter
from ragopt.types import PackSettings, SearchSettings
from tests.shared import ROOT
from tests.traps.doors import NORMALIZERS, Ask, Found, build, ids

Door = Callable[[Index, Ask], Found]


# --- 16: any number of threads, any order of adding -----------------------------------------------------------------

PROGRAM = """
import sys
import numpy as np
from ragopt import Index
from ragopt.types import Normalizer
random = np.random.default_rng(5)
words = np.array([f"w{i}" for i in range(40)])
texts = [" ".join(random.choice(words, size=random.integers(0, 30))) for _ in range(700)]
rows = random.standard_normal((700, 24)).astype(np.float32)
index = Index.build([{"id": f"d{i}", "text": text} for i, text in enumerate(texts)], vectors=rows)
queries = [" ".join(random.choice(words, size=4)) for _ in range(12)]
vectors = random.standard_normal((12, 24)).astype(np.float32)
for normalizer in Normalizer:
    for alpha in (0, 0.37, 1):
        options = dict(k=20, alpha=alpha, normalizer=normalizer, vectors=vectors, threads=int(sys.argv[1]))
        for hits in index.search_many(queries, **options):
            print(*((hit.id, hit.score.hex()) for hit in hits))
"""


def test_the_number_of_threads_does_not_show() -> None:
    printed = set()
    for rayon, threads in (("1", "1"), ("8", "0"), ("2", "2"), ("3", "7")):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, threads],
            env={**os.environ, "RAYON_NUM_THREADS": rayon},
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
            timeout=120,  # threads that wait for each other would wait for ever
        )
        assert len(done.stdout.splitlines()) == 8 * 3 * 12
        printed.add(done.stdout)
    assert len(printed) == 1


@given(st.randoms(use_true_random=False), st.sampled_from(NORMALIZERS), st.sampled_from([0.0, 0.4, 1.0]))
def test_the_order_of_adding_does_not_show(random: object, normalizer: str, alpha: float) -> None:
    texts = ["fox", "fox den", "den", "fox fox", "", "hen fox", "fox"]
    documents = [Document(f"d{i}", text) for i, text in enumerate(texts)]
    shuffled = list(documents)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    def found(order: list[Document]) -> Found:
        index = Index.build(order, embedder=FakeEmbedder(8), analyzer="whitespace")
        return [(h.id, h.score) for h in index.search("fox den", k=7, alpha=alpha, normalizer=normalizer)]

    assert found(shuffled) == found(documents)


def test_one_query_alone_and_among_many(door: Door, normalizer: str, alpha: float) -> None:
    texts = [f"fox {'den ' * (i % 5)}{i}" for i in range(40)]
    index = build(texts, {text: [1.0, float(i % 7)] for i, text in enumerate(texts)} | {"fox den": [1.0, 2.0]})
    alone = door(index, Ask("fox den", alpha=alpha, normalizer=normalizer))
    many = index.search_many(["hen", "fox den", "fox", "fox den"], alpha=alpha, normalizer=normalizer, threads=2)
    assert [(hit.id, hit.score) for hit in many[1]] == [(hit.id, hit.score) for hit in many[3]] == alone


# --- 20: the same text from two sources -----------------------------------------------------------------------------

COPIES = [
    Document("wiki", "the fox den", metadata={"source": "wiki"}),
    Document("blog", "the fox den", metadata={"source": "blog"}),
    Document("other", "a hen", metadata={"source": "other"}),
    Document("wiki2", "the fox den", title="Dens", metadata={"source": "wiki"}),
]


@pytest.mark.parametrize("order", list(permutations(range(4)))[::5])
def test_every_copy_comes_back_with_its_own_metadata(
    order: tuple[int, ...], door: Door, normalizer: str, alpha: float
) -> None:
    index = Index.build([COPIES[i] for i in order], embedder=FakeEmbedder(32), analyzer="whitespace")
    found = ids(door(index, Ask("fox den", alpha=alpha, normalizer=normalizer)))
    assert len(set(found)) == len(found)
    copies = [id for id in found if id != "other"]
    assert sorted(copies) == ["blog", "wiki", "wiki2"]
    assert copies.index("blog") < copies.index("wiki")  # equal scores: by id
    for hit in index.search("fox den", alpha=alpha, normalizer=normalizer):
        assert hit.metadata["source"] == hit.id.rstrip("2")


def test_packing_shows_a_copy_once_and_cites_all() -> None:
    index = Index.build(COPIES[:3], embedder=FakeEmbedder(32), analyzer="whitespace")
    hits = index.search("fox den", alpha=0)
    packed = pack(hits, 1000, FakeTokenCounter())
    assert packed.text.count("the fox den") == 1
    assert {hit.id: hit.metadata["source"] for hit in packed.hits} == {"blog": "blog", "wiki": "wiki"}
    assert packed.hits[0].score == max(hit.score for hit in hits)
    assert sorted(citation.id for citation in packed.citations) == ["blog", "wiki"]
    assert {citation.marker for citation in packed.citations} == {"[1]"}


def test_langchain_gives_every_copy_and_a_context_shows_it_once(normalizer: str) -> None:
    index = Index.build(COPIES, embedder=FakeEmbedder(32), analyzer="whitespace")
    settings = Settings(search=SearchSettings(normalizer=normalizer, alpha=0.5), pack=PackSettings(tokens=1000))
    pipeline = Pipeline(index, settings)
    context = pipeline.retrieve("fox den")
    documents = RagoptRetriever(source=pipeline).invoke("fox den")
    assert [document.id for document in documents] == context.hits.ids
    assert {document.id: (document.page_content, document.metadata["source"]) for document in documents} == {
        hit.id: (hit.text, hit.id.rstrip("2")) for hit in context.hits
    }
    packed = documents_of(context)
    assert sorted(document.page_content for document in packed) == ["a hen", "the fox den"]
    cited = {
        each["id"]: each["metadata"]["source"] for found in packed for each in found.metadata["ragopt"]["citations"]
    }
    assert cited == {"blog": "blog", "wiki": "wiki", "wiki2": "wiki", "other": "other"}


def test_the_same_vector_twice_is_two_hits(door: Door, normalizer: str) -> None:
    index = build({"a": "x", "b": "y"}, {"x": [0.3, 0.4], "y": [0.6, 0.8], "q": [1.0, 0.0]})
    assert ids(door(index, Ask("q", alpha=1, normalizer=normalizer))) == ["a", "b"]
    assert np.ptp([hit.dense or 0.0 for hit in index.search(Query("q"), alpha=1)]) < 1e-7
