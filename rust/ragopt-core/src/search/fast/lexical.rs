//! Upper bounds of the lexical side, window by window, in whole numbers of 16 bits.
//!
//! A chunk's gain is Σ share(factor, tf, saturation) ([`crate::score::bm25::share`]). Let Σf be the sum of the
//! query's factors, none negative, n their number, and S = (65535 − 4n)/Σf: gains are measured in *steps* of
//! 1/S. For a posting of count tf in a chunk whose length class has the least saturation s, the table holds
//!
//! ```text
//! T = x + 9/16 to the nearest whole number,     x = f32(f · S) · f32(tf/(tf + s))     in f32
//! ```
//!
//! **T is above the true share in steps.** No saturation of the class is below s, so the true part is at most
//! tf/(tf + s). x comes from it by at most six roundings to 24 bits, so it is too small by no more than
//! 6 · 2⁻²⁴ · 65535 < 0.024 steps; adding 9/16 rounds by at most 2⁻⁸ steps. The nearest whole number is half a step
//! below at most, hence T > true − 0.024 + 0.0625 − 0.004 > true + 0.03. The f64 sum of a gain rounds up by less than
//! n · 2⁻⁵² · 65535 steps, which n · 0.03 covers. So a chunk's sum A of its T is above its gain in steps.
//!
//! **A is above it by at most D.** T ≤ x + 1/16 + 0.004 + 1 ≤ f · S · tf/(tf + s) + 1.1, and the true part is
//! smaller than tf/(tf + s) by at most the classes' gap g. So D = Σ (1.1 + f · S · g), and one more to be strict:
//! if k chunks have sums of at least a, a chunk with a sum below a − D has a gain that is *smaller by a step or
//! more* than theirs. A step is 2⁻¹⁶ of the most that can be, and the maps of the normalizers round 2⁻⁵², so
//! its score is smaller as well, and no tie can save it.
//!
//! **No overflow.** ΣT ≤ Σ (f · S + 1.1) ≤ 65535 − 2n. Every posting gives at least 1, so a sum of 0 says that
//! the chunk shares no term, even where weights are 0.

use crate::index::{
    Form, Glance, Index, LAST, LOCAL, Levels, ODD, ODD_CODE, Part, Peak, TermPostings, WINDOW, WINDOW_BITS, code_in,
};
use crate::search::question::LexicalSide;
use crate::types::Ordinal;

/// Sums of one window.
pub(super) type Sums = [u16; WINDOW];
/// T by code, then by class.
pub(super) type Table = [u16; 4 << 8];

/// More terms are left to the plain search.
const MOST_TERMS: usize = 256;

/// Of so many terms the best posting of each window is looked at.
const FEW: usize = 2;

/// The lexical side of one question over one part of an index.
#[derive(Debug)]
pub(super) struct Bounds<'a> {
    part: &'a Part,
    levels: &'a Levels,
    /// From the one that can give least to the one that can give most.
    pub(super) terms: Vec<Weighed<'a>>,
    /// D.
    pub(super) slack: u32,
    /// S: steps of a gain of 1.
    pub(super) steps: f64,
}

/// A term of the question and where its walk through the windows stands.
#[derive(Debug)]
pub(super) struct Weighed<'a> {
    postings: TermPostings<'a>,
    /// Of each window, where they are known.
    pub(super) peaks: Option<&'a [Peak]>,
    table: Box<Table>,
    /// f · S.
    unit: f32,
    /// No posting gives more.
    most: u32,
    window: usize,
    here: Here<'a>,
}

