//! Upper bounds of cosines, from a few bits of each vector.
//!
//! Let q be the query and x a stored vector, both f32 of length 1, and y = x − μ with the plane's
//! mean μ. The plane has y ≈ s·v with short numbers v, and knows ρ ≥ ‖y − s·v‖. The query is
//! q = b·w + e with small integers w. Then
//!
//! ```text
//! q·x = q·μ + b·s·(w·v) + b·w·(y − s·v) + e·y  ≤  b·s·(w·v) + ‖b·w‖·ρ + (q·μ + ‖e‖·Y),    Y ≥ ‖y‖ of any row,
//! ```
//!
//! twice by Cauchy and Schwarz. w·v is an integer (or a half of one) and exact. Three stages use it:
//!
//! - *coarse*: v = 16·(h − 7.5), h the high nibble, w of 8 bits; w·v = 8·(2·Σwh − 15·Σw). In f32:
//!   `((2Σwh − 15Σw)·(8b)·s + ‖bw‖·ρ) + C`. Each of the six roundings (the conversion, three products,
//!   two sums; b and s are f32 by definition, ‖bw‖ and ρ rounded up) errs by at most 2^-24 of its
//!   result, and no result exceeds P = ‖bw‖·(Y + 2·ρ') + |C|, ρ' the largest ρ, as ‖s·v‖ ≤ Y + ρ'.
//!   All err together by less than 6·2^-24·P·(1 + 2^-20) < 2^-21·P.
//! - *middle*, for many queries at once: v = c − 127.5, c all 8 bits, w of 8 bits; w·v = (2·Σwc − 255·Σw)/2. In f32 as
//!   above, with b/2 for 8b. ρ' is not kept, but no dimension is further from its code than s/2, and s ≤ Y/128·(1 + 2^-22),
//!   so ρ' < Y·√n/255 + 10^-9 with what [`crate::score::codes::quantize`] adds to it.
//! - *fine*: v as there, w of 16 bits, in f64, whose roundings are below 2^-48·P.
//!
//! The middle stage knows also how low a cosine can be: the same with minus where Cauchy and Schwarz have plus, so below
//! the bound by 2·(‖bw‖·ρ + ‖e‖·Y), what the constant was raised by (once) and what roundings and cuts make (again).
//!
//! What is bounded is not q·x but what [`crate::score::cosine::cosine`] computes of it: a sum in f64 of
//! exact products, which errs by at most (n/16 + 5)·2^-53·‖q‖·‖x‖ < 2^-40 for n ≤ 2^16 dimensions, then
//! cut at −1 and 1. The cut can only raise it from below −1, and as ‖q‖·‖x‖ ≤ 1 + 2^-22 (each component
//! is rounded once by 2^-24 of itself) by less than 2^-22 + 2^-40. q·μ in f64 errs by less than 2^-36.
//! So 2^-21 on either stage covers all that does not scale with P. The constants below are twice as large.

use super::sides::PartSide;
use super::up;
use crate::error::Result;
use crate::index::{Plane, Vectors};
use crate::score::codes::{self, Bounding, Coarse, Rows, Weights};
use crate::score::cosine::Wide;
use crate::types::Ordinal;

/// Beside P: more than rounding and cutting of the exact cosine.
const SLACK: f64 = 1.0 / (1u32 << 20) as f64;
/// Of P: more than the roundings of the coarse stage, and of the middle one.
const COARSE_SLACK: f64 = 1.0 / (1u32 << 20) as f64;
/// The largest number of a query of 8 bits, and of 16: 127 · 256, so that its upper half fits 8 bits.
const LARGEST: (f64, f64) = (127.0, 127.0 * 256.0);

/// A query against the plane of an index.
#[derive(Debug)]
pub(super) struct Dense<'a> {
    plane: &'a Plane,
    weights: Vec<Weights>,
    bounding: Bounding,
    /// Of the middle stage.
    middle: Bounding,
    /// Of it, what a cosine may be below its bound but for its row's residual.
    spread: f64,
    fine: Fine,
}

/// What the fine stage needs: w = 256 · large + small.
#[derive(Debug)]
struct Fine {
    large: Vec<Weights>,
    small: Vec<Weights>,
    factor: f64,
    total: f64,
    radius: f64,
    constant: f64,
}

/// b·w ≈ the query.
struct Rounded {
    factor: f32,
    numbers: Vec<i32>,
    /// Σ w
    total: i64,
    /// ‖b·w‖, not below.
    length: f64,
    /// ‖q − b·w‖, not below.
    error: f64,
}

impl<'a> Dense<'a> {
    /// `query` is not zero and as wide as the vectors of `part`.
    pub(super) fn of(query: &[Wide], part: &PartSide<'a>) -> Self {
        Self::against(query, part.vectors, part.plane)
    }

