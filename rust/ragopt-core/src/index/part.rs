//! A segment as a snapshot sees it: where its ordinals begin, and which of its chunks are still there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use super::Segment;
use super::classes::Levels;
use super::home::Homes;
use super::manifest::Named;
use super::saturations::Saturations;
use crate::error::Result;
use crate::types::{Bits, Ordinal};

/// One segment of a snapshot.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) segment: Arc<Segment>,
    /// Its place among the parts of the snapshot.
    pub(crate) number: usize,
    /// The ordinal of its first chunk in the snapshot; inside of the part chunks count from 0.
    pub(crate) first: Ordinal,
    /// Whose chunks these are, in an index with tenants.
    pub(crate) tenant: Option<Arc<str>>,
    /// None while all of its chunks are there.
    live: Option<Arc<Live>>,
    /// The files of its segment.
    pub(super) written: Arc<Homes<Named>>,
    levels: OnceLock<Levels>,
}

/// Which chunks of a segment were not deleted.
#[derive(Debug)]
pub(crate) struct Live {
    bits: Bits,
    count: usize,
    /// Terms of the live chunks.
    tokens: u64,
    /// By term: how many deleted chunks hold it. Filled when asked for.
    gone: Mutex<HashMap<u32, u32>>,
    /// The files of it.
    pub(super) written: Homes<Named>,
}

/// Looking a chunk up in the postings of a term takes as long as walking so many of them.
const LOOKUP: usize = 8;

impl Live {
    /// All chunks of `segment` in `bits`, which has one for each.
    pub(super) fn of(segment: &Segment, bits: Bits) -> Self {
        let mut dead = Vec::new();
        bits.list_missing(&mut dead);
        let gone: u64 = dead.iter().map(|&local| u64::from(segment.lengths[local as usize])).sum();
        let count = segment.len() - dead.len();
        Self { bits, count, tokens: segment.tokens - gone, gone: Mutex::default(), written: Homes::default() }
    }

    pub(super) fn bits(&self) -> &Bits {
        &self.bits
    }

    /// How many deleted chunks hold a term.
    fn gone(&self, segment: &Segment, term: u32) -> Result<u32> {
        // A lock that is held, by another thread or by nobody any more after a fork, is not waited for.
        if let Some(&known) = self.gone.try_lock().ok().as_ref().and_then(|gone| gone.get(&term)) {
            return Ok(known);
        }
        let postings = segment.postings.of(term)?;
        let mut count = 0;
        if (segment.len() - self.count).saturating_mul(LOOKUP) < postings.len() {
            let mut dead = Vec::new();
            self.bits.list_missing(&mut dead);
            count = dead.iter().filter(|&&local| postings.count(local).is_some()).count() as u32;
        } else {
            postings.for_each(|local, _| count += u32::from(!self.bits.contains(local)));
        }
        if let Ok(mut gone) = self.gone.try_lock() {
            gone.insert(term, count);
        }
        Ok(count)
    }
}

impl Part {
    pub(super) fn new(segment: Arc<Segment>, tenant: Option<Arc<str>>, live: Option<Arc<Live>>) -> Self {
        Self { segment, number: 0, first: 0, tenant, live, written: Arc::default(), levels: OnceLock::new() }
    }

    /// The same chunks for another snapshot.
    pub(super) fn again(&self) -> Self {
        self.with(self.live.clone())
    }

    /// The same segment with other chunks left.
    pub(super) fn with(&self, live: Option<Arc<Live>>) -> Self {
        let part = Self::new(Arc::clone(&self.segment), self.tenant.clone(), live);
        Self { written: Arc::clone(&self.written), ..part }
    }

    /// What was deleted of it, if anything was.
    pub(super) fn left(&self) -> Option<&Live> {
        self.live.as_deref()
    }

    /// How many chunks its segment holds, deleted ones too.
    pub(crate) fn span(&self) -> usize {
        self.segment.len()
    }

    /// How many of them are there.
    pub(crate) fn count(&self) -> usize {
        self.live.as_ref().map_or(self.span(), |live| live.count)
    }

    /// Terms of the chunks that are there.
    pub(super) fn tokens(&self) -> u64 {
        self.live.as_ref().map_or(self.segment.tokens, |live| live.tokens)
    }

    /// Which chunks are there; None if all are.
    pub(crate) fn live(&self) -> Option<&Bits> {
        self.live.as_ref().map(|live| &live.bits)
    }

    /// Whether the chunk at `local` is there.
    pub(crate) fn holds(&self, local: Ordinal) -> bool {
        self.live().map_or((local as usize) < self.span(), |live| live.contains(local))
    }

    /// How many live chunks hold a term of the segment.
    pub(crate) fn frequency(&self, term: u32) -> Result<usize> {
        let all = self.segment.postings.frequency(term);
        self.live.as_ref().map_or(Ok(all), |live| Ok(all - live.gone(&self.segment, term)? as usize))
    }

    /// What the classes of its chunks are worth in this snapshot, whose saturations these are.
    pub(crate) fn levels(&self, saturations: &Saturations) -> &Levels {
        if let Some(levels) = self.levels.get() {
            return levels;
        }
        // Not made under the lock: a process that is forked meanwhile would wait for it for ever.
        let levels = Levels::of(&self.segment.classes, saturations);
        self.levels.get_or_init(|| levels)
    }
}
