//! Exact hybrid BM25 and cosine search. Knows no Python; `ragopt-py` is the border.
//!
//! Five floors, each using only those below it: [`search`] walks an [`index`]; an index is made by
//! [`analysis`] and described by numbers that [`score`] turns into scores; [`types`] and [`error`]
//! are the ground.
//!
//! ```
//! use ragopt_core::{analysis::Analyzer, index::{Index, Source}, score::Bm25, search::{self, Lexical, Parameters}};
//!
//! let index = Index::build(
//!     Analyzer::new("english")?,
//!     Bm25::new("lucene", 1.2, 0.75, 0.0, 0.0)?,
//!     Source { ids: &["a", "b"], texts: &["red apples", "green pears"], stored: &[b"", b""], vectors: None, metadata: &[] },
//!     "{}",
//! )?;
//! let parameters = Parameters::new(10, 0.6, "bounded", 1000, -1.0, None)?;
//! let found = search::search(&index, Some(Lexical::Text("apples")), None, None, &parameters)?;
//! assert_eq!(index.id(found.hits[0].ordinal), Some("a"));
//! # Ok::<(), ragopt_core::error::Error>(())
//! ```

pub mod analysis;
pub mod error;
pub mod index;
pub mod score;
pub mod search;
pub mod types;
