"""The frozen parameters of each stage. Whatever cannot be right is refused when it is made."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import TypeVar

from ragopt.errors import InputError, InputTypeError, ScoreKindError, UnknownNameError
from ragopt.types.hits import Normalizer
from ragopt.types.sources import Form

__all__ = [
    "Bm25",
    "Budget",
    "Cache",
    "GenerateSettings",
    "Level",
    "Method",
    "Order",
    "PackSettings",
    "SearchSettings",
    "Threshold",
    "Variant",
]


E = TypeVar("E", bound=StrEnum)


class Variant(StrEnum):
    """BM25 variants, named as in Kamphuis et al. 2020, and okapi as rank-bm25 computes it."""

    LUCENE = "lucene"
    LUCENE_LOSSY = "lucene_lossy"
    ROBERTSON = "robertson"
    ATIRE = "atire"
    BM25L = "bm25l"
    BM25PLUS = "bm25plus"
    OKAPI = "okapi"


@dataclass(frozen=True, slots=True)
class Bm25:
    """BM25's parameters: k1 ≥ 0 (term saturation), b in [0, 1] (length), and the variant.

    `delta` is read by bm25l (default 0.5) and bm25plus (default 1), `epsilon` by okapi (default 0.25).
    """

    k1: float = 1.2
    b: float = 0.75
    variant: Variant | str = Variant.LUCENE
    delta: float | None = None
    epsilon: float = 0.25

    def __post_init__(self) -> None:
        variant = one_of("BM25 variant", self.variant, Variant)
        object.__setattr__(self, "variant", variant)
        if self.delta is None:
            object.__setattr__(self, "delta", {Variant.BM25L: 0.5, Variant.BM25PLUS: 1.0}.get(variant, 0.0))
        for name in ("k1", "delta", "epsilon"):
            value = finite(name, getattr(self, name))
            if value < 0:
                raise InputError(f"Bm25({name}={value}): {name} must be 0 or more")
            object.__setattr__(self, name, value)
        object.__setattr__(self, "b", fraction("Bm25(b)", self.b))


@dataclass(frozen=True, slots=True)
class Threshold:
    """A least score, and the kind of score that it is meant for.

    A plain number means the same for every query only on `bounded` and `none`; for another
    normalizer say so: `Threshold(0.5, kind="theoretical")`.
    """

    value: float
    kind: Normalizer | str = Normalizer.BOUNDED

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", finite("threshold", self.value))
        object.__setattr__(self, "kind", normalizer_of(self.kind))

    @classmethod
    def on(cls, min_score: float | Threshold | None, normalizer: Normalizer) -> float | None:
        """`min_score` as a number on a search with `normalizer`; ScoreKindError where it has no meaning."""
        if min_score is None:
            return None
        if isinstance(min_score, Threshold):
            if min_score.kind != normalizer:
                raise ScoreKindError(
                    f"the threshold {min_score.value} is on {min_score.kind} scores, but this search normalizes by "
                    f"{normalizer}: search with normalizer={str(min_score.kind)!r}, or calibrate a new threshold"
                )
            return min_score.value
        value = finite("min_score", min_score)
        if not normalizer.absolute:
            raise ScoreKindError(
                f"min_score={value}: a {normalizer} score is relative to the query's own list, so one number does not "
                f'mean the same for two queries. Use normalizer="bounded" (or min_relevance, once a calibration '
                f"exists), or say that it is meant: Threshold({value}, kind={str(normalizer)!r})"
            )
        return value


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """The search stage. `alpha` None takes the default of the embedder or the normalizer.

    `k1` (0 or more) and `b` (0 to 1) stand in place of those that the index was built with; None leaves its own.
    """

    k: int = 10
    alpha: float | None = None
    normalizer: Normalizer | str = Normalizer.BOUNDED
    depth: int = 1000
    min_score: float | Threshold | None = None
    k1: float | None = None
    b: float | None = None

    def __post_init__(self) -> None:
        normalizer = normalizer_of(self.normalizer)
        object.__setattr__(self, "normalizer", normalizer)
        object.__setattr__(self, "k", whole("k", self.k))
        object.__setattr__(self, "depth", whole("depth", self.depth, least=1))
        if self.alpha is not None:
            object.__setattr__(self, "alpha", fraction("alpha", self.alpha))
        for name in ("k1", "b"):
            if (value := getattr(self, name)) is not None:
                object.__setattr__(self, name, getattr(Bm25(**{name: value}), name))
        Threshold.on(self.min_score, normalizer)

    @property
    def bm25(self) -> dict[str, float]:
        """`k1` and `b` where they are given, as arguments of a search."""
        return {name: value for name in ("k1", "b") if (value := getattr(self, name)) is not None}


class Order(StrEnum):
    """The order of chunks in the context: by score, by place in the documents, or best at both edges."""

    SCORE = "score"
    DOCUMENT = "document"
    EDGES = "edges"


class Method(StrEnum):
    """How whole chunks are chosen for a budget: the most value, best first skipping what does not fit, or cutting.

    `KNAPSACK` is exact. `SKIP` and `TRUNCATE` are what it is measured against (docs/packing.md).
    """

    KNAPSACK = "knapsack"
    SKIP = "skip"
    TRUNCATE = "truncate"


class Level(StrEnum):
    """What is packed: whole chunks, sentences of the best chunks, or sentences where the budget is tight."""

    AUTO = "auto"
    CHUNK = "chunk"
    SENTENCE = "sentence"


@dataclass(frozen=True, slots=True)
class Budget:
    """The tokens that a prompt may take: the room for a context is `tokens - reserve - fixed`.

    `reserve` tokens are kept for the answer, and `fixed` is the rest of the prompt. `window` is the model's context
    window, given in place of `tokens`: there a Pipeline measures `fixed` itself where it is None; elsewhere None is
    0. `per_source` is the most chunks of one document; None: as many as are worth it.
    """

    tokens: int | None = None
    reserve: int = 0
    per_source: int | None = None
    fixed: int | None = None
    window: int | None = None

    def __post_init__(self) -> None:
        if (self.tokens is None) == (self.window is None):
            raise InputError("Budget takes either tokens= (room for the context) or window= (the whole prompt)")
        for name in ("tokens", "reserve", "fixed", "window", "per_source"):
            value = getattr(self, name)
            if value is not None:
                least = 1 if name == "per_source" else 0
                object.__setattr__(self, name, whole(f"Budget({name})", value, least=least))


@dataclass(frozen=True, slots=True)
class PackSettings:
    """The packing stage: the room in `tokens`, what is chosen for it, and how that is written.

    `per_source` is the most chunks of one document. `trim` lets the best chunk that is left out be cut at the end
    of a sentence, where its first sentences fit.
    """

    tokens: int = 2000
    order: Order | str = Order.SCORE
    form: Form | str = Form.TEXT
    method: Method | str = Method.KNAPSACK
    level: Level | str = Level.AUTO
    per_source: int | None = None
    trim: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "tokens", whole("pack.tokens", self.tokens, least=1))
        object.__setattr__(self, "order", one_of("order", self.order, Order))
        object.__setattr__(self, "form", one_of("form of a context", self.form, Form))
        object.__setattr__(self, "method", one_of("packing method", self.method, Method))
        object.__setattr__(self, "level", one_of("packing level", self.level, Level))
        if self.per_source is not None:
            object.__setattr__(self, "per_source", whole("pack.per_source", self.per_source, least=1))
        if not isinstance(self.trim, bool):
            raise InputError(f"pack.trim={self.trim!r}: must be true or false")


class Cache(StrEnum):
    """How long a provider keeps the start of a prompt: five minutes, or an hour (which costs more to write)."""

    FIVE_MINUTES = "5m"
    ONE_HOUR = "1h"


@dataclass(frozen=True, slots=True)
class GenerateSettings:
    """The model call: `model` None leaves the choice to the generator; None elsewhere sends nothing.

    `instructions` are your own, and stand after ragopt's in the system text, which is the same for every question.
    `cache` ("5m" or "1h") asks the provider to keep that text so long, if it has at least `cache_least` tokens: a
    model does not cache a shorter one, and Bedrock says nothing. Documented minimums are 1,024 to 4,096 tokens by
    model and differ between AWS's pages; `Usage.cache_read` tells whether yours works.
    """

    model: str | None = None
    max_tokens: int = 512
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    instructions: str = ""
    cache: Cache | str | None = None
    cache_least: int = 1024

    def __post_init__(self) -> None:
        object.__setattr__(self, "max_tokens", whole("generate.max_tokens", self.max_tokens, least=1))
        object.__setattr__(self, "stop", tuple(self.stop))
        object.__setattr__(self, "cache_least", whole("generate.cache_least", self.cache_least))
        if self.cache is not None:
            object.__setattr__(self, "cache", one_of("time to cache", self.cache, Cache))
        if not isinstance(self.instructions, str):
            raise InputTypeError(f"generate.instructions is a {type(self.instructions).__name__}: give a string")
        for name in ("temperature", "top_p"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, fraction(f"generate.{name}", value))


def normalizer_of(name: Normalizer | str) -> Normalizer:
    """The normalizer of that name; UnknownNameError otherwise."""
    return one_of("normalizer", name, Normalizer)


def one_of(kind: str, name: str, names: type[E]) -> E:
    """The member of `names` that is called `name`; UnknownNameError that lists them otherwise."""
    try:
        return names(name)
    except ValueError:
        raise UnknownNameError.of(kind, name, names) from None


def whole(name: str, value: object, *, least: int = 0) -> int:
    """`value` as a whole number of at least `least`; InputError otherwise (a bool is no number here)."""
    try:
        number = value.__index__()  # type: ignore[attr-defined]
    except AttributeError:
        number = None
    if number is None or isinstance(value, bool):
        raise InputError(f"{name}={value!r}: must be a whole number")
    if number < least:
        raise InputError(f"{name}={number}: must be {least} or more")
    return int(number)


def fraction(name: str, value: object) -> float:
    """`value` as a float in [0, 1]; InputError otherwise."""
    number = finite(name, value)
    if not 0.0 <= number <= 1.0:
        raise InputError(f"{name}={number}: must be between 0 and 1")
    return number


def finite(name: str, value: object) -> float:
    """`value` as a finite float; InputError otherwise."""
    try:
        if isinstance(value, (bool, str, bytes)):
            raise TypeError
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise InputError(f"{name}={value!r}: must be a number") from None
    except OverflowError:
        raise InputError(f"{name}: must be finite, and this integer is beyond every float") from None
    if not isfinite(number):
        raise InputError(f"{name}={number}: must be finite")
    return number
