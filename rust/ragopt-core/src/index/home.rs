//! What is in which folder already.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// So many folders are remembered; of an older one everything is written again.
const MOST: usize = 8;

/// Something about each of the folders that it was last written to, without links; the latest is the last.
#[derive(Debug)]
pub(super) struct Homes<T>(Mutex<Vec<(PathBuf, T)>>);

impl<T> Default for Homes<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Homes<T> {
    /// What is known of `folder`. A lock that is held, or that a fork left behind, is not waited for: then nothing is.
    pub(super) fn of(&self, folder: &Path) -> Option<T> {
        let homes = self.0.try_lock().ok()?;
        homes.iter().find(|(home, _)| home == folder).map(|(_, what)| what.clone())
    }

    /// What is known of the latest.
    pub(super) fn last(&self) -> Option<T> {
        self.0.try_lock().ok()?.last().map(|(_, what)| what.clone())
    }

    pub(super) fn put(&self, folder: &Path, what: T) {
        if let Ok(mut homes) = self.0.try_lock() {
            homes.retain(|(home, _)| home != folder);
            homes.push((folder.to_owned(), what));
            let surplus = homes.len().saturating_sub(MOST);
            homes.drain(..surplus);
        }
    }
}

impl<T: Clone> Clone for Homes<T> {
    fn clone(&self) -> Self {
        Self(Mutex::new(self.0.try_lock().map(|homes| homes.clone()).unwrap_or_default()))
    }
}
