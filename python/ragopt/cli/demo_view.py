"""What the demo says: text for a terminal, values for --json, sections for the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from statistics import mean
from textwrap import wrap
from typing import Any

from ragopt.backends import awsdocs
from ragopt.cli.demo_index import ANALYZER, EMBEDDER, DemoIndex
from ragopt.cli.demo_questions import JudgedQuestions
from ragopt.cli.output import dollars, seconds, shortened, table, tokens
from ragopt.economics import Price, cost
from ragopt.evaluation import Estimate, compare
from ragopt.tuning import TuneResult
from ragopt.types import Context, Explanation, Usage

__all__ = ["Example", "account", "arms_text", "example_text", "index_text", "last_text", "sections"]

_MEASURES = ("nDCG@10", "R@10")
_COLUMNS = 100
_SOURCES, _LINES = 5, 3
_TERMS = ["Term", "In the chunk", "idf", "Share of BM25"]
_NAMES = {"en": "English", "vi": "Vietnamese"}


@dataclass(frozen=True, slots=True)
class Example:
    """One question with the context that would be sent for it; `label` says which one it is."""

    label: str
    text: str
    context: Context
    grades: Mapping[str, int]


def index_text(made: DemoIndex) -> str:
    """What was indexed, how large it is, and how long it took."""
    made_of, size = made.made, made.made.text_bytes / 1e6
    how = f"opened in {seconds(made.seconds)}: nothing has changed since it was built" if made.reused else "built"
    took = "" if made.reused else f" in {seconds(made.made.seconds)}"
    return (
        f"AWS API documentation of {len(awsdocs.SERVICES)} services, read from botocore {made_of.botocore}\n"
        f"{made_of.chunks:,} chunks of {made_of.documents:,} documents, {size:.1f} MB of text: {how}{took}\n"
        f"analyzer {ANALYZER}, embedder {EMBEDDER}; kept in {made.folder}\n"
    )


def arms_text(result: TuneResult, questions: JudgedQuestions, rate: Price) -> str:
    """The table of the held-out half, what can be told from it, and the verdict."""
    facts = result.facts
    languages = _language_rows(result, questions)
    head = f"On {facts.held_out_queries} held-out questions (tuned on {facts.tuning_queries} others), 95 % intervals:"
    sent = (
        f"Tokens are those of the chunks sent, estimated from their text ({facts.tokens_by}; 95 % of texts are "
        f"within 15 %). Dollars: input of {rate.model} at ${rate.input_per_million.normalize():f} a million tokens "
        f"({_sourced(rate)}). Instructions, question and answer come on top, alike in all rows."
    )
    parts = [head, table(*_rows(result, rate), right=(1, 2)), _wrapped(sent)]
    parts.append("\n".join(_wrapped(line, "- ") for line in _differences(result)))
    if len(languages) > 1:
        headers = ["nDCG@10 by language of the question", "questions", *(arm.name for arm in result.arms)]
        parts.append(table(headers, languages, right=range(1, len(headers))))
    parts.append(_wrapped(f"Verdict on tuning: {result.said} {result.top_k}"))
    parts += [_wrapped(f"Note: {line}") for line in result.notes]
    return "\n\n".join(parts) + "\n"


def example_text(example: Example) -> str:
    """One question's packed context, cited, and why the first hit has its score."""
    context = example.context
    lines = [f"{example.label}:", example.text, ""]
    if not context.hits:
        return "\n".join([*lines, f"Nothing to send: {context.status}.", ""])
    count = context.tokens
    lines.append(
        f"Its context: {len(context.citations)} chunks, {tokens(count.point)} tokens (between {tokens(count.low)} and "
        f"{tokens(count.high)}); the first {min(_SOURCES, len(context.citations))} begin:"
    )
    bodies = {hit.id: hit.text for hit in context.hits}
    for citation in context.citations[:_SOURCES]:
        grade = example.grades.get(citation.document)
        judged = f", judged {grade}" if grade else ""
        lines.append(shortened(f"{citation.marker} {citation.title}  ({citation.id}{judged})", _COLUMNS))
        lines += [f"    {shortened(line, _COLUMNS - 4)}" for line in _lines(bodies[citation.id])]
    return "\n".join([*lines, "", *_why(context.hits.explain(0)), ""])


