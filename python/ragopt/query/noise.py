"""Lines that no corpus is asked about, told by their form: pasted logs, stack traces, signatures, quoted mail."""

from __future__ import annotations

import re

from ragopt.query.text import Piece

__all__ = ["kinds"]

_STAMP = r"(?:\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\d\d:\d\d:\d\d[.,]?\d*|[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d|\[ *\d+\.\d+\])"
_LOG = re.compile(
    rf"^\W*{_STAMP}"
    r"|^\W*(?:ERROR|WARN(?:ING)?|INFO|DEBUG|TRACE|FATAL|CRITICAL)\b[\]:\s]"
    r"|^\s*(?:at [\w.$/<>]+\(.*\)|Traceback \(most recent call last\)|File \"[^\"]+\", line \d+"
    r"|Caused by: |\.{3} \d+ more)"
    r"|^\s*(?:[\w.]+\.)?[A-Z]\w*(?:Error|Exception)(?:: |$)"
    r"|^\s*(?:\$|>>>|#!|PS [A-Z]:\\) ?\S"
    r"|(?:\b[\w.-]+=\S+[ ,]*){3,}"
    r"|\b0x[0-9a-f]{4,}\b.*\b0x[0-9a-f]{4,}\b"
)
_QUOTED_MAIL = re.compile(
    r"^(?:> ?|On .{5,80} wrote:$|-{2,} ?(?:Original|Forwarded) Message|(?:From|To|Cc|Subject|Sent|Date): )"
)
_SIGN_OFF = re.compile(
    r"^(?:-- ?$|--$|_{3,}$|(?:(?:kind|best|warm|many) )?(?:regards|wishes|thanks|cheers|sincerely|respectfully|yours"
    r"(?: \w+)?|br|best|all the best|trân trọng|thân|thân ái|thân mến|kính thư)[,.! ]*$"
    r"|sent from my \w+|get outlook for|(?:gửi từ) )",
    re.IGNORECASE,
)
_CONTACT = re.compile(r"\S+@\S+\.\w+|\+\d[\d ().-]{7,}|\b(?:tel|phone|mobile|fax|đt|sđt)[.: ]", re.IGNORECASE)


def kinds(text: str, found: list[Piece]) -> list[str | None]:
    """What the line of each piece is: `log`, `mail`, `signature`, or None. A signature reaches to the end."""
    out: list[str | None] = []
    end, kind, signed = -1, None, False
    for piece in found:
        if piece.start >= end:  # a line of its own
            first = text.rfind("\n", 0, piece.start) + 1
            end = text.find("\n", piece.start)
            end = len(text) if end < 0 else end
            line = text[first:end].strip()
            signed = signed or (piece.start > 0 and _SIGN_OFF.match(line) is not None)
            kind = _kind(line, signed=signed, first=piece.start == 0)
        out.append(kind)
    return out


def _kind(line: str, *, signed: bool, first: bool) -> str | None:
    if _QUOTED_MAIL.match(line):
        return "mail"
    if _LOG.search(line):
        return "log"
    contact = not first and len(line) < 80 and "?" not in line and _CONTACT.search(line) is not None
    return "signature" if contact or (signed and not line.endswith("?")) else None
