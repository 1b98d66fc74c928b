//! Searches at the edge: what is refused, what is heaviest, what is empty.

use super::*;
use crate::analysis::Analyzer;
use crate::index::Source;
use crate::score::bm25::Bm25;
use crate::score::normalizer::NORMALIZERS;

fn one_chunk() -> Index {
    let source =
        Source { ids: &["x"], texts: &["a b"], stored: &[b""], vectors: Some((2, &[3.0, 4.0])), metadata: &[] };
    let bm25 = Bm25::new("lucene", 1.2, 0.75, 0.0, 0.0).expect("valid");
    Index::build(Analyzer::new("whitespace").expect("known"), bm25, source, "").expect("valid")
}

#[test]
fn what_cannot_be_is_refused() {
    let index = one_chunk();
    let parameters = Parameters::new(1, 0.5, "bounded", 1, -1.0, None).expect("valid");
    let run = |lexical, vector, allow: Option<&Allow>| search(&index, lexical, vector, allow, &parameters);
    assert!(matches!(run(None, Some(&[1.0][..]), None), Err(Error::Vector(m)) if m.contains("1 dimensions")));
    assert!(matches!(run(None, Some(&[1.0, f32::NAN][..]), None), Err(Error::Vector(m)) if m.contains("dimension 1")));
    for terms in [-1.0, f64::NAN, f64::INFINITY].map(|weight| [("a".to_owned(), weight)]) {
        let refused = search(&index, Some(Lexical::Terms(&terms)), None, None, &parameters);
        assert!(matches!(refused, Err(Error::Input(message)) if message.contains("\"a\"")));
    }
    assert!(matches!(Allow::of_ordinals(&index, &Bits::none(2)), Err(Error::Input(_))));
    let other = Allow::of_ordinals(&one_chunk(), &Bits::all(1)).expect("it fits");
    assert!(matches!(run(None, None, Some(&other)), Err(Error::Input(_))));
    assert!(matches!(explain(&index, None, None, None, &parameters, 1), Err(Error::Input(_))));
    for (k, alpha, normalizer, depth, floor, least) in [
        (1, 1.5, "bounded", 1, -1.0, None),
        (1, f64::NAN, "bounded", 1, -1.0, None),
        (1, 0.5, "bounded", 0, -1.0, None),
        (1, 0.5, "bounded", 1, 1.0, None),
        (1, 0.5, "bounded", 1, -1.0, Some(f64::NAN)),
        (2, 0.5, "minmax", 1, -1.0, None),
    ] {
        assert!(matches!(Parameters::new(k, alpha, normalizer, depth, floor, least), Err(Error::Input(_))));
    }
    assert!(Parameters::new(2, 0.5, "theoretical", 1, -1.0, None).is_ok());
}

#[test]
fn the_heaviest_weights_give_finite_scores() {
    let index = one_chunk();
    for normalizer in NORMALIZERS {
        let parameters = Parameters::new(1, 0.5, normalizer, 1, -1.0, None).expect("valid");
        let terms = [("a".to_owned(), 1e100), ("b".to_owned(), 1e-300)];
        let found = search(&index, Some(Lexical::Terms(&terms)), Some(&[1.0, 0.0]), None, &parameters).expect("valid");
        assert!(found.hits[0].score.is_finite(), "{normalizer}");
    }
}

#[test]
fn an_empty_index_finds_nothing() {
    let source = Source { ids: &[], texts: &[], stored: &[], vectors: Some((2, &[])), metadata: &[] };
    let bm25 = Bm25::new("okapi", 1.2, 0.75, 0.0, 0.25).expect("valid");
    let index = Index::build(Analyzer::new("english").expect("known"), bm25, source, "").expect("valid");
    for normalizer in NORMALIZERS {
        let parameters = Parameters::new(5, 0.5, normalizer, 9, -1.0, None).expect("valid");
        let found = search(&index, Some(Lexical::Text("a")), Some(&[1.0, 0.0]), None, &parameters).expect("valid");
        assert_eq!((found.hits, found.sides, found.below), (vec![], (true, true), false));
    }
}
