//! Text to terms.

mod normalize;
mod options;
mod porter;
mod scan;
mod scripts;
mod terms;
#[cfg(test)]
mod tests;
mod vietnamese;

use crate::error::Error;
use options::Options;

/// Text to terms, the same for documents and queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Analyzer {
    name: &'static str,
    version: u32,
    options: Options,
}

/// Every analyzer, by name.
static PRESETS: [Analyzer; 4] = [
    Analyzer { name: "english", version: 1, options: options::ENGLISH },
    Analyzer { name: "multilingual", version: 1, options: options::MULTILINGUAL },
    Analyzer { name: "vietnamese", version: 1, options: options::VIETNAMESE },
    Analyzer { name: "whitespace", version: 1, options: options::WHITESPACE },
];

impl Analyzer {
    /// The names that [`Analyzer::new`] knows.
    pub const NAMES: [&'static str; 4] = ["english", "multilingual", "vietnamese", "whitespace"];

    /// The analyzer of this name.
    ///
    /// # Errors
    /// [`Error::UnknownAnalyzer`] when there is none.
    pub fn new(name: &str) -> Result<Self, Error> {
        match PRESETS.iter().find(|preset| preset.name == name) {
            Some(preset) => Ok(*preset),
            None => Err(Error::UnknownAnalyzer(name.to_owned())),
        }
    }

    /// The name it was made by.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Goes up when the terms of any text change on purpose.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// 16 hex digits over all that decides the terms: name, version, options, tables, the Unicode version.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let all = format!(
            "{self:?} {} {:?} {:?} {:?}",
            terms::LONGEST_TERM,
            char::UNICODE_VERSION,
            unicode_normalization::UNICODE_VERSION,
            unicode_segmentation::UNICODE_VERSION
        );
        // FNV-1a, 64 bits: stable, and nobody gains by a collision.
        let hash = all.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        format!("{hash:016x}")
    }

    /// Calls `emit` with every term, in order.
    pub fn for_each_term(&self, text: &str, emit: &mut impl FnMut(&str)) {
        if self.options.verbatim {
            text.split_whitespace().for_each(emit);
            return;
        }
        let mut writer = terms::Writer::new(&self.options);
        scan::scan(text, &mut |piece| writer.piece(piece, emit));
    }

    /// Appends every term to `out`, in order.
    pub fn terms(&self, text: &str, out: &mut Vec<String>) {
        self.for_each_term(text, &mut |term| out.push(term.to_owned()));
    }
}
