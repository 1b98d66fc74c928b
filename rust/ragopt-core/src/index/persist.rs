//! A segment to a file and back: its lists lie in the file as they do in memory.
//!
//! What is small, or asked for by every search, is checked when a segment is opened: its ids, lengths, vocabulary and the
//! table of its terms. The rest is checked where it is touched first. A list is never trusted to name places of
//! another: [`Store::part`] looks, and the postings of a term are looked through before they are walked.

use std::path::Path;

use super::Segment;
use super::bytes::{put_u64s, u64s};
use super::columns::Columns;
use super::file::{Sealed, SectionReader, SectionWriter, Tag};
use super::plane::{Plane, Shape};
use super::postings::{MOST_CHUNKS, Postings};
use super::store::Store;
use super::strings::{Blobs, Ids, Strings};
use super::vectors::{self, Vectors};
use super::vocabulary::Vocabulary;
use crate::error::Result;
use crate::score::codes;
use crate::score::cosine::{Line, lines_of};
use crate::types::Bits;

const KIND: u32 = 2;

const SHAPE: &Tag = b"shape   ";
const IDS: [&Tag; 2] = [b"ids     ", b"ids.ends"];
const ID_ORDER: [&Tag; 2] = [b"ids.sort", b"ids.plac"];
const STORED: [&Tag; 2] = [b"stored  ", b"stor.end"];
const TERMS: [&Tag; 2] = [b"terms   ", b"term.end"];
const TERM_PLACES: &Tag = b"term.plc";
const TERM_TABLE: &Tag = b"postings";
const WORDS: &Tag = b"post.wrd";
const PLACES: &Tag = b"post.plc";
const STARTS: &Tag = b"post.sta";
const ODD: &Tag = b"post.odd";
const LENGTHS: &Tag = b"lengths ";
const PRESENT: &Tag = b"vec.pres";
const VECTORS: &Tag = b"vectors ";
const CODES: [&Tag; 2] = [b"codes.hi", b"codes.lo"];
const SCALES: [&Tag; 3] = [b"code.scl", b"code.crs", b"code.fin"];
const MEAN: &Tag = b"codes   ";
const COLUMNS: [&Tag; 2] = [b"columns ", b"col.data"];

/// Writes a segment to the file `path`.
pub(super) fn write_segment(segment: &Segment, path: &Path) -> Result<Sealed> {
    let mut file = SectionWriter::create(path, KIND)?;
    let dimension = segment.vectors.as_ref().map_or(0, Vectors::dimension);
    let shape = [segment.lengths.len() as u64, dimension as u64];
    file.section(SHAPE, std::iter::once(put_u64s(&shape)))?;
    write_blobs(&mut file, IDS, segment.ids.names().blobs())?;
    let (order, places) = segment.ids.sorted();
    file.numbers(ID_ORDER[0], order.all()?)?;
    file.numbers(ID_ORDER[1], places.all()?)?;
    write_blobs(&mut file, STORED, &segment.stored)?;
    write_blobs(&mut file, TERMS, segment.vocabulary.terms().blobs())?;
    file.numbers(TERM_PLACES, segment.vocabulary.places().all()?)?;
    let Postings { terms, words, places, starts, odd, .. } = &segment.postings;
    file.numbers(TERM_TABLE, terms.all()?)?;
    file.numbers(WORDS, words.all()?)?;
    file.numbers(PLACES, places.all()?)?;
    file.numbers(STARTS, starts.all()?)?;
    file.numbers(ODD, odd.all()?)?;
    file.numbers(LENGTHS, segment.lengths.all()?)?;
    if let Some(vectors) = &segment.vectors {
        file.numbers(PRESENT, vectors.present().words())?;
        file.numbers(VECTORS, vectors.rows()?)?;
        if vectors.encoded()
            && let Some(plane) = vectors.plane()?
        {
            write_plane(&mut file, plane)?;
        }
    }
    let (table, data) = segment.columns.parts();
    file.numbers(COLUMNS[0], table)?;
    file.numbers(COLUMNS[1], data.all()?)?;
    file.finish()
}

fn write_blobs(file: &mut SectionWriter, tags: [&Tag; 2], blobs: &Blobs) -> Result<()> {
    let (bytes, ends) = blobs.parts();
    file.numbers(tags[0], bytes.all()?)?;
    file.numbers(tags[1], ends.all()?)
}

fn write_plane(file: &mut SectionWriter, plane: &Plane) -> Result<()> {
    let mut numbers: Vec<f32> = vec![plane.longest(), plane.farthest()];
    numbers.extend(plane.mean().iter().flat_map(|line| line.0));
    file.numbers(MEAN, &numbers)?;
    file.numbers(CODES[0], plane.high.all()?)?;
    file.numbers(CODES[1], plane.low.all()?)?;
    file.numbers(SCALES[0], plane.scales.all()?)?;
    file.numbers(SCALES[1], plane.coarse.all()?)?;
    file.numbers(SCALES[2], plane.fine.all()?)
}

