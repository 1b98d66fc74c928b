//! Characters to one spelling each: NFC, compatibility forms, invisible marks, case.

use unicode_normalization::char::{decompose_canonical, decompose_compatible};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Writes the one spelling of `text` (case kept) into `out`.
///
/// NFC first, so that whatever follows sees the same characters for NFC and NFD text; then each character is
/// folded or dropped; then NFC again, because folding can bring characters together that compose.
pub(crate) fn normalize(text: &str, out: &mut String) {
    out.clear();
    let mut folded = String::with_capacity(text.len());
    if is_nfc_quick(text.chars()) == IsNormalized::Yes {
        text.chars().for_each(|c| fold(c, &mut folded));
    } else {
        text.nfc().for_each(|c| fold(c, &mut folded));
    }
    compose(&folded, out);
}

/// Appends the NFC of `text`.
fn compose(text: &str, out: &mut String) {
    if is_nfc_quick(text.chars()) == IsNormalized::Yes {
        out.push_str(text);
    } else {
        out.extend(text.nfc());
    }
}

fn fold(c: char, out: &mut String) {
    if c.is_ascii() {
        out.push(c);
    } else if is_apostrophe(c) {
        out.push('\'');
    } else if keeps_its_form(c) {
        out.push(c);
    } else if matches!(c, 'ß' | 'ẞ') {
        out.push_str(if c == 'ß' { "ss" } else { "SS" });
    } else {
        decompose_compatible(c, |part| {
            if is_apostrophe(part) {
                out.push('\'');
            } else if !is_dropped(part) {
                out.push(part);
            }
        });
    }
}

/// What people type for an apostrophe.
pub(crate) fn is_apostrophe(c: char) -> bool {
    matches!(c, '\u{2019}' | '\u{2018}' | '\u{2bc}' | '\u{b4}' | '\u{ff07}')
}

/// Characters whose compatibility form would run into their neighbours: m² is not m2, 2½ is not 21⁄2, AWS™ is not awstm.
fn keeps_its_form(c: char) -> bool {
    matches!(c,
        '\u{b2}' | '\u{b3}' | '\u{b9}' | '\u{2070}'..='\u{207f}'        // superscripts
        | '\u{bc}'..='\u{be}' | '\u{2150}'..='\u{215f}' | '\u{2189}'    // fractions
        | '\u{2120}' | '\u{2122}') // service mark, trade mark
}

/// Marks that are invisible or that a word is as often written without.
fn is_dropped(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}'      // soft hyphen, joiners, Mongolian selectors
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'             // zero width, direction
        | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e01ef}'           // variation selectors, tags
        | '\u{20e3}' | '\u{1f3fb}'..='\u{1f3ff}'                        // keycap, skin tones
        | '\u{640}' | '\u{64b}'..='\u{652}' | '\u{670}'                 // Arabic: tatweel, vowel points
        | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}') // Hebrew points
}

/// Writes `word` in lower case into `out`, in NFC.
///
/// ς is σ, and the Turkish İ and ı are i, so that ISPARTA, Isparta and
/// ısparta meet without knowing the language.
pub(crate) fn lower(word: &str, out: &mut String) {
    out.clear();
    if word.is_ascii() {
        out.push_str(word);
        out.make_ascii_lowercase();
        return;
    }
    let mut simple = true;
    for c in word.chars() {
        if c.is_ascii() {
            out.push(c.to_ascii_lowercase());
            continue;
        }
        match c {
            _ if is_apostrophe(c) => out.push('\''),
            'İ' | 'ı' => out.push('i'),
            '\u{307}' if out.ends_with('i') => {} // what other lower-casers make of İ
            'ς' => out.push('σ'),
            '\u{e0}'..='\u{ff}' => out.push(c),
            '\u{1ea0}'..='\u{1eff}' => out.push(char::from_u32(u32::from(c) | 1).unwrap_or(c)), // Vietnamese, in pairs
            _ => out.extend(c.to_lowercase()),
        }
        simple &= is_plain_latin(c);
    }
    if !simple && is_nfc_quick(out.chars()) != IsNormalized::Yes {
        *out = out.nfc().collect();
    }
}

