//! `Lock` and `fault` of `_core.pyi`.

use std::path::PathBuf;
use std::sync::Mutex;

use pyo3::prelude::*;
use ragopt_core::error::Error;
use ragopt_core::index;

use crate::errors::Raised;

/// The writer's lock of a folder.
#[pyclass(frozen, module = "ragopt._core")]
pub(crate) struct Lock(Mutex<Option<index::Lock>>);

#[pymethods]
impl Lock {
    #[new]
    #[pyo3(signature = (path, /))]
    fn new(py: Python<'_>, path: PathBuf) -> Result<Self, Raised> {
        Ok(Self(Mutex::new(Some(py.detach(|| index::Lock::new(&path))?))))
    }

    fn release(&self) -> Result<(), Raised> {
        let mut lock = self.0.try_lock().map_err(|_| in_use())?;
        *lock = None;
        Ok(())
    }
}

fn in_use() -> Error {
    Error::Input("another thread writes under this lock".to_owned())
}

impl Lock {
    /// Runs `work` with the lock, which must be that of the folder `path`.
    pub(crate) fn with(
        &self,
        path: &std::path::Path,
        work: impl FnOnce(&index::Lock) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let lock = self.0.try_lock().map_err(|_| in_use())?;
        let lock = lock.as_ref().ok_or_else(|| Error::Input("the lock was released: take a new one".to_owned()))?;
        if lock.is_of(path) {
            work(lock)
        } else {
            Err(Error::Input(format!("{}: the lock is that of another folder", path.display())))
        }
    }
}
