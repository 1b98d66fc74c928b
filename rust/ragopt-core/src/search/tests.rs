//! Search against an evaluation that knows neither postings nor scratch nor heaps: it counts terms in
//! the texts, computes every score and sorts. Equal means: ids, order, and the bits of every score.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;

use super::parted::{Shape, shapes};
use super::*;
use crate::analysis::Analyzer;
use crate::index::Source;
use crate::score::bm25::{Bm25, Statistics, VARIANTS, share};
use crate::score::cosine::{self, ZERO};
use crate::score::fusion::{alpha_in_force, fuse};
use crate::score::normalizer::{Limits, Map, NORMALIZERS};
use crate::types::Hit;

/// A corpus and a question about it, small and full of ties.
#[derive(Debug, Clone)]
struct Case {
    ids: Vec<String>,
    texts: Vec<String>,
    vectors: Option<Vec<[f32; 3]>>,
    bm25: (&'static str, f64, f64),
    shape: Shape,
    terms: Option<Vec<(String, f64)>>,
    vector: Option<[f32; 3]>,
    allow: Option<Vec<bool>>,
    k: usize,
    alpha: f64,
    normalizer: &'static str,
    depth: usize,
    floor: f64,
    min_score: Option<f64>,
}

impl Case {
    fn index(&self) -> Index {
        let ids: Vec<&str> = self.ids.iter().map(String::as_str).collect();
        let texts: Vec<&str> = self.texts.iter().map(String::as_str).collect();
        let stored = vec![&b""[..]; ids.len()];
        let flat: Option<Vec<f32>> = self.vectors.as_ref().map(|rows| rows.concat());
        let source = Source {
            ids: &ids,
            texts: &texts,
            stored: &stored,
            vectors: flat.as_deref().map(|rows| (3, rows)),
            metadata: &[],
        };
        self.shape.index(&Analyzer::new("whitespace").expect("known"), self.bm25(), source)
    }

    fn bm25(&self) -> Bm25 {
        let (variant, k1, b) = self.bm25;
        Bm25::new(variant, k1, b, 0.5, 0.25).expect("valid")
    }

    fn parameters(&self) -> Parameters<'_> {
        Parameters::new(self.k, self.alpha, self.normalizer, self.depth, self.floor, self.min_score).expect("valid")
    }

    fn allow(&self, index: &Index) -> Option<Allow> {
        let place = |ordinal: Ordinal| self.ids.iter().position(|id| Some(id.as_str()) == index.id(ordinal));
        self.allow.as_ref().map(|allow| {
            // Deleted chunks are let through: an index knows better.
            let flags = (0..index.span() as Ordinal).map(|ordinal| place(ordinal).is_none_or(|place| allow[place]));
            Allow::of_ordinals(index, &Bits::of(flags.collect::<Vec<_>>().into_iter())).expect("it fits")
        })
    }

    /// `hits` of `index`, told by their places here.
    fn placed(&self, index: &Index, hits: &[Hit]) -> Vec<Hit> {
        let place = |hit: &Hit| self.ids.iter().position(|id| Some(id.as_str()) == index.id(hit.ordinal));
        hits.iter().map(|hit| Hit { ordinal: place(hit).expect("a live chunk") as Ordinal, ..*hit }).collect()
    }

