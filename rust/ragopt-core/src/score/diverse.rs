//! Orders of a list in which what comes later is unlike what came before.
//!
//! Both are greedy, and lazy as Minoux (1978) has it: what a candidate adds can only shrink as more is picked, so one
//! whose older value is behind the best fresh one is not looked at again. The order is that of the plain greedy, ties by
//! the place in the list.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::cosine::{Line, Wide, cosine, lines_of, widen};

/// Unit vectors, one a candidate; a zero one is like nothing.
#[derive(Debug)]
pub struct Rows {
    lines: Vec<Line>,
    wide: usize,
}

impl Rows {
    /// The rows of a flat array, `dimension` numbers each. They are taken as they are.
    #[must_use]
    pub fn new(flat: &[f32], dimension: usize) -> Self {
        let wide = lines_of(dimension);
        let mut lines = Vec::with_capacity(flat.len() / dimension.max(1) * wide);
        for row in flat.chunks(dimension.max(1)) {
            lines.extend(row.chunks(super::cosine::LANES).map(|part| {
                let mut line = super::cosine::ZERO;
                line.0[..part.len()].copy_from_slice(part);
                line
            }));
        }
        Self { lines, wide }
    }

    fn row(&self, place: usize) -> &[Line] {
        &self.lines[place * self.wide..(place + 1) * self.wide]
    }

    fn query(&self, place: usize) -> Vec<Wide> {
        widen(self.row(place))
    }
}

/// A candidate with the value that it had after `seen` picks.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Candidate {
    value: f64,
    place: usize,
    seen: usize,
}

impl Eq for Candidate {}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.value.total_cmp(&other.value).then(other.place.cmp(&self.place))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Maximal marginal relevance (Carbonell and Goldstein 1998): `most` places in the order of picking, each time the
/// largest `lambda · score − (1 − lambda) · largest cosine to any pick`, which is 0 before the first one.
#[must_use]
pub fn mmr(scores: &[f64], rows: &Rows, lambda: f64, most: usize) -> Vec<usize> {
    let value = |place: usize, like: f64| positive(lambda * scores[place] - (1.0 - lambda) * like);
    let Some(first) = (0..scores.len()).map(|place| fresh(value(place, 0.0), place, 0)).max() else {
        return Vec::new();
    };
    let mut picks = vec![first.place];
    let mut queries = vec![rows.query(first.place)];
    // The first pick may raise a value (its cosine may be below 0); from then on values only fall.
    let mut like: Vec<f64> = (0..scores.len()).map(|place| cosine(&queries[0], rows.row(place))).collect();
    let mut heap: BinaryHeap<Candidate> = (0..scores.len())
        .filter(|&place| place != first.place)
        .map(|place| fresh(value(place, like[place]), place, 1))
        .collect();
    while picks.len() < most
        && let Some(Candidate { place, seen, .. }) = heap.pop()
    {
        if seen == picks.len() {
            picks.push(place);
            queries.push(rows.query(place));
            continue;
        }
        let nearest = queries[seen..].iter().map(|query| cosine(query, rows.row(place)));
        like[place] = nearest.fold(like[place], f64::max);
        heap.push(fresh(value(place, like[place]), place, picks.len()));
    }
    picks.truncate(most);
    picks
}

/// Facility location (Lin and Bilmes 2011, without their clusters): `most` places in the order of picking, each time the
/// largest `lambda · score + (1 − lambda) · mean over all candidates of how much closer to a pick this one brings them`.
/// Closeness is the cosine to the nearest pick, at least 0. It needs the cosines of all pairs.
#[must_use]
pub fn facility(scores: &[f64], rows: &Rows, lambda: f64, most: usize) -> Vec<usize> {
    let count = scores.len();
    let mut alike = vec![0.0; count * count];
    for place in 0..count {
        let query = rows.query(place);
        for other in place..count {
            let near = cosine(&query, rows.row(other)).max(0.0);
            alike[place * count + other] = near;
            alike[other * count + place] = near;
        }
    }
    let mut cover = vec![0.0; count];
    let value = |place: usize, cover: &[f64]| {
        let gain: f64 = alike[place * count..(place + 1) * count]
            .iter()
            .zip(cover)
            .map(|(near, held)| (near - held).max(0.0))
            .sum();
        positive(lambda * scores[place] + (1.0 - lambda) * (gain / count as f64))
    };
    let mut heap: BinaryHeap<Candidate> = (0..count).map(|place| fresh(value(place, &cover), place, 0)).collect();
    let mut picks = Vec::new();
    while picks.len() < most
        && let Some(Candidate { place, seen, .. }) = heap.pop()
    {
        if seen == picks.len() {
            picks.push(place);
            for (held, near) in cover.iter_mut().zip(&alike[place * count..(place + 1) * count]) {
                *held = near.max(*held);
            }
            continue;
        }
        heap.push(fresh(value(place, &cover), place, picks.len()));
    }
    picks
}

