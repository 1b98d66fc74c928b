//! What a filter says, as a list of steps: each test puts a set on a stack, the others join what lies there.
//!
//! So a filter may be nested to any depth without a call in a call.

use super::value::{Value, prefix_key};
use crate::error::{Error, Result};

/// One field against one value, or against several.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Test {
    Never,
    Exists,
    /// Equal to one of these keys, which ascend.
    Among(Vec<Vec<u8>>),
    Below {
        key: Vec<u8>,
        inclusive: bool,
    },
    Above {
        key: Vec<u8>,
        inclusive: bool,
    },
    Prefix(Vec<u8>),
    Contains(Vec<u8>),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Step {
    Test(Vec<u8>, Test),
    Not,
    And,
    Or,
    All,
    None,
}

/// A predicate on metadata. Filters that are written alike are equal, and 1 and 1.0 are written alike.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Filter {
    steps: Vec<Step>,
    /// Sets on the stack after the last step.
    height: usize,
}

impl Filter {
    const OPERATORS: [&str; 12] =
        ["eq", "ne", "lt", "le", "gt", "ge", "isin", "notin", "contains", "startswith", "exists", "is_null"];

    /// Pushes the chunks whose `field` stands to `values` as `operator` says. `isin` and `notin` take any number
    /// of values, `exists` and `is_null` none, the others one.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for the operator, [`Error::Input`] for another number of values.
    pub fn compare(&mut self, field: &[u8], operator: &str, values: &[Value<'_>]) -> Result<()> {
        let (test, negated) = match (operator, values) {
            ("exists", []) => (Test::Exists, false),
            ("is_null", []) => (Test::Exists, true),
            ("eq", [_]) | ("isin", _) => (among(values), false),
            ("ne", [_]) | ("notin", _) => (among(values), true),
            ("lt" | "le", [value]) if value.is_ordered() => {
                (Test::Below { key: value.key(), inclusive: operator == "le" }, false)
            }
            ("gt" | "ge", [value]) if value.is_ordered() => {
                (Test::Above { key: value.key(), inclusive: operator == "ge" }, false)
            }
            ("contains", [value]) if value.is_comparable() => (Test::Contains(value.key()), false),
            ("startswith", [Value::Text(prefix)]) => (Test::Prefix(prefix_key(prefix)), false),
            ("lt" | "le" | "gt" | "ge" | "contains" | "startswith", [_]) => (Test::Never, false),
            _ if Self::OPERATORS.contains(&operator) => {
                let count = values.len();
                return Err(Error::Input(format!("a filter's {operator} does not take {count} values")));
            }
            _ => {
                let name = operator.to_owned();
                return Err(Error::UnknownName { kind: "filter operator", name, known: &Self::OPERATORS });
            }
        };
        self.steps.push(Step::Test(field.to_owned(), test));
        self.height += 1;
        if negated {
            self.steps.push(Step::Not);
        }
        Ok(())
    }

    /// Pushes every chunk, or none.
    pub fn constant(&mut self, all: bool) {
        self.steps.push(if all { Step::All } else { Step::None });
        self.height += 1;
    }

    /// Replaces the set on top by its complement (`not`), or the two on top by what is in both (`and`) or in
    /// any (`or`).
    ///
    /// # Errors
    /// [`Error::Input`] for fewer sets than that, [`Error::UnknownName`] for another name.
    pub fn join(&mut self, name: &str) -> Result<()> {
        let (step, taken) = match name {
            "not" => (Step::Not, 1),
            "and" => (Step::And, 2),
            "or" => (Step::Or, 2),
            _ => {
                let known = &["not", "and", "or"];
                return Err(Error::UnknownName { kind: "step of a filter", name: name.to_owned(), known });
            }
        };
        if self.height < taken {
            return Err(Error::Input(format!("a filter's {name} has nothing to join")));
        }
        self.steps.push(step);
        self.height -= taken - 1;
        Ok(())
    }

    /// The steps of a whole filter, which leave one set.
    pub(super) fn steps(&self) -> Result<&[Step]> {
        if self.height == 1 {
            return Ok(&self.steps);
        }
        Err(Error::Input(format!("a filter leaves {} sets instead of one", self.height)))
    }
}

fn among(values: &[Value<'_>]) -> Test {
    let mut keys: Vec<_> = values.iter().filter(|value| value.is_comparable()).map(Value::key).collect();
    keys.sort_unstable();
    keys.dedup();
    if keys.is_empty() { Test::Never } else { Test::Among(keys) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_filter_is_refused() {
        let mut filter = Filter::default();
        assert!(filter.steps().is_err());
        assert!(filter.join("and").is_err() && filter.join("xor").is_err());
        assert!(filter.compare(b"a", "like", &[Value::Null]).is_err());
        assert!(filter.compare(b"a", "eq", &[]).is_err());
        assert!(filter.compare(b"a", "exists", &[Value::Null]).is_err());
        filter.compare(b"a", "ne", &[Value::Integer(1)]).expect("a test");
        assert_eq!(filter.steps().map(<[_]>::len), Ok(2));
        filter.constant(true);
        assert!(filter.steps().is_err());
        filter.join("or").expect("two sets");
        assert!(filter.steps().is_ok() && filter.join("and").is_err());
    }

    #[test]
    fn filters_that_mean_the_same_number_are_equal() {
        let of = |value| {
            let mut filter = Filter::default();
            filter.compare(b"a", "eq", &[value]).expect("a test");
            filter
        };
        assert_eq!(of(Value::Integer(1)), of(Value::Float(1.0)));
        assert_ne!(of(Value::Integer(1)), of(Value::Bool(true)));
    }
}
