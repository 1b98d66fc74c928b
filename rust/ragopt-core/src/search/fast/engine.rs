//! The race: candidates come with upper bounds, and few of them are ever scored exactly.
//!
//! A threshold T is kept: the k-th best exact score so far, or `min_score`. Windows of bounds come in
//! any order; a candidate whose bound is below T can never be among the best k, since T only rises,
//! and is dropped. One that equals T stays, for it may win the tie. The others wait, and when too
//! many wait the best bounds among them are scored, which raises T. In the end what still waits is
//! bounded again by all its bits, and scored from the best bound downwards until a bound is below T.
//!
//! The second bound is put through the very function that makes a score ([`Judge::score`]); rounding
//! is monotone, so a larger cosine never makes a smaller score, and no slack is needed there.

use std::collections::BinaryHeap;

use super::dense::Dense;
use super::units::Units;
use crate::error::Result;
use crate::index::{Vectors, WINDOW};
use crate::score::codes::at_least;
use crate::score::top::Entry;
use crate::search::Survivors;
use crate::search::question::DenseSide;
use crate::types::Ordinal;

/// So many may wait, and a few times k.
const CROWD: usize = if cfg!(test) { 8 } else { 200 };
/// The same where the threshold is raised by bounds alone.
const FEW: usize = if cfg!(test) { 4 } else { 40 };
/// So many bounds are looked at first; then twice as many each time, as the threshold rises ever more slowly.
pub(super) const FIRST: usize = 256;
/// Exact scores between two looks at the threshold, once it stands.
const AT_ONCE: usize = 16;

/// Scores a candidate by its true scores. Chunks are told by their number in the part that is searched; an entry has the
/// ordinal of the index.
pub(super) trait Judge {
    /// The gain of a chunk; None if it shares no term.
    fn gain(&self, ordinal: Ordinal) -> Option<f64>;

    /// The place of a chunk among those of equal scores.
    fn tie(&self, ordinal: Ordinal) -> u32;

    /// The entry of a chunk; never smaller for a larger gain or cosine.
    fn score(&self, ordinal: Ordinal, gain: Option<f64>, cosine: Option<f64>) -> Entry;

    /// Whether a chunk without a vector can be found by its terms.
    fn takes_missing(&self) -> bool;
}

/// Memory of a race, reused.
#[derive(Debug, Default)]
pub(super) struct Room {
    waiting: Vec<(f32, Ordinal)>,
    ordinals: Vec<Ordinal>,
    cosines: Vec<f64>,
    sums: Vec<i64>,
    refined: Vec<Refined>,
    pub(super) left: Survivors,
}

/// A candidate with the bound of its score by all its bits.
#[derive(Debug, Clone, Copy)]
struct Refined {
    bound: f64,
    ordinal: Ordinal,
}

/// An entry with its tie, which a heap puts on top when it is the worst.
struct Worst(Entry, u32);

impl PartialEq for Worst {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Worst {}
impl PartialOrd for Worst {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Worst {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.by_score(&other.0).then(self.1.cmp(&other.1))
    }
}

/// One race for the best `k`.
pub(super) struct Race<'a, J> {
    judge: &'a J,
    dense: &'a Dense<'a>,
    side: &'a DenseSide,
    vectors: &'a Vectors,
    units: &'a Units,
    k: usize,
    /// Scores below are of no use.
    least: f64,
    best: BinaryHeap<Worst>,
    room: &'a mut Room,
    /// So many may wait and a few times k, and so many do.
    crowd: usize,
    limit: usize,
    /// Whether bounds are those of [`Dense::middle`] alone.
    near: bool,
    /// The threshold on bounds, as [`Units`] measures them.
    cut: f32,
    /// So many bounds are looked at before the threshold is looked at again.
    step: usize,
}

impl<'a, J: Judge> Race<'a, J> {
    #[expect(clippy::too_many_arguments, reason = "each is one thing, and this is called twice")]
    pub(super) fn new(
        judge: &'a J,
        dense: &'a Dense<'a>,
        side: &'a DenseSide,
        vectors: &'a Vectors,
        units: &'a Units,
        k: usize,
        least: f64,
        room: &'a mut Room,
    ) -> Self {
        room.waiting.clear();
        let cut = units.cut(least);
        let (best, crowd, limit) = (BinaryHeap::new(), CROWD, 4 * k + CROWD);
        Self { judge, dense, side, vectors, units, k, least, best, room, crowd, limit, near: false, cut, step: FIRST }
    }

    /// The same of bounds that are those of [`Dense::middle`], without terms: near enough to raise the threshold.
    pub(super) fn near(self) -> Self {
        Self { crowd: FEW, limit: 4 * self.k + FEW, near: true, ..self }
    }

    /// Takes what may win of `bounds`; `place` turns a position among them into an ordinal, None if it is not allowed.
    pub(super) fn offer(&mut self, bounds: &[f32], place: impl Fn(Ordinal) -> Option<Ordinal>) -> Result<()> {
        let mut done = 0;
        while done < bounds.len() {
            let end = bounds.len().min(done + self.step);
            let waiting = &mut self.room.waiting;
            let start = waiting.len();
            at_least(self.cut, &bounds[done..end], done as Ordinal, waiting);
            let mut kept = start;
            for i in start..waiting.len() {
                if let Some(ordinal) = place(waiting[i].1) {
                    waiting[kept] = (waiting[i].0, ordinal);
                    kept += 1;
                }
            }
            waiting.truncate(kept);
            self.settle()?;
            done = end;
            self.step = (2 * self.step).min(WINDOW);
        }
        Ok(())
    }

