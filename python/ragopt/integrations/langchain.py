"""ragopt as a LangChain retriever.

```python
from ragopt.integrations.langchain import RagoptRetriever

retriever = RagoptRetriever(source=index, k=4)
retriever.invoke("how do I ...", alpha=0.3, filter=F("year") >= 2024)
```
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from ragopt.errors import InputError, InputTypeError, MissingExtraError, UnknownNameError
from ragopt.filters import both
from ragopt.index import Index, off_loop
from ragopt.pipeline import Pipeline
from ragopt.protocols import Retriever
from ragopt.prune import prune
from ragopt.types import Context, Filter, Hit, Order, Query, Threshold, Where
from ragopt.types.parameters import finite, fraction, whole
from ragopt.types.sources import Piece, Source

try:
    from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
    from langchain_core.documents import Document
    from langchain_core.retrievers import BaseRetriever
    from pydantic import ConfigDict
except ImportError as error:
    raise MissingExtraError.of("ragopt.integrations.langchain", "langchain") from error

__all__ = ["METADATA_KEY", "RagoptRetriever", "documents_of"]

#: Where ragopt's own values stand in a document's metadata, beside the caller's.
METADATA_KEY = "ragopt"

_OPTIONS = ("k", "alpha", "min_score", "filter")


class RagoptRetriever(BaseRetriever):
    """Searches an Index, a Pipeline or any `ragopt.protocols.Retriever` for LangChain.

    `k`, `alpha` and `min_score` mean what they mean in `Index.search`; None leaves the choice to the
    source. Each may also be given to one call: `invoke(question, k=3)`. `filter` is a ragopt filter;
    that of a call is joined (and) to the retriever's own, so a call can narrow but never widen it.

    Each document carries the chunk's id and its metadata, and under `metadata["ragopt"]` the id,
    document, title, span, score, lexical (raw BM25, or None) and dense (cosine, or None). `score` also
    stands in the metadata itself, unless the chunk has a field of that name. A chunk whose own
    metadata has the key "ragopt" is an InputError: nothing is overwritten.

    A Pipeline gives the sources of its context, in their order, as `documents_of` does; a chunk whose text the context
    shows as that of another is a document of its own here, beyond the budget, for what two ids name is two documents to
    LangChain (`documents_of` keeps to the budget and cites both). A Retriever that is not
    ragopt's Index scores by itself: `alpha` is refused, `k` and `min_score` cut its hits.

    Raises UnknownNameError for a keyword that does not exist, and the errors of the search.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    source: Any
    k: int | None = None
    alpha: float | None = None
    min_score: float | Threshold | None = None
    filter: Any = None

    def __init__(self, source: Any = None, **options: Any) -> None:
        known = [name for name in type(self).model_fields if name != "source"]
        for name in options:
            if name not in known:
                raise UnknownNameError.of("option of RagoptRetriever", name, known)
        if not isinstance(source, (Index, Pipeline)) and not callable(getattr(source, "retrieve", None)):
            raise InputTypeError(
                f"source is a {type(source).__name__}: give an Index, a Pipeline, or an object with retrieve(query)"
            )
        # Checked before pydantic sees them: it would change "3" to 3, and wrap our errors in its own.
        checked = _checked(source, {name: options.get(name) for name in _OPTIONS})
        super().__init__(**{"source": source, **options, **checked})

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, **options: Any
    ) -> list[Document]:
        return self._find(query, options)

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun, **options: Any
    ) -> list[Document]:
        return await off_loop(self._find, query, options)

    def _find(self, query: str, given: Mapping[str, Any]) -> list[Document]:
        options = {name: getattr(self, name) for name in _OPTIONS}
        for name, value in given.items():
            if name == "verbose":  # LangChain's own, passed on by BaseRetriever.invoke
                continue
            if name not in _OPTIONS:
                raise UnknownNameError.of("option of RagoptRetriever.invoke", name, _OPTIONS)
            if value is not None:
                options[name] = _joined(self.filter, value) if name == "filter" else value
        return _search(self.source, query, options)


def documents_of(context: Context) -> list[Document]:
    """The sources of a context as LangChain documents, in its order.

    The text is what the context shows of each source, not escaped: escape it where you write it into a prompt
    (`ragopt.types.rendering.escape`). `metadata["ragopt"]` holds what a retriever's documents have there for the best
    chunk, and its `marker`, the `spans` of the text in the document, and all `citations` (id, document, title, span,
    metadata): chunks of the same text are one document here, and each of them is cited.
    """
    hits = {hit.id: hit for best in context.hits for hit in (*best.also, best)}
    return [_shown(source, hits) for source in context.sources]


