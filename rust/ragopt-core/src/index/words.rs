//! The words of an index: what a question's words are compared with.

use std::collections::BTreeMap;

use super::{Index, Vocabulary, near};
use crate::error::Result;

/// A known word close to one that was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbor {
    /// The term of the index; empty for a stop word.
    pub term: String,
    /// The word that gives the term and is closest to what was typed.
    pub word: String,
    /// Letters to insert, delete, replace or swap with the next one.
    pub edits: usize,
    /// How many chunks hold the term; all of them for a stop word.
    pub frequency: usize,
}

impl Index {
    /// The words that are at most `edits` insertions, deletions, replacements or swaps of neighboring letters away from
    /// `word`, closest first, then by frequency, then in byte order: those of terms that a chunk holds, and stop words.
    ///
    /// # Errors
    /// [`Error::Corrupt`](crate::error::Error::Corrupt) where what it reads is damaged.
    pub fn near(&self, word: &str, edits: usize) -> Result<Vec<Neighbor>> {
        let mut found: BTreeMap<String, (String, usize)> = BTreeMap::new();
        for vocabulary in self.vocabularies() {
            let terms = vocabulary.terms();
            for (place, word, edits) in near::near(&terms, self.analyzer(), word, edits) {
                found.entry(terms.get(place).unwrap_or_default().to_owned()).or_insert((word, edits));
            }
        }
        let mut neighbors = Vec::with_capacity(found.len());
        for (term, (word, edits)) in found {
            let frequency = self.document_frequency(&term)?;
            neighbors.push(Neighbor { term, word, edits, frequency });
        }
        for (word, edits) in near::stop_words(self.analyzer(), word, edits) {
            neighbors.push(Neighbor { term: String::new(), word, edits, frequency: self.len() });
        }
        neighbors.retain(|neighbor| neighbor.frequency > 0);
        neighbors
            .sort_by(|a, b| (a.edits, b.frequency, &a.term, &a.word).cmp(&(b.edits, a.frequency, &b.term, &b.word)));
        Ok(neighbors)
    }

    /// The terms that are `word` but for marks on their letters (itself too), each with the number of chunks that hold
    /// it, and the stop words that are, with the number of all chunks; in byte order.
    ///
    /// # Errors
    /// [`Error::Corrupt`](crate::error::Error::Corrupt) where what it reads is damaged.
    pub fn unmarked(&self, word: &str) -> Result<Vec<(String, usize)>> {
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        for vocabulary in self.vocabularies() {
            let terms = vocabulary.terms();
            for place in near::same_but_for_marks(&terms, word) {
                let term = terms.get(place).unwrap_or_default();
                if !found.contains_key(term) {
                    found.insert(term.to_owned(), self.document_frequency(term)?);
                }
            }
        }
        found.extend(self.analyzer().unmarked_stop_words(word).into_iter().map(|stop| (stop, self.len())));
        Ok(found.into_iter().filter(|(_, frequency)| *frequency > 0).collect())
    }

    /// Some terms that are neither common nor asked for by anybody: searching for them makes the first question of a
    /// process find everything but its own postings at hand.
    #[must_use]
    pub fn examples(&self) -> Vec<&str> {
        let largest = self.parts.iter().map(|part| &part.segment).max_by_key(|segment| segment.len());
        let examples = largest.into_iter().flat_map(|segment| {
            let terms = segment.vocabulary.terms();
            segment.postings.examples().filter_map(|term| terms.get(term as usize))
        });
        examples.collect()
    }

    fn vocabularies(&self) -> impl Iterator<Item = &Vocabulary> {
        self.parts.iter().map(|part| &part.segment.vocabulary)
    }
}
