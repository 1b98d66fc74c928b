//! The fast search finds what the plain one finds: ids, order and the bits of all scores.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;

use super::dense::Dense;
use super::group;
use super::hybrid::search_from;
use super::sides::Small;
use super::units::Units;
use crate::analysis::Analyzer;
use crate::index::{Allow, Index, Source, WINDOW};
use crate::score::Bm25;
use crate::score::bm25::VARIANTS;
use crate::score::normalizer::{Map, NORMALIZERS};
use crate::search::parted::{Shape, shapes};
use crate::search::question::Question;
use crate::search::{Lexical, Parameters, plain};
use crate::types::{Bits, Found, Ordinal};

const EVERYTHING: Small = Small { vectors: 1, times: 1 };

#[derive(Debug, Clone)]
struct Corpus {
    dimension: usize,
    texts: Vec<String>,
    vectors: Vec<f32>,
    variant: &'static str,
    shape: Shape,
}

impl Corpus {
    fn index(&self) -> Index {
        let ids: Vec<String> = (0..self.texts.len()).map(|i| format!("{:06}", (i * 7919) % 1_000_003)).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let texts: Vec<&str> = self.texts.iter().map(String::as_str).collect();
        let stored = vec![&b""[..]; ids.len()];
        let vectors = Some((self.dimension, &self.vectors[..]));
        let source = Source { ids: &ids, texts: &texts, stored: &stored, vectors, metadata: &[] };
        let bm25 = Bm25::new(self.variant, 1.2, 0.75, 0.5, 0.25).expect("valid");
        self.shape.index(&Analyzer::new("whitespace").expect("known"), bm25, source)
    }
}

/// Vectors of many kinds: ties and opposites, near copies, one huge component among tiny ones, denormals, missing ones.
fn vector(dimension: usize, kind: u8, seed: &[f32]) -> Vec<f32> {
    (0..dimension)
        .map(|d| {
            let x = seed[d % seed.len()];
            match kind {
                0 => x.round(),
                1 => 1.0 + x * 1e-6,
                2 => {
                    if d == 3 % dimension {
                        1e20
                    } else {
                        x
                    }
                }
                3 => f32::from_bits((x.abs() * 5.0) as u32),
                4 => 0.0,
                5 => {
                    if d % 2 == 0 {
                        x
                    } else {
                        -x
                    }
                }
                _ => x,
            }
        })
        .collect()
}

fn numbers() -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(-1.5f32..1.5, 12)
}

fn corpora() -> impl Strategy<Value = Corpus> {
    let dimension = select(vec![1usize, 2, 15, 16, 17, 127, 130, 383]);
    let kinds = prop_oneof![
        2 => Just(vec![6u8]),
        1 => Just(vec![0]),
        1 => Just(vec![1]),
        2 => prop::collection::vec(0u8..8, 1..8),
        1 => Just(vec![2, 6, 4]),
    ];
    let chunk = (numbers(), any::<u8>(), prop::collection::vec(select(vec!["a", "b", "c", "d", "e"]), 0..6));
    (dimension, kinds, prop::collection::vec(chunk, 1..400), select(VARIANTS.to_vec()), shapes()).prop_map(
        |(dimension, kinds, chunks, variant, shape)| Corpus {
            dimension,
            texts: chunks.iter().map(|(_, _, terms)| terms.join(" ")).collect(),
            vectors: chunks
                .iter()
                .flat_map(|(seed, kind, _)| vector(dimension, kinds[*kind as usize % kinds.len()], seed))
                .collect(),
            variant,
            shape,
        },
    )
}

#[derive(Debug, Clone)]
struct Asked {
    vector: (Vec<f32>, u8),
    terms: Option<Vec<(String, f64)>>,
    allow: Option<(Vec<bool>, usize)>,
    k: usize,
    alpha: f64,
    normalizer: &'static str,
    deeper: usize,
    floor: f64,
    least: Option<f64>,
}

fn asked() -> impl Strategy<Value = Asked> {
    let term = (select(vec!["a", "b", "c", "x"]).prop_map(str::to_owned), 0.0f64..3.0);
    let sides = (
        (numbers(), 0u8..8),
        prop::option::weighted(0.7, prop::collection::vec(term, 0..4)),
        prop::option::of((prop::collection::vec(any::<bool>(), 400), select(vec![1usize, 2, 9, 100]))),
    );
    let settings = (
        1usize..40,
        select(vec![0.01, 0.3, 0.5, 0.9, 1.0]),
        select(NORMALIZERS.to_vec()),
        0usize..30,
        select(vec![-1.0, 0.0, 0.7]),
        prop::option::weighted(0.4, -0.2f64..1.2),
    );
    (sides, settings).prop_map(|((vector, terms, allow), (k, alpha, normalizer, deeper, floor, least))| Asked {
        vector,
        terms,
        allow,
        k,
        alpha,
        normalizer,
        deeper,
        floor,
        least,
    })
}

