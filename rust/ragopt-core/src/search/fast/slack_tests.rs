//! Where bounds are as near to what they bound as they can come: there their slack is needed, and must be enough.
//!
//! `make mutants` takes each slack away and expects one of these tests, or a neighbor, to fail.

use std::cell::Cell;

use proptest::prelude::*;

use super::bm25_only::{self, best_gains};
use super::dense::Dense;
use super::engine::{Judge, Race, Room};
use super::hybrid::search_from;
use super::lexical::{Bounds, Sums, steps};
use super::sides::{Sides, Small};
use super::units::Units;
use super::windows::{Lists, Scan, Windows};
use crate::analysis::Analyzer;
use crate::index::{Index, Part, Source, WINDOW};
use crate::score::Bm25;
use crate::score::codes;
use crate::score::fusion::fuse;
use crate::score::normalizer::{Map, NORMALIZERS};
use crate::score::top::Entry;
use crate::search::question::Question;
use crate::search::scorer::Scorer;
use crate::search::{Lexical, Parameters, plain};
use crate::types::Ordinal;

const EVERYTHING: Small = Small { vectors: 1, times: 1 };

/// xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % most
    }

    fn number(&mut self) -> f32 {
        self.below(1 << 24) as f32 / (1 << 23) as f32 - 1.0
    }
}

fn index(texts: &[String], vectors: Option<(usize, &[f32])>, bm25: Bm25) -> Index {
    let ids: Vec<String> = (0..texts.len()).map(|i| format!("{:06}", i * 7919 % 1_000_003)).collect();
    let source = Source {
        ids: &ids.iter().map(String::as_str).collect::<Vec<_>>(),
        texts: &texts.iter().map(String::as_str).collect::<Vec<_>>(),
        stored: &vec![&b""[..]; ids.len()],
        vectors,
        metadata: &[],
    };
    Index::build(Analyzer::new("whitespace").expect("known"), bm25, source, "").expect("valid")
}

fn lucene(k1: f64, b: f64) -> Bm25 {
    Bm25::new("lucene", k1, b, 0.0, 0.0).expect("valid")
}

fn of_vectors(dimension: usize, rows: &[f32]) -> Index {
    index(&vec!["a".to_owned(); rows.len() / dimension], Some((dimension, rows)), lucene(1.2, 0.75))
}

/// Panics where a bound is below its cosine; the least distance of the coarse bounds from theirs.
fn bounds_hold(index: &Index, query: &[f32]) -> f64 {
    let question = Question::of(index, None, Some(query)).expect("valid");
    let (part, side) = (&index.parts()[0], question.dense.as_ref().expect("a direction"));
    let vectors = part.segment.vectors.as_ref().expect("given");
    let dense = Dense::against(&side.query, vectors, vectors.plane().expect("in memory").expect("small"));
    let (mut coarse, mut middle, mut fine) = (vec![0.0; part.span()], vec![0.0; part.span()], Vec::new());
    let ordinals: Vec<Ordinal> = (0..part.span() as Ordinal).collect();
    dense.bounds(0, &mut coarse).expect("in memory");
    let rows = dense.middle_rows(0..part.span()).expect("in memory");
    codes::Group::of(vec![dense.middle()]).bounds(&rows, part.span(), &mut middle);
    let (mut lowest, numbered) = (Vec::new(), middle.iter().copied().zip(0..).collect::<Vec<_>>());
    dense.lowest(&numbered, &mut lowest);
    dense.fine_bounds(&ordinals, &mut Vec::new(), &mut fine).expect("in memory");
    let distances = ordinals.iter().map(|&ordinal| {
        let cosine = vectors.cosine(&side.query, ordinal).expect("in memory").expect("there");
        assert!(lowest[ordinal as usize] <= cosine);
        let bounds = (coarse[ordinal as usize], middle[ordinal as usize], fine[ordinal as usize]);
        let (coarse, middle, fine) = (f64::from(bounds.0) - cosine, f64::from(bounds.1) - cosine, bounds.2 - cosine);
        assert!(
            coarse >= 0.0 && middle >= 0.0 && fine >= 0.0,
            "{coarse:e} {middle:e} {fine:e} below {cosine} in {} dimensions",
            query.len()
        );
        coarse.min(middle)
    });
    distances.fold(f64::INFINITY, f64::min)
}

