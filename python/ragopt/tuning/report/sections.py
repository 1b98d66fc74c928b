"""The sections of the report as HTML; every text that is not ours is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from ragopt.tuning.front import Axis
from ragopt.tuning.moves import QuestionMoves
from ragopt.tuning.report.pieces import code, plain, plot, rank, raw, span, table
from ragopt.tuning.verdict import Outcome

if TYPE_CHECKING:
    from ragopt.tuning.result import TuneResult

__all__ = [
    "again",
    "alpha",
    "front",
    "held_out",
    "labels",
    "levers",
    "questions",
    "savings",
    "settings",
    "spread",
    "top_k",
    "verdict",
]


def verdict(result: TuneResult) -> str:
    """The answer in one sentence, every part of it with its value, then the figures that matter most."""
    tone, word = _headline(result)
    final, written = result.settings.search, result.written
    share = "default" if final.alpha is None else f"{final.alpha:g}"
    figures = [
        (f"alpha {share}, k {final.k}", "the settings written"),
        (f"{written.table[result.facts.measure]:.3f}", f"{result.facts.measure} with them, held out"),
        (f"{written.sent_tokens.mean:,.0f}", f"tokens sent per question ({result.facts.tokens_by})"),
    ]
    cells = "".join(
        f"<div><b>{escape(value)}</b><span class='muted'>{escape(what)}</span></div>" for value, what in figures
    )
    parts = [("Alpha", str(result.verdict.outcome), result.said)]
    parts.append(("Top-k", "", str(result.top_k)))
    if (bm25 := result.bm25) is not None:
        parts.append(("BM25", str(bm25.verdict.outcome), str(bm25)))
    if (levers := result.levers) is not None:
        parts.append(("Levers", str(levers.outcome), str(levers)))
    if (compared := result.sizes) is not None:
        parts.append(("Chunk size", str(compared.outcome), compared.reason))
    if origin := _origin(result):
        parts.append(("Labels", "", f"{origin}: these figures rank settings, but are not those of people."))
    told = "".join(
        f"<p><b>{name}</b> {f'<code>{value}</code> ' if value else ''}{escape(sentence)}</p>"
        for name, value, sentence in parts
    )
    return f'<div class="verdict {tone}"><strong>{word}</strong>{told}</div><div class="figures">{cells}</div>'


def _headline(result: TuneResult) -> tuple[str, str]:
    """The tone and the words of the verdict: of alpha, unless something else gained."""
    made = {
        "k1 and b": None if result.bm25 is None else result.bm25.verdict.outcome,
        "levers": None if result.levers is None else result.levers.outcome,
    }
    gained = [name for name, outcome in made.items() if outcome is Outcome.GAIN]
    if gained and result.verdict.outcome is not Outcome.GAIN:
        return "gained", f"Tuning {' and '.join(gained)} gained; alpha stays"
    if result.default_alpha is None:
        return "same", "One side alone takes part, so alpha cannot matter"
    return {
        Outcome.GAIN: ("gained", "Tuning alpha gained"),
        Outcome.NO_DETECTABLE_GAIN: ("same", "No gain over the default alpha can be told from noise"),
        Outcome.WORSE: ("lost", "Tuning alpha lost"),
        Outcome.TOO_FEW_QUESTIONS: ("same", "Too few questions to tell a gain from noise"),
    }[result.verdict.outcome]


def alpha(result: TuneResult) -> str:
    """Quality over alpha, what the folds chose, and the health of the sides."""
    if result.default_alpha is None or result.chosen_alpha is None:
        return f"<h2>Alpha</h2><p>{escape(result.verdict.why)}</p>"
    facts = result.facts
    shares = sorted(((t.share, t.settings.alpha) for t in result.trials if t.share > 0), reverse=True)[:4]
    folds = ", ".join(f"{share:g} in {part:.0%}" for part, share in shares)
    unseen = result.unseen_gain
    gain = f"{unseen.mean:+.4f}" + (f" ({unseen.low:+.4f} to {unseen.high:+.4f})" if unseen.known else "")
    health = "" if result.health is None else f"<p>{escape(str(result.health))}</p>"
    caption = (
        f"The {facts.tuning_queries} tuning questions. Alpha is the share of the dense side. The band is the 95&nbsp;% "
        "interval of the paired difference from the default: where it reaches the dotted line, that alpha cannot be "
        "told from the default."
    )
    if result.curves.exact is not None:
        caption += (
            " The thin line is the exact mean at every thousandth of alpha, the strong one the same smoothed over "
            "&plusmn;.05, by which alpha is chosen: a peak as thin as a needle is an accident of these questions."
        )
    return (
        f"<h2>Quality over alpha</h2>{plot('alpha', f'{facts.measure} against alpha', caption)}"
        f"<p>Training folds chose alpha {folds} of {facts.folds * facts.repeats}. On the questions outside them that "
        f"changed {escape(facts.measure)} by {gain}.</p>{health}"
    )


def front(result: TuneResult) -> str:
    """The Pareto front, on the axis that the reader picks."""
    if result.front is None:
        return ""
    price = result.front.cost
    names = {Axis.TOKENS: "Tokens", Axis.DOLLARS: "Dollars", Axis.SECONDS: "Latency"}
    buttons = "".join(
        f'<button type="button" data-axis="{axis}" aria-pressed="{str(axis is Axis.TOKENS).lower()}">{name}</button>'
        for axis, name in names.items()
    )
    plots = "".join(
        f'<div class="plot" id="front-{axis}" role="img" aria-label="{escape(result.front.measure)} against {axis}"'
        f"{'' if axis is Axis.TOKENS else ' hidden'}></div>"
        for axis in names
    )
    ks = result.front.exact
    exact = f" (for k up to {max(ks)} over every alpha there is)" if ks else ""
    beside = [
        f"{count:,} {what}"
        for count, what in ((price.prompt, "of prompt"), (price.cached, "read from the cache"), (price.output, "out"))
        if count
    ]
    counted = f" and {', '.join(beside)} tokens beside it" if beside else " alone"
    read = (
        f" and {price.seconds_per_1000:g} s of reading for every 1,000 tokens" if price.seconds_per_1000 else " alone"
    )
    rows = [["alpha", "k", f"{result.front.measure} of what is sent", "recall", "tokens", "$ per 1,000 questions"]]
    rows += [
        ["–" if t.alpha is None else f"{t.alpha:g}", str(t.k), f"{t.quality:.4f}", f"{t.recall:.4f}",
         f"{t.tokens:,.0f}", f"{1000 * t.dollars:,.3f}"]
        for t in result.front.best(Axis.TOKENS)
    ]  # fmt: skip
    return (
        f"<h2>Quality against cost</h2><div class='tools'>{buttons}</div><figure>{plots}<figcaption>The tuning "
        f"questions. Every dot is an alpha and a k; on the line are those that no other beats in both{exact}. Dollars "
        f"are "
        f"those of the context{counted}, by {escape(price.price.model)} at "
        f"${price.price.input_per_million.normalize():f} a million input tokens ({escape(price.price.source)}, "
        f"{price.price.as_of.isoformat()}). Latency is the search as measured here{read}.</figcaption></figure>"
        f"<details><summary>The front as a table</summary>{table(rows, numbers=True)}</details>"
    )


def levers(result: TuneResult) -> str:
    """What each changed setting did, alone and with those before it."""
    changed = [row for row in result.contributions if row.change]
    if not changed:
        return "<h2>What each lever contributed</h2><p>Alpha, k, threshold and packing all stay as they were.</p>"
    rows = [["lever", "change", "quality, alone", "tokens, alone", "quality, so far", "tokens, so far"]]
    rows += [
        [str(row.lever), row.change, plain(row.quality, 4, "+"), plain(row.tokens, 0, "+"),
         plain(row.quality_so_far, 4, "+"), plain(row.tokens_so_far, 0, "+")]
        for row in changed
    ]  # fmt: skip
    return (
        "<h2>What each lever contributed</h2><p class='muted'>The held-out questions, by what is sent: mean "
        "differences from the default, each lever taken alone and then on top of those above it. Other levers stay as "
        "they were.</p>" + table(rows)
    )


def savings(result: TuneResult) -> str:
    """What each lever of the settings saves in tokens and dollars, pulled one after another."""
    if not result.savings:
        return ""
    first, last = result.savings[0], result.savings[-1]
    rows = [
        ["lever", "setting", "chunks", "tokens", "saved", "$ per 1,000 questions", "saved", "recall of what is sent"]
    ]
    for at, row in enumerate(result.savings):
        spent, less = (None if each is None else f"{each:,.3f}" for each in (row.dollars, row.dollars_saved))
        rows.append(
            [row.lever, row.setting if row.chosen else f"{row.setting} (not set: tried)", f"{row.chunks:.1f}",
             f"{row.tokens:,.0f}", f"{row.saved:,.0f} ({row.share:.1%})" if at else "", spent or "–",
             (less or "–") if at else "", "–" if row.recall is None else f"{row.recall:.4f}"]
        )  # fmt: skip
    share = 1 - last.tokens / first.tokens if first.tokens else 0.0
    return (
        f"<h2>What each lever saves</h2><p class='muted'>Means over held-out questions (200 of them at most), each "
        f"packed for real with the settings written, one lever on top of those above it: {share:.1%} fewer tokens "
        f"than the top {result.settings.search.k} as they come. Dollars are those of the context as uncached input.</p>"
        + table(rows)
    )


def held_out(result: TuneResult) -> str:
    """The arms on the questions that tuning never saw."""
    measures = list(result.arms[0].table)
    head = ["", "alpha", "k", *measures, "recall of what is sent", "tokens per question"]
    written = result.written
    rows = []
    for arm in result.arms:
        cells = [span(arm.table.estimates[name], 4) for name in measures]
        cells += [span(arm.sent_recall, 4), span(arm.sent_tokens, 0)]
        share = "–" if arm.alpha is None else f"{arm.alpha:g}"
        alike = written.name != "settings written" and (arm.alpha, arm.k) == (written.alpha, written.k)
        mark = ' class="chosen"' if arm is written or alike else ""
        numbers = "".join(f'<td class="n">{cell}</td>' for cell in [share, str(arm.k), *cells])
        rows.append(f'<tr{mark}><td class="name">{escape(arm.name)}</td>{numbers}</tr>')
    heads = "".join(f'<th class="n">{escape(name)}</th>' if name else "<th></th>" for name in head)
    packed = f"the first k hits, packed into {result.facts.pack_tokens:,} tokens."
    if result.levers is not None and result.levers.adopted:
        packed = (
            "every row replayed as production sends it, with the questions prepared; of a chunk that is cut the share "
            "that is shown counts, and where answers were given recall is the share of them in the text."
        )
    return (
        f"<h2>Held-out questions</h2><p class='muted'>{result.facts.held_out_queries} questions that tuning never saw; "
        "means with their 95&nbsp;% intervals. Measures are of the ranking. The last two columns are of what is sent: "
        f"{packed} The shaded row is what the settings file holds.</p>"
        f'<div class="scroll"><table><tr>{heads}</tr>{"".join(rows)}</table></div>'
    )


def questions(result: TuneResult) -> str:
    """What each held-out question won or lost; the worst are explained."""
    default, tuned = result.pair
    measure = escape(result.facts.measure)
    compared = result.verdict.comparison
    if default.alpha == tuned.alpha:
        told = "Tuning kept the default alpha, so nothing was won or lost."
        drawn, title = "", "Questions that find least, explained"
    else:
        told = (
            f"From alpha {default.alpha:g} to {tuned.alpha:g}: {compared.wins} held-out questions better, "
            f"{compared.losses} worse, {compared.ties} the same."
        )
        caption = f"Change of {measure}, one bar for every held-out question, sorted."
        drawn = plot("changes", f"change of {result.facts.measure} per question", caption)
        title = f"The {len(result.worst)} that lost most, explained" if compared.losses else "Lowest, explained"
    heads = "<th><button type='button'>question</button></th>" + "".join(
        f"<th class='n'><button type='button'>{name}</button></th>" for name in ("default", "tuned", "change")
    )
    kinds = "".join(f"<option value='{kind}'>{kind}</option>" for kind in ("all", "won", "lost", "same"))
    return (
        f"<h2>Questions won and lost</h2><p>{told}</p>{drawn}"
        f"<div class='tools'><input id='find' type='search' placeholder='Find a question' aria-label='Find a question'>"
        f"<select id='kind' aria-label='Show'>{kinds}</select><span class='muted' id='count'></span></div>"
        f"<div class='scroll'><table id='questions'><thead><tr>{heads}</tr></thead><tbody></tbody></table></div>"
        f"<div class='tools'><button type='button' id='more' hidden>Show more</button></div>"
        f"<h2>{title}</h2>{''.join(_moves(moves, measure) for moves in result.worst)}"
    )


def _moves(moves: QuestionMoves, measure: str) -> str:
    rows = [["", "grade", "rank by default", "rank tuned", "BM25", "cosine"]]
    body = []
    for hit in moves.hits:
        cells = [str(hit.grade), rank(hit.before), rank(hit.after), raw(hit.lexical), raw(hit.dense)]
        name = f"{escape(hit.id)}<small>{escape(hit.title)}</small>" if hit.title else escape(hit.id)
        numbers = "".join(f'<td class="n">{cell}</td>' for cell in cells)
        body.append(f'<tr{" class=relevant" if hit.grade > 0 else ""}><td class="wide">{name}</td>{numbers}</tr>')
    heads = "".join(f'<th class="n">{cell}</th>' if cell else "<th>hit</th>" for cell in rows[0])
    missing = (
        f"<p class='muted'>{moves.missing} relevant not in the first {moves.depth} of either.</p>"
        if moves.missing
        else ""
    )
    return (
        f"<details><summary>{escape(moves.text or moves.id)} <small>{measure} {moves.before:.3f} → "
        f"{moves.after:.3f}</small></summary><p>{escape(str(moves))}</p>"
        f'<div class="scroll"><table><tr>{heads}</tr>{"".join(body)}</table></div>{missing}</details>'
    )


def spread(result: TuneResult) -> str:
    """How unlike the questions are."""
    caption = (
        "Half of the held-out questions lie in a box; the line is the median, the dashed line the mean. "
        "A mean says little of a single question."
    )
    measure = result.facts.measure
    return f"<h2>Spread over questions</h2>{plot('spread', f'{measure} of each question, by arm', caption)}"


def top_k(result: TuneResult) -> str:
    """Recall against tokens for every k."""
    points, chosen = result.curves.k, result.top_k
    if len(points) < 2:
        return f"<h2>Top-k</h2><p>{escape(str(chosen))}</p>"
    rows = [["k", "recall of what is sent", f"recall lost against k = {chosen.default}", "tokens per question"]]
    rows += [[str(p.k), plain(p.recall, 4), plain(p.loss, 4), plain(p.tokens, 0)] for p in points]
    caption = "The tuning questions; one point for every k, with the 95&nbsp;% interval of its recall."
    return (
        f"<h2>Top-k: what recall costs</h2>{plot('ks', 'recall against tokens for every k', caption)}"
        f"<p>{escape(str(chosen))}</p>{table(rows, numbers=True)}"
    )


def labels(result: TuneResult) -> str:
    """Where the judgements come from, what is doubtful about them and what was left out."""
    told = {problem.sentence for problem in result.problems}
    notes = "".join(f"<li>{escape(note)}</li>" for note in result.notes if note not in told)
    rows = [["problem", "share of labels", "what it is", "first ids"]]
    rows += [[str(p.fault), f"{p.share:.1%}", p.sentence, ", ".join(p.ids)] for p in result.problems]
    parts = [f"<p>Origin: {escape(_origin(result) or 'given; nobody said that a model or feedback made them')}.</p>"]
    parts += [table(rows)] * bool(result.problems) + [f"<ul>{notes}</ul>"] * bool(notes)
    if len(parts) == 1:
        parts.append("<p>Nothing was left out, and no judgement looks wrong.</p>")
    return f"<h2>Labels and what was left out</h2>{''.join(parts)}"


def _origin(result: TuneResult) -> str:
    """Who made the judgements, where it was not people; the empty string where nobody said."""
    labels = result.facts.labels
    return "" if labels == "given" else f"{labels}, not a person's judgement"


def settings(result: TuneResult) -> str:
    """The settings file, to copy."""
    return f"<h2>Settings</h2><p class='muted'>ragopt.toml</p>{code('toml', result.file.to_toml())}"


def again(result: TuneResult, command: str | None) -> str:
    """How it was done, and what to run to see the same."""
    facts = result.facts
    given = "(held_out_queries, held_out_qrels)" if facts.held_out == "given" else facts.held_out
    call = (
        f'result = ragopt.tune(index, queries, qrels, measure="{facts.measure}", normalizer="{facts.normalizer}", '
        f'by="{facts.by}",\n                     held_out={given}, folds={facts.folds}, repeats={facts.repeats}, '
        f"recall_margin={facts.recall_margin:g}, seed={facts.seed})"
    )
    line = command or (
        f"ragopt tune INDEX --queries QUERIES --qrels QRELS --measure {facts.measure} --by {facts.by} "
        + ("--held-out-queries QUERIES --held-out-qrels QRELS" if facts.held_out == "given" else f"--held-out {given}")
        + f" --normalizer {facts.normalizer} --seed {facts.seed}"
    )
    return (
        f"<h2>How this was done</h2><p>Every alpha was searched exactly, as production searches. The alpha nearest "
        f"the default that cannot be told from the best one (one standard error) was chosen on {facts.tuning_queries} "
        f"tuning questions, and judged on {facts.held_out_queries} others by a paired randomization test. A gain is "
        "claimed only with p &lt; .05 and at least the effect that this many questions can show.</p>"
        f"{code('command', line)}{code('call', call)}"
    )
