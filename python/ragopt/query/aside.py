"""Irrelevant parts: sentences and lines of a message that have nothing to do with the corpus are set aside."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property

from ragopt.query.evidence import Evidence, weigh
from ragopt.query.lexicon import Lexicon
from ragopt.query.noise import kinds
from ragopt.query.references import needs_history
from ragopt.query.scope import probability
from ragopt.query.steps import DEFAULTS, Statistics, Step, as_question, lexicon_of
from ragopt.query.text import Piece, content_words, pieces, token_spans
from ragopt.types import Query, QuerySettings, Span, Where

__all__ = ["set_aside"]

#: A part stays when its chance to be answered is at least this share of the message's best one. A question, or what
#: the writers tell of themselves, stays more easily than a statement; a log line must be all but a question that the
#: corpus knows.
STATEMENT, QUESTION, OWN, LOG = 0.45, 0.2, 0.25, 1.0
#: A statement belongs to a question if they share so much of a chunk (Evidence.togetherness), or a term of so much of
#: the idf of the question's rarest one: a broad corpus knows something of most subjects. What the corpus is sure to
#: answer has to do with it in any case, and so has what writers tell of themselves. Chosen on seven mixes of two
#: collections, seeds 0 to 2 (mostly their even questions); the bench prints odd questions with seed 3 beside.
TOGETHER, SHARED, SURE = 0.4, 0.3, 0.75
UNKNOWN, UNRELATED = "the corpus knows little of it", "no chunk speaks of it and of the question"
#: A sentence with a pronoun and no more content than that ("It fails.") says nothing without the one before it.
LEANING = 2
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
    whatever the index says, with the statement that it leans on ("how do I mend it?"). Other statements must share
    a word or a chunk with a question, be of the writer's own case ("I have ...") or surely be answered, unless the
    index finds nothing for the question. A message of one sentence is never touched.
    """
    query = as_question(question)
    step = Step("aside", query)
    if len(query.text) > LONGEST:
        return step.done("too long for a message")
    lexicon = lexicon_of(query.text, settings)
    found = _kept_together(query.text, pieces(query.text), lexicon)
    if len(found) < 2:
        return step.done("one part")
    forms = kinds(query.text, found)
    judge = None if index is None else _Message.read(found, forms, lexicon, index, query.where)
    whys = list(forms) if judge is None else judge.whys()
    if not any(whys):
        return step.done("every part belongs to it")
    text = _joined(query.text, found, whys)
    if not content_words(text, lexicon):
        return step.done("nothing else would be left")
    dropped = [
        {"text": piece.text, "why": why} | ({} if judge is None else {"answerable": judge.chances[i]})
        for i, (piece, why) in enumerate(zip(found, whys, strict=True))
        if why
    ]
    return step.changed(replace(query, text=text), f"{len(dropped)} of {len(found)} parts set aside", aside=dropped)


def _kept_together(text: str, found: list[Piece], lexicon: Lexicon | None) -> list[Piece]:
    """The pieces, with what leans on the one before it joined to that: "It fails.", "What is X? Is it free?"."""
    out: list[Piece] = []
    for piece in found:
        if out and lexicon is not None and _leans(text, out[-1], piece, lexicon):
            start = out.pop().start
            piece = Piece(text[start : piece.end], start, piece.end)
        out.append(piece)
    return out


def _leans(text: str, before: Piece, piece: Piece, lexicon: Lexicon) -> bool:
    asks = piece.text.endswith("?")
    if "\n" in text[before.end : piece.start] or (asks and not before.text.endswith("?")):
        return False
    words = [word.lower() for word, _, _ in token_spans(piece.text)]
    pronoun = any(word in lexicon.pronouns for word in (words if asks else words[:1]))
    return pronoun and len(content_words(piece.text, lexicon)) <= LEANING


