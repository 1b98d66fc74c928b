//! `Index` of `_core.pyi`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::{PyBytes, PyDict, PyMapping, PyString, PyTuple};
use ragopt_core::error::Error;
use ragopt_core::index::{self, Source};
use ragopt_core::search;

use crate::analyzer::Analyzer;
use crate::asked::{self, LexicalArgument, Pairs, questions, rows};
use crate::builder::{Bm25Tuple, Segment, parameters};
use crate::errors::Raised;
use crate::filters::{self, Allow};
use crate::folder::Lock;
use crate::found::{Account, Found, Parameters};
use crate::interrupt::interruptible;

/// One immutable index.
#[pyclass(frozen, module = "ragopt._core")]
pub(crate) struct Index(pub(crate) index::Index);

/// Term, word, edits, frequency.
type Near = (String, String, usize, usize);

/// Segments, each with its tenant.
type Added = Vec<(Option<String>, Py<Segment>)>;

fn shared(added: Added) -> Vec<(Option<String>, Arc<index::Segment>)> {
    added.into_iter().map(|(tenant, segment)| (tenant, segment.get().0.clone())).collect()
}

#[pymethods]
impl Index {
    #[staticmethod]
    #[pyo3(signature = (analyzer, bm25, ids, texts, stored, vectors, attributes, metadata=None))]
    #[expect(clippy::too_many_arguments, reason = "the border's contract")]
    fn build(
        py: Python<'_>,
        analyzer: &Analyzer,
        bm25: Bm25Tuple,
        ids: Vec<PyBackedStr>,
        texts: Vec<PyBackedStr>,
        stored: Vec<PyBackedBytes>,
        vectors: Option<PyReadonlyArray2<'_, f32>>,
        attributes: &str,
        metadata: Option<Vec<Bound<'_, PyMapping>>>,
    ) -> PyResult<Self> {
        let metadata = metadata.map(|rows| filters::metadata(&rows)).transpose()?;
        let bm25 = parameters(bm25)?;
        // Read where it lies: a copy of all vectors would double the memory of a build.
        let rows = vectors.as_ref().map(numbers);
        let dimension = vectors.as_ref().map_or(0, |array| array.as_array().ncols());
        if let Some(array) = vectors.as_ref().map(|array| array.as_array())
            && array.nrows() != ids.len()
        {
            let (rows, chunks) = (array.nrows(), ids.len());
            return Err(Raised::from(Error::Vector(format!(
                "{rows} vectors for {chunks} chunks: give one row a chunk"
            )))
            .into());
        }
        let built = py
            .detach(|| {
                let ids: Vec<&str> = ids.iter().map(|id| &**id).collect();
                let texts: Vec<&str> = texts.iter().map(|text| &**text).collect();
                let stored: Vec<&[u8]> = stored.iter().map(|blob| &**blob).collect();
                let source = Source {
                    ids: &ids,
                    texts: &texts,
                    stored: &stored,
                    vectors: rows.as_deref().map(|rows| (dimension, rows)),
                    metadata: metadata.as_deref().unwrap_or_default(),
                };
                index::Index::build(analyzer.0, bm25, source, attributes)
            })
            .map_err(Raised::from)?;
        Ok(Self(built))
    }

    #[staticmethod]
    #[pyo3(signature = (analyzer, bm25, attributes, segments, /))]
    fn of(
        py: Python<'_>,
        analyzer: &Analyzer,
        bm25: Bm25Tuple,
        attributes: &str,
        segments: Added,
    ) -> Result<Self, Raised> {
        let bm25 = parameters(bm25)?;
        let segments = shared(segments);
        Ok(Self(py.detach(|| index::Index::of(analyzer.0, bm25, attributes, segments))?))
    }

    #[pyo3(signature = (deleted, added, attributes=None, /))]
    fn changed(
        &self,
        py: Python<'_>,
        deleted: Vec<u32>,
        added: Added,
        attributes: Option<&str>,
    ) -> Result<Self, Raised> {
        let added = shared(added);
        Ok(Self(py.detach(|| self.0.changed(&deleted, added, attributes))?))
    }

    #[pyo3(signature = (most, /))]
    fn merged(&self, py: Python<'_>, most: Option<usize>) -> Result<Option<Self>, Raised> {
        Ok(py.detach(|| self.0.merged(most))?.map(Self))
    }

    #[pyo3(signature = (name, /))]
    fn tenant(&self, name: &str) -> Self {
        Self(self.0.tenant(name))
    }

    #[pyo3(signature = (bm25, /))]
    fn scored(&self, bm25: Bm25Tuple) -> Result<Self, Raised> {
        Ok(Self(self.0.scored(parameters(bm25)?)))
    }

    fn tenants(&self) -> Vec<&str> {
        self.0.tenants()
    }

    #[pyo3(signature = (name, work, /))]
    fn replaced(&self, name: &str, work: &Self) -> Result<Self, Raised> {
        Ok(Self(self.0.replaced(name, &work.0)?))
    }

    #[staticmethod]
    #[pyo3(signature = (path, /))]
    fn open(py: Python<'_>, path: PathBuf) -> Result<Self, Raised> {
        Ok(Self(py.detach(|| index::Index::open(&path))?))
    }

