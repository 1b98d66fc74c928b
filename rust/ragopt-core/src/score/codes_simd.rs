//! The products of [`super::codes`] by the widest instructions that this CPU has.
//!
//! Integers add up to the same in any order, and the bounds made of them are computed by the same
//! single roundings in the same order, so all paths agree bit for bit; the tests hold them to the
//! scalar one. A scan takes 16 rows at once, since what a row costs beside its bytes is the folding
//! of its register into one number, which 16 can share.
#![expect(unsafe_code, reason = "SIMD loads and calls of functions compiled for a detected CPU")]

use super::codes::{Bounding, Coarse, Codes, Rows, Weights, byte_sum, nibble_sum};
use super::cosine::Line;
use super::cpu::Path;
use super::quantize::{self, Quantized};
use crate::types::Ordinal;

pub(super) fn bounds(path: Path, query: &Coarse<'_>, rows: &Rows<'_>, out: &mut [f32]) {
    let width = query.weights.len();
    assert!(
        rows.codes.len() == width * out.len() && rows.scales.len() == out.len() && rows.residuals.len() == out.len()
    );
    #[cfg(target_arch = "x86_64")]
    match path {
        // SAFETY: a path is only chosen if this CPU has its instructions; the lengths were checked.
        Path::Avx512 => return unsafe { x86::bounds_avx512(query, rows, |i| i, out) },
        // SAFETY: as above.
        Path::Avx2 => return unsafe { x86::bounds_avx2(query, rows, |i| i, out) },
        Path::Scalar => {}
    }
    let _ = path;
    for (i, bound) in out.iter_mut().enumerate() {
        let sum = nibble_sum(query.weights, &rows.codes[i * width..(i + 1) * width]);
        *bound = query.bounding.bound(sum, rows.scales[i], rows.residuals[i]);
    }
}

