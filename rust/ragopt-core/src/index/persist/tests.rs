//! What is saved comes back; whatever else is opened gives a typed error or the same index, never a panic.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::super::folder::{Saving, segment_name};
use super::super::manifest::{Entry, manifest_bytes, write_manifest};
use super::super::{Index, Source};
use super::*;
use crate::analysis::Analyzer;
use crate::error::Error;
use crate::score::Bm25;
use crate::search::{Lexical, Parameters, search};

/// A folder of one test, which goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("ragopt-test-{}-{number}", std::process::id()));
        fs::create_dir(&path).expect("a fresh folder");
        Self(path)
    }

    fn index(&self) -> PathBuf {
        self.0.join("index")
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> =
            fs::read_dir(self.index()).expect("saved").map(|entry| entry.expect("readable").path()).collect();
        files.sort();
        files
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn sample(vectors: bool) -> Index {
    let rows = [1.0, 0.0, 2.0, 0.0, 0.0, 0.0, -3.0, 1.0, 1e-30];
    let source = Source {
        ids: &["first", "zweiter", "三"],
        texts: &["red red apples and pears", "", &"pears plums ".repeat(300)],
        stored: &[b"one", b"", b"\xff\x00three"],
        vectors: vectors.then_some((3, &rows)),
    };
    let bm25 = Bm25::new("bm25plus", 0.9, 0.4, 1.0, 0.0).expect("valid");
    Index::build(Analyzer::new("english").expect("known"), bm25, source, "{\"embedder\": null}").expect("valid")
}

fn same(left: &Index, right: &Index) -> bool {
    let parts = || left.parts().iter().zip(right.parts());
    left.parts().len() == right.parts().len()
        && parts().all(|(left, right)| left.segment == right.segment && left.live() == right.live())
        && left.bm25() == right.bm25()
        && left.attributes() == right.attributes()
        && left.analyzer().fingerprint() == right.analyzer().fingerprint()
        && left.statistics() == right.statistics()
}

/// Whatever opened must also bear to be searched.
fn survives_searching(index: &Index) {
    let parameters = Parameters::new(5, 0.5, "minmax", 9, -1.0, None).expect("valid");
    let vector = vec![1.0; index.dimension().unwrap_or(0)];
    let found = search(index, Some(Lexical::Text("red pears plums")), Some(&vector), None, &parameters);
    for hit in found.expect("a valid question").hits {
        assert!(!hit.score.is_nan());
        assert!(index.id(hit.ordinal).is_some() && index.stored(hit.ordinal).is_some());
    }
}

fn typed(error: &Error) -> bool {
    matches!(error, Error::Corrupt { .. } | Error::Version { .. } | Error::NotAnIndex { .. })
}

#[test]
fn what_is_saved_comes_back() {
    for index in [sample(true), sample(false)] {
        let folder = Folder::new();
        index.save(&folder.index()).expect("writable");
        let opened = Index::open(&folder.index()).expect("whole");
        assert!(same(&index, &opened));
        assert_eq!(opened.sizes()["vectors"], if index.dimension().is_some() { 2 } else { 0 });
        survives_searching(&opened);
    }
}

#[test]
fn saving_replaces_the_generation_and_leaves_nothing_behind() {
    let folder = Folder::new();
    sample(true).save(&folder.index()).expect("writable");
    fs::write(folder.index().join("segment-0000000007-3"), "left by a save that died").expect("writable");
    fs::write(folder.index().join("CURRENT.new"), "likewise").expect("writable");
    let other = sample(false);
    other.save(&folder.index()).expect("writable");
    let names: Vec<String> =
        folder.files().iter().map(|path| path.file_name().expect("named").to_string_lossy().into_owned()).collect();
    assert_eq!(names, ["CURRENT", "manifest-0000000008", "segment-0000000008-0"]);
    assert!(same(&other, &Index::open(&folder.index()).expect("whole")));
}

#[test]
fn a_folder_of_others_is_not_touched() {
    let folder = Folder::new();
    fs::write(folder.0.join("thesis.txt"), "five years").expect("writable");
    assert!(matches!(sample(true).save(&folder.0), Err(Error::NotAnIndex { reason, .. }) if reason.contains("thesis")));
    assert!(matches!(Index::open(&folder.0), Err(Error::NotAnIndex { .. })));
    let file = folder.0.join("thesis.txt");
    assert!(matches!(sample(true).save(&file), Err(Error::NotAnIndex { .. })));
    assert!(matches!(Index::open(&file), Err(Error::NotAnIndex { .. })));
    assert!(matches!(Index::open(&folder.0.join("absent")), Err(Error::NotAnIndex { .. })));
    let database = folder.0.join("database");
    fs::create_dir(&database).expect("writable");
    fs::write(database.join("CURRENT"), "MANIFEST-000004\n").expect("writable");
    assert!(matches!(sample(true).save(&database), Err(Error::NotAnIndex { .. })));
    assert_eq!(fs::read_to_string(database.join("CURRENT")).expect("kept"), "MANIFEST-000004\n");
    assert!(matches!(Index::open(&database), Err(Error::NotAnIndex { .. })));
}

#[test]
fn a_save_that_fails_keeps_what_stood_there() {
    let folder = Folder::new();
    let index = sample(true);
    index.save(&folder.index()).expect("writable");
    let before = folder.files();
    // The next manifest's name is taken by a folder: the segment is written, the manifest is not.
    let taken = folder.index().join("manifest-0000000002");
    let saving = Saving::start(&folder.index()).expect("an index");
    assert_eq!(saving.generation(), 2);
    fs::create_dir(&taken).expect("writable");
    write_segment(&index.parts()[0].segment, &saving.path(&segment_name(2, 0))).expect("writable");
    let refused = write_manifest(&saving, b"").expect_err("a folder is there");
    assert!(matches!(&refused, Error::Write { .. }) && refused.to_string().contains("unchanged"));
    drop(saving);
    fs::remove_dir(&taken).expect("empty");
    assert_eq!(folder.files(), before);
    assert!(same(&index, &Index::open(&folder.index()).expect("whole")));
}

#[test]
fn newer_formats_and_other_analyzers_are_named() {
    let folder = Folder::new();
    sample(true).save(&folder.index()).expect("writable");
    let pointer = folder.index().join("CURRENT");
    let text = fs::read_to_string(&pointer).expect("text").replace("ragopt-index 1\n", "ragopt-index 2 with more\n");
    fs::write(&pointer, text.replace("with more", "")).expect("writable");
    let refused = Index::open(&folder.index()).expect_err("newer");
    assert!(
        matches!(&refused, Error::Version { reason, .. } if reason.contains("format 2") && reason.contains("upgrade"))
    );

    let folder = Folder::new();
    let index = sample(true);
    for (from, to) in
        [(index.analyzer.fingerprint(), "0123456789abcdef".to_owned()), ("english".into(), "klingon".into())]
    {
        rewrite(&index, &folder.index(), |manifest| replace_bytes(manifest, from.as_bytes(), to.as_bytes()), |_, _| ());
        let refused = Index::open(&folder.index()).expect_err("another analyzer");
        assert!(matches!(&refused, Error::Version { reason, .. } if reason.contains("rebuild")), "{refused}");
    }
}

fn replace_bytes(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    let place = bytes.windows(from.len()).position(|window| window == from).expect("there");
    bytes[place..place + to.len()].copy_from_slice(to);
}

/// Saves `index` with its manifest and its segment's sections changed, under checksums that are right.
fn rewrite(index: &Index, folder: &Path, manifest: impl Fn(&mut Vec<u8>), mut section: impl FnMut(&Tag, &mut Vec<u8>)) {
    let saving = Saving::start(folder).expect("writable");
    let name = segment_name(saving.generation(), 0);
    let path = saving.path(&name);
    let sealed = write_segment(&index.parts()[0].segment, &path).expect("writable");
    let reader = SectionReader::open(&path, KIND, &sealed).expect("whole");
    let mut sections: Vec<(Tag, Vec<u8>)> = Vec::new();
    for tag in reader.tags() {
        let mut bytes = reader.section(&tag).expect("whole");
        section(&tag, &mut bytes);
        sections.push((tag, bytes));
    }
    fs::remove_file(&path).expect("there");
    let mut writer = SectionWriter::create(&path, KIND).expect("writable");
    for (tag, bytes) in sections {
        writer.section(&tag, std::iter::once(bytes)).expect("writable");
    }
    let sealed = writer.finish().expect("writable");
    let mut bytes =
        manifest_bytes(index, &[Entry { tenant: None, segment: (name, sealed), live: None }]).expect("short");
    manifest(&mut bytes);
    let sealed = write_manifest(&saving, &bytes).expect("writable");
    saving.finish(sealed).expect("writable");
}

/// One change to some bytes.
#[derive(Debug, Clone)]
enum Change {
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Append(u8, usize),
    Absurd(prop::sample::Index),
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
        }
    }
}

