//! From values to columns, chunk by chunk; and the columns of some chunks of others.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::value::{LIST, elements};
use super::{Columns, Form, Metadata};
use crate::error::Result;
use crate::types::{Bits, Ordinal};

/// Columns that are being made.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    chunks: usize,
    places: HashMap<Vec<u8>, usize, RandomState>,
    fields: Vec<Growing>,
    key: Vec<u8>,
}

/// A field that is being made: its keys as they come, and who has which.
#[derive(Debug, Default)]
struct Growing {
    name: Vec<u8>,
    numbers: HashMap<Box<[u8]>, u32, RandomState>,
    entries: Vec<(Ordinal, u32)>,
}

impl Builder {
    /// Adds a chunk.
    pub(crate) fn push(&mut self, metadata: &Metadata) {
        let ordinal = self.chunks as Ordinal;
        let mut key = std::mem::take(&mut self.key);
        for (name, value) in metadata {
            if !value.is_null() {
                key.clear();
                value.put_key(&mut key);
                let field = self.field(name);
                let number = field.number(&key);
                field.entries.push((ordinal, number));
            }
        }
        self.key = key;
        self.chunks += 1;
    }

    /// Adds chunks without metadata.
    pub(crate) fn skip(&mut self, chunks: usize) {
        self.chunks += chunks;
    }

    /// Adds those chunks of `columns` that `live` names (None: all), in their order.
    ///
    /// # Errors
    /// [`Error::Corrupt`](crate::error::Error::Corrupt) for columns that are damaged.
    pub(crate) fn append(&mut self, columns: &Columns, live: Option<&Bits>) -> Result<()> {
        let mut places = Vec::with_capacity(columns.chunks);
        let mut next = self.chunks as Ordinal;
        for ordinal in 0..columns.chunks as Ordinal {
            let lives = live.is_none_or(|live| live.contains(ordinal));
            places.push(lives.then_some(next));
            next += Ordinal::from(lives);
        }
        for field in &columns.fields {
            let growing = self.field(&field.name);
            let mut numbers = vec![None; field.keys.len() + 1];
            for (ordinal, code) in columns.entries(field)? {
                let place = places.get(ordinal as usize).copied().flatten();
                let number = numbers.get_mut(code as usize).filter(|_| code > 0);
                if let (Some(place), Some(number)) = (place, number) {
                    let known = match *number {
                        Some(known) => known,
                        None => growing.number(field.keys.get(&columns.data, code as usize - 1)?),
                    };
                    *number = Some(known);
                    growing.entries.push((place, known));
                }
            }
        }
        self.chunks = next as usize;
        Ok(())
    }

    fn field(&mut self, name: &[u8]) -> &mut Growing {
        let place = match self.places.get(name) {
            Some(&place) => place,
            None => {
                self.fields.push(Growing { name: name.to_vec(), ..Growing::default() });
                self.places.insert(name.to_vec(), self.fields.len() - 1);
                self.fields.len() - 1
            }
        };
        &mut self.fields[place]
    }

    /// The columns.
    pub(crate) fn finish(mut self) -> Columns {
        self.fields.retain(|field| !field.entries.is_empty());
        self.fields.sort_unstable_by(|left, right| left.name.cmp(&right.name));
        let mut table = (self.chunks as u32).to_le_bytes().to_vec();
        table.extend_from_slice(&(self.fields.len() as u32).to_le_bytes());
        let mut data = Vec::new();
        for field in self.fields {
            field.finish(self.chunks, &mut table, &mut data);
        }
        Columns::from_parts(table, data.into(), self.chunks).expect("a table of these columns")
    }
}

impl Growing {
    fn number(&mut self, key: &[u8]) -> u32 {
        let next = self.numbers.len() as u32;
        match self.numbers.get(key) {
            Some(&number) => number,
            None => *self.numbers.entry(key.into()).or_insert(next),
        }
    }

