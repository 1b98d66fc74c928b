//! Metadata values, and the keys that stand for them: bytes that are equal and ordered as the values are.
//!
//! A key begins with the kind of its value, so that values of unlike kinds are never equal and never
//! between one another. Within a kind the order of the bytes is the order of the values: false before
//! true, numbers by their exact value whatever their type, strings by code point, instants in time.

use std::borrow::Cow;

const NULL: u8 = 0;
const BOOL: u8 = 1;
const NUMBER: u8 = 2;
const TEXT: u8 = 3;
const INSTANT: u8 = 4;
pub(super) const LIST: u8 = 5;
const MAPPING: u8 = 6;

/// Lists in lists: deeper than the text of a chunk's metadata can be.
pub const DEEPEST: usize = 1000;

/// A value of a metadata field.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// Nothing: no field at all is the same. NaN counts as nothing too.
    Null,
    Bool(bool),
    Integer(i64),
    /// An integer of any size: its sign and its magnitude, the highest byte first.
    Long {
        negative: bool,
        magnitude: Cow<'a, [u8]>,
    },
    Float(f64),
    /// UTF-8. A filter may also ask for halves of surrogate pairs, written as if they were characters.
    Text(Cow<'a, [u8]>),
    /// Milliseconds since 1970 began in UTC.
    Instant(i64),
    List(Vec<Value<'a>>),
    /// It exists, and is equal to nothing.
    Mapping,
}

impl Value<'_> {
    /// Whether nothing is there.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null) || matches!(self, Self::Float(number) if number.is_nan())
    }

    /// Whether it can be equal to anything: no null, no mapping, and no list with one in it.
    pub(super) fn is_comparable(&self) -> bool {
        match self {
            Self::Mapping => false,
            Self::List(parts) => parts.iter().all(Self::is_comparable),
            _ => !self.is_null(),
        }
    }

    /// Whether it stands in an order with others of its kind.
    pub(super) fn is_ordered(&self) -> bool {
        let unordered = matches!(self, Self::Bool(_) | Self::List(_) | Self::Mapping);
        !unordered && !self.is_null()
    }

    /// Appends its key.
    pub fn put_key(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.push(NULL),
            Self::Bool(value) => out.extend_from_slice(&[BOOL, u8::from(*value)]),
            Self::Integer(value) => put_number(out, *value < 0, &value.unsigned_abs().to_be_bytes()),
            Self::Long { negative, magnitude } => put_number(out, *negative, magnitude),
            Self::Float(value) if value.is_nan() => out.push(NULL),
            Self::Float(value) => put_parts(out, *value < 0.0, value.abs(), &[]),
            Self::Text(text) => {
                out.push(TEXT);
                out.extend_from_slice(text);
            }
            Self::Instant(moment) => {
                out.push(INSTANT);
                out.extend_from_slice(&(*moment as u64 ^ 1 << 63).to_be_bytes());
            }
            Self::List(parts) => {
                out.push(LIST);
                for part in parts {
                    let place = out.len();
                    out.extend_from_slice(&[0; 4]);
                    part.put_key(out);
                    let length = (out.len() - place - 4) as u32;
                    out[place..place + 4].copy_from_slice(&length.to_be_bytes());
                }
            }
            Self::Mapping => out.push(MAPPING),
        }
    }

    /// Its key.
    #[must_use]
    pub fn key(&self) -> Vec<u8> {
        let mut key = Vec::new();
        self.put_key(&mut key);
        key
    }
}

/// The key of every string that begins with `prefix` begins with this.
pub(super) fn prefix_key(prefix: &[u8]) -> Vec<u8> {
    [&[TEXT], prefix].concat()
}

/// The keys of a list's elements that can be equal to anything, in the list's order.
pub(super) fn elements(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    parts(list).filter(|part| is_comparable_key(part, DEEPEST))
}

fn parts(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut left = list.get(1..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (length, rest) = left.split_first_chunk()?;
        let (part, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        left = rest;
        Some(part)
    })
}

fn is_comparable_key(key: &[u8], depth: usize) -> bool {
    match key.first() {
        Some(&LIST) => depth > 0 && parts(key).all(|part| is_comparable_key(part, depth - 1)),
        Some(&kind) => kind != NULL && kind != MAPPING,
        None => false,
    }
}

/// A number is what a double can hold of it, cut towards zero, and the integer that is left.
fn put_number(out: &mut Vec<u8>, negative: bool, magnitude: &[u8]) {
    let magnitude = stripped(magnitude);
    let negative = negative && !magnitude.is_empty();
    let Some(whole) = small(magnitude) else {
        let (cut, rest) = long(magnitude);
        return put_parts(out, negative, cut, &rest);
    };
    let near = whole as f64;
    let cut = if near as u128 > u128::from(whole) { near.next_down() } else { near };
    put_parts(out, negative, cut, stripped(&(whole - cut as u64).to_be_bytes()));
}

/// The double below an integer of more than 64 bits, and the rest. Beyond the greatest double the whole
/// integer is the rest: with more bytes than any other rest has, it comes after them.
fn long(magnitude: &[u8]) -> (f64, Vec<u8>) {
    let head = u64::from_be_bytes(*magnitude.first_chunk().unwrap_or(&[0; 8]));
    let zeros = head.leading_zeros();
    let bits = magnitude.len() as u64 * 8 - u64::from(zeros);
    if bits > 1024 {
        return (f64::MAX, magnitude.to_vec());
    }
    let mantissa = (head << zeros >> 11) & ((1 << 52) - 1);
    let cut = f64::from_bits((bits + 1022) << 52 | mantissa);
    let below = head & ((1 << (11 - zeros)) - 1);
    let rest = [&below.to_be_bytes()[..], &magnitude[8..]].concat();
    (cut, stripped(&rest).to_vec())
}

