"""Which chunks are a document's: its own id, or the reserved field that a chunk of another id keeps in the columns."""

from __future__ import annotations

from collections.abc import Sequence

from ragopt import _core
from ragopt.filters import steps
from ragopt.index.documents import RESERVED
from ragopt.index.stored import decode_document
from ragopt.types import Comparison, Op

__all__ = ["DOCUMENT", "chunks_of", "document_of"]

#: The metadata field that says the document of a chunk whose id is another.
DOCUMENT = f"{RESERVED}document"


def document_of(core: _core.Index, ordinal: int) -> str:
    """The document of a chunk."""
    return decode_document(core.stored(ordinal))


def chunks_of(core: _core.Index, documents: Sequence[str]) -> list[int]:
    """The ordinals of all chunks of these documents."""
    if not len(core) or not documents:
        return []
    found = [(id, core.ordinal(id)) for id in documents]
    own = [ordinal for id, ordinal in found if ordinal is not None and document_of(core, ordinal) == id]
    cut: list[int] = core.allow(steps(Comparison(DOCUMENT, Op.ISIN, tuple(documents)))).ordinals().tolist()
    return own + cut
