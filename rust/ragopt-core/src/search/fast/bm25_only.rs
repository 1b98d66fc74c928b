//! The top-k of the lexical side alone: sums of 16 bits for all, the exact score for the few that can be in it.
//!
//! [`super::lexical`] shows that a chunk whose sum is more than D below the k-th best sum cannot be among the
//! top k. So the k-th best sum so far, less D, is the bar: it only rises, and what is left above the last bar is
//! k chunks and a few more, however k, the query and the order of adding are.
//!
//! Over several parts: S is the same in all of them, and once k chunks have gains of at least g, a chunk with a sum
//! below ⌊g · S⌋ − 1 has a gain that is smaller by two steps or more, since sums are above gains. So the k-th best
//! gain of the parts before is the first bar of a part.
//!
//! Where the bar is above all that the weakest terms can give together, their postings need not be walked: a
//! chunk is picked by what the others gave it, and only then are the weak terms looked up. Each window tries one
//! term more or less than the one before, by what looking up cost there.
//!
//! A window in which all terms together stay below the bar is passed over. For a question of few terms what each can give
//! at most is known for each window ([`Bounds::tops`]), and the one where that is the most comes first, so that the bar is
//! soon high.

use super::lexical::{Bounds, Sums, steps};
use super::scan_simd::pick;
use crate::error::Result;
use crate::index::{Allow, Index, WINDOW};
use crate::score::fusion::alpha_in_force;
use crate::score::normalizer::{Map, Population};
use crate::score::top::{Entry, Top};
use crate::search::allowed;
use crate::search::question::{LexicalSide, Question};
use crate::search::scorer::{Scorer, gains, map_of};
use crate::search::{Parameters, Survivors};
use crate::types::{Bits, Found, Ordinal};
use std::cell::RefCell;

/// A look-up takes as long as walking so many postings.
const LOOKUP: usize = 48;
/// Going through fewer postings a second time is faster than going through all sums of a window.
const SWEEP: usize = 800;
/// Windows to wait before a term that was dearer to look up than to walk is tried again.
const PATIENCE: usize = 24;

/// Whether to go on is asked when the windows of so many terms were walked, which takes a millisecond at most.
const LOOK: usize = 64;

/// Memory of one search, kept by its thread.
struct Scratch {
    sums: Box<Sums>,
    picked: Vec<u32>,
    held: Vec<u64>,
    tops: Vec<u16>,
    order: Vec<u64>,
}

impl Default for Scratch {
    fn default() -> Self {
        let (picked, held, tops, order) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { sums: Box::new([0; WINDOW]), picked, held, tops, order }
    }
}

thread_local! {
    static SCRATCH: RefCell<Option<Scratch>> = const { RefCell::new(None) };
}

/// The same as [`super::super::plain::search`]; None where only that can answer.
pub(crate) fn search(
    index: &Index,
    question: &Question<'_>,
    allow: Option<&Allow>,
    parameters: &Parameters,
) -> Result<Option<Found>> {
    let Some(side) = &question.lexical else {
        return Ok(None);
    };
    let sides = (true, question.dense.is_some());
    let alpha = alpha_in_force(parameters.alpha, sides.0, sides.1);
    if alpha > 0.0 || parameters.k == 0 {
        return Ok(None);
    }
    let wanted = wanted(parameters).min(index.len());
    let Some(steps) = steps(side) else {
        return Ok(None);
    };
    let gains = best_gains(index, side, steps, allow, wanted, parameters)?;
    parameters.note(Survivors { gains: gains.len() as u64, ..Survivors::default() });
    let map = map_of(index, parameters, side.limits(), gains.iter().copied());
    if matches!(map, Map::Constant(_)) && !gains.is_empty() {
        // Then ids decide between all that share a term, not only these.
        return Ok(None);
    }
    let scorer = Scorer::new(index, question, parameters, Some(map), None);
    // Entries say where their gains stand, in place of the ordinals that stand there.
    let entry = |place: Ordinal| {
        let (ordinal, gain) = gains[place as usize];
        (scorer.entry(ordinal, gain, None), gain)
    };
    let order = |left: &Entry, right: &Entry| index.order(&entry(left.ordinal).0, &entry(right.ordinal).0);
    let mut top =
        Top::new(parameters.k.min(index.len()), |left, right| left.by_score(right).then_with(|| order(left, right)));
    (0..gains.len() as Ordinal).for_each(|place| top.push(Entry { ordinal: place, ..entry(place).0 }));
    let best = top.into_sorted();
    let least = parameters.min_score.unwrap_or(f64::NEG_INFINITY);
    let reach = best.partition_point(|entry| entry.score >= least);
    let hit = |best: &Entry| {
        let (entry, gain) = entry(best.ordinal);
        scorer.hit(&entry, Some(gain))
    };
    let hits = best[..reach].iter().map(hit).collect::<Result<_>>()?;
    Ok(Some(Found { hits, alpha, sides, below: reach < best.len() }))
}

