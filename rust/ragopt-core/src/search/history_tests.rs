//! After any history an index finds what one finds that was built of its live chunks: ids, order and bits of scores.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use proptest::prelude::*;
use proptest::sample::{Index as Pick, select};

use super::*;
use crate::analysis::Analyzer;
use crate::index::{Filter, Lock, Metadata, Source, Value, segment};
use crate::score::bm25::{Bm25, VARIANTS};
use crate::score::normalizer::NORMALIZERS;

type Vector = [f32; 3];
/// By tenant and id: text and vector.
type Model = BTreeMap<(Option<&'static str>, String), (String, Vector)>;

/// One thing that happens to an index.
#[derive(Debug, Clone)]
enum Event {
    /// New chunks for a tenant; those whose ids are there already are replaced.
    Put(Option<&'static str>, Vec<(u8, Vec<&'static str>, Vector)>),
    Delete(Vec<Pick>),
    /// Goes through the index of that tenant alone.
    DeleteOf(&'static str, Vec<Pick>),
    Merge(Option<usize>),
    /// Saved or committed, and opened again.
    Reopen(bool),
}

const TENANTS: [Option<&str>; 3] = [None, Some("a"), Some("b")];

fn events() -> impl Strategy<Value = Vec<Event>> {
    let chunk = (0u8..40, prop::collection::vec(select(vec!["a", "b", "c", "d", "e"]), 0..6), vectors());
    let event = prop_oneof![
        3 => (select(TENANTS.to_vec()), prop::collection::vec(chunk, 1..9)).prop_map(|(tenant, chunks)| Event::Put(tenant, chunks)),
        2 => prop::collection::vec(any::<Pick>(), 1..6).prop_map(Event::Delete),
        1 => (select(vec!["a", "b"]), prop::collection::vec(any::<Pick>(), 1..6)).prop_map(|(name, picks)| Event::DeleteOf(name, picks)),
        1 => select(vec![None, Some(5), Some(100)]).prop_map(Event::Merge),
        1 => any::<bool>().prop_map(Event::Reopen),
    ];
    prop::collection::vec(event, 1..14)
}

fn vectors() -> impl Strategy<Value = Vector> {
    [-1i8..2, 0..2, 0..2].prop_map(|numbers| numbers.map(f32::from))
}

fn built(chunks: &[(&str, &str, Vector)], dimension: usize) -> Arc<crate::index::Segment> {
    let ids: Vec<&str> = chunks.iter().map(|chunk| chunk.0).collect();
    let texts: Vec<&str> = chunks.iter().map(|chunk| chunk.1).collect();
    let rows: Vec<f32> = chunks.iter().flat_map(|chunk| chunk.2).collect();
    let stored: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
    let vectors = (dimension > 0).then_some((dimension, &rows[..]));
    let text = |text: &str| Value::Text(text.as_bytes().to_vec().into());
    let terms =
        |chunk: &(&str, &str, Vector)| vec![(b"terms".to_vec(), Value::List(chunk.1.split(' ').map(text).collect()))];
    let metadata: Vec<Metadata> = chunks.iter().map(terms).collect();
    let source = Source { ids: &ids, texts: &texts, stored: &stored, vectors, metadata: &metadata };
    Arc::new(segment(&Analyzer::new("whitespace").expect("known"), source).expect("valid"))
}

/// An index under changes, and what should be in it.
struct Living {
    index: Index,
    model: Model,
    dimension: usize,
    folder: PathBuf,
}

impl Drop for Living {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Living {
    fn new(index: Index, dimension: usize) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("ragopt-history-{}-{}", std::process::id(), COUNT.fetch_add(1, Relaxed));
        Self { index, model: Model::new(), dimension, folder: std::env::temp_dir().join(name) }
    }

    /// Saved or committed, as `whole` says and as it can be, and opened again.
    fn reopen(&mut self, whole: bool) {
        let lock = Lock::new(&self.folder).expect("free");
        let known = self.index.generation().is_some();
        if whole || !known { self.index.save(&lock) } else { self.index.commit(&lock) }.expect("writable");
        self.index = Index::open(&self.folder).expect("whole");
    }

    fn happen(&mut self, event: &Event) {
        match event {
            Event::Put(tenant, chunks) => self.put(*tenant, chunks),
            Event::Delete(picks) => {
                let live: Vec<Ordinal> = self.index.ordinals().collect();
                let chosen: Vec<Ordinal> = picks.iter().filter(|_| !live.is_empty()).map(|p| *p.get(&live)).collect();
                for &ordinal in &chosen {
                    let (part, _) = self.index.part_of(ordinal);
                    let tenant = TENANTS.into_iter().find(|tenant| *tenant == part.tenant.as_deref()).expect("ours");
                    self.model.remove(&(tenant, self.index.id(ordinal).expect("live").to_owned()));
                }
                self.index = self.index.changed(&chosen, Vec::new(), None).expect("live ones");
            }
            Event::DeleteOf(name, picks) => {
                let work = self.index.tenant(name);
                let live: Vec<Ordinal> = work.ordinals().collect();
                let chosen: Vec<Ordinal> = picks.iter().filter(|_| !live.is_empty()).map(|p| *p.get(&live)).collect();
                for &ordinal in &chosen {
                    self.model.remove(&(Some(*name), work.id(ordinal).expect("live").to_owned()));
                }
                let work = work.changed(&chosen, Vec::new(), None).expect("live ones");
                self.index = self.index.replaced(name, &work).expect("of that tenant");
            }
            Event::Merge(most) => {
                if let Some(merged) = self.index.merged(*most).expect("whole") {
                    self.index = merged;
                }
            }
            Event::Reopen(whole) => self.reopen(*whole),
        }
    }

    fn put(&mut self, tenant: Option<&'static str>, chunks: &[(u8, Vec<&'static str>, Vector)]) {
        let chunks: BTreeMap<String, (String, Vector)> =
            chunks.iter().map(|(id, terms, vector)| (format!("chunk-{id}"), (terms.join(" "), *vector))).collect();
        let of_tenant = |ordinal: &Ordinal| self.index.part_of(*ordinal).0.tenant.as_deref() == tenant;
        let replaced = |ordinal: &Ordinal| chunks.contains_key(self.index.id(*ordinal).expect("live"));
        let deleted: Vec<Ordinal> = self.index.ordinals().filter(of_tenant).filter(replaced).collect();
        let listed: Vec<(&str, &str, Vector)> =
            chunks.iter().map(|(id, (text, vector))| (id.as_str(), text.as_str(), *vector)).collect();
        let added = vec![(tenant.map(str::to_owned), built(&listed, self.dimension))];
        self.index = self.index.changed(&deleted, added, None).expect("ids are new");
        self.model.extend(chunks.into_iter().map(|(id, chunk)| ((tenant, id), chunk)));
    }

    /// A fresh index of what should be there, of one tenant or of all; ids tell tenants apart.
    fn fresh(&self, of: Option<Option<&str>>) -> Index {
        let kept = self.model.iter().filter(|((tenant, _), _)| of.is_none_or(|of| *tenant == of));
        let named: Vec<(String, &str, Vector)> = kept
            .map(|((tenant, id), (text, vector))| (format!("{}{id}", tenant.unwrap_or("")), text.as_str(), *vector))
            .collect();
        let listed: Vec<(&str, &str, Vector)> = named.iter().map(|(id, text, v)| (id.as_str(), *text, *v)).collect();
        let whole = vec![(None, built(&listed, self.dimension))];
        Index::of(*self.index.analyzer(), *self.index.bm25(), "", whole).expect("valid")
    }
}

