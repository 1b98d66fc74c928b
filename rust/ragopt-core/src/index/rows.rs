//! Vectors that are being gathered: normalized, in blocks of memory that are given up one by one.

use super::pages::Pages;
use crate::error::{Error, Result};
use crate::score::cosine::{self, Line};

/// Lines of a block: so much lies twice in memory at most.
const BLOCK: usize = if cfg!(test) { 1 << 8 } else { 1 << 18 };

/// Unit vectors in lines, and zero rows where one is missing.
#[derive(Debug)]
pub(super) struct Rows {
    dimension: usize,
    width: usize,
    blocks: Vec<Pages<Line>>,
    /// Rows that every block takes.
    in_block: usize,
    count: usize,
}

impl Rows {
    /// No row yet, of `dimension` numbers, at least 1.
    pub(super) fn new(dimension: usize) -> Self {
        let width = cosine::lines_of(dimension);
        Self { dimension, width, blocks: Vec::new(), in_block: (BLOCK / width).max(1), count: 0 }
    }

    pub(super) fn dimension(&self) -> usize {
        self.dimension
    }

    /// Appends rows of [`Self::dimension`] numbers each, of any length, or none of them.
    ///
    /// # Errors
    /// What `refuse` makes of the row and the dimension of the first NaN or infinity.
    pub(super) fn push(&mut self, numbers: &[f32], refuse: impl Fn(usize, usize) -> Error) -> Result<()> {
        let before = self.count;
        for (i, row) in numbers.chunks_exact(self.dimension).enumerate() {
            if let Err(place) = cosine::normalize(row, self.next()?) {
                self.count = before;
                return Err(refuse(i, place));
            }
            self.count += 1;
        }
        Ok(())
    }

    /// Appends a row that is normalized already; None for a missing one.
    ///
    /// # Errors
    /// [`Error::Input`] where memory is short.
    pub(super) fn push_lines(&mut self, row: Option<&[Line]>) -> Result<()> {
        let next = self.next()?;
        match row {
            Some(row) => next.copy_from_slice(row),
            None => next.fill(cosine::ZERO),
        }
        self.count += 1;
        Ok(())
    }

    /// Bytes of all rows.
    pub(super) fn bytes(&self) -> usize {
        self.count * self.width * size_of::<Line>()
    }

    /// Where the next row goes.
    fn next(&mut self) -> Result<&mut [Line]> {
        let (block, place) = (self.count / self.in_block, self.count % self.in_block);
        if block == self.blocks.len() {
            self.blocks.push(Pages::zeros(self.in_block * self.width)?);
        }
        Ok(&mut self.blocks[block][place * self.width..][..self.width])
    }

    /// All rows in one piece. A block goes as soon as it was copied.
    pub(super) fn into_lines(self) -> Result<Pages<Line>> {
        let mut lines = Pages::zeros(self.count * self.width)?;
        for (block, place) in self.blocks.into_iter().zip(lines.chunks_mut(self.in_block * self.width)) {
            place.copy_from_slice(&block[..place.len()]);
        }
        Ok(lines)
    }
}
