//! The one function that scores a hit.

use super::Parameters;
use super::question::{LexicalSide, Question};
use crate::error::Result;
use crate::index::{Index, Part, Saturations};
use crate::score::bm25::share;
use crate::score::fusion::{alpha_in_force, fuse};
use crate::score::normalizer::{Limits, Map, Population};
use crate::score::top::{Entry, Top};
use crate::types::{Hit, Ordinal};

/// A question's maps: with them a chunk's true scores make its score. In a part chunks are told by their number there.
#[derive(Debug)]
pub(super) struct Scorer<'a> {
    index: &'a Index,
    question: &'a Question<'a>,
    saturations: &'a Saturations,
    /// The alpha in force.
    pub(super) alpha: f64,
    floor: f64,
    lexical: Map,
    dense: Map,
}

impl<'a> Scorer<'a> {
    /// `lexical` and `dense` are the maps of the sides that weigh something.
    pub(super) fn new(
        index: &'a Index,
        question: &'a Question<'a>,
        parameters: &Parameters,
        lexical: Option<Map>,
        dense: Option<Map>,
    ) -> Self {
        Self {
            index,
            question,
            saturations: index.saturations(),
            alpha: alpha_in_force(parameters.alpha, question.lexical.is_some(), question.dense.is_some()),
            floor: parameters.floor,
            lexical: lexical.unwrap_or(Map::Constant(0.0)),
            dense: dense.unwrap_or(Map::Constant(0.0)),
        }
    }

    /// The normalized scores (lexical, dense) of a chunk with this gain and this cosine.
    #[inline(always)]
    pub(super) fn normalized(&self, ordinal: Ordinal, gain: f64, cosine: Option<f64>) -> (f64, f64) {
        let dense = match cosine {
            Some(cosine) => self.dense.apply(ordinal, cosine),
            None => self.dense.apply(NOBODY, self.floor),
        };
        (self.lexical.apply(ordinal, gain), dense)
    }

    /// The score of a chunk with this gain and this cosine, ready to be ranked.
    #[inline(always)]
    pub(super) fn entry(&self, ordinal: Ordinal, gain: f64, cosine: Option<f64>) -> Entry {
        let (lexical, dense) = self.normalized(ordinal, gain, cosine);
        Entry { score: fuse(self.alpha, dense, lexical), ordinal }
    }

    /// A chunk's BM25 without the constant for absent terms, from its postings; None if it shares no term.
    pub(super) fn gain(&self, part: &Part, local: Ordinal) -> Option<f64> {
        let saturation = self.saturations.of(part.segment.lengths[local as usize]);
        let mut gain = None;
        for (term, postings) in self.question.lexical.iter().flat_map(|side| side.of_part(part)) {
            if let Some(tf) = postings.count(local) {
                *gain.get_or_insert(0.0) += share(term.factor, tf, saturation);
            }
        }
        gain
    }

    /// A chunk's cosine; None without a vector or without a dense side.
    pub(super) fn cosine(&self, part: &Part, local: Ordinal) -> Result<Option<f64>> {
        match (&self.question.dense, &part.segment.vectors) {
            (Some(side), Some(vectors)) => vectors.cosine(&side.query, local),
            _ => Ok(None),
        }
    }

    /// An entry as a hit, with the true scores of both sides, whatever they weigh.
    pub(super) fn hit(&self, entry: &Entry, gain: Option<f64>) -> Result<Hit> {
        let (part, local) = self.index.part_of(entry.ordinal);
        let gain = || gain.or_else(|| self.gain(part, local)).unwrap_or(0.0);
        let lexical = self.question.lexical.as_ref().map(|side| side.constant + gain());
        Ok(Hit { ordinal: entry.ordinal, score: entry.score, lexical, dense: self.cosine(part, local)? })
    }
}

/// Appends what [`Scorer::gain`] gives for each of `locals`, which share a term: the same additions in the same order,
/// but term by term, so that reads from memory of different chunks do not wait for one another.
pub(super) fn gains(
    index: &Index,
    part: &Part,
    side: &LexicalSide<'_>,
    locals: &[Ordinal],
    gains: &mut Vec<(Ordinal, f64)>,
) {
    let (table, lengths) = (index.saturations(), &part.segment.lengths[..]);
    let saturation = |&local: &Ordinal| table.of(lengths[local as usize]);
    let saturations: Vec<f64> = locals.iter().map(saturation).collect();
    let start = gains.len();
    gains.extend(locals.iter().map(|&local| (part.first + local, 0.0)));
    for (term, postings) in side.of_part(part) {
        for (((_, gain), &local), &saturation) in gains[start..].iter_mut().zip(locals).zip(&saturations) {
            if let Some(tf) = postings.count(local) {
                *gain += share(term.factor, tf, saturation);
            }
        }
    }
}

/// No chunk has this ordinal: a missing vector has no place in a ranking.
const NOBODY: Ordinal = Ordinal::MAX;

/// The map of one side, given the true scores of all allowed chunks that it finds.
pub(super) fn map_of(
    index: &Index,
    parameters: &Parameters,
    limits: Limits,
    found: impl ExactSizeIterator<Item = (Ordinal, f64)>,
) -> Map {
    let wanted = match parameters.normalizer.population() {
        Population::Nothing => return parameters.normalizer.map(&found.take(1).collect::<Vec<_>>(), limits),
        Population::Best => 1,
        Population::Depth => parameters.depth.min(found.len()),
    };
    let mut top = Top::new(wanted, |left, right| index.order(left, right));
    for (ordinal, score) in found {
        top.push(Entry { score, ordinal });
    }
    let best: Vec<(Ordinal, f64)> = top.into_sorted().iter().map(|entry| (entry.ordinal, entry.score)).collect();
    parameters.normalizer.map(&best, limits)
}
