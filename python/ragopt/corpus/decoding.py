"""Bytes of a file to text: UTF-8, or what a byte order mark or an HTML file declares."""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from pathlib import Path

from ragopt.corpus.problems import Problem
from ragopt.errors import CorpusError

__all__ = ["UnreadableError", "read_text"]

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]+)", re.IGNORECASE)


class UnreadableError(CorpusError):
    """A whole file that cannot be read; `problem` says why. It does not leave this room."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def read_text(path: Path, name: str, *, html: bool = False) -> str:
    """The text of the file, line ends as line feeds, unpacked if its name ends in .gz. Raises UnreadableError."""
    data = _bytes(path, name)
    encoding, declared = "utf-8", ""
    for mark, of_mark in _MARKS:
        if data.startswith(mark):
            data, encoding, declared = data[len(mark) :], of_mark, " (its byte order mark says so)"
            break
    else:
        if html and (found := _CHARSET.search(data, 0, 4096)):
            encoding, declared = found[1].decode("ascii"), " (its meta tag says so)"
    try:
        text = data.decode(encoding)
    except LookupError:
        raise UnreadableError(
            Problem(name, f"declares the unknown charset {encoding!r}", "convert it to UTF-8")
        ) from None
    except UnicodeDecodeError as error:
        what = f"not {encoding}{declared}: byte 0x{data[error.start]:02x} at offset {error.start}"
        raise UnreadableError(Problem(name, what, "convert it to UTF-8, as with iconv -t UTF-8")) from None
    if (offset := text.find("\0")) >= 0:
        what = f"binary data, not text: a NUL character at offset {offset}"
        raise UnreadableError(Problem(name, what, "remove the file or give it its right extension"))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _bytes(path: Path, name: str) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if path.name.lower().endswith(".gz") else data
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UnreadableError(Problem(name, f"not a whole gzip file ({error})", "download or pack it again")) from None
    except OSError as error:
        advice = "check that it exists and that you may read it"
        raise UnreadableError(Problem(name, f"cannot be read ({error.strerror})", advice)) from None
