//! Several segments into one, without the chunks that were deleted.
//!
//! What results is what a build of the live chunks would be: their terms are not analyzed again, nor their vectors
//! normalized, but moved. A commit merges by size, so that each chunk is moved a few times in its life and an index has
//! few parts: [`FANOUT`] of a size become one of the next. On call everything becomes one segment a tenant.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::build::threads;
use super::columns;
use super::part::Part;
use super::postings::{self, ODD, Postings, code_of, word_of};
use super::rows::Rows;
use super::strings::{self, Growing, Ids, Strings};
use super::vectors::Vectors;
use super::vocabulary::Vocabulary;
use super::{Index, Segment};
use crate::error::{Error, Result};
use crate::types::Ordinal;

/// So many segments of about one size become one.
const FANOUT: usize = 8;
/// Segments of fewer than [`FANOUT`] times as many chunks are of one size: moving them costs less than having them.
const SMALL: usize = 16;
/// A segment is written anew once one of so many of its chunks was deleted.
const DELETED: usize = 4;

/// Parts that become one.
struct Group {
    members: Vec<usize>,
    live: usize,
}

impl Index {
    /// The same chunks in fewer segments; None if there is nothing to do. Segments of more than `most` chunks are left
    /// alone, which bounds the work by [`FANOUT`] times as many chunks; None: all become one segment a tenant.
    ///
    /// # Errors
    /// [`Error::Corrupt`](crate::error::Error::Corrupt) where a file is damaged,
    /// [`Error::Input`](crate::error::Error::Input) where memory is short.
    pub fn merged(&self, most: Option<usize>) -> Result<Option<Self>> {
        let mut tenants: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
        for part in &self.parts {
            tenants.entry(part.tenant.as_deref()).or_default().push(part.number);
        }
        let groups: Vec<Vec<usize>> = tenants.into_values().flat_map(|parts| self.plan(parts, most)).collect();
        if groups.is_empty() {
            return Ok(None);
        }
        let mut parts: Vec<Option<Part>> = self.parts.iter().map(|part| Some(part.again())).collect();
        for group in groups {
            let members: Vec<&Part> = group.iter().map(|&number| &self.parts[number]).collect();
            let merged = Part::new(Arc::new(merge(&members)?), members[0].tenant.clone(), None);
            group.iter().for_each(|&number| parts[number] = None);
            parts[group[0]] = Some(merged);
        }
        Ok(Some(Self::assemble(self.kept.clone(), parts.into_iter().flatten().collect())))
    }

    /// Which of these parts of one tenant become one, each group in order.
    fn plan(&self, parts: Vec<usize>, most: Option<usize>) -> Vec<Vec<usize>> {
        let deleted = |number: usize| self.parts[number].span() - self.parts[number].count();
        let Some(most) = most else {
            let whole = parts.len() == 1 && deleted(parts[0]) == 0;
            return if whole { Vec::new() } else { vec![parts] };
        };
        let mut groups: Vec<Group> = parts
            .into_iter()
            .filter(|&number| self.parts[number].span() <= most)
            .map(|number| Group { members: vec![number], live: self.parts[number].count() })
            .collect();
        while let Some(tier) = crowded(&groups) {
            let (taken, left): (Vec<Group>, Vec<Group>) =
                groups.into_iter().partition(|group| group.live <= most && size(group.live) <= tier);
            groups = left;
            groups.push(Group {
                live: taken.iter().map(|group| group.live).sum(),
                members: taken.into_iter().flat_map(|group| group.members).collect(),
            });
        }
        let due = |group: &Group| match group.members[..] {
            [number] => deleted(number) * DELETED >= self.parts[number].span(),
            _ => true,
        };
        let mut due: Vec<Vec<usize>> = groups.into_iter().filter(due).map(|group| group.members).collect();
        due.iter_mut().for_each(|members| members.sort_unstable());
        due
    }
}

