//! Dot products of integer codes: a few bits a dimension, which bound a cosine before it is computed.
//!
//! A chunk's vector is kept in two planes of 4 bits a dimension: its *high* nibbles, which a scan
//! reads alone, and its *low* ones, which sharpen what the scan could not decide. A plane has lines
//! of 128 dimensions in 64 bytes: byte j of a line holds dimension j in its low half and dimension
//! 64 + j in its high half. The last line is padded with dimensions whose query is 0.
//!
//! All numbers here are integers that cannot overflow (see [`WIDEST`]), so every path gives the same.

use bytemuck::{Pod, Zeroable};

use super::cosine::Line;
use super::cpu::Path;
pub use super::quantize::Quantized;
use super::{codes_group_simd, codes_simd};
use crate::types::Ordinal;

/// Dimensions of one line of codes.
pub const SPAN: usize = 128;

/// The widest vector whose sums fit: 127 · 15 · 2^20 < 2^31 for nibbles with a query of 8 bits, and
/// 128 · 255 · 2^16 < 2^31 for each of the two halves of a query of 16 bits.
pub const WIDEST: usize = 1 << 16;

/// 128 nibbles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(C, align(64))]
pub struct Codes(pub [u8; 64]);

/// 128 small integers of a query: for the low halves of a line, then for the high ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Weights {
    pub low: [i8; 64],
    pub high: [i8; 64],
}

/// An empty line of weights.
pub const NO_WEIGHTS: Weights = Weights { low: [0; 64], high: [0; 64] };

/// How many lines of codes a vector of `dimension` takes.
#[must_use]
pub fn lines_of(dimension: usize) -> usize {
    dimension.div_ceil(SPAN)
}

/// Numbers of 8 bits as lines of weights.
#[must_use]
pub fn weights(numbers: &[i8]) -> Vec<Weights> {
    let mut lines = vec![NO_WEIGHTS; lines_of(numbers.len())];
    for (line, part) in lines.iter_mut().zip(numbers.chunks(SPAN)) {
        for (i, &number) in part.iter().enumerate() {
            if i < 64 { line.low[i] = number } else { line.high[i - 64] = number }
        }
    }
    lines
}

/// Turns products with codes into upper bounds: `((2·sum − center) · beta · scale + radius · residual) + constant`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounding {
    /// Σ weights, 15 times for nibbles, 255 times for codes of 8 bits.
    pub center: i32,
    pub beta: f32,
    pub radius: f32,
    pub constant: f32,
}

impl Bounding {
    /// The bound of one row. Each operation rounds once, in this order, on every path. Twice a sum may not fit, but its
    /// distance from `center` does: at most 255 · 127 · [`WIDEST`].
    #[inline(always)]
    #[must_use]
    pub fn bound(&self, sum: i32, scale: f32, residual: f32) -> f32 {
        let centered = sum.wrapping_mul(2).wrapping_sub(self.center) as f32;
        (centered * self.beta * scale + self.radius * residual) + self.constant
    }
}

/// A query of 8 bits a dimension.
#[derive(Debug, Clone, Copy)]
pub struct Coarse<'a> {
    pub weights: &'a [Weights],
    pub bounding: Bounding,
}

/// Codes with what each row needs to be bounded.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// The high nibbles: as many lines a row as the query has.
    pub codes: &'a [Codes],
    /// The low ones, as many, where codes of 8 bits are meant.
    pub low: Option<&'a [Codes]>,
    pub scales: &'a [f32],
    pub residuals: &'a [f32],
}

impl<'a> Rows<'a> {
    /// The rows of a range.
    #[must_use]
    pub fn range(&self, width: usize, range: std::ops::Range<usize>) -> Self {
        let codes = range.start * width..range.end * width;
        Self {
            codes: &self.codes[codes.clone()],
            low: self.low.map(|low| &low[codes]),
            scales: &self.scales[range.clone()],
            residuals: &self.residuals[range],
        }
    }
}

/// Writes the upper bounds of all `rows` to `out`, which has their number.
pub fn bounds(query: &Coarse<'_>, rows: &Rows<'_>, out: &mut [f32]) {
    codes_simd::bounds(super::cpu::path(), query, rows, out);
}

/// Whether so many queries are better bounded by codes of 8 bits: these take twice the memory to read, but products of
/// bytes in any case where nibbles are taken apart for them, and leave a tenth of the rows.
#[must_use]
pub fn by_bytes(queries: usize) -> bool {
    codes_group_simd::by_bytes(super::cpu::path(), queries)
}

/// Queries as wide as each other, one or more, that share one reading of the rows, made ready for a path.
#[derive(Debug)]
pub struct Group<'a> {
    pub(super) path: Path,
    pub(super) queries: Vec<Coarse<'a>>,
    /// For [`Path::Amx`]: of each 16 queries, 64 dimensions a tile. A multiple of [`SIDE`] queries.
    #[cfg_attr(not(target_arch = "x86_64"), expect(dead_code, reason = "only AMX has tiles, and they are empty here"))]
    pub(super) tiles: Vec<Tile>,
}

