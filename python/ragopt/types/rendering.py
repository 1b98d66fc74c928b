r"""How sources are written for a model, so that no text of theirs can pose as something else.

The forms, for a source of number 1 and title "Keys":

- text: `[1] Keys`, a line break, the text; a blank line between two sources.
- xml: `<document id="1" title="Keys">`, the text on lines of its own, `</document>`; all within `<documents>`.
  It is well-formed XML 1.0 for every text.
- search_results: the `searchResult` content blocks of Bedrock's Converse (botocore's model of bedrock-runtime:
  source, title, content, citations). An answer cites these by place, so brackets in them are left alone. Where
  they are written as text (to count them) it is as compact JSON.

In every form, characters that are invisible, not text, or turn the direction of what follows become `\u{hex}`. In
text and xml, what reads like a citation gets backslashes within a line too: `[2]` becomes `\[2\]`, so the unescaped
markers of a context are those of its sources; xml adds its entities. `unescape` gives the text back, whatever it was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from ragopt.types.sources import Form, Source

__all__ = ["FRAMES", "block", "escape", "framed", "marks", "search_results", "unescape", "write"]

#: What a form puts before its sources, between two of them, and after the last.
FRAMES: dict[Form, tuple[str, str, str]] = {
    Form.TEXT: ("", "\n\n", ""),
    Form.XML: ("<documents>\n", "\n", "\n</documents>"),
    Form.SEARCH_RESULTS: ("[", ",", "]"),
}

_BLANK = r"[\s\u00ad\u200b-\u200d\u2060\ufeff]*"
_NUMBER = r"(?!0+\D)\d+"
_NUMBERS = rf"{_BLANK}{_NUMBER}(?:{_BLANK}[,;\u2013-]{_BLANK}{_NUMBER})*{_BLANK}"
# A run of backslashes is looked at from its start alone: from each of them, long runs would take quadratic time.
_POSING = re.compile(rf"(?<!\\)(\\*)([\[\uff3b\u3010])({_NUMBERS})(\\*)([\]\uff3d\u3011])")
_POSED = re.compile(rf"(?<!\\)(\\+)([\[\uff3b\u3010])({_NUMBERS})(\\+)([\]\uff3d\u3011])")
_MARK = re.compile(r"(?<!\\)\[(\s*[1-9]\d{0,5}(?:\s*[,;\u2013-]\s*[1-9]\d{0,5})*\s*)\]", re.ASCII)
_RANGE = re.compile(r"(\d+)\s*[\u2013-]\s*(\d+)")
_MOST_OF_A_RANGE = 200

# Controls but tab and line ends; embeddings, overrides and isolates of direction; surrogates; what Unicode calls no
# character; tag characters, which show nothing and which models read.
_HIDDEN = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    "\U000e0000-\U000e007f"
)
_ANY_HIDDEN = re.compile(f"[{_HIDDEN}]")
_HIDE = re.compile(rf"(?<!\\)(\\*)(?:(u\{{(?:[0-9a-f]{{1,5}}|10[0-9a-f]{{4}})\}})|([{_HIDDEN}]))")
_HIDDEN_AS = re.compile(r"(?<!\\)(\\+)u\{([0-9a-f]{1,5}|10[0-9a-f]{4})\}")

_ENTITIES = {"&": "&amp;", "<": "&lt;", "]]>": "]]&gt;", "\r": "&#13;", '"': "&quot;"}
_XML = re.compile("&|<|]]>|\r")
_ATTRIBUTE = re.compile('[&<"]')
_CHARACTERS = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&#13;": "\r", "&quot;": '"'}
_ENTITY = re.compile("|".join(map(re.escape, _CHARACTERS)))


def block(source: Source, form: Form) -> str:
    """The text of one source in this form: what a token counter counts for it, next to the form's FRAMES."""
    if form is Form.SEARCH_RESULTS:
        return json.dumps(search_result(source), ensure_ascii=False, separators=(",", ":"))
    return framed(source.number, source.title, source.text, form)


