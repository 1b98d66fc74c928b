//! What Vietnamese spelling needs: one place for the tone mark, and the stop words.

use super::stop::StopWords;

/// The vowels, each with its six tones: level, grave, acute, hook, tilde, dot.
const VOWELS: [[char; 6]; 12] = [
    ['a', 'à', 'á', 'ả', 'ã', 'ạ'],
    ['ă', 'ằ', 'ắ', 'ẳ', 'ẵ', 'ặ'],
    ['â', 'ầ', 'ấ', 'ẩ', 'ẫ', 'ậ'],
    ['e', 'è', 'é', 'ẻ', 'ẽ', 'ẹ'],
    ['ê', 'ề', 'ế', 'ể', 'ễ', 'ệ'],
    ['i', 'ì', 'í', 'ỉ', 'ĩ', 'ị'],
    ['o', 'ò', 'ó', 'ỏ', 'õ', 'ọ'],
    ['ô', 'ồ', 'ố', 'ổ', 'ỗ', 'ộ'],
    ['ơ', 'ờ', 'ớ', 'ở', 'ỡ', 'ợ'],
    ['u', 'ù', 'ú', 'ủ', 'ũ', 'ụ'],
    ['ư', 'ừ', 'ứ', 'ử', 'ữ', 'ự'],
    ['y', 'ỳ', 'ý', 'ỷ', 'ỹ', 'ỵ'],
];

/// `nghiêng` is as long as a syllable gets.
const LONGEST_SYLLABLE: usize = 7;

/// Grammar words, pronouns and particles, with letters that English has not. Sorted by bytes, as [`spell`] writes them.
///
/// Negations (`không`, `chưa`) and numbers are not among them.
pub(crate) static MARKED_STOP_WORDS: StopWords<67> = StopWords::new([
    "bạn", "bị", "bởi", "chị", "chứ", "các", "cái", "còn", "có", "cùng", "cũng", "của", "dù", "dạ", "gì", "hoặc",
    "hơn", "là", "lên", "lúc", "lại", "mà", "mình", "mỗi", "nhé", "như", "nhưng", "những", "nào", "này", "nên", "nếu",
    "nữa", "phải", "rất", "rằng", "rồi", "sẽ", "thì", "thưa", "thế", "trên", "tôi", "tại", "từ", "và", "vào", "vâng",
    "vì", "vẫn", "vậy", "về", "với", "vừa", "à", "đang", "đây", "đã", "đó", "được", "đấy", "đến", "đều", "để", "ơi",
    "ạ", "ở",
]);

/// The same, of ASCII letters only: words of other languages too, so only for text known to be Vietnamese.
pub(crate) static PLAIN_STOP_WORDS: StopWords<13> =
    StopWords::new(["ai", "anh", "cho", "do", "em", "hay", "khi", "ngay", "qua", "ra", "sau", "theo", "trong"]);

#[derive(Clone, Copy)]
struct Letter {
    plain: char,
    tone: usize,
    vowel: bool,
}