/// Queries, and rows, that one step of [`Path::Amx`] takes.
pub(super) const SIDE: usize = 32;

/// 64 dimensions of 16 queries, or 4 dimensions of 16 rows 16 times.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Tile(pub(super) [[i8; 64]; 16]);

pub(super) const NO_TILE: Tile = Tile([[0; 64]; 16]);

impl<'a> Group<'a> {
    /// For the path in force.
    #[must_use]
    pub fn of(queries: Vec<Coarse<'a>>) -> Self {
        Self::on(super::cpu::path(), queries)
    }

    pub(super) fn on(path: Path, queries: Vec<Coarse<'a>>) -> Self {
        let steps = 2 * queries.first().map_or(0, |query| query.weights.len());
        assert!(queries.iter().all(|query| 2 * query.weights.len() == steps), "queries of one width");
        let filled = if path.is_tiled() { queries.len().next_multiple_of(SIDE) / 16 * steps } else { 0 };
        let mut tiles = vec![NO_TILE; filled];
        for (group, queries) in tiles.chunks_mut(steps.max(1)).zip(queries.chunks(16)) {
            for (q, query) in queries.iter().enumerate() {
                for (tiles, line) in group.as_chunks_mut::<2>().0.iter_mut().zip(query.weights) {
                    (tiles[0].0[q], tiles[1].0[q]) = (line.low, line.high);
                }
            }
        }
        Self { path, queries, tiles }
    }

    /// Writes the upper bounds of all `rows` for each query to `out`, `stride` after those of the query before.
    pub fn bounds(&self, rows: &Rows<'_>, stride: usize, out: &mut [f32]) {
        codes_group_simd::bounds(self, rows, stride, out);
    }

    /// Appends to the list of each query in `out` the rows, counted from `first`, whose bound is at least that in
    /// `leasts`, with their bounds.
    pub fn at_least(&self, leasts: &[f32], rows: &Rows<'_>, first: Ordinal, out: &mut [Vec<(f32, Ordinal)>]) {
        codes_group_simd::at_least(self, leasts, rows, first, out);
    }
}

/// Writes the upper bounds of the rows at `ordinals` to `out`, which has their number.
pub fn bounds_at(query: &Coarse<'_>, rows: &Rows<'_>, ordinals: &[Ordinal], out: &mut [f32]) {
    codes_simd::bounds_at(super::cpu::path(), query, rows, ordinals, out);
}

/// Appends to `out` the places (from `first`) and values of `bounds` that are at least `least`.
pub fn at_least(least: f32, bounds: &[f32], first: Ordinal, out: &mut Vec<(f32, Ordinal)>) {
    codes_simd::at_least(super::cpu::path(), least, bounds, first, out);
}

/// Adds `weight` times each of `numbers` to its bound, where there is one.
pub fn add_scaled(weight: f32, numbers: &[u16], bounds: &mut [f32]) {
    codes_simd::add_scaled(super::cpu::path(), weight, numbers, bounds);
}

/// Appends to `out` the products of codes of 8 bits, 16 · high + low, at `ordinals` with a query of 16 bits, given as
/// 256 · `query.0` + `query.1`.
pub fn fine_sums(
    query: (&[Weights], &[Weights]),
    planes: (&[Codes], &[Codes]),
    ordinals: &[Ordinal],
    out: &mut Vec<i64>,
) {
    codes_simd::fine_sums(super::cpu::path(), query, planes, ordinals, out);
}

/// Writes the codes of `row` less `mean`, both of `dimension`, to one row of each plane.
pub fn quantize(row: &[Line], mean: &[Line], dimension: usize, high: &mut [Codes], low: &mut [Codes]) -> Quantized {
    codes_simd::quantize(super::cpu::path(), row, mean, dimension, high, low)
}

/// The sum of one row of nibbles: what the other paths must equal.
#[must_use]
pub(super) fn nibble_sum(weights: &[Weights], row: &[Codes]) -> i32 {
    let mut sum = 0;
    for (line, codes) in weights.iter().zip(row) {
        for ((&code, &low), &high) in codes.0.iter().zip(&line.low).zip(&line.high) {
            sum += i32::from(code & 15) * i32::from(low) + i32::from(code >> 4) * i32::from(high);
        }
    }
    sum
}

/// The sum of one row of bytes: what the other paths must equal.
#[must_use]
pub(super) fn byte_sum(weights: &[Weights], high: &[Codes], low: &[Codes]) -> i32 {
    let mut sum = 0;
    for ((line, high), low) in weights.iter().zip(high).zip(low) {
        for i in 0..64 {
            let (h, l) = (high.0[i], low.0[i]);
            let (first, second) = ((h & 15) << 4 | (l & 15), (h & 0xf0) | l >> 4);
            sum += i32::from(first) * i32::from(line.low[i]) + i32::from(second) * i32::from(line.high[i]);
        }
    }
    sum
}
