"""What is searched beyond alpha: named fields of the settings, each with the values that are tried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from math import log
from typing import Any

from ragopt.errors import InputTypeError, UnknownNameError
from ragopt.types import Level, Settings

__all__ = ["LEVERS", "Dimension", "Levers", "beside_k", "changes", "dimensions", "with_value"]

#: What `tune(levers=)` takes: "all", a name or names of fields, or fields with the values to try.
Levers = str | Iterable[str] | Mapping[str, Sequence[Any]]

_STAGES = ("search", "prune", "pack")

#: Every field that is searched by "all", with its values but the default, the nearest first. Top-k comes from
#: `tune(ks=)`; the tokens of the budget are shares of the default's.
LEVERS: Mapping[str, tuple[Any, ...]] = {
    "search.k": (),
    "search.k1": (0.6, 0.9, 1.2, 1.6, 2.0),
    "search.b": (0.2, 0.4, 0.6, 0.75, 0.9),
    "prune.duplicates": (1.0, 0.9, 0.7),
    "prune.min_relevance": (0.02, 0.05, 0.1, 0.2),
    "prune.relative": (0.3, 0.5, 0.6, 0.7, 0.8, 0.9),
    "prune.gap": (0.1, 0.2, 0.3),
    "prune.per_token": (0.02, 0.05, 0.1, 0.2, 0.4),
    "prune.per_part": (1, 2, 3, 5),
    "pack.tokens": (0.75, 0.5, 0.35, 0.25, 0.15),
    "pack.per_source": (1, 2, 3),
    "pack.level": (Level.CHUNK, Level.SENTENCE),
    "pack.trim": (True,),
}
#: Known for bounded scores alone.
_OF_BOUNDED = ("prune.min_relevance", "prune.per_token")
#: Judgements of chunks cannot say which sentence holds what is asked.
_OF_ANSWERS = ("pack.level", "pack.trim")


@dataclass(frozen=True, slots=True)
class Dimension:
    """One field, as in "prune.gap", and its values: the default's first, then as they are given."""

    name: str
    values: tuple[Any, ...]


def dimensions(levers: Levers, base: Settings, ks: Sequence[int], *, answers: bool = False) -> tuple[Dimension, ...]:
    """The dimensions to search around `base`; InputError or UnknownNameError for what is no field or no value of it."""
    if isinstance(levers, Mapping):
        asked = dict(levers)
    elif levers == "all":
        asked = {name: _usual(name, base, ks) for name in LEVERS if _known(name, base, answers)}
    elif isinstance(levers, str):
        if levers not in LEVERS:
            raise UnknownNameError.of("levers", levers, ["all", *LEVERS])
        asked = {levers: _usual(levers, base, ks)}
    elif isinstance(levers, Iterable):
        names = list(levers)
        if wrong := [name for name in names if name not in LEVERS]:
            raise UnknownNameError.of("lever", str(wrong[0]), LEVERS)
        asked = {name: _usual(name, base, ks) for name in names}
    else:
        raise InputTypeError(f'levers is a {type(levers).__name__}: give "all", names, or {{"prune.gap": [0.2, 0.3]}}')
    made = []
    for name, given in asked.items():
        if isinstance(given, str) or not isinstance(given, Iterable):
            raise InputTypeError(f"levers[{name!r}] is {given!r}: give a list of values")
        default = value_of(base, name)
        values = [value_of(with_value(base, name, value), name) for value in given]
        made.append(Dimension(name, tuple(dict.fromkeys((default, *values)))))
    return tuple(made)


def value_of(settings: Settings, name: str) -> Any:
    """The value of a field such as "prune.gap"; UnknownNameError for none."""
    stage, _, field = name.partition(".")
    if stage not in _STAGES or field not in [f.name for f in _of(settings, stage)]:
        known = [f"{stage}.{f.name}" for stage in _STAGES for f in _of(settings, stage)]
        raise UnknownNameError.of("lever", name, known)
    return getattr(getattr(settings, stage), field)


def with_value(settings: Settings, name: str, value: Any) -> Settings:
    """The settings with another value of that field; InputError for one that cannot be."""
    stage, _, field = name.partition(".")
    value_of(settings, name)
    return replace(settings, **{stage: replace(getattr(settings, stage), **{field: value})})


def changes(before: Settings, after: Settings) -> tuple[str, ...]:
    """What differs in the stages that are searched, in words of the settings file."""
    pairs = (
        (stage, f.name, getattr(before, stage), getattr(after, stage)) for stage in _STAGES for f in _of(before, stage)
    )
    return tuple(
        f"{stage}.{name} {_told(getattr(one, name))} → {_told(getattr(two, name))}"
        for stage, name, one, two in pairs
        if getattr(one, name) != getattr(two, name)
    )


def beside_k(told: Sequence[str]) -> str:
    """These changes without that of top-k."""
    return ", ".join(change for change in told if not change.startswith("search.k "))


def _of(settings: Settings, stage: str) -> Sequence[Any]:
    return fields(getattr(settings, stage))


def _told(value: object) -> str:
    if value is None:
        return "default"
    value = getattr(value, "value", value) if not isinstance(value, StrEnum) else value
    return f"{value:g}" if isinstance(value, float) else str(value)


def _usual(name: str, base: Settings, ks: Sequence[int]) -> tuple[Any, ...]:
    if name == "search.k":
        return tuple(sorted(ks, key=lambda k: abs(log(k / base.search.k))))
    if name == "pack.tokens":
        return tuple(max(1, round(base.pack.tokens * share)) for share in LEVERS[name])
    return LEVERS[name]


def _known(name: str, base: Settings, answers: bool) -> bool:
    return (answers or name not in _OF_ANSWERS) and (name not in _OF_BOUNDED or base.search.normalizer == "bounded")