    /// No bound below this is of use.
    pub(super) fn cut(&self) -> f32 {
        self.cut
    }

    /// Takes allowed chunks with their bounds, none below the cut.
    pub(super) fn take(&mut self, given: impl Iterator<Item = (f32, Ordinal)>) -> Result<()> {
        self.room.waiting.extend(given);
        self.settle()
    }

    /// Raises the threshold if too many wait.
    fn settle(&mut self) -> Result<()> {
        if self.room.waiting.len() > self.limit {
            if self.near {
                self.raise_by_bounds()
            } else {
                self.raise()?
            }
            self.limit = (4 * self.k + self.crowd).max(2 * self.room.waiting.len());
        }
        Ok(())
    }

    /// Raises the threshold to the k-th best of the scores that those that wait have at least.
    fn raise_by_bounds(&mut self) {
        let Room { waiting, cosines, .. } = &mut *self.room;
        cosines.clear();
        self.dense.lowest(waiting, cosines);
        if self.k == 0 || cosines.len() < self.k {
            return;
        }
        let (_, &mut lowest, _) = cosines.select_nth_unstable_by(self.k - 1, |a, b| b.total_cmp(a));
        // Not below for a larger cosine, whosoever it is: each of the k has this score or more.
        let score = self.judge.score(waiting[0].1, None, Some(lowest)).score;
        self.least = self.least.max(score);
        self.cut = self.units.cut(self.threshold());
        self.room.waiting.retain(|&(bound, _)| bound >= self.cut);
    }

    /// Scores the best k bounds among those that wait, and drops those that cannot win any more.
    fn raise(&mut self) -> Result<()> {
        let Room { waiting, ordinals, .. } = &mut *self.room;
        let count = self.k.min(waiting.len());
        if count == 0 {
            return Ok(());
        }
        if count < waiting.len() {
            waiting.select_nth_unstable_by(count - 1, |a, b| b.0.total_cmp(&a.0));
        }
        ordinals.clear();
        ordinals.extend(waiting.drain(..count).map(|(_, ordinal)| ordinal));
        self.score()?;
        let cut = self.cut;
        self.room.waiting.retain(|&(bound, _)| bound >= cut);
        Ok(())
    }

    /// Scores the chunks in `room.ordinals` exactly.
    fn score(&mut self) -> Result<()> {
        let Room { ordinals, cosines, left, .. } = &mut *self.room;
        cosines.clear();
        self.vectors.cosines(&self.side.query, ordinals, cosines)?;
        left.cosines += cosines.len() as u64;
        for (&ordinal, &cosine) in ordinals.iter().zip(&*cosines) {
            let gain = self.judge.gain(ordinal);
            let cosine = self.vectors.present().contains(ordinal).then_some(cosine);
            if cosine.is_none() && !(gain.is_some() && self.judge.takes_missing()) {
                continue;
            }
            let entry = self.judge.score(ordinal, gain, cosine);
            if entry.score < self.least {
                continue;
            }
            let new = Worst(entry, self.judge.tie(ordinal));
            if self.best.len() < self.k {
                self.best.push(new);
            } else if let Some(mut worst) = self.best.peek_mut()
                && new < *worst
            {
                *worst = new;
            }
        }
        self.cut = self.units.cut(self.threshold());
        Ok(())
    }

    /// What a score must reach.
    fn threshold(&self) -> f64 {
        match self.best.peek() {
            Some(worst) if self.best.len() == self.k => worst.0.score.max(self.least),
            _ => self.least,
        }
    }

    /// The best, best first.
    pub(super) fn finish(mut self) -> Result<Vec<Entry>> {
        if self.best.len() < self.k || self.room.waiting.len() > 4 * self.k {
            self.raise()?;
        }
        self.refine()?;
        while !self.room.refined.is_empty() {
            let threshold = self.threshold();
            let count = if self.best.len() < self.k { self.k } else { AT_ONCE };
            let Room { refined, ordinals, .. } = &mut *self.room;
            let next = refined[..count.min(refined.len())].iter().take_while(|next| next.bound >= threshold);
            ordinals.clear();
            ordinals.extend(next.map(|next| next.ordinal));
            if ordinals.is_empty() {
                break;
            }
            refined.drain(..ordinals.len());
            self.score()?;
        }
        Ok(self.best.into_sorted_vec().into_iter().map(|worst| worst.0).collect())
    }

    /// Bounds what waits by all its bits, best first.
    fn refine(&mut self) -> Result<()> {
        let Room { waiting, ordinals, cosines, sums, refined, left } = &mut *self.room;
        waiting.retain(|&(bound, _)| bound >= self.cut);
        ordinals.clear();
        ordinals.extend(waiting.iter().map(|&(_, ordinal)| ordinal));
        cosines.clear();
        self.dense.fine_bounds(ordinals, sums, cosines)?;
        left.refined += ordinals.len() as u64;
        refined.clear();
        for (&ordinal, &bound) in ordinals.iter().zip(&*cosines) {
            let cosine = self.vectors.present().contains(ordinal).then_some(bound);
            let bound = self.judge.score(ordinal, self.judge.gain(ordinal), cosine).score;
            refined.push(Refined { bound, ordinal });
        }
        refined.sort_unstable_by(|a, b| b.bound.total_cmp(&a.bound));
        Ok(())
    }
}