fn changes() -> impl Strategy<Value = Change> {
    prop_oneof![
        (any::<prop::sample::Index>(), 1u8..).prop_map(|(place, mask)| Change::Flip(place, mask)),
        any::<prop::sample::Index>().prop_map(Change::Cut),
        (any::<u8>(), 1usize..40).prop_map(|(byte, count)| Change::Append(byte, count)),
        any::<prop::sample::Index>().prop_map(Change::Absurd),
        Just(Change::Remove),
    ]
}

#[test]
fn a_changed_file_is_refused_or_makes_no_difference() {
    let (folder, index) = (Folder::new(), sample(true));
    index.save(&folder.index()).expect("writable");
    let files = folder.files();
    let contents: Vec<Vec<u8>> = files.iter().map(|path| fs::read(path).expect("saved")).collect();
    let mut runner = TestRunner::new(ProptestConfig::with_cases(2000));
    let result = runner.run(&(0..files.len(), changes()), |(which, change)| {
        let mut bytes = contents[which].clone();
        change.apply(&mut bytes);
        fs::write(&files[which], bytes).expect("writable");
        let opened = Index::open(&folder.index());
        fs::write(&files[which], &contents[which]).expect("writable");
        match opened {
            Ok(opened) => prop_assert!(same(&index, &opened)),
            Err(error) => prop_assert!(typed(&error), "{}", error),
        }
        Ok(())
    });
    result.expect("every change is refused or harmless");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))] // each waits for the disk

    #[test]
    fn hostile_files_with_right_checksums_are_refused_or_can_be_searched(
        which in 0usize..13,
        change in changes(),
        vectors in any::<bool>(),
    ) {
        let (folder, index) = (Folder::new(), sample(vectors));
        let mut number = 0;
        rewrite(
            &index,
            &folder.index(),
            |manifest| if which == 12 { change.apply(manifest) },
            |_, bytes| {
                if number == which {
                    change.apply(bytes);
                }
                number += 1;
            },
        );
        match Index::open(&folder.index()) {
            Ok(opened) => survives_searching(&opened),
            Err(error) => prop_assert!(typed(&error), "{}", error),
        }
    }
}

#[test]
fn a_missing_file_is_named() {
    for which in 0..3 {
        let folder = Folder::new();
        sample(true).save(&folder.index()).expect("writable");
        let path = &folder.files()[which];
        fs::remove_file(path).expect("there");
        let refused = Index::open(&folder.index()).expect_err("incomplete");
        let name = path.file_name().expect("named").to_string_lossy();
        assert!(matches!(&refused, Error::Corrupt { path, .. } if path.contains(&*name)), "{refused}");
        assert!(refused.to_string().contains("ragopt index"));
    }
}
