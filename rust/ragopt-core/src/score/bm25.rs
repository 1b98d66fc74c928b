//! BM25 and its variants, in f64.
//!
//! A raw score is `Σ weight · idf · part(tf, length)` over the query's known terms. Every variant's
//! part is an *absent constant* (what a chunk without the term gets: 0 but for bm25l and bm25plus)
//! plus a *gain* of one common shape,
//!
//! ```text
//! gain = scale · tf / (tf + saturation),     saturation = K · (1 − b + b · length / mean length)
//! ```
//!
//! | variant | idf | scale | K | absent |
//! |---|---|---|---|---|
//! | lucene, lucene_lossy | ln(1 + (N − n + ½)/(n + ½)) | 1 | k1 | 0 |
//! | robertson | max(0, ln((N − n + ½)/(n + ½))) | 1 | k1 | 0 |
//! | atire | ln(N/n) | k1 + 1 | k1 | 0 |
//! | okapi | ln((N − n + ½)/(n + ½)); below 0: ε · mean idf of the vocabulary | k1 + 1 | k1 | 0 |
//! | bm25plus | ln((N + 1)/n) | k1 + 1 | k1 | δ |
//! | bm25l | ln((N + 1)/(n + ½)) | (k1 + 1)·k1/(k1 + δ) | k1 + δ | (k1 + 1)·δ/(k1 + δ) |
//!
//! bm25l's row is its usual form `(k1 + 1)(c + δ)/(k1 + c + δ)`, c = tf/norm, less its value at c = 0.
//! So the score that is normalized is a sum of gains: no constant is added only to be subtracted.
//! Sources: Kamphuis et al., "Which BM25 do you mean?" (ECIR 2020); rank-bm25 0.2.2 for okapi.

use crate::error::{Error, Result};

/// The names of the variants, in the order of [`Variant`].
pub const VARIANTS: [&str; 7] = ["lucene", "lucene_lossy", "robertson", "atire", "bm25l", "bm25plus", "okapi"];

/// Keeps every score finite; real values are below 10.
const LARGEST_PARAMETER: f64 = 1e9;

/// Which BM25 is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    Lucene,
    LuceneLossy,
    Robertson,
    Atire,
    Bm25l,
    Bm25plus,
    Okapi,
}

/// A variant with its parameters, checked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bm25 {
    pub variant: Variant,
    /// How fast repeated terms stop counting, 0 or more.
    pub k1: f64,
    /// How much long chunks are discounted, 0 to 1.
    pub b: f64,
    /// Read by bm25l and bm25plus, 0 or more.
    pub delta: f64,
    /// Read by okapi, 0 or more.
    pub epsilon: f64,
}

/// What BM25 needs to know of an index. Empty chunks count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Statistics {
    /// Live chunks.
    pub chunks: usize,
    /// Mean length in terms; 0 without any term.
    pub mean_length: f64,
    /// Mean of okapi's idf, before epsilon, over the vocabulary; read by okapi only.
    pub mean_idf: f64,
}

