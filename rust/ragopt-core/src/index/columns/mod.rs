//! The metadata of a segment's chunks, by field: what filters are evaluated on.
//!
//! A field has the keys of its different values in order (see [`Value`]), and for each chunk the number of its
//! key, so that every test is a run of numbers or a set of them. What a field's lists hold is kept the
//! other way round: for each element the chunks that hold it. They are a table and data, in memory as in the file:
//!
//! ```text
//! table:  chunks u32  fields u32
//!         for each field, by name:  name (u32 length, bytes)  form u8  values u32  value bytes u64  entries u32
//!                                   elements u32  element bytes u64  held u64
//! data, for each field:  value ends u64 …  value bytes
//!         codes: 1, 2 or 4 bytes a chunk, 0 for nothing; or if sparse 4 bytes an entry, then the ordinals of the entries u32 …
//!         element ends u64 …  element bytes  for each element the end of its chunks u64 …  the chunks u32 …
//! ```
//! The table is checked when a segment is opened, the data by its checksums where it is touched; what is not as it
//! must be all the same is treated as not being there.

mod build;
mod evaluate;
mod filter;
mod value;

use std::ops::Range;

use super::bytes::Reader;
use super::store::Store;
use crate::error::Result;
use crate::types::Ordinal;

pub(crate) use build::Builder;
pub use filter::Filter;
pub use value::{DEEPEST, Value};

/// The fields of one chunk with their values, each field once.
pub type Metadata = Vec<(Vec<u8>, Value<'static>)>;

/// The columns of one segment.
#[derive(Debug, PartialEq)]
pub(crate) struct Columns {
    table: Vec<u8>,
    data: Store<u8>,
    chunks: usize,
    /// In byte order of their names.
    fields: Vec<Field>,
}

/// Where the parts of a field lie in the data.
#[derive(Debug, Clone, PartialEq)]
struct Field {
    name: Vec<u8>,
    keys: Keys,
    form: Form,
    codes: Range<usize>,
    ordinals: Range<usize>,
    elements: Keys,
    held_ends: Range<usize>,
    held: Range<usize>,
}

/// How the numbers of the keys are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Bytes,
    Shorts,
    Words,
    /// For the chunks alone that have the field.
    Sparse,
}

/// Byte strings in ascending order: where their ends lie, and their bytes.
#[derive(Debug, Clone, PartialEq)]
struct Keys {
    ends: Range<usize>,
    bytes: Range<usize>,
}

impl Columns {
    /// Columns of `chunks` chunks.
    ///
    /// # Errors
    /// [`Error::Corrupt`](crate::error::Error::Corrupt) for a table that does not describe the data.
    pub(super) fn from_parts(table: Vec<u8>, data: Store<u8>, chunks: usize) -> Result<Self> {
        match fields(&table, data.len(), chunks) {
            Some(fields) if fields.is_sorted_by(|left, right| left.name < right.name) => {
                Ok(Self { table, data, chunks, fields })
            }
            _ => Err(data.corrupt("columns of metadata that do not fit")),
        }
    }

    /// What is saved: the table and the data.
    pub(super) fn parts(&self) -> (&[u8], &Store<u8>) {
        (&self.table, &self.data)
    }

    /// Whether every byte is as it was written.
    ///
    /// # Errors
    /// [`Error::Corrupt`](crate::error::Error::Corrupt) otherwise.
    pub(super) fn verify(&self) -> Result<()> {
        self.data.all().map(|_| ())
    }

    /// The names of the fields that any chunk has, in byte order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.fields.iter().map(|field| &field.name[..])
    }

    /// Memory taken.
    pub(crate) fn bytes(&self) -> usize {
        self.table.len() + self.data.bytes()
    }

    fn field(&self, name: &[u8]) -> Option<&Field> {
        let place = self.fields.binary_search_by(|field| field.name[..].cmp(name)).ok()?;
        self.fields.get(place)
    }
}

impl Field {
    /// The chunks whose list holds the element.
    fn holders<'a>(&self, data: &'a Store<u8>, element: u32) -> Result<impl Iterator<Item = Ordinal> + use<'a>> {
        let run = span(data, &self.held_ends, element as usize)?;
        let bytes = run.start.checked_mul(4).zip(run.end.checked_mul(4)).map(|(start, end)| start..end);
        Ok(evaluate::numbers(inside(data, &self.held, bytes.unwrap_or_default())?))
    }
}

