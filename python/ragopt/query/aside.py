"""Irrelevant parts: sentences and lines of a message that have nothing to do with the corpus are set aside."""

from __future__ import annotations

import re
from dataclasses import replace

from ragopt.query.evidence import Evidence, weigh
from ragopt.query.lexicon import Lexicon
from ragopt.query.noise import kinds
from ragopt.query.scope import probability
from ragopt.query.steps import DEFAULTS, Statistics, Step, as_question, lexicon_of
from ragopt.query.text import Piece, content_words, pieces
from ragopt.types import Query, QuerySettings, Span, Where

__all__ = ["set_aside"]

#: A part stays when its chance to be answered is at least this share of the message's best one. A question of the
#: writer's own stays more easily than a statement; a log line must be all but a question that the corpus knows.
STATEMENT, QUESTION, LOG = 0.45, 0.2, 1.0
#: A statement beside the message's only question belongs to it if they share a term, or so much of a chunk
#: (Evidence.togetherness): a broad corpus knows something of most subjects. Of sentences of another collection three
#: quarters share less (cranfield, vaswani), of the later sentences of cisi's own questions a sixth. What the corpus
#: is sure to answer has to do with it in any case.
TOGETHER, SURE = 0.25, 0.75
UNKNOWN, UNRELATED = "the corpus knows little of it", "no chunk speaks of it and of the question"
#: A message with a pasted log may be longer than a question.
LONGEST = 32_000
#: More sentences than that are a document.
MOST_PIECES = 64


def set_aside(
    question: str | Query, settings: QuerySettings = DEFAULTS, index: Statistics | None = None
) -> tuple[Query, Span]:
    """The message without the sentences and lines that the corpus knows nothing about.

    Pasted logs, signatures and quoted mail show by their form; with an index, each part is also asked of it, and
    stays only if the corpus could answer it about as well as the best part. The only question of a message stays
    whatever the index says; what else stays must share a word or a chunk with it or surely be answered, unless the
    index finds nothing for the question. A message of one sentence is never touched.
    """
    query = as_question(question)
    step = Step("aside", query)
    if len(query.text) > LONGEST:
        return step.done("too long for a message")
    lexicon = lexicon_of(query.text, settings)
    found = pieces(query.text)
    if len(found) < 2:
        return step.done("one part")
    forms = kinds(query.text, found)
    asks = [form is None and _is_question(piece, lexicon) for piece, form in zip(found, forms, strict=True)]
    evidence = _evidence(found, forms, index, query.where)
    chances = None if evidence is None else [0.0 if one is None else probability(one) for one in evidence]
    apart: list[int] = []
    if index is None or evidence is None or chances is None:
        stay = [form is None for form in forms]
    else:
        stay = _staying(chances, forms, asks)
        if sum(asks) == 1:
            unsure = [i for i, kept in enumerate(stay) if kept and chances[i] < SURE]
            apart = _apart(unsure, asks.index(True), found, evidence, index, query)
            stay = [kept and i not in apart for i, kept in enumerate(stay)]
    if all(stay):
        return step.done("every part belongs to it")
    text = _joined(query.text, found, stay)
    if not content_words(text, lexicon):
        return step.done("nothing else would be left")
    dropped = [
        {"text": piece.text, "why": form or (UNRELATED if i in apart else UNKNOWN)}
        | ({} if chances is None else {"answerable": chances[i]})
        for i, (piece, form) in enumerate(zip(found, forms, strict=True))
        if not stay[i]
    ]
    return step.changed(replace(query, text=text), f"{len(dropped)} of {len(found)} parts set aside", aside=dropped)


def _evidence(
    found: list[Piece], forms: list[str | None], index: Statistics | None, where: Where | None
) -> list[Evidence | None] | None:
    asked = [i for i, form in enumerate(forms) if form != "signature"]
    if index is None or not len(index) or len(asked) > MOST_PIECES:
        return None
    out: list[Evidence | None] = [None] * len(found)
    for i, evidence in zip(asked, weigh(index, [found[i].text for i in asked], where), strict=True):
        out[i] = evidence
    return out


def _staying(chances: list[float], forms: list[str | None], asks: list[bool]) -> list[bool]:
    """What the corpus could answer about as well as the best part, and the only question."""
    best = _best(chances, forms, asks)
    least = {None: STATEMENT, "log": LOG, "mail": LOG}
    return [
        (form is None and ask and (sum(asks) == 1 or chance >= QUESTION * best))
        or chance >= least.get(form, 2.0) * best
        for chance, form, ask in zip(chances, forms, asks, strict=True)
    ]


def _apart(
    unsure: list[int],
    question: int,
    found: list[Piece],
    evidence: list[Evidence | None],
    index: Statistics,
    query: Query,
) -> list[int]:
    """Those of the statements that share no term with the question, and of which no chunk speaks together with it."""
    asked = evidence[question]
    if asked is None or not asked.scores:
        return []
    others = [
        (i, own)
        for i in unsure
        if i != question and (own := evidence[i]) is not None and not set(own.terms).intersection(asked.terms)
    ]
    both = weigh(index, [f"{found[question].text} {found[i].text}" for i, _ in others], query.where)
    return [i for (i, own), one in zip(others, both, strict=True) if asked.togetherness(own, one) < TOGETHER]


def _best(chances: list[float], forms: list[str | None], asks: list[bool]) -> float:
    """The chance of the part that is surely meant: the only question, or else the best of what is no log."""
    if sum(asks) == 1:
        return chances[asks.index(True)]
    return max((chance for chance, form in zip(chances, forms, strict=True) if form is None), default=0.0)


def _is_question(piece: Piece, lexicon: Lexicon | None) -> bool:
    if piece.text.rstrip("\"')").endswith(("?", "？")):
        return True
    return lexicon is not None and lexicon.questions.match(piece.text) is not None


def _joined(text: str, found: list[Piece], stay: list[bool]) -> str:
    """The parts that stay, divided as they were."""
    out: list[str] = []
    last: Piece | None = None
    for piece, kept in zip(found, stay, strict=True):
        if kept:
            if last is not None:
                between = text[last.end : piece.start]
                out.append("\n" if "\n" in between else " " if re.search(r"\s", between) else "")
            out.append(piece.text)
            last = piece
    return "".join(out)
