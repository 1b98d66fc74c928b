//! Which chunks hold each term how often.
//!
//! A posting is an ordinal and a count. Counts of 1, 2 and 3 are kept in two bits beside the
//! ordinal; the code 3 says that the count is 4 or more and stands in the term's list of *odd*
//! counts, which few postings need. Ordinals are cut in windows of [`WINDOW`] chunks. A term that is
//! held by many chunks keeps its postings window by window in 16 bits each, with a list of where
//! each window starts; a term that is held by fewer chunks than that list is worth keeps whole
//! ordinals, in 32 bits. Nothing here moves when other chunks come and go.

use std::sync::OnceLock;

use bytemuck::{Pod, Zeroable};

use super::marks::Marks;
use super::peaks::Peak;
use super::store::Store;
use super::term_postings::{Form, IN_WORD, TermPostings};
use crate::error::Result;
use crate::types::Ordinal;

/// Chunks of a window: what 14 bits tell apart.
pub(crate) const WINDOW: usize = 1 << WINDOW_BITS;
pub(crate) const WINDOW_BITS: u32 = 14;
pub(crate) const LOCAL: u16 = WINDOW as u16 - 1;

/// An index holds fewer chunks: an ordinal and a code share 32 bits.
pub(crate) const MOST_CHUNKS: usize = 1 << 30;

/// The least count that is odd, and the code that says so.
pub(crate) const ODD: u32 = 4;
pub(crate) const ODD_CODE: u32 = ODD - 1;

/// Two bits for a count of at least 1.
#[inline(always)]
pub(super) fn code_of(count: u32) -> u32 {
    count.min(ODD) - 1
}

/// An ordinal and a code in 32 bits.
#[inline(always)]
pub(super) fn word_of(ordinal: Ordinal, code: u32) -> u32 {
    ordinal << 2 | code
}

/// The postings of all terms, as they lie in a file.
#[derive(Debug)]
pub struct Postings {
    chunks: usize,
    pub(super) terms: Store<Term>,
    /// Whole ordinals with codes, of the terms that few chunks hold.
    pub(super) words: Store<u32>,
    /// Ordinals within their window with codes, of the others.
    pub(super) places: Store<u16>,
    /// For each term with places: where each window starts among them, and where the last one ends.
    pub(super) starts: Store<u32>,
    /// Ordinals with their counts, of the postings with the code [`ODD_CODE`].
    pub(super) odd: Store<[u32; 2]>,
    total: u64,
    /// A bit a term: its postings were found to be sound. Empty where they were made here.
    pub(super) sound: Marks,
    /// The same: a search asked for it.
    asked: Marks,
    /// For each common term a row of two bits a chunk: how often, at most 3. Made when it is first asked for.
    rows: Box<[OnceLock<Box<[u64]>>]>,
    /// For each term with places what its windows hold at best, if it has many. Made when it is asked for.
    peaks: Box<[OnceLock<Box<[Peak]>>]>,
}

impl PartialEq for Postings {
    fn eq(&self, other: &Self) -> bool {
        (self.chunks, self.total) == (other.chunks, other.total)
            && (&self.terms, &self.words, &self.places) == (&other.terms, &other.words, &other.places)
            && (&self.starts, &self.odd) == (&other.starts, &other.odd)
    }
}

/// Postings that are being made, term by term.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Growing {
    chunks: usize,
    terms: Vec<Term>,
    words: Vec<u32>,
    places: Vec<u16>,
    starts: Vec<u32>,
    odd: Vec<[u32; 2]>,
    total: u64,
}

/// A term is common if one chunk in so many holds it: then a row takes a posting 4 bytes at most, and most take little.
const COMMON: usize = 16;
/// Peaks are kept of terms with so many postings a window: then they take less than the postings do.
const PEAKED: usize = 8;
/// Where a term's postings are.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Term {
    /// In `words` or `places`.
    first: u64,
    /// In `odd`, up to that of the next term.
    odd: u64,
    /// Which of the lists of `starts`; [`NONE`] for a term of `words`.
    starts: u32,
    /// Which of the rows; [`NONE`] for a term that is not common.
    pub(super) row: u32,
    pub(super) frequency: u32,
    pub(super) most: u32,
}

pub(super) const NONE: u32 = u32::MAX;

