//! `knapsack` of `_core.pyi`.

use pyo3::prelude::*;
use ragopt_core::error::Error;
use ragopt_core::score::knapsack::{Group, choose};

use crate::errors::Raised;

/// The exact choice of items in groups.
#[pyfunction]
#[pyo3(signature = (heads, weights, values, capacity, /))]
#[expect(clippy::needless_pass_by_value, reason = "as Python hands it over")]
pub(crate) fn knapsack(
    py: Python<'_>,
    heads: Vec<usize>,
    weights: Vec<Vec<usize>>,
    values: Vec<Vec<f64>>,
    capacity: usize,
) -> Result<Vec<(usize, usize)>, Raised> {
    let alike = weights.iter().zip(&values).all(|(weights, values)| weights.len() == values.len());
    if heads.len() != weights.len() || heads.len() != values.len() || !alike {
        return Err(Error::Input("knapsack: its lists differ in length".to_owned()).into());
    }
    let lists = heads.iter().zip(&weights).zip(&values);
    let groups: Vec<Group<'_>> = lists.map(|((&head, weights), values)| Group { head, weights, values }).collect();
    Ok(py.detach(|| choose(&groups, capacity)))
}
