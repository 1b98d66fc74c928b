//! What is saved comes back, and what stood there before is kept if saving fails.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::folder::{Saving, segment_name};
use super::super::manifest::{Entry, manifest_bytes, write_manifest};
use super::super::{Index, Lock, Source};
use super::*;
use crate::analysis::Analyzer;
use crate::error::Error;
use crate::score::Bm25;

/// A folder of one test, which goes with it.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("ragopt-test-{}-{number}", std::process::id()));
        fs::create_dir(&path).expect("a fresh folder");
        Self(path)
    }

    pub(super) fn index(&self) -> PathBuf {
        self.0.join("index")
    }

    pub(super) fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> =
            fs::read_dir(self.index()).expect("saved").map(|entry| entry.expect("readable").path()).collect();
        files.retain(|path| !path.ends_with("LOCK"));
        files.sort();
        files
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(super) fn save(index: &Index, path: &Path) -> Result<()> {
    index.save(&Lock::new(path)?)
}

pub(super) fn sample(vectors: bool) -> Index {
    let rows = [1.0, 0.0, 2.0, 0.0, 0.0, 0.0, -3.0, 1.0, 1e-30];
    let source = Source {
        ids: &["first", "zweiter", "三"],
        texts: &["red red apples and pears", "", &"pears plums ".repeat(300)],
        stored: &[b"one", b"", b"\xff\x00three"],
        vectors: vectors.then_some((3, &rows)),
        metadata: &[],
    };
    let bm25 = Bm25::new("bm25plus", 0.9, 0.4, 1.0, 0.0).expect("valid");
    Index::build(Analyzer::new("english").expect("known"), bm25, source, "{\"embedder\": null}").expect("valid")
}

pub(super) fn same(left: &Index, right: &Index) -> bool {
    let parts = || left.parts().iter().zip(right.parts());
    left.parts().len() == right.parts().len()
        && parts().all(|(left, right)| left.segment == right.segment && left.live() == right.live())
        && left.bm25() == right.bm25()
        && left.attributes() == right.attributes()
        && left.analyzer().fingerprint() == right.analyzer().fingerprint()
        && left.statistics() == right.statistics()
}

#[test]
fn what_is_saved_comes_back() {
    for index in [sample(true), sample(false)] {
        let folder = Folder::new();
        save(&index, &folder.index()).expect("writable");
        let opened = Index::open(&folder.index()).expect("whole");
        assert!(same(&index, &opened));
        assert_eq!(opened.sizes()["vectors"], if index.dimension().is_some() { 2 } else { 0 });
        opened.verify().expect("whole");
        opened.warm().expect("memory");
        assert!(same(&index, &opened));
    }
}

#[test]
fn saving_replaces_the_generation_and_leaves_nothing_behind() {
    let folder = Folder::new();
    save(&sample(true), &folder.index()).expect("writable");
    fs::write(folder.index().join("segment-0000000007-3"), "left by a save that died").expect("writable");
    fs::write(folder.index().join("CURRENT.new"), "likewise").expect("writable");
    let other = sample(false);
    save(&other, &folder.index()).expect("writable");
    let names: Vec<String> =
        folder.files().iter().map(|path| path.file_name().expect("named").to_string_lossy().into_owned()).collect();
    assert_eq!(names, ["CURRENT", "manifest-0000000008", "segment-0000000008-0"]);
    assert!(same(&other, &Index::open(&folder.index()).expect("whole")));
}

