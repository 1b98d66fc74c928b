//! One file of sections: magic, format version, sections, the checksums of their blocks, a table of the sections.
//!
//! ```text
//! "RAGOPT\r\n"  format u32  kind u32         the head, 16 bytes
//! section ... section                        each at a multiple of 64: a mapped file is used in place
//! checksums                                  at a multiple of 64: crc32 of each 4096 bytes of each section, u32
//! table: for each section  tag 8 bytes  offset u64  length u64
//! table offset u64  sections u32  crc32 of checksums and table u32  "\r\nRAGEND"    the foot, 24 bytes
//! ```
//! All numbers are little-endian, and as they are used in place, only on machines that are. Whoever refers to the file
//! knows its length and its *seal*, the checksum of head, table and foot; the foot seals the checksums, these the
//! sections, and what lies between them is 0. So no byte goes unchecked: what is small when the file is opened, the
//! blocks of large sections when they are first touched.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytemuck::Pod;

use super::bytes::Reader;
use super::fault;
use super::mmap;
use super::section::{BLOCK, Mapped, Section, Valid};
use super::store::Store;
use crate::error::{Error, Result};

/// The format that this ragopt writes, and the newest that it reads.
pub(super) const FORMAT: u32 = 1;

const MAGIC: &[u8; 8] = b"RAGOPT\r\n";
const END: &[u8; 8] = b"\r\nRAGEND";
const HEAD: usize = 16;
const FOOT: usize = 24;
const ROW: usize = 24;
const ALIGNMENT: usize = 64;
const SUM: usize = 4;
/// More sections than any file has: keeps the table small whatever a file says.
const MOST_SECTIONS: u32 = 1024;
/// A section of so many bytes or fewer is checked when it is opened: it takes no time to speak of.
const SMALL: usize = if cfg!(test) { 1 << 13 } else { 1 << 20 };
/// Bytes that are written at once.
const BUFFER: usize = 1 << 20;

/// The name of a section.
pub(super) type Tag = [u8; 8];

/// How to recognize a file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sealed {
    pub(super) length: u64,
    pub(super) seal: u32,
}

/// Where a section lies, and where its checksums do.
#[derive(Debug, Clone)]
struct Row {
    tag: Tag,
    bytes: Range<usize>,
    sums: usize,
}

/// A file being written.
pub(super) struct SectionWriter {
    path: PathBuf,
    out: BufWriter<File>,
    position: u64,
    head: [u8; HEAD],
    table: Vec<u8>,
    sums: Vec<u8>,
}

/// An open file whose table was checked.
#[derive(Debug)]
pub(super) struct SectionReader {
    file: Arc<Mapped>,
    rows: Vec<Row>,
}

/// The checksums of blocks, from bytes that come in pieces.
#[derive(Default)]
struct Blocks {
    crc: crc32fast::Hasher,
    held: usize,
}

impl Blocks {
    fn update(&mut self, mut bytes: &[u8], sums: &mut Vec<u8>) {
        while !bytes.is_empty() {
            let (block, rest) = bytes.split_at(bytes.len().min(BLOCK - self.held));
            self.crc.update(block);
            self.held += block.len();
            if self.held == BLOCK {
                std::mem::take(self).finish(sums);
            }
            bytes = rest;
        }
    }

    fn finish(self, sums: &mut Vec<u8>) {
        if self.held > 0 {
            sums.extend_from_slice(&self.crc.finalize().to_le_bytes());
        }
    }
}

