"""Words that no chunk holds: read with the accents they lack, or mended to those that chunks do hold.

A word is mended only if it is unknown to the index, has letters alone (no numbers, codes or identifiers) and at least
four of them. The candidates are the words within one edit, or two for long words (insert, delete, replace, swap
neighbors: F. J. Damerau, "A technique for computer detection and correction of spelling errors", CACM 7(3), 1964).
They are weighed by how many chunks hold them and by how likely the slip is, and share the weight of the word that was
typed. A word that is two known ones run together is taken apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, log

from ragopt.index.vocabulary import Vocabulary
from ragopt.query.accents import read
from ragopt.query.language import fold
from ragopt.query.lexicon import LEXICONS
from ragopt.query.steps import DEFAULTS, MOST_CHARACTERS, Statistics, Step, as_question, lexicon_of
from ragopt.types import Query, QuerySettings, Span

__all__ = ["Mended", "mend", "mend_word"]

#: Fewer letters say too little about what was meant.
SHORTEST = 4
#: From here on two edits still leave most of the word, and two words run together are told from one (`anyone`).
LONG = 8
#: Candidates that are kept, and the least share of one.
MOST = 3
LEAST_SHARE = 0.1
#: What a slip costs, in natural logarithms of its odds against the likeliest one (two letters swapped).
NEIGHBORING_KEY, OTHER, FIRST_LETTER, SECOND_EDIT = 1.0, 1.5, 2.0, 4.0
#: The weight of what stands for a mistyped word: a word that is new to the corpus may be right.
TRUST = 0.8
#: How much the logarithm of a word's frequency counts.
FREQUENCY = 0.7

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_KEYS = {key: (x + y / 2, y) for y, row in enumerate(_ROWS) for x, key in enumerate(row)}
#: How a syllable of Vietnamese is made, without its marks.
_SYLLABLE = re.compile(
    r"(?:b|ch?|d|gh?|gi|h|kh?|l|m|n|ngh?|nh|ph?|qu?|r|s|th?|tr?|v|x)?"
    r"(?:[aeiouy]|a[iouy]|e[ou]|i[aeu]|o[aeio]|u[aeiouy]|y[eu]|ieu|yeu|oa[iy]|oeo|u[aoy]i|u[oy]u|uay|uy[ae]|uoi)"
    r"(?:ch?|m|ng?|nh|p|t)?"
)


Terms = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Mended:
    """What a word was taken for: `word` for people, `terms` with their weights.

    `likely`: so likely that an embedder should read it instead of what was typed, of which it makes something itself.
    """

    word: str
    terms: Terms
    likely: bool


def mend(
    question: str | Query, settings: QuerySettings = DEFAULTS, index: Statistics | None = None
) -> tuple[Query, Span]:
    """The question with its unknown words mended, and the account of it; a Query comes back as it is if there are none.

    The new query has weighted terms, in which the words that one may be share its weight, and the mended text where
    the word that was meant is beyond doubt. Its parts are mended too. A query that holds terms already is left alone,
    as is one without an `index`. `settings` are those of the stage; this step has none of its own.
    """
    query = as_question(question)
    step = Step("spelling", query)
    if index is None:
        return step.done("no index to compare with")
    if query.terms is not None:
        return step.done("the terms are given")
    if len(query.text) > MOST_CHARACTERS:
        return step.done("too long for a question")
    if query.parts:
        parts, spans = zip(*(mend(part, settings, index) for part in query.parts), strict=True)
        words = {word: to for span in spans for word, to in span.details.get("words", {}).items()}
        if not words:
            return step.done("every word is known, or nothing known is close")
        return step.changed(replace(query, parts=parts), "words that no chunk holds", words=words)
    vocabulary = index.vocabulary
    found = vocabulary.words(query.text)
    changes = _changes(found, vocabulary, _settled(query.text, settings))
    if not changes:
        return step.done("every word is known, or nothing known is close")
    terms: dict[str, float] = {}
    text = query.text
    for i, (word, own) in enumerate(found):
        for term, weight in changes[i].terms if i in changes else tuple((term, 1.0) for term in own):
            terms[term] = terms.get(term, 0.0) + weight
        if i in changes and changes[i].likely:
            text = _replaced(text, word, changes[i].word)
    return step.changed(
        replace(query, text=text, terms=tuple(terms.items())),
        "words that no chunk holds, or that lack their accents",
        words={found[i][0]: change.word for i, change in changes.items()},
    )


def _replaced(text: str, word: str, by: str) -> str:
    """The text with the first `word` of its own replaced; as it is where its normal form alone holds the word."""
    return re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", lambda _: by, text, count=1)


def _settled(text: str, settings: QuerySettings) -> frozenset[str]:
    """The words of grammar, which are no slips though no chunk holds them: a small corpus has no `do` and no `cách`.

    Those of a text that is typed without its accents are to be read with them.
    """
    lexicon = lexicon_of(text, settings)
    if lexicon is None or (lexicon.name == "vi" and text.isascii()):
        return frozenset()
    english = LEXICONS["en"].functions
    return english if lexicon.name == "en" else english | lexicon.functions


def _changes(
    words: Sequence[tuple[str, Sequence[str]]], vocabulary: Vocabulary, settled: frozenset[str]
) -> dict[int, Mended]:
    """What stands for which of the words (with their terms); nothing for those that are `settled`."""
    if not vocabulary.chunks:
        return {}
    own = [[term for term in terms if " " not in term] for _, terms in words]
    single = [terms[0] if len(terms) == 1 else "" for terms in own]
    # A stop word and an identifier count as known: there is nothing to mend.
    lower = [word.lower() for word, _ in words]
    held = vocabulary.frequencies(single)
    known = [not single[i] or held[i] > 0 or lower[i] in settled for i in range(len(words))]
    readings = read(lower, known, vocabulary)
    changes = {}
    for i, (word, terms) in enumerate(words):
        if readings.words[i] or readings.pairs[i]:
            reading = _reading(lower[i], terms, readings.words[i], readings.pairs[i], vocabulary)
            if dict(reading.terms).keys() != set(terms):
                changes[i] = reading
        elif not known[i] and _is_plain_word(word) and (mended := mend_word(lower[i], vocabulary)):
            changes[i] = mended
    return {i: replace(change, word=_cased(change.word, words[i][0])) for i, change in changes.items()}


def _cased(word: str, like: str) -> str:
    return word[:1].upper() + word[1:] if like[:1].isupper() else word


def _reading(word: str, typed: Sequence[str], words: Terms, pairs: Terms, vocabulary: Vocabulary) -> Mended:
    """What a word reads as: itself as typed, and its readings at their probabilities; stop words have no term."""
    weights = {**dict(words), **dict(pairs), **dict.fromkeys(typed, 1.0)}
    held = vocabulary.frequencies(list(weights))
    kept = tuple(item for item, frequency in zip(weights.items(), held, strict=True) if frequency)
    return Mended(words[0][0] if words else word, kept, True)


def _is_plain_word(word: str) -> bool:
    """Letters alone, and no capitals inside: neither a number nor a code nor an identifier."""
    return word.isalpha() and (word[1:].islower() or (word.isupper() and len(word) > SHORTEST))


def mend_word(word: str, vocabulary: Vocabulary) -> Mended | None:
    """What the unknown `word` (of letters, in lower case) was meant to be; None if nothing known is close."""
    if len(word) < SHORTEST:
        return None
    found = vocabulary.near(word, 1)
    if not word.isascii() and _SYLLABLE.fullmatch(fold(word)):
        # Another syllable is another word, however close; only its marks may be a slip.
        found = [near for near in found if fold(near.word) == fold(word)]
    if not found and len(word) >= LONG and (parts := _apart(word, vocabulary)):
        return Mended(" ".join(parts), tuple((vocabulary.terms(part)[-1], TRUST) for part in parts), True)
    if not found and len(word) >= LONG:
        found = vocabulary.near(word, 2)
    if not found:
        return None
    odds = [exp(FREQUENCY * log(near.frequency) - slip(word, near.word)) for near in found]
    ranked = sorted(zip(odds, found, strict=True), key=lambda pair: (-pair[0], pair[1].word))[:MOST]
    kept = [(odd, near) for odd, near in ranked if odd >= LEAST_SHARE * ranked[0][0]]
    total = sum(odd for odd, _ in kept)
    shares: dict[str, float] = {}
    for odd, near in kept:
        if near.term:
            shares[near.term] = shares.get(near.term, 0.0) + TRUST * odd / total
    meant = kept[0][1].word
    return Mended(meant, tuple(shares.items()), slip(word, meant) < OTHER)


def slip(typed: str, meant: str) -> float:
    """How unlikely it is that someone who meant one word typed the other: 0 for two letters swapped."""
    start = next((i for i, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b), min(len(typed), len(meant)))
    a, b = typed[start:], meant[start:]
    while a and b and a[-1] == b[-1]:
        a, b = a[:-1], b[:-1]
    cost = FIRST_LETTER if start == 0 else 0.0
    if len(a) == len(b) == 2 and a == b[::-1]:
        return cost
    if len(a) + len(b) == 1:  # one letter too many or too few; a doubled one is the easiest slip
        letter = a or b
        doubled = start > 0 and typed[start - 1] == letter
        return cost + (0.0 if doubled else NEIGHBORING_KEY)
    if len(a) == len(b) == 1:
        return cost + (NEIGHBORING_KEY if _are_neighbors(a, b) else OTHER)
    return cost + SECOND_EDIT


def _are_neighbors(one: str, other: str) -> bool:
    if one not in _KEYS or other not in _KEYS:
        return False
    (x1, y1), (x2, y2) = _KEYS[one], _KEYS[other]
    return abs(x1 - x2) <= 1 and abs(y1 - y2) <= 1


def _apart(word: str, vocabulary: Vocabulary) -> Sequence[str]:
    """Two known words that `word` is made of; the rarer one is as frequent as can be."""
    cuts = [(word[:i], word[i:]) for i in range(3, len(word) - 2)]
    cuts += [(head[:-1], tail) for head, tail in cuts if head.endswith("s") and len(head) > 3]
    best: Sequence[str] = ()
    least = 0
    for head, tail in cuts:
        terms = [vocabulary.terms(part) for part in (head, tail)]
        if all(len(each) == 1 for each in terms):
            frequency = min(vocabulary.frequencies([terms[0][0], terms[1][0]]))
            if frequency > least:
                best, least = (head, tail), frequency
    return best