/// So many best gains are needed.
pub(super) fn wanted(parameters: &Parameters) -> usize {
    match parameters.normalizer.population() {
        Population::Nothing | Population::Best => parameters.k,
        Population::Depth => parameters.k.max(parameters.depth),
    }
}

/// The gains of the chunks that can be among the best `k`, by ordinal: all of those that are, and few more. `steps` are
/// those of the side.
pub(super) fn best_gains(
    index: &Index,
    side: &LexicalSide<'_>,
    steps: f64,
    allow: Option<&Allow>,
    k: usize,
    parameters: &Parameters<'_>,
) -> Result<Vec<(Ordinal, f64)>> {
    let (mut found, mut bar, mut best) = (Vec::new(), 1, Vec::new());
    for part in index.parts() {
        let bounds = Bounds::of(index, part, side, steps);
        if bounds.terms.is_empty() {
            continue;
        }
        if found.len() >= k && k > 0 {
            best.clear();
            best.extend(found.iter().map(|&(_, gain): &(Ordinal, f64)| gain));
            let (_, &mut last, _) = best.select_nth_unstable_by(k - 1, |left, right| right.total_cmp(left));
            bar = ((last * steps) as u32).saturating_sub(1).max(1);
        }
        gains(index, part, side, &survivors(bounds, allowed(part, allow), k, bar, parameters)?, &mut found);
    }
    Ok(found)
}

/// The chunks of a part that can be among the best `k` and whose sums reach `bar`, ascending.
fn survivors(
    bounds: Bounds<'_>,
    allow: Option<&Bits>,
    k: usize,
    bar: u32,
    parameters: &Parameters<'_>,
) -> Result<Vec<Ordinal>> {
    let scratch = SCRATCH.with(|kept| kept.take());
    let mut scratch = scratch.unwrap_or_default();
    let walk = Walk {
        bar: Bar { k, slack: bounds.slack, value: bar, full: 2 * k.max(32), held: &mut scratch.held },
        bounds,
        sums: &mut scratch.sums,
        picked: &mut scratch.picked,
        tops: &mut scratch.tops,
        order: &mut scratch.order,
        looked_up: 0,
        wait: 0,
    };
    let found = walk.run(allow, parameters);
    scratch.held.clear();
    SCRATCH.with(|kept| kept.replace(Some(scratch)));
    found
}

struct Walk<'a, 's> {
    bounds: Bounds<'a>,
    bar: Bar<'s>,
    sums: &'s mut Sums,
    picked: &'s mut Vec<u32>,
    /// See [`Bounds::tops`].
    tops: &'s mut Vec<u16>,
    /// The most that a chunk of a window can have in the upper half, the window in the lower: the
    /// best one first, then as they lie in memory.
    order: &'s mut Vec<u64>,
    /// How many of the weakest terms are looked up, not walked.
    looked_up: usize,
    /// Windows to go before one more is tried.
    wait: usize,
}

