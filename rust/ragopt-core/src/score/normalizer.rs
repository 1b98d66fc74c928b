//! Bringing a side's scores to one scale: one map a query and side, unclipped, for every allowed chunk.
//!
//! The lexical side's scores are gains (raw BM25 less its absent constant), its population the
//! chunks that share a term; the dense side's are cosines, its population the chunks with a vector.
//! A chunk outside of the population goes through the same map: with gain 0 on the lexical side,
//! with the cosine floor on the dense side. So under minmax, zscore and dbsf a chunk without a term
//! is usually negative: it lies below the worst hit. Under `rank` it gets 0, having no rank.
//!
//! | name | map of s | degenerate |
//! |---|---|---|
//! | bounded | (s − bottom)/(most − bottom) | most = bottom: 0 |
//! | theoretical | (s − bottom)/(best − bottom) | best ≤ bottom: 0 |
//! | minmax | (s − low)/(best − low) | constant: 1 |
//! | zscore | (s − μ)/σ | constant: 0 |
//! | dbsf | (s − (μ − 3σ))/6σ | constant: ½ |
//! | l2 | s/‖population‖ | norm 0: 0 |
//! | rank | 1/(60 + rank) | beyond the depth: 0 |
//! | none | s | |
//!
//! `bottom` is 0 on the lexical side and the cosine floor on the dense side, `most` the query's bound
//! and 1. best, low, μ, σ (of the population, not of a sample) and the norm are over the exact top
//! `depth` of the side. A side that finds nothing gives every chunk 0.

use crate::error::{Error, Result};
use crate::types::Ordinal;

/// The names of the normalizers, in the order of [`Normalizer`].
pub const NORMALIZERS: [&str; 8] = ["bounded", "theoretical", "minmax", "zscore", "dbsf", "l2", "rank", "none"];

/// What `rank` adds to a rank before dividing: the constant of reciprocal rank fusion (Cormack et al., SIGIR 2009).
const RANK_CONSTANT: f64 = 60.0;

/// A map by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Normalizer {
    Bounded,
    Theoretical,
    Minmax,
    Zscore,
    Dbsf,
    L2,
    Rank,
    None,
}

/// How much of a side's ranking a normalizer must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Population {
    /// Whether anything was found.
    Nothing,
    /// The best score.
    Best,
    /// The exact top `depth`.
    Depth,
}

/// The limits of a side's scores that do not depend on what was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// The score of a chunk that the side does not find.
    pub bottom: f64,
    /// No score is above this.
    pub most: f64,
}

/// A normalizer made ready for one query and side.
#[derive(Debug, Clone, PartialEq)]
pub enum Map {
    /// Every score becomes this.
    Constant(f64),
    /// (s − shift)/scale.
    Affine { shift: f64, scale: f64 },
    /// By place: the ordinals of the top `depth`, ascending, with their values; a score below `cut` has no place.
    Ranked { cut: f64, places: Vec<(Ordinal, f64)> },
}

