//! `AlphaPath` of `_core.pyi`.

use numpy::{Element, IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use ragopt_core::error::Error;
use ragopt_core::score::path::{Column, Curve, Gauge, Path, Query};

use crate::errors::Raised;

/// Measures of queries as exact step functions of alpha.
#[pyclass(frozen, module = "ragopt._core")]
pub(crate) struct AlphaPath(Path);

/// A curve as Python sees it: at 0, starts of steps, their values, at 1.
type Steps<'py> = (f64, Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>, f64);

#[pymethods]
impl AlphaPath {
    #[new]
    #[expect(clippy::too_many_arguments, reason = "the border's contract")]
    fn new(
        py: Python<'_>,
        starts: PyReadonlyArray1<'_, u64>,
        lexical: PyReadonlyArray1<'_, f64>,
        dense: PyReadonlyArray1<'_, f64>,
        ties: PyReadonlyArray1<'_, u32>,
        sides: PyReadonlyArray1<'_, u8>,
        grades: PyReadonlyArray1<'_, u32>,
        tokens: PyReadonlyArray1<'_, u32>,
        ideal_starts: PyReadonlyArray1<'_, u64>,
        ideal: PyReadonlyArray1<'_, u32>,
        documents: Option<PyReadonlyArray1<'_, u32>>,
        columns: Vec<(String, usize)>,
        depth: usize,
        threads: usize,
    ) -> Result<Self, Raised> {
        let columns = columns.iter().map(|(gauge, cutoff)| column(gauge, *cutoff)).collect::<Result<Vec<_>, _>>()?;
        let (lexical, dense, ideal) = (flat(&lexical)?, flat(&dense)?, flat(&ideal)?);
        let bounds = spans(flat(&starts)?, lexical.len())?;
        let ideals = spans(flat(&ideal_starts)?, ideal.len())?;
        let (ties, sides, grades, tokens) = (flat(&ties)?, flat(&sides)?, flat(&grades)?, flat(&tokens)?);
        let documents = documents.as_ref().map(flat).transpose()?;
        let of_documents = documents.map_or(lexical.len(), <[u32]>::len);
        let lengths = [of_documents, dense.len(), ties.len(), sides.len(), grades.len(), tokens.len()];
        if bounds.len() != ideals.len() || lengths.iter().any(|&length| length != lexical.len()) {
            return Err(Error::Input("alpha path: its arrays differ in length".to_owned()).into());
        }
        let queries: Vec<Query<'_>> = bounds
            .into_iter()
            .zip(ideals)
            .map(|(of, best)| Query {
                lexical: &lexical[of.clone()],
                dense: &dense[of.clone()],
                ties: &ties[of.clone()],
                sides: &sides[of.clone()],
                grades: &grades[of.clone()],
                tokens: &tokens[of.clone()],
                ideal: &ideal[best],
                documents: documents.map(|documents| &documents[of]),
            })
            .collect();
        Ok(Self(py.detach(|| Path::of(&queries, &columns, depth, threads))?))
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn fewest<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u64>> {
        self.0.fewest().map(|fewest| fewest as u64).collect::<Vec<u64>>().into_pyarray(py)
    }

    #[pyo3(signature = (query, column, /))]
    fn curve<'py>(&self, py: Python<'py>, query: usize, column: usize) -> Result<Steps<'py>, Raised> {
        let missing = || Error::Input(format!("no column {column} of query {query} in this path"));
        Ok(steps(py, self.0.curve(query, column).ok_or_else(missing)?))
    }

    #[pyo3(signature = (column, weights=None, /))]
    fn mean<'py>(
        &self,
        py: Python<'py>,
        column: usize,
        weights: Option<PyReadonlyArray1<'_, f64>>,
    ) -> Result<Steps<'py>, Raised> {
        let weights = weights.as_ref().map(flat).transpose()?;
        Ok(steps(py, py.detach(|| self.0.mean(column, weights))?))
    }

    #[pyo3(signature = (column, alpha, /))]
    fn at<'py>(&self, py: Python<'py>, column: usize, alpha: f64) -> Result<Bound<'py, PyArray1<f64>>, Raised> {
        let value = |query| self.0.curve(query, column).map(|curve| curve.at(alpha));
        let values: Option<Vec<f64>> = (0..self.0.len()).map(value).collect();
        Ok(values.ok_or_else(|| Error::Input(format!("no column {column} in this path")))?.into_pyarray(py))
    }
}

fn steps(py: Python<'_>, curve: Curve) -> Steps<'_> {
    (curve.zero, curve.starts.into_pyarray(py), curve.values.into_pyarray(py), curve.one)
}

fn column(gauge: &str, cutoff: usize) -> Result<Column, Error> {
    const KNOWN: [&str; 8] = ["nDCG", "nDCG_exp", "AP", "RR", "R", "P", "hit", "tokens"];
    let gauge = match gauge {
        "nDCG" => Gauge::Ndcg,
        "nDCG_exp" => Gauge::NdcgExp,
        "AP" => Gauge::Ap,
        "RR" => Gauge::Rr,
        "R" => Gauge::Recall,
        "P" => Gauge::Precision,
        "hit" => Gauge::Hit,
        "tokens" => Gauge::Tokens,
        _ => return Err(Error::UnknownName { kind: "gauge", name: gauge.to_owned(), known: &KNOWN }),
    };
    Ok(Column { gauge, cutoff })
}

fn flat<'a, T: Element>(array: &'a PyReadonlyArray1<'_, T>) -> Result<&'a [T], Error> {
    array.as_slice().map_err(|_| Error::Input("alpha path: an array is not contiguous".to_owned()))
}

/// Ranges between neighboring starts; the last one is the end of all.
fn spans(starts: &[u64], end: usize) -> Result<Vec<std::ops::Range<usize>>, Error> {
    let fit = starts.first() == Some(&0) && starts.last() == Some(&(end as u64)) && starts.is_sorted();
    if !fit {
        return Err(Error::Input("alpha path: starts must rise from 0 to the number of entries".to_owned()));
    }
    Ok(starts.windows(2).map(|pair| pair[0] as usize..pair[1] as usize).collect())
}
