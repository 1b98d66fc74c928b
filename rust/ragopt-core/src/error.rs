//! The one error enum of the core.

use std::fmt;

/// What can go wrong, with what to do about it in its message.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// No analyzer has this name.
    UnknownAnalyzer(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownAnalyzer(name) => write!(f, "unknown analyzer {name:?}"),
        }
    }
}

impl std::error::Error for Error {}
