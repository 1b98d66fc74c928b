//! How many chunks the bounds leave: what the speed of a search rests on, for benches.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{Lexical, Parameters, search};
use crate::error::Result;
use crate::index::{Allow, Index};

/// What is left to do for one question.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Survivors {
    /// Chunks whose BM25 was worked out, of a search for terms alone.
    pub gains: u64,
    /// Chunks whose vector was bounded a second time, by all bits of its code.
    pub refined: u64,
    /// Vectors whose cosine was worked out.
    pub cosines: u64,
}

/// The same, while a search goes on.
#[derive(Debug, Default)]
pub(super) struct Counter {
    gains: AtomicU64,
    refined: AtomicU64,
    cosines: AtomicU64,
}

impl Counter {
    pub(super) fn add(&self, more: Survivors) {
        self.gains.fetch_add(more.gains, Ordering::Relaxed);
        self.refined.fetch_add(more.refined, Ordering::Relaxed);
        self.cosines.fetch_add(more.cosines, Ordering::Relaxed);
    }
}

/// Searches as [`search`] does, and tells what its bounds left; all 0 where it scores everything.
///
/// # Errors
/// As [`search`].
pub fn survivors(
    index: &Index,
    lexical: Option<Lexical<'_>>,
    vector: Option<&[f32]>,
    allow: Option<&Allow>,
    parameters: &Parameters,
) -> Result<Survivors> {
    let counter = Counter::default();
    search(index, lexical, vector, allow, &Parameters { counter: Some(&counter), ..*parameters })?;
    let Counter { gains, refined, cosines } = counter;
    Ok(Survivors { gains: gains.into_inner(), refined: refined.into_inner(), cosines: cosines.into_inner() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Analyzer;
    use crate::index::Source;
    use crate::score::bm25::Bm25;

    #[test]
    fn few_are_left_and_all_that_are_found_are_among_them() {
        const CHUNKS: usize = 6000;
        let ids: Vec<String> = (0..CHUNKS).map(|i| format!("{i:05}")).collect();
        let texts: Vec<String> = (0..CHUNKS).map(|i| "a ".repeat(1 + i % 97) + &"x ".repeat(i % 89)).collect();
        let vectors: Vec<f32> = (0..CHUNKS).flat_map(|i| [(i % 101) as f32, 50.0 - (i % 13) as f32, 1.0]).collect();
        let source = Source {
            ids: &ids.iter().map(String::as_str).collect::<Vec<_>>(),
            texts: &texts.iter().map(String::as_str).collect::<Vec<_>>(),
            stored: &vec![&b""[..]; CHUNKS],
            vectors: Some((3, &vectors)),
            metadata: &[],
        };
        let bm25 = Bm25::new("lucene", 1.2, 0.75, 0.0, 0.0).expect("valid");
        let index = Index::build(Analyzer::new("whitespace").expect("known"), bm25, source, "").expect("valid");
        let left = |k, alpha| {
            let parameters = Parameters::new(k, alpha, "bounded", 1000, -1.0, None).expect("valid");
            survivors(&index, Some(Lexical::Text("a")), Some(&[1.0, 2.0, 0.5]), None, &parameters).expect("whole")
        };
        let among = 10..CHUNKS as u64 / 4;
        let (lexical, dense) = (left(10, 0.0), left(10, 1.0));
        assert!(among.contains(&lexical.gains) && lexical.cosines == 0, "{lexical:?}");
        assert!(among.contains(&dense.cosines) && dense.gains == 0, "{dense:?}");
        assert_eq!(left(CHUNKS, 0.5), Survivors::default(), "all are scored");
    }
}
