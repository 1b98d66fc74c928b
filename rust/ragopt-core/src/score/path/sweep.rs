//! The walk over alpha: a list of the first `k`, and the next crossing of two lines that changes it.
//!
//! Just above 0 the order is by lexical score, then dense score, then tie. Where chunk i stands above chunk j and
//! they have not met, i's lexical score is at least j's; they meet at some alpha below 1 if and only if j's dense
//! score is above i's, and never again, for then i's is below. So which pairs still meet is decided by comparing
//! numbers as they are, no rounding can make two chunks change places twice, and the walk ends.
//! With dl = lexical(i) − lexical(j) ≥ 0 and dd = dense(j) − dense(i) > 0 they meet at dl/(dl + dd).

use std::cmp::Ordering;

use super::leading::{falling, rising};
use super::{Query, simd};

/// Places `place` and `place` + 1 of the list (or the last place and one behind it) have changed at `alpha`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) alpha: f64,
    pub(super) place: usize,
}

/// Where a line starts and ends, and whose it is.
#[derive(Debug, Clone, Copy)]
struct Line {
    lexical: f64,
    dense: f64,
    tie: u32,
    chunk: u32,
}

impl Line {
    fn order_at_one(&self, other: &Self) -> Ordering {
        falling(self.dense, other.dense).then(self.tie.cmp(&other.tie))
    }
}

/// One query's walk.
#[derive(Debug)]
pub(super) struct Walk {
    alpha: f64,
    chunks: Vec<u32>,
    lines: Vec<Line>,
    /// When each chunk of the list is overtaken by the one behind it.
    meetings: Vec<f64>,
    /// Those behind the list.
    rest: Vec<Line>,
    /// Their scores.
    lexical: Vec<f64>,
    dense: Vec<f64>,
    /// When each of them overtakes the last of the list.
    overtake: Vec<f64>,
    /// When the last of the list is first overtaken from behind, and by which.
    entry: (f64, usize),
}

impl Walk {
    /// Over the chunks of the band; `k` are looked at.
    pub(super) fn of(query: &Query<'_>, band: Vec<u32>, k: usize) -> Self {
        let line = |chunk: u32| {
            let i = chunk as usize;
            Line { lexical: query.lexical[i], dense: query.dense[i], tie: query.ties[i], chunk }
        };
        let lines = band.into_iter().map(line).collect();
        let mut lines = unbeaten(lines, k);
        let rest = lines.split_off(k.min(lines.len()));
        let chunks = lines.iter().map(|line| line.chunk).collect();
        let mut walk = Self {
            alpha: 0.0,
            chunks,
            meetings: vec![f64::INFINITY; lines.len()],
            lexical: rest.iter().map(|line| line.lexical).collect(),
            dense: rest.iter().map(|line| line.dense).collect(),
            overtake: vec![f64::INFINITY; rest.len()],
            lines,
            rest,
            entry: NEVER,
        };
        (0..walk.lines.len().saturating_sub(1)).for_each(|place| walk.meet(place));
        walk.enter();
        walk
    }

    /// The first k now, best first.
    pub(super) fn first(&self) -> &[u32] {
        &self.chunks
    }

    /// The next change below 1.
    pub(super) fn next(&mut self) -> Option<Step> {
        let last = self.lines.len().checked_sub(1)?;
        let (mut place, mut alpha) = (last, self.entry.0);
        for (other, &meeting) in self.meetings[..last].iter().enumerate() {
            let sooner = meeting < alpha;
            place = std::hint::select_unpredictable(sooner, other, place);
            alpha = std::hint::select_unpredictable(sooner, meeting, alpha);
        }
        if alpha >= 1.0 {
            return None;
        }
        if place == last {
            let who = self.entry.1;
            (self.lexical[who], self.dense[who]) = (self.lines[last].lexical, self.lines[last].dense);
            std::mem::swap(&mut self.lines[last], &mut self.rest[who]);
        } else {
            self.lines.swap(place, place + 1);
            self.chunks[place + 1] = self.lines[place + 1].chunk;
        }
        self.chunks[place] = self.lines[place].chunk;
        for place in place.saturating_sub(1)..(place + 2).min(last) {
            self.meet(place);
        }
        if place + 1 >= last {
            self.enter();
        }
        // Lines through one point meet in some order: rounding must not let alpha go back.
        self.alpha = self.alpha.max(alpha);
        Some(Step { alpha: self.alpha, place })
    }

    fn meet(&mut self, place: usize) {
        let (above, below) = (&self.lines[place], &self.lines[place + 1]);
        let (dl, dd) = (above.lexical - below.lexical, below.dense - above.dense);
        self.meetings[place] = if dd > 0.0 { dl / (dl + dd) } else { f64::INFINITY };
    }

    fn enter(&mut self) {
        self.entry = NEVER;
        let Some(last) = self.lines.last() else { return };
        let least = simd::meetings([last.lexical, last.dense], &self.lexical, &self.dense, &mut self.overtake);
        if least == f64::INFINITY {
            return;
        }
        // Of lines that are equal the first by tie must come in first.
        let tied = self.overtake.iter().enumerate().filter(|(_, alpha)| **alpha == least).map(|(i, _)| i);
        if let Some(who) = tied.reduce(|a, b| if self.rest[b].order_at_one(&self.rest[a]).is_lt() { b } else { a }) {
            self.entry = (least, who);
        }
    }
}

/// The lines in their order just above 0, without those that at least `k` others stand above for good: lines before
/// it whose dense score is not below its own.
fn unbeaten(lines: Vec<Line>, k: usize) -> Vec<Line> {
    let mut order: Vec<(u64, u32)> = (0..).zip(&lines).map(|(place, line)| (rising(-line.lexical), place)).collect();
    order.sort_unstable();
    for even in order.chunk_by_mut(|a, b| a.0 == b.0).filter(|even| even.len() > 1) {
        even.sort_unstable_by(|a, b| lines[a.1 as usize].order_at_one(&lines[b.1 as usize]));
    }
    // The k highest dense scores so far, rising.
    let mut highest: Vec<f64> = Vec::with_capacity(k + 1);
    let mut out = Vec::with_capacity(4 * k);
    for line in order.into_iter().map(|(_, place)| lines[place as usize]) {
        if highest.len() < k || k > 0 && line.dense > highest[0] {
            highest.insert(highest.partition_point(|&dense| dense < line.dense), line.dense);
            if highest.len() > k {
                highest.remove(0);
            }
            out.push(line);
        }
    }
    out
}

const NEVER: (f64, usize) = (f64::INFINITY, usize::MAX);