def _every(context: Context, *, ranked: bool) -> list[Document]:
    """The sources of a context, and the hits whose text is another's, each as a document."""
    hits = {hit.id: hit for best in context.hits for hit in (*best.also, best)}
    texts: set[str] = set()
    copies = []
    for hit in context.hits:
        text = hit.text.strip() or hit.title
        if text in texts:
            copies.append(hit)
        texts.add(text)
    shown = []
    for source in context.sources:
        shown.append(source)
        cited = {citation.id for citation in source.citations}
        shown += [_copy(hit, source) for hit in copies if hit.id in cited]
    if ranked:
        rank = {hit.id: place for place, hit in enumerate(context.hits)}
        shown.sort(key=lambda source: rank[source.id])
    return [_shown(source, hits) for source in shown]


def _copy(hit: Hit, source: Source) -> Source:
    """What is shown of a hit whose text the source shows as another's."""
    own = tuple(citation for citation in source.citations if citation.id == hit.id)
    first, end = hit.span
    whole = (Piece(hit.text, hit.span),)
    parts = tuple(Piece(hit.text[a - first : b - first], (a, b)) for a, b in (each.span for each in own))
    return Source(source.number, hit.id, hit.document, hit.title, parts if end - first == len(hit.text) else whole, own)


def _shown(source: Source, hits: Mapping[str, Hit]) -> Document:
    document = _document(hits[source.id])
    document.page_content = source.text
    document.metadata[METADATA_KEY] |= {
        "marker": source.marker,
        "spans": [list(piece.span) for piece in source.pieces],
        "citations": [
            {
                "id": each.id,
                "document": each.document,
                "title": each.title,
                "span": list(each.span),
                "metadata": deepcopy(dict(hits[each.id].metadata)),
            }
            for each in source.citations
        ],
    }
    return document


def _search(source: Index | Pipeline | Retriever, query: str, options: Mapping[str, Any]) -> list[Document]:
    chosen = _checked(source, options)
    where: Where | None = chosen.pop("filter", None)
    if isinstance(source, Index):
        return [_document(hit) for hit in source.search(query, where=where, **chosen)]
    if isinstance(source, Pipeline):
        if chosen:
            settings = source.settings
            source = source.with_settings(replace(settings, search=replace(settings.search, **chosen)))
        return _every(source.retrieve(query, where=where), ranked=source.settings.pack.order == Order.SCORE)
    return [_document(hit) for hit in prune(source.retrieve(Query(query, where=both(where, None))), **chosen)]


def _checked(source: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are given; raises for one that cannot be, or that this source would ignore."""
    chosen = {name: value for name, value in options.items() if value is not None and name in _OPTIONS}
    if "filter" in chosen:
        _joined(None, chosen["filter"])
    if "k" in chosen:
        chosen["k"] = whole("k", chosen["k"])
    if "min_score" in chosen and not isinstance(chosen["min_score"], Threshold):
        chosen["min_score"] = finite("min_score", chosen["min_score"])
    if "alpha" in chosen:
        chosen["alpha"] = fraction("alpha", chosen["alpha"])
        if not isinstance(source.source if isinstance(source, Pipeline) else source, Index):
            raise InputError("alpha: this source scores by itself; set alpha where it was made")
    return chosen


def _joined(own: object | None, called: object) -> Filter | None:
    if not isinstance(called, (Filter, Mapping)):
        raise InputTypeError(f"filter is a {type(called).__name__}: build one with F, as in F('year') >= 2024")
    return both(own, called)


def _document(hit: Hit) -> Document:
    # A copy, nested values too: what the caller does to a document must not reach the source.
    metadata = deepcopy(dict(hit.metadata))
    if METADATA_KEY in metadata:
        raise InputError(
            f"chunk {hit.id!r} has a metadata field {METADATA_KEY!r}, where the retriever puts scores and source: "
            f"rename the field"
        )
    metadata.setdefault("score", hit.score)
    metadata[METADATA_KEY] = {
        "id": hit.id,
        "document": hit.document,
        "title": hit.title,
        "span": list(hit.span),
        "score": hit.score,
        "lexical": hit.lexical,
        "dense": hit.dense,
    }
    return Document(page_content=hit.text, id=hit.id, metadata=metadata)
