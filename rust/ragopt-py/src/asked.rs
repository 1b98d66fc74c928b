//! What a search is asked, and the pairs that answer for every alpha.

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use ragopt_core::error::Error;
use ragopt_core::search::{self, Lexical};

/// `str | list[tuple[str, float]]`
#[derive(FromPyObject)]
pub(crate) enum LexicalArgument {
    Text(PyBackedStr),
    Terms(Vec<(String, f64)>),
}

impl LexicalArgument {
    pub(crate) fn view(&self) -> Lexical<'_> {
        match self {
            Self::Text(text) => Lexical::Text(text),
            Self::Terms(terms) => Lexical::Terms(terms),
        }
    }
}

/// The rows of query vectors, which must be as many as the queries.
pub(crate) fn rows(
    vectors: Option<&PyReadonlyArray2<'_, f32>>,
    queries: usize,
) -> Result<Option<Vec<Vec<f32>>>, Error> {
    let rows: Option<Vec<Vec<f32>>> = vectors.map(|array| {
        let array = array.as_array();
        array.rows().into_iter().map(|row| row.to_vec()).collect()
    });
    match &rows {
        Some(rows) if rows.len() != queries => {
            Err(Error::Vector(format!("{} vectors for {queries} queries: give one row a query", rows.len())))
        }
        _ => Ok(rows),
    }
}

pub(crate) fn questions<'a>(
    lexical: &'a [Option<LexicalArgument>],
    rows: Option<&'a [Vec<f32>]>,
) -> Vec<(Option<Lexical<'a>>, Option<&'a [f32]>)> {
    let lexical = lexical.iter().map(|one| one.as_ref().map(LexicalArgument::view));
    lexical.enumerate().map(|(i, lexical)| (lexical, rows.map(|rows| &rows[i][..]))).collect()
}

/// Ordinals, normalized scores of both sides, which sides found the chunk, raw BM25, cosines; whether the sides exist.
pub(crate) type Pairs<'py> = (
    Bound<'py, PyArray1<u32>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<u8>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
    (bool, bool),
);

pub(crate) fn pairs(py: Python<'_>, pairs: search::Pairs) -> Pairs<'_> {
    (
        pairs.ordinals.into_pyarray(py),
        pairs.lexical.into_pyarray(py),
        pairs.dense.into_pyarray(py),
        pairs.sides.into_pyarray(py),
        pairs.raw.into_pyarray(py),
        pairs.cosines.into_pyarray(py),
        pairs.exist,
    )
}
