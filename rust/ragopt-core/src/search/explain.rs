//! The account of one chunk's score.

use std::cmp::Ordering;

use super::plain::walk;
use super::question::Question;
use super::{Parameters, allowed};
use crate::error::Result;
use crate::index::{Allow, Index};
use crate::score::bm25::share;
use crate::score::fusion::fuse;
use crate::score::top::Entry;
use crate::types::Ordinal;

/// Why one chunk has its score: `dense.weight · dense.normalized + lexical.weight · lexical.normalized` is the
/// score, and the terms' shares and the constant add up to `lexical.raw`.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    pub score: f64,
    /// The alpha in force.
    pub alpha: f64,
    pub lexical: SideAccount,
    pub dense: SideAccount,
    /// The query's terms that the chunk holds, in byte order.
    pub terms: Vec<TermAccount>,
    /// What bm25l and bm25plus give for absent terms; subtracted before normalizing.
    pub constant: f64,
    /// Whether the allow-list lets the chunk through.
    pub allowed: bool,
}

/// One side of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SideAccount {
    /// None where the side does not exist or the chunk has no vector.
    pub raw: Option<f64>,
    pub normalized: f64,
    /// 1 for the best of what the side finds among the allowed chunks; None for what it does not find.
    pub rank: Option<usize>,
    /// Its share of the score; 0 for a side that does not exist.
    pub weight: f64,
}

/// One term of it.
#[derive(Debug, Clone, PartialEq)]
pub struct TermAccount {
    pub term: String,
    pub tf: u32,
    pub idf: f64,
    pub weight: f64,
    pub share: f64,
}

/// The account of the chunk at `ordinal`; both sides are walked, whatever they weigh.
pub(super) fn account(
    index: &Index,
    question: &Question<'_>,
    allow: Option<&Allow>,
    parameters: &Parameters,
    ordinal: Ordinal,
) -> Result<Account> {
    index.scratch().with(|scratch| {
        let scorer = walk(index, question, allow, parameters, (true, true), scratch)?;
        let (part, local) = index.part_of(ordinal);
        let allowed = allowed(part, allow).is_none_or(|allowed| allowed.contains(local));
        let (gain, cosine) = (scorer.gain(part, local), scorer.cosine(part, local)?);
        let (lexical, dense) = scorer.normalized(ordinal, gain.unwrap_or(0.0), cosine);
        let constant = question.lexical.as_ref().map_or(0.0, |side| side.constant);
        let weight = |exists: bool, weight: f64| if exists { weight } else { 0.0 };
        let place = |score: Option<f64>, found: &mut dyn Iterator<Item = (Ordinal, f64)>| {
            score.filter(|_| allowed).map(|score| rank(index, ordinal, score, found))
        };
        Ok(Account {
            score: fuse(scorer.alpha, dense, lexical),
            alpha: scorer.alpha,
            lexical: SideAccount {
                raw: question.lexical.as_ref().map(|_| constant + gain.unwrap_or(0.0)),
                normalized: lexical,
                rank: place(gain, &mut scratch.lexical_hits()),
                weight: weight(question.lexical.is_some(), 1.0 - scorer.alpha),
            },
            dense: SideAccount {
                raw: cosine,
                normalized: dense,
                rank: place(cosine, &mut scratch.dense_hits()),
                weight: weight(question.dense.is_some(), scorer.alpha),
            },
            terms: terms(index, question, ordinal),
            constant,
            allowed,
        })
    })
}

/// The place of a chunk in a side's ranking: by score, then by id.
fn rank(index: &Index, ordinal: Ordinal, score: f64, found: &mut dyn Iterator<Item = (Ordinal, f64)>) -> usize {
    let own = Entry { score, ordinal };
    1 + found.filter(|&(ordinal, score)| index.order(&Entry { score, ordinal }, &own) == Ordering::Less).count()
}

fn terms(index: &Index, question: &Question<'_>, ordinal: Ordinal) -> Vec<TermAccount> {
    let (part, local) = index.part_of(ordinal);
    let saturation = index.saturations().of(part.segment.lengths[local as usize]);
    let held = question.lexical.iter().flat_map(|side| side.of_part(part)).filter_map(|(term, postings)| {
        let tf = postings.count(local)?;
        Some(TermAccount {
            term: term.text.clone(),
            tf,
            idf: term.idf,
            weight: term.weight,
            share: share(term.factor, tf, saturation),
        })
    });
    held.collect()
}