fn signed(dimension: usize, signs: u64, size: f32) -> impl Iterator<Item = f32> {
    (0..dimension).map(move |d| if signs.rotate_right(d as u32 * 7) & 1 == 0 { size } else { -size })
}

#[test]
fn where_everything_is_parallel_nothing_is_lost_but_the_slack() {
    // Query, vectors, mean and all residuals lie on one line, so that both uses of Cauchy and Schwarz lose nothing.
    let (mut random, mut nearest) = (Random(7), f64::INFINITY);
    for dimension in [1, 2, 3, 5, 7, 11, 13, 16, 31, 64, 100, 127, 128, 129, 200, 384, 777, 1024] {
        for (same, opposite) in [(1, 1), (1, 2), (1, 3), (2, 3), (1, 7), (3, 17), (1, 50), (1, 300), (5, 0)] {
            let (signs, size) = (random.below(u64::MAX), 0.5 + random.number().abs());
            let one = |sign: f32| signed(dimension, signs, sign * size);
            let mut rows: Vec<f32> = (0..same).flat_map(|_| one(1.0)).collect();
            rows.extend((0..opposite).flat_map(|_| one(-1.0)));
            let index = of_vectors(dimension, &rows);
            for sign in [1.0, -1.0] {
                nearest = nearest.min(bounds_hold(&index, &one(sign).collect::<Vec<_>>()));
            }
        }
    }
    assert!(nearest < 4e-6, "nothing here is tight: {nearest:e}");
}

#[test]
fn a_cosine_that_is_cut_at_minus_one_is_below_its_bounds() {
    // Where all vectors are one, codes lose nothing; unit vectors are a little longer or shorter than 1.
    let mut random = Random(11);
    for _ in 0..200 {
        let dimension = 3 + random.below(400) as usize;
        let row: Vec<f32> = (0..dimension).map(|_| random.number()).collect();
        let opposite: Vec<f32> = row.iter().map(|x| -x).collect();
        bounds_hold(&of_vectors(dimension, &row.repeat(3)), &opposite);
    }
}

#[test]
fn what_a_query_loses_to_its_codes_is_counted() {
    // Rows in the middle of their nibbles but for one dimension, which lie along what rounding takes from the query.
    const DIMENSION: usize = 4096;
    let mut random = Random(37);
    let signs: Vec<f32> = (0..DIMENSION).map(|_| random.number().signum()).collect();
    let row: Vec<f32> = signs.iter().enumerate().map(|(d, sign)| sign * if d == 0 { 128.0 } else { 120.0 }).collect();
    let opposite = row.iter().map(|x| -x);
    let index = of_vectors(DIMENSION, &row.iter().copied().chain(opposite).collect::<Vec<_>>());
    let step = |(d, sign): (usize, &f32)| if d == 0 { 127.0 } else { random.below(250) as f32 - 125.0 + 0.45 * sign };
    bounds_hold(&index, &signs.iter().enumerate().map(step).collect::<Vec<_>>());
}

#[test]
fn one_hot_tiny_huge_and_denormal_vectors_have_their_bounds() {
    let mut random = Random(13);
    for dimension in [1usize, 16, 130, 700] {
        let mut rows = Vec::new();
        for size in [1.0f32, 1e-30, 3e38, f32::from_bits(1), f32::MIN_POSITIVE] {
            for place in [0, dimension / 2, dimension - 1] {
                rows.extend((0..dimension).map(|d| if d == place { size } else { 0.0 }));
                rows.extend((0..dimension).map(|d| if d == place { -size } else { f32::from_bits(1) }));
            }
            rows.extend(std::iter::repeat_n(size, dimension));
        }
        let index = of_vectors(dimension, &rows);
        for row in rows.chunks(dimension) {
            bounds_hold(&index, row);
            bounds_hold(&index, &row.iter().map(|x| x * random.number().signum()).collect::<Vec<_>>());
        }
    }
}

