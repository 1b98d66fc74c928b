//! The vectors once more in 4 + 4 bits a dimension, with how far that is from them.
//!
//! Derived from the vectors when an index is built or opened, and not stored: making it takes less
//! time than reading it would. The mean of all vectors is taken off first: what is left is shorter,
//! so its codes are nearer (a good part where an embedder crowds its vectors into a corner).

use rayon::prelude::*;

use super::lines::Lines;
use super::vectors::Vectors;
use crate::error::{Error, Result};
use crate::score::codes::{self, Codes, Rows};
use crate::score::cosine::{LANES, Line, ZERO};

/// Rows that one thread takes at a time.
const BATCH: usize = 4096;

/// Codes of all chunks, in the order of the chunks. A missing vector has the residual −∞: its bound is −∞.
#[derive(Debug)]
pub(crate) struct Plane {
    /// Lines of codes a row.
    width: usize,
    mean: Vec<Line>,
    high: Lines,
    low: Lines,
    scales: Vec<f32>,
    coarse: Vec<f32>,
    fine: Vec<f32>,
    /// No row is further from the mean.
    longest: f32,
    /// No residual of the high plane is larger.
    farthest: f32,
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
        let (width, span) = (codes::lines_of(dimension), vectors.rows().len() / count.max(1));
        let mean = mean(vectors, span);
        let (mut high, mut low) = (Lines::zeros(count * width)?, Lines::zeros(count * width)?);
        let (mut scales, mut coarse, mut fine) = (vec![0.0; count], vec![0.0; count], vec![0.0; count]);
        let longest = vectors
            .rows()
            .par_chunks((BATCH * span).max(1))
            .zip(codes_mut(&mut high).par_chunks_mut(BATCH * width))
            .zip(codes_mut(&mut low).par_chunks_mut(BATCH * width))
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
        Ok(Self { width, mean, high, low, scales, coarse, fine, longest, farthest })
    }

    /// Taken off each row before it was encoded.
    pub(crate) fn mean(&self) -> &[Line] {
        &self.mean
    }

    /// No row is further from the mean than this.
    pub(crate) fn longest(&self) -> f32 {
        self.longest
    }

    /// No row is further from its high nibbles than this.
    pub(crate) fn farthest(&self) -> f32 {
        self.farthest
    }

    /// The rows as their high nibbles tell them.
    pub(crate) fn rows(&self) -> Rows<'_> {
        Rows { codes: bytemuck::cast_slice(self.high.as_slice()), scales: &self.scales, residuals: &self.coarse }
    }

    /// High and low nibbles.
    pub(crate) fn planes(&self) -> (&[Codes], &[Codes]) {
        (bytemuck::cast_slice(self.high.as_slice()), bytemuck::cast_slice(self.low.as_slice()))
    }

    /// The scale of a row, and its distance from its codes of 8 bits.
    pub(crate) fn fine(&self, ordinal: u32) -> (f32, f32) {
        (self.scales[ordinal as usize], self.fine[ordinal as usize])
    }

    /// Lines of codes a row.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Memory taken.
    pub(super) fn bytes(&self) -> usize {
        self.high.bytes() + self.low.bytes() + 3 * size_of::<f32>() * self.scales.len()
    }
}

fn codes_mut(lines: &mut Lines) -> &mut [Codes] {
    bytemuck::cast_slice_mut(lines.as_mut_slice())
}

/// The mean of the vectors that are there; parts are added up in their order, whatever thread made them.
fn mean(vectors: &Vectors, span: usize) -> Vec<Line> {
    let parts: Vec<Vec<f64>> = vectors
        .rows()
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
        *slot = (sum / vectors.count().max(1) as f64) as f32;
    }
    mean
}
