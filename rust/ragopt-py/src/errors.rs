//! The core's one error enum as the classes of `ragopt.errors`.

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyModule;
use ragopt_core::analysis::Analyzer;
use ragopt_core::error::Error;

/// Lets `?` carry an error of the core to Python.
pub(crate) struct Raised(Error);

impl From<Error> for Raised {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<Raised> for PyErr {
    fn from(raised: Raised) -> Self {
        Python::attach(|py| raise(py, &raised.0).unwrap_or_else(|failed| failed))
    }
}

/// The exception for `error`.
fn raise(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    static ERRORS: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let errors = ERRORS.get_or_try_init(py, || PyModule::import(py, "ragopt.errors").map(Bound::unbind))?.bind(py);
    let unknown = |kind: &str, name: &str, known: &[&str]| {
        errors.getattr("UnknownNameError")?.call_method1("of", (kind, name, known))
    };
    let class = match error {
        Error::UnknownAnalyzer(name) => return unknown("analyzer", name, &Analyzer::NAMES).map(PyErr::from_value),
        Error::UnknownName { kind, name, known } => return unknown(kind, name, known).map(PyErr::from_value),
        Error::Interrupted => return Ok(PyKeyboardInterrupt::new_err(error.to_string())),
        Error::Input(_) => "InputError",
        Error::DuplicateId(_) => "DuplicateIdError",
        Error::Vector(_) => "VectorError",
        Error::NotAnIndex { .. } => "NotAnIndexError",
        Error::Version { .. } => "IndexVersionError",
        Error::Corrupt { .. } => "CorruptIndexError",
        Error::Read { .. } => "IndexFileError",
        Error::Locked(_) => "IndexLockedError",
        Error::Write { .. } => "IndexWriteError",
    };
    Ok(PyErr::from_value(errors.getattr(class)?.call1((error.to_string(),))?))
}