def framed(number: int, title: str, text: str, form: Form) -> str:
    """The block of a source with this title and text, in a form that is written as text (not search results)."""
    title = title and escape(" ".join(title.split()), form, title=True)
    text = escape(text, form)
    if form is Form.XML:
        named = f' title="{title}"' if title else ""
        return f'<document id="{number}"{named}>\n{text}\n</document>'
    return f"[{number}] {title}\n{text}" if title else f"[{number}]\n{text}"


def write(sources: Sequence[Source], form: Form) -> str:
    """All sources as one text; the empty text where there are none."""
    if not sources:
        return ""
    head, separator, tail = FRAMES[form]
    return head + separator.join(block(source, form) for source in sources) + tail


def search_results(sources: Sequence[Source]) -> list[dict[str, Any]]:
    """The sources as content blocks of a Converse message, with citations asked for."""
    return [search_result(source) for source in sources]


def search_result(source: Source) -> dict[str, Any]:
    """One content block: `source` is the chunk's id, each piece one content, so that a citation can name pieces.

    Bedrock refuses blank ones: a source without a title goes by its document's id, one without a text by its title.
    """
    title = " ".join(source.title.split()) or source.document
    texts = [piece.text for piece in source.pieces if piece.text.strip()] or [title]
    return {
        "searchResult": {
            "source": _hide(source.id),
            "title": _hide(title),
            "content": [{"text": _hide(text)} for text in texts],
            "citations": {"enabled": True},
        }
    }


def escape(text: str, form: Form | str, *, title: bool = False) -> str:
    """`text` as it stands inside a source of this form; `title`: as it stands in the source's head."""
    if type(form) is not Form:
        form = Form(form)
    if form is not Form.SEARCH_RESULTS and ("[" in text or "\uff3b" in text or "\u3010" in text):
        text = _POSING.sub(r"\1\\\2\3\4\\\5", text)
    text = _hide(text)
    if form is Form.XML:
        text = (_ATTRIBUTE if title else _XML).sub(lambda found: _ENTITIES[found[0]], text)
    return text


def unescape(text: str, form: Form | str) -> str:
    """What `escape` was given: `unescape(escape(text, form), form) == text` for every text."""
    form = Form(form)
    if form is Form.XML:
        text = _ENTITY.sub(lambda found: _CHARACTERS[found[0]], text)
    text = _HIDDEN_AS.sub(_shown, text)
    if form is not Form.SEARCH_RESULTS:
        text = _POSED.sub(lambda found: found[1][1:] + found[2] + found[3] + found[4][1:] + found[5], text)
    return text


def marks(answer: str) -> Iterable[tuple[int, int, tuple[int, ...]]]:
    """The citations in an answer's text: start, end, and the numbers that each names.

    `[2]`, `[1, 3]` and `[2-4]` are citations; escaped brackets are not.
    """
    for found in _MARK.finditer(answer):
        yield found.start(), found.end(), tuple(_numbers(found[1]))


def _numbers(inside: str) -> Iterable[int]:
    for part in re.split("[,;]", inside):
        span = _RANGE.fullmatch(part.strip())
        if span is None:
            yield from map(int, re.findall(r"\d+", part))
        elif int(span[1]) <= int(span[2]) <= int(span[1]) + _MOST_OF_A_RANGE:
            yield from range(int(span[1]), int(span[2]) + 1)
        else:
            yield from (int(span[1]), int(span[2]))


def _hide(text: str) -> str:
    # Nearly all texts hold none, and packing renders every chunk several times. What is printable holds none either,
    # which is told in a fraction of the time that the search takes.
    if not ("{" in text and "u{" in text) and (text.isprintable() or not _ANY_HIDDEN.search(text)):
        return text
    # Backslashes in front count double, so that a text which held such an escape itself is told from one made here.
    return _HIDE.sub(lambda found: found[1] * 2 + (found[2] or f"\\u{{{ord(found[3]):x}}}"), text)


def _shown(found: re.Match[str]) -> str:
    slashes, code = len(found[1]), found[2]
    return "\\" * (slashes // 2) + (chr(int(code, 16)) if slashes % 2 else f"u{{{code}}}")
