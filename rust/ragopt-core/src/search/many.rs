//! Many questions in parallel.

use std::sync::mpsc::{self, RecvTimeoutError};

use rayon::prelude::*;

use super::question::Question;
use super::{Lexical, Parameters, Stop, check_allow, fast};
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
        parameters.go_on()?;
        let questions: Result<Vec<Question<'_>>> =
            group.iter().map(|&(lexical, vector)| Question::of(index, lexical, vector)).collect();
        fast::search_group(index, &questions?, allow, parameters)
    };
    let sides = (questions.iter().any(|one| one.0.is_some()), questions.iter().any(|one| one.1.is_some()));
    let most = fast::most_together(parameters, sides.0, sides.1);
    let groups: Vec<Vec<Found>> = if threads == 1 || questions.len() < 2 {
        questions.chunks(most).map(one).collect::<Result<_>>()?
    } else {
        let all = || {
            // Several groups a thread, so that none waits long for the others.
            let group = questions.len().div_ceil(2 * rayon::current_num_threads()).min(most);
            questions.par_chunks(group).map(one).collect::<Vec<Result<_>>>()
        };
        in_threads(threads.min(questions.len()), parameters, all)?.into_iter().collect::<Result<_>>()?
    };
    Ok(groups.into_iter().flatten().collect())
}

/// Does `work` in a pool of so many threads (0: all cores); meanwhile the calling thread asks whether to go on.
///
/// # Errors
/// [`Error::Input`] if the threads cannot be started.
pub(super) fn in_threads<T: Default + Send>(
    threads: usize,
    parameters: &Parameters,
    work: impl FnOnce() -> T + Send,
) -> Result<T> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|cause| Error::Input(format!("threads={threads}: cannot be started ({cause})")))?;
    let mut result = T::default();
    let (done, waits) = mpsc::channel::<()>();
    pool.in_place_scope(|scope| {
        scope.spawn(|_| {
            // Dropped also by a panic, which the scope passes on.
            let _done = done;
            result = work();
        });
        while waits.recv_timeout(Stop::EVERY) == Err(RecvTimeoutError::Timeout) {
            // The threads that work see the same answer, and end.
            let _ = parameters.go_on();
        }
    });
    Ok(result)
}
