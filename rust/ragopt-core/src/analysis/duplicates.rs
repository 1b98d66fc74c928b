//! Which texts of a ranked list say what a better one says already.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

use super::scripts::is_unspaced;

/// Words of one shingle. Five in a row are rarely equal by chance.
pub const SHINGLE: usize = 5;

/// One text of the list with its place: which document (a number of the caller's), and where in it, in characters.
#[derive(Debug, Clone)]
pub struct Window<'a> {
    pub text: &'a str,
    pub document: usize,
    pub span: Range<usize>,
}

/// For each window, best first: the place of the better one that stands for it, or None where it is kept.
///
/// A window is a duplicate where at least the share `least` of it stands in better ones that are kept:
///
/// - of its characters but white space, where they overlap with windows of its document (which must hold the same text there), or
/// - of its distinct runs of five words in a single better text, which must hold its words with a digit, too: texts that
///   differ in a number say different things. A shorter text is one run. Words are what stands between white space,
///   and each letter of a script without spaces.
#[must_use]
pub fn duplicates(windows: &[Window<'_>], least: f64) -> Vec<Option<usize>> {
    let mut kept = Kept::new(windows);
    let mut standing = Vec::with_capacity(windows.len());
    let (mut words, mut runs) = (Vec::new(), Vec::new());
    for (place, window) in windows.iter().enumerate() {
        words.clear();
        split(window.text, &mut words);
        shingles(&words, &mut runs);
        let fresh = kept.seen.note(&runs);
        let better = kept.overlapping(place, least).or_else(|| {
            // At most all its runs but the fresh ones stand in another; repeats of a run make that no more.
            let others = (runs.len() - fresh) as f64;
            if others < least * runs.len() as f64 { None } else { kept.holding(&words, &mut runs, least) }
        });
        if better.is_none() {
            kept.by_document.entry(window.document).or_default().push(place);
            kept.places.push(place);
        }
        standing.push(better);
    }
    standing
}

/// A word by its hash, and whether it holds a digit.
type Word = (u64, bool);

/// Which shingles came before, perhaps: a bit each, by its hash. Those of texts that were dropped are among them.
struct Seen {
    bits: Vec<u64>,
    shift: u32,
}

impl Seen {
    /// With room for so many shingles at 16 bits each: of those that are new, at least 15 of 16 are known to be.
    fn new(shingles: usize) -> Self {
        let bits = (shingles.max(4) * 16).next_power_of_two();
        Self { bits: vec![0; bits / 64], shift: 64 - bits.trailing_zeros() }
    }

    /// Notes them; how many were surely not there before, each counted once.
    fn note(&mut self, shingles: &[u64]) -> usize {
        let mut fresh = 0;
        for shingle in shingles {
            let bit = mixed(*shingle, 1) >> self.shift;
            let (word, mask) = (&mut self.bits[(bit / 64) as usize], 1 << (bit % 64));
            fresh += usize::from(*word & mask == 0);
            *word |= mask;
        }
        fresh
    }
}

/// The kept windows. Their shingles are looked up only where `seen` does not settle it, and so are known up to some
/// window: `first` says the first that holds a shingle, `more` the others, which are rare.
struct Kept<'a> {
    windows: &'a [Window<'a>],
    places: Vec<usize>,
    by_document: HashMap<usize, Vec<usize>, BuildHasherDefault<Mixed>>,
    seen: Seen,
    known: usize,
    first: HashMap<u64, usize, BuildHasherDefault<Mixed>>,
    more: HashMap<u64, Vec<usize>, BuildHasherDefault<Mixed>>,
    numbers: HashMap<usize, Vec<Word>, BuildHasherDefault<Mixed>>,
}