/// The least size of which there are too many.
fn crowded(groups: &[Group]) -> Option<u32> {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    groups.iter().for_each(|group| *counts.entry(size(group.live)).or_default() += 1);
    counts.into_iter().find(|&(_, count)| count >= FANOUT).map(|(size, _)| size)
}

fn size(live: usize) -> u32 {
    (live / SMALL).max(1).ilog(FANOUT)
}

/// Where the live chunks of a part come to lie.
struct Moved<'a> {
    part: &'a Part,
    first: Ordinal,
    /// By chunk; [`GONE`] for a deleted one. Empty while none is.
    places: Vec<Ordinal>,
}

const GONE: Ordinal = Ordinal::MAX;

impl<'a> Moved<'a> {
    fn of(part: &'a Part, first: Ordinal) -> Self {
        let mut next = first;
        let mut place = |local| {
            let place = if part.holds(local) { next } else { GONE };
            next += Ordinal::from(place != GONE);
            place
        };
        let places = part.live().map_or_else(Vec::new, |_| (0..part.span() as Ordinal).map(&mut place).collect());
        Self { part, first, places }
    }

    #[inline]
    fn place(&self, local: Ordinal) -> Option<Ordinal> {
        match self.places.get(local as usize) {
            None => Some(self.first + local),
            Some(&GONE) => None,
            Some(&place) => Some(place),
        }
    }

    fn live(&self) -> impl Iterator<Item = Ordinal> {
        (0..self.part.span() as Ordinal).filter(|&local| self.part.holds(local))
    }
}

/// The live chunks of `parts`, one part after another.
fn merge(parts: &[&Part]) -> Result<Segment> {
    let mut moved = Vec::with_capacity(parts.len());
    let mut chunks = 0;
    for part in parts {
        moved.push(Moved::of(part, chunks as Ordinal));
        chunks += part.count();
    }
    let (mut ids, mut stored, mut lengths) = (Growing::default(), Growing::default(), Vec::with_capacity(chunks));
    let mut rows = parts[0].segment.dimension().map(Rows::new);
    let mut columns = columns::Builder::default();
    for part in &moved {
        let segment = &part.part.segment;
        columns.append(&segment.columns, part.part.live())?;
        for local in part.live() {
            ids.push(segment.ids.get(local).unwrap_or_default().as_bytes());
            stored.push(segment.stored.get(local as usize)?.unwrap_or_default());
            lengths.push(segment.lengths[local as usize]);
            if let (Some(rows), Some(vectors)) = (&mut rows, &segment.vectors) {
                rows.push_lines(vectors.get(local)?)?;
            }
        }
    }
    let (terms, postings) = merge_postings(&moved, chunks)?;
    let bytes = rows.as_ref().map_or(0, Rows::bytes) + size_of::<u32>() * postings.len();
    threads(bytes)?.install(|| {
        let vectors = match rows {
            Some(rows) => Some(Vectors::of(rows)?),
            None => None,
        };
        let ids = Ids::of(ids.strings()).map_err(|error| match error {
            // Changes refuse an id that is there already, so that only a file can hold one twice.
            Error::DuplicateId(id) => parts[0].segment.lengths.corrupt(&format!("two chunks with the id {id:?}")),
            other => other,
        })?;
        let vocabulary = Vocabulary::from_terms(terms);
        Ok(Segment::of(ids, stored.blobs(), vocabulary, postings, lengths.into(), vectors, columns.finish()))
    })
}