def last_text(made: DemoIndex, files: Sequence[Path], elapsed: float) -> str:
    """What was written, and what to try next."""
    index = made.folder / "index"
    return (
        f"Wrote {' and '.join(map(str, files))} in {seconds(elapsed)} altogether. Try:\n"
        f"  ragopt search {index} 'how do I rotate a key?' --settings {files[0]}\n"
        f"  ragopt ask {index} 'how do I rotate a key?' --dry-run"
    )


def account(
    made: DemoIndex,
    result: TuneResult,
    questions: JudgedQuestions,
    rate: Price,
    example: Example,
    files: Sequence[Path],
    elapsed: float,
) -> dict[str, Any]:
    """All of it, JSON-ready."""
    arms = [{**arm.to_dict(), "dollars_per_1000_questions": _bounds(arm.sent_tokens, rate)} for arm in result.arms]
    context = example.context
    return {
        "index": {
            **asdict(made.made),
            "services": list(awsdocs.SERVICES),
            "folder": str(made.folder),
            "reused": made.reused,
            "opened_or_built_in": round(made.seconds, 3),
        },
        "held_out": arms,
        "price": {
            "model": rate.model,
            "input_per_million": rate.input_per_million,
            "as_of": rate.as_of,
            "source": rate.source,
        },
        "differences": _differences(result),
        "languages": _by_language(result, questions),
        "tuning": result.to_dict(),
        "example": {
            "label": example.label,
            "question": example.text,
            "status": str(context.status),
            "text": context.text,
            "tokens": asdict(context.tokens),
            "citations": [asdict(citation) for citation in context.citations],
            "explanation": _explained(context.hits.explain(0)) if context.hits else None,
        },
        "files": [str(path) for path in files],
        "seconds": round(elapsed, 2),
    }


def sections(
    made: DemoIndex, result: TuneResult, questions: JudgedQuestions, rate: Price, example: Example
) -> list[tuple[str, list[list[str]]]]:
    """What the report holds beside the tuning itself."""
    paid = [["", "tokens per question", "per 1,000 questions"]]
    paid += [[arm.name, _counts(arm.sent_tokens), _money(arm.sent_tokens, rate)] for arm in result.arms]
    paid.append(["price", f"${rate.input_per_million.normalize():f} a million input tokens", _sourced(rate)])
    index = [
        ["What", "Value"],
        ["documentation", f"botocore {made.made.botocore}, {len(awsdocs.SERVICES)} services"],
        ["documents", f"{made.made.documents:,}"],
        ["chunks", f"{made.made.chunks:,}"],
        ["text", f"{made.made.text_bytes / 1e6:.1f} MB"],
        ["built in", seconds(made.made.seconds)],
    ]
    languages = [["Language", "Questions", *(arm.name for arm in result.arms)], *_language_rows(result, questions)]
    out = [
        ("The index", index),
        (f"Cost of the chunks sent, as input of {rate.model}", paid),
        ("By language, nDCG@10", languages),
    ]
    if not example.context.hits:
        return out
    why = example.context.hits.explain(0)
    scores = {hit.id: hit.score for hit in example.context.hits}
    cited = example.context.citations
    sources = [["Source", "Document", "Score"]]
    sources += [[f"{c.marker} {c.title}", c.document, f"{scores[c.id]:.4f}"] for c in cited]
    return [
        *out,
        (f"{example.label}: {example.text}", sources),
        ("Why its best source has its score", [["Part", "Value"], *_parts(why)]),
        ("The terms of that source", [_TERMS, *_terms(why)]),
    ]


def _rows(result: TuneResult, rate: Price) -> tuple[list[str], list[list[str]]]:
    headers = ["", "alpha", "k", "nDCG@10", "recall@10", "tokens per question", "per 1,000 questions"]
    rows = []
    for arm in result.arms:
        sent = arm.sent_tokens
        rows.append([
            arm.name,
            "–" if arm.alpha is None else f"{arm.alpha:.2f}",
            str(arm.k),
            *(_span(arm.table.estimates[name]) for name in _MEASURES),
            _counts(sent),
            _money(sent, rate),
        ])  # fmt: skip
    return headers, rows


def _span(estimate: Estimate) -> str:
    spread = f" [{estimate.low:.3f}, {estimate.high:.3f}]" if estimate.known else ""
    return f"{estimate.mean:.3f}{spread}"


def _counts(sent: Estimate) -> str:
    return f"{tokens(sent.mean)} [{tokens(sent.low)}, {tokens(sent.high)}]" if sent.known else tokens(sent.mean)


