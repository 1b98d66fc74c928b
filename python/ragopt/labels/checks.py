"""What a reply must be: JSON of one shape, and questions that a person could have asked. Never mended."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from ragopt.evaluation.overlap import longest_run
from ragopt.labels.calls import RefusedError
from ragopt.query.language import language
from ragopt.query.text import pieces
from ragopt.types import Chunk

__all__ = ["MOST_LENGTH", "check_question", "read_object", "words_of"]

MOST_LENGTH = 300
_LEAST_WORDS = 3
_LEAST_LETTERS = 6
_COPIED_ROW, _COPIED_PART = 6, 0.8
_FENCE = re.compile(r"^```(?:json)?\s*|\s*```$")
_WORD = re.compile(r"\w+")
#: A question that points to the text cannot be asked by whoever has not seen it.
_POINTS = re.compile(
    r"\b(?:the|this|that|above|given|provided) (?:text|passage|document|excerpt|chunk|article|paragraph|snippet)\b"
    r"|\b(?:according to|mentioned|described) (?:above|here|in (?:the|this))\b"
    r"|\b(?:văn bản|đoạn văn|đoạn trích|bài viết|tài liệu|đoạn) (?:này|trên|đã cho)\b",
    re.IGNORECASE,
)


def read_object(text: str, key: str) -> object:
    """The value of the only key of a JSON object, which may stand in a fence of code."""
    try:
        value = json.loads(_FENCE.sub("", text.strip()))
    except (ValueError, RecursionError):
        raise RefusedError("the reply is not JSON") from None
    if not isinstance(value, dict) or set(value) != {key}:
        raise RefusedError(f"the reply is no object with {key!r} alone")
    return value[key]


def check_question(question: object, chunk: Chunk) -> str:
    """The question, trimmed; RefusedError says what is wrong with it."""
    if not isinstance(question, str):
        raise RefusedError("a question is no text")
    text = unicodedata.normalize("NFC", question.strip())
    words = words_of(text)
    if len(text) > MOST_LENGTH:
        raise RefusedError(f"a question has {len(text)} characters, more than {MOST_LENGTH}")
    if any(unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs") for c in text):
        raise RefusedError("a question has several lines or control characters")
    if len(words) < _LEAST_WORDS and sum(map(len, words)) < _LEAST_LETTERS:
        raise RefusedError(f"a question is too short: {text!r}")
    if _POINTS.search(text):
        raise RefusedError(f"a question points to the text: {text!r}")
    if names := _ids_in(words, chunk):
        raise RefusedError(f"a question names the id {names[0]!r}")
    if _kind(text) != _kind(chunk.full_text):
        raise RefusedError(f"a question is in another language than its chunk: {text!r}")
    held = words_of(chunk.full_text)
    run = longest_run(words, held)
    inside = f" {' '.join(words)} " in f" {' '.join(held)} " or "".join(words) in "".join(held)
    if (run >= _COPIED_ROW and run >= _COPIED_PART * len(words)) or (inside and len(text) > 20):
        raise RefusedError(f"a question is copied from its chunk: {text!r}")
    return text


def words_of(text: str) -> list[str]:
    """The words, in lower case and composed."""
    return _WORD.findall(unicodedata.normalize("NFC", text).casefold())


def _ids_in(words: Sequence[str], chunk: Chunk) -> list[str]:
    """The ids of the chunk that stand in a question, but not in the text, where they are words like others."""
    said, held = f" {' '.join(words)} ", f" {' '.join(words_of(chunk.full_text))} "
    ids = [id for id in dict.fromkeys((chunk.id, chunk.document)) if words_of(id)]
    return [id for id in ids if (name := f" {' '.join(words_of(id))} ") in said and name not in held]


def _kind(text: str) -> tuple[str, str]:
    """The script of most letters and the language of most words: one foreign name decides nothing.

    Languages of one script that are neither English nor Vietnamese are not told apart.
    """
    scripts = Counter(
        unicodedata.name(c, "?").split()[0] for c in unicodedata.normalize("NFC", text[:5000]) if c.isalpha()
    )
    script = scripts.most_common(1)[0][0] if scripts else ""
    if script in ("HIRAGANA", "KATAKANA", "CJK"):
        script = "CJK"
    weights: Counter[str] = Counter()
    for piece in pieces(text[:5000]):
        weights[language(piece.text)] += len(piece.text)
    return script, weights.most_common(1)[0][0] if weights and script == "LATIN" else ""
