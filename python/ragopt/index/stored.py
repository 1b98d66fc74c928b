"""A chunk as the bytes that the core keeps for it, and back: a line of plain JSON, then the text as it is.

Data, never code. JSON escapes line breaks, so the first one ends the line; the text, which is the most of it,
is neither escaped nor parsed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ragopt.errors import CorruptIndexError, InputTypeError
from ragopt.filters import plain
from ragopt.types import Chunk

__all__ = ["decode", "decode_document", "encode"]

#: `json.dumps` with other than its defaults makes an encoder a call.
_DUMPS = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_QUOTED = json.encoder.encode_basestring
_DATE = "$datetime"
_TAG = re.compile(r"\$+datetime")  # with one sign more for a mapping of the caller's own
_AS_IS = frozenset((bool, int, float, str, type(None)))


def encode(chunk: Chunk) -> bytes:
    """The chunk without its id. InputTypeError for metadata that JSON and datetimes cannot hold."""
    try:
        start, end = chunk.span
        metadata = _DUMPS(_storable(chunk.metadata)) if chunk.metadata else "{}"
        # The line is put together here: an encoder of JSON takes twice as long for so little.
        line = f"[{_QUOTED(chunk.document)},{_QUOTED(chunk.title)},[{start:d},{end:d}],{metadata}]"
        return f"{line}\n{chunk.text}".encode()
    except (TypeError, ValueError, RecursionError, UnicodeEncodeError) as error:
        what = "it is nested too deeply, or in itself" if isinstance(error, RecursionError) else error
        raise InputTypeError(
            f"chunk {chunk.id!r}: its text, title or metadata cannot be stored ({what}); metadata holds bool, int, "
            f"float, str, datetime, None, and lists or string-keyed mappings of those"
        ) from None


def decode(id: str, data: bytes) -> Chunk:
    """The chunk of `encode`, under its id. CorruptIndexError for bytes that another program wrote."""
    line, _, text = data.partition(b"\n")
    try:
        document, title, (start, end), metadata = json.loads(line, object_hook=_untagged)
        return Chunk(id=id, document=document, text=text.decode(), span=(start, end), title=title, metadata=metadata)
    except (TypeError, ValueError) as error:
        raise _unreadable(f"chunk {id!r}", error) from None


def decode_document(data: bytes) -> str:
    """The document's id alone; CorruptIndexError as `decode`."""
    try:
        return json.loads(data.partition(b"\n")[0])[0]  # type: ignore[no-any-return]
    except (TypeError, ValueError, LookupError) as error:
        raise _unreadable("a chunk's document", error) from None


def _unreadable(what: str, error: Exception) -> CorruptIndexError:
    return CorruptIndexError(f"{what}: what the index keeps cannot be read ({error}); rebuild it with ragopt index")


def _storable(value: Any) -> Any:
    """The value as JSON can hold it: a datetime as {"$datetime": ISO text}, a mapping that looks like one escaped."""
    if type(value) in _AS_IS:
        return value
    if type(value) is dict and not value:
        return value
    if isinstance(value := plain(value), Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError(f"the key {next(key for key in value if not isinstance(key, str))!r} is not a string")
        mapping = {key: part if type(part) in _AS_IS else _storable(part) for key, part in value.items()}
        if len(mapping) == 1 and _TAG.fullmatch(key := next(iter(mapping))):
            return {f"${key}": mapping[key]}
        return mapping
    if isinstance(value, (list, tuple)):
        return [_storable(part) for part in value]
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return {_DATE: moment.isoformat()}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"{type(value).__name__} is not a metadata type")


def _untagged(value: dict[str, Any]) -> Any:
    if len(value) != 1 or not _TAG.fullmatch(key := next(iter(value))):
        return value
    return datetime.fromisoformat(value[key]) if key == _DATE else {key[1:]: value[key]}
