//! `TokenRates` of `_core.pyi`.

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use ragopt_core::analysis::tokens::{FEATURES, NAMES, Pairs, Rates, features};
use ragopt_core::error::Error;

use crate::errors::Raised;

type Bounds = (Vec<i64>, Vec<i64>, Vec<i64>);

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

    #[pyo3(signature = (texts, slack, /))]
    #[expect(clippy::needless_pass_by_value, reason = "as Python hands it over")]
    fn bounds(&self, py: Python<'_>, texts: Vec<PyBackedStr>, slack: f64) -> Result<Bounds, Raised> {
        let [point, low, high] = &self.rates[..] else {
            return Err(Error::Input("token rates: bounds are of three rows, point, low and high".to_owned()).into());
        };
        let rates = Rates { point, low, high, slack };
        let count = |text: &PyBackedStr| {
            // No text is no token; a lone blank has no feature, and may be one.
            if text.is_empty() { (0, 0, 0) } else { rates.bounds(&features(text, &self.pairs)) }
        };
        Ok(py.detach(|| texts.iter().map(count).collect()))
    }
}