impl Walk<'_, '_> {
    fn run(mut self, allow: Option<&Bits>, parameters: &Parameters<'_>) -> Result<Vec<Ordinal>> {
        let count = self.bounds.terms.len();
        self.bounds.tops(self.tops);
        let most = |tops: &[u16]| tops.iter().map(|&top| u64::from(top)).sum::<u64>();
        self.order.clear();
        let windows = self.tops.chunks_exact(count).zip(0..).map(|(tops, window)| most(tops) << 32 | window);
        self.order.extend(windows);
        if let Some(&best) = self.order.iter().max().filter(|_| self.bounds.are_few()) {
            self.order.insert(0, best);
            self.order.remove(1 + best as u32 as usize);
        }
        let (mut entered, mut first) = (0, true);
        for at in 0..self.order.len() {
            let (most, window) = ((self.order[at] >> 32) as u32, self.order[at] as u32 as usize);
            if most < self.bar.value {
                continue;
            }
            entered += count;
            if entered >= LOOK {
                // All sums are 0 here, as the next search needs them.
                parameters.go_on()?;
                entered = 0;
            }
            if std::mem::take(&mut first) && self.bar.value > 1 {
                self.looked_up = weakest(&self.tops[window * count..(window + 1) * count], self.bar.value);
            }
            self.bounds.enter_some(window, &self.tops[window * count..(window + 1) * count]);
            let words = allow.map(|allow| allow.window(window * WINDOW, WINDOW));
            self.window(window, words);
        }
        Ok(self.bar.finish())
    }

    fn window(&mut self, window: usize, allow: Option<&[u64]>) {
        let count = self.bounds.terms.len();
        let tops = &self.tops[window * count..(window + 1) * count];
        let weak = self.weak(tops);
        let spared = tops[..weak].iter().map(|&top| u32::from(top)).sum();
        let first = self.bar.value == 1;
        self.pick(window, weak, spared, allow);
        let tops = &self.tops[window * count..(window + 1) * count];
        let mut lookups = 0;
        for &picked in &*self.picked {
            let (mut sum, mut can) = (picked >> 16, spared);
            for place in (0..weak).rev() {
                if sum + can < self.bar.value {
                    break;
                }
                sum += self.bounds.look(place, picked as u16);
                can -= u32::from(tops[place]);
                lookups += 1;
            }
            if sum + can >= self.bar.value {
                self.bar.push(sum, (window * WINDOW) as Ordinal + (picked & 0xffff));
            }
        }
        self.bar.settle();
        if first {
            self.looked_up = weakest(tops, self.bar.value);
        } else {
            self.adapt(weak, lookups);
        }
    }

    /// Picks the chunks that can reach the bar by what all terms but the `weak` give, these at most `spared`.
    fn pick(&mut self, window: usize, weak: usize, spared: u32, allow: Option<&[u64]>) {
        let Self { bounds, sums, picked, bar, .. } = self;
        picked.clear();
        let mut walked = (weak..bounds.terms.len()).filter(|&place| bounds.terms[place].postings_here() > 0);
        let below = |bar: &Bar<'_>| (bar.value - spared).min(u32::from(u16::MAX)) as u16;
        if let (Some(only), None, true) = (walked.next(), walked.next(), bar.value > 1) {
            // Nothing is to be added up.
            return bounds.pick(only, below(bar), allow, picked);
        }
        let mut postings = 0;
        for place in weak..bounds.terms.len() {
            bounds.scatter(place, sums);
            postings += bounds.terms[place].postings_here();
        }
        if bar.value == 1 && allow.is_none() {
            bar.begin(&sums[..bounds.chunks(window)]);
        }
        // Below the bar by more than the weak terms can give: out. `spared` is below the bar, so this is 1 or more.
        let below = below(bar);
        if postings < SWEEP {
            for place in weak..bounds.terms.len() {
                bounds.sweep(place, sums, below, allow, picked);
            }
        } else {
            pick(&mut sums[..bounds.chunks(window).next_multiple_of(64)], below, allow, picked);
        }
    }

