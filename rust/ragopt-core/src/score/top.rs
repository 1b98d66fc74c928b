//! The best k of many, by score, best first, then by tie (a chunk's place among the ids in byte order).

use std::cmp::Ordering;

use crate::types::Ordinal;

/// A scored chunk. `score` is never NaN.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    pub score: f64,
    pub tie: u32,
    pub ordinal: Ordinal,
}

impl Entry {
    /// Less: `self` comes before `other`.
    #[inline]
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        match other.score.partial_cmp(&self.score) {
            Some(Ordering::Equal) | None => self.tie.cmp(&other.tie),
            Some(unequal) => unequal,
        }
    }
}

/// Keeps the best k of what is pushed, in time that does not depend on the order of pushing.
///
/// It gathers up to 2k entries, then drops the worse half: each drop costs O(k) and is paid for by
/// k pushes.
#[derive(Debug)]
pub struct Top {
    k: usize,
    held: Vec<Entry>,
    /// The k-th best so far, once there are k: nothing behind it can be in the result.
    cut: Option<Entry>,
}

impl Top {
    /// The best `k`; `k` is at most the number of chunks, so that the room for them is reasonable.
    #[must_use]
    pub fn new(k: usize) -> Self {
        Self { k, held: Vec::new(), cut: None }
    }

    /// Considers one entry.
    #[inline]
    pub fn push(&mut self, entry: Entry) {
        if let Some(cut) = &self.cut
            && entry.order(cut) != Ordering::Less
        {
            return;
        }
        if self.k > 0 {
            self.held.push(entry);
            if self.held.len() >= 2 * self.k.max(16) {
                self.drop_worse();
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn drop_worse(&mut self) {
        let (_, last, _) = self.held.select_nth_unstable_by(self.k - 1, Entry::order);
        self.cut = Some(*last);
        self.held.truncate(self.k);
    }

    /// The best k, best first.
    #[must_use]
    pub fn into_sorted(mut self) -> Vec<Entry> {
        if self.held.len() > self.k {
            self.drop_worse();
        }
        self.held.sort_unstable_by(Entry::order);
        self.held
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_sorting_everything(scores in prop::collection::vec(-3i8..3, 0..200), k in 0usize..90) {
            let entries: Vec<Entry> = scores
                .iter()
                .enumerate()
                .map(|(i, &s)| Entry { score: f64::from(s), tie: (i as u32).wrapping_mul(77) % 211, ordinal: i as u32 })
                .collect();
            let mut top = Top::new(k);
            for entry in &entries {
                top.push(*entry);
            }
            let mut expected = entries;
            expected.sort_by(Entry::order);
            expected.truncate(k);
            prop_assert_eq!(top.into_sorted(), expected);
        }
    }
}
