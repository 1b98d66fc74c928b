"""`static`: the mean of WordLlama's token vectors (l2_supercat, 256 dimensions, English).

Source: https://github.com/dleemiller/WordLlama (MIT). Like WordLlama itself: no special tokens, no limit of
length, a plain mean. Unlike it: `<s>` in a text is text, not a control token.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from ragopt.backends.embedders.batches import embed, package_folder, revision
from ragopt.errors import MissingExtraError
from ragopt.protocols import Vectors

try:
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer, normalizers
except ModuleNotFoundError as error:
    raise MissingExtraError.of("the embedder 'static'", "static") from error

__all__ = ["StaticEmbedder", "load"]

_SPACE = "▁"  # how the tokenizer writes a space
# No piece of the vocabulary has a space after something else, so a text may be cut before its spaces without
# changing a token; and the tokens of a word that was seen before are known.
_WORD = re.compile(" *[^ ]+| +")
_KEPT_WORDS = 1 << 17
_KEPT_LENGTH = 40
_BATCH = 1024


class StaticEmbedder:
    """A mean of token vectors: thousands of chunks a second on one core. Make it with `load("static")`."""

    dimension = 256
    cosine_floor = -1.0
    alpha = None

    def __init__(self, name: str, vectors: Vectors, tokenizer: Tokenizer) -> None:
        self.name = name
        self._vectors = vectors
        self._tokenizer = tokenizer
        self._known: dict[str, bytes] = {}

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """One float32 row a text, not normalized; the same bits for a text in any batch."""
        return embed(self._rows, texts, self.name, self.dimension, batch=_BATCH)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """The same: this model makes no difference."""
        return self.embed_passages(texts)

    def _rows(self, texts: list[str]) -> Vectors:
        words = [_WORD.findall(" " + text.replace(_SPACE, " ")) for text in texts]
        tokens = self._tokens(word for line in words for word in line)
        rows = np.empty((len(texts), self.dimension), dtype=np.float32)
        for row, line in zip(rows, words, strict=True):
            ids = np.frombuffer(b"".join([tokens[word] for word in line]), dtype=np.int32)
            np.divide(self._vectors.take(ids, axis=0).sum(axis=0), np.float32(len(ids)), out=row)
        return rows

    def _tokens(self, words: Iterable[str]) -> dict[str, bytes]:
        """The token ids of each word, as int32 bytes. Threads may share the memory: they can only add to it."""
        known = self._known
        tokens = {word: known.get(word, b"") for word in dict.fromkeys(words)}
        new = [word for word, ids in tokens.items() if not ids]
        for word, encoding in zip(new, self._tokenizer.encode_batch(new, add_special_tokens=False), strict=True):
            tokens[word] = np.asarray(encoding.ids, dtype=np.int32).tobytes()
        kept = [word for word in new if len(word) <= _KEPT_LENGTH]
        if len(known) + len(kept) > _KEPT_WORDS:
            self._known = known = {}
        known.update((word, tokens[word]) for word in kept)
        return tokens


def load() -> StaticEmbedder:
    """Read vectors and tokenizer from the installed wordllama, without importing it (it would look online)."""
    folder = package_folder("wordllama", "the embedder 'static'", "static")
    weights = folder / "weights" / "l2_supercat_256.safetensors"
    vocabulary = folder / "tokenizers" / "l2_supercat_tokenizer_config.json"
    name = f"static/wordllama-l2-supercat-256@{revision('wordllama', weights, vocabulary)}"
    tokenizer = Tokenizer.from_file(str(vocabulary))
    tokenizer.normalizer = normalizers.Replace(" ", _SPACE)  # without the leading space, which belongs to a text
    tokenizer.encode_special_tokens = True
    tokenizer.no_padding()
    tokenizer.no_truncation()
    vectors = np.ascontiguousarray(load_file(weights)["embedding.weight"], dtype=np.float32)
    return StaticEmbedder(name, vectors, tokenizer)
