"""What an index keeps about itself beside its chunks, as the core carries it: JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ragopt.errors import CorruptIndexError

__all__ = ["Attributes"]


@dataclass(frozen=True, slots=True)
class Attributes:
    """Declared fields by name, the identity of the embedder it was built with, the field that names the tenant."""

    fields: Mapping[str, str]
    embedder: Mapping[str, Any] | None = None
    tenant_field: str | None = None

    @classmethod
    def read(cls, text: str, path: str) -> Attributes:
        """What `text`, found in the folder `path`, says; CorruptIndexError for the text of another program."""
        try:
            return cls(**json.loads(text))
        except (TypeError, ValueError) as error:
            raise CorruptIndexError(
                f"{path}: what the index says about itself cannot be read ({error}); rebuild it with ragopt index"
            ) from None

    def __str__(self) -> str:
        return json.dumps(asdict(self))