fn fresh(value: f64, place: usize, seen: usize) -> Candidate {
    Candidate { value, place, seen }
}

/// -0 as 0, which `total_cmp` would put behind it.
fn positive(value: f64) -> f64 {
    value + 0.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same without being lazy.
    fn plainly(count: usize, most: usize, value: impl Fn(usize, &[usize]) -> f64) -> Vec<usize> {
        let mut picks: Vec<usize> = Vec::new();
        while picks.len() < most.min(count) {
            let left = (0..count).filter(|place| !picks.contains(place));
            let best = left.map(|place| fresh(value(place, &picks), place, 0)).max().expect("one is left");
            picks.push(best.place);
        }
        picks
    }

    fn near(rows: &Rows, a: usize, b: usize) -> f64 {
        cosine(&rows.query(a), rows.row(b))
    }

    proptest! {
        #[test]
        fn lazy_is_plain(
            scores in prop::collection::vec((0..5u8).prop_map(|score| f64::from(score) / 4.0), 0..12),
            seed in prop::collection::vec(-1..=1i8, 12 * 3),
            lambda in prop_oneof![Just(0.0), Just(1.0), Just(0.5), 0.0..1.0f64],
            most in 0..14usize,
        ) {
            let count = scores.len();
            let mut flat = Vec::new();
            for row in seed.chunks(3).take(count) {
                let length = row.iter().map(|x| f32::from(*x).powi(2)).sum::<f32>().sqrt().max(1.0);
                flat.extend(row.iter().map(|x| f32::from(*x) / length));
            }
            let rows = Rows::new(&flat, 3);
            let expected = plainly(count, most, |place, picks| {
                let like = picks.iter().map(|pick| near(&rows, *pick, place)).reduce(f64::max).unwrap_or(0.0);
                positive(lambda * scores[place] - (1.0 - lambda) * like)
            });
            prop_assert_eq!(mmr(&scores, &rows, lambda, most), expected);
            let expected = plainly(count, most, |place, picks| {
                let held = |of: usize| picks.iter().map(|pick| near(&rows, *pick, of)).fold(0.0, f64::max);
                let gain: f64 = (0..count).map(|of| (near(&rows, of, place).max(0.0) - held(of)).max(0.0)).sum();
                positive(lambda * scores[place] + (1.0 - lambda) * (gain / count as f64))
            });
            prop_assert_eq!(facility(&scores, &rows, lambda, most), expected);
        }
    }

    #[test]
    fn the_penalty_is_against_every_pick() {
        // A, A again, B, C: the copy of A comes last, though C was picked before it.
        let rows = Rows::new(&[1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], 3);
        assert_eq!(mmr(&[0.9, 0.89, 0.5, 0.4], &rows, 0.5, 4), [0, 2, 3, 1]);
        assert_eq!(mmr(&[0.9, 0.89, 0.5, 0.4], &rows, 1.0, 4), [0, 1, 2, 3]);
        assert_eq!(mmr(&[0.9, 0.89, 0.5, 0.4], &rows, 0.0, 3), [0, 2, 3]);
        assert_eq!(facility(&[0.9, 0.89, 0.5, 0.4], &rows, 0.0, 4), [0, 2, 3, 1]);
        assert_eq!(facility(&[0.9, 0.89, 0.5, 0.4], &rows, 1.0, 4), [0, 1, 2, 3]);
    }
}
