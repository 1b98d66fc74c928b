//! The walk against scoring directly.

use proptest::prelude::*;

use super::*;
use crate::score::fusion::fuse;

const GAUGES: [Gauge; 8] =
    [Gauge::Ndcg, Gauge::NdcgExp, Gauge::Ap, Gauge::Rr, Gauge::Recall, Gauge::Precision, Gauge::Hit, Gauge::Tokens];

#[derive(Debug, Clone)]
struct World {
    lexical: Vec<f64>,
    dense: Vec<f64>,
    ties: Vec<u32>,
    sides: Vec<u8>,
    grades: Vec<u32>,
    tokens: Vec<u32>,
    ideal: Vec<u32>,
    documents: Option<Vec<u32>>,
}

impl World {
    fn query(&self) -> Query<'_> {
        let Self { lexical, dense, ties, sides, grades, tokens, ideal, documents } = self;
        Query { lexical, dense, ties, sides, grades, tokens, ideal, documents: documents.as_deref() }
    }

    /// What is measured of the first `k` at this alpha, by a list made anew.
    fn values(&self, alpha: f64, k: usize, columns: &[Column]) -> (Vec<f64>, usize) {
        let mut first = self.first(alpha, k);
        if let Some(documents) = &self.documents {
            let mut met = Vec::new();
            first.retain(|&chunk| {
                let document = documents[chunk as usize];
                let new = !met.contains(&document);
                met.push(document);
                new
            });
        }
        (Gauges::of(&Query { documents: None, ..self.query() }, columns).begin(&first), first.len())
    }

    /// The plain twin: sort everything at this alpha.
    fn first(&self, alpha: f64, k: usize) -> Vec<u32> {
        let side = if alpha == 0.0 {
            HAS_TERM
        } else if alpha == 1.0 {
            HAS_VECTOR
        } else {
            HAS_TERM | HAS_VECTOR
        };
        let mut all: Vec<u32> = (0..self.ties.len() as u32).filter(|&i| self.sides[i as usize] & side != 0).collect();
        let score = |i: u32| fuse(alpha, self.dense[i as usize], self.lexical[i as usize]);
        all.sort_by(|&a, &b| {
            leading::falling(score(a), score(b)).then(self.ties[a as usize].cmp(&self.ties[b as usize]))
        });
        all.truncate(k);
        all
    }
}

/// Scores on a coarse grid, so that lines meet in one point, or are equal, and on a fine one.
fn worlds() -> impl Strategy<Value = World> {
    let score = prop_oneof![(-3i32..4).prop_map(|x| f64::from(x) / 3.0), -1.0..2.0f64, Just(0.0)];
    let chunk = (score.clone(), score, 0u8..4, 0u32..4, 0u32..50);
    let documents = prop::option::of(1u32..30);
    (prop::collection::vec(chunk, 0..120), prop::collection::vec(1u32..4, 0..5), any::<u32>(), documents).prop_map(
        |(chunks, missed, seed, documents)| {
            let grades: Vec<u32> = chunks.iter().map(|chunk| chunk.3).collect();
            let mut ideal: Vec<u32> = grades.iter().copied().filter(|&g| g > 0).chain(missed).collect();
            ideal.sort_unstable_by(|a, b| b.cmp(a));
            World {
                lexical: chunks.iter().map(|chunk| chunk.0).collect(),
                dense: chunks.iter().map(|chunk| chunk.1).collect(),
                ties: (0..chunks.len() as u32).map(|i| i ^ (seed & 127)).collect(),
                sides: chunks.iter().map(|chunk| chunk.2).collect(),
                documents: documents
                    .map(|most| (0..chunks.len() as u32).map(|i| (i ^ seed) % most.min(i + 1)).collect()),
                grades,
                tokens: chunks.iter().map(|chunk| chunk.4).collect(),
                ideal,
            }
        },
    )
}

proptest! {
    #[test]
    fn equals_scoring_directly(world in worlds(), cutoffs in prop::collection::vec(1usize..25, 1..3), alphas in prop::collection::vec(0.0..1.0f64, 12)) {
        let columns: Vec<Column> =
            cutoffs.iter().flat_map(|&cutoff| GAUGES.map(|gauge| Column { gauge, cutoff })).collect();
        let query = world.query();
        let depth = cutoffs.iter().copied().max().expect("a path") + 3;
        let path = Path::of(&[query], &columns, depth, 1).expect("a path");
        for alpha in alphas.into_iter().chain([0.0, 1.0]) {
            // Where rounding alone decides which of two lines is above, both are right.
            let near = |other: f64| world.first(other, depth) == world.first(alpha, depth);
            if alpha > 0.0 && alpha < 1.0 && !(near(alpha - 1e-9) && near(alpha + 1e-9)) {
                continue;
            }
            let (direct, count) = world.values(alpha, depth, &columns);
            let full = world.first(alpha, depth).len() == depth;
            prop_assert!(path.fewest().all(|fewest| !full || fewest <= count));
            for (column, &direct) in direct.iter().enumerate() {
                prop_assert_eq!(path.curve(0, column).expect("a path").at(alpha), direct, "{:?} at {}", columns[column], alpha);
            }
        }
    }

    #[test]
    fn the_band_holds_whatever_can_win(world in worlds(), k in 1usize..8, alphas in prop::collection::vec(0.0..=1.0f64, 20)) {
        let band = band::of(&world.lexical, &world.dense, &world.sides, k);
        for alpha in alphas.into_iter().filter(|&alpha| alpha > 0.0 && alpha < 1.0) {
            for chunk in world.first(alpha, k) {
                prop_assert!(band.contains(&chunk), "chunk {} at {}", chunk, alpha);
            }
        }
    }

    #[test]
    fn a_mean_is_the_mean(worlds in prop::collection::vec(worlds(), 1..5), weights in prop::collection::vec(0.1..3.0f64, 5), alpha in 0.0..1.0f64) {
        let queries: Vec<Query<'_>> = worlds.iter().map(World::query).collect();
        let path = Path::of(&queries, &[Column { gauge: Gauge::Ndcg, cutoff: 5 }], 5, 2).expect("a path");
        let weights = &weights[..worlds.len()];
        let mean = path.mean(0, Some(weights)).expect("a path").at(alpha);
        let total: f64 = weights.iter().sum();
        let direct: f64 = weights.iter().enumerate().map(|(i, w)| w * path.curve(i, 0).expect("a path").at(alpha)).sum::<f64>() / total;
        prop_assert!((mean - direct).abs() < 1e-12);
    }
}

#[test]
fn wrong_lists_are_refused() {
    let query = Query {
        lexical: &[1.0],
        dense: &[],
        ties: &[0],
        sides: &[3],
        grades: &[0],
        tokens: &[1],
        ideal: &[],
        documents: None,
    };
    let column = Column { gauge: Gauge::Hit, cutoff: 1 };
    assert!(Path::of(&[query], &[], 0, 1).is_err());
    assert!(Path::of(&[Query { dense: &[f64::NAN], ..query }], &[], 0, 1).is_err());
    let fine = Query { dense: &[0.5], ..query };
    assert!(Path::of(&[fine], &[column], 1, 1).is_ok());
    assert!(Path::of(&[fine], &[column], 0, 1).is_err());
    assert!(Path::of(&[Query { documents: Some(&[1]), ..fine }], &[column], 1, 1).is_err());
    let path = Path::of(&[], &[column], 1, 1).expect("a path");
    assert!(path.mean(0, None).is_err());
    assert!(path.mean(1, None).is_err());
}
