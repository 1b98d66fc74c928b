//! The values of measures of the first k, kept up to date as two neighbors change places.
//!
//! As in trec_eval: relevant means a grade of 1 or more, gains are grades (`NdcgExp`: 2^grade − 1), discounted by
//! log2(rank + 1), over those of the best possible order.

use super::Query;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gauge {
    /// Normalized discounted cumulative gain with the grade as gain.
    Ndcg,
    /// The same with a gain of 2^grade − 1.
    NdcgExp,
    /// Precision at each relevant hit, over all relevant chunks.
    Ap,
    /// One over the rank of the first relevant hit.
    Rr,
    /// The share of the relevant that was found.
    Recall,
    /// The share of the cutoff that is relevant.
    Precision,
    /// Whether anything relevant was found.
    Hit,
    /// The tokens of the hits.
    Tokens,
}

/// A gauge of the first `cutoff` hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    pub gauge: Gauge,
    pub cutoff: usize,
}

/// Sums over the first ranks.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    gain: f64,
    gain_exp: f64,
    precision: f64,
    relevant: u32,
    /// Rank of the first relevant hit; 0 if there is none.
    first: u32,
    tokens: u64,
}

/// All columns of one query.
#[derive(Debug)]
pub(super) struct Gauges<'a> {
    query: &'a Query<'a>,
    columns: &'a [Column],
    /// Whether a column needs 2^grade.
    exponential: bool,
    /// By rank − 1: grade and tokens of the hit, and the sums with it.
    hits: Vec<(u32, u32)>,
    sums: Vec<Sums>,
    /// The fewest hits since it began.
    fewest: usize,
    /// Where documents are judged: the last list that each one was met in, and how many lists there were.
    met: Vec<u32>,
    lists: u32,
    /// What the best order has, by column; 0 where a column needs none.
    ideal: Vec<f64>,
    values: Vec<f64>,
    counters: Vec<usize>,
    rankers: Vec<usize>,
}

impl<'a> Gauges<'a> {
    /// Of no list yet: `begin` with one.
    pub(super) fn of(query: &'a Query<'a>, columns: &'a [Column]) -> Self {
        let exponential = columns.iter().any(|column| column.gauge == Gauge::NdcgExp);
        let ideal_sums = |cutoff: usize, of: fn(&Sums) -> f64| {
            let mut sums = Sums::default();
            for (place, &grade) in query.ideal.iter().take(cutoff).enumerate() {
                sums = sums.with(query, place, (grade, 0), exponential);
            }
            of(&sums)
        };
        let ideal = columns
            .iter()
            .map(|column| match column.gauge {
                Gauge::Ndcg => ideal_sums(column.cutoff, |sums| sums.gain),
                Gauge::NdcgExp => ideal_sums(column.cutoff, |sums| sums.gain_exp),
                _ => query.ideal.len() as f64,
            })
            .collect();
        let counts = |column: &Column| column.gauge == Gauge::Tokens;
        let places = |wanted: bool| (0..columns.len()).filter(|&at| counts(&columns[at]) == wanted).collect();
        Self {
            query,
            columns,
            exponential,
            sums: Vec::new(),
            hits: Vec::new(),
            fewest: usize::MAX,
            met: vec![0; query.documents.map_or(0, <[u32]>::len)],
            lists: 0,
            ideal,
            values: Vec::new(),
            counters: places(true),
            rankers: places(false),
        }
    }

    /// Begins anew with this list of first chunks, and gives the values by column.
    pub(super) fn begin(&mut self, first: &[u32]) -> Vec<f64> {
        self.hits.clear();
        self.fewest = usize::MAX;
        self.list(first);
        self.add_up(0);
        self.values = (0..self.columns.len()).map(|column| self.value(column)).collect();
        self.values.clone()
    }

    /// The fewest hits since it began.
    pub(super) fn fewest(&self) -> usize {
        self.fewest
    }

    /// Takes up what changed at `place` and the one after it; `tell` hears of columns with a new value.
    pub(super) fn step(&mut self, first: &[u32], place: usize, tell: &mut impl FnMut(usize, f64)) {
        let (place, graded, counted) = match self.query.documents {
            None => self.swap(first, place),
            Some(_) => self.relist(first),
        };
        if !graded && !counted {
            return;
        }
        self.add_up(place);
        let chosen = [(graded, &self.rankers), (counted, &self.counters)];
        for &column in chosen.into_iter().filter(|(changed, _)| *changed).flat_map(|(_, columns)| columns) {
            if self.columns[column].cutoff > place {
                let value = self.value(column);
                if value != self.values[column] {
                    self.values[column] = value;
                    tell(column, value);
                }
            }
        }
    }

