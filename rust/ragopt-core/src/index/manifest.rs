//! A snapshot to a folder and back: its segments, which of their chunks were deleted, and what they are together.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::bytes::{Reader, put_string, u64s};
use super::file::{Sealed, SectionReader, SectionWriter, Tag};
use super::folder::{Pointer, Saving, generation_of, live_name, manifest_name, read_pointer, segment_name};
use super::home::Homes;
use super::lock::Lock;
use super::part::{Live, Part};
use super::persist::{open_segment, write_segment};
use super::postings::MOST_CHUNKS;
use super::{Index, Kept};
use crate::analysis::Analyzer;
use crate::error::{Error, Result};
use crate::score::bm25::Bm25;
use crate::types::Bits;

const MANIFEST: u32 = 1;
const LIVE: u32 = 3;

const ALL: &Tag = b"manifest";
const BITS: &Tag = b"live    ";

/// A file and how to recognize it.
pub(super) type Named = (String, Sealed);

/// What a manifest says of a part.
pub(super) struct Entry {
    pub(super) tenant: Option<String>,
    pub(super) segment: Named,
    /// None while no chunk was deleted.
    pub(super) live: Option<Named>,
}

/// What a manifest says.
struct Manifest {
    analyzer: Analyzer,
    bm25: Bm25,
    attributes: String,
    dimension: Option<usize>,
    entries: Vec<Entry>,
}

/// Writes all of `index` as a new generation.
pub(super) fn save(index: &Index, lock: &Lock) -> Result<()> {
    // Where the one that stands there cannot be read, nothing is taken away before the new one stands.
    let current = read_pointer(lock.folder()).and_then(|pointer| current(lock.folder(), &pointer)).ok();
    write(index, lock, current.as_deref(), |_| false)
}

/// Writes what the folder does not hold yet as a new generation.
pub(super) fn commit(index: &Index, lock: &Lock) -> Result<()> {
    let folder = lock.folder();
    let Some(generation) = index.kept.homes.of(folder) else {
        return Err(Error::Input(format!("{}: the index has no part there; save it there first", folder.display())));
    };
    let pointer = read_pointer(folder)?;
    if pointer.generation != generation {
        let reason = format!(
            "generation {} stands there and the changes were made to generation {generation}: open it anew and change that",
            pointer.generation
        );
        return Err(Error::Write { path: folder.display().to_string(), reason });
    }
    let current = current(folder, &pointer)?;
    write(index, lock, Some(&current), |named| current.contains(named))
}

/// The files of the generation that `pointer` names.
fn current(folder: &Path, pointer: &Pointer) -> Result<Vec<Named>> {
    let manifest = manifest_name(pointer.generation);
    let mut files = vec![(manifest, pointer.manifest.clone())];
    for Entry { segment, live, .. } in manifest_at(folder, pointer)?.entries {
        files.push(segment);
        files.extend(live);
    }
    Ok(files)
}

/// Writes `index` as a new generation, but for the files of it that stand there already.
fn write(index: &Index, lock: &Lock, current: Option<&[Named]>, stands: impl Fn(&Named) -> bool) -> Result<()> {
    let folder = lock.folder();
    let saving = Saving::start(lock, current.map(names).as_ref())?;
    let generation = saving.generation();
    let known = |homes: &Homes<Named>| homes.of(folder).filter(&stands);
    let (mut entries, mut number) = (Vec::new(), 0);
    for part in index.parts() {
        let segment = match known(&part.written) {
            Some(named) => named,
            None => {
                let name = segment_name(generation, number);
                let sealed = write_segment(&part.segment, &saving.path(&name))?;
                (name, sealed)
            }
        };
        let live = match part.left().map(|live| (live, known(&live.written))) {
            None => None,
            Some((_, Some(named))) => Some(named),
            Some((live, None)) => {
                let name = live_name(generation, number);
                let sealed = write_live(live.bits(), &saving.path(&name))?;
                Some((name, sealed))
            }
        };
        number += 1;
        entries.push(Entry { tenant: part.tenant.as_deref().map(str::to_owned), segment, live });
    }
    let manifest = manifest_bytes(index, &entries)
        .ok_or_else(|| Error::Input("the attributes are longer than 4 GiB".to_owned()))?;
    let manifest = write_manifest(&saving, &manifest)?;
    let files: Vec<Named> =
        entries.iter().flat_map(|entry| std::iter::once(&entry.segment).chain(&entry.live)).cloned().collect();
    saving.finish(manifest, &names(&files), || {
        for (part, Entry { segment, live, .. }) in index.parts().iter().zip(entries) {
            part.written.put(folder, segment);
            if let Some((left, live)) = part.left().zip(live) {
                left.written.put(folder, live);
            }
        }
        index.kept.homes.put(folder, generation);
    })
}