impl Keys {
    fn len(&self) -> usize {
        self.ends.len() / 8
    }

    fn get<'a>(&self, data: &'a Store<u8>, place: usize) -> Result<&'a [u8]> {
        inside(data, &self.bytes, span(data, &self.ends, place)?)
    }

    /// How many come before the first that is not `before`.
    fn partition_point(&self, data: &Store<u8>, before: impl Fn(&[u8]) -> bool) -> Result<u32> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if before(self.get(data, middle)?) { low = middle + 1 } else { high = middle }
        }
        Ok(low as u32)
    }

    fn find(&self, data: &Store<u8>, key: &[u8]) -> Result<Option<u32>> {
        let place = self.partition_point(data, |other| other < key)?;
        Ok(((place as usize) < self.len() && self.get(data, place as usize)? == key).then_some(place))
    }
}

/// Bytes of the data, once they are known to be as they were written.
fn checked<'a>(data: &'a Store<u8>, range: &Range<usize>) -> Result<&'a [u8]> {
    data.part(range.start as u64, range.len() as u64)
}

/// The same of `range` inside of `part`; nothing if it does not lie there.
fn inside<'a>(data: &'a Store<u8>, part: &Range<usize>, range: Range<usize>) -> Result<&'a [u8]> {
    if range.start > range.end || range.end > part.len() {
        return Ok(&[]);
    }
    checked(data, &(part.start + range.start..part.start + range.end))
}

/// From the end of the one before to the end of `place`, both as the numbers in `ends` say.
fn span(data: &Store<u8>, ends: &Range<usize>, place: usize) -> Result<Range<usize>> {
    let end = |place: usize| {
        let bytes = inside(data, ends, 8 * place..8 * place + 8)?;
        Ok(bytes.first_chunk().map_or(usize::MAX, |bytes| u64::from_le_bytes(*bytes) as usize))
    };
    Ok(if place == 0 { 0 } else { end(place - 1)? }..end(place)?)
}

/// The fields that the table describes; None if they are not exactly `length` bytes of data.
fn fields(table: &[u8], length: usize, chunks: usize) -> Option<Vec<Field>> {
    let mut reader = Reader::new(table);
    if reader.u32()? as usize != chunks {
        return None;
    }
    let mut place = 0usize;
    let mut take = |count: u64, size: u64| {
        let start = place;
        place = start.checked_add(usize::try_from(count.checked_mul(size)?).ok()?)?;
        (place <= length).then_some(start..place)
    };
    let mut fields = Vec::new();
    for _ in 0..reader.u32()? {
        let name = reader.u32()? as usize;
        let name = reader.take(name)?.to_vec();
        let form = Form::of(reader.array::<1>()?[0])?;
        let keys = Keys { ends: take(reader.u32()?.into(), 8)?, bytes: take(reader.u64()?, 1)? };
        let entries = u64::from(reader.u32()?);
        let (coded, listed) = if form == Form::Sparse { (entries, entries) } else { (chunks as u64, 0) };
        let (codes, ordinals) = (take(coded, form.width())?, take(listed, 4)?);
        let count = u64::from(reader.u32()?);
        let elements = Keys { ends: take(count, 8)?, bytes: take(reader.u64()?, 1)? };
        let (held_ends, held) = (take(count, 8)?, take(reader.u64()?, 4)?);
        fields.push(Field { name, keys, form, codes, ordinals, elements, held_ends, held });
    }
    (reader.is_empty() && place == length).then_some(fields)
}

impl Form {
    fn of(number: u8) -> Option<Self> {
        [Self::Bytes, Self::Shorts, Self::Words, Self::Sparse].into_iter().find(|form| *form as u8 == number)
    }

    /// Bytes a code.
    fn width(self) -> u64 {
        match self {
            Self::Bytes => 1,
            Self::Shorts => 2,
            Self::Words | Self::Sparse => 4,
        }
    }
}

#[cfg(test)]
mod tests;
