//! Numbers and strings as bytes, little-endian, and back with every length checked.

/// Bytes being read. Reading beyond the end is None, never a panic and never an allocation.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    left: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { left: bytes }
    }

    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, left) = self.left.split_at_checked(count)?;
        self.left = left;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, left) = self.left.split_first_chunk()?;
        self.left = left;
        Some(*taken)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn f64(&mut self) -> Option<f64> {
        self.array().map(f64::from_le_bytes)
    }

    /// A length as u32, then as many bytes of UTF-8.
    pub(super) fn string(&mut self) -> Option<String> {
        let length = self.u32()? as usize;
        std::str::from_utf8(self.take(length)?).ok().map(str::to_owned)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.left.is_empty()
    }
}

/// A length as u32, then the bytes. Longer than 4 GiB there is nothing to write this way.
pub(super) fn put_string(out: &mut Vec<u8>, text: &str) -> Option<()> {
    out.extend_from_slice(&u32::try_from(text.len()).ok()?.to_le_bytes());
    out.extend_from_slice(text.as_bytes());
    Some(())
}

/// Numbers one after another.
pub(super) fn put_u64s(numbers: &[u64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// All of `bytes` as numbers; None if their length is not a multiple of 8.
pub(super) fn u64s(bytes: &[u8]) -> Option<Vec<u64>> {
    let (numbers, rest) = bytes.as_chunks::<8>();
    rest.is_empty().then(|| numbers.iter().map(|number| u64::from_le_bytes(*number)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut reader = Reader::new(&bytes);
            while reader.string().is_some() && !reader.is_empty() {}
            let numbers = u64s(&bytes);
            prop_assert_eq!(numbers.is_some(), bytes.len() % 8 == 0);
            prop_assert!(numbers.is_none_or(|numbers| put_u64s(&numbers) == bytes));
        }
    }

    #[test]
    fn strings_come_back() {
        let mut bytes = Vec::new();
        put_string(&mut bytes, "é").expect("short");
        put_string(&mut bytes, "").expect("short");
        let mut reader = Reader::new(&bytes);
        assert_eq!([reader.string(), reader.string()], [Some("é".to_owned()), Some(String::new())]);
        assert!(reader.is_empty() && reader.u32().is_none());
    }
}
