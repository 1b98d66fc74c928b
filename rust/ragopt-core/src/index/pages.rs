//! A long row of numbers in memory of its own, in huge pages where the system grants them.
//!
//! A scan reads all of it, so the walk through the page tables is a good part of its time: pages of
//! 2 MiB instead of 4 KiB make a scan from memory up to half as fast again. Linux gives them on request.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use bytemuck::Pod;
use memmap2::MmapMut;

use crate::error::{Error, Result};

/// Below the size of a few huge pages there is nothing to gain.
const HUGE: usize = 4 << 20;

/// Numbers, all zeros at first. A mapping starts at a page, which suits any of them.
#[derive(Debug)]
pub(crate) struct Pages<T> {
    map: MmapMut,
    len: usize,
    of: PhantomData<T>,
}

impl<T: Pod> Pages<T> {
    pub(super) fn zeros(len: usize) -> Result<Self> {
        let bytes = len * size_of::<T>();
        // A mapping cannot be empty.
        let map = MmapMut::map_anon(bytes.max(size_of::<T>()))
            .map_err(|cause| Error::Input(format!("no memory for {bytes} bytes of vectors ({cause})")))?;
        #[cfg(target_os = "linux")]
        if bytes >= HUGE {
            // A wish: a kernel without huge pages says no, and everything works as well, only slower.
            let _ = map.advise(memmap2::Advice::HugePage);
        }
        Ok(Self { map, len, of: PhantomData })
    }
}

impl<T: Pod> Deref for Pages<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        &bytemuck::cast_slice(&self.map)[..self.len]
    }
}

impl<T: Pod> DerefMut for Pages<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut bytemuck::cast_slice_mut(&mut self.map)[..self.len]
    }
}
