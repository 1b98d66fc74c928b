"""What tuning on copied questions does: `python -m benches.copies [overlap|alpha]...`, by default both.

- **overlap**: how much of their relevant chunks people's questions repeat (those of chroma-chunking are a model's), and
  how much copies do: a sentence taken out of a chunk; its six words of most weight, in their order; those words in a
  question's frame.
- **alpha**: nDCG@10 over alpha of people's questions and of copies of the same collection, where each is best, and
  what it costs people to have alpha tuned on questions of which a share are copies (people's questions in random
  halves: the one is mixed with copies to tune on, the other is measured).

`ragopt.evaluation.overlap` has its two thresholds from here: a question is a copy from .9 on, the highest of the tried
values at which more than half of every kind of copies are; half of the questions may be copies, the highest of the
tried shares at which the mean loss stays below .005, the least effect that the tuner cares for.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from benches.data import COLLECTIONS, cache_folder
from ragopt import Index
from ragopt.backends import embedders
from ragopt.evaluation import Overlap, lexical_overlap
from ragopt.labels import sample_chunks
from ragopt.query.text import pieces
from ragopt.tuning import alpha_path
from ragopt.types import Chunk
from tests.collections.data import load

__all__ = ["KINDS", "Judged", "copies", "halves_lost", "judged", "overlap"]

Rows = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

#: Collection: part, judgements, analyzer, embedder of its vectors.
ALL = {
    "cranfield": ("", "test", "english", "minilm"),
    "cisi": ("", "test", "english", "minilm"),
    "vaswani": ("", "test", "english", "minilm"),
    "scifact": ("", "test", "english", "minilm"),
    "aws-passages": ("guides", "doc_level", "english", "minilm"),
    "chroma-chunking": ("", "test", "english", "minilm"),
    "multihop-wiki": ("", "test", "english", ""),
    "xquad-en": ("", "test", "english", ""),
    "xquad-vi": ("", "test", "vietnamese", ""),
    "vicov19qa": ("", "dev", "vietnamese", ""),
}
KINDS = ("sentences", "keywords", "framed")
SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
ALPHAS = tuple(i / 100 for i in range(101))
FROM = (0.8, 0.85, 0.9, 0.95)
COUNT, WORDS, SPLITS = 200, 6, 50


@dataclass(frozen=True, eq=False)
class Judged:
    """Questions with judgements of one index; `vectors` a row each, where the index has vectors."""

    name: str
    index: Index
    queries: dict[str, str]
    qrels: dict[str, dict[str, int]]
    vectors: Rows | None

    @property
    def overlap(self) -> Overlap:
        """What they repeat of their chunks."""
        return lexical_overlap(self.index, self.queries, self.qrels)

    def curves(self) -> Floats:
        """nDCG@10 of each question, smoothed over alpha as the tuner sees it: (questions, alphas)."""
        path = alpha_path(self.index, self.queries, self.qrels, vectors=self.vectors)
        return path.table("nDCG@10", ALPHAS, 0.05)


@cache
def judged(name: str) -> Judged:
    """People's questions of a collection."""
    part, qrels, analyzer, embedder = ALL[name]
    data = load(COLLECTIONS / name, part=part, qrels=qrels)
    vectors = data.vectors if embedder else None
    index = Index.build(data.documents, vectors=vectors, analyzer=analyzer)
    return Judged(name, index, data.queries, data.qrels, data.query_vectors if embedder else None)


@cache
def copies(name: str, kind: str, count: int = COUNT, *, embed: bool = True) -> Judged:
    """Copies of chunks of that collection; each has its chunk as the only relevant one. `embed`: with vectors."""
    of = judged(name)
    rng, made = random.Random(0), {}
    for chunk in sample_chunks(of.index, 2 * count, least_words=15):
        text = _MAKERS[kind](of.index, chunk, rng)
        if text and len(made) < count:
            made[chunk.id] = text
    vectors = None if of.vectors is None or not embed else _embedded(f"{name}.{kind}.{count}", list(made.values()))
    return Judged(name, of.index, made, {id: {id: 1} for id in made}, vectors)


def _sentence(_index: Index, chunk: Chunk, rng: random.Random) -> str:
    fit = [piece.text for piece in pieces(chunk.text) if 8 <= len(piece.text.split()) <= 30]
    return rng.choice(fit) if fit else ""


def _keywords(index: Index, chunk: Chunk, _rng: random.Random) -> str:
    words: dict[str, str] = {}
    for word, terms in index.vocabulary.words(chunk.text):
        if terms and len(word) > 1 and " " not in terms[-1]:  # pairs of neighbors are not words
            words.setdefault(terms[-1], word)
    rare = sorted(words, key=lambda term: (index.document_frequency(term), term))[:WORDS]
    return " ".join(word for term, word in words.items() if term in rare) if len(rare) == WORDS else ""


