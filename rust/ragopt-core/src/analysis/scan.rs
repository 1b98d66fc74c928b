//! Text to words: where they begin and end.
//!
//! The boundaries are those of UAX #29 with four differences, each because of what people search for:
//! - a colon never joins (`s3:GetObject`, `arn:aws:iam` are several words);
//! - a full stop joins letters only in initials (`U.S.A`, `e.g`), not in `os.path` or `amazonaws.com`, and digits as in UAX #29 (`1.5`);
//! - low lines at either end are no part of a word (`_emphasis_`, `__init__`);
//! - runs of scripts that are written without spaces come out as overlapping pairs, and each Han character also alone.

use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

use super::normalize::{is_plain_latin, normalize};
use super::scripts::{is_emoji, is_han, is_unspaced};

/// One thing that the scanner found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// A word: case as in the text, normalized.
    Word(&'a str),
    /// A term that needs no more work: a pair, a Han character, an emoji.
    Term(&'a str),
    /// Something other than white space stands between the words around it.
    Gap,
}

/// Calls `found` with the pieces of `text`, in order.
#[inline]
pub(crate) fn scan(text: &str, found: &mut impl FnMut(Piece<'_>)) {
    if is_plain(text) {
        scan_plain(text, found);
        return;
    }
    let mut normal = String::new();
    // ASCII white space is a boundary to UAX #29 and to NFC, so each stretch between can take its own path.
    for stretch in text.split_ascii_whitespace() {
        if is_plain(stretch) {
            scan_plain(stretch, found);
        } else {
            normalize(stretch, &mut normal);
            scan_any(&normal, found);
        }
    }
}

/// What a character does to the word around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Letter,
    Digit,
    /// Joins words, letters and digits alike: `_`.
    Low,
    /// Joins letters, and digits: an apostrophe.
    Quote,
    /// Joins digits, and letters until `stop_joins` has looked at both parts: `.`.
    Stop,
    /// Joins digits: `,` and `;`.
    Comma,
    Space,
    Break,
    /// Not for the plain path.
    Other,
}

impl Class {
    fn in_word(self) -> bool {
        matches!(self, Self::Letter | Self::Digit | Self::Low)
    }

    /// Whether this joins what stands before and after it to one word.
    fn joins(self, before: Self, after: Self) -> bool {
        before == after
            && match self {
                Self::Quote | Self::Stop => matches!(before, Self::Letter | Self::Digit),
                Self::Comma => before == Self::Digit,
                _ => false,
            }
    }
}

const ASCII: [Class; 128] = {
    let mut table = [Class::Break; 128];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = match byte {
            b'a'..=b'z' | b'A'..=b'Z' => Class::Letter,
            b'0'..=b'9' => Class::Digit,
            b'_' => Class::Low,
            b'\'' => Class::Quote,
            b'.' => Class::Stop,
            b',' | b';' => Class::Comma,
            b'\t'..=b'\r' | b' ' => Class::Space,
            _ => Class::Break,
        };
        byte += 1;
    }
    table
};

fn class(c: char) -> Class {
    match c {
        '\0'..='\u{7f}' => ASCII[c as usize],
        _ if is_plain_latin(c) => Class::Letter,
        '\u{2019}' | '\u{2018}' => Class::Quote,
        '\u{201c}' | '\u{201d}' | '\u{2013}' | '\u{2014}' | '\u{ab}' | '\u{bb}' => Class::Break,
        _ => Class::Other,
    }
}

/// The class of the character that begins at byte `at`, and its length; a space beyond the end.
#[inline]
fn class_at(text: &str, at: usize) -> (Class, usize) {
    match text.as_bytes().get(at) {
        None => (Class::Space, 0),
        Some(&byte) if byte < 128 => (ASCII[byte as usize], 1),
        Some(_) => text[at..].chars().next().map_or((Class::Space, 0), |c| (class(c), c.len_utf8())),
    }
}

/// Whether the plain path finds in `text` what the general one would.
pub(crate) fn is_plain(text: &str) -> bool {
    text.is_ascii() || text.chars().all(|c| class(c) != Class::Other)
}

