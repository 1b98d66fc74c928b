//! Unit vectors and their dot products.
//!
//! Vectors are stored as f32, normalized in f64 before they are rounded. A product of two f32 is
//! exact in f64, so only the order of the additions decides the bits of a dot product. It is fixed:
//! dimension d goes to lane d mod 16, lanes are summed in the order of the dimensions, then folded
//! in halves (16, 8, 4, 2, 1). A fused multiply-add rounds once where multiply and add round once as
//! well, the product being exact, so instruction sets agree bit for bit (see `simd`).

use bytemuck::{Pod, Zeroable};

use super::simd;
use crate::types::Ordinal;

/// Lanes of a dot product, and the f32 of one cache line.
pub const LANES: usize = 16;

/// 16 stored dimensions; the last line of a vector is padded with zeros, which change no sum.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C, align(64))]
pub struct Line(pub [f32; LANES]);

/// 16 dimensions of a query.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C, align(64))]
pub struct Wide(pub [f64; LANES]);

/// An empty line.
pub const ZERO: Line = Line([0.0; LANES]);

/// How many lines a vector of `dimension` takes.
#[must_use]
pub fn lines_of(dimension: usize) -> usize {
    dimension.div_ceil(LANES)
}

/// Writes `row` at length 1 into `out`, which has its lines. A zero row stays zero: it has no direction.
///
/// # Errors
/// The first dimension that is NaN or infinite.
pub fn normalize(row: &[f32], out: &mut [Line]) -> Result<(), usize> {
    if let Some(dimension) = row.iter().position(|x| !x.is_finite()) {
        return Err(dimension);
    }
    // Squares of the smallest and the largest f32 are far inside of f64's range.
    let length = row.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt();
    let divisor = if length > 0.0 { length } else { 1.0 };
    for (line, part) in out.iter_mut().zip(row.chunks(LANES)) {
        *line = ZERO;
        for (slot, &x) in line.0.iter_mut().zip(part) {
            *slot = (f64::from(x) / divisor) as f32;
        }
    }
    Ok(())
}

/// The stored vector as the query side of dot products.
#[must_use]
pub fn widen(lines: &[Line]) -> Vec<Wide> {
    lines.iter().map(|line| Wide(line.0.map(f64::from))).collect()
}

/// Whether the vector is all zeros: missing.
#[must_use]
pub fn is_zero(lines: &[Line]) -> bool {
    lines.iter().all(|line| line.0.iter().all(|&x| x == 0.0))
}

/// The cosine of a query and one stored vector.
#[must_use]
pub fn cosine(query: &[Wide], row: &[Line]) -> f64 {
    let mut one = Vec::with_capacity(1);
    cosines(query, row, &[0], &mut one);
    one[0]
}

/// Appends to `out` the cosines of a query and the vectors at `ordinals` of `rows`, each of `query.len()` lines.
pub fn cosines(query: &[Wide], rows: &[Line], ordinals: &[Ordinal], out: &mut Vec<f64>) {
    let start = out.len();
    simd::dots(query, rows, ordinals, out);
    for dot in &mut out[start..] {
        *dot = dot.clamp(-1.0, 1.0);
    }
}

/// Sums the lanes in halves. A reduction order that vector registers can follow.
#[inline(always)]
pub(super) fn fold(lanes: [f64; LANES]) -> f64 {
    let mut sums = lanes;
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            sums[i] += sums[i + half];
        }
        half /= 2;
    }
    sums[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(row: &[f32]) -> Vec<Line> {
        let mut lines = vec![ZERO; lines_of(row.len())];
        normalize(row, &mut lines).expect("finite");
        lines
    }

    #[test]
    fn any_finite_length_is_normalized() {
        for value in [f32::from_bits(1), 1e-30, 1.0, 3e38] {
            let lines = unit(&[value, 0.0, -value]);
            let half = std::f32::consts::FRAC_1_SQRT_2;
            assert_eq!(lines[0].0[..3], [half, 0.0, -half], "{value:e}");
            assert!((cosine(&widen(&lines), &lines) - 1.0).abs() < 1e-7);
        }
    }

    #[test]
    fn a_zero_row_is_missing_and_nan_is_found() {
        assert!(is_zero(&unit(&[0.0, -0.0])));
        assert!(!is_zero(&unit(&[0.0, f32::from_bits(1)])));
        assert_eq!(normalize(&[1.0, f32::NAN], &mut [ZERO]), Err(1));
        assert_eq!(normalize(&[f32::NEG_INFINITY], &mut [ZERO]), Err(0));
    }

    #[test]
    fn cosines_stay_in_their_range() {
        let row: Vec<f32> = (0..384).map(|i| ((i * 37) % 11) as f32 - 5.0).collect();
        let lines = unit(&row);
        let query = widen(&lines);
        assert!(cosine(&query, &lines) <= 1.0);
        let opposite = unit(&row.iter().map(|x| -x).collect::<Vec<_>>());
        assert!(cosine(&query, &opposite) >= -1.0);
    }
}