/// The segment in the file `path`.
pub(super) fn open_segment(path: &Path, sealed: &Sealed) -> Result<Segment> {
    let file = SectionReader::open(path, KIND, sealed)?;
    let shape = u64s(&file.section(SHAPE)?).and_then(|shape| <[u64; 2]>::try_from(shape).ok());
    let Some([chunks, dimension]) = shape else {
        return Err(file.corrupt("its shape does not fit"));
    };
    let lengths: Store<u32> = file.whole(LENGTHS)?;
    if lengths.len() as u64 != chunks || lengths.len() >= MOST_CHUNKS {
        return Err(file.corrupt("as many lengths as chunks are needed"));
    }
    let ids = Ids::from_parts(read_strings(&file, IDS)?, file.whole(ID_ORDER[0])?, file.whole(ID_ORDER[1])?)?;
    let stored = Blobs::from_parts(file.store(STORED[0])?, file.store(STORED[1])?);
    if ids.iter().len() != lengths.len() || stored.len() != lengths.len() {
        return Err(file.corrupt("as many ids and stored values as chunks are needed"));
    }
    let vocabulary = Vocabulary::from_parts(read_strings(&file, TERMS)?, file.whole(TERM_PLACES)?)?;
    let postings = Postings::from_parts(
        lengths.len(),
        file.whole(TERM_TABLE)?,
        file.store(WORDS)?,
        file.store(PLACES)?,
        file.store(STARTS)?,
        file.store(ODD)?,
    );
    if postings.terms() != vocabulary.len() {
        return Err(file.corrupt("as many postings as terms are needed"));
    }
    postings.look_ahead();
    let vectors = read_vectors(&file, dimension, lengths.len())?;
    let columns = Columns::from_parts(file.section(COLUMNS[0])?, file.store(COLUMNS[1])?, lengths.len())?;
    Ok(Segment::of(ids, stored, vocabulary, postings, lengths, vectors, columns))
}

fn read_strings(file: &SectionReader, tags: [&Tag; 2]) -> Result<Strings> {
    Strings::from_blobs(Blobs::from_parts(file.whole(tags[0])?, file.whole(tags[1])?))
}

fn read_vectors(file: &SectionReader, dimension: u64, chunks: usize) -> Result<Option<Vectors>> {
    if !file.has(VECTORS) {
        return if dimension == 0 { Ok(None) } else { Err(file.corrupt("it lacks its vectors")) };
    }
    let unfit = || file.corrupt("its vectors do not fit its chunks");
    let dimension = usize::try_from(dimension).ok().filter(|&dimension| dimension > 0).ok_or_else(unfit)?;
    let rows: Store<Line> = file.valid_store(VECTORS, vectors::valid)?;
    let present: Store<u64> = file.whole(PRESENT)?;
    if lines_of(dimension).checked_mul(chunks) != Some(rows.len()) {
        return Err(unfit());
    }
    let present = Bits::of_words(present.to_vec(), chunks).ok_or_else(unfit)?;
    let plane = if file.has(MEAN) { Some(read_plane(file, dimension, chunks)?) } else { None };
    let vectors = Vectors::from_parts(dimension, rows, present, plane);
    let planned = vectors.encoded() == file.has(MEAN);
    if planned { Ok(Some(vectors)) } else { Err(file.corrupt("its codes do not fit its vectors")) }
}

fn read_plane(file: &SectionReader, dimension: usize, chunks: usize) -> Result<Plane> {
    let unfit = || file.corrupt("its codes do not fit its vectors");
    let numbers: Store<f32> = file.whole(MEAN)?;
    let (width, lines) = (codes::lines_of(dimension), lines_of(dimension));
    let Some((&[longest, farthest], mean)) = numbers.split_first_chunk() else {
        return Err(unfit());
    };
    let mean: Vec<Line> = mean.as_chunks().0.iter().map(|numbers| Line(*numbers)).collect();
    let shape = Shape { width, mean, longest, farthest };
    let high_and_low = [file.store(CODES[0])?, file.store(CODES[1])?];
    let scales = file.valid_store(SCALES[0], |block| numbers_where(block, f32::is_finite))?;
    let residuals = |tag| file.valid_store(tag, |block| numbers_where(block, residual));
    let plane = Plane::from_parts(shape, high_and_low, [scales, residuals(SCALES[1])?, residuals(SCALES[2])?]);
    let codes = width.checked_mul(chunks);
    let fits = codes == Some(plane.high.len()) && codes == Some(plane.low.len()) && numbers.len() == 2 + 16 * lines;
    let rows = [&plane.scales, &plane.coarse, &plane.fine].iter().all(|numbers| numbers.len() == chunks);
    if fits && rows && numbers.iter().all(|number| number.is_finite()) { Ok(plane) } else { Err(unfit()) }
}

fn residual(number: f32) -> bool {
    number.is_finite() || number == f32::NEG_INFINITY
}

fn numbers_where(block: &[u8], valid: impl Fn(f32) -> bool) -> bool {
    block.as_chunks::<4>().0.iter().fold(true, |all, bytes| all & valid(f32::from_le_bytes(*bytes)))
}

impl Segment {
    /// Reads what every search reads, and what is better off in huge pages is copied there.
    ///
    /// # Errors
    /// [`Error::Corrupt`](crate::error::Error::Corrupt) for the first place that is damaged.
    pub(super) fn warm(&self) -> Result<()> {
        self.postings.warm()?;
        self.vectors.as_ref().map_or(Ok(()), Vectors::warm)
    }

    /// Whether every byte is as it was written, and every list what it must be.
    ///
    /// # Errors
    /// [`Error::Corrupt`](crate::error::Error::Corrupt) for the first that is not.
    pub(super) fn verify(&self) -> Result<()> {
        self.ids.verify()?;
        self.stored.verify()?;
        self.vocabulary.verify()?;
        self.postings.verify(&self.lengths)?;
        self.columns.verify()?;
        self.vectors.as_ref().map_or(Ok(()), Vectors::verify)
    }
}

#[cfg(test)]
mod damage;
#[cfg(test)]
mod tests;
