//! The one error enum of the core. Every message says what was wrong, where, and what to do.

use std::fmt;
use std::io;
use std::path::Path;

/// What can go wrong. Paths are kept as text: errors are shown, not reopened.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// No analyzer has this name.
    UnknownAnalyzer(String),
    /// A BM25 variant or a normalizer that does not exist.
    UnknownName { kind: &'static str, name: String, known: &'static [&'static str] },
    /// An argument or a piece of data that cannot be right.
    Input(String),
    /// Two chunks of one build share an id.
    DuplicateId(String),
    /// A vector with NaN or infinity, or of the wrong dimension.
    Vector(String),
    /// The folder or file is not an index.
    NotAnIndex { path: String, reason: String },
    /// The index was written by a ragopt that formats or analyzes differently.
    Version { path: String, reason: String },
    /// The index is truncated, or its bytes were changed.
    Corrupt { path: String, reason: String },
    /// The index cannot be read for a reason outside of it.
    Read { path: String, reason: String },
    /// Another writer has the lock of the index in this folder.
    Locked(String),
    /// A search was ended before it was done, as its caller asked.
    Interrupted,
    /// The index cannot be written; what stood there is kept.
    Write { path: String, reason: String },
}

/// What a fallible function of the core returns.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The file at `path` does not hold what it should.
    pub(crate) fn corrupt(path: &Path, reason: impl Into<String>) -> Self {
        Self::Corrupt { path: path.display().to_string(), reason: reason.into() }
    }

    /// The operating system refused to read `path`.
    pub(crate) fn read(path: &Path, cause: &io::Error) -> Self {
        Self::Read { path: path.display().to_string(), reason: cause.to_string() }
    }

    /// The operating system refused to write `path`.
    pub(crate) fn write(path: &Path, cause: &io::Error) -> Self {
        Self::Write { path: path.display().to_string(), reason: cause.to_string() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownAnalyzer(name) => {
                let known = crate::analysis::Analyzer::NAMES.join(", ");
                write!(f, "unknown analyzer {name:?}. Known: {known}.")
            }
            Self::UnknownName { kind, name, known } => {
                write!(f, "unknown {kind} {name:?}. Known: {}.", known.join(", "))
            }
            Self::Input(message) | Self::Vector(message) => f.write_str(message),
            Self::DuplicateId(id) => {
                write!(f, "two chunks have the id {id:?}: ids must be unique within one index")
            }
            Self::NotAnIndex { path, reason } => write!(f, "{path}: not a ragopt index ({reason})"),
            Self::Version { path, reason } => write!(f, "{path}: {reason}"),
            Self::Corrupt { path, reason } => write!(
                f,
                "{path}: the index is damaged ({reason}). Restore it from a copy, or rebuild it with: ragopt index"
            ),
            Self::Read { path, reason } => write!(f, "{path}: cannot be read ({reason})"),
            Self::Interrupted => f.write_str("the search was ended before it was done, as its caller asked"),
            Self::Locked(path) => write!(
                f,
                "{path}: another writer has the index locked. Commit or roll back there, or wait until it is done"
            ),
            Self::Write { path, reason } => write!(
                f,
                "{path}: the index cannot be written ({reason}). An index that stood there before is unchanged"
            ),
        }
    }
}

impl std::error::Error for Error {}