/// Panics where a search by bounds, if there is one, finds something else than the plain one.
fn as_plain(index: &Index, lexical: Option<&[(String, f64)]>, vector: Option<&[f32]>, ks: &[usize]) {
    let question = Question::of(index, lexical.map(Lexical::Terms), vector).expect("valid");
    // With many chunks three of them will do, which is one for each kind of population.
    let normalizers = if index.len() < 2000 { &NORMALIZERS[..] } else { &NORMALIZERS[..3] };
    for (&k, normalizer) in ks.iter().flat_map(|k| normalizers.iter().map(move |name| (k, name))) {
        for alpha in [0.0, 1e-9, 0.5, 1.0] {
            let parameters = Parameters::new(k, alpha, normalizer, k.max(50), -1.0, None).expect("valid");
            let expected = plain::search(index, &question, None, &parameters).expect("whole");
            for found in [
                bm25_only::search(index, &question, None, &parameters),
                search_from(EVERYTHING, index, &question, None, &parameters),
            ] {
                if let Some(found) = found.expect("whole") {
                    assert_eq!(found, expected, "k={k} {normalizer} alpha={alpha}");
                }
            }
        }
    }
}

#[test]
fn neighbors_by_one_unit_in_the_last_place_keep_their_order() {
    let mut random = Random(17);
    for dimension in [2, 17, 128] {
        let row: Vec<f32> = (0..dimension).map(|_| random.number()).collect();
        let mut rows = row.clone();
        for i in 0..1500 {
            let mut near = row.clone();
            let place = &mut near[random.below(dimension as u64) as usize];
            (0..i % 5).for_each(|_| *place = if i % 2 == 0 { place.next_up() } else { place.next_down() });
            rows.extend(near);
        }
        let texts: Vec<String> = (0..1501).map(|i| ["a", "a b", "b b"][i % 3].to_owned()).collect();
        let index = index(&texts, Some((dimension, &rows)), lucene(1.2, 0.75));
        let terms = [("a".to_owned(), 1.0), ("b".to_owned(), 1.0)];
        as_plain(&index, Some(&terms), Some(&row), &[1, 7, 501]);
    }
}

#[test]
fn thousands_of_equals_are_told_by_their_ids() {
    let chunks = WINDOW + 3000;
    let texts: Vec<String> = (0..chunks).map(|i| if i % 5000 == 0 { "a b b" } else { "a b" }.to_owned()).collect();
    let rows: Vec<f32> = (0..chunks).flat_map(|i| if i % 7000 == 0 { [1.0, 0.5] } else { [0.25, 1.0] }).collect();
    let index = index(&texts, Some((2, &rows)), lucene(1.2, 0.75));
    as_plain(&index, Some(&[("a".to_owned(), 1.0)]), Some(&[0.25, 1.0]), &[1, 40]);
    as_plain(&index, Some(&[("b".to_owned(), 1.0)]), Some(&[1.0, 0.5]), &[1, 40]);
}

#[test]
fn weights_of_any_size_find_what_plain_finds() {
    let mut random = Random(19);
    let mut words = || (0..1 + random.below(9)).map(|_| ["a ", "b ", "c ", "d "][random.below(4) as usize]).collect();
    let texts: Vec<String> = (0..2500).map(|_| words()).collect();
    let rows: Vec<f32> = (0..2500 * 5).map(|_| random.number()).collect();
    let index = index(&texts, Some((5, &rows)), lucene(1.2, 0.75));
    let sizes = [0.0, 1e-100, 1e-30, 1e-5, 1.0, 1e5, 1e30, 1e100];
    for (i, &first) in sizes.iter().enumerate() {
        for &second in &sizes[i..] {
            let terms = [("a".to_owned(), first), ("b".to_owned(), second), ("c".to_owned(), 1.0)];
            as_plain(&index, Some(&terms), Some(&rows[..5]), &[1, 10]);
        }
    }
}

