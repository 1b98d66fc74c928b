"""What a lexicon holds, and how its patterns are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Lexicon", "any_of", "between", "pattern", "words"]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language. Patterns are matched in NFC text without regard to case.

    Style: `openings` are units of chat before a question and `closings` after it, taken off one by one;
    `pleasantries` are whole sentences that ask nothing; `fillers` are dropped anywhere; `formal` maps chat
    spellings to formal ones. `negations` are never touched.

    Words: `functions` carry no content; `aspects` name a property of a thing (price, limit), so that a
    question of nothing else asks about something said before; `verbs` are general ones, which name no thing.

    Parts: `questions` begin a question of its own; `joints` are the places where two parts may meet;
    `comparisons` match a whole comparison whose things stand in the group `rest`, each with the joints between them;
    `respects` begins what things are compared in; `others` after a joint say that what follows belongs to what stands
    before, and so do `pronouns` anywhere in it.

    Irrelevant parts: `writer` are the words by which people speak of themselves; `either` begins a question or a
    statement, which shows by the sign at its end.

    References: `openers` begin a turn that goes on; `deictics` point to what was said, wherever they stand;
    `weak` do so unless the question names what they stand for before a word of `clauses`; `idle` are uses of such
    words that point nowhere; `said` are mentions of an earlier turn, by which one they mean.
    """

    name: str
    openings: tuple[re.Pattern[str], ...]
    closings: tuple[re.Pattern[str], ...]
    pleasantries: re.Pattern[str]
    fillers: re.Pattern[str]
    formal: Mapping[str, str]
    negations: frozenset[str]
    functions: frozenset[str]
    aspects: frozenset[str]
    verbs: frozenset[str]
    questions: re.Pattern[str]
    joints: re.Pattern[str]
    comparisons: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]
    respects: re.Pattern[str]
    others: re.Pattern[str]
    pronouns: frozenset[str]
    openers: re.Pattern[str]
    deictics: re.Pattern[str]
    weak: re.Pattern[str]
    clauses: re.Pattern[str]
    idle: re.Pattern[str]
    writer: frozenset[str]
    either: re.Pattern[str]
    said: Mapping[str, re.Pattern[str]] = field(default_factory=dict)


def words(text: str) -> frozenset[str]:
    """The words of a text, for lists that are written as one."""
    return frozenset(text.split())


def any_of(text: str) -> str:
    """A group of alternatives, written one a line or divided by ` | `; a blank stands for any white space."""
    parts = [part.strip() for line in text.splitlines() for part in line.split(" | ")]
    return "(?:" + "|".join(part.replace(" ", r"\s+") for part in parts if part) + ")"


def pattern(text: str) -> re.Pattern[str]:
    """A pattern that ignores case."""
    return re.compile(text, re.IGNORECASE)


def between(joints: str) -> re.Pattern[str]:
    """A pattern for joints between two things, with the blanks and the comma around them."""
    return pattern(rf"(?<=\S),?\s+(?:{joints})\s+(?=\S)")
