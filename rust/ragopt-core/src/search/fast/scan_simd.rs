//! Picks the chunks of a window whose sum reaches a bar, and clears the window for the next.
//!
//! Few chunks do, so the work is to see quickly that 64 of them do not. `unsafe` only to call what
//! was compiled for a CPU that was found; every path picks the same chunks.
#![cfg_attr(target_arch = "x86_64", expect(unsafe_code, reason = "calls of functions compiled for a detected CPU"))]

#[cfg(target_arch = "x86_64")]
use crate::score::cpu::{self, Path};

/// Appends to `out` the chunks with at least `bar` (1 or more) that `allow` lets through, ascending: the sum in the
/// upper half, the place in the window in the lower. `sums`, a multiple of 64 of them, is all 0 afterwards.
pub(super) fn pick(sums: &mut [u16], bar: u16, allow: Option<&[u64]>, out: &mut Vec<u32>) {
    #[cfg(target_arch = "x86_64")]
    match cpu::path() {
        // SAFETY: `cpu::path` found the instructions on this CPU.
        Path::Avx512 | Path::Amx => return unsafe { pick_avx512(sums, bar, allow, out) },
        // SAFETY: as above.
        Path::Avx2 => return unsafe { pick_avx2(sums, bar, allow, out) },
        Path::Scalar => {}
    }
    pick_by_64(sums, bar, allow, out);
}

#[inline(always)]
fn pick_by_64(sums: &mut [u16], bar: u16, allow: Option<&[u64]>, out: &mut Vec<u32>) {
    for (i, group) in sums.as_chunks_mut::<64>().0.iter_mut().enumerate() {
        if group.iter().fold(0, |most, &sum| most.max(sum)) >= bar {
            let mut picked = 0u64;
            for (place, &sum) in group.iter().enumerate() {
                picked |= u64::from(sum >= bar) << place;
            }
            if let Some(allow) = allow {
                picked &= allow.get(i).copied().unwrap_or(0);
            }
            push_picked(group, i, picked, out);
        }
        *group = [0; 64];
    }
}

#[inline(always)]
fn push_picked(group: &[u16; 64], i: usize, mut picked: u64, out: &mut Vec<u32>) {
    while picked != 0 {
        let place = picked.trailing_zeros();
        out.push(u32::from(group[place as usize & 63]) << 16 | (64 * i as u32 + place));
        picked &= picked - 1;
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw")]
fn pick_avx512(sums: &mut [u16], bar: u16, allow: Option<&[u64]>, out: &mut Vec<u32>) {
    use std::arch::x86_64::*;
    let least = _mm512_set1_epi16(bar.cast_signed());
    for (i, group) in sums.as_chunks_mut::<64>().0.iter_mut().enumerate() {
        // SAFETY: 64 numbers of 16 bits are two registers; the loads ask for no alignment.
        let (low, high) =
            unsafe { (_mm512_loadu_epi16(group.as_ptr().cast()), _mm512_loadu_epi16(group.as_ptr().add(32).cast())) };
        let reached = |part| u64::from(_mm512_cmpge_epu16_mask(part, least));
        let mut picked = reached(low) | reached(high) << 32;
        if picked != 0 {
            if let Some(allow) = allow {
                picked &= allow.get(i).copied().unwrap_or(0);
            }
            push_picked(group, i, picked, out);
        }
        *group = [0; 64];
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn pick_avx2(sums: &mut [u16], bar: u16, allow: Option<&[u64]>, out: &mut Vec<u32>) {
    pick_by_64(sums, bar, allow, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::WINDOW;
    use proptest::prelude::*;

    type Pick = fn(&mut [u16], u16, Option<&[u64]>, &mut Vec<u32>);

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_path_picks_the_same(
            set in prop::collection::vec((0..WINDOW, any::<u16>()), 0..300),
            bar in 1u16..,
            allow in prop::option::of(prop::collection::vec(any::<u64>(), WINDOW / 64 - 3)),
        ) {
            let mut sums = [0u16; WINDOW];
            set.iter().for_each(|&(place, sum)| sums[place] = sum);
            let allowed = |place: usize| {
                allow.as_ref().is_none_or(|words| words.get(place / 64).is_some_and(|word| word >> (place % 64) & 1 == 1))
            };
            let expected: Vec<u32> = (0..WINDOW)
                .filter(|&place| sums[place] >= bar && allowed(place))
                .map(|place| u32::from(sums[place]) << 16 | place as u32)
                .collect();
            #[cfg_attr(not(target_arch = "x86_64"), expect(unused_mut, reason = "there are no others"))]
            let mut paths: Vec<Pick> = vec![pick, pick_by_64];
            #[cfg(target_arch = "x86_64")]
            {
                if is_x86_feature_detected!("avx2") {
                    // SAFETY: the instructions were found on this CPU.
                    paths.push(|sums, bar, allow, out| unsafe { pick_avx2(sums, bar, allow, out) });
                }
                if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") {
                    // SAFETY: the instructions were found on this CPU.
                    paths.push(|sums, bar, allow, out| unsafe { pick_avx512(sums, bar, allow, out) });
                }
            }
            for path in paths {
                let (mut sums, mut out) = (sums, Vec::new());
                path(&mut sums, bar, allow.as_deref(), &mut out);
                prop_assert_eq!(&out, &expected);
                prop_assert!(sums == [0; WINDOW]);
            }
        }
    }
}