/// A question and how it is asked.
#[derive(Debug, Clone)]
struct Asked {
    terms: Option<Vec<(String, f64)>>,
    vector: Option<Vector>,
    /// Lets the chunks through whose text holds this term.
    allow: Option<&'static str>,
    parameters: Parameters<'static>,
}

fn asked() -> impl Strategy<Value = Asked> {
    let term = (select(vec!["a", "b", "c", "f"]).prop_map(str::to_owned), select(vec![0.0, 0.5, 1.0, 2.0]));
    let sides = (
        prop::option::weighted(0.8, prop::collection::vec(term, 0..4)),
        prop::option::weighted(0.8, vectors()),
        prop::option::weighted(0.3, select(vec!["a", "b", "d"])),
    );
    let settings =
        (1usize..12, select(vec![0.0, 0.4, 1.0]), select(NORMALIZERS.to_vec()), prop::option::of(0.0f64..0.9));
    (sides, settings).prop_map(|((terms, vector, allow), (k, alpha, normalizer, least))| Asked {
        terms,
        vector,
        allow,
        parameters: Parameters::new(k, alpha, normalizer, k + 5, -1.0, least).expect("valid"),
    })
}

/// What is found, by names: tenants are told apart by a prefix where `prefixed`.
type Named = Vec<(String, u64, Option<u64>, Option<u64>)>;

