//! `Parameters`, `Found` and `Account` of `_core.pyi`.

use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;
use ragopt_core::search;
use ragopt_core::types;

use crate::errors::Raised;
use crate::index::Index;

/// How to search.
#[pyclass(frozen, module = "ragopt._core")]
pub(crate) struct Parameters(pub(crate) search::Parameters<'static>);

#[pymethods]
impl Parameters {
    #[new]
    fn new(
        k: usize,
        alpha: f64,
        normalizer: &str,
        depth: usize,
        floor: f64,
        min_score: Option<f64>,
    ) -> Result<Self, Raised> {
        Ok(Self(search::Parameters::new(k, alpha, normalizer, depth, floor, min_score)?))
    }
}

/// The hits of one query, best first. Ids are looked up when they are asked for.
#[pyclass(frozen, module = "ragopt._core")]
pub(crate) struct Found {
    found: types::Found,
    index: Py<Index>,
}

impl Found {
    pub(crate) fn of(index: &Bound<'_, Index>, found: types::Found) -> Self {
        Self { found, index: index.clone().unbind() }
    }

    fn id(&self, hit: &types::Hit) -> &str {
        self.index.get().0.id(hit.ordinal).unwrap_or_default()
    }

    fn scores_of<'py>(&self, py: Python<'py>, of: fn(&types::Hit) -> Option<f64>) -> Bound<'py, PyArray1<f64>> {
        let scores: Vec<f64> = self.found.hits.iter().map(|hit| of(hit).unwrap_or(f64::NAN)).collect();
        scores.into_pyarray(py)
    }
}

#[pymethods]
impl Found {
    fn __len__(&self) -> usize {
        self.found.hits.len()
    }

    #[getter]
    fn ordinals<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u32>> {
        let ordinals: Vec<u32> = self.found.hits.iter().map(|hit| hit.ordinal).collect();
        ordinals.into_pyarray(py)
    }

    #[getter]
    fn ids(&self) -> Vec<&str> {
        self.found.hits.iter().map(|hit| self.id(hit)).collect()
    }

    #[getter]
    fn scores<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.scores_of(py, |hit| Some(hit.score))
    }

    #[getter]
    fn lexical<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.scores_of(py, |hit| hit.lexical)
    }

    #[getter]
    fn dense<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.scores_of(py, |hit| hit.dense)
    }

    /// One tuple a hit: all at once costs less than five arrays.
    fn rows(&self) -> Vec<Row<'_>> {
        let row = |hit: &types::Hit| (self.id(hit), hit.score, hit.lexical, hit.dense, hit.ordinal);
        self.found.hits.iter().map(row).collect()
    }

    #[getter]
    fn sides(&self) -> (bool, bool) {
        self.found.sides
    }

    #[getter]
    fn alpha(&self) -> f64 {
        self.found.alpha
    }

    #[getter]
    fn below(&self) -> usize {
        usize::from(self.found.below)
    }
}

/// Why one chunk has its score.
#[pyclass(frozen, module = "ragopt._core")]
pub(crate) struct Account(pub(crate) search::Account);

/// Id, score, raw BM25, cosine, ordinal.
type Row<'a> = (&'a str, f64, Option<f64>, Option<f64>, u32);

type Side = (Option<f64>, f64, Option<usize>, f64);

fn side(account: &search::SideAccount) -> Side {
    (account.raw, account.normalized, account.rank, account.weight)
}

#[pymethods]
impl Account {
    #[getter]
    fn score(&self) -> f64 {
        self.0.score
    }

    #[getter]
    fn alpha(&self) -> f64 {
        self.0.alpha
    }

    #[getter]
    fn lexical(&self) -> Side {
        side(&self.0.lexical)
    }

    #[getter]
    fn dense(&self) -> Side {
        side(&self.0.dense)
    }

    #[getter]
    fn terms(&self) -> Vec<(&str, u32, f64, f64, f64)> {
        self.0.terms.iter().map(|term| (&*term.term, term.tf, term.idf, term.weight, term.share)).collect()
    }

    #[getter]
    fn constant(&self) -> f64 {
        self.0.constant
    }

    #[getter]
    fn allowed(&self) -> bool {
        self.0.allowed
    }
}
