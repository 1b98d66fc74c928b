//! Functions of `_core.pyi` that choose among hits.

use numpy::{PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use ragopt_core::analysis::duplicates::{Window, duplicates as stand_ins};
use ragopt_core::error::Error;
use ragopt_core::score::diverse::{Rows, facility as facility_of, mmr as mmr_of};

use crate::errors::Raised;

/// For each text the place of the better one that stands for it, or None.
#[pyfunction]
#[pyo3(signature = (texts, documents, spans, least, /))]
pub(crate) fn duplicates(
    py: Python<'_>,
    texts: Vec<PyBackedStr>,
    documents: Vec<usize>,
    spans: Vec<(usize, usize)>,
    least: f64,
) -> Result<Vec<Option<usize>>, Raised> {
    if texts.len() != documents.len() || texts.len() != spans.len() {
        return Err(Error::Input("duplicates: its lists differ in length".to_owned()).into());
    }
    let windows: Vec<Window<'_>> = texts
        .iter()
        .zip(documents)
        .zip(spans)
        .map(|((text, document), (start, end))| Window { text, document, span: start..end.max(start) })
        .collect();
    Ok(py.detach(|| stand_ins(&windows, least)))
}

/// Places in the order of maximal marginal relevance.
#[pyfunction]
#[pyo3(signature = (scores, rows, weight, most, /))]
pub(crate) fn mmr(
    py: Python<'_>,
    scores: PyReadonlyArray1<'_, f64>,
    rows: PyReadonlyArray2<'_, f32>,
    weight: f64,
    most: usize,
) -> Result<Vec<usize>, Raised> {
    ordered(py, &scores, &rows, |scores, rows| mmr_of(scores, rows, weight, most))
}

/// Places in the greedy order of facility location.
#[pyfunction]
#[pyo3(signature = (scores, rows, weight, most, /))]
pub(crate) fn facility(
    py: Python<'_>,
    scores: PyReadonlyArray1<'_, f64>,
    rows: PyReadonlyArray2<'_, f32>,
    weight: f64,
    most: usize,
) -> Result<Vec<usize>, Raised> {
    ordered(py, &scores, &rows, |scores, rows| facility_of(scores, rows, weight, most))
}

fn ordered(
    py: Python<'_>,
    scores: &PyReadonlyArray1<'_, f64>,
    rows: &PyReadonlyArray2<'_, f32>,
    order: impl FnOnce(&[f64], &Rows) -> Vec<usize> + Send,
) -> Result<Vec<usize>, Raised> {
    let uneven = |_| Error::Input("diverse order: its arrays must be contiguous".to_owned());
    let (numbers, flat) = (scores.as_slice().map_err(uneven)?, rows.as_slice().map_err(uneven)?);
    let [count, dimension] = [rows.shape()[0], rows.shape()[1]];
    if count != numbers.len() || dimension == 0 {
        return Err(Error::Input("diverse order: one row of one or more dimensions a score".to_owned()).into());
    }
    Ok(py.detach(|| order(numbers, &Rows::new(flat, dimension))))
}
