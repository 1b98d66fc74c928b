//! The folder of an index: a pointer, a manifest, the files that it names; changed whole or not at all.
//!
//! ```text
//! CURRENT                      text: format, name, length and seal of the manifest, checksum of these lines
//! manifest-0000000007          what the index is made of: analyzer, BM25, attributes, its parts
//! segment-0000000003-0         chunks, as generation 3 wrote them
//! live-0000000007-1            which chunks of a segment are left
//! LOCK                         held by whoever writes
//! ```
//! Each save or commit is a new generation. Its files have new names and reach the disk before `CURRENT` is
//! renamed over the old one, which is the moment of the change; only then the files go that it does not name.
//! A writer that dies leaves files that nothing points to, and the next one removes them.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::fault;
use super::file::{FORMAT, Sealed, newer};
use super::lock::Lock;
use crate::error::{Error, Result};

pub(super) const POINTER: &str = "CURRENT";
/// Locked by whoever writes.
pub(super) const LOCK: &str = "LOCK";
const POINTER_ASIDE: &str = "CURRENT.new";
const FIRST_WORD: &str = "ragopt-index";
/// A pointer is about 100 bytes; a file much longer is not read.
const LONGEST_POINTER: u64 = 4096;

/// What `CURRENT` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pointer {
    pub(super) generation: u64,
    pub(super) manifest: Sealed,
}

/// The manifest's file name.
pub(super) fn manifest_name(generation: u64) -> String {
    format!("manifest-{generation:010}")
}

/// The file name of what was deleted of a segment.
pub(super) fn live_name(generation: u64, number: usize) -> String {
    format!("live-{generation:010}-{number}")
}

/// A segment's file name.
pub(super) fn segment_name(generation: u64, number: usize) -> String {
    format!("segment-{generation:010}-{number}")
}

/// Reads the pointer of the index in `folder`.
pub(super) fn read_pointer(folder: &Path) -> Result<Pointer> {
    let not_an_index =
        |reason: &str| Error::NotAnIndex { path: folder.display().to_string(), reason: reason.to_owned() };
    let path = folder.join(POINTER);
    let length = match fs::metadata(&path) {
        Ok(metadata) if metadata.is_file() => metadata.len(),
        Ok(_) => return Err(not_an_index("its CURRENT is not a file")),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound && !folder.exists() => {
            return Err(not_an_index("there is no such folder"));
        }
        Err(cause) if cause.kind() == io::ErrorKind::NotADirectory => return Err(not_an_index("it is a file")),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            return Err(
                if own_files(folder).is_ok_and(|files| files.iter().any(|name| generation_of(name).is_some())) {
                    Error::corrupt(&path, "it is missing")
                } else {
                    not_an_index("it has no file CURRENT")
                },
            );
        }
        Err(cause) => return Err(Error::read(&path, &cause)),
    };
    if length > LONGEST_POINTER {
        return Err(not_an_index("its CURRENT is not the one of an index"));
    }
    let bytes = fs::read(&path).map_err(|cause| Error::read(&path, &cause))?;
    if !bytes.starts_with(FIRST_WORD.as_bytes()) {
        return Err(if own_files(folder).is_ok_and(|files| files.iter().any(|name| generation_of(name).is_some())) {
            Error::corrupt(&path, "its bytes were changed")
        } else {
            not_an_index("its CURRENT is not the one of an index")
        });
    }
    parse(&path, &String::from_utf8_lossy(&bytes))
}

fn parse(path: &Path, text: &str) -> Result<Pointer> {
    // A newer format may check itself in another way, so the version is read before anything is checked.
    let format = text.lines().next().and_then(|line| line.strip_prefix(FIRST_WORD)?.trim().parse::<u64>().ok());
    if let Some(format) = format.filter(|&format| format > u64::from(FORMAT)) {
        return Err(newer(path, format));
    }
    let fields = || -> Option<Pointer> {
        let (_, rest) = text.split_once('\n')?;
        let (line, _) = rest.split_once('\n')?;
        let mut words = line.split(' ');
        let pointer = Pointer {
            generation: words.next()?.strip_prefix("manifest-")?.parse().ok()?,
            manifest: Sealed {
                length: words.next()?.parse().ok()?,
                seal: u32::from_str_radix(words.next()?, 16).ok()?,
            },
        };
        // Whatever is not exactly what would be written for it was changed.
        (pointer_text(&pointer) == text).then_some(pointer)
    };
    fields().ok_or_else(|| Error::corrupt(path, "its bytes were changed"))
}

