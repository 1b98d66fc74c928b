//! The bounds of all chunks of a part that may be found, window by window, and the race over them.

use super::dense::Dense;
use super::engine::{Judge, Race};
use super::lexical::{Bounds, Sums};
use super::sides::PartSide;
use super::units::Units;
use super::up;
use crate::error::Result;
use crate::index::{Vectors, WINDOW};
use crate::score::codes;
use crate::score::top::Entry;
use crate::search::Parameters;
use crate::types::{Bits, Ordinal};

/// With fewer than one in so many chunks allowed, their codes are read one by one.
pub(super) const SPARSE: usize = 4;

/// Memory of scans, reused.
#[derive(Debug)]
pub(super) struct Windows {
    bounds: Vec<f32>,
    sums: Box<Sums>,
}

/// The same for one part.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// The bounds of the dense side, where they are needed twice.
    kept: Vec<f32>,
    listed: Vec<Ordinal>,
}

impl Default for Windows {
    fn default() -> Self {
        Self { bounds: Vec::new(), sums: Box::new([0; WINDOW]) }
    }
}

/// The bounds of one question over one part.
pub(super) struct Scan<'a> {
    lists: &'a mut Lists,
    pub(super) dense: &'a Dense<'a>,
    pub(super) part: &'a PartSide<'a>,
    /// Whether only [`Lists::listed`] are looked at.
    sparse: bool,
    keeping: Keeping,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keeping {
    Nothing,
    Next,
    Kept,
}

/// The lexical side of a hybrid search.
pub(super) struct Terms<'a> {
    pub(super) bounds: Bounds<'a>,
    /// The cosine of a chunk without a vector.
    pub(super) floor: f64,
}

impl<'a> Scan<'a> {
    /// Of the allowed chunks of `part` that have a vector; in a `hybrid` search also of those without.
    pub(super) fn of(lists: &'a mut Lists, dense: &'a Dense<'a>, part: &'a PartSide<'a>, hybrid: bool) -> Self {
        let PartSide { vectors, allow, count, .. } = *part;
        let chunks = vectors.present().len();
        let sparse = count < chunks / SPARSE && (!hybrid || vectors.count() == chunks);
        lists.listed.clear();
        if sparse {
            vectors.present().list_with(allow, &mut lists.listed);
        }
        Self { lists, dense, part, sparse, keeping: Keeping::Nothing }
    }

    /// The next run keeps the bounds of the dense side, and those after it take them from there.
    pub(super) fn keep(&mut self) {
        self.keeping = Keeping::Next;
    }

    /// Runs `race` over all windows. What the terms may add is added, in `units`.
    pub(super) fn run<J: Judge>(
        &mut self,
        windows: &mut Windows,
        mut race: Race<'_, J>,
        units: &Units,
        mut terms: Option<Terms<'_>>,
        parameters: &Parameters<'_>,
    ) -> Result<Vec<Entry>> {
        let Windows { bounds, sums } = windows;
        let Lists { kept, listed } = &mut *self.lists;
        let (allow, vectors) = (self.part.allow, self.part.vectors);
        let listed = self.sparse.then_some(&listed[..]);
        let chunks = vectors.present().len();
        if self.keeping == Keeping::Next {
            kept.resize(listed.map_or(chunks, <[Ordinal]>::len), 0.0);
        }
        let mut done = 0;
        for window in 0..chunks.div_ceil(WINDOW) {
            let range = window * WINDOW..chunks.min((window + 1) * WINDOW);
            let places = match listed {
                Some(listed) => {
                    let start = done;
                    done += listed[start..].partition_point(|&ordinal| (ordinal as usize) < range.end);
                    start..done
                }
                None => range.clone(),
            };
            let none = |allow: &Bits| allow.window(range.start, WINDOW).iter().all(|&word| word == 0);
            if places.is_empty() || allow.is_some_and(none) {
                continue;
            }
            parameters.go_on()?;
            bounds.resize(places.len(), 0.0);
            match (self.keeping, listed) {
                (Keeping::Kept, _) => bounds.copy_from_slice(&kept[places.clone()]),
                (_, Some(listed)) => self.dense.bounds_at(&listed[places.clone()], bounds)?,
                (_, None) => self.dense.bounds(range.start, bounds)?,
            }
            if self.keeping == Keeping::Next {
                kept[places.clone()].copy_from_slice(bounds);
            }
            match (&mut terms, listed) {
                (None, _) => {}
                (Some(terms), None) => terms.add(units, window, vectors, sums, bounds),
                (Some(terms), Some(listed)) => terms.add_at(units, window, &listed[places.clone()], sums, bounds),
            }
            match listed {
                Some(listed) => race.offer(bounds, |i| Some(listed[places.start + i as usize])),
                None => race.offer(bounds, |i| {
                    let ordinal = range.start as Ordinal + i;
                    allow.is_none_or(|allow| allow.contains(ordinal)).then_some(ordinal)
                }),
            }?;
        }
        if self.keeping == Keeping::Next {
            self.keeping = Keeping::Kept;
        }
        race.finish()
    }
}

impl Terms<'_> {
    /// Adds what the terms may give in `window` to the bounds of its chunks; `sums` is 0 before and after.
    pub(super) fn add(&mut self, units: &Units, window: usize, vectors: &Vectors, sums: &mut Sums, bounds: &mut [f32]) {
        if self.bounds.enter(window) > 0 {
            (0..self.bounds.terms.len()).for_each(|place| self.bounds.scatter(place, sums));
            self.raise(units, sums, vectors, window * WINDOW, bounds);
            sums.fill(0);
        }
    }

    /// Adds the sums of a window, in units of the cosine, to its bounds.
    fn raise(&self, units: &Units, sums: &Sums, vectors: &Vectors, start: usize, bounds: &mut [f32]) {
        let weight = units.step(self.bounds.steps);
        if vectors.count() < vectors.present().len() {
            let floor = up(self.floor);
            for (bound, (&sum, ordinal)) in bounds.iter_mut().zip(sums.iter().zip(start as Ordinal..)) {
                if sum > 0 && !vectors.present().contains(ordinal) {
                    *bound = floor;
                }
            }
        }
        codes::add_scaled(weight, sums, bounds);
    }

    /// The same for some chunks of the window, all of which have a vector.
    fn add_at(&mut self, units: &Units, window: usize, ordinals: &[Ordinal], sums: &mut Sums, bounds: &mut [f32]) {
        if self.bounds.enter(window) > 0 {
            (0..self.bounds.terms.len()).for_each(|place| self.bounds.scatter(place, sums));
            let weight = units.step(self.bounds.steps);
            for (bound, &ordinal) in bounds.iter_mut().zip(ordinals) {
                *bound += weight * f32::from(sums[ordinal as usize % WINDOW]);
            }
            sums.fill(0);
        }
    }
}
