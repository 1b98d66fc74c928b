"""What a settings file says of its making: where it was tuned, when, and what was measured there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from math import isfinite
from typing import Any

from ragopt.errors import SettingsError, UnknownNameError

__all__ = ["IndexIdentity", "Tuned"]

_AGAIN = "tune again on this index, or delete the tables [tuned] and [index] to use the settings untested"


@dataclass(frozen=True, slots=True)
class IndexIdentity:
    """What of an index decides whether settings fit it.

    `analyzer` (name, version, fingerprint), `bm25` (variant and parameters), `embedder` (its name; "given" for vectors
    that came without one) and `dimension` (0: no vectors) decide what a score means. `chunks` is their number, and
    `sample` the ids of a few of them, evenly spread: an index that lives keeps most of its chunks, another corpus has
    none of them. Of an index with tenants no sample is taken: each tenant's view has chunks of its own.
    """

    analyzer: str
    bm25: str
    embedder: str = ""
    dimension: int = 0
    chunks: int = 0
    sample: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if f.name == "sample":
                if not isinstance(value, (list, tuple)) or not all(isinstance(id, str) for id in value):
                    raise SettingsError(f"[index] sample = {value!r}: must be a list of chunk ids")
                object.__setattr__(self, "sample", tuple(value))
            else:
                _check("index", f.name, value, int if f.name in ("dimension", "chunks") else str)

    def differences(self, other: IndexIdentity) -> list[str]:
        """Where `other` gives scores another meaning, one line each: what it is here, and what there."""
        named = ("analyzer", "bm25", "embedder", "dimension")
        return [
            f"{name} is {getattr(other, name) or 'none'}, and was {getattr(self, name) or 'none'}"
            for name in named
            if getattr(self, name) != getattr(other, name)
        ]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {**{f.name: getattr(self, f.name) for f in fields(self)}, "sample": list(self.sample)}


@dataclass(frozen=True, slots=True)
class Tuned:
    """How settings were found: the tables [tuned] and [index] of a settings file.

    `date` is the day, as in 2026-11-25; `score` the mean of `measure` over the `questions` held out, under the settings
    that were written, and `low` to `high` its 95 % interval (None with fewer than two questions); `default_score` is
    that of the default. `verdict` is the tuner's, `version` ragopt's, `seed` that of everything random. `labels` is
    where the judgements come from if no person made them, as in "judge:MODEL"; None for all others.
    """

    index: IndexIdentity
    date: str
    version: str
    seed: int
    measure: str
    questions: int
    score: float
    default_score: float
    verdict: str
    low: float | None = None
    high: float | None = None
    labels: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.index, IndexIdentity):
            raise SettingsError(f"index is a {type(self.index).__name__}: give an IndexIdentity")
        _check_date(self.date)
        for name in ("version", "measure", "verdict"):
            _check("tuned", name, getattr(self, name), str)
        if self.labels is not None:
            _check("tuned", "labels", self.labels, str)
        for name in ("seed", "questions"):
            _check("tuned", name, getattr(self, name), int)
        for name in ("score", "default_score", "low", "high"):
            value = getattr(self, name)
            if value is None and name in ("low", "high"):
                continue
            _check("tuned", name, value, (int, float))
            if not isfinite(value):
                raise SettingsError(f"[tuned] {name} = {value}: must be a finite number")

    def require_fit(self, index: IndexIdentity, found: int | None = None) -> None:
        """Refuse an index that the settings were not made for.

        `found` is how many chunks of the sample the index holds; None where that was not looked up.
        A SettingsError says where a score means something else, or that the index holds another corpus, and what to do.
        """
        wrong = self.index.differences(index)
        if self.index.sample and found == 0:
            wrong.append(f"none of {len(self.index.sample)} chunks sampled then is in it: it holds another corpus")
        if wrong:
            raise SettingsError(f"settings tuned on {self.date} do not fit this index: {'; '.join(wrong)}. {_AGAIN}")

    @classmethod
    def from_tables(cls, tuned: Mapping[str, Any], index: Mapping[str, Any]) -> Tuned:
        """Of the two tables of a settings file. Unknown, missing and impossible values are SettingsErrors."""
        known = [f.name for f in fields(cls) if f.name != "index"]
        parts = _named("index", index, [f.name for f in fields(IndexIdentity)])
        return cls(index=IndexIdentity(**parts), **_named("tuned", tuned, known, optional=("low", "high", "labels")))

    def to_tables(self) -> dict[str, dict[str, Any]]:
        """The two tables; what is None is left out."""
        tuned = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "index"}
        return {"tuned": {k: v for k, v in tuned.items() if v is not None}, "index": self.index.to_dict()}


def _named(table: str, values: Any, known: list[str], *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    if not isinstance(values, Mapping):
        raise SettingsError(f"[{table}] must be a table")
    for key in values:
        if key not in known:
            raise UnknownNameError.of(f"key in [{table}]", key, known)
    if missing := [name for name in known if name not in values and name not in optional]:
        raise SettingsError(f"[{table}] lacks {', '.join(missing)}: keep the table as `ragopt tune` wrote it")
    return dict(values)


def _check_date(value: Any) -> None:
    try:
        date.fromisoformat(value)
    except (TypeError, ValueError):
        raise SettingsError(f'[tuned] date = {value!r}: must be a day such as "2026-11-25"') from None


def _check(table: str, name: str, value: Any, kind: type | tuple[type, ...]) -> None:
    if isinstance(value, bool) or not isinstance(value, kind):
        wanted = "a text" if kind is str else "a whole number" if kind is int else "a number"
        raise SettingsError(f"[{table}] {name} = {value!r}: must be {wanted}")
    if isinstance(value, int) and value < 0:
        raise SettingsError(f"[{table}] {name} = {value}: must not be negative")
