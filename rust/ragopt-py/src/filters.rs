//! `Allow` of `_core.pyi`, and metadata and filters as the core takes them.

use std::borrow::Cow;

use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple};
use ragopt_core::error::Error;
use ragopt_core::index::{self, DEEPEST, Filter, Metadata, Value};

use crate::errors::Raised;

/// Chunks that a search may find.
#[pyclass(frozen, module = "ragopt._core")]
pub(crate) struct Allow(pub(crate) index::Allow);

#[pymethods]
impl Allow {
    #[getter]
    fn count(&self) -> usize {
        self.0.count()
    }

    fn ordinals<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u32>> {
        self.0.ordinals().into_pyarray(py)
    }
}

/// The metadata of each chunk of a list.
pub(crate) fn metadata(rows: &[Bound<'_, PyMapping>]) -> PyResult<Vec<Metadata>> {
    rows.iter().map(row).collect()
}

fn row(mapping: &Bound<'_, PyMapping>) -> PyResult<Metadata> {
    let field = |key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>| Ok((text(key.cast()?)?, of(value, 0)?));
    if let Ok(dict) = mapping.cast_exact::<PyDict>() {
        return dict.iter().map(|(key, value)| field(&key, &value)).collect();
    }
    mapping.items()?.iter().map(|item| field(&item.get_item(0)?, &item.get_item(1)?)).collect()
}

/// A filter from its steps: (operator, field, values), (join, "", ()), ("all" or "none", "", ()).
pub(crate) fn filter(steps: &[(String, Bound<'_, PyString>, Bound<'_, PyTuple>)]) -> PyResult<Filter> {
    let mut filter = Filter::default();
    for (name, field, values) in steps {
        match name.as_str() {
            "all" | "none" => filter.constant(name == "all"),
            "and" | "or" | "not" => filter.join(name).map_err(Raised::from)?,
            operator => {
                let values = values.iter().map(|value| of(&value, 0)).collect::<PyResult<Vec<_>>>()?;
                filter.compare(&text(field)?, operator, &values).map_err(Raised::from)?;
            }
        }
    }
    Ok(filter)
}

/// A value of Python's own types; of others what `ragopt.filters` says that it is.
fn of(value: &Bound<'_, PyAny>, depth: usize) -> PyResult<Value<'static>> {
    if let Ok(value) = value.cast_exact::<PyString>() {
        return Ok(Value::Text(text(value)?.into()));
    }
    if value.is_none() {
        return Ok(Value::Null);
    }
    if let Ok(value) = value.cast_exact::<PyInt>() {
        return integer(value);
    }
    if let Ok(value) = value.cast_exact::<PyFloat>() {
        return Ok(Value::Float(value.value()));
    }
    if let Ok(value) = value.cast_exact::<PyBool>() {
        return Ok(Value::Bool(value.is_true()));
    }
    other(value, depth)
}

/// Lists, mappings, datetimes, subclasses of what is plain, and values of numpy and pandas.
fn other(value: &Bound<'_, PyAny>, depth: usize) -> PyResult<Value<'static>> {
    if depth > DEEPEST {
        let deep = format!("metadata or a filter's value is a list in more than {DEEPEST} lists");
        return Err(Raised::from(Error::Input(deep)).into());
    }
    let list = |parts: &mut dyn Iterator<Item = Bound<'_, PyAny>>| -> PyResult<_> {
        Ok(Value::List(parts.map(|part| of(&part, depth + 1)).collect::<PyResult<_>>()?))
    };
    if let Ok(parts) = value.cast_exact::<PyList>() {
        return list(&mut parts.iter());
    }
    if let Ok(parts) = value.cast_exact::<PyTuple>() {
        return list(&mut parts.iter());
    }
    if value.is_exact_instance_of::<PyDict>() {
        return Ok(Value::Mapping);
    }
    static PLAIN: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static INSTANT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = value.py();
    let plain = PLAIN.import(py, "ragopt.filters", "plain")?.call1((value,))?;
    if let Ok(plain) = plain.cast::<PyString>() {
        Ok(Value::Text(text(plain)?.into()))
    } else if let Ok(plain) = plain.cast::<PyBool>() {
        Ok(Value::Bool(plain.is_true()))
    } else if let Ok(plain) = plain.cast::<PyInt>() {
        integer(plain)
    } else if let Ok(plain) = plain.cast::<PyFloat>() {
        Ok(Value::Float(plain.value()))
    } else if plain.is_none() {
        Ok(Value::Null)
    } else if let Ok(parts) = plain.cast::<PyList>() {
        list(&mut parts.iter())
    } else if let Ok(parts) = plain.cast::<PyTuple>() {
        list(&mut parts.iter())
    } else if plain.cast::<PyMapping>().is_ok() {
        Ok(Value::Mapping)
    } else {
        Ok(Value::Instant(INSTANT.import(py, "ragopt.filters", "milliseconds")?.call1((plain,))?.extract()?))
    }
}

fn integer(value: &Bound<'_, PyInt>) -> PyResult<Value<'static>> {
    if let Ok(small) = value.extract::<i64>() {
        return Ok(Value::Integer(small));
    }
    let magnitude = value.call_method0("__abs__")?;
    let bits: usize = magnitude.call_method0("bit_length")?.extract()?;
    let bytes: Vec<u8> = magnitude.call_method1("to_bytes", (bits.div_ceil(8), "big"))?.extract()?;
    Ok(Value::Long { negative: value.lt(0)?, magnitude: Cow::Owned(bytes) })
}

/// UTF-8; halves of surrogate pairs, which only a filter can hold, as if they were characters.
fn text(text: &Bound<'_, PyString>) -> PyResult<Vec<u8>> {
    match text.to_cow() {
        Ok(text) => Ok(text.into_owned().into_bytes()),
        Err(_) => text.call_method1("encode", ("utf-8", "surrogatepass"))?.extract(),
    }
}
