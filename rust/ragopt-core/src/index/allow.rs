//! The chunks of one snapshot that a search may find.

use super::{Filter, Index};
use crate::error::{Error, Result};
use crate::types::{Bits, Ordinal};

/// An allow-list: live chunks of the snapshot that it was made for, and of no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    snapshot: u64,
    parts: Vec<Bits>,
    count: usize,
}

impl Allow {
    /// The live chunks in `parts`, a set for each part of `index` over the chunks of that part.
    ///
    /// # Errors
    /// [`Error::Input`] where the sets do not fit the parts.
    pub fn of(index: &Index, mut parts: Vec<Bits>) -> Result<Self> {
        if parts.len() != index.parts().len() || parts.iter().zip(index.parts()).any(|(b, p)| b.len() != p.span()) {
            return Err(Error::Input("an allow-list that does not fit the index".to_owned()));
        }
        for (bits, part) in parts.iter_mut().zip(index.parts()) {
            if let Some(live) = part.live() {
                bits.retain(live);
            }
        }
        let count = parts.iter().map(Bits::count).sum();
        Ok(Self { snapshot: index.number(), parts, count })
    }

    /// The live chunks that pass a filter.
    ///
    /// # Errors
    /// [`Error::Input`] for steps that are no filter, [`Error::Corrupt`] for metadata that are damaged.
    pub fn filtered(index: &Index, filter: &Filter) -> Result<Self> {
        let passing = index.parts().iter().map(|part| part.segment.columns.evaluate(filter));
        Self::of(index, passing.collect::<Result<_>>()?)
    }

    /// The live chunks in `ordinals`, which has a place for each chunk of the snapshot, deleted ones too.
    ///
    /// # Errors
    /// [`Error::Input`] for another number of places.
    pub fn of_ordinals(index: &Index, ordinals: &Bits) -> Result<Self> {
        if ordinals.len() != index.span() {
            return Err(Error::Input(format!(
                "an allow-list of {} entries for {} chunks: give one a chunk",
                ordinals.len(),
                index.span()
            )));
        }
        Self::of(index, index.parts().iter().map(|part| ordinals.cut(part.first as usize, part.span())).collect())
    }

    /// How many chunks it lets through.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// These chunks of a part.
    pub(crate) fn part(&self, number: usize) -> &Bits {
        &self.parts[number]
    }

    /// The ordinals that it lets through, ascending.
    #[must_use]
    pub fn ordinals(&self) -> Vec<Ordinal> {
        let (mut all, mut first) = (Vec::with_capacity(self.count), 0);
        for bits in &self.parts {
            let start = all.len();
            bits.list_with(None, &mut all);
            all[start..].iter_mut().for_each(|ordinal| *ordinal += first);
            first += bits.len() as Ordinal;
        }
        all
    }

    /// Refused for another snapshot: its ordinals are other chunks.
    pub(crate) fn check(&self, index: &Index) -> Result<()> {
        if self.snapshot == index.number() {
            Ok(())
        } else {
            Err(Error::Input("the allow-list belongs to another state of the index: make it anew".to_owned()))
        }
    }
}
