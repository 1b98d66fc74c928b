//! The products of [`super::codes`] by the widest instructions that this CPU has.
//!
//! Integers add up to the same in any order, and the bounds made of them are computed by the same
//! single roundings in the same order, so all paths agree bit for bit; the tests hold them to the
//! scalar one. A scan takes 16 rows at once, since what a row costs beside its bytes is the folding
//! of its register into one number, which 16 can share.
#![expect(unsafe_code, reason = "calls of functions compiled for a detected CPU")]

use super::codes::{Coarse, Codes, Rows, Weights, byte_sum, nibble_sum};
#[cfg(target_arch = "x86_64")]
use super::codes_x86_simd as x86;
use super::cosine::Line;
use super::cpu::Path;
#[cfg(target_arch = "aarch64")]
use super::neon_simd as neon;
use super::quantize::{self, Quantized};
use crate::types::Ordinal;

pub(super) fn bounds(path: Path, query: &Coarse<'_>, rows: &Rows<'_>, out: &mut [f32]) {
    if let Some(low) = rows.low {
        return bounds_by_bytes(path, query, rows, low, out);
    }
    let width = query.weights.len();
    assert!(
        rows.codes.len() == width * out.len() && rows.scales.len() == out.len() && rows.residuals.len() == out.len()
    );
    match path {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a path is only chosen if this CPU has its instructions; the lengths were checked.
        Path::Avx512 | Path::Amx => return unsafe { x86::bounds_avx512(query, rows, |i| i, out) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Path::Avx2 => return unsafe { x86::bounds_avx2(query, rows, |i| i, out) },
        #[cfg(target_arch = "aarch64")]
        // SAFETY: a path is only chosen if this CPU has its instructions.
        Path::Neon => return unsafe { neon::bounds(query, rows, |i| i, out) },
        Path::Scalar => {}
    }
    for (i, bound) in out.iter_mut().enumerate() {
        let sum = nibble_sum(query.weights, &rows.codes[i * width..(i + 1) * width]);
        *bound = query.bounding.bound(sum, rows.scales[i], rows.residuals[i]);
    }
}

fn bounds_by_bytes(path: Path, query: &Coarse<'_>, rows: &Rows<'_>, low: &[Codes], out: &mut [f32]) {
    let width = query.weights.len();
    for (i, bound) in out.iter_mut().enumerate() {
        let row = i * width..(i + 1) * width;
        let sum = byte_product(path, query.weights, &rows.codes[row.clone()], &low[row]);
        *bound = query.bounding.bound(sum, rows.scales[i], rows.residuals[i]);
    }
}

/// The sum of one row of bytes.
fn byte_product(path: Path, weights: &[Weights], high: &[Codes], low: &[Codes]) -> i32 {
    match path {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a path is only chosen if this CPU has its instructions.
        Path::Avx512 | Path::Amx | Path::Avx2 => unsafe { x86::bytes_avx2(weights, high, low) },
        #[cfg(target_arch = "aarch64")]
        // SAFETY: as above.
        Path::Neon => unsafe { neon::bytes(weights, high, low) },
        Path::Scalar => byte_sum(weights, high, low),
    }
}

pub(super) fn bounds_at(path: Path, query: &Coarse<'_>, rows: &Rows<'_>, ordinals: &[Ordinal], out: &mut [f32]) {
    let (width, count) = (query.weights.len(), rows.scales.len());
    assert!(rows.codes.len() == width * count && rows.residuals.len() == count && ordinals.len() == out.len());
    assert!(rows.low.is_none(), "rows that are jumped to have their high nibbles looked at");
    assert!(ordinals.iter().all(|&ordinal| (ordinal as usize) < count));
    match path {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a path is only chosen if this CPU has its instructions; lengths and ordinals were checked.
        Path::Avx512 | Path::Amx => return unsafe { x86::bounds_avx512(query, rows, |i| ordinals[i] as usize, out) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Path::Avx2 => return unsafe { x86::bounds_avx2(query, rows, |i| ordinals[i] as usize, out) },
        #[cfg(target_arch = "aarch64")]
        // SAFETY: a path is only chosen if this CPU has its instructions.
        Path::Neon => return unsafe { neon::bounds(query, rows, |i| ordinals[i] as usize, out) },
        Path::Scalar => {}
    }
    for (&ordinal, bound) in ordinals.iter().zip(out) {
        let i = ordinal as usize;
        let sum = nibble_sum(query.weights, &rows.codes[i * width..(i + 1) * width]);
        *bound = query.bounding.bound(sum, rows.scales[i], rows.residuals[i]);
    }
}

pub(super) fn at_least(path: Path, least: f32, bounds: &[f32], first: Ordinal, out: &mut Vec<(f32, Ordinal)>) {
    let (chunks, rest) = bounds.as_chunks::<64>();
    for (i, chunk) in chunks.iter().enumerate() {
        let any = match path {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a path is only chosen if this CPU has its instructions.
            Path::Avx512 | Path::Amx => unsafe { x86::any_avx512(least, chunk) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Path::Avx2 => unsafe { x86::any_avx2(least, chunk) },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: as above.
            Path::Neon => unsafe { neon::any(least, chunk) },
            Path::Scalar => chunk.iter().any(|&bound| bound >= least),
        };
        if any {
            keep(least, chunk, first + (64 * i) as Ordinal, out);
        }
    }
    keep(least, rest, first + (64 * chunks.len()) as Ordinal, out);
}

fn keep(least: f32, bounds: &[f32], first: Ordinal, out: &mut Vec<(f32, Ordinal)>) {
    out.extend(bounds.iter().zip(first..).filter(|&(&bound, _)| bound >= least).map(|(&bound, place)| (bound, place)));
}

pub(super) fn fine_sums(
    path: Path,
    (large, small): (&[Weights], &[Weights]),
    (high, low): (&[Codes], &[Codes]),
    ordinals: &[Ordinal],
    out: &mut Vec<i64>,
) {
    let width = large.len();
    assert!(small.len() == width && high.len() == low.len());
    let row = |ordinal: Ordinal| {
        let range = ordinal as usize * width..(ordinal as usize + 1) * width;
        (&high[range.clone()], &low[range])
    };
    for &ordinal in ordinals.iter().take(AHEAD) {
        let (high_row, low_row) = row(ordinal);
        fetch(high_row);
        fetch(low_row);
    }
    for (i, &ordinal) in ordinals.iter().enumerate() {
        let (high_row, low_row) = row(ordinal);
        if let Some(&ahead) = ordinals.get(i + AHEAD) {
            let (high_ahead, low_ahead) = row(ahead);
            fetch(high_ahead);
            fetch(low_ahead);
        }
        let (large, small) = match path {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a path is only chosen if this CPU has its instructions.
            Path::Avx512 | Path::Amx => unsafe { x86::bytes_avx512(large, small, high_row, low_row) },
            _ => (byte_product(path, large, high_row, low_row), byte_product(path, small, high_row, low_row)),
        };
        out.push(256 * i64::from(large) + i64::from(small));
    }
}

pub(super) fn add_scaled(path: Path, weight: f32, numbers: &[u16], bounds: &mut [f32]) {
    match path {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a path is only chosen if this CPU has its instructions.
        Path::Avx512 | Path::Amx => unsafe { x86::add_scaled_avx512(weight, numbers, bounds) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Path::Avx2 => unsafe { x86::add_scaled_avx2(weight, numbers, bounds) },
        _ => add_each(weight, numbers, bounds),
    }
}

/// Compiled for each path, since the compiler makes vectors of it by itself.
#[inline(always)]
pub(super) fn add_each(weight: f32, numbers: &[u16], bounds: &mut [f32]) {
    for (bound, &number) in bounds.iter_mut().zip(numbers) {
        *bound += weight * f32::from(number);
    }
}

/// See [`quantize::quantize`]: compiled for each path, since the compiler makes vectors of it by itself.
pub(super) fn quantize(
    path: Path,
    row: &[Line],
    mean: &[Line],
    dimension: usize,
    high: &mut [Codes],
    low: &mut [Codes],
) -> Quantized {
    match path {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a path is only chosen if this CPU has its instructions.
        Path::Avx512 | Path::Amx => unsafe { x86::quantize_avx512(row, mean, dimension, high, low) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Path::Avx2 => unsafe { x86::quantize_avx2(row, mean, dimension, high, low) },
        _ => quantize::quantize(row, mean, dimension, high, low),
    }
}

/// Asks for lines that will be needed: a walk that jumps is not foreseen by the hardware.
#[inline(always)]
fn fetch(lines: &[Codes]) {
    #[cfg(target_arch = "x86_64")]
    x86::fetch(lines);
    #[cfg(target_arch = "aarch64")]
    neon::fetch(lines);
    let _ = lines;
}

/// How many rows ahead of a jumping walk memory is asked for.
const AHEAD: usize = 12;

#[cfg(test)]
mod tests {
    use super::super::codes::{Bounding, weights};
    use super::super::cpu;
    use super::*;
    use proptest::prelude::*;

    fn codes(count: usize, bytes: &[u8]) -> Vec<Codes> {
        (0..count).map(|i| Codes(std::array::from_fn(|j| bytes[(i * 64 + j) % bytes.len()]))).collect()
    }

    proptest! {
        #[test]
        fn every_path_has_the_bits_of_the_scalar_one(
            count in 0usize..70,
            numbers in prop::collection::vec(any::<i8>(), 1..600),
            bytes in prop::collection::vec(any::<u8>(), 1..200),
            factors in prop::collection::vec(-1e3f32..1e3, 3),
        ) {
            let query = weights(&numbers);
            let width = query.len();
            let (high, low) = (codes(count * width, &bytes), codes(count * width, &bytes[bytes.len() / 2..]));
            let scales: Vec<f32> = (0..count).map(|i| factors[0] * i as f32).collect();
            let bounding = Bounding { center: 77, beta: factors[1], radius: 0.3, constant: factors[2] };
            let coarse = Coarse { weights: &query, bounding };
            let rows = Rows { codes: &high, low: None, scales: &scales, residuals: &scales };
            let ordinals: Vec<Ordinal> = (0..count as Ordinal).rev().collect();
            let run = |path| {
                let (mut all, mut some) = (vec![0.0; count], vec![0.0; count]);
                bounds(path, &coarse, &rows, &mut all);
                bounds_at(path, &coarse, &rows, &ordinals, &mut some);
                assert!(all.iter().rev().map(|bound| bound.to_bits()).eq(some.iter().map(|bound| bound.to_bits())));
                let (mut fine, mut kept) = (Vec::new(), Vec::new());
                fine_sums(path, (&query, &query), (&high, &low), &ordinals, &mut fine);
                at_least(path, factors[2], &all, 5, &mut kept);
                let numbers: Vec<u16> = (0..count).map(|i| (i * 977) as u16).collect();
                add_scaled(path, factors[1], &numbers, &mut some);
                let bits = |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect::<Vec<_>>();
                (bits(all), bits(some), fine, kept)
            };
            let expected = run(Path::Scalar);
            for path in Path::ALL.iter().copied().filter(|&path| path <= cpu::widest()) {
                prop_assert_eq!(&run(path), &expected);
            }
        }
    }

    #[test]
    fn the_largest_sums_fit() {
        let width = super::super::codes::WIDEST / super::super::codes::SPAN;
        let (full, query) = (vec![Codes([255; 64]); width], vec![Weights { low: [-128; 64], high: [-128; 64] }; width]);
        for path in Path::ALL.iter().copied().filter(|&path| path <= cpu::widest()) {
            let mut fine = Vec::new();
            fine_sums(path, (&query, &query), (&full, &full), &[0], &mut fine);
            assert_eq!(fine, [-128 * 255 * 65536 * 257]);
            let bounding = Bounding { center: 0, beta: 1.0, radius: 0.0, constant: 0.0 };
            let mut out = [0.0];
            let rows = Rows { codes: &full, low: None, scales: &[1.0], residuals: &[0.0] };
            bounds(path, &Coarse { weights: &query, bounding }, &rows, &mut out);
            assert_eq!(out, [-2.0 * 128.0 * 15.0 * 65536.0]);
        }
    }
}
