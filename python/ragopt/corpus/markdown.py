"""Markdown and plain text: a title, front matter, and the text as it stands."""

from __future__ import annotations

import re
from typing import Any

from ragopt.corpus.values import typed
from ragopt.types import Document

__all__ = ["markdown_document", "text_document"]

_FRONT = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_PAIR = re.compile(r"^([A-Za-z_][\w.-]*)[ \t]*:[ \t]+(\S.*?)[ \t]*$", re.MULTILINE)
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,}).*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(
    r"^ {0,3}#{1,6}[ \t]+(?P<marked>\S.*?)[ \t]*#*[ \t]*$|^(?P<lined>[^\s\n].*)\n {0,3}(?:=+|-+)[ \t]*$", re.MULTILINE
)


def text_document(id_: str, text: str) -> Document:
    """A plain text file: the whole of it, without a title."""
    return Document(id_, text)


def markdown_document(id_: str, text: str) -> Document:
    """A Markdown file: the title is that of its front matter, or else its first heading.

    A heading that gave the title and opens the file is taken out of the text, so that it is not
    indexed twice. One-line values of the front matter become metadata.
    """
    metadata: dict[str, Any] = {}
    title = ""
    if front := _FRONT.match(text):
        text = text[front.end() :]
        metadata = {key: typed(_unquoted(value)) for key, value in _PAIR.findall(front[1])}
        title = str(metadata.pop("title", ""))
    if not title and (heading := _first_heading(text)):
        title = heading["marked"] or heading["lined"].strip()
        if not text[: heading.start()].strip():
            text = text[heading.end() :]
    return Document(id_, text.strip("\n"), title, metadata)


def _first_heading(text: str) -> re.Match[str] | None:
    code = [match.span() for match in _FENCE.finditer(text)]  # a comment in a shell example is no heading
    for heading in _HEADING.finditer(text):
        if not any(start <= heading.start() < end for start, end in code):
            return heading
    return None


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value
