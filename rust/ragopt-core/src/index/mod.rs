//! One snapshot of an index: what is searched, how it is built and changed, how it is kept on disk.
//!
//! A snapshot never changes. It shares immutable segments with those before and after it, each with
//! the chunks of it that were not deleted. Segments keep only what does not move when other chunks come
//! and go (counts, lengths, unit vectors). Whatever depends on the whole (idf, mean length) is derived
//! from the live chunks of all parts, so that scores are those of an index that was built of them alone.

mod ahead;
mod allow;
mod build;
mod bytes;
mod change;
mod classes;
mod columns;
#[cfg(test)]
mod commit_tests;
mod dictionary;
mod fault;
mod file;
mod folder;
mod home;
mod lock;
mod manifest;
mod marks;
mod merge;
mod mmap;
mod near;
mod pages;
mod part;
mod peaks;
mod persist;
mod plane;
mod postings;
mod rows;
mod saturations;
mod section;
mod segment;
mod sort;
mod store;
mod strings;
mod term_postings;
mod vectors;
mod vocabulary;
mod words;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use crate::analysis::Analyzer;
use crate::error::Result;
use crate::score::bm25::{Bm25, Statistics, Variant};
use crate::score::top::Entry;
use crate::types::Ordinal;

use home::Homes;

pub use allow::Allow;
#[cfg(test)]
pub(crate) use build::segment;
pub use build::{Builder, Source};
pub(crate) use classes::Levels;
pub use columns::{DEEPEST, Filter, Metadata, Value};
pub use fault::fault;
pub use lock::Lock;
pub(crate) use part::Part;
pub(crate) use peaks::{LAST, Peak};
pub(crate) use plane::Plane;
pub use postings::Postings;
pub(crate) use postings::{LOCAL, ODD, ODD_CODE, WINDOW, WINDOW_BITS};
pub(crate) use saturations::Saturations;
pub use segment::Segment;
pub use strings::{Blobs, Ids, Strings};
pub use term_postings::TermPostings;
pub(crate) use term_postings::{Form, Glance, code_in};
pub use vectors::Vectors;
pub use vocabulary::Vocabulary;
pub use words::Neighbor;

/// One snapshot of an index. Its chunks have ordinals from 0 to span − 1, part after part; a deleted chunk keeps its
/// ordinal and is never found.
#[derive(Debug)]
pub struct Index {
    kept: Kept,
    parts: Vec<Part>,
    /// Live chunks.
    count: usize,
    span: usize,
    statistics: OnceLock<Statistics>,
    saturations: OnceLock<Saturations>,
    /// No other snapshot of this process has this number.
    number: u64,
}

/// What a snapshot hands on to those that are made from it.
#[derive(Debug, Clone)]
struct Kept {
    analyzer: Analyzer,
    bm25: Bm25,
    attributes: String,
    dimension: Option<usize>,
    /// The generation that this is, or comes from, in each folder.
    homes: Homes<u64>,
    scratch: Arc<crate::search::ScratchPool>,
}

impl Kept {
    fn new(analyzer: Analyzer, bm25: Bm25, attributes: String) -> Self {
        Self { analyzer, bm25, attributes, dimension: None, homes: Homes::default(), scratch: Arc::default() }
    }
}