#[test]
fn a_folder_of_others_is_not_touched() {
    let folder = Folder::new();
    fs::write(folder.0.join("thesis.txt"), "five years").expect("writable");
    assert!(
        matches!(save(&sample(true), &folder.0), Err(Error::NotAnIndex { reason, .. }) if reason.contains("thesis"))
    );
    assert!(matches!(Index::open(&folder.0), Err(Error::NotAnIndex { .. })));
    let file = folder.0.join("thesis.txt");
    assert!(matches!(save(&sample(true), &file), Err(Error::NotAnIndex { .. })));
    assert!(matches!(Index::open(&file), Err(Error::NotAnIndex { .. })));
    assert!(matches!(Index::open(&folder.0.join("absent")), Err(Error::NotAnIndex { .. })));
    let database = folder.0.join("database");
    fs::create_dir(&database).expect("writable");
    fs::write(database.join("CURRENT"), "MANIFEST-000004\n").expect("writable");
    assert!(matches!(save(&sample(true), &database), Err(Error::NotAnIndex { .. })));
    assert_eq!(fs::read_to_string(database.join("CURRENT")).expect("kept"), "MANIFEST-000004\n");
    assert!(matches!(Index::open(&database), Err(Error::NotAnIndex { .. })));
}

#[test]
fn a_save_that_fails_keeps_what_stood_there() {
    let folder = Folder::new();
    let index = sample(true);
    save(&index, &folder.index()).expect("writable");
    let before = folder.files();
    // The next manifest's name is taken by a folder: the segment is written, the manifest is not.
    let taken = folder.index().join("manifest-0000000002");
    let lock = Lock::new(&folder.index()).expect("an index");
    let in_use = before.iter().map(|path| path.file_name().and_then(|name| name.to_str()).expect("named")).collect();
    let saving = Saving::start(&lock, Some(&in_use)).expect("an index");
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
    save(&sample(true), &folder.index()).expect("writable");
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
        [(index.analyzer().fingerprint(), "0123456789abcdef".to_owned()), ("english".into(), "klingon".into())]
    {
        rewrite(&index, &folder.index(), |manifest| replace_bytes(manifest, from.as_bytes(), to.as_bytes()), |_| ());
        let refused = Index::open(&folder.index()).expect_err("another analyzer");
        assert!(matches!(&refused, Error::Version { reason, .. } if reason.contains("rebuild")), "{refused}");
    }
}

fn replace_bytes(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    let place = bytes.windows(from.len()).position(|window| window == from).expect("there");
    bytes[place..place + to.len()].copy_from_slice(to);
}

/// Saves `index` with its manifest and its segment's sections changed, under checksums that are right.
pub(super) fn rewrite(
    index: &Index,
    folder: &Path,
    manifest: impl FnOnce(&mut Vec<u8>),
    segment: impl FnOnce(&mut Vec<(Tag, Vec<u8>)>),
) {
    let lock = Lock::new(folder).expect("writable");
    let saving = Saving::start(&lock, None).expect("writable");
    let name = segment_name(saving.generation(), 0);
    let path = saving.path(&name);
    let sealed = write_segment(&index.parts()[0].segment, &path).expect("writable");
    let reader = SectionReader::open(&path, KIND, &sealed).expect("whole");
    let section = |tag: Tag| (tag, reader.section(&tag).expect("whole"));
    let mut sections: Vec<(Tag, Vec<u8>)> = reader.tags().into_iter().map(section).collect();
    segment(&mut sections);
    fs::remove_file(&path).expect("there");
    let mut writer = SectionWriter::create(&path, KIND).expect("writable");
    for (tag, bytes) in sections {
        writer.section(&tag, std::iter::once(bytes)).expect("writable");
    }
    let sealed = writer.finish().expect("writable");
    let mut bytes =
        manifest_bytes(index, &[Entry { tenant: None, segment: (name.clone(), sealed), live: None }]).expect("short");
    manifest(&mut bytes);
    let sealed = write_manifest(&saving, &bytes).expect("writable");
    saving.finish(sealed, &BTreeSet::from([name.as_str()]), || ()).expect("writable");
}

#[test]
fn a_missing_file_is_named() {
    for which in 0..3 {
        let folder = Folder::new();
        save(&sample(true), &folder.index()).expect("writable");
        let path = &folder.files()[which];
        fs::remove_file(path).expect("there");
        let refused = Index::open(&folder.index()).expect_err("incomplete");
        let name = path.file_name().expect("named").to_string_lossy();
        assert!(matches!(&refused, Error::Corrupt { path, .. } if path.contains(&*name)), "{refused}");
        assert!(refused.to_string().contains("ragopt index"));
    }
}
