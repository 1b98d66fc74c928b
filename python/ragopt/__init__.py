"""ragopt: retrieval optimisation for RAG on AWS.

Exact hybrid search (BM25 and cosine, fused soundly), pruning, packing into a token budget, Amazon
Bedrock calls, and offline tuning that says what it gained. The core is Rust; the base install
needs numpy alone.
"""