    #[pyo3(signature = (path, lock=None, /))]
    fn save(&self, py: Python<'_>, path: PathBuf, lock: Option<&Lock>) -> Result<(), Raised> {
        Ok(py.detach(|| match lock {
            Some(lock) => lock.with(&path, |lock| self.0.save(lock)),
            None => self.0.save(&index::Lock::new(&path)?),
        })?)
    }

    #[pyo3(signature = (path, lock, /))]
    fn commit(&self, py: Python<'_>, path: PathBuf, lock: &Lock) -> Result<(), Raised> {
        Ok(py.detach(|| lock.with(&path, |lock| self.0.commit(lock)))?)
    }

    #[staticmethod]
    #[pyo3(signature = (path, /))]
    fn current(path: PathBuf) -> Result<u64, Raised> {
        Ok(index::Index::current(&path)?)
    }

    #[getter]
    fn generation(&self) -> Option<u64> {
        self.0.generation()
    }

    fn warm(&self, py: Python<'_>) -> Result<(), Raised> {
        Ok(py.detach(|| self.0.warm())?)
    }

    fn verify(&self, py: Python<'_>) -> Result<(), Raised> {
        Ok(py.detach(|| self.0.verify())?)
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    #[getter]
    fn span(&self) -> usize {
        self.0.span()
    }

    #[pyo3(signature = (ordinal, /))]
    fn alive(&self, ordinal: u32) -> bool {
        self.0.alive(ordinal)
    }

    fn ordinals<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u32>> {
        self.0.ordinals().collect::<Vec<u32>>().into_pyarray(py)
    }

    fn segments<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let described = self.0.segments().map(|part| {
            let fields = PyDict::new(py);
            fields.set_item("tenant", part.tenant)?;
            fields.set_item("chunks", part.chunks)?;
            fields.set_item("deleted", part.deleted)?;
            fields.set_item("vectors", part.vectors)?;
            fields.set_item("file", part.file)?;
            Ok(fields)
        });
        described.collect()
    }

    #[getter]
    fn analyzer(&self) -> Analyzer {
        Analyzer(*self.0.analyzer())
    }

    #[getter]
    fn bm25(&self) -> (&'static str, f64, f64, f64, f64) {
        let bm25 = self.0.bm25();
        (bm25.variant.name(), bm25.k1, bm25.b, bm25.delta, bm25.epsilon)
    }

    #[getter]
    fn attributes(&self) -> &str {
        self.0.attributes()
    }

    #[getter]
    fn dimension(&self) -> Option<usize> {
        self.0.dimension()
    }

    #[pyo3(signature = (ordinal, /))]
    fn id(&self, ordinal: u32) -> Result<&str, Raised> {
        self.0.id(ordinal).ok_or_else(|| self.no_chunk(ordinal))
    }

    fn ids(&self) -> Vec<&str> {
        self.0.ids().collect()
    }

    #[pyo3(signature = (id, /))]
    fn ordinal(&self, id: &str) -> Option<u32> {
        self.0.ordinal(id)
    }

