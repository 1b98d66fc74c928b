//! The best of many scores.

use std::cmp::Ordering;

use super::simd::{self, BLOCK};

/// The places of `k` of the scores that none of the others exceeds, in any order; `scores` hold no NaN, and negative
/// infinity is none.
pub(super) fn leading(k: usize, scores: &[f64]) -> Vec<u32> {
    leading_by(k, scores, |_| 0)
}

/// The same, best first; of equal ones the smaller tie is better.
pub(super) fn best(k: usize, scores: &[f64], tie: impl Fn(u32) -> u32) -> Vec<u32> {
    let mut places = leading_by(k, scores, &tie);
    places.sort_unstable_by(|&a, &b| before(scores, &tie, a, b));
    places
}

fn leading_by(k: usize, scores: &[f64], tie: impl Fn(u32) -> u32) -> Vec<u32> {
    let mut places = reaching(k, scores);
    if places.len() > k && k > 0 {
        places.select_nth_unstable_by(k - 1, |&a, &b| before(scores, &tie, a, b));
    }
    places.truncate(k);
    places
}

/// Places of all scores that reach a bar, which at least `k` of them do: the k-th best of the blocks' best ones.
fn reaching(k: usize, scores: &[f64]) -> Vec<u32> {
    if k == 0 {
        return Vec::new();
    }
    let mut most = vec![f64::NEG_INFINITY; scores.len().div_ceil(BLOCK)];
    simd::maxima(scores, &mut most);
    let mut bar = f64::MIN;
    if most.len() >= k {
        let mut falling: Vec<(u64, f64)> = most.iter().map(|&most| (rising(-most), most)).collect();
        let (_, (_, kth), _) = falling.select_nth_unstable_by_key(k - 1, |(key, _)| *key);
        bar = kth.max(bar);
    }
    let mut places = Vec::with_capacity(4 * k);
    for ((block, &most), start) in scores.chunks(BLOCK).zip(&most).zip((0..).step_by(BLOCK)) {
        if most >= bar {
            places.extend(block.iter().zip(start..).filter(|(score, _)| **score >= bar).map(|(_, place)| place));
        }
    }
    places
}

fn before(scores: &[f64], tie: &impl Fn(u32) -> u32, a: u32, b: u32) -> Ordering {
    falling(scores[a as usize], scores[b as usize]).then_with(|| tie(a).cmp(&tie(b)))
}

/// Whole numbers in the order of the numbers, which are quicker to compare; 0 and -0 are equal.
pub(super) fn rising(number: f64) -> u64 {
    let bits = (number + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// The larger first; 0 and -0 are equal.
pub(super) fn falling(a: f64, b: f64) -> Ordering {
    b.partial_cmp(&a).unwrap_or(Ordering::Equal)
}

/// The larger of two numbers that are none of them NaN, as one instruction.
#[inline(always)]
pub(super) fn larger(a: f64, b: f64) -> f64 {
    if b > a { b } else { a }
}
