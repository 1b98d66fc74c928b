//! The best k of many, by score, best first, then by an order that the caller gives.

use std::cmp::Ordering;

use crate::types::Ordinal;

/// A scored chunk. `score` is never NaN.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    pub score: f64,
    pub ordinal: Ordinal,
}

impl Entry {
    /// Less: `self` has the larger score. Where scores are equal, the ids decide, which only an index knows.
    #[inline]
    #[must_use]
    pub fn by_score(&self, other: &Self) -> Ordering {
        other.score.partial_cmp(&self.score).unwrap_or(Ordering::Equal)
    }

    /// The same order as a number: less for a larger score, equal where scores are equal.
    #[inline]
    fn key(&self) -> u64 {
        let bits = (self.score + 0.0).to_bits(); // -0.0 is 0.0
        if bits >> 63 == 0 { !bits ^ 1 << 63 } else { bits }
    }
}

/// Keeps the best k of what is pushed, in time that does not depend on the order of pushing.
///
/// It gathers up to 2k entries, then drops the worse half: each drop costs O(k) and is paid for by
/// k pushes. Scores are compared as numbers; the order is asked only between equal ones.
#[derive(Debug)]
pub struct Top<O> {
    k: usize,
    order: O,
    held: Vec<Entry>,
    /// The k-th best so far, once there are k: nothing behind it can be in the result.
    cut: Option<Entry>,
}

impl<O: Fn(&Entry, &Entry) -> Ordering> Top<O> {
    /// The best `k`, those that come first in `order`, which goes by score first and leaves no two entries equal; `k` is
    /// at most the number of chunks, so that the room for them is reasonable.
    #[must_use]
    pub fn new(k: usize, order: O) -> Self {
        Self { k, order, held: Vec::new(), cut: None }
    }

    /// Considers one entry.
    #[inline]
    pub fn push(&mut self, entry: Entry) {
        if let Some(cut) = &self.cut
            && (self.order)(&entry, cut) != Ordering::Less
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
        let (_, last, _) = self.held.select_nth_unstable_by_key(self.k - 1, Entry::key);
        let last = last.key();
        // Those that are as good as the last one stand on both sides of it: they come behind the better ones.
        let better = bring_forward(&mut self.held, |entry| entry.key() < last);
        let ties = bring_forward(&mut self.held[better..], |entry| entry.key() == last);
        let ties = &mut self.held[better..better + ties];
        let (_, cut, _) = ties.select_nth_unstable_by(self.k - better - 1, &self.order);
        self.cut = Some(*cut);
        self.held.truncate(self.k);
    }

    /// The best k, best first.
    #[must_use]
    pub fn into_sorted(mut self) -> Vec<Entry> {
        if self.held.len() > self.k {
            self.drop_worse();
        }
        self.held.sort_unstable_by_key(Entry::key);
        for ties in self.held.chunk_by_mut(|left, right| left.score == right.score) {
            ties.sort_unstable_by(&self.order);
        }
        self.held
    }
}

/// Brings the entries that are `wanted` before the others; how many they are.
fn bring_forward(entries: &mut [Entry], wanted: impl Fn(&Entry) -> bool) -> usize {
    let mut count = 0;
    for i in 0..entries.len() {
        if wanted(&entries[i]) {
            entries.swap(count, i);
            count += 1;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::select;

    proptest! {
        #[test]
        fn equals_sorting_everything(
            scores in prop::collection::vec(select(vec![-1e300, -3.0, -2.5, -1e-310, -0.0, 0.0, 0.5, 7.0, 8.0]), 0..200),
            k in 0usize..90,
        ) {
            let entries: Vec<Entry> = (0..).zip(scores).map(|(ordinal, score)| Entry { score, ordinal }).collect();
            let tie = |entry: &Entry| entry.ordinal.wrapping_mul(77) % 211;
            let order = |left: &Entry, right: &Entry| left.by_score(right).then(tie(left).cmp(&tie(right)));
            let mut top = Top::new(k, order);
            for entry in &entries {
                top.push(*entry);
            }
            let mut expected = entries;
            expected.sort_by(order);
            expected.truncate(k);
            prop_assert_eq!(top.into_sorted(), expected);
        }
    }
}
