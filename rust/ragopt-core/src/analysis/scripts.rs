//! Which characters need more than word boundaries.

/// A letter (not a mark on one) of a script that is written without spaces between words.
pub(crate) fn is_unspaced(c: char) -> bool {
    is_han(c)
        || matches!(c,
            '\u{3041}'..='\u{3096}' | '\u{309d}'..='\u{309f}'                           // hiragana
            | '\u{30a1}'..='\u{30fa}' | '\u{30fc}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' // katakana
            | '\u{3105}'..='\u{312f}' | '\u{31a0}'..='\u{31bf}'                         // bopomofo
            | '\u{e01}'..='\u{e30}' | '\u{e32}' | '\u{e33}' | '\u{e40}'..='\u{e46}'       // Thai
            | '\u{e81}'..='\u{eb0}' | '\u{eb2}' | '\u{eb3}' | '\u{ebd}'..='\u{ec6}'        // Lao
            | '\u{edc}'..='\u{edf}'
            | '\u{1000}'..='\u{102a}' | '\u{103f}' | '\u{1050}'..='\u{1055}'              // Burmese
            | '\u{105a}'..='\u{105d}' | '\u{1061}' | '\u{1065}' | '\u{1066}'
            | '\u{106e}'..='\u{1070}' | '\u{1075}'..='\u{1081}' | '\u{108e}'
            | '\u{1780}'..='\u{17b3}' | '\u{17d7}' | '\u{17dc}') // Khmer
}

/// A character that is a word by itself as often as not.
pub(crate) fn is_han(c: char) -> bool {
    matches!(c,
        '\u{3005}'..='\u{3007}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// A picture that people write as a word.
pub(crate) fn is_emoji(c: char) -> bool {
    matches!(c,
        '\u{231a}' | '\u{231b}' | '\u{23e9}'..='\u{23f3}' | '\u{2600}'..='\u{27bf}'
        | '\u{2b50}' | '\u{2b55}' | '\u{1f000}'..='\u{1faff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_script_is_known() {
        for c in "中国漢字ひらがなカタカナーไทยລາວမနခមរ".chars() {
            assert!(is_unspaced(c), "{c:?}");
        }
        for c in "aéđ한글العربيةहिन्दी1_-、。「".chars() {
            assert!(!is_unspaced(c), "{c:?}");
        }
    }

    #[test]
    fn emoji_are_known_and_letters_are_none() {
        assert!("🚀❤⭐🇻".chars().all(is_emoji));
        assert!(!"a1中™".chars().any(is_emoji));
    }
}