fn letter(c: char) -> Letter {
    if c.is_ascii() {
        return Letter { plain: c, tone: 0, vowel: matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y') };
    }
    for row in &VOWELS {
        if let Some(tone) = row.iter().position(|&toned| toned == c) {
            return Letter { plain: row[0], tone, vowel: true };
        }
    }
    Letter { plain: c, tone: 0, vowel: false }
}

/// The letters of a word that is short enough for a syllable.
fn letters(word: &str) -> Option<([Letter; LONGEST_SYLLABLE], usize)> {
    let mut letters = [Letter { plain: ' ', tone: 0, vowel: false }; LONGEST_SYLLABLE];
    let mut count = 0;
    for c in word.chars() {
        *letters.get_mut(count)? = letter(c);
        count += 1;
    }
    Some((letters, count))
}

/// Whether a lower-case word could be a Vietnamese syllable.
pub(crate) fn is_syllable(word: &str) -> bool {
    letters(word).is_some_and(|(letters, count)| seat(&letters[..count]).is_some())
}

/// Writes a lower-case NFC syllable with a tone mark in the one spelling that we keep.
///
/// The mark goes to its traditional place: hoà → hòa, thuý → thúy, qúy → quý. And y after a lone h, k, l, m, s or t
/// is i: kỹ → kĩ, lý → lí. Anything that is not one Vietnamese syllable with one tone mark is left alone.
pub(crate) fn spell(word: &mut String) {
    let Some((mut letters, count)) = letters(word) else { return };
    let letters = &mut letters[..count];
    let mut toned = (0..count).filter(|&i| letters[i].tone > 0);
    let (Some(from), None) = (toned.next(), toned.next()) else { return };
    let Some(to) = seat(letters) else { return };
    let tone = letters[from].tone;
    if let [Letter { plain: 'h' | 'k' | 'l' | 'm' | 's' | 't', .. }, last @ Letter { plain: 'y', .. }] = letters {
        last.plain = 'i';
    } else if from == to {
        return;
    }
    word.clear();
    for (i, letter) in letters.iter().enumerate() {
        word.push(if i == to { with_tone(letter.plain, tone) } else { letter.plain });
    }
}

fn with_tone(plain: char, tone: usize) -> char {
    VOWELS.iter().find(|row| row[0] == plain).map_or(plain, |row| row[tone])
}

/// Where the tone mark of this syllable belongs; `None` if it is no syllable.
fn seat(letters: &[Letter]) -> Option<usize> {
    let vowel = |i: usize| letters.get(i).is_some_and(|letter| letter.vowel);
    let mut start = (0..letters.len()).find(|&i| letters[i].vowel)?;
    // The u of qu and the i of gi belong to the consonant when a vowel follows.
    let before = start.checked_sub(1).map(|i| letters[i].plain);
    let glides = matches!((before, letters[start].plain), (Some('q'), 'u'))
        || (start == 1 && matches!((before, letters[start].plain), (Some('g'), 'i')));
    if glides && vowel(start + 1) {
        start += 1;
    }
    let end = (start..letters.len()).find(|&i| !letters[i].vowel).unwrap_or(letters.len());
    let mut plain = [' '; LONGEST_SYLLABLE];
    for (plain, letter) in plain.iter_mut().zip(letters) {
        *plain = letter.plain;
    }
    let ending = &plain[end..letters.len()];
    if !is_final(ending) || !plain[..start].iter().all(|&c| is_letter(c)) {
        return None;
    }
    // A vowel with a shape of its own takes the tone (the last one: ươ, uyê); else the middle of three; else
    // the second of two before a final consonant, and the first of two without.
    if let Some(shaped) = (start..end).rev().find(|&i| !plain[i].is_ascii()) {
        return Some(shaped);
    }
    match (&plain[start..end], ending.is_empty()) {
        ([_], _) => Some(start),
        (['a', 'i' | 'o' | 'u' | 'y'] | ['e', 'o'] | ['i', 'a' | 'u'], true) => Some(start),
        (['o', 'a' | 'e' | 'i'] | ['u', 'a' | 'i' | 'y'], true) => Some(start),
        (['o', 'a' | 'e' | 'o'] | ['u', 'y'], false) => Some(start + 1),
        (['o', 'a', 'i' | 'o' | 'y'] | ['o', 'e', 'o'] | ['u', 'y', 'a' | 'u'], true) => Some(start + 1),
        _ => None,
    }
}

/// Consonants that may close a syllable, or none.
fn is_final(ending: &[char]) -> bool {
    matches!(ending, [] | ['c' | 'm' | 'n' | 'p' | 't'] | ['c', 'h'] | ['n', 'g' | 'h'])
}

fn is_letter(plain: char) -> bool {
    plain.is_ascii_lowercase() || plain == 'đ' || VOWELS.iter().any(|row| row[0] == plain)
}

#[cfg(test)]
mod tests {
    use super::super::stop;
    use super::*;

    fn placed(word: &str) -> String {
        let mut word = word.to_owned();
        spell(&mut word);
        word
    }

    #[test]
    fn old_and_new_placement_meet() {
        for (old, new) in
            [("hòa", "hoà"), ("hòe", "hoè"), ("thúy", "thuý"), ("ủy", "uỷ"), ("lóa", "loá"), ("tùy", "tuỳ")]
        {
            assert_eq!(placed(old), old);
            assert_eq!(placed(new), old);
        }
    }

    #[test]
    fn misplaced_marks_are_mended() {
        for (wrong, right) in [
            ("kỹ", "kĩ"),
            ("lý", "lí"),
            ("sỹ", "sĩ"),
            ("qúy", "quý"),
            ("qúa", "quá"),
            ("gìa", "già"),
            ("cuả", "của"),
            ("hòan", "hoàn"),
            ("muà", "mùa"),
        ] {
            assert_eq!(placed(wrong), right);
        }
    }

    #[test]
    fn right_syllables_stay() {
        let text = "toán huỳnh khuỷu ngoéo ngoài quốc giếng giữa gì của được nghiễm thuở địa kéo máy \
                    xoắn thuế yết tiếng việt đường dưới khuyến quyển xoáy người rượu chịu mùa gìn quỳnh";
        for word in text.split_whitespace() {
            assert_eq!(placed(word), word);
        }
    }

    #[test]
    fn other_words_stay() {
        for word in ["café", "résumé", "país", "naïve", "où", "", "abc", "ỳỳỳ", "đ", "hòàng", "nghiêngg", "élan"]
        {
            assert_eq!(placed(word), word);
        }
    }

    #[test]
    fn placing_twice_is_placing_once() {
        for initial in ["", "h", "q", "g", "gi", "qu", "ngh", "đ"] {
            for nucleus in ["oa", "uy", "ie", "uye", "ươ", "a", "oai", "ua", "ia"] {
                for ending in ["", "n", "ch", "x"] {
                    for at in 0..nucleus.chars().count() {
                        let toned: String = nucleus
                            .chars()
                            .enumerate()
                            .map(|(i, c)| if i == at { with_tone(c, 2) } else { c })
                            .collect();
                        let once = placed(&format!("{initial}{toned}{ending}"));
                        assert_eq!(placed(&once), once);
                    }
                }
            }
        }
    }

    #[test]
    fn stop_words_are_normal() {
        let (marked, plain) = (stop::words(&[MARKED_STOP_WORDS.keys()]), stop::words(&[PLAIN_STOP_WORDS.keys()]));
        assert!(marked.iter().chain(&plain).all(|word| placed(word) == *word && is_syllable(word)));
        assert!(plain.iter().all(|word| word.is_ascii()));
        assert!(!marked.iter().any(|word| word.is_ascii()));
    }

    #[test]
    fn syllables_are_told_from_words() {
        assert!("bệnh viện y tế nghiêng xoong gì quốc toàn".split(' ').all(is_syllable));
        assert!(!["côté", "world", "19", "", "résumé", "schön", "don't", "th"].into_iter().any(is_syllable));
    }
}
