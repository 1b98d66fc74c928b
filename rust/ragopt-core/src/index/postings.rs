//! Terms, and which chunks hold each how often.

use super::strings::Strings;
use crate::types::Ordinal;

/// Term to id and back; ids count the terms in byte order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Vocabulary {
    terms: Strings,
}

/// The chunks of every term: ordinals, ascending, and how often each holds the term (at least once).
#[derive(Debug, Clone, PartialEq)]
pub struct Postings {
    /// Term i has the postings from `starts[i]` to `starts[i + 1]`.
    starts: Vec<u64>,
    ordinals: Vec<Ordinal>,
    counts: Vec<u32>,
}

impl Vocabulary {
    /// Terms in strictly ascending byte order.
    pub(super) fn from_terms(terms: Strings) -> Result<Self, &'static str> {
        if (1..terms.len()).any(|i| terms.raw(i - 1) >= terms.raw(i)) {
            return Err("terms that are not in order");
        }
        Ok(Self { terms })
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
        let (mut low, mut high) = (0, self.terms.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.terms.raw(middle).cmp(term.as_bytes()) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(middle as u32),
            }
        }
        None
    }

    /// Memory taken.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.terms.bytes()
    }
}

impl Postings {
    /// Postings by their parts; the caller vouches for their order.
    pub(super) fn new(starts: Vec<u64>, ordinals: Vec<Ordinal>, counts: Vec<u32>) -> Self {
        debug_assert_eq!(starts.last().copied(), Some(ordinals.len() as u64));
        debug_assert_eq!(ordinals.len(), counts.len());
        Self { starts, ordinals, counts }
    }

    /// The ordinals and counts of a term.
    #[must_use]
    pub fn of(&self, term: u32) -> (&[Ordinal], &[u32]) {
        let range = self.starts[term as usize] as usize..self.starts[term as usize + 1] as usize;
        (&self.ordinals[range.clone()], &self.counts[range])
    }

    /// How often the chunk at `ordinal` holds the term; None if it does not.
    #[must_use]
    pub fn count(&self, term: u32, ordinal: Ordinal) -> Option<u32> {
        let (ordinals, counts) = self.of(term);
        ordinals.binary_search(&ordinal).ok().map(|i| counts[i])
    }

    /// How many chunks hold each term, by term id.
    pub fn frequencies(&self) -> impl ExactSizeIterator<Item = usize> {
        self.starts.windows(2).map(|pair| (pair[1] - pair[0]) as usize)
    }

    /// How many postings there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ordinals.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ordinals.is_empty()
    }

    /// Memory taken.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.starts.len() * size_of::<u64>() + self.ordinals.len() * (size_of::<Ordinal>() + size_of::<u32>())
    }
}
