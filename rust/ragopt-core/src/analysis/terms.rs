//! Words to terms: case, length, stop words, stems, pairs.

use super::normalize::{is_apostrophe, lower};
use super::options::{Options, Stemmer};
use super::scan::Piece;
use super::{porter, vietnamese};

/// Longer words are cut here, in documents and queries alike. Two SHA-256 sums or the longest German noun fit.
pub(crate) const LONGEST_TERM: usize = 128;

/// What one text needs while it is analyzed.
pub(crate) struct Writer<'a> {
    options: &'a Options,
    term: String,
    before: String,
    pair: String,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(options: &'a Options) -> Self {
        Self { options, term: String::with_capacity(32), before: String::new(), pair: String::new() }
    }

    pub(crate) fn piece(&mut self, piece: Piece<'_>, emit: &mut impl FnMut(&str)) {
        match piece {
            Piece::Gap => self.before.clear(),
            Piece::Term(term) => {
                self.before.clear();
                emit(&term[..end(term)]);
            }
            Piece::Word(word) => self.word(word, emit),
        }
    }

    fn word(&mut self, word: &str, emit: &mut impl FnMut(&str)) {
        let word = if self.options.possessive { without_possessive(word) } else { word };
        lower(word, &mut self.term);
        if self.options.eth_is_d && self.term.contains('ð') {
            self.term = self.term.replace('ð', "đ");
        }
        if self.term.len() > LONGEST_TERM {
            self.term.truncate(end(&self.term));
            let kept = self.term.trim_end_matches(|c: char| c.is_ascii_punctuation()).len();
            self.term.truncate(kept);
        }
        if self.options.place_tones && !self.term.is_ascii() {
            vietnamese::place_tone(&mut self.term);
        }
        let stop = self.options.stop_words.binary_search(&self.term.as_str()).is_ok();
        if self.options.pairs {
            self.pair(emit);
        }
        if stop {
            return;
        }
        if self.options.stemmer == Stemmer::Porter && self.term.bytes().all(|b| b.is_ascii_lowercase() || b == b'\'') {
            porter::stem(&mut self.term);
        }
        emit(&self.term);
    }

    fn pair(&mut self, emit: &mut impl FnMut(&str)) {
        if !self.before.is_empty() {
            self.pair.clear();
            self.pair.push_str(&self.before);
            self.pair.push(' ');
            self.pair.push_str(&self.term);
            emit(&self.pair);
        }
        self.before.clear();
        self.before.push_str(&self.term);
    }
}

/// Where a term is cut: after [`LONGEST_TERM`] characters.
fn end(term: &str) -> usize {
    if term.len() <= LONGEST_TERM {
        return term.len();
    }
    term.char_indices().nth(LONGEST_TERM).map_or(term.len(), |(at, _)| at)
}

/// The word before `'s`.
fn without_possessive(word: &str) -> &str {
    word.strip_suffix(['s', 'S'])
        .and_then(|rest| rest.strip_suffix(|c| c == '\'' || is_apostrophe(c)))
        .unwrap_or(word)
}
