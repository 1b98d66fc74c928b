//! Measures as exact functions of alpha.
//!
//! A fused score is a line in alpha, so the ranking changes at finitely many alphas and every measure of it is a
//! step function. [`band`] keeps the chunks that can be among the first `k` at some alpha, [`sweep`] walks the
//! crossings of their lines in order, and [`gauge`] turns what changes into the values of measures. (The walk is a
//! kinetic sorted list: Basch, Guibas and Hershberger, "Data structures for mobile data", 1999.)
//!
//! **Sides.** Strictly between 0 and 1 every chunk with a term of the query or a vector counts. At 0 only those
//! with a term, at 1 only those with a vector: these two points have values of their own.

mod band;
mod curve;
mod gauge;
mod leading;
mod simd;
mod sweep;

use rayon::prelude::*;

use crate::error::{Error, Result};
pub use curve::{Curve, Mean};
use gauge::Gauges;
pub use gauge::{Column, Gauge};

/// A chunk shares a term with the query.
pub const HAS_TERM: u8 = 1;
/// A chunk has a vector.
pub const HAS_VECTOR: u8 = 2;

/// What one query is measured on. The first five lists have an entry a chunk.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// Normalized score of the lexical side; what a chunk without a term has.
    pub lexical: &'a [f64],
    /// Normalized score of the dense side; the floor's where a vector is missing.
    pub dense: &'a [f64],
    /// Which of two chunks with one score comes first: the smaller; all differ.
    pub ties: &'a [u32],
    /// [`HAS_TERM`] and [`HAS_VECTOR`].
    pub sides: &'a [u8],
    /// 0 is not relevant.
    pub grades: &'a [u32],
    /// What sending the chunk costs.
    pub tokens: &'a [u32],
    /// The grades of all relevant chunks of the query, best first, found or not.
    pub ideal: &'a [u32],
    /// Where documents are judged: the document of each chunk, from 0. A document counts once, at its best chunk.
    pub documents: Option<&'a [u32]>,
}

/// The values of all columns of all queries, over alpha.
#[derive(Debug)]
pub struct Path {
    columns: Vec<Column>,
    queries: Vec<Walked>,
}

/// What a walk met: the columns' values at 0, just above it, and at 1, and every change between.
#[derive(Debug)]
struct Walked {
    zero: Vec<f64>,
    first: Vec<f64>,
    one: Vec<f64>,
    changes: Vec<Change>,
    /// The fewest that a full list of the first chunks ever held, of what is judged.
    fewest: usize,
}

/// From `alpha` on, the column has this value.
#[derive(Debug, Clone, Copy)]
struct Change {
    alpha: f64,
    value: f64,
    column: u32,
}

impl Path {
    /// Walks every query from 0 to 1 with a list of the first `depth` chunks; the cutoffs of the columns are at most
    /// that. `threads` 0 takes all cores. The threads are made for the call.
    ///
    /// # Errors
    /// [`Error::Input`] where lists disagree in length, a score is NaN or infinite, or a cutoff is deeper.
    pub fn of(queries: &[Query<'_>], columns: &[Column], depth: usize, threads: usize) -> Result<Self> {
        if let Some(column) = columns.iter().find(|column| column.cutoff > depth) {
            return Err(Error::Input(format!("a cutoff of {} is deeper than the {depth} looked at", column.cutoff)));
        }
        let walk = |(i, query): (usize, &Query<'_>)| {
            check(i, query)?;
            Ok(walked(query, columns, depth))
        };
        let queries = if threads == 1 || queries.len() < 2 {
            queries.iter().enumerate().map(walk).collect::<Result<_>>()?
        } else {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads.min(queries.len()))
                .build()
                .map_err(|cause| Error::Input(format!("threads={threads}: cannot be started ({cause})")))?;
            pool.install(|| queries.par_iter().enumerate().map(walk).collect::<Result<_>>())?
        };
        Ok(Self { columns: columns.to_vec(), queries })
    }

