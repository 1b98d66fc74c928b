//! The products of [`super::codes`] in the instructions of x86-64; [`super::codes_simd`] chooses among them.
#![expect(unsafe_code, reason = "SIMD loads and stores; callers have found the instructions on this CPU")]

use std::arch::x86_64::*;

use super::codes::{Bounding, Coarse, Codes, Rows, Weights};
use super::codes_group_simd::TILE;
use super::codes_simd::add_each;
use super::cosine::Line;
use super::quantize::{self, Quantized};

/// Asks for lines that will be needed.
#[inline(always)]
pub(super) fn fetch(lines: &[Codes]) {
    for line in lines {
        // SAFETY: a prefetch reads nothing; the address is that of a line in memory besides.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.0.as_ptr().cast()) };
    }
}

/// # Safety
/// `place` gives rows that `rows` has; its parts are as long as the query's width asks.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
pub(super) unsafe fn bounds_avx512(
    query: &Coarse<'_>,
    rows: &Rows<'_>,
    place: impl Fn(usize) -> usize,
    out: &mut [f32],
) {
    let width = query.weights.len();
    let (blocks, rest) = out.as_chunks_mut::<16>();
    let done = 16 * blocks.len();
    for (b, block) in blocks.iter_mut().enumerate() {
        let mut sums = [_mm512_setzero_si512(); 16];
        let (mut scales, mut residuals) = ([0.0; 16], [0.0; 16]);
        for (r, sum) in sums.iter_mut().enumerate() {
            let i = place(16 * b + r);
            (scales[r], residuals[r]) = (rows.scales[i], rows.residuals[i]);
            // SAFETY: row i has `width` lines.
            *sum = unsafe { nibbles_avx512(query.weights, rows.codes.as_ptr().add(i * width)) };
        }
        bound_avx512(&query.bounding, &sums, &scales, &residuals, block);
    }
    for (r, bound) in rest.iter_mut().enumerate() {
        let i = place(done + r);
        // SAFETY: row i has `width` lines.
        let sum = unsafe { nibbles_avx512(query.weights, rows.codes.as_ptr().add(i * width)) };
        *bound = query.bounding.bound(_mm512_reduce_add_epi32(sum), rows.scales[i], rows.residuals[i]);
    }
}

/// [`Bounding::bound`] of 16 rows.
#[inline]
#[target_feature(enable = "avx512f")]
fn bound_avx512(
    bounding: &Bounding,
    sums: &[__m512i; 16],
    scales: &[f32; 16],
    residuals: &[f32; 16],
    out: &mut [f32; 16],
) {
    let doubled = _mm512_slli_epi32::<1>(fold(sums));
    let centered = _mm512_cvtepi32_ps(_mm512_sub_epi32(doubled, _mm512_set1_epi32(bounding.center)));
    // SAFETY: arrays of 16 f32; the loads and the store ask for no alignment.
    unsafe {
        let (scale, residual) = (_mm512_loadu_ps(scales.as_ptr()), _mm512_loadu_ps(residuals.as_ptr()));
        let scaled = _mm512_mul_ps(_mm512_mul_ps(centered, _mm512_set1_ps(bounding.beta)), scale);
        let slack = _mm512_mul_ps(_mm512_set1_ps(bounding.radius), residual);
        let bound = _mm512_add_ps(_mm512_add_ps(scaled, slack), _mm512_set1_ps(bounding.constant));
        _mm512_storeu_ps(out.as_mut_ptr(), bound);
    }
}