fn found(index: &Index, asked: &Asked, prefixed: bool) -> (Named, f64, (bool, bool), bool) {
    let lets = |ordinal: Ordinal| {
        let text = index.stored(ordinal).expect("whole").unwrap_or_default();
        asked.allow.is_none_or(|term| text.contains(&term.as_bytes()[0]))
    };
    let bits = Bits::of((0..index.span() as Ordinal).map(lets).collect::<Vec<_>>().into_iter());
    let allow = asked.allow.map(|term| {
        let mut filter = Filter::default();
        filter.compare(b"terms", "contains", &[Value::Text(term.as_bytes().into())]).expect("valid");
        let allow = Allow::filtered(index, &filter).expect("whole");
        assert_eq!(allow, Allow::of_ordinals(index, &bits).expect("it fits"));
        allow
    });
    let lexical = asked.terms.as_deref().map(Lexical::Terms);
    let vector = asked.vector.as_ref().map(|vector| &vector[..]);
    let found = search(index, lexical, vector, allow.as_ref(), &asked.parameters).expect("valid");
    let named = found.hits.iter().map(|hit| {
        let (part, _) = index.part_of(hit.ordinal);
        let prefix = part.tenant.as_deref().filter(|_| prefixed).unwrap_or_default();
        let id = format!("{prefix}{}", index.id(hit.ordinal).expect("live"));
        (id, hit.score.to_bits(), hit.lexical.map(f64::to_bits), hit.dense.map(f64::to_bits))
    });
    (named.collect(), found.alpha, found.sides, found.below)
}

