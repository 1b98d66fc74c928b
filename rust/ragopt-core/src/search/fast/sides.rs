//! What a question needs to be answered by bounds, and when it is worth it.

use super::lexical::steps;
use crate::error::Result;
use crate::index::{Allow, Index, Part, Plane, Vectors};
use crate::score::fusion::alpha_in_force;
use crate::score::normalizer::Population;
use crate::search::question::{DenseSide, LexicalSide, Question};
use crate::search::{Parameters, allowed};
use crate::types::Bits;

/// What the plain search finds as fast.
#[derive(Debug, Clone, Copy)]
pub(super) struct Small {
    /// Fewer allowed vectors than this.
    pub(super) vectors: usize,
    /// Fewer of them than this many times k (or the depth).
    pub(super) times: usize,
}

pub(super) const SMALL: Small = Small { vectors: Vectors::ENCODED, times: 16 };

/// A question's sides and where they are looked for.
pub(super) struct Sides<'a> {
    pub(super) side: &'a DenseSide,
    /// None where it weighs nothing.
    pub(super) lexical: Option<&'a LexicalSide<'a>>,
    /// In force, above 0.
    pub(super) alpha: f64,
    /// Allowed chunks that have a vector.
    pub(super) count: usize,
    /// The parts that hold an allowed chunk.
    pub(super) parts: Vec<PartSide<'a>>,
}

/// The dense side of a part.
#[derive(Debug, Clone, Copy)]
pub(super) struct PartSide<'a> {
    pub(super) part: &'a Part,
    pub(super) vectors: &'a Vectors,
    pub(super) plane: &'a Plane,
    pub(super) allow: Option<&'a Bits>,
    /// Allowed chunks that have a vector.
    pub(super) count: usize,
}

impl<'a> Sides<'a> {
    /// None where only the plain search can answer, or where `small` says that it is as fast.
    pub(super) fn of(
        small: Small,
        index: &'a Index,
        question: &'a Question<'a>,
        allow: Option<&'a Allow>,
        parameters: &Parameters,
    ) -> Result<Option<Self>> {
        let Some(side) = &question.dense else {
            return Ok(None);
        };
        let alpha = alpha_in_force(parameters.alpha, question.lexical.is_some(), true);
        if alpha == 0.0 || parameters.k == 0 {
            return Ok(None);
        }
        let counts: Option<Vec<usize>> = index.parts().iter().map(|part| vectors_of(part, allow)).collect();
        let Some(counts) = counts else {
            return Ok(None);
        };
        let count = counts.iter().sum();
        let wanted = match parameters.normalizer.population() {
            Population::Depth => parameters.depth.max(parameters.k),
            Population::Best | Population::Nothing => parameters.k,
        };
        if count < small.vectors || wanted.saturating_mul(small.times) > count {
            return Ok(None);
        }
        let mut parts = Vec::with_capacity(counts.len());
        for (part, count) in index.parts().iter().zip(counts) {
            let allow = allowed(part, allow);
            if let Some(vectors) = part.segment.vectors.as_ref().filter(|_| allow.is_none_or(Bits::any)) {
                let Some(plane) = vectors.plane()? else {
                    return Ok(None);
                };
                parts.push(PartSide { part, vectors, plane, allow, count });
            }
        }
        let lexical = question.lexical.as_ref().filter(|_| alpha < 1.0);
        Ok(Some(Self { side, lexical, alpha, count, parts }))
    }
}

/// The lexical side with its [`steps`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Stepped<'a> {
    pub(super) side: &'a LexicalSide<'a>,
    pub(super) steps: f64,
}

impl<'a> Stepped<'a> {
    /// The lexical side, Some(None) if it knows no term or weighs nothing; None where its bounds do not hold.
    pub(super) fn of(sides: &Sides<'a>) -> Option<Option<Self>> {
        match sides.lexical.filter(|side| !side.terms.is_empty()) {
            Some(side) => steps(side).map(|steps| Some(Self { side, steps })),
            None => Some(None),
        }
    }
}

/// How many allowed chunks of a part have a vector.
fn vectors_of(part: &Part, allow: Option<&Allow>) -> Option<usize> {
    let vectors = part.segment.vectors.as_ref()?;
    Some(match allowed(part, allow) {
        Some(allow) => vectors.present().count_with(Some(allow)),
        None => vectors.count(),
    })
}
