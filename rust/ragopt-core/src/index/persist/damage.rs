//! Files that were changed: each opening, reading and search gives a typed error or what the whole index gives.

use std::fs;
use std::ops::Range;
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::super::{Index, Source};
use super::tests::{Folder, rewrite, same, sample, save};
use crate::analysis::Analyzer;
use crate::error::{Error, Result};
use crate::score::Bm25;
use crate::search::{Lexical, Parameters, explain, search, search_many};
use crate::types::{Found, Ordinal};

/// Chunks enough for windows of codes, rows and blobs over many blocks.
fn large() -> Index {
    const DIMENSION: usize = 20;
    let number = |i: usize| (i as u32).wrapping_mul(2_654_435_761) >> 7;
    let texts: Vec<String> = (0..1500)
        .map(|i| {
            format!("red t{} {} {}", number(i) % 7, "pears ".repeat(i % 6), "plums ".repeat(number(i) as usize % 3))
        })
        .collect();
    let rows: Vec<f32> = (0..1500 * DIMENSION).map(|i| (number(i) % 2001) as f32 - 1000.0).collect();
    let stored: Vec<String> = texts.iter().zip(0..).map(|(text, i)| format!("{i}: {text}")).collect();
    let ids: Vec<String> = (0..1500).map(|i| format!("{}", number(i))).collect();
    let source = Source {
        ids: &ids.iter().map(String::as_str).collect::<Vec<_>>(),
        texts: &texts.iter().map(String::as_str).collect::<Vec<_>>(),
        stored: &stored.iter().map(String::as_bytes).collect::<Vec<_>>(),
        vectors: Some((DIMENSION, &rows)),
        metadata: &[],
    };
    let bm25 = Bm25::new("lucene", 1.2, 0.75, 0.0, 0.0).expect("valid");
    Index::build(Analyzer::new("whitespace").expect("known"), bm25, source, "").expect("valid")
}

fn questions() -> Vec<(&'static str, Parameters<'static>)> {
    [("red pears plums", "bounded", 0.6), ("pears t3", "minmax", 0.5), ("plums", "none", 0.0), ("", "none", 1.0)]
        .map(|(text, normalizer, alpha)| (text, Parameters::new(5, alpha, normalizer, 9, -1.0, None).expect("valid")))
        .to_vec()
}

fn asked(index: &Index) -> Vec<Result<Found>> {
    let vector: Vec<f32> = (0..index.dimension().unwrap_or(0)).map(|i| 1.0 - i as f32 / 7.0).collect();
    let one = |(text, parameters)| search(index, Some(Lexical::Text(text)), Some(&vector), None, &parameters);
    questions().into_iter().map(one).collect()
}

fn typed(error: &Error) -> bool {
    matches!(error, Error::Corrupt { .. } | Error::Version { .. } | Error::NotAnIndex { .. })
}

/// Whatever `folder` is opened as gives errors that are typed, or what `whole` gives.
fn refused_or_as(folder: &Path, whole: &Index, expected: &[Result<Found>]) -> std::result::Result<(), TestCaseError> {
    let opened = match Index::open(folder) {
        Ok(opened) => opened,
        Err(error) => {
            prop_assert!(typed(&error), "{}", error);
            return Ok(());
        }
    };
    let mut damaged = false;
    let mut right = |error: Option<Error>, same: bool| {
        damaged |= error.is_some();
        error.map_or(same, |error| typed(&error))
    };
    for (found, expected) in asked(&opened).into_iter().zip(expected) {
        prop_assert!(right(found.clone().err(), found == *expected), "{:?} is not {:?}", found, expected);
    }
    for ordinal in (0..whole.len() as Ordinal).step_by(1 + whole.len() / 100) {
        let (stored, vector) = (opened.stored(ordinal), opened.vector(ordinal));
        prop_assert!(right(stored.clone().err(), stored == whole.stored(ordinal)));
        prop_assert!(right(vector.clone().err(), vector == whole.vector(ordinal)));
        prop_assert_eq!(opened.id(ordinal), whole.id(ordinal));
    }
    match opened.verify() {
        Ok(()) => prop_assert!(!damaged && same(whole, &opened)),
        Err(error) => prop_assert!(typed(&error), "{}", error),
    }
    Ok(())
}