impl<'a> Kept<'a> {
    fn new(windows: &'a [Window<'a>]) -> Self {
        // About a shingle for six bytes of text.
        let seen = Seen::new(windows.iter().map(|window| window.text.len() / 6).sum());
        let (by_document, first, more, numbers) = Default::default();
        Self { windows, places: Vec::new(), by_document, seen, known: 0, first, more, numbers }
    }

    /// Makes the shingles of all kept windows known.
    fn know(&mut self) {
        for &place in &self.places[self.known..] {
            let (mut words, mut runs) = (Vec::new(), Vec::new());
            split(self.windows[place].text, &mut words);
            shingles(&words, &mut runs);
            distinct(&mut runs);
            self.first.reserve(runs.len());
            for shingle in runs {
                match self.first.entry(shingle) {
                    Entry::Vacant(slot) => {
                        slot.insert(place);
                    }
                    Entry::Occupied(_) => self.more.entry(shingle).or_default().push(place),
                }
            }
            words.retain(|word| word.1);
            words.sort_unstable();
            self.numbers.insert(place, words);
        }
        self.known = self.places.len();
    }

    /// The kept window of the same document with the largest overlap, if all of them together cover enough.
    fn overlapping(&self, place: usize, least: f64) -> Option<usize> {
        let windows = self.windows;
        let window = &windows[place];
        let mut covered: Vec<(usize, usize, usize)> = Vec::new();
        for &other in self.by_document.get(&window.document)? {
            let (from, to) =
                (window.span.start.max(windows[other].span.start), window.span.end.min(windows[other].span.end));
            if from < to
                && matches!((part(window, from, to), part(&windows[other], from, to)), (Some(a), Some(b)) if a == b)
            {
                covered.push((from, to, other));
            }
        }
        let largest = covered.iter().max_by_key(|(from, to, other)| (to - from, std::cmp::Reverse(*other)))?.2;
        covered.sort_unstable();
        let (mut all, mut held, mut next) = (0_usize, 0_usize, 0);
        for (at, _) in (window.span.start..).zip(window.text.chars()).filter(|(_, c)| !c.is_whitespace()) {
            // The intervals by their starts: those that end before this place are done with.
            while next < covered.len() && covered[next].1 <= at {
                next += 1;
            }
            all += 1;
            held += usize::from(covered.get(next).is_some_and(|of| of.0 <= at));
        }
        (held as f64 >= least * all as f64).then_some(largest)
    }

    /// The kept text that holds the largest share of these shingles, if that is enough; of equal ones the best.
    fn holding(&mut self, words: &[Word], shingles: &mut Vec<u64>, least: f64) -> Option<usize> {
        self.know();
        distinct(shingles);
        let mut counts: HashMap<usize, usize, BuildHasherDefault<Mixed>> = HashMap::default();
        for shingle in shingles.iter() {
            let Some(first) = self.first.get(shingle) else { continue };
            *counts.entry(*first).or_default() += 1;
            for place in self.more.get(shingle).into_iter().flatten() {
                *counts.entry(*place).or_default() += 1;
            }
        }
        let enough = least * shingles.len() as f64;
        let mut holders: Vec<(usize, usize)> =
            counts.into_iter().filter(|&(_, count)| count as f64 >= enough).collect();
        holders.sort_unstable_by_key(|&(place, count)| (std::cmp::Reverse(count), place));
        let holds = |place: usize, word: &Word| self.numbers[&place].binary_search(word).is_ok();
        let numbers = words.iter().filter(|word| word.1);
        holders.into_iter().map(|(place, _)| place).find(|&place| numbers.clone().all(|word| holds(place, word)))
    }
}

/// The characters of the document from `from` to `to`, if the window's span is that of its text.
fn part<'a>(window: &Window<'a>, from: usize, to: usize) -> Option<&'a str> {
    let text = window.text;
    let mut places = text.char_indices().map(|(place, _)| place).chain([text.len()]);
    let start = places.clone().nth(from - window.span.start)?;
    let end = places.clone().nth(to - window.span.start)?;
    (places.nth(window.span.len())? == text.len()).then(|| &text[start..end])
}

/// Adds the words of a text.
fn split(text: &str, words: &mut Vec<Word>) {
    words.reserve(text.len() / 5);
    if text.is_ascii() {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let (start, mut digit) = (at, false);
            while let Some(byte) = bytes.get(at).filter(|byte| !matches!(byte, b'\t'..=b'\r' | b' ')) {
                digit |= byte.is_ascii_digit();
                at += 1;
            }
            if at > start {
                words.push((hash(&bytes[start..at]), digit));
            }
            at += 1;
        }
        return;
    }
    for run in text.split_whitespace() {
        let mut rest = run;
        while let Some(at) = rest.find(is_unspaced) {
            if at > 0 {
                words.push(word(&rest[..at]));
            }
            let letter = rest[at..].chars().next().map_or(0, char::len_utf8);
            words.push(word(&rest[at..at + letter]));
            rest = &rest[at + letter..];
        }
        if !rest.is_empty() {
            words.push(word(rest));
        }
    }
}