impl Normalizer {
    /// The normalizer of this name.
    ///
    /// # Errors
    /// [`Error::UnknownName`].
    pub fn of(name: &str) -> Result<Self> {
        Ok(match name {
            "bounded" => Self::Bounded,
            "theoretical" => Self::Theoretical,
            "minmax" => Self::Minmax,
            "zscore" => Self::Zscore,
            "dbsf" => Self::Dbsf,
            "l2" => Self::L2,
            "rank" => Self::Rank,
            "none" => Self::None,
            _ => {
                return Err(Error::UnknownName { kind: "normalizer", name: name.to_owned(), known: &NORMALIZERS });
            }
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        NORMALIZERS[self as usize]
    }

    /// What must be known of a side before [`Self::map`] can be called.
    #[must_use]
    pub fn population(self) -> Population {
        match self {
            Self::Bounded | Self::None => Population::Nothing,
            Self::Theoretical => Population::Best,
            Self::Minmax | Self::Zscore | Self::Dbsf | Self::L2 | Self::Rank => Population::Depth,
        }
    }

    /// The map for a side whose best scores are `best`, best first: ordinals and scores, as many as
    /// [`Self::population`] asks for (one of any, where it asks for nothing), none if the side finds nothing.
    #[must_use]
    pub fn map(self, best: &[(Ordinal, f64)], limits: Limits) -> Map {
        let (Some(&(_, high)), Some(&(_, low))) = (best.first(), best.last()) else {
            return Map::Constant(0.0);
        };
        let Limits { bottom, most } = limits;
        match self {
            Self::Bounded => over(bottom, most - bottom, 0.0),
            Self::Theoretical => over(bottom, high - bottom, 0.0),
            Self::Minmax => over(low, high - low, 1.0),
            Self::Zscore => {
                let (mean, deviation) = moments(best);
                over(mean, deviation, 0.0)
            }
            Self::Dbsf => {
                let (mean, deviation) = moments(best);
                over(mean - 3.0 * deviation, 6.0 * deviation, 0.5)
            }
            Self::L2 => over(0.0, best.iter().map(|&(_, s)| s * s).sum::<f64>().sqrt(), 0.0),
            Self::None => over(0.0, 1.0, 0.0),
            Self::Rank => {
                let mut places: Vec<(Ordinal, f64)> = best
                    .iter()
                    .enumerate()
                    .map(|(i, &(ordinal, _))| (ordinal, 1.0 / (RANK_CONSTANT + (i + 1) as f64)))
                    .collect();
                places.sort_unstable_by_key(|&(ordinal, _)| ordinal);
                Map::Ranked { cut: low, places }
            }
        }
    }
}

impl Map {
    /// The normalized score of the chunk at `ordinal`, whose true score on this side is `score`.
    #[inline(always)]
    #[must_use]
    pub fn apply(&self, ordinal: Ordinal, score: f64) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Affine { shift, scale } => (score - shift) / scale,
            Self::Ranked { cut, places } => {
                if score < *cut {
                    return 0.0;
                }
                match places.binary_search_by_key(&ordinal, |&(place, _)| place) {
                    Ok(i) => places[i].1,
                    Err(_) => 0.0,
                }
            }
        }
    }
}

/// (s − shift)/scale, or the constant where there is no scale to divide by.
fn over(shift: f64, scale: f64, constant: f64) -> Map {
    if scale > 0.0 { Map::Affine { shift, scale } } else { Map::Constant(constant) }
}

