//! Opens an index folder with changed files, touches everything and searches: no panic, hang or huge allocation.
//!
//! The input is a list of changes ([`mutate`]) to the files of a small index. Where its first byte is odd, all
//! checksums are made right again ([`forge`]); then nobody can say what the index was, and it must be refused by a typed
//! error or searched without harm. Otherwise whatever is found and read must be what the whole index gives.
#![no_main]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use ragopt_core::error::{Error, Result};
use ragopt_core::index::{Allow, Filter, Index, Value};
use ragopt_core::search::{Lexical, Parameters, explain, search, search_many};
use ragopt_core::types::Found;

mod forge;
mod mutate;

/// The files of a folder.
type Files = BTreeMap<String, Vec<u8>>;

/// What is mutated, where that is written, and what searches find in the whole.
struct Ground {
    files: Files,
    folder: PathBuf,
    found: Vec<Found>,
}

fn ground() -> &'static Ground {
    static GROUND: OnceLock<Ground> = OnceLock::new();
    GROUND.get_or_init(|| {
        let kept = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/compat/format_1"));
        let name = |path: &PathBuf| path.file_name().expect("a file").to_string_lossy().into_owned();
        let paths = fs::read_dir(&kept).expect("the folder of tests/compat").map(|entry| entry.expect("read").path());
        let files: Files = paths.map(|path| (name(&path), fs::read(&path).expect("read"))).collect();
        let mut forged = files.clone();
        forge::forge(&mut forged);
        assert!(forged == files, "the forger knows the layout");
        let folder = std::env::temp_dir().join(format!("ragopt-fuzz-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        files.iter().for_each(|(name, bytes)| fs::write(folder.join(name), bytes).expect("written"));
        let found = touched(&Index::open(&folder).expect("whole")).expect("whole");
        Ground { files, folder, found }
    })
}

fn typed(error: &Error) -> bool {
    matches!(error, Error::Corrupt { .. } | Error::Version { .. } | Error::NotAnIndex { .. })
}

fn filter() -> Filter {
    let mut filter = Filter::default();
    filter.compare(b"year", "ge", &[Value::Integer(2020)]).expect("a filter");
    filter.compare(b"lang", "eq", &[Value::Text(b"vi".into())]).expect("a filter");
    filter.join("and").expect("two");
    filter.compare(b"ripe", "exists", &[]).expect("a filter");
    filter.join("or").expect("two");
    filter
}

/// Reads everything and searches in every way; what the searches found.
fn touched(index: &Index) -> Result<Vec<Found>> {
    let vector: Vec<f32> = (0..index.dimension().unwrap_or(0)).map(|i| i as f32 % 9.0 - 3.0).collect();
    let allow = Allow::filtered(index, &filter())?;
    let mut all = Vec::new();
    for (text, normalizer, alpha) in [
        ("plum grow tree5", "bounded", 0.0),
        ("quince sloe", "minmax", 0.5),
        ("grow apple", "none", 0.7),
        ("", "rank", 1.0),
    ] {
        let parameters = Parameters::new(5, alpha, normalizer, 40, -1.0, None).expect("valid");
        let question = (Some(Lexical::Text(text)), Some(&vector[..]));
        for allow in [None, Some(&allow)] {
            let found = search(index, question.0, question.1, allow, &parameters)?;
            assert!(found.hits.iter().all(|hit| !hit.score.is_nan() && index.alive(hit.ordinal)));
            if let Some(hit) = found.hits.first() {
                explain(index, question.0, question.1, allow, &parameters, hit.ordinal)?;
            }
            all.push(found);
        }
        if alpha == 0.7 {
            all.extend(search_many(index, &[question; 3], None, &parameters, 1)?);
        }
    }
    for ordinal in index.ordinals().step_by(9) {
        let id = index.id(ordinal).unwrap_or_default();
        assert!(index.ordinal(id).is_none_or(|found| index.alive(found)));
        index.stored(ordinal)?;
        index.vector(ordinal)?;
    }
    index.document_frequency("plum")?;
    index.near("plvm", 2)?;
    index.unmarked("plum")?;
    let _ = (index.fields(), index.sizes());
    Ok(all)
}

/// What a service does with an index that it was given.
fn opened(ground: &Ground, forged: bool, merge: bool) -> Result<()> {
    let index = Index::open(&ground.folder)?;
    let found = touched(&index);
    if let (Ok(found), false) = (&found, forged) {
        assert!(*found == ground.found, "a changed file was believed");
    }
    index.warm()?;
    let verified = index.verify();
    if merge {
        index.merged(None)?;
    }
    found.and(verified)
}

fuzz_target!(|data: &[u8]| {
    let ground = ground();
    let Some((&first, changes)) = data.split_first() else {
        return;
    };
    let (forged, mut files) = (first & 1 == 1, ground.files.clone());
    mutate::mutate(&mut files, changes);
    if forged {
        forge::forge(&mut files);
    }
    let changed: Vec<&String> = ground.files.keys().filter(|&name| files.get(name) != ground.files.get(name)).collect();
    for &name in &changed {
        let path = ground.folder.join(name);
        fs::remove_file(&path).expect("there");
        if let Some(bytes) = files.get(name) {
            fs::write(path, bytes).expect("written");
        }
    }
    let result = opened(ground, forged, first & 0x7e == 0x7e);
    for name in changed {
        let path = ground.folder.join(name);
        let _ = fs::remove_file(&path);
        fs::write(path, &ground.files[name]).expect("written");
    }
    assert!(result.as_ref().err().is_none_or(typed), "{result:?}");
});