fn word(text: &str) -> Word {
    (hash(text.as_bytes()), text.chars().any(char::is_numeric))
}

/// The runs of SHINGLE words as they come, or the one run of all of them where there are fewer.
fn shingles(words: &[Word], runs: &mut Vec<u64>) {
    runs.clear();
    if words.len() < SHINGLE {
        runs.push(words.iter().fold(words.len() as u64, |sum, word| mixed(sum, word.0)));
    } else {
        runs.extend(words.windows(SHINGLE).map(|run| run.iter().fold(0, |sum: u64, word| mixed(sum, word.0))));
    }
}

fn distinct(shingles: &mut Vec<u64>) {
    shingles.sort_unstable();
    shingles.dedup();
}

/// The next of a run: multiplied by an odd number with many bits, so that order counts.
fn mixed(sum: u64, next: u64) -> u64 {
    (sum.rotate_left(5) ^ next).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// 64 bits of a text, the same in every run: its length, then eight bytes at a time, the last of them ending with it.
fn hash(bytes: &[u8]) -> u64 {
    let length = bytes.len();
    let start = length as u64;
    let sum = match (bytes.as_chunks::<8>(), bytes.last_chunk::<8>()) {
        ((eights, _), Some(last)) => {
            let sum = eights.iter().fold(start, |sum, eight| mixed(sum, u64::from_le_bytes(*eight)));
            mixed(sum, u64::from_le_bytes(*last))
        }
        _ => {
            let all = match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
                (Some(first), Some(last)) => {
                    u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last))
                }
                _ => bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
            };
            mixed(start, all)
        }
    };
    sum ^ (sum >> 32)
}

/// Takes numbers that are mixed already as they are.
#[derive(Default)]
struct Mixed(u64);

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = mixed(self.0, hash(bytes));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number ^ (number >> 29);
    }

    fn write_usize(&mut self, number: usize) {
        self.0 = mixed(0, number as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(texts: &[(&str, usize, usize)], least: f64) -> Vec<Option<usize>> {
        let windows: Vec<_> = texts
            .iter()
            .map(|&(text, document, start)| Window { text, document, span: start..start + text.chars().count() })
            .collect();
        duplicates(&windows, least)
    }

    #[test]
    fn white_space_does_not_make_a_text_another_one() {
        assert_eq!(
            all(&[("a b", 0, 0), (" a\n b ", 1, 0), ("a c", 2, 0), ("", 3, 0), ("\t", 4, 0)], 1.0),
            [None, Some(0), None, None, Some(3)]
        );
    }

    #[test]
    fn a_text_that_stands_in_a_better_one_goes_unless_a_number_differs() {
        let long = "one two three four five six seven eight nine ten";
        let near = "one two three four five six seven eight nine eleven";
        assert_eq!(all(&[(long, 0, 0), (near, 1, 0)], 0.8), [None, Some(0)]);
        assert_eq!(all(&[(long, 0, 0), (near, 1, 0)], 0.9), [None, None]);
        assert_eq!(all(&[(long, 0, 0), (&near.replace("eleven", "11"), 1, 0)], 0.8), [None, None]);
        assert_eq!(all(&[("one two three four five six", 0, 0), (long, 1, 0)], 0.9), [None, None]);
    }

    #[test]
    fn windows_of_one_document_that_others_cover_together_go() {
        let text = "abcdefghijklmnopqrstuvwxyz";
        let windows = [(&text[0..10], 0, 0), (&text[10..20], 0, 10), (&text[4..16], 0, 4), (&text[4..16], 1, 4)];
        assert_eq!(all(&windows, 1.0), [None, None, Some(0), None]);
        // The same span with another text is not believed.
        assert_eq!(all(&[("abcd", 0, 0), ("wxyz", 0, 0)], 0.5), [None, None]);
    }

    #[test]
    fn letters_of_scripts_without_spaces_are_words() {
        let text = "日本語の文章は空白なしで書かれる";
        assert_eq!(all(&[(text, 0, 0), (&text[3..], 1, 0)], 1.0), [None, Some(0)]);
    }
}
