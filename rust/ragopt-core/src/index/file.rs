//! One file of sections: magic, format version, sections, then a table of them with checksums.
//!
//! ```text
//! "RAGOPT\r\n"  format u32  kind u32         the head, 16 bytes
//! section ... section                        each at a multiple of 64, so that a mapped file can be used in place
//! table: for each section  tag 8 bytes  offset u64  length u64  crc32 u32
//! table offset u64  sections u32  crc32 of the table u32  "\r\nRAGEND"    the foot, 24 bytes
//! ```
//! All numbers are little-endian. Whoever refers to the file knows its length and its *seal*, the
//! checksum of head, table and foot; the table seals the sections, and what lies between them is 0. So no
//! byte goes unchecked.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::bytes::Reader;
use crate::error::{Error, Result};

/// The format that this ragopt writes, and the newest that it reads.
pub(super) const FORMAT: u32 = 1;

const MAGIC: &[u8; 8] = b"RAGOPT\r\n";
const END: &[u8; 8] = b"\r\nRAGEND";
const HEAD: u64 = 16;
const FOOT: u64 = 24;
const ROW: usize = 28;
const ALIGNMENT: u64 = 64;
/// More sections than any file has: keeps the table small whatever a file says.
const MOST_SECTIONS: u32 = 1024;
const BLOCK: usize = 1 << 20;

/// The name of a section.
pub(super) type Tag = [u8; 8];

/// How to recognize a file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sealed {
    pub(super) length: u64,
    pub(super) seal: u32,
}

struct Row {
    tag: Tag,
    offset: u64,
    length: u64,
    crc: u32,
}

/// A file being written.
pub(super) struct SectionWriter {
    path: PathBuf,
    out: BufWriter<File>,
    position: u64,
    head: [u8; HEAD as usize],
    rows: Vec<Row>,
}

/// An open file whose table was checked.
pub(super) struct SectionReader {
    path: PathBuf,
    file: File,
    rows: Vec<Row>,
}

impl SectionWriter {
    pub(super) fn create(path: &Path, kind: u32) -> Result<Self> {
        let file = File::create(path).map_err(|cause| Error::write(path, &cause))?;
        let mut head = [0; HEAD as usize];
        head[..8].copy_from_slice(MAGIC);
        head[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        head[12..].copy_from_slice(&kind.to_le_bytes());
        let mut writer = Self {
            path: path.to_owned(),
            out: BufWriter::with_capacity(BLOCK, file),
            position: 0,
            head,
            rows: Vec::new(),
        };
        writer.put(&head)?;
        Ok(writer)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.out.write_all(bytes).map_err(|cause| Error::write(&self.path, &cause))?;
        self.position += bytes.len() as u64;
        Ok(())
    }

    /// A section from pieces that are made one after another.
    pub(super) fn section(&mut self, tag: &Tag, pieces: impl Iterator<Item = impl AsRef<[u8]>>) -> Result<()> {
        let padding = self.position.next_multiple_of(ALIGNMENT) - self.position;
        self.put(&[0; ALIGNMENT as usize][..padding as usize])?;
        let offset = self.position;
        let mut crc = crc32fast::Hasher::new();
        for piece in pieces {
            crc.update(piece.as_ref());
            self.put(piece.as_ref())?;
        }
        self.rows.push(Row { tag: *tag, offset, length: self.position - offset, crc: crc.finalize() });
        Ok(())
    }

    /// Writes the table, and waits until the disk has everything.
    pub(super) fn finish(mut self) -> Result<Sealed> {
        let start = self.position;
        let mut table = Vec::new();
        for row in &self.rows {
            table.extend_from_slice(&row.tag);
            table.extend_from_slice(&row.offset.to_le_bytes());
            table.extend_from_slice(&row.length.to_le_bytes());
            table.extend_from_slice(&row.crc.to_le_bytes());
        }
        let mut foot = start.to_le_bytes().to_vec();
        foot.extend_from_slice(&(self.rows.len() as u32).to_le_bytes());
        foot.extend_from_slice(&crc32fast::hash(&table).to_le_bytes());
        foot.extend_from_slice(END);
        self.put(&table)?;
        self.put(&foot)?;
        let seal = seal(&self.head, &table, &foot);
        let length = self.position;
        let file = self.out.into_inner().map_err(|cause| Error::write(&self.path, cause.error()))?;
        file.sync_all().map_err(|cause| Error::write(&self.path, &cause))?;
        Ok(Sealed { length, seal })
    }
}

impl SectionReader {
    /// Opens a file that must be the `expected` one and of this `kind`.
    pub(super) fn open(path: &Path, kind: u32, expected: &Sealed) -> Result<Self> {
        let corrupt = |reason: &str| Error::corrupt(path, reason);
        let mut file = File::open(path).map_err(|cause| match cause.kind() {
            std::io::ErrorKind::NotFound => corrupt("it is missing"),
            _ => Error::read(path, &cause),
        })?;
        let length = file.metadata().map_err(|cause| Error::read(path, &cause))?.len();
        if length != expected.length {
            return Err(corrupt(&format!("it has {length} bytes instead of {}", expected.length)));
        }
        if length < HEAD + FOOT {
            return Err(corrupt("it is too short to be part of an index"));
        }
        let head: [u8; HEAD as usize] = read_at(&mut file, path, 0)?;
        if &head[..8] != MAGIC {
            return Err(corrupt("it does not start as a part of an index does"));
        }
        let mut reader = Reader::new(&head[8..]);
        let (format, found_kind) = (reader.u32().unwrap_or(0), reader.u32().unwrap_or(0));
        if format > FORMAT {
            return Err(newer(path, u64::from(format)));
        }
        let foot: [u8; FOOT as usize] = read_at(&mut file, path, length - FOOT)?;
        let table = read_table(&mut file, path, length, &foot)?;
        if format != FORMAT || found_kind != kind || seal(&head, &table, &foot) != expected.seal {
            return Err(corrupt("its table was changed"));
        }
        let rows = rows(&table, length - FOOT - table.len() as u64).ok_or_else(|| corrupt("sections out of place"))?;
        let mut position = HEAD;
        for row in &rows {
            let mut gap = [0; ALIGNMENT as usize];
            let gap = &mut gap[..(row.offset - position) as usize];
            file.seek(SeekFrom::Start(position))
                .and_then(|_| file.read_exact(gap))
                .map_err(|cause| Error::read(path, &cause))?;
            if gap.iter().any(|&byte| byte != 0) {
                return Err(corrupt("the bytes between its sections were changed"));
            }
            position = row.offset + row.length;
        }
        Ok(Self { path: path.to_owned(), file, rows })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The error for a section whose contents cannot be.
    pub(super) fn corrupt(&self, reason: &str) -> Error {
        Error::corrupt(&self.path, reason)
    }

    /// How long a section is; None if there is none of that name.
    pub(super) fn length(&self, tag: &Tag) -> Option<u64> {
        self.rows.iter().find(|row| &row.tag == tag).map(|row| row.length)
    }

    /// A whole section.
    pub(super) fn section(&mut self, tag: &Tag) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.section_by_blocks(tag, |length, block| {
            bytes.reserve_exact(if bytes.is_empty() { length } else { 0 });
            bytes.extend_from_slice(block);
        })?;
        Ok(bytes)
    }