/// The postings of a term in one window.
#[derive(Debug, Clone, Copy)]
enum Here<'a> {
    Words(&'a [u32]),
    Places(&'a [u16]),
}

impl<'a> Bounds<'a> {
    /// Of `side`, whose [`steps`] these are.
    pub(super) fn of(index: &'a Index, part: &'a Part, side: &LexicalSide<'a>, steps: f64) -> Self {
        let levels = part.levels(index.saturations());
        let slack: f64 = side.of_part(part).map(|(term, _)| 1.1 + term.factor * steps * levels.gap()).sum();
        let mut terms: Vec<Weighed<'a>> = side
            .of_part(part)
            .map(|(term, postings)| Weighed::of(part, levels, *postings, (term.factor * steps) as f32))
            .collect();
        terms.sort_by_key(|term| (term.most, std::cmp::Reverse(term.postings.len())));
        Self { part, levels, terms, slack: slack.ceil() as u32 + 1, steps }
    }

    /// How many windows there are.
    pub(super) fn windows(&self) -> usize {
        self.part.span().div_ceil(WINDOW)
    }

    /// How many chunks a window has.
    pub(super) fn chunks(&self, window: usize) -> usize {
        (self.part.span() - window * WINDOW).min(WINDOW)
    }

    /// Whether windows differ in what their chunks can have: with more terms they hardly do, and it is not asked.
    pub(super) fn are_few(&self) -> bool {
        self.terms.len() <= FEW
    }

    /// The most that a chunk of each window can have of each term: of the first window by term, then of the next.
    pub(super) fn tops(&self, tops: &mut Vec<u16>) {
        tops.clear();
        tops.resize(self.windows() * self.terms.len(), 0);
        for (place, term) in self.terms.iter().enumerate() {
            let peaks = term.peaks.filter(|_| self.are_few());
            term.tops(peaks, self.levels.least(), &mut tops[place..], self.terms.len());
        }
    }

    /// Goes to a window; the most that any of its chunks can have.
    pub(super) fn enter(&mut self, window: usize) -> u32 {
        self.terms.iter_mut().map(|term| term.enter(window)).sum()
    }

    /// The same, given the [`Self::tops`] of the window.
    pub(super) fn enter_some(&mut self, window: usize, tops: &[u16]) {
        for (term, &top) in self.terms.iter_mut().zip(tops) {
            if top > 0 {
                term.enter(window);
            } else {
                term.skip(window);
            }
        }
    }

    /// Adds what the term at `place` gives in the window that was entered.
    #[inline]
    pub(super) fn scatter(&self, place: usize, sums: &mut Sums) {
        let term = &self.terms[place];
        term.scatter(self.part.segment.classes.window(term.window), self.levels.least(), sums);
    }

    /// Picks the chunks of the term at `place` whose sum reaches `bar` (1 or more), as [`super::scan_simd::pick`] does, but
    /// in no order, and clears their sums: done for every term that was added, it leaves all sums 0.
    pub(super) fn sweep(&self, place: usize, sums: &mut Sums, bar: u16, allow: Option<&[u64]>, out: &mut Vec<u32>) {
        let mut check = |local: u16| {
            let sum = std::mem::take(&mut sums[usize::from(local)]);
            if sum >= bar && lets(allow, local) {
                out.push(u32::from(sum) << 16 | u32::from(local));
            }
        };
        match self.terms[place].here {
            Here::Words(words) => words.iter().for_each(|&word| check((word >> 2) as u16 & LOCAL)),
            Here::Places(places) => places.iter().for_each(|&place| check(place & LOCAL)),
        }
    }

    /// Picks the chunks of the term at `place` to which it alone gives `bar`, in no order, as [`Self::sweep`] does.
    pub(super) fn pick(&self, place: usize, bar: u16, allow: Option<&[u64]>, out: &mut Vec<u32>) {
        let term = &self.terms[place];
        let classes = self.part.segment.classes.window(term.window);
        let mut check = |local: u16, code: u16| {
            let class = usize::from(classes[usize::from(local)]);
            let given = term.table[usize::from(code) << 8 | class];
            if given < bar && u32::from(code) != ODD_CODE || !lets(allow, local) {
                return;
            }
            let given =
                if u32::from(code) == ODD_CODE { term.odd(local, self.levels.least()[class], given) } else { given };
            if given >= bar {
                out.push(u32::from(given) << 16 | u32::from(local));
            }
        };
        match term.here {
            Here::Words(words) => words.iter().for_each(|&word| check((word >> 2) as u16 & LOCAL, word as u16 & 3)),
            Here::Places(places) => places.iter().for_each(|&place| check(place & LOCAL, place >> WINDOW_BITS)),
        }
    }

    /// What the term at `place` gives the chunk at `local` of the window that was entered.
    #[inline]
    pub(super) fn look(&self, place: usize, local: u16) -> u32 {
        let term = &self.terms[place];
        term.look(self.part.segment.classes.window(term.window), self.levels.least(), local)
    }
}

impl<'a> Weighed<'a> {
    fn of(part: &'a Part, levels: &Levels, postings: TermPostings<'a>, unit: f32) -> Self {
        let mut table: Box<Table> = Box::new([0; 4 << 8]);
        // No chunk asks for the rows of counts above the most.
        for (row, parts) in table.as_chunks_mut::<256>().0.iter_mut().zip(levels.parts()).take(postings.most() as usize)
        {
            for (slot, part) in row.iter_mut().zip(parts) {
                *slot = above(unit * part);
            }
        }
        let shortest = levels.least().first().copied().unwrap_or(0.0);
        // One more: a smaller count or a longer chunk may be rounded up where these were not.
        let most = u32::from(gives(unit, postings.most(), shortest)) + 1;
        let peaks = postings.peaks(&part.segment.classes);
        Self { postings, peaks, table, unit, most, window: 0, here: Here::Places(&[]) }
    }

    /// Writes the most that a chunk of each window can have into every so many of `tops`.
    fn tops(&self, peaks: Option<&[Peak]>, least: &[f64], tops: &mut [u16], every: usize) {
        match self.postings.form() {
            Form::Words(words) => words.iter().for_each(|&word| tops[window_of(word) * every] = self.most as u16),
            Form::Places { starts, .. } => {
                for (window, _) in starts.windows(2).enumerate().filter(|(_, range)| range[0] < range[1]) {
                    let peak = peaks.map(|peaks| self.peak(&peaks[window], least));
                    tops[window * every] = peak.unwrap_or(self.most as u16);
                }
            }
        }
    }

    /// The most that a posting of a peak gives. Of one code, shorter lengths give no less: the table's rows descend.
    #[inline]
    fn peak(&self, peak: &Peak, least: &[f64]) -> u16 {
        let counts = (0..ODD_CODE as usize).map(|code| self.table[code << 8 | usize::from(peak.first[code])]);
        let top = counts.fold(0, u16::max);
        let first = peak.first[ODD_CODE as usize];
        if first < LAST || least.len() > usize::from(LAST) { top.max(self.top(first, peak.most, least)) } else { top }
    }

    /// The most that a posting with a count of 4 or more, at `most`, gives a chunk of `class`.
    fn top(&self, class: u8, most: u32, least: &[f64]) -> u16 {
        // One more: a smaller count may be rounded up where the largest was not.
        let given = gives(self.unit, most, least[usize::from(class)]) + 1;
        given.max(self.table[(ODD_CODE as usize) << 8 | usize::from(class)])
    }

    /// What a posting with the code [`ODD_CODE`] gives the chunk at `local`; `given` is what a count of 4 does.
    #[cold]
    fn odd(&self, local: u16, saturation: f64, given: u16) -> u16 {
        let count = self.postings.odd_count((self.window << WINDOW_BITS) as Ordinal + Ordinal::from(local));
        gives(self.unit, count.max(ODD), saturation).max(given)
    }

    /// Goes to a window without a posting.
    fn skip(&mut self, window: usize) {
        self.window = window;
        self.here = match self.here {
            Here::Words(_) => Here::Words(&[]),
            Here::Places(_) => Here::Places(&[]),
        };
    }

    fn enter(&mut self, window: usize) -> u32 {
        self.window = window;
        match self.postings.form() {
            Form::Words(words) => {
                let start = words.partition_point(|&word| window_of(word) < window);
                let count = words[start..].iter().take_while(|&&word| window_of(word) == window).count();
                self.here = Here::Words(&words[start..start + count]);
            }
            Form::Places { starts, places } => {
                self.here = Here::Places(&places[starts[window] as usize..starts[window + 1] as usize]);
            }
        }
        if self.postings_here() == 0 { 0 } else { self.most }
    }

    /// How many of the window's chunks hold the term.
    #[inline]
    pub(super) fn postings_here(&self) -> usize {
        match self.here {
            Here::Words(words) => words.len(),
            Here::Places(places) => places.len(),
        }
    }

    fn scatter(&self, classes: &[u8; WINDOW], least: &[f64], sums: &mut Sums) {
        match self.here {
            Here::Words(words) => {
                for &word in words {
                    let local = (word >> 2) as u16 & LOCAL;
                    let slot = &mut sums[usize::from(local)];
                    *slot += self.table[((word & 3) << 8) as usize | usize::from(classes[usize::from(local)])];
                }
            }
            Here::Places(places) => {
                let table = &self.table;
                for &place in places {
                    let local = usize::from(place & LOCAL);
                    sums[local] += table[usize::from(place >> WINDOW_BITS) << 8 | usize::from(classes[local])];
                }
            }
        }
        self.scatter_odd(classes, least, sums);
    }

    /// Makes up for what a count above 4 gives more than 4.
    fn scatter_odd(&self, classes: &[u8; WINDOW], least: &[f64], sums: &mut Sums) {
        let first = (self.window << WINDOW_BITS) as Ordinal;
        let odd = self.postings.odd();
        let start = match self.peaks {
            Some(peaks) => peaks[self.window].odd as usize,
            None => odd.partition_point(|&[ordinal, _]| ordinal < first),
        };
        for &[ordinal, count] in &odd[start..] {
            let local = (ordinal - first) as usize;
            if local >= WINDOW {
                break;
            }
            let class = usize::from(classes[local]);
            let more = gives(self.unit, count, least[class]).saturating_sub(self.table[3 << 8 | class]);
            sums[local] += more;
        }
    }

    fn look(&self, classes: &[u8; WINDOW], least: &[f64], local: u16) -> u32 {
        let code = match self.here {
            Here::Words(words) => words.iter().find(|&&word| (word >> 2) as u16 & LOCAL == local).map(|&word| word & 3),
            Here::Places(places) => match self.postings.glance(self.window, local) {
                Some(Glance::Absent) => None,
                Some(Glance::Code(code)) => Some(code),
                Some(Glance::Above) | None => code_in(places, local).map(u32::from),
            },
        };
        let Some(code) = code else {
            return 0;
        };
        let class = usize::from(classes[usize::from(local)]);
        let given = self.table[(code << 8) as usize | class];
        if code < ODD_CODE {
            return u32::from(given);
        }
        u32::from(self.odd(local, least[class], given))
    }
}

/// The window of a posting.
#[inline]
fn window_of(word: u32) -> usize {
    word as usize >> (2 + WINDOW_BITS)
}

/// Whether the chunk at `local` of a window may be found.
#[inline]
fn lets(allow: Option<&[u64]>, local: u16) -> bool {
    allow.is_none_or(|words| words.get(usize::from(local >> 6)).is_some_and(|word| word >> (local & 63) & 1 == 1))
}

/// S: the steps that make a gain of 1, the same in every part. None where the bounds do not hold or do not help: a
/// negative factor, factors out of all proportion, no term.
pub(super) fn steps(side: &LexicalSide<'_>) -> Option<f64> {
    let count = side.terms.len();
    let total: f64 = side.terms.iter().map(|term| term.factor).sum();
    let positive = side.terms.iter().all(|term| term.factor >= 0.0);
    (positive && count <= MOST_TERMS && (1e-200..1e200).contains(&total))
        .then(|| (65535.0 - 4.0 * count as f64) / total)
}

/// No sum is above this gain.
pub(super) fn most(steps: f64) -> f64 {
    f64::from(u16::MAX) / steps
}

/// T of a count and a saturation.
#[inline]
fn gives(unit: f32, count: u32, saturation: f64) -> u16 {
    let (tf, saturation) = (count as f32, saturation as f32);
    above(unit * (tf / (tf + saturation)))
}

/// x + 9/16 to the nearest whole number, below 2¹⁶: what is added to 2²³ loses its fraction, and the sum's last bits are
/// the number. No instruction that a plain CPU lacks, so a row of a table is made many numbers at a time.
#[inline(always)]
fn above(x: f32) -> u16 {
    (x + 0.5625 + 8_388_608.0).to_bits() as u16
}
