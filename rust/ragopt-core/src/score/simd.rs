//! Dot products by the widest instructions that this CPU has. The only file with `unsafe`.
//!
//! Each path sums the same lanes in the same order ([`super::cosine`]), so all agree bit for bit;
//! the tests hold them to the scalar one. The path is chosen once a process. Several vectors are
//! walked at a time so that a query line is loaded once for all of them and the additions, which
//! wait for each other within a lane, overlap. Other CPUs than x86-64 take the scalar path.
#![expect(unsafe_code, reason = "SIMD loads and calls of functions compiled for a detected CPU")]

use super::cosine::{LANES, Line, Wide, fold};
use crate::types::Ordinal;

/// Appends to `out` the dot products of `query` and the vectors at `ordinals`, each `query.len()` lines of `rows`.
pub(super) fn dots(query: &[Wide], rows: &[Line], ordinals: &[Ordinal], out: &mut Vec<f64>) {
    #[cfg(target_arch = "x86_64")]
    match x86::path() {
        // SAFETY: `path` found the instructions on this CPU.
        x86::Path::Avx512 => return unsafe { x86::dots_avx512(query, rows, ordinals, out) },
        // SAFETY: as above.
        x86::Path::Avx2 => return unsafe { x86::dots_avx2(query, rows, ordinals, out) },
        x86::Path::Scalar => {}
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
    use super::{LANES, Line, Ordinal, Wide, dot, fold, row};
    use std::arch::x86_64::*;
    use std::sync::OnceLock;

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(super) enum Path {
        Avx512,
        Avx2,
        Scalar,
    }

    pub(super) fn path() -> Path {
        static PATH: OnceLock<Path> = OnceLock::new();
        *PATH.get_or_init(|| {
            if is_x86_feature_detected!("avx512f") {
                Path::Avx512
            } else if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                Path::Avx2
            } else {
                Path::Scalar
            }
        })
    }

    /// Vectors walked together: 2 registers of lanes each, and 2 of the query, of 32.
    const AT_ONCE_512: usize = 8;
    /// 4 registers of lanes each, of 16; the query comes from memory.
    const AT_ONCE_256: usize = 2;

    #[target_feature(enable = "avx512f")]
    pub(super) fn dots_avx512(query: &[Wide], rows: &[Line], ordinals: &[Ordinal], out: &mut Vec<f64>) {
        let (groups, rest) = ordinals.as_chunks::<AT_ONCE_512>();
        for group in groups {
            out.extend(group_avx512(query, group.map(|ordinal| row(rows, query.len(), ordinal))));
        }
        for &ordinal in rest {
            out.extend(group_avx512(query, [row(rows, query.len(), ordinal)]));
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn group_avx512<const N: usize>(query: &[Wide], vectors: [&[Line]; N]) -> [f64; N] {
        let vectors = vectors.map(|vector| &vector[..query.len()]);
        let mut low = [_mm512_setzero_pd(); N];
        let mut high = [_mm512_setzero_pd(); N];
        for (i, wide) in query.iter().enumerate() {
            // SAFETY: `Wide` is 16 f64 at an address that 64 divides.
            let (q_low, q_high) = unsafe { (_mm512_load_pd(wide.0.as_ptr()), _mm512_load_pd(wide.0[8..].as_ptr())) };
            for n in 0..N {
                let line = &vectors[n][i].0;
                // SAFETY: `Line` is 16 f32 at an address that 64 divides.
                let (x_low, x_high) = unsafe { (_mm256_load_ps(line.as_ptr()), _mm256_load_ps(line[8..].as_ptr())) };
                low[n] = _mm512_fmadd_pd(_mm512_cvtps_pd(x_low), q_low, low[n]);
                high[n] = _mm512_fmadd_pd(_mm512_cvtps_pd(x_high), q_high, high[n]);
            }
        }
        std::array::from_fn(|n| {
            let mut lanes = [0.0; LANES];
            // SAFETY: `lanes` has room for both halves; the stores ask for no alignment.
            unsafe {
                _mm512_storeu_pd(lanes.as_mut_ptr(), low[n]);
                _mm512_storeu_pd(lanes[8..].as_mut_ptr(), high[n]);
            }
            fold(lanes)
        })
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn dots_avx2(query: &[Wide], rows: &[Line], ordinals: &[Ordinal], out: &mut Vec<f64>) {
        let (groups, rest) = ordinals.as_chunks::<AT_ONCE_256>();
        for group in groups {
            out.extend(group_avx2(query, group.map(|ordinal| row(rows, query.len(), ordinal))));
        }
        out.extend(rest.iter().map(|&ordinal| dot(query, row(rows, query.len(), ordinal))));
    }

    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn group_avx2<const N: usize>(query: &[Wide], vectors: [&[Line]; N]) -> [f64; N] {
        let vectors = vectors.map(|vector| &vector[..query.len()]);
        let mut sums = [[_mm256_setzero_pd(); 4]; N];
        for (i, wide) in query.iter().enumerate() {
            for part in 0..4 {
                // SAFETY: `Wide` is 16 f64, each quarter at an address that 32 divides.
                let q = unsafe { _mm256_load_pd(wide.0[4 * part..].as_ptr()) };
                for n in 0..N {
                    // SAFETY: `Line` is 16 f32, each quarter at an address that 16 divides.
                    let x = unsafe { _mm_load_ps(vectors[n][i].0[4 * part..].as_ptr()) };
                    sums[n][part] = _mm256_fmadd_pd(_mm256_cvtps_pd(x), q, sums[n][part]);
                }
            }
        }
        sums.map(|quarters| {
            let mut lanes = [0.0; LANES];
            for (slots, quarter) in lanes.chunks_exact_mut(4).zip(quarters) {
                // SAFETY: `slots` are 4 f64; the store asks for no alignment.
                unsafe { _mm256_storeu_pd(slots.as_mut_ptr(), quarter) };
            }
            fold(lanes)
        })
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
        }
    }
}
