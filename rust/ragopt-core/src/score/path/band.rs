//! Which chunks can be among the first `k` at some alpha between 0 and 1.
//!
//! Let S be k chunks, taken from the best at the middle of an interval [a, b]. At every alpha in it the k-th best
//! score is at least T(alpha) = min of the lines of S, which is concave. So a line that lies below T at both ends
//! lies below it throughout, and its chunk can be left out of the interval. T is lowered by more than the few
//! roundings (2⁻⁵² of the largest number) that these lines and those of the walk can differ by.

use super::leading::leading;
use super::{HAS_TERM, HAS_VECTOR, simd};
use crate::score::fusion::fuse;

/// How many intervals: more leave fewer chunks, and cost a pass over all of them each.
const INTERVALS: usize = 5;

/// The chunks, in any order; at least all that can be among the first `k` strictly between 0 and 1. Scores are finite.
pub(super) fn of(lexical: &[f64], dense: &[f64], sides: &[u8], k: usize) -> Vec<u32> {
    let counts = |side: &u8| side & (HAS_TERM | HAS_VECTOR) != 0;
    let every = sides.iter().fold(true, |every, side| every & counts(side));
    let n = lexical.len() as u32;
    if every {
        return Band { lexical, dense }.reaching(0..n, k);
    }
    let chunks: Vec<u32> = (0..n).filter(|&i| counts(&sides[i as usize])).collect();
    let [lexical, dense] =
        [lexical, dense].map(|scores| chunks.iter().map(|&i| scores[i as usize]).collect::<Vec<_>>());
    Band { lexical: &lexical, dense: &dense }.reaching(chunks.into_iter(), k)
}

/// Scores of chunks that count.
struct Band<'a> {
    lexical: &'a [f64],
    dense: &'a [f64],
}

impl Band<'_> {
    /// Those of its `chunks` that can be among the first `k`, and perhaps some more.
    fn reaching(&self, chunks: impl Iterator<Item = u32>, k: usize) -> Vec<u32> {
        if k == 0 || self.lexical.len() <= 2 * k {
            return chunks.collect();
        }
        let above = self.above(k);
        let mut out = Vec::with_capacity(16 * k);
        out.extend(chunks.zip(above).filter(|(_, above)| *above >= 0.0).map(|(chunk, _)| chunk));
        out
    }

    /// How far above what it must reach each line comes, at the best.
    fn above(&self, k: usize) -> Vec<f64> {
        let Self { lexical, dense } = *self;
        // What rounding can make of these numbers.
        let slack = (simd::magnitude(lexical) + simd::magnitude(dense)) * 1e-14;
        let mut above = vec![f64::NEG_INFINITY; lexical.len()];
        let mut scores = vec![0.0; lexical.len()];
        for interval in 0..INTERVALS {
            let [a, middle, b] = [0.0, 0.5, 1.0].map(|part| (interval as f64 + part) / INTERVALS as f64);
            simd::fused(middle, dense, lexical, &mut scores);
            let best = leading(k, &scores);
            let least = |alpha: f64| {
                let line = |&place: &u32| fuse(alpha, dense[place as usize], lexical[place as usize]);
                best.iter().map(line).fold(f64::INFINITY, f64::min) - slack
            };
            simd::raise([a, b], [least(a), least(b)], dense, lexical, &mut above);
        }
        above
    }
}
