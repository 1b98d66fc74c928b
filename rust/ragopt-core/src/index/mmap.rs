//! The calls that map a file into memory, and ask what of it is there.
//!
//! Rust trusts that the bytes behind a reference stay as they are, and a mapped file is only as steady as its
//! owner lets it be. ragopt keeps its part: a file of an index is written under a new name, closed before anything
//! points to it, never opened for writing again, and only ever unlinked, which leaves a mapping whole. Whoever
//! overwrites one in place gets what any damage gets: what was not yet read is refused by its checksum, and what was
//! read already is numbers that are bounded wherever they are used as places. Whoever cuts one short ends the processes
//! that read beyond its new end (SIGBUS), as with every mapped file; so copy over an index by renaming.
#![expect(unsafe_code, reason = "the kernel cannot promise that a mapped file stays as it is")]

use std::fs::File;
use std::io;
use std::ops::Range;

use memmap2::Mmap;

/// The whole of `file`, which must not be empty, to be read.
pub(super) fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: the mapping is private to reading, and the file is one that nobody writes to (see above).
    unsafe { Mmap::map(file) }
}

/// Whether all of `range` is in memory, so that reading it waits for no disk. Where that cannot be known, it is not.
#[cfg(target_os = "linux")]
pub(super) fn resident(map: &Mmap, range: Range<usize>) -> bool {
    let pages = whole_pages(map, range);
    let mut found = vec![0u8; pages.len().div_ceil(page())];
    // SAFETY: `pages` lies in the mapping and begins at a page; the kernel writes a byte for each of its pages, and
    // `found` has as many.
    let done = unsafe { libc::mincore(map[pages.clone()].as_ptr().cast_mut().cast(), pages.len(), found.as_mut_ptr()) };
    done == 0 && found.iter().all(|page| page & 1 == 1)
}

/// The pages of a mapping, which begins at one, that `range` touches.
#[cfg(target_os = "linux")]
fn whole_pages(map: &Mmap, range: Range<usize>) -> Range<usize> {
    range.start / page() * page()..range.end.min(map.len())
}

/// Bytes of a page.
#[cfg(target_os = "linux")]
fn page() -> usize {
    // SAFETY: it takes and gives a number.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096).max(1)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn resident(_: &Mmap, _: Range<usize>) -> bool {
    false
}
