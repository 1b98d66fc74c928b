//! The products of many queries with the same rows of [`super::codes`], by the widest instructions that this CPU has.
//!
//! What is read and taken apart of a row is shared by the queries. The bits are those of each query by itself
//! ([`super::codes_simd`]); the tests hold them to the scalar path.
#![cfg_attr(target_arch = "x86_64", expect(unsafe_code, reason = "calls of functions compiled for a detected CPU"))]

use super::codes::{Coarse, Group, Rows};
#[cfg(target_arch = "x86_64")]
use super::codes_amx_simd as amx;
use super::codes_simd;
#[cfg(target_arch = "x86_64")]
use super::codes_x86_simd as x86;
use super::cpu::Path;
use crate::types::Ordinal;

/// See [`Group::bounds`].
pub(super) fn bounds(group: &Group<'_>, rows: &Rows<'_>, stride: usize, out: &mut [f32]) {
    check(group, rows);
    let (queries, count) = (&group.queries[..], rows.scales.len());
    assert!(count <= stride && out.len() + stride >= queries.len() * stride + count);
    #[cfg(target_arch = "x86_64")]
    let done = if group.path == Path::Amx && queries.len() >= FEW {
        // SAFETY: a path is only chosen if this CPU has its instructions; widths and lengths were checked.
        unsafe { amx::bounds(queries, &group.tiles, rows, stride, out) }
    } else {
        0
    };
    #[cfg(not(target_arch = "x86_64"))]
    let done = 0;
    let rest = rows.range(queries[0].weights.len(), done..count);
    for (tile, outs) in queries.chunks(TILE).zip(out.chunks_mut(TILE * stride)) {
        let mut outs: Vec<&mut [f32]> = outs.chunks_mut(stride).map(|out| &mut out[done..count]).collect();
        bounds_of_tile(group.path, tile, &rest, &mut outs);
    }
}

/// See [`Group::at_least`].
pub(super) fn at_least(
    group: &Group<'_>,
    leasts: &[f32],
    rows: &Rows<'_>,
    first: Ordinal,
    out: &mut [Vec<(f32, Ordinal)>],
) {
    check(group, rows);
    let (queries, count) = (&group.queries[..], rows.scales.len());
    assert!(leasts.len() == queries.len() && out.len() == queries.len());
    #[cfg(target_arch = "x86_64")]
    let done = if group.path == Path::Amx && queries.len() >= FEW {
        // SAFETY: a path is only chosen if this CPU has its instructions; widths and lengths were checked.
        unsafe { amx::at_least(queries, &group.tiles, rows, leasts, first, out) }
    } else {
        0
    };
    #[cfg(not(target_arch = "x86_64"))]
    let done = 0;
    let rest = rows.range(queries[0].weights.len(), done..count);
    let mut numbers = vec![0.0; TILE * rest.scales.len()];
    for (tile, (leasts, out)) in queries.chunks(TILE).zip(leasts.chunks(TILE).zip(out.chunks_mut(TILE))) {
        let mut outs: Vec<&mut [f32]> = numbers.chunks_mut(rest.scales.len().max(1)).take(tile.len()).collect();
        bounds_of_tile(group.path, tile, &rest, &mut outs);
        for ((&least, out), numbers) in leasts.iter().zip(out).zip(outs) {
            codes_simd::at_least(group.path, least, numbers, first + done as Ordinal, out);
        }
    }
}

fn check(group: &Group<'_>, rows: &Rows<'_>) {
    let (width, count) = (group.queries[0].weights.len(), rows.scales.len());
    assert!(rows.codes.len() == width * count && rows.residuals.len() == count);
    assert!(rows.low.is_none_or(|low| low.len() == rows.codes.len()));
}

/// See [`codes::by_bytes`](super::codes::by_bytes).
pub(super) fn by_bytes(path: Path, queries: usize) -> bool {
    path.has_wide_bytes() && queries >= MANY
}

