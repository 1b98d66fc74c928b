//! What a search finds has the same bits on every kind of processor: here are they, as one number.
//!
//! The other tests compare the paths that one processor has; this one compares processors, since each
//! runs it: x86-64 in `make rust-test`, aarch64 in `make test-aarch64`.

use ragopt_core::analysis::Analyzer;
use ragopt_core::index::{Allow, Index, Source};
use ragopt_core::score::Bm25;
use ragopt_core::score::normalizer::NORMALIZERS;
use ragopt_core::search::{self, Lexical, Parameters};
use ragopt_core::types::{Bits, Found};

/// Enough that upper bounds are used.
const CHUNKS: usize = 3000;

/// xorshift64*: integers are the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % most
    }

    /// A sum of uniform numbers, each exact in f32.
    fn number(&mut self) -> f32 {
        (0..4).map(|_| self.below(1 << 20) as f32 / (1 << 19) as f32 - 1.0).sum()
    }
}

fn index(random: &mut Random, dimension: usize) -> Index {
    let ids: Vec<String> = (0..CHUNKS).map(|i| format!("{:05}", i * 7919 % 100_003)).collect();
    let mut text = || {
        let length = random.below(40);
        (0..length).fold(String::new(), |text, _| {
            let rarity = 1 + random.below(300);
            text + &format!("w{} ", random.below(rarity))
        })
    };
    let texts: Vec<String> = (0..CHUNKS).map(|_| text()).collect();
    let mut vectors: Vec<f32> = (0..CHUNKS * dimension).map(|_| random.number()).collect();
    vectors[5 * dimension..6 * dimension].fill(0.0);
    vectors[6 * dimension..7 * dimension].iter_mut().for_each(|x| *x *= 1e-41);
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let stored = vec![&b""[..]; CHUNKS];
    let source =
        Source { ids: &ids, texts: &texts, stored: &stored, vectors: Some((dimension, &vectors)), metadata: &[] };
    let bm25 = Bm25::new("lucene", 1.2, 0.75, 0.0, 0.0).expect("valid");
    Index::build(Analyzer::new("whitespace").expect("known"), bm25, source, "{}").expect("valid")
}

fn take(digest: &mut crc32fast::Hasher, found: &Found) {
    for hit in &found.hits {
        digest.update(&hit.ordinal.to_le_bytes());
        for number in [Some(hit.score), hit.lexical, hit.dense].into_iter().flatten() {
            digest.update(&number.to_bits().to_le_bytes());
        }
    }
}

#[test]
fn every_processor_finds_the_same_bits() {
    let mut random = Random(0x5eed);
    let mut digest = crc32fast::Hasher::new();
    for dimension in [1, 17, 100, 384] {
        let index = index(&mut random, dimension);
        let allow = Allow::of_ordinals(&index, &Bits::of((0..CHUNKS).map(|i| i % 7 == 3))).expect("fits");
        for (i, normalizer) in NORMALIZERS.iter().cycle().take(3 * NORMALIZERS.len()).enumerate() {
            let vector: Vec<f32> = (0..dimension).map(|_| random.number()).collect();
            let terms = format!("w{} w{} w{}", random.below(4), random.below(40), random.below(300));
            for alpha in [0.0, 0.6, 1.0] {
                let parameters = Parameters::new([1, 10, 300][i % 3], alpha, normalizer, 1000, -1.0, None);
                let parameters = parameters.expect("valid");
                let (lexical, allow) = (Some(Lexical::Text(&terms)), (i % 2 == 1).then_some(&allow));
                let found = search::search(&index, lexical, Some(&vector), allow, &parameters).expect("valid");
                take(&mut digest, &found);
            }
        }
    }
    assert_eq!(digest.finalize(), 3_342_737_238, "the bits of what is found have changed");
}
