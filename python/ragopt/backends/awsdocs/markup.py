"""The markup of AWS service models (a small, regular kind of HTML) as plain text."""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape

__all__ = ["plain"]

# What looks like a tag but is not one of these (a placeholder such as <bucket>) is text.
_KNOWN = (
    "a|abbr|b|br|caution|code|dd|div|dl|dt|em|fullname|h[1-6]|i|important|li|note|ol|p|pre|problem|programlisting|"
    "replaceable|section|span|strong|sub|sup|table|tbody|td|th|thead|tip|title|tr|tt|u|ul|warning|xhtml|zonbook"
)
_TAG = re.compile(rf"<(/?)({_KNOWN})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_SPACE = re.compile(r"\s+")
_BEFORE_MARK = re.compile(r"\s+([,.;:!?)\]])(?=\s|$)")

_CALLOUTS = {
    "note": "Note:",
    "important": "Important:",
    "caution": "Caution:",
    "warning": "Warning:",
    "tip": "Tip:",
}
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6", "title", "fullname"}
_BLOCKS = {"p", "div", "br", "dl", "section", "table", "tr", "pre", "programlisting", *_CALLOUTS, *_HEADINGS}


@lru_cache(maxsize=65536)
def plain(markup: str) -> str:
    """The text of `markup`: one line a paragraph, `- ` before each list item, code without its tags.

    Notes and the like begin with `Note:`, `Important:`, ... Links keep their words and lose their
    address. Inline code is not marked: its words are what is searched, and marks would be paid
    for as tokens.
    """
    if "<" not in markup and "&" not in markup:
        return _tidy(markup)
    if "<!--" in markup:
        markup = _COMMENT.sub(" ", markup)
    # split() of a pattern with two groups gives text, slash, tag, text, slash, tag, ..., text.
    pieces = _TAG.split(markup)
    page = _Page()
    page.write(pieces[0])
    for at in range(1, len(pieces), 3):
        page.tag(pieces[at + 1].lower(), closing=bool(pieces[at]))
        page.write(pieces[at + 2])
    return page.text()


def _tidy(text: str) -> str:
    return _BEFORE_MARK.sub(r"\1", _SPACE.sub(" ", text)).strip()


class _Page:
    """Collects lines while the tags go by."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.lists: list[int | None] = []  # open lists; an ordered one holds its count so far
        self.prefix = ""

    def write(self, text: str) -> None:
        if text:
            self.line.append(unescape(text) if "&" in text else text)

    def tag(self, name: str, *, closing: bool) -> None:
        if name in ("ul", "ol"):
            self.flush()
            if closing:
                if self.lists:
                    self.lists.pop()
            else:
                self.lists.append(0 if name == "ol" else None)
        elif name in ("li", "dt"):
            if name == "dt" and closing:
                self.line.append(":")  # the definition follows on the same line
                return
            self.flush()
            if not closing:
                self.prefix = self._bullet()
        elif name in ("td", "th"):
            if not closing and self.line:
                self.line.append(" | ")
        elif name in _BLOCKS:
            if self.prefix and not closing and "".join(self.line).rstrip().endswith(":"):
                return  # <dt>term</dt><dd><p>: keep the term and its definition together
            self.flush()
            if name in _CALLOUTS and not closing:
                self.prefix = f"{self._indent()}{_CALLOUTS[name]} "

    def _indent(self) -> str:
        return "  " * max(0, len(self.lists) - 1)

    def _bullet(self) -> str:
        count = self.lists[-1] if self.lists else None
        if count is None:
            return f"{self._indent()}- "
        self.lists[-1] = count + 1
        return f"{self._indent()}{count + 1}. "

    def flush(self) -> None:
        text = _tidy("".join(self.line))
        self.line.clear()
        if text:
            within = "  " * len(self.lists)  # a further paragraph of an item stands below its first one
            self.lines.append(f"{self.prefix or within}{text}")
            self.prefix = ""

    def text(self) -> str:
        self.flush()
        return "\n".join(self.lines)
