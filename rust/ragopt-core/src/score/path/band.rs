//! Which chunks can be among the first `k` at some alpha between 0 and 1.
//!
//! Let S be k chunks, taken from the best at the middle of an interval [a, b]. At every alpha in it the k-th best
//! score is at least T(alpha) = min of the lines of S, which is concave. So a line that lies below T at both ends
//! lies below it throughout, and its chunk can be left out of the interval. T is lowered by more than the few
//! roundings (2⁻⁵² of the largest number) that these lines and those of the walk can differ by.

use std::cmp::Ordering;

use super::{HAS_TERM, HAS_VECTOR};
use crate::score::fusion::fuse;

/// Scores looked at together.
const BLOCK: usize = 16;
/// How many intervals: more leave fewer chunks, and cost a pass over all of them each.
const INTERVALS: usize = 4;

/// The chunks, in any order; at least all that can be among the first `k` strictly between 0 and 1.
pub(super) fn of(lexical: &[f64], dense: &[f64], sides: &[u8], k: usize) -> Vec<u32> {
    let counts = |i: &u32| sides[*i as usize] & (HAS_TERM | HAS_VECTOR) != 0;
    let mut band = Band::of(lexical, dense, (0..lexical.len() as u32).filter(counts).collect());
    if k > 0 && band.chunks.len() > 2 * k {
        band.narrow(k);
    }
    band.chunks
}

/// Chunks and their scores.
struct Band {
    chunks: Vec<u32>,
    lexical: Vec<f64>,
    dense: Vec<f64>,
    /// What rounding can make of these numbers.
    slack: f64,
}

impl Band {
    fn of(lexical: &[f64], dense: &[f64], chunks: Vec<u32>) -> Self {
        let take = |scores: &[f64]| chunks.iter().map(|&i| scores[i as usize]).collect::<Vec<f64>>();
        let (lexical, dense) = (take(lexical), take(dense));
        let slack = (largest(&lexical) + largest(&dense)) * 1e-14;
        Self { chunks, lexical, dense, slack }
    }

    fn narrow(&mut self, k: usize) {
        let Self { chunks, lexical, dense, slack } = &*self;
        // How far above what it must reach each line comes, at the best.
        let mut above = vec![f64::NEG_INFINITY; chunks.len()];
        let mut scores = vec![0.0; chunks.len()];
        for interval in 0..INTERVALS {
            let [a, middle, b] = [0.0, 0.5, 1.0].map(|part| (interval as f64 + part) / INTERVALS as f64);
            for ((score, &lexical), &dense) in scores.iter_mut().zip(lexical).zip(dense) {
                *score = fuse(middle, dense, lexical);
            }
            // Any k will do, so ties need no order of theirs.
            let best = best(k, &scores, |_| true, |place| place);
            let least = |alpha: f64| {
                let line = |&(place, _): &(u32, f64)| fuse(alpha, dense[place as usize], lexical[place as usize]);
                best.iter().map(line).fold(f64::INFINITY, f64::min) - slack
            };
            let (from, to) = (least(a), least(b));
            for ((above, &lexical), &dense) in above.iter_mut().zip(lexical).zip(dense) {
                *above = larger(*above, larger(fuse(a, dense, lexical) - from, fuse(b, dense, lexical) - to));
            }
        }
        self.chunks = chunks.iter().zip(&above).filter(|(_, above)| **above >= 0.0).map(|(&chunk, _)| chunk).collect();
    }
}

/// The best `k` of the `scores` that count, with their places, best first; of equal ones the smaller tie is better.
pub(super) fn best(
    k: usize,
    scores: &[f64],
    counts: impl Fn(u32) -> bool,
    tie: impl Fn(u32) -> u32,
) -> Vec<(u32, f64)> {
    let mut held: Vec<(u32, f64)> = Vec::with_capacity(k);
    let mut bar = f64::NEG_INFINITY;
    for (block, start) in scores.chunks(BLOCK).zip((0..).step_by(BLOCK)) {
        // Most blocks hold nothing good enough, and this is quick to see.
        if k == 0 || !block.iter().fold(false, |any, &score| any | (score >= bar)) {
            continue;
        }
        for (&score, place) in block.iter().zip(start..) {
            if score < bar || !counts(place) {
                continue;
            }
            let better =
                |other: &(u32, f64)| falling(other.1, score).then_with(|| tie(other.0).cmp(&tie(place))).is_lt();
            let at = held.partition_point(better);
            if at < k {
                held.truncate(k - 1);
                held.insert(at, (place, score));
                if held.len() == k {
                    bar = held[k - 1].1;
                }
            }
        }
    }
    held
}

/// The larger first; 0 and -0 are equal.
pub(super) fn falling(a: f64, b: f64) -> Ordering {
    b.partial_cmp(&a).unwrap_or(Ordering::Equal)
}

/// The larger of two numbers that are none of them NaN, as one instruction.
#[inline(always)]
fn larger(a: f64, b: f64) -> f64 {
    if b > a { b } else { a }
}

/// The largest of the numbers without their signs; in lanes, since each waits for the one before in its lane.
fn largest(numbers: &[f64]) -> f64 {
    let (lanes, tail) = numbers.as_chunks::<8>();
    let mut most = [0.0; 8];
    for lane in lanes {
        for (most, number) in most.iter_mut().zip(lane) {
            *most = larger(*most, number.abs());
        }
    }
    most.into_iter().chain(tail.iter().map(|number| number.abs())).fold(0.0, larger)
}