fn names(files: &[Named]) -> BTreeSet<&str> {
    files.iter().map(|(name, _)| name.as_str()).collect()
}

/// Writes the manifest of the generation that is being saved.
pub(super) fn write_manifest(saving: &Saving<'_>, bytes: &[u8]) -> Result<Sealed> {
    let mut writer = SectionWriter::create(&saving.path(&manifest_name(saving.generation())), MANIFEST)?;
    writer.section(ALL, std::iter::once(bytes))?;
    writer.finish()
}

pub(super) fn open(folder: &Path) -> Result<Index> {
    let mut pointer = read_pointer(folder)?;
    loop {
        let opened = open_generation(folder, &pointer);
        if opened.is_ok() {
            return opened;
        }
        // A save may have replaced the generation under our hands: then the new one is the index.
        let now = read_pointer(folder)?;
        if now == pointer {
            return opened;
        }
        pointer = now;
    }
}

fn write_live(bits: &Bits, path: &Path) -> Result<Sealed> {
    let mut writer = SectionWriter::create(path, LIVE)?;
    writer.numbers(BITS, bits.words())?;
    writer.finish()
}

pub(super) fn manifest_bytes(index: &Index, entries: &[Entry]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (analyzer, bm25) = (index.analyzer(), index.bm25());
    put_string(&mut out, analyzer.name())?;
    out.extend_from_slice(&analyzer.version().to_le_bytes());
    put_string(&mut out, &analyzer.fingerprint())?;
    put_string(&mut out, bm25.variant.name())?;
    for value in [bm25.k1, bm25.b, bm25.delta, bm25.epsilon] {
        out.extend_from_slice(&value.to_le_bytes());
    }
    put_string(&mut out, index.attributes())?;
    out.extend_from_slice(&(index.dimension().unwrap_or(0) as u64).to_le_bytes());
    out.extend_from_slice(&(entries.len() as u32).to_le_bytes());
    for Entry { tenant, segment, live } in entries {
        out.extend_from_slice(&u32::from(tenant.is_some()).to_le_bytes());
        put_string(&mut out, tenant.as_deref().unwrap_or_default())?;
        put_file(&mut out, segment)?;
        out.extend_from_slice(&u32::from(live.is_some()).to_le_bytes());
        if let Some(live) = live {
            put_file(&mut out, live)?;
        }
    }
    Some(out)
}

fn put_file(out: &mut Vec<u8>, (name, sealed): &Named) -> Option<()> {
    put_string(out, name)?;
    out.extend_from_slice(&sealed.length.to_le_bytes());
    out.extend_from_slice(&sealed.seal.to_le_bytes());
    Some(())
}

/// The manifest that `pointer` names.
fn manifest_at(folder: &Path, pointer: &Pointer) -> Result<Manifest> {
    let path = folder.join(manifest_name(pointer.generation));
    let file = SectionReader::open(&path, MANIFEST, &pointer.manifest)?;
    let manifest = read_manifest(&file, &file.section(ALL)?)?;
    // A name is joined to the folder's, so it must be one of ours.
    for (name, _) in manifest.entries.iter().flat_map(|entry| std::iter::once(&entry.segment).chain(&entry.live)) {
        if generation_of(name).is_none_or(|generation| generation > pointer.generation) {
            return Err(file.corrupt("a file of it that is not one of an index"));
        }
    }
    Ok(manifest)
}

