//! Many questions in parallel.

use rayon::prelude::*;

use super::question::Question;
use super::{Lexical, Parameters, check_allow, fast};
use crate::error::{Error, Result};
use crate::index::{Allow, Index};
use crate::types::Found;

/// [`super::search`] for each question; `threads` 0 takes all cores. Results do not depend on the threads.
///
/// The threads are made for the call: a shared pool would not survive a fork.
///
/// # Errors
/// As [`super::search`], for the first question that fails, by number.
pub fn search_many(
    index: &Index,
    questions: &[(Option<Lexical<'_>>, Option<&[f32]>)],
    allow: Option<&Allow>,
    parameters: &Parameters,
    threads: usize,
) -> Result<Vec<Found>> {
    check_allow(index, allow)?;
    let one = |group: &[(Option<Lexical<'_>>, Option<&[f32]>)]| -> Result<Vec<Found>> {
        let questions: Result<Vec<Question<'_>>> =
            group.iter().map(|&(lexical, vector)| Question::of(index, lexical, vector)).collect();
        fast::search_group(index, &questions?, allow, parameters)
    };
    let results: Vec<Result<Vec<Found>>> = if threads == 1 || questions.len() < 2 {
        questions.chunks(fast::GROUP).map(one).collect()
    } else {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads.min(questions.len()))
            .build()
            .map_err(|cause| Error::Input(format!("threads={threads}: cannot be started ({cause})")))?;
        // Several groups a thread, so that none waits long for the others.
        let group = questions.len().div_ceil(2 * pool.current_num_threads()).min(fast::GROUP);
        pool.install(|| questions.par_chunks(group).map(one).collect())
    };
    Ok(results.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}