fn pointer_text(pointer: &Pointer) -> String {
    let name = manifest_name(pointer.generation);
    let Sealed { length, seal } = pointer.manifest;
    let lines = format!("{FIRST_WORD} {FORMAT}\n{name} {length} {seal:08x}\n");
    format!("{lines}{:08x}\n", crc32fast::hash(lines.as_bytes()))
}

/// A folder that is about to get a new generation.
#[derive(Debug)]
pub(super) struct Saving<'a> {
    lock: &'a Lock,
    generation: u64,
    done: bool,
}

impl<'a> Saving<'a> {
    /// The next generation of the folder of `lock`. What an earlier writer left behind goes at once if it is known which
    /// files are `in_use`: on a full disk it makes room.
    pub(super) fn start(lock: &'a Lock, in_use: Option<&BTreeSet<&str>>) -> Result<Self> {
        let files = own_files(lock.folder())?;
        let generation = files.iter().filter_map(|name| generation_of(name)).max().unwrap_or(0) + 1;
        let saving = Self { lock, generation, done: false };
        if let Some(in_use) = in_use {
            saving.remove(|name| !in_use.contains(name));
        }
        Ok(saving)
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.lock.folder().join(name)
    }

    /// Lets the index be the new generation; `then` is called at that moment. All files but those `in_use` go.
    pub(super) fn finish(mut self, manifest: Sealed, in_use: &BTreeSet<&str>, then: impl FnOnce()) -> Result<()> {
        let folder = self.lock.folder();
        let pointer = Pointer { generation: self.generation, manifest };
        sync_folder(folder)?; // the new files' names, before something points to them
        let (aside, path) = (self.path(POINTER_ASIDE), self.path(POINTER));
        let write = || -> io::Result<()> {
            fault::step();
            let mut file = File::create(&aside)?;
            fault::step();
            file.write_all(pointer_text(&pointer).as_bytes())?;
            fault::step();
            file.sync_all()?;
            fault::step();
            fs::rename(&aside, &path)
        };
        write().map_err(|cause| Error::write(&path, &cause))?;
        self.done = true; // from here on the new generation is the index, and nothing may take it away
        then();
        sync_folder(folder)?;
        self.remove(|name| !in_use.contains(name) && name != manifest_name(self.generation));
        Ok(())
    }

    /// Removes this folder's chosen files. What cannot be removed is harmless: nothing points to it, and the next writer
    /// tries again.
    fn remove(&self, chosen: impl Fn(&str) -> bool) {
        for name in own_files(self.lock.folder()).unwrap_or_default() {
            if name != POINTER && name != LOCK && chosen(&name) {
                fault::step();
                let _ = fs::remove_file(self.path(&name));
            }
        }
    }
}

impl Drop for Saving<'_> {
    /// A save that failed takes its files away again.
    fn drop(&mut self) {
        if !self.done {
            self.remove(|name| generation_of(name).is_none_or(|found| found == self.generation));
        }
    }
}

/// The names of an index's files in `folder`; an error if there are others, or if it is no folder.
pub(super) fn own_files(folder: &Path) -> Result<Vec<String>> {
    let foreign = |reason: String| Error::NotAnIndex { path: folder.display().to_string(), reason };
    let entries = fs::read_dir(folder).map_err(|cause| match cause.kind() {
        io::ErrorKind::NotADirectory => foreign("it is a file; give a folder".to_owned()),
        _ => Error::write(folder, &cause),
    })?;
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(|cause| Error::write(folder, &cause))?.file_name();
        let name = name.to_string_lossy().into_owned();
        if ![POINTER, POINTER_ASIDE, LOCK].contains(&&*name) && generation_of(&name).is_none() {
            return Err(foreign(format!("it holds {name:?}; give a new or empty folder, or an index")));
        }
        names.push(name);
    }
    Ok(names)
}

/// The generation that wrote the file of this name; None for a name that no file of an index has.
pub(super) fn generation_of(name: &str) -> Option<u64> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let generation = match name.strip_prefix("manifest-") {
        Some(generation) => generation,
        None => {
            let numbers = name.strip_prefix("segment-").or_else(|| name.strip_prefix("live-"))?;
            let (generation, number) = numbers.split_once('-')?;
            if number.is_empty() || !digits(number) {
                return None;
            }
            generation
        }
    };
    (generation.len() >= 10 && digits(generation)).then(|| generation.parse().ok())?
}

fn sync_folder(folder: &Path) -> Result<()> {
    fault::step();
    File::open(folder).and_then(|file| file.sync_all()).map_err(|cause| Error::write(folder, &cause))
}
