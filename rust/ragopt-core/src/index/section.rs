//! A section of a mapped file, checked block by block when it is first touched.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use memmap2::Mmap;

use super::mmap;
use crate::error::{Error, Result};

/// Bytes under one checksum: a page, since candidates are read row by row from all over a section.
pub(super) const BLOCK: usize = 4096;
/// So many bytes or more are asked of the system in one go, not page by page.
const MANY: usize = 16 * BLOCK;

/// A file in memory, and where it came from.
#[derive(Debug)]
pub(super) struct Mapped {
    pub(super) path: PathBuf,
    pub(super) map: Mmap,
}

/// Whether a block that has its checksum also holds what such a section can hold.
pub(super) type Valid = fn(&[u8]) -> bool;

/// A piece of a mapped file under checksums.
#[derive(Debug)]
pub(crate) struct Section {
    file: Arc<Mapped>,
    name: String,
    bytes: Range<usize>,
    /// Where the checksums of its blocks stand, 4 bytes each.
    sums: usize,
    valid: Valid,
    /// A bit a block: it was found to be right.
    checked: Box<[AtomicU64]>,
    /// Blocks that were not.
    left: AtomicUsize,
}

impl Section {
    /// `bytes` and the 4 bytes a block from `sums` on lie inside of the file.
    pub(super) fn new(file: Arc<Mapped>, name: String, bytes: Range<usize>, sums: usize, valid: Valid) -> Self {
        let blocks = bytes.len().div_ceil(BLOCK);
        let checked = (0..blocks.div_ceil(64)).map(|_| AtomicU64::new(0)).collect();
        Self { file, name, bytes, sums, valid, checked, left: AtomicUsize::new(blocks) }
    }

    /// All its bytes, whether or not they were checked.
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        &self.file.map[self.bytes.clone()]
    }

    /// Makes sure that the blocks which `range` touches are as they were written; the range is cut at the end.
    ///
    /// # Errors
    /// [`Error::Corrupt`], the first time and every other.
    #[inline]
    pub(super) fn check(&self, range: Range<usize>) -> Result<()> {
        if self.is_checked() { Ok(()) } else { self.check_blocks(range) }
    }

    /// Whether every block was found to be right.
    #[inline]
    pub(super) fn is_checked(&self) -> bool {
        self.left.load(Ordering::Acquire) == 0
    }

    /// Whether all of it is in memory, so that reading it waits for no disk.
    pub(super) fn is_resident(&self) -> bool {
        mmap::resident(&self.file.map, self.bytes.clone())
    }

    #[cold]
    fn check_blocks(&self, range: Range<usize>) -> Result<()> {
        let range = range.start.min(self.bytes.len())..range.end.min(self.bytes.len());
        let mut asked = range.len() < MANY;
        for block in range.start / BLOCK..range.end.div_ceil(BLOCK) {
            let (word, bit) = (&self.checked[block / 64], 1 << (block % 64));
            if word.load(Ordering::Acquire) & bit != 0 {
                continue;
            }
            if !asked {
                // A wish: without it the pages come one by one.
                #[cfg(target_os = "linux")]
                let _ = self.file.map.advise_range(
                    memmap2::Advice::PopulateRead,
                    self.bytes.start + range.start,
                    range.len(),
                );
                asked = true;
            }
            let bytes = &self.bytes()[block * BLOCK..self.bytes.len().min((block + 1) * BLOCK)];
            if crc32fast::hash(bytes) != self.sum(block) {
                return Err(self.corrupt(&format!("the bytes of its section {:?} were changed", self.name)));
            }
            if !(self.valid)(bytes) {
                return Err(self.corrupt(&format!("its section {:?} holds what it cannot", self.name)));
            }
            if word.fetch_or(bit, Ordering::AcqRel) & bit == 0 {
                self.left.fetch_sub(1, Ordering::AcqRel);
            }
        }
        Ok(())
    }

    fn sum(&self, block: usize) -> u32 {
        let place = self.sums + 4 * block;
        self.file.map[place..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
    }

    /// The error for a section whose contents cannot be.
    pub(super) fn corrupt(&self, reason: &str) -> Error {
        Error::corrupt(self.path(), reason)
    }

    pub(super) fn path(&self) -> &Path {
        &self.file.path
    }
}