impl SectionWriter {
    pub(super) fn create(path: &Path, kind: u32) -> Result<Self> {
        little_endian(path)?;
        fault::step();
        let file = File::create(path).map_err(|cause| Error::write(path, &cause))?;
        let mut head = [0; HEAD];
        head[..8].copy_from_slice(MAGIC);
        head[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        head[12..].copy_from_slice(&kind.to_le_bytes());
        let mut writer = Self {
            path: path.to_owned(),
            out: BufWriter::with_capacity(BUFFER, file),
            position: 0,
            head,
            table: Vec::new(),
            sums: Vec::new(),
        };
        writer.put(&head)?;
        Ok(writer)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.out.write_all(bytes).map_err(|cause| Error::write(&self.path, &cause))?;
        self.position += bytes.len() as u64;
        Ok(())
    }

    fn pad(&mut self) -> Result<()> {
        let padding = self.position.next_multiple_of(ALIGNMENT as u64) - self.position;
        self.put(&[0; ALIGNMENT][..padding as usize])
    }

    /// A section from pieces that are made one after another.
    pub(super) fn section(&mut self, tag: &Tag, pieces: impl Iterator<Item = impl AsRef<[u8]>>) -> Result<()> {
        fault::step();
        self.pad()?;
        let offset = self.position;
        let mut blocks = Blocks::default();
        for piece in pieces {
            blocks.update(piece.as_ref(), &mut self.sums);
            self.put(piece.as_ref())?;
        }
        blocks.finish(&mut self.sums);
        self.table.extend_from_slice(tag);
        self.table.extend_from_slice(&offset.to_le_bytes());
        self.table.extend_from_slice(&(self.position - offset).to_le_bytes());
        Ok(())
    }

    /// A section of numbers, as they lie in memory.
    pub(super) fn numbers<T: Pod>(&mut self, tag: &Tag, numbers: &[T]) -> Result<()> {
        self.section(tag, std::iter::once(bytemuck::cast_slice::<T, u8>(numbers)))
    }

    /// Writes the checksums and the table, and waits until the disk has everything.
    pub(super) fn finish(mut self) -> Result<Sealed> {
        self.pad()?;
        let (sums, table) = (std::mem::take(&mut self.sums), std::mem::take(&mut self.table));
        self.put(&sums)?;
        let mut foot = self.position.to_le_bytes().to_vec();
        foot.extend_from_slice(&((table.len() / ROW) as u32).to_le_bytes());
        foot.extend_from_slice(&seal(&[&sums, &table]).to_le_bytes());
        foot.extend_from_slice(END);
        self.put(&table)?;
        self.put(&foot)?;
        let seal = seal(&[&self.head, &table, &foot]);
        let length = self.position;
        fault::step();
        let file = self.out.into_inner().map_err(|cause| Error::write(&self.path, cause.error()))?;
        fault::step();
        file.sync_all().map_err(|cause| Error::write(&self.path, &cause))?;
        Ok(Sealed { length, seal })
    }
}

impl SectionReader {
    /// Maps a file that must be the `expected` one and of this `kind`.
    pub(super) fn open(path: &Path, kind: u32, expected: &Sealed) -> Result<Self> {
        little_endian(path)?;
        let corrupt = |reason: &str| Error::corrupt(path, reason);
        let file = File::open(path).map_err(|cause| match cause.kind() {
            std::io::ErrorKind::NotFound => corrupt("it is missing"),
            _ => Error::read(path, &cause),
        })?;
        let length = file.metadata().map_err(|cause| Error::read(path, &cause))?.len();
        if length != expected.length {
            return Err(corrupt(&format!("it has {length} bytes instead of {}", expected.length)));
        }
        if length < (HEAD + FOOT) as u64 {
            return Err(corrupt("it is too short to be part of an index"));
        }
        let map = mmap::map(&file).map_err(|cause| Error::read(path, &cause))?;
        if map.len() as u64 != length {
            return Err(corrupt("its length changed while it was opened"));
        }
        let (head, foot) = (&map[..HEAD], &map[map.len() - FOOT..]);
        if &head[..8] != MAGIC {
            return Err(corrupt("it does not start as a part of an index does"));
        }
        let mut reader = Reader::new(&head[8..]);
        let (format, found_kind) = (reader.u32().unwrap_or(0), reader.u32().unwrap_or(0));
        if format > FORMAT {
            return Err(newer(path, u64::from(format)));
        }
        let (table, rows) = table(&map).ok_or_else(|| corrupt("its end is not where it should be"))?;
        if format != FORMAT || found_kind != kind || seal(&[head, table, foot]) != expected.seal {
            return Err(corrupt("its table was changed"));
        }
        Ok(Self { rows, file: Arc::new(Mapped { path: path.to_owned(), map }) })
    }

    pub(super) fn path(&self) -> &Path {
        &self.file.path
    }

    /// The error for a section whose contents cannot be.
    pub(super) fn corrupt(&self, reason: &str) -> Error {
        Error::corrupt(self.path(), reason)
    }

    /// The names of the sections, in their order.
    #[cfg(test)]
    pub(super) fn tags(&self) -> Vec<Tag> {
        self.rows.iter().map(|row| row.tag).collect()
    }