/// The sums of all chunks of an index of one window, with their gains in steps and the slack.
fn sums_and_gains(index: &Index, text: &str) -> (Vec<(u32, f64)>, f64) {
    let question = Question::of(index, Some(Lexical::Text(text)), None).expect("valid");
    let side = question.lexical.as_ref().expect("there");
    let mut bounds = Bounds::of(index, &index.parts()[0], side, steps(side).expect("positive"));
    let mut sums: Box<Sums> = Box::new([0; WINDOW]);
    bounds.enter(0);
    (0..bounds.terms.len()).for_each(|place| bounds.scatter(place, &mut sums));
    let parameters = Parameters::new(1, 0.0, "none", 1, -1.0, None).expect("valid");
    let scorer = Scorer::new(index, &question, &parameters, None, None);
    let gain = |i: usize| scorer.gain(&index.parts()[0], i as Ordinal).unwrap_or(0.0) * bounds.steps;
    ((0..index.len()).map(|i| (u32::from(sums[i]), gain(i))).collect(), f64::from(bounds.slack))
}

#[test]
fn a_sum_is_above_the_gain_however_near_a_whole_number_of_steps_it_is() {
    // Many lengths and many k1 make gains that lie at any distance from whole steps.
    let (mut nearest, mut farthest) = (f64::INFINITY, f64::NEG_INFINITY);
    for i in 1..400 {
        let texts: Vec<String> = (0..250).map(|length| "a ".repeat(1 + length % 4) + &"x ".repeat(length)).collect();
        let index = index(&texts, None, lucene(f64::from(i) * 0.0173, 0.75));
        let (sums, slack) = sums_and_gains(&index, "a");
        for (sum, gain) in sums {
            nearest = nearest.min(f64::from(sum) - gain);
            farthest = farthest.max(f64::from(sum) - gain - slack);
        }
    }
    assert!((0.03..0.07).contains(&nearest), "a sum is above its gain by {nearest}");
    assert!(farthest <= -1.0, "a sum is above its gain by the slack less {farthest}");
}

#[test]
fn chunks_within_a_step_of_each_other_keep_their_order() {
    // Two terms in counts and lengths that give nearly the same: sums alone would often tell them wrongly.
    let mut random = Random(23);
    for i in 1..60 {
        let mut text = || {
            let (a, b) = (1 + random.below(4) as usize, 1 + random.below(4) as usize);
            "a ".repeat(a) + &"b ".repeat(b) + &"c ".repeat(5 - (a + b) / 2) + &"x ".repeat(random.below(400) as usize)
        };
        let texts: Vec<String> = (0..600).map(|_| text()).collect();
        // So small a b that hundreds of lengths lie within a step or two.
        let index = index(&texts, None, lucene(f64::from(i) * 0.05, 2e-5 * f64::from(i)));
        let question = Question::of(&index, Some(Lexical::Text("a b c")), None).expect("valid");
        for k in [1, 2, 3, 10] {
            let parameters = Parameters::new(k, 0.0, "bounded", 1000, -1.0, None).expect("valid");
            let found = bm25_only::search(&index, &question, None, &parameters).expect("whole");
            assert_eq!(found, Some(plain::search(&index, &question, None, &parameters).expect("whole")));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_score_reaches_itself_as_a_threshold_where_bounds_lose_nothing(
        alpha in 1e-3f64..=1.0,
        (shift, scale) in (-1.0f64..1.0, 1e-6f64..2.0),
        (low, spread) in (-5f64..5.0, 1e-3f64..30.0),
        pairs in prop::collection::vec((-1.0f32..1.0, 0u16..=65_000), 1..40),
    ) {
        let (dense, lexical) = (Map::Affine { shift, scale }, Map::Affine { shift: low, scale: spread });
        let units = Units::of(alpha, &dense, &lexical, 20.0).expect("sane");
        let steps = 65535.0 / 20.0;
        for (bound, sum) in pairs {
            let score = fuse(alpha, dense.apply(0, f64::from(bound)), lexical.apply(0, f64::from(sum) / steps));
            prop_assert!(bound + units.step(steps) * f32::from(sum) >= units.cut(score));
        }
    }
}

/// Counts how many scores are made.
struct Counting<'a> {
    part: &'a Part,
    scores: Cell<usize>,
}

impl Judge for Counting<'_> {
    fn gain(&self, _: Ordinal) -> Option<f64> {
        None
    }

    fn tie(&self, ordinal: Ordinal) -> u32 {
        self.part.segment.ids.place(ordinal)
    }

    fn score(&self, ordinal: Ordinal, _: Option<f64>, cosine: Option<f64>) -> Entry {
        self.scores.set(self.scores.get() + 1);
        Entry { score: cosine.unwrap_or(f64::NEG_INFINITY), ordinal }
    }

    fn takes_missing(&self) -> bool {
        false
    }
}

