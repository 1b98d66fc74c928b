//! Memory that grows with the index and is kept from one search to the next.

use std::sync::Mutex;

use super::question::{DenseSide, LexicalSide};
use super::{Parameters, allowed};
use crate::error::Result;
use crate::index::{Allow, Index, Part, Saturations, WINDOW};
use crate::score::bm25::share;
use crate::types::{Bits, Ordinal};

/// A gain of this value means that the chunk shares no term: `-0.0 + x` is x for every x, and no
/// share is -0.0, so gains can be added up without asking.
const UNTOUCHED: f64 = -0.0;

/// A look-up takes as long as walking so many postings. Tests, whose postings are few, do both.
const LOOKUP: usize = if cfg!(test) { 1 } else { 24 };

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

/// Whether it takes less to look the allowed chunks up in the postings of a part than to walk these.
fn is_narrow(part: &Part, side: &LexicalSide<'_>, allowed: &Bits) -> bool {
    let (terms, walked) =
        side.of_part(part).fold((0, 0), |(terms, walked), (_, postings)| (terms + 1, walked + postings.len()));
    allowed.count() * terms * LOOKUP < walked
}

impl Scratch {
    /// Adds up the gains of all chunks, term by term in byte order, then keeps the allowed ones.
    pub(super) fn walk_postings(
        &mut self,
        index: &Index,
        side: &LexicalSide<'_>,
        allow: Option<&Allow>,
        parameters: &Parameters<'_>,
    ) -> Result<()> {
        self.gains.resize(index.span(), UNTOUCHED);
        for part in index.parts() {
            let (start, allowed) = (self.touched.len(), allowed(part, allow));
            if let Some(allowed) = allowed.filter(|allowed| is_narrow(part, side, allowed)) {
                parameters.go_on()?;
                self.look_up(index.saturations(), part, side, allowed);
                continue;
            }
            self.walk_part(index.saturations(), part, side, parameters)?;
            let Some(allowed) = allowed else {
                continue;
            };
            let mut kept = start;
            for i in start..self.touched.len() {
                let ordinal = self.touched[i];
                if allowed.contains(ordinal - part.first) {
                    self.touched[kept] = ordinal;
                    kept += 1;
                } else {
                    self.gains[ordinal as usize] = UNTOUCHED;
                }
            }
            self.touched.truncate(kept);
        }
        Ok(())
    }

    /// The gains of the allowed chunks alone, each as [`Scratch::walk_part`] adds it up.
    fn look_up(&mut self, saturations: &Saturations, part: &Part, side: &LexicalSide<'_>, allowed: &Bits) {
        let first = self.touched.len();
        allowed.list_with(None, &mut self.touched);
        let mut kept = first;
        for i in first..self.touched.len() {
            let local = self.touched[i];
            let saturation = saturations.of(part.segment.lengths[local as usize]);
            let gain = &mut self.gains[(part.first + local) as usize];
            for (term, postings) in side.of_part(part) {
                if let Some(count) = postings.count(local) {
                    *gain += share(term.factor, count, saturation);
                }
            }
            self.touched[kept] = part.first + local;
            kept += usize::from(gain.to_bits() != UNTOUCHED.to_bits());
        }
        self.touched.truncate(kept);
    }

    fn walk_part(
        &mut self,
        saturations: &Saturations,
        part: &Part,
        side: &LexicalSide<'_>,
        parameters: &Parameters<'_>,
    ) -> Result<()> {
        let lengths = &part.segment.lengths[..];
        let gains = &mut self.gains[part.first as usize..][..lengths.len()];
        for (term, postings) in side.of_part(part) {
            parameters.go_on()?;
            let mut touched = self.touched.len();
            self.touched.resize(touched + postings.len(), 0);
            let places = &mut self.touched[..];
            postings.for_each(|local, count| {
                let gain = &mut gains[local as usize];
                // Written always, kept only if new: no branch that depends on the data.
                places[touched] = part.first + local;
                touched += usize::from(gain.to_bits() == UNTOUCHED.to_bits());
                *gain += share(term.factor, count, saturations.of(lengths[local as usize]));
            });
            self.touched.truncate(touched);
        }
        Ok(())
    }

    /// Computes the cosines of all allowed chunks that have a vector.
    pub(super) fn walk_vectors(
        &mut self,
        index: &Index,
        side: &DenseSide,
        allow: Option<&Allow>,
        parameters: &Parameters<'_>,
    ) -> Result<()> {
        for part in index.parts() {
            if let Some(vectors) = &part.segment.vectors {
                let start = self.rows.len();
                vectors.present().list_with(allowed(part, allow), &mut self.rows);
                self.cosines.reserve(self.rows.len() - start);
                for rows in self.rows[start..].chunks(WINDOW) {
                    parameters.go_on()?;
                    vectors.cosines(&side.query, rows, &mut self.cosines)?;
                }
                self.rows[start..].iter_mut().for_each(|row| *row += part.first);
            }
        }
        Ok(())
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
