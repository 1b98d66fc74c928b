//! The exact top-k without scoring everything: upper bounds first, the one scorer for what they leave.
//!
//! What is found is what [`super::plain`] finds, bit for bit. This is the one place that chooses.

mod bm25_only;
mod lexical;
mod scan;

use super::question::Question;
use super::{Parameters, plain};
use crate::index::Index;
use crate::types::{Bits, Found};

/// With fewer chunks the plain search takes microseconds.
const SMALL: usize = 2048;

/// The exact top-k.
pub(super) fn search(index: &Index, question: &Question, allow: Option<&Bits>, parameters: &Parameters) -> Found {
    let by_bounds = if index.len() < SMALL { None } else { bm25_only::search(index, question, allow, parameters) };
    let Some(found) = by_bounds else {
        return plain::search(index, question, allow, parameters);
    };
    debug_assert!(
        index.len() > 100_000 || found == plain::search(index, question, allow, parameters),
        "a chunk that was skipped could have won"
    );
    found
}

#[cfg(test)]
mod lexical_tests;
