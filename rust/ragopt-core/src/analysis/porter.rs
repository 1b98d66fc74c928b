//! Porter's stemmer for English, as its author corrected it (`bli` for `abli`, and `logi`).
//!
//! M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980. In the measures below a word is
//! \[C\](VC)^m\[V\]: m counts the vowel-consonant pairs of what is left when the suffix is gone.
//!
//! One change of ours: y turns into i only after a consonant (`study` meets `studies`), so that `delay` stays, and
//! with it `hay` and `tay`, which are Vietnamese and not `hai` and `tai`.

/// Cuts the suffixes of `word`, in place. `word` is lower-case ASCII.
pub(crate) fn stem(word: &mut String) {
    if word.len() < 3 {
        return;
    }
    let mut bytes = std::mem::take(word).into_bytes();
    plural(&mut bytes);
    past_and_progressive(&mut bytes);
    final_y(&mut bytes);
    replace(&mut bytes, &DOUBLE_SUFFIXES, 0);
    replace(&mut bytes, &SUFFIXES, 0);
    residue(&mut bytes);
    final_e(&mut bytes);
    *word = String::from_utf8(bytes).unwrap_or_default();
}

/// Step 2: a double suffix to a single one. Of two that fit, the longer stands first.
const DOUBLE_SUFFIXES: [(&[u8], &[u8]); 21] = [
    (b"ational", b"ate"),
    (b"tional", b"tion"),
    (b"enci", b"ence"),
    (b"anci", b"ance"),
    (b"izer", b"ize"),
    (b"bli", b"ble"),
    (b"alli", b"al"),
    (b"entli", b"ent"),
    (b"eli", b"e"),
    (b"ousli", b"ous"),
    (b"ization", b"ize"),
    (b"ation", b"ate"),
    (b"ator", b"ate"),
    (b"alism", b"al"),
    (b"iveness", b"ive"),
    (b"fulness", b"ful"),
    (b"ousness", b"ous"),
    (b"aliti", b"al"),
    (b"iviti", b"ive"),
    (b"biliti", b"ble"),
    (b"logi", b"log"),
];

/// Step 3.
const SUFFIXES: [(&[u8], &[u8]); 7] = [
    (b"icate", b"ic"),
    (b"ative", b""),
    (b"alize", b"al"),
    (b"iciti", b"ic"),
    (b"ical", b"ic"),
    (b"ful", b""),
    (b"ness", b""),
];

/// Step 4: these go when m > 1. Of two that fit, the longer stands first.
const RESIDUES: [&[u8]; 19] = [
    b"al", b"ance", b"ence", b"er", b"ic", b"able", b"ible", b"ant", b"ement", b"ment", b"ent", b"ion", b"ou", b"ism",
    b"ate", b"iti", b"ous", b"ive", b"ize",
];

/// Whether the letter at `i` is a consonant; a y after a consonant is a vowel.
fn consonant(word: &[u8], i: usize) -> bool {
    match word[i] {
        b'a' | b'e' | b'i' | b'o' | b'u' => false,
        // A run of y alternates; counting its length keeps this linear.
        b'y' => {
            let run = word[..i].iter().rev().take_while(|&&byte| byte == b'y').count();
            let first = i == run || !consonant(word, i - run - 1);
            (run % 2 == 0) == first
        }
        _ => true,
    }
}

fn measure(stem: &[u8]) -> usize {
    let mut pairs = 0;
    let mut vowel = false;
    for i in 0..stem.len() {
        let here = consonant(stem, i);
        if here && vowel {
            pairs += 1;
        }
        vowel = !here;
    }
    pairs
}

fn has_vowel(stem: &[u8]) -> bool {
    (0..stem.len()).any(|i| !consonant(stem, i))
}

fn ends_double(word: &[u8]) -> bool {
    matches!(word, [.., a, b] if a == b) && consonant(word, word.len() - 1)
}

/// Consonant, vowel, consonant other than w, x, y: a short syllable that wants its e back (hop, hope).
fn ends_short(word: &[u8]) -> bool {
    let n = word.len();
    n >= 3
        && consonant(word, n - 3)
        && !consonant(word, n - 2)
        && consonant(word, n - 1)
        && !matches!(word[n - 1], b'w' | b'x' | b'y')
}

fn plural(word: &mut Vec<u8>) {
    let cut = if word.ends_with(b"sses") || word.ends_with(b"ies") {
        2
    } else if word.ends_with(b"s") && !word.ends_with(b"ss") {
        1
    } else {
        0
    };
    word.truncate(word.len() - cut);
}

fn past_and_progressive(word: &mut Vec<u8>) {
    if let Some(stem) = word.strip_suffix(b"eed") {
        if measure(stem) > 0 {
            word.pop();
        }
        return;
    }
    let Some(stem) = word.strip_suffix(b"ed").or_else(|| word.strip_suffix(b"ing")) else { return };
    if !has_vowel(stem) {
        return;
    }
    let length = stem.len();
    word.truncate(length);
    if word.ends_with(b"at") || word.ends_with(b"bl") || word.ends_with(b"iz") {
        word.push(b'e');
    } else if ends_double(word) {
        if !matches!(word.last(), Some(b'l' | b's' | b'z')) {
            word.pop();
        }
    } else if measure(word) == 1 && ends_short(word) {
        word.push(b'e');
    }
}

fn final_y(word: &mut [u8]) {
    if let [stem @ .., last @ b'y'] = word
        && has_vowel(stem)
        && stem.last().is_some_and(|byte| !b"aeiou".contains(byte))
    {
        *last = b'i';
    }
}

/// Replaces the suffix that fits if m of the rest is above `least`.
fn replace(word: &mut Vec<u8>, table: &[(&[u8], &[u8])], least: usize) {
    for (suffix, instead) in table {
        if let Some(stem) = word.strip_suffix(*suffix) {
            if measure(stem) > least {
                let length = stem.len();
                word.truncate(length);
                word.extend_from_slice(instead);
            }
            return;
        }
    }
}

fn residue(word: &mut Vec<u8>) {
    for suffix in RESIDUES {
        if let Some(stem) = word.strip_suffix(suffix) {
            let fits = suffix != b"ion" || matches!(stem.last(), Some(b's' | b't'));
            if fits && measure(stem) > 1 {
                let length = stem.len();
                word.truncate(length);
            }
            return;
        }
    }
}

fn final_e(word: &mut Vec<u8>) {
    if let Some(stem) = word.strip_suffix(b"e") {
        let pairs = measure(stem);
        if pairs > 1 || (pairs == 1 && !ends_short(stem)) {
            word.pop();
        }
    }
    if word.ends_with(b"ll") && measure(&word[..word.len() - 1]) > 1 {
        word.pop();
    }
}
