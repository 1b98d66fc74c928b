//! Term to id and back.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

use super::strings::Strings;

/// Terms by id; ids count them in byte order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Vocabulary {
    terms: Strings,
    /// Ids at the place of their hash or the next free one; [`FREE`] where there is none. Twice as
    /// many places as terms or more, a power of two.
    places: Vec<u32>,
}

const FREE: u32 = u32::MAX;

impl Vocabulary {
    /// Terms in strictly ascending byte order.
    pub(super) fn from_terms(terms: Strings) -> Result<Self, &'static str> {
        if (1..terms.len()).any(|i| terms.raw(i - 1) >= terms.raw(i)) {
            return Err("terms that are not in order");
        }
        let mut places = vec![FREE; (2 * terms.len()).next_power_of_two()];
        let mask = places.len() - 1;
        for id in 0..terms.len() {
            let mut place = hash(terms.raw(id)) & mask;
            while places[place] != FREE {
                place = (place + 1) & mask;
            }
            places[place] = id as u32;
        }
        Ok(Self { terms, places })
    }

    pub(super) fn terms(&self) -> &Strings {
        &self.terms
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
        let mask = self.places.len().checked_sub(1)?;
        let mut place = hash(term.as_bytes()) & mask;
        loop {
            match self.places[place] {
                FREE => return None,
                id if self.terms.raw(id as usize) == term.as_bytes() => return Some(id),
                _ => place = (place + 1) & mask,
            }
        }
    }

    /// Memory taken.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.terms.bytes() + size_of_val(&self.places[..])
    }
}

/// The same in every process: only the speed of a lookup depends on it, and terms come from an index already.
fn hash(term: &[u8]) -> usize {
    let mut hasher = FixedState::default().build_hasher();
    hasher.write(term);
    hasher.finish() as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn terms_are_found_and_others_not(
            terms in prop::collection::btree_set("[a-c]{1,4}", 0..60),
            others in prop::collection::vec("[a-c]{0,4}", 0..20),
        ) {
            let mut strings = Strings::default();
            terms.iter().for_each(|term| strings.push(term));
            let vocabulary = Vocabulary::from_terms(strings).expect("in order");
            for (id, term) in terms.iter().enumerate() {
                prop_assert_eq!(vocabulary.id(term), Some(id as u32));
            }
            for other in others.iter().filter(|other| !terms.contains(*other)) {
                prop_assert_eq!(vocabulary.id(other), None);
            }
        }
    }

    #[test]
    fn terms_out_of_order_are_refused() {
        let mut strings = Strings::default();
        strings.push("b");
        strings.push("a");
        assert!(Vocabulary::from_terms(strings).is_err());
        assert_eq!(Vocabulary::default().id("a"), None);
    }
}
