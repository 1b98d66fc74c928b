//! Dot products by the widest instructions that this CPU has. `unsafe` for loads and calls alone.
//!
//! Each path sums the same lanes in the same order ([`super::cosine`]), so all agree bit for bit;
//! the tests hold them to the scalar one. Memory sets the pace, so vectors are walked one by one, each asking for the
//! lines of one further on: walking several together read them from memory at a quarter of the speed.
#![expect(unsafe_code, reason = "SIMD loads and calls of functions compiled for a detected CPU")]

use super::cosine::{LANES, Line, Wide, fold};
use super::cpu::{self, Path};
use crate::types::Ordinal;

/// Appends to `out` the dot products of `query` and the vectors at `ordinals`, each `query.len()` lines of `rows`.
pub(super) fn dots(query: &[Wide], rows: &[Line], ordinals: &[Ordinal], out: &mut Vec<f64>) {
    match cpu::path() {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `path` found the instructions on this CPU.
        Path::Avx512 | Path::Amx => return unsafe { x86::dots_avx512(query, rows, ordinals, out) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Path::Avx2 => return unsafe { x86::dots_avx2(query, rows, ordinals, out) },
        #[cfg(target_arch = "aarch64")]
        Path::Neon => {
            // SAFETY: as above.
            let dot = |&ordinal| unsafe { super::neon_simd::dot(query, row(rows, query.len(), ordinal)) };
            return out.extend(ordinals.iter().map(dot));
        }
        Path::Scalar => {}
    }
    out.extend(ordinals.iter().map(|&ordinal| dot(query, row(rows, query.len(), ordinal))));
}

/// The dot product of one vector: what the other paths must equal.
pub(super) fn dot(query: &[Wide], row: &[Line]) -> f64 {
    let mut lanes = [0.0f64; LANES];
    for (wide, line) in query.iter().zip(row) {
        for ((lane, &x), &q) in lanes.iter_mut().zip(&line.0).zip(&wide.0) {
            *lane += f64::from(x) * q;
        }
    }
    fold(lanes)
}

#[inline(always)]
fn row(rows: &[Line], width: usize, ordinal: Ordinal) -> &[Line] {
    let start = ordinal as usize * width;
    &rows[start..start + width]
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{LANES, Line, Ordinal, Wide, fold, row};
    use std::arch::x86_64::*;

    /// How many vectors ahead memory is asked for: far enough for its latency, near enough for the cache.
    const AHEAD: usize = 8;

    #[target_feature(enable = "avx512f")]
    pub(super) fn dots_avx512(query: &[Wide], rows: &[Line], ordinals: &[Ordinal], out: &mut Vec<f64>) {
        fetch_first(query.len(), rows, ordinals);
        for (i, &ordinal) in ordinals.iter().enumerate() {
            let ahead = ordinals.get(i + AHEAD).unwrap_or(&ordinal);
            out.push(dot_avx512(query, row(rows, query.len(), ordinal), row(rows, query.len(), *ahead)));
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn dot_avx512(query: &[Wide], vector: &[Line], ahead: &[Line]) -> f64 {
        let mut low = _mm512_setzero_pd();
        let mut high = _mm512_setzero_pd();
        for ((wide, line), next) in query.iter().zip(vector).zip(ahead) {
            fetch(next);
            // SAFETY: `Wide` is 16 f64 and `Line` 16 f32, both at addresses that 64 divides.
            let (q_low, q_high, x_low, x_high) = unsafe {
                let (q, x) = (wide.0.as_ptr(), line.0.as_ptr());
                (_mm512_load_pd(q), _mm512_load_pd(q.add(8)), _mm256_load_ps(x), _mm256_load_ps(x.add(8)))
            };
            low = _mm512_fmadd_pd(_mm512_cvtps_pd(x_low), q_low, low);
            high = _mm512_fmadd_pd(_mm512_cvtps_pd(x_high), q_high, high);
        }
        let mut lanes = [0.0; LANES];
        // SAFETY: `lanes` is 16 f64; the stores ask for no alignment.
        unsafe {
            _mm512_storeu_pd(lanes.as_mut_ptr(), low);
            _mm512_storeu_pd(lanes.as_mut_ptr().add(8), high);
        }
        fold(lanes)
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn dots_avx2(query: &[Wide], rows: &[Line], ordinals: &[Ordinal], out: &mut Vec<f64>) {
        fetch_first(query.len(), rows, ordinals);
        for (i, &ordinal) in ordinals.iter().enumerate() {
            let ahead = ordinals.get(i + AHEAD).unwrap_or(&ordinal);
            out.push(dot_avx2(query, row(rows, query.len(), ordinal), row(rows, query.len(), *ahead)));
        }
    }

    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn dot_avx2(query: &[Wide], vector: &[Line], ahead: &[Line]) -> f64 {
        let mut quarters = [_mm256_setzero_pd(); 4];
        for ((wide, line), next) in query.iter().zip(vector).zip(ahead) {
            fetch(next);
            let parts = wide.0.as_chunks::<4>().0.iter().zip(line.0.as_chunks::<4>().0);
            for (sum, (q, x)) in quarters.iter_mut().zip(parts) {
                // SAFETY: 4 f64 and 4 f32; the loads ask for no alignment.
                let (q, x) = unsafe { (_mm256_loadu_pd(q.as_ptr()), _mm_loadu_ps(x.as_ptr())) };
                *sum = _mm256_fmadd_pd(_mm256_cvtps_pd(x), q, *sum);
            }
        }
        let mut lanes = [0.0; LANES];
        for (slots, quarter) in lanes.as_chunks_mut::<4>().0.iter_mut().zip(quarters) {
            // SAFETY: `slots` are 4 f64; the store asks for no alignment.
            unsafe { _mm256_storeu_pd(slots.as_mut_ptr(), quarter) };
        }
        fold(lanes)
    }

    /// Asks for the vectors that no other one goes ahead of.
    #[inline(always)]
    fn fetch_first(width: usize, rows: &[Line], ordinals: &[Ordinal]) {
        for &ordinal in ordinals.iter().take(AHEAD) {
            row(rows, width, ordinal).iter().for_each(fetch);
        }
    }

    /// Asks for a line that will be needed. The filtered walk jumps, which no hardware foresees.
    #[inline(always)]
    fn fetch(line: &Line) {
        // SAFETY: a prefetch reads nothing; the address is that of a line in memory besides.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.0.as_ptr().cast()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::cosine::{ZERO, lines_of, widen};
    use proptest::prelude::*;

    fn lines(values: &[f32]) -> Vec<Line> {
        let mut lines = vec![ZERO; lines_of(values.len())];
        for (i, &x) in values.iter().enumerate() {
            lines[i / LANES].0[i % LANES] = x;
        }
        lines
    }

    /// Any finite f32, denormals and huge ones included: the lanes must agree whatever cancels.
    fn any_finite() -> impl Strategy<Value = f32> {
        any::<u32>().prop_map(|bits| {
            let x = f32::from_bits(bits);
            if x.is_finite() { x } else { f32::from_bits(bits & 0x007f_ffff) }
        })
    }

    proptest! {
        #[test]
        fn every_path_has_the_bits_of_the_scalar_one(
            values in prop::collection::vec(any_finite(), 0..700),
            dimension in 1usize..80,
        ) {
            let count = values.len() / dimension;
            let mut rows: Vec<Line> = Vec::new();
            for row in values.chunks_exact(dimension) {
                rows.extend(lines(row));
            }
            let query = widen(&lines(&values.iter().rev().copied().chain([0.5; 80]).take(dimension).collect::<Vec<_>>()));
            let ordinals: Vec<Ordinal> = (0..count as Ordinal).rev().collect();
            let expected: Vec<u64> =
                ordinals.iter().map(|&o| dot(&query, row(&rows, query.len(), o)).to_bits()).collect();
            let bits = |out: Vec<f64>| out.into_iter().map(f64::to_bits).collect::<Vec<_>>();
            let mut out = Vec::new();
            dots(&query, &rows, &ordinals, &mut out);
            prop_assert_eq!(&bits(out), &expected);
            #[cfg(target_arch = "x86_64")]
            {
                if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                    let mut out = Vec::new();
                    // SAFETY: the instructions were found on this CPU.
                    unsafe { x86::dots_avx2(&query, &rows, &ordinals, &mut out) };
                    prop_assert_eq!(&bits(out), &expected);
                }
                if is_x86_feature_detected!("avx512f") {
                    let mut out = Vec::new();
                    // SAFETY: the instructions were found on this CPU.
                    unsafe { x86::dots_avx512(&query, &rows, &ordinals, &mut out) };
                    prop_assert_eq!(&bits(out), &expected);
                }
            }
            #[cfg(target_arch = "aarch64")]
            if std::arch::is_aarch64_feature_detected!("dotprod") {
                // SAFETY: the instructions were found on this CPU.
                let dot = |&o: &Ordinal| unsafe { super::super::neon_simd::dot(&query, row(&rows, query.len(), o)) };
                prop_assert_eq!(&bits(ordinals.iter().map(dot).collect()), &expected);
            }
        }
    }
}
