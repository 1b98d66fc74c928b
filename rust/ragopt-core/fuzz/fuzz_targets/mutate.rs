//! A list of changes to the files of an index, eight bytes each: what, which file, where (3 bytes), how (3 bytes).

use super::Files;
use super::forge::{number, sections};

/// Numbers that lengths, counts and places must survive.
const ABSURD: [u64; 8] = [0, 1, u64::MAX, 1 << 63, 1 << 40, u32::MAX as u64, i32::MAX as u64, 0x7f7f_7f7f_7f7f_7f7f];

/// So many changes say enough.
const MOST: usize = 8;

/// Applies the changes in `data` to `files`.
pub fn mutate(files: &mut Files, data: &[u8]) {
    for change in data.as_chunks::<8>().0.iter().take(MOST) {
        let &[kind, which, place @ .., a, b, c] = change;
        let name = files.keys().nth(usize::from(which) % files.len().max(1)).cloned();
        let Some(bytes) = name.as_ref().and_then(|name| files.get_mut(name)) else {
            return;
        };
        if kind == 255 {
            files.retain(|other, _| Some(other) != name.as_ref());
            continue;
        }
        if bytes.is_empty() {
            continue;
        }
        let place = wide(place) % bytes.len();
        one(bytes, kind, place, [a, b, c]);
    }
}

fn wide(bytes: [u8; 3]) -> usize {
    bytes.iter().fold(0, |number, &byte| number << 8 | usize::from(byte))
}

fn one(bytes: &mut Vec<u8>, kind: u8, place: usize, how: [u8; 3]) {
    let length = bytes.len();
    // From the end, where a file's table is, as likely as from the start.
    let place = if kind & 128 == 0 { place } else { length - 1 - place % length.min(1024) };
    let [a, b, _] = how;
    match kind % 9 {
        0 => bytes[place] ^= a.max(1),
        1 => bytes[place] = a,
        2 => {
            let (at, absurd) = (place & !7, ABSURD[usize::from(a) % ABSURD.len()].wrapping_add(u64::from(b)));
            bytes[at..].iter_mut().zip(absurd.to_le_bytes()).for_each(|(slot, byte)| *slot = byte);
        }
        3 => {
            let (at, small) = (place & !3, wide(how) as u32);
            bytes[at..].iter_mut().zip(small.to_le_bytes()).for_each(|(slot, byte)| *slot = byte);
        }
        4 => bytes.truncate(place),
        5 => bytes.extend(std::iter::repeat_n(a, wide(how) % 5000)),
        6 => {
            let to = wide(how) % length;
            bytes.copy_within(place..length.min(place + 64), to.min(length - 64.min(length - place)));
        }
        7 => bytes[place..length.min(place + wide(how) % 5000)].fill(0),
        _ => swap(bytes, usize::from(a), usize::from(b)),
    }
}

/// Lets two rows of the table of sections name each other's bytes.
fn swap(bytes: &mut [u8], a: usize, b: usize) {
    let rows = sections(bytes).len();
    if rows > 0 {
        let table = number(bytes, bytes.len() - 24) as usize;
        let (a, b) = (table + a % rows * 24 + 8, table + b % rows * 24 + 8);
        for i in 0..16 {
            bytes.swap(a + i, b + i);
        }
    }
}
