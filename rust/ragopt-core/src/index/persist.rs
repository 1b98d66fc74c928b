//! An index to files and back. Nothing read is trusted: not a length, not an order, not a number.

use std::path::Path;

use super::bytes::{Reader, put_string, put_u32s, put_u64s, put_varint, u32s, u64s};
use super::file::{Sealed, SectionReader, SectionWriter, Tag};
use super::folder::{Pointer, Saving, manifest_name, read_pointer, segment_name};
use super::lines::Lines;
use super::postings::{MOST_CHUNKS, ODD, Postings, TermPostings, code_of, word_of};
use super::strings::{Blobs, Ids, Strings};
use super::vectors::Vectors;
use super::vocabulary::Vocabulary;
use super::{Index, Segment};
use crate::analysis::Analyzer;
use crate::error::{Error, Result};
use crate::score::bm25::Bm25;
use crate::score::cosine::{LANES, Line, lines_of};
use crate::types::Ordinal;

const MANIFEST: u32 = 1;
const SEGMENT: u32 = 2;

const ALL: &Tag = b"manifest";
const SHAPE: &Tag = b"shape   ";
const IDS: [&Tag; 2] = [b"ids     ", b"ids.ends"];
const ID_ORDER: &Tag = b"ids.sort";
const STORED: [&Tag; 2] = [b"stored  ", b"stor.end"];
const TERMS: [&Tag; 2] = [b"terms   ", b"term.end"];
const FREQUENCIES: &Tag = b"term.df ";
const POSTINGS: &Tag = b"postings";
const LENGTHS: &Tag = b"lengths ";
const VECTORS: &Tag = b"vectors ";

/// Lines of vectors that are written at once.
const LINES_AT_ONCE: usize = 4096;

