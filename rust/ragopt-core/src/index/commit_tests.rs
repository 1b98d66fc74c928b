//! Generations of a folder: what a commit writes, what it leaves, and who may write.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Index, Lock, Segment, Source, fault, segment};
use crate::analysis::Analyzer;
use crate::error::Error;
use crate::score::Bm25;
use crate::search::{Lexical, Parameters, search};
use crate::types::Hit;

/// A folder that is not there yet, and goes with its test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("ragopt-commit-{}-{number}", std::process::id())))
    }

    fn files(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(&self.0).expect("a folder");
        entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned()).collect()
    }

    fn lock(&self) -> Lock {
        Lock::new(&self.0).expect("free")
    }

    fn open(&self) -> Index {
        Index::open(&self.0).expect("whole")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn chunks(ids: &[&str]) -> Vec<(Option<String>, Arc<Segment>)> {
    let stored: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes()).collect();
    let source = Source { ids, texts: ids, stored: &stored, vectors: None, metadata: &[] };
    vec![(None, Arc::new(segment(&Analyzer::new("whitespace").expect("known"), source).expect("valid")))]
}

fn index(ids: &[&str]) -> Index {
    let bm25 = Bm25::new("lucene", 1.2, 0.75, 0.0, 0.0).expect("valid");
    Index::of(Analyzer::new("whitespace").expect("known"), bm25, "first", chunks(ids)).expect("valid")
}

