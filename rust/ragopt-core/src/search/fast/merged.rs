//! The best of the parts of an index, one part after another.

use crate::index::Index;
use crate::score::top::Entry;

/// The best `k` of the parts so far, none of them below `least`.
pub(super) struct Merged<'a> {
    index: &'a Index,
    k: usize,
    least: f64,
    best: Vec<Entry>,
}

impl<'a> Merged<'a> {
    pub(super) fn new(index: &'a Index, k: usize, least: f64) -> Self {
        Self { index, k, least, best: Vec::new() }
    }

    /// Below this no chunk of another part can be among the best. One that reaches it may win by its id.
    pub(super) fn threshold(&self) -> f64 {
        match self.best.last() {
            Some(last) if self.best.len() == self.k => last.score.max(self.least),
            _ => self.least,
        }
    }

    /// Takes the best of one more part, best first.
    pub(super) fn take(&mut self, best: Vec<Entry>) {
        if self.best.is_empty() {
            self.best = best;
        } else if !best.is_empty() {
            self.best.extend(best);
            self.best.sort_unstable_by(|left, right| self.index.order(left, right));
            self.best.truncate(self.k);
        }
    }

    /// The best of the parts so far, best first.
    pub(super) fn best(&self) -> &[Entry] {
        &self.best
    }

    /// The best of all, best first.
    pub(super) fn into_best(self) -> Vec<Entry> {
        self.best
    }
}
