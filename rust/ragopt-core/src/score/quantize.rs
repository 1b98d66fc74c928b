//! A vector to codes of 8 bits, and how far they are from it.

use super::codes::{Codes, SPAN};
use super::cosine::{LANES, Line};

/// Lines of a vector for one line of codes.
const LINES: usize = SPAN / LANES;

/// What is known of one row beside its codes: row − mean ≈ `scale` · (code − 127.5).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantized {
    pub scale: f32,
    /// An upper bound of ‖row − mean − 16 · scale · (high nibble − 7.5)‖.
    pub coarse: f32,
    /// An upper bound of ‖row − mean − scale · (code − 127.5)‖.
    pub fine: f32,
    /// An upper bound of ‖row − mean‖.
    pub length: f32,
}

/// Adding this to a number below 2^51 rounds it to an integer, which then stands in the lowest bits.
const INTEGER: f64 = 6_755_399_441_055_744.0; // 1.5 · 2^52

/// The codes of `row` less `mean`, for the two planes, and their distances.
///
/// Distances are computed in f64. A difference of two f32 and its product with a short integer err by
/// less than 2^-52 · 4 in all, as unit vectors have no component above 2; so over 2^16 dimensions a
/// distance errs by less than 2^-41 beside a factor of 1 + 2^-36 for the sum and the root. Both are
/// added before it is rounded up.
#[inline(always)]
pub(super) fn quantize(
    row: &[Line],
    mean: &[Line],
    dimension: usize,
    high: &mut [Codes],
    low: &mut [Codes],
) -> Quantized {
    let mut widest = [0.0f64; LANES];
    let mut squares = [0.0f64; LANES];
    for (line, mean) in row.iter().zip(mean) {
        for i in 0..LANES {
            let y = f64::from(line.0[i]) - f64::from(mean.0[i]);
            widest[i] = widest[i].max(y.abs());
            squares[i] += y * y;
        }
    }
    let widest = widest.into_iter().fold(0.0, f64::max);
    let scale = ((widest / 128.0) as f32).next_up();
    let (factor, inverse) = (f64::from(scale), 1.0 / f64::from(scale));
    let (mut coarse, mut fine) = ([0.0f64; LANES], [0.0f64; LANES]);
    let planes = high.iter_mut().zip(low.iter_mut());
    for ((rows, means), (l, (high, low))) in row.chunks(LINES).zip(mean.chunks(LINES)).zip(planes.enumerate()) {
        let mut codes = [0u8; SPAN];
        let parts = rows.iter().zip(means).zip(codes.as_chunks_mut::<LANES>().0);
        for (part, ((line, mean), codes)) in parts.enumerate() {
            let live = live(dimension.saturating_sub(l * SPAN + part * LANES));
            for i in 0..LANES {
                let y = f64::from(line.0[i]) - f64::from(mean.0[i]);
                let rounded = (y * inverse + 127.5).clamp(0.0, 255.0) + INTEGER;
                let code = rounded.to_bits() as u32 & 255;
                let nibble = f64::from((code >> 4) as i32);
                let near = (y - factor * (rounded - INTEGER - 127.5)) * live[i];
                let far = (y - factor * (16.0 * nibble - 120.0)) * live[i];
                fine[i] += near * near;
                coarse[i] += far * far;
                codes[i] = code as u8;
            }
        }
        for j in 0..64 {
            let (first, second) = (codes[j], codes[64 + j]);
            high.0[j] = first >> 4 | second & 0xf0;
            low.0[j] = first & 15 | second << 4;
        }
    }
    let sum = |lanes: [f64; LANES]| up(lanes.iter().sum::<f64>().sqrt());
    Quantized { scale, coarse: sum(coarse), fine: sum(fine), length: sum(squares) }
}

/// 1 for each of the first `count` lanes, 0 for the others: beyond the dimension there is nothing to be far from.
#[inline(always)]
fn live(count: usize) -> [f64; LANES] {
    if count >= LANES {
        return [1.0; LANES];
    }
    std::array::from_fn(|i| f64::from(u8::from(i < count)))
}

/// A distance with its rounding errors, as f32 and not below.
fn up(distance: f64) -> f32 {
    ((distance * (1.0 + 1e-9) + 1e-12) as f32).next_up()
}

#[cfg(test)]
mod tests {
    use super::super::codes::{self, Codes};
    use super::super::codes_simd;
    use super::super::cosine::{self, LANES, Line, ZERO};
    use super::super::cpu::{self, Path};
    use super::Quantized;
    use proptest::prelude::*;

    /// Components that spread over the whole range, that cancel, that are one huge among tiny ones, or denormal.
    fn component() -> impl Strategy<Value = f32> {
        prop_oneof![
            4 => -1.0f32..1.0,
            1 => Just(0.0),
            1 => Just(1e30f32),
            1 => (0u32..9).prop_map(f32::from_bits),
            1 => -1e-20f32..1e-20,
        ]
    }

    fn unit(row: &[f32]) -> Vec<Line> {
        let mut lines = vec![ZERO; cosine::lines_of(row.len())];
        cosine::normalize(row, &mut lines).expect("finite");
        lines
    }

    fn run(path: Path, row: &[Line], mean: &[Line], dimension: usize) -> (Quantized, Vec<Codes>, Vec<Codes>) {
        let mut planes = [(); 2].map(|()| vec![Codes([0; 64]); codes::lines_of(dimension)]);
        let [high, low] = &mut planes;
        let quantized = codes_simd::quantize(path, row, mean, dimension, high, low);
        let [high, low] = planes;
        (quantized, high, low)
    }

    proptest! {
        #[test]
        fn codes_are_as_far_as_is_said(
            dimension in prop::sample::select(vec![1usize, 2, 15, 16, 17, 127, 128, 129, 383]),
            row in prop::collection::vec(component(), 383),
            other in prop::collection::vec(component(), 383),
        ) {
            let (row, mean) = (unit(&row[..dimension]), unit(&other[..dimension]));
            let (got, high, low) = run(Path::Scalar, &row, &mean, dimension);
            let (mut coarse, mut fine, mut length) = (0.0f64, 0.0f64, 0.0f64);
            for d in 0..dimension {
                let y = f64::from(row[d / LANES].0[d % LANES]) - f64::from(mean[d / LANES].0[d % LANES]);
                let (line, j, shift) = (d / 128, d % 64, if d % 128 < 64 { 0 } else { 4 });
                let (h, l) = (high[line].0[j] >> shift & 15, low[line].0[j] >> shift & 15);
                let scale = f64::from(got.scale);
                coarse += (y - 16.0 * scale * (f64::from(h) - 7.5)).powi(2);
                fine += (y - scale * (f64::from(16 * h + l) - 127.5)).powi(2);
                length += y * y;
            }
            for (bound, distance) in [(got.coarse, coarse), (got.fine, fine), (got.length, length)] {
                let distance = distance.sqrt();
                prop_assert!(f64::from(bound) >= distance && f64::from(bound) <= distance * (1.0 + 1e-6) + 2e-12);
            }
            // Half a step in each dimension at most.
            prop_assert!(f64::from(got.fine) <= f64::from(got.scale) * 0.5001 * (dimension as f64).sqrt() + 2e-12);
            for path in Path::ALL.iter().copied().filter(|&path| path <= cpu::widest()) {
                prop_assert_eq!(&run(path, &row, &mean, dimension), &(got, high.clone(), low.clone()));
            }
        }
    }
}