/// Of `queries` as wide as each other; the bounds of each start `stride` after those of the one before.
pub(super) fn bounds_of_many(path: Path, queries: &[Coarse<'_>], rows: &Rows<'_>, stride: usize, out: &mut [f32]) {
    let count = rows.scales.len();
    let mut outs = out.chunks_mut(stride).map(|out| &mut out[..count]);
    let (tiles, rest) = queries.as_chunks::<TILE>();
    for tile in tiles {
        let mut outs: [&mut [f32]; TILE] = std::array::from_fn(|_| outs.next().unwrap_or_default());
        #[cfg(target_arch = "x86_64")]
        if path == Path::Avx512 {
            let width = tile[0].weights.len();
            assert!(tile.iter().all(|query| query.weights.len() == width) && outs.iter().all(|out| out.len() == count));
            assert!(rows.codes.len() == width * count && rows.residuals.len() == count);
            // SAFETY: a path is only chosen if this CPU has its instructions; the lengths were checked.
            unsafe { x86::bounds_of_tile(tile, rows, &mut outs) };
            continue;
        }
        for (query, out) in tile.iter().zip(&mut outs) {
            bounds(path, query, rows, out);
        }
    }
    for (query, out) in rest.iter().zip(outs) {
        bounds(path, query, rows, out);
    }
}

/// Queries that share one reading of a row.
const TILE: usize = 4;

pub(super) fn bounds_at(path: Path, query: &Coarse<'_>, rows: &Rows<'_>, ordinals: &[Ordinal], out: &mut [f32]) {
    let (width, count) = (query.weights.len(), rows.scales.len());
    assert!(rows.codes.len() == width * count && rows.residuals.len() == count && ordinals.len() == out.len());
    assert!(ordinals.iter().all(|&ordinal| (ordinal as usize) < count));
    #[cfg(target_arch = "x86_64")]
    match path {
        // SAFETY: a path is only chosen if this CPU has its instructions; lengths and ordinals were checked.
        Path::Avx512 => return unsafe { x86::bounds_avx512(query, rows, |i| ordinals[i] as usize, out) },
        // SAFETY: as above.
        Path::Avx2 => return unsafe { x86::bounds_avx2(query, rows, |i| ordinals[i] as usize, out) },
        Path::Scalar => {}
    }
    let _ = path;
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
            Path::Avx512 => unsafe { x86::any_avx512(least, chunk) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Path::Avx2 => unsafe { x86::any_avx2(least, chunk) },
            _ => chunk.iter().any(|&bound| bound >= least),
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
    for (i, &ordinal) in ordinals.iter().enumerate() {
        let (high_row, low_row) = row(ordinal);
        #[cfg(target_arch = "x86_64")]
        if let Some(&ahead) = ordinals.get(i + AHEAD) {
            let (high_ahead, low_ahead) = row(ahead);
            x86::fetch(high_ahead);
            x86::fetch(low_ahead);
        }
        let (large, small) = match path {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a path is only chosen if this CPU has its instructions.
            Path::Avx512 => unsafe { x86::bytes_avx512(large, small, high_row, low_row) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Path::Avx2 => unsafe {
                (x86::bytes_avx2(large, high_row, low_row), x86::bytes_avx2(small, high_row, low_row))
            },
            _ => (byte_sum(large, high_row, low_row), byte_sum(small, high_row, low_row)),
        };
        out.push(256 * i64::from(large) + i64::from(small));
    }
}

pub(super) fn add_scaled(path: Path, weight: f32, numbers: &[u16], bounds: &mut [f32]) {
    match path {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a path is only chosen if this CPU has its instructions.
        Path::Avx512 => unsafe { x86::add_scaled_avx512(weight, numbers, bounds) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Path::Avx2 => unsafe { x86::add_scaled_avx2(weight, numbers, bounds) },
        _ => add_each(weight, numbers, bounds),
    }
}

/// Compiled for each path, since the compiler makes vectors of it by itself.
#[inline(always)]
fn add_each(weight: f32, numbers: &[u16], bounds: &mut [f32]) {
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
        Path::Avx512 => unsafe { x86::quantize_avx512(row, mean, dimension, high, low) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Path::Avx2 => unsafe { x86::quantize_avx2(row, mean, dimension, high, low) },
        _ => quantize::quantize(row, mean, dimension, high, low),
    }
}

/// How many rows ahead of a jumping walk memory is asked for.
const AHEAD: usize = 12;

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Bounding, Coarse, Codes, Line, Quantized, Rows, TILE, Weights, add_each, quantize};
    use std::arch::x86_64::*;

    /// Asks for lines that will be needed: a walk that jumps is not foreseen by the hardware.
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
        let centered = _mm512_cvtepi32_ps(_mm512_sub_epi32(doubled, _mm512_set1_epi32(bounding.fifteen)));
        // SAFETY: arrays of 16 f32; the loads and the store ask for no alignment.
        unsafe {
            let (scale, residual) = (_mm512_loadu_ps(scales.as_ptr()), _mm512_loadu_ps(residuals.as_ptr()));
            let scaled = _mm512_mul_ps(_mm512_mul_ps(centered, _mm512_set1_ps(bounding.beta)), scale);
            let slack = _mm512_mul_ps(_mm512_set1_ps(bounding.radius), residual);
            let bound = _mm512_add_ps(_mm512_add_ps(scaled, slack), _mm512_set1_ps(bounding.constant));
            _mm512_storeu_ps(out.as_mut_ptr(), bound);
        }
    }

    /// Several queries over the same rows: what a row costs to read and to take apart is shared.
    ///
    /// # Safety
    /// All queries are as wide as the rows, and each of `outs` is as long as there are rows.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(super) unsafe fn bounds_of_tile(queries: &[Coarse<'_>; TILE], rows: &Rows<'_>, outs: &mut [&mut [f32]; TILE]) {
        let width = queries[0].weights.len();
        let half = _mm512_set1_epi8(15);
        let (scales, residuals) = (rows.scales.as_chunks::<16>().0, rows.residuals.as_chunks::<16>().0);
        for (b, (scales, residuals)) in scales.iter().zip(residuals).enumerate() {
            let mut sums = [[_mm512_setzero_si512(); 16]; TILE];
            for r in 0..16 {
                let mut row = [_mm512_setzero_si512(); TILE];
                for l in 0..width {
                    // SAFETY: row 16b + r has `width` lines, as each query has; all at addresses that 64 divides.
                    let codes = unsafe { _mm512_load_si512(rows.codes.as_ptr().add((16 * b + r) * width + l).cast()) };
                    let (low, high) =
                        (_mm512_and_si512(codes, half), _mm512_and_si512(_mm512_srli_epi16::<4>(codes), half));
                    for (sum, query) in row.iter_mut().zip(queries) {
                        // SAFETY: as above.
                        let (w_low, w_high) = unsafe {
                            let line = &*query.weights.as_ptr().add(l);
                            (_mm512_load_si512(line.low.as_ptr().cast()), _mm512_load_si512(line.high.as_ptr().cast()))
                        };
                        *sum = _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(*sum, low, w_low), high, w_high);
                    }
                }
                for (sums, sum) in sums.iter_mut().zip(row) {
                    sums[r] = sum;
                }
            }
            for ((query, sums), out) in queries.iter().zip(&sums).zip(outs.iter_mut()) {
                let mut block = [0.0; 16];
                bound_avx512(&query.bounding, sums, scales, residuals, &mut block);
                out[16 * b..16 * b + 16].copy_from_slice(&block);
            }
        }
        let done = scales.len() * 16;
        for (query, out) in queries.iter().zip(outs) {
            for (i, bound) in out.iter_mut().enumerate().skip(done) {
                // SAFETY: row i has `width` lines.
                let sum = unsafe { nibbles_avx512(query.weights, rows.codes.as_ptr().add(i * width)) };
                *bound = query.bounding.bound(_mm512_reduce_add_epi32(sum), rows.scales[i], rows.residuals[i]);
            }
        }
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
        let half = _mm512_set1_epi8(15);
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
            low = _mm512_dpbusd_epi32(low, _mm512_and_si512(codes, half), w_low);
            high = _mm512_dpbusd_epi32(high, _mm512_and_si512(_mm512_srli_epi16::<4>(codes), half), w_high);
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
    pub(super) unsafe fn bounds_avx2(
        query: &Coarse<'_>,
        rows: &Rows<'_>,
        place: impl Fn(usize) -> usize,
        out: &mut [f32],
    ) {
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
        let (half, upper) = (_mm512_set1_epi8(15), _mm512_set1_epi8(-16));
        let (mut larges, mut smalls) = (_mm512_setzero_si512(), _mm512_setzero_si512());
        for (((large, small), high), low) in large.iter().zip(small).zip(high).zip(low) {
            // SAFETY: all are 64 bytes at addresses that 64 divides.
            let load = |bytes: *const u8| unsafe { _mm512_load_si512(bytes.cast()) };
            let (h, l) = (load(high.0.as_ptr()), load(low.0.as_ptr()));
            let first = _mm512_or_si512(_mm512_slli_epi16::<4>(_mm512_and_si512(h, half)), _mm512_and_si512(l, half));
            let second = _mm512_or_si512(_mm512_and_si512(h, upper), _mm512_and_si512(_mm512_srli_epi16::<4>(l), half));
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
                for (codes, weights) in
                    [(first, load(line.low.as_ptr().cast())), (second, load(line.high.as_ptr().cast()))]
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
}

#[cfg(test)]
mod tests {
    use super::super::codes::weights;
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
            let bounding = Bounding { fifteen: 77, beta: factors[1], radius: 0.3, constant: factors[2] };
            let coarse = Coarse { weights: &query, bounding };
            let rows = Rows { codes: &high, scales: &scales, residuals: &scales };
            let ordinals: Vec<Ordinal> = (0..count as Ordinal).rev().collect();
            let run = |path| {
                let (mut all, mut some) = (vec![0.0; count], vec![0.0; count]);
                bounds(path, &coarse, &rows, &mut all);
                bounds_at(path, &coarse, &rows, &ordinals, &mut some);
                assert!(all.iter().rev().map(|bound| bound.to_bits()).eq(some.iter().map(|bound| bound.to_bits())));
                let mut many = vec![0.0; 6 * 70];
                bounds_of_many(path, &[coarse; 6], &rows, 70, &mut many);
                for one in many.chunks(70) {
                    assert!(one.iter().zip(&all).all(|(a, b)| a.to_bits() == b.to_bits()));
                }
                let (mut fine, mut kept) = (Vec::new(), Vec::new());
                fine_sums(path, (&query, &query), (&high, &low), &ordinals, &mut fine);
                at_least(path, factors[2], &all, 5, &mut kept);
                let numbers: Vec<u16> = (0..count).map(|i| (i * 977) as u16).collect();
                add_scaled(path, factors[1], &numbers, &mut some);
                let bits = |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect::<Vec<_>>();
                (bits(all), bits(some), fine, kept)
            };
            let expected = run(Path::Scalar);
            for path in Path::ALL.into_iter().filter(|&path| path <= cpu::widest()) {
                prop_assert_eq!(&run(path), &expected);
            }
        }
    }

    #[test]
    fn the_largest_sums_fit() {
        let width = super::super::codes::WIDEST / super::super::codes::SPAN;
        let (full, query) = (vec![Codes([255; 64]); width], vec![Weights { low: [-128; 64], high: [-128; 64] }; width]);
        for path in Path::ALL.into_iter().filter(|&path| path <= cpu::widest()) {
            let mut fine = Vec::new();
            fine_sums(path, (&query, &query), (&full, &full), &[0], &mut fine);
            assert_eq!(fine, [-128 * 255 * 65536 * 257]);
            let bounding = Bounding { fifteen: 0, beta: 1.0, radius: 0.0, constant: 0.0 };
            let mut out = [0.0];
            let rows = Rows { codes: &full, scales: &[1.0], residuals: &[0.0] };
            bounds(path, &Coarse { weights: &query, bounding }, &rows, &mut out);
            assert_eq!(out, [-2.0 * 128.0 * 15.0 * 65536.0]);
        }
    }
}
