//! One writer a folder: a lock that the system takes back when the process dies.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::fault;
use super::folder::{LOCK, own_files, read_pointer};
use crate::error::{Error, Result};

/// The writer's lock of a folder, held until it is dropped. Readers need none.
#[derive(Debug)]
pub struct Lock {
    folder: PathBuf,
    file: File,
    /// The folder was made for this lock, and goes again if no index comes into it.
    made: bool,
    /// A child that was forked must not give up its parent's lock.
    process: u32,
}

impl Lock {
    /// Locks the folder of an index, or one that is empty; makes it if there is none.
    ///
    /// # Errors
    /// [`Error::Locked`] while another writer, of this process or another, has the lock, [`Error::NotAnIndex`] for a folder
    /// that holds something else, [`Error::Write`] where nothing can be written.
    pub fn new(folder: &Path) -> Result<Self> {
        let made = match fs::symlink_metadata(folder) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                fault::step();
                fs::create_dir_all(folder).map_err(|cause| Error::write(folder, &cause))?;
                true
            }
            _ => false,
        };
        if own_files(folder)?.iter().any(|name| name == super::folder::POINTER)
            && let Err(stranger @ Error::NotAnIndex { .. }) = read_pointer(folder)
        {
            return Err(stranger);
        }
        let folder = folder.canonicalize().map_err(|cause| Error::write(folder, &cause))?;
        let file = acquire(&folder)?;
        Ok(Self { folder, file, made, process: std::process::id() })
    }

    /// Whether it is the lock of the folder `path`.
    #[must_use]
    pub fn is_of(&self, path: &Path) -> bool {
        path.canonicalize().is_ok_and(|path| path == self.folder)
    }

    /// The folder, without links.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

fn acquire(folder: &Path) -> Result<File> {
    let path = folder.join(LOCK);
    let failed = |cause: &io::Error| Error::write(folder, cause);
    loop {
        fault::step();
        let file = OpenOptions::new().create(true).write(true).truncate(false).open(&path).map_err(|e| failed(&e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Locked(folder.display().to_string())),
            Err(TryLockError::Error(cause)) => return Err(failed(&cause)),
        }
        // Who had the lock may have taken the file away with a folder that it had made.
        if is_still(&file, &path) {
            return Ok(file);
        }
    }
}

#[cfg(unix)]
fn is_still(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(left), Ok(right)) => (left.dev(), left.ino()) == (right.dev(), right.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_still(_: &File, path: &Path) -> bool {
    path.exists() // a file that is open there cannot be removed
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.process != std::process::id() {
            return; // closing the file lets the parent's lock stand
        }
        if self.made && !self.folder.join(super::folder::POINTER).exists() {
            let _ = fs::remove_file(self.folder.join(LOCK));
            let _ = fs::remove_dir(&self.folder);
        }
        let _ = self.file.unlock();
    }
}
