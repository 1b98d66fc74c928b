//! The analyzers as sets of options.

use super::vietnamese;

/// What an analyzer does to the words that the scanner finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Options {
    /// Split at white space and change nothing: none of what follows applies.
    pub(crate) verbatim: bool,
    /// Removes the English `'s`.
    pub(crate) possessive: bool,
    /// ð is a mistyped đ.
    pub(crate) eth_is_d: bool,
    /// Vietnamese tone marks go to one place.
    pub(crate) place_tones: bool,
    /// Words that are dropped; sorted by bytes.
    pub(crate) stop_words: &'static [&'static str],
    pub(crate) stemmer: Stemmer,
    /// Adjacent words come out as a pair too.
    pub(crate) pairs: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stemmer {
    None,
    Porter,
}

/// Lucene's English stop words, sorted.
pub(crate) const ENGLISH_STOP_WORDS: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no", "not", "of",
    "on", "or", "such", "that", "the", "their", "then", "there", "these", "they", "this", "to", "was", "will", "with",
];

pub(crate) const PLAIN: Options = Options {
    verbatim: false,
    possessive: false,
    eth_is_d: false,
    place_tones: false,
    stop_words: &[],
    stemmer: Stemmer::None,
    pairs: false,
};

pub(crate) const WHITESPACE: Options = Options { verbatim: true, ..PLAIN };

pub(crate) const ENGLISH: Options =
    Options { possessive: true, stop_words: ENGLISH_STOP_WORDS, stemmer: Stemmer::Porter, ..PLAIN };

pub(crate) const VIETNAMESE: Options = Options {
    eth_is_d: true,
    place_tones: true,
    stop_words: vietnamese::STOP_WORDS,
    pairs: true,
    ..PLAIN
};

pub(crate) const MULTILINGUAL: Options = Options { possessive: true, place_tones: true, ..PLAIN };
