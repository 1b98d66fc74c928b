//! Texts to postings by term: each run of the chunks is analyzed and sorted alone, then all are merged.
//!
//! Runs are cut by the number of threads, and the result does not depend on the cuts.

use rayon::prelude::*;

use super::dictionary::Dictionary;
use super::postings::{self, ODD, Postings, code_of, word_of};
use super::strings::{self, Strings};
use crate::analysis::Analyzer;
use crate::types::Ordinal;

/// The postings of a run of chunks, by its own numbers of the terms.
#[derive(Debug)]
pub(super) struct Run {
    terms: Strings,
    /// Term i has the words from `starts[i]` to `starts[i + 1]`, ascending.
    starts: Vec<usize>,
    words: Vec<u32>,
    /// Counts of [`ODD`] and more, by term, then by ordinal.
    odd: Vec<(u32, Ordinal, u32)>,
    lengths: Vec<u32>,
}

/// Postings in the order of the chunks.
#[derive(Default)]
struct Walked {
    /// A term's number and a code in 32 bits, chunk by chunk.
    terms: Vec<u32>,
    /// How many different terms each chunk holds.
    different: Vec<u32>,
    /// How many chunks hold each term.
    frequencies: Vec<u32>,
}

impl Run {
    /// The postings of `texts`, the first of which is the chunk at `first`.
    pub(super) fn of(analyzer: &Analyzer, texts: &[&str], first: Ordinal) -> Self {
        let mut dictionary = Dictionary::new();
        let mut run = Self {
            terms: Strings::default(),
            starts: Vec::new(),
            words: Vec::new(),
            odd: Vec::new(),
            lengths: Vec::with_capacity(texts.len()),
        };
        let walked = run.walk(&mut dictionary, analyzer, texts, first);
        run.sort(&walked, first);
        run.terms = dictionary.into_terms();
        run
    }

    fn walk(&mut self, dictionary: &mut Dictionary, analyzer: &Analyzer, texts: &[&str], first: Ordinal) -> Walked {
        let mut walked = Walked::default();
        // The terms of one chunk with their counts.
        let mut held: Vec<(u32, u32)> = Vec::new();
        for (ordinal, text) in (first..).zip(texts) {
            let mut length = 0u32;
            analyzer.for_each_term(text, &mut |term| {
                length = length.saturating_add(1);
                let seen = dictionary.seen(term);
                if seen.chunk == ordinal {
                    held[seen.place as usize].1 += 1;
                } else {
                    (seen.chunk, seen.place) = (ordinal, held.len() as u32);
                    held.push((seen.number, 1));
                }
            });
            self.lengths.push(length);
            walked.different.push(held.len() as u32);
            walked.frequencies.resize(dictionary.len(), 0);
            for (term, count) in held.drain(..) {
                walked.frequencies[term as usize] += 1;
                walked.terms.push(word_of(term, code_of(count)));
                if count >= ODD {
                    self.odd.push((term, ordinal, count));
                }
            }
        }
        walked
    }

    /// Sorts by counting, which keeps the order of the chunks.
    fn sort(&mut self, walked: &Walked, first: Ordinal) {
        let mut next = Vec::with_capacity(walked.frequencies.len() + 1);
        let mut total = 0;
        for &frequency in &walked.frequencies {
            next.push(total);
            total += frequency as usize;
        }
        self.starts.clone_from(&next);
        self.starts.push(total);
        self.words = vec![0; total];
        let mut left = &walked.terms[..];
        for (ordinal, &different) in (first..).zip(&walked.different) {
            let (held, rest) = left.split_at(different as usize);
            for &word in held {
                let place = &mut next[(word >> 2) as usize];
                self.words[*place] = word_of(ordinal, word & 3);
                *place += 1;
            }
            left = rest;
        }
        self.odd.sort_unstable();
    }

    pub(super) fn lengths(&self) -> &[u32] {
        &self.lengths
    }

    /// How many postings it holds.
    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    fn words(&self, term: u32) -> &[u32] {
        &self.words[self.starts[term as usize]..self.starts[term as usize + 1]]
    }

    fn odd(&self, term: u32) -> &[(u32, Ordinal, u32)] {
        let start = self.odd.partition_point(|&(other, _, _)| other < term);
        let count = self.odd[start..].partition_point(|&(other, _, _)| other == term);
        &self.odd[start..start + count]
    }
}

/// A term with its number in a run.
type Named<'a> = (&'a str, u32, u32);

/// The runs, in order, under one vocabulary in byte order. Runs on the threads of the pool it is called in.
pub(super) fn merge(runs: &[Run], chunks: usize) -> (Strings, Postings) {
    let mut named: Vec<Named<'_>> = Vec::new();
    for (i, run) in (0..).zip(runs) {
        named.extend(run.terms.iter().zip(0..).map(|(term, number)| (term, i, number)));
    }
    named.par_sort_unstable();
    let mut terms = strings::Growing::default();
    let groups = || named.chunk_by(|left, right| left.0 == right.0);
    groups().for_each(|group| terms.push(group[0].0.as_bytes()));

    let merged: Vec<postings::Growing> =
        ranges(&named, runs).into_par_iter().map(|range| merge_range(range, runs, chunks)).collect();
    let mut merged = merged.into_iter();
    let mut postings = merged.next().unwrap_or_else(|| postings::Growing::new(chunks));
    for range in merged {
        postings.append(&range);
    }
    (terms.strings(), postings.finish())
}

/// Cuts `named` between terms into a few ranges of about as many postings.
fn ranges<'a, 'b>(named: &'a [Named<'b>], runs: &[Run]) -> Vec<&'a [Named<'b>]> {
    let total: usize = runs.iter().map(|run| run.words.len()).sum();
    let wanted = (total / (4 * rayon::current_num_threads())).max(1 << 16);
    let (mut ranges, mut start, mut held) = (Vec::new(), 0, 0);
    for (i, &(term, run, number)) in named.iter().enumerate() {
        if held >= wanted && term != named[i - 1].0 {
            ranges.push(&named[start..i]);
            (start, held) = (i, 0);
        }
        held += runs[run as usize].words(number).len();
    }
    ranges.push(&named[start..]);
    ranges
}

fn merge_range(range: &[Named<'_>], runs: &[Run], chunks: usize) -> postings::Growing {
    let mut postings = postings::Growing::new(chunks);
    let mut odd: Vec<[u32; 2]> = Vec::new();
    for group in range.chunk_by(|left, right| left.0 == right.0) {
        odd.clear();
        for &(_, run, number) in group {
            odd.extend(runs[run as usize].odd(number).iter().map(|&(_, ordinal, count)| [ordinal, count]));
        }
        postings.push(group.iter().map(|&(_, run, number)| runs[run as usize].words(number)), &odd);
    }
    postings
}