/// A Latin letter outside ASCII that is in NFC whatever its neighbours are, has no other form, and is a letter
/// to UAX #29: the alphabets of Europe and of Vietnam.
pub(crate) fn is_plain_latin(c: char) -> bool {
    matches!(c, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
        && !matches!(c,
            '\u{d7}' | '\u{f7}' | 'ß' | 'ẞ'                             // signs, and letters that we spell out
            | '\u{132}' | '\u{133}' | '\u{13f}' | '\u{140}' | '\u{149}' | '\u{17f}'
            | '\u{1c4}'..='\u{1cc}' | '\u{1f1}'..='\u{1f3}' | '\u{1e9a}' | '\u{1e9b}') // have compatibility forms
}

/// A Latin letter without its marks: ế is e, đ is d, ü is u. Other characters stay.
pub(crate) fn unmarked(c: char) -> char {
    let mut first = None;
    match c {
        'đ' => 'd',
        'Đ' => 'D',
        _ if is_plain_latin(c) => {
            decompose_canonical(c, |part| {
                first.get_or_insert(part);
            });
            first.unwrap_or(c)
        }
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str) -> String {
        let mut out = String::new();
        normalize(text, &mut out);
        out
    }

    fn lowered(text: &str) -> String {
        let mut out = String::new();
        lower(text, &mut out);
        out
    }

    #[test]
    fn composed_and_decomposed_meet() {
        assert_eq!(normal("bệnh viện Đà Nẵng"), normal(&"bệnh viện Đà Nẵng".nfd().collect::<String>()));
    }

    #[test]
    fn forms_are_folded() {
        assert_eq!(normal("ＡＷＳ１２３"), "AWS123");
        assert_eq!(normal("oﬃce"), "office");
        assert_eq!(normal("CO₂"), "CO2");
        assert_eq!(normal("ﾃﾞｰﾀ"), "データ");
        assert_eq!(normal("don’t"), "don't");
    }

    #[test]
    fn some_forms_are_kept() {
        assert_eq!(normal("m² 2½ AWS™"), "m² 2½ AWS™");
    }

    #[test]
    fn invisible_marks_are_dropped() {
        assert_eq!(normal("a\u{200b}b\u{ad}c\u{200f}\u{feff}d\u{fe0f}"), "abcd");
        assert_eq!(normal("كـتـاب"), "كتاب");
        assert_eq!(normal("كِتَاب"), "كتاب");
        assert_eq!(normal("שָׁלוֹם"), "שלום");
    }

    #[test]
    fn case_is_folded() {
        assert_eq!(lowered("ĐƯỜNG"), "đường");
        assert_eq!(lowered("ΟΔΟΣ"), "οδοσ");
        assert_eq!(lowered("οδος"), "οδοσ");
        assert_eq!(lowered("STRASSE"), lowered(&normal("Straße")));
        assert_eq!(lowered("İstanbul"), "istanbul");
        assert_eq!(lowered("i\u{307}stanbul"), "istanbul");
        assert_eq!(lowered("ISPARTA"), lowered("ısparta"));
        assert_eq!(lowered("H\u{331}"), "\u{1e96}");
    }

    #[test]
    fn short_cuts_of_lower_case_are_right() {
        for c in ('\u{e0}'..='\u{ff}').chain('\u{1ea0}'..='\u{1eff}').filter(|&c| is_plain_latin(c)) {
            assert_eq!(lowered(&c.to_string()), c.to_lowercase().to_string());
        }
    }

    #[test]
    fn plain_latin_letters_are_what_they_claim() {
        for c in ('\u{80}'..='\u{1fff}').filter(|&c| is_plain_latin(c)) {
            assert!(c.is_alphabetic(), "{c:?}");
            assert_eq!(normal(&c.to_string()), c.to_string());
            assert_eq!(normal(&lowered(&c.to_string())), lowered(&c.to_string()), "{c:?}");
        }
    }
}
