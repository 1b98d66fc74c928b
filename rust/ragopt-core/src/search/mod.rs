//! Questions to hits: the exact top-k under an allow-list and a threshold, and the account of a score.
//!
//! [`plain`] visits everything and is what every faster path must equal, bit for bit.

mod explain;
mod fast;
mod many;
mod pairs;
mod plain;
mod question;
mod scorer;
mod scratch;
mod stop;
mod survivors;

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::index::{Allow, Index, Part};
use crate::score::normalizer::{Normalizer, Population};
use crate::types::{Bits, Found, Ordinal};

pub use explain::{Account, SideAccount, TermAccount};
pub use many::search_many;
pub use pairs::{Pairs, pairs};
pub(crate) use scratch::ScratchPool;
pub use stop::Stop;
pub use survivors::{Survivors, survivors};

use question::Question;

/// The lexical side of a question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Lexical<'a> {
    /// Analyzed here; each term weighs as often as it comes.
    Text(&'a str),
    /// Terms as they are, with weights of 0 or more; those of a repeated term add up.
    Terms(&'a [(String, f64)]),
}

/// How to search.
#[derive(Debug, Clone, Copy)]
pub struct Parameters<'a> {
    k: usize,
    alpha: f64,
    normalizer: Normalizer,
    depth: usize,
    floor: f64,
    min_score: Option<f64>,
    stop: Option<&'a Stop<'a>>,
    counter: Option<&'a survivors::Counter>,
}

impl<'a> Parameters<'a> {
    /// The best `k`; `alpha` is the share of the dense side; `depth` the population of list-relative
    /// normalizers; `floor` the least cosine of the embedder; hits below `min_score` are dropped.
    ///
    /// # Errors
    /// [`Error::Input`] for a number that cannot be, k above the depth of a list-relative normalizer
    /// among them; [`Error::UnknownName`] for the normalizer.
    pub fn new(
        k: usize,
        alpha: f64,
        normalizer: &str,
        depth: usize,
        floor: f64,
        min_score: Option<f64>,
    ) -> Result<Self> {
        let normalizer = Normalizer::of(normalizer)?;
        let refused = if !(0.0..=1.0).contains(&alpha) {
            format!("alpha={alpha}: must be between 0 and 1")
        } else if !(-1.0..1.0).contains(&floor) {
            format!("a cosine floor of {floor}: must be at least -1 and below 1")
        } else if min_score.is_some_and(f64::is_nan) {
            "min_score is NaN: give a number".to_owned()
        } else if depth == 0 {
            "depth=0: must be 1 or more".to_owned()
        } else if normalizer.population() == Population::Depth && k > depth {
            let name = normalizer.name();
            format!("k={k} is above depth={depth}: {name} knows only the top {depth} of a side. Raise depth or lower k")
        } else {
            return Ok(Self { k, alpha, normalizer, depth, floor, min_score, stop: None, counter: None });
        };
        Err(Error::Input(refused))
    }

    /// The same for a search that ends, with [`Error::Interrupted`], when `stop` says so.
    pub fn until(self, stop: &'a Stop<'a>) -> Self {
        Self { stop: Some(stop), ..self }
    }

    /// Notes what bounds left, where that is asked for.
    fn note(&self, left: Survivors) {
        if let Some(counter) = self.counter {
            counter.add(left);
        }
    }

    /// Called where a search may end early: once a question, and where one goes on for long.
    fn go_on(&self) -> Result<()> {
        self.stop.map_or(Ok(()), Stop::check)
    }
}

/// The exact top-k of one question. Without a lexical and without a dense side it finds nothing.
///
/// # Errors
/// [`Error::Input`] or [`Error::Vector`] for weights, an allow-list or a vector that cannot be; [`Error::Corrupt`] where
/// it meets a damaged place of the index's files; [`Error::Interrupted`] if it was ended ([`Parameters::until`]).
pub fn search(
    index: &Index,
    lexical: Option<Lexical<'_>>,
    vector: Option<&[f32]>,
    allow: Option<&Allow>,
    parameters: &Parameters,
) -> Result<Found> {
    check_allow(index, allow)?;
    let question = Question::of(index, lexical, vector)?;
    fast::search(index, &question, allow, parameters)
}

/// Why the chunk at `ordinal` has its score, whether or not it is among the hits.
///
/// # Errors
/// As [`search`]; also [`Error::Input`] for an ordinal that is not there.
pub fn explain(
    index: &Index,
    lexical: Option<Lexical<'_>>,
    vector: Option<&[f32]>,
    allow: Option<&Allow>,
    parameters: &Parameters,
    ordinal: Ordinal,
) -> Result<Account> {
    check_allow(index, allow)?;
    if !index.alive(ordinal) {
        return Err(index.no_chunk(ordinal));
    }
    let question = Question::of(index, lexical, vector)?;
    explain::account(index, &question, allow, parameters, ordinal)
}

fn check_allow(index: &Index, allow: Option<&Allow>) -> Result<()> {
    allow.map_or(Ok(()), |allow| allow.check(index))
}

/// The chunks of a part that may be found; None if all may.
fn allowed<'a>(part: &'a Part, allow: Option<&'a Allow>) -> Option<&'a Bits> {
    match allow {
        Some(allow) => Some(allow.part(part.number)),
        None => part.live(),
    }
}

/// The terms of a question with their weights, in byte order.
fn weighted(index: &Index, lexical: Lexical<'_>) -> Result<BTreeMap<String, f64>> {
    /// Far above any use, and low enough that no score can overflow.
    const HEAVIEST: f64 = 1e100;
    let mut weights = BTreeMap::new();
    match lexical {
        Lexical::Text(text) => index.analyzer().for_each_term(text, &mut |term| match weights.get_mut(term) {
            Some(weight) => *weight += 1.0,
            None => {
                weights.insert(term.to_owned(), 1.0);
            }
        }),
        Lexical::Terms(terms) => {
            for (term, weight) in terms {
                if !(0.0..=HEAVIEST).contains(weight) {
                    return Err(Error::Input(format!(
                        "the query term {term:?} has the weight {weight}: give a number from 0 to {HEAVIEST:e}"
                    )));
                }
                *weights.entry(term.clone()).or_insert(0.0) += weight;
            }
        }
    }
    Ok(weights)
}

#[cfg(test)]
mod edge_tests;
#[cfg(test)]
mod history_tests;
#[cfg(test)]
mod parted;
#[cfg(test)]
mod stop_tests;
#[cfg(test)]
mod tests;