/// Several queries over the same rows: what a row costs to read and to take apart is shared, two rows at a time.
///
/// Rows are gone through by 16; how many were, the others being left alone.
///
/// # Safety
/// All queries are as wide as the rows, and each of `outs` is as long as there are rows. `BYTES` says whether the rows
/// have low nibbles.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
pub(super) unsafe fn bounds_of_tile<const BYTES: bool>(
    queries: &[Coarse<'_>; TILE],
    rows: &Rows<'_>,
    outs: &mut [&mut [f32]; TILE],
) -> usize {
    let width = queries[0].weights.len();
    let lows = rows.low.unwrap_or(rows.codes);
    let weights = queries.map(|query| query.weights.as_ptr());
    let (scales, residuals) = (rows.scales.as_chunks::<16>().0, rows.residuals.as_chunks::<16>().0);
    let mut sums = [[_mm512_setzero_si512(); 16]; TILE];
    for (b, (scales, residuals)) in scales.iter().zip(residuals).enumerate() {
        for r in (0..16).step_by(2) {
            let mut pairs = [[_mm512_setzero_si512(); 2]; TILE];
            let first = (16 * b + r) * width;
            for l in 0..width {
                let [(low, high), (next_low, next_high)] = [first + l, first + width + l].map(|line| {
                    _mm_prefetch::<_MM_HINT_T1>(rows.codes.as_ptr().wrapping_add(line).wrapping_byte_add(FAR).cast());
                    // SAFETY: rows 16b + r and the next have `width` lines each, at addresses that 64 divides.
                    let load = |codes: &[Codes]| unsafe { _mm512_load_si512(codes.as_ptr().add(line).cast()) };
                    taken_apart::<BYTES>(load(rows.codes), if BYTES { load(lows) } else { _mm512_setzero_si512() })
                });
                for (pair, weights) in pairs.iter_mut().zip(weights) {
                    // SAFETY: each query has `width` lines, at addresses that 64 divides.
                    let (w_low, w_high) = unsafe {
                        let line = &*weights.add(l);
                        (_mm512_load_si512(line.low.as_ptr().cast()), _mm512_load_si512(line.high.as_ptr().cast()))
                    };
                    pair[0] = _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(pair[0], low, w_low), high, w_high);
                    pair[1] = _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(pair[1], next_low, w_low), next_high, w_high);
                }
            }
            for (sums, pair) in sums.iter_mut().zip(pairs) {
                (sums[r], sums[r + 1]) = (pair[0], pair[1]);
            }
        }
        for ((query, sums), out) in queries.iter().zip(&sums).zip(outs.iter_mut()) {
            let mut block = [0.0; 16];
            bound_avx512(&query.bounding, sums, scales, residuals, &mut block);
            out[16 * b..16 * b + 16].copy_from_slice(&block);
        }
    }
    16 * scales.len()
}

/// 64 dimensions of a line and the 64 others: its nibbles, or where `BYTES` the bytes that those of `low` make of them.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn taken_apart<const BYTES: bool>(high: __m512i, low: __m512i) -> (__m512i, __m512i) {
    let (half, upper) = (_mm512_set1_epi8(15), _mm512_set1_epi8(-16));
    if !BYTES {
        return (_mm512_and_si512(high, half), _mm512_and_si512(_mm512_srli_epi16::<4>(high), half));
    }
    let first = _mm512_or_si512(_mm512_slli_epi16::<4>(_mm512_and_si512(high, half)), _mm512_and_si512(low, half));
    let second = _mm512_or_si512(_mm512_and_si512(high, upper), _mm512_and_si512(_mm512_srli_epi16::<4>(low), half));
    (first, second)
}

/// How far ahead of a scan memory is asked for, in bytes: reading and adding up then go on side by side.
const FAR: usize = 3072;

/// 16 partial sums of one row.
///
/// # Safety
/// `row` points to as many lines as there are weights.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn nibbles_avx512(weights: &[Weights], row: *const Codes) -> __m512i {
    let (mut low, mut high) = (_mm512_setzero_si512(), _mm512_setzero_si512());
    for (l, line) in weights.iter().enumerate() {
        _mm_prefetch::<_MM_HINT_T1>(row.wrapping_add(l).wrapping_byte_add(FAR).cast());
        // SAFETY: 64 bytes each, at addresses that 64 divides.
        let (codes, w_low, w_high) = unsafe {
            (
                _mm512_load_si512(row.add(l).cast()),
                _mm512_load_si512(line.low.as_ptr().cast()),
                _mm512_load_si512(line.high.as_ptr().cast()),
            )
        };
        let (first, second) = taken_apart::<false>(codes, codes);
        low = _mm512_dpbusd_epi32(low, first, w_low);
        high = _mm512_dpbusd_epi32(high, second, w_high);
    }
    _mm512_add_epi32(low, high)
}