    fn lexical(&self) -> Option<Lexical<'_>> {
        self.terms.as_ref().map(|terms| Lexical::Terms(terms))
    }

    fn found(&self, index: &Index) -> Found {
        let vector = self.vector.as_ref().map(|vector| &vector[..]);
        search(index, self.lexical(), vector, self.allow(index).as_ref(), &self.parameters()).expect("valid")
    }

    /// (gain if it shares a term, cosine if it has a vector) of each allowed chunk, and the side's limits.
    fn sides(&self) -> (Vec<Option<f64>>, f64, f64, Vec<Option<f64>>) {
        let (bm25, count) = (self.bm25(), self.texts.len());
        let frequency = |term: &str| self.texts.iter().filter(|text| text.split(' ').any(|t| t == term)).count();
        let vocabulary: std::collections::BTreeSet<&str> =
            self.texts.iter().flat_map(|text| text.split_whitespace()).collect();
        let frequencies: Vec<usize> = vocabulary.iter().map(|term| frequency(term)).collect();
        let lengths: Vec<u32> = self.texts.iter().map(|text| text.split_whitespace().count() as u32).collect();
        let statistics = Statistics {
            chunks: count,
            mean_length: if count == 0 { 0.0 } else { f64::from(lengths.iter().sum::<u32>()) / count as f64 },
            mean_idf: Bm25::mean_idf(count, frequencies.into_iter()),
        };
        let mut weights: BTreeMap<&str, f64> = BTreeMap::new();
        for (term, weight) in self.terms.iter().flatten() {
            *weights.entry(term).or_insert(0.0) += weight;
        }
        weights.retain(|term, _| frequency(term) > 0);
        let idf = |term: &str| bm25.idf(&statistics, frequency(term));
        let constant = weights.iter().fold(0.0, |sum, (term, weight)| sum + weight * idf(term) * bm25.absent());
        let bound = weights.iter().fold(0.0, |sum, (term, weight)| sum + weight * idf(term).max(0.0) * bm25.sup());
        let gain = |i: usize| {
            let mut gain = None;
            for (term, weight) in &weights {
                let tf = self.texts[i].split(' ').filter(|t| t == term).count() as u32;
                if tf > 0 {
                    let saturation = bm25.saturation(&statistics, lengths[i]);
                    *gain.get_or_insert(0.0) += share(weight * idf(term) * bm25.scale(), tf, saturation);
                }
            }
            gain.filter(|_| self.allows(i))
        };
        let unit = |row: &[f32; 3]| {
            let mut lines = [ZERO];
            cosine::normalize(row, &mut lines).expect("finite");
            (!cosine::is_zero(&lines)).then_some(lines)
        };
        let query = self.vector.as_ref().and_then(unit).map(|lines| cosine::widen(&lines));
        let cosine = |i: usize| {
            let row = unit(&self.vectors.as_ref()?[i])?;
            Some(cosine::cosine(query.as_ref()?, &row)).filter(|_| self.allows(i))
        };
        ((0..count).map(gain).collect(), constant, bound, (0..count).map(cosine).collect())
    }

    fn allows(&self, i: usize) -> bool {
        self.allow.as_ref().is_none_or(|allow| allow[i])
    }

    /// All that a search may find, in order, before the cut at k.
    fn expected(&self) -> Vec<Hit> {
        let (gains, constant, bound, cosines) = self.sides();
        let lexical = self.terms.is_some();
        let dense = self.vectors.is_some() && self.vector.is_some_and(|vector| vector != [0.0; 3]);
        let alpha = alpha_in_force(self.alpha, lexical, dense);
        let limits = |bottom, most| Limits { bottom, most };
        let lexical_map = self.map(&gains, limits(0.0, bound));
        let dense_map = self.map(&cosines, limits(self.floor, 1.0));
        let mut hits = Vec::new();
        for i in 0..self.texts.len() {
            let by_lexical = lexical && alpha < 1.0 && gains[i].is_some();
            let by_dense = dense && alpha > 0.0 && cosines[i].is_some();
            if !by_lexical && !by_dense {
                continue;
            }
            let ordinal = i as Ordinal;
            let lexical_score = lexical_map.apply(ordinal, gains[i].unwrap_or(0.0));
            let dense_score = match cosines[i] {
                Some(cosine) => dense_map.apply(ordinal, cosine),
                None => dense_map.apply(Ordinal::MAX, self.floor),
            };
            let score =
                fuse(alpha, if alpha > 0.0 { dense_score } else { 0.0 }, if alpha < 1.0 { lexical_score } else { 0.0 });
            hits.push(Hit {
                ordinal,
                score,
                lexical: lexical.then(|| constant + gains[i].unwrap_or(0.0)),
                dense: cosines[i].filter(|_| dense),
            });
        }
        hits.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| self.id(a).cmp(self.id(b))));
        hits
    }

    fn id(&self, hit: &Hit) -> &str {
        &self.ids[hit.ordinal as usize]
    }

    fn map(&self, scores: &[Option<f64>], limits: Limits) -> Map {
        let mut best: Vec<(Ordinal, f64)> =
            scores.iter().enumerate().filter_map(|(i, score)| Some((i as Ordinal, (*score)?))).collect();
        let id = |ordinal: Ordinal| &self.ids[ordinal as usize];
        best.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| id(a.0).cmp(id(b.0))));
        best.truncate(self.depth);
        Normalizer::of(self.normalizer).expect("known").map(&best, limits)
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let chunk = || (0u32..1000, prop::collection::vec(select(vec!["a", "b", "c", "d"]), 0..6), small_vector());
    let corpus = (prop::collection::vec(chunk(), 0..14), any::<bool>(), any_bm25(), shapes());
    let weight = select(vec![0.0, 0.5, 1.0, 1.0, 2.0, 3.25]);
    let term = select(vec!["a", "b", "c", "d", "unknown"]).prop_map(str::to_owned);
    let question = (
        prop::option::weighted(0.8, prop::collection::vec((term, weight), 0..5)),
        prop::option::weighted(0.8, small_vector()),
        prop::option::of(prop::collection::vec(any::<bool>(), 14)),
    );
    let settings = (
        0usize..18,
        select(vec![0.0, 0.3, 0.5, 0.9, 1.0]),
        select(NORMALIZERS.to_vec()),
        0usize..6,
        select(vec![-1.0, 0.0, 0.7]),
        prop::option::of(-0.5f64..1.2),
    );
    (corpus, question, settings).prop_map(|(corpus, question, settings)| {
        let ((mut chunks, with_vectors, bm25, shape), (terms, vector, allow)) = (corpus, question);
        let (k, alpha, normalizer, deeper, floor, min_score) = settings;
        chunks.dedup_by_key(|chunk| chunk.0);
        let mut seen = std::collections::HashSet::new();
        chunks.retain(|chunk| seen.insert(chunk.0));
        Case {
            ids: chunks.iter().map(|(id, _, _)| format!("chunk-{id}")).collect(),
            texts: chunks.iter().map(|(_, terms, _)| terms.join(" ")).collect(),
            vectors: with_vectors.then(|| chunks.iter().map(|(_, _, vector)| *vector).collect()),
            bm25,
            shape,
            terms,
            vector,
            allow: allow.map(|mut allow| {
                allow.truncate(chunks.len());
                allow
            }),
            k,
            alpha,
            normalizer,
            depth: k.max(1) + deeper,
            floor,
            min_score,
        }
    })
}