    /// How many queries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.queries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queries.is_empty()
    }

    /// The fewest chunks, or documents where they are judged, among the first `depth` at any alpha, for each query. A
    /// list of fewer chunks holds all that there are and does not count: [`ALL`] where every list is one.
    pub fn fewest(&self) -> impl Iterator<Item = usize> {
        self.queries.iter().map(|walked| walked.fewest)
    }

    /// What is measured.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// One column of one query.
    #[must_use]
    pub fn curve(&self, query: usize, column: usize) -> Option<Curve> {
        (column < self.columns.len()).then_some(())?;
        self.queries.get(query).map(|walked| walked.curve(column))
    }

    /// The weighted mean of one column over the queries; queries of weight 0 do not count.
    ///
    /// # Errors
    /// [`Error::Input`] for a column that is not there, as many weights as queries are not given, or a weight
    /// that is negative or not finite, or none above 0.
    pub fn mean(&self, column: usize, weights: Option<&[f64]>) -> Result<Mean> {
        if column >= self.columns.len() {
            return Err(Error::Input(format!("no column {column}: there are {}", self.columns.len())));
        }
        let even;
        let weights = match weights {
            Some(weights) => weights,
            None => {
                even = vec![1.0; self.queries.len()];
                &even
            }
        };
        let total: f64 = weights.iter().sum();
        let fit = weights.len() == self.queries.len() && weights.iter().all(|weight| *weight >= 0.0);
        if !fit || !total.is_finite() || total <= 0.0 {
            return Err(Error::Input("weights: give a number of 0 or more a query, one of them above 0".to_owned()));
        }
        Ok(Mean::of(self.queries.iter().zip(weights).filter(|(_, weight)| **weight > 0.0), column, total))
    }
}

/// The places of the chunks that can be among the first `k` strictly between alpha 0 and 1, and perhaps some more.
/// All lists have an entry a chunk, as those of [`Query`]; scores are finite.
#[must_use]
pub fn reachable(lexical: &[f64], dense: &[f64], sides: &[u8], k: usize) -> Vec<u32> {
    band::of(lexical, dense, sides, k)
}

fn check(i: usize, query: &Query<'_>) -> Result<()> {
    let n = query.lexical.len();
    let others = [query.dense.len(), query.ties.len(), query.sides.len(), query.grades.len(), query.tokens.len()];
    if others.iter().any(|&other| other != n) {
        return Err(Error::Input(format!("query {i}: its lists differ in length ({n}, {others:?})")));
    }
    if query.documents.is_some_and(|documents| documents.len() != n || documents.iter().any(|&d| d as usize >= n)) {
        return Err(Error::Input(format!("query {i}: give {n} numbers of documents, each below {n}")));
    }
    let finite = |scores: &[f64]| simd::magnitude(scores) < f64::INFINITY;
    if !finite(query.lexical) || !finite(query.dense) {
        return Err(Error::Input(format!("query {i}: a normalized score is NaN or infinite")));
    }
    Ok(())
}

/// No list is too short.
pub const ALL: usize = usize::MAX;

fn walked(query: &Query<'_>, columns: &[Column], depth: usize) -> Walked {
    let mut gauges = Gauges::of(query, columns);
    let mut at = |side: u8, scores: &[f64]| {
        let counts = |(&score, &sides): (&f64, &u8)| if sides & side != 0 { score } else { f64::NEG_INFINITY };
        let scores: Vec<f64> = scores.iter().zip(query.sides).map(counts).collect();
        let first = leading::best(depth, &scores, |i| query.ties[i as usize]);
        let values = gauges.begin(&first);
        (values, if first.len() < depth { ALL } else { gauges.fewest() })
    };
    let ((zero, low), (one, high)) = (at(HAS_TERM, query.lexical), at(HAS_VECTOR, query.dense));
    let band = band::of(query.lexical, query.dense, query.sides, depth);
    let mut walk = sweep::Walk::of(query, band, depth);
    let first = gauges.begin(walk.first());
    let mut changes = Vec::new();
    while let Some(step) = walk.next() {
        gauges.step(walk.first(), step.place, &mut |column, value| {
            changes.push(Change { alpha: step.alpha, value, column: column as u32 });
        });
    }
    let between = if walk.first().len() < depth { ALL } else { gauges.fewest() };
    let fewest = between.min(low).min(high);
    Walked { zero, first, one, changes, fewest }
}

#[cfg(test)]
mod tests;
