//! Porter's stemmer for English, as its author corrected it (`bli` for `abli`, and `logi`).
//!
//! M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980. In the measures below a word is
//! \[C\](VC)^m\[V\]: m counts the vowel-consonant pairs of what is left when the suffix is gone.
//!
//! One change of ours: y turns into i only after a consonant (`study` meets `studies`), so that `delay` stays, and
//! with it `hay` and `tay`, which are Vietnamese and not `hai` and `tai`.

/// Cuts the suffixes of `word`, in place. `word` is lower-case ASCII of at most 128 bytes.
pub(crate) fn stem(word: &mut String) {
    if !(3..=MOST).contains(&word.len()) {
        return;
    }
    let mut letters = Letters::new(std::mem::take(word).into_bytes());
    plural(&mut letters);
    past_and_progressive(&mut letters);
    final_y(&mut letters);
    replace(&mut letters, double_suffixes);
    replace(&mut letters, suffixes);
    residue(&mut letters);
    final_e(&mut letters);
    *word = String::from_utf8(letters.bytes).unwrap_or_default(); // ASCII, as it came
}

/// The longest word that is stemmed: what fits the bits below.
const MOST: usize = 128;

/// A word being cut. Bit i of `vowels` says whether letter i is a vowel: a, e, i, o, u, and y after a consonant.
struct Letters {
    bytes: Vec<u8>,
    vowels: u128,
}

impl Letters {
    fn new(bytes: Vec<u8>) -> Self {
        let mut vowels = 0;
        let mut before = true; // a y in front is a consonant, as after a vowel
        for (i, &byte) in bytes.iter().enumerate() {
            before = is_vowel(byte, before);
            vowels |= u128::from(before) << i;
        }
        Self { bytes, vowels }
    }

    fn length(&self) -> usize {
        self.bytes.len()
    }

    fn push(&mut self, byte: u8) {
        let i = self.length();
        let vowel = is_vowel(byte, i == 0 || self.vowel(i - 1));
        self.vowels = self.vowels & !(1 << i) | u128::from(vowel) << i;
        self.bytes.push(byte);
    }

    fn cut(&mut self, length: usize) {
        self.bytes.truncate(length);
    }

    fn vowel(&self, i: usize) -> bool {
        self.vowels >> i & 1 == 1
    }

    fn ends(&self, suffix: &[u8]) -> bool {
        self.bytes.ends_with(suffix)
    }

    /// The first `length` bits.
    fn low(length: usize) -> u128 {
        if length >= 128 { u128::MAX } else { (1 << length) - 1 }
    }

    /// m of the first `length` letters: how often a consonant follows a vowel.
    fn measure(&self, length: usize) -> u32 {
        (!self.vowels & self.vowels << 1 & Self::low(length)).count_ones()
    }

    fn has_vowel(&self, length: usize) -> bool {
        self.vowels & Self::low(length) != 0
    }

    fn ends_double(&self) -> bool {
        matches!(self.bytes[..], [.., a, b] if a == b) && !self.vowel(self.length() - 1)
    }

    /// Whether the first `n` letters end in consonant, vowel, consonant other than w, x, y: a short syllable that
    /// wants its e back (hop, hope).
    fn ends_short(&self, n: usize) -> bool {
        n >= 3
            && !self.vowel(n - 3)
            && self.vowel(n - 2)
            && !self.vowel(n - 1)
            && !matches!(self.bytes[n - 1], b'w' | b'x' | b'y')
    }
}

/// Whether a letter is a vowel, given whether the one before is.
fn is_vowel(byte: u8, before: bool) -> bool {
    match byte {
        b'a' | b'e' | b'i' | b'o' | b'u' => true,
        b'y' => !before,
        _ => false,
    }
}

fn plural(word: &mut Letters) {
    if word.ends(b"sses") || word.ends(b"ies") {
        word.cut(word.length() - 2);
    } else if word.ends(b"s") && !word.ends(b"ss") {
        word.cut(word.length() - 1);
    }
}

