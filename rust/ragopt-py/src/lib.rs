//! `ragopt._core`: conversions between Python and `ragopt-core`, and nothing else.

use pyo3::prelude::*;

#[pymodule]
mod _core {}
