//! The one call that maps a file into memory.
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

use memmap2::Mmap;

/// The whole of `file`, which must not be empty, to be read.
pub(super) fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: the mapping is private to reading, and the file is one that nobody writes to (see above).
    unsafe { Mmap::map(file) }
}