/// The double, then the length of the rest, then the rest; all complemented for a negative number.
fn put_parts(out: &mut Vec<u8>, negative: bool, cut: f64, rest: &[u8]) {
    const LONG: u8 = 255;
    out.push(NUMBER);
    let start = out.len();
    out.extend_from_slice(&(cut.to_bits() | 1 << 63).to_be_bytes());
    match u8::try_from(rest.len()) {
        Ok(length) if length < LONG => out.push(length),
        _ => {
            out.push(LONG);
            out.extend_from_slice(&(rest.len() as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(rest);
    if negative {
        out[start..].iter_mut().for_each(|byte| *byte = !*byte);
    }
}

fn stripped(magnitude: &[u8]) -> &[u8] {
    let zeros = magnitude.iter().take_while(|&&byte| byte == 0).count();
    &magnitude[zeros..]
}

fn small(magnitude: &[u8]) -> Option<u64> {
    let mut bytes = [0; 8];
    bytes.get_mut(8_usize.checked_sub(magnitude.len())?..)?.copy_from_slice(magnitude);
    Some(u64::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::cmp::Ordering;

    fn long_of(value: i128) -> Value<'static> {
        Value::Long { negative: value < 0, magnitude: value.unsigned_abs().to_be_bytes().to_vec().into() }
    }

    /// Exact: the double is cut to an integer, which an i128 holds here; what is cut off decides a tie.
    fn compare(whole: i128, number: f64) -> Ordering {
        let floor = number.floor();
        whole.cmp(&(floor as i128)).then(if number > floor { Ordering::Less } else { Ordering::Equal })
    }

    proptest! {
        #[test]
        fn integers_of_any_size_and_doubles_are_ordered(
            a in any::<i128>(), b in any::<i128>(), cut in 0u32..127, near in -3i128..3, fine in any::<i64>()
        ) {
            let (a, b) = (a >> cut, b >> (cut / 2));
            let close = a.saturating_add(near);
            for (left, right) in [(a, b), (a, close), (b, a), (a, a)] {
                prop_assert_eq!(long_of(left).key().cmp(&long_of(right).key()), left.cmp(&right));
            }
            for number in [a as f64, close as f64, b as f64, (a as f64).next_up(), fine as f64 / 1024.0] {
                prop_assert_eq!(long_of(a).key().cmp(&Value::Float(number).key()), compare(a, number), "{} {}", a, number);
            }
            prop_assert_eq!(Value::Integer(fine).key(), long_of(i128::from(fine)).key());
        }

        #[test]
        fn doubles_are_ordered(a in any::<f64>(), b in any::<f64>()) {
            if let Some(order) = a.partial_cmp(&b) {
                prop_assert_eq!(Value::Float(a).key().cmp(&Value::Float(b).key()), order);
            }
        }

        #[test]
        fn instants_and_strings_are_ordered(a in any::<i64>(), b in any::<i64>(), s in "\\PC{0,4}", t in "\\PC{0,4}") {
            prop_assert_eq!(Value::Instant(a).key().cmp(&Value::Instant(b).key()), a.cmp(&b));
            let text = |text: &str| Value::Text(text.as_bytes().to_vec().into()).key();
            prop_assert_eq!(text(&s).cmp(&text(&t)), s.chars().cmp(t.chars()));
        }
    }

    #[test]
    fn integers_beyond_the_doubles_lie_between_the_greatest_and_infinity() {
        let power = |bits: usize| {
            let mut magnitude = vec![0; bits / 8 + 1];
            magnitude[0] = 1 << (bits % 8);
            magnitude
        };
        let long = |negative, magnitude: Vec<u8>| Value::Long { negative, magnitude: magnitude.into() }.key();
        let ascending = [
            Value::Float(f64::MAX).key(),
            long(false, vec![0xff; 128]),
            long(false, power(1024)),
            long(false, power(1025)),
            long(false, power(9000)),
            Value::Float(f64::INFINITY).key(),
        ];
        assert!(ascending.is_sorted_by(|a, b| a < b));
        let descending = [
            Value::Float(-f64::MAX).key(),
            long(true, vec![0xff; 128]),
            long(true, power(1024)),
            long(true, power(9000)),
            Value::Float(f64::NEG_INFINITY).key(),
        ];
        assert!(descending.is_sorted_by(|a, b| a > b));
        assert_eq!(long(false, power(1000)), Value::Float(2f64.powi(1000)).key());
        assert_eq!(Value::Float(-0.0).key(), Value::Integer(0).key());
        assert_eq!(long(true, vec![]), Value::Integer(0).key());
    }

    #[test]
    fn what_cannot_be_compared_is_no_element() {
        let text = |text: &'static str| Value::Text(text.as_bytes().into());
        let list = Value::List(vec![
            text("b"),
            Value::Null,
            Value::Mapping,
            Value::Float(f64::NAN),
            text(""),
            Value::List(vec![Value::Null]),
            Value::List(vec![Value::Bool(true)]),
        ]);
        let found: Vec<_> = elements(&list.key()).map(<[u8]>::to_vec).collect();
        assert_eq!(found, [text("b").key(), text("").key(), Value::List(vec![Value::Bool(true)]).key()]);
        assert!(!list.is_comparable() && Value::List(vec![]).is_comparable());
        assert_eq!(elements(&[LIST, 0, 0, 0, 9, 1]).count(), 0);
    }
}
