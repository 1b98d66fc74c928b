//! Step functions of alpha.

use super::{Change, Walked};

/// A step function: a value at 0, steps between, a value at 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// At exactly 0.
    pub zero: f64,
    /// Where each step starts: the first one just above 0.
    pub starts: Vec<f64>,
    /// The value of each step.
    pub values: Vec<f64>,
    /// At exactly 1.
    pub one: f64,
}

/// The mean of step functions is one.
pub type Mean = Curve;

impl Curve {
    /// The value at `alpha`, which counts as 0 or 1 beyond them. A start belongs to the step that it starts.
    #[must_use]
    pub fn at(&self, alpha: f64) -> f64 {
        if alpha <= 0.0 {
            self.zero
        } else if alpha >= 1.0 {
            self.one
        } else {
            self.values[self.starts.partition_point(|&start| start <= alpha).saturating_sub(1)]
        }
    }

    fn starting(zero: f64, first: f64, one: f64) -> Self {
        Self { zero, starts: vec![0.0], values: vec![first], one }
    }

    /// Appends a step; what changes at one alpha changes at once.
    fn push(&mut self, start: f64, value: f64) {
        if self.starts.last() == Some(&start) {
            self.starts.pop();
            self.values.pop();
        }
        if self.values.last() != Some(&value) {
            self.starts.push(start);
            self.values.push(value);
        }
    }

    /// The weighted mean of one column; `total` is the sum of the weights.
    pub(super) fn of<'a>(queries: impl Iterator<Item = (&'a Walked, &'a f64)>, column: usize, total: f64) -> Self {
        let (mut zero, mut first, mut one) = (0.0, 0.0, 0.0);
        // What each change adds to the sum.
        let mut steps: Vec<(f64, f64)> = Vec::new();
        for (walked, weight) in queries {
            let share = weight / total;
            zero += share * walked.zero[column];
            first += share * walked.first[column];
            one += share * walked.one[column];
            let mut before = walked.first[column];
            for change in walked.changes(column) {
                steps.push((change.alpha, share * (change.value - before)));
                before = change.value;
            }
        }
        steps.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut curve = Self::starting(zero, first, one);
        let mut sum = first;
        for (alpha, step) in steps {
            sum += step;
            curve.push(alpha, sum);
        }
        curve
    }
}

impl Walked {
    fn changes(&self, column: usize) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| change.column as usize == column)
    }

    pub(super) fn curve(&self, column: usize) -> Curve {
        let mut curve = Curve::starting(self.zero[column], self.first[column], self.one[column]);
        self.changes(column).for_each(|change| curve.push(change.alpha, change.value));
        curve
    }
}
