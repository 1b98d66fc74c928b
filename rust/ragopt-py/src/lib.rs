//! `ragopt._core`: conversions between Python and `ragopt-core`, and nothing else.

use pyo3::prelude::*;

mod analyzer;

#[pymodule]
mod _core {
    #[pymodule_export]
    use crate::analyzer::Analyzer;
}
