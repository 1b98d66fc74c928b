"""Any callable as an embedder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ragopt.backends.embedders.batches import embed
from ragopt.errors import InputError
from ragopt.protocols import Vectors
from ragopt.types.parameters import finite, fraction, whole

__all__ = ["FunctionEmbedder"]

Function = Callable[[Sequence[str]], Any]


class FunctionEmbedder:
    """A function from a list of texts to an array (one row a text), as an Embedder.

    Its identity, which an index stores and checks, is `name`, else the function's `name` attribute,
    else its module and qualified name: name it when the model behind it may change, for a lambda or
    when it is a class instance. Its dimension is learnt from the first batch (or, asked for earlier,
    from one short text) and must then stay. At most `batch` texts (256 unless given) are handed over
    at a time; blank texts never are.

    `queries` embeds questions where the model treats them differently. `cosine_floor` is where the
    model's cosines start (-1 unless given); `alpha` a better default share of the dense side.
    """

    def __init__(
        self,
        function: Function,
        *,
        queries: Function | None = None,
        name: str | None = None,
        cosine_floor: float = -1.0,
        alpha: float | None = None,
        batch: int = 256,
    ) -> None:
        self._passages = function
        self._queries = queries or function
        self.name = name if name is not None else _name(function)
        self.cosine_floor = finite("cosine_floor", cosine_floor)
        if not -1.0 <= self.cosine_floor < 1.0:
            raise InputError(f"cosine_floor={self.cosine_floor}: must be at least -1 and below 1")
        self.alpha = None if alpha is None else fraction("alpha", alpha)
        self._batch = whole("batch", batch, least=1)
        self._dimension: int | None = None

    @property
    def dimension(self) -> int:
        """The length of a row. Before the first batch, the function embeds one word to tell."""
        if self._dimension is None:
            self._dimension = embed(self._passages, ["dimension"], self.name, None, batch=1).shape[1]
        return self._dimension

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """One float32 row a text, as the function gives them; a zero row for a blank text."""
        return self._embed(self._passages, texts)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """The same for questions."""
        return self._embed(self._queries, texts)

    def _embed(self, function: Function, texts: Sequence[str]) -> Vectors:
        rows = embed(function, texts, self.name, self._dimension, batch=self._batch)
        if rows.shape[1] == 0 and len(rows):  # all blank, before anything else was embedded
            return np.zeros((len(rows), self.dimension), dtype=np.float32)
        if len(rows):
            self._dimension = rows.shape[1]
        return rows

    def __repr__(self) -> str:
        return f"FunctionEmbedder(name={self.name!r})"


def _name(function: Function) -> str:
    given = getattr(function, "name", None)
    if isinstance(given, str) and given:
        return given
    named = function if hasattr(function, "__qualname__") else type(function)
    return f"{named.__module__}.{named.__qualname__}"
