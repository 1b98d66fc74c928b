//! For tests: the same chunks in another shape.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::select;

use crate::analysis::Analyzer;
use crate::index::{Index, Source};
use crate::score::Bm25;
use crate::types::Ordinal;

/// Where an index is cut into parts, and beside which of its chunks a deleted one lies: every so many.
#[derive(Debug, Clone, Default)]
pub(super) struct Shape {
    pub(super) cuts: Vec<usize>,
    pub(super) ghosts: Option<usize>,
}

pub(super) fn shapes() -> impl Strategy<Value = Shape> {
    let cuts = prop_oneof![Just(Vec::new()), prop::collection::vec(0usize..1_000_000, 1..4)];
    (cuts, prop::option::of(select(vec![1usize, 2, 7]))).prop_map(|(cuts, ghosts)| Shape { cuts, ghosts })
}

impl Shape {
    /// An index whose live chunks are those of `source`, in their order.
    pub(super) fn index(&self, analyzer: &Analyzer, bm25: Bm25, source: Source<'_>) -> Index {
        let count = source.ids.len();
        let mut cuts: Vec<usize> = self.cuts.iter().map(|cut| cut % (count + 1)).chain([0, count]).collect();
        cuts.sort_unstable();
        let segments = cuts.windows(2).map(|pair| (None, Arc::new(self.segment(analyzer, source, pair[0]..pair[1]))));
        let index = Index::of(*analyzer, bm25, "", segments.collect()).expect("valid");
        let ghost = |&ordinal: &Ordinal| index.id(ordinal).is_some_and(|id| id.starts_with("ghost-"));
        let deleted: Vec<Ordinal> = index.ordinals().filter(ghost).collect();
        index.changed(&deleted, Vec::new(), None).expect("they are there")
    }

    fn segment(&self, analyzer: &Analyzer, source: Source<'_>, range: std::ops::Range<usize>) -> crate::index::Segment {
        let places: Vec<(usize, bool)> = range
            .flat_map(|i| {
                let ghost = self.ghosts.is_some_and(|every| i.is_multiple_of(every));
                std::iter::once((i, false)).chain(ghost.then_some((i, true)))
            })
            .collect();
        let name = |&(i, ghost): &(usize, bool)| {
            if ghost { format!("ghost-{}", source.ids[i]) } else { source.ids[i].to_owned() }
        };
        let ids: Vec<String> = places.iter().map(name).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let texts: Vec<&str> = places.iter().map(|&(i, _)| source.texts[i]).collect();
        let stored: Vec<&[u8]> = places.iter().map(|&(i, _)| source.stored[i]).collect();
        let rows: Option<Vec<f32>> = source.vectors.map(|(dimension, rows)| {
            places.iter().flat_map(|&(i, _)| &rows[i * dimension..(i + 1) * dimension]).copied().collect()
        });
        let vectors = source.vectors.zip(rows.as_deref()).map(|((dimension, _), rows)| (dimension, rows));
        crate::index::segment(analyzer, Source { ids: &ids, texts: &texts, stored: &stored, vectors, metadata: &[] })
            .expect("valid")
    }
}