/// The terms that a live chunk holds, in byte order, and their postings.
fn merge_postings(moved: &[Moved<'_>], chunks: usize) -> Result<(Strings, Postings)> {
    let mut named: Vec<(&str, usize, u32)> = Vec::new();
    for (i, part) in moved.iter().enumerate() {
        named.extend((0..).zip(part.part.segment.vocabulary.terms().iter()).map(|(id, term)| (term, i, id)));
    }
    named.sort(); // of ascending runs
    let (mut terms, mut postings) = (strings::Growing::default(), postings::Growing::new(chunks));
    let (mut words, mut odd) = (Vec::new(), Vec::new());
    for group in named.chunk_by(|left, right| left.0 == right.0) {
        words.clear();
        odd.clear();
        for &(_, i, id) in group {
            moved[i].part.segment.postings.of(id)?.for_each(|local, count| {
                if let Some(place) = moved[i].place(local) {
                    words.push(word_of(place, code_of(count)));
                    if count >= ODD {
                        odd.push([place, count]);
                    }
                }
            });
        }
        if !words.is_empty() {
            terms.push(group[0].0.as_bytes());
            postings.push(std::iter::once(&words[..]), &odd);
        }
    }
    Ok((terms.strings(), postings.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Analyzer;
    use crate::index::{Metadata, Source, Value, segment};
    use crate::score::Bm25;
    use proptest::prelude::*;

    type Chunk = (Vec<&'static str>, [i8; 2], bool);

    fn chunks() -> impl Strategy<Value = Vec<Vec<Chunk>>> {
        let term = prop::sample::select(vec!["a", "b", "c", "d", "rare", "é"]);
        let chunk = (prop::collection::vec(term, 0..9), [-2i8..3, -2..3], any::<bool>());
        prop::collection::vec(prop::collection::vec(chunk, 0..12), 1..6)
    }

    fn built(chunks: &[(String, &Chunk)]) -> Arc<Segment> {
        let texts: Vec<String> = chunks.iter().map(|(_, chunk)| chunk.0.join(" ")).collect();
        let rows: Vec<f32> = chunks.iter().flat_map(|(_, chunk)| chunk.1.map(f32::from)).collect();
        let of_chunk = |chunk: &(String, &Chunk)| -> Metadata {
            let text = |term: &&str| Value::Text(term.as_bytes().to_vec().into());
            let (all, first) = (chunk.1.0.iter().map(text).collect(), chunk.1.0.first().map_or(Value::Null, text));
            vec![(b"all".to_vec(), Value::List(all)), (b"first".to_vec(), first)]
        };
        let metadata: Vec<Metadata> = chunks.iter().map(of_chunk).collect();
        let source = Source {
            ids: &chunks.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(),
            texts: &texts.iter().map(String::as_str).collect::<Vec<_>>(),
            stored: &texts.iter().map(String::as_bytes).collect::<Vec<_>>(),
            vectors: Some((2, &rows)),
            metadata: &metadata,
        };
        Arc::new(segment(&Analyzer::new("whitespace").expect("known"), source).expect("valid"))
    }

    fn index(parts: Vec<(Option<String>, Arc<Segment>)>) -> Index {
        let bm25 = Bm25::new("okapi", 1.2, 0.75, 0.0, 0.25).expect("valid");
        Index::of(Analyzer::new("whitespace").expect("known"), bm25, "", parts).expect("valid")
    }

    #[test]
    fn an_id_that_two_parts_hold_is_damage() {
        let part = built(&[("x".to_owned(), &(vec!["a"], [1, 2], false))]);
        let parts = [Part::new(Arc::clone(&part), None, None), Part::new(part, None, None)];
        let error = merge(&[&parts[0], &parts[1]]).expect_err("twice");
        assert_eq!(error, Error::Input("an index in memory holds two chunks with the id \"x\"".into()));
    }

    proptest! {
        #[test]
        fn what_is_merged_is_what_is_built(parts in chunks()) {
            let named: Vec<Vec<(String, &Chunk)>> = parts
                .iter()
                .zip('a'..)
                .map(|(part, name)| part.iter().enumerate().map(|(i, chunk)| (format!("{}{name}", 97 * i % 13), chunk)).collect())
                .collect();
            let whole = index(named.iter().map(|part| (None, built(part))).collect());
            let all: Vec<&(String, &Chunk)> = named.iter().flatten().collect();
            let dead: Vec<Ordinal> = (0..).zip(&all).filter(|(_, chunk)| chunk.1.2).map(|(ordinal, _)| ordinal).collect();
            let index = whole.changed(&dead, Vec::new(), None).expect("valid");
            let live: Vec<(String, &Chunk)> = all.into_iter().filter(|chunk| !chunk.1.2).cloned().collect();
            match index.merged(None).expect("in memory") {
                Some(merged) => {
                    prop_assert_eq!(merged.parts().len(), usize::from(!live.is_empty()));
                    if let [part] = merged.parts() {
                        prop_assert_eq!(&*part.segment, &*built(&live));
                        prop_assert!(part.live().is_none() && merged.merged(None).expect("in memory").is_none());
                    }
                    prop_assert_eq!(merged.statistics(), index.statistics());
                    prop_assert_eq!(merged.dimension(), Some(2));
                }
                None => prop_assert!(index.parts().len() <= 1 && index.span() == index.len()),
            }
        }
    }

    #[test]
    fn parts_stay_few_while_chunks_come_one_by_one() {
        let chunk: Chunk = (vec!["a"], [1, 0], false);
        let (mut index, mut moved, mut most) = (index(Vec::new()), 0, 0);
        const COUNT: usize = 3000;
        for i in 0..COUNT {
            index = index.changed(&[], vec![(None, built(&[(format!("{i}"), &chunk)]))], None).expect("new");
            if let Some(merged) = index.merged(Some(1_000_000)).expect("in memory") {
                let before: Vec<usize> = index.parts().iter().map(Part::span).collect();
                moved += merged.parts().iter().map(Part::span).filter(|span| !before.contains(span)).sum::<usize>();
                index = merged;
            }
            most = most.max(index.parts().len());
        }
        assert_eq!(index.len(), COUNT);
        assert!(most <= 3 * FANOUT, "{most} parts");
        assert!(moved <= 24 * COUNT, "{moved} chunks were moved");
    }

    #[test]
    fn tenants_large_and_clean_parts_are_left_alone() {
        let chunk: Chunk = (vec!["a"], [1, 0], false);
        let part =
            |name: &str, count: usize| built(&(0..count).map(|i| (format!("{name}{i}"), &chunk)).collect::<Vec<_>>());
        let tenants: Vec<_> = (0..20).map(|i| (Some(format!("t{}", i / 7)), part(&format!("{i}-"), 3))).collect();
        assert!(index(tenants.clone()).merged(Some(100)).expect("in memory").is_none(), "seven or fewer each");
        let all = index(tenants).merged(None).expect("in memory").expect("many");
        assert_eq!(
            all.segments().map(|part| part.tenant.map(str::to_owned)).collect::<Vec<_>>(),
            [Some("t0".to_owned()), Some("t1".to_owned()), Some("t2".to_owned())]
        );

        let mut parts: Vec<_> = (0..8).map(|i| (None, part(&format!("{i}-"), 20))).collect();
        parts.insert(3, (None, part("large-", 120)));
        let merged = index(parts).merged(Some(100)).expect("in memory").expect("eight of a size");
        assert_eq!(merged.parts().iter().map(Part::span).collect::<Vec<_>>(), [160, 120]);
        assert_eq!(merged.id(20), Some("1-0"), "in their order");

        let clean = index(vec![(None, part("x", 20))]);
        let (few, many) = (clean.changed(&[0, 1], Vec::new(), None), clean.changed(&[0, 1, 2, 3, 4], Vec::new(), None));
        assert!(few.expect("live").merged(Some(100)).expect("in memory").is_none());
        let many = many.expect("live");
        assert!(many.merged(Some(10)).expect("in memory").is_none(), "too large to be touched");
        assert_eq!(many.merged(Some(100)).expect("in memory").expect("a quarter is gone").span(), 15);
    }
}
