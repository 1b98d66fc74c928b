//! Memory that grows with the index and is kept from one search to the next.

use std::sync::Mutex;

use super::question::{DenseSide, LexicalSide};
use crate::index::Index;
use crate::score::bm25::share;
use crate::score::cosine;
use crate::types::{Bits, Ordinal};

/// A gain of this value means that the chunk shares no term: `-0.0 + x` is x for every x, and no
/// share is -0.0, so gains can be added up without asking.
const UNTOUCHED: f64 = -0.0;

/// What one search works in: 8 bytes a chunk on the lexical side and 12 on the dense one.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// The gain of each chunk, [`UNTOUCHED`] where it has none.
    gains: Vec<f64>,
    /// The allowed chunks that share a term.
    pub(super) touched: Vec<Ordinal>,
    /// The allowed chunks that have a vector, ascending.
    pub(super) rows: Vec<Ordinal>,
    /// The cosine of each of `rows`.
    pub(super) cosines: Vec<f64>,
}

/// The scratches of an index that no search is using.
#[derive(Debug, Default)]
pub(crate) struct ScratchPool {
    idle: Mutex<Vec<Scratch>>,
}

impl ScratchPool {
    /// Runs `work` with a scratch. One that a panic left unclean is lost, not reused; a lock that is
    /// held (by another thread, or by nobody any more after a fork) costs a new scratch, not a wait.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Scratch) -> T) -> T {
        let mut scratch = self.idle.try_lock().ok().and_then(|mut idle| idle.pop()).unwrap_or_default();
        let result = work(&mut scratch);
        scratch.clear();
        if let Ok(mut idle) = self.idle.try_lock() {
            idle.push(scratch);
        }
        result
    }
}

impl Scratch {
    /// Adds up the gains of all chunks, term by term in byte order, then keeps the allowed ones.
    pub(super) fn walk_postings(&mut self, index: &Index, side: &LexicalSide, allow: Option<&Bits>) {
        self.gains.resize(index.len(), UNTOUCHED);
        let (gains, saturations) = (&mut self.gains[..], &index.saturations[..]);
        for term in &side.terms {
            let postings = index.segment.postings.of(term.id);
            let mut touched = self.touched.len();
            self.touched.resize(touched + postings.len(), 0);
            let places = &mut self.touched[..];
            postings.for_each(|ordinal, count| {
                let gain = &mut gains[ordinal as usize];
                // Written always, kept only if new: no branch that depends on the data.
                places[touched] = ordinal;
                touched += usize::from(gain.to_bits() == UNTOUCHED.to_bits());
                *gain += share(term.factor, count, saturations[ordinal as usize]);
            });
            self.touched.truncate(touched);
        }
        if let Some(allow) = allow {
            self.touched.retain(|&ordinal| {
                let allowed = allow.contains(ordinal);
                if !allowed {
                    gains[ordinal as usize] = UNTOUCHED;
                }
                allowed
            });
        }
    }

    /// Computes the cosines of all allowed chunks that have a vector.
    pub(super) fn walk_vectors(&mut self, index: &Index, side: &DenseSide, allow: Option<&Bits>) {
        if let Some(vectors) = index.vectors() {
            vectors.present().list_with(allow, &mut self.rows);
            self.cosines.reserve(self.rows.len());
            cosine::cosines(&side.query, vectors.rows(), &self.rows, &mut self.cosines);
        }
    }

    /// The gain of a chunk; None if it shares no term or is not allowed.
    #[inline(always)]
    pub(super) fn gain(&self, ordinal: Ordinal) -> Option<f64> {
        match self.gains.get(ordinal as usize) {
            Some(gain) if gain.to_bits() != UNTOUCHED.to_bits() => Some(*gain),
            _ => None,
        }
    }

    /// The touched chunks with their gains.
    pub(super) fn lexical_hits(&self) -> impl ExactSizeIterator<Item = (Ordinal, f64)> {
        self.touched.iter().map(|&ordinal| (ordinal, self.gains[ordinal as usize]))
    }

    /// The chunks with a vector and their cosines.
    pub(super) fn dense_hits(&self) -> impl ExactSizeIterator<Item = (Ordinal, f64)> {
        self.rows.iter().copied().zip(self.cosines.iter().copied())
    }

    fn clear(&mut self) {
        for &ordinal in &self.touched {
            self.gains[ordinal as usize] = UNTOUCHED;
        }
        self.touched.clear();
        self.rows.clear();
        self.cosines.clear();
    }
}
