//! Many strings or byte strings in one piece of memory, and ids with their order.

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::types::Ordinal;

/// Byte strings by number. `ends[i]` is where string i ends in `bytes`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Blobs {
    pub(super) bytes: Vec<u8>,
    pub(super) ends: Vec<u64>,
}

/// Strings by number.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Strings(Blobs);

/// The ids of an index's chunks, and their order by bytes, which breaks ties between scores.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ids {
    names: Strings,
    /// Ordinals, in byte order of their ids.
    order: Vec<Ordinal>,
    /// The place of each ordinal in `order`.
    places: Vec<u32>,
}

impl Blobs {
    /// The parts, checked: ends that ascend and do not go beyond the bytes, the last at their end.
    pub(super) fn from_parts(bytes: Vec<u8>, ends: Vec<u64>) -> std::result::Result<Self, &'static str> {
        if !ends.is_sorted() || ends.last().copied().unwrap_or(0) != bytes.len() as u64 {
            return Err("places of strings that do not fit their bytes");
        }
        Ok(Self { bytes, ends })
    }

    /// These byte strings.
    pub(super) fn of(blobs: &[&[u8]]) -> Self {
        let mut all = Self {
            bytes: Vec::with_capacity(blobs.iter().map(|blob| blob.len()).sum()),
            ends: Vec::with_capacity(blobs.len()),
        };
        blobs.iter().for_each(|blob| all.push(blob));
        all
    }

    /// Appends one.
    pub(super) fn push(&mut self, blob: &[u8]) {
        self.bytes.extend_from_slice(blob);
        self.ends.push(self.bytes.len() as u64);
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The byte string with this number.
    #[must_use]
    pub fn get(&self, i: usize) -> Option<&[u8]> {
        let end = *self.ends.get(i)? as usize;
        let start = if i == 0 { 0 } else { self.ends[i - 1] as usize };
        self.bytes.get(start..end)
    }

    /// Memory taken.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.len() + self.ends.len() * size_of::<u64>()
    }
}

impl Strings {
    /// The strings of `blobs`, each of which must be UTF-8.
    pub(super) fn from_blobs(blobs: Blobs) -> std::result::Result<Self, &'static str> {
        let text = std::str::from_utf8(&blobs.bytes).map_err(|_| "text that is not UTF-8")?;
        if blobs.ends.iter().any(|&end| !text.is_char_boundary(end as usize)) {
            return Err("a string that ends inside of a character");
        }
        Ok(Self(blobs))
    }

    pub(super) fn blobs(&self) -> &Blobs {
        &self.0
    }

    /// Appends one.
    pub(super) fn push(&mut self, text: &str) {
        self.0.push(text.as_bytes());
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The string with this number.
    #[must_use]
    pub fn get(&self, i: usize) -> Option<&str> {
        // Each was UTF-8 when it came in; checking again costs less than carrying `unsafe`.
        self.0.get(i).and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    /// The string as bytes, for comparing.
    pub(super) fn raw(&self, i: usize) -> &[u8] {
        self.0.get(i).unwrap_or_default()
    }

    /// Memory taken.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.bytes()
    }
}

impl Ids {
    /// The ids of a build.
    ///
    /// # Errors
    /// [`Error::DuplicateId`], naming the first in byte order.
    pub(super) fn of(ids: &[&str]) -> Result<Self> {
        let mut names = Strings::default();
        for id in ids {
            names.push(id);
        }
        let order = order_of(ids);
        match order.windows(2).find(|pair| ids[pair[0] as usize] == ids[pair[1] as usize]) {
            Some(pair) => Err(Error::DuplicateId(ids[pair[0] as usize].to_owned())),
            None => Ok(Self::with_order(names, order)),
        }
    }

