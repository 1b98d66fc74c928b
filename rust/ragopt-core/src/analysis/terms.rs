//! Words to terms: case, length, stop words, stems, pairs.

use super::normalize::{is_apostrophe, lower};
use super::options::{Options, Pairs};
use super::scan::Piece;
use super::{identifiers, porter, stop, vietnamese};

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

    #[inline]
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

    #[inline]
    fn word(&mut self, word: &str, emit: &mut impl FnMut(&str)) {
        let word = if self.options.possessive { without_possessive(word) } else { word };
        let identifier = self.options.identifiers && identifiers::may_have_parts(word);
        lower(word, &mut self.term);
        if identifier {
            identifiers::joined(&mut self.term);
        }
        if self.options.thousands && self.term.as_bytes()[0].is_ascii_digit() && is_grouped(&self.term) {
            self.term.retain(|c| c != ',');
        }
        if self.options.eth_is_d && self.term.contains('ð') {
            self.term = self.term.replace('ð', "đ");
        }
        self.cut();
        if self.options.spell && !self.term.is_ascii() {
            vietnamese::spell(&mut self.term);
        }
        if self.options.pairs != Pairs::None {
            self.pair(emit);
        }
        self.emit(emit);
        if identifier {
            identifiers::parts(word, &mut |part| {
                lower(part, &mut self.term);
                self.cut();
                self.emit(emit);
            });
        }
    }

    /// Long words are cut.
    fn cut(&mut self) {
        if self.term.len() > LONGEST_TERM {
            self.term.truncate(end(&self.term));
            let kept = self.term.trim_end_matches(|c: char| c.is_ascii_punctuation()).len();
            self.term.truncate(kept);
        }
    }

    /// The term, unless it is a stop word, as its stem.
    #[inline]
    fn emit(&mut self, emit: &mut impl FnMut(&str)) {
        let ascii = self.term.is_ascii();
        let lists = if ascii { self.options.stop_words } else { self.options.marked_stop_words };
        if stop::contains(lists, &self.term) {
            return;
        }
        if self.options.stem && self.term.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'\'') {
            porter::stem(&mut self.term);
        }
        emit(&self.term);
    }

    fn pair(&mut self, emit: &mut impl FnMut(&str)) {
        if self.is_pair() {
            self.pair.clear();
            self.pair.push_str(&self.before);
            self.pair.push(' ');
            self.pair.push_str(&self.term);
            emit(&self.pair);
        }
        self.before.clear();
        self.before.push_str(&self.term);
    }

    fn is_pair(&self) -> bool {
        let (before, term) = (&self.before, &self.term);
        !before.is_empty()
            && (self.options.pairs == Pairs::All
                || [before, term].into_iter().any(|word| !word.is_ascii() && vietnamese::is_syllable(word)))
    }
}

/// Where a term is cut: after [`LONGEST_TERM`] characters.
fn end(term: &str) -> usize {
    if term.len() <= LONGEST_TERM {
        return term.len();
    }
    term.char_indices().nth(LONGEST_TERM).map_or(term.len(), |(at, _)| at)
}

/// Whether the commas of a number part thousands: 10,000 and 1,234,567.5, but not 3,14.
fn is_grouped(word: &str) -> bool {
    let mut groups = word.split('.').next().unwrap_or(word).split(',');
    let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    groups.next().is_some_and(|first| (1..=3).contains(&first.len()) && digits(first))
        && groups.all(|group| group.len() == 3 && digits(group))
}

/// The word before `'s`.
fn without_possessive(word: &str) -> &str {
    word.strip_suffix(['s', 'S']).and_then(|rest| rest.strip_suffix(|c| c == '\'' || is_apostrophe(c))).unwrap_or(word)
}
