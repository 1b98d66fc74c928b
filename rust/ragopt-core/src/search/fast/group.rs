//! Several questions in one walk over the vectors.
//!
//! One question waits for memory; several share what is read. Rows come in blocks that stay in a core's own cache
//! while all questions of a group look at them. Each question has its own race, and finds what it would find alone.

use std::ops::Range;

use super::dense::Dense;
use super::engine::{FIRST, Race, Room};
use super::hybrid::{Fused, found};
use super::lexical::{Bounds, Sums, most};
use super::merged::Merged;
use super::sides::{PartSide, Sides, Small, Stepped};
use super::units::Units;
use super::windows::{SPARSE, Terms};
use crate::error::Result;
use crate::index::{Allow, Index, WINDOW};
use crate::score::codes::{self, Rows};
use crate::score::normalizer::{Limits, Map, Population};
use crate::search::Parameters;
use crate::search::question::Question;
use crate::search::scorer::Scorer;
use crate::types::{Found, Ordinal};

/// Rows that all questions look at before the next ones are read; a divisor of [`WINDOW`].
const BLOCK: usize = 2048;

/// One question of a group.
struct Member<'a> {
    question: &'a Question<'a>,
    sides: Sides<'a>,
    terms: Option<Stepped<'a>>,
    scorer: Scorer<'a>,
    units: Units,
}

/// Memory of a group.
struct Memory {
    rooms: Vec<Room>,
    /// Of a window, for each question with terms or beside one.
    bounds: Vec<f32>,
    sums: Box<Sums>,
}

