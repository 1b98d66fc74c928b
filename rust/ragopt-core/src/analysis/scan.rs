//! Text to words: where they begin and end.
//!
//! The boundaries are those of UAX #29 with four differences, each because of what people search for:
//! - a colon never joins (`s3:GetObject`, `arn:aws:iam` are several words);
//! - a full stop joins letters only in initials (`U.S.A`, `e.g`), not in `os.path` or `amazonaws.com`, and digits as in UAX #29 (`1.5`);
//! - low lines at either end are no part of a word (`_emphasis_`, `__init__`);
//! - runs of scripts that are written without spaces come out as overlapping pairs, and each Han character also alone.

use unicode_segmentation::UnicodeSegmentation;

use super::normalize::{is_apostrophe, is_plain_latin, normalize};
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
pub(crate) fn scan(text: &str, found: &mut impl FnMut(Piece<'_>)) {
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
    /// Joins letters and digits: an apostrophe.
    Quote,
    /// Joins digits, and initials: `.`.
    Stop,
    /// Joins digits: `,` and `;`.
    Comma,
    /// Ends a word.
    Break,
    /// Not for the plain path.
    Other,
}

const ASCII: [Class; 128] = {
    let mut table = [Class::Break; 128];
    let mut i = 0;
    while i < 128 {
        let byte = i as u8;
        if byte.is_ascii_alphabetic() {
            table[i] = Class::Letter;
        } else if byte.is_ascii_digit() {
            table[i] = Class::Digit;
        }
        i += 1;
    }
    table[b'_' as usize] = Class::Low;
    table[b'\'' as usize] = Class::Quote;
    table[b'.' as usize] = Class::Stop;
    table[b',' as usize] = Class::Comma;
    table[b';' as usize] = Class::Comma;
    table
};

fn class(c: char) -> Class {
    match c {
        '\0'..='\u{7f}' => ASCII[c as usize],
        '\u{2019}' | '\u{2018}' => Class::Quote,
        '\u{201c}' | '\u{201d}' | '\u{2013}' | '\u{2014}' | '\u{ab}' | '\u{bb}' => Class::Break,
        _ if is_plain_latin(c) => Class::Letter,
        _ => Class::Other,
    }
}

/// Whether the plain path finds in `text` what the general one would.
fn is_plain(text: &str) -> bool {
    text.is_ascii() || text.chars().all(|c| class(c) != Class::Other)
}

/// The plain path: text in NFC without compatibility forms, of Latin letters only.
fn scan_plain(text: &str, found: &mut impl FnMut(Piece<'_>)) {
    let mut chars = text.char_indices().map(|(at, c)| (at, class(c))).peekable();
    let mut start = None;
    let mut before = Class::Break;
    while let Some((at, here)) = chars.next() {
        let next = chars.peek().map_or(Class::Break, |&(_, class)| class);
        let goes_on = match here {
            Class::Letter | Class::Digit | Class::Low => true,
            Class::Quote => joins(before, next, Class::Letter) || joins(before, next, Class::Digit),
            Class::Stop => joins(before, next, Class::Digit) || joins(before, next, Class::Letter),
            Class::Comma => joins(before, next, Class::Digit),
            Class::Break | Class::Other => false,
        };
        if goes_on {
            start.get_or_insert(at);
        } else {
            if let Some(start) = start.take() {
                word(&text[start..at], found);
            }
            found(Piece::Gap);
        }
        before = here;
    }
    if let Some(start) = start {
        word(&text[start..], found);
    }
}

fn joins(before: Class, next: Class, class: Class) -> bool {
    before == class && next == class
}

/// The general path: any normalized text.
fn scan_any(text: &str, found: &mut impl FnMut(Piece<'_>)) {
    let mut run = Run::default();
    for (at, segment) in text.split_word_bound_indices() {
        if segment.contains(is_unspaced) {
            run.take(text, at, segment, found);
            continue;
        }
        run.end(text, found);
        if segment.contains(char::is_alphanumeric) {
            for (i, part) in segment.split(':').enumerate() {
                if i > 0 {
                    found(Piece::Gap);
                }
                word(part, found);
            }
        } else if segment.starts_with(is_emoji) {
            found(Piece::Term(segment));
        } else if !segment.chars().all(char::is_whitespace) {
            found(Piece::Gap);
        }
    }
    run.end(text, found);
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

fn trimmed(text: &str, found: &mut impl FnMut(Piece<'_>)) {
    let text = text.trim_start_matches(|c: char| !c.is_alphanumeric()).trim_end_matches('_');
    if !text.is_empty() {
        found(Piece::Word(text));
    }
}

/// A stretch of a script without spaces, as it is being read. A unit is a letter with its marks.
#[derive(Default)]
struct Run {
    unit: Option<(usize, usize)>,
    before: Option<(usize, usize)>,
}

impl Run {
    /// Takes a segment that holds at least one letter of such a script (and others only around a low line).
    fn take(&mut self, text: &str, at: usize, segment: &str, found: &mut impl FnMut(Piece<'_>)) {
        let mut other = None;
        for (i, c) in segment.char_indices() {
            let (start, end) = (at + i, at + i + c.len_utf8());
            if is_unspaced(c) {
                if let Some(other) = other.take() {
                    word(&text[other..start], found);
                }
                self.complete(text, found);
                self.unit = Some((start, end));
            } else if c == '_' || c.is_alphanumeric() && !self.ends_at(start) {
                self.end(text, found);
                other.get_or_insert(start);
            } else if let Some(unit) = &mut self.unit {
                unit.1 = end;
            }
        }
        if let Some(other) = other {
            word(&text[other..at + segment.len()], found);
        }
    }

    fn ends_at(&self, at: usize) -> bool {
        self.unit.is_some_and(|unit| unit.1 == at)
    }

    fn complete(&mut self, text: &str, found: &mut impl FnMut(Piece<'_>)) {
        let Some(unit) = self.unit.take() else { return };
        if let Some(before) = self.before {
            found(Piece::Term(&text[before.0..unit.1]));
        }
        if text[unit.0..].starts_with(is_han) {
            found(Piece::Term(&text[unit.0..unit.1]));
        }
        self.before = Some(unit);
    }

    /// Ends the run; a unit that stands alone is a term whatever its script.
    fn end(&mut self, text: &str, found: &mut impl FnMut(Piece<'_>)) {
        let alone = self.before.is_none();
        self.complete(text, found);
        if let Some(unit) = self.before.take()
            && alone
            && !text[unit.0..].starts_with(is_han)
        {
            found(Piece::Term(&text[unit.0..unit.1]));
        }
    }
}
