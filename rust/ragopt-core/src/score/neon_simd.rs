//! The products of [`super::codes`] and [`super::cosine`] in the instructions of aarch64.
//!
//! NEON belongs to every aarch64 CPU, so the compiler makes vectors of what is plain loops ([`super::quantize`],
//! the scaled adds, picking from a window) without being asked. Here is what it does not find by itself: the dot
//! products of bytes (`sdot`, Armv8.2: every Graviton from the second on), fused multiply-adds, and a test of 64
//! bounds without a branch for each. The integers are those of the scalar path, and so are the bits of the f64.
#![expect(unsafe_code, reason = "SIMD loads, and an instruction that has no function in stable Rust")]

use std::arch::aarch64::*;
use std::arch::asm;

use super::codes::{Coarse, Codes, Rows, Weights};
use super::cosine::{LANES, Line, Wide, fold};

/// Asks for lines that will be needed.
#[inline(always)]
pub(super) fn fetch(lines: &[Codes]) {
    for line in lines {
        // SAFETY: a prefetch reads nothing; the address is that of a line in memory besides.
        unsafe { asm!("prfm pldl1keep, [{}]", in(reg) line, options(nostack, preserves_flags, readonly)) };
    }
}

/// Adds to each of 4 sums the products of 4 pairs of bytes.
#[inline]
#[target_feature(enable = "neon,dotprod")]
fn sdot(sums: int32x4_t, left: int8x16_t, right: int8x16_t) -> int32x4_t {
    let mut out = sums;
    // SAFETY: works on three registers alone; callers have found the instruction on this CPU.
    unsafe {
        asm!(
            "sdot {0:v}.4s, {1:v}.16b, {2:v}.16b",
            inout(vreg) out, in(vreg) left, in(vreg) right,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    out
}

/// The sum of one row of nibbles. They are below 16, so that they are the same with and without a sign.
#[inline]
#[target_feature(enable = "neon,dotprod")]
fn nibbles(weights: &[Weights], row: &[Codes]) -> i32 {
    let half = vdupq_n_u8(15);
    let mut sums = [vdupq_n_s32(0); 4];
    for (line, codes) in weights.iter().zip(row) {
        let parts = codes.0.as_chunks::<16>().0.iter();
        let weights = line.low.as_chunks::<16>().0.iter().zip(line.high.as_chunks::<16>().0);
        for (sum, (part, (low, high))) in sums.iter_mut().zip(parts.zip(weights)) {
            // SAFETY: 16 bytes each; the loads ask for no alignment.
            let (codes, low, high) =
                unsafe { (vld1q_u8(part.as_ptr()), vld1q_s8(low.as_ptr()), vld1q_s8(high.as_ptr())) };
            *sum = sdot(*sum, vreinterpretq_s8_u8(vandq_u8(codes, half)), low);
            *sum = sdot(*sum, vreinterpretq_s8_u8(vshrq_n_u8::<4>(codes)), high);
        }
    }
    vaddvq_s32(vaddq_s32(vaddq_s32(sums[0], sums[1]), vaddq_s32(sums[2], sums[3])))
}

/// The bounds of the rows that `place` gives for each of `out`.
#[target_feature(enable = "neon,dotprod")]
pub(super) fn bounds(query: &Coarse<'_>, rows: &Rows<'_>, place: impl Fn(usize) -> usize, out: &mut [f32]) {
    let width = query.weights.len();
    for (r, bound) in out.iter_mut().enumerate() {
        let i = place(r);
        let sum = nibbles(query.weights, &rows.codes[i * width..(i + 1) * width]);
        *bound = query.bounding.bound(sum, rows.scales[i], rows.residuals[i]);
    }
}

/// The sum of one row of bytes: 16 times that of the high nibbles and that of the low ones, which fits where it fits.
#[target_feature(enable = "neon,dotprod")]
pub(super) fn bytes(weights: &[Weights], high: &[Codes], low: &[Codes]) -> i32 {
    16 * nibbles(weights, high) + nibbles(weights, low)
}

/// Whether one of 64 bounds is at least `least`.
#[target_feature(enable = "neon,dotprod")]
pub(super) fn any(least: f32, bounds: &[f32; 64]) -> bool {
    let least = vdupq_n_f32(least);
    let mut any = vdupq_n_u32(0);
    for part in bounds.as_chunks::<4>().0 {
        // SAFETY: 4 f32; the load asks for no alignment.
        any = vorrq_u32(any, vcgeq_f32(unsafe { vld1q_f32(part.as_ptr()) }, least));
    }
    vmaxvq_u32(any) != 0
}

/// The dot product of one vector, in the lanes of [`super::simd::dot`].
#[target_feature(enable = "neon,dotprod")]
pub(super) fn dot(query: &[Wide], row: &[Line]) -> f64 {
    let mut pairs = [vdupq_n_f64(0.0); LANES / 2];
    for (wide, line) in query.iter().zip(row) {
        let parts = wide.0.as_chunks::<4>().0.iter().zip(line.0.as_chunks::<4>().0);
        for (pair, (q, x)) in pairs.as_chunks_mut::<2>().0.iter_mut().zip(parts) {
            // SAFETY: 4 f64 and 4 f32; the loads ask for no alignment.
            let (q, x) = unsafe { (vld1q_f64_x2(q.as_ptr()), vld1q_f32(x.as_ptr())) };
            pair[0] = vfmaq_f64(pair[0], vcvt_f64_f32(vget_low_f32(x)), q.0);
            pair[1] = vfmaq_f64(pair[1], vcvt_high_f64_f32(x), q.1);
        }
    }
    let mut lanes = [0.0; LANES];
    for (slots, pair) in lanes.as_chunks_mut::<2>().0.iter_mut().zip(pairs) {
        // SAFETY: 2 f64; the store asks for no alignment.
        unsafe { vst1q_f64(slots.as_mut_ptr(), pair) };
    }
    fold(lanes)
}
