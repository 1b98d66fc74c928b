//! What opening a segment does so that a first search need not.

use std::cmp::Reverse;

use super::postings::{NONE, Postings};
use super::term_postings::TermPostings;

/// So many postings take some ten microseconds to look through.
const LONG: u32 = 1 << 13;
/// So many postings take some ten milliseconds to look through: no more are, however large the segment is.
const AHEAD: u32 = 1 << 24;

impl Postings {
    /// Looks through the postings of the terms that take longest, if that waits for no disk: then a first search need not.
    /// What is damaged is left to the search that meets it.
    pub(super) fn look_ahead(&self) {
        if !(self.places.is_resident() && self.starts.is_resident() && self.odd.is_resident()) {
            return;
        }
        let mut left = AHEAD;
        for term in self.longest() {
            let about = &self.terms[term as usize];
            left = match left.checked_sub(about.frequency) {
                Some(left) => left,
                None => return,
            };
            if let Ok((form, odd)) = self.parts(term) {
                let postings = TermPostings { form, odd, most: about.most, row: None, peaks: None };
                if self.sound(term, &postings).is_ok() {
                    self.sound.set(term);
                }
            }
        }
    }

    /// The terms with many postings, those with most first.
    fn longest(&self) -> Vec<u32> {
        let long = (0..).zip(self.terms.iter()).filter(|(_, about)| about.frequency >= LONG);
        let mut terms: Vec<u32> = long.map(|(term, _)| term).collect();
        terms.sort_by_key(|&term| Reverse(self.terms[term as usize].frequency));
        terms
    }

    /// The most frequent term that is not common, and one from the middle of all, which is rare as most are.
    pub(super) fn examples(&self) -> impl Iterator<Item = u32> {
        let others = (0..).zip(self.terms.iter()).filter(|(_, term)| term.row == NONE);
        let frequent = others.max_by_key(|(_, term)| term.frequency).map(|(term, _)| term);
        frequent.into_iter().chain((!self.terms.is_empty()).then_some(self.terms.len() as u32 / 2))
    }
}
