"""Earlier turns: how they may be given, and the phrases that they hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ragopt.errors import InputError, InputTypeError
from ragopt.query.lexicon import Lexicon
from ragopt.query.text import content_words, token_spans

__all__ = ["History", "Turn", "as_turns", "phrases", "specific_words"]

_ROLES = {
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "system": "system",
    "tool": "system",
    "developer": "system",
}


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn: `role` is user or assistant."""

    role: str
    text: str


#: Oldest first: texts of the user, (role, text) pairs, or {"role", "content"} as chat models take them.
History = Sequence[str | tuple[str, str] | Mapping[str, Any] | Turn]


def as_turns(history: History | None) -> tuple[Turn, ...]:
    """The turns of the user and the assistant, oldest first; those of a system or a tool are left out.

    Raises InputTypeError or InputError, with the number of the turn, for what is none.
    """
    if history is None:
        return ()
    if isinstance(history, (str, bytes, Mapping)) or not isinstance(history, Iterable):
        raise InputTypeError(
            f'history is a {type(history).__name__}: give a list of turns, as ("user", "text") or '
            f'{{"role": "user", "content": "text"}}'
        )
    turns = [_turn(given, number) for number, given in enumerate(history)]
    return tuple(turn for turn in turns if turn.role != "system" and turn.text.strip())


def _turn(given: object, number: int) -> Turn:
    if isinstance(given, str):
        return Turn("user", given)
    if isinstance(given, Turn):
        return given
    if isinstance(given, Mapping):
        role, content = given.get("role"), given.get("content", given.get("text"))
    elif isinstance(given, (tuple, list)) and len(given) == 2:
        role, content = given
    else:
        raise InputTypeError(
            f"history turn {number} is a {type(given).__name__}: give a text, (role, text) or "
            f'{{"role": ..., "content": ...}}'
        )
    if not isinstance(role, str) or role.lower() not in _ROLES:
        raise InputError(f"history turn {number} has the role {role!r}: it must be user or assistant")
    if isinstance(content, (list, tuple)):  # blocks, as Converse has them
        content = "\n".join(str(block["text"]) for block in content if isinstance(block, Mapping) and "text" in block)
    if not isinstance(content, str):
        raise InputTypeError(f"history turn {number}: its text is a {type(content).__name__}, not a string")
    return Turn(_ROLES[role.lower()], content)


def specific_words(text: str, lexicon: Lexicon) -> list[str]:
    """The words that name something: neither function words nor general verbs nor aspects that anything has."""
    return [word for word in content_words(text, lexicon) if word not in lexicon.aspects and word not in lexicon.verbs]


def phrases(text: str, lexicon: Lexicon) -> list[str]:
    """The noun phrases of a text, as far as a lexicon shows them: runs of words that carry content.

    A run of general words alone (price, limit, do) is none. Each comes once, in the order of the text.
    """
    runs: list[list[tuple[str, int, int]]] = [[]]
    end = 0
    for token in token_spans(text):
        word = token[0].lower()
        apart = any(sign in ",.;:?!\n()" for sign in text[end : token[1]])
        if apart or word in lexicon.functions or (word in lexicon.verbs and not runs[-1]):
            runs.append([])
        if word not in lexicon.functions and not (word in lexicon.verbs and not runs[-1]):
            runs[-1].append(token)
        end = token[2]
    found = (text[run[0][1] : run[-1][2]] for run in runs if run)
    named = (phrase for phrase in found if specific_words(phrase, lexicon))
    return list({phrase.lower(): phrase for phrase in named}.values())