    /// How many of the weakest terms can be looked up where they give `tops`: as many as wished, but together below the
    /// bar.
    fn weak(&self, tops: &[u16]) -> usize {
        let mut can = 0;
        let below = |&&top: &&u16| {
            can += u32::from(top);
            can < self.bar.value
        };
        tops[..self.looked_up].iter().take_while(below).count()
    }

    fn adapt(&mut self, weak: usize, lookups: usize) {
        self.wait = self.wait.saturating_sub(1);
        let walks = |place: usize| self.bounds.terms[place].postings_here();
        if weak > 0 && lookups * LOOKUP > (0..weak).map(walks).sum() {
            self.looked_up = weak - 1;
            self.wait = PATIENCE;
        } else if self.wait == 0 && weak == self.looked_up && weak < self.bounds.terms.len() {
            self.looked_up += 1;
        }
    }
}

/// How many of the weakest terms to look up at first: those that together give less than a third of the bar, as the most
/// frequent words of a question do.
fn weakest(tops: &[u16], bar: u32) -> usize {
    let mut can = 0;
    let few = |&&top: &&u16| {
        can += u32::from(top);
        3 * can < bar
    };
    tops.iter().take_while(few).count()
}

/// The sum that a chunk must reach, and the chunks that reached it.
struct Bar<'s> {
    k: usize,
    slack: u32,
    value: u32,
    /// How many are held before the worse are dropped.
    full: usize,
    /// Sum in the upper half, ordinal in the lower.
    held: &'s mut Vec<u64>,
}

impl Bar<'_> {
    /// Sets the bar by the sums of a whole window, all of which may be found. Taken for each remainder of the places by
    /// a number of [`lanes`](Self), the best sums are those of different chunks: so the k-th best of them is no better
    /// than the k-th best sum.
    fn begin(&mut self, sums: &[u16]) {
        let lanes = (4 * self.k).next_power_of_two().max(64);
        if self.k == 0 || sums.len() < 2 * lanes {
            return;
        }
        let mut best = vec![0u16; lanes];
        for row in sums.chunks(lanes) {
            best.iter_mut().zip(row).for_each(|(best, &sum)| *best = sum.max(*best));
        }
        let (_, &mut last, _) = best.select_nth_unstable_by(self.k - 1, |left, right| right.cmp(left));
        self.value = u32::from(last).saturating_sub(self.slack).max(1);
    }

    #[inline]
    fn push(&mut self, sum: u32, ordinal: Ordinal) {
        if sum >= self.value {
            self.held.push(u64::from(sum) << 32 | u64::from(ordinal));
            if self.held.len() >= self.full {
                self.raise();
            }
        }
    }

    /// Raises the bar to the k-th best sum less the slack, and drops what is below.
    #[cold]
    fn raise(&mut self) {
        let (_, last, _) = self.held.select_nth_unstable_by(self.k - 1, |left, right| right.cmp(left));
        self.value = self.value.max(((*last >> 32) as u32).saturating_sub(self.slack)).max(1);
        let bar = u64::from(self.value) << 32;
        self.held.retain(|&held| held >= bar);
        // Sums that lie close together may keep more than k: then wait until there are twice as many.
        self.full = 2 * self.held.len().max(self.k).max(32);
    }

    /// What is known of the bar after a window.
    fn settle(&mut self) {
        if self.held.len() > self.k + self.k / 4 {
            self.raise();
        }
    }

    fn finish(mut self) -> Vec<Ordinal> {
        if self.held.len() > self.k {
            self.raise();
        }
        let mut found: Vec<Ordinal> = self.held.iter().map(|&held| held as u32).collect();
        found.sort_unstable();
        found
    }
}
