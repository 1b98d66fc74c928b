//! The vectors once more in 4 + 4 bits a dimension, with how far that is from them.
//!
//! Made when an index is built, and saved, so that an opened one can be searched before its vectors are read. The
//! mean of all vectors is taken off first: what is left is shorter, so its codes are nearer (a good part where an
//! embedder crowds its vectors into a corner).

use std::ops::Range;
use std::sync::OnceLock;

use rayon::prelude::*;

use super::pages::Pages;
use super::store::Store;
use super::vectors::Vectors;
use crate::error::{Error, Result};
use crate::score::codes::{self, Codes, Rows};
use crate::score::cosine::{LANES, Line, ZERO};
use crate::types::Ordinal;

/// Rows that one thread takes at a time.
const BATCH: usize = 4096;

/// Codes of all chunks, in the order of the chunks. A missing vector has the residual −∞: its bound is −∞.
#[derive(Debug)]
pub(crate) struct Plane {
    pub(super) shape: Shape,
    pub(super) high: Store<Codes>,
    pub(super) low: Store<Codes>,
    pub(super) scales: Store<f32>,
    pub(super) coarse: Store<f32>,
    pub(super) fine: Store<f32>,
    /// The high nibbles once more, in huge pages, where an opened index was warmed.
    warm: OnceLock<Pages<Codes>>,
}

/// What bounds rows by all their bits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fine<'a> {
    /// High and low nibbles.
    pub(crate) planes: (&'a [Codes], &'a [Codes]),
    pub(crate) scales: &'a [f32],
    /// The distance of each row from its codes of 8 bits.
    pub(crate) residuals: &'a [f32],
}

/// What holds for all rows.
#[derive(Debug, PartialEq)]
pub(super) struct Shape {
    /// Lines of codes a row.
    pub(super) width: usize,
    pub(super) mean: Vec<Line>,
    /// No row is further from the mean.
    pub(super) longest: f32,
    /// No residual of the high plane is larger.
    pub(super) farthest: f32,
}

impl Plane {
    /// The plane of `vectors`, of at most [`codes::WIDEST`] dimensions. Its threads are its own, so that it can be
    /// made in a process that was forked. They are waited for by a thread that belongs to no pool: a worker of a batch
    /// that asks first would take up the next question while it waits, and that one asks for the same plane.
    pub(super) fn of(vectors: &Vectors) -> Result<Self> {
        let threads = rayon::ThreadPoolBuilder::new()
            .build()
            .map_err(|cause| Error::Input(format!("no threads to encode vectors with: {cause}")))?;
        std::thread::scope(|scope| scope.spawn(|| threads.install(|| Self::fill(vectors))).join())
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    fn fill(vectors: &Vectors) -> Result<Self> {
        let (count, dimension) = (vectors.present().len(), vectors.dimension());
        let rows = vectors.rows()?;
        let (width, span) = (codes::lines_of(dimension), rows.len() / count.max(1));
        let mean = mean(rows, vectors.count(), span);
        let (mut high, mut low) = (Pages::<Codes>::zeros(count * width)?, Pages::<Codes>::zeros(count * width)?);
        let (mut scales, mut coarse, mut fine) = (vec![0.0; count], vec![0.0; count], vec![0.0; count]);
        let longest = rows
            .par_chunks((BATCH * span).max(1))
            .zip(high.par_chunks_mut(BATCH * width))
            .zip(low.par_chunks_mut(BATCH * width))
            .zip(scales.par_chunks_mut(BATCH).zip(coarse.par_chunks_mut(BATCH)).zip(fine.par_chunks_mut(BATCH)))
            .enumerate()
            .map(|(b, (((rows, high), low), ((scales, coarse), fine)))| {
                let mut longest = 0.0f32;
                for (i, row) in rows.chunks_exact(span).enumerate() {
                    let codes = i * width..(i + 1) * width;
                    if vectors.present().contains((b * BATCH + i) as u32) {
                        let (high, low) = (&mut high[codes.clone()], &mut low[codes]);
                        let quantized = codes::quantize(row, &mean, dimension, high, low);
                        (scales[i], coarse[i], fine[i]) = (quantized.scale, quantized.coarse, quantized.fine);
                        longest = longest.max(quantized.length);
                    } else {
                        (coarse[i], fine[i]) = (f32::NEG_INFINITY, f32::NEG_INFINITY);
                    }
                }
                longest
            })
            .reduce(|| 0.0, f32::max);
        let farthest = coarse.iter().copied().fold(0.0, f32::max);
        let shape = Shape { width, mean, longest, farthest };
        Ok(Self::from_parts(shape, [Store::Pages(high), Store::Pages(low)], [scales, coarse, fine].map(Store::Own)))
    }

    /// A plane of its parts: the high and the low codes; scales, and residuals of the high codes and of both.
    pub(super) fn from_parts(shape: Shape, codes: [Store<Codes>; 2], numbers: [Store<f32>; 3]) -> Self {
        let ([high, low], [scales, coarse, fine]) = (codes, numbers);
        Self { shape, high, low, scales, coarse, fine, warm: OnceLock::new() }
    }

    /// Taken off each row before it was encoded.
    pub(crate) fn mean(&self) -> &[Line] {
        &self.shape.mean
    }

    /// No row is further from the mean than this.
    pub(crate) fn longest(&self) -> f32 {
        self.shape.longest
    }

    /// No row is further from its high nibbles than this.
    pub(crate) fn farthest(&self) -> f32 {
        self.shape.farthest
    }

    /// The rows of a range as their high nibbles tell them.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where their file is damaged.
    pub(crate) fn rows(&self, range: Range<usize>) -> Result<Rows<'_>> {
        let width = self.shape.width;
        self.scales.check(range.clone())?;
        self.coarse.check(range.clone())?;
        if self.warm.get().is_none() {
            self.high.check(range.start * width..range.end * width)?;
        }
        Ok(self.high_rows().range(width, range))
    }

