"""The page: every section in its order, all text escaped, script and data embedded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from ragopt.backends.plotting import plotly_script
from ragopt.tuning.report.figures import figures
from ragopt.tuning.report.look import DARK, LIGHT, variables
from ragopt.tuning.report.pieces import Section, table
from ragopt.tuning.report.sections import (
    again,
    alpha,
    front,
    held_out,
    labels,
    levers,
    questions,
    savings,
    settings,
    spread,
    top_k,
    verdict,
)
from ragopt.tuning.report.tested import claims, sizes, wider

if TYPE_CHECKING:
    from ragopt.tuning.result import TuneResult

__all__ = ["Section", "page"]

# The browser itself then refuses whatever would leave the page.
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"


def page(result: TuneResult, sections: Sequence[Section] = (), command: str | None = None) -> str:
    """The report of `result` as one HTML document; `sections` are added before the settings.

    `command` is the command line that made it, to be shown. MissingExtraError without `ragopt[report]`.
    """
    facts = result.facts
    told = [f"{value} chunks" if name == "chunks" else f"{name} {value}" for name, value in facts.index.items()]
    about = " · ".join(told) or "index not described"
    parts = [
        "<h1>Tuning report</h1>",
        f'<p class="muted">{escape(facts.date)} · ragopt {escape(facts.version)} · {escape(about)}</p>',
        verdict(result),
        "<noscript><p>The figures need JavaScript; all that they show is in the tables and in --json.</p></noscript>",
        claims(result),
        alpha(result),
        front(result),
        wider(result),
        sizes(result),
        levers(result),
        savings(result),
        held_out(result),
        questions(result),
        spread(result),
        top_k(result),
        labels(result),
        *(f"<h2>{escape(title)}</h2>{table(rows)}" for title, rows in sections),
        settings(result),
        again(result, command),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>ragopt tuning report</title>\n'
        '<link rel="icon" href="data:,">\n'
        f"<style>\n{variables()}\n{_asset('page.css')}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(part for part in parts if part)
        + f'\n</main>\n<script type="application/json" id="data">{_embedded(_data(result))}</script>\n'
        f"<script>{plotly_script()}</script>\n<script>\n{_asset('page.js')}</script>\n</body>\n</html>\n"
    )


def _data(result: TuneResult) -> dict[str, Any]:
    default, tuned = result.pair
    before, after = (arm.table.column(result.facts.measure).tolist() for arm in (default, tuned))
    ids = default.table.queries
    return {
        "palettes": {"light": dict(LIGHT), "dark": dict(DARK)},
        "figures": figures(result),
        "questions": [[id, result.questions[id], b, a] for id, b, a in zip(ids, before, after, strict=True)],
    }


def _embedded(value: dict[str, Any]) -> str:
    """JSON that no text inside it can end: `<` never appears."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


@cache
def _asset(name: str) -> str:
    return files("ragopt.tuning.report").joinpath(name).read_text(encoding="utf-8")
