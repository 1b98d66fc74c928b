//! `TokenRates` of `_core.pyi`.

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use ragopt_core::analysis::tokens::{FEATURES, NAMES, Pairs, features};

/// What an estimate of model tokens adds up.
#[pyclass(frozen, module = "ragopt._core")]
pub(crate) struct TokenRates {
    pairs: Pairs,
    rates: Vec<[f64; FEATURES]>,
}

#[pymethods]
impl TokenRates {
    #[new]
    #[pyo3(signature = (pairs, rates, /))]
    fn new(pairs: ([u32; 26], [u32; 26]), rates: Vec<[f64; FEATURES]>) -> Self {
        Self { pairs: Pairs::new(&pairs.0, &pairs.1), rates }
    }

    #[staticmethod]
    fn names() -> Vec<&'static str> {
        NAMES.to_vec()
    }

    #[pyo3(signature = (text, /))]
    fn features(&self, py: Python<'_>, text: &str) -> Vec<u64> {
        py.detach(|| features(text, &self.pairs)).to_vec()
    }

    #[pyo3(signature = (text, /))]
    fn sums<'py>(&self, py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyTuple>> {
        let found = py.detach(|| features(text, &self.pairs).map(|amount| amount as f64));
        let sum = |row: &[f64; FEATURES]| row.iter().zip(found).fold(0.0, |sum, (rate, amount)| sum + rate * amount);
        PyTuple::new(py, self.rates.iter().map(sum))
    }
}
