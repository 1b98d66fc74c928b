"""HTML to text: the words of the page, without scripts, navigation and tags."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from ragopt.types import Document

__all__ = ["html_document"]

_NEVER = frozenset(["script", "style", "template", "noscript", "svg", "iframe", "object", "select", "button"])
_BOILERPLATE = frozenset(["nav", "footer", "aside", "form"])
_CONTENT = frozenset(["main", "article"])
_PARAGRAPHS = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "body",
        "details",
        "div",
        "dl",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "ul",
    ]
)
_LINES = frozenset(["br", "caption", "dd", "dt", "figcaption", "li", "summary", "tr"])
_BLANKS = re.compile(r"[^\S\n]+")


def html_document(id_: str, text: str) -> Document:
    """An HTML file: the title, and the text of its `main` or `article`, or else of the page.

    `nav`, `footer`, `aside` and `form` are left out; where that leaves nothing they are kept.
    Blocks become lines, list items begin with a dash, table cells are divided by bars, entities are
    characters, and `pre` keeps its lines.
    """
    page = _Page(_NEVER | _BOILERPLATE)
    page.feed(text)
    page.close()
    if not page.content:
        page = _Page(_NEVER)
        page.feed(text)
        page.close()
    return Document(id_, page.content, page.title)


class _Page(HTMLParser):
    def __init__(self, skipped: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self._skipped = skipped
        self._skipping: list[str] = []  # the open tags from the skipped one on that have its name
        self._inside = {"title": 0, "h1": 0, "pre": 0, "content": 0}
        self._titles: dict[str, list[str]] = {"title": [], "h1": []}
        self._all: list[str] = []
        self._main: list[str] = []

    @property
    def title(self) -> str:
        """The title element, or else the first h1."""
        for parts in self._titles.values():
            if title := " ".join("".join(parts).split()):
                return title
        return ""

    @property
    def content(self) -> str:
        """The lines of the main content, or else of the page."""
        return _lines("".join(self._main)) or _lines("".join(self._all))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the base's names
        if self._skipping or tag in self._skipped:
            if tag == (self._skipping or [tag])[0]:
                self._skipping.append(tag)
            return
        if tag in self._titles and not self._titles[tag]:
            self._inside[tag] += 1
        if tag == "pre":
            self._inside["pre"] += 1
        if tag in _CONTENT:
            self._inside["content"] += 1
        self._break(tag)
        if tag == "li":
            self._write("- ")
        if tag in ("td", "th"):
            self._write(" | ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # A slash makes no element empty in HTML, except those that are always empty.
        if tag in ("br", "hr"):
            self._break(tag)
        else:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._skipping:
            if tag == self._skipping[0]:
                self._skipping.pop()
            return
        if tag in ("title", "h1", "pre"):
            self._inside[tag] = 0
        if tag not in _LINES:  # what comes next begins its own line
            self._break(tag)
        if tag in _CONTENT and self._inside["content"]:
            self._inside["content"] -= 1

    def handle_data(self, data: str) -> None:
        if self._skipping:
            return
        for name, parts in self._titles.items():
            if self._inside[name]:
                parts.append(data)
        if self._inside["title"]:
            return
        # Line breaks of the source are blanks, except in pre, where they are marked until the lines are made.
        self._write(data.replace("\n", "\0") if self._inside["pre"] else data.replace("\n", " "))

    def _break(self, tag: str) -> None:
        if not self._skipping and (tag in _PARAGRAPHS or tag in _LINES):
            self._write("\n\n" if tag in _PARAGRAPHS else "\n")

    def _write(self, text: str) -> None:
        self._all.append(text)
        if self._inside["content"]:
            self._main.append(text)


def _lines(text: str) -> str:
    lines = []
    for line in text.split("\n"):
        if "\0" in line:
            lines.append("\n".join(part.rstrip() for part in line.split("\0")).strip("\n"))
        else:
            lines.append(_BLANKS.sub(" ", line).strip().removeprefix("| "))
    return re.sub(r"\n{3,}", "\n\n", "\n".join("" if line == "-" else line for line in lines)).strip()
