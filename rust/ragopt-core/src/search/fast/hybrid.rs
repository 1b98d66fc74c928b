//! The dense side, alone or with the lexical one: upper bounds of all chunks, exact scores of the few that may win.
//!
//! What is too small to gain anything is left to the plain search, and so is what the bounds know nothing about.
//! A normalizer that looks at the best of a side has them found first, each side by itself; the bounds of the
//! dense side are kept meanwhile, so that the vectors are read once.

use std::cell::RefCell;

use super::bm25_only::best_gains;
use super::dense::Dense;
use super::engine::{Judge, Race, Room};
use super::lexical::{Bounds, most};
use super::merged::Merged;
use super::sides::{PartSide, SMALL, Sides, Small, Stepped};
use super::units::Units;
use super::windows::{Lists, Scan, Terms, Windows};
use crate::error::Result;
use crate::index::{Allow, Index, Part};
use crate::score::normalizer::{Limits, Map, Population};
use crate::score::top::{Entry, Top};
use crate::search::Parameters;
use crate::search::question::{LexicalSide, Question};
use crate::search::scorer::{Scorer, map_of};
use crate::types::{Found, Ordinal};

/// Memory that this thread keeps from one search to the next: 4 bytes a chunk at most, where a normalizer looks twice.
#[derive(Debug, Default)]
struct Kept {
    room: Room,
    windows: Windows,
    lists: Vec<Lists>,
}

thread_local! {
    static KEPT: RefCell<Kept> = RefCell::default();
}

/// The exact top-k; None where only the plain search can answer, or is as fast.
pub(super) fn search(
    index: &Index,
    question: &Question<'_>,
    allow: Option<&Allow>,
    parameters: &Parameters,
) -> Result<Option<Found>> {
    search_from(SMALL, index, question, allow, parameters)
}

/// The same, where `small` is left to the plain search.
pub(super) fn search_from(
    small: Small,
    index: &Index,
    question: &Question<'_>,
    allow: Option<&Allow>,
    parameters: &Parameters,
) -> Result<Option<Found>> {
    let Some(sides) = Sides::of(small, index, question, allow, parameters)? else {
        return Ok(None);
    };
    let Some(terms) = Stepped::of(&sides) else {
        return Ok(None);
    };
    KEPT.with(|kept| {
        // Taken, not borrowed: a thread that waits inside of a search may be given another one.
        let mut mine = kept.take();
        let Kept { room, windows, lists } = &mut mine;
        lists.resize_with(sides.parts.len().max(lists.len()), Lists::default);
        let dense: Vec<Dense<'_>> = sides.parts.iter().map(|part| Dense::of(&sides.side.query, part)).collect();
        let scans = sides.parts.iter().zip(&dense).zip(lists);
        let mut search = Search {
            scans: scans.map(|((part, dense), lists)| Scan::of(lists, dense, part, terms.is_some())).collect(),
            index,
            question,
            parameters,
            allow,
            sides: &sides,
            terms,
            room,
            windows,
        };
        let found = search.run();
        parameters.note(std::mem::take(&mut search.room.left));
        kept.replace(mine);
        found
    })
}

/// One question that is answered here.
struct Search<'a> {
    index: &'a Index,
    question: &'a Question<'a>,
    parameters: &'a Parameters<'a>,
    allow: Option<&'a Allow>,
    sides: &'a Sides<'a>,
    terms: Option<Stepped<'a>>,
    scans: Vec<Scan<'a>>,
    room: &'a mut Room,
    windows: &'a mut Windows,
}

impl<'a> Search<'a> {
    fn run(&mut self) -> Result<Option<Found>> {
        let dense = self.dense_map()?;
        let lexical = self.sides.lexical.map(|side| self.lexical_map(side)).transpose()?;
        let nothing = Map::Constant(0.0);
        let most = self.terms.map_or(0.0, |terms| most(terms.steps));
        let units = Units::of(self.sides.alpha, &dense, lexical.as_ref().unwrap_or(&nothing), most);
        let listed = places(&dense).map(|places| listed(places, lexical.as_ref()));
        let scorer = Scorer::new(self.index, self.question, self.parameters, lexical, Some(dense));
        let weighs = self.sides.lexical.is_some();
        let judge = |part| Fused { scorer: &scorer, part, lexical: weighs };
        let best = match (listed, units) {
            (Some(ordinals), _) => self.best_of(judge, &ordinals)?,
            (None, Some(units)) => {
                let least = self.parameters.min_score.unwrap_or(f64::NEG_INFINITY);
                self.best(judge, &units, (self.parameters.k, least), self.terms)?
            }
            (None, None) => return Ok(None),
        };
        found(&best, &scorer, self.question, self.parameters).map(Some)
    }

