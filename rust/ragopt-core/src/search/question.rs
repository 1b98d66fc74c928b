//! A question made ready for one index: known terms with their factors, the unit vector.

use super::{Lexical, weighted};
use crate::error::{Error, Result};
use crate::index::Index;
use crate::score::cosine::{self, Wide, ZERO};
use crate::score::normalizer::Limits;

/// A question's sides; None where a side does not exist.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) lexical: Option<LexicalSide>,
    pub(super) dense: Option<DenseSide>,
}

/// The lexical side; it may hold no known term, and then finds nothing.
#[derive(Debug)]
pub(super) struct LexicalSide {
    /// In byte order.
    pub(super) terms: Vec<QueryTerm>,
    /// What a chunk without any term scores.
    pub(super) constant: f64,
    /// The most that any chunk could score.
    pub(super) bound: f64,
}

/// One known term.
#[derive(Debug)]
pub(super) struct QueryTerm {
    pub(super) text: String,
    pub(super) id: u32,
    pub(super) weight: f64,
    pub(super) idf: f64,
    /// weight · idf · scale: what [`crate::score::bm25::share`] takes.
    pub(super) factor: f64,
}

/// The dense side.
#[derive(Debug)]
pub(super) struct DenseSide {
    pub(super) query: Vec<Wide>,
}

impl Question {
    pub(super) fn of(index: &Index, lexical: Option<Lexical<'_>>, vector: Option<&[f32]>) -> Result<Self> {
        let lexical = match lexical {
            Some(lexical) => Some(LexicalSide::of(index, lexical)?),
            None => None,
        };
        let dense = match (vector, index.vectors()) {
            (Some(vector), Some(vectors)) => DenseSide::of(vector, vectors.dimension())?,
            _ => None,
        };
        Ok(Self { lexical, dense })
    }
}

impl LexicalSide {
    fn of(index: &Index, lexical: Lexical<'_>) -> Result<Self> {
        let (bm25, statistics) = (index.bm25(), index.statistics());
        let mut side = Self { terms: Vec::new(), constant: 0.0, bound: 0.0 };
        for (text, weight) in weighted(index, lexical)? {
            let Some(id) = index.segment.vocabulary.id(&text) else {
                continue;
            };
            let idf = bm25.idf(statistics, index.segment.postings.frequency(id));
            side.constant += weight * idf * bm25.absent();
            side.bound += weight * idf.max(0.0) * bm25.sup();
            side.terms.push(QueryTerm { text, id, weight, idf, factor: weight * idf * bm25.scale() });
        }
        Ok(side)
    }

    pub(super) fn limits(&self) -> Limits {
        Limits { bottom: 0.0, most: self.bound }
    }
}

impl DenseSide {
    /// None for a zero vector, which has no direction.
    fn of(vector: &[f32], dimension: usize) -> Result<Option<Self>> {
        if vector.len() != dimension {
            return Err(Error::Vector(format!(
                "the query vector has {} dimensions, the index {dimension}: they come from different models",
                vector.len()
            )));
        }
        let mut lines = vec![ZERO; cosine::lines_of(dimension)];
        cosine::normalize(vector, &mut lines)
            .map_err(|place| Error::Vector(format!("the query vector is NaN or infinite in dimension {place}")))?;
        let present = !cosine::is_zero(&lines);
        Ok(present.then(|| Self { query: cosine::widen(&lines) }))
    }
}
