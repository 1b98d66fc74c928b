//! Identifiers: `getObject`, `GetObject` and `get_object` are one word, and the words that they are made of.

/// Whether a word (case kept) may have parts: most have neither a low line nor a capital inside.
pub(crate) fn may_have_parts(word: &str) -> bool {
    word.bytes().skip(1).any(|byte| byte == b'_' || byte.is_ascii_uppercase())
}

/// Calls `found` with the parts of an identifier, at least two, or not at all.
///
/// A part begins after a low line; at a capital after a small letter (`getObject`); at the last capital of a row when a
/// small letter follows (`XMLHttp`, but not `APIs`) or a digit stands before (`S3Bucket`). Capitals part a word only if
/// every part has two letters: `mRNA`, `iPhone` and `PhD` stay whole.
pub(crate) fn parts<'a>(word: &'a str, found: &mut impl FnMut(&'a str)) {
    let pieces = || word.split('_').filter(|piece| !piece.is_empty());
    let several = pieces().nth(1).is_some();
    for piece in pieces() {
        if has_humps(piece) {
            let mut start = 0;
            for at in 1..piece.len() {
                if begins_hump(piece.as_bytes(), at) {
                    found(&piece[start..at]);
                    start = at;
                }
            }
            found(&piece[start..]);
        } else if several {
            found(piece);
        }
    }
}

/// The word that stands for the whole: low lines go, except between digits (`get_object` is `getobject`, not `1_000` 1000).
pub(crate) fn joined(word: &mut String) {
    if !word.contains('_') {
        return;
    }
    let bytes = word.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let kept = word.char_indices().filter(|&(at, c)| c != '_' || (at > 0 && is_digit(at - 1) && is_digit(at + 1)));
    *word = kept.map(|(_, c)| c).collect();
}

fn has_humps(piece: &str) -> bool {
    let bytes = piece.as_bytes();
    let mut start = 0;
    for at in (1..bytes.len()).filter(|&at| begins_hump(bytes, at)) {
        if at - start < 2 {
            return false;
        }
        start = at;
    }
    start > 0 && bytes.len() - start >= 2
}

fn begins_hump(bytes: &[u8], at: usize) -> bool {
    if !bytes[at].is_ascii_uppercase() {
        return false;
    }
    let before = bytes[at - 1];
    let small_follows = bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase);
    let is_plural = bytes[at + 1..] == *b"s";
    before.is_ascii_lowercase() || (small_follows && !is_plural && before.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(word: &str) -> Vec<&str> {
        let mut found = Vec::new();
        parts(word, &mut |part| found.push(part));
        assert!(found.is_empty() || may_have_parts(word));
        found
    }

    #[test]
    fn identifiers_have_parts() {
        for (word, expected) in [
            ("getObject", "get Object"),
            ("GetObject", "Get Object"),
            ("get_object", "get object"),
            ("GET_OBJECT", "GET OBJECT"),
            ("XMLHttpRequest", "XML Http Request"),
            ("S3Bucket", "S3 Bucket"),
            ("listObjectsV2", "list Objects V2"),
            ("x86_64", "x86 64"),
            ("x_train", "x train"),
            ("a__b", "a b"),
            ("Dienst_größeNeu", "Dienst größe Neu"),
        ] {
            assert_eq!(of(word).join(" "), expected, "{word}");
        }
    }

    #[test]
    fn other_words_have_none() {
        for word in ["", "object", "Object", "AWS", "APIs", "mRNA", "iPhone", "PhD", "EC2", "H2O", "TypeA", "Đường"]
        {
            assert!(of(word).is_empty(), "{word}");
        }
    }

    #[test]
    fn the_whole_has_no_low_line_but_between_digits() {
        for (word, expected) in
            [("get_object", "getobject"), ("1_000", "1_000"), ("x86_64", "x86_64"), ("v2_api", "v2api")]
        {
            let mut word = word.to_owned();
            joined(&mut word);
            assert_eq!(word, expected);
        }
    }
}
