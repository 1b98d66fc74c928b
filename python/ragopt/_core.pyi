"""The Rust core. Only `index`, `analysis`, `tokens`, `retrieve`, `prune`, `pack`, `tuning` and
`evaluation` may import it.

Arguments are trusted to have the right Python types: the rooms above check values and word the
errors. Whatever else is wrong raises one of `ragopt.errors`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, final

import numpy as np
import numpy.typing as npt

from ragopt._core_path import AlphaPath as AlphaPath
from ragopt._core_tokens import TokenRates as TokenRates

__all__ = [
    "Account",
    "Allow",
    "AlphaPath",
    "Analyzer",
    "Builder",
    "Found",
    "Index",
    "Lock",
    "Parameters",
    "Segment",
    "TokenRates",
    "__version__",
    "cpu",
    "duplicates",
    "facility",
    "fault",
    "knapsack",
    "mmr",
    "paths",
]

__version__: str

_Floats: TypeAlias = npt.NDArray[np.float64]
#: Chunks in the order that breaks ties: ordinals; normalized lexical and dense scores (the other's if a side does not
#: exist); 1 with a term, 2 with a vector, 3 with both; raw BM25; cosines (NaN: none). Then which sides exist.
_Pairs: TypeAlias = tuple[
    npt.NDArray[np.uint32], _Floats, _Floats, npt.NDArray[np.uint8], _Floats, _Floats, tuple[bool, bool]
]

def cpu() -> str:
    """The instructions in force, chosen once a process: one of `paths()`; RAGOPT_CPU asks for lower ones."""

def paths() -> list[str]:
    """The instructions of this kind of processors, the plainest first: scalar, avx2, avx512, amx; or scalar, neon."""

def duplicates(
    texts: Sequence[str], documents: Sequence[int], spans: Sequence[tuple[int, int]], least: float, /
) -> list[int | None]:
    """For each text, best first: the place of the better one that stands for it; None where it is kept.

    `documents` numbers their documents; the rule is in rust/ragopt-core/src/analysis/duplicates.rs.
    """

def mmr(scores: npt.NDArray[np.float64], rows: npt.NDArray[np.float32], weight: float, most: int, /) -> list[int]:
    """At most `most` places in the order of maximal marginal relevance; a row a score, zeros: like nothing."""

def facility(scores: npt.NDArray[np.float64], rows: npt.NDArray[np.float32], weight: float, most: int, /) -> list[int]:
    """The same by facility location; it compares all pairs."""

@final
class Analyzer:
    """Text to terms. `fingerprint` changes whenever the terms of any text can change."""

    def __new__(cls, name: str, /) -> Analyzer: ...
    @staticmethod
    def names() -> list[str]: ...
    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def fingerprint(self) -> str: ...
    def terms(self, text: str, /) -> list[str]: ...
    def words(self, text: str, /) -> list[tuple[str, list[str]]]:
        """Each word with its terms."""

    def terms_many(self, texts: Sequence[str], /) -> list[list[str]]: ...

def fault(step: int | None, /) -> int:
    """For tests: the process is killed before that step of writing from now on (1: the next); None: it does not.

    Returns how many steps there were since the last call.
    """

def knapsack(
    heads: Sequence[int], weights: Sequence[Sequence[int]], values: Sequence[Sequence[float]], capacity: int, /
) -> list[tuple[int, int]]:
    """The (group, item) places whose values sum to the most with weights of at most `capacity`, ascending.

    The head of a group is paid once, if anything of it is taken. Takes (heads + items) · (capacity + 1) bytes.
    """

@final
class Lock:
    """The writer's lock of a folder, which is made if it is not there; IndexLockedError while another has it.

    It is given back by `release`, when it is collected, or when the process ends, however it ends.
    """

    def __new__(cls, path: str, /) -> Lock: ...
    def release(self) -> None: ...

@final
class Segment:
    """Chunks that were built: what an index is made of."""

    def __len__(self) -> int: ...

@final
class Builder:
    """Builds one segment in pieces; what is pushed is taken up at once, so that little memory beyond it is needed."""

    def __new__(cls, analyzer: Analyzer, dimension: int | None, /) -> Builder: ...
    def __len__(self) -> int: ...
    def push(
        self,
        ids: Sequence[str],
        texts: Sequence[str],
        stored: Sequence[bytes],
        vectors: npt.NDArray[np.float32] | None,
        metadata: Sequence[Mapping[str, Any]] | None = None,
        /,
    ) -> None:
        """Takes all of these chunks, or none of them and raises. With a dimension each needs a row; zeros: missing."""

    def finish(self) -> Segment:
        """Two chunks with one id are a DuplicateIdError here."""

@final
class Index:
    """One snapshot of an index, which never changes.

    Chunks have ordinals from 0 to span - 1 in the order they were given; a deleted chunk keeps its ordinal and is
    never found. Ids are unique within a tenant. All statistics are those of the live chunks.
    """

    @staticmethod
    def build(
        analyzer: Analyzer,
        bm25: tuple[str, float, float, float, float],
        ids: Sequence[str],
        texts: Sequence[str],
        stored: Sequence[bytes],
        vectors: npt.NDArray[np.float32] | None,
        attributes: str,
        metadata: Sequence[Mapping[str, Any]] | None = None,
    ) -> Index:
        """`bm25` is (variant, k1, b, delta, epsilon); `texts` are analyzed; `stored` comes back as given.

        `vectors` has a row a chunk and is normalized here; a zero row is a missing vector.
        `attributes` is kept for the caller (JSON: the embedder's name, say).
        """

    @staticmethod
    def of(
        analyzer: Analyzer,
        bm25: tuple[str, float, float, float, float],
        attributes: str,
        segments: Sequence[tuple[str | None, Segment]],
        /,
    ) -> Index:
        """An index of segments, each with the tenant whose chunks it holds."""

    def changed(
        self, deleted: Sequence[int], added: Sequence[tuple[str | None, Segment]], attributes: str | None = None, /
    ) -> Index:
        """Without the live chunks at `deleted`, with those of `added`. An id that the tenant has: DuplicateIdError."""

    def merged(self, most: int | None, /) -> Index | None:
        """In fewer segments, without deleted chunks; None if there is nothing to do.

        Eight segments of about one size become one, and one is written anew when a quarter of it was deleted. Those of
        more than `most` chunks are left alone; None: all become one segment a tenant.
        """

    def tenant(self, name: str, /) -> Index:
        """The chunks of one tenant as an index of their own, which is empty for an unknown one."""

    def scored(self, bm25: tuple[str, float, float, float, float], /) -> Index:
        """The same chunks under another BM25; it shares their segments."""

    def tenants(self) -> list[str]: ...
    def replaced(self, name: str, work: Index, /) -> Index:
        """With the chunks of `work`, made from `tenant(name)` by `changed`, in place of that tenant's."""

    @staticmethod
    def open(path: str, /) -> Index: ...
    def warm(self) -> None:
        """Reads the postings, and copies the hot codes of vectors that lie in a file into huge pages."""

    def verify(self) -> None:
        """Checks every byte of the files, and that what they hold fits together; CorruptIndexError otherwise."""

    def save(self, path: str, lock: Lock | None = None, /) -> None:
        """Writes all of it as a new generation of the folder, under the lock, which is taken if none is given."""

    def commit(self, path: str, lock: Lock, /) -> None:
        """Writes what the folder does not hold yet, as a new generation.

        IndexWriteError if it cannot, also if another generation stands there than the one that this comes from.
        """

    @staticmethod
    def current(path: str, /) -> int:
        """The generation that stands in the folder now."""

    @property
    def generation(self) -> int | None:
        """The one that it is, or was made from, in the folder that it was last opened from or written to."""
    def __len__(self) -> int: ...
    @property
    def span(self) -> int:
        """Ordinals, those of deleted chunks among them; the length counts live chunks."""

    def alive(self, ordinal: int, /) -> bool: ...
    def ordinals(self) -> npt.NDArray[np.uint32]:
        """The ordinals of the live chunks, ascending."""

    def segments(self) -> list[dict[str, Any]]:
        """For each segment: tenant, chunks (deleted ones too), deleted, vectors, file (its name; None in memory)."""

    @property
    def analyzer(self) -> Analyzer: ...
    @property
    def bm25(self) -> tuple[str, float, float, float, float]: ...
    @property
    def attributes(self) -> str: ...
    @property
    def dimension(self) -> int | None: ...
    def id(self, ordinal: int, /) -> str: ...
    def ids(self) -> list[str]: ...
    def ordinal(self, id: str, /) -> int | None: ...
    def stored(self, ordinal: int, /) -> bytes: ...
    def vector(self, ordinal: int, /) -> npt.NDArray[np.float32] | None:
        """The stored unit vector; None where it is missing."""

    def document_frequency(self, term: str, /) -> int: ...
    def document_frequencies(self, terms: Sequence[str], /) -> list[int]: ...
    def examples(self) -> list[str]:
        """Some terms that are not common, to try a search with."""

    def near(self, word: str, edits: int, /) -> list[tuple[str, str, int, int]]:
        """(term, word, edits, frequency) of the words close to `word`; the term of a stop word is empty."""

    def unmarked(self, word: str, /) -> list[tuple[str, int]]:
        """The terms and stop words that are `word` but for marks on letters, with their frequencies."""

    def sizes(self) -> dict[str, int]:
        """chunks, vectors, terms, postings, tokens (sum of lengths), and bytes by part (`bytes_postings`, ...)."""

    def fields(self) -> list[str]:
        """The metadata fields that any chunk has, in byte order."""

    def allow(self, steps: Sequence[tuple[str, str, tuple[Any, ...]]], /) -> Allow:
        """The chunks that pass a filter; see `ragopt.filters.steps`."""

    def search(
        self,
        lexical: str | list[tuple[str, float]] | None,
        vector: npt.NDArray[np.float32] | None,
        allow: Allow | None,
        parameters: Parameters,
        /,
    ) -> Found:
        """Text is analyzed here; (term, weight) pairs are taken as they are; None: no lexical side."""

    def search_many(
        self,
        lexical: list[str | list[tuple[str, float]] | None],
        vectors: npt.NDArray[np.float32] | None,
        allow: Allow | None,
        parameters: Parameters,
        threads: int,
        /,
    ) -> list[Found]:
        """The same for many queries in parallel; row i of `vectors` belongs to query i; threads 0: all cores."""

    def pairs(
        self,
        lexical: list[str | list[tuple[str, float]] | None],
        vectors: npt.NDArray[np.float32] | None,
        allow: Allow | None,
        parameters: Parameters,
        threads: int,
        /,
    ) -> list[_Pairs]:
        """For each query the chunks that some alpha puts among the first k, whatever the parameters' alpha is."""

    def survivors(
        self,
        lexical: str | list[tuple[str, float]] | None,
        vector: npt.NDArray[np.float32] | None,
        allow: Allow | None,
        parameters: Parameters,
        /,
    ) -> tuple[int, int, int]:
        """For benches: chunks whose BM25 a search worked out, that it bounded twice, whose cosine it worked out.

        All 0 where it scores everything.
        """

    def explain(
        self,
        lexical: str | list[tuple[str, float]] | None,
        vector: npt.NDArray[np.float32] | None,
        allow: Allow | None,
        parameters: Parameters,
        ordinal: int,
        /,
    ) -> Account: ...

@final
class Allow:
    """The chunks of one index that a search may find."""

    @property
    def count(self) -> int: ...
    def ordinals(self) -> npt.NDArray[np.uint32]:
        """Their ordinals, ascending."""

@final
class Parameters:
    """How to search. `min_score` is on the fused score, `floor` the embedder's cosine floor, at least -1 and below 1.

    k above the depth of a list-relative normalizer (minmax, zscore, dbsf, l2, rank) is an InputError.
    """

    def __new__(
        cls, k: int, alpha: float, normalizer: str, depth: int, floor: float, min_score: float | None
    ) -> Parameters: ...

@final
class Found:
    """The hits of one query, best first."""

    def __len__(self) -> int: ...
    @property
    def ordinals(self) -> npt.NDArray[np.uint32]: ...
    @property
    def ids(self) -> list[str]: ...
    @property
    def scores(self) -> npt.NDArray[np.float64]: ...
    @property
    def lexical(self) -> npt.NDArray[np.float64]:
        """Raw BM25, at any alpha; NaN throughout where there is no lexical side."""

    @property
    def dense(self) -> npt.NDArray[np.float64]:
        """Cosine, at any alpha; NaN where the chunk has no vector, throughout where there is no dense side."""

    def rows(self) -> list[tuple[str, float, float | None, float | None, int]]:
        """Id, score, raw BM25, cosine and ordinal of each hit; None where a side did not score it."""
    @property
    def sides(self) -> tuple[bool, bool]: ...
    @property
    def alpha(self) -> float:
        """The alpha in force: 0 or 1 where one of the two sides (lexical, dense) does not exist."""

    @property
    def below(self) -> int:
        """1 if min_score took hits away that the top-k has without it, else 0 (enough to say why nothing was found)."""

@final
class Account:
    """Why one chunk has its score; the fields of ragopt.types.Explanation."""

    @property
    def score(self) -> float: ...
    @property
    def alpha(self) -> float: ...
    @property
    def lexical(self) -> tuple[float | None, float, int | None, float]:
        """(raw, normalized, rank, weight)"""

    @property
    def dense(self) -> tuple[float | None, float, int | None, float]: ...
    @property
    def terms(self) -> list[tuple[str, int, float, float, float]]:
        """(term, tf, idf, weight, share), in byte order of the terms"""

    @property
    def constant(self) -> float: ...
    @property
    def allowed(self) -> bool: ...
