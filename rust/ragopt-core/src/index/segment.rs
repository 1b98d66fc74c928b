//! The chunks of one build: what never changes, whatever comes and goes beside them.

use super::classes::Classes;
use super::columns::Columns;
use super::postings::Postings;
use super::store::Store;
use super::strings::{Blobs, Ids};
use super::vectors::Vectors;
use super::vocabulary::Vocabulary;

/// Immutable chunks, in the order they were given. Parts of several snapshots share it.
#[derive(Debug, PartialEq)]
pub struct Segment {
    pub(crate) ids: Ids,
    /// What the caller wants back with a chunk.
    pub(crate) stored: Blobs,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) postings: Postings,
    /// Terms of each chunk, repeated ones counted.
    pub(crate) lengths: Store<u32>,
    /// And its class.
    pub(crate) classes: Classes,
    pub(crate) vectors: Option<Vectors>,
    /// Its metadata, for filters.
    pub(crate) columns: Columns,
    /// Terms of all chunks.
    pub(crate) tokens: u64,
}

impl Segment {
    pub(super) fn of(
        ids: Ids,
        stored: Blobs,
        vocabulary: Vocabulary,
        postings: Postings,
        lengths: Store<u32>,
        vectors: Option<Vectors>,
        columns: Columns,
    ) -> Self {
        let classes = Classes::of(&lengths);
        let tokens = lengths.iter().map(|&length| u64::from(length)).sum();
        Self { ids, stored, vocabulary, postings, lengths, classes, vectors, columns, tokens }
    }

    /// How many chunks it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lengths.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    /// Numbers of a vector; None if it was built without any.
    #[must_use]
    pub fn dimension(&self) -> Option<usize> {
        self.vectors.as_ref().map(Vectors::dimension)
    }
}