    /// The best `k` by what `judge` says of the chunks of a part, none below `least`.
    fn best<J: Judge>(
        &mut self,
        judge: impl Fn(&'a Part) -> J,
        units: &Units,
        (k, least): (usize, f64),
        terms: Option<Stepped<'a>>,
    ) -> Result<Vec<Entry>> {
        let mut merged = Merged::new(self.index, k, least);
        for scan in &mut self.scans {
            let PartSide { part, vectors, .. } = *scan.part;
            let terms = terms.map(|Stepped { side, steps }| Terms {
                bounds: Bounds::of(self.index, part, side, steps),
                floor: self.parameters.floor,
            });
            let (judge, side, least) = (judge(part), self.sides.side, merged.threshold());
            let race = Race::new(&judge, scan.dense, side, vectors, units, k, least, self.room);
            merged.take(scan.run(self.windows, race, units, terms, self.parameters)?);
        }
        Ok(merged.into_best())
    }

    /// The map of the lexical side.
    fn lexical_map(&self, side: &LexicalSide<'_>) -> Result<Map> {
        let Some(Stepped { steps, .. }) = self.terms else {
            return Ok(self.parameters.normalizer.map(&[], side.limits()));
        };
        let wanted = match self.parameters.normalizer.population() {
            // Where nothing is found all gains are 0, and so is what this makes of them.
            Population::Nothing => return Ok(self.parameters.normalizer.map(&[(0, 0.0)], side.limits())),
            Population::Best => 1,
            Population::Depth => self.parameters.depth,
        };
        let found = best_gains(self.index, side, steps, self.allow, wanted.min(self.index.len()), self.parameters)?;
        Ok(map_of(self.index, self.parameters, side.limits(), found.into_iter()))
    }

    /// The map of the dense side: for a normalizer that looks at its best, found by a race of its own.
    fn dense_map(&mut self) -> Result<Map> {
        let limits = Limits { bottom: self.parameters.floor, most: 1.0 };
        let k = match self.parameters.normalizer.population() {
            Population::Nothing => return Ok(self.parameters.normalizer.map(&[(0, 0.0)], limits)),
            Population::Best => 1,
            Population::Depth => self.parameters.depth,
        };
        self.scans.iter_mut().for_each(Scan::keep);
        let best = self.best(|part| Cosines { part }, &Units::COSINE, (k, f64::NEG_INFINITY), None)?;
        let best: Vec<(Ordinal, f64)> = best.iter().map(|entry| (entry.ordinal, entry.score)).collect();
        Ok(self.parameters.normalizer.map(&best, limits))
    }

    /// The best of these chunks alone.
    fn best_of<'s>(&self, judge: impl Fn(&'a Part) -> Fused<'s>, ordinals: &[Ordinal]) -> Result<Vec<Entry>>
    where
        'a: 's,
    {
        let least = self.parameters.min_score.unwrap_or(f64::NEG_INFINITY);
        let mut top = Top::new(self.parameters.k, |left, right| self.index.order(left, right));
        let mut cosines = Vec::with_capacity(ordinals.len());
        for &PartSide { part, vectors, .. } in &self.sides.parts {
            let end = part.first + part.span() as Ordinal;
            let here = ordinals.iter().filter(|&&ordinal| (part.first..end).contains(&ordinal));
            let locals: Vec<Ordinal> = here.map(|ordinal| ordinal - part.first).collect();
            cosines.clear();
            vectors.cosines(&self.sides.side.query, &locals, &mut cosines)?;
            let judge = judge(part);
            for (&local, &cosine) in locals.iter().zip(&cosines) {
                let cosine = vectors.present().contains(local).then_some(cosine);
                let entry = judge.score(local, judge.gain(local), cosine);
                if entry.score >= least {
                    top.push(entry);
                }
            }
        }
        Ok(top.into_sorted())
    }
}

/// What a question found. There are k candidates at least, so that fewer hits mean a threshold.
pub(super) fn found(
    best: &[Entry],
    scorer: &Scorer<'_>,
    question: &Question<'_>,
    parameters: &Parameters,
) -> Result<Found> {
    Ok(Found {
        hits: best.iter().map(|entry| scorer.hit(entry, None)).collect::<Result<_>>()?,
        alpha: scorer.alpha,
        sides: (question.lexical.is_some(), true),
        below: best.len() < parameters.k,
    })
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
    part: &'a Part,
}

impl Judge for Cosines<'_> {
    fn gain(&self, _: Ordinal) -> Option<f64> {
        None
    }

    fn tie(&self, ordinal: Ordinal) -> u32 {
        self.part.segment.ids.place(ordinal)
    }

    fn score(&self, ordinal: Ordinal, _: Option<f64>, cosine: Option<f64>) -> Entry {
        Entry { score: cosine.unwrap_or(f64::NEG_INFINITY), ordinal: self.part.first + ordinal }
    }

    fn takes_missing(&self) -> bool {
        false
    }
}

/// Scores are those of the question.
pub(super) struct Fused<'a> {
    pub(super) scorer: &'a Scorer<'a>,
    pub(super) part: &'a Part,
    /// Whether the lexical side weighs anything.
    pub(super) lexical: bool,
}

impl Judge for Fused<'_> {
    fn gain(&self, ordinal: Ordinal) -> Option<f64> {
        if self.lexical { self.scorer.gain(self.part, ordinal) } else { None }
    }

    fn tie(&self, ordinal: Ordinal) -> u32 {
        self.part.segment.ids.place(ordinal)
    }

    fn score(&self, ordinal: Ordinal, gain: Option<f64>, cosine: Option<f64>) -> Entry {
        self.scorer.entry(self.part.first + ordinal, gain.unwrap_or(0.0), cosine)
    }

    fn takes_missing(&self) -> bool {
        self.lexical
    }
}
