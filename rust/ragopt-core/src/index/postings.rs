//! Which chunks hold each term how often.
//!
//! A posting is an ordinal and a count. Counts of 1, 2 and 3 are kept in two bits beside the
//! ordinal; the code 3 says that the count is 4 or more and stands in the term's list of *odd*
//! counts, which few postings need. Ordinals are cut in windows of [`WINDOW`] chunks. A term that is
//! held by many chunks keeps its postings window by window in 16 bits each, with a list of where
//! each window starts; a term that is held by fewer chunks than that list is worth keeps whole
//! ordinals, in 32 bits. Nothing here moves when other chunks come and go.

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

/// The postings of all terms.
#[derive(Debug, Clone, PartialEq)]
pub struct Postings {
    windows: usize,
    terms: Vec<Term>,
    /// Whole ordinals with codes, of the terms that few chunks hold.
    words: Vec<u32>,
    /// Ordinals within their window with codes, of the others.
    places: Vec<u16>,
    /// For each term with places: where each window starts among them, and where the last one ends.
    starts: Vec<u32>,
    odd: Vec<(Ordinal, u32)>,
    total: u64,
    /// For each term that one chunk in [`COMMON`] holds, a row of two bits a chunk: how often, at most 3. Derived.
    rows: Vec<u64>,
}

/// A term is common if one chunk in so many holds it: then a row takes a posting 4 bytes at most, and most take little.
const COMMON: usize = 16;
/// Codes of a row in a word.
const IN_WORD: usize = 32;

/// What a row says of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Glance {
    Absent,
    /// The code of a count of 1 or 2.
    Code(u32),
    /// A count of 3 or more.
    Above,
}

/// Where a term's postings are.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Term {
    /// In `words` or `places`.
    first: u64,
    /// In `starts`; [`NO_STARTS`] for a term of `words`.
    starts: u64,
    /// In `odd`, up to that of the next term.
    odd: u64,
    frequency: u32,
    most: u32,
    /// In `rows`; [`NO_ROW`] for a term that is not common.
    row: u64,
}

const NO_ROW: u64 = u64::MAX;
const NO_STARTS: u64 = u64::MAX;

