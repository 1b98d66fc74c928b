//! Values that several rooms exchange.

/// A chunk's place in its index: 0 to len - 1, in the order the chunks were given.
pub type Ordinal = u32;

/// A set of ordinals below `len`, one bit each: an allow-list, or which chunks have a vector.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bits {
    words: Vec<u64>,
    len: usize,
}

impl Bits {
    /// No ordinal of `len`.
    #[must_use]
    pub fn none(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(64)], len }
    }

    /// The ordinals whose place in `flags` is true.
    pub fn of(mut flags: impl ExactSizeIterator<Item = bool>) -> Self {
        let len = flags.len();
        let mut words = Vec::with_capacity(len.div_ceil(64));
        for _ in 0..len.div_ceil(64) {
            let whole = flags.by_ref().take(64).zip(0..).fold(0u64, |word, (flag, bit)| word | u64::from(flag) << bit);
            words.push(whole);
        }
        Self { words, len }
    }

    /// The same of flags that lie together, eight at a time.
    #[must_use]
    pub fn of_flags(flags: &[bool]) -> Self {
        let mut bits = Self::none(flags.len());
        for (word, group) in bits.words.iter_mut().zip(flags.chunks(64)) {
            for (i, eight) in group.chunks(8).enumerate() {
                let mut bytes = [0u8; 8];
                bytes.iter_mut().zip(eight).for_each(|(byte, &flag)| *byte = u8::from(flag));
                // Each byte is 0 or 1: the product gathers their bits in its highest byte, the first lowest.
                *word |= (u64::from_le_bytes(bytes).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * i);
            }
        }
        bits
    }

    /// Every ordinal of `len`.
    #[must_use]
    pub fn all(len: usize) -> Self {
        let mut bits = Self { words: vec![u64::MAX; len.div_ceil(64)], len };
        bits.clear_end();
        bits
    }

    fn clear_end(&mut self) {
        if let (Some(last), left @ 1..) = (self.words.last_mut(), self.len % 64) {
            *last &= (1 << left) - 1;
        }
    }

    /// The ordinals of the bits that are set in `words`, the lowest first; None if the words are not those of `len`.
    pub(crate) fn of_words(words: Vec<u64>, len: usize) -> Option<Self> {
        let beyond = words.last().is_some_and(|&word| !len.is_multiple_of(64) && word >> (len % 64) != 0);
        (words.len() == len.div_ceil(64) && !beyond).then_some(Self { words, len })
    }

    /// The bits, 64 a word, the lowest first.
    pub(crate) fn words(&self) -> &[u64] {
        &self.words
    }

    /// The `len` ordinals from `first` on, as a set that starts there.
    #[must_use]
    pub fn cut(&self, first: usize, len: usize) -> Self {
        let (skip, shift) = (first / 64, first % 64);
        let word = |i: usize| self.words.get(skip + i).copied().unwrap_or(0);
        let above = |i: usize| if shift == 0 { 0 } else { word(i + 1) << (64 - shift) };
        let words = (0..len.div_ceil(64)).map(|i| word(i) >> shift | above(i)).collect();
        let mut bits = Self { words, len };
        bits.clear_end();
        bits
    }

    /// Keeps what is in `other` as well, a set of as many ordinals.
    pub fn retain(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
    }

    /// Takes `ordinal` out of the set; whether it was there.
    pub fn remove(&mut self, ordinal: Ordinal) -> bool {
        let (word, bit) = (&mut self.words[ordinal as usize / 64], 1 << (ordinal % 64));
        let held = *word & bit != 0;
        *word &= !bit;
        held
    }

    /// Puts `ordinal` into the set.
    pub fn insert(&mut self, ordinal: Ordinal) {
        self.words[ordinal as usize / 64] |= 1 << (ordinal % 64);
    }

    /// Whether `ordinal` is in the set.
    #[must_use]
    pub fn contains(&self, ordinal: Ordinal) -> bool {
        self.words.get(ordinal as usize / 64).is_some_and(|word| word >> (ordinal % 64) & 1 == 1)
    }

    /// Adds what is in `other`, a set of as many.
    pub fn unite(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }

    /// Makes it what it was not.
    pub fn invert(&mut self) {
        self.words.iter_mut().for_each(|word| *word = !*word);
        self.clear_end();
    }

    /// The words of the ordinals from `first`, a multiple of 64, to `first + len`; fewer at the end.
    pub(crate) fn window(&self, first: usize, len: usize) -> &[u64] {
        &self.words[first / 64..self.words.len().min((first + len) / 64)]
    }

    /// How many ordinals there could be.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there could be none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many ordinals are in the set.
    #[must_use]
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether an ordinal is in the set.
    #[must_use]
    pub fn any(&self) -> bool {
        self.words.iter().any(|&word| word != 0)
    }

    /// How many ordinals are in this set and in `other` (None: in this set).
    #[must_use]
    pub fn count_with(&self, other: Option<&Self>) -> usize {
        match other {
            None => self.count(),
            Some(other) => self.words.iter().zip(&other.words).map(|(a, b)| (a & b).count_ones() as usize).sum(),
        }
    }

    /// Appends to `out`, ascending, what is not in this set.
    pub fn list_missing(&self, out: &mut Vec<Ordinal>) {
        let mut others = Self { words: self.words.iter().map(|word| !word).collect(), len: self.len };
        others.clear_end();
        others.list_with(None, out);
    }

    /// Appends to `out`, ascending, what is in this set and in `other` (None: in this set).
    pub fn list_with(&self, other: Option<&Self>, out: &mut Vec<Ordinal>) {
        for (i, &word) in self.words.iter().enumerate() {
            let mut left = match other {
                Some(other) => word & other.words.get(i).copied().unwrap_or(0),
                None => word,
            };
            while left != 0 {
                out.push((i * 64) as Ordinal + left.trailing_zeros());
                left &= left - 1;
            }
        }
    }
}

