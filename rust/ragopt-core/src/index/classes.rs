//! Lengths of chunks in at most 256 classes: what the fast lexical side reads instead of a length.
//!
//! Derived when an index is made or opened, like all that moves with the mean length. An index with
//! at most 256 different saturations has one class for each, so that a bound is as good as the score;
//! with more, classes hold saturations within one ratio, the least that needs no more than 256.

use super::postings::WINDOW;

/// The class of every chunk, and between which saturations the chunks of a class lie.
#[derive(Debug)]
pub(crate) struct Classes {
    /// By ordinal, filled up with class 0 to whole windows.
    of: Vec<u8>,
    /// The least saturation of each class.
    least: Vec<f64>,
    gap: f64,
    /// tf/(tf + least) for a tf of 1 to 4, by class.
    parts: [Vec<f32>; 4],
}

const MOST: usize = 256;

impl Classes {
    pub(super) fn of(saturations: &[f64]) -> Self {
        let mut distinct = saturations.to_vec();
        distinct.sort_unstable_by(f64::total_cmp);
        distinct.dedup();
        let starts = grouped(&distinct);
        let least: Vec<f64> = starts.iter().map(|&start| distinct[start]).collect();
        let ends = starts.iter().skip(1).copied().chain([distinct.len()]);
        let gap =
            starts.iter().zip(ends).map(|(&start, end)| gap(distinct[start], distinct[end - 1])).fold(0.0, f64::max);
        let mut of = vec![0; saturations.len().next_multiple_of(WINDOW)];
        for (class, saturation) in of.iter_mut().zip(saturations) {
            *class = least.partition_point(|least| least <= saturation).saturating_sub(1) as u8;
        }
        let parts = [1.0, 2.0, 3.0, 4.0].map(|tf: f64| least.iter().map(|s| (tf / (tf + s)) as f32).collect());
        Self { of, least, gap, parts }
    }

    /// The classes of a window's chunks.
    #[inline(always)]
    pub(crate) fn window(&self, window: usize) -> &[u8; WINDOW] {
        &self.of.as_chunks().0[window]
    }

    /// The least saturation of each class: no chunk of the class has one below.
    pub(crate) fn least(&self) -> &[f64] {
        &self.least
    }

    /// tf/(tf + s) for a tf of 1 to 4 and the least saturation of each class.
    pub(crate) fn parts(&self) -> &[Vec<f32>; 4] {
        &self.parts
    }

    /// tf/(tf + s) differs by no more than this between a saturation of a chunk and the least of its class.
    pub(crate) fn gap(&self) -> f64 {
        self.gap
    }

    /// Memory taken.
    pub(super) fn bytes(&self) -> usize {
        self.of.len()
    }
}

/// Where each class starts among `distinct`, which ascends.
fn grouped(distinct: &[f64]) -> Vec<usize> {
    if distinct.len() <= MOST {
        return (0..distinct.len()).collect();
    }
    let within = |ratio: f64| {
        let mut starts: Vec<usize> = Vec::new();
        let mut end = f64::NEG_INFINITY;
        for (i, &saturation) in distinct.iter().enumerate() {
            if saturation > end {
                starts.push(i);
                end = saturation * ratio;
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
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_chunk_lies_in_its_class(
            lengths in prop::collection::vec(prop::sample::select(vec![0u32..3, 20..200, 0..5_000, 0..1_000_000])
                .prop_flat_map(|range| range), 0..2_000),
            b in prop::sample::select(vec![0.0, 0.75, 1.0]),
            tf in 1u32..300,
        ) {
            let saturations: Vec<f64> = lengths.iter().map(|&l| 1.2 * (1.0 - b + b * f64::from(l) / 57.0)).collect();
            let classes = Classes::of(&saturations);
            prop_assert!(classes.least().len() <= MOST);
            let part = |saturation: f64| f64::from(tf) / (f64::from(tf) + saturation);
            for (i, &saturation) in saturations.iter().enumerate() {
                let least = classes.least()[usize::from(classes.window(i / WINDOW)[i % WINDOW])];
                prop_assert!(least <= saturation);
                prop_assert!(part(least) - part(saturation) <= classes.gap());
            }
            let mut distinct = saturations;
            distinct.sort_unstable_by(f64::total_cmp);
            distinct.dedup();
            prop_assert!(distinct.len() > MOST || classes.gap() == 0.0);
        }
    }
}
