//! Chunks to a segment: texts are analyzed in parallel, and the result does not depend on how, nor on the pieces in
//! which they come.
//!
//! Whoever pushes is often slower than the analysis (Python makes objects one by one): so what waits is analyzed by other
//! threads while more comes in.
//!
//! What was pushed is kept in the form that a segment has, or close to it, and not as it came: texts wait until there are
//! enough of them for all threads, then become postings; vectors go into blocks that are given up one by one when the
//! whole is made. So building takes little more memory than what is built.

use std::thread::JoinHandle;

use rayon::prelude::*;

use super::Segment;
use super::columns::{self, Metadata};
use super::postings::MOST_CHUNKS;
use super::rows::Rows;
use super::sort::{Run, merge};
use super::strings::{Growing, Ids};
use super::vectors::Vectors;
use super::vocabulary::Vocabulary;
use crate::analysis::Analyzer;
use crate::error::{Error, Result};
use crate::types::Ordinal;

/// With fewer bytes of text another thread costs more than it saves.
const FEW: usize = 1 << 20;
/// So many bytes of text are analyzed together: few runs to merge, and little that waits.
const MANY: usize = if cfg!(test) { 1 << 14 } else { 64 << 20 };

/// Chunks: one entry a chunk in each list.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    pub ids: &'a [&'a str],
    /// What is analyzed.
    pub texts: &'a [&'a str],
    /// What the caller wants back.
    pub stored: &'a [&'a [u8]],
    /// The dimension and the rows, of any length; a zero row is a missing vector.
    pub vectors: Option<(usize, &'a [f32])>,
    /// What filters ask for; empty where no chunk has any.
    pub metadata: &'a [Metadata],
}

/// A segment that is being built.
#[derive(Debug)]
pub struct Builder {
    analyzer: Analyzer,
    ids: Growing,
    stored: Growing,
    /// Texts that were not analyzed yet.
    waiting: Growing,
    /// Runs of the texts before, which are being made.
    coming: Option<JoinHandle<Vec<Run>>>,
    /// Chunks in `runs` and in those that come.
    analyzed: usize,
    runs: Vec<Run>,
    vectors: Option<Rows>,
    columns: columns::Builder,
}

impl Builder {
    /// A segment of no chunk yet, whose vectors have `dimension` numbers.
    #[must_use]
    pub fn new(analyzer: &Analyzer, dimension: Option<usize>) -> Self {
        let dimension = dimension.filter(|&dimension| dimension > 0);
        Self {
            analyzer: *analyzer,
            ids: Growing::default(),
            stored: Growing::default(),
            waiting: Growing::default(),
            coming: None,
            analyzed: 0,
            runs: Vec::new(),
            vectors: dimension.map(Rows::new),
            columns: columns::Builder::default(),
        }
    }

    /// How many chunks came.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether none came.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes some chunks, or none of them.
    ///
    /// # Errors
    /// [`Error::Input`] where the lists disagree in length or become too long, [`Error::Vector`] for vectors of another
    /// dimension, NaN or infinity.
    pub fn push(&mut self, source: Source<'_>) -> Result<()> {
        self.check(&source)?;
        if let (Some(rows), Some((_, numbers))) = (&mut self.vectors, source.vectors) {
            rows.push(numbers, |row, place| {
                let id = source.ids[row];
                Error::Vector(format!("the vector of chunk {id:?} is NaN or infinite in dimension {place}"))
            })?;
        }
        source.ids.iter().for_each(|id| self.ids.push(id.as_bytes()));
        source.stored.iter().for_each(|stored| self.stored.push(stored));
        source.metadata.iter().for_each(|row| self.columns.push(row));
        self.columns.skip(source.ids.len() - source.metadata.len());
        let bytes: usize = source.texts.iter().map(|text| text.len()).sum();
        if bytes < MANY {
            source.texts.iter().for_each(|text| self.waiting.push(text.as_bytes()));
            return if self.waiting.bytes() < MANY { Ok(()) } else { self.analyze_meanwhile() };
        }
        self.analyze_waiting()?;
        self.analyze(source.texts)
    }

    fn check(&self, source: &Source<'_>) -> Result<()> {
        let chunks = source.ids.len();
        let total = self.len() + chunks;
        if total >= MOST_CHUNKS {
            return Err(Error::Input(format!(
                "{total} chunks: one index holds fewer than {MOST_CHUNKS}; split the corpus"
            )));
        }
        let rows = if source.metadata.is_empty() { chunks } else { source.metadata.len() };
        for (name, count) in
            [("texts", source.texts.len()), ("stored", source.stored.len()), ("rows of metadata", rows)]
        {
            if count != chunks {
                return Err(Error::Input(format!("{count} {name} for {chunks} ids: give one a chunk")));
            }
        }
        let expected = self.vectors.as_ref().map_or(0, Rows::dimension);
        match source.vectors {
            Some((dimension, rows)) if dimension * chunks != rows.len() => Err(Error::Vector(format!(
                "{} numbers in rows of {dimension} are not one vector for each of {chunks} chunks",
                rows.len()
            ))),
            Some((dimension, _)) if dimension != expected && chunks > 0 => Err(Error::Vector(format!(
                "vectors of {dimension} dimensions where {expected} are expected: they come from different models"
            ))),
            None if expected > 0 && chunks > 0 => {
                Err(Error::Vector(format!("no vectors: give {expected} numbers a chunk, zeros where one is missing")))
            }
            _ => Ok(()),
        }
    }

