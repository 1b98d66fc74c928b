"""Pieces of the page: tables, places of figures, code to copy, and figures as text. Every text is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ragopt.evaluation import Estimate

__all__ = ["Section", "code", "plain", "plot", "rank", "raw", "span", "table"]

#: A further section: title, and rows of cells of plain text, the first row a heading.
Section = tuple[str, Sequence[Sequence[str]]]


def table(rows: Sequence[Sequence[str]], *, numbers: bool = False) -> str:
    """Rows of plain text, the first a heading; with `numbers`, all columns but the first end flush."""

    def cells(row: Sequence[str], tag: str) -> str:
        kinds = [' class="n"' if numbers and i else "" for i in range(len(row))]
        return "".join(f"<{tag}{kind}>{escape(str(cell))}</{tag}>" for cell, kind in zip(row, kinds, strict=True))

    body = [f"<tr>{cells(row, 'td' if i else 'th')}</tr>" for i, row in enumerate(rows)]
    return f'<div class="scroll"><table>{"".join(body)}</table></div>'


def plot(id: str, label: str, caption: str) -> str:
    """A place for a figure; `caption` is HTML."""
    return (
        f'<figure><div class="plot" id="{id}" role="img" aria-label="{escape(label)}"></div>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def code(id: str, text: str) -> str:
    """A block of code that can be copied."""
    button = f'<button type="button" data-copy="{id}">Copy</button>'
    return f'<div class="code">{button}<pre id="{id}">{escape(text)}</pre></div>'


def span(estimate: Estimate, digits: int) -> str:
    """A mean with its interval below it."""
    if not estimate.known:
        return f"{estimate.mean:,.{digits}f}"
    return f"{estimate.mean:,.{digits}f}<small>{estimate.low:,.{digits}f} to {estimate.high:,.{digits}f}</small>"


def plain(estimate: Estimate, digits: int, sign: str = "") -> str:
    """A mean with its interval behind it, as plain text."""
    shape = f"{sign},.{digits}f"
    bounds = f" ({estimate.low:{shape}} to {estimate.high:{shape}})" if estimate.known else ""
    return f"{estimate.mean:{shape}}{bounds}"


def rank(place: int | None) -> str:
    """A rank, or a dash."""
    return "–" if place is None else str(place)


def raw(score: float | None) -> str:
    """A score, or a dash."""
    return "–" if score is None else f"{score:.3f}"