fn ids(index: &Index) -> Vec<&str> {
    index.ids().collect()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn a_commit_writes_what_is_new() {
    let folder = Folder::new();
    let first = index(&["a", "b", "c"]);
    assert_eq!(first.generation(), None);
    let lock = folder.lock();
    first.save(&lock).expect("writable");
    assert_eq!((first.generation(), Index::current(&folder.0).expect("there")), (Some(1), 1));
    assert_eq!(folder.files(), names(&["CURRENT", "LOCK", "manifest-0000000001", "segment-0000000001-0"]));
    assert_eq!(first.segments().next().expect("one").file.as_deref(), Some("segment-0000000001-0"));

    let second = first.changed(&[1], chunks(&["d"]), Some("second")).expect("valid");
    assert_eq!(second.generation(), Some(1));
    second.commit(&lock).expect("writable");
    let two =
        ["CURRENT", "LOCK", "live-0000000002-0", "manifest-0000000002", "segment-0000000001-0", "segment-0000000002-1"];
    assert_eq!(folder.files(), names(&two));
    let opened = folder.open();
    assert_eq!((ids(&opened), opened.attributes(), opened.generation()), (vec!["a", "c", "d"], "second", Some(2)));

    // What is opened goes on as what was written does; what nobody needs any more goes.
    let third = opened.changed(&[0], chunks(&["b"]), None).expect("valid");
    third.commit(&lock).expect("writable");
    let three = [
        "CURRENT",
        "LOCK",
        "live-0000000003-0",
        "manifest-0000000003",
        "segment-0000000001-0",
        "segment-0000000002-1",
        "segment-0000000003-2",
    ];
    assert_eq!(folder.files(), names(&three));
    third.changed(&[], Vec::new(), None).expect("nothing").commit(&lock).expect("writable");
    assert_eq!(ids(&folder.open()), ["c", "d", "b"]);
    assert!(folder.files().contains("live-0000000003-0"), "the same deletions are written once");
    // A segment without any chunk left goes whole.
    folder.open().changed(&[2], Vec::new(), None).expect("valid").commit(&lock).expect("writable");
    assert_eq!((ids(&folder.open()), folder.files().len()), (vec!["d", "b"], 5));
    // A reader keeps what it opened, whatever went since.
    assert_eq!(ids(&opened), ["a", "c", "d"]);
    assert_eq!(opened.stored(2), Ok(Some(&b"c"[..])));
}

#[test]
fn nothing_that_was_committed_is_lost() {
    let folder = Folder::new();
    let lock = folder.lock();
    let first = index(&["a"]);
    assert!(matches!(first.commit(&lock), Err(Error::Input(m)) if m.contains("save it there first")));
    first.save(&lock).expect("writable");
    let (one, other) = (first.changed(&[], chunks(&["b"]), None), first.changed(&[], chunks(&["c"]), None));
    one.expect("valid").commit(&lock).expect("writable");
    let refused = other.expect("valid").commit(&lock).expect_err("made from generation 1");
    assert!(
        matches!(&refused, Error::Write { reason, .. } if reason.contains("generation 2 stands there")),
        "{refused}"
    );
    assert_eq!(ids(&folder.open()), ["a", "b"]);
    // Of a tenant alone there is no commit: the others would be gone.
    let tenant = folder.open().tenant("t");
    assert!(matches!(tenant.commit(&lock), Err(Error::Input(_))));
    // A copy elsewhere changes nothing here.
    let copy = Folder::new();
    let opened = folder.open();
    opened.save(&copy.lock()).expect("writable");
    opened.changed(&[0], Vec::new(), None).expect("valid").commit(&lock).expect("writable");
    assert_eq!((ids(&folder.open()), ids(&copy.open())), (vec!["b"], vec!["a", "b"]));
}

#[test]
fn one_writer_at_a_time() {
    let folder = Folder::new();
    let lock = folder.lock();
    assert!(lock.is_of(&folder.0) && !lock.is_of(&std::env::temp_dir()));
    let refused = Lock::new(&folder.0).expect_err("held");
    assert!(
        matches!(&refused, Error::Locked(path) if path.contains("ragopt-commit"))
            && refused.to_string().contains("locked")
    );
    index(&["a"]).save(&lock).expect("writable");
    assert_eq!(folder.open().len(), 1, "readers need no lock");
    drop(lock);
    drop(folder.lock());
    assert!(folder.0.join("CURRENT").exists());

    // A folder that was made for nothing goes again; what others have there is not touched.
    let nothing = Folder::new();
    drop(nothing.lock());
    assert!(!nothing.0.exists());
    fs::create_dir(&nothing.0).expect("writable");
    fs::write(nothing.0.join("thesis.txt"), "five years").expect("writable");
    assert!(matches!(Lock::new(&nothing.0), Err(Error::NotAnIndex { .. })));
    assert_eq!(nothing.files(), names(&["thesis.txt"]));
    assert!(matches!(Lock::new(&nothing.0.join("thesis.txt")), Err(Error::NotAnIndex { .. })));
}

#[test]
fn leftovers_go_with_the_next_writer() {
    let folder = Folder::new();
    index(&["a"]).save(&folder.lock()).expect("writable");
    for name in ["segment-0000000009-0", "live-0000000002-0", "manifest-0000000009", "CURRENT.new"] {
        fs::write(folder.0.join(name), "half").expect("writable");
    }
    let opened = folder.open();
    opened.changed(&[], chunks(&["b"]), None).expect("valid").commit(&folder.lock()).expect("writable");
    assert_eq!(
        folder.files(),
        names(&["CURRENT", "LOCK", "manifest-0000000010", "segment-0000000001-0", "segment-0000000010-1"])
    );
    assert_eq!(ids(&folder.open()), ["a", "b"]);
}

#[test]
fn a_commit_that_fails_leaves_the_last_generation() {
    let folder = Folder::new();
    let lock = folder.lock();
    let first = index(&["a"]);
    first.save(&lock).expect("writable");
    let before = folder.files();
    // Where the next pointer would be written stands a folder.
    fs::create_dir(folder.0.join("CURRENT.new")).expect("writable");
    let second = first.changed(&[0], chunks(&["b"]), None).expect("valid");
    let refused = second.commit(&lock).expect_err("in the way");
    assert!(matches!(&refused, Error::Write { .. }), "{refused}");
    fs::remove_dir(folder.0.join("CURRENT.new")).expect("empty");
    assert_eq!(folder.files(), before);
    assert_eq!((ids(&folder.open()), second.generation()), (vec!["a"], Some(1)));
    second.commit(&lock).expect("nothing is in the way any more");
    assert_eq!((ids(&folder.open()), second.generation()), (vec!["b"], Some(2)));
}

#[test]
fn what_cannot_be_read_stands_until_another_index_does() {
    let folder = Folder::new();
    let lock = folder.lock();
    index(&["a"]).save(&lock).expect("writable");
    let manifest = folder.0.join("manifest-0000000001");
    fs::write(&manifest, "as a newer ragopt writes it").expect("writable");
    fs::create_dir(folder.0.join("CURRENT.new")).expect("writable");
    let before = folder.files();
    index(&["b"]).save(&lock).expect_err("in the way");
    assert_eq!(folder.files(), before);
    fs::remove_dir(folder.0.join("CURRENT.new")).expect("empty");
    index(&["b"]).save(&lock).expect("writable");
    assert_eq!((ids(&folder.open()), folder.files().len()), (vec!["b"], 4));
}

/// Searches and reads all of it; Ok is what a whole index gives.
fn told(folder: &Folder) -> crate::error::Result<Vec<(String, Vec<u8>, u64)>> {
    let index = Index::open(&folder.0)?;
    let parameters = Parameters::new(9, 0.0, "bounded", 9, -1.0, None)?;
    let found = search(&index, Some(Lexical::Text("a b c d e")), None, None, &parameters)?;
    let read = |hit: &Hit| {
        let id = index.id(hit.ordinal).unwrap_or_default().to_owned();
        Ok((id, index.stored(hit.ordinal)?.unwrap_or_default().to_owned(), hit.score.to_bits()))
    };
    found.hits.iter().map(read).collect()
}

#[test]
fn a_changed_file_is_refused_or_makes_no_difference() {
    let folder = Folder::new();
    let lock = folder.lock();
    let first = index(&["a", "b", "c"]);
    first.save(&lock).expect("writable");
    let added = chunks(&["d", "e"]).into_iter().map(|(_, segment)| (Some("t".to_owned()), segment)).collect();
    first.changed(&[1], added, None).expect("valid").commit(&lock).expect("writable");
    let whole = told(&folder).expect("whole");
    assert_eq!(whole.len(), 4);
    let mut state = 7u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let files: Vec<String> = folder.files().into_iter().filter(|name| name != "LOCK").collect();
    for round in 0..3000 {
        let path = folder.0.join(&files[round % files.len()]);
        let kept = fs::read(&path).expect("readable");
        let mut bytes = kept.clone();
        match random(4) {
            0 => bytes.truncate(random(kept.len())),
            1 => bytes.extend_from_slice(&kept[..random(kept.len())]),
            _ => (0..1 + random(3)).for_each(|_| {
                let place = random(bytes.len());
                bytes[place] ^= 1 << random(8);
            }),
        }
        // Another file: what is mapped does not change under those who read it.
        fs::remove_file(&path).expect("there");
        fs::write(&path, &bytes).expect("writable");
        match told(&folder) {
            Ok(told) => assert_eq!(told, whole, "{} in round {round}", path.display()),
            Err(Error::Corrupt { .. } | Error::Version { .. } | Error::NotAnIndex { .. }) => {}
            Err(other) => panic!("{other}"),
        }
        fs::write(&path, &kept).expect("writable");
    }
    assert_eq!(told(&folder), Ok(whole));
}

#[test]
fn steps_are_counted() {
    let folder = Folder::new();
    fault(None);
    index(&["a"]).save(&folder.lock()).expect("writable");
    // Other tests write as well: there are at least as many steps as a save takes.
    assert!(fault(None) >= 20);
}