impl Growing {
    /// No term yet, of `chunks` chunks.
    pub(super) fn new(chunks: usize) -> Self {
        debug_assert!(chunks < MOST_CHUNKS);
        let (terms, words, places, starts, odd) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { chunks, terms, words, places, starts, odd, total: 0 }
    }

    /// Appends the next term: its postings as words, ascending, in pieces that follow one another, and
    /// the odd counts of those that have one. The caller vouches for their order.
    pub(super) fn push<'a>(&mut self, pieces: impl Iterator<Item = &'a [u32]> + Clone, odd: &[[u32; 2]]) {
        let frequency: usize = pieces.clone().map(<[u32]>::len).sum();
        let most = match odd.iter().map(|&[_, count]| count).max() {
            Some(most) => most,
            None => pieces.clone().flatten().map(|word| word & 3).max().map_or(0, |code| code + 1),
        };
        let mut term = Term {
            first: self.words.len() as u64,
            odd: self.odd.len() as u64,
            starts: NONE,
            row: NONE,
            frequency: frequency as u32,
            most,
        };
        // A start costs 4 bytes a window, and a place saves 2 bytes a posting.
        let windows = windows(self.chunks);
        if frequency < 2 * windows {
            pieces.for_each(|piece| self.words.extend_from_slice(piece));
        } else {
            (term.first, term.starts) = (self.places.len() as u64, (self.starts.len() / (windows + 1)) as u32);
            self.push_places(pieces, windows);
        }
        self.odd.extend_from_slice(odd);
        self.total += frequency as u64;
        self.terms.push(term);
    }

    fn push_places<'a>(&mut self, pieces: impl Iterator<Item = &'a [u32]>, windows: usize) {
        let first = self.starts.len();
        self.starts.resize(first + windows + 1, 0);
        let counts = &mut self.starts[first + 1..];
        for piece in pieces {
            self.places.extend(piece.iter().map(|&word| (word >> 2) as u16 & LOCAL | (word as u16) << WINDOW_BITS));
            for &word in piece {
                counts[(word >> (2 + WINDOW_BITS)) as usize] += 1;
            }
        }
        for i in 1..counts.len() {
            counts[i] += counts[i - 1];
        }
    }

    /// Appends the terms of `other`, which come after those of `self`, over the same chunks.
    pub(super) fn append(&mut self, other: &Self) {
        let lists = (self.starts.len() / (windows(self.chunks) + 1)) as u32;
        let (words, places) = (self.words.len() as u64, self.places.len() as u64);
        let odd = self.odd.len() as u64;
        self.terms.extend(other.terms.iter().map(|term| Term {
            first: term.first + if term.starts == NONE { words } else { places },
            starts: if term.starts == NONE { NONE } else { term.starts + lists },
            odd: term.odd + odd,
            ..*term
        }));
        self.words.extend_from_slice(&other.words);
        self.places.extend_from_slice(&other.places);
        self.starts.extend_from_slice(&other.starts);
        self.odd.extend_from_slice(&other.odd);
        self.total += other.total;
    }

    /// All of them: no more terms will come.
    pub(super) fn finish(mut self) -> Postings {
        let (mut rows, common) = (0, common(self.chunks));
        for term in self.terms.iter_mut().filter(|term| term.frequency as usize >= common) {
            term.row = rows;
            rows += 1;
        }
        self.terms.shrink_to_fit();
        self.words.shrink_to_fit();
        self.places.shrink_to_fit();
        self.starts.shrink_to_fit();
        self.odd.shrink_to_fit();
        let peaks = slots(self.starts.len() / (windows(self.chunks) + 1));
        Postings {
            chunks: self.chunks,
            terms: self.terms.into(),
            words: self.words.into(),
            places: self.places.into(),
            starts: self.starts.into(),
            odd: self.odd.into(),
            total: self.total,
            sound: Marks::default(),
            asked: Marks::default(),
            rows: slots(rows as usize),
            peaks,
        }
    }
}

/// Room for what is made later.
fn slots<T>(count: usize) -> Box<[OnceLock<T>]> {
    (0..count).map(|_| OnceLock::new()).collect()
}

/// How many windows so many chunks take.
fn windows(chunks: usize) -> usize {
    chunks.div_ceil(WINDOW)
}

