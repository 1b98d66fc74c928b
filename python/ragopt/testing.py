"""Fakes for users' own tests: one for each protocol, deterministic, without a network or a vendor.

```python
from ragopt import Index, Pipeline
from ragopt.testing import FakeEmbedder, FakeGenerator

index = Index.build(documents, embedder=FakeEmbedder())
generator = FakeGenerator(["The limit is 100 buckets [1]."])
answer = Pipeline(index, generator=generator).answer("How many buckets?")
assert "How many buckets?" in generator.calls[0].prompt
```

Tokens are words here (what stands between spaces), so that counts can be read off a text.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ragopt.errors import GenerationError, IncompleteAnswerError, InputError
from ragopt.protocols import Content, Vectors
from ragopt.types import (
    Chunk,
    Document,
    GenerateSettings,
    Generation,
    Hit,
    Hits,
    Normalizer,
    Query,
    Reason,
    Sides,
    TokenCount,
    Usage,
)
from ragopt.types.parameters import whole

__all__ = ["FakeCall", "FakeChunker", "FakeEmbedder", "FakeGenerator", "FakeRetriever", "FakeTokenCounter"]

_WORD = re.compile(r"\w+")
_TOKEN = re.compile(r"\s*\S+")


class FakeEmbedder:
    """A hashed bag of words: texts that share words have a positive cosine, the same text the same unit row.

    A text without a word has a zero row. `name` and `dimension` decide whether two of them are the
    same model to an index.
    """

    cosine_floor = -1.0
    alpha = None

    def __init__(self, dimension: int = 64, *, name: str = "fake") -> None:
        self.dimension = whole("dimension", dimension, least=1)
        self.name = f"{name}-{self.dimension}"

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """One float32 row a text."""
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in _words(text):
                digest = int.from_bytes(hashlib.blake2b(word.encode("utf-8"), digest_size=8).digest())
                row[(digest >> 1) % self.dimension] += 1.0 if digest & 1 else -1.0
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        np.divide(rows, lengths, out=rows, where=lengths > 0)
        return rows

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """The same."""
        return self.embed_passages(texts)


@dataclass(frozen=True, slots=True)
class FakeCall:
    """What a FakeGenerator was asked."""

    system: Content
    prompt: Content
    settings: GenerateSettings


class FakeGenerator:
    """A generator that follows a script and keeps its `calls`.

    `replies` is one text for every call, or a list of texts for one call each (a call beyond them is
    a GenerationError), or None: the last line of the prompt comes back. `fail` is raised by every
    call. `break_after` ends every reply after that many words as a broken stream does, with
    IncompleteAnswerError. A reply longer than `max_tokens` words is cut there and says so in its
    `stop_reason`. Content blocks are taken too: their texts count, and so do those of search results.
    """

    takes_blocks = True

    def __init__(
        self,
        replies: str | Iterable[str] | None = None,
        *,
        fail: Exception | None = None,
        break_after: int | None = None,
        model: str = "fake-model",
    ) -> None:
        self.calls: list[FakeCall] = []
        self.model = model
        self._replies = replies if replies is None or isinstance(replies, str) else tuple(replies)
        self._fail = fail
        self._break_after = break_after if break_after is None else whole("break_after", break_after)
        self._lock = threading.Lock()

    def generate(self, system: Content, prompt: Content, settings: GenerateSettings) -> Generation:
        """The next reply of the script."""
        *_, last = self.stream(system, prompt, settings)
        assert isinstance(last, Generation)
        return last

    def stream(self, system: Content, prompt: Content, settings: GenerateSettings) -> Iterator[str | Generation]:
        """The next reply word by word, then as a whole."""
        words = _TOKEN.findall(self._reply(FakeCall(system, prompt, settings)))
        stop_reason = "end_turn" if len(words) <= settings.max_tokens else "max_tokens"
        words = words[: settings.max_tokens]
        for i, word in enumerate(words):
            if i == self._break_after:
                break
            yield word
        text = "".join(words[: self._break_after])
        if self._break_after is not None:
            raise IncompleteAnswerError(f"FakeGenerator broke after {self._break_after} words, as told", text=text)
        usage = Usage(sum(len(_TOKEN.findall(text)) for text in (*_texts(system), *_texts(prompt))), len(words))
        yield Generation(text, stop_reason, usage, settings.model or self.model)

    def _reply(self, call: FakeCall) -> str:
        with self._lock:
            self.calls.append(call)
            turn = len(self.calls)
        if self._fail is not None:
            raise self._fail
        if self._replies is None:
            return "\n".join(_texts(call.prompt)).strip().rpartition("\n")[2]
        if isinstance(self._replies, str):
            return self._replies
        if turn > len(self._replies):
            raise GenerationError(f"FakeGenerator has {len(self._replies)} replies, and this is call {turn}")
        return self._replies[turn - 1]


class FakeRetriever:
    """Ranks texts by the share of the query's words that they hold, and keeps its `queries`.

    `source` holds chunks, documents (one chunk each) or plain strings (their ids are "0", "1", ...).
    It has no filter language: a query with a filter is refused rather than answered wrongly.
    """

    def __init__(self, source: Iterable[Chunk | Document | str], *, k: int = 10) -> None:
        self.chunks = tuple(_chunk(item, i) for i, item in enumerate(source))
        self.queries: list[Query] = []
        self._k = whole("k", k)

    def retrieve(self, query: Query) -> Hits:
        """The best `k` chunks that share a word with the query; ties go by id."""
        if query.where is not None:
            raise InputError("FakeRetriever cannot filter: test filters on a ragopt Index")
        self.queries.append(query)
        wanted = set(_words(query.text))
        found = []
        for chunk in self.chunks:
            share = len(wanted.intersection(_words(chunk.full_text))) / max(len(wanted), 1)
            if share > 0:
                found.append(Hit(chunk.id, share, lexical=share, chunk=chunk))
        found.sort(key=lambda hit: (-hit.score, hit.id))
        return Hits(
            tuple(found[: self._k]),
            alpha=0.0,
            normalizer=Normalizer.BOUNDED,
            sides=Sides(lexical=True, dense=False),
            reason=self._reason(wanted) if not found[: self._k] else None,
        )

    def _reason(self, wanted: set[str]) -> Reason:
        if self._k == 0:
            return Reason.ZERO_K
        if not self.chunks:
            return Reason.EMPTY_INDEX
        return Reason.NO_MATCH if wanted else Reason.EMPTY_QUERY


class FakeTokenCounter:
    """Counts words, exactly, and keeps the counted `texts`."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def count(self, text: str) -> TokenCount:
        """The words of `text`."""
        self.texts.append(text)
        words = len(_TOKEN.findall(text))
        return TokenCount(words, words, words, "words")


class FakeChunker:
    """Cuts a document after every `words` words; the chunks cover its text without a gap."""

    def __init__(self, words: int = 50) -> None:
        self._words = whole("words", words, least=1)

    def __call__(self, document: Document) -> Iterator[Chunk]:
        """The chunks of one document; a text without words is one chunk."""
        ends = [match.end() for match in _TOKEN.finditer(document.text)][self._words - 1 :: self._words]
        if not ends or ends[-1] != len(document.text):
            ends.append(len(document.text))
        start = 0
        for i, end in enumerate(ends):
            text = document.text[start:end]
            yield Chunk(f"{document.id}#{i}", document.id, text, (start, end), document.title, document.metadata)
            start = end


def _texts(content: Content) -> list[str]:
    if isinstance(content, str):
        return [content]
    results = (block.get("searchResult", {"content": [block]})["content"] for block in content)
    return [part["text"] for parts in results for part in parts if "text" in part]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _chunk(item: Chunk | Document | str, i: int) -> Chunk:
    if isinstance(item, Chunk):
        return item
    if isinstance(item, str):
        return Chunk(str(i), str(i), item, (0, len(item)))
    return Chunk(item.id, item.id, item.text, (0, len(item.text)), item.title, item.metadata)
