"""The tuning report: one HTML file, nothing from elsewhere, light and dark, every text escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from ragopt.evaluation import Estimate
from ragopt.tuning.chart import CHART_STYLE, PALETTE, alpha_chart, difference_chart, k_chart
from ragopt.tuning.trials import Arm
from ragopt.tuning.verdict import Outcome

if TYPE_CHECKING:
    from ragopt.tuning.result import TuneResult

__all__ = ["Section", "page"]

#: A further section: title, and rows of cells of plain text, the first row a heading.
Section = tuple[str, Sequence[Sequence[str]]]

_STYLE = """
* { box-sizing: border-box; }
html { color-scheme: light dark; }
body { margin: 0; background: var(--paper); color: var(--ink); -webkit-text-size-adjust: 100%;
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }
main { max-width: 860px; margin: 0 auto; padding: 48px 24px 80px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -.01em; }
h2 { font-size: 19px; margin: 44px 0 8px; padding-top: 20px; border-top: 1px solid var(--line); }
p { margin: 8px 0; } .muted, figcaption { color: var(--muted); font-size: 14px; }
figure { margin: 16px 0; } figure svg { width: 100%; height: auto; display: block; }
.verdict { margin: 28px 0 12px; padding: 18px 22px; background: var(--soft); border-left: 4px solid var(--tone);
  border-radius: 4px; }