def _framed(index: Index, chunk: Chunk, rng: random.Random) -> str:
    words = _keywords(index, chunk, rng).split()
    return f"How does {' '.join(words[:3])} relate to {' '.join(words[3:])}?" if words else ""


_MAKERS: dict[str, Callable[[Index, Chunk, random.Random], str]] = {
    "sentences": _sentence,
    "keywords": _keywords,
    "framed": _framed,
}


def _embedded(name: str, texts: Sequence[str]) -> Rows:
    """MiniLM's vectors of copies, kept in the cache."""
    file = cache_folder() / f"copies.{name}.npz"
    if file.exists():
        kept = np.load(file)
        if kept["texts"].tolist() == list(texts):
            return np.asarray(kept["rows"])
    rows = np.asarray(embedders.load("minilm").embed_queries(list(texts)), dtype=np.float32)
    np.savez(file, texts=np.array(texts), rows=rows)
    return rows


def overlap(name: str) -> dict[str, Overlap]:
    """The overlap of people's questions, and of each kind of copies."""
    kinds = KINDS if ALL[name][2] == "english" else KINDS[:2]
    return {"people": judged(name).overlap, **{kind: copies(name, kind, embed=False).overlap for kind in kinds}}


def counted(found: Overlap, least: float) -> float:
    """The share of the questions that repeat so much."""
    return float(np.mean([one.share >= least - 1e-9 for one in found.questions]))


def halves_lost(people: Floats, copied: Floats, share: float, seed: int = 0) -> tuple[float, float]:
    """Tuned on halves of which `share` are copies: the mean alpha, and the mean nDCG lost on people's other halves.

    Lost is what tuning on people's half alone gives, less this: the noise of few questions is in both.
    """
    rng, n = np.random.default_rng(seed), len(people)
    alphas, lost = [], []
    for _ in range(SPLITS):
        order = rng.permutation(n)
        tuned, held = people[order[: n // 2]], people[order[n // 2 :]].mean(axis=0)
        some = copied[rng.integers(0, len(copied), max(1, len(copied) // 2))]
        mixed = (1 - share) * tuned.mean(axis=0) + share * some.mean(axis=0)
        chosen, alone = int(mixed.argmax()), int(tuned.mean(axis=0).argmax())
        alphas.append(ALPHAS[chosen])
        lost.append(held[alone] - held[chosen])
    return float(np.mean(alphas)), float(np.mean(lost))


def _print_overlap() -> None:
    print(f"{'collection':16} {'questions':10} {'number':>6} {'share: 10 %':>11} {'50 %':>5} {'90 %':>5} "
          f"{'copied row':>10}   copies, if one is from {', '.join(map(str, FROM))} on")  # fmt: skip
    for name in ALL:
        for kind, found in overlap(name).items():
            shares = np.quantile([one.share for one in found.questions], [0.1, 0.5, 0.9])
            print(f"{name:16} {kind:10} {len(found.questions):6} {shares[0]:11.2f} {shares[1]:5.2f} {shares[2]:5.2f} "
                  f"{found.run:10.0%}   " + "  ".join(f"{counted(found, least):4.0%}" for least in FROM),
                  flush=True)  # fmt: skip


def _print_alpha() -> None:
    print(f"{'collection':16} {'people':>6} " + " ".join(f"{kind:>9}" for kind in KINDS) + "   alpha, and nDCG@10 "
          f"lost, with this share of copies: {', '.join(f'{share:g}' for share in SHARES)}")  # fmt: skip
    sums = dict.fromkeys((kind, share) for kind in KINDS for share in SHARES)
    lost: dict[tuple[str, float], list[float]] = {key: [] for key in sums}
    for name in [name for name, (*_, embedder) in ALL.items() if embedder]:
        people = judged(name).curves()
        best = {kind: copies(name, kind).curves() for kind in KINDS}
        tops = [ALPHAS[int(curves.mean(axis=0).argmax())] for curves in (people, *best.values())]
        print(f"{name:16} {tops[0]:6.2f} " + " ".join(f"{top:9.2f}" for top in tops[1:]))
        for kind, curves in best.items():
            told = []
            for share in SHARES:
                alpha, loss = halves_lost(people, curves, share)
                lost[kind, share].append(loss)
                told.append(f"{alpha:.2f} {loss:+.4f}")
            print(f"{'':16} {kind:10} {'  '.join(told)}", flush=True)
    for kind in KINDS:
        print(f"{'mean':16} {kind:10} " + "  ".join(f"     {np.mean(lost[kind, share]):+.4f}" for share in SHARES))


def main(arguments: Sequence[str]) -> int:
    parts = {"overlap": _print_overlap, "alpha": _print_alpha}
    for part in arguments or list(parts):
        parts[part]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