pub(super) fn save(index: &Index, folder: &Path) -> Result<()> {
    let saving = Saving::start(folder)?;
    let name = segment_name(saving.generation(), 0);
    let segment = write_segment(&index.segment, &saving.path(&name))?;
    let manifest = manifest_bytes(index, &[(name, segment)])
        .ok_or_else(|| Error::Input("the attributes are longer than 4 GiB".to_owned()))?;
    let path = saving.path(&manifest_name(saving.generation()));
    let mut writer = SectionWriter::create(&path, MANIFEST)?;
    writer.section(ALL, std::iter::once(manifest))?;
    let manifest = writer.finish()?;
    saving.finish(manifest)
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

fn manifest_bytes(index: &Index, segments: &[(String, Sealed)]) -> Option<Vec<u8>> {
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
    let mut file = SectionReader::open(&path, MANIFEST, &pointer.manifest)?;
    let bytes = file.section(ALL)?;
    let manifest = read_manifest(&file, &bytes)?;
    let [(name, sealed)] = &manifest.segments[..] else {
        return Err(file.corrupt("an index of this format has one segment"));
    };
    if name != &segment_name(pointer.generation, 0) {
        return Err(file.corrupt("its segment is not one of this index"));
    }
    let mut file = SectionReader::open(&folder.join(name), SEGMENT, sealed)?;
    let segment = read_segment(&mut file)?;
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

fn write_segment(segment: &Segment, path: &Path) -> Result<Sealed> {
    let mut file = SectionWriter::create(path, SEGMENT)?;
    let dimension = segment.vectors.as_ref().map_or(0, Vectors::dimension);
    let mut shape = (segment.lengths.len() as u64).to_le_bytes().to_vec();
    shape.extend_from_slice(&(segment.postings.len() as u64).to_le_bytes());
    shape.extend_from_slice(&(dimension as u64).to_le_bytes());
    file.section(SHAPE, std::iter::once(shape))?;
    write_blobs(&mut file, IDS, segment.ids.names().blobs())?;
    file.section(ID_ORDER, std::iter::once(put_u32s(segment.ids.order())))?;
    write_blobs(&mut file, STORED, &segment.stored)?;
    write_blobs(&mut file, TERMS, segment.vocabulary.terms().blobs())?;
    let frequencies: Vec<u32> = segment.postings.frequencies().map(|df| df as u32).collect();
    file.section(FREQUENCIES, std::iter::once(put_u32s(&frequencies)))?;
    let terms = 0..segment.vocabulary.len() as u32;
    file.section(POSTINGS, terms.map(|term| postings_bytes(segment.postings.of(term))))?;
    file.section(LENGTHS, std::iter::once(put_u32s(&segment.lengths)))?;
    if let Some(vectors) = &segment.vectors {
        file.section(VECTORS, vectors.rows().chunks(LINES_AT_ONCE).map(lines_bytes))?;
    }
    file.finish()
}

fn write_blobs(file: &mut SectionWriter, [bytes, ends]: [&Tag; 2], blobs: &Blobs) -> Result<()> {
    file.section(bytes, std::iter::once(&blobs.bytes))?;
    file.section(ends, std::iter::once(put_u64s(&blobs.ends)))
}

fn lines_bytes(lines: &[Line]) -> Vec<u8> {
    lines.iter().flat_map(|line| line.0).flat_map(f32::to_le_bytes).collect()
}

/// The postings of one term: for each chunk the distance from the one before, doubled, plus 1 if
/// the count is more than one, which then follows.
fn postings_bytes(postings: TermPostings<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(2 * postings.len());
    let mut next = 0;
    postings.for_each(|ordinal, count| {
        put_varint(&mut out, u64::from(ordinal - next) << 1 | u64::from(count > 1));
        if count > 1 {
            put_varint(&mut out, u64::from(count) - 2);
        }
        next = ordinal + 1;
    });
    out
}

fn read_segment(file: &mut SectionReader) -> Result<Segment> {
    let shape = file.section(SHAPE)?;
    let Some([chunks, postings, dimension]) = u64s(&shape).and_then(|shape| <[u64; 3]>::try_from(shape).ok()) else {
        return Err(file.corrupt("its shape does not fit"));
    };
    let lengths = numbers(file, LENGTHS)?;
    if lengths.len() as u64 != chunks || lengths.len() >= MOST_CHUNKS {
        return Err(file.corrupt("as many lengths as chunks are needed"));
    }
    let names = read_strings(file, IDS)?;
    let order = numbers(file, ID_ORDER)?;
    let ids = Ids::from_parts(names, order).map_err(|reason| file.corrupt(reason))?;
    let stored = read_blobs(file, STORED)?;
    if ids.iter().len() != lengths.len() || stored.len() != lengths.len() {
        return Err(file.corrupt("as many ids and stored values as chunks are needed"));
    }
    let vocabulary = Vocabulary::from_terms(read_strings(file, TERMS)?).map_err(|reason| file.corrupt(reason))?;
    let postings = read_postings(file, vocabulary.len(), postings, &lengths)?;
    let vectors = read_vectors(file, dimension, lengths.len())?;
    Ok(Segment { ids, stored, vocabulary, postings, lengths, vectors })
}

fn numbers(file: &mut SectionReader, tag: &Tag) -> Result<Vec<u32>> {
    let bytes = file.section(tag)?;
    u32s(&bytes).ok_or_else(|| file.corrupt("a section of numbers that ends inside of one"))
}

fn read_blobs(file: &mut SectionReader, [bytes, ends]: [&Tag; 2]) -> Result<Blobs> {
    let (bytes, ends) = (file.section(bytes)?, file.section(ends)?);
    let ends = u64s(&ends).ok_or_else(|| file.corrupt("a section of numbers that ends inside of one"))?;
    Blobs::from_parts(bytes, ends).map_err(|reason| file.corrupt(reason))
}

fn read_strings(file: &mut SectionReader, tags: [&Tag; 2]) -> Result<Strings> {
    let blobs = read_blobs(file, tags)?;
    Strings::from_blobs(blobs).map_err(|reason| file.corrupt(reason))
}

/// The postings, whose counts must add up to the lengths of the chunks.
fn read_postings(file: &mut SectionReader, terms: usize, total: u64, lengths: &[u32]) -> Result<Postings> {
    let frequencies = numbers(file, FREQUENCIES)?;
    let bytes = file.section(POSTINGS)?;
    let sum: u64 = frequencies.iter().map(|&df| u64::from(df)).sum();
    // A posting takes a byte at least, so the checked size of the section bounds what is allocated.
    if frequencies.len() != terms || frequencies.contains(&0) || sum != total || sum > bytes.len() as u64 {
        return Err(file.corrupt("its postings do not fit its terms"));
    }
    let mut postings = Postings::new(lengths.len());
    let (mut words, mut odd) = (Vec::new(), Vec::new());
    let mut found_lengths = vec![0u32; lengths.len()];
    let mut reader = Reader::new(&bytes);
    let mut read_term = |df: u32| {
        words.clear();
        odd.clear();
        let mut next = 0u64;
        for _ in 0..df {
            let word = reader.varint()?;
            let count = if word & 1 == 1 { reader.varint()?.checked_add(2)? } else { 1 };
            let ordinal = next.checked_add(word >> 1)?;
            let (length, count) = (found_lengths.get_mut(usize::try_from(ordinal).ok()?)?, u32::try_from(count).ok()?);
            *length = length.checked_add(count)?;
            words.push(word_of(ordinal as Ordinal, code_of(count)));
            if count >= ODD {
                odd.push((ordinal as Ordinal, count));
            }
            next = ordinal + 1;
        }
        postings.push(std::iter::once(&words[..]), &odd);
        Some(())
    };
    let complete = frequencies.iter().all(|&df| read_term(df).is_some());
    if !complete || !reader.is_empty() || found_lengths != lengths {
        return Err(file.corrupt("its postings do not fit its chunks"));
    }
    postings.finish();
    Ok(postings)
}

fn read_vectors(file: &mut SectionReader, dimension: u64, chunks: usize) -> Result<Option<Vectors>> {
    let Some(bytes) = file.length(VECTORS) else {
        return if dimension == 0 { Ok(None) } else { Err(file.corrupt("it lacks its vectors")) };
    };
    let unfit = "its vectors do not fit its chunks";
    let line = size_of::<Line>() as u64;
    let width = usize::try_from(dimension).ok().filter(|&dimension| dimension > 0).map(lines_of);
    let expected = width.and_then(|width| (width as u64).checked_mul(chunks as u64)?.checked_mul(line));
    if expected != Some(bytes) {
        return Err(file.corrupt(unfit));
    }
    let mut lines = Lines::zeros((bytes / line) as usize)?;
    let mut places = lines.as_mut_slice().iter_mut();
    let mut finite = true;
    file.section_by_blocks(VECTORS, |_, block| {
        for (numbers, line) in block.as_chunks::<4>().0.chunks(LANES).zip(&mut places) {
            for (slot, number) in line.0.iter_mut().zip(numbers) {
                *slot = f32::from_le_bytes(*number);
                finite &= slot.is_finite();
            }
        }
    })?;
    if !finite {
        return Err(file.corrupt("a vector that holds NaN or infinity"));
    }
    Ok(Some(Vectors::from_lines(dimension as usize, lines)))
}

#[cfg(test)]
mod tests;
