//! What an estimate of model tokens looks at: counts of runs and characters that a tokenizer's cost follows.
//!
//! Every feature is a sum over the runs between white space (blank, tab, line feed, carriage return), and over the runs
//! of white space. So texts that are joined by white space have no feature above the sum of theirs, but for the white
//! space that meets. `tests/reference/token_features.py` is the plain twin.

/// How many features there are.
pub const FEATURES: usize = NAMES.len();

/// The names of the features, in order.
///
/// Latin letters are those of ASCII, the two Latin blocks after it with their extensions, and the combining marks. A word
/// is a run of them; it is plain when all are ASCII, else accented. A mark is a punctuation character of ASCII.
pub const NAMES: [&str; 26] = [
    "plain words",
    "their pieces of 5 letters",
    "their pieces of 8 letters",
    "their letters",
    "their uncommon pairs of letters",
    "their rare pairs of letters",
    "accented words",
    "their letters",
    "their letters beyond 7",
    "their letters beyond ASCII, from the third",
    "capitals",
    "capitals after a capital",
    "changes within a word",
    "pieces of 3 digits",
    "runs of marks",
    "runs of one mark",
    "pieces of 6 in runs of = - * # . _ /",
    "repeats in runs of other marks",
    "pieces of 16 in white space beyond one blank",
    "changes within white space",
    "typographic signs",
    "letters of other alphabets",
    "Han, kana and Hangul",
    "letters of South and South-East Asia",
    "emoji",
    "bytes of all else",
];

const PLAIN: usize = 0;
const UNCOMMON: usize = 4;
const RARE: usize = 5;
const ACCENTED: usize = 6;
const CAPITALS: usize = 10;
const CAPITALS_IN_A_ROW: usize = 11;
const CHANGES: usize = 12;
const DIGITS: usize = 13;
const MARK_RUNS: usize = 14;
const SAME_RUNS: usize = 15;
const LONG_REPEATS: usize = 16;
const REPEATS: usize = 17;
const BLANKS: usize = 18;
const BLANK_CHANGES: usize = 19;
const SIGNS: usize = 20;
const ALPHABETS: usize = 21;
const HAN: usize = 22;
const SOUTH_ASIA: usize = 23;
const EMOJI: usize = 24;
const BYTES: usize = 25;

/// Pairs of letters by how often English has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pairs {
    /// By 32 times the first letter and the second, a being 1 and no letter 0: what the pair adds, uncommon in the lower
    /// half of the number, rare in the upper.
    costs: Vec<u64>,
}

impl Pairs {
    /// Bit j of the i-th number is the pair of the letters i and j, from a. `common` pairs are what most text is made of;
    /// `known` are these and the uncommon ones, so that a pair that isn't there is rare.
    #[must_use]
    pub fn new(common: &[u32; 26], known: &[u32; 26]) -> Self {
        let mut costs = vec![0; 27 * 32];
        for (first, (common, known)) in common.iter().zip(known).enumerate() {
            for second in 0..26 {
                let (common, known) = (common >> second & 1 == 1, known >> second & 1 == 1);
                costs[(first + 1) * 32 + second + 1] = if !known { RARE_PAIR } else { u64::from(!common) };
            }
        }
        Self { costs }
    }
}

const RARE_PAIR: u64 = 1 << 32;

/// The features of `text`, in the order of [`NAMES`]; all 0 for the empty text.
#[must_use]
pub fn features(text: &str, pairs: &Pairs) -> [u64; FEATURES] {
    let bytes = text.as_bytes();
    let mut found = [0; FEATURES];
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        at = match byte {
            b'a'..=b'z' | b'A'..=b'Z' => word(text, at, pairs, &mut found),
            b'0'..=b'9' => digits(bytes, at, &mut found),
            b' ' | b'\t' | b'\n' | b'\r' => blanks(bytes, at, &mut found),
            b'!'..=b'~' => marks(bytes, at, &mut found),
            0x80.. => match text[at..].chars().next() {
                Some(character) if is_latin(character) => word(text, at, pairs, &mut found),
                Some(character) => at + other(character, &mut found),
                None => bytes.len(),
            },
            _ => {
                found[BYTES] += 1;
                at + 1
            }
        };
    }
    found
}

