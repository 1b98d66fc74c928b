//! A bit a term, which any thread may set.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bits that are set and never cleared. Without room for any, each is set from the start.
#[derive(Debug, Default)]
pub(super) struct Marks(Box<[AtomicU64]>);

impl Marks {
    /// None of `count` bits is set.
    pub(super) fn of(count: usize) -> Self {
        Self((0..count.div_ceil(64)).map(|_| AtomicU64::new(0)).collect())
    }

    pub(super) fn has(&self, place: u32) -> bool {
        self.0.get(place as usize / 64).is_none_or(|word| word.load(Ordering::Acquire) >> (place % 64) & 1 == 1)
    }

    /// Sets a bit; whether it was not set before.
    pub(super) fn set(&self, place: u32) -> bool {
        let bit = 1 << (place % 64);
        self.0.get(place as usize / 64).is_some_and(|word| word.fetch_or(bit, Ordering::AcqRel) & bit == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bit_is_set_once() {
        let marks = Marks::of(70);
        assert!(!marks.has(69) && marks.set(69) && marks.has(69) && !marks.set(69) && !marks.has(68));
        let none = Marks::default();
        assert!(none.has(3) && !none.set(3));
    }
}