/// Panics where the fast search finds something else than the plain one.
fn compare(corpus: &Corpus, index: &Index, asked: &Asked) -> bool {
    let query = vector(corpus.dimension, asked.vector.1, &asked.vector.0);
    let allow = asked
        .allow
        .as_ref()
        .map(|(flags, every)| Bits::of((0..index.span()).map(|i| flags[i % flags.len()] && i.is_multiple_of(*every))))
        .map(|bits| Allow::of_ordinals(index, &bits).expect("it fits"));
    let Asked { k, alpha, normalizer, deeper, floor, least, .. } = *asked;
    let parameters = Parameters::new(k, alpha, normalizer, k + deeper, floor, least).expect("valid");
    let terms = asked.terms.as_deref().map(Lexical::Terms);
    let question = Question::of(index, terms, Some(&query)).expect("valid");
    let Some(found) = search_from(EVERYTHING, index, &question, allow.as_ref(), &parameters).expect("whole") else {
        return false;
    };
    let expected = plain::search(index, &question, allow.as_ref(), &parameters).expect("whole");
    let bits = |found: &Found| -> Vec<(Ordinal, u64, Option<u64>, Option<u64>)> {
        let hits = found.hits.iter();
        hits.map(|h| (h.ordinal, h.score.to_bits(), h.lexical.map(f64::to_bits), h.dense.map(f64::to_bits))).collect()
    };
    assert_eq!(bits(&found), bits(&expected), "{asked:?}");
    assert_eq!(found, expected);
    // The same in company: of a question without terms, and of its own opposite.
    let opposite: Vec<f32> = query.iter().map(|x| -x).collect();
    let asked = |terms, vector: &[f32]| Question::of(index, terms, Some(vector)).expect("valid");
    let kinds = [(false, &query[..]), (true, &query), (true, &opposite)];
    // A few questions; so many that they are looked at by all bits; these without terms.
    for (count, worded) in [(3, true), (40, true), (40, false)] {
        let one = |(with, vector)| asked(terms.filter(|_| with && worded), vector);
        let expected = kinds.map(|kind| plain::search(index, &one(kind), allow.as_ref(), &parameters).expect("whole"));
        let group: Vec<Question<'_>> = (0..count).map(|i| one(kinds[i % 3])).collect();
        if let Some(all) = group::search_from(EVERYTHING, index, &group, allow.as_ref(), &parameters).expect("whole") {
            for (found, expected) in all.iter().zip(expected.iter().cycle()) {
                assert_eq!(found, expected);
            }
        }
    }
    true
}

#[test]
fn most_questions_are_answered_fast() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut fast = 0;
    for _ in 0..200 {
        let corpus = corpora().new_tree(&mut runner).expect("valid").current();
        let asked = asked().new_tree(&mut runner).expect("valid").current();
        fast += usize::from(compare(&corpus, &corpus.index(), &asked));
    }
    assert!(fast > 80, "{fast} of 200");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn fast_finds_what_plain_finds_over_many_windows(
        corpus in corpora().prop_filter("small", |corpus| corpus.dimension < 20),
        questions in prop::collection::vec(asked(), 12),
    ) {
        let (mut large, count) = (corpus.clone(), 2 * WINDOW + 77);
        large.texts = corpus.texts.iter().cycle().take(count).cloned().collect();
        large.vectors = corpus.vectors.iter().cycle().take(count * corpus.dimension).copied().collect();
        // No two windows are the same: a few of their numbers move.
        large.vectors.iter_mut().step_by(7).zip(0..).for_each(|(x, i)| *x += (i % 991) as f32 * 1e-4);
        let index = large.index();
        questions.iter().for_each(|asked| { compare(&large, &index, asked); });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn fast_finds_what_plain_finds(corpus in corpora(), asked in asked()) {
        compare(&corpus, &corpus.index(), &asked);
    }

    #[test]
    fn no_bound_is_below_its_cosine(corpus in corpora(), (seed, kind) in (numbers(), 0u8..8)) {
        let index = corpus.index();
        let query = vector(corpus.dimension, kind, &seed);
        let question = Question::of(&index, None, Some(&query)).expect("valid");
        for part in index.parts() {
            let (Some(side), Some(vectors)) = (&question.dense, &part.segment.vectors) else {
                continue;
            };
            let dense = Dense::against(&side.query, vectors, vectors.plane().expect("in memory").expect("small"));
            let ordinals: Vec<Ordinal> = (0..part.span() as Ordinal).collect();
            let (mut coarse, mut fine) = (vec![0.0; part.span()], Vec::new());
            dense.bounds(0, &mut coarse).expect("in memory");
            dense.fine_bounds(&ordinals, &mut Vec::new(), &mut fine).expect("in memory");
            for ordinal in ordinals {
                let (coarse, fine) = (coarse[ordinal as usize], fine[ordinal as usize]);
                match vectors.cosine(&side.query, ordinal).expect("in memory") {
                    Some(cosine) => prop_assert!(f64::from(coarse) >= cosine && fine >= cosine, "{coarse} {fine} {cosine}"),
                    None => prop_assert_eq!((coarse, fine), (f32::NEG_INFINITY, f64::NEG_INFINITY)),
                }
            }
        }
    }

    #[test]
    fn a_sum_of_bounds_below_the_cut_has_a_score_below_the_threshold(
        (alpha, shift, scale) in (1e-3f64..=1.0, -1.0f64..1.0, 1e-6f64..2.0),
        lexical in prop_oneof![
            (-2f64..2.0).prop_map(Map::Constant),
            (-5f64..5.0, 1e-3f64..30.0).prop_map(|(shift, scale)| Map::Affine { shift, scale }),
        ],
        pairs in prop::collection::vec((-1.0f64..1.0, 0.0f64..20.0), 1..40),
    ) {
        let units = Units::of(alpha, &Map::Affine { shift, scale }, &lexical, 20.0).expect("sane");
        let score = |(c, g): (f64, f64)| {
            crate::score::fusion::fuse(alpha, (c - shift) / scale, lexical.apply(0, g))
        };
        for &pair in &pairs {
            let steps = 65535.0 / 20.0;
            let sum = super::up(pair.0) + units.step(steps) * (pair.1 * steps).ceil() as f32;
            prop_assert!(sum >= units.cut(score(pair)), "its own score is a threshold that it reaches");
        }
    }
}