fn past_and_progressive(word: &mut Letters) {
    if word.ends(b"eed") {
        if word.measure(word.length() - 3) > 0 {
            word.cut(word.length() - 1);
        }
        return;
    }
    let suffix = if word.ends(b"ed") {
        2
    } else if word.ends(b"ing") {
        3
    } else {
        return;
    };
    if !word.has_vowel(word.length() - suffix) {
        return;
    }
    word.cut(word.length() - suffix);
    if word.ends(b"at") || word.ends(b"bl") || word.ends(b"iz") {
        word.push(b'e');
    } else if word.ends_double() {
        if !matches!(word.bytes[word.length() - 1], b'l' | b's' | b'z') {
            word.cut(word.length() - 1);
        }
    } else if word.measure(word.length()) == 1 && word.ends_short(word.length()) {
        word.push(b'e');
    }
}

fn final_y(word: &mut Letters) {
    let last = word.length() - 1;
    if word.bytes[last] == b'y' && word.has_vowel(last) && !b"aeiou".contains(&word.bytes[last - 1]) {
        word.cut(last);
        word.push(b'i');
    }
}

type Rule = (&'static [u8], &'static [u8]);

/// Step 2, a double suffix to a single one, by its last letter but one. Of two that fit, the longer stands first.
fn double_suffixes(penultimate: u8) -> &'static [Rule] {
    match penultimate {
        b'a' => &[(b"ational", b"ate"), (b"tional", b"tion")],
        b'c' => &[(b"enci", b"ence"), (b"anci", b"ance")],
        b'e' => &[(b"izer", b"ize")],
        b'l' => &[(b"bli", b"ble"), (b"alli", b"al"), (b"entli", b"ent"), (b"eli", b"e"), (b"ousli", b"ous")],
        b'o' => &[(b"ization", b"ize"), (b"ation", b"ate"), (b"ator", b"ate")],
        b's' => &[(b"alism", b"al"), (b"iveness", b"ive"), (b"fulness", b"ful"), (b"ousness", b"ous")],
        b't' => &[(b"aliti", b"al"), (b"iviti", b"ive"), (b"biliti", b"ble")],
        b'g' => &[(b"logi", b"log")],
        _ => &[],
    }
}

/// Step 3, by the last letter but one.
fn suffixes(penultimate: u8) -> &'static [Rule] {
    match penultimate {
        b't' => &[(b"icate", b"ic"), (b"iciti", b"ic")],
        b'v' => &[(b"ative", b"")],
        b'z' => &[(b"alize", b"al")],
        b'a' => &[(b"ical", b"ic")],
        b'u' => &[(b"ful", b"")],
        b's' => &[(b"ness", b"")],
        _ => &[],
    }
}

/// Step 4, by the last letter but one: these go when m > 1. Of two that fit, the longer stands first.
fn residues(penultimate: u8) -> &'static [&'static [u8]] {
    match penultimate {
        b'a' => &[b"al"],
        b'c' => &[b"ance", b"ence"],
        b'e' => &[b"er"],
        b'i' => &[b"ic"],
        b'l' => &[b"able", b"ible"],
        b'n' => &[b"ant", b"ement", b"ment", b"ent"],
        b'o' => &[b"ion", b"ou"],
        b's' => &[b"ism"],
        b't' => &[b"ate", b"iti"],
        b'u' => &[b"ous"],
        b'v' => &[b"ive"],
        b'z' => &[b"ize"],
        _ => &[],
    }
}

/// Replaces the suffix that fits if m of the rest is above 0.
fn replace(word: &mut Letters, rules: fn(u8) -> &'static [Rule]) {
    if word.length() < 2 {
        return;
    }
    let Some((suffix, instead)) = rules(word.bytes[word.length() - 2]).iter().find(|rule| word.ends(rule.0)) else {
        return;
    };
    let rest = word.length() - suffix.len();
    if word.measure(rest) > 0 {
        word.cut(rest);
        instead.iter().for_each(|&byte| word.push(byte));
    }
}

fn residue(word: &mut Letters) {
    if word.length() < 2 {
        return;
    }
    let Some(suffix) = residues(word.bytes[word.length() - 2]).iter().find(|suffix| word.ends(suffix)) else { return };
    let rest = word.length() - suffix.len();
    let fits = *suffix != b"ion" || (rest > 0 && matches!(word.bytes[rest - 1], b's' | b't'));
    if fits && word.measure(rest) > 1 {
        word.cut(rest);
    }
}