/// The sums of 16 registers of 16 numbers, in their order: transposed and added by halves.
#[inline]
#[target_feature(enable = "avx512f")]
fn fold(rows: &[__m512i; 16]) -> __m512i {
    let mut fours = [_mm512_setzero_si512(); 4];
    for (four, r) in fours.iter_mut().zip(rows.as_chunks::<4>().0) {
        let pair = |a, b| _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
        let (first, second) = (pair(r[0], r[1]), pair(r[2], r[3]));
        *four = _mm512_add_epi32(_mm512_unpacklo_epi64(first, second), _mm512_unpackhi_epi64(first, second));
    }
    let halves = |a, b| _mm512_add_epi32(_mm512_shuffle_i32x4::<0x88>(a, b), _mm512_shuffle_i32x4::<0xdd>(a, b));
    halves(halves(fours[0], fours[1]), halves(fours[2], fours[3]))
}

/// # Safety
/// As [`bounds_avx512`].
#[target_feature(enable = "avx2")]
pub(super) unsafe fn bounds_avx2(query: &Coarse<'_>, rows: &Rows<'_>, place: impl Fn(usize) -> usize, out: &mut [f32]) {
    let width = query.weights.len();
    for (r, bound) in out.iter_mut().enumerate() {
        let i = place(r);
        let sum = nibbles_avx2(query.weights, &rows.codes[i * width..(i + 1) * width]);
        *bound = query.bounding.bound(sum, rows.scales[i], rows.residuals[i]);
    }
}

/// The sum of one row. A product of pairs is at most 2 · 15 · 127, so four of them fit in 16 bits.
#[inline]
#[target_feature(enable = "avx2")]
fn nibbles_avx2(weights: &[Weights], row: &[Codes]) -> i32 {
    let half = _mm256_set1_epi8(15);
    let mut sums = _mm256_setzero_si256();
    for (line, codes) in weights.iter().zip(row) {
        let mut pairs = _mm256_setzero_si256();
        for (i, part) in codes.0.as_chunks::<32>().0.iter().enumerate() {
            // SAFETY: 32 bytes each; the loads ask for no alignment.
            let (codes, w_low, w_high) = unsafe {
                (
                    _mm256_loadu_si256(part.as_ptr().cast()),
                    _mm256_loadu_si256(line.low.as_ptr().add(32 * i).cast()),
                    _mm256_loadu_si256(line.high.as_ptr().add(32 * i).cast()),
                )
            };
            let low = _mm256_maddubs_epi16(_mm256_and_si256(codes, half), w_low);
            let high = _mm256_maddubs_epi16(_mm256_and_si256(_mm256_srli_epi16::<4>(codes), half), w_high);
            pairs = _mm256_add_epi16(pairs, _mm256_add_epi16(low, high));
        }
        sums = _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
    }
    total_avx2(sums)
}