/// With right checksums nobody can say what the index was: it must only be searched without a panic, or refused.
fn refused_or_searched(folder: &Path) -> std::result::Result<(), TestCaseError> {
    let found = Index::open(folder).and_then(|opened| {
        for found in asked(&opened).into_iter().flatten() {
            for hit in &found.hits {
                assert!(!hit.score.is_nan() && opened.alive(hit.ordinal));
            }
        }
        let vector = vec![1.0; opened.dimension().unwrap_or(0)];
        for (text, parameters) in questions() {
            let question = (Some(Lexical::Text(text)), Some(&vector[..]));
            for ordinal in opened.ordinals().take(3) {
                explain(&opened, question.0, question.1, None, &parameters, ordinal)?;
            }
            search_many(&opened, &[question; 3], None, &parameters, 1)?;
        }
        for ordinal in opened.ordinals().take(100) {
            assert!(opened.id(ordinal).is_none_or(|id| opened.ordinal(id).is_none_or(|found| opened.alive(found))));
            opened.stored(ordinal)?;
            opened.vector(ordinal)?;
        }
        opened.document_frequency("pears")?;
        opened.warm()?;
        opened.verify()
    });
    prop_assert!(found.as_ref().err().is_none_or(typed), "{:?}", found);
    Ok(())
}

/// One change to some bytes.
#[derive(Debug, Clone)]
enum Change {
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Append(u8, usize),
    Absurd(prop::sample::Index),
    /// So many bytes from one place to another.
    Copy(prop::sample::Index, prop::sample::Index, usize),
    Remove,
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Append(byte, count) => bytes.extend(std::iter::repeat_n(*byte, *count)),
            Self::Remove => bytes.clear(),
            _ if bytes.is_empty() => {}
            Self::Flip(place, mask) => {
                let place = place.index(bytes.len());
                bytes[place] ^= mask;
            }
            Self::Cut(place) => bytes.truncate(place.index(bytes.len())),
            Self::Absurd(place) => {
                let place = place.index(bytes.len());
                bytes[place..].iter_mut().take(8).for_each(|byte| *byte = 0xff);
            }
            Self::Copy(from, to, count) => {
                let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
                let count = (*count).min(bytes.len() - from.max(to));
                bytes.copy_within(from..from + count, to);
            }
        }
    }
}

fn changes() -> impl Strategy<Value = Change> {
    let place = any::<prop::sample::Index>;
    prop_oneof![
        4 => (place(), 1u8..).prop_map(|(place, mask)| Change::Flip(place, mask)),
        2 => place().prop_map(Change::Cut),
        1 => (any::<u8>(), 1usize..40).prop_map(|(byte, count)| Change::Append(byte, count)),
        2 => place().prop_map(Change::Absurd),
        2 => (place(), place(), 1usize..5000).prop_map(|(from, to, count)| Change::Copy(from, to, count)),
        1 => Just(Change::Remove),
    ]
}

/// A new file in the place of the old one: whoever has mapped that keeps it.
fn replace(path: &Path, bytes: &[u8]) {
    fs::remove_file(path).expect("there");
    fs::write(path, bytes).expect("writable");
}

fn changed_files(index: &Index, cases: u32) {
    let folder = Folder::new();
    save(index, &folder.index()).expect("writable");
    let expected = asked(index);
    assert!(expected.iter().all(Result::is_ok));
    let files = folder.files();
    let contents: Vec<Vec<u8>> = files.iter().map(|path| fs::read(path).expect("saved")).collect();
    let mut runner = TestRunner::new(ProptestConfig::with_cases(cases));
    // Most changes to the last file, the segment.
    let which = prop_oneof![1 => 0..files.len(), 3 => Just(files.len() - 1)];
    let result = runner.run(&(which, changes()), |(which, change)| {
        let mut bytes = contents[which].clone();
        change.apply(&mut bytes);
        replace(&files[which], &bytes);
        let right = refused_or_as(&folder.index(), index, &expected);
        replace(&files[which], &contents[which]);
        right
    });
    result.expect("every change is refused or harmless");
}

#[test]
fn a_changed_file_is_refused_or_makes_no_difference() {
    changed_files(&sample(true), 2000);
}

#[test]
fn a_change_far_from_the_search_is_found_where_it_is_touched() {
    changed_files(&large(), 800);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1200))] // each waits for the disk

    #[test]
    fn hostile_files_with_right_checksums_are_refused_or_can_be_searched(
        which in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
        (in_manifest, swap) in prop_oneof![1 => Just((true, false)), 8 => Just((false, false)), 3 => Just((false, true))],
        changes in prop::collection::vec(changes(), 1..3),
        vectors in any::<bool>(),
    ) {
        let (folder, index) = (Folder::new(), sample(vectors));
        let change = |bytes: &mut Vec<u8>| changes.iter().for_each(|change| change.apply(bytes));
        rewrite(
            &index,
            &folder.index(),
            |manifest| if in_manifest { change(manifest) },
            |sections| {
                let (which, other) = (which.index(sections.len()), other.index(sections.len()));
                if swap {
                    let bytes = std::mem::take(&mut sections[which].1);
                    let bytes = std::mem::replace(&mut sections[other].1, bytes);
                    sections[which].1 = bytes;
                } else if !in_manifest {
                    change(&mut sections[which].1);
                }
            },
        );
        refused_or_searched(&folder.index())?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn so_are_larger_ones(which in any::<prop::sample::Index>(), changes in prop::collection::vec(changes(), 1..3)) {
        let (folder, index) = (Folder::new(), large());
        rewrite(&index, &folder.index(), |_| (), |sections| {
            // Vectors and codes that are not of each other cannot be told from others at a glance; the debug build, which
            // searches twice, would call them wrong.
            sections.retain(|(tag, _)| !tag.starts_with(b"code"));
            let bounded = |(tag, bytes): &mut (_, Vec<u8>)| {
                if tag == super::PRESENT { bytes.iter_mut().skip(8).for_each(|byte| *byte = 0) }
            };
            sections.iter_mut().for_each(bounded);
            let which = which.index(sections.len());
            changes.iter().for_each(|change| change.apply(&mut sections[which].1));
        });
        refused_or_searched(&folder.index())?;
    }
}