/// The postings of one term.
#[derive(Debug, Clone, Copy)]
pub struct TermPostings<'a> {
    form: Form<'a>,
    /// The counts of the code [`ODD_CODE`], in the order of the postings.
    odd: &'a [(Ordinal, u32)],
    most: u32,
    row: Option<&'a [u64]>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Form<'a> {
    Words(&'a [u32]),
    Places { starts: &'a [u32], places: &'a [u16] },
}

impl Postings {
    /// No term yet, of `chunks` chunks.
    pub(super) fn new(chunks: usize) -> Self {
        debug_assert!(chunks < MOST_CHUNKS);
        let windows = chunks.div_ceil(WINDOW);
        let (terms, words, places, starts, odd) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { windows, terms, words, places, starts, odd, total: 0, rows: Vec::new() }
    }

    /// Appends the next term: its postings as words, ascending, in pieces that follow one another, and
    /// the odd counts of those that have one. The caller vouches for their order.
    pub(super) fn push<'a>(&mut self, pieces: impl Iterator<Item = &'a [u32]> + Clone, odd: &[(Ordinal, u32)]) {
        let frequency: usize = pieces.clone().map(<[u32]>::len).sum();
        let most = match odd.iter().map(|&(_, count)| count).max() {
            Some(most) => most,
            None => pieces.clone().flatten().map(|word| word & 3).max().map_or(0, |code| code + 1),
        };
        let mut term = Term {
            first: self.words.len() as u64,
            starts: NO_STARTS,
            odd: self.odd.len() as u64,
            frequency: frequency as u32,
            most,
            row: NO_ROW,
        };
        // A start costs 4 bytes a window, and a place saves 2 bytes a posting.
        if frequency < 2 * self.windows {
            pieces.for_each(|piece| self.words.extend_from_slice(piece));
        } else {
            (term.first, term.starts) = (self.places.len() as u64, self.starts.len() as u64);
            self.push_places(pieces);
        }
        self.odd.extend_from_slice(odd);
        self.total += frequency as u64;
        self.terms.push(term);
    }

    fn push_places<'a>(&mut self, pieces: impl Iterator<Item = &'a [u32]>) {
        let first = self.starts.len();
        self.starts.resize(first + self.windows + 1, 0);
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
        let moved = |term: &Term| Term {
            first: term.first
                + if term.starts == NO_STARTS { self.words.len() as u64 } else { self.places.len() as u64 },
            starts: if term.starts == NO_STARTS { NO_STARTS } else { term.starts + self.starts.len() as u64 },
            odd: term.odd + self.odd.len() as u64,
            ..*term
        };
        let terms: Vec<Term> = other.terms.iter().map(moved).collect();
        self.terms.extend(terms);
        self.words.extend_from_slice(&other.words);
        self.places.extend_from_slice(&other.places);
        self.starts.extend_from_slice(&other.starts);
        self.odd.extend_from_slice(&other.odd);
        self.total += other.total;
    }

    /// No more terms will come: makes the rows and gives back the memory that growing left unused.
    pub(super) fn finish(&mut self) {
        let words = self.windows * WINDOW / IN_WORD;
        for id in 0..self.terms.len() {
            if (self.terms[id].frequency as usize) < (self.windows * WINDOW / COMMON).max(WINDOW / COMMON) {
                continue;
            }
            let start = self.rows.len();
            let mut row = vec![0u64; words];
            self.of(id as u32).for_each(|ordinal, count| {
                row[ordinal as usize / IN_WORD] |= u64::from(count.min(3)) << (2 * (ordinal as usize % IN_WORD));
            });
            self.rows.extend_from_slice(&row);
            self.terms[id].row = start as u64;
        }
        self.rows.shrink_to_fit();
        self.terms.shrink_to_fit();
        self.words.shrink_to_fit();
        self.places.shrink_to_fit();
        self.starts.shrink_to_fit();
        self.odd.shrink_to_fit();
    }

    /// The postings of a term.
    #[must_use]
    pub fn of(&self, term: u32) -> TermPostings<'_> {
        let term = term as usize;
        let Term { first, starts, odd, frequency, most, row } = self.terms[term];
        let range = first as usize..first as usize + frequency as usize;
        let form = match starts {
            NO_STARTS => Form::Words(&self.words[range]),
            starts => Form::Places {
                starts: &self.starts[starts as usize..=starts as usize + self.windows],
                places: &self.places[range],
            },
        };
        let odd_end = self.terms.get(term + 1).map_or(self.odd.len(), |next| next.odd as usize);
        let words = self.windows * WINDOW / IN_WORD;
        let row = (row != NO_ROW).then(|| &self.rows[row as usize..row as usize + words]);
        TermPostings { form, odd: &self.odd[odd as usize..odd_end], most, row }
    }

    /// How often the chunk at `ordinal` holds the term; None if it does not.
    #[must_use]
    pub fn count(&self, term: u32, ordinal: Ordinal) -> Option<u32> {
        self.of(term).count(ordinal)
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

    /// Memory taken.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&self.terms[..])
            + size_of_val(&self.words[..])
            + size_of_val(&self.places[..])
            + size_of_val(&self.starts[..])
            + size_of_val(&self.odd[..])
            + size_of_val(&self.rows[..])
    }
}

impl<'a> TermPostings<'a> {
    /// How many chunks hold the term.
    #[must_use]
    pub fn len(&self) -> usize {
        match self.form {
            Form::Words(words) => words.len(),
            Form::Places { places, .. } => places.len(),
        }
    }

    /// Whether no chunk does, which no term of an index is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The most that any chunk holds it.
    #[must_use]
    pub fn most(&self) -> u32 {
        self.most
    }

