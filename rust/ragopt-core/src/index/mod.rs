//! One immutable index: what is searched, how it is built, how it is kept on disk.
//!
//! It keeps only what does not move when other chunks come and go (counts, lengths, unit vectors).
//! Whatever depends on the whole (idf, mean length) is derived when it is built or opened, so that
//! several segments with tombstones can share one set of statistics later.

mod build;
mod bytes;
mod classes;
mod dictionary;
mod file;
mod folder;
mod manifest;
mod mmap;
mod pages;
mod persist;
mod plane;
mod postings;
mod section;
mod sort;
mod store;
mod strings;
mod term_postings;
mod vectors;
mod vocabulary;

use std::collections::BTreeMap;
use std::path::Path;

use crate::analysis::Analyzer;
use crate::error::Result;
use crate::score::bm25::{Bm25, Statistics};
use crate::types::Ordinal;

pub use build::Source;
pub(crate) use plane::Plane;
pub use postings::Postings;
pub(crate) use postings::{LOCAL, ODD, ODD_CODE, WINDOW, WINDOW_BITS};
pub use strings::{Blobs, Ids, Strings};
pub use term_postings::TermPostings;
pub(crate) use term_postings::{Form, Glance, code_in};
pub use vectors::Vectors;
pub use vocabulary::Vocabulary;

/// The chunks of an index, in the order they were given.
#[derive(Debug, PartialEq)]
pub(crate) struct Segment {
    pub(crate) ids: Ids,
    /// What the caller wants back with a chunk.
    pub(crate) stored: Blobs,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) postings: Postings,
    /// Terms of each chunk, repeated ones counted.
    pub(crate) lengths: store::Store<u32>,
    pub(crate) vectors: Option<Vectors>,
}

/// One immutable index of chunks.
#[derive(Debug)]
pub struct Index {
    analyzer: Analyzer,
    bm25: Bm25,
    attributes: String,
    pub(crate) segment: Segment,
    statistics: Statistics,
    /// [`Bm25::saturation`] of each chunk.
    pub(crate) saturations: Vec<f64>,
    /// And its class.
    pub(crate) classes: classes::Classes,
    pub(crate) scratch: crate::search::ScratchPool,
}

impl Index {
    /// An index of chunks: ids, texts to analyze, bytes to give back, vectors to normalize.
    ///
    /// # Errors
    /// [`Error::DuplicateId`](crate::error::Error::DuplicateId) for two chunks with one id,
    /// [`Error::Vector`](crate::error::Error::Vector) for NaN or infinity,
    /// [`Error::Input`](crate::error::Error::Input) where the lists disagree in length.
    pub fn build(analyzer: Analyzer, bm25: Bm25, source: Source<'_>, attributes: &str) -> Result<Self> {
        let segment = build::segment(&analyzer, source)?;
        Ok(Self::of(analyzer, bm25, attributes.to_owned(), segment))
    }

    /// The index saved in the folder `path`.
    ///
    /// # Errors
    /// [`Error::NotAnIndex`](crate::error::Error::NotAnIndex), [`Error::Version`](crate::error::Error::Version),
    /// [`Error::Corrupt`](crate::error::Error::Corrupt) or [`Error::Read`](crate::error::Error::Read).
    pub fn open(path: &Path) -> Result<Self> {
        manifest::open(path)
    }

    /// Writes the index to the folder `path`, replacing an index that stands there, whole or not at all.
    ///
    /// # Errors
    /// [`Error::Write`](crate::error::Error::Write), or [`Error::NotAnIndex`](crate::error::Error::NotAnIndex)
    /// for a folder that holds something else; what stood there is kept.
    pub fn save(&self, path: &Path) -> Result<()> {
        manifest::save(self, path)
    }

    pub(crate) fn of(analyzer: Analyzer, bm25: Bm25, attributes: String, segment: Segment) -> Self {
        let chunks = segment.lengths.len();
        let tokens: u64 = segment.lengths.iter().map(|&length| u64::from(length)).sum();
        let statistics = Statistics {
            chunks,
            mean_length: if chunks == 0 { 0.0 } else { tokens as f64 / chunks as f64 },
            mean_idf: Bm25::mean_idf(chunks, segment.postings.frequencies()),
        };
        let saturations: Vec<f64> =
            segment.lengths.iter().map(|&length| bm25.saturation(&statistics, length)).collect();
        let classes = classes::Classes::of(&saturations);
        Self {
            analyzer,
            bm25,
            attributes,
            segment,
            statistics,
            saturations,
            classes,
            scratch: crate::search::ScratchPool::default(),
        }
    }

    /// How many chunks it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.segment.lengths.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The analyzer of its texts and queries.
    #[must_use]
    pub fn analyzer(&self) -> &Analyzer {
        &self.analyzer
    }

    /// How its lexical side scores.
    #[must_use]
    pub fn bm25(&self) -> &Bm25 {
        &self.bm25
    }

    /// What BM25 knows of the whole index.
    #[must_use]
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// The caller's own words about it.
    #[must_use]
    pub fn attributes(&self) -> &str {
        &self.attributes
    }

    /// The vectors, if it was built with any.
    #[must_use]
    pub fn vectors(&self) -> Option<&Vectors> {
        self.segment.vectors.as_ref()
    }

    /// The id of a chunk.
    #[must_use]
    pub fn id(&self, ordinal: Ordinal) -> Option<&str> {
        self.segment.ids.get(ordinal)
    }

    /// The ids of all chunks, in the order they were given.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = &str> {
        self.segment.ids.iter()
    }

    /// The chunk with this id.
    #[must_use]
    pub fn ordinal(&self, id: &str) -> Option<Ordinal> {
        self.segment.ids.ordinal(id)
    }

    /// What the caller stored with a chunk.
    #[must_use]
    pub fn stored(&self, ordinal: Ordinal) -> Option<&[u8]> {
        self.segment.stored.get(ordinal as usize)
    }

    /// How many chunks hold `term`.
    #[must_use]
    pub fn document_frequency(&self, term: &str) -> usize {
        match self.segment.vocabulary.id(term) {
            Some(id) => self.segment.postings.frequency(id),
            None => 0,
        }
    }

    /// Counts of what it holds, and bytes in memory by part, by name.
    #[must_use]
    pub fn sizes(&self) -> BTreeMap<&'static str, u64> {
        let segment = &self.segment;
        let vectors = segment.vectors.as_ref();
        let sizes = [
            ("chunks", self.len()),
            ("vectors", vectors.map_or(0, Vectors::count)),
            ("terms", segment.vocabulary.len()),
            ("postings", segment.postings.len()),
            ("tokens", segment.lengths.iter().map(|&length| length as usize).sum()),
            ("bytes_ids", segment.ids.bytes()),
            ("bytes_stored", segment.stored.bytes()),
            ("bytes_vocabulary", segment.vocabulary.bytes()),
            ("bytes_postings", segment.postings.bytes()),
            ("bytes_lengths", self.len() * (size_of::<u32>() + size_of::<f64>()) + self.classes.bytes()),
            ("bytes_vectors", vectors.map_or(0, Vectors::bytes)),
        ];
        sizes.into_iter().map(|(name, size)| (name, size as u64)).collect()
    }
}
