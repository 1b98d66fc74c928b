//! The one function that scores a hit.

use super::Parameters;
use super::question::{LexicalSide, Question};
use crate::index::Index;
use crate::score::bm25::share;
use crate::score::fusion::{alpha_in_force, fuse};
use crate::score::normalizer::{Limits, Map, Population};
use crate::score::top::{Entry, Top};
use crate::types::{Hit, Ordinal};

/// A question's maps: with them a chunk's true scores make its score.
#[derive(Debug)]
pub(super) struct Scorer<'a> {
    index: &'a Index,
    question: &'a Question,
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
        question: &'a Question,
        parameters: &Parameters,
        lexical: Option<Map>,
        dense: Option<Map>,
    ) -> Self {
        Self {
            index,
            question,
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
        Entry { score: fuse(self.alpha, dense, lexical), tie: self.index.segment.ids.place(ordinal), ordinal }
    }

    /// A chunk's BM25 without the constant for absent terms, from its postings; None if it shares no term.
    pub(super) fn gain(&self, ordinal: Ordinal) -> Option<f64> {
        let saturation = self.index.saturations[ordinal as usize];
        let mut gain = None;
        for term in self.question.lexical.iter().flat_map(|side| &side.terms) {
            if let Some(tf) = self.index.segment.postings.count(term.id, ordinal) {
                *gain.get_or_insert(0.0) += share(term.factor, tf, saturation);
            }
        }
        gain
    }

    /// A chunk's cosine; None without a vector or without a dense side.
    pub(super) fn cosine(&self, ordinal: Ordinal) -> Option<f64> {
        let side = self.question.dense.as_ref()?;
        self.index.vectors()?.cosine(&side.query, ordinal)
    }

    /// An entry as a hit, with the true scores of both sides, whatever they weigh.
    pub(super) fn hit(&self, entry: &Entry, gain: Option<f64>) -> Hit {
        let ordinal = entry.ordinal;
        let lexical = self
            .question
            .lexical
            .as_ref()
            .map(|side| side.constant + gain.or_else(|| self.gain(ordinal)).unwrap_or(0.0));
        Hit { ordinal, score: entry.score, lexical, dense: self.cosine(ordinal) }
    }
}

/// What [`Scorer::gain`] gives for each of `ordinals`, which share a term: the same additions in the same order, but
/// term by term, so that reads from memory of different chunks do not wait for one another.
pub(super) fn gains(index: &Index, side: &LexicalSide, ordinals: &[Ordinal]) -> Vec<(Ordinal, f64)> {
    let saturations: Vec<f64> = ordinals.iter().map(|&ordinal| index.saturations[ordinal as usize]).collect();
    let mut gains: Vec<(Ordinal, f64)> = ordinals.iter().map(|&ordinal| (ordinal, 0.0)).collect();
    for term in &side.terms {
        let postings = index.segment.postings.of(term.id);
        for ((ordinal, gain), &saturation) in gains.iter_mut().zip(&saturations) {
            if let Some(tf) = postings.count(*ordinal) {
                *gain += share(term.factor, tf, saturation);
            }
        }
    }
    gains
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
    let mut top = Top::new(wanted);
    for (ordinal, score) in found {
        top.push(Entry { score, tie: index.segment.ids.place(ordinal), ordinal });
    }
    let best: Vec<(Ordinal, f64)> = top.into_sorted().iter().map(|entry| (entry.ordinal, entry.score)).collect();
    parameters.normalizer.map(&best, limits)
}