/// One found chunk. `lexical` is raw BM25 and `dense` the cosine; None where that side did not score it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    pub ordinal: Ordinal,
    pub score: f64,
    pub lexical: Option<f64>,
    pub dense: Option<f64>,
}

/// The hits of one query, best first, and what is needed to read their scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub hits: Vec<Hit>,
    /// The alpha in force: 0 or 1 where one side does not exist.
    pub alpha: f64,
    /// Whether the lexical and the dense side exist for this query.
    pub sides: (bool, bool),
    /// Whether `min_score` took hits away that belong to the top-k without it.
    pub below: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_hold_what_was_put_in() {
        let mut bits = Bits::none(130);
        for ordinal in [0, 63, 64, 129] {
            bits.insert(ordinal);
        }
        let mut listed = Vec::new();
        bits.list_with(None, &mut listed);
        assert_eq!(listed, [0, 63, 64, 129]);
        assert_eq!(bits.count(), 4);
        assert!(bits.contains(64) && !bits.contains(65) && !bits.contains(9999));

        for len in [0, 1, 7, 64, 130, 200] {
            let flags: Vec<bool> = (0..len).map(|i| i % 3 == 0 || i % 7 == 2).collect();
            assert_eq!(Bits::of_flags(&flags), Bits::of(flags.iter().copied()));
        }
        let other = Bits::of((0..130).map(|i| i % 2 == 1));
        listed.clear();
        bits.list_with(Some(&other), &mut listed);
        assert_eq!(listed, [63, 129]);
        assert_eq!((bits.count_with(Some(&other)), bits.count_with(None)), (2, 4));
        assert_eq!(Bits::none(0).count(), 0);

        let mut all = Bits::all(130);
        assert_eq!((all.count(), all.cut(60, 7), all.cut(3, 127)), (130, Bits::all(7), Bits::all(127)));
        assert!(all.remove(129) && !all.remove(129) && all.remove(64));
        assert_eq!(all.cut(64, 66).count(), 64);
        assert!(!all.cut(60, 10).contains(4) && all.cut(60, 10).contains(5));
        listed.clear();
        all.list_missing(&mut listed);
        assert_eq!(listed, [64, 129]);
        all.retain(&other);
        assert_eq!(all.count(), 64);
        assert!(all.any() && !Bits::none(130).any());
        assert_eq!(Bits::of_words(vec![u64::MAX, 3], 66), Some(Bits::all(66)));
        assert_eq!(Bits::of_words(vec![u64::MAX, 4], 66), None);
        assert_eq!(Bits::of_words(vec![1], 66), None);
        for len in [0, 1, 63, 64, 130] {
            let odd = Bits::of((0..len).map(|i| i % 2 == 1));
            let mut rest = odd.clone();
            rest.invert();
            assert_eq!(rest, Bits::of((0..len).map(|i| i % 2 == 0)));
            let (mut both, mut any) = (odd.clone(), odd);
            both.retain(&rest);
            any.unite(&rest);
            assert_eq!((both, any), (Bits::none(len), Bits::all(len)));
        }
    }
}