/// The same as [`bounds_of_tile`] of nibbles, rows by 8.
///
/// All queries are as wide as the rows, and each of `outs` is as long as there are rows, or this panics.
#[target_feature(enable = "avx2")]
pub(super) fn bounds_of_tile_avx2(
    queries: &[Coarse<'_>; TILE],
    rows: &Rows<'_>,
    outs: &mut [&mut [f32]; TILE],
) -> usize {
    let weights = queries.map(|query| query.weights);
    let width = weights[0].len();
    let (scales, residuals) = (rows.scales.as_chunks::<8>().0, rows.residuals.as_chunks::<8>().0);
    for (b, (scales, residuals)) in scales.iter().zip(residuals).enumerate() {
        let mut sums = [[0; 8]; TILE];
        for (r, row) in rows.codes[8 * b * width..8 * (b + 1) * width].chunks_exact(width).enumerate() {
            for (sums, sum) in sums.iter_mut().zip(nibbles_of_tile_avx2(weights, row)) {
                sums[r] = sum;
            }
        }
        for ((query, sums), out) in queries.iter().zip(&sums).zip(outs.iter_mut()) {
            let bounds = scales.iter().zip(residuals).zip(sums);
            for (out, ((&scale, &residual), &sum)) in out[8 * b..8 * (b + 1)].iter_mut().zip(bounds) {
                *out = query.bounding.bound(sum, scale, residual);
            }
        }
    }
    8 * scales.len()
}

/// The sums of one row of nibbles with each query; see [`nibbles_avx2`].
#[inline]
#[target_feature(enable = "avx2")]
fn nibbles_of_tile_avx2(weights: [&[Weights]; TILE], row: &[Codes]) -> [i32; TILE] {
    let half = _mm256_set1_epi8(15);
    let mut sums = [_mm256_setzero_si256(); TILE];
    for (l, codes) in row.iter().enumerate() {
        let mut pairs = [_mm256_setzero_si256(); TILE];
        for i in [0, 32] {
            // SAFETY: 32 bytes of 64 from i on, also below; the loads ask for no alignment.
            let codes = unsafe { _mm256_loadu_si256(codes.0.as_ptr().add(i).cast()) };
            let (low, high) = (_mm256_and_si256(codes, half), _mm256_and_si256(_mm256_srli_epi16::<4>(codes), half));
            for (pairs, weights) in pairs.iter_mut().zip(weights) {
                let line = &weights[l];
                // SAFETY: as above.
                let load = |bytes: &[i8; 64]| unsafe { _mm256_loadu_si256(bytes.as_ptr().add(i).cast()) };
                let low = _mm256_maddubs_epi16(low, load(&line.low));
                let high = _mm256_maddubs_epi16(high, load(&line.high));
                *pairs = _mm256_add_epi16(*pairs, _mm256_add_epi16(low, high));
            }
        }
        for (sums, pairs) in sums.iter_mut().zip(pairs) {
            *sums = _mm256_add_epi32(*sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
        }
    }
    let [a, b, c, d] = sums;
    let four = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
    let four = _mm_add_epi32(_mm256_castsi256_si128(four), _mm256_extracti128_si256::<1>(four));
    let mut numbers = [0; TILE];
    // SAFETY: 4 numbers of 32 bits; the store asks for no alignment.
    unsafe { _mm_storeu_si128(numbers.as_mut_ptr().cast(), four) };
    numbers
}

#[inline]
#[target_feature(enable = "avx2")]
fn total_avx2(sums: __m256i) -> i32 {
    let mut numbers = [0i32; 8];
    // SAFETY: 8 numbers of 32 bits; the store asks for no alignment.
    unsafe { _mm256_storeu_si256(numbers.as_mut_ptr().cast(), sums) };
    numbers.iter().sum()
}

/// The sums of one row of bytes with both halves of a query.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
pub(super) fn bytes_avx512(large: &[Weights], small: &[Weights], high: &[Codes], low: &[Codes]) -> (i32, i32) {
    let (mut larges, mut smalls) = (_mm512_setzero_si512(), _mm512_setzero_si512());
    for (((large, small), high), low) in large.iter().zip(small).zip(high).zip(low) {
        // SAFETY: all are 64 bytes at addresses that 64 divides.
        let load = |bytes: *const u8| unsafe { _mm512_load_si512(bytes.cast()) };
        let (first, second) = taken_apart::<true>(load(high.0.as_ptr()), load(low.0.as_ptr()));
        larges = _mm512_dpbusd_epi32(larges, first, load(large.low.as_ptr().cast()));
        larges = _mm512_dpbusd_epi32(larges, second, load(large.high.as_ptr().cast()));
        smalls = _mm512_dpbusd_epi32(smalls, first, load(small.low.as_ptr().cast()));
        smalls = _mm512_dpbusd_epi32(smalls, second, load(small.high.as_ptr().cast()));
    }
    (_mm512_reduce_add_epi32(larges), _mm512_reduce_add_epi32(smalls))
}

/// The sum of one row of bytes. Widened to 16 bits first: a product of pairs of bytes would not fit.
#[target_feature(enable = "avx2")]
pub(super) fn bytes_avx2(weights: &[Weights], high: &[Codes], low: &[Codes]) -> i32 {
    let (half, upper) = (_mm_set1_epi8(15), _mm_set1_epi8(-16));
    let mut sums = _mm256_setzero_si256();
    for ((line, high), low) in weights.iter().zip(high).zip(low) {
        for i in (0..64).step_by(16) {
            // SAFETY: 16 bytes of 64 from i on; the loads ask for no alignment.
            let load = |bytes: *const u8| unsafe { _mm_loadu_si128(bytes.add(i).cast()) };
            let (h, l) = (load(high.0.as_ptr()), load(low.0.as_ptr()));
            let first = _mm_or_si128(_mm_slli_epi16::<4>(_mm_and_si128(h, half)), _mm_and_si128(l, half));
            let second = _mm_or_si128(_mm_and_si128(h, upper), _mm_and_si128(_mm_srli_epi16::<4>(l), half));
            for (codes, weights) in [(first, load(line.low.as_ptr().cast())), (second, load(line.high.as_ptr().cast()))]
            {
                let products = _mm256_madd_epi16(_mm256_cvtepu8_epi16(codes), _mm256_cvtepi8_epi16(weights));
                sums = _mm256_add_epi32(sums, products);
            }
        }
    }
    total_avx2(sums)
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
pub(super) fn quantize_avx512(
    row: &[Line],
    mean: &[Line],
    dimension: usize,
    high: &mut [Codes],
    low: &mut [Codes],
) -> Quantized {
    quantize::quantize(row, mean, dimension, high, low)
}

#[target_feature(enable = "avx2")]
pub(super) fn quantize_avx2(
    row: &[Line],
    mean: &[Line],
    dimension: usize,
    high: &mut [Codes],
    low: &mut [Codes],
) -> Quantized {
    quantize::quantize(row, mean, dimension, high, low)
}

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
pub(super) fn add_scaled_avx512(weight: f32, numbers: &[u16], bounds: &mut [f32]) {
    add_each(weight, numbers, bounds);
}

#[target_feature(enable = "avx2")]
pub(super) fn add_scaled_avx2(weight: f32, numbers: &[u16], bounds: &mut [f32]) {
    add_each(weight, numbers, bounds);
}

#[target_feature(enable = "avx512f")]
pub(super) fn any_avx512(least: f32, bounds: &[f32; 64]) -> bool {
    let least = _mm512_set1_ps(least);
    let mut any = 0;
    for part in bounds.as_chunks::<16>().0 {
        // SAFETY: 16 f32; the load asks for no alignment.
        any |= _mm512_cmp_ps_mask::<_CMP_GE_OQ>(unsafe { _mm512_loadu_ps(part.as_ptr()) }, least);
    }
    any != 0
}

#[target_feature(enable = "avx2")]
pub(super) fn any_avx2(least: f32, bounds: &[f32; 64]) -> bool {
    let least = _mm256_set1_ps(least);
    let mut any = _mm256_setzero_ps();
    for part in bounds.as_chunks::<8>().0 {
        // SAFETY: 8 f32; the load asks for no alignment.
        let part = unsafe { _mm256_loadu_ps(part.as_ptr()) };
        any = _mm256_or_ps(any, _mm256_cmp_ps::<_CMP_GE_OQ>(part, least));
    }
    _mm256_movemask_ps(any) != 0
}
