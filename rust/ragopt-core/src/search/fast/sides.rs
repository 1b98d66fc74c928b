//! What a question needs to be answered by bounds, and when it is worth it.

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
    pub(super) lexical: Option<&'a LexicalSide>,
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
        question: &'a Question,
        allow: Option<&'a Allow>,
        parameters: &Parameters,
    ) -> Option<Self> {
        let side = question.dense.as_ref()?;
        let alpha = alpha_in_force(parameters.alpha, question.lexical.is_some(), true);
        if alpha == 0.0 || parameters.k == 0 {
            return None;
        }
        let counts: Option<Vec<usize>> = index.parts().iter().map(|part| vectors_of(part, allow)).collect();
        let counts = counts?;
        let count = counts.iter().sum();
        let wanted = match parameters.normalizer.population() {
            Population::Depth => parameters.depth.max(parameters.k),
            Population::Best | Population::Nothing => parameters.k,
        };
        if count < small.vectors || wanted.saturating_mul(small.times) > count {
            return None;
        }
        let mut parts = Vec::with_capacity(counts.len());
        for (part, count) in index.parts().iter().zip(counts) {
            let (vectors, allow) = (part.segment.vectors.as_ref()?, allowed(part, allow));
            if allow.is_none_or(Bits::any) {
                parts.push(PartSide { part, vectors, plane: vectors.plane()?, allow, count });
            }
        }
        Some(Self { side, lexical: question.lexical.as_ref().filter(|_| alpha < 1.0), alpha, count, parts })
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