/// The same in an order that does not depend on the ids of equal scores: over tenants these are not those of one index.
fn unordered(mut found: (Named, f64, (bool, bool), bool), k: usize) -> (Named, f64, (bool, bool), bool) {
    // Which of the equal ones at the end are within k depends on the ids.
    if found.0.len() == k
        && let Some(last) = found.0.last().map(|hit| hit.1)
    {
        found.0.retain(|hit| hit.1 != last);
    }
    found.0.sort();
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_history_is_a_fresh_build(
        events in events(),
        bm25 in (select(VARIANTS.to_vec()), select(vec![0.0, 0.75, 1.0])),
        late in any::<bool>(),
        dimension in select(vec![0usize, 3]),
        questions in prop::collection::vec(asked(), 6),
    ) {
        let bm25 = Bm25::new(bm25.0, 1.2, bm25.1, 0.5, 0.25).expect("valid");
        let analyzer = Analyzer::new("whitespace").expect("known");
        let start = vec![(None, built(&[], dimension))];
        // `late`: it lives under another BM25, and is scored by this one in the end.
        let first = if late { Bm25::new("lucene", 0.4, 0.3, 0.0, 0.0).expect("valid") } else { bm25 };
        let index = Index::of(analyzer, first, "", start).expect("valid");
        let mut living = Living::new(index, dimension);
        for event in &events {
            living.happen(event);
            prop_assert_eq!(living.index.len(), living.model.len());
        }
        if late {
            living.index = living.index.scored(bm25);
        }
        let fresh = living.fresh(None);
        prop_assert_eq!(living.index.statistics(), fresh.statistics());
        for term in ["a", "b", "e", "f"] {
            prop_assert_eq!(living.index.document_frequency(term), fresh.document_frequency(term));
        }
        for asked in &questions {
            let (rank, k) = (asked.parameters.normalizer.name() == "rank", asked.parameters.k);
            // Ranks of equal scores go by ids as well.
            if !rank {
                let (one, other) = (found(&living.index, asked, true), found(&fresh, asked, true));
                prop_assert_eq!(unordered(one, k), unordered(other, k));
            }
            for name in ["a", "b"] {
                let alone = living.fresh(Some(Some(name)));
                let (view, mut expected) = (living.index.tenant(name), found(&alone, asked, false));
                expected.0.iter_mut().for_each(|hit| hit.0 = hit.0[1..].to_owned());
                prop_assert_eq!(found(&view, asked, false), expected);
            }
        }
        let names: Vec<Option<&str>> = living.index.tenants().into_iter().map(Some).collect();
        prop_assert!(names.iter().all(|name| living.model.keys().any(|(tenant, _)| tenant == name)));
    }
}

#[test]
fn changes_that_cannot_be_are_refused() {
    let analyzer = Analyzer::new("whitespace").expect("known");
    let bm25 = Bm25::new("lucene", 1.2, 0.75, 0.0, 0.0).expect("valid");
    let one = || vec![(Some("t".to_owned()), built(&[("x", "a", [1.0, 0.0, 0.0]), ("y", "b", [0.0; 3])], 3))];
    let index = Index::of(analyzer, bm25, "first", one()).expect("valid");
    assert!(matches!(index.changed(&[2], Vec::new(), None), Err(Error::Input(m)) if m.contains("no chunk 2")));
    assert_eq!(index.changed(&[], one(), None).expect_err("twice"), Error::DuplicateId("x".into()));
    let other = |dimension| vec![(None, built(&[("z", "c", [1.0, 2.0, 3.0])], dimension))];
    assert!(matches!(index.changed(&[], other(0), None), Err(Error::Vector(_))));
    let plain = Index::of(analyzer, bm25, "", other(0)).expect("valid");
    assert!(matches!(plain.changed(&[], other(3), None), Err(Error::Vector(_))));

    // What was deleted may come again, with another tenant at any time.
    let without = index.changed(&[0, 0], Vec::new(), Some("second")).expect("live");
    assert_eq!((without.len(), without.span(), without.attributes()), (1, 2, "second"));
    assert_eq!((without.id(0), without.ordinal("x"), without.alive(0)), (None, None, false));
    assert!(matches!(without.changed(&[0], Vec::new(), None), Err(Error::Input(_))));
    let again = vec![
        (Some("t".to_owned()), built(&[("x", "a c", [1.0, 0.0, 0.0])], 3)),
        (None, built(&[("y", "", [0.0; 3])], 3)),
    ];
    let again = without.changed(&[], again, None).expect("new");
    assert_eq!((again.len(), again.span(), again.ordinal("x")), (3, 4, Some(2)));
    assert_eq!((again.tenants(), again.tenant("t").len(), again.tenant("nobody").len()), (vec!["t"], 2, 0));
    assert!(matches!(again.replaced("t", &again), Err(Error::Input(_))));

    // An index that lost its last chunk knows what its vectors are.
    let empty = index.changed(&[0, 1], Vec::new(), None).expect("live");
    assert_eq!((empty.span(), empty.dimension()), (0, Some(3)));
    assert!(empty.changed(&[], other(0), None).is_err());
    assert_eq!(empty.changed(&[], other(3), None).expect("fits").len(), 1);
}
