//! Chunks to a segment: texts are analyzed in parallel, and the result does not depend on how.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rayon::prelude::*;

use super::Segment;
use super::postings::{Postings, Vocabulary};
use super::strings::{Blobs, Ids, Strings};
use super::vectors::Vectors;
use crate::analysis::Analyzer;
use crate::error::{Error, Result};
use crate::types::Ordinal;

/// Chunks that are analyzed together by one thread.
const BATCH: usize = 2048;

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

/// One batch's postings, under its own term numbers, chunk by chunk.
struct Batch {
    terms: Vec<Box<str>>,
    /// (term, ordinal, count)
    postings: Vec<(u32, Ordinal, u32)>,
    lengths: Vec<u32>,
}

/// The segment of `source`. Threads are its own, so that building works in a process that was forked.
pub(super) fn segment(analyzer: &Analyzer, source: Source<'_>) -> Result<Segment> {
    check(&source)?;
    let ids = Ids::of(source.ids)?;
    let vectors = match source.vectors {
        Some((dimension, rows)) if dimension > 0 => Some(Vectors::of(dimension, rows, |row, place| {
            let id = source.ids[row];
            Error::Vector(format!("the vector of chunk {id:?} is NaN or infinite in dimension {place}"))
        })?),
        _ => None,
    };
    let mut stored = Blobs::default();
    for blob in source.stored {
        stored.push(blob);
    }
    let batches = analyze_all(analyzer, source.texts)?;
    let (vocabulary, postings) = merge(&batches)?;
    let lengths = batches.into_iter().flat_map(|batch| batch.lengths).collect();
    Ok(Segment { ids, stored, vocabulary, postings, lengths, vectors })
}

fn check(source: &Source<'_>) -> Result<()> {
    let chunks = source.ids.len();
    if chunks >= Ordinal::MAX as usize {
        return Err(Error::Input(format!(
            "{chunks} chunks: one index holds fewer than {}; split the corpus",
            Ordinal::MAX
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

fn analyze_all(analyzer: &Analyzer, texts: &[&str]) -> Result<Vec<Batch>> {
    let batch = |(i, texts): (usize, &[&str])| analyze(analyzer, texts, (i * BATCH) as Ordinal);
    if texts.len() <= BATCH {
        return Ok(texts.chunks(BATCH).enumerate().map(batch).collect());
    }
    let threads = rayon::ThreadPoolBuilder::new()
        .build()
        .map_err(|cause| Error::Input(format!("no threads to analyze with: {cause}")))?;
    Ok(threads.install(|| texts.par_chunks(BATCH).enumerate().map(batch).collect()))
}

fn analyze(analyzer: &Analyzer, texts: &[&str], first: Ordinal) -> Batch {
    let mut numbers: HashMap<Box<str>, u32, RandomState> = HashMap::default();
    let mut terms: Vec<Box<str>> = Vec::new();
    // The last posting of each term: of this chunk, if the term came before in it.
    let mut last: Vec<usize> = Vec::new();
    let mut postings: Vec<(u32, Ordinal, u32)> = Vec::new();
    let mut lengths = Vec::with_capacity(texts.len());
    for (ordinal, text) in (first..).zip(texts) {
        let mut length = 0u32;
        analyzer.for_each_term(text, &mut |term| {
            length = length.saturating_add(1);
            let number = match numbers.get(term) {
                Some(&number) => number,
                None => {
                    let number = terms.len() as u32;
                    numbers.insert(term.into(), number);
                    terms.push(term.into());
                    last.push(usize::MAX);
                    number
                }
            };
            let place = &mut last[number as usize];
            match postings.get_mut(*place) {
                Some((_, chunk, count)) if *chunk == ordinal => *count += 1,
                _ => {
                    *place = postings.len();
                    postings.push((number, ordinal, 1));
                }
            }
        });
        lengths.push(length);
    }
    Batch { terms, postings, lengths }
}

/// The batches under one vocabulary in byte order, postings in order of the chunks.
fn merge(batches: &[Batch]) -> Result<(Vocabulary, Postings)> {
    let mut all: Vec<&str> = batches.iter().flat_map(|batch| batch.terms.iter().map(AsRef::as_ref)).collect();
    all.sort_unstable();
    all.dedup();
    if all.len() >= u32::MAX as usize {
        return Err(Error::Input(format!("{} different terms are more than one index holds", all.len())));
    }
    let numbers: HashMap<&str, u32, RandomState> = all.iter().zip(0..).map(|(&term, id)| (term, id)).collect();
    let global: Vec<Vec<u32>> =
        batches.iter().map(|batch| batch.terms.iter().map(|term| numbers[term.as_ref()]).collect()).collect();

    let mut starts = vec![0u64; all.len() + 1];
    for (batch, global) in batches.iter().zip(&global) {
        for &(term, _, _) in &batch.postings {
            starts[global[term as usize] as usize + 1] += 1;
        }
    }
    for i in 1..starts.len() {
        starts[i] += starts[i - 1];
    }
    let total = starts[all.len()] as usize;
    let mut next = starts.clone();
    let (mut ordinals, mut counts) = (vec![0; total], vec![0; total]);
    for (batch, global) in batches.iter().zip(&global) {
        for &(term, ordinal, count) in &batch.postings {
            let place = &mut next[global[term as usize] as usize];
            ordinals[*place as usize] = ordinal;
            counts[*place as usize] = count;
            *place += 1;
        }
    }
    let mut terms = Strings::default();
    for term in all {
        terms.push(term);
    }
    let vocabulary = Vocabulary::from_terms(terms).map_err(|reason| Error::Input(reason.to_owned()))?;
    Ok((vocabulary, Postings::new(starts, ordinals, counts)))
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

    #[test]
    fn terms_in_byte_order_and_chunks_in_given_order() {
        let built = segment(&whitespace(), source(&["x", "y", "z"], &["b a b", "", "c b"], &[b"", b"", b""]));
        let built = built.expect("valid");
        let terms: Vec<_> = (0..3).map(|i| built.vocabulary.terms().get(i)).collect();
        assert_eq!(terms, [Some("a"), Some("b"), Some("c")]);
        assert_eq!(built.postings.of(1), (&[0, 2][..], &[2, 1][..]));
        assert_eq!(built.lengths, [3, 0, 2]);
        assert_eq!(built.vocabulary.id("bb"), None);
    }

    #[test]
    fn many_batches_make_what_one_makes() {
        let texts: Vec<String> = (0..3 * BATCH + 5).map(|i| format!("t{} t{} all", i % 7, i % 97)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let batches = analyze_all(&whitespace(), &texts).expect("threads");
        assert_eq!(batches.len(), 4);
        let (vocabulary, postings) = merge(&batches).expect("small");
        let (one_vocabulary, one_postings) = merge(&[analyze(&whitespace(), &texts, 0)]).expect("small");
        assert_eq!(vocabulary, one_vocabulary);
        assert_eq!(postings, one_postings);
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