/// What is known of a part of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description<'a> {
    pub tenant: Option<&'a str>,
    /// With the deleted ones.
    pub chunks: usize,
    pub deleted: usize,
    pub vectors: usize,
    /// Its name in the folder that it was last written to.
    pub file: Option<String>,
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
        Self::of(analyzer, bm25, attributes, vec![(None, Arc::new(segment))])
    }

    /// The index saved in the folder `path`.
    ///
    /// # Errors
    /// [`Error::NotAnIndex`](crate::error::Error::NotAnIndex), [`Error::Version`](crate::error::Error::Version),
    /// [`Error::Corrupt`](crate::error::Error::Corrupt) or [`Error::Read`](crate::error::Error::Read).
    pub fn open(path: &Path) -> Result<Self> {
        let index = manifest::open(path)?;
        index.derive();
        Ok(index)
    }

    /// Makes what every search derives from the snapshot, so that the first one need not. The snapshots of tenants, of
    /// which there may be very many, make theirs when they are searched.
    fn derive(&self) {
        let saturations = self.saturations();
        for part in self.parts.iter().filter(|part| part.tenant.is_none()) {
            part.levels(saturations);
        }
    }

    /// Writes the index to the folder of `lock`, replacing an index that stands there, whole or not at all.
    ///
    /// # Errors
    /// [`Error::Write`](crate::error::Error::Write); what stood there is kept.
    pub fn save(&self, lock: &Lock) -> Result<()> {
        manifest::save(self, lock)
    }

    /// Writes what the folder of `lock` does not hold yet, so that it opens as this snapshot, or not at all.
    ///
    /// # Errors
    /// [`Error::Write`](crate::error::Error::Write), also where another writer committed since;
    /// [`Error::Input`](crate::error::Error::Input) for a folder that this was neither opened from nor saved to.
    pub fn commit(&self, lock: &Lock) -> Result<()> {
        manifest::commit(self, lock)
    }

    /// The generation that it is, or was made from, in the folder that it was last opened from or written to.
    #[must_use]
    pub fn generation(&self) -> Option<u64> {
        self.kept.homes.last()
    }

    /// The generation that stands in a folder now.
    ///
    /// # Errors
    /// As [`Index::open`].
    pub fn current(path: &Path) -> Result<u64> {
        Ok(folder::read_pointer(path)?.generation)
    }

    fn assemble(kept: Kept, mut parts: Vec<Part>) -> Self {
        static SNAPSHOTS: AtomicU64 = AtomicU64::new(0);
        parts.retain(|part| part.count() > 0);
        let mut span = 0;
        for (number, part) in parts.iter_mut().enumerate() {
            (part.number, part.first) = (number, span as Ordinal);
            span += part.span();
        }
        Self {
            kept,
            count: parts.iter().map(Part::count).sum(),
            span,
            parts,
            statistics: OnceLock::new(),
            saturations: OnceLock::new(),
            number: SNAPSHOTS.fetch_add(1, Relaxed),
        }
    }

    /// How many chunks it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many ordinals there are: with those of deleted chunks.
    #[must_use]
    pub fn span(&self) -> usize {
        self.span
    }

    /// The analyzer of its texts and queries.
    #[must_use]
    pub fn analyzer(&self) -> &Analyzer {
        &self.kept.analyzer
    }

    /// How its lexical side scores.
    #[must_use]
    pub fn bm25(&self) -> &Bm25 {
        &self.kept.bm25
    }

    /// What BM25 knows of the whole index.
    ///
    /// # Errors
    /// [`Error::Corrupt`](crate::error::Error::Corrupt) where postings that it asks are damaged.
    pub fn statistics(&self) -> Result<&Statistics> {
        if let Some(known) = self.statistics.get() {
            return Ok(known);
        }
        let mut statistics = self.sums();
        if self.kept.bm25.variant == Variant::Okapi {
            statistics.mean_idf = Bm25::mean_idf(self.count, self.frequencies()?.into_iter());
        }
        Ok(self.statistics.get_or_init(|| statistics))
    }

    /// The statistics that no posting is asked for.
    fn sums(&self) -> Statistics {
        let tokens: u64 = self.parts.iter().map(Part::tokens).sum();
        let mean_length = if self.count == 0 { 0.0 } else { tokens as f64 / self.count as f64 };
        Statistics { chunks: self.count, mean_length, mean_idf: 0.0 }
    }

    /// How many live chunks hold each term that one does, in byte order of the terms.
    fn frequencies(&self) -> Result<Vec<usize>> {
        let mut all: BTreeMap<&str, usize> = BTreeMap::new();
        let mut one = Vec::new();
        for part in &self.parts {
            for (id, term) in (0..).zip(part.segment.vocabulary.terms().iter()) {
                match part.frequency(id)? {
                    0 => {}
                    frequency if self.parts.len() == 1 => one.push(frequency),
                    frequency => *all.entry(term).or_default() += frequency,
                }
            }
        }
        Ok(if self.parts.len() == 1 { one } else { all.into_values().collect() })
    }

    /// What each length is worth.
    pub(crate) fn saturations(&self) -> &Saturations {
        if let Some(saturations) = self.saturations.get() {
            return saturations;
        }
        let saturations = Saturations::of_all(&self.kept.bm25, &self.sums());
        self.saturations.get_or_init(|| saturations)
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    pub(crate) fn scratch(&self) -> &crate::search::ScratchPool {
        &self.kept.scratch
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The part that an ordinal below the span belongs to, and its number there.
    #[inline]
    pub(crate) fn part_of(&self, ordinal: Ordinal) -> (&Part, Ordinal) {
        let place = match &self.parts[..] {
            [_] => 0,
            parts => parts.partition_point(|part| part.first <= ordinal) - 1,
        };
        (&self.parts[place], ordinal - self.parts[place].first)
    }

    /// The same if the ordinal is one of a live chunk.
    fn live(&self, ordinal: Ordinal) -> Option<(&Part, Ordinal)> {
        let found = ((ordinal as usize) < self.span).then(|| self.part_of(ordinal));
        found.filter(|(part, local)| part.holds(*local))
    }

    /// Less: `left` comes before `right`, by score, then by id.
    #[inline]
    pub(crate) fn order(&self, left: &Entry, right: &Entry) -> Ordering {
        left.by_score(right).then_with(|| self.order_ids(left.ordinal, right.ordinal))
    }

    #[cold]
    fn order_ids(&self, left: Ordinal, right: Ordinal) -> Ordering {
        // Places are quicker, but those of a file may be forged: beside the ids of other parts they could make an order
        // that goes in a circle, at which sorting panics.
        if let [part] = &self.parts[..] {
            return part.segment.ids.place(left).cmp(&part.segment.ids.place(right));
        }
        let ((part, left), (other, right)) = (self.part_of(left), self.part_of(right));
        part.segment.ids.names().raw(left as usize).cmp(other.segment.ids.names().raw(right as usize))
    }

    /// The caller's own words about it.
    #[must_use]
    pub fn attributes(&self) -> &str {
        &self.kept.attributes
    }

    /// Numbers of a vector, if it was built with any.
    #[must_use]
    pub fn dimension(&self) -> Option<usize> {
        self.kept.dimension
    }

    /// The unit vector of a chunk, if it has one.
    ///
    /// # Errors
    /// [`Error::Corrupt`](crate::error::Error::Corrupt) where the index's file is damaged there.
    pub fn vector(&self, ordinal: Ordinal) -> Result<Option<Vec<f32>>> {
        let vectors = |(part, local): (&Part, _)| Some(part.segment.vectors.as_ref()?.numbers(local));
        self.live(ordinal).and_then(vectors).unwrap_or(Ok(None))
    }

    /// Whether the chunk at `ordinal` is there: not deleted, and not beyond the end.
    #[must_use]
    pub fn alive(&self, ordinal: Ordinal) -> bool {
        self.live(ordinal).is_some()
    }

    /// The ordinals of all chunks that are there, ascending.
    pub fn ordinals(&self) -> impl Iterator<Item = Ordinal> {
        self.parts.iter().flat_map(|part| {
            (0..part.span() as Ordinal).filter(|&local| part.holds(local)).map(|local| part.first + local)
        })
    }

    /// The id of a chunk.
    #[must_use]
    pub fn id(&self, ordinal: Ordinal) -> Option<&str> {
        let (part, local) = self.live(ordinal)?;
        part.segment.ids.get(local)
    }

    /// The ids of all chunks, by ordinal.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.ordinals().filter_map(|ordinal| self.id(ordinal))
    }

    /// The chunk with this id; with tenants, in the first part that has one.
    #[must_use]
    pub fn ordinal(&self, id: &str) -> Option<Ordinal> {
        self.parts.iter().find_map(|part| {
            let local = part.segment.ids.ordinal(id).filter(|&local| part.holds(local))?;
            Some(part.first + local)
        })
    }

    /// What the caller stored with a chunk.
    ///
    /// # Errors
    /// As [`Self::vector`].
    pub fn stored(&self, ordinal: Ordinal) -> Result<Option<&[u8]>> {
        self.live(ordinal).map_or(Ok(None), |(part, local)| part.segment.stored.get(local as usize))
    }

    /// How many chunks hold `term`.
    ///
    /// # Errors
    /// As [`Self::vector`].
    pub fn document_frequency(&self, term: &str) -> Result<usize> {
        let held = |part: &Part| part.segment.vocabulary.id(term).map_or(Ok(0), |id| part.frequency(id));
        self.parts.iter().map(held).sum()
    }

    /// What is known of each part, in order.
    pub fn segments(&self) -> impl ExactSizeIterator<Item = Description<'_>> {
        self.parts.iter().map(|part| Description {
            tenant: part.tenant.as_deref(),
            chunks: part.span(),
            deleted: part.span() - part.count(),
            vectors: part.segment.vectors.as_ref().map_or(0, Vectors::count),
            file: part.written.last().map(|(name, _)| name),
        })
    }

    /// Brings what every search reads into memory: the postings, and the codes of the vectors into huge pages of their
    /// own, where they are in files. Searches before and after find the same.
    ///
    /// # Errors
    /// As [`Self::vector`]; [`Error::Input`](crate::error::Error::Input) where memory is short.
    pub fn warm(&self) -> Result<()> {
        self.parts.iter().try_for_each(|part| part.segment.warm())
    }

    /// Whether every byte of its segments' files is as it was written, and what they hold fits together.
    ///
    /// # Errors
    /// As [`Self::vector`].
    pub fn verify(&self) -> Result<()> {
        self.parts.iter().try_for_each(|part| part.segment.verify())
    }

    /// The metadata fields that any chunk has, in byte order; fields that begin with a null are the caller's own.
    #[must_use]
    pub fn fields(&self) -> Vec<&[u8]> {
        let names: BTreeSet<&[u8]> = self.parts.iter().flat_map(|part| part.segment.columns.names()).collect();
        names.into_iter().filter(|name| !name.starts_with(b"\0")).collect()
    }

    /// The tenants that have a chunk, in byte order.
    #[must_use]
    pub fn tenants(&self) -> Vec<&str> {
        let tenants: BTreeSet<&str> = self.parts.iter().filter_map(|part| part.tenant.as_deref()).collect();
        tenants.into_iter().collect()
    }

    /// Counts of what it holds, and bytes in memory by part, by name; deleted chunks take memory until they are merged away.
    #[must_use]
    pub fn sizes(&self) -> BTreeMap<&'static str, u64> {
        let sum = |of: &dyn Fn(&Part) -> u64| self.parts.iter().map(of).sum::<u64>();
        let vectors =
            |part: &Part| part.segment.vectors.as_ref().map_or(0, |vectors| vectors.present().count_with(part.live()));
        BTreeMap::from([
            ("chunks", self.count as u64),
            ("deleted", (self.span - self.count) as u64),
            ("segments", self.parts.len() as u64),
            ("vectors", sum(&|part| vectors(part) as u64)),
            ("terms", sum(&|part| part.segment.vocabulary.len() as u64)),
            ("postings", sum(&|part| part.segment.postings.len() as u64)),
            ("tokens", sum(&Part::tokens)),
            ("bytes_ids", sum(&|part| part.segment.ids.bytes() as u64)),
            ("bytes_stored", sum(&|part| part.segment.stored.bytes() as u64)),
            ("bytes_vocabulary", sum(&|part| part.segment.vocabulary.bytes() as u64)),
            ("bytes_postings", sum(&|part| part.segment.postings.bytes() as u64)),
            ("bytes_lengths", sum(&|part| (size_of::<u32>() * part.span() + part.segment.classes.bytes()) as u64)),
            ("bytes_columns", sum(&|part| part.segment.columns.bytes() as u64)),
            ("bytes_vectors", sum(&|part| part.segment.vectors.as_ref().map_or(0, Vectors::bytes) as u64)),
        ])
    }
}
