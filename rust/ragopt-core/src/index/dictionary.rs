//! Terms to numbers while texts are analyzed: one lookup a token, no allocation but for a new term.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::strings::{Growing, Strings};

/// Numbers terms in the order of their coming, and remembers for each where it came last.
#[derive(Debug)]
pub(super) struct Dictionary {
    /// Places for terms of up to [`SHORT`] bytes, a power of two; free where `length` is 0.
    slots: Vec<Slot>,
    short: usize,
    long: HashMap<Box<str>, Seen, RandomState>,
    /// All terms, by number.
    terms: Growing,
    seed: u64,
}

/// What is known of a term.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    pub(super) number: u32,
    /// The caller's: the chunk of the last coming, and its place there.
    pub(super) chunk: u32,
    pub(super) place: u32,
}

/// A short term in two words and a length: with it they hold all of its bytes (see [`packed`]).
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    low: u64,
    high: u64,
    length: u32,
    seen: Seen,
}

const SHORT: usize = 16;
const FIRST_SLOTS: usize = 1 << 10;

impl Dictionary {
    pub(super) fn new() -> Self {
        Self {
            slots: vec![Slot::default(); FIRST_SLOTS],
            short: 0,
            long: HashMap::default(),
            terms: Growing::default(),
            // Nobody can choose terms that all meet in one place.
            seed: std::hash::BuildHasher::hash_one(&RandomState::default(), 0u8) | 1,
        }
    }

    /// What is known of a term; a new one has [`Seen::chunk`] `u32::MAX`.
    #[inline]
    pub(super) fn seen(&mut self, term: &str) -> &mut Seen {
        if term.len() > SHORT || term.is_empty() {
            return self.seen_long(term);
        }
        let (low, high) = packed(term.as_bytes());
        let length = term.len() as u32;
        let mask = self.slots.len() - 1;
        let mut place = mixed(low, high, self.seed) & mask;
        loop {
            let slot = &self.slots[place];
            if slot.low == low && slot.high == high && slot.length == length {
                return &mut self.slots[place].seen;
            }
            if slot.length == 0 {
                return self.add_short(term, Slot { low, high, length, seen: Seen::default() });
            }
            place = (place + 1) & mask;
        }
    }

    #[cold]
    fn add_short(&mut self, term: &str, mut slot: Slot) -> &mut Seen {
        slot.seen = self.number(term);
        self.short += 1;
        if 2 * self.short > self.slots.len() {
            let bigger = vec![Slot::default(); 4 * self.slots.len()];
            for slot in std::mem::replace(&mut self.slots, bigger) {
                if slot.length > 0 {
                    self.put(slot);
                }
            }
        }
        let place = self.put(slot);
        &mut self.slots[place].seen
    }

    fn put(&mut self, slot: Slot) -> usize {
        let mask = self.slots.len() - 1;
        let mut place = mixed(slot.low, slot.high, self.seed) & mask;
        while self.slots[place].length > 0 {
            place = (place + 1) & mask;
        }
        self.slots[place] = slot;
        place
    }

    #[cold]
    fn seen_long(&mut self, term: &str) -> &mut Seen {
        if !self.long.contains_key(term) {
            let seen = self.number(term);
            self.long.insert(term.into(), seen);
        }
        self.long.entry(term.into()).or_default()
    }

    fn number(&mut self, term: &str) -> Seen {
        self.terms.push(term.as_bytes());
        Seen { number: self.terms.len() as u32 - 1, chunk: u32::MAX, place: 0 }
    }

    /// How many terms came.
    pub(super) fn len(&self) -> usize {
        self.terms.len()
    }

    /// The terms by number.
    pub(super) fn into_terms(self) -> Strings {
        self.terms.strings()
    }
}

/// 1 to 16 bytes in two words, reading some twice: no two terms of one length give the same.
#[inline(always)]
fn packed(term: &[u8]) -> (u64, u64) {
    if let (Some(first), Some(last)) = (term.first_chunk(), term.last_chunk()) {
        return (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
    }
    if let (Some(first), Some(last)) = (term.first_chunk(), term.last_chunk()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return (u64::from(first), u64::from(last));
    }
    let (first, middle, last) = (term[0], term[term.len() / 2], term[term.len() - 1]);
    (u64::from(first) | u64::from(middle) << 8 | u64::from(last) << 16, 0)
}

/// A product of two 64-bit words, folded: every bit of the term reaches the low ones.
#[inline(always)]
fn mixed(low: u64, high: u64, seed: u64) -> usize {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let product = u128::from(low ^ seed) * u128::from(high ^ ODD);
    (product as u64 ^ (product >> 64) as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_count_the_terms_as_they_come(terms in prop::collection::vec("[ab]{0,3}|[a-c\u{e9}]{0,20}", 0..400)) {
            let mut dictionary = Dictionary::new();
            let mut known: Vec<String> = Vec::new();
            for term in &terms {
                let expected = known.iter().position(|other| other == term).unwrap_or(known.len());
                let seen = dictionary.seen(term);
                prop_assert_eq!(seen.number as usize, expected);
                if expected == known.len() {
                    prop_assert_eq!(seen.chunk, u32::MAX);
                    seen.chunk = 7;
                    known.push(term.clone());
                }
                prop_assert_eq!(dictionary.seen(term).chunk, 7);
            }
            let numbered = dictionary.into_terms();
            prop_assert_eq!(numbered.iter().collect::<Vec<_>>(), known);
        }
    }

    #[test]
    fn more_terms_than_first_places() {
        let mut dictionary = Dictionary::new();
        for round in 0..2 {
            for i in 0..20_000u32 {
                assert_eq!(dictionary.seen(&format!("{i}")).number, i, "round {round}");
            }
        }
        assert_eq!(dictionary.len(), 20_000);
    }
}
