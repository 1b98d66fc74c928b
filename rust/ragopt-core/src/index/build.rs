//! Chunks to a segment: texts are analyzed in parallel, and the result does not depend on how.

use rayon::prelude::*;

use super::Segment;
use super::postings::{MOST_CHUNKS, Postings};
use super::sort::{Run, merge};
use super::strings::{Blobs, Ids, Strings};
use super::vectors::Vectors;
use super::vocabulary::Vocabulary;
use crate::analysis::Analyzer;
use crate::error::{Error, Result};
use crate::types::Ordinal;

/// With fewer chunks another thread costs more than it saves.
const FEW: usize = 2048;

/// What an index is built of: one entry a chunk in each list.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    pub ids: &'a [&'a str],
    /// What is analyzed.
    pub texts: &'a [&'a str],
    /// What the caller wants back.
    pub stored: &'a [&'a [u8]],
    /// The dimension and the rows, of any length; a zero row is a missing vector.
    pub vectors: Option<(usize, &'a [f32])>,
}

/// The segment of `source`. Threads are its own, so that building works in a process that was forked.
pub(crate) fn segment(analyzer: &Analyzer, source: Source<'_>) -> Result<Segment> {
    check(&source)?;
    let threads = rayon::ThreadPoolBuilder::new()
        .num_threads(usize::from(source.ids.len() <= FEW))
        .build()
        .map_err(|cause| Error::Input(format!("no threads to build with: {cause}")))?;
    threads.install(|| build(analyzer, source))
}

fn build(analyzer: &Analyzer, source: Source<'_>) -> Result<Segment> {
    let ids = Ids::of(source.ids)?;
    let vectors = match source.vectors {
        Some((dimension, rows)) if dimension > 0 => Some(Vectors::of(dimension, rows, |row, place| {
            let id = source.ids[row];
            Error::Vector(format!("the vector of chunk {id:?} is NaN or infinite in dimension {place}"))
        })?),
        _ => None,
    };
    let (terms, postings, lengths) = analyze(analyzer, source.texts, rayon::current_num_threads());
    if terms.len() >= MOST_CHUNKS {
        return Err(Error::Input(format!("{} different terms are more than one index holds", terms.len())));
    }
    let vocabulary = Vocabulary::from_terms(terms);
    Ok(Segment::of(ids, Blobs::of(source.stored), vocabulary, postings, lengths.into(), vectors))
}

fn check(source: &Source<'_>) -> Result<()> {
    let chunks = source.ids.len();
    if chunks >= MOST_CHUNKS {
        return Err(Error::Input(format!(
            "{chunks} chunks: one index holds fewer than {MOST_CHUNKS}; split the corpus"
        )));
    }
    for (name, count) in [("texts", source.texts.len()), ("stored", source.stored.len())] {
        if count != chunks {
            return Err(Error::Input(format!("{count} {name} for {chunks} ids: give one a chunk")));
        }
    }
    match source.vectors {
        Some((dimension, rows)) if dimension * chunks != rows.len() => Err(Error::Vector(format!(
            "{} numbers in rows of {dimension} are not one vector for each of {chunks} chunks",
            rows.len()
        ))),
        _ => Ok(()),
    }
}

/// The terms in byte order, their postings, and the length of each chunk, worked out in `runs` runs.
fn analyze(analyzer: &Analyzer, texts: &[&str], runs: usize) -> (Strings, Postings, Vec<u32>) {
    let runs: Vec<Run> =
        cut(texts, runs).into_par_iter().map(|(first, texts)| Run::of(analyzer, texts, first as Ordinal)).collect();
    let (terms, postings) = merge(&runs, texts.len());
    (terms, postings, runs.iter().flat_map(Run::lengths).copied().collect())
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

    fn source<'a>(ids: &'a [&'a str], texts: &'a [&'a str], stored: &'a [&'a [u8]]) -> Source<'a> {
        Source { ids, texts, stored, vectors: None }
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
    fn many_runs_make_what_one_makes() {
        let long = "a term of more than sixteen bytes".replace(' ', "_");
        let text = |i: usize| format!("t{} t{} all {} {long}", i % 7, i % 97, "odd ".repeat(i % 9));
        let texts: Vec<String> = (0..20_000).map(text).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let one = analyze(&whitespace(), &texts, 1);
        for runs in [2, 3, 50] {
            assert!(analyze(&whitespace(), &texts, runs) == one, "{runs} runs");
        }
        let (terms, postings, lengths) = one;
        let odd = (0..).find(|&i| terms.get(i) == Some("odd")).expect("there") as u32;
        assert_eq!(listed(&postings, odd)[..9], [1, 2, 3, 4, 5, 6, 7, 8, 10].map(|i| (i, i % 9)));
        assert_eq!(lengths[..3], [4, 5, 6]);
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
