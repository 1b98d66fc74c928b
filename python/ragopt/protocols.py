"""The seams between rooms: protocols of one or two methods. `ragopt.testing` ships a fake for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from ragopt.types import Chunk, Document, GenerateSettings, Generation, Hits, Query, TokenCount

__all__ = [
    "BlockGenerator",
    "Chunker",
    "Content",
    "Embedder",
    "Generator",
    "Progress",
    "Retriever",
    "TokenCounter",
    "Vectors",
]

Vectors = npt.NDArray[np.float32]

#: A text, or the content blocks of Bedrock's Converse: `{"text": ...}`, `{"searchResult": ...}`, `{"cachePoint": ...}`.
Content = str | Sequence[Mapping[str, Any]]

#: Called as long work goes on: how much is done, of how much in all (0: not known), and what is being done.
Progress = Callable[[int, int, str], None]


class Embedder(Protocol):
    """Texts to vectors. Queries and passages are kept apart: some models treat them differently.

    `name` identifies the model and its revision; an index stores it and refuses another.
    `cosine_floor` is where this model's cosines start (-1 unless it says otherwise) and `alpha` a
    better default than the normalizer's, or None.
    """

    @property
    def name(self) -> str: ...
    @property
    def dimension(self) -> int: ...
    @property
    def cosine_floor(self) -> float: ...
    @property
    def alpha(self) -> float | None: ...

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """One row a text, float32, of any length: the index normalizes. A zero row means that the text has none."""
        ...

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """The same for questions."""
        ...


class Retriever(Protocol):
    """Anything that can be searched: the local index, OpenSearch, a Bedrock Knowledge Base."""

    def retrieve(self, query: Query) -> Hits:
        """The ranked hits of one query, with the retriever's own settings."""
        ...


class TokenCounter(Protocol):
    """Counts a model's tokens: offline, by the provider, or by a tokenizer's file (see ragopt.tokens).

    A counter may also have `count_many(texts)`, which `ragopt.tokens.count_all` calls where many texts
    are known at once, and `learn(...)`, which a Pipeline calls with every answer's usage.
    """

    def count(self, text: str) -> TokenCount:
        """The tokens of `text`, with bounds: `high` is what a budget is held to. The empty text has 0."""
        ...


class Chunker(Protocol):
    """Cuts a document into chunks whose ids are `doc#0`, `doc#1`, ... ."""

    def __call__(self, document: Document) -> Iterable[Chunk]: ...


@runtime_checkable
class Generator(Protocol):
    """A model behind one call: a prompt in, a reply with its usage out."""

    def generate(self, system: str, prompt: str, settings: GenerateSettings) -> Generation:
        """The whole reply. Raises GenerationError; never returns a part as a whole."""
        ...

    def stream(self, system: str, prompt: str, settings: GenerateSettings) -> Iterator[str | Generation]:
        """Pieces of text as they arrive, then one Generation with the whole, as the last item.

        Raises IncompleteAnswerError, with the text so far, when the stream ends early.
        """
        ...


class BlockGenerator(Protocol):
    """A Generator that takes content blocks where others take texts, and so search results and cache points.

    It says so by a true `takes_blocks`. Citations that come beside the text are in `Generation.marks`.
    """

    @property
    def takes_blocks(self) -> bool: ...

    def generate(self, system: Content, prompt: Content, settings: GenerateSettings) -> Generation:
        """As `Generator.generate`."""
        ...

    def stream(self, system: Content, prompt: Content, settings: GenerateSettings) -> Iterator[str | Generation]:
        """As `Generator.stream`."""
        ...