    /// Whether there is a section of this name.
    pub(super) fn has(&self, tag: &Tag) -> bool {
        self.rows.iter().any(|row| &row.tag == tag)
    }

    /// A section in place, whose blocks are checked when they are touched, or now where they are few: by their
    /// checksums, and by `valid`.
    pub(super) fn valid_store<T: Pod>(&self, tag: &Tag, valid: Valid) -> Result<Store<T>> {
        let name = String::from_utf8_lossy(tag).trim_end().to_owned();
        let Some(row) = self.rows.iter().find(|row| &row.tag == tag) else {
            return Err(self.corrupt(&format!("it has no section {name:?}")));
        };
        if bytemuck::try_cast_slice::<u8, T>(&self.file.map[row.bytes.clone()]).is_err() {
            return Err(self.corrupt(&format!("its section {name:?} ends inside of a number")));
        }
        let section = Section::new(self.file.clone(), name, row.bytes.clone(), row.sums, valid);
        if row.bytes.len() <= SMALL {
            section.check(0..row.bytes.len())?;
        }
        Ok(Store::File(section))
    }

    /// The same for numbers of which any can be.
    pub(super) fn store<T: Pod>(&self, tag: &Tag) -> Result<Store<T>> {
        self.valid_store(tag, |_| true)
    }

    /// A section in place, all of which is checked now.
    pub(super) fn whole<T: Pod>(&self, tag: &Tag) -> Result<Store<T>> {
        let store = self.store(tag)?;
        store.all()?;
        Ok(store)
    }

    /// A copy of a section, all of which is checked.
    pub(super) fn section(&self, tag: &Tag) -> Result<Vec<u8>> {
        Ok(self.whole::<u8>(tag)?.to_vec())
    }
}

/// The error for a file of a format that is not known yet.
pub(super) fn newer(path: &Path, format: u64) -> Error {
    Error::Version {
        path: path.display().to_string(),
        reason: format!("the index has format {format}, newer than format {FORMAT} of this ragopt: upgrade ragopt"),
    }
}

/// Numbers are used as they lie in the file.
fn little_endian(path: &Path) -> Result<()> {
    if cfg!(target_endian = "little") {
        return Ok(());
    }
    Err(Error::Version {
        path: path.display().to_string(),
        reason: "an index is little-endian, and this machine is not: use another machine".to_owned(),
    })
}

/// The bytes of the table and its rows, if all of the file is where it should be and the foot's checksum is right.
fn table(file: &[u8]) -> Option<(&[u8], Vec<Row>)> {
    let foot = file.len().checked_sub(FOOT)?;
    let mut reader = Reader::new(&file[foot..]);
    let (start, count, crc) = (usize::try_from(reader.u64()?).ok()?, reader.u32()?, reader.u32()?);
    if reader.take(8) != Some(END) || count > MOST_SECTIONS || start.checked_add(count as usize * ROW)? != foot {
        return None;
    }
    let table = &file[start..foot];
    let (mut rows, mut reader, mut position, mut blocks) = (Vec::new(), Reader::new(table), HEAD, 0usize);
    while !reader.is_empty() {
        let (tag, offset, length) = (reader.array()?, reader.u64()?, usize::try_from(reader.u64()?).ok()?);
        let offset = gap(file, position, usize::try_from(offset).ok()?)?;
        position = offset.checked_add(length).filter(|&end| end <= start)?;
        rows.push(Row { tag, bytes: offset..position, sums: blocks * SUM });
        blocks += length.div_ceil(BLOCK);
    }
    let sums = gap(file, position, position.next_multiple_of(ALIGNMENT))?;
    if sums + blocks * SUM != start || seal(&[&file[sums..start], table]) != crc {
        return None;
    }
    rows.iter_mut().for_each(|row| row.sums += sums);
    Some((table, rows))
}

/// `offset`, if it is where the next section after `position` starts and there is nothing between.
fn gap(file: &[u8], position: usize, offset: usize) -> Option<usize> {
    let between = file.get(position..offset)?;
    (offset == position.next_multiple_of(ALIGNMENT) && between.iter().all(|&byte| byte == 0)).then_some(offset)
}

fn seal(parts: &[&[u8]]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    parts.iter().for_each(|part| crc.update(part));
    crc.finalize()
}
