"""Values that two rooms exchange. They know no engine, no vendor and no file."""

from ragopt.types.context import Answer, Context, Cost, Generation, Mark, Status, TokenCount, Usage
from ragopt.types.documents import Chunk, Document
from ragopt.types.filters import And, Comparison, Filter, Not, Op, Or, Where
from ragopt.types.hits import Explanation, Hit, Hits, Normalizer, Reason, SideExplanation, Sides, TermShare
from ragopt.types.parameters import (
    Bm25,
    Budget,
    Cache,
    GenerateSettings,
    Level,
    Method,
    Order,
    PackSettings,
    SearchSettings,
    Threshold,
    Variant,
)
from ragopt.types.preparing import Profile, QuerySettings
from ragopt.types.pruning import PruneMode, PruneSettings, Recalibration
from ragopt.types.query import Query
from ragopt.types.settings import Settings
from ragopt.types.sources import Citation, Form, Piece, Source
from ragopt.types.trace import Span, Trace
from ragopt.types.tuned import IndexIdentity, Tuned

__all__ = [
    "And",
    "Answer",
    "Bm25",
    "Budget",
    "Cache",
    "Chunk",
    "Citation",
    "Comparison",
    "Context",
    "Cost",
    "Document",
    "Explanation",
    "Filter",
    "Form",
    "GenerateSettings",
    "Generation",
    "Hit",
    "Hits",
    "IndexIdentity",
    "Level",
    "Mark",
    "Method",
    "Normalizer",
    "Not",
    "Op",
    "Or",
    "Order",
    "PackSettings",
    "Piece",
    "Profile",
    "PruneMode",
    "PruneSettings",
    "Query",
    "QuerySettings",
    "Reason",
    "Recalibration",
    "SearchSettings",
    "Settings",
    "SideExplanation",
    "Sides",
    "Source",
    "Span",
    "Status",
    "TermShare",
    "Threshold",
    "TokenCount",
    "Trace",
    "Tuned",
    "Usage",
    "Variant",
    "Where",
]
