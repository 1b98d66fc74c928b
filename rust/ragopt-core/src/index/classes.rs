//! Lengths of chunks in at most 256 classes: what the fast lexical side reads instead of a length.
//!
//! A segment with at most 256 different lengths has one class for each, so that a bound is as good as
//! the score; with more, classes hold lengths within one ratio, the least that needs no more than 256.
//! Classes depend on the lengths alone. What moves with the mean length of the index are the
//! saturations that belong to a class ([`Levels`]): 256 numbers that each snapshot derives.

use super::postings::WINDOW;
use super::saturations::Saturations;

/// The class of every chunk, and between which lengths the chunks of a class lie.
#[derive(Debug, PartialEq)]
pub(crate) struct Classes {
    /// By ordinal, filled up with class 0 to whole windows.
    of: Vec<u8>,
    /// The least and the largest length of each class, ascending.
    ranges: Vec<(u32, u32)>,
}

/// What the classes of a segment are worth under the statistics of a snapshot.
#[derive(Debug)]
pub(crate) struct Levels {
    /// The least saturation of each class.
    least: Vec<f64>,
    gap: f64,
    /// tf/(tf + least) for a tf of 1 to 4, by class; 0 beyond the last class.
    parts: Box<[[f32; MOST]; 4]>,
}

const MOST: usize = 256;
/// Lengths below have a place in a table; a segment has few others.
const SHORT: usize = 1 << 14;

impl Classes {
    pub(super) fn of(lengths: &[u32]) -> Self {
        let distinct = distinct(lengths);
        let tokens: u64 = lengths.iter().map(|&length| u64::from(length)).sum();
        // With b = 3/4 a saturation is proportional to the length plus a third of the mean. Another b or another mean
        // makes the gap a little wider, and nothing wrong.
        let starts = grouped(&distinct, tokens as f64 / lengths.len().max(1) as f64 / 3.0);
        let ends = starts.iter().skip(1).copied().chain([distinct.len()]);
        let ranges: Vec<(u32, u32)> =
            starts.iter().zip(ends).map(|(&start, end)| (distinct[start], distinct[end - 1])).collect();
        let class = |length: u32| ranges.partition_point(|&(least, _)| least <= length).saturating_sub(1) as u8;
        let table: Vec<u8> = (0..SHORT as u32).map(class).collect();
        let mut of = vec![0; lengths.len().next_multiple_of(WINDOW)];
        for (slot, &length) in of.iter_mut().zip(lengths) {
            *slot = table.get(length as usize).copied().unwrap_or_else(|| class(length));
        }
        Self { of, ranges }
    }

    /// The classes of a window's chunks.
    #[inline(always)]
    pub(crate) fn window(&self, window: usize) -> &[u8; WINDOW] {
        &self.of.as_chunks().0[window]
    }

    /// Memory taken.
    pub(super) fn bytes(&self) -> usize {
        self.of.len()
    }
}

impl Levels {
    pub(super) fn of(classes: &Classes, saturations: &Saturations) -> Self {
        let least: Vec<f64> = classes.ranges.iter().map(|&(shortest, _)| saturations.of(shortest)).collect();
        let gaps = classes.ranges.iter().zip(&least).map(|(&(_, longest), &low)| gap(low, saturations.of(longest)));
        let gap = gaps.fold(0.0, f64::max);
        let mut parts = Box::new([[0.0; MOST]; 4]);
        for (row, tf) in parts.iter_mut().zip([1.0, 2.0, 3.0, 4.0]) {
            row.iter_mut().zip(&least).for_each(|(part, s)| *part = (tf / (tf + s)) as f32);
        }
        Self { least, gap, parts }
    }

    /// The least saturation of each class: no chunk of the class has one below.
    pub(crate) fn least(&self) -> &[f64] {
        &self.least
    }

    /// tf/(tf + s) for a tf of 1 to 4 and the least saturation of each class.
    pub(crate) fn parts(&self) -> &[[f32; MOST]; 4] {
        &self.parts
    }

    /// tf/(tf + s) differs by no more than this between a saturation of a chunk and the least of its class.
    pub(crate) fn gap(&self) -> f64 {
        self.gap
    }
}

/// The different lengths, ascending.
fn distinct(lengths: &[u32]) -> Vec<u32> {
    let mut short = vec![false; SHORT];
    let mut long = Vec::new();
    for &length in lengths {
        match short.get_mut(length as usize) {
            Some(seen) => *seen = true,
            None => long.push(length),
        }
    }
    long.sort_unstable();
    long.dedup();
    (0..).zip(short).filter_map(|(length, seen)| seen.then_some(length)).chain(long).collect()
}

/// Where each class starts among `distinct`, which ascends; lengths are compared with `shift` added.
fn grouped(distinct: &[u32], shift: f64) -> Vec<usize> {
    if distinct.len() <= MOST {
        return (0..distinct.len()).collect();
    }
    let within = |ratio: f64| {
        let mut starts: Vec<usize> = Vec::new();
        let mut end = f64::NEG_INFINITY;
        for (i, &length) in distinct.iter().enumerate() {
            let shifted = f64::from(length) + shift;
            if shifted > end {
                starts.push(i);
                end = shifted * ratio;
            }
        }
        starts
    };
    // Twice the ratio until it is enough, then by halves to one part in a thousand.
    let (mut low, mut high) = (0.0, 1e-3);
    while within(1.0 + high).len() > MOST {
        (low, high) = (high, 2.0 * high);
    }
    for _ in 0..10 {
        let middle = low + (high - low) / 2.0;
        if within(1.0 + middle).len() > MOST { low = middle } else { high = middle }
    }
    within(1.0 + high)
}

/// The most of tf/(tf + low) − tf/(tf + high) over all tf, which it reaches at tf² = low · high.
fn gap(low: f64, high: f64) -> f64 {
    if low == high { 0.0 } else { (high.sqrt() - low.sqrt()) / (high.sqrt() + low.sqrt()) + 1e-9 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::bm25::{Bm25, Statistics, VARIANTS};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_chunk_lies_in_its_class(
            lengths in prop::collection::vec(prop::sample::select(vec![0u32..3, 20..200, 0..5_000, 0..1_000_000])
                .prop_flat_map(|range| range), 0..2_000),
            (variant, b) in (prop::sample::select(VARIANTS.to_vec()), prop::sample::select(vec![0.0, 0.75, 1.0])),
            mean_length in prop::sample::select(vec![0.0, 0.3, 57.0, 1e5]),
            tf in 1u32..300,
        ) {
            let bm25 = Bm25::new(variant, 1.2, b, 0.5, 0.25).expect("valid");
            let saturations = Saturations::of_all(&bm25, &Statistics { chunks: 1, mean_length, mean_idf: 0.0 });
            let classes = Classes::of(&lengths);
            let levels = Levels::of(&classes, &saturations);
            prop_assert!(levels.least().len() <= MOST);
            let part = |saturation: f64| f64::from(tf) / (f64::from(tf) + saturation);
            for (i, &length) in lengths.iter().enumerate() {
                let saturation = saturations.of(length);
                let least = levels.least()[usize::from(classes.window(i / WINDOW)[i % WINDOW])];
                prop_assert!(least <= saturation);
                prop_assert!(part(least) - part(saturation) <= levels.gap());
            }
            let distinct: BTreeSet<u32> = lengths.into_iter().collect();
            prop_assert!(distinct.len() > MOST || levels.gap() == 0.0);
        }
    }
}