    /// Saved ids, checked: `order` holds every ordinal once, in strictly ascending byte order of the ids.
    pub(super) fn from_parts(names: Strings, order: Vec<Ordinal>) -> std::result::Result<Self, &'static str> {
        if order.len() != names.len() || order.iter().any(|&ordinal| ordinal as usize >= names.len()) {
            return Err("an order of ids that are not there");
        }
        let ascends = |pair: &[Ordinal]| names.raw(pair[0] as usize) < names.raw(pair[1] as usize);
        if !order.windows(2).all(ascends) {
            return Err("ids that are not in order");
        }
        Ok(Self::with_order(names, order))
    }

    fn with_order(names: Strings, order: Vec<Ordinal>) -> Self {
        let mut places = vec![0; order.len()];
        for (place, &ordinal) in order.iter().enumerate() {
            places[ordinal as usize] = place as u32;
        }
        Self { names, order, places }
    }

    pub(super) fn names(&self) -> &Strings {
        &self.names
    }

    pub(super) fn order(&self) -> &[Ordinal] {
        &self.order
    }

    /// The place of a chunk's id among all ids in byte order.
    #[inline]
    #[must_use]
    pub fn place(&self, ordinal: Ordinal) -> u32 {
        self.places[ordinal as usize]
    }

    /// The id of a chunk.
    #[must_use]
    pub fn get(&self, ordinal: Ordinal) -> Option<&str> {
        self.names.get(ordinal as usize)
    }

    /// The chunk with this id.
    #[must_use]
    pub fn ordinal(&self, id: &str) -> Option<Ordinal> {
        let found = self.order.binary_search_by(|&ordinal| self.names.raw(ordinal as usize).cmp(id.as_bytes()));
        found.ok().map(|place| self.order[place])
    }

    /// All ids, in the order of the ordinals.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.names.len()).map(|i| self.names.get(i).unwrap_or_default())
    }

    /// Memory taken.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.names.bytes() + (self.order.len() + self.places.len()) * size_of::<u32>()
    }
}

/// The places of `ids` in byte order.
fn order_of(ids: &[&str]) -> Vec<Ordinal> {
    let mut order: Vec<Ordinal> = (0..ids.len() as Ordinal).collect();
    if ids.is_sorted() {
        return order;
    }
    // Compared first by the eight bytes behind what all have in common: these lie together in memory.
    let first = ids[0].as_bytes();
    let shared = ids.iter().fold(first.len(), |shared, id| {
        first[..shared].iter().zip(id.as_bytes()).take_while(|(left, right)| left == right).count()
    });
    let key = |ordinal: Ordinal| {
        let mut key = [0; 8];
        for (slot, &byte) in key.iter_mut().zip(&ids[ordinal as usize].as_bytes()[shared..]) {
            *slot = byte;
        }
        u64::from_be_bytes(key)
    };
    let mut keyed: Vec<(u64, Ordinal)> = order.iter().map(|&ordinal| (key(ordinal), ordinal)).collect();
    keyed.par_sort_unstable_by(|left, right| {
        left.0.cmp(&right.0).then_with(|| ids[left.1 as usize].cmp(ids[right.1 as usize]))
    });
    order.clear();
    order.extend(keyed.iter().map(|&(_, ordinal)| ordinal));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_and_ordered_by_bytes() {
        let ids = Ids::of(&["b", "a", "é", "", "ab"]).expect("unique");
        assert_eq!(ids.order(), [3, 1, 4, 0, 2]);
        assert_eq!(ids.ordinal("é"), Some(2));
        assert_eq!(ids.ordinal(""), Some(3));
        assert_eq!(ids.ordinal("c"), None);
        assert_eq!(ids.get(4), Some("ab"));
        assert_eq!(ids.get(5), None);
        assert_eq!(ids.place(4), 2);
        let ids = ["doc-9", "doc-", "doc-12345678b", "doc-12345678a", "doc-9\0"];
        assert_eq!(Ids::of(&ids).expect("unique").order(), [1, 3, 2, 0, 4]);
        assert_eq!(Ids::of(&["x", "y", "x"]), Err(Error::DuplicateId("x".into())));
    }

    #[test]
    fn parts_that_do_not_fit_are_refused() {
        assert!(Blobs::from_parts(b"abc".to_vec(), vec![2, 1, 3]).is_err());
        assert!(Blobs::from_parts(b"abc".to_vec(), vec![1, 2]).is_err());
        assert!(Blobs::from_parts(b"abc".to_vec(), vec![]).is_err());
        let split = Blobs::from_parts("é".as_bytes().to_vec(), vec![1, 2]).expect("fits");
        assert!(Strings::from_blobs(split).is_err());
        let ids = Ids::of(&["a", "b"]).expect("unique");
        assert!(Ids::from_parts(ids.names().clone(), vec![1, 0]).is_err());
        assert!(Ids::from_parts(ids.names().clone(), vec![0, 0]).is_err());
        assert!(Ids::from_parts(ids.names().clone(), vec![0, 2]).is_err());
        assert_eq!(Ids::from_parts(ids.names().clone(), vec![0, 1]), Ok(ids));
    }
}
