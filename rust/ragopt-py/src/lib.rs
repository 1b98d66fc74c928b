//! `ragopt._core`: conversions between Python and `ragopt-core`, and nothing else.

use pyo3::prelude::*;

mod analyzer;
mod asked;
mod builder;
mod choice;
mod errors;
mod filters;
mod folder;
mod found;
mod index;
mod interrupt;
mod knapsack;
mod path;
mod tokens;

#[pymodule]
mod _core {
    use super::*;

    #[pymodule_export]
    use crate::analyzer::Analyzer;
    #[pymodule_export]
    use crate::builder::{Builder, Segment};
    #[pymodule_export]
    use crate::choice::{duplicates, facility, mmr};
    #[pymodule_export]
    use crate::filters::Allow;
    #[pymodule_export]
    use crate::folder::Lock;
    #[pymodule_export]
    use crate::found::{Account, Found, Parameters};
    #[pymodule_export]
    use crate::index::Index;
    #[pymodule_export]
    use crate::knapsack::knapsack;
    #[pymodule_export]
    use crate::path::AlphaPath;
    #[pymodule_export]
    use crate::tokens::TokenRates;

    /// The instructions in force.
    #[pyfunction]
    fn cpu() -> &'static str {
        ragopt_core::score::cpu::path().name()
    }

    /// Dies at a step of writing: for tests.
    #[pyfunction]
    #[pyo3(signature = (step, /))]
    fn fault(step: Option<u64>) -> u64 {
        ragopt_core::index::fault(step)
    }

    /// The instructions that this kind of processor may have.
    #[pyfunction]
    fn paths() -> Vec<&'static str> {
        ragopt_core::score::cpu::Path::ALL.iter().map(|path| path.name()).collect()
    }

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
