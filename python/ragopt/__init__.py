"""ragopt: retrieval optimisation for RAG on AWS.

Exact hybrid search (BM25 and cosine, fused soundly), pruning, packing into a token budget, Amazon
Bedrock calls, and offline tuning that says what it gained. The core is Rust; the base install
needs numpy alone.
"""

from ragopt._core import __version__
from ragopt.errors import RagoptError
from ragopt.evaluation import Measure, Qrels, Run, evaluate
from ragopt.filters import F
from ragopt.index import Index
from ragopt.pipeline import Pipeline
from ragopt.tuning import tune
from ragopt.types import (
    Answer,
    Bm25,
    Budget,
    Chunk,
    Context,
    Document,
    GenerateSettings,
    Hit,
    Hits,
    PackSettings,
    PruneSettings,
    Query,
    SearchSettings,
    Settings,
    Threshold,
)

__all__ = [
    "Answer",
    "Bm25",
    "Budget",
    "Chunk",
    "Context",
    "Document",
    "F",
    "GenerateSettings",
    "Hit",
    "Hits",
    "Index",
    "Measure",
    "PackSettings",
    "Pipeline",
    "PruneSettings",
    "Qrels",
    "Query",
    "RagoptError",
    "Run",
    "SearchSettings",
    "Settings",
    "Threshold",
    "__version__",
    "evaluate",
    "tune",
]