/// What one of each feature costs in tokens, and what a bound has beside.
#[derive(Debug, Clone, Copy)]
pub struct Rates<'a> {
    pub point: &'a [f64; FEATURES],
    pub low: &'a [f64; FEATURES],
    pub high: &'a [f64; FEATURES],
    pub slack: f64,
}

impl Rates<'_> {
    /// Point, low and high of a text with these features: whole tokens,.
    #[must_use]
    pub fn bounds(&self, features: &[u64; FEATURES]) -> (i64, i64, i64) {
        let sum = |row: &[f64; FEATURES]| row.iter().zip(features).fold(0.0, |sum, (rate, n)| sum + rate * *n as f64);
        let (point, low, high) = (sum(self.point), sum(self.low), sum(self.high));
        (
            (point.round_ties_even() as i64).max(1),
            ((low.min(point) - self.slack).floor() as i64).max(0),
            (high.max(point) + self.slack).ceil() as i64,
        )
    }
}

/// Counts the word that starts at `at`; its end.
fn word(text: &str, mut at: usize, pairs: &Pairs, found: &mut [u64; FEATURES]) -> usize {
    let bytes = text.as_bytes();
    let (mut letters, mut accented, mut odd_pairs) = (0_u64, 0_u64, 0_u64);
    let (mut capitals, mut in_a_row, mut humps) = (0, 0, 0);
    loop {
        let start = at;
        let (mut last, mut last_small, mut last_capital) = (0, 0, 0); // of the letter before, where it is of ASCII
        while let Some(byte) = bytes.get(at).filter(|byte| byte.is_ascii_alphabetic()) {
            let letter = usize::from(byte & 31);
            let small = u64::from(byte >> 5 & 1);
            odd_pairs += pairs.costs[last * 32 + letter];
            capitals += 1 - small;
            in_a_row += (1 - small) & last_capital;
            humps += (1 - small) & last_small;
            (last, last_small, last_capital) = (letter, small, 1 - small);
            at += 1;
        }
        letters += (at - start) as u64;
        match bytes.get(at).filter(|byte| **byte >= 0x80).and_then(|_| text[at..].chars().next()) {
            Some(character) if is_latin(character) => {
                letters += 1;
                accented += 1;
                at += character.len_utf8();
            }
            _ => break,
        }
    }
    found[CAPITALS] += capitals;
    found[CAPITALS_IN_A_ROW] += in_a_row;
    // A digit that follows is a change where a letter of ASCII is before it.
    found[CHANGES] += humps + u64::from(bytes.get(at).is_some_and(u8::is_ascii_digit) && bytes[at - 1].is_ascii());
    if accented == 0 {
        for (feature, amount) in [1, letters.div_ceil(5), letters.div_ceil(8), letters].into_iter().enumerate() {
            found[PLAIN + feature] += amount;
        }
        found[UNCOMMON] += odd_pairs % RARE_PAIR;
        found[RARE] += odd_pairs / RARE_PAIR;
    } else {
        let amounts = [1, letters, letters.saturating_sub(7), accented.saturating_sub(2)];
        for (feature, amount) in amounts.into_iter().enumerate() {
            found[ACCENTED + feature] += amount;
        }
    }
    at
}

fn digits(bytes: &[u8], at: usize, found: &mut [u64; FEATURES]) -> usize {
    let end = run(bytes, at, u8::is_ascii_digit);
    found[DIGITS] += ((end - at) as u64).div_ceil(3);
    found[CHANGES] += u64::from(bytes.get(end).is_some_and(u8::is_ascii_alphabetic));
    end
}