fn open_generation(folder: &Path, pointer: &Pointer) -> Result<Index> {
    let Manifest { analyzer, bm25, attributes, dimension, entries } = manifest_at(folder, pointer)?;
    let home = folder.canonicalize().map_err(|cause| Error::read(folder, &cause))?;
    let (mut parts, mut span) = (Vec::new(), 0);
    for Entry { tenant, segment: named, live } in entries {
        let segment = open_segment(&folder.join(&named.0), &named.1)?;
        span += segment.len();
        if segment.dimension() != dimension || span >= MOST_CHUNKS {
            return Err(Error::corrupt(&folder.join(&named.0), "it does not fit the other segments"));
        }
        let live = match live {
            None => None,
            Some(named) => {
                let bits = read_live(&folder.join(&named.0), &named.1, segment.len())?;
                let live = Live::of(&segment, bits);
                live.written.put(&home, named);
                Some(Arc::new(live))
            }
        };
        let part = Part::new(Arc::new(segment), tenant.map(Arc::from), live);
        part.written.put(&home, named);
        parts.push(part);
    }
    let kept = Kept { dimension, ..Kept::new(analyzer, bm25, attributes) };
    kept.homes.put(&home, pointer.generation);
    Ok(Index::assemble(kept, parts))
}

fn read_live(path: &Path, sealed: &Sealed, chunks: usize) -> Result<Bits> {
    let file = SectionReader::open(path, LIVE, sealed)?;
    let bytes = file.section(BITS)?;
    let bits = u64s(&bytes).and_then(|words| Bits::of_words(words, chunks));
    bits.ok_or_else(|| file.corrupt("its bits do not fit its segment"))
}

fn read_manifest(file: &SectionReader, bytes: &[u8]) -> Result<Manifest> {
    let fields = || {
        let mut reader = Reader::new(bytes);
        let analyzer = (reader.string()?, reader.u32()?, reader.string()?);
        let bm25 = (reader.string()?, [reader.f64()?, reader.f64()?, reader.f64()?, reader.f64()?]);
        let attributes = reader.string()?;
        let dimension = usize::try_from(reader.u64()?).ok()?;
        let mut entries = Vec::new();
        for _ in 0..reader.u32()? {
            let tenant = (reader.u32()?, reader.string()?);
            let segment = read_file(&mut reader)?;
            let live = if reader.u32()? == 0 { None } else { Some(read_file(&mut reader)?) };
            entries.push(Entry { tenant: (tenant.0 != 0).then_some(tenant.1), segment, live });
        }
        reader.is_empty().then_some((analyzer, bm25, attributes, (dimension > 0).then_some(dimension), entries))
    };
    let Some((analyzer, (variant, [k1, b, delta, epsilon]), attributes, dimension, entries)) = fields() else {
        return Err(file.corrupt("its fields do not fit"));
    };
    Ok(Manifest {
        analyzer: same_analyzer(file, &analyzer)?,
        bm25: Bm25::new(&variant, k1, b, delta, epsilon).map_err(|reason| file.corrupt(&reason.to_string()))?,
        attributes,
        dimension,
        entries,
    })
}

fn read_file(reader: &mut Reader<'_>) -> Option<Named> {
    Some((reader.string()?, Sealed { length: reader.u64()?, seal: reader.u32()? }))
}

/// The analyzer that the index was built with, if this ragopt has exactly that one.
fn same_analyzer(file: &SectionReader, (name, version, fingerprint): &(String, u32, String)) -> Result<Analyzer> {
    let refused = |reason: String| Error::Version {
        path: file.path().display().to_string(),
        reason: format!("{reason}, so queries would not meet its terms: rebuild it with ragopt index"),
    };
    let analyzer = Analyzer::new(name)
        .map_err(|_| refused(format!("the index was built with the analyzer {name:?}, which this ragopt lacks")))?;
    if analyzer.fingerprint() != *fingerprint || analyzer.version() != *version {
        return Err(refused(format!(
            "the index was built with version {version} of the analyzer {name:?} ({fingerprint}), and this ragopt has \
             version {} ({})",
            analyzer.version(),
            analyzer.fingerprint()
        )));
    }
    Ok(analyzer)
}