/// How many chunks must hold a common term.
fn common(chunks: usize) -> usize {
    (windows(chunks) * WINDOW / COMMON).max(WINDOW / COMMON)
}

impl Postings {
    /// Saved postings of `chunks` chunks. `terms` was checked; a term's postings are when they are asked for.
    pub(super) fn from_parts(
        chunks: usize,
        terms: Store<Term>,
        words: Store<u32>,
        places: Store<u16>,
        starts: Store<u32>,
        odd: Store<[u32; 2]>,
    ) -> Self {
        let total = terms.iter().map(|term| u64::from(term.frequency)).sum();
        // Rows are numbered in the order of the terms, so a term cannot have one beyond their number.
        let rows = slots(terms.iter().filter(|term| term.row != NONE).count());
        let peaks = slots(starts.len() / (windows(chunks) + 1));
        let (sound, asked) = (Marks::of(terms.len()), Marks::of(terms.len()));
        Self { chunks, terms, words, places, starts, odd, total, sound, asked, rows, peaks }
    }

    /// The postings of a term.
    ///
    /// # Errors
    /// [`Error::Corrupt`](crate::error::Error::Corrupt) where its file is damaged.
    pub fn of(&self, term: u32) -> Result<TermPostings<'_>> {
        let Term { row, most, starts, frequency, .. } = self.terms[term as usize];
        let (form, odd) = self.parts(term)?;
        let mut postings = TermPostings { form, odd, most, row: None, peaks: None };
        // What is kept of a term is worth making if it is asked for again.
        if self.look_through(term, &postings)? {
            return Ok(postings);
        }
        if frequency as usize >= PEAKED * windows(self.chunks) {
            postings.peaks = self.peaks.get(starts as usize);
        }
        if let Some(slot) = self.rows.get(row as usize) {
            if slot.get().is_none() {
                // Not made under the lock: a process that is forked meanwhile would wait for it for ever.
                let _ = slot.set(self.row(&postings));
            }
            postings.row = slot.get().map(|row| &row[..]);
        }
        Ok(postings)
    }

    /// Looks through the postings of a term if nobody did; whether this is the first time that they are asked for.
    fn look_through(&self, term: u32, postings: &TermPostings<'_>) -> Result<bool> {
        if !self.sound.has(term) {
            self.sound(term, postings)?;
            self.sound.set(term);
        }
        Ok(!self.asked.has(term) && self.asked.set(term))
    }

    /// Where a term's postings are, as they were written.
    pub(super) fn parts(&self, term: u32) -> Result<(Form<'_>, &[[u32; 2]])> {
        let Term { first, odd, starts, frequency, .. } = self.terms[term as usize];
        let form = if starts == NONE {
            Form::Words(self.words.part(first, u64::from(frequency))?)
        } else {
            let windows = windows(self.chunks) as u64 + 1;
            Form::Places {
                starts: self.starts.part(u64::from(starts) * windows, windows)?,
                places: self.places.part(first, u64::from(frequency))?,
            }
        };
        let end = self.terms.get(term as usize + 1).map_or(self.odd.len() as u64, |next| next.odd);
        Ok((form, self.odd.part(odd, end.wrapping_sub(odd))?))
    }

    /// Whether the postings of a term are what they must be for a walk.
    #[cold]
    pub(super) fn sound(&self, term: u32, postings: &TermPostings<'_>) -> Result<()> {
        let Term { row, frequency, .. } = self.terms[term as usize];
        let common = frequency as usize >= common(self.chunks);
        let row = if common { (row as usize) < self.rows.len() } else { row == NONE };
        if frequency > 0 && row && postings.sound(self.chunks) {
            Ok(())
        } else {
            Err(self.terms.corrupt("postings that do not fit its chunks"))
        }
    }

    /// The row of a common term.
    #[cold]
    fn row(&self, postings: &TermPostings<'_>) -> Box<[u64]> {
        let mut row = vec![0u64; windows(self.chunks) * WINDOW / IN_WORD];
        postings.for_each(|ordinal, count| {
            row[ordinal as usize / IN_WORD] |= u64::from(count.min(3)) << (2 * (ordinal as usize % IN_WORD));
        });
        row.into()
    }

    /// Looks through all postings, and makes the rows of all common terms.
    ///
    /// # Errors
    /// [`Error::Corrupt`](crate::error::Error::Corrupt) where their file is damaged.
    pub(super) fn warm(&self) -> Result<()> {
        self.words.all()?;
        self.places.all()?;
        self.starts.all()?;
        self.odd.all()?;
        for term in 0..self.terms.len() as u32 {
            self.of(term)?;
            self.of(term)?;
        }
        Ok(())
    }

    /// Whether everything is as it was written, and each term's postings and counts are sound.
    ///
    /// # Errors
    /// [`Error::Corrupt`](crate::error::Error::Corrupt) where they are not.
    pub(super) fn verify(&self, lengths: &[u32]) -> Result<()> {
        self.warm()?;
        let mut found = vec![0u64; lengths.len()];
        for term in 0..self.terms.len() as u32 {
            self.of(term)?.for_each(|ordinal, count| found[ordinal as usize] += u64::from(count));
        }
        // A length that does not fit its 32 bits stays at the most.
        let same = |(&length, &found): (&u32, &u64)| u64::from(length) == found.min(u64::from(u32::MAX));
        if lengths.iter().zip(&found).all(same) {
            Ok(())
        } else {
            Err(self.terms.corrupt("postings that do not add up to the lengths of its chunks"))
        }
    }

    /// How many terms there are.
    pub(super) fn terms(&self) -> usize {
        self.terms.len()
    }

    /// How many chunks hold a term.
    #[must_use]
    pub fn frequency(&self, term: u32) -> usize {
        self.terms[term as usize].frequency as usize
    }

    /// How many chunks hold each term, by term id.
    pub fn frequencies(&self) -> impl ExactSizeIterator<Item = usize> {
        self.terms.iter().map(|term| term.frequency as usize)
    }

    /// How many postings there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.total as usize
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Memory taken, or bytes of a file.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let rows: usize = self.rows.iter().filter_map(OnceLock::get).map(|row| size_of_val(&row[..])).sum();
        let peaks: usize = self.peaks.iter().filter_map(OnceLock::get).map(|peaks| size_of_val(&peaks[..])).sum();
        let lists =
            self.terms.bytes() + self.words.bytes() + self.places.bytes() + self.starts.bytes() + self.odd.bytes();
        lists + rows + peaks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn pushed(chunks: usize, terms: &[BTreeMap<Ordinal, u32>]) -> Growing {
        let mut postings = Growing::new(chunks);
        for term in terms {
            let words: Vec<u32> = term.iter().map(|(&ordinal, &count)| word_of(ordinal, code_of(count))).collect();
            let odd: Vec<_> = term.iter().filter(|(_, count)| **count >= ODD).map(|(&o, &c)| [o, c]).collect();
            let (first, second) = words.split_at(words.len() / 3);
            postings.push([first, second].into_iter(), &odd);
        }
        postings
    }

    fn terms(chunks: u32) -> impl Strategy<Value = Vec<BTreeMap<Ordinal, u32>>> {
        let count = prop::sample::select(vec![1u32, 1, 1, 2, 3, 4, 5, 70_000]);
        prop::collection::vec(prop::collection::btree_map(0..chunks, count, 1..300), 1..5)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_was_pushed_comes_back(terms in terms(40_000), probes in prop::collection::vec(0u32..40_000, 50)) {
            let postings = pushed(40_000, &terms);
            let (front, back) = terms.split_at(terms.len() / 2);
            let mut appended = pushed(40_000, front);
            appended.append(&pushed(40_000, back));
            prop_assert_eq!(&appended, &postings);
            let postings = postings.finish();
            for (id, term) in (0..).zip(&terms) {
                let mut found = BTreeMap::new();
                let held = postings.of(id).expect("in memory");
                prop_assert!(held.sound(40_000));
                held.for_each(|ordinal, count| assert_eq!(found.insert(ordinal, count), None));
                prop_assert_eq!(&found, term);
                prop_assert_eq!(held.len(), term.len());
                prop_assert_eq!(Some(held.most()), term.values().max().copied());
                for probe in probes.iter().chain(term.keys()) {
                    prop_assert_eq!(held.count(*probe), term.get(probe).copied());
                }
            }
        }
    }
}
