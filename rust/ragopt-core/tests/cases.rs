//! The cases of `tests/cases`, worked out by hand: the same that Python and its slow twins run.

use std::collections::BTreeMap;
use std::path::Path;

use ragopt_core::analysis::Analyzer;
use ragopt_core::index::{Allow, Index, Source};
use ragopt_core::score::Bm25;
use ragopt_core::search::{self, Lexical, Parameters};
use ragopt_core::types::Bits;
use serde::Deserialize;

#[derive(Deserialize)]
struct File<C> {
    case: Vec<C>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bm25Case {
    name: String,
    variant: String,
    k1: Option<f64>,
    b: Option<f64>,
    delta: Option<f64>,
    epsilon: Option<f64>,
    chunks: Vec<Chunk>,
    query: Vec<String>,
    scores: Vec<f64>,
    constant: Option<f64>,
}

/// Terms, or one x among `length` − 1 times y.
#[derive(Deserialize)]
#[serde(untagged)]
enum Chunk {
    Text(String),
    Filler { length: usize },
}

impl Chunk {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Filler { length } => format!("x{}", " y".repeat(length - 1)),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FusionCase {
    name: String,
    lexical: Option<BTreeMap<String, f64>>,
    dense: Option<BTreeMap<String, f64>>,
    #[serde(default)]
    others: Vec<String>,
    allow: Option<Vec<String>>,
    normalizer: String,
    alpha: f64,
    k: Option<usize>,
    depth: Option<usize>,
    floor: Option<f64>,
    min_score: Option<f64>,
    expected: Vec<(String, f64)>,
}

impl FusionCase {
    fn ids(&self) -> Vec<String> {
        let sides = self.lexical.iter().chain(&self.dense).flat_map(BTreeMap::keys);
        let mut ids: Vec<String> = sides.chain(&self.others).cloned().collect();
        ids.sort();
        ids.dedup();
        ids
    }

    /// An index that gives the chunks the case's raw scores, and the query's terms: each lexical hit has a
    /// term of its own, and with k1 0 its score is the term's weight times its idf.
    fn stage(&self, ids: &[String]) -> (Index, Vec<(String, f64)>) {
        let lexical = self.lexical.clone().unwrap_or_default();
        let idf = (1.0 + (ids.len() as f64 - 0.5) / 1.5).ln();
        let own = |id: &String| format!("own-{id}");
        let text = |id: &String| if lexical.contains_key(id) { own(id) } else { String::new() };
        let row = |id: &String| {
            let cosine = self.dense.as_ref().and_then(|dense| dense.get(id));
            cosine.map_or([0.0, 0.0], |&c| [c as f32, (1.0 - c * c).sqrt() as f32])
        };
        let rows: Vec<f32> = ids.iter().flat_map(row).collect();
        let bm25 = Bm25::new("lucene", 0.0, 0.75, 0.0, 0.25).expect("valid");
        let texts: Vec<String> = ids.iter().map(text).collect();
        let index = index_of(bm25, ids, &texts, self.dense.as_ref().map(|_| &rows[..]));
        let mut terms: Vec<(String, f64)> = lexical.iter().map(|(id, score)| (own(id), score / idf)).collect();
        if terms.is_empty() {
            terms.push(("unknown".to_owned(), 1.0));
        }
        (index, terms)
    }
}

fn cases<C: for<'de> Deserialize<'de>>(name: &str) -> Vec<C> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases").join(name);
    let text = std::fs::read_to_string(&path).expect("the case file is there");
    let file: File<C> = toml::from_str(&text).expect("the case file is as it should be");
    assert!(file.case.len() > 10, "{name} lost its cases");
    file.case
}

fn index_of(bm25: Bm25, ids: &[String], texts: &[String], rows: Option<&[f32]>) -> Index {
    let source = Source {
        ids: &ids.iter().map(String::as_str).collect::<Vec<_>>(),
        texts: &texts.iter().map(String::as_str).collect::<Vec<_>>(),
        stored: &vec![&b""[..]; ids.len()],
        vectors: rows.map(|rows| (2, rows)),
        metadata: &[],
    };
    Index::build(Analyzer::new("whitespace").expect("known"), bm25, source, "{}").expect("valid")
}

fn close(got: f64, expected: f64, tolerance: f64) -> bool {
    (got - expected).abs() <= tolerance * expected.abs().max(1e-3)
}

#[test]
fn bm25() {
    for case in cases::<Bm25Case>("bm25.toml") {
        let texts: Vec<String> = case.chunks.iter().map(Chunk::text).collect();
        let ids: Vec<String> = (0..texts.len()).map(|i| format!("{i:03}")).collect();
        let bm25 = Bm25::new(
            &case.variant,
            case.k1.unwrap_or(1.2),
            case.b.unwrap_or(0.75),
            case.delta.unwrap_or(0.0),
            case.epsilon.unwrap_or(0.25),
        );
        let index = index_of(bm25.expect("valid"), &ids, &texts, None);
        let parameters = Parameters::new(10, 0.0, "none", 1000, -1.0, None).expect("valid");
        let query = case.query.join(" ");
        let lexical = Some(Lexical::Text(&query));
        for ordinal in 0..texts.len() {
            let account = search::explain(&index, lexical, None, None, &parameters, ordinal as u32).expect("answers");
            let expected = case.scores.get(ordinal).copied().unwrap_or(0.0);
            let raw = account.lexical.raw.expect("there is a lexical side");
            assert!(close(raw, expected, 1e-12), "{}: chunk {ordinal} has {raw}, not {expected}", case.name);
            let constant = case.constant.unwrap_or(0.0);
            assert!(close(account.constant, constant, 1e-12), "{}: {}", case.name, account.constant);
        }
        let found = search::search(&index, lexical, None, None, &parameters).expect("answers");
        for hit in &found.hits {
            let expected = case.scores.get(hit.ordinal as usize).copied().unwrap_or(0.0);
            assert!(close(hit.lexical.expect("scored"), expected, 1e-12), "{}: {hit:?}", case.name);
        }
    }
}

#[test]
fn fusion() {
    for case in cases::<FusionCase>("fusion.toml") {
        let ids = case.ids();
        let (index, terms) = case.stage(&ids);
        let bits = case.allow.as_ref().map(|allow| Bits::of(ids.iter().map(|id| allow.contains(id))));
        let allow = bits.map(|bits| Allow::of_ordinals(&index, &bits).expect("it fits"));
        let parameters = Parameters::new(
            case.k.unwrap_or(10),
            case.alpha,
            &case.normalizer,
            case.depth.unwrap_or(1000),
            case.floor.unwrap_or(-1.0),
            case.min_score,
        );
        let found = search::search(
            &index,
            case.lexical.as_ref().map(|_| Lexical::Terms(&terms)),
            case.dense.as_ref().map(|_| &[1.0f32, 0.0][..]),
            allow.as_ref(),
            &parameters.expect("valid"),
        );
        let hits = found.expect("answers").hits;
        let got: Vec<&str> = hits.iter().map(|hit| index.id(hit.ordinal).expect("known")).collect();
        let expected: Vec<&str> = case.expected.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(got, expected, "{}", case.name);
        for (hit, (id, score)) in hits.iter().zip(&case.expected) {
            assert!(close(hit.score, *score, 1e-6), "{}: {id} has {}, not {score}", case.name, hit.score);
        }
    }
}
