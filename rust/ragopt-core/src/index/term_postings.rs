//! The postings of one term, as slices of all of them.

use std::sync::OnceLock;

use super::classes::Classes;
use super::peaks::{self, Peak};
use super::postings::{LOCAL, ODD, ODD_CODE, WINDOW, WINDOW_BITS};
use crate::types::Ordinal;

/// Codes of a row in a word.
pub(super) const IN_WORD: usize = 32;

/// What a row says of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Glance {
    Absent,
    /// The code of a count of 1 or 2.
    Code(u32),
    /// A count of 3 or more.
    Above,
}

/// The postings of one term.
#[derive(Debug, Clone, Copy)]
pub struct TermPostings<'a> {
    pub(super) form: Form<'a>,
    /// The counts of the code [`ODD_CODE`], in the order of the postings.
    pub(super) odd: &'a [[u32; 2]],
    pub(super) most: u32,
    pub(super) row: Option<&'a [u64]>,
    /// Of a term that is asked for again.
    pub(super) peaks: Option<&'a OnceLock<Box<[Peak]>>>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Form<'a> {
    Words(&'a [u32]),
    Places { starts: &'a [u32], places: &'a [u16] },
}

/// Whether `numbers` ascend strictly; the whole is looked at, which a CPU does many at a time.
fn ascend<T: Copy, K: Ord>(numbers: &[T], key: impl Fn(T) -> K) -> bool {
    let (Some(behind), Some(ahead)) = (numbers.get(..numbers.len().saturating_sub(1)), numbers.get(1..)) else {
        return true;
    };
    behind.iter().zip(ahead).fold(true, |ascends, (&left, &right)| ascends & (key(left) < key(right)))
}

/// Of the places of a window: whether they ascend strictly, the highest code, how often [`ODD_CODE`] comes. In signed
/// numbers of 16 bits, which the plainest of CPUs compares many at a time.
fn survey(places: &[u16]) -> (bool, u32, usize) {
    let local = |place: u16| (place & LOCAL) as i16;
    let code = |place: u16| (place >> WINDOW_BITS) as i16;
    let (mut falls, mut highest, mut odd) = (0i16, 0i16, 0usize);
    if let (Some(behind), Some(ahead)) = (places.get(..places.len().saturating_sub(1)), places.get(1..)) {
        falls =
            behind.iter().zip(ahead).fold(0, |falls, (&left, &right)| falls | i16::from(local(left) >= local(right)));
    }
    for places in places.chunks(1 << 14) {
        let mut count = 0i16;
        for &place in places {
            highest = highest.max(code(place));
            count += i16::from(code(place) == ODD_CODE as i16);
        }
        odd += count as usize;
    }
    (falls == 0, highest as u32, odd)
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

    /// Whether a walk over `chunks` chunks can trust them: ordinals that ascend and are there, a count for each code that
    /// says so, and none above the most. It is worth some care: a search after opening may wait for it.
    pub(super) fn sound(&self, chunks: usize) -> bool {
        let (mut whole, mut highest, mut odd) = (true, 0, 0);
        match self.form {
            Form::Words(words) => {
                whole &=
                    words.last().is_none_or(|&word| (word as usize >> 2) < chunks) && ascend(words, |word| word >> 2);
                highest = words.iter().fold(0, |most, &word| most.max(word & 3));
                odd = words.iter().filter(|&&word| word & 3 == ODD_CODE).count();
            }
            Form::Places { starts, places } => {
                whole &= starts.first() == Some(&0) && starts.last().copied() == u32::try_from(places.len()).ok();
                for (range, first) in starts.windows(2).zip((0..chunks).step_by(WINDOW)) {
                    let Some(places) = places.get(range[0] as usize..range[1] as usize) else {
                        return false;
                    };
                    let last = places.last().map_or(0, |&place| usize::from(place & LOCAL));
                    let (ascends, most, count) = survey(places);
                    whole &= ascends && last < chunks - first;
                    highest = highest.max(most);
                    odd += count;
                }
            }
        }
        let most = self.odd.iter().map(|&[_, count]| count).max().unwrap_or(highest + 1);
        // As many as there are codes, each at one of them, none twice: then each code has its count.
        let counts = self.odd.len() == odd && ascend(self.odd, |[ordinal, _]| ordinal);
        let right = |&[ordinal, count]: &[u32; 2]| count >= ODD && (ordinal as usize) < chunks && self.is_odd(ordinal);
        whole && most == self.most && counts && self.odd.iter().all(right)
    }

    /// Whether a chunk has a posting that says that its count is odd. The postings ascend.
    fn is_odd(&self, ordinal: Ordinal) -> bool {
        self.code(ordinal) == Some(ODD_CODE)
    }

    pub(crate) fn form(&self) -> Form<'a> {
        self.form
    }

    /// The ordinals and counts of the postings with the code [`ODD_CODE`], ascending.
    pub(crate) fn odd(&self) -> &'a [[u32; 2]] {
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

    /// The best of each window, `classes` being those of the chunks; None for a term with few postings, and for one that
    /// is asked for the first time.
    pub(crate) fn peaks(&self, classes: &Classes) -> Option<&'a [Peak]> {
        let slot = self.peaks?;
        if slot.get().is_none() {
            // Not made under the lock: a process that is forked meanwhile would wait for it for ever.
            let _ = slot.set(peaks::peaks(self.form, self.odd, classes));
        }
        slot.get().map(|peaks| &peaks[..])
    }

    /// Calls `each` with every ordinal, ascending, and its count.
    #[inline(always)]
    pub fn for_each(&self, mut each: impl FnMut(Ordinal, u32)) {
        let mut odd = self.odd.iter();
        let mut decoded = |ordinal: Ordinal, code: u32| {
            let count = if code == ODD_CODE { odd.next().map_or(ODD, |&[_, count]| count) } else { code + 1 };
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
        let code = match self.glance(ordinal as usize >> WINDOW_BITS, ordinal as u16 & LOCAL) {
            Some(Glance::Absent) => return None,
            Some(Glance::Code(code)) => code,
            Some(Glance::Above) | None => self.code(ordinal)?,
        };
        Some(if code == ODD_CODE { self.odd_count(ordinal) } else { code + 1 })
    }

    /// The code of the posting of the chunk at `ordinal`.
    #[inline]
    fn code(&self, ordinal: Ordinal) -> Option<u32> {
        match self.form {
            Form::Words(words) => {
                let at = words.partition_point(|&word| word >> 2 < ordinal);
                words.get(at).filter(|&&word| word >> 2 == ordinal).map(|word| word & 3)
            }
            Form::Places { starts, places } => {
                let window = ordinal as usize >> WINDOW_BITS;
                let range = starts[window] as usize..starts[window + 1] as usize;
                code_in(&places[range], ordinal as u16 & LOCAL).map(u32::from)
            }
        }
    }

    /// The count of a posting whose code is [`ODD_CODE`].
    #[cold]
    pub(crate) fn odd_count(&self, ordinal: Ordinal) -> u32 {
        self.odd.binary_search_by_key(&ordinal, |&[place, _]| place).map_or(ODD, |at| self.odd[at][1])
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

    #[test]
    fn postings_that_no_walk_could_bear_are_not_sound() {
        const CHUNKS: usize = WINDOW + 5;
        let words = |words: &'static [u32], odd, most| TermPostings {
            form: Form::Words(words),
            odd,
            most,
            row: None,
            peaks: None,
        };
        assert!(words(&[1 << 2 | 1, 7 << 2 | 3], &[[7, 9]], 9).sound(CHUNKS));
        assert!(!words(&[7 << 2 | 3, 1 << 2 | 1], &[[7, 9]], 9).sound(CHUNKS), "not in order");
        assert!(!words(&[7 << 2, 7 << 2], &[], 1).sound(CHUNKS), "twice");
        assert!(!words(&[(CHUNKS as u32) << 2], &[], 1).sound(CHUNKS), "not there");
        assert!(!words(&[1 << 2 | 1], &[], 3).sound(CHUNKS), "another most");
        assert!(!words(&[7 << 2 | 3], &[[7, 3]], 3).sound(CHUNKS), "a count that is not odd");
        assert!(!words(&[7 << 2 | 3], &[], 4).sound(CHUNKS), "no count");
        assert!(!words(&[7 << 2 | 3], &[[6, 9]], 9).sound(CHUNKS), "the count of another");
        assert!(!words(&[7 << 2 | 3, 8 << 2 | 3], &[[8, 9], [7, 9]], 9).sound(CHUNKS), "counts not in order");
        let places = |starts: &'static [u32], places: &'static [u16]| TermPostings {
            form: Form::Places { starts, places },
            odd: &[],
            most: 1,
            row: None,
            peaks: None,
        };
        assert!(places(&[0, 2, 3], &[0, 16383, 4]).sound(CHUNKS));
        assert!(!places(&[0, 2, 3], &[0, 16383, 5]).sound(CHUNKS), "not there");
        assert!(!places(&[0, 2, 3], &[9, 8, 4]).sound(CHUNKS), "not in order");
        for starts in [&[0u32, 4, 3], &[1, 2, 3], &[0, 2, 2], &[0, 2, 4]] {
            assert!(!places(starts, &[0, 16383, 4]).sound(CHUNKS), "{starts:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
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