/// Of at most [`TILE`] queries, each as wide as the rows; `outs` are as many, each as long as there are rows.
fn bounds_of_tile(path: Path, queries: &[Coarse<'_>], rows: &Rows<'_>, outs: &mut [&mut [f32]]) {
    #[cfg_attr(not(target_arch = "x86_64"), expect(unused_mut, reason = "there are no tiles"))]
    let mut done = 0;
    #[cfg(target_arch = "x86_64")]
    if path >= Path::Avx2
        && let (Ok(queries), Ok(outs)) = (queries.try_into(), outs.as_mut().try_into())
    {
        let outs: &mut [&mut [f32]; TILE] = outs;
        assert!(outs.iter().all(|out| out.len() == rows.scales.len()));
        done = match (path, rows.low) {
            // SAFETY: a path is only chosen if this CPU has its instructions; the lengths were checked.
            (Path::Avx2, None) => unsafe { x86::bounds_of_tile_avx2(queries, rows, outs) },
            (Path::Avx2, Some(_)) => 0,
            // SAFETY: as above.
            (_, None) => unsafe { x86::bounds_of_tile::<false>(queries, rows, outs) },
            // SAFETY: as above.
            (_, Some(_)) => unsafe { x86::bounds_of_tile::<true>(queries, rows, outs) },
        };
    }
    let rest = rows.range(queries[0].weights.len(), done..rows.scales.len());
    for (query, out) in queries.iter().zip(outs) {
        codes_simd::bounds(path, query, &rest, &mut out[done..]);
    }
}

/// With fewer queries most of a step of AMX would be for nothing.
#[cfg(target_arch = "x86_64")]
const FEW: usize = 6;

/// With fewer queries memory sets the pace.
const MANY: usize = 32;

/// Queries that share one reading of a row.
pub(super) const TILE: usize = 4;

#[cfg(test)]
mod tests {
    use super::super::codes::{Bounding, Codes, SIDE, SPAN, WIDEST, Weights, weights};
    use super::super::cpu;
    use super::*;
    use proptest::prelude::*;

    fn paths() -> impl Iterator<Item = Path> {
        Path::ALL.iter().copied().filter(|&path| path <= cpu::widest())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]
        /// Thresholds are the bounds of rows themselves and their neighbors, so that nothing may be lost to rounding.
        #[test]
        fn a_group_has_the_bits_of_its_queries(
            count in 1usize..140,
            queries in prop::sample::select(vec![1usize, 3, 4, 5, 16, 17, 33, 70]),
            numbers in prop::collection::vec(any::<i8>(), 1..600),
            bytes in prop::collection::vec(any::<u8>(), 1..200),
            missing in 2usize..200,
            by_bytes in any::<bool>(),
            (beta, radius, size) in (-0.1f32..1.0, 0.0f32..2.0, -30i32..3),
        ) {
            const STRIDE: usize = 150;
            let turned = |q: usize| numbers.iter().cycle().skip(7 * q).take(numbers.len()).copied().collect::<Vec<_>>();
            let lines: Vec<Vec<Weights>> = (0..queries).map(|q| weights(&turned(q))).collect();
            let levels = if by_bytes { 255 } else { 15 };
            let center = |q: usize| levels * turned(q).iter().map(|&w| i32::from(w)).sum::<i32>();
            let coarse = |q: usize| {
                let bounding = Bounding { center: center(q), beta, radius, constant: (q as f32 - 2.0) / 7.0 };
                Coarse { weights: &lines[q], bounding }
            };
            let line = |i: usize| Codes(std::array::from_fn(|j| bytes[(i * 64 + j) % bytes.len()]));
            let codes: Vec<Codes> = (0..count * lines[0].len()).map(line).collect();
            let low: Vec<Codes> = codes.iter().rev().copied().collect();
            // A chunk without a vector has the scale 0 and the residual −∞.
            let gone = |i: usize| i % missing == missing - 1;
            let scales = (0..count).map(|i| if gone(i) { 0.0 } else { (1 + i % 9) as f32 * 2f32.powi(3 * size) });
            let residuals = (0..count).map(|i| if gone(i) { f32::NEG_INFINITY } else { (i % 5) as f32 / 9.0 });
            let (scales, residuals): (Vec<f32>, Vec<f32>) = (scales.collect(), residuals.collect());
            let rows = Rows { codes: &codes, low: by_bytes.then_some(&low), scales: &scales, residuals: &residuals };
            let mut expected = vec![0.0; STRIDE * queries];
            let (mut leasts, mut expected_kept) = (Vec::new(), vec![Vec::new(); queries]);
            for (q, out) in expected.chunks_mut(STRIDE).enumerate() {
                codes_simd::bounds(Path::Scalar, &coarse(q), &rows, &mut out[..count]);
                let bound = out[7 * q % count];
                leasts.push([bound, bound.next_up(), bound.next_down(), f32::NEG_INFINITY][q % 4]);
                codes_simd::at_least(Path::Scalar, leasts[q], &out[..count], 5, &mut expected_kept[q]);
            }
            for path in paths() {
                let group = Group::on(path, (0..queries).map(coarse).collect());
                let (mut out, mut kept) = (vec![0.0; STRIDE * queries], vec![Vec::new(); queries]);
                bounds(&group, &rows, STRIDE, &mut out);
                at_least(&group, &leasts, &rows, 5, &mut kept);
                prop_assert!(out.iter().zip(&expected).all(|(a, b)| a.to_bits() == b.to_bits()));
                prop_assert_eq!(&kept, &expected_kept, "{:?}", path);
            }
        }
    }

    #[test]
    fn the_largest_sums_fit() {
        let width = WIDEST / SPAN;
        let codes = vec![Codes([255; 64]); width * SIDE];
        let query = vec![Weights { low: [-128; 64], high: [-128; 64] }; width];
        let size = -128 * 65536;
        for (low, levels) in [(None, 15), (Some(&codes[..]), 255)] {
            // Twice the sum of bytes does not fit, but its distance from the center does.
            let bounding = Bounding { center: levels * size, beta: 1.0, radius: 0.0, constant: 0.0 };
            let rows = Rows { codes: &codes, low, scales: &[1.0; SIDE], residuals: &[0.0; SIDE] };
            for path in paths() {
                let group = Group::on(path, vec![Coarse { weights: &query, bounding }; 6]);
                let mut out = [0.0; SIDE * 6];
                bounds(&group, &rows, SIDE, &mut out);
                assert_eq!(out, [(levels * size) as f32; SIDE * 6]);
            }
        }
    }
}
