"""How the command line writes: tables, numbers and JSON, in one place.

Results go to stdout; everything that is said about them goes to stderr by `note`.
"""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from math import isfinite
from pathlib import Path
from typing import Any

from ragopt.errors import InputError
from ragopt.types import Citation, Context, TokenCount

__all__ = [
    "byte_size",
    "check_target",
    "context_document",
    "count_document",
    "dollars",
    "emit",
    "emit_json",
    "json_metadata",
    "note",
    "score",
    "seconds",
    "shortened",
    "table",
    "tokens",
    "width",
]


def check_target(path: str | None) -> None:
    """A file that cannot be written is refused now, not after minutes of work; None is no file."""
    if path is None:
        return
    target = Path(path)
    if target.is_dir() or not target.absolute().parent.is_dir():
        what = "is a folder" if target.is_dir() else "is in a folder that does not exist"
        raise InputError(f"{path}: {what}; name a file that can be written")
    if not os.access(target if target.exists() else target.absolute().parent, os.W_OK):
        raise InputError(f"{path}: cannot be written (permission denied)")


def emit(text: str = "", *, end: str = "\n") -> None:
    """Write a line of the result to stdout."""
    sys.stdout.write(text + end)


def emit_json(value: Any) -> None:
    """Write the result as one JSON document. Not-a-number is refused: the caller says None."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2, allow_nan=False, default=_plain)
    sys.stdout.write("\n")


def note(text: str) -> None:
    """Write a line that is not the result to stderr."""
    sys.stdout.flush()
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def json_metadata(value: Any) -> Any:
    """Metadata as JSON can hold it: NaN and infinity, which it cannot, are null."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: json_metadata(part) for key, part in value.items()}
    return [json_metadata(part) for part in value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """Rows of cells under headers, columns two blanks apart; the columns in `right` end flush."""
    lines = [list(headers), *map(list, rows)]
    widths = [max(width(line[i]) for line in lines) for i in range(len(headers))]
    out = []
    for number, line in enumerate(lines):
        cells = [
            " " * (size - width(cell)) + cell if i in right else cell + " " * (size - width(cell))
            for i, (cell, size) in enumerate(zip(line, widths, strict=True))
        ]
        out.append("  ".join(cells).rstrip())
        if number == 0:
            out.append("  ".join("─" * size for size in widths))
    return "\n".join(out)


def width(text: str) -> int:
    """The columns that the text takes on a terminal: wide characters two, marks none."""
    columns = 0
    for character in text:
        if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
            continue
        columns += 2 if unicodedata.east_asian_width(character) in "WF" else 1
    return columns


def shortened(text: str, columns: int) -> str:
    """The text on one line, cut to that many columns; control characters, which could drive a terminal, are gone."""
    line = " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in text).split())
    if width(line) <= columns:
        return line
    kept = ""
    for character in line:
        if width(kept + character) > columns - 1:
            break
        kept += character
    return kept.rstrip() + "…"


def score(value: float | None) -> str:
    """A score with four decimals; a dash where there is none."""
    return "–" if value is None else f"{value:.4f}"


def tokens(count: float) -> str:
    """A number of tokens, thousands divided."""
    return f"{count:,.0f}"


def dollars(amount: Decimal | float) -> str:
    """US dollars: cents from a dollar on, else three significant digits."""
    value = Decimal(amount) if isinstance(amount, Decimal) else Decimal(repr(amount))
    if value == 0:
        return "$0"
    if value < 0:
        return f"-{dollars(-value)}"
    if value >= 1:
        return f"${value.quantize(Decimal('0.01'), ROUND_HALF_UP):,}"
    return f"${value.quantize(Decimal(1).scaleb(value.adjusted() - 2), ROUND_HALF_UP):f}"


def seconds(value: float) -> str:
    """A time that a person reads."""
    if value < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:.1f} s" if value < 60 else f"{int(value // 60)} min {value % 60:.0f} s"


def byte_size(count: float) -> str:
    """Bytes in binary units."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024 or unit == "GiB":
            break
        count /= 1024
    return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"


def context_document(context: Context) -> dict[str, Any]:
    """A context as JSON: text, tokens, citations."""
    return {
        "text": context.text,
        "tokens": count_document(context.tokens),
        "citations": [_citation(citation) for citation in context.citations],
    }


def _citation(citation: Citation) -> dict[str, Any]:
    return {
        "marker": citation.marker,
        "id": citation.id,
        "document": citation.document,
        "title": citation.title,
        "span": list(citation.span),
    }


def count_document(count: TokenCount) -> dict[str, Any]:
    """A token count as JSON."""
    return {"point": count.point, "low": count.low, "high": count.high, "method": count.method}
