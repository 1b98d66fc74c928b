//! What a length is worth under the statistics of a snapshot.

use crate::score::bm25::{Bm25, Statistics};

/// Lengths below are looked up; a chunk that is longer is rare.
const SHORT: u32 = 4096;

/// [`Bm25::saturation`] by length.
#[derive(Debug)]
pub(crate) struct Saturations {
    bm25: Bm25,
    statistics: Statistics,
    short: Vec<f64>,
}

impl Saturations {
    pub(super) fn of_all(bm25: &Bm25, statistics: &Statistics) -> Self {
        let short = (0..SHORT).map(|length| bm25.saturation(statistics, length)).collect();
        Self { bm25: *bm25, statistics: *statistics, short }
    }

    /// The saturation of a chunk with so many terms.
    #[inline(always)]
    pub(crate) fn of(&self, length: u32) -> f64 {
        match self.short.get(length as usize) {
            Some(&saturation) => saturation,
            None => self.bm25.saturation(&self.statistics, length),
        }
    }
}
