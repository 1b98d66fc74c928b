//! Where the numbers of a segment lie: in memory of their own, or in its mapped file. They look the same in both.

use std::ops::{Deref, Range};

use bytemuck::Pod;

use super::pages::Pages;
use super::section::Section;
use crate::error::{Error, Result};
use crate::types::Ordinal;

/// Numbers, or records of numbers, one after another.
#[derive(Debug)]
pub(crate) enum Store<T> {
    Own(Vec<T>),
    /// In memory that a scan reads faster.
    Pages(Pages<T>),
    /// A whole number of them at an address that suits them.
    File(Section),
}

impl<T: Pod> Store<T> {
    /// Those from `first` on, `count` of them, once they are known to be as they were written.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for what is damaged or lies beyond a file's section.
    #[inline]
    pub(super) fn part(&self, first: u64, count: u64) -> Result<&[T]> {
        let range = match first.checked_add(count) {
            Some(end) if end <= self.len() as u64 => first as usize..end as usize,
            _ => return Err(self.corrupt("a place beyond the end of a section")),
        };
        self.check(range.clone())?;
        Ok(&self[range])
    }

    /// All of them, once they are known to be as they were written.
    ///
    /// # Errors
    /// As [`Self::part`].
    pub(super) fn all(&self) -> Result<&[T]> {
        self.part(0, self.len() as u64)
    }

    /// Makes sure that those of `range` are as they were written.
    ///
    /// # Errors
    /// [`Error::Corrupt`].
    #[inline]
    pub(super) fn check(&self, range: Range<usize>) -> Result<()> {
        match self {
            Self::File(section) => section.check(range.start * size_of::<T>()..range.end * size_of::<T>()),
            Self::Own(_) | Self::Pages(_) => Ok(()),
        }
    }

    /// The same of the rows at `ordinals`, each of `width` numbers.
    #[inline]
    pub(super) fn check_rows(&self, width: usize, ordinals: &[Ordinal]) -> Result<()> {
        match self {
            Self::File(section) if !section.is_checked() => ordinals.iter().try_for_each(|&ordinal| {
                let first = ordinal as usize * width * size_of::<T>();
                section.check(first..first + width * size_of::<T>())
            }),
            _ => Ok(()),
        }
    }

    /// Whether they lie in a file all of which is in memory.
    pub(super) fn is_resident(&self) -> bool {
        matches!(self, Self::File(section) if section.is_resident())
    }

    /// Whether they lie in a file.
    pub(super) fn is_mapped(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// The error for what cannot be; only a file can hold it.
    #[cold]
    pub(super) fn corrupt(&self, reason: &str) -> Error {
        match self {
            Self::File(section) => section.corrupt(reason),
            Self::Own(_) | Self::Pages(_) => Error::Input(format!("an index in memory holds {reason}")),
        }
    }

    /// Memory of its own, or bytes of a file.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&**self)
    }
}

/// All of them, whether or not they were checked: what is not checked when it is opened goes through [`Store::part`].
impl<T: Pod> Deref for Store<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        match self {
            Self::Own(numbers) => numbers,
            Self::Pages(pages) => pages,
            Self::File(section) => bytemuck::cast_slice(section.bytes()),
        }
    }
}

impl<T: Pod + PartialEq> PartialEq for Store<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T> From<Vec<T>> for Store<T> {
    fn from(numbers: Vec<T>) -> Self {
        Self::Own(numbers)
    }
}

impl<T> Default for Store<T> {
    fn default() -> Self {
        Self::Own(Vec::new())
    }
}