    /// Lets other threads analyze what waits, all but one of those that there are: that one brings more meanwhile.
    fn analyze_meanwhile(&mut self) -> Result<()> {
        let count = threads(self.waiting.bytes())?.current_num_threads();
        if count < 2 {
            return self.analyze_waiting();
        }
        self.receive();
        let (analyzer, first) = (self.analyzer, self.analyzed);
        let waiting = std::mem::take(&mut self.waiting).strings();
        self.analyzed += waiting.len();
        let pool = pool(count - 1)?;
        let work = move || pool.install(|| runs(&analyzer, &waiting.iter().collect::<Vec<_>>(), first));
        let started = std::thread::Builder::new().spawn(work);
        self.coming = Some(started.map_err(|cause| Error::Input(format!("no thread to build with: {cause}")))?);
        Ok(())
    }

    /// Takes the runs that come.
    fn receive(&mut self) {
        if let Some(coming) = self.coming.take() {
            self.runs.extend(coming.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
    }

    fn analyze_waiting(&mut self) -> Result<()> {
        let waiting = std::mem::take(&mut self.waiting).strings();
        self.analyze(&waiting.iter().collect::<Vec<_>>())
    }

    /// Makes runs of `texts`, which are those of the next chunks.
    fn analyze(&mut self, texts: &[&str]) -> Result<()> {
        self.receive();
        if !texts.is_empty() {
            let bytes: usize = texts.iter().map(|text| text.len()).sum();
            let made = threads(bytes)?.install(|| runs(&self.analyzer, texts, self.analyzed));
            self.runs.extend(made);
            self.analyzed += texts.len();
        }
        Ok(())
    }

    /// The segment of all chunks that came.
    ///
    /// # Errors
    /// [`Error::DuplicateId`] for two chunks with one id, [`Error::Input`] where memory is short.
    pub fn finish(mut self) -> Result<Segment> {
        self.analyze_waiting()?;
        let Self { ids, stored, runs, vectors, columns, .. } = self;
        let postings: usize = runs.iter().map(Run::len).sum();
        threads(size_of::<u32>() * postings)?.install(|| {
            let ids = Ids::of(ids.strings())?;
            let chunks = ids.iter().len();
            let (terms, postings) = merge(&runs, chunks);
            if terms.len() >= MOST_CHUNKS {
                return Err(Error::Input(format!("{} different terms are more than one index holds", terms.len())));
            }
            let lengths: Vec<u32> = runs.iter().flat_map(Run::lengths).copied().collect();
            drop(runs);
            let vectors = match vectors {
                Some(rows) => Some(Vectors::of(rows)?),
                None => None,
            };
            let vocabulary = Vocabulary::from_terms(terms);
            let columns = columns.finish();
            Ok(Segment::of(ids, stored.blobs(), vocabulary, postings, lengths.into(), vectors, columns))
        })
    }
}

/// The segment of `source`.
pub(crate) fn segment(analyzer: &Analyzer, source: Source<'_>) -> Result<Segment> {
    let mut builder = Builder::new(analyzer, source.vectors.map(|(dimension, _)| dimension));
    builder.push(source)?;
    builder.finish()
}

/// Runs of `texts`, those of the chunks from `first` on, one for each thread of the pool that it is called in.
fn runs(analyzer: &Analyzer, texts: &[&str], first: usize) -> Vec<Run> {
    let cuts = cut(texts, rayon::current_num_threads()).into_par_iter();
    cuts.map(|(start, texts)| Run::of(analyzer, texts, (first + start) as Ordinal)).collect()
}

/// Threads for so many bytes, of their own, so that building works in a process that was forked.
pub(super) fn threads(bytes: usize) -> Result<rayon::ThreadPool> {
    pool(usize::from(bytes <= FEW))
}

/// So many threads; 0: as many as there are cores.
fn pool(count: usize) -> Result<rayon::ThreadPool> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(count)
        .build()
        .map_err(|cause| Error::Input(format!("no threads to build with: {cause}")))
}

/// Cuts `texts` into runs of about as many bytes, each with the place of its first.
fn cut<'a, 'b>(texts: &'a [&'b str], count: usize) -> Vec<(usize, &'a [&'b str])> {
    let total: usize = texts.iter().map(|text| text.len() + 1).sum();
    let wanted = total.div_ceil(count.max(1)).max(1);
    let (mut runs, mut start, mut held) = (Vec::new(), 0, 0);
    for (i, text) in texts.iter().enumerate() {
        held += text.len() + 1;
        if held >= wanted {
            runs.push((start, &texts[start..=i]));
            (start, held) = (i + 1, 0);
        }
    }
    runs.push((start, &texts[start..]));
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::Postings;

    fn source<'a>(ids: &'a [&'a str], texts: &'a [&'a str], stored: &'a [&'a [u8]]) -> Source<'a> {
        Source { ids, texts, stored, vectors: None, metadata: &[] }
    }

    fn whitespace() -> Analyzer {
        Analyzer::new("whitespace").expect("known")
    }

    fn listed(postings: &Postings, term: u32) -> Vec<(Ordinal, u32)> {
        let mut listed = Vec::new();
        postings.of(term).expect("in memory").for_each(|ordinal, count| listed.push((ordinal, count)));
        listed
    }

    #[test]
    fn terms_in_byte_order_and_chunks_in_given_order() {
        let built = segment(&whitespace(), source(&["x", "y", "z"], &["b a b", "", "c b"], &[b"", b"", b""]));
        let built = built.expect("valid");
        let terms: Vec<_> = (0..3).map(|i| built.vocabulary.terms().get(i)).collect();
        assert_eq!(terms, [Some("a"), Some("b"), Some("c")]);
        assert_eq!(listed(&built.postings, 1), [(0, 2), (2, 1)]);
        assert_eq!(built.lengths[..], [3, 0, 2]);
        assert_eq!(built.vocabulary.id("bb"), None);
    }

    #[test]
    fn many_pieces_make_what_one_makes() {
        let long = "a term of more than sixteen bytes".replace(' ', "_");
        let text = |i: usize| format!("t{} t{} all {} {long}", i % 7, i % 97, "odd ".repeat(i % 9));
        let texts: Vec<String> = (0..20_000).map(text).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let ids: Vec<String> = (0..texts.len()).map(|i| format!("{}", i ^ 0x2a)).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let (stored, rows) = (vec![&b"what"[..]; ids.len()], vec![0.5f32; 3 * ids.len()]);
        let pushed = |pieces: usize| {
            let mut builder = Builder::new(&whitespace(), Some(3));
            for start in (0..ids.len()).step_by(pieces) {
                let range = start..ids.len().min(start + pieces);
                let vectors = Some((3, &rows[3 * range.start..3 * range.end]));
                let (ids, texts, stored) = (&ids[range.clone()], &texts[range.clone()], &stored[range]);
                builder.push(Source { ids, texts, stored, vectors, metadata: &[] }).expect("valid");
            }
            builder.finish().expect("valid")
        };
        let one = pushed(usize::MAX / 2);
        for pieces in [1, 7, 999] {
            assert!(pushed(pieces) == one, "{pieces} at once");
        }
        let odd = one.vocabulary.id("odd").expect("there");
        assert_eq!(listed(&one.postings, odd)[..9], [1, 2, 3, 4, 5, 6, 7, 8, 10].map(|i| (i, i % 9)));
        assert_eq!(one.lengths[..3], [4, 5, 6]);
        assert_eq!(cut(&texts, 3).iter().map(|(_, run)| run.len()).sum::<usize>(), texts.len());
        assert_eq!(cut(&[], 3).len(), 1);
    }

    #[test]
    fn lists_that_disagree_are_refused() {
        let wrong = segment(&whitespace(), source(&["x"], &["a", "b"], &[b""]));
        assert!(matches!(wrong, Err(Error::Input(message)) if message.contains("2 texts for 1 ids")));
        let wrong = segment(&whitespace(), source(&["x"], &["a"], &[]));
        assert!(matches!(wrong, Err(Error::Input(_))));
        let mut short = source(&["x"], &["a"], &[b""]);
        short.vectors = Some((3, &[1.0, 2.0]));
        assert!(matches!(segment(&whitespace(), short), Err(Error::Vector(_))));
        let twice = segment(&whitespace(), source(&["x", "x"], &["a", "b"], &[b"", b""]));
        assert_eq!(twice, Err(Error::DuplicateId("x".into())));
    }

    #[test]
    fn a_vector_that_is_no_number_is_named() {
        let mut bad = source(&["first", "second"], &["", ""], &[b"", b""]);
        let rows = [1.0, 2.0, 3.0, f32::NAN];
        bad.vectors = Some((2, &rows));
        let refused = segment(&whitespace(), bad).expect_err("NaN");
        assert!(refused.to_string().contains("\"second\"") && refused.to_string().contains("dimension 1"));
    }
}
