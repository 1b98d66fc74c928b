//! Columns against the plain reading of what a filter says, on random metadata; and against hostile bytes.

use std::cmp::Ordering;

use proptest::prelude::*;

use super::*;
use crate::types::Bits;

/// A filter as a tree.
#[derive(Debug, Clone)]
enum Tree {
    Compare(&'static str, &'static str, Vec<Value<'static>>),
    Not(Box<Tree>),
    And(Box<Tree>, Box<Tree>),
    Or(Box<Tree>, Box<Tree>),
    Constant(bool),
}

fn scalar() -> impl Strategy<Value = Value<'static>> {
    let numbers =
        prop::sample::select(vec![0.0, -0.0, 0.5, 1.0, -2.0, f64::INFINITY, f64::NAN, 9_007_199_254_740_992.0]);
    let integers = prop_oneof![-2i64..3, Just(9_007_199_254_740_993), Just(i64::MIN), Just(i64::MAX)];
    let texts = prop::sample::select(vec!["", "a", "ab", "abc", "b", "é"]);
    prop_oneof![
        Just(Value::Null),
        Just(Value::Mapping),
        any::<bool>().prop_map(Value::Bool),
        integers.prop_map(Value::Integer),
        numbers.prop_map(Value::Float),
        texts.prop_map(|text| Value::Text(text.as_bytes().into())),
        (-2i64..3).prop_map(Value::Instant),
    ]
}

fn value() -> impl Strategy<Value = Value<'static>> {
    let list = prop::collection::vec(scalar(), 0..4).prop_map(Value::List).boxed();
    prop_oneof![4 => scalar(), 1 => list.clone(), 1 => prop::collection::vec(list, 0..2).prop_map(Value::List)]
}

fn field() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "c"])
}

fn metadata() -> impl Strategy<Value = Metadata> {
    let fields = field().prop_map(|name| name.as_bytes().to_vec());
    prop::collection::btree_map(fields, value(), 0..4).prop_map(|map| map.into_iter().collect())
}

fn tree() -> impl Strategy<Value = Tree> {
    let one = prop::sample::select(vec!["eq", "ne", "lt", "le", "gt", "ge", "contains", "startswith"]);
    let leaf = prop_oneof![
        6 => (field(), one, value()).prop_map(|(field, name, value)| Tree::Compare(field, name, vec![value])),
        2 => (field(), prop::sample::select(vec!["isin", "notin"]), prop::collection::vec(value(), 0..4))
            .prop_map(|(field, name, values)| Tree::Compare(field, name, values)),
        1 => (field(), prop::sample::select(vec!["exists", "is_null"]))
            .prop_map(|(field, name)| Tree::Compare(field, name, vec![])),
        1 => any::<bool>().prop_map(Tree::Constant),
    ];
    leaf.prop_recursive(4, 12, 2, |inner| {
        let pair = (inner.clone().prop_map(Box::new), inner.clone().prop_map(Box::new));
        prop_oneof![
            inner.prop_map(|tree| Tree::Not(Box::new(tree))),
            pair.clone().prop_map(|(left, right)| Tree::And(left, right)),
            pair.prop_map(|(left, right)| Tree::Or(left, right)),
        ]
    })
}

fn push(tree: &Tree, filter: &mut Filter) {
    match tree {
        Tree::Compare(field, name, values) => filter.compare(field.as_bytes(), name, values).expect("known"),
        Tree::Constant(all) => filter.constant(*all),
        Tree::Not(part) => {
            push(part, filter);
            filter.join("not").expect("one");
        }
        Tree::And(left, right) | Tree::Or(left, right) => {
            push(left, filter);
            push(right, filter);
            filter.join(if matches!(tree, Tree::And(..)) { "and" } else { "or" }).expect("two");
        }
    }
}

/// How two values of one kind are ordered; None for unlike kinds and for what cannot be compared.
fn compare(left: &Value<'_>, right: &Value<'_>) -> Option<Ordering> {
    let exact = |whole: i64, number: f64| -> Option<Ordering> {
        let floor = number.floor();
        let tie = if number > floor { Ordering::Less } else { Ordering::Equal };
        (!number.is_nan()).then(|| i128::from(whole).cmp(&(floor as i128)).then(tie))
    };
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::Integer(left), Value::Integer(right)) | (Value::Instant(left), Value::Instant(right)) => {
            Some(left.cmp(right))
        }
        (Value::Float(left), Value::Float(right)) => left.partial_cmp(right),
        (Value::Integer(left), Value::Float(right)) => exact(*left, *right),
        (Value::Float(left), Value::Integer(right)) => exact(*right, *left).map(Ordering::reverse),
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        (Value::List(left), Value::List(right)) => {
            let same = left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| compare(left, right) == Some(Ordering::Equal));
            same.then_some(Ordering::Equal)
        }
        _ => None,
    }
}

