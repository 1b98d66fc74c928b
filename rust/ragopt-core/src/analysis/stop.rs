//! Lists of words to drop, made for a fast no.

/// A sorted list of words of at most eight bytes, each as one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StopWords<const N: usize> {
    keys: [u64; N],
}

impl<const N: usize> StopWords<N> {
    /// The list of `words`, which are sorted by bytes; checked when compiled.
    pub(crate) const fn new(words: [&str; N]) -> Self {
        let mut keys = [0; N];
        let mut i = 0;
        while i < N {
            keys[i] = match key(words[i].as_bytes()) {
                Some(key) => key,
                None => panic!("a stop word has one to eight bytes"),
            };
            assert!(i == 0 || keys[i - 1] < keys[i], "stop words are sorted by bytes, each there once");
            i += 1;
        }
        Self { keys }
    }

    pub(crate) const fn keys(&self) -> &[u64] {
        &self.keys
    }
}

/// The bytes of a short word as a number: the order of numbers is the order of words.
const fn key(word: &[u8]) -> Option<u64> {
    if word.is_empty() || word.len() > 8 {
        return None;
    }
    let mut key = 0;
    let mut i = 0;
    while i < word.len() {
        key = key << 8 | word[i] as u64;
        i += 1;
    }
    Some(key << (8 * (8 - word.len())))
}

/// Whether `word` is in any of these lists.
#[inline]
pub(crate) fn contains(lists: &[&[u64]], word: &str) -> bool {
    match key(word.as_bytes()) {
        Some(key) => lists.iter().any(|list| list.binary_search(&key).is_ok()),
        None => false,
    }
}

/// Calls `found` with the words of these lists.
pub(crate) fn for_each(lists: &[&[u64]], found: &mut impl FnMut(&str)) {
    for key in lists.iter().flat_map(|list| list.iter()) {
        let bytes = key.to_be_bytes();
        let length = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
        found(std::str::from_utf8(&bytes[..length]).unwrap_or_default()); // made from text
    }
}

/// The words of these lists.
pub(crate) fn words(lists: &[&[u64]]) -> Vec<String> {
    let mut words = Vec::new();
    for_each(lists, &mut |word| words.push(word.to_owned()));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_holds_its_words_and_no_others() {
        static LIST: StopWords<4> = StopWords::new(["a", "an", "the", "và"]);
        for word in ["a", "an", "the", "và"] {
            assert!(contains(&[LIST.keys()], word));
        }
        for word in ["", "th", "thee", "va", "b", "antidisestablishment"] {
            assert!(!contains(&[LIST.keys()], word));
        }
        assert!(!contains(&[], "a"));
        assert_eq!(words(&[LIST.keys()]), ["a", "an", "the", "và"]);
    }
}
