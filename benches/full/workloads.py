"""What is searched: chunks as lines of terms, questions, vectors. All of it is kept in the cache folder.

A stem is a set of files: `STEM.txt` has a chunk a line, its terms parted by blanks, `STEM.q.txt` the questions
(`STEM.qh.txt` the same with stop words), `STEM.npy` a unit vector a chunk, `STEM.q.npy` one a question. The
seeded generator in `../shared/workloads` makes the synthetic ones; the collections in `../shared/collections`
are analyzed (English) once, so that every engine is given the same terms.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benches.data import ANALYZER, COLLECTIONS, ROOT, full_text, static_vectors, unit_rows

Rows = npt.NDArray[np.float32]

GENERATOR = ROOT.parent / "shared" / "workloads" / "generate.py"


def cache() -> Path:
    """RAGOPT_BENCH_CACHE: some 20 GB of data, indexes and results, outside the checkout."""
    folder = Path(os.environ.get("RAGOPT_BENCH_CACHE") or Path.home() / ".cache" / "ragopt-bench")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@dataclass(frozen=True)
class Workload:
    """Chunks by the stem of their terms, of their vectors, or of both.

    `count` takes the first so many of them, `width` the first so many dimensions.
    """

    name: str
    words: str | None = None
    rows: str | None = None
    count: int | None = None
    width: int | None = None

    def lines(self) -> Iterator[str]:
        """The chunks' terms, a chunk a line."""
        assert self.words is not None
        with (cache() / f"{self.words}.txt").open(encoding="utf-8") as file:
            yield from (line.rstrip("\n") for line in islice(file, self.count))

    def questions(self, kind: str = "q") -> list[str]:
        """The questions' terms. Kind `qh` adds stop words; `first4` makes questions of 4 terms from all of them."""
        assert self.words is not None
        if kind.startswith("first"):
            terms, length = " ".join(self.questions()).split(), int(kind.removeprefix("first"))
            return [" ".join(terms[i : i + length]) for i in range(0, len(terms) - length + 1, length)]
        return (cache() / f"{self.words}.{kind}.txt").read_text(encoding="utf-8").splitlines()

    def vectors(self, *, mapped: bool = False) -> Rows:
        """A unit row a chunk, in memory of this process or mapped from the file."""
        assert self.rows is not None
        file = cache() / f"{self.rows}.npy"
        rows: Rows = np.load(file, mmap_mode="r")
        rows = rows[: self.count, : self.width]
        return rows if mapped else np.array(rows, dtype=np.float32)

    def question_vectors(self) -> Rows:
        """A unit row a question."""
        rows: Rows = np.load(cache() / f"{self.rows}.q.npy")
        return unit_rows(rows[:, : self.width])

    @property
    def size(self) -> int:
        """How many chunks there are."""
        return len(self.vectors(mapped=True)) if self.rows else sum(1 for _ in self.lines())

    @property
    def dimension(self) -> int | None:
        """Numbers of a vector."""
        return self.vectors(mapped=True).shape[1] if self.rows else None

    def ready(self) -> None:
        """Make what is missing of its files."""
        for stem in {self.words, self.rows} - {None}:
            ensure(str(stem))


SYNTHETIC = {
    "lex1m": ("lex", "1000000"),
    "lex2m": ("lex", "2000000"),
    "lex100k": ("lex", "100000"),
    "d1m": ("dense", "1000000", "384"),
    "d2m": ("dense", "2000000", "384"),
    "d100k": ("dense", "100000", "1024"),
}
#: Collection and part of the real stems.
REAL = {"aws": ("aws-passages", ""), "guides": ("aws-passages", "guides"), "scifact": ("scifact", "")}
REAL["vaswani"] = ("vaswani", "")

WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("lex1m", words="lex1m"),
        Workload("hyb1m", words="lex1m", rows="d1m"),
        Workload("lex100k", words="lex100k"),
        Workload("hyb100k", words="lex100k", rows="d100k"),
        Workload("small", words="small", rows="small"),
        Workload("short", words="short"),
        *(Workload(name, words=name, rows=name) for name in REAL),
    )
}