/// The sections of a segment, as its table names them.
fn sections(segment: &[u8]) -> Vec<(String, Range<usize>)> {
    let number = |bytes: &[u8]| u64::from_le_bytes(*bytes.first_chunk().expect("8 bytes")) as usize;
    let foot = segment.len() - 24;
    let rows = segment[number(&segment[foot..])..foot].chunks(24);
    rows.map(|row| {
        let name = String::from_utf8_lossy(&row[..8]).trim_end().to_owned();
        (name, number(&row[8..])..number(&row[8..]) + number(&row[16..]))
    })
    .collect()
}

/// Changes one bit of every block of a section of a saved segment, as a bad disk would.
fn damage(segment: &Path, section: Range<usize>) {
    let mut bytes = fs::read(segment).expect("saved");
    section.step_by(4096).for_each(|place| bytes[place] ^= 4);
    replace(segment, &bytes);
}

#[test]
fn every_section_is_checked_by_the_searches_and_reads_that_touch_it() {
    let (folder, index) = (Folder::new(), large());
    save(&index, &folder.index()).expect("writable");
    let segment = folder.files().pop().expect("saved");
    let whole = fs::read(&segment).expect("saved");
    let sections = sections(&whole);
    assert!(sections.len() > 20);
    for (name, section) in sections.into_iter().filter(|(_, section)| !section.is_empty()) {
        damage(&segment, section);
        let refused = Index::open(&folder.index()).and_then(|opened| {
            opened.stored(0)?;
            asked(&opened).into_iter().collect::<Result<Vec<_>>>()
        });
        assert!(
            matches!(&refused, Err(Error::Corrupt { reason, .. }) if reason.contains(&name)),
            "{name}: {refused:?}"
        );
        replace(&segment, &whole);
    }
}

#[test]
fn a_block_that_was_changed_with_its_checksum_is_refused() {
    let (folder, index) = (Folder::new(), large());
    save(&index, &folder.index()).expect("writable");
    let segment = folder.files().pop().expect("saved");
    let whole = fs::read(&segment).expect("saved");
    let vectors = sections(&whole).into_iter().find(|(name, _)| name == "vectors").expect("there").1;
    damage(&segment, vectors);
    let mut bytes = fs::read(&segment).expect("saved");
    let first = whole.iter().zip(&bytes).position(|(left, right)| left != right).expect("damaged");
    let old = crc32fast::hash(&whole[first..first + 4096]).to_le_bytes();
    let place = whole.windows(4).rposition(|bytes| bytes == old).expect("its checksum");
    let new = crc32fast::hash(&bytes[first..first + 4096]).to_le_bytes();
    bytes[place..place + 4].copy_from_slice(&new);
    replace(&segment, &bytes);
    assert!(matches!(Index::open(&folder.index()), Err(Error::Corrupt { .. })));
}

#[test]
fn what_is_not_damaged_can_be_read() {
    let (folder, index) = (Folder::new(), large());
    save(&index, &folder.index()).expect("writable");
    let segment = folder.files().pop().expect("saved");
    let mut bytes = fs::read(&segment).expect("saved");
    // The stored text of the last chunk lies in a block of its own, far behind the first.
    let last = index.stored(index.len() as Ordinal - 1).expect("whole").expect("there");
    let first = index.stored(0).expect("whole").expect("there");
    let place = |text: &[u8]| bytes.windows(text.len()).position(|window| window == text).expect("stored");
    assert!(place(last) > place(first) + 8192);
    let place = place(last);
    bytes[place + 1] ^= 1;
    replace(&segment, &bytes);
    let opened = Index::open(&folder.index()).expect("what is small is whole");
    assert_eq!(asked(&opened), asked(&index));
    assert_eq!(opened.stored(0), Ok(Some(first)));
    for _ in 0..2 {
        let refused = opened.stored(index.len() as Ordinal - 1).expect_err("damaged");
        assert!(
            matches!(&refused, Error::Corrupt { path, reason } if path.ends_with("-0") && reason.contains("stored"))
        );
    }
    assert!(opened.warm().is_ok() && opened.verify().is_err());
    assert_eq!(asked(&opened), asked(&index));
}
