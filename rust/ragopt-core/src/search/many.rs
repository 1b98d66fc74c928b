//! Many questions in parallel.

use rayon::prelude::*;

use super::{Lexical, Parameters, search};
use crate::error::{Error, Result};
use crate::index::Index;
use crate::types::{Bits, Found};

/// [`search`] for each question; `threads` 0 takes all cores. Results do not depend on the threads.
///
/// The threads are made for the call: a shared pool would not survive a fork.
///
/// # Errors
/// As [`search`], for the first question that fails, by number.
pub fn search_many(
    index: &Index,
    questions: &[(Option<Lexical<'_>>, Option<&[f32]>)],
    allow: Option<&Bits>,
    parameters: &Parameters,
    threads: usize,
) -> Result<Vec<Found>> {
    let one =
        |&(lexical, vector): &(Option<Lexical<'_>>, Option<&[f32]>)| search(index, lexical, vector, allow, parameters);
    let results: Vec<Result<Found>> = if threads == 1 || questions.len() < 2 {
        questions.iter().map(one).collect()
    } else {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads.min(questions.len()))
            .build()
            .map_err(|cause| Error::Input(format!("threads={threads}: cannot be started ({cause})")))?;
        pool.install(|| questions.par_iter().map(one).collect())
    };
    results.into_iter().collect()
}
