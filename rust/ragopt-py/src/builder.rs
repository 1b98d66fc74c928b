//! `Builder` and `Segment` of `_core.pyi`.

use std::sync::{Arc, Mutex};

use numpy::PyReadonlyArray2;
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::PyMapping;
use ragopt_core::error::Error;
use ragopt_core::index::{self, Source};
use ragopt_core::score::Bm25;

use crate::analyzer::Analyzer;
use crate::errors::Raised;
use crate::filters;
use crate::index::numbers;

/// Variant, k1, b, delta, epsilon.
pub(crate) type Bm25Tuple = (String, f64, f64, f64, f64);

pub(crate) fn parameters((variant, k1, b, delta, epsilon): Bm25Tuple) -> Result<Bm25, Raised> {
    Ok(Bm25::new(&variant, k1, b, delta, epsilon)?)
}

/// Chunks that were built and belong to no index yet.
#[pyclass(frozen, module = "ragopt._core")]
pub(crate) struct Segment(pub(crate) Arc<index::Segment>);

#[pymethods]
impl Segment {
    fn __len__(&self) -> usize {
        self.0.len()
    }
}

/// A segment that is being built.
#[pyclass(frozen, module = "ragopt._core")]
pub(crate) struct Builder(Mutex<Option<index::Builder>>);

impl Builder {
    fn with<T>(&self, work: impl FnOnce(&mut Option<index::Builder>) -> Result<T, Error>) -> Result<T, Raised> {
        let mut builder = self.0.try_lock().map_err(|_| Error::Input("another thread uses the builder".to_owned()))?;
        Ok(work(&mut builder)?)
    }
}

fn finished() -> Error {
    Error::Input("the builder has finished its segment: make a new one".to_owned())
}

#[pymethods]
impl Builder {
    #[new]
    #[pyo3(signature = (analyzer, dimension, /))]
    fn new(analyzer: &Analyzer, dimension: Option<usize>) -> Self {
        Self(Mutex::new(Some(index::Builder::new(&analyzer.0, dimension))))
    }

    fn __len__(&self) -> Result<usize, Raised> {
        self.with(|builder| Ok(builder.as_ref().map_or(0, index::Builder::len)))
    }

    #[pyo3(signature = (ids, texts, stored, vectors, metadata=None, /))]
    fn push(
        &self,
        py: Python<'_>,
        ids: Vec<PyBackedStr>,
        texts: Vec<PyBackedStr>,
        stored: Vec<PyBackedBytes>,
        vectors: Option<PyReadonlyArray2<'_, f32>>,
        metadata: Option<Vec<Bound<'_, PyMapping>>>,
    ) -> PyResult<()> {
        let metadata = metadata.map(|rows| filters::metadata(&rows)).transpose()?.unwrap_or_default();
        let rows = vectors.as_ref().map(numbers);
        let dimension = vectors.as_ref().map_or(0, |array| array.as_array().ncols());
        py.detach(|| {
            let ids: Vec<&str> = ids.iter().map(|id| &**id).collect();
            let texts: Vec<&str> = texts.iter().map(|text| &**text).collect();
            let stored: Vec<&[u8]> = stored.iter().map(|blob| &**blob).collect();
            let vectors = rows.as_deref().map(|rows| (dimension, rows));
            let source = Source { ids: &ids, texts: &texts, stored: &stored, vectors, metadata: &metadata };
            self.with(|builder| builder.as_mut().ok_or_else(finished)?.push(source))
        })
        .map_err(PyErr::from)
    }

    fn finish(&self, py: Python<'_>) -> Result<Segment, Raised> {
        py.detach(|| self.with(|builder| builder.take().ok_or_else(finished)?.finish()))
            .map(|segment| Segment(Arc::new(segment)))
    }
}