    pub(super) fn against(query: &[Wide], vectors: &Vectors, plane: &'a Plane) -> Self {
        let numbers: Vec<f64> = query.iter().flat_map(|wide| wide.0).take(vectors.dimension()).collect();
        let mean = plane.mean().iter().flat_map(|line| line.0);
        let offset = sum(numbers.iter().zip(mean).map(|(&q, m)| q * f64::from(m)));
        let (longest, farthest) = (f64::from(plane.longest()), f64::from(plane.farthest()));

        let eight = Rounded::of(&numbers, LARGEST.0);
        let constant = offset + eight.error * longest;
        let slack = |farthest: f64| SLACK + COARSE_SLACK * (eight.length * (longest + 2.0 * farthest) + constant.abs());
        let bounding = |levels: i64, step: f32, farthest: f64| Bounding {
            center: (levels * eight.total) as i32,
            beta: step * eight.factor,
            radius: up(eight.length),
            constant: up(constant + slack(farthest)),
        };
        let near = longest * (numbers.len() as f64).sqrt() / 255.0 + 1e-9;
        let bytes: Vec<i8> = eight.numbers.iter().map(|&w| w as i8).collect();

        let sixteen = Rounded::of(&numbers, LARGEST.1);
        let small = |w: i32| ((w + 128) & 255) - 128;
        let half =
            |of: &dyn Fn(i32) -> i32| codes::weights(&sixteen.numbers.iter().map(|&w| of(w) as i8).collect::<Vec<_>>());
        let fine = Fine {
            large: half(&|w| (w - small(w)) >> 8),
            small: half(&small),
            factor: f64::from(sixteen.factor),
            total: sixteen.total as f64,
            radius: sixteen.length,
            constant: offset + sixteen.error * longest + SLACK,
        };
        let (coarse, middle) = (bounding(15, 8.0, farthest), bounding(255, 0.5, near));
        let spread = 2.0 * (eight.error * longest + slack(near));
        Self { plane, weights: codes::weights(&bytes), bounding: coarse, middle, spread, fine }
    }

    /// The query against the high plane.
    pub(super) fn coarse(&self) -> Coarse<'_> {
        Coarse { weights: &self.weights, bounding: self.bounding }
    }

    /// The query against both planes.
    pub(super) fn middle(&self) -> Coarse<'_> {
        Coarse { weights: &self.weights, bounding: self.middle }
    }

    /// The rows of a range of chunks by both planes.
    pub(super) fn middle_rows(&self, range: std::ops::Range<usize>) -> Result<Rows<'a>> {
        self.plane.bytes_of(range)
    }

    /// Appends what the cosines of chunks with these middle bounds, of [`Self::middle_rows`], are not below.
    pub(super) fn lowest(&self, bounds: &[(f32, Ordinal)], out: &mut Vec<f64>) {
        let residuals = self.plane.residuals();
        let (radius, spread) = (2.0 * f64::from(self.middle.radius), self.spread);
        out.extend(bounds.iter().map(|&(bound, ordinal)| match residuals[ordinal as usize] {
            f32::NEG_INFINITY => f64::NEG_INFINITY, // it has no vector
            residual => f64::from(bound) - spread - radius * f64::from(residual),
        }));
    }

    /// The high plane's rows of a range of chunks.
    pub(super) fn rows(&self, range: std::ops::Range<usize>) -> Result<Rows<'a>> {
        self.plane.rows(range)
    }

    /// The bounds of the chunks from `start` on, as many as `out` takes.
    pub(super) fn bounds(&self, start: usize, out: &mut [f32]) -> Result<()> {
        codes::bounds(&self.coarse(), &self.rows(start..start + out.len())?, out);
        Ok(())
    }

    /// The bounds of the chunks at `ordinals`.
    pub(super) fn bounds_at(&self, ordinals: &[Ordinal], out: &mut [f32]) -> Result<()> {
        codes::bounds_at(&self.coarse(), &self.plane.rows_at(ordinals)?, ordinals, out);
        Ok(())
    }

    /// Appends sharper bounds of the chunks at `ordinals`; `sums` is room to work in.
    pub(super) fn fine_bounds(&self, ordinals: &[Ordinal], sums: &mut Vec<i64>, out: &mut Vec<f64>) -> Result<()> {
        sums.clear();
        let rows = self.plane.fine_at(ordinals)?;
        codes::fine_sums((&self.fine.large, &self.fine.small), rows.planes, ordinals, sums);
        let Fine { factor, total, radius, constant, .. } = self.fine;
        out.extend(ordinals.iter().zip(sums).map(|(&ordinal, &mut sum)| {
            let (scale, residual) = (rows.scales[ordinal as usize], rows.residuals[ordinal as usize]);
            let product = factor * f64::from(scale) * (sum as f64 - 127.5 * total);
            (product + radius * f64::from(residual) + constant).min(1.0)
        }));
        Ok(())
    }
}

/// The sum in lanes, which do not wait for one another.
fn sum(mut numbers: impl Iterator<Item = f64>) -> f64 {
    let mut lanes = [0.0; 8];
    loop {
        for lane in &mut lanes {
            match numbers.next() {
                Some(number) => *lane += number,
                None => return lanes.iter().sum(),
            }
        }
    }
}

impl Rounded {
    fn of(query: &[f64], largest: f64) -> Self {
        let widest = query.iter().fold(0.0f64, |widest, q| widest.max(q.abs()));
        let factor = ((widest / largest) as f32).next_up();
        let step = f64::from(factor);
        // Adding this rounds to an integer, ties to even, which then stands in the lowest bits.
        const INTEGER: f64 = 6_755_399_441_055_744.0; // 1.5 · 2^52
        let numbers: Vec<i32> = query.iter().map(|q| (q / step + INTEGER).to_bits() as i32).collect();
        let squares: i64 = numbers.iter().map(|&w| i64::from(w) * i64::from(w)).sum();
        let errors = sum(query.iter().zip(&numbers).map(|(q, &w)| (q - step * f64::from(w)).powi(2)));
        let above = |length: f64| length * (1.0 + 1e-9) + 1e-12; // more than what 2^16 roundings make
        Self {
            factor,
            total: numbers.iter().map(|&w| i64::from(w)).sum(),
            numbers,
            length: above(step * (squares as f64).sqrt()),
            error: above(errors.sqrt()),
        }
    }
}
