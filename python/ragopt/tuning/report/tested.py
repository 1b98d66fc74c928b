"""The sections on what was tested: every claim as values, the wider search, indexes compared."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from ragopt.evaluation import Estimate
from ragopt.tuning.report.pieces import plain, table

if TYPE_CHECKING:
    from ragopt.tuning.result import TuneResult

__all__ = ["claims", "sizes", "wider"]


def claims(result: TuneResult) -> str:
    """What was tested on the held-out half, with p, Holm's p and what follows, as values."""
    if not result.claims:
        return ""
    rows = [["tested", "verdict", "difference", "p", "p by Holm"]]
    rows += [
        [claim.name, str(outcome), f"{claim.difference:+.4f}", _chance(claim.p), _chance(claim.adjusted)]
        for claim, outcome in result.tests
    ]
    return (
        "<h2>What was tested</h2><p class='muted'>Paired randomization tests on the held-out questions; a choice that "
        "was tuned is made anew in every draw. Holm's p counts all rows as one family. A gain also needs at least the "
        "effect that so many questions can show.</p>" + table(rows, numbers=True)
    )


def wider(result: TuneResult) -> str:
    """What came of k1, b and the levers, where they were searched."""
    parts = []
    if (bm25 := result.bm25) is not None:
        written = "written" if bm25.search.bm25 else "not written"
        parts.append(
            f"<h2>k1 and b</h2><p>{escape(str(bm25))}</p>"
            + table([["k1", "b", "verdict", "settings"], [f"{bm25.k1:g}", f"{bm25.b:g}", str(bm25.verdict.outcome),
                                                          written]])
        )  # fmt: skip
    if (levers := result.levers) is not None:
        rows = [["against the default", "held out", "outside the folds that chose"]]
        for name, digits, held, unseen in (
            ("recall lost", 4, levers.loss, levers.unseen_loss),
            ("tokens saved", 0, levers.saved, levers.unseen_saved),
        ):
            rows.append([name, *(plain(one, digits, "+") for one in (held, unseen))])
        changed = "".join(f"<li>{escape(change)}</li>" for change in levers.changes) or "<li>nothing changed</li>"
        written = "These settings are written." if levers.adopted else "These settings are not written."
        parts.append(
            f"<h2>Levers searched together</h2><p><b>{escape(str(levers.outcome))}</b>: {escape(levers.reason)} "
            f"{written} {levers.replayed:,} settings were replayed.</p><ul>{changed}</ul>{table(rows)}"
        )
    return "\n".join(parts)


def sizes(result: TuneResult) -> str:
    """Indexes of the same documents at equal tokens."""
    if (compared := result.sizes) is None:
        return ""
    rows = [
        ["index", "", "budget", "recall of what is sent", compared.measure, "tokens", "chunks",
         "tokens per chunk", "against the first", "p by Holm"]
    ]  # fmt: skip
    first = compared.rows[0].name
    for row in compared.rows:
        against: list[str] = ["", ""]
        if row.name != first:
            against = [plain(row.against_first.difference, 4, "+"), _chance(row.adjusted)]
        rows.append(
            [row.name, "best" if row.name == compared.best else "", f"{row.budget:,}", plain(row.recall, 4),
             _mean(row.quality, 4), _mean(row.tokens, 0), f"{row.chunks:.1f}", f"{row.chunk_tokens:,.0f}", *against]
        )  # fmt: skip
    return (
        f"<h2>Which chunk size?</h2><p><b>{escape(str(compared.outcome))}</b>: {escape(compared.reason)}</p>"
        f"<p class='muted'>{compared.questions} held-out questions, judged by {escape(compared.by)}, each index filled "
        f"to the same budget of tokens.</p>{table(rows, numbers=True)}"
    )


def _mean(estimate: Estimate, digits: int) -> str:
    return f"{estimate.mean:,.{digits}f}"


def _chance(p: float) -> str:
    return f"{p:.4f}"