/// Mean and population standard deviation; the deviation of equal scores is exactly 0.
fn moments(best: &[(Ordinal, f64)]) -> (f64, f64) {
    let (high, low) = (best[0].1, best[best.len() - 1].1);
    let count = best.len() as f64;
    let mean = best.iter().map(|&(_, s)| s).sum::<f64>() / count;
    if high == low {
        return (mean, 0.0); // rounding of the mean would leave a tiny one
    }
    let variance = best.iter().map(|&(_, s)| (s - mean) * (s - mean)).sum::<f64>() / count;
    (mean, variance.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Normalizer; 8] = [
        Normalizer::Bounded,
        Normalizer::Theoretical,
        Normalizer::Minmax,
        Normalizer::Zscore,
        Normalizer::Dbsf,
        Normalizer::L2,
        Normalizer::Rank,
        Normalizer::None,
    ];

    const LEXICAL: Limits = Limits { bottom: 0.0, most: 10.0 };

    fn ranked(scores: &[f64]) -> Vec<(Ordinal, f64)> {
        let mut best: Vec<(Ordinal, f64)> = scores.iter().enumerate().map(|(i, &s)| (i as Ordinal, s)).collect();
        best.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        best
    }

    fn mapped(normalizer: Normalizer, scores: &[f64], limits: Limits) -> Vec<f64> {
        let map = normalizer.map(&ranked(scores), limits);
        scores.iter().enumerate().map(|(i, &s)| map.apply(i as Ordinal, s)).collect()
    }

    #[test]
    fn names_are_theirs() {
        for normalizer in ALL {
            assert_eq!(Normalizer::of(normalizer.name()), Ok(normalizer));
        }
        assert!(matches!(Normalizer::of("softmax"), Err(Error::UnknownName { .. })));
    }

    #[test]
    fn each_map_by_hand() {
        let scores = [1.0, 4.0, 2.0, 5.0];
        for (normalizer, expected) in [
            (Normalizer::Bounded, [0.1, 0.4, 0.2, 0.5]),
            (Normalizer::Theoretical, [0.2, 0.8, 0.4, 1.0]),
            (Normalizer::Minmax, [0.0, 0.75, 0.25, 1.0]),
            (Normalizer::Rank, [1.0 / 64.0, 1.0 / 62.0, 1.0 / 63.0, 1.0 / 61.0]),
            (Normalizer::None, scores),
        ] {
            assert_eq!(mapped(normalizer, &scores, LEXICAL), expected, "{normalizer:?}");
        }
        let deviation = 2.5f64.sqrt(); // of 1, 2, 4, 5 about 3
        for (got, expected) in mapped(Normalizer::Zscore, &scores, LEXICAL).iter().zip([-2.0, 1.0, -1.0, 2.0]) {
            assert!((got - expected / deviation).abs() < 1e-15);
        }
        for (got, z) in mapped(Normalizer::Dbsf, &scores, LEXICAL).iter().zip([-2.0, 1.0, -1.0, 2.0]) {
            assert!((got - (z / deviation + 3.0) / 6.0).abs() < 1e-15);
        }
        for (got, s) in mapped(Normalizer::L2, &scores, LEXICAL).iter().zip(scores) {
            assert!((got - s / 46f64.sqrt()).abs() < 1e-15);
        }
    }

    #[test]
    fn degenerate_populations() {
        for normalizer in ALL {
            assert_eq!(normalizer.map(&[], LEXICAL), Map::Constant(0.0), "{normalizer:?} of nothing");
        }
        let same = [0.1 + 0.2; 7]; // whose mean is not exactly itself
        for (normalizer, expected) in [(Normalizer::Minmax, 1.0), (Normalizer::Zscore, 0.0), (Normalizer::Dbsf, 0.5)] {
            assert_eq!(mapped(normalizer, &same, LEXICAL), [expected; 7], "{normalizer:?}");
        }
        let nothing = Limits { bottom: 0.0, most: 0.0 };
        for normalizer in [Normalizer::Bounded, Normalizer::Theoretical, Normalizer::L2] {
            assert_eq!(mapped(normalizer, &[0.0, 0.0], nothing), [0.0, 0.0], "{normalizer:?}");
        }
        // A best cosine below the floor must not turn the order around.
        let floor = Limits { bottom: 0.7, most: 1.0 };
        assert_eq!(mapped(Normalizer::Theoretical, &[0.6, 0.65], floor), [0.0, 0.0]);
    }

    #[test]
    fn outside_of_the_depth_there_is_no_rank() {
        let map = Normalizer::Rank.map(&[(3, 5.0), (1, 4.0)], LEXICAL);
        assert_eq!(map.apply(1, 4.0), 1.0 / 62.0);
        assert_eq!(map.apply(2, 4.0), 0.0); // an equal score that lost the tie
        assert_eq!(map.apply(0, 0.0), 0.0);
    }

    fn close(left: &[f64], right: &[f64]) -> bool {
        left.iter().zip(right).all(|(a, b)| (a - b).abs() <= 1e-6 * (1.0 + a.abs()))
    }

    proptest! {
        #[test]
        fn invariances(scores in prop::collection::vec(0.0f64..50.0, 1..40), scale in 0.01f64..100.0, shift in -50.0f64..50.0) {
            let affine: Vec<f64> = scores.iter().map(|s| s * scale + shift).collect();
            for normalizer in [Normalizer::Minmax, Normalizer::Zscore, Normalizer::Dbsf] {
                let high = scores.iter().copied().fold(f64::MIN, f64::max);
                let low = scores.iter().copied().fold(f64::MAX, f64::min);
                // Rounding of the shifted scores decides between constant and not where they nearly agree.
                if high == low || high - low > 1e-3 {
                    let same: Vec<f64> = if high == low { vec![affine[0]; affine.len()] } else { affine.clone() };
                    prop_assert!(close(&mapped(normalizer, &scores, LEXICAL), &mapped(normalizer, &same, LEXICAL)));
                }
            }
            let scaled: Vec<f64> = scores.iter().map(|s| s * scale).collect();
            for normalizer in [Normalizer::Theoretical, Normalizer::L2] {
                prop_assert!(close(&mapped(normalizer, &scores, LEXICAL), &mapped(normalizer, &scaled, LEXICAL)));
            }
            let monotone: Vec<f64> = scores.iter().map(|s| s.cbrt() - 7.0).collect();
            prop_assert_eq!(mapped(Normalizer::Rank, &scores, LEXICAL), mapped(Normalizer::Rank, &monotone, LEXICAL));
        }

        #[test]
        fn no_map_turns_the_order_around(scores in prop::collection::vec(-1.0f64..1.0, 2..40), floor in -1.0f64..0.9) {
            let limits = Limits { bottom: floor, most: 1.0 };
            for normalizer in ALL {
                let values = mapped(normalizer, &scores, limits);
                for i in 0..scores.len() {
                    prop_assert!(values[i].is_finite());
                    for j in 0..scores.len() {
                        prop_assert!(scores[i] <= scores[j] || values[i] >= values[j], "{:?}", normalizer);
                    }
                }
            }
        }
    }
}
