//! `Analyzer` of `_core.pyi`.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use ragopt_core::analysis;
use rayon::prelude::*;

/// Text to terms.
#[pyclass(frozen, module = "ragopt._core")]
pub(crate) struct Analyzer(pub(crate) analysis::Analyzer);

#[pymethods]
impl Analyzer {
    #[new]
    #[pyo3(signature = (name, /))]
    fn new(name: &str) -> PyResult<Self> {
        analysis::Analyzer::new(name).map(Self).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    #[staticmethod]
    fn names() -> Vec<&'static str> {
        analysis::Analyzer::NAMES.to_vec()
    }

    #[getter]
    fn name(&self) -> &'static str {
        self.0.name()
    }

    #[getter]
    fn version(&self) -> u32 {
        self.0.version()
    }

    #[getter]
    fn fingerprint(&self) -> String {
        self.0.fingerprint()
    }

    #[pyo3(signature = (text, /))]
    fn terms(&self, text: &str) -> Vec<String> {
        let mut out = Vec::new();
        self.0.terms(text, &mut out);
        out
    }

    #[pyo3(signature = (texts, /))]
    fn terms_many(&self, py: Python<'_>, texts: Vec<String>) -> Vec<Vec<String>> {
        py.detach(|| {
            texts
                .par_iter()
                .map(|text| {
                    let mut out = Vec::new();
                    self.0.terms(text, &mut out);
                    out
                })
                .collect()
        })
    }
}