fn passes(tree: &Tree, metadata: &Metadata) -> bool {
    match tree {
        Tree::Constant(all) => *all,
        Tree::Not(part) => !passes(part, metadata),
        Tree::And(left, right) => passes(left, metadata) && passes(right, metadata),
        Tree::Or(left, right) => passes(left, metadata) || passes(right, metadata),
        Tree::Compare(field, name, values) => {
            let held =
                metadata.iter().find(|(name, _)| name == field.as_bytes()).map_or(&Value::Null, |(_, value)| value);
            let is = |order: Ordering| compare(held, &values[0]) == Some(order);
            let ordered = values.first().is_some_and(|value| !matches!(value, Value::Bool(_) | Value::List(_)));
            match *name {
                "eq" => is(Ordering::Equal),
                "ne" => !is(Ordering::Equal),
                "lt" => ordered && is(Ordering::Less),
                "le" => ordered && (is(Ordering::Less) || is(Ordering::Equal)),
                "gt" => ordered && is(Ordering::Greater),
                "ge" => ordered && (is(Ordering::Greater) || is(Ordering::Equal)),
                "isin" | "notin" => {
                    let found = values.iter().any(|value| compare(held, value) == Some(Ordering::Equal));
                    found == (*name == "isin")
                }
                "contains" => matches!(held, Value::List(parts)
                    if parts.iter().any(|part| compare(part, &values[0]) == Some(Ordering::Equal))),
                "startswith" => matches!((held, &values[0]), (Value::Text(held), Value::Text(prefix))
                    if held.starts_with(prefix)),
                "exists" => !held.is_null(),
                "is_null" => held.is_null(),
                other => panic!("{other}"),
            }
        }
    }
}

fn columns(chunks: &[Metadata]) -> Columns {
    let mut builder = Builder::default();
    chunks.iter().for_each(|chunk| builder.push(chunk));
    builder.finish()
}

fn filter(tree: &Tree) -> Filter {
    let mut filter = Filter::default();
    push(tree, &mut filter);
    filter
}

proptest! {
    #[test]
    fn columns_say_what_the_filter_says(
        chunks in prop::collection::vec(metadata(), 0..80), sparse in 0usize..200, trees in prop::collection::vec(tree(), 4)
    ) {
        let mut chunks = chunks;
        chunks.resize(chunks.len() + sparse, Vec::new());
        let columns = columns(&chunks);
        for tree in &trees {
            let expected = Bits::of(chunks.iter().map(|chunk| passes(tree, chunk)));
            prop_assert_eq!(columns.evaluate(&filter(tree)).expect("a filter"), expected, "{:?}", tree);
        }
        let (table, data) = columns.parts();
        prop_assert_eq!(Columns::from_parts(table.to_vec(), data.to_vec().into(), chunks.len()), Ok(columns));
    }

    #[test]
    fn appended_columns_are_those_of_the_live_chunks(
        first in prop::collection::vec(metadata(), 0..20), second in prop::collection::vec(metadata(), 0..20),
        dead in any::<u32>()
    ) {
        let live = Bits::of((0..first.len()).map(|i| dead >> i & 1 == 0));
        let mut builder = Builder::default();
        builder.append(&columns(&first), Some(&live)).expect("sound");
        builder.append(&columns(&second), None).expect("sound");
        let left = first.iter().enumerate().filter(|(i, _)| live.contains(*i as u32)).map(|(_, chunk)| chunk);
        let together: Vec<Metadata> = left.chain(&second).cloned().collect();
        prop_assert_eq!(builder.finish(), columns(&together));
    }

    #[test]
    fn hostile_bytes_are_refused_or_searched(
        chunks in prop::collection::vec(metadata(), 1..8), tree in tree(),
        hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), cut in any::<prop::sample::Index>()
    ) {
        let whole = columns(&chunks);
        let (table, data) = whole.parts();
        let (mut table, mut data) = (table.to_vec(), data.to_vec());
        for (place, byte) in hits {
            let bytes = if byte % 2 == 0 && !data.is_empty() { &mut data } else { &mut table };
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let short = table[..cut.index(table.len())].to_vec();
        for table in [table, short] {
            if let Ok(columns) = Columns::from_parts(table, data.clone().into(), chunks.len()) {
                let found = columns.evaluate(&filter(&tree)).expect("a filter");
                prop_assert_eq!(found.len(), chunks.len());
                let mut builder = Builder::default();
                builder.append(&columns, None).expect("in memory");
                prop_assert_eq!(builder.finish().chunks, chunks.len());
            }
        }
    }
}

#[test]
fn forms_are_the_smallest_and_all_find_their_chunks() {
    for (values, chunks, form) in
        [(3, 1000, Form::Bytes), (300, 1000, Form::Shorts), (70_000, 70_000, Form::Words), (5, 100_000, Form::Sparse)]
    {
        let count = if form == Form::Sparse { values } else { chunks };
        let mut builder = Builder::default();
        (0..count).for_each(|i| builder.push(&vec![(b"n".to_vec(), Value::Integer((i % values) as i64))]));
        builder.skip(chunks - count);
        let columns = builder.finish();
        assert_eq!(columns.fields[0].form, form);
        let wanted = Tree::Compare("n", "isin", [0, 2, 4].map(Value::Integer).to_vec());
        let found = columns.evaluate(&filter(&wanted)).expect("a filter");
        assert_eq!(found, Bits::of((0..chunks).map(|i| i < count && [0, 2, 4].contains(&(i % values)))));
    }
    let mut nothing = Builder::default();
    nothing.skip(7);
    assert_eq!(nothing.finish().names().count(), 0);
}

#[test]
fn a_filter_may_be_nested_to_any_depth() {
    let columns = columns(&[vec![(b"a".to_vec(), Value::Integer(1))], vec![]]);
    let mut filter = Filter::default();
    filter.compare(b"a", "exists", &[]).expect("known");
    (0..100_001).for_each(|_| filter.join("not").expect("one"));
    assert_eq!(columns.evaluate(&filter).map(|bits| bits.contains(1)), Ok(true));
}
