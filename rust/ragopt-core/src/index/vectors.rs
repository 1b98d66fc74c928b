//! The unit vectors of the chunks that have one.

use std::sync::OnceLock;

use super::lines::Lines;
use super::plane::Plane;
use crate::error::{Error, Result};
use crate::score::codes;
use crate::score::cosine::{self, Line, Wide};
use crate::types::{Bits, Ordinal};

/// A vector a chunk, at length 1, in lines of 16 dimensions. A zero vector is a missing one.
#[derive(Debug)]
pub struct Vectors {
    dimension: usize,
    rows: Lines,
    present: Bits,
    count: usize,
    plane: OnceLock<Option<Plane>>,
}

impl PartialEq for Vectors {
    fn eq(&self, other: &Self) -> bool {
        self.dimension == other.dimension && self.rows == other.rows
    }
}

impl Vectors {
    /// So many vectors are searched by their codes, which are made at once; before, only where they are asked for.
    pub(crate) const ENCODED: usize = 1024;

    /// Vectors by rows of `dimension` numbers each, at least 1, which are normalized here.
    ///
    /// # Errors
    /// What `refuse` makes of the row and the dimension of the first NaN or infinity.
    pub(super) fn of(dimension: usize, rows: &[f32], refuse: impl Fn(usize, usize) -> Error) -> Result<Self> {
        let width = cosine::lines_of(dimension);
        let mut lines = Lines::zeros(rows.len() / dimension * width)?;
        let pairs = rows.chunks_exact(dimension).zip(lines.as_mut_slice().chunks_exact_mut(width));
        for (i, (row, out)) in pairs.enumerate() {
            cosine::normalize(row, out).map_err(|place| refuse(i, place))?;
        }
        Ok(Self::from_lines(dimension, lines))
    }

    /// Vectors that are normalized already, by their lines.
    pub(super) fn from_lines(dimension: usize, rows: Lines) -> Self {
        let width = cosine::lines_of(dimension);
        let present = Bits::of(rows.as_slice().chunks_exact(width).map(|row| !cosine::is_zero(row)));
        let count = present.count();
        let vectors = Self { dimension, rows, present, count, plane: OnceLock::new() };
        if count >= Self::ENCODED {
            vectors.plane();
        }
        vectors
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
    #[must_use]
    pub fn get(&self, ordinal: Ordinal) -> Option<&[Line]> {
        let width = cosine::lines_of(self.dimension);
        let start = ordinal as usize * width;
        self.present.contains(ordinal).then(|| &self.rows.as_slice()[start..start + width])
    }

    /// The same as plain numbers.
    #[must_use]
    pub fn numbers(&self, ordinal: Ordinal) -> Option<Vec<f32>> {
        let row = self.get(ordinal)?;
        Some(row.iter().flat_map(|line| line.0).take(self.dimension).collect())
    }

    /// All rows, missing ones as zeros.
    pub(crate) fn rows(&self) -> &[Line] {
        self.rows.as_slice()
    }

    /// The vectors in a few bits, made when first asked for; None where they are too wide or memory is short.
    pub(crate) fn plane(&self) -> Option<&Plane> {
        let make = || if self.dimension <= codes::WIDEST { Plane::of(self).ok() } else { None };
        self.plane.get_or_init(make).as_ref()
    }

    /// The cosine of `query` and a chunk's vector; None if it is missing.
    pub(crate) fn cosine(&self, query: &[Wide], ordinal: Ordinal) -> Option<f64> {
        self.get(ordinal).map(|row| cosine::cosine(query, row))
    }

    /// Memory taken.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let plane = self.plane.get().and_then(Option::as_ref).map_or(0, Plane::bytes);
        self.rows.bytes() + self.present.len().div_ceil(8) + plane
    }
}
