"""A chunk as the bytes that the core keeps for it, and back. Plain JSON: data, never code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ragopt.errors import InputTypeError
from ragopt.types import Chunk

__all__ = ["decode", "decode_metadata", "encode"]

_DATE = "$datetime"


def encode(chunk: Chunk) -> bytes:
    """The chunk without its id, as JSON. InputTypeError for metadata that JSON and datetimes cannot hold."""
    record = [chunk.document, chunk.title, chunk.text, list(chunk.span), dict(chunk.metadata)]
    try:
        return json.dumps(record, ensure_ascii=False, default=_tagged, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError, UnicodeEncodeError) as error:
        raise InputTypeError(
            f"chunk {chunk.id!r}: its text, title or metadata cannot be stored ({error}); metadata holds bool, int, "
            f"float, str, datetime, None, and lists or string-keyed mappings of those"
        ) from None


def decode(id: str, data: bytes) -> Chunk:
    """The chunk of `encode`, under its id."""
    document, title, text, span, metadata = json.loads(data, object_hook=_untagged)
    return Chunk(id=id, document=document, text=text, span=(span[0], span[1]), title=title, metadata=metadata)


def decode_metadata(data: bytes) -> Mapping[str, Any]:
    """The metadata alone."""
    metadata: Mapping[str, Any] = json.loads(data, object_hook=_untagged)[4]
    return metadata


def _tagged(value: object) -> object:
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return {_DATE: moment.isoformat()}
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        return value.item()  # a numpy scalar
    raise TypeError(f"{type(value).__name__} is not a metadata type")


def _untagged(value: dict[str, Any]) -> Any:
    if len(value) == 1 and isinstance(moment := value.get(_DATE), str):
        try:
            return datetime.fromisoformat(moment)
        except ValueError:
            return value  # the caller's own mapping that happens to use the key
    return value
