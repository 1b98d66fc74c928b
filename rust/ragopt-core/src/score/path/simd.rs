//! The loops over all chunks, compiled for the widest instructions that this CPU has. `unsafe` for the calls alone.
//!
//! Each loop is written once, as plain Rust that goes lane by lane, and compiled several times; the arithmetic is the
//! same, so the results are, bit for bit (the compiler never contracts a product and a sum).
#![cfg_attr(target_arch = "x86_64", expect(unsafe_code, reason = "calls of functions compiled for a detected CPU"))]

use super::super::cpu;
#[cfg(target_arch = "x86_64")]
use super::super::cpu::Path;
use super::super::fusion::fuse;
use super::leading::larger;

/// Scores that have one best: a block.
pub(super) const BLOCK: usize = 16;

macro_rules! widest {
    ($(#[$doc:meta])* $name:ident ( $($argument:ident : $type:ty),* ) $(-> $result:ty)? $body:block) => {
        $(#[$doc])*
        pub(super) fn $name($($argument: $type),*) $(-> $result)? {
            #[inline(always)]
            fn plain($($argument: $type),*) $(-> $result)? $body
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
            fn avx512($($argument: $type),*) $(-> $result)? {
                plain($($argument),*)
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2")]
            fn avx2($($argument: $type),*) $(-> $result)? {
                plain($($argument),*)
            }
            match cpu::path() {
                #[cfg(target_arch = "x86_64")]
                // SAFETY: `path` found the instructions on this CPU.
                Path::Avx512 | Path::Amx => unsafe { avx512($($argument),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: as above.
                Path::Avx2 => unsafe { avx2($($argument),*) },
                _ => plain($($argument),*),
            }
        }
    };
}

widest! {
    /// The fused scores at one alpha.
    fused(alpha: f64, dense: &[f64], lexical: &[f64], scores: &mut [f64]) {
        for ((score, &dense), &lexical) in scores.iter_mut().zip(dense).zip(lexical) {
            *score = fuse(alpha, dense, lexical);
        }
    }
}

widest! {
    /// The best score of each block; negative infinity is none.
    maxima(scores: &[f64], most: &mut [f64]) {
        let (blocks, tail) = scores.as_chunks::<BLOCK>();
        for (most, block) in most.iter_mut().zip(blocks) {
            let mut halves = [f64::NEG_INFINITY; BLOCK / 2];
            let (lower, upper) = block.split_at(BLOCK / 2);
            for ((half, &lower), &upper) in halves.iter_mut().zip(lower).zip(upper) {
                *half = larger(lower, upper);
            }
            let mut width = BLOCK / 4;
            while width > 0 {
                for lane in 0..width {
                    halves[lane] = larger(halves[lane], halves[lane + width]);
                }
                width /= 2;
            }
            *most = halves[0];
        }
        if let (Some(most), false) = (most.last_mut(), tail.is_empty()) {
            *most = tail.iter().copied().fold(f64::NEG_INFINITY, larger);
        }
    }
}

widest! {
    /// Raises `above` to how far the lines are above `least` at one of the two alphas.
    raise(alphas: [f64; 2], least: [f64; 2], dense: &[f64], lexical: &[f64], above: &mut [f64]) {
        for ((above, &dense), &lexical) in above.iter_mut().zip(dense).zip(lexical) {
            let [from, to] = [0, 1].map(|end| fuse(alphas[end], dense, lexical) - least[end]);
            *above = larger(*above, larger(from, to));
        }
    }
}

widest! {
    /// The largest without its sign; infinity if one of them is not finite.
    magnitude(numbers: &[f64]) -> f64 {
        // NaN is not less than infinity, so it must not get lost in a comparison.
        let size = |number: &f64| if number.abs() < f64::INFINITY { number.abs() } else { f64::INFINITY };
        let mut lanes = [0.0; 8];
        let (eights, tail) = numbers.as_chunks::<8>();
        for eight in eights {
            for (lane, number) in lanes.iter_mut().zip(eight) {
                *lane = larger(*lane, size(number));
            }
        }
        lanes.into_iter().chain(tail.iter().map(size)).fold(0.0, larger)
    }
}

widest! {
    /// The alphas at which lines overtake the one above them, and returned is the least; infinity is never.
    meetings(above: [f64; 2], lexical: &[f64], dense: &[f64], alphas: &mut [f64]) -> f64 {
        for ((alpha, &lexical), &dense) in alphas.iter_mut().zip(lexical).zip(dense) {
            let (dl, dd) = (above[0] - lexical, dense - above[1]);
            let meeting = dl / (dl + dd);
            *alpha = if dd > 0.0 { meeting } else { f64::INFINITY };
        }
        let (eights, tail) = alphas.as_chunks::<8>();
        let mut lanes = [f64::INFINITY; 8];
        for eight in eights {
            for (lane, &alpha) in lanes.iter_mut().zip(eight) {
                *lane = smaller(*lane, alpha);
            }
        }
        lanes.iter().chain(tail).copied().fold(f64::INFINITY, smaller)
    }
}

/// The smaller of two numbers that are none of them NaN, as one instruction.
#[inline(always)]
fn smaller(a: f64, b: f64) -> f64 {
    if b < a { b } else { a }
}
