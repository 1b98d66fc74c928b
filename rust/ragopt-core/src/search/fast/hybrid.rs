//! The dense side, alone or with the lexical one: upper bounds of all chunks, exact scores of the few that may win.
//!
//! What is too small to gain anything is left to the plain search, and so is what the bounds know nothing about.
//! A normalizer that looks at the best of a side has them found first, each side by itself; the bounds of the
//! dense side are kept meanwhile, so that the vectors are read once.

use std::cell::RefCell;

use super::bm25_only::survivors;
use super::dense::Dense;
use super::engine::{Judge, Race, Room};
use super::lexical::Bounds;
use super::units::Units;
use super::windows::{Scan, Terms, Windows};
use crate::index::{Index, Plane, Vectors};
use crate::score::cosine;
use crate::score::fusion::alpha_in_force;
use crate::score::normalizer::{Limits, Map, Population};
use crate::score::top::{Entry, Top};
use crate::search::Parameters;
use crate::search::question::{DenseSide, LexicalSide, Question};
use crate::search::scorer::{Scorer, map_of};
use crate::types::{Bits, Found, Ordinal};

/// What the plain search finds as fast.
#[derive(Debug, Clone, Copy)]
pub(super) struct Small {
    /// Fewer allowed vectors than this.
    pub(super) vectors: usize,
    /// Fewer of them than this many times k (or the depth).
    pub(super) times: usize,
}

pub(super) const SMALL: Small = Small { vectors: Vectors::ENCODED, times: 16 };

/// Memory that this thread keeps from one search to the next: 4 bytes a chunk at most, where a normalizer looks twice.
#[derive(Debug, Default)]
struct Kept {
    room: Room,
    windows: Windows,
}

thread_local! {
    static KEPT: RefCell<Kept> = RefCell::default();
}

/// The exact top-k; None where only the plain search can answer, or is as fast.
pub(super) fn search(
    index: &Index,
    question: &Question,
    allow: Option<&Bits>,
    parameters: &Parameters,
) -> Option<Found> {
    search_from(SMALL, index, question, allow, parameters)
}

/// The same, where `small` is left to the plain search.
pub(super) fn search_from(
    small: Small,
    index: &Index,
    question: &Question,
    allow: Option<&Bits>,
    parameters: &Parameters,
) -> Option<Found> {
    let Sides { side, lexical, vectors, plane, alpha, count } = Sides::of(small, index, question, allow, parameters)?;
    let terms = match lexical.filter(|side| !side.terms.is_empty()) {
        Some(side) => Some(Terms { bounds: Bounds::of(index, side)?, floor: parameters.floor }),
        None => None,
    };
    let dense = Dense::of(&side.query, vectors, plane);
    KEPT.with(|kept| {
        // Taken, not borrowed: a thread that waits inside of a search may be given another one.
        let mut mine = kept.take();
        let scan = Scan::of(&mut mine.windows, &dense, vectors, allow, count, terms.is_some());
        let search = Search { index, question, parameters, allow, lexical, side, vectors, dense: &dense, alpha };
        let found = search.run(scan, terms, &mut mine.room);
        kept.replace(mine);
        found
    })
}

/// What a question needs to be answered by bounds.
pub(super) struct Sides<'a> {
    pub(super) side: &'a DenseSide,
    /// None where it weighs nothing.
    pub(super) lexical: Option<&'a LexicalSide>,
    pub(super) vectors: &'a Vectors,
    pub(super) plane: &'a Plane,
    /// In force, above 0.
    pub(super) alpha: f64,
    /// Allowed chunks that have a vector.
    pub(super) count: usize,
}

impl<'a> Sides<'a> {
    pub(super) fn of(
        small: Small,
        index: &'a Index,
        question: &'a Question,
        allow: Option<&Bits>,
        parameters: &Parameters,
    ) -> Option<Self> {
        let (side, vectors) = (question.dense.as_ref()?, index.vectors()?);
        let alpha = alpha_in_force(parameters.alpha, question.lexical.is_some(), true);
        if alpha == 0.0 || parameters.k == 0 {
            return None;
        }
        let count = vectors.present().count_with(allow);
        let wanted = match parameters.normalizer.population() {
            Population::Depth => parameters.depth.max(parameters.k),
            Population::Best | Population::Nothing => parameters.k,
        };
        if count < small.vectors || wanted.saturating_mul(small.times) > count {
            return None;
        }
        let lexical = question.lexical.as_ref().filter(|_| alpha < 1.0);
        Some(Self { side, lexical, vectors, plane: vectors.plane()?, alpha, count })
    }
}

/// One question that is answered here.
struct Search<'a> {
    index: &'a Index,
    question: &'a Question,
    parameters: &'a Parameters,
    allow: Option<&'a Bits>,
    /// None where it weighs nothing.
    lexical: Option<&'a LexicalSide>,
    side: &'a DenseSide,
    vectors: &'a Vectors,
    dense: &'a Dense<'a>,
    /// In force, above 0.
    alpha: f64,
}