    /// Appends the row of the table and the parts of the field.
    fn finish(mut self, chunks: usize, table: &mut Vec<u8>, data: &mut Vec<u8>) {
        let mut keys: Vec<(Box<[u8]>, u32)> = self.numbers.drain().collect();
        keys.sort_unstable();
        let mut codes = vec![0; keys.len()];
        keys.iter().zip(1..).for_each(|((_, number), code)| codes[*number as usize] = code);
        self.entries.iter_mut().for_each(|(_, number)| *number = codes[*number as usize]);
        let listed = held(&keys, &self.entries);
        let form = form(chunks, self.entries.len(), keys.len());

        table.extend_from_slice(&(self.name.len() as u32).to_le_bytes());
        table.extend_from_slice(&self.name);
        table.push(form as u8);
        put_keys(keys.iter().map(|(key, _)| &key[..]), table, data);
        table.extend_from_slice(&(self.entries.len() as u32).to_le_bytes());
        put_codes(form, chunks, &self.entries, data);
        put_keys(listed.iter().map(|(element, _)| *element), table, data);
        let mut end = 0u64;
        for (_, ordinals) in &listed {
            end += ordinals.len() as u64;
            data.extend_from_slice(&end.to_le_bytes());
        }
        table.extend_from_slice(&end.to_le_bytes());
        data.extend(listed.iter().flat_map(|(_, ordinals)| ordinals).flat_map(|ordinal| ordinal.to_le_bytes()));
    }
}

/// The smallest form.
fn form(chunks: usize, entries: usize, values: usize) -> Form {
    let dense = match values {
        0..=0xff => Form::Bytes,
        0x100..=0xffff => Form::Shorts,
        _ => Form::Words,
    };
    if entries * 8 < chunks * dense.width() as usize { Form::Sparse } else { dense }
}

fn put_keys<'a>(keys: impl ExactSizeIterator<Item = &'a [u8]> + Clone, table: &mut Vec<u8>, data: &mut Vec<u8>) {
    table.extend_from_slice(&(keys.len() as u32).to_le_bytes());
    let mut end = 0u64;
    for key in keys.clone() {
        end += key.len() as u64;
        data.extend_from_slice(&end.to_le_bytes());
    }
    table.extend_from_slice(&end.to_le_bytes());
    keys.for_each(|key| data.extend_from_slice(key));
}

fn put_codes(form: Form, chunks: usize, entries: &[(Ordinal, u32)], data: &mut Vec<u8>) {
    if form == Form::Sparse {
        data.extend(entries.iter().flat_map(|(_, code)| code.to_le_bytes()));
        return data.extend(entries.iter().flat_map(|(ordinal, _)| ordinal.to_le_bytes()));
    }
    let (start, width) = (data.len(), form.width() as usize);
    data.resize(start + chunks * width, 0);
    for &(ordinal, code) in entries {
        let place = start + ordinal as usize * width;
        data[place..place + width].copy_from_slice(&code.to_le_bytes()[..width]);
    }
}

/// The different elements of the lists among `keys`, in order, each with the chunks that hold it, ascending.
fn held<'a>(keys: &'a [(Box<[u8]>, u32)], entries: &[(Ordinal, u32)]) -> Vec<(&'a [u8], Vec<Ordinal>)> {
    let before = |kind: u8| keys.partition_point(|(key, _)| key.first().is_none_or(|&first| first < kind));
    let lists = before(LIST)..before(LIST + 1);
    let mut all: Vec<&[u8]> = keys[lists.clone()].iter().flat_map(|(key, _)| elements(key)).collect();
    all.sort_unstable();
    all.dedup();
    let mut held: Vec<(&[u8], Vec<Ordinal>)> = all.into_iter().map(|element| (element, Vec::new())).collect();
    // For each list the places of its elements, looked up once.
    let of_lists: Vec<Vec<usize>> = keys[lists.clone()]
        .iter()
        .map(|(key, _)| {
            let place = |element: &[u8]| held.binary_search_by(|(other, _)| (*other).cmp(element)).ok();
            let mut places: Vec<usize> = elements(key).filter_map(place).collect();
            places.sort_unstable();
            places.dedup();
            places
        })
        .collect();
    for &(ordinal, code) in entries {
        let list = (code as usize - 1).checked_sub(lists.start).and_then(|place| of_lists.get(place));
        for &place in list.into_iter().flatten() {
            held[place].1.push(ordinal);
        }
    }
    held
}