/// Orders of adding: as they come, the best first, the best last.
fn orders<T: Clone>(things: &[T], worth: impl Fn(&T) -> f64) -> [Vec<T>; 3] {
    let mut falling = things.to_vec();
    falling.sort_by(|left, right| worth(right).total_cmp(&worth(left)));
    let mut rising = falling.clone();
    rising.reverse();
    [things.to_vec(), falling, rising]
}

#[test]
fn the_work_of_a_dense_search_does_not_depend_on_the_order_of_adding() {
    const DIMENSION: usize = 16;
    let (mut random, chunks, k) = (Random(29), 4 * WINDOW, 10);
    let rows: Vec<[f32; DIMENSION]> = (0..chunks).map(|_| [(); DIMENSION].map(|()| random.number())).collect();
    let query: Vec<f32> = (0..DIMENSION).map(|_| random.number()).collect();
    let cosine = |row: &[f32; DIMENSION]| {
        let dot = row.iter().zip(&query).map(|(x, q)| f64::from(x * q)).sum::<f64>();
        dot / row.iter().map(|x| f64::from(x * x)).sum::<f64>().sqrt()
    };
    for rows in orders(&rows, cosine) {
        let index = of_vectors(DIMENSION, rows.as_flattened());
        let question = Question::of(&index, None, Some(&query)).expect("valid");
        let parameters = Parameters::new(k, 1.0, "none", 1000, -1.0, None).expect("valid");
        let sides = Sides::of(EVERYTHING, &index, &question, None, &parameters).expect("whole").expect("by bounds");
        let (part, judge) = (&sides.parts[0], Counting { part: sides.parts[0].part, scores: Cell::new(0) });
        let (dense, mut room) = (Dense::of(&sides.side.query, part), Room::default());
        let (mut lists, mut windows) = (Lists::default(), Windows::default());
        let mut scan = Scan::of(&mut lists, &dense, part, false);
        let least = f64::NEG_INFINITY;
        let race = Race::new(&judge, &dense, sides.side, part.vectors, &Units::COSINE, k, least, &mut room);
        let found = scan.run(&mut windows, race, &Units::COSINE, None, &parameters).expect("whole");
        assert_eq!(found.len(), k);
        let scores = judge.scores.get();
        assert!(scores < chunks / 200, "{scores} scores of {chunks} chunks");
    }
}

#[test]
fn the_work_of_a_lexical_search_does_not_depend_on_the_order_of_adding() {
    let (mut random, chunks) = (Random(31), 4 * WINDOW);
    let text = |random: &mut Random| {
        let (a, b) = (random.below(40) as usize, random.below(40) as usize);
        (a + b, "a ".repeat(a) + &"b ".repeat(b) + &"x ".repeat(80 - a - b))
    };
    let texts: Vec<(usize, String)> = (0..chunks).map(|_| text(&mut random)).collect();
    for texts in orders(&texts, |&(worth, _)| worth as f64) {
        let texts: Vec<String> = texts.into_iter().map(|(_, text)| text).collect();
        let index = index(&texts, None, lucene(1.2, 0.75));
        let question = Question::of(&index, Some(Lexical::Text("a b")), None).expect("valid");
        let side = question.lexical.as_ref().expect("there");
        for k in [1, 10, 100] {
            let parameters = Parameters::new(k, 0.0, "bounded", 1000, -1.0, None).expect("valid");
            let steps = steps(side).expect("positive");
            let survivors = best_gains(&index, side, steps, None, k, &parameters).expect("whole").len();
            assert!((k..k + 400).contains(&survivors), "{survivors} survivors for k={k}");
        }
    }
}
