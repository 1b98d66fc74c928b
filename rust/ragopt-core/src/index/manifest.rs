//! An index to a folder and back: the manifest, which says what the index is made of.

use std::path::Path;

use super::Index;
use super::bytes::{Reader, put_string};
use super::file::{Sealed, SectionReader, SectionWriter, Tag};
use super::folder::{Pointer, Saving, manifest_name, read_pointer, segment_name};
use super::persist::{open_segment, write_segment};
use crate::analysis::Analyzer;
use crate::error::{Error, Result};
use crate::score::bm25::Bm25;

const KIND: u32 = 1;

const ALL: &Tag = b"manifest";

pub(super) fn save(index: &Index, folder: &Path) -> Result<()> {
    let saving = Saving::start(folder)?;
    let name = segment_name(saving.generation(), 0);
    let segment = write_segment(&index.segment, &saving.path(&name))?;
    let manifest = manifest_bytes(index, &[(name, segment)])
        .ok_or_else(|| Error::Input("the attributes are longer than 4 GiB".to_owned()))?;
    let manifest = write_manifest(&saving, &manifest)?;
    saving.finish(manifest)
}

/// Writes the manifest of the generation that is being saved.
pub(super) fn write_manifest(saving: &Saving, bytes: &[u8]) -> Result<Sealed> {
    let mut writer = SectionWriter::create(&saving.path(&manifest_name(saving.generation())), KIND)?;
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

/// What a manifest says.
struct Manifest {
    analyzer: Analyzer,
    bm25: Bm25,
    attributes: String,
    segments: Vec<(String, Sealed)>,
}

/// The manifest of `index`, whose segments were written to these files.
pub(super) fn manifest_bytes(index: &Index, segments: &[(String, Sealed)]) -> Option<Vec<u8>> {
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
    out.extend_from_slice(&(segments.len() as u32).to_le_bytes());
    for (name, sealed) in segments {
        put_string(&mut out, name)?;
        out.extend_from_slice(&sealed.length.to_le_bytes());
        out.extend_from_slice(&sealed.seal.to_le_bytes());
    }
    Some(out)
}

fn open_generation(folder: &Path, pointer: &Pointer) -> Result<Index> {
    let path = folder.join(manifest_name(pointer.generation));
    let file = SectionReader::open(&path, KIND, &pointer.manifest)?;
    let bytes = file.section(ALL)?;
    let manifest = read_manifest(&file, &bytes)?;
    let [(name, sealed)] = &manifest.segments[..] else {
        return Err(file.corrupt("an index of this format has one segment"));
    };
    if name != &segment_name(pointer.generation, 0) {
        return Err(file.corrupt("its segment is not one of this index"));
    }
    let segment = open_segment(&folder.join(name), sealed)?;
    Ok(Index::of(manifest.analyzer, manifest.bm25, manifest.attributes, segment))
}

fn read_manifest(file: &SectionReader, bytes: &[u8]) -> Result<Manifest> {
    let fields = || {
        let mut reader = Reader::new(bytes);
        let analyzer = (reader.string()?, reader.u32()?, reader.string()?);
        let bm25 = (reader.string()?, [reader.f64()?, reader.f64()?, reader.f64()?, reader.f64()?]);
        let attributes = reader.string()?;
        let mut segments = Vec::new();
        for _ in 0..reader.u32()? {
            let name = reader.string()?;
            let (length, seal) = (reader.u64()?, reader.u32()?);
            segments.push((name, Sealed { length, seal }));
        }
        reader.is_empty().then_some((analyzer, bm25, attributes, segments))
    };
    let Some((analyzer, (variant, [k1, b, delta, epsilon]), attributes, segments)) = fields() else {
        return Err(file.corrupt("its fields do not fit"));
    };
    Ok(Manifest {
        analyzer: same_analyzer(file, &analyzer)?,
        bm25: Bm25::new(&variant, k1, b, delta, epsilon).map_err(|reason| file.corrupt(&reason.to_string()))?,
        attributes,
        segments,
    })
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
