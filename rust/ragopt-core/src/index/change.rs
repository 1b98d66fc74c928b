//! From one snapshot to the next: nothing is changed, segments are shared.

use std::sync::Arc;

use super::home::Homes;
use super::part::{Live, Part};
use super::postings::MOST_CHUNKS;
use super::{Index, Kept, Segment};
use crate::analysis::Analyzer;
use crate::error::{Error, Result};
use crate::score::bm25::Bm25;
use crate::types::{Bits, Ordinal};

impl Index {
    /// An index of segments.
    ///
    /// # Errors
    /// As [`Index::changed`].
    pub fn of(
        analyzer: Analyzer,
        bm25: Bm25,
        attributes: &str,
        segments: Vec<(Option<String>, Arc<Segment>)>,
    ) -> Result<Self> {
        Self::assemble(Kept::new(analyzer, bm25, attributes.to_owned()), Vec::new()).changed(&[], segments, None)
    }

    /// The index without the chunks at `deleted` and with those of `added`; other attributes, if there are any.
    ///
    /// # Errors
    /// [`Error::Input`] for an ordinal that is not there or too many chunks,
    /// [`Error::DuplicateId`] for an id that a tenant has already, [`Error::Vector`] for vectors of another dimension.
    pub fn changed(
        &self,
        deleted: &[Ordinal],
        added: Vec<(Option<String>, Arc<Segment>)>,
        attributes: Option<&str>,
    ) -> Result<Self> {
        let mut parts = self.without(deleted)?;
        let mut kept = self.kept.clone();
        for (tenant, segment) in added {
            if parts.is_empty() {
                kept.dimension = kept.dimension.or(segment.dimension());
            }
            if segment.is_empty() {
                continue;
            }
            if segment.dimension() != kept.dimension {
                return Err(unfit(segment.dimension(), kept.dimension));
            }
            let part = Part::new(segment, tenant.map(Arc::from), None);
            parts.iter().filter(|other| other.tenant == part.tenant).try_for_each(|other| distinct(other, &part))?;
            parts.push(part);
        }
        let span: usize = parts.iter().map(Part::span).sum();
        if span >= MOST_CHUNKS {
            return Err(Error::Input(format!(
                "{span} chunks: one index holds fewer than {MOST_CHUNKS}; split the corpus"
            )));
        }
        if let Some(attributes) = attributes {
            attributes.clone_into(&mut kept.attributes);
        }
        Ok(Self::assemble(kept, parts))
    }

    /// The parts of the index less the chunks at `deleted`.
    fn without(&self, deleted: &[Ordinal]) -> Result<Vec<Part>> {
        let mut left: Vec<Option<Bits>> = self.parts.iter().map(|_| None).collect();
        for &ordinal in deleted {
            if !self.alive(ordinal) {
                return Err(self.no_chunk(ordinal));
            }
            let (part, local) = self.part_of(ordinal);
            let all = || part.live().cloned().unwrap_or_else(|| Bits::all(part.span()));
            left[part.number].get_or_insert_with(all).remove(local);
        }
        let parts = self.parts.iter().zip(left).map(|(part, left)| match left {
            None => part.again(),
            Some(bits) => part.with(Some(Arc::new(Live::of(&part.segment, bits)))),
        });
        Ok(parts.collect())
    }

    /// The error for an ordinal that is none of a live chunk.
    #[must_use]
    pub fn no_chunk(&self, ordinal: Ordinal) -> Error {
        Error::Input(format!("no chunk {ordinal}: the index holds {}", self.count))
    }

    /// The index of one tenant alone: its parts, its statistics. Of an unknown tenant an empty one.
    #[must_use]
    pub fn tenant(&self, name: &str) -> Self {
        let parts = self.parts.iter().filter(|part| part.tenant.as_deref() == Some(name)).map(Part::again).collect();
        // It stands in no folder: a commit of it would leave the others out.
        Self::assemble(Kept { homes: Homes::default(), ..self.kept.clone() }, parts)
    }

    /// The same chunks, scored by another BM25: a segment keeps nothing that depends on its parameters.
    #[must_use]
    pub fn scored(&self, bm25: Bm25) -> Self {
        let parts = self.parts.iter().map(Part::again).collect();
        // It stands in no folder: what a folder holds says by which BM25 it is scored.
        Self::assemble(Kept { homes: Homes::default(), bm25, ..self.kept.clone() }, parts)
    }

    /// The index whose parts of the tenant `name` are those of `work`, which came from [`Index::tenant`] by changes.
    ///
    /// # Errors
    /// [`Error::Input`] where `work` holds chunks of others.
    pub fn replaced(&self, name: &str, work: &Self) -> Result<Self> {
        if work.parts.iter().any(|part| part.tenant.as_deref() != Some(name)) {
            return Err(Error::Input(format!("the changes are not those of the tenant {name:?} alone")));
        }
        let others = self.parts.iter().filter(|part| part.tenant.as_deref() != Some(name));
        let parts = others.chain(&work.parts).map(Part::again).collect();
        let dimension = self.kept.dimension.or(work.kept.dimension);
        Ok(Self::assemble(Kept { dimension, ..self.kept.clone() }, parts))
    }
}

/// Refused where two parts of one tenant hold the same id.
fn distinct(left: &Part, right: &Part) -> Result<()> {
    let (few, many) = if left.count() < right.count() { (left, right) } else { (right, left) };
    for (local, id) in (0..).zip(few.segment.ids.iter()) {
        if few.holds(local) && many.segment.ids.ordinal(id).is_some_and(|local| many.holds(local)) {
            return Err(Error::DuplicateId(id.to_owned()));
        }
    }
    Ok(())
}

fn unfit(given: Option<usize>, wanted: Option<usize>) -> Error {
    let name =
        |dimension: Option<usize>| dimension.map_or("no vectors".to_owned(), |d| format!("vectors of {d} dimensions"));
    Error::Vector(format!(
        "new chunks with {} for an index with {}: they come from different models",
        name(given),
        name(wanted)
    ))
}
