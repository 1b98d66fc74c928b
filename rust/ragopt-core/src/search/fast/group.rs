//! Several questions in one walk over the vectors.
//!
//! One question waits for memory; several share what is read. Rows come in blocks that stay in a core's own cache
//! while all questions of a group look at them. Each question has its own race, and finds what it would find alone.

use super::dense::Dense;
use super::engine::{Race, Room};
use super::hybrid::{Fused, Sides, Small, found};
use super::lexical::{Bounds, Sums};
use super::units::Units;
use super::windows::{SPARSE, Terms};
use crate::index::{Index, WINDOW};
use crate::score::codes::{self, Coarse};
use crate::score::normalizer::{Limits, Map, Population};
use crate::search::Parameters;
use crate::search::question::Question;
use crate::search::scorer::Scorer;
use crate::types::{Bits, Found, Ordinal};

/// Rows that all questions look at before the next ones are read; a divisor of [`WINDOW`].
const BLOCK: usize = 2048;

/// One question of a group.
struct Member<'a> {
    question: &'a Question,
    sides: Sides<'a>,
    dense: Dense<'a>,
    scorer: Scorer<'a>,
    units: Units,
    terms: Option<Terms<'a>>,
}

/// The exact top-k of each question; None where they are better answered one by one: alone, under a narrow
/// allow-list, or with a normalizer that must know the best of a side first.
pub(super) fn search_from(
    small: Small,
    index: &Index,
    questions: &[Question],
    allow: Option<&Bits>,
    parameters: &Parameters,
) -> Option<Vec<Found>> {
    if questions.len() < 2 || parameters.normalizer.population() != Population::Nothing {
        return None;
    }
    let members: Option<Vec<Member<'_>>> =
        questions.iter().map(|question| Member::of(small, index, question, allow, parameters)).collect();
    let mut members = members?;
    let mut terms: Vec<Option<Terms<'_>>> = members.iter_mut().map(|member| member.terms.take()).collect();
    let judges: Vec<Fused<'_>> = members.iter().map(Member::judge).collect();
    let mut rooms: Vec<Room> = members.iter().map(|_| Room::default()).collect();
    let least = parameters.min_score.unwrap_or(f64::NEG_INFINITY);
    let mut races = Vec::with_capacity(members.len());
    for ((member, judge), room) in members.iter().zip(&judges).zip(&mut rooms) {
        let Member { dense, sides, units, .. } = member;
        races.push(Race::new(judge, dense, sides.side, sides.vectors, units, parameters.k, least, room));
    }
    let coarse: Vec<Coarse<'_>> = members.iter().map(|member| member.dense.coarse()).collect();
    let mut bounds = vec![0.0f32; WINDOW * members.len()];
    let mut sums: Box<Sums> = Box::new([0; WINDOW]);
    for start in (0..index.len()).step_by(WINDOW) {
        if allow.is_some_and(|allow| allow.window(start, WINDOW).iter().all(|&word| word == 0)) {
            continue;
        }
        let count = WINDOW.min(index.len() - start);
        for block in (0..count).step_by(BLOCK) {
            let rows = members[0].dense.rows(start + block..start + count.min(block + BLOCK));
            codes::bounds_of_many(&coarse, &rows, WINDOW, &mut bounds[block..]);
        }
        for (((race, member), terms), bounds) in
            races.iter_mut().zip(&members).zip(&mut terms).zip(bounds.chunks_mut(WINDOW))
        {
            let bounds = &mut bounds[..count];
            if let Some(terms) = terms {
                terms.add(&member.units, start / WINDOW, member.sides.vectors, &mut sums, bounds);
            }
            race.offer(bounds, |place| {
                let ordinal = start as Ordinal + place;
                allow.is_none_or(|allow| allow.contains(ordinal)).then_some(ordinal)
            });
        }
    }
    let finished = races.into_iter().map(Race::finish).zip(&members);
    Some(finished.map(|(best, member)| found(&best, &member.scorer, member.question, parameters)).collect())
}

impl<'a> Member<'a> {
    fn of(
        small: Small,
        index: &'a Index,
        question: &'a Question,
        allow: Option<&Bits>,
        parameters: &Parameters,
    ) -> Option<Self> {
        let sides = Sides::of(small, index, question, allow, parameters)?;
        if sides.count < index.len() / SPARSE {
            return None;
        }
        let known = sides.lexical.filter(|side| !side.terms.is_empty());
        let terms = match known {
            Some(side) => Some(Terms { bounds: Bounds::of(index, side)?, floor: parameters.floor }),
            None => None,
        };
        // Where nothing is found all gains are 0, and so is what these make of them.
        let found = |limits| parameters.normalizer.map(&[(0, 0.0)], limits);
        let dense_map = found(Limits { bottom: parameters.floor, most: 1.0 });
        let lexical_map = known.map_or(Map::Constant(0.0), |side| found(side.limits()));
        let most = terms.as_ref().map_or(0.0, |terms| terms.bounds.most());
        Some(Self {
            question,
            dense: Dense::of(&sides.side.query, sides.vectors, sides.plane),
            units: Units::of(sides.alpha, &dense_map, &lexical_map, most)?,
            scorer: Scorer::new(index, question, parameters, Some(lexical_map), Some(dense_map)),
            terms,
            sides,
        })
    }

    fn judge(&self) -> Fused<'_> {
        Fused { scorer: &self.scorer, lexical: self.sides.lexical.is_some() }
    }
}
