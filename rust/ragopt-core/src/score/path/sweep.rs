//! The walk over alpha: a list of the first `k`, and the next crossing of two lines that changes it.
//!
//! Just above 0 the order is by lexical score, then dense score, then tie. Where chunk i stands above chunk j and
//! they have not met, i's lexical score is at least j's; they meet at some alpha below 1 if and only if j's dense
//! score is above i's, and never again, for then i's is below. So which pairs still meet is decided by comparing
//! numbers as they are, no rounding can make two chunks change places twice, and the walk ends.
//! With dl = lexical(i) − lexical(j) ≥ 0 and dd = dense(j) − dense(i) > 0 they meet at dl/(dl + dd).

use std::cmp::Ordering;

use super::Query;
use super::band::falling;

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
        let mut lines: Vec<Line> = band.into_iter().map(line).collect();
        lines.sort_unstable_by(|a, b| falling(a.lexical, b.lexical).then_with(|| a.order_at_one(b)));
        let rest = lines.split_off(k.min(lines.len()));
        let chunks = lines.iter().map(|line| line.chunk).collect();
        let mut walk =
            Self { alpha: 0.0, chunks, meetings: vec![f64::INFINITY; lines.len()], lines, rest, entry: NEVER };
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
            if meeting < alpha {
                (place, alpha) = (other, meeting);
            }
        }
        if alpha >= 1.0 {
            return None;
        }
        if place == last {
            std::mem::swap(&mut self.lines[last], &mut self.rest[self.entry.1]);
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
        // Compared without dividing: dl/(dl + dd) is smallest where dl/dd is. Of lines that are equal the first by
        // tie must come in first.
        let (mut least, mut over, mut who) = (1.0, 0.0, usize::MAX);
        for (i, line) in self.rest.iter().enumerate() {
            let (dl, dd) = (last.lexical - line.lexical, line.dense - last.dense);
            if dd > 0.0 && dl * over <= least * dd {
                let equal = who != usize::MAX && dl * over == least * dd;
                if !equal || line.order_at_one(&self.rest[who]).is_lt() {
                    (least, over, who) = (dl, dd, i);
                }
            }
        }
        if who != usize::MAX {
            self.entry = (least / (least + over), who);
        }
    }
}

const NEVER: (f64, usize) = (f64::INFINITY, usize::MAX);