    /// Gives `take` a section's length and its bytes, in blocks whose sizes 64 divides but for the last,
    /// then tells whether they were what had been written.
    pub(super) fn section_by_blocks(&mut self, tag: &Tag, mut take: impl FnMut(usize, &[u8])) -> Result<()> {
        let name = String::from_utf8_lossy(tag).trim_end().to_owned();
        let Some(row) = self.rows.iter().find(|row| &row.tag == tag) else {
            return Err(self.corrupt(&format!("it has no section {name:?}")));
        };
        let (length, wanted) = (row.length, row.crc);
        let failed = |cause| Error::read(&self.path, &cause);
        self.file.seek(SeekFrom::Start(row.offset)).map_err(failed)?;
        let mut crc = crc32fast::Hasher::new();
        let mut block = vec![0; BLOCK.min(length as usize)];
        let mut left = length as usize;
        while left > 0 {
            let part = &mut block[..left.min(BLOCK)];
            self.file.read_exact(part).map_err(failed)?;
            crc.update(part);
            take(length as usize, part);
            left -= part.len();
        }
        if crc.finalize() == wanted {
            Ok(())
        } else {
            Err(self.corrupt(&format!("the bytes of its section {name:?} were changed")))
        }
    }
}

/// The error for a file of a format that is not known yet.
pub(super) fn newer(path: &Path, format: u64) -> Error {
    Error::Version {
        path: path.display().to_string(),
        reason: format!("the index has format {format}, newer than format {FORMAT} of this ragopt: upgrade ragopt"),
    }
}

fn read_at<const N: usize>(file: &mut File, path: &Path, offset: u64) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    file.seek(SeekFrom::Start(offset))
        .and_then(|_| file.read_exact(&mut bytes))
        .map_err(|cause| Error::read(path, &cause))?;
    Ok(bytes)
}

fn read_table(file: &mut File, path: &Path, length: u64, foot: &[u8]) -> Result<Vec<u8>> {
    let corrupt = || Error::corrupt(path, "its end is not where it should be");
    let mut reader = Reader::new(foot);
    let (start, count) = (reader.u64().ok_or_else(corrupt)?, reader.u32().ok_or_else(corrupt)?);
    let crc = reader.u32().ok_or_else(corrupt)?;
    if reader.take(8) != Some(END) || count > MOST_SECTIONS {
        return Err(corrupt());
    }
    let size = count as usize * ROW;
    if start.checked_add(size as u64 + FOOT) != Some(length) || start < HEAD {
        return Err(corrupt());
    }
    let mut table = vec![0; size];
    file.seek(SeekFrom::Start(start))
        .and_then(|_| file.read_exact(&mut table))
        .map_err(|cause| Error::read(path, &cause))?;
    if crc32fast::hash(&table) == crc { Ok(table) } else { Err(corrupt()) }
}

/// The rows of a table whose sections lie one after another and end where the table starts.
fn rows(table: &[u8], end: u64) -> Option<Vec<Row>> {
    let mut reader = Reader::new(table);
    let mut rows = Vec::new();
    let mut position = HEAD;
    while !reader.is_empty() {
        let (tag, offset, length, crc) = (reader.array()?, reader.u64()?, reader.u64()?, reader.u32()?);
        if offset != position.checked_next_multiple_of(ALIGNMENT)? {
            return None;
        }
        position = offset.checked_add(length)?;
        if position > end {
            return None;
        }
        rows.push(Row { tag, offset, length, crc });
    }
    (position == end).then_some(rows)
}

fn seal(head: &[u8], table: &[u8], foot: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    for part in [head, table, foot] {
        crc.update(part);
    }
    crc.finalize()
}
