//! Many strings or byte strings in one piece of memory, and ids with their order.

use rayon::prelude::*;

use super::store::Store;
use crate::error::{Error, Result};
use crate::types::Ordinal;

/// Byte strings by number. `ends[i]` is where string i ends in `bytes`.
#[derive(Debug, PartialEq, Default)]
pub struct Blobs {
    bytes: Store<u8>,
    ends: Store<u64>,
}

/// Strings by number, checked as a whole.
#[derive(Debug, PartialEq, Default)]
pub struct Strings(Blobs);

/// Byte strings that come one by one.
#[derive(Debug, Default)]
pub(super) struct Growing {
    bytes: Vec<u8>,
    ends: Vec<u64>,
}

/// The ids of an index's chunks, and their order by bytes, which breaks ties between scores.
#[derive(Debug, PartialEq, Default)]
pub struct Ids {
    names: Strings,
    /// Ordinals, in byte order of their ids.
    order: Store<Ordinal>,
    /// The place of each ordinal in `order`.
    places: Store<u32>,
}

impl Growing {
    /// Appends one.
    pub(super) fn push(&mut self, blob: &[u8]) {
        self.bytes.extend_from_slice(blob);
        self.ends.push(self.bytes.len() as u64);
    }

    /// How many came.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes of all that came.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// All that came, without the room for more.
    pub(super) fn blobs(mut self) -> Blobs {
        self.bytes.shrink_to_fit();
        self.ends.shrink_to_fit();
        Blobs { bytes: self.bytes.into(), ends: self.ends.into() }
    }

    /// The same of what came as strings alone.
    pub(super) fn strings(self) -> Strings {
        Strings(self.blobs())
    }
}

impl Blobs {
    /// Byte strings from a file, each of which is checked when it is asked for.
    pub(super) fn from_parts(bytes: Store<u8>, ends: Store<u64>) -> Self {
        Self { bytes, ends }
    }

    /// The bytes, and where each string ends.
    pub(super) fn parts(&self) -> (&Store<u8>, &Store<u64>) {
        (&self.bytes, &self.ends)
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
    ///
    /// # Errors
    /// [`Error::Corrupt`] where its file is damaged.
    pub fn get(&self, i: usize) -> Result<Option<&[u8]>> {
        if i >= self.len() {
            return Ok(None);
        }
        let (first, count) = if i == 0 { (0, 1) } else { (i - 1, 2) };
        let ends = self.ends.part(first as u64, count)?;
        let (start, end) = (if i == 0 { 0 } else { ends[0] }, ends[ends.len() - 1]);
        self.bytes.part(start, end.wrapping_sub(start)).map(Some)
    }

    /// The byte string with this number, of those that were checked as a whole; nothing where there is none.
    fn raw(&self, i: usize) -> &[u8] {
        let start = if i == 0 { Some(0) } else { self.ends.get(i - 1).copied() };
        match (start, self.ends.get(i)) {
            (Some(start), Some(&end)) => self.bytes.get(start as usize..end as usize).unwrap_or_default(),
            _ => &[],
        }
    }

    /// Memory taken, or bytes of a file.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.bytes() + self.ends.bytes()
    }

    /// Whether everything is as it was written.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where its file is damaged.
    pub(super) fn verify(&self) -> Result<()> {
        let (bytes, ends) = (self.bytes.all()?, self.ends.all()?);
        if ends.is_sorted() && ends.last().copied().unwrap_or(0) == bytes.len() as u64 {
            Ok(())
        } else {
            Err(self.ends.corrupt("places of strings that do not fit their bytes"))
        }
    }
}

impl Strings {
    /// The strings of `blobs`, each of which must be UTF-8.
    pub(super) fn from_blobs(blobs: Blobs) -> Result<Self> {
        blobs.verify()?;
        let corrupt = |reason: &str| blobs.ends.corrupt(reason);
        let text = std::str::from_utf8(&blobs.bytes).map_err(|_| corrupt("text that is not UTF-8"))?;
        if blobs.ends.iter().any(|&end| !text.is_char_boundary(end as usize)) {
            return Err(corrupt("a string that ends inside of a character"));
        }
        Ok(Self(blobs))
    }

