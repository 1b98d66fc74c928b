"""`ragopt search`: the hits of one question."""

from __future__ import annotations

import argparse
import shutil
from typing import Any

from ragopt.cli.conditions import filter_of
from ragopt.cli.opening import opened
from ragopt.cli.options import (
    Subparsers,
    add_command,
    add_history,
    add_index,
    add_json,
    add_search,
    history_of,
    settings_of,
)
from ragopt.cli.output import emit, emit_json, json_metadata, note, score, shortened, table
from ragopt.cli.steps import step_lines
from ragopt.index import Index
from ragopt.pipeline import require_fit
from ragopt.query import prepare
from ragopt.types import Explanation, Hit, Hits, Query, Settings, SideExplanation, Trace

__all__ = ["add_parser", "explanation_lines", "hit_dict", "run"]


def add_parser(subparsers: Subparsers) -> None:
    """Register the command."""
    parser = add_command(
        subparsers,
        "search",
        run,
        summary="search an index and show the hits with their scores",
        example="ragopt search docs.idx 'how do I rotate a key?' -k 5 --where lang=en --explain",
        codes="0 something was found; 1 nothing was",
    )
    add_index(parser)
    parser.add_argument("question", metavar="QUESTION", help="what is searched for")
    parser.add_argument(
        "--explain", action="store_true", help="show what was done to the question, and how each score came about"
    )
    parser.add_argument("--as-typed", action="store_true", help="search the question as it is, without preparing it")
    add_history(parser)
    add_search(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Search and show."""
    settings = settings_of(args)
    search = settings.search
    index = opened(args)
    require_fit(settings, index)
    query, steps = _prepared(args, settings, index)
    hits = index.search(
        query,
        k=search.k,
        alpha=search.alpha,
        min_score=search.min_score,
        normalizer=search.normalizer,
        depth=search.depth,
        k1=search.k1,
        b=search.b,
    )
    if args.json:
        emit_json({"question": args.question, **_query(query, steps), **_document(hits, explain=args.explain)})
        return 0 if hits else 1
    if args.explain and steps.spans:
        emit("\n".join([*step_lines(steps.to_dict()), ""]))
    if query.answerable is not None and query.answerable < (settings.query.answerable or 0.0):
        note(f"the corpus hardly answers this: probability {query.answerable:.2f}")
    if hits:
        _show(hits, explain=args.explain)
    else:
        note(f"nothing found ({hits.reason})")
    return 0 if hits else 1


def _prepared(args: argparse.Namespace, settings: Settings, index: Index) -> tuple[Query, Trace]:
    where = filter_of(args)
    if args.as_typed:
        return Query(args.question, where=where), Trace()
    query, spans = prepare(args.question, where, settings=settings.query, index=index, history=history_of(args.history))
    return query, Trace(spans)


def _query(query: Query, steps: Trace) -> dict[str, Any]:
    return {
        "searched": query.text,
        "parts": [part.text for part in query.parts],
        "keywords": dict(query.keywords),
        "answerable": query.answerable,
        "steps": steps.to_dict(),
    }


def _show(hits: Hits, *, explain: bool) -> None:
    columns = max(40, shutil.get_terminal_size((120, 24)).columns)
    rows = []
    for rank, hit in enumerate(hits, start=1):
        cells = [str(rank), score(hit.score), score(hit.lexical), score(hit.dense), shortened(hit.id, 40)]
        rows.append([*cells, shortened(f"{hit.title}: {hit.text}" if hit.title else hit.text, columns)])
    headers = ["", "score", "BM25", "cosine", "chunk", "text"]
    fixed = table([*headers[:-1], ""], [[*row[:-1], ""] for row in rows], right=(0, 1, 2, 3)).split("\n")
    room = max(20, columns - max(map(len, fixed)) - 2)
    emit(table(headers, [[*row[:-1], shortened(row[-1], room)] for row in rows], right=(0, 1, 2, 3)))
    sides = " and ".join(name for name, part in (("BM25", hits.sides.lexical), ("cosine", hits.sides.dense)) if part)
    note(f"by {sides}, alpha {hits.alpha:g}, normalizer {hits.normalizer}; {'exact' if hits.exact else 'not exact'}")
    for i, hit in enumerate(hits if explain else ()):
        emit()
        emit("\n".join(explanation_lines(hit, hits.explain(i))))


def explanation_lines(hit: Hit, account: Explanation) -> list[str]:
    """How one hit got its score, as lines of text."""
    sides = (("BM25", account.lexical), ("cosine", account.dense))
    rows = [
        [
            name,
            score(s.raw),
            score(s.normalized),
            "–" if s.rank is None else str(s.rank),
            f"{s.weight:g}",
            score(s.share),
        ]
        for name, s in sides
    ]
    found_by = "" if hit.part is None else f"found by {hit.part!r}; "
    sides_sum = f"{score(account.dense.share)} + {score(account.lexical.share)}"
    lines = [f"{hit.id}: {found_by}score {score(account.score)} = {sides_sum}"]
    lines += table(["side", "raw", "normalized", "rank", "weight", "share"], rows, right=(1, 2, 3, 4, 5)).split("\n")
    if account.terms:
        terms = sorted(account.terms, key=lambda term: -term.share)
        rows = [[t.term, str(t.tf), score(t.idf), f"{t.weight:g}", score(t.share)] for t in terms]
        lines += ["", *table(["term", "tf", "idf", "weight", "of BM25"], rows, right=(1, 2, 3, 4)).split("\n")]
    if account.min_score is not None:
        lines.append(
            f"threshold {score(account.min_score)}: {'reached' if account.passes_threshold else 'not reached'}"
        )
    return lines


def hit_dict(hit: Hit) -> dict[str, Any]:
    """One hit, JSON-ready."""
    return {
        "id": hit.id,
        "score": hit.score,
        "lexical": hit.lexical,
        "dense": hit.dense,
        "part": hit.part,
        "document": hit.document,
        "span": list(hit.span),
        "title": hit.title,
        "text": hit.text,
        "metadata": json_metadata(hit.metadata),
    }


def _document(hits: Hits, *, explain: bool) -> dict[str, Any]:
    found = []
    for i, hit in enumerate(hits):
        found.append(hit_dict(hit))
        if explain:
            found[-1]["explanation"] = _account(hits.explain(i))
    return {
        "alpha": hits.alpha,
        "normalizer": hits.normalizer,
        "sides": {"lexical": hits.sides.lexical, "dense": hits.sides.dense},
        "exact": hits.exact,
        "reason": hits.reason,
        "hits": found,
    }


def _account(account: Explanation) -> dict[str, Any]:
    def side(part: SideExplanation) -> dict[str, Any]:
        return {
            "raw": part.raw,
            "normalized": part.normalized,
            "rank": part.rank,
            "weight": part.weight,
            "share": part.share,
        }

    return {
        "score": account.score,
        "alpha": account.alpha,
        "normalizer": account.normalizer,
        "lexical": side(account.lexical),
        "dense": side(account.dense),
        "terms": [
            {"term": t.term, "tf": t.tf, "idf": t.idf, "weight": t.weight, "share": t.share} for t in account.terms
        ],
        "constant": account.constant,
        "min_score": account.min_score,
    }