fn small_vector() -> impl Strategy<Value = [f32; 3]> {
    [-1i8..2, 0..2, 0..2].prop_map(|numbers| numbers.map(f32::from))
}

fn any_bm25() -> impl Strategy<Value = (&'static str, f64, f64)> {
    (select(VARIANTS.to_vec()), select(vec![0.0, 1.2]), select(vec![0.0, 0.75, 1.0]))
}

/// Everything about hits that must agree, with scores as bits.
fn bits(hits: &[Hit]) -> Vec<(Ordinal, u64, Option<u64>, Option<u64>)> {
    hits.iter()
        .map(|hit| (hit.ordinal, hit.score.to_bits(), hit.lexical.map(f64::to_bits), hit.dense.map(f64::to_bits)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn search_finds_what_a_naive_evaluation_finds(case in cases()) {
        let index = case.index();
        let found = case.found(&index);
        let all = case.expected();
        let kept: Vec<Hit> =
            all.iter().filter(|hit| case.min_score.is_none_or(|least| hit.score >= least)).take(case.k).copied().collect();
        prop_assert_eq!(bits(&case.placed(&index, &found.hits)), bits(&kept));
        prop_assert_eq!(found.below, kept.len() < case.k.min(all.len()));
        // Whatever this search left behind, the next ones find what they should.
        prop_assert_eq!(&case.found(&index), &found);
        let open = Case { allow: None, ..case };
        let (again, fresh) = (open.found(&index), Case { shape: Shape::default(), ..open.clone() });
        let expected = fresh.found(&fresh.index());
        prop_assert_eq!(bits(&open.placed(&index, &again.hits)), bits(&expected.hits));
        prop_assert_eq!((again.alpha, again.sides, again.below), (expected.alpha, expected.sides, expected.below));
    }

    #[test]
    fn a_threshold_keeps_the_score_that_it_is(case in cases()) {
        let index = case.index();
        let open = Case { min_score: None, ..case };
        let all = open.found(&index).hits;
        for (place, hit) in all.iter().enumerate() {
            let found = Case { min_score: Some(hit.score), ..open.clone() }.found(&index).hits;
            prop_assert_eq!(&found[..], all.iter().filter(|other| other.score >= hit.score).copied().collect::<Vec<_>>());
            prop_assert!(found.len() > place);
        }
    }

    #[test]
    fn accounts_add_up_to_the_score_of_the_hit(case in cases()) {
        let index = case.index();
        let found = case.found(&index);
        let vector = case.vector.as_ref().map(|vector| &vector[..]);
        for hit in &found.hits {
            let account =
                explain(&index, case.lexical(), vector, case.allow(&index).as_ref(), &case.parameters(), hit.ordinal)
                    .expect("valid");
            prop_assert_eq!(account.score, hit.score);
            let (lexical, dense) = (account.lexical, account.dense);
            prop_assert_eq!(lexical.weight * lexical.normalized + dense.weight * dense.normalized, account.score);
            prop_assert_eq!((lexical.raw, dense.raw), (hit.lexical, hit.dense));
            let shares: f64 = account.terms.iter().map(|term| term.share).sum();
            prop_assert!((lexical.raw.unwrap_or(0.0) - account.constant - shares).abs() <= 1e-12);
            prop_assert!(account.allowed);
        }
    }

    #[test]
    fn ranks_are_places_in_a_side_alone(case in cases()) {
        let index = case.index();
        let vector = case.vector.as_ref().map(|vector| &vector[..]);
        let k = index.len();
        for (alpha, lexical, vector) in [(0.0, case.lexical(), None), (1.0, None, vector)] {
            let parameters = Parameters::new(k, alpha, "none", 1, -1.0, None).expect("valid");
            let side = search(&index, lexical, vector, case.allow(&index).as_ref(), &parameters).expect("valid");
            for (place, hit) in side.hits.iter().enumerate() {
                let account =
                    explain(&index, lexical, vector, case.allow(&index).as_ref(), &parameters, hit.ordinal).expect("valid");
                let rank = if alpha == 0.0 { account.lexical.rank } else { account.dense.rank };
                prop_assert_eq!(rank, Some(place + 1));
            }
        }
    }

    #[test]
    fn many_are_as_one_by_one_on_any_number_of_threads(
        case in cases(),
        others in prop::collection::vec(prop::option::of(small_vector()), 0..9),
        threads in 0usize..4,
    ) {
        let index = case.index();
        let questions: Vec<_> =
            others.iter().map(|vector| (case.lexical(), vector.as_ref().map(|vector| &vector[..]))).collect();
        let (allow, parameters) = (case.allow(&index), case.parameters());
        let many = search_many(&index, &questions, allow.as_ref(), &parameters, threads).expect("valid");
        for (&(lexical, vector), found) in questions.iter().zip(many) {
            prop_assert_eq!(search(&index, lexical, vector, allow.as_ref(), &parameters).expect("valid"), found);
        }
    }

    #[test]
    fn pairs_rank_as_searches_do_at_any_alpha(case in cases(), alphas in prop::collection::vec(0.0..=1.0f64, 4)) {
        let index = case.index();
        let allow = case.allow(&index);
        let vector = case.vector.as_ref().map(|vector| &vector[..]);
        let question = [(case.lexical(), vector)];
        let of = pairs(&index, &question, allow.as_ref(), &case.parameters(), 1).expect("valid").remove(0);
        for alpha in alphas.into_iter().chain([0.0, 0.5, 1.0]) {
            let parameters =
                Parameters::new(case.k, alpha, case.normalizer, case.depth, case.floor, None).expect("valid");
            let found = search(&index, case.lexical(), vector, allow.as_ref(), &parameters).expect("valid");
            prop_assert_eq!(found.sides, of.exist);
            let side = if alpha == 0.0 { 1 } else if alpha == 1.0 { 2 } else { 3 };
            let mut ranked: Vec<(f64, usize)> = (0..of.ordinals.len())
                .filter(|&i| of.sides[i] & side != 0)
                .map(|i| (fuse(found.alpha, of.dense[i], of.lexical[i]), i))
                .collect();
            ranked.sort_by(|a, b| b.0.partial_cmp(&a.0).expect("a number").then(a.1.cmp(&b.1)));
            ranked.truncate(case.k);
            let ours: Vec<(Ordinal, u64)> = ranked.iter().map(|&(score, i)| (of.ordinals[i], score.to_bits())).collect();
            let theirs: Vec<(Ordinal, u64)> = found.hits.iter().map(|hit| (hit.ordinal, hit.score.to_bits())).collect();
            prop_assert_eq!(ours, theirs);
            for (hit, &(_, i)) in found.hits.iter().zip(&ranked) {
                prop_assert_eq!(hit.lexical.is_none_or(|raw| raw == of.raw[i]), true);
                prop_assert_eq!(hit.dense.map_or(of.cosines[i].is_nan(), |cosine| cosine == of.cosines[i]), true);
            }
        }
    }

    #[test]
    fn the_order_of_adding_changes_nothing(case in cases()) {
        let mut reversed = case.clone();
        reversed.ids.reverse();
        reversed.texts.reverse();
        if let Some(vectors) = &mut reversed.vectors {
            vectors.reverse();
        }
        if let Some(allow) = &mut reversed.allow {
            allow.reverse();
        }
        let named = |case: &Case| -> Vec<(String, u64)> {
            let index = case.index();
            let named = |hit: &Hit| (index.id(hit.ordinal).expect("live").to_owned(), hit.score.to_bits());
            case.found(&index).hits.iter().map(named).collect()
        };
        prop_assert_eq!(named(&case), named(&reversed));
    }
}