    /// The same as all their bits tell them.
    ///
    /// # Errors
    /// As [`Self::rows`].
    pub(crate) fn bytes_of(&self, range: Range<usize>) -> Result<Rows<'_>> {
        let lines = range.start * self.shape.width..range.end * self.shape.width;
        self.fine.check(range.clone())?;
        self.low.check(lines.clone())?;
        let rows = self.rows(range.clone())?;
        Ok(Rows { low: Some(&self.low[lines]), residuals: &self.fine[range], ..rows })
    }

    /// How far each row is from its codes of 8 bits, at most: of those that [`Self::bytes_of`] was asked for.
    pub(crate) fn residuals(&self) -> &[f32] {
        &self.fine
    }

    /// All rows, of which those at `ordinals` may be looked at.
    ///
    /// # Errors
    /// As [`Self::rows`].
    pub(crate) fn rows_at(&self, ordinals: &[Ordinal]) -> Result<Rows<'_>> {
        self.scales.check_rows(1, ordinals)?;
        self.coarse.check_rows(1, ordinals)?;
        self.high.check_rows(self.shape.width, ordinals)?;
        Ok(self.high_rows())
    }

    /// All rows with all their bits, of which those at `ordinals` may be looked at.
    ///
    /// # Errors
    /// As [`Self::rows`].
    pub(crate) fn fine_at(&self, ordinals: &[Ordinal]) -> Result<Fine<'_>> {
        self.scales.check_rows(1, ordinals)?;
        self.fine.check_rows(1, ordinals)?;
        self.high.check_rows(self.shape.width, ordinals)?;
        self.low.check_rows(self.shape.width, ordinals)?;
        Ok(Fine { planes: (&self.high, &self.low), scales: &self.scales, residuals: &self.fine })
    }

    fn high_rows(&self) -> Rows<'_> {
        let codes = self.warm.get().map_or(&self.high[..], |warm| &warm[..]);
        Rows { codes, low: None, scales: &self.scales, residuals: &self.coarse }
    }

    /// Copies the high nibbles into huge pages, if they lie in a file, and reads what goes with them.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where their file is damaged, [`Error::Input`] where memory is short.
    pub(super) fn warm(&self) -> Result<()> {
        self.scales.all()?;
        self.coarse.all()?;
        if self.warm.get().is_none() && self.high.is_mapped() {
            let high = self.high.all()?;
            let mut pages = Pages::zeros(high.len())?;
            pages.copy_from_slice(high);
            let _ = self.warm.set(pages);
        }
        Ok(())
    }

    /// Whether everything is as it was written, and the codes are those of `vectors`.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where they are not.
    pub(super) fn verify(&self, vectors: &Vectors) -> Result<()> {
        let (high, low) = (self.high.all()?, self.low.all()?);
        let numbers = [self.scales.all()?, self.coarse.all()?, self.fine.all()?];
        let made = Self::of(vectors)?;
        let same = self.shape == made.shape && high == &made.high[..] && low == &made.low[..];
        if same && numbers == [&made.scales[..], &made.coarse[..], &made.fine[..]] {
            Ok(())
        } else {
            Err(self.high.corrupt("codes that are not those of its vectors"))
        }
    }

    /// Memory taken, or bytes of a file.
    pub(super) fn bytes(&self) -> usize {
        let numbers = self.scales.bytes() + self.coarse.bytes() + self.fine.bytes();
        let warm = self.warm.get().map_or(0, |warm| size_of_val(&warm[..]));
        self.high.bytes() + self.low.bytes() + numbers + warm
    }
}

/// The mean of the vectors that are there; parts are added up in their order, whatever thread made them.
fn mean(rows: &[Line], count: usize, span: usize) -> Vec<Line> {
    let parts: Vec<Vec<f64>> = rows
        .par_chunks((BATCH * span).max(1))
        .map(|rows| {
            let mut sums = vec![0.0; span * LANES];
            for row in rows.chunks_exact(span) {
                for (sums, line) in sums.as_chunks_mut::<LANES>().0.iter_mut().zip(row) {
                    for (sum, &x) in sums.iter_mut().zip(&line.0) {
                        *sum += f64::from(x);
                    }
                }
            }
            sums
        })
        .collect();
    let mut mean = vec![ZERO; span];
    for (d, slot) in mean.iter_mut().flat_map(|line| &mut line.0).enumerate() {
        let sum: f64 = parts.iter().map(|part| part[d]).sum();
        *slot = (sum / count.max(1) as f64) as f32;
    }
    mean
}