.verdict strong { color: var(--tone); display: block; font-size: 19px; line-height: 1.4; }
.gained { --tone: var(--good); } .same { --tone: var(--accent); } .lost { --tone: var(--bad); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 12px; margin: 12px 0 0; }
.figures div { background: var(--soft); border-radius: 4px; padding: 14px 18px; }
.figures b { display: block; font-size: 22px; font-weight: 600; font-variant-numeric: tabular-nums; line-height: 1.3; }
.scroll { overflow-x: auto; margin: 12px 0; }
table { border-collapse: collapse; width: 100%; font-size: 14.5px; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; color: var(--muted); font-size: 13px; vertical-align: bottom; }
th, td { padding: 7px 14px 7px 0; border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
.name { white-space: nowrap; } td.wide { min-width: 220px; }
td { vertical-align: top; } td small { color: var(--muted); font-size: 12.5px; white-space: nowrap; display: block; }
.n { text-align: right; white-space: nowrap; } tr.chosen td { background: var(--soft); font-weight: 600; }
tr.chosen small { font-weight: 400; } .up { color: var(--good); } .down { color: var(--bad); }
pre { background: var(--soft); border-radius: 4px; padding: 14px 18px; overflow-x: auto; font-size: 13.5px;
  line-height: 1.5; font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
ul { padding-left: 20px; } li { margin: 4px 0; }
@media print { main { padding: 0; max-width: none; } h2 { break-after: avoid; }
  figure, .verdict, tr { break-inside: avoid; }
  body { font-size: 11pt; } .scroll { overflow: visible; } pre { white-space: pre-wrap; } }
""".strip()

_SHOWN = 8  # questions won and lost that are listed


def page(result: TuneResult, sections: Sequence[Section] = ()) -> str:
    """The report of `result` as one HTML document; `sections` are added before the settings."""
    facts = result.facts
    told = [f"{value} chunks" if name == "chunks" else f"{name} {value}" for name, value in facts.index.items()]
    about = " · ".join(told) or "index not described"
    parts = [
        "<h1>Tuning report</h1>",
        f'<p class="muted">{escape(facts.date)} · ragopt {escape(facts.version)} · {escape(about)}</p>',
        _verdict(result),
        _figures(result),
        _alpha(result),
        _held_out(result),
        _top_k(result),
        _questions(result),
        *(f"<h2>{escape(title)}</h2>{_rows(rows)}" for title, rows in sections),
        _settings(result),
        _again(result),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>ragopt tuning report</title>\n'
        f"<style>\n{PALETTE}\n{_STYLE}\n{CHART_STYLE}\n</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(part for part in parts if part)
        + "\n</main>\n</body>\n</html>\n"
    )


def _verdict(result: TuneResult) -> str:
    tone, word = {
        Outcome.GAINED: ("gained", "Tuning alpha gained"),
        Outcome.TOO_SMALL: ("same", "Tuning alpha did better, but too little to claim"),
        Outcome.NOT_DISTINGUISHABLE: ("same", "No gain over the default alpha can be told from noise"),
        Outcome.LOST: ("lost", "Tuning alpha lost"),
    }[result.verdict.outcome]
    return (
        f'<div class="verdict {tone}"><strong>{word}</strong>{escape(str(result.verdict))}'
        f"<br>{escape(str(result.top_k))}</div>"
    )


def _figures(result: TuneResult) -> str:
    final = result.settings.search
    alpha = "default" if final.alpha is None else f"{final.alpha:g}"
    written = result.written
    figures = [
        (f"alpha {alpha}, k {final.k}", "the settings written"),
        (f"{written.table[result.facts.measure]:.3f}", f"{result.facts.measure} with them, held out"),
        (f"{written.sent_tokens.mean:,.0f}", f"tokens sent per question ({result.facts.tokens_by})"),
    ]
    cells = "".join(
        f"<div><b>{escape(value)}</b><span class='muted'>{escape(word)}</span></div>" for value, word in figures
    )
    return f'<div class="figures">{cells}</div>'


def _alpha(result: TuneResult) -> str:
    if result.default_alpha is None or result.chosen_alpha is None:
        return f"<h2>Alpha</h2><p>{escape(result.verdict.why)}</p>"
    facts = result.facts
    picture = alpha_chart(
        result.curves.alpha, facts.measure, result.default_alpha, result.chosen_alpha, facts.tuning_queries
    )
    shares = sorted(((t.share, t.settings.alpha) for t in result.trials if t.share > 0), reverse=True)[:4]
    folds = ", ".join(f"{alpha:g} in {share:.0%}" for share, alpha in shares)
    unseen = result.unseen_gain
    gain = f"{unseen.mean:+.4f}" + (f" ({unseen.low:+.4f} to {unseen.high:+.4f})" if unseen.known else "")
    health = "" if result.health is None else f"<p>{escape(str(result.health))}</p>"
    return (
        f"<h2>Score against alpha</h2><figure>{picture}<figcaption>The {facts.tuning_queries} tuning questions. "
        "Alpha is the share of the dense side. The band is the 95&nbsp;% interval of the paired difference from the "
        "default: where it reaches the dashed line, that alpha cannot be told from the default.</figcaption></figure>"
        f"<p>Training folds chose alpha {folds} of {facts.folds * facts.repeats}. On the questions outside them that "
        f"changed {escape(facts.measure)} by {gain}.</p>{health}"
    )


def _held_out(result: TuneResult) -> str:
    measures = list(result.arms[0].table)
    head = ["", "alpha", "k", *measures, "recall of what is sent", "tokens per question"]
    written = result.written
    rows = []
    for arm in result.arms:
        cells = [_span(arm.table.estimates[name], 4) for name in measures]
        cells += [_span(arm.sent_recall, 4), _span(arm.sent_tokens, 0)]
        alpha = "–" if arm.alpha is None else f"{arm.alpha:g}"
        mark = ' class="chosen"' if (arm.alpha, arm.k) == (written.alpha, written.k) else ""
        numbers = "".join(f'<td class="n">{cell}</td>' for cell in [alpha, str(arm.k), *cells])
        rows.append(f'<tr{mark}><td class="name">{escape(arm.name)}</td>{numbers}</tr>')
    heads = "".join(f'<th class="n">{escape(name)}</th>' if name else "<th></th>" for name in head)
    return (
        f"<h2>Held-out questions</h2><p class='muted'>{result.facts.held_out_queries} questions that tuning never saw; "
        "means with their 95&nbsp;% intervals. Measures are of the ranking. The last two columns are of what is sent: "
        f"the first k hits, packed into {result.facts.pack_tokens:,} tokens. The shaded row is what the settings file "
        "holds.</p>"
        f'<div class="scroll"><table><tr>{heads}</tr>{"".join(rows)}</table></div>'
    )


def _top_k(result: TuneResult) -> str:
    points, top_k = result.curves.k, result.top_k
    if len(points) < 2:
        return f"<h2>Top-k</h2><p>{escape(str(top_k))}</p>"
    rows = [["k", "recall of what is sent", f"recall lost against k = {top_k.default}", "tokens per question"]]
    rows += [[str(p.k), _plain(p.recall, 4), _plain(p.loss, 4), _plain(p.tokens, 0)] for p in points]
    return (
        f"<h2>Top-k: what recall costs</h2><figure>{k_chart(points, top_k.default, top_k.k)}<figcaption>The tuning "
        "questions; one point for every k, with the 95&nbsp;% interval of its recall.</figcaption></figure>"
        f"<p>{escape(str(top_k))}</p>{_rows(rows, numbers=True)}"
    )


def _questions(result: TuneResult) -> str:
    default, tuned = result.arm("default hybrid"), result.arm("tuned hybrid")
    measure = result.facts.measure
    if default is None or tuned is None:
        return ""
    if default.alpha == tuned.alpha:
        return f"<h2>Questions that find least</h2>{_worst(result, default)}"
    before, after = default.table.column(measure), tuned.table.column(measure)
    changes = [float(change) for change in after - before]
    order = sorted(range(len(changes)), key=lambda i: -changes[i])
    won = [i for i in order if changes[i] > 1e-12][:_SHOWN]
    lost = [i for i in reversed(order) if changes[i] < -1e-12][:_SHOWN]
    verdict = result.verdict.comparison
    lines = [
        f"<h2>Questions won and lost</h2><p>From alpha {default.alpha:g} to {tuned.alpha:g}: {verdict.wins} held-out "
        f"questions better, {verdict.losses} worse, {verdict.ties} the same.</p>"
        f"<figure>{difference_chart(changes, measure)}<figcaption>Change of {escape(measure)}, one bar for every "
        "held-out question, sorted.</figcaption></figure>"
    ]
    for word, picks in (("Most won", won), ("Most lost", lost)):
        if picks:
            body = "".join(
                f'<tr><td class="wide">{escape(result.questions[default.table.queries[i]])}</td>'
                f'<td class="n">{before[i]:.3f}</td><td class="n">{after[i]:.3f}</td>'
                f'<td class="n {"up" if changes[i] > 0 else "down"}">{changes[i]:+.3f}</td></tr>'
                for i in picks
            )
            lines.append(
                f'<div class="scroll"><table><tr><th>{word}</th><th class="n">default</th><th class="n">tuned</th>'
                f'<th class="n">change</th></tr>{body}</table></div>'
            )
    return "".join(lines)


def _worst(result: TuneResult, arm: Arm) -> str:
    measure = result.facts.measure
    values = arm.table.column(measure)
    order = sorted(range(len(values)), key=lambda i: values[i])[:_SHOWN]
    rows = [["question", measure]] + [[result.questions[arm.table.queries[i]], f"{values[i]:.3f}"] for i in order]
    return (
        f"<p class='muted'>Tuning kept the default alpha, so nothing was won or lost. These held-out questions are "
        f"where better documents, an analyzer or an embedder would help most.</p>{_rows(rows, numbers=True)}"
    )


def _settings(result: TuneResult) -> str:
    return f"<h2>Settings</h2><pre>{escape(result.settings.to_toml())}</pre>"


def _again(result: TuneResult) -> str:
    facts = result.facts
    held_out = "(held_out_queries, held_out_qrels)" if facts.held_out == "given" else facts.held_out
    call = (
        f'result = ragopt.tune(index, queries, qrels, measure="{facts.measure}", normalizer="{facts.normalizer}", '
        f'by="{facts.by}",\n                     held_out={held_out}, folds={facts.folds}, repeats={facts.repeats}, '
        f"recall_margin={facts.recall_margin:g}, seed={facts.seed})"
    )
    notes = "".join(f"<li>{escape(note)}</li>" for note in result.notes)
    return (
        f"<h2>How this was done</h2><p>Every alpha was searched exactly, as production searches. The alpha nearest "
        f"the default that cannot be told from the best one (one standard error) was chosen on {facts.tuning_queries} "
        f"tuning questions, and judged on {facts.held_out_queries} others by a paired randomisation test. A gain is "
        "claimed only with p &lt; .05 and at least the effect that this many questions can show.</p>"
        f"<pre>{escape(call)}</pre>" + (f"<ul>{notes}</ul>" if notes else "")
    )


def _rows(rows: Sequence[Sequence[str]], *, numbers: bool = False) -> str:
    def cells(row: Sequence[str], tag: str) -> str:
        kinds = ['class="n"' if numbers and i else "" for i in range(len(row))]
        return "".join(f"<{tag} {kind}>{escape(str(cell))}</{tag}>" for cell, kind in zip(row, kinds, strict=True))

    body = [f"<tr>{cells(row, 'td' if i else 'th')}</tr>" for i, row in enumerate(rows)]
    return f'<div class="scroll"><table>{"".join(body)}</table></div>'


def _span(estimate: Estimate, digits: int) -> str:
    if not estimate.known:
        return f"{estimate.mean:,.{digits}f}"
    return f"{estimate.mean:,.{digits}f}<small>{estimate.low:,.{digits}f} to {estimate.high:,.{digits}f}</small>"


def _plain(estimate: Estimate, digits: int) -> str:
    bounds = f" ({estimate.low:,.{digits}f} to {estimate.high:,.{digits}f})" if estimate.known else ""
    return f"{estimate.mean:,.{digits}f}{bounds}"
