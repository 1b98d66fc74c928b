//! The lexical bounds hold, and the search by them finds what the plain one finds.

use proptest::prelude::*;
use proptest::sample::select;

use super::bm25_only;
use super::lexical::{Bounds, steps};
use crate::analysis::Analyzer;
use crate::index::{Allow, Index, Source, WINDOW};
use crate::score::Bm25;
use crate::score::bm25::VARIANTS;
use crate::score::normalizer::NORMALIZERS;
use crate::search::parted::{Shape, shapes};
use crate::search::question::Question;
use crate::search::{Lexical, Parameters, plain};
use crate::types::{Bits, Ordinal};

/// A corpus that is made from a seed: terms of all frequencies, counts that are odd, lengths that are many.
fn index(seed: u64, chunks: usize, bm25: Bm25, long: bool, shape: &Shape) -> Index {
    let mut state = seed | 1;
    let mut random = |below: u64| {
        // xorshift64*: enough for a corpus.
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % below
    };
    let mut texts = Vec::with_capacity(chunks);
    for _ in 0..chunks {
        let mut text = String::new();
        for (term, one_in) in [("a", 2), ("b", 3), ("c", 9), ("d", 40), ("e", 400), ("f", 3000), ("g", 15_000)] {
            if random(one_in) == 0 {
                let count = if random(9) == 0 { random(400) } else { random(3) };
                (0..=count).for_each(|_| text.push_str(&format!("{term} ")));
            }
        }
        let filler = if long { random(3000) } else { random(4) };
        (0..filler).for_each(|_| text.push_str("x "));
        texts.push(text);
    }
    // Ids whose order is not that of adding.
    let ids: Vec<String> = (0..chunks).map(|i| format!("{:08x}", (i as u32).wrapping_mul(0x9e37_79b9))).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let stored = vec![&b""[..]; chunks];
    let source = Source { ids: &ids, texts: &texts, stored: &stored, vectors: None, metadata: &[] };
    shape.index(&Analyzer::new("whitespace").expect("known"), bm25, source)
}

fn terms() -> impl Strategy<Value = Vec<(String, f64)>> {
    let term = select(vec!["a", "b", "c", "d", "e", "f", "g", "x", "unknown"]).prop_map(str::to_owned);
    prop::collection::vec((term, select(vec![0.0, 0.5, 1.0, 1.0, 1.0, 2.0, 3.25, 1e-300, 1e90])), 1..7)
}

fn corpora() -> impl Strategy<Value = (u64, usize, Bm25, bool, Shape)> {
    let bm25 = (select(VARIANTS.to_vec()), select(vec![0.0, 1.2, 1e6]), select(vec![0.0, 0.75, 1.0]));
    let chunks = select(vec![1usize, 300, WINDOW - 1, WINDOW, WINDOW + 1, 2 * WINDOW + 77]);
    (any::<u64>(), chunks, bm25, any::<bool>(), shapes()).prop_map(|(seed, chunks, (variant, k1, b), long, shape)| {
        (seed, chunks, Bm25::new(variant, k1, b, 0.5, 0.25).expect("valid"), long && chunks < 1000, shape)
    })
}

