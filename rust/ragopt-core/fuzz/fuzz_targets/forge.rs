//! Makes the checksums of an index folder right again, as an attacker would: blocks, files, manifest, pointer.
//!
//! `index/file.rs` and `index/folder.rs` of the core have the layout.

use std::ops::Range;

use super::Files;

const HEAD: usize = 16;
const FOOT: usize = 24;
const ROW: usize = 24;
const BLOCK: usize = 4096;

/// The little-endian number at `place`, 0 where there is none.
pub fn number(bytes: &[u8], place: usize) -> u64 {
    bytes.get(place..).and_then(|bytes| bytes.first_chunk()).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// The sections that a file's table names, as far as they lie before it; none where it has no table.
pub fn sections(file: &[u8]) -> Vec<Range<usize>> {
    let Some(foot) = file.len().checked_sub(FOOT).filter(|&foot| foot >= HEAD) else {
        return Vec::new();
    };
    let table = number(file, foot) as usize;
    let rows = file.get(table..foot).unwrap_or_default().chunks_exact(ROW);
    let row = |row: &[u8]| number(row, 8) as usize..(number(row, 8) as usize).saturating_add(number(row, 16) as usize);
    rows.map(row).filter(|section| section.start <= section.end && section.end <= table).collect()
}

/// All checksums of `files`, as far as they can be found.
pub fn forge(files: &mut Files) {
    files.values_mut().for_each(|file| reseal(file));
    let Some(manifest) = files.keys().find(|name| name.starts_with("manifest")).cloned() else {
        return;
    };
    let mut bytes = files[&manifest].clone();
    for (name, file) in &*files {
        let place = bytes.windows(name.len()).position(|window| window == name.as_bytes());
        if let Some(slot) = place.and_then(|place| bytes.get_mut(place + name.len()..)?.first_chunk_mut::<12>()) {
            slot[..8].copy_from_slice(&(file.len() as u64).to_le_bytes());
            slot[8..].copy_from_slice(&seal(file).to_le_bytes());
        }
    }
    reseal(&mut bytes);
    let lines = format!("ragopt-index 1\n{manifest} {} {:08x}\n", bytes.len(), seal(&bytes));
    if let Some(pointer) = files.get_mut("CURRENT") {
        *pointer = format!("{lines}{:08x}\n", crc32fast::hash(lines.as_bytes())).into_bytes();
    }
    files.insert(manifest, bytes);
}

/// The checksums of a file's blocks and of its table.
fn reseal(file: &mut [u8]) {
    let sections = sections(file);
    let Some(end) = sections.last().map(|section| section.end.next_multiple_of(64)) else {
        return;
    };
    let foot = file.len() - FOOT;
    let table = number(file, foot) as usize;
    let blocks = sections.iter().flat_map(|section| file[section.clone()].chunks(BLOCK));
    let sums: Vec<u8> = blocks.flat_map(|block| crc32fast::hash(block).to_le_bytes()).collect();
    file[end.min(table)..table].iter_mut().zip(sums).for_each(|(slot, byte)| *slot = byte);
    let crc = crc32fast::hash(&file[end.min(table)..foot]);
    file[foot + 12..foot + 16].copy_from_slice(&crc.to_le_bytes());
}

/// What the one who names a file knows of it.
fn seal(file: &[u8]) -> u32 {
    let foot = file.len().saturating_sub(FOOT);
    let table = (number(file, foot) as usize).min(file.len());
    let mut crc = crc32fast::Hasher::new();
    crc.update(&file[..HEAD.min(file.len())]);
    crc.update(&file[table..]);
    crc.finalize()
}