fn final_e(word: &mut Letters) {
    if word.ends(b"e") {
        let rest = word.length() - 1;
        let pairs = word.measure(rest);
        if pairs > 1 || (pairs == 1 && !word.ends_short(rest)) {
            word.cut(rest);
        }
    }
    if word.ends(b"ll") && word.measure(word.length() - 1) > 1 {
        word.cut(word.length() - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stemmed(word: &str) -> String {
        let mut word = word.to_owned();
        stem(&mut word);
        word
    }

    #[test]
    fn each_step_does_its_work() {
        for (word, expected) in [
            // plural
            ("caresses", "caress"),
            ("ponies", "poni"),
            ("cats", "cat"),
            ("pass", "pass"),
            ("its", "it"),
            // past and progressive
            ("agreed", "agre"),
            ("feed", "feed"),
            ("sing", "sing"),
            ("plastered", "plaster"),
            ("conflated", "conflat"),
            ("troubling", "troubl"),
            ("sized", "size"),
            ("hopping", "hop"),
            ("falling", "fall"),
            ("hissing", "hiss"),
            ("failing", "fail"),
            ("filing", "file"),
            ("bled", "bled"),
            // y
            ("happy", "happi"),
            ("sky", "sky"),
            ("delay", "delay"),
            ("delays", "delay"),
            ("hay", "hay"),
            ("study", "studi"),
            ("studies", "studi"),
            ("syzygy", "syzygi"),
            ("yy", "yy"),
            ("say", "say"),
            // double suffixes
            ("relational", "relat"),
            ("conditional", "condit"),
            ("rational", "ration"),
            ("digitizer", "digit"),
            ("possibly", "possibl"),
            ("radically", "radic"),
            ("vietnamization", "vietnam"),
            ("operator", "oper"),
            ("feudalism", "feudal"),
            ("hopefulness", "hope"),
            ("sensibilities", "sensibl"),
            ("analogy", "analog"),
            // suffixes
            ("triplicate", "triplic"),
            ("formative", "form"),
            ("electricity", "electr"),
            ("goodness", "good"),
            // residues
            ("revival", "reviv"),
            ("inference", "infer"),
            ("replacement", "replac"),
            ("adoption", "adopt"),
            ("communism", "commun"),
            ("effective", "effect"),
            ("region", "region"),
            ("companion", "companion"),
            // e and ll
            ("probate", "probat"),
            ("rate", "rate"),
            ("cease", "ceas"),
            ("controll", "control"),
            ("roll", "roll"),
            // too short, and not letters
            ("as", "as"),
            ("", ""),
            ("s", "s"),
            ("don't", "don't"),
            ("''", "''"),
            ("sses", "ss"),
            ("ing", "ing"),
            ("eed", "eed"),
        ] {
            assert_eq!(stemmed(word), expected, "{word}");
        }
    }

    #[test]
    fn forms_of_a_word_meet() {
        for forms in [
            "connect connected connecting connection connections",
            "configure configured configuring configuration",
            "delay delays delayed delaying",
            "encrypt encrypts encrypted encryption",
        ] {
            let mut stems: Vec<String> = forms.split(' ').map(stemmed).collect();
            stems.dedup();
            assert_eq!(stems.len(), 1, "{forms}: {stems:?}");
        }
    }

    #[test]
    fn any_word_is_survived_and_never_emptied() {
        let letters = b"aeysingtlb'";
        for code in 0..letters.len().pow(5) {
            let word: String =
                (0..5).map(|i| char::from(letters[code / letters.len().pow(i) % letters.len()])).collect();
            let stem = stemmed(&word);
            assert!(!stem.is_empty() && stem.len() <= word.len(), "{word}: {stem}");
        }
        for long in ["y".repeat(128), "ational".repeat(18), "s".repeat(200), "ing".repeat(42)] {
            assert!(!stemmed(&long).is_empty());
        }
    }
}