def ensure(stem: str) -> None:
    """Make the files of a stem, unless they are there."""
    done = cache() / f"{stem}.ready"
    if done.exists():
        return
    if stem in SYNTHETIC:
        if not _made_before(stem):
            print(f"making {stem}, some minutes ...", file=sys.stderr, flush=True)
            subprocess.run(
                [sys.executable, str(GENERATOR), *SYNTHETIC[stem], str(cache() / stem)], check=True, stdout=sys.stderr
            )
    elif stem in REAL:
        _from_collection(stem)
    else:
        small(stem)
    done.touch()


def _made_before(stem: str) -> bool:
    """Whether the generator was run by hand: its files are whole."""
    lex = SYNTHETIC[stem][0] == "lex"
    endings = ("txt", "q.txt", "qh.txt", "df.npy") if lex else ("npy", "q.npy")
    return all((cache() / f"{stem}.{ending}").exists() for ending in endings)


def _from_collection(stem: str) -> None:
    from ragopt import _core
    from tests.collections.data import load

    name, part = REAL[stem]
    data = load(COLLECTIONS / name, part=part)
    if data.vectors is not None and data.query_vectors is not None:
        rows, asked = data.vectors, data.query_vectors
    else:
        rows, asked = static_vectors(data)
    analyzer = _core.Analyzer(ANALYZER)
    for ending, texts in (
        ("txt", [full_text(document) for document in data.documents]),
        ("q.txt", list(data.queries.values())),
    ):
        lines = [" ".join(terms) for terms in analyzer.terms_many(texts)]
        (cache() / f"{stem}.{ending}").write_text("\n".join(lines) + "\n", encoding="utf-8")
    np.save(cache() / f"{stem}.npy", unit_rows(rows))
    np.save(cache() / f"{stem}.q.npy", unit_rows(asked))


#: The own small stems: chunks, their mean number of terms, dimensions. Many chunks of few terms are soon indexed,
#: and a search of them still takes longer than a call from Python.
SMALL = {"small": (100_000, 8, 384), "short": (220_000, 16, 0)}


def small(stem: str, questions: int = 200, seed: int = 4) -> None:
    """A workload of the same kind that needs no shared folder: Zipf's terms, clustered vectors, all seeded."""
    chunks, length, dimension = SMALL[stem]
    draw = np.random.default_rng(seed)
    _small_words(stem, draw, np.maximum(draw.poisson(length, chunks), 6), questions)
    if dimension:
        _small_rows(stem, draw, chunks, dimension, questions)


def _small_words(stem: str, draw: np.random.Generator, lengths: npt.NDArray[np.int64], questions: int) -> None:
    weights = 1.0 / (np.arange(20_000) + 3.7)
    terms = np.searchsorted(np.cumsum(weights) / weights.sum(), draw.random(lengths.sum()))
    words = np.array([f"w{i}" for i in range(len(weights))], dtype=object)
    ends, flat = np.cumsum(lengths), words[np.minimum(terms, len(weights) - 1)].tolist()
    with (cache() / f"{stem}.txt").open("w", encoding="utf-8") as out:
        out.writelines(
            " ".join(flat[end - length : end]) + "\n"
            for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)
        )
    # Terms that many chunks hold, but none of the commonest; and the same with some of those.
    asked = [20 + draw.choice(400, size=int(draw.integers(3, 8)), replace=False) for _ in range(questions)]
    heavy = [np.concatenate([one, draw.choice(12, size=int(draw.integers(2, 5)), replace=False)]) for one in asked]
    for kind, lists in (("q", asked), ("qh", heavy)):
        lines = "".join(" ".join(words[one]) + "\n" for one in lists)
        (cache() / f"{stem}.{kind}.txt").write_text(lines, encoding="utf-8")


def _small_rows(stem: str, draw: np.random.Generator, chunks: int, dimension: int, questions: int) -> None:
    spectrum = ((np.arange(dimension) + 8.0) ** -0.45).astype(np.float32)
    centers = draw.standard_normal((2000, dimension), dtype=np.float32)
    noise = draw.standard_normal((chunks, dimension), dtype=np.float32)
    rows = unit_rows((centers[draw.integers(2000, size=chunks)] + noise) * spectrum)
    off = unit_rows(draw.standard_normal((questions, dimension), dtype=np.float32) * spectrum)
    np.save(cache() / f"{stem}.npy", rows)
    np.save(cache() / f"{stem}.q.npy", unit_rows(rows[draw.integers(chunks, size=questions)] + 0.75 * off))