def _money(sent: Estimate, rate: Price) -> str:
    low, high = (dollars(_per_thousand(value, rate)) for value in (sent.low, sent.high)) if sent.known else ("", "")
    spread = f" [{low}, {high}]" if sent.known else ""
    return f"{dollars(_per_thousand(sent.mean, rate))}{spread}"


def _per_thousand(sent: float, rate: Price) -> Decimal:
    return cost(Usage(input=round(1000 * sent), output=0), rate).dollars


def _sourced(rate: Price) -> str:
    return f"{rate.source}, {rate.as_of.isoformat()}"


def _bounds(sent: Estimate, rate: Price) -> dict[str, Decimal | None]:
    known = sent.known
    return {
        "mean": _per_thousand(sent.mean, rate),
        "low": _per_thousand(sent.low, rate) if known else None,
        "high": _per_thousand(sent.high, rate) if known else None,
    }


def _differences(result: TuneResult) -> list[str]:
    """The default hybrid against each side, on the same questions: surer than two intervals side by side."""
    hybrid = result.arm("default hybrid")
    out = []
    for name in ("BM25 alone", "dense alone"):
        side = result.arm(name)
        if hybrid is None or side is None:
            continue
        found = compare(hybrid.table, side.table, _MEASURES[0])
        difference = found.difference
        out.append(
            f"Default hybrid against {name}, question by question: {difference.mean:+.3f} {_MEASURES[0]} "
            f"({difference.low:+.3f} to {difference.high:+.3f}, p = {found.p:.2g}; better on {found.wins}, worse on "
            f"{found.losses}, equal on {found.ties})"
        )
    return out


def _by_language(result: TuneResult, questions: JudgedQuestions) -> dict[str, dict[str, Any]]:
    out: dict[str, dict[str, Any]] = {}
    asked = result.arms[0].table.queries
    for language in dict.fromkeys(questions.languages[id] for id in asked):
        rows = [i for i, id in enumerate(asked) if questions.languages[id] == language]
        means = {arm.name: mean(float(arm.table.column(_MEASURES[0])[i]) for i in rows) for arm in result.arms}
        out[language] = {"questions": len(rows), _MEASURES[0]: means}
    return out


def _language_rows(result: TuneResult, questions: JudgedQuestions) -> list[list[str]]:
    return [
        [_NAMES.get(language, language), str(row["questions"]), *(f"{v:.3f}" for v in row[_MEASURES[0]].values())]
        for language, row in _by_language(result, questions).items()
    ]


def _why(why: Explanation) -> list[str]:
    lines = [f"Why {why.id} has its score, the best:", *(f"  {name:<8} {value}" for name, value in _parts(why))]
    if not why.terms:
        return lines
    terms = table(_TERMS, _terms(why), right=(1, 2, 3))
    return [*lines, "", *(f"  {line}" for line in terms.splitlines())]


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()][:_LINES]


def _wrapped(text: str, first: str = "") -> str:
    return "\n".join(wrap(text, _COLUMNS, initial_indent=first, subsequent_indent=" " * len(first)))


def _terms(why: Explanation) -> list[list[str]]:
    return [[t.term, str(t.tf), f"{t.idf:.3f}", f"{t.share:.3f}"] for t in why.terms]


def _parts(why: Explanation) -> list[list[str]]:
    out = [["score", f"{why.score:.4f} = {why.dense.share:.4f} dense + {why.lexical.share:.4f} lexical"]]
    for name, side, raw in (("dense", why.dense, "cosine"), ("lexical", why.lexical, "BM25")):
        if side.raw is None:
            out.append([name, f"no {raw}, which counts {side.normalized:.4f} × weight {side.weight:.2f}"])
            continue
        rank = f", rank {side.rank}" if side.rank is not None else ""
        out.append([
            name,
            f"{side.share:.4f} = weight {side.weight:.2f} × {side.normalized:.4f} (from {raw} {side.raw:.4f} by "
            f"{why.normalizer}{rank})",
        ])  # fmt: skip
    return out


def _explained(why: Explanation) -> dict[str, Any]:
    sides = {"lexical": why.lexical, "dense": why.dense}
    return {
        "id": why.id,
        "score": why.score,
        "alpha": why.alpha,
        "normalizer": str(why.normalizer),
        **{name: {**asdict(side), "share": side.share} for name, side in sides.items()},
        "terms": [asdict(term) for term in why.terms],
    }