    pub(crate) fn form(&self) -> Form<'a> {
        self.form
    }

    pub(crate) fn odd(&self) -> &'a [(Ordinal, u32)] {
        self.odd
    }

    /// What the row of a common term says of the chunk at `local` in `window`; None without a row.
    #[inline(always)]
    pub(crate) fn glance(&self, window: usize, local: u16) -> Option<Glance> {
        let at = window * WINDOW + usize::from(local);
        let word = self.row?[at / IN_WORD] >> (2 * (at % IN_WORD)) & 3;
        Some(match word {
            0 => Glance::Absent,
            3 => Glance::Above,
            count => Glance::Code(count as u32 - 1),
        })
    }

    /// Calls `each` with every ordinal, ascending, and its count.
    #[inline(always)]
    pub fn for_each(&self, mut each: impl FnMut(Ordinal, u32)) {
        let mut odd = self.odd.iter();
        let mut decoded = |ordinal: Ordinal, code: u32| {
            let count = if code == ODD_CODE { odd.next().map_or(ODD, |&(_, count)| count) } else { code + 1 };
            each(ordinal, count);
        };
        match self.form {
            Form::Words(words) => words.iter().for_each(|&word| decoded(word >> 2, word & 3)),
            Form::Places { starts, places } => {
                for (window, range) in starts.windows(2).enumerate() {
                    let first = (window << WINDOW_BITS) as Ordinal;
                    for &place in &places[range[0] as usize..range[1] as usize] {
                        decoded(first + Ordinal::from(place & LOCAL), u32::from(place >> WINDOW_BITS));
                    }
                }
            }
        }
    }

    /// How often the chunk at `ordinal` holds the term; None if it does not.
    #[must_use]
    #[inline]
    pub fn count(&self, ordinal: Ordinal) -> Option<u32> {
        let code = match self.form {
            Form::Words(words) => {
                let at = words.partition_point(|&word| word >> 2 < ordinal);
                words.get(at).filter(|&&word| word >> 2 == ordinal)? & 3
            }
            Form::Places { starts, places } => {
                let window = ordinal as usize >> WINDOW_BITS;
                match self.glance(window, ordinal as u16 & LOCAL) {
                    Some(Glance::Absent) => return None,
                    Some(Glance::Code(code)) => return Some(code + 1),
                    Some(Glance::Above) | None => {}
                }
                let range = starts[window] as usize..starts[window + 1] as usize;
                u32::from(code_in(&places[range], ordinal as u16 & LOCAL)?)
            }
        };
        Some(if code == ODD_CODE { self.odd_count(ordinal) } else { code + 1 })
    }

    /// The count of a posting whose code is [`ODD_CODE`].
    #[cold]
    pub(crate) fn odd_count(&self, ordinal: Ordinal) -> u32 {
        self.odd.binary_search_by_key(&ordinal, |&(place, _)| place).map_or(ODD, |at| self.odd[at].1)
    }
}

/// The code of the chunk at `local` among the places of a window.
///
/// The search starts where the chunk would be if the places lay evenly, and strides from there: two
/// or three lines of memory where a search by halves would touch ten.
#[inline]
pub(crate) fn code_in(places: &[u16], local: u16) -> Option<u16> {
    let at = |i: usize| places[i] & LOCAL;
    let guess = (usize::from(local) * places.len()) >> WINDOW_BITS;
    if places.is_empty() {
        return None;
    }
    let (mut low, mut high);
    let mut stride = 16;
    if at(guess) < local {
        low = guess + 1;
        high = places.len().min(low + stride);
        while high < places.len() && at(high) < local {
            low = high + 1;
            stride *= 2;
            high = places.len().min(low + stride);
        }
    } else {
        high = guess;
        low = high.saturating_sub(stride);
        while low > 0 && at(low) >= local {
            high = low;
            stride *= 2;
            low = high.saturating_sub(stride);
        }
    }
    let at = low + places[low..high].partition_point(|&place| place & LOCAL < local);
    places.get(at).filter(|&&place| place & LOCAL == local).map(|&place| place >> WINDOW_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn pushed(chunks: usize, terms: &[BTreeMap<Ordinal, u32>]) -> Postings {
        let mut postings = Postings::new(chunks);
        for term in terms {
            let words: Vec<u32> = term.iter().map(|(&ordinal, &count)| word_of(ordinal, code_of(count))).collect();
            let odd: Vec<_> = term.iter().filter(|(_, count)| **count >= ODD).map(|(&o, &c)| (o, c)).collect();
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
            for (id, term) in (0..).zip(&terms) {
                let mut found = BTreeMap::new();
                postings.of(id).for_each(|ordinal, count| assert_eq!(found.insert(ordinal, count), None));
                prop_assert_eq!(&found, term);
                prop_assert_eq!(postings.of(id).len(), term.len());
                prop_assert_eq!(Some(postings.of(id).most()), term.values().max().copied());
                for probe in probes.iter().chain(term.keys()) {
                    prop_assert_eq!(postings.count(id, *probe), term.get(probe).copied());
                }
            }
        }

        #[test]
        fn a_place_is_found_wherever_it_lies(
            locals in prop::collection::btree_set(prop::sample::select(vec![0u16..40, 8000..8200, 0..16384, 16300..16384])
                .prop_flat_map(|range| range), 0..400),
            probe in 0u16..16384,
        ) {
            let places: Vec<u16> = locals.iter().map(|&local| local | (local % 4) << WINDOW_BITS).collect();
            for &local in locals.iter().chain([&probe]) {
                prop_assert_eq!(code_in(&places, local), locals.contains(&local).then_some(local % 4));
            }
        }
    }
}
