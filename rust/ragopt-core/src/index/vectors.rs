//! The unit vectors of the chunks that have one.

use std::sync::OnceLock;

use super::plane::Plane;
use super::rows::Rows;
use super::store::Store;
use crate::error::Result;
use crate::score::codes;
use crate::score::cosine::{self, LANES, Line, Wide};
use crate::types::{Bits, Ordinal};

/// A vector a chunk, at length 1, in lines of 16 dimensions. A zero vector is a missing one.
#[derive(Debug)]
pub struct Vectors {
    dimension: usize,
    rows: Store<Line>,
    present: Bits,
    count: usize,
    plane: OnceLock<Option<Plane>>,
}

impl PartialEq for Vectors {
    fn eq(&self, other: &Self) -> bool {
        self.dimension == other.dimension && self.present == other.present && self.rows == other.rows
    }
}

impl Vectors {
    /// So many vectors are searched by their codes, which are made at once and saved; before, only where they are
    /// asked for.
    pub(crate) const ENCODED: usize = 1024;

    /// The vectors of rows that were gathered.
    ///
    /// # Errors
    /// [`Error::Input`](crate::error::Error::Input) where memory is short.
    pub(super) fn of(rows: Rows) -> Result<Self> {
        let dimension = rows.dimension();
        let (width, lines) = (cosine::lines_of(dimension), rows.into_lines()?);
        let present = Bits::of(lines.chunks_exact(width).map(|row| !cosine::is_zero(row)));
        let vectors = Self::from_parts(dimension, Store::Pages(lines), present, None);
        if vectors.encoded() {
            vectors.plane()?;
        }
        Ok(vectors)
    }

    /// Vectors that are normalized already, by their lines, as many as `present` says.
    pub(super) fn from_parts(dimension: usize, rows: Store<Line>, present: Bits, plane: Option<Plane>) -> Self {
        let count = present.count();
        let plane = plane.map_or_else(OnceLock::new, |plane| OnceLock::from(Some(plane)));
        Self { dimension, rows, present, count, plane }
    }

    /// Whether its codes are made at once, and saved.
    pub(super) fn encoded(&self) -> bool {
        self.count >= Self::ENCODED && self.dimension <= codes::WIDEST
    }

    /// Numbers of a vector.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// How many chunks have a vector.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Which chunks have a vector.
    #[must_use]
    pub fn present(&self) -> &Bits {
        &self.present
    }

    /// The vector of a chunk; None if it is missing.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where its file is damaged, as for all that reads rows.
    pub fn get(&self, ordinal: Ordinal) -> Result<Option<&[Line]>> {
        if !self.present.contains(ordinal) {
            return Ok(None);
        }
        let width = cosine::lines_of(self.dimension) as u64;
        self.rows.part(u64::from(ordinal) * width, width).map(Some)
    }

    /// The same as plain numbers.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn numbers(&self, ordinal: Ordinal) -> Result<Option<Vec<f32>>> {
        let row = self.get(ordinal)?;
        Ok(row.map(|row| row.iter().flat_map(|line| line.0).take(self.dimension).collect()))
    }

    /// All rows, missing ones as zeros.
    pub(crate) fn rows(&self) -> Result<&[Line]> {
        self.rows.all()
    }

    /// The cosine of `query` and a chunk's vector; None if it is missing.
    pub(crate) fn cosine(&self, query: &[Wide], ordinal: Ordinal) -> Result<Option<f64>> {
        Ok(self.get(ordinal)?.map(|row| cosine::cosine(query, row)))
    }

    /// Appends to `out` the cosines of `query` and the rows at `ordinals`; 0 where the vector is missing.
    pub(crate) fn cosines(&self, query: &[Wide], ordinals: &[Ordinal], out: &mut Vec<f64>) -> Result<()> {
        self.rows.check_rows(cosine::lines_of(self.dimension), ordinals)?;
        cosine::cosines(query, &self.rows, ordinals, out);
        Ok(())
    }

    /// The vectors in a few bits, made when first asked for; None where they are too wide or memory is short.
    pub(crate) fn plane(&self) -> Result<Option<&Plane>> {
        if self.plane.get().is_none() {
            self.rows.all()?;
            // Not made under the lock: a process that is forked meanwhile would wait for it for ever.
            let plane = if self.dimension <= codes::WIDEST { Plane::of(self).ok() } else { None };
            let _ = self.plane.set(plane);
        }
        Ok(self.plane.get().and_then(Option::as_ref))
    }

    /// Brings the codes that every search reads into memory of their own, in huge pages.
    pub(super) fn warm(&self) -> Result<()> {
        match self.plane()? {
            Some(plane) => plane.warm(),
            None => self.rows().map(drop),
        }
    }

    /// Whether everything is as it was written, and the codes are those of the vectors.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where they are not.
    pub(super) fn verify(&self) -> Result<()> {
        let width = cosine::lines_of(self.dimension);
        let rows = self.rows()?.chunks_exact(width).map(|row| !cosine::is_zero(row));
        if Bits::of(rows) != self.present {
            return Err(self.rows.corrupt("vectors that are not where they should be"));
        }
        match self.plane.get() {
            Some(Some(plane)) => plane.verify(self),
            _ => Ok(()),
        }
    }

    /// Memory taken, or bytes of a file.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let plane = self.plane.get().and_then(Option::as_ref).map_or(0, Plane::bytes);
        self.rows.bytes() + self.present.len().div_ceil(8) + plane
    }
}

/// Whether a block of lines holds components of unit vectors, so that no product of them is more than a number.
pub(super) fn valid(block: &[u8]) -> bool {
    let components = block.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
    const { assert!(super::section::BLOCK.is_multiple_of(LANES * size_of::<f32>())) };
    components.fold(true, |valid, component| valid & (component.abs() < 2.0))
}