    #[pyo3(signature = (ordinal, /))]
    fn stored<'py>(&self, py: Python<'py>, ordinal: u32) -> Result<Bound<'py, PyBytes>, Raised> {
        let blob = self.0.stored(ordinal)?.ok_or_else(|| self.no_chunk(ordinal))?;
        Ok(PyBytes::new(py, blob))
    }

    #[pyo3(signature = (ordinal, /))]
    fn vector<'py>(&self, py: Python<'py>, ordinal: u32) -> Result<Option<Bound<'py, PyArray1<f32>>>, Raised> {
        if !self.0.alive(ordinal) {
            return Err(self.no_chunk(ordinal));
        }
        Ok(self.0.vector(ordinal)?.map(|numbers| numbers.into_pyarray(py)))
    }

    #[pyo3(signature = (term, /))]
    fn document_frequency(&self, term: &str) -> Result<usize, Raised> {
        Ok(self.0.document_frequency(term)?)
    }

    #[pyo3(signature = (terms, /))]
    fn document_frequencies(&self, terms: Vec<PyBackedStr>) -> Result<Vec<usize>, Raised> {
        terms.iter().map(|term| Ok(self.0.document_frequency(term)?)).collect()
    }

    fn examples(&self) -> Vec<&str> {
        self.0.examples()
    }

    #[pyo3(signature = (word, edits, /))]
    fn near(&self, py: Python<'_>, word: &str, edits: usize) -> Result<Vec<Near>, Raised> {
        let found = py.detach(|| self.0.near(word, edits))?;
        Ok(found.into_iter().map(|near| (near.term, near.word, near.edits, near.frequency)).collect())
    }

    #[pyo3(signature = (word, /))]
    fn unmarked(&self, py: Python<'_>, word: &str) -> Result<Vec<(String, usize)>, Raised> {
        Ok(py.detach(|| self.0.unmarked(word))?)
    }

    fn sizes(&self) -> BTreeMap<&'static str, u64> {
        self.0.sizes()
    }

    fn fields(&self) -> Vec<String> {
        self.0.fields().into_iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect()
    }

    #[pyo3(signature = (steps, /))]
    fn allow(&self, py: Python<'_>, steps: Vec<(String, Bound<'_, PyString>, Bound<'_, PyTuple>)>) -> PyResult<Allow> {
        let filter = filters::filter(&steps)?;
        Ok(Allow(py.detach(|| index::Allow::filtered(&self.0, &filter)).map_err(Raised::from)?))
    }

    #[pyo3(signature = (lexical, vector, allow, parameters, /))]
    fn search(
        slf: &Bound<'_, Self>,
        lexical: Option<LexicalArgument>,
        vector: Option<PyReadonlyArray1<'_, f32>>,
        allow: Option<&Allow>,
        parameters: &Parameters,
    ) -> PyResult<Found> {
        let index = &slf.get().0;
        let (vector, allow) = (vector.as_ref().map(row), allow.map(|allow| &allow.0));
        let found = interruptible(slf.py(), |stop| {
            let lexical = lexical.as_ref().map(LexicalArgument::view);
            search::search(index, lexical, vector.as_deref(), allow, &parameters.0.until(stop))
        })?;
        Ok(Found::of(slf, found))
    }

    #[pyo3(signature = (lexical, vectors, allow, parameters, threads, /))]
    fn search_many(
        slf: &Bound<'_, Self>,
        lexical: Vec<Option<LexicalArgument>>,
        vectors: Option<PyReadonlyArray2<'_, f32>>,
        allow: Option<&Allow>,
        parameters: &Parameters,
        threads: usize,
    ) -> PyResult<Vec<Found>> {
        let index = &slf.get().0;
        let rows = rows(vectors.as_ref(), lexical.len()).map_err(Raised::from)?;
        let allow = allow.map(|allow| &allow.0);
        let found = interruptible(slf.py(), |stop| {
            search::search_many(index, &questions(&lexical, rows.as_deref()), allow, &parameters.0.until(stop), threads)
        })?;
        Ok(found.into_iter().map(|found| Found::of(slf, found)).collect())
    }

    #[pyo3(signature = (lexical, vectors, allow, parameters, threads, /))]
    fn pairs<'py>(
        &self,
        py: Python<'py>,
        lexical: Vec<Option<LexicalArgument>>,
        vectors: Option<PyReadonlyArray2<'_, f32>>,
        allow: Option<&Allow>,
        parameters: &Parameters,
        threads: usize,
    ) -> PyResult<Vec<Pairs<'py>>> {
        let rows = rows(vectors.as_ref(), lexical.len()).map_err(Raised::from)?;
        let allow = allow.map(|allow| &allow.0);
        let pairs = interruptible(py, |stop| {
            let parameters = parameters.0.until(stop);
            search::pairs(&self.0, &questions(&lexical, rows.as_deref()), allow, &parameters, threads)
        })?;
        Ok(pairs.into_iter().map(|one| asked::pairs(py, one)).collect())
    }

    #[pyo3(signature = (lexical, vector, allow, parameters, /))]
    fn survivors(
        &self,
        py: Python<'_>,
        lexical: Option<LexicalArgument>,
        vector: Option<PyReadonlyArray1<'_, f32>>,
        allow: Option<&Allow>,
        parameters: &Parameters,
    ) -> PyResult<(u64, u64, u64)> {
        let (vector, allow) = (vector.as_ref().map(row), allow.map(|allow| &allow.0));
        let left = interruptible(py, |stop| {
            let lexical = lexical.as_ref().map(LexicalArgument::view);
            search::survivors(&self.0, lexical, vector.as_deref(), allow, &parameters.0.until(stop))
        })?;
        Ok((left.gains, left.refined, left.cosines))
    }

    #[pyo3(signature = (lexical, vector, allow, parameters, ordinal, /))]
    fn explain(
        &self,
        py: Python<'_>,
        lexical: Option<LexicalArgument>,
        vector: Option<PyReadonlyArray1<'_, f32>>,
        allow: Option<&Allow>,
        parameters: &Parameters,
        ordinal: u32,
    ) -> PyResult<Account> {
        let (vector, allow) = (vector.as_ref().map(row), allow.map(|allow| &allow.0));
        let account = interruptible(py, |stop| {
            let lexical = lexical.as_ref().map(LexicalArgument::view);
            search::explain(&self.0, lexical, vector.as_deref(), allow, &parameters.0.until(stop), ordinal)
        })?;
        Ok(Account(account))
    }
}

impl Index {
    fn no_chunk(&self, ordinal: u32) -> Raised {
        self.0.no_chunk(ordinal).into()
    }
}

/// The numbers of an array in row order, copied only if they do not lie so.
pub(crate) fn numbers<'a>(array: &'a PyReadonlyArray2<'_, f32>) -> Cow<'a, [f32]> {
    match array.as_slice() {
        Ok(slice) => Cow::Borrowed(slice),
        Err(_) => Cow::Owned(array.as_array().iter().copied().collect()),
    }
}

fn row(array: &PyReadonlyArray1<'_, f32>) -> Vec<f32> {
    array.as_array().to_vec()
}