    /// Chunks are judged, so two of them at most are others now: where, and whether grades or tokens changed.
    fn swap(&mut self, first: &[u32], place: usize) -> (usize, bool, bool) {
        let (mut graded, mut counted) = (false, false);
        for (hit, &chunk) in self.hits[place..].iter_mut().zip(&first[place..]).take(2) {
            let now = facts(self.query, chunk);
            graded |= now.0 != hit.0;
            counted |= now.1 != hit.1;
            *hit = now;
        }
        (place, graded, counted)
    }

    /// Documents are judged, so any of those behind may have moved: from where on, and what changed.
    fn relist(&mut self, first: &[u32]) -> (usize, bool, bool) {
        let before = std::mem::take(&mut self.hits);
        self.list(first);
        let same = before.iter().zip(&self.hits).take_while(|(one, other)| one == other).count();
        if same == before.len() && same == self.hits.len() {
            return (same, false, false);
        }
        let changed = |of: fn(&(u32, u32)) -> u32| {
            before.len() != self.hits.len() || before.iter().zip(&self.hits).any(|(one, other)| of(one) != of(other))
        };
        (same, changed(|hit| hit.0), changed(|hit| hit.1))
    }

    /// The hits of the first chunks; of a document's chunks only the best.
    fn list(&mut self, first: &[u32]) {
        let Self { query, met, lists, hits, .. } = self;
        *lists += 1;
        let new = |&&chunk: &&u32| match query.documents {
            None => true,
            Some(documents) => {
                let last = &mut met[documents[chunk as usize] as usize];
                std::mem::replace(last, *lists) != *lists
            }
        };
        hits.extend(first.iter().filter(new).map(|&chunk| facts(query, chunk)));
        self.fewest = self.fewest.min(self.hits.len());
        self.sums.resize(self.hits.len(), Sums::default());
    }

    fn add_up(&mut self, place: usize) {
        let mut sums = place.checked_sub(1).map_or(Sums::default(), |before| self.sums[before]);
        for at in place..self.sums.len() {
            sums = sums.with(self.query, at, self.hits[at], self.exponential);
            self.sums[at] = sums;
        }
    }

    fn value(&self, column: usize) -> f64 {
        let Column { gauge, cutoff } = self.columns[column];
        let Some(last) = self.sums.len().min(cutoff).checked_sub(1) else { return 0.0 };
        let (sums, ideal) = (&self.sums[last], self.ideal[column]);
        let share = |part: f64| if ideal > 0.0 { part / ideal } else { 0.0 };
        match gauge {
            Gauge::Ndcg => share(sums.gain),
            Gauge::NdcgExp => share(sums.gain_exp),
            Gauge::Ap => share(sums.precision),
            Gauge::Rr => {
                if sums.first > 0 {
                    1.0 / f64::from(sums.first)
                } else {
                    0.0
                }
            }
            Gauge::Recall => share(f64::from(sums.relevant)),
            Gauge::Precision => f64::from(sums.relevant) / cutoff as f64,
            Gauge::Hit => f64::from(u8::from(sums.relevant > 0)),
            Gauge::Tokens => sums.tokens as f64,
        }
    }
}

impl Sums {
    #[inline]
    fn with(mut self, query: &Query<'_>, place: usize, (grade, tokens): (u32, u32), exponential: bool) -> Self {
        self.tokens += u64::from(tokens);
        if grade > 0 {
            let discount = DISCOUNTS.get(place).copied().unwrap_or_else(|| discount(place));
            self.gain += f64::from(grade) * discount;
            if exponential {
                // Scaled by the query's best grade, so that no grade overflows; the ratio is the same.
                let top = -f64::from(query.ideal.first().copied().unwrap_or(0));
                self.gain_exp += ((f64::from(grade) + top).exp2() - top.exp2()) * discount;
            }
            self.relevant += 1;
            self.precision += f64::from(self.relevant) / (place + 1) as f64;
            if self.first == 0 {
                self.first = place as u32 + 1;
            }
        }
        self
    }
}

fn facts(query: &Query<'_>, chunk: u32) -> (u32, u32) {
    (query.grades[chunk as usize], query.tokens[chunk as usize])
}

fn discount(place: usize) -> f64 {
    1.0 / ((place + 2) as f64).log2()
}

/// Of the first places.
static DISCOUNTS: std::sync::LazyLock<Vec<f64>> = std::sync::LazyLock::new(|| (0..1024).map(discount).collect());
