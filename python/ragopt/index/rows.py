"""The vectors of chunks as they come in, batch by batch: the caller's, or an embedder's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ragopt.errors import EmbedderError, InputTypeError, VectorError
from ragopt.protocols import Embedder, Vectors
from ragopt.types import Chunk

__all__ = ["EmbeddedRows", "GivenRows", "MappedRows", "Rows", "as_floats", "given_rows"]

#: Texts embedded per call: large enough for an embedder to batch well, small enough to show progress.
_EMBED_BATCH = 1024


class Rows(Protocol):
    """Gives chunks their vectors."""

    def take(self, chunks: Sequence[Chunk]) -> Vectors | None:
        """A row for each of the next chunks; None if there are no vectors."""
        ...

    def close(self, chunks: int, /) -> None:
        """VectorError if `chunks` chunks, all there were, are not what the vectors are for."""
        ...


def given_rows(vectors: npt.ArrayLike | Mapping[str, npt.ArrayLike]) -> Rows:
    """The caller's vectors: an array in chunk order, or a mapping from chunk id to vector."""
    return MappedRows(vectors) if isinstance(vectors, Mapping) else GivenRows(as_floats(vectors, "vectors"))


class GivenRows:
    """An array with a row a chunk, in order."""

    def __init__(self, rows: Vectors) -> None:
        self._rows = rows
        self._taken = 0

    def take(self, chunks: Sequence[Chunk]) -> Vectors | None:
        """The next rows. Where they run short, zeros: how many there should be is known at the end."""
        if self._rows.ndim != 2:
            return None
        rows = self._rows[self._taken : self._taken + len(chunks)]
        self._taken += len(chunks)
        if (short := len(chunks) - len(rows)) > 0:
            return np.concatenate([rows, np.zeros((short, rows.shape[1]), dtype=np.float32)])
        return rows

    def close(self, chunks: int) -> None:
        """VectorError unless there is a row a chunk."""
        if self._rows.ndim != 2 or len(self._rows) != chunks:
            raise VectorError(
                f"vectors has shape {self._rows.shape}, but there are {chunks} chunks; give one row a chunk, in order"
            )


class MappedRows:
    """A mapping from chunk id to vector; a chunk that is not in it has none."""

    def __init__(self, vectors: Mapping[str, npt.ArrayLike]) -> None:
        self._vectors = vectors
        self._unused = set(vectors)
        first = next(iter(vectors.values()), None)
        self._shape = None if first is None else (as_floats(first, "the first vector").size,)

    def take(self, chunks: Sequence[Chunk]) -> Vectors | None:
        """The rows of these chunks, zero where there is none."""
        if self._shape is None:
            return None
        rows = np.zeros((len(chunks), *self._shape), dtype=np.float32)
        for place, chunk in enumerate(chunks):
            if chunk.id in self._vectors:
                self._unused.discard(chunk.id)
                row = as_floats(self._vectors[chunk.id], f"the vector of chunk {chunk.id!r}")
                if row.shape != self._shape:
                    raise VectorError(
                        f"the vector of chunk {chunk.id!r} has shape {row.shape}, the first one {self._shape}"
                    )
                rows[place] = row
        return rows

    def close(self, _chunks: int) -> None:
        """VectorError for vectors of ids that did not come."""
        if self._unused:
            unknown = [id for id in self._vectors if id in self._unused]
            raise VectorError(
                f"vectors for ids that are not in the build: {', '.join(map(repr, unknown[:5]))} "
                f"({len(unknown)} in all)"
            )


class EmbeddedRows:
    """An embedder's vectors of the chunks' texts."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._done = 0

    def take(self, chunks: Sequence[Chunk]) -> Vectors | None:
        """The vectors of these chunks; EmbedderError for what is not a row a text."""
        parts = [self._embed(chunks[i : i + _EMBED_BATCH]) for i in range(0, len(chunks), _EMBED_BATCH)]
        if len({part.shape[1] for part in parts}) > 1:
            raise EmbedderError(f"embedder {self._embedder.name!r} returned vectors of different dimensions")
        return np.ascontiguousarray(np.concatenate(parts)) if parts else None

    def close(self, _chunks: int) -> None:
        """Whatever was taken was embedded."""

    def _embed(self, batch: Sequence[Chunk]) -> Vectors:
        try:
            rows = self._embedder.embed_passages([chunk.full_text for chunk in batch])
            vectors = np.asarray(rows, dtype=np.float32)
        except EmbedderError as error:
            if error.text is None:
                raise
            place = self._done + error.text
            raise EmbedderError(f"chunk {batch[error.text].id!r}: {error}", text=place) from None
        if vectors.ndim != 2 or len(vectors) != len(batch):
            raise EmbedderError(
                f"embedder {self._embedder.name!r} returned an array of shape {vectors.shape} for {len(batch)} texts; "
                f"it must return one row a text"
            )
        self._done += len(batch)
        return vectors


def as_floats(vectors: npt.ArrayLike, name: str) -> Vectors:
    """An array of numbers as float32; InputTypeError if it is not one."""
    try:
        array = np.asarray(vectors)
        if array.dtype.kind not in "fiu":
            raise TypeError(f"its type is {array.dtype}")
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(array, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InputTypeError(f"{name}: not an array of numbers ({error})") from None
