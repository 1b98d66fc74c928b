//! The analyzers as sets of options.

use super::stop::StopWords;
use super::vietnamese;

/// What an analyzer does to the words that the scanner finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Options {
    /// Split at white space and change nothing: none of what follows applies.
    pub(crate) verbatim: bool,
    /// Removes the English `'s`.
    pub(crate) possessive: bool,
    /// 10,000 is 10000.
    pub(crate) thousands: bool,
    /// `getObject` and `get_object` come out whole (`getobject`) and in their parts.
    pub(crate) identifiers: bool,
    /// ð is a mistyped đ.
    pub(crate) eth_is_d: bool,
    /// Accented Vietnamese syllables are brought to one spelling.
    pub(crate) spell: bool,
    /// Words that are dropped, as lists for [`super::stop::contains`].
    pub(crate) stop_words: &'static [&'static [u64]],
    /// The same, of words that are not ASCII only.
    pub(crate) marked_stop_words: &'static [&'static [u64]],
    /// Porter's stemmer, for words of ASCII letters only.
    pub(crate) stem: bool,
    pub(crate) pairs: Pairs,
}

impl Options {
    pub(crate) const fn with_identifiers(self, identifiers: bool) -> Self {
        Self { identifiers, ..self }
    }
}

/// Which neighbors come out as a pair too (stop words as well, since they are parts of compounds).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pairs {
    None,
    /// A Vietnamese syllable with a letter that is not ASCII, and its neighbor.
    Syllables,
    All,
}

/// Lucene's English stop words, sorted.
static ENGLISH_STOP_WORDS: StopWords<33> = StopWords::new([
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no", "not", "of",
    "on", "or", "such", "that", "the", "their", "then", "there", "these", "they", "this", "to", "was", "will", "with",
]);

/// More English words that questions are made of, sorted: interrogatives, auxiliaries, pronouns. Not `who` and `us`, which
/// are names once case is gone, nor words of time and place, which carry meaning.
static FUNCTION_WORDS: StopWords<40> = StopWords::new([
    "been", "being", "cannot", "could", "did", "does", "doing", "from", "had", "has", "have", "having", "he", "hers",
    "his", "how", "its", "might", "must", "my", "our", "ours", "shall", "she", "should", "them", "those", "we", "were",
    "what", "when", "where", "whether", "which", "whose", "why", "would", "you", "your", "yours",
]);

/// Those of them that are Vietnamese syllables as well, sorted: dropped only where the text is known to be English.
static VIETNAMESE_TOO: StopWords<8> = StopWords::new(["can", "do", "her", "him", "may", "me", "so", "than"]);

pub(crate) const PLAIN: Options = Options {
    verbatim: false,
    possessive: false,
    thousands: false,
    identifiers: false,
    eth_is_d: false,
    spell: false,
    stop_words: &[],
    marked_stop_words: &[],
    stem: false,
    pairs: Pairs::None,
};

pub(crate) const WHITESPACE: Options = Options { verbatim: true, ..PLAIN };

pub(crate) const ENGLISH: Options = Options {
    possessive: true,
    thousands: true,
    stop_words: &[ENGLISH_STOP_WORDS.keys(), FUNCTION_WORDS.keys(), VIETNAMESE_TOO.keys()],
    stem: true,
    ..PLAIN
};

pub(crate) const VIETNAMESE: Options = Options {
    eth_is_d: true,
    spell: true,
    stop_words: &[vietnamese::PLAIN_STOP_WORDS.keys()],
    marked_stop_words: &[vietnamese::MARKED_STOP_WORDS.keys()],
    pairs: Pairs::All,
    ..PLAIN
};

pub(crate) const MULTILINGUAL: Options = Options {
    possessive: true,
    thousands: true,
    identifiers: true,
    spell: true,
    stop_words: &[ENGLISH_STOP_WORDS.keys(), FUNCTION_WORDS.keys()],
    marked_stop_words: &[vietnamese::MARKED_STOP_WORDS.keys()],
    stem: true,
    pairs: Pairs::Syllables,
    ..PLAIN
};
