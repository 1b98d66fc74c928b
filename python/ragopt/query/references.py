"""References: a question that leans on earlier turns is told by rule, and completed with what they named.

The gate is deterministic and per language: pronouns, openers, ellipsis, mentions of an earlier turn, and questions
of nothing but general words. A question that stands alone is never touched, whatever was said before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ragopt.query.history import History, Turn, as_turns, phrases, specific_words
from ragopt.query.lexicon import Lexicon
from ragopt.query.lexicon.types import words
from ragopt.query.steps import DEFAULTS, MOST_CHARACTERS, Statistics, Step, as_question, lexicon_of
from ragopt.query.style import clean
from ragopt.query.text import pieces, token_spans
from ragopt.types import Query, QuerySettings, Span

__all__ = ["needs_history", "resolve_references"]

#: With so many words that name something, a turn that begins like a reply stands alone (syllables in Vietnamese).
ENOUGH = {"en": 4, "vi": 6}
#: So many before a possessive hold the thing that it belongs to.
NAMED = {"en": 2, "vi": 4}
#: User turns that are looked back at, phrases added in all, and the weight of an assistant's words to a user's.
MOST_TURNS, MOST_PHRASES, ASSISTANT = 4, 8, 0.6
#: Characters of a whole turn that is meant.
MOST_SAID = 500
_BEFORE = re.compile(r"([\w'’]+)\W*$")
_PREPOSITIONS = words(
    "of for about in with to from at on by than like using does is did can do was are were has have will would should "
    "và before after without into"
)
_AND = re.compile(r"^(?:and|or|or maybe|và|hay|hoặc) ", re.IGNORECASE)
_FRAGMENT = re.compile(
    r"^(?:and |và )?(?:for|with|in|on|from|at|to|without|after|before|under|using|via|với|cho|ở|trên|trong"
    r"|bằng|từ|sau|trước|tại)\b",
    re.IGNORECASE,
)


def needs_history(text: str, lexicon: Lexicon | None) -> str | None:
    """Why the question leans on earlier turns; None where it stands alone, or where its language has no rules."""
    if lexicon is None:
        return None
    asked = clean(text).strip(" ?!.…")
    for pattern in lexicon.said.values():
        if (match := pattern.search(asked)) is not None:
            return f"mentions an earlier turn: {match[0]!r}"
    specific = specific_words(asked, lexicon)
    many = len(specific) >= ENOUGH[lexicon.name]
    idle = [match.span() for match in lexicon.idle.finditer(asked)]
    if not many and (match := lexicon.openers.match(asked)) is not None and not _complete(match[0], specific):
        return f"goes on from before: {match[0].strip()!r}"
    for match in lexicon.deictics.finditer(asked):
        if not _inside(match.span(), idle) and not _named_before(asked, match.start(), match[0], lexicon):
            return f"points to what was said: {match[0]!r}"
    for match in lexicon.weak.finditer(asked):
        if _inside(match.span(), idle) or _joins(asked, match, lexicon):
            continue
        if not _named_before(asked, match.start(), match[0], lexicon):
            return f"pronoun without its noun: {match[0]!r}"
    return _ellipsis(asked, specific, idle, lexicon)


def _complete(opener: str, specific: Sequence[str]) -> bool:
    """`What if` begins a question of its own as often as not; other openers hardly ever do."""
    return opener.lower().strip().endswith(("what if", "such as", "for example")) and len(specific) >= 2


def _inside(span: tuple[int, int], others: Sequence[tuple[int, int]]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in others)


def _joins(text: str, match: re.Match[str], lexicon: Lexicon) -> bool:
    """Whether a `that` only joins two clauses: it stands behind a noun or a verb of saying, and before a word."""
    if match[0].lower() != "that" or match.end() == len(text):
        return False
    before = _BEFORE.search(text, 0, match.start())
    word = before[1].lower() if before else ""
    return (
        bool(word)
        and word not in _PREPOSITIONS
        and (word not in lexicon.verbs or word in ("say", "think", "know", "sure"))
    )


def _named_before(text: str, at: int, pronoun: str, lexicon: Lexicon) -> bool:
    """Whether the question itself names what the word at `at` stands for, in a clause before it."""
    before = text[:at]
    named = specific_words(before, lexicon)
    if pronoun.lower() == "thì sao":
        return len(named) >= 2 and before.lower().startswith(("nếu ", "lỡ ", "khi ", "giả sử "))
    if not named or pronoun.lower().startswith(("the ", "cái ", "my ", "your ")):
        return False
    if any(named and specific_words(before[: match.start()], lexicon) for match in lexicon.clauses.finditer(before)):
        return True
    last = _BEFORE.search(before)
    possessive = pronoun.lower() in ("its", "their", "his", "her") or (last is not None and last[1].lower() == "của")
    return (
        possessive
        and last is not None
        and (last[1].lower() not in lexicon.functions or len(named) >= NAMED[lexicon.name])
    )


def _ellipsis(text: str, specific: Sequence[str], idle: Sequence[tuple[int, int]], lexicon: Lexicon) -> str | None:
    asked = [token for token in token_spans(text) if not _inside(token[1:], idle)]
    if not specific:
        return "asks about nothing by name" if asked else None
    short = len(specific) <= NAMED[lexicon.name]
    if short and (_FRAGMENT.match(text) or _AND.match(text)) and lexicon.questions.search(text) is None:
        return "a fragment of a sentence"
    return "a single name" if len(asked) == 1 else None


def resolve_references(
    question: str | Query,
    settings: QuerySettings = DEFAULTS,
    index: Statistics | None = None,
    *,
    history: History | None = None,
) -> tuple[Query, Span]:
    """The question with the phrases of earlier turns that it leans on, in its text and at lower weight in its terms.

    `history` holds the turns before it, oldest first: texts of the user, (role, text) pairs, or {"role",
    "content"} dicts; roles are user and assistant. "What I said before" and its like take the whole turn that
    they mean. Without an index the phrases are added to the text alone, at full weight.
    """
    query = as_question(question)
    step = Step("references", query)
    turns = as_turns(history)
    if not turns:
        return step.done("no earlier turns")
    if len(query.text) > MOST_CHARACTERS:
        return step.done("too long for a question")
    lexicon = lexicon_of(query.text, settings)
    why = needs_history(query.text, lexicon)
    if why is None or lexicon is None:
        return step.done("stands alone")
    turns = tuple(replace(turn, text=turn.text[:MOST_CHARACTERS]) for turn in turns)  # one may be a pasted file
    said = _said(clean(query.text), turns, lexicon)
    added = _added(query.text, turns, said, settings.reference_weight, lexicon)
    details = {} if said is None else {"refers_to": said.text}
    if not added:
        return step.done(f"{why}, but earlier turns name nothing", **details)
    more = ", ".join(added) if said is None else said.text[:MOST_SAID].strip()
    whole = _completed(query, more, added, index)
    whole = replace(whole, parts=tuple(_completed(part, more, added, index) for part in query.parts))
    return step.changed(whole, why, added=added, **details)


def _completed(query: Query, more: str, added: dict[str, float], index: Statistics | None) -> Query:
    return replace(query, text=f"{query.text} ({more})", terms=_weighted(query, added, index))


def _said(text: str, turns: Sequence[Turn], lexicon: Lexicon) -> Turn | None:
    """The turn that "what I said before" and its like stand for."""
    for which, pattern in lexicon.said.items():
        match = pattern.search(text)
        if match is None:
            continue
        mine = [turn for turn in turns if turn.role == ("assistant" if which == "assistant" else "user")]
        if not mine:
            return None
        if which == "first":
            return mine[0]
        about = set(specific_words(text[: match.start()] + text[match.end() :], lexicon))
        full = [turn for turn in mine if needs_history(turn.text, lexicon) is None] or mine
        # The latest one, but rather one that speaks of what the question names.
        return max(
            full, key=lambda turn: (len(about.intersection(specific_words(turn.text, lexicon))), full.index(turn))
        )
    return None


def _added(text: str, turns: Sequence[Turn], said: Turn | None, weight: float, lexicon: Lexicon) -> dict[str, float]:
    """Phrases with their weights: those of the user's last turn that stands alone and all after it."""
    if said is not None:
        return dict.fromkeys(phrases(said.text, _of(said, lexicon))[:MOST_PHRASES], weight)
    mine = set(specific_words(text, lexicon))
    found: dict[str, float] = {}
    looked = 0
    for turn in reversed(turns):
        own = _of(turn, lexicon)
        user = turn.role == "user"
        source = turn.text if user else " ".join(piece.text for piece in pieces(turn.text)[:2])
        for phrase in phrases(source, own)[:MOST_PHRASES]:
            if not mine.issuperset(specific_words(phrase, own)):
                found.setdefault(phrase, weight if user else weight * ASSISTANT)
        looked += user
        stands = user and needs_history(turn.text, own) is None and len(specific_words(turn.text, own)) >= 2
        if stands or looked >= MOST_TURNS:
            break
    best = sorted(found.items(), key=lambda item: -item[1])[:MOST_PHRASES]
    return {phrase: value for phrase, value in found.items() if (phrase, value) in best}


def _of(turn: Turn, lexicon: Lexicon) -> Lexicon:
    return lexicon_of(turn.text, DEFAULTS) or lexicon


def _weighted(query: Query, added: dict[str, float], index: Statistics | None) -> tuple[tuple[str, float], ...] | None:
    """The query's own terms, and the added ones at their weight."""
    if index is None:
        return query.terms
    own = query.terms if query.terms is not None else tuple((term, 1.0) for term in index.terms(query.text))
    known = {term for term, _ in own}
    more: dict[str, float] = {}
    for phrase, weight in added.items():
        for term in index.terms(phrase):
            if term not in known:
                more[term] = max(weight, more.get(term, 0.0))
    return own + tuple(more.items())