type Asked = (Vec<(String, f64)>, usize, &'static str, Option<u64>, Option<f64>);

fn asked() -> impl Strategy<Value = Asked> {
    let k = select(vec![1usize, 2, 10, 100, 1000]);
    let allowed = prop::option::of(select(vec![1u64, 2, 10, 100, 1000]));
    (terms(), k, select(NORMALIZERS.to_vec()), allowed, prop::option::of(0.0f64..9.0))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn by_bounds_as_plain((seed, chunks, bm25, long, shape) in corpora(), questions in prop::collection::vec(asked(), 12)) {
        let index = index(seed, chunks, bm25, long, &shape);
        for (terms, k, normalizer, allowed, least) in questions {
            let question = Question::of(&index, Some(Lexical::Terms(&terms)), None).expect("valid");
            let allow = allowed.map(|one_in| Bits::of((0..index.span()).map(|i| (i as u64).wrapping_mul(seed | 1).is_multiple_of(one_in))))
                .map(|bits| Allow::of_ordinals(&index, &bits).expect("it fits"));
            let parameters = Parameters::new(k, 0.5, normalizer, 1000, -1.0, least).expect("valid");
            let plain = plain::search(&index, &question, allow.as_ref(), &parameters).expect("whole");
            if let Some(found) = bm25_only::search(&index, &question, allow.as_ref(), &parameters).expect("whole") {
                prop_assert_eq!(found, plain, "{:?} k={} {}", terms, k, normalizer);
            }
        }
    }

    #[test]
    fn no_posting_gives_more_than_the_top_of_its_window((seed, chunks, bm25, long, shape) in corpora(), terms in terms()) {
        let index = index(seed, chunks, bm25, long, &shape);
        let question = Question::of(&index, Some(Lexical::Terms(&terms)), None).expect("valid");
        let side = question.lexical.as_ref().expect("there");
        let Some(steps) = steps(side) else {
            return Ok(());
        };
        for (part, known) in index.parts().iter().flat_map(|part| [(part, true), (part, false)]) {
            let mut bounds = Bounds::of(&index, part, side, steps);
            if !known {
                // As in the first search after an index was opened.
                bounds.terms.iter_mut().for_each(|term| term.peaks = None);
            }
            let (mut tops, count) = (Vec::new(), bounds.terms.len());
            bounds.tops(&mut tops);
            for window in 0..bounds.windows() {
                bounds.enter_some(window, &tops[window * count..(window + 1) * count]);
                for place in 0..count {
                    let given: Vec<u32> = (0..bounds.chunks(window)).map(|local| bounds.look(place, local as u16)).collect();
                    let (best, top) = (given.iter().copied().max().unwrap_or(0), u32::from(tops[window * count + place]));
                    prop_assert!(best <= top && (best == 0) == (top == 0));
                    for bar in [1, best / 2, best].into_iter().filter(|&bar| bar > 0) {
                        let mut picked = Vec::new();
                        bounds.pick(place, bar as u16, None, &mut picked);
                        let reached = given.iter().zip(0..).filter(|&(&given, _)| given >= bar);
                        prop_assert!(picked.into_iter().eq(reached.map(|(&given, local)| given << 16 | local)));
                    }
                }
            }
        }
    }

    #[test]
    fn sums_are_bounds((seed, chunks, bm25, long, shape) in corpora(), terms in terms()) {
        let index = index(seed, chunks, bm25, long, &shape);
        let question = Question::of(&index, Some(Lexical::Terms(&terms)), None).expect("valid");
        let side = question.lexical.as_ref().expect("there");
        let scorer = crate::search::scorer::Scorer::new(
            &index, &question, &Parameters::new(1, 0.0, "none", 1, -1.0, None).expect("valid"), None, None,
        );
        let mut sums = Box::new([0u16; WINDOW]);
        for part in index.parts() {
            let Some(steps) = steps(side) else {
                return Ok(());
            };
            let mut bounds = Bounds::of(&index, part, side, steps);
            for window in 0..bounds.windows() {
                let most = bounds.enter(window);
                (0..bounds.terms.len()).for_each(|place| bounds.scatter(place, &mut sums));
                for (local, sum) in sums.iter_mut().enumerate().take(part.span() - window * WINDOW) {
                    let gain = scorer.gain(part, (window * WINDOW + local) as Ordinal);
                    prop_assert_eq!(gain.is_none(), *sum == 0);
                    let (sum, steps) = (u32::from(std::mem::take(sum)), gain.unwrap_or(0.0) * bounds.steps);
                    prop_assert!(f64::from(sum) >= steps && sum <= most);
                    prop_assert!(f64::from(sum) <= steps + f64::from(bounds.slack - 1));
                    let looked: u32 = (0..bounds.terms.len()).map(|place| bounds.look(place, local as u16)).sum();
                    prop_assert_eq!(looked, sum);
                }
            }
        }
    }
}

#[test]
fn the_order_of_adding_changes_nothing_when_the_best_come_last() {
    // Scores that ascend raise the bar with every chunk.
    let chunks = 3 * WINDOW;
    let texts: Vec<String> = (0..chunks).map(|i| "a ".repeat(1 + i / 4096) + "b b b b b b b b b b b b b").collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let ids: Vec<String> = (0..chunks).map(|i| i.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let stored = vec![&b""[..]; chunks];
    let source = Source { ids: &ids, texts: &texts, stored: &stored, vectors: None, metadata: &[] };
    let bm25 = Bm25::new("lucene", 1.2, 0.75, 0.0, 0.0).expect("valid");
    let index = Index::build(Analyzer::new("whitespace").expect("known"), bm25, source, "").expect("valid");
    for k in [1, 10, 5000] {
        let parameters = Parameters::new(k, 0.0, "bounded", 1000, -1.0, None).expect("valid");
        let question = Question::of(&index, Some(Lexical::Text("a b")), None).expect("valid");
        let found = bm25_only::search(&index, &question, None, &parameters);
        assert_eq!(found, plain::search(&index, &question, None, &parameters).map(Some));
    }
}
