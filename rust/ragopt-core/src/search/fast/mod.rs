//! The exact top-k without scoring everything: upper bounds first, the one scorer for what they leave.
//!
//! What is found is what [`super::plain`] finds, bit for bit. This is the one place that chooses.
//!
//! - [`dense`]: bounds of cosines from a few bits of each vector; [`lexical`]: bounds of gains.
//! - [`units`]: how bounds of both sides add up, and what a threshold on scores means for them.
//! - [`windows`]: the bounds of all chunks; [`engine`]: the race of what may win.
//! - [`bm25_only`] and [`hybrid`]: the two searches; [`group`]: several questions at once.
//!
//! Bounds are those of one part of the index, whose chunks count from 0. The parts are gone through one after another,
//! each beginning with the threshold that those before it left ([`merged`]).

mod bm25_only;
mod dense;
mod engine;
mod group;
mod hybrid;
mod lexical;
mod merged;
mod scan_simd;
mod sides;
mod units;
mod windows;

use super::question::Question;
use super::{Parameters, plain};
use crate::error::Result;
use crate::index::{Allow, Index};
use crate::types::Found;

/// With fewer chunks, or fewer than this many times what is wanted of them, the plain search for terms is as fast;
/// [`hybrid`] has numbers of its own.
const SMALL: usize = 1024;
const TIMES: usize = 16;

/// The exact top-k.
pub(super) fn search(
    index: &Index,
    question: &Question<'_>,
    allow: Option<&Allow>,
    parameters: &Parameters,
) -> Result<Found> {
    parameters.go_on()?;
    let is_small = index.len() < SMALL.max(bm25_only::wanted(parameters).saturating_mul(TIMES));
    let by_bounds = if is_small { None } else { bm25_only::search(index, question, allow, parameters)? };
    let found = match by_bounds {
        Some(found) => Some(found),
        None => hybrid::search(index, question, allow, parameters)?,
    };
    let Some(found) = found else {
        return plain::search(index, question, allow, parameters);
    };
    debug_assert!(
        index.len() > 100_000 || found == plain::search(index, question, allow, parameters)?,
        "a chunk that was skipped could have won"
    );
    Ok(found)
}

/// How many questions are answered together at most: more would gain nothing. Bounds that terms add to are kept for a
/// window, so these questions must be few enough for a core's own cache. Those without a vector share nothing: a few of
/// them are worth a thread's turn, and no thread has much left to do when the others are done.
pub(super) fn most_together(parameters: &Parameters, lexical: bool, dense: bool) -> usize {
    match (lexical && parameters.alpha < 1.0, dense && (parameters.alpha > 0.0 || !lexical)) {
        (_, false) => 8,
        (true, true) => 64,
        (false, true) => 1024,
    }
}

/// The exact top-k of each question.
pub(super) fn search_group(
    index: &Index,
    questions: &[Question<'_>],
    allow: Option<&Allow>,
    parameters: &Parameters,
) -> Result<Vec<Found>> {
    match group::search_from(sides::SMALL, index, questions, allow, parameters)? {
        Some(found) => {
            debug_assert!(
                index.len() > 100_000 || found == plain_each(index, questions, allow, parameters)?,
                "a chunk that was skipped could have won"
            );
            Ok(found)
        }
        None => questions.iter().map(|question| search(index, question, allow, parameters)).collect(),
    }
}

fn plain_each(
    index: &Index,
    questions: &[Question<'_>],
    allow: Option<&Allow>,
    parameters: &Parameters,
) -> Result<Vec<Found>> {
    questions.iter().map(|question| plain::search(index, question, allow, parameters)).collect()
}

/// As f32 and not below.
fn up(value: f64) -> f32 {
    (value as f32).next_up()
}

#[cfg(test)]
mod hybrid_tests;
#[cfg(test)]
mod lexical_tests;
#[cfg(test)]
mod slack_tests;