impl Search<'_> {
    fn run(&self, mut scan: Scan<'_>, terms: Option<Terms<'_>>, room: &mut Room) -> Option<Found> {
        let dense = self.dense_map(&mut scan, room);
        let lexical = match self.lexical {
            Some(side) => Some(self.lexical_map(side, terms.is_some())?),
            None => None,
        };
        let nothing = Map::Constant(0.0);
        let most = terms.as_ref().map_or(0.0, |terms| terms.bounds.most());
        let units = Units::of(self.alpha, &dense, lexical.as_ref().unwrap_or(&nothing), most);
        let listed = places(&dense).map(|places| listed(places, lexical.as_ref()));
        let scorer = Scorer::new(self.index, self.question, self.parameters, lexical, Some(dense));
        let judge = Fused { scorer: &scorer, lexical: self.lexical.is_some() };
        let best = match listed {
            Some(ordinals) => self.best_of(&judge, &ordinals),
            None => {
                let units = units?;
                let least = self.parameters.min_score.unwrap_or(f64::NEG_INFINITY);
                let k = self.parameters.k;
                let race = Race::new(&judge, self.dense, self.side, self.vectors, &units, k, least, room);
                scan.run(race, &units, terms)
            }
        };
        Some(found(&best, &scorer, self.question, self.parameters))
    }

    /// The map of the lexical side, which holds `terms`, or none that the index knows.
    fn lexical_map(&self, side: &LexicalSide, terms: bool) -> Option<Map> {
        let wanted = match self.parameters.normalizer.population() {
            _ if !terms => return Some(self.parameters.normalizer.map(&[], side.limits())),
            // Where nothing is found all gains are 0, and so is what this makes of them.
            Population::Nothing => return Some(self.parameters.normalizer.map(&[(0, 0.0)], side.limits())),
            Population::Best => 1,
            Population::Depth => self.parameters.depth,
        };
        let found = survivors(Bounds::of(self.index, side)?, self.allow, wanted.min(self.index.len()));
        let raw = Scorer::new(self.index, self.question, self.parameters, None, None);
        let gain = |&ordinal: &Ordinal| (ordinal, raw.gain(ordinal).unwrap_or(0.0));
        Some(map_of(self.index, self.parameters, side.limits(), found.iter().map(gain)))
    }

    /// The map of the dense side: for a normalizer that looks at its best, found by a race of its own.
    fn dense_map(&self, scan: &mut Scan<'_>, room: &mut Room) -> Map {
        let limits = Limits { bottom: self.parameters.floor, most: 1.0 };
        let k = match self.parameters.normalizer.population() {
            Population::Nothing => return self.parameters.normalizer.map(&[(0, 0.0)], limits),
            Population::Best => 1,
            Population::Depth => self.parameters.depth,
        };
        let judge = Cosines { index: self.index };
        let (units, least) = (Units::COSINE, f64::NEG_INFINITY);
        let race = Race::new(&judge, self.dense, self.side, self.vectors, &units, k, least, room);
        scan.keep();
        let best: Vec<(Ordinal, f64)> =
            scan.run(race, &units, None).iter().map(|entry| (entry.ordinal, entry.score)).collect();
        self.parameters.normalizer.map(&best, limits)
    }

    fn best_of(&self, judge: &Fused<'_>, ordinals: &[Ordinal]) -> Vec<Entry> {
        let least = self.parameters.min_score.unwrap_or(f64::NEG_INFINITY);
        let mut top = Top::new(self.parameters.k);
        let mut cosines = Vec::with_capacity(ordinals.len());
        cosine::cosines(&self.side.query, self.vectors.rows(), ordinals, &mut cosines);
        for (&ordinal, cosine) in ordinals.iter().zip(cosines) {
            let cosine = self.vectors.present().contains(ordinal).then_some(cosine);
            let entry = judge.score(ordinal, judge.gain(ordinal), cosine);
            if entry.score >= least {
                top.push(entry);
            }
        }
        top.into_sorted()
    }
}

/// What a question found. There are k candidates at least, so that fewer hits mean a threshold.
pub(super) fn found(best: &[Entry], scorer: &Scorer<'_>, question: &Question, parameters: &Parameters) -> Found {
    Found {
        hits: best.iter().map(|entry| scorer.hit(entry, None)).collect(),
        alpha: scorer.alpha,
        sides: (question.lexical.is_some(), true),
        below: best.len() < parameters.k,
    }
}

/// All chunks with a place on either side: with ranks, every other one has the score 0, and there are k of these.
fn listed(dense: &[(Ordinal, f64)], lexical: Option<&Map>) -> Vec<Ordinal> {
    let lexical = lexical.and_then(places).unwrap_or_default();
    let mut ordinals: Vec<Ordinal> = dense.iter().chain(lexical).map(|&(ordinal, _)| ordinal).collect();
    ordinals.sort_unstable();
    ordinals.dedup();
    ordinals
}

/// The places of a map by rank.
fn places(map: &Map) -> Option<&[(Ordinal, f64)]> {
    match map {
        Map::Ranked { places, .. } => Some(places),
        Map::Constant(_) | Map::Affine { .. } => None,
    }
}

/// Scores are cosines.
struct Cosines<'a> {
    index: &'a Index,
}

impl Judge for Cosines<'_> {
    fn gain(&self, _: Ordinal) -> Option<f64> {
        None
    }

    fn score(&self, ordinal: Ordinal, _: Option<f64>, cosine: Option<f64>) -> Entry {
        let score = cosine.unwrap_or(f64::NEG_INFINITY);
        Entry { score, tie: self.index.segment.ids.place(ordinal), ordinal }
    }

    fn takes_missing(&self) -> bool {
        false
    }
}

/// Scores are those of the question.
pub(super) struct Fused<'a> {
    pub(super) scorer: &'a Scorer<'a>,
    /// Whether the lexical side weighs anything.
    pub(super) lexical: bool,
}

impl Judge for Fused<'_> {
    fn gain(&self, ordinal: Ordinal) -> Option<f64> {
        if self.lexical { self.scorer.gain(ordinal) } else { None }
    }

    fn score(&self, ordinal: Ordinal, gain: Option<f64>, cosine: Option<f64>) -> Entry {
        self.scorer.entry(ordinal, gain.unwrap_or(0.0), cosine)
    }

    fn takes_missing(&self) -> bool {
        self.lexical
    }
}
