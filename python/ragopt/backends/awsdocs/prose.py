"""Shapes of a service model in words: members, types, limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ragopt.backends.awsdocs.markup import plain

__all__ = ["members", "names"]

# Some enumerations are endless (EC2 has over 1,000 instance types): the first ones show the kind.
_MOST_VALUES = 40

_SCALARS = {
    "string": "string",
    "character": "string",
    "integer": "integer",
    "long": "integer",
    "bigInteger": "integer",
    "float": "number",
    "double": "number",
    "bigDecimal": "number",
    "boolean": "boolean",
    "timestamp": "timestamp",
    "blob": "bytes",
}


def members(structure: Mapping[str, Any], shapes: Mapping[str, Mapping[str, Any]]) -> str:
    """One item a member: `- Name (type, limits, required): documentation Values: ...`."""
    required = set(structure.get("required", ()))
    lines = []
    for name, member in structure.get("members", {}).items():
        shape = shapes[member["shape"]]
        facts = [_type(member["shape"], shapes), *_limits(shape)]
        if name in required:
            facts.append("required")
        if member.get("deprecated") or shape.get("deprecated"):
            facts.append("deprecated")
        about = plain(member.get("documentation") or shape.get("documentation") or "")
        parts = [about] if about else []
        reason = member.get("deprecatedMessage")
        if reason and plain(reason) not in about:
            parts.append(f"Deprecated: {plain(reason)}")
        values = _values(shape, shapes)
        if values:
            parts.append(f"Values: {values}.")
        lines.append(f"- {name} ({', '.join(facts)})" + (f": {_indent(' '.join(parts))}" if parts else ""))
    return "\n".join(lines)


def names(items: Iterable[str], most: int) -> str:
    """`a, b, c`, and how many more where there are more than `most`."""
    every = list(items)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more


def _indent(text: str) -> str:
    """Further lines of a member stand below its first one."""
    return text.replace("\n", "\n  ")


def _type(name: str, shapes: Mapping[str, Mapping[str, Any]]) -> str:
    shape = shapes[name]
    kind: str = shape["type"]
    if kind == "structure":
        return "document" if shape.get("document") else name
    if kind == "list":
        return f"list of {_type(shape['member']['shape'], shapes)}"
    if kind == "map":
        return f"map of {_type(shape['key']['shape'], shapes)} to {_type(shape['value']['shape'], shapes)}"
    return _SCALARS.get(kind, kind)


def _limits(shape: Mapping[str, Any]) -> list[str]:
    """`1 to 63 characters`, `at most 10 items`, `0 to 900`: what the model says a value may be."""
    unit = {"string": " characters", "list": " items", "map": " entries", "blob": " bytes"}.get(shape["type"], "")
    least, most = shape.get("min"), shape.get("max")
    if unit and not least:
        least = None  # a length is never below 0
    if least is not None and most is not None:
        return [f"exactly {least}{unit}" if least == most else f"{least} to {most}{unit}"]
    if most is not None:
        return [f"at most {most}{unit}"]
    if least is not None:
        return [f"at least {least}{unit}"]
    return []


def _values(shape: Mapping[str, Any], shapes: Mapping[str, Mapping[str, Any]]) -> str:
    while shape["type"] == "list":
        shape = shapes[shape["member"]["shape"]]
    return names(shape.get("enum", ()), _MOST_VALUES)
