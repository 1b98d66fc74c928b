//! `Analyzer` of `_core.pyi`.

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use ragopt_core::analysis;
use rayon::prelude::*;

use crate::errors::Raised;

/// Text to terms.
#[pyclass(frozen, module = "ragopt._core")]
pub(crate) struct Analyzer(pub(crate) analysis::Analyzer);

#[pymethods]
impl Analyzer {
    #[new]
    #[pyo3(signature = (name, /))]
    fn new(name: &str) -> Result<Self, Raised> {
        Ok(Self(analysis::Analyzer::new(name)?))
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
    fn terms(&self, py: Python<'_>, text: &str) -> Vec<String> {
        py.detach(|| self.collect(text))
    }

    #[pyo3(signature = (text, /))]
    fn words(&self, py: Python<'_>, text: &str) -> Vec<(String, Vec<String>)> {
        py.detach(|| {
            let mut out = Vec::new();
            self.0.for_each_word(text, &mut |word, terms| out.push((word.to_owned(), terms.to_vec())));
            out
        })
    }

    #[pyo3(signature = (texts, /))]
    fn terms_many(&self, py: Python<'_>, texts: Vec<PyBackedStr>) -> Vec<Vec<String>> {
        py.detach(|| texts.par_iter().map(|text| self.collect(text)).collect())
    }
}

impl Analyzer {
    fn collect(&self, text: &str) -> Vec<String> {
        let mut out = Vec::new();
        self.0.terms(text, &mut out);
        out
    }
}