    pub(super) fn blobs(&self) -> &Blobs {
        &self.0
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
        if i < self.len() { std::str::from_utf8(self.0.raw(i)).ok() } else { None }
    }

    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|i| self.get(i).unwrap_or_default())
    }

    /// The string as bytes, for comparing.
    pub(super) fn raw(&self, i: usize) -> &[u8] {
        self.0.raw(i)
    }

    /// Memory taken, or bytes of a file.
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
    pub(super) fn of(names: Strings) -> Result<Self> {
        let ids: Vec<&str> = names.iter().collect();
        let order = order_of(&ids);
        if let Some(pair) = order.windows(2).find(|pair| ids[pair[0] as usize] == ids[pair[1] as usize]) {
            return Err(Error::DuplicateId(ids[pair[0] as usize].to_owned()));
        }
        let mut places = vec![0; order.len()];
        for (place, &ordinal) in order.iter().enumerate() {
            places[ordinal as usize] = place as u32;
        }
        Ok(Self { names, order: order.into(), places: places.into() })
    }

    /// Saved ids, whose order is checked by [`Self::verify`] alone: it takes as long as sorting them.
    pub(super) fn from_parts(names: Strings, order: Store<Ordinal>, places: Store<u32>) -> Result<Self> {
        if order.len() != names.len() || places.len() != names.len() {
            return Err(order.corrupt("an order of ids that are not there"));
        }
        Ok(Self { names, order, places })
    }

    /// Whether the order holds every ordinal once, in strictly ascending byte order of the ids.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where it does not.
    pub(super) fn verify(&self) -> Result<()> {
        let ascends = |pair: &[Ordinal]| self.names.raw(pair[0] as usize) < self.names.raw(pair[1] as usize);
        let at = |(place, &ordinal): (usize, &Ordinal)| self.places.get(ordinal as usize) == Some(&(place as u32));
        if self.order.iter().enumerate().all(at) && self.order.windows(2).all(ascends) {
            Ok(())
        } else {
            Err(self.order.corrupt("ids that are not in order"))
        }
    }

    pub(super) fn names(&self) -> &Strings {
        &self.names
    }

    /// Ordinals in byte order of their ids, and the place of each ordinal there.
    pub(super) fn sorted(&self) -> (&Store<Ordinal>, &Store<u32>) {
        (&self.order, &self.places)
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
        // Damaged places could name a chunk that is not there.
        found.ok().map(|place| self.order[place]).filter(|&ordinal| (ordinal as usize) < self.names.len())
    }

    /// All ids, in the order of the ordinals.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.names.len()).map(|i| self.names.get(i).unwrap_or_default())
    }

    /// Memory taken, or bytes of a file.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.names.bytes() + self.order.bytes() + self.places.bytes()
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

    fn of(ids: &[&str]) -> Result<Ids> {
        let mut names = Growing::default();
        ids.iter().for_each(|id| names.push(id.as_bytes()));
        Ids::of(names.strings())
    }

    #[test]
    fn ids_are_found_and_ordered_by_bytes() {
        let ids = of(&["b", "a", "é", "", "ab"]).expect("unique");
        assert_eq!(ids.sorted().0[..], [3, 1, 4, 0, 2]);
        assert_eq!(ids.ordinal("é"), Some(2));
        assert_eq!(ids.ordinal(""), Some(3));
        assert_eq!(ids.ordinal("c"), None);
        assert_eq!(ids.get(4), Some("ab"));
        assert_eq!(ids.get(5), None);
        assert_eq!(ids.place(4), 2);
        let ids = ["doc-9", "doc-", "doc-12345678b", "doc-12345678a", "doc-9\0"];
        assert_eq!(of(&ids).expect("unique").sorted().0[..], [1, 3, 2, 0, 4]);
        assert_eq!(of(&["x", "y", "x"]), Err(Error::DuplicateId("x".into())));
    }

    #[test]
    fn parts_that_do_not_fit_are_refused() {
        let blobs = |bytes: &[u8], ends: Vec<u64>| Blobs::from_parts(bytes.to_vec().into(), ends.into());
        assert!(blobs(b"abc", vec![1, 3]).verify().is_ok());
        for ends in [vec![2, 1, 3], vec![1, 2], vec![]] {
            assert!(blobs(b"abc", ends).verify().is_err());
        }
        let damaged = blobs(b"abc", vec![2, 1, u64::MAX]);
        assert_eq!(damaged.get(0), Ok(Some(&b"ab"[..])));
        assert!(damaged.get(1).is_err() && damaged.get(2).is_err());
        assert_eq!(damaged.get(3), Ok(None));
        assert!(Strings::from_blobs(blobs("é".as_bytes(), vec![1, 2])).is_err());
        let ids = |order: Vec<u32>, places: Vec<u32>| {
            let names = Strings::from_blobs(blobs(b"ab", vec![1, 2])).expect("fits");
            Ids::from_parts(names, order.into(), places.into()).and_then(|ids| ids.verify().map(|()| ids))
        };
        assert!(ids(vec![1, 0], vec![1, 0]).is_err());
        assert!(ids(vec![0, 0], vec![0, 0]).is_err());
        assert!(ids(vec![0, 2], vec![0, 1]).is_err());
        assert!(ids(vec![0], vec![0]).is_err());
        assert!(ids(vec![0, 1], vec![0, 0]).is_err());
        assert_eq!(ids(vec![0, 1], vec![0, 1]), of(&["a", "b"]));
        let names = Strings::from_blobs(blobs(b"ab", vec![1, 2])).expect("fits");
        let beyond = Ids::from_parts(names, vec![7, 9].into(), vec![0, 0].into()).expect("not looked at");
        assert_eq!(beyond.ordinal(""), None);
    }
}