@dataclass(frozen=True)
class _Message:
    """The parts of one message, what each is, and what the index says about it."""

    parts: list[Piece]
    forms: list[str | None]
    lexicon: Lexicon | None
    evidence: list[Evidence | None]
    index: Statistics
    where: Where | None

    @classmethod
    def read(
        cls,
        parts: list[Piece],
        forms: list[str | None],
        lexicon: Lexicon | None,
        index: Statistics,
        where: Where | None,
    ) -> _Message | None:
        """The message as the index sees it; None where there is nothing to ask, or too much."""
        asked = [i for i, form in enumerate(forms) if form != "signature"]
        if not len(index) or len(asked) > MOST_PIECES:
            return None
        evidence: list[Evidence | None] = [None] * len(parts)
        for i, one in zip(asked, weigh(index, [parts[i].text for i in asked], where), strict=True):
            evidence[i] = one
        return cls(parts, forms, lexicon, evidence, index, where)

    @cached_property
    def chances(self) -> list[float]:
        """The chance of each part to be answered."""
        return [0.0 if one is None else probability(one) for one in self.evidence]

    @cached_property
    def plain(self) -> list[int]:
        """The parts that are no log, mail or signature."""
        return [i for i, form in enumerate(self.forms) if form is None]

    @cached_property
    def asks(self) -> list[int]:
        """The questions."""
        return [i for i in self.plain if _is_question(self.parts[i], self.lexicon)]

    @cached_property
    def core(self) -> list[int]:
        """What is surely meant: the questions, and the statement that an only one leans on."""
        if len(self.asks) != 1 or needs_history(self.parts[self.asks[0]].text, self.lexicon) is None:
            return self.asks
        said = [i for i in self.plain if i not in self.asks]
        return [*self.asks, max(said, key=lambda i: self.chances[i])] if said else self.asks

    def whys(self) -> list[str | None]:
        """Why each part is set aside; None for what stays."""
        chances = self.chances
        only = len(self.asks) == 1
        best = max((chances[i] for i in (self.asks if only else self.plain)), default=0.0)
        least = {"log": LOG, "mail": LOG}
        out: list[str | None] = []
        for i, form in enumerate(self.forms):
            if form is not None:
                stays = chances[i] >= least.get(form, 2.0) * best
            elif i in self.asks:
                stays = only or chances[i] >= QUESTION * best
            else:
                stays = chances[i] >= (OWN if self._own(i) else STATEMENT) * best
            out.append(None if stays else form or UNKNOWN)
        for i in self._apart([i for i, why in enumerate(out) if why is None]):
            out[i] = UNRELATED
        return out

    def _own(self, i: int) -> bool:
        """Whether writers speak of themselves."""
        if self.lexicon is None:
            return False
        return any(word.lower() in self.lexicon.writer for word, _, _ in token_spans(self.parts[i].text))

    def _apart(self, stay: list[int]) -> list[int]:
        """Those of the statements of which no chunk speaks together with what is meant."""
        core = [i for i in self.core if i in stay]
        unsure = [i for i in stay if i in self.plain and i not in core and self.chances[i] < SURE and not self._own(i)]
        if core:
            pairs = [(i, j) for i in unsure for j in core]
        else:
            sure = max(self.plain, key=lambda i: self.chances[i], default=-1)
            if sure < 0 or self.chances[sure] < SURE:
                return []
            pairs = [(i, j) for i in unsure for j in dict.fromkeys((sure, i - 1, i + 1)) if j in stay]
        pairs = [(i, j) for i, j in pairs if (one := self.evidence[j]) is not None and one.scores]
        texts = [f"{self.parts[j].text} {self.parts[i].text}" for i, j in pairs]
        related, known = set(), set()
        for (i, j), both in zip(pairs, weigh(self.index, texts, self.where), strict=True):
            known.add(i)
            if _related(self.evidence[i], self.evidence[j], both):
                related.add(i)
        return [i for i in unsure if i in known and i not in related]


def _related(statement: Evidence | None, question: Evidence | None, both: Evidence) -> bool:
    if statement is None or question is None:
        return False
    shared = (weight for term, weight in zip(question.terms, question.idf, strict=True) if term in statement.terms)
    if max(shared, default=0.0) >= SHARED * max(question.idf, default=0.0):
        return True
    return question.togetherness(statement, both) >= TOGETHER


def _is_question(piece: Piece, lexicon: Lexicon | None) -> bool:
    if piece.text.rstrip("\"')").endswith(("?", "？")):
        return True
    if lexicon is None or lexicon.questions.match(piece.text) is None:
        return False
    return not (piece.text.endswith(".") and lexicon.either.match(piece.text))


def _joined(text: str, found: list[Piece], whys: list[str | None]) -> str:
    """The parts that stay, divided as they were."""
    out: list[str] = []
    last: Piece | None = None
    for piece, why in zip(found, whys, strict=True):
        if why is None:
            if last is not None:
                between = text[last.end : piece.start]
                out.append("\n" if "\n" in between else " " if re.search(r"\s", between) else "")
            out.append(piece.text)
            last = piece
    return "".join(out)
