//! A filter over columns: each test becomes a set of codes, the codes of the chunks a set of chunks.

use super::filter::{Filter, Step, Test};
use super::{Columns, Field, Form, checked};
use crate::error::Result;
use crate::types::{Bits, Ordinal};

/// The codes that pass a test. They count from 1: 0 is for nothing.
enum Wanted {
    /// From the first to below the second.
    Run(u32, u32),
    Some(Vec<u32>),
}

impl Columns {
    /// The chunks that pass the filter.
    ///
    /// # Errors
    /// [`Error::Input`](crate::error::Error::Input) for steps that are no filter,
    /// [`Error::Corrupt`](crate::error::Error::Corrupt) for columns that are damaged.
    pub(crate) fn evaluate(&self, filter: &Filter) -> Result<Bits> {
        let mut stack: Vec<Bits> = Vec::new();
        for step in filter.steps()? {
            match step {
                Step::Test(name, test) => stack.push(match self.field(name) {
                    Some(field) => self.test(field, test)?,
                    None => Bits::none(self.chunks),
                }),
                Step::All => stack.push(Bits::all(self.chunks)),
                Step::None => stack.push(Bits::none(self.chunks)),
                Step::Not => stack.last_mut().into_iter().for_each(Bits::invert),
                Step::And | Step::Or => {
                    let (right, left) = (stack.pop(), stack.last_mut());
                    if let (Some(left), Some(right)) = (left, right) {
                        if matches!(step, Step::And) { left.retain(&right) } else { left.unite(&right) }
                    }
                }
            }
        }
        Ok(stack.pop().unwrap_or_default())
    }

    fn test(&self, field: &Field, test: &Test) -> Result<Bits> {
        let keys = &field.keys;
        // How many keys come before `key`, and with it if `inclusive`.
        let after = |key: &[u8], inclusive: bool| {
            keys.partition_point(&self.data, |other| if inclusive { other <= key } else { other < key })
        };
        let (low, high) = match test {
            Test::Never => return Ok(Bits::none(self.chunks)),
            Test::Contains(key) => return self.holding(field, key),
            Test::Among(wanted) => {
                let mut codes = Vec::with_capacity(wanted.len());
                for key in wanted {
                    codes.extend(keys.find(&self.data, key)?.map(|place| place + 1));
                }
                return self.marked(field, &Wanted::of(codes));
            }
            Test::Exists => (0, keys.len() as u32),
            // The keys of one kind begin with one byte.
            Test::Below { key, inclusive } => (after(&key[..1], false)?, after(key, *inclusive)?),
            Test::Above { key, inclusive } => (after(key, !inclusive)?, after(&[key[0] + 1], false)?),
            Test::Prefix(prefix) => {
                let before = |key: &[u8]| key < &prefix[..] || key.starts_with(prefix);
                (after(prefix, false)?, keys.partition_point(&self.data, before)?)
            }
        };
        self.marked(field, &Wanted::Run(low + 1, high.max(low) + 1))
    }

    /// The chunks whose list holds the element.
    fn holding(&self, field: &Field, key: &[u8]) -> Result<Bits> {
        let mut bits = Bits::none(self.chunks);
        if let Some(element) = field.elements.find(&self.data, key)? {
            let holders = field.holders(&self.data, element)?;
            holders.filter(|&ordinal| (ordinal as usize) < self.chunks).for_each(|ordinal| bits.insert(ordinal));
        }
        Ok(bits)
    }

    /// The chunks with these codes.
    fn marked(&self, field: &Field, wanted: &Wanted) -> Result<Bits> {
        match wanted {
            Wanted::Run(low, high) if low >= high => Ok(Bits::none(self.chunks)),
            Wanted::Run(low, high) => self.scan(field, |code| code.wrapping_sub(*low) < high - low),
            Wanted::Some(codes) => {
                let mut table = vec![false; field.keys.len() + 1];
                codes.iter().for_each(|&code| table[code as usize] = true);
                self.scan(field, |code| table.get(code as usize).copied().unwrap_or(false))
            }
        }
    }

    fn scan(&self, field: &Field, test: impl Fn(u32) -> bool) -> Result<Bits> {
        let codes = checked(&self.data, &field.codes)?;
        // All flags are worked out first: the compiler makes a loop of it that takes many at once.
        let flags: Vec<bool> = match field.form {
            Form::Sparse => {
                let mut bits = Bits::none(self.chunks);
                for (ordinal, code) in numbers(checked(&self.data, &field.ordinals)?).zip(numbers(codes)) {
                    if test(code) && (ordinal as usize) < self.chunks {
                        bits.insert(ordinal);
                    }
                }
                return Ok(bits);
            }
            Form::Bytes => codes.iter().map(|&code| test(u32::from(code))).collect(),
            Form::Shorts => shorts(codes).map(test).collect(),
            Form::Words => numbers(codes).map(test).collect(),
        };
        Ok(Bits::of_flags(&flags))
    }

    /// The chunks that have a field, with their codes.
    pub(super) fn entries(&self, field: &Field) -> Result<Box<dyn Iterator<Item = (Ordinal, u32)> + '_>> {
        let codes = checked(&self.data, &field.codes)?;
        Ok(match field.form {
            Form::Sparse => Box::new(numbers(checked(&self.data, &field.ordinals)?).zip(numbers(codes))),
            Form::Bytes => Box::new((0..).zip(codes.iter().map(|&code| u32::from(code)))),
            Form::Shorts => Box::new((0..).zip(shorts(codes))),
            Form::Words => Box::new((0..).zip(numbers(codes))),
        })
    }
}

impl Wanted {
    /// Codes that ascend.
    fn of(codes: Vec<u32>) -> Self {
        match (codes.first(), codes.last()) {
            (Some(&first), Some(&last)) if (last - first) as usize + 1 == codes.len() => Self::Run(first, last + 1),
            (None, _) => Self::Run(1, 1),
            _ => Self::Some(codes),
        }
    }
}

/// Bytes as numbers.
pub(super) fn numbers(bytes: &[u8]) -> impl ExactSizeIterator<Item = u32> {
    bytes.as_chunks::<4>().0.iter().map(|number| u32::from_le_bytes(*number))
}

fn shorts(bytes: &[u8]) -> impl ExactSizeIterator<Item = u32> {
    bytes.as_chunks::<2>().0.iter().map(|number| u32::from(u16::from_le_bytes(*number)))
}
