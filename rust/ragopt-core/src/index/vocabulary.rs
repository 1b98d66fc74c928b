//! Term to id and back.

use super::store::Store;
use super::strings::Strings;
use crate::error::Result;

/// Terms by id; ids count them in byte order.
#[derive(Debug, PartialEq, Default)]
pub struct Vocabulary {
    terms: Strings,
    /// Ids at the place of their hash or the next free one; [`FREE`] where there is none. Twice as
    /// many places as terms or more, a power of two.
    places: Store<u32>,
}

const FREE: u32 = u32::MAX;

impl Vocabulary {
    /// Terms in strictly ascending byte order.
    pub(super) fn from_terms(terms: Strings) -> Self {
        debug_assert!((1..terms.len()).all(|i| terms.raw(i - 1) < terms.raw(i)), "terms are sorted");
        let mut places = vec![FREE; places_of(terms.len())];
        let mask = places.len() - 1;
        for id in 0..terms.len() {
            let mut place = hash(terms.raw(id)) & mask;
            while places[place] != FREE {
                place = (place + 1) & mask;
            }
            places[place] = id as u32;
        }
        Self { terms, places: places.into() }
    }

    /// A saved vocabulary, whose order and places are checked by [`Self::verify`] alone.
    pub(super) fn from_parts(terms: Strings, places: Store<u32>) -> Result<Self> {
        if places.len() != places_of(terms.len()) {
            return Err(places.corrupt("places of terms that are not there"));
        }
        Ok(Self { terms, places })
    }

    /// Whether the terms are in order and each is found.
    ///
    /// # Errors
    /// [`Error::Corrupt`](crate::error::Error::Corrupt) where they are not.
    pub(super) fn verify(&self) -> Result<()> {
        let sorted = (1..self.len()).all(|i| self.terms.raw(i - 1) < self.terms.raw(i));
        let found = |id: usize| self.terms.get(id).and_then(|term| self.id(term)) == Some(id as u32);
        let occupied = self.places.iter().filter(|&&place| place != FREE).count();
        if sorted && occupied == self.len() && (0..self.len()).all(found) {
            Ok(())
        } else {
            Err(self.places.corrupt("terms that are not in order"))
        }
    }

    pub(super) fn terms(&self) -> &Strings {
        &self.terms
    }

    pub(super) fn places(&self) -> &Store<u32> {
        &self.places
    }

    /// How many terms there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.terms.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The id of a term; None if no chunk holds it.
    #[must_use]
    pub fn id(&self, term: &str) -> Option<u32> {
        let places = &self.places[..];
        let mask = places.len().checked_sub(1)?;
        let first = hash(term.as_bytes()) & mask;
        // A free place comes soon; damaged places may have none.
        for place in (first..places.len()).chain(0..first) {
            match places[place] {
                FREE => return None,
                id if (id as usize) < self.len() && self.terms.raw(id as usize) == term.as_bytes() => return Some(id),
                _ => {}
            }
        }
        None
    }

    /// Memory taken, or bytes of a file.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.terms.bytes() + self.places.bytes()
    }
}

/// How many places so many terms have.
fn places_of(terms: usize) -> usize {
    (2 * terms).next_power_of_two()
}

/// A product of two 64-bit words a step, folded. It is part of the file format: places are saved.
fn hash(term: &[u8]) -> usize {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15; // 2^64 over the golden ratio
    let mixed = |state: u64, word: &[u8; 8]| {
        let product = u128::from(state ^ u64::from_le_bytes(*word) ^ ODD.rotate_left(32)) * u128::from(ODD);
        product as u64 ^ (product >> 64) as u64
    };
    let (words, rest) = term.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let state = words.iter().fold(term.len() as u64, mixed);
    mixed(mixed(state, &last), &[0; 8]) as usize
}

#[cfg(test)]
mod tests {
    use super::super::strings::Growing;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn terms_are_found_and_others_not(
            terms in prop::collection::btree_set("[a-c]{1,4}", 0..60),
            others in prop::collection::vec("[a-c]{0,4}", 0..20),
        ) {
            let mut strings = Growing::default();
            terms.iter().for_each(|term| strings.push(term.as_bytes()));
            let vocabulary = Vocabulary::from_terms(strings.strings());
            prop_assert_eq!(vocabulary.verify(), Ok(()));
            for (id, term) in terms.iter().enumerate() {
                prop_assert_eq!(vocabulary.id(term), Some(id as u32));
            }
            for other in others.iter().filter(|other| !terms.contains(*other)) {
                prop_assert_eq!(vocabulary.id(other), None);
            }
        }

        #[test]
        fn any_places_are_refused_or_searched(
            places in prop::collection::vec(prop::sample::select(vec![0u32, 1, 2, 3, FREE]), 0..9),
        ) {
            let terms = || {
                let mut terms = Growing::default();
                ["b", "a", "c"].iter().for_each(|term| terms.push(term.as_bytes()));
                terms.strings()
            };
            if let Ok(vocabulary) = Vocabulary::from_parts(terms(), places.into()) {
                prop_assert!(vocabulary.id("c").is_none_or(|id| id == 2));
                prop_assert!(vocabulary.verify().is_err());
            }
        }
    }

    #[test]
    fn the_hash_is_that_of_the_files() {
        assert_eq!(
            ["", "a", "eightbyt", "more than eight bytes"].map(|term| hash(term.as_bytes()) % 1024),
            [286, 708, 479, 298]
        );
        assert_eq!(Vocabulary::default().id("a"), None);
    }
}
