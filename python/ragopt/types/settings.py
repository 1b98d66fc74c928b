"""All stages' settings as one value, and the TOML file that carries them to production."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ragopt.errors import InputError, SettingsError, UnknownNameError
from ragopt.types.parameters import GenerateSettings, PackSettings, SearchSettings, Threshold
from ragopt.types.preparing import QuerySettings
from ragopt.types.pruning import PruneSettings, Recalibration
from ragopt.types.tuned import Tuned

__all__ = ["Settings"]

_TABLES = {
    "search": SearchSettings,
    "pack": PackSettings,
    "generate": GenerateSettings,
    "query": QuerySettings,
    "prune": PruneSettings,
}
_MAKING = ("tuned", "index")


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of every stage: what a tuned file holds.

    `tuned` says on which index they were found, and what was measured there; a `Pipeline` refuses them on an index that
    they do not fit. None for settings made by hand.
    """

    search: SearchSettings = SearchSettings()
    pack: PackSettings = PackSettings()
    generate: GenerateSettings = GenerateSettings()
    query: QuerySettings = QuerySettings()
    prune: PruneSettings = PruneSettings()
    tuned: Tuned | None = None

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Settings:
        """Read a settings file. Unknown tables, unknown keys and impossible values are SettingsErrors."""
        path = Path(path)
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise SettingsError(f"{path}: cannot be read ({error.strerror})") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"{path}: not a TOML file ({error})") from error
        try:
            return cls.from_dict(tables)
        except InputError as error:
            raise SettingsError(f"{path}: {error}") from error

    @classmethod
    def from_dict(cls, tables: Mapping[str, Any]) -> Settings:
        """The settings of a nested mapping, as `to_dict` gives it."""
        if not isinstance(tables, Mapping):
            raise SettingsError(f"settings are a {type(tables).__name__}: give tables, as to_dict() does")
        stages: dict[str, Any] = {}
        making = {name: tables[name] for name in _MAKING if name in tables}
        if len(making) == 1:
            raise SettingsError(
                f"[{next(iter(making))}] alone: [tuned] and [index] belong together, keep or delete both"
            )
        if making:
            stages["tuned"] = Tuned.from_tables(making["tuned"], making["index"])
        for name, values in tables.items():
            if name in _MAKING:
                continue
            if name not in _TABLES:
                raise UnknownNameError.of("settings table", name, [*_TABLES, *_MAKING])
            if not isinstance(values, Mapping):
                raise SettingsError(f"[{name}] must be a table")
            stages[name] = _stage(name, values)
        return cls(**stages)

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Nested plain values; what is None is left out, a threshold carries its kind."""
        stages = {name: _plain(getattr(self, name)) for name in _TABLES}
        return stages if self.tuned is None else {**stages, **self.tuned.to_tables()}

    def to_toml(self, *, comment: str = "") -> str:
        """The settings as the text of a TOML file, with `comment` as the lines on top."""
        lines = [f"# {line}".rstrip() for line in comment.splitlines()]
        for name, values in self.to_dict().items():
            lines += ["", f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in values.items())]
        return "\n".join(lines).lstrip("\n") + "\n"

    def save(self, path: str | os.PathLike[str], *, comment: str = "") -> None:
        """Write the settings as TOML, with `comment` as the lines on top."""
        path = Path(path)
        try:
            path.write_text(self.to_toml(comment=comment), encoding="utf-8")
        except OSError as error:
            raise SettingsError(f"{path}: cannot be written ({error.strerror})") from error


def _stage(name: str, values: Mapping[str, Any]) -> Any:
    known = {f.name for f in fields(_TABLES[name])}
    for key in values:
        if key not in known:
            raise UnknownNameError.of(f"key in [{name}]", key, known)
    chosen = dict(values)
    if name == "search" and isinstance(chosen.get("min_score"), Mapping):
        threshold = chosen["min_score"]
        if set(threshold) != {"value", "kind"}:
            raise SettingsError("search.min_score must be a number or { value = …, kind = … }")
        chosen["min_score"] = Threshold(threshold["value"], kind=threshold["kind"])
    if name == "prune" and isinstance(fitted := chosen.get("recalibration"), Mapping):
        if set(fitted) != {f.name for f in fields(Recalibration)}:
            raise SettingsError("prune.recalibration must be { shift = …, scale = …, questions = … }")
        chosen["recalibration"] = Recalibration(**fitted)
    return _TABLES[name](**chosen)


def _plain(stage: Any) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for f in fields(stage):
        value = getattr(stage, f.name)
        if isinstance(value, Threshold):
            value = {"value": value.value, "kind": str(value.kind)}
        elif isinstance(value, Recalibration):
            value = {"shift": value.shift, "scale": value.scale, "questions": value.questions}
        elif isinstance(value, tuple):
            value = list(value)
        if value is not None:
            out[f.name] = value
    if "min_score" in out and not isinstance(out["min_score"], dict):
        out["min_score"] = {"value": float(out["min_score"]), "kind": str(stage.normalizer)}
    return out


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(part)}" for key, part in value.items()) + " }"
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    if isinstance(value, list):
        return "[" + ", ".join(_toml(part) for part in value) + "]"
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")  # JSON may hold DEL, TOML may not