impl Variant {
    /// The variant of this name.
    ///
    /// # Errors
    /// [`Error::UnknownName`].
    pub fn of(name: &str) -> Result<Self> {
        Ok(match name {
            "lucene" => Self::Lucene,
            "lucene_lossy" => Self::LuceneLossy,
            "robertson" => Self::Robertson,
            "atire" => Self::Atire,
            "bm25l" => Self::Bm25l,
            "bm25plus" => Self::Bm25plus,
            "okapi" => Self::Okapi,
            _ => {
                return Err(Error::UnknownName { kind: "BM25 variant", name: name.to_owned(), known: &VARIANTS });
            }
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        VARIANTS[self as usize]
    }
}

impl Bm25 {
    /// A variant by name, with its parameters.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for the name, [`Error::Input`] for a parameter out of its range.
    pub fn new(variant: &str, k1: f64, b: f64, delta: f64, epsilon: f64) -> Result<Self> {
        let variant = Variant::of(variant)?;
        for (name, value) in [("k1", k1), ("delta", delta), ("epsilon", epsilon)] {
            if !(0.0..=LARGEST_PARAMETER).contains(&value) {
                return Err(Error::Input(format!("BM25 {name}={value}: must be between 0 and {LARGEST_PARAMETER:e}")));
            }
        }
        if !(0.0..=1.0).contains(&b) {
            return Err(Error::Input(format!("BM25 b={b}: must be between 0 and 1")));
        }
        Ok(Self { variant, k1, b, delta, epsilon })
    }

    /// How much a term tells that `frequency` (at least 1) of the chunks hold.
    #[must_use]
    pub fn idf(&self, statistics: &Statistics, frequency: usize) -> f64 {
        let (chunks, holding) = (statistics.chunks as f64, frequency as f64);
        match self.variant {
            Variant::Lucene | Variant::LuceneLossy => ln(1.0 + (chunks - holding + 0.5) / (holding + 0.5)),
            Variant::Robertson => ln((chunks - holding + 0.5) / (holding + 0.5)).max(0.0),
            Variant::Atire => ln(chunks / holding),
            Variant::Bm25l => ln((chunks + 1.0) / (holding + 0.5)),
            Variant::Bm25plus => ln((chunks + 1.0) / holding),
            Variant::Okapi => {
                let plain = okapi_idf(chunks, holding);
                if plain < 0.0 { self.epsilon * statistics.mean_idf } else { plain }
            }
        }
    }

    /// [`Statistics::mean_idf`] of a vocabulary whose terms are held by `frequencies` chunks, in byte order of the terms.
    #[must_use]
    pub fn mean_idf(chunks: usize, frequencies: impl ExactSizeIterator<Item = usize>) -> f64 {
        let terms = frequencies.len();
        if terms == 0 {
            return 0.0;
        }
        let sum: f64 = frequencies.map(|n| okapi_idf(chunks as f64, n as f64)).sum();
        sum / terms as f64
    }

    /// What a chunk's length makes of a term's count: `saturation` of [`share`].
    #[must_use]
    pub fn saturation(&self, statistics: &Statistics, length: u32) -> f64 {
        let length = match self.variant {
            Variant::LuceneLossy => lossy(length),
            _ => length,
        };
        let norm = if statistics.mean_length > 0.0 {
            1.0 - self.b + self.b * (f64::from(length) / statistics.mean_length)
        } else {
            1.0
        };
        match self.variant {
            Variant::Bm25l => (self.k1 + self.delta) * norm,
            _ => self.k1 * norm,
        }
    }

    /// The factor of every gain that does not depend on the chunk.
    #[must_use]
    pub fn scale(&self) -> f64 {
        match self.variant {
            Variant::Lucene | Variant::LuceneLossy | Variant::Robertson => 1.0,
            Variant::Atire | Variant::Bm25plus | Variant::Okapi => self.k1 + 1.0,
            // Without k1 and delta every present term counts 1: (c + 0)/(0 + c + 0).
            Variant::Bm25l if self.k1 + self.delta == 0.0 => 1.0,
            Variant::Bm25l => (self.k1 + 1.0) * self.k1 / (self.k1 + self.delta),
        }
    }

    /// The part of a term that the chunk does not hold.
    #[must_use]
    pub fn absent(&self) -> f64 {
        match self.variant {
            Variant::Bm25plus => self.delta,
            Variant::Bm25l if self.delta > 0.0 => (self.k1 + 1.0) * self.delta / (self.k1 + self.delta),
            _ => 0.0,
        }
    }

    /// No part is above this, whatever the count and the length: the supremum of the bound.
    #[must_use]
    pub fn sup(&self) -> f64 {
        match self.variant {
            Variant::Lucene | Variant::LuceneLossy | Variant::Robertson => 1.0,
            Variant::Atire | Variant::Bm25l | Variant::Okapi => self.k1 + 1.0,
            Variant::Bm25plus => self.delta + self.k1 + 1.0,
        }
    }
}

/// What one term adds to a chunk's gain: the one place where this is computed.
///
/// `factor` is weight · idf · scale. Never -0.0, so that -0.0 can mean "no term yet".
#[inline(always)]
#[must_use]
pub fn share(factor: f64, tf: u32, saturation: f64) -> f64 {
    let tf = f64::from(tf);
    factor * (tf / (tf + saturation)) + 0.0
}

fn okapi_idf(chunks: f64, holding: f64) -> f64 {
    ln(chunks - holding + 0.5) - ln(holding + 0.5)
}

/// The natural logarithm in plain arithmetic: the same bits on every machine, which libc's does not promise.
fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// A length as Lucene keeps it in one byte (its SmallFloat): exact below 40, then four leading bits.
#[must_use]
pub fn lossy(length: u32) -> u32 {
    const EXACT: u32 = 24; // values that the byte has to spare: 255 − 231, the code of the largest int
    if length < EXACT + 16 {
        return length;
    }
    let above = length - EXACT;
    let shift = (31 - above.leading_zeros()) - 3;
    EXACT + (above >> shift << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> impl Iterator<Item = Bm25> {
        VARIANTS.into_iter().flat_map(|name| {
            [0.0, 0.4, 1.2, 3.0].into_iter().flat_map(move |k1| {
                [(0.0, 0.0), (0.75, 0.5), (1.0, 1.0)]
                    .into_iter()
                    .map(move |(b, delta)| Bm25::new(name, k1, b, delta, 0.25).expect("valid"))
            })
        })
    }

    /// The textbook forms, written out: what the common shape must reproduce.
    fn textbook(bm25: &Bm25, tf: f64, norm: f64) -> f64 {
        let (k1, delta) = (bm25.k1, bm25.delta);
        match bm25.variant {
            Variant::Lucene | Variant::LuceneLossy | Variant::Robertson => tf / (tf + k1 * norm),
            Variant::Atire | Variant::Okapi => (k1 + 1.0) * tf / (tf + k1 * norm),
            Variant::Bm25plus => delta + (k1 + 1.0) * tf / (tf + k1 * norm),
            Variant::Bm25l => (k1 + 1.0) * (tf / norm + delta) / (k1 + tf / norm + delta),
        }
    }

    #[test]
    fn absent_and_gain_make_the_textbook_part() {
        let statistics = Statistics { chunks: 10, mean_length: 7.0, mean_idf: 0.0 };
        for bm25 in all() {
            for (tf, length) in [(1, 1), (2, 7), (5, 30), (30, 39)] {
                let norm = 1.0 - bm25.b + bm25.b * f64::from(length) / 7.0;
                let part = bm25.absent() + share(bm25.scale(), tf, bm25.saturation(&statistics, length));
                let expected = textbook(&bm25, f64::from(tf), norm);
                assert!((part - expected).abs() <= 1e-13 * expected.abs(), "{bm25:?} {tf} {length}");
                assert!(part <= bm25.sup() * (1.0 + 1e-15), "{bm25:?}: {part} above the supremum");
            }
        }
    }

    #[test]
    fn idf_of_each_variant() {
        let statistics = Statistics { chunks: 4, mean_length: 2.0, mean_idf: 0.5 };
        for (name, expected) in [
            ("lucene", (1.0f64 + 1.5 / 3.5).ln()),
            ("robertson", 0.0),
            ("atire", (4.0f64 / 3.0).ln()),
            ("bm25l", (5.0f64 / 3.5).ln()),
            ("bm25plus", (5.0f64 / 3.0).ln()),
            ("okapi", 0.125),
        ] {
            let bm25 = Bm25::new(name, 1.2, 0.75, 0.5, 0.25).expect("valid");
            assert!((bm25.idf(&statistics, 3) - expected).abs() < 1e-15, "{name}");
        }
        assert_eq!(Bm25::mean_idf(0, [].into_iter()), 0.0);
        assert!((Bm25::mean_idf(4, [3, 1, 1, 1].into_iter()) - 0.423_648_930_193_601_7).abs() < 1e-15);
    }

    #[test]
    fn lossy_lengths_are_those_of_lucene() {
        for (length, kept) in [
            (0, 0),
            (39, 39),
            (40, 40),
            (41, 40),
            (42, 42),
            (55, 54),
            (56, 56),
            (59, 56),
            (1000, 984),
            (u32::MAX >> 1, 2_013_265_944),
        ] {
            assert_eq!(lossy(length), kept, "{length}");
        }
    }

    #[test]
    fn impossible_parameters_are_refused() {
        for (k1, b, delta) in [(-1.0, 0.5, 0.0), (f64::NAN, 0.5, 0.0), (1.0, 1.1, 0.0), (1.0, 0.5, f64::INFINITY)] {
            assert!(matches!(Bm25::new("lucene", k1, b, delta, 0.0), Err(Error::Input(_))));
        }
        assert!(matches!(Bm25::new("bm26", 1.0, 0.5, 0.0, 0.0), Err(Error::UnknownName { .. })));
    }
}
