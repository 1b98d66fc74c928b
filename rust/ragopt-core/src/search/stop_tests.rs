//! A search that is ended early leaves nothing behind for the next one, wherever it was.

use std::sync::LazyLock;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use super::*;
use crate::analysis::Analyzer;
use crate::index::{Source, WINDOW};
use crate::score::bm25::Bm25;

const CHUNKS: usize = WINDOW + 5000;

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let ids: Vec<String> = (0..CHUNKS).map(|i| format!("{i:06}")).collect();
    let texts: Vec<String> = (0..CHUNKS).map(|i| format!("a t{} t{} t{}", i % 3, i % 7, i % 40)).collect();
    let vectors: Vec<f32> = (0..CHUNKS).flat_map(|i| [(i % 101) as f32, 50.0 - (i % 13) as f32, 1.0]).collect();
    let source = Source {
        ids: &ids.iter().map(String::as_str).collect::<Vec<_>>(),
        texts: &texts.iter().map(String::as_str).collect::<Vec<_>>(),
        stored: &vec![&b""[..]; CHUNKS],
        vectors: Some((3, &vectors)),
        metadata: &[],
    };
    let bm25 = Bm25::new("lucene", 1.2, 0.75, 0.0, 0.0).expect("valid");
    Index::build(Analyzer::new("whitespace").expect("known"), bm25, source, "").expect("valid")
});

/// All terms of the index: its windows are looked at one by one.
fn long_question() -> String {
    (0..40).map(|i| format!("t{i} ")).collect::<String>() + "a"
}

#[test]
fn ended_anywhere_and_asked_again() {
    let (index, text) = (&*INDEX, long_question());
    let question = (Some(Lexical::Text(&text)), Some(&[1.0, 2.0, 0.5][..]));
    let kinds = [(0.0, "bounded", 5), (0.5, "bounded", 5), (0.5, "minmax", 5), (1.0, "theoretical", 5)];
    // The last ones are too many for bounds: everything is scored.
    for (alpha, normalizer, k) in kinds.into_iter().chain([(0.5, "bounded", 5000), (0.0, "none", CHUNKS)]) {
        let parameters = Parameters::new(k, alpha, normalizer, 1000, -1.0, None).expect("valid");
        let run = |parameters: &Parameters<'_>| search(index, question.0, question.1, None, parameters);
        let expected = run(&parameters).expect("whole");
        for looks in std::iter::successors(Some(0), |looks| Some(looks + looks / 2 + 1)) {
            let asked = AtomicUsize::new(0);
            let ask = || asked.fetch_add(1, Relaxed) == looks;
            // At every look.
            let stop = Stop::every(Duration::ZERO, &ask);
            match run(&parameters.until(&stop)) {
                Err(error) => assert_eq!(error, Error::Interrupted),
                Ok(found) => {
                    assert!(looks >= 2, "{alpha} {normalizer}: went on over all windows without asking");
                    assert_eq!(found, expected);
                    break;
                }
            }
            assert_eq!(asked.into_inner(), looks + 1, "asked after the end");
            assert_eq!(run(&parameters).expect("whole"), expected, "{alpha} {normalizer}: after {looks} looks");
        }
    }
}

#[test]
fn a_batch_ends_in_all_threads() {
    let (index, text) = (&*INDEX, long_question());
    let questions = vec![(Some(Lexical::Text(&text)), Some(&[1.0, 2.0, 0.5][..])); 100];
    for (threads, normalizer) in [(1, "bounded"), (1, "rank"), (2, "bounded"), (2, "rank")] {
        let parameters = Parameters::new(5, 0.5, normalizer, 1000, -1.0, None).expect("valid");
        let stop = Stop::new(&|| true);
        let found = search_many(index, &questions, None, &parameters.until(&stop), threads);
        assert_eq!(found, Err(Error::Interrupted), "{threads} threads, {normalizer}");
        let few = search_many(index, &questions[..3], None, &parameters, threads).expect("whole");
        let one = search(index, questions[0].0, questions[0].1, None, &parameters).expect("whole");
        assert_eq!(few, vec![one; 3]);
    }
}

#[test]
fn a_short_search_is_not_asked() {
    let ask = || panic!("asked");
    let stop = Stop::every(Duration::from_secs(3600), &ask);
    let parameters = Parameters::new(5, 0.5, "bounded", 1000, -1.0, None).expect("valid").until(&stop);
    assert_eq!(search(&INDEX, Some(Lexical::Text("t1")), None, None, &parameters).expect("whole").hits.len(), 5);
}
