"""Style: the question without the chat around it, in one spelling of quotes, dashes and spaces.

Only units of a lexicon are taken off, at the ends of sentences, and never one that holds a number, a code, a
negation or a quoted phrase. What asks nothing but chat stays as it is.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from ragopt.query.lexicon import LEXICONS, Lexicon
from ragopt.query.steps import DEFAULTS, MOST_CHARACTERS, Step, as_question, lexicon_of
from ragopt.query.text import Piece, content_words, pieces, protected, token_spans
from ragopt.types import Profile, Query, QuerySettings, Span

__all__ = ["clean", "restyle"]

Places = list[tuple[int, int]]

#: No unit of chat is longer; so the work grows with the text alone, whatever it holds.
REACH = 200

_SIGNS = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛ʼ＇", "'"),
        **dict.fromkeys("“”„‟＂", '"'),
        **dict.fromkeys("‐‑‒–—―", "-"),
        **dict.fromkeys("\u200b\u2060\ufeff\u00ad"),  # marks without a width, and the soft hyphen
        "…": "...",
    }
)
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n[ \n]*")
_BETWEEN = re.compile(r"[\s,.:;!)\]…–-]*")
_ENDING = re.compile(r"[\s,.:;!?…]*$")
_THANKS = re.compile(
    r"\b(?:thank\w*|thanx|thx|tnx|tks|ty|tia|cheers|regards|c[ảáa]m [ơo]n|tr[âa]n tr[ọo]ng|ch[âa]n th[àa]nh"
    r"|k[íi]nh th[ưu])\b",
    re.IGNORECASE,
)
#: A name with a title or a firm: so many lines behind thanks, of so many words that all begin with a capital.
NAME_LINES, NAME_WORDS = 3, 5


def restyle(question: str | Query, settings: QuerySettings = DEFAULTS) -> tuple[Query, Span]:
    """The question without greetings, politeness and question shells, in NFC with plain quotes and dashes.

    With the profile "formal", chat spellings are written out too. A plain question comes back byte for byte.
    """
    query = as_question(question)
    step = Step("style", query)
    if len(query.text) > MOST_CHARACTERS:
        return step.done("too long for a question")
    text = clean(query.text)
    lexicon = lexicon_of(text, settings)
    if lexicon is None:
        removed: list[str] = []
    else:
        removed = []
        if lexicon.name == "vi":  # who writes it often greets and thanks in English, as in `Hi all`
            text, removed = _without_chat(text, LEXICONS["en"])
        text, more = _without_chat(text, lexicon)
        removed += more
        if settings.profile is Profile.FORMAL:
            text = _formal(text, lexicon)
    if text == query.text:
        return step.done("plain already")
    why = "chat around the question taken off" if removed else "spelling of signs and words made uniform"
    return step.changed(replace(query, text=text), why, removed=removed)


def clean(text: str) -> str:
    """NFC, plain quotes and dashes, single blanks and line breaks, no marks without a width."""
    if text.isascii() and "  " not in text and text == text.strip() and not _ODD.search(text):
        return text
    text = unicodedata.normalize("NFC", text).translate(_SIGNS)
    return _LINES.sub("\n", _BLANKS.sub(" ", text)).strip()


_ODD = re.compile(r"[\t\r\v\f\n]")


def _without_chat(text: str, lexicon: Lexicon) -> tuple[str, list[str]]:
    kept = protected(text, lexicon)
    whole = pieces(text)
    cuts: Places = []
    for i, piece in enumerate(whole):
        if len(whole) > 1 and _is_pleasantry(piece, lexicon, kept):
            cuts.append((piece.start, piece.end))
            if i and _is_name(text, whole[i:], kept):
                cuts.append((piece.end, whole[-1].end))
                break
        else:
            cuts += _shell(text, piece, lexicon, kept)
    cuts += [m.span() for m in lexicon.fillers.finditer(text) if _free(m.span(), kept)]
    if not cuts:
        return text, []
    remaining = _tidied(text, cuts)
    if not content_words(remaining, lexicon):
        return text, []
    return remaining, [text[start:end].strip() for start, end in sorted(cuts) if text[start:end].strip()]


def _is_pleasantry(piece: Piece, lexicon: Lexicon, kept: Places) -> bool:
    body = piece.text.rstrip(" ,.:;!?…-")
    return lexicon.pleasantries.fullmatch(body) is not None and _free((piece.start, piece.end), kept)


def _is_name(text: str, rest: list[Piece], kept: Places) -> bool:
    """Whether a message ends with thanks and below them, line for line, who writes it."""
    thanks, *lines = rest
    if _THANKS.search(thanks.text) is None or not 0 < len(lines) <= NAME_LINES:
        return False
    for before, line in zip(rest, lines, strict=False):
        words = line.text.strip("-~ .,").split()
        if "\n" not in text[before.end : line.start] or not 0 < len(words) <= NAME_WORDS:
            return False
        if line.text.endswith(("?", "!")) or not all(word[:1].isupper() for word in words):
            return False
    return _free((lines[0].start, lines[-1].end), kept)


def _shell(text: str, piece: Piece, lexicon: Lexicon, kept: Places) -> Places:
    """What opens and closes one sentence. A sentence that is nothing else goes whole."""
    start, end = piece.start, piece.end
    while (found := _opening(text, start, end, lexicon, kept)) is not None:
        start = found
        if _is_pleasantry(Piece(text[start:end], start, end), lexicon, kept):
            start = end
    while (left := _closing(text, start, end, lexicon, kept)) is not None:
        end = left
    cuts = [(piece.start, start)] if start > piece.start else []
    if end < piece.end:
        tail = "?" in text[end : piece.end] and start < end
        cuts.append((end, piece.end - 1 if tail and text[piece.end - 1] == "?" else piece.end))
    return cuts


def _opening(text: str, start: int, end: int, lexicon: Lexicon, kept: Places) -> int | None:
    """Where the question goes on behind the unit that opens it at `start`."""
    for unit in lexicon.openings:
        match = unit.match(text, start, min(end, start + REACH))
        if match is None or match.end() == start or not _free(match.span(), kept):
            continue
        between = _BETWEEN.match(text, match.end(), end)
        return match.end() if between is None else between.end()
    return None


def _closing(text: str, start: int, end: int, lexicon: Lexicon, kept: Places) -> int | None:
    """Where the question ends before the unit that closes it at `end`."""
    ending = _ENDING.search(text, start, end)
    body = end if ending is None else ending.start()
    first = max(start, body - REACH)
    core = text[first:body]
    for unit in lexicon.closings:
        for match in unit.finditer(core):
            at = first + match.start()
            alone = not text[at - 1 : at].isalnum() if at else True
            if match.end() == len(core) and match[0] and alone and _free((at, body), kept):
                return start + len(text[start:at].rstrip(" ,.:;!-–"))
    return None


def _free(span: tuple[int, int], kept: Places) -> bool:
    return all(end <= span[0] or span[1] <= start for start, end in kept)


def _tidied(text: str, cuts: Places) -> str:
    out, at = [], 0
    for start, end in sorted(cuts):
        if end > at:
            out.append(text[at : max(at, start)])
            at = end
    out.append(text[at:])
    joined = _BLANKS.sub(" ", "".join(out))
    return re.sub(r"(?:^|(?<=\n)) +| +(?=\n|$)| (?=[?!,](?:\s|$))", "", _LINES.sub("\n", joined)).strip(" ,;:\n")


def _formal(text: str, lexicon: Lexicon) -> str:
    kept = protected(text, None)
    out, at = [], 0
    for word, start, end in token_spans(text):
        written = lexicon.formal.get(word.lower())
        if written is not None and _free((start, end), kept):
            out += [text[at:start], written]
            at = end
    return "".join([*out, text[at:]])
