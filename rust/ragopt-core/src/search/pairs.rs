//! The chunks that can be found at any alpha, with the normalized scores of both sides: all that a tuner needs.
//!
//! One walk over a question's postings and vectors serves every alpha: a fused score is a line in alpha, so the
//! chunks that can be among the first k are those of [`path::reachable`] between 0 and 1, and the best k of one side
//! at the two ends, where the other side's hits do not count.

use rayon::prelude::*;

use super::many::in_threads;
use super::plain::walk;
use super::question::Question;
use super::{Lexical, Parameters, check_allow};
use crate::error::Result;
use crate::index::{Allow, Index};
use crate::score::path::{self, HAS_TERM, HAS_VECTOR};
use crate::score::top::{Entry, Top};
use crate::types::Ordinal;

/// The chunks of one question, in the order in which ties are broken; lists of one length.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pairs {
    pub ordinals: Vec<Ordinal>,
    /// Normalized scores. Where a side does not exist, these are the other's: then alpha changes nothing.
    pub lexical: Vec<f64>,
    pub dense: Vec<f64>,
    /// [`HAS_TERM`] and [`HAS_VECTOR`]; both throughout where only one side exists.
    pub sides: Vec<u8>,
    /// Raw BM25, NaN without a lexical side, and the cosine, NaN without a vector.
    pub raw: Vec<f64>,
    pub cosines: Vec<f64>,
    /// Whether the lexical and the dense side exist.
    pub exist: (bool, bool),
}

/// The chunks of each question that some alpha between 0 and 1 puts among the first k of `parameters`, whose alpha and
/// least score are not looked at. `threads` 0 takes all cores.
///
/// # Errors
/// As [`super::search`], for the first question that fails.
pub fn pairs(
    index: &Index,
    questions: &[(Option<Lexical<'_>>, Option<&[f32]>)],
    allow: Option<&Allow>,
    parameters: &Parameters,
    threads: usize,
) -> Result<Vec<Pairs>> {
    check_allow(index, allow)?;
    let one = |&(lexical, vector): &(Option<Lexical<'_>>, Option<&[f32]>)| {
        of(index, &Question::of(index, lexical, vector)?, allow, parameters)
    };
    if threads == 1 || questions.len() < 2 {
        return questions.iter().map(one).collect();
    }
    let all = || questions.par_iter().map(one).collect::<Vec<Result<_>>>();
    in_threads(threads.min(questions.len()), parameters, all)?.into_iter().collect()
}

fn of(index: &Index, question: &Question<'_>, allow: Option<&Allow>, parameters: &Parameters) -> Result<Pairs> {
    let exist = (question.lexical.is_some(), question.dense.is_some());
    let mut pairs = Pairs { exist, ..Pairs::default() };
    index.scratch().with(|scratch| {
        let scorer = walk(index, question, allow, parameters, (true, true), scratch)?;
        let constant = question.lexical.as_ref().map_or(f64::NAN, |side| side.constant);
        let mut add = |ordinal: Ordinal, gain: Option<f64>, cosine: Option<f64>| {
            let (lexical, dense) = scorer.normalized(ordinal, gain.unwrap_or(0.0), cosine);
            let found = if gain.is_some() { HAS_TERM } else { 0 } | if cosine.is_some() { HAS_VECTOR } else { 0 };
            let (lexical, dense, sides) = match exist {
                (true, true) => (lexical, dense, found),
                (true, false) => (lexical, lexical, HAS_TERM | HAS_VECTOR),
                _ => (dense, dense, HAS_TERM | HAS_VECTOR),
            };
            pairs.ordinals.push(ordinal);
            pairs.lexical.push(lexical);
            pairs.dense.push(dense);
            pairs.sides.push(sides);
            pairs.raw.push(constant + gain.unwrap_or(0.0));
            pairs.cosines.push(cosine.unwrap_or(f64::NAN));
        };
        for (ordinal, cosine) in scratch.dense_hits() {
            add(ordinal, scratch.gain(ordinal), Some(cosine));
        }
        for (ordinal, gain) in scratch.lexical_hits() {
            // With vectors, those that have one were added above; their ordinals ascend within a part, and so over all.
            if scratch.rows.binary_search(&ordinal).is_err() {
                add(ordinal, Some(gain), None);
            }
        }
        Ok(())
    })?;
    let kept = pairs.reachable(index, parameters.k);
    Ok(pairs.keep(&kept))
}

impl Pairs {
    /// The places of the chunks that can be among the first k, in the order in which ties are broken.
    fn reachable(&self, index: &Index, k: usize) -> Vec<u32> {
        let best = |side: u8, scores: &[f64]| {
            let mut top = Top::new(k.min(scores.len()), |left: &Entry, right: &Entry| {
                let ordinals = |entry: &Entry| Entry { ordinal: self.ordinals[entry.ordinal as usize], ..*entry };
                index.order(&ordinals(left), &ordinals(right))
            });
            for (place, &score) in scores.iter().enumerate().filter(|&(place, _)| self.sides[place] & side != 0) {
                top.push(Entry { score, ordinal: place as Ordinal });
            }
            top.into_sorted().into_iter().map(|entry| entry.ordinal)
        };
        let mut kept = path::reachable(&self.lexical, &self.dense, &self.sides, k);
        kept.extend(best(HAS_TERM, &self.lexical));
        kept.extend(best(HAS_VECTOR, &self.dense));
        kept.sort_unstable();
        kept.dedup();
        let even = |&place: &u32| Entry { score: 0.0, ordinal: self.ordinals[place as usize] };
        kept.sort_unstable_by(|left, right| index.order(&even(left), &even(right)));
        kept
    }

    fn keep(self, places: &[u32]) -> Self {
        fn at<T: Copy>(places: &[u32], of: &[T]) -> Vec<T> {
            places.iter().map(|&place| of[place as usize]).collect()
        }
        Self {
            ordinals: at(places, &self.ordinals),
            lexical: at(places, &self.lexical),
            dense: at(places, &self.dense),
            sides: at(places, &self.sides),
            raw: at(places, &self.raw),
            cosines: at(places, &self.cosines),
            exist: self.exist,
        }
    }
}
