//! Exact hybrid BM25 and cosine search. Knows no Python; `ragopt-py` is the border.

pub mod analysis;
pub mod error;