fn blanks(bytes: &[u8], at: usize, found: &mut [u64; FEATURES]) -> usize {
    let end = run(bytes, at, |byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    if end - at > 1 || bytes[at] != b' ' {
        found[BLANKS] += ((end - at) as u64).div_ceil(16);
        found[BLANK_CHANGES] += bytes[at..end].windows(2).filter(|pair| pair[0] != pair[1]).count() as u64;
    }
    end
}

fn marks(bytes: &[u8], mut at: usize, found: &mut [u64; FEATURES]) -> usize {
    found[MARK_RUNS] += 1;
    while at < bytes.len() && bytes[at].is_ascii_punctuation() {
        let mark = bytes[at];
        let end = run(bytes, at, |byte| *byte == mark);
        let repeats = (end - at - 1) as u64;
        found[SAME_RUNS] += 1;
        if matches!(mark, b'=' | b'-' | b'*' | b'#' | b'.' | b'_' | b'/') {
            found[LONG_REPEATS] += repeats / 6;
        } else {
            found[REPEATS] += repeats;
        }
        at = end;
    }
    at
}

/// The end of the run of bytes that are `of` a kind.
fn run(bytes: &[u8], at: usize, of: impl Fn(&u8) -> bool) -> usize {
    at + bytes[at..].iter().take_while(|byte| of(byte)).count()
}

/// Counts a character beyond ASCII that is no Latin letter; its bytes.
fn other(character: char, found: &mut [u64; FEATURES]) -> usize {
    let feature = match character {
        '\u{a1}'..='\u{bf}' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{20a0}'..='\u{20cf}' => SIGNS,
        '\u{370}'..='\u{52f}' | '\u{5d0}'..='\u{5f4}' | '\u{620}'..='\u{6ff}' | '\u{10d0}'..='\u{10ff}' => ALPHABETS,
        '\u{3000}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{ff00}'..='\u{ff60}' => HAN,
        '\u{900}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' => SOUTH_ASIA,
        '\u{1f000}'..='\u{1faff}' => EMOJI,
        _ => {
            found[BYTES] += character.len_utf8() as u64;
            return character.len_utf8();
        }
    };
    found[feature] += 1;
    character.len_utf8()
}

fn is_latin(character: char) -> bool {
    matches!(
        character,
        '\u{aa}' | '\u{ba}' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{24f}' | '\u{300}'..='\u{36f}'
        | '\u{1e00}'..='\u{1eff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(&'static str, u64)> {
        // Of every letter, the pairs with those up to m are common, up to t known.
        let pairs = Pairs::new(&[(1 << 13) - 1; 26], &[(1 << 20) - 1; 26]);
        let found = features(text, &pairs);
        NAMES.into_iter().zip(found).filter(|(_, amount)| *amount > 0).collect()
    }

    #[test]
    fn each_feature_counts_what_its_name_says() {
        assert_eq!(of(""), []);
        assert_eq!(
            of("Abzzap"),
            [
                ("plain words", 1),
                ("their pieces of 5 letters", 2),
                ("their pieces of 8 letters", 1),
                ("their letters", 6),
                ("their uncommon pairs of letters", 1),
                ("their rare pairs of letters", 2),
                ("capitals", 1),
            ]
        );
        assert_eq!(
            of("ếẹệABC"),
            [
                ("accented words", 1),
                ("their letters", 6),
                ("their letters beyond ASCII, from the third", 1),
                ("capitals", 3),
                ("capitals after a capital", 2),
            ]
        );
        assert_eq!(
            of("1234 \n"),
            [
                ("pieces of 3 digits", 2),
                ("pieces of 16 in white space beyond one blank", 1),
                ("changes within white space", 1),
            ]
        );
        assert_eq!(
            of("({{--------"),
            [
                ("runs of marks", 1),
                ("runs of one mark", 3),
                ("pieces of 6 in runs of = - * # . _ /", 1),
                ("repeats in runs of other marks", 1),
            ]
        );
        assert_eq!(
            of("…я中ก😀\u{1}ሀ"),
            [
                ("typographic signs", 1),
                ("letters of other alphabets", 1),
                ("Han, kana and Hangul", 1),
                ("letters of South and South-East Asia", 1),
                ("emoji", 1),
                ("bytes of all else", 4),
            ]
        );
    }

    #[test]
    fn changes_within_a_word_are_between_letters_and_digits_and_at_humps() {
        let changes =
            |text| of(text).into_iter().find(|(name, _)| *name == "changes within a word").map_or(0, |it| it.1);
        assert_eq!(
            [changes("a1b"), changes("aB"), changes("Ab"), changes("é1"), changes("aéB"), changes("1é")],
            [2, 1, 0, 0, 0, 0]
        );
    }
}
