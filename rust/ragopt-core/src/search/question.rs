//! A question made ready for one index: known terms with their factors, the unit vector.

use super::{Lexical, weighted};
use crate::error::{Error, Result};
use crate::index::{Index, Part, TermPostings};
use crate::score::cosine::{self, Wide, ZERO};
use crate::score::normalizer::Limits;

/// A question's sides; None where a side does not exist.
#[derive(Debug)]
pub(super) struct Question<'a> {
    pub(super) lexical: Option<LexicalSide<'a>>,
    pub(super) dense: Option<DenseSide>,
}

/// The lexical side; it may hold no known term, and then finds nothing.
#[derive(Debug)]
pub(super) struct LexicalSide<'a> {
    /// In byte order.
    pub(super) terms: Vec<QueryTerm>,
    /// The postings of each term in each part, term after term; None where no chunk holds it.
    postings: Vec<Option<TermPostings<'a>>>,
    parts: usize,
    /// What a chunk without any term scores.
    pub(super) constant: f64,
    /// The most that any chunk could score.
    pub(super) bound: f64,
}

/// One term that a live chunk holds.
#[derive(Debug)]
pub(super) struct QueryTerm {
    pub(super) text: String,
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

impl<'a> Question<'a> {
    pub(super) fn of(index: &'a Index, lexical: Option<Lexical<'_>>, vector: Option<&[f32]>) -> Result<Self> {
        let lexical = match lexical {
            Some(lexical) => Some(LexicalSide::of(index, lexical)?),
            None => None,
        };
        let dense = match (vector, index.dimension()) {
            (Some(vector), Some(dimension)) => DenseSide::of(vector, dimension)?,
            _ => None,
        };
        Ok(Self { lexical, dense })
    }
}

impl<'a> LexicalSide<'a> {
    fn of(index: &'a Index, lexical: Lexical<'_>) -> Result<Self> {
        let (bm25, statistics) = (index.bm25(), index.statistics()?);
        let parts = index.parts();
        let mut side = Self { terms: Vec::new(), postings: Vec::new(), parts: parts.len(), constant: 0.0, bound: 0.0 };
        for (text, weight) in weighted(index, lexical)? {
            let known = side.postings.len();
            let mut frequency = 0;
            for part in parts {
                let id = part.segment.vocabulary.id(&text);
                frequency += id.map_or(Ok(0), |id| part.frequency(id))?;
                side.postings.push(id.map(|id| part.segment.postings.of(id)).transpose()?);
            }
            if frequency == 0 {
                side.postings.truncate(known);
                continue;
            }
            let idf = bm25.idf(statistics, frequency);
            side.constant += weight * idf * bm25.absent();
            side.bound += weight * idf.max(0.0) * bm25.sup();
            side.terms.push(QueryTerm { text, weight, idf, factor: weight * idf * bm25.scale() });
        }
        Ok(side)
    }

    /// The terms that a chunk of `part` may hold, in byte order, with their postings there.
    pub(super) fn of_part<'s>(
        &'s self,
        part: &Part,
    ) -> impl Iterator<Item = (&'s QueryTerm, &'s TermPostings<'a>)> + use<'a, 's> {
        let postings = self.postings.iter().skip(part.number).step_by(self.parts.max(1));
        self.terms.iter().zip(postings).filter_map(|(term, postings)| Some((term, postings.as_ref()?)))
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
