//! Ctrl-C while the core works.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use ragopt_core::error::Error;
use ragopt_core::search::Stop;

use crate::errors::Raised;

/// Does `work` without the GIL. Where it goes on for long it asks Python whether a signal has come, as Python itself
/// does between two instructions; what the handler raises (for Ctrl-C: KeyboardInterrupt) is raised.
pub(crate) fn interruptible<T: Send>(
    py: Python<'_>,
    work: impl FnOnce(&Stop<'_>) -> Result<T, Error> + Send,
) -> PyResult<T> {
    let raised: Mutex<Option<PyErr>> = Mutex::new(None);
    let ask = || match Python::attach(|py| py.check_signals()) {
        Ok(()) => false,
        Err(error) => {
            raised.lock().unwrap_or_else(PoisonError::into_inner).replace(error);
            true
        }
    };
    let result = py.detach(|| work(&Stop::new(&ask)));
    match raised.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => result.map_err(|error| Raised::from(error).into()),
    }
}
