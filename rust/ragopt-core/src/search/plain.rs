//! The exhaustive search: every posting of the query's terms, every allowed vector, one pass to rank.

use super::Parameters;
use super::question::Question;
use super::scorer::{Scorer, map_of};
use super::scratch::Scratch;
use crate::error::Result;
use crate::index::{Allow, Index};
use crate::score::fusion::alpha_in_force;
use crate::score::normalizer::Limits;
use crate::score::top::{Entry, Top};
use crate::types::Found;

/// The exact top-k.
pub(super) fn search(
    index: &Index,
    question: &Question<'_>,
    allow: Option<&Allow>,
    parameters: &Parameters,
) -> Result<Found> {
    let sides = (question.lexical.is_some(), question.dense.is_some());
    let alpha = alpha_in_force(parameters.alpha, sides.0, sides.1);
    let mut found = Found { hits: Vec::new(), alpha, sides, below: false };
    if parameters.k > 0 {
        index.scratch().with(|scratch| {
            let scorer = walk(index, question, allow, parameters, (alpha < 1.0, alpha > 0.0), scratch)?;
            rank(&scorer, scratch, index, parameters, &mut found)
        })?;
    }
    Ok(found)
}

/// Fills `scratch` with the true scores of the wanted sides (lexical, dense) and makes their maps.
pub(super) fn walk<'a>(
    index: &'a Index,
    question: &'a Question<'a>,
    allow: Option<&Allow>,
    parameters: &Parameters,
    wanted: (bool, bool),
    scratch: &mut Scratch,
) -> Result<Scorer<'a>> {
    let lexical = match question.lexical.as_ref().filter(|_| wanted.0) {
        Some(side) => {
            scratch.walk_postings(index, side, allow, parameters)?;
            Some(map_of(index, parameters, side.limits(), scratch.lexical_hits()))
        }
        None => None,
    };
    let dense = match question.dense.as_ref().filter(|_| wanted.1) {
        Some(side) => {
            scratch.walk_vectors(index, side, allow, parameters)?;
            let limits = Limits { bottom: parameters.floor, most: 1.0 };
            Some(map_of(index, parameters, limits, scratch.dense_hits()))
        }
        None => None,
    };
    Ok(Scorer::new(index, question, parameters, lexical, dense))
}

/// Scores all candidates, which are the chunks that a walked side found, and keeps the best.
fn rank(
    scorer: &Scorer<'_>,
    scratch: &Scratch,
    index: &Index,
    parameters: &Parameters,
    found: &mut Found,
) -> Result<()> {
    let least = parameters.min_score.unwrap_or(f64::NEG_INFINITY);
    let mut top = Top::new(parameters.k.min(index.len()), |left, right| index.order(left, right));
    let mut candidates = 0;
    let mut consider = |entry: Entry| {
        candidates += 1;
        if entry.score >= least {
            top.push(entry);
        }
    };
    for (ordinal, cosine) in scratch.dense_hits() {
        consider(scorer.entry(ordinal, scratch.gain(ordinal).unwrap_or(0.0), Some(cosine)));
    }
    let with_vector = |ordinal| {
        let (part, local) = index.part_of(ordinal);
        part.segment.vectors.as_ref().is_some_and(|vectors| vectors.present().contains(local))
    };
    for (ordinal, gain) in scratch.lexical_hits() {
        if scratch.rows.is_empty() || !with_vector(ordinal) {
            consider(scorer.entry(ordinal, gain, None));
        }
    }
    let best = top.into_sorted();
    found.below = best.len() < parameters.k.min(candidates);
    found.hits = best.iter().map(|entry| scorer.hit(entry, scratch.gain(entry.ordinal))).collect::<Result<_>>()?;
    Ok(())
}
