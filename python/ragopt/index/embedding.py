"""The vectors of questions: given by the caller, or made by the embedder that the index was built with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ragopt.backends import embedders
from ragopt.errors import EmbedderError, EmbedderMismatchError, InputError, VectorError
from ragopt.index.rows import as_floats
from ragopt.protocols import Embedder, Vectors
from ragopt.types import Query

__all__ = ["EmbedderLike", "QueryEmbedder"]

EmbedderLike = str | Embedder | Callable[[Sequence[str]], Any]


class QueryEmbedder:
    """The dense side of an index's questions. A model that was given by name is loaded when first needed.

    `identity` is what the index keeps of the embedder it was built with; None without one.
    """

    def __init__(self, identity: Mapping[str, Any] | None, model: Embedder | None = None) -> None:
        self.identity = identity
        self._model = model

    @classmethod
    def of(cls, given: EmbedderLike | None) -> QueryEmbedder:
        """For an index that is built with `given`."""
        model = embedders.of(given)
        return cls(None if model is None else _identity(model, given), model)

    @property
    def floor(self) -> float:
        """Where the model's cosines start."""
        return -1.0 if self.identity is None else float(self.identity.get("cosine_floor", -1.0))

    @property
    def alpha(self) -> float | None:
        """A better default for alpha than the normalizer's."""
        return None if self.identity is None else self.identity.get("alpha")

    def adopt(self, given: EmbedderLike | None, dimension: int | None) -> None:
        """Take `given` for the questions; EmbedderMismatchError if the index was not built with it."""
        model = embedders.of(given)
        if model is None:
            return
        if self.identity is not None and model.name != self.identity["name"]:
            raise EmbedderMismatchError(
                f"the index was built with the embedder {self.identity['name']!r}, not {model.name!r}: vectors of two "
                f"models cannot be compared. Open it with the same one, or rebuild it"
            )
        if self.identity is None and dimension is None:
            raise EmbedderMismatchError("the index has no vectors, so an embedder has nothing to search: rebuild it")
        if self.identity is None:
            self.identity = _identity(model, None)
        self._model = model

    @property
    def model(self) -> Embedder:
        """The embedder, loaded if it was given by name; EmbedderError if it is not at hand."""
        if self._model is None:
            if self.identity is None or self.identity["load"] is None:
                name = "no embedder" if self.identity is None else f"the embedder {self.identity['name']!r}"
                raise EmbedderError(
                    f"the index was built with {name}, which is not at hand: pass it to "
                    f"Index.open(path, embedder=...); a search does without it by vector= or alpha=0, add and update "
                    f"by vectors="
                )
            self.adopt(self.identity["load"], None)
        assert self._model is not None
        return self._model

    @property
    def unnamed(self) -> Embedder | None:
        """The embedder if it cannot be loaded by name, to be handed on with the index."""
        return None if self.identity is not None and self.identity["load"] is not None else self._model

    def one(self, question: Query, alpha: float, dimension: int | None) -> Vectors | None:
        """The vector of a question that is searched with this alpha; None where it has no dense side."""
        if question.vector is not None:
            _check(question.vector, dimension)
            return question.vector
        return self.of_text(question.text, alpha, dimension)

    def of_text(self, text: str, alpha: float, dimension: int | None) -> Vectors | None:
        """The same of a text."""
        if not self._is_needed(alpha, dimension) or not text.strip():
            return None
        return self._embedded([text], dimension).reshape(-1)

    def many(
        self, questions: Sequence[Query], vectors: npt.ArrayLike | None, alpha: float, dimension: int | None
    ) -> Vectors | None:
        """The same of many questions, a row each; `vectors` are the caller's."""
        if vectors is not None:
            rows = as_floats(vectors, "vectors")
            if rows.size == 0 and not questions:
                return None
            if rows.ndim != 2 or len(rows) != len(questions):
                raise VectorError(f"vectors has shape {rows.shape}, but there are {len(questions)} queries")
            _check(rows, dimension)
            return rows
        if all(question.vector is not None for question in questions):
            given = [question.vector for question in questions if question.vector is not None]
            if len({len(row) for row in given}) > 1:
                raise VectorError("search_many: the queries' vectors differ in their number of dimensions")
            return self.many(questions, np.stack(given), alpha, dimension) if given else None
        if any(question.vector is not None for question in questions):
            raise InputError("search_many: give every query a vector or none")
        if not self._is_needed(alpha, dimension):
            return None
        rows = self._embedded([question.text for question in questions], dimension)
        blank = [i for i, question in enumerate(questions) if not question.text.strip()]
        if blank:  # an empty query finds nothing, whatever a model makes of an empty text
            rows = rows.copy()
            rows[blank] = 0.0
        return rows

    def _is_needed(self, alpha: float, dimension: int | None) -> bool:
        return alpha > 0 and dimension is not None and self.identity is not None

    def _embedded(self, texts: Sequence[str], dimension: int | None) -> Vectors:
        model = self.model
        rows = as_floats(model.embed_queries(texts), f"embedder {model.name!r}")
        if rows.ndim != 2 or len(rows) != len(texts):
            raise EmbedderError(f"embedder {model.name!r} returned shape {rows.shape} for {len(texts)} texts")
        _check(rows, dimension)
        return rows


def _check(rows: Vectors, dimension: int | None) -> None:
    if dimension is not None and rows.shape[-1] != dimension:
        raise VectorError(
            f"the query vector has {rows.shape[-1]} dimensions, the index {dimension}: it comes from another model"
        )
    if not np.isfinite(rows).all():
        raise VectorError("the query vector holds NaN or infinity")


def _identity(model: Embedder, given: EmbedderLike | None) -> dict[str, Any]:
    load = given if isinstance(given, str) else None
    return {"name": model.name, "load": load, "cosine_floor": model.cosine_floor, "alpha": model.alpha}