/// The plain path: text in NFC without compatibility forms, of Latin letters only.
#[inline]
pub(crate) fn scan_plain(text: &str, found: &mut impl FnMut(Piece<'_>)) {
    let mut at = 0;
    let mut gap = false;
    while at < text.len() {
        let (here, size) = class_at(text, at);
        if here.in_word() {
            if std::mem::take(&mut gap) {
                found(Piece::Gap);
            }
            let (end, stops) = word_end(text, at);
            if stops {
                word(&text[at..end], found);
            } else {
                trimmed(&text[at..end], found);
            }
            at = end;
        } else {
            gap |= here != Class::Space;
            at += size;
        }
    }
    if gap {
        found(Piece::Gap);
    }
}

/// Where the word that begins at byte `at` ends, and whether a full stop stands in it.
#[inline]
fn word_end(text: &str, mut at: usize) -> (usize, bool) {
    let mut before = Class::Break;
    let mut stops = false;
    loop {
        let (here, size) = class_at(text, at);
        if !here.in_word() {
            if !here.joins(before, class_at(text, at + size).0) {
                return (at, stops);
            }
            stops |= here == Class::Stop;
        }
        before = here;
        at += size;
    }
}

/// The general path: any normalized text.
pub(crate) fn scan_any(text: &str, found: &mut impl FnMut(Piece<'_>)) {
    let mut rest = text;
    while let Some(start) = rest.find(is_unspaced) {
        scan_spaced(&rest[..start], found);
        rest = &rest[start..];
        let end = rest.find(|c| !is_unspaced(c) && !is_combining_mark(c)).unwrap_or(rest.len());
        scan_unspaced(&rest[..end], found);
        rest = &rest[end..];
    }
    scan_spaced(rest, found);
}

/// Scripts with spaces between words.
fn scan_spaced(text: &str, found: &mut impl FnMut(Piece<'_>)) {
    for segment in text.split_word_bounds() {
        if segment.contains(char::is_alphanumeric) {
            words(segment, found);
        } else if segment.starts_with(is_emoji) {
            found(Piece::Term(segment));
        } else if !segment.chars().all(char::is_whitespace) {
            found(Piece::Gap);
        }
    }
}

/// A run of letters, with their marks, of scripts without spaces: each letter with the next one, a Han character
/// also alone, and whatever stands alone.
fn scan_unspaced(run: &str, found: &mut impl FnMut(Piece<'_>)) {
    let mut starts = run.char_indices().filter(|&(_, c)| is_unspaced(c)).map(|(at, _)| at).chain([run.len()]);
    let mut before = None;
    let mut start = starts.next().unwrap_or(run.len());
    for end in starts {
        if let Some(before) = before {
            found(Piece::Term(&run[before..end]));
        }
        if run[start..].starts_with(is_han) || (before.is_none() && end == run.len()) {
            found(Piece::Term(&run[start..end]));
        }
        before = Some(start);
        start = end;
    }
}

/// A UAX #29 word, cut at its colons.
fn words(text: &str, found: &mut impl FnMut(Piece<'_>)) {
    for (i, part) in text.split(':').enumerate() {
        if i > 0 {
            found(Piece::Gap);
        }
        word(part, found);
    }
}

/// A UAX #29 word without colons, cut at the full stops that do not join, and trimmed.
fn word(text: &str, found: &mut impl FnMut(Piece<'_>)) {
    let mut start = 0;
    let mut parts = text.split('.').peekable();
    let mut end = 0;
    while let Some(part) = parts.next() {
        end += part.len();
        if let Some(next) = parts.peek()
            && !stop_joins(part, next)
        {
            trimmed(&text[start..end], found);
            found(Piece::Gap);
            start = end + 1;
        }
        end += 1;
    }
    trimmed(&text[start..], found);
}

/// Whether a full stop between two parts of a word joins them: between digits, and between initials.
fn stop_joins(before: &str, after: &str) -> bool {
    let lone = |part: &str| part.chars().nth(1).is_none();
    let digits = before.ends_with(char::is_numeric) && after.starts_with(char::is_numeric);
    digits || (lone(before) && lone(after))
}

#[inline]
fn trimmed(text: &str, found: &mut impl FnMut(Piece<'_>)) {
    if let [first, .., last] = text.as_bytes()
        && first.is_ascii_alphanumeric()
        && last.is_ascii_alphanumeric()
    {
        found(Piece::Word(text));
        return;
    }
    let word = text
        .trim_start_matches(|c: char| !c.is_alphanumeric() || is_combining_mark(c))
        .trim_end_matches(|c: char| !c.is_alphanumeric() && !is_combining_mark(c));
    if !word.is_empty() {
        found(Piece::Word(word));
    } else if !text.is_empty() {
        found(Piece::Gap);
    }
}