/// The exact top-k of each question; None where they are better answered one by one: alone, under a narrow
/// allow-list, or with a normalizer that must know the best of a side first.
pub(super) fn search_from(
    small: Small,
    index: &Index,
    questions: &[Question<'_>],
    allow: Option<&Allow>,
    parameters: &Parameters,
) -> Result<Option<Vec<Found>>> {
    if questions.len() < 2 || parameters.normalizer.population() != Population::Nothing {
        return Ok(None);
    }
    let mut members = Vec::with_capacity(questions.len());
    for question in questions {
        match Member::of(small, index, question, allow, parameters)? {
            Some(member) => members.push(member),
            None => return Ok(None),
        }
    }
    let mut memory = Memory {
        rooms: members.iter().map(|_| Room::default()).collect(),
        bounds: Vec::new(),
        sums: Box::new([0; WINDOW]),
    };
    let least = parameters.min_score.unwrap_or(f64::NEG_INFINITY);
    let mut merged: Vec<Merged<'_>> = members.iter().map(|_| Merged::new(index, parameters.k, least)).collect();
    let parts = members[0].sides.parts.len();
    let mut all = Vec::with_capacity(members.len());
    for place in 0..parts {
        let last = (place + 1 == parts).then_some(&mut all);
        search_part(index, place, &members, parameters, &mut memory, &mut merged, last)?;
    }
    for (merged, member) in merged.iter().zip(&members).skip(all.len()) {
        all.push(found(merged.best(), &member.scorer, member.question, parameters)?);
    }
    Ok(Some(all))
}

/// Searches the part at `place` among those of the members, which are the same for all. After the `last` one each member
/// has its hits while what it scored is near.
fn search_part(
    index: &Index,
    place: usize,
    members: &[Member<'_>],
    parameters: &Parameters,
    memory: &mut Memory,
    merged: &mut [Merged<'_>],
    mut last: Option<&mut Vec<Found>>,
) -> Result<()> {
    let Memory { rooms, bounds, sums } = memory;
    let side = members[0].sides.parts[place];
    let part = side.part;
    let dense: Vec<Dense<'_>> = members.iter().map(|member| Dense::of(&member.sides.side.query, &side)).collect();
    let mut terms = Vec::with_capacity(members.len());
    for member in members {
        let bounds = member.terms.map(|Stepped { side, steps }| Bounds::of(index, part, side, steps));
        terms.push(bounds.map(|bounds| Terms { bounds, floor: parameters.floor }));
    }
    let judges =
        members.iter().map(|member| Fused { scorer: &member.scorer, part, lexical: member.sides.lexical.is_some() });
    let judges: Vec<Fused<'_>> = judges.collect();
    let (by_bytes, without_terms) = (codes::by_bytes(members.len()), terms.iter().all(Option::is_none));
    let mut races = Vec::with_capacity(members.len());
    for (i, room) in rooms.iter_mut().enumerate() {
        let (query, units, least) = (members[i].sides.side, &members[i].units, merged[i].threshold());
        let race = Race::new(&judges[i], &dense[i], query, side.vectors, units, parameters.k, least, room);
        races.push(if by_bytes && without_terms { race.near() } else { race });
    }
    let queries = dense.iter().map(if by_bytes { Dense::middle } else { Dense::coarse });
    let mut walk = Walk { side, dense: &dense[0], by_bytes, queries: codes::Group::of(queries.collect()), races };
    if without_terms {
        walk.by_products(parameters)?;
    } else {
        bounds.resize(WINDOW * members.len(), 0.0);
        walk.by_sums(parameters, members, &mut terms, bounds, sums)?;
    }
    for ((race, merged), member) in walk.races.into_iter().zip(merged).zip(members) {
        parameters.go_on()?;
        merged.take(race.finish()?);
        if let Some(all) = &mut last {
            all.push(found(merged.best(), &member.scorer, member.question, parameters)?);
        }
    }
    Ok(())
}

/// A group's walk over the rows of a part.
struct Walk<'a> {
    side: PartSide<'a>,
    /// That of any question: what it tells of the rows holds for all.
    dense: &'a Dense<'a>,
    /// Whether rows are looked at by all their bits.
    by_bytes: bool,
    queries: codes::Group<'a>,
    races: Vec<Race<'a, Fused<'a>>>,
}

impl<'a> Walk<'a> {
    fn rows(&self, range: Range<usize>) -> Result<Rows<'a>> {
        if self.by_bytes { self.dense.middle_rows(range) } else { self.dense.rows(range) }
    }

    /// Only vectors decide: what each race may need is picked where the products are made.
    fn by_products(&mut self, parameters: &Parameters) -> Result<()> {
        let PartSide { part, allow, .. } = self.side;
        let mut cuts = Vec::with_capacity(self.races.len());
        let mut kept = vec![Vec::new(); self.races.len()];
        let (mut start, mut block) = (0, FIRST);
        while start < part.span() {
            let end = part.span().min(start + block);
            parameters.go_on()?;
            if allow.is_none_or(|allow| allow.window(start, block).iter().any(|&word| word != 0)) {
                cuts.clear();
                cuts.extend(self.races.iter().map(Race::cut));
                self.queries.at_least(&cuts, &self.rows(start..end)?, start as Ordinal, &mut kept);
                for (race, kept) in self.races.iter_mut().zip(&mut kept) {
                    let allowed = |&(_, local): &(f32, Ordinal)| allow.is_none_or(|allow| allow.contains(local));
                    race.take(kept.drain(..).filter(allowed))?;
                }
            }
            (start, block) = (end, BLOCK.min(2 * block));
        }
        Ok(())
    }

    /// Terms add to the bounds of a window before it is looked through.
    fn by_sums(
        &mut self,
        parameters: &Parameters,
        members: &[Member<'_>],
        terms: &mut [Option<Terms<'_>>],
        bounds: &mut [f32],
        sums: &mut Sums,
    ) -> Result<()> {
        let PartSide { part, allow, vectors, .. } = self.side;
        for start in (0..part.span()).step_by(WINDOW) {
            if allow.is_some_and(|allow| allow.window(start, WINDOW).iter().all(|&word| word == 0)) {
                continue;
            }
            parameters.go_on()?;
            let count = WINDOW.min(part.span() - start);
            for block in (0..count).step_by(BLOCK) {
                let rows = self.rows(start + block..start + count.min(block + BLOCK))?;
                self.queries.bounds(&rows, WINDOW, &mut bounds[block..]);
            }
            let each = self.races.iter_mut().zip(members).zip(&mut *terms).zip(bounds.chunks_mut(WINDOW));
            for (((race, member), terms), bounds) in each {
                let bounds = &mut bounds[..count];
                if let Some(terms) = terms {
                    terms.add(&member.units, start / WINDOW, vectors, sums, bounds);
                }
                race.offer(bounds, |place| {
                    let local = start as Ordinal + place;
                    allow.is_none_or(|allow| allow.contains(local)).then_some(local)
                })?;
            }
        }
        Ok(())
    }
}

impl<'a> Member<'a> {
    fn of(
        small: Small,
        index: &'a Index,
        question: &'a Question<'a>,
        allow: Option<&'a Allow>,
        parameters: &Parameters,
    ) -> Result<Option<Self>> {
        let sides = match Sides::of(small, index, question, allow, parameters)? {
            Some(sides) if sides.count >= index.len() / SPARSE => sides,
            _ => return Ok(None),
        };
        let Some(terms) = Stepped::of(&sides) else {
            return Ok(None);
        };
        // Where nothing is found all gains are 0, and so is what these make of them.
        let found = |limits| parameters.normalizer.map(&[(0, 0.0)], limits);
        let dense_map = found(Limits { bottom: parameters.floor, most: 1.0 });
        let lexical_map = terms.map_or(Map::Constant(0.0), |terms| found(terms.side.limits()));
        let most = terms.map_or(0.0, |terms| most(terms.steps));
        let units = Units::of(sides.alpha, &dense_map, &lexical_map, most);
        Ok(units.map(|units| Self {
            question,
            units,
            scorer: Scorer::new(index, question, parameters, Some(lexical_map), Some(dense_map)),
            terms,
            sides,
        }))
    }
}
