//! The exact 0/1 knapsack, with items in groups that cost something to open.
//!
//! Dynamic programming over whole tokens (Bellman 1957): O(items · capacity) time, and as many bytes to find the way back.

/// Items that share a cost: `head` is paid once, with the first of them that is taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Group<'a> {
    pub head: usize,
    pub weights: &'a [usize],
    pub values: &'a [f64],
}

/// The places (group, item) whose values sum to the most with weights and heads of at most `capacity`, ascending.
///
/// Values are finite and not negative. Of two choices of equal value, the one with the earlier items is taken.
///
/// # Panics
/// If a group has not as many values as weights.
#[must_use]
pub fn choose(groups: &[Group<'_>], capacity: usize) -> Vec<(usize, usize)> {
    if let [group] = groups
        && group.head == 0
    {
        return decided(group, capacity);
    }
    table(groups, capacity)
}

/// `choose` among items without a head: those that every best choice takes or leaves are told by a bound, and the table
/// is made for the others alone.
///
/// A choice is worth at most the price of the capacity and what its items are worth beyond theirs, Σ (v − λw)⁺ + λC, at
/// any price λ of a token (the Lagrangian bound; Martello and Toth, Knapsack Problems, 1990, chapter 2). Where that falls
/// below a choice at hand once an item is forced in, or out, no best choice has it in, or out.
fn decided(group: &Group<'_>, capacity: usize) -> Vec<(usize, usize)> {
    let worth = |place: usize| group.values[place] / group.weights[place] as f64;
    let mut order: Vec<usize> = (0..group.weights.len()).filter(|&place| group.weights[place] <= capacity).collect();
    order.sort_by(|&a, &b| worth(b).total_cmp(&worth(a)));
    let (mut left, mut reached, mut price) = (capacity, 0.0, None);
    for &place in &order {
        if group.weights[place] <= left {
            left -= group.weights[place];
            reached += group.values[place];
        } else {
            price = price.or(Some(worth(place)));
        }
    }
    let price = price.unwrap_or(0.0);
    let beyond = |place: usize| group.values[place] - price * group.weights[place] as f64;
    let bound: f64 = price * capacity as f64 + order.iter().map(|&place| beyond(place).max(0.0)).sum::<f64>();
    let enough = reached - 1e-9 * bound; // sums in another order differ by far less
    let (mut taken, mut open) = (Vec::new(), Vec::new());
    for place in 0..group.weights.len() {
        let beyond = beyond(place);
        if group.weights[place] > capacity || bound + beyond.min(0.0) < enough {
            continue;
        }
        if bound - beyond.max(0.0) < enough { taken.push(place) } else { open.push(place) }
    }
    let left = capacity - taken.iter().map(|&place| group.weights[place]).sum::<usize>();
    let weights: Vec<usize> = open.iter().map(|&place| group.weights[place]).collect();
    let values: Vec<f64> = open.iter().map(|&place| group.values[place]).collect();
    let others = table(&[Group { head: 0, weights: &weights, values: &values }], left);
    taken.extend(others.into_iter().map(|(_, item)| open[item]));
    taken.sort_unstable();
    taken.into_iter().map(|place| (0, place)).collect()
}

fn table(groups: &[Group<'_>], capacity: usize) -> Vec<(usize, usize)> {
    let width = capacity + 1;
    let items: usize = groups.iter().map(|group| group.weights.len()).sum();
    let mut table = Table { best: vec![0.0; width], next: vec![0.0; width] };
    let mut taken = vec![false; items * width];
    let mut opened = vec![false; groups.len() * width];
    let mut row = items;
    // Last first: walking back then meets the earliest first, and can prefer it in a tie.
    for (place, group) in groups.iter().enumerate().rev() {
        assert_eq!(group.weights.len(), group.values.len(), "a value for each weight");
        let closed = (group.head > 0).then(|| table.open(group.head));
        for (&weight, &value) in group.weights.iter().zip(group.values).rev() {
            row -= 1;
            table.offer(weight, value, &mut taken[row * width..(row + 1) * width]);
        }
        let marks = &mut opened[place * width..(place + 1) * width];
        match closed {
            None => marks.fill(true),
            Some(closed) => {
                for ((best, mark), before) in table.best.iter_mut().zip(marks).zip(closed) {
                    *mark = *best >= before;
                    *best = best.max(before);
                }
            }
        }
    }
    walk(groups, capacity, &taken, &opened)
}

/// The most value by capacity, and room for the next line of it.
struct Table {
    best: Vec<f64>,
    next: Vec<f64>,
}

impl Table {
    /// Pays `head` at every capacity; returns what there was without.
    fn open(&mut self, head: usize) -> Vec<f64> {
        let mut line = vec![f64::NEG_INFINITY; self.best.len()];
        if let Some(dearer) = line.get_mut(head..) {
            dearer.copy_from_slice(&self.best[..self.best.len() - head]);
        }
        std::mem::replace(&mut self.best, line)
    }

    /// Takes the item wherever it does not lose, and marks where.
    fn offer(&mut self, weight: usize, value: f64, marks: &mut [bool]) {
        if weight >= self.best.len() {
            return;
        }
        let rest = self.best.len() - weight;
        self.next[..weight].copy_from_slice(&self.best[..weight]);
        let (low, high) = (&self.best[..rest], &self.best[weight..]);
        for (((next, mark), &with), &without) in
            self.next[weight..].iter_mut().zip(&mut marks[weight..]).zip(low).zip(high)
        {
            let with = with + value;
            let better = with >= without && with > f64::NEG_INFINITY;
            *mark = better;
            *next = if better { with } else { without };
        }
        std::mem::swap(&mut self.best, &mut self.next);
    }
}

fn walk(groups: &[Group<'_>], capacity: usize, taken: &[bool], opened: &[bool]) -> Vec<(usize, usize)> {
    let width = capacity + 1;
    let (mut chosen, mut left, mut row) = (Vec::new(), capacity, 0);
    for (place, group) in groups.iter().enumerate() {
        if opened[place * width + left] {
            for (item, weight) in group.weights.iter().enumerate() {
                if taken[(row + item) * width + left] {
                    chosen.push((place, item));
                    left -= weight;
                }
            }
            left -= group.head;
        }
        row += group.weights.len();
    }
    chosen
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Group, choose, table};

    fn cost_and_value(groups: &[(usize, Vec<(usize, u8)>)], bits: u32) -> (usize, u32) {
        let (mut cost, mut value, mut at) = (0, 0, 0);
        for (head, items) in groups {
            let before = at;
            for (weight, worth) in items {
                if bits >> at & 1 == 1 {
                    cost += weight;
                    value += u32::from(*worth);
                }
                at += 1;
            }
            if bits >> before & ((1 << (at - before)) - 1) > 0 {
                cost += head;
            }
        }
        (cost, value)
    }

    fn chosen_of(groups: &[(usize, Vec<(usize, u8)>)], capacity: usize) -> u32 {
        let lists: Vec<(Vec<usize>, Vec<f64>)> = groups
            .iter()
            .map(|(_, items)| items.iter().map(|&(weight, value)| (weight, f64::from(value))).unzip())
            .collect();
        let given: Vec<Group<'_>> = groups
            .iter()
            .zip(&lists)
            .map(|((head, _), (weights, values))| Group { head: *head, weights, values })
            .collect();
        let firsts: Vec<usize> =
            groups.iter().scan(0, |at, (_, items)| Some(std::mem::replace(at, *at + items.len()))).collect();
        choose(&given, capacity).iter().map(|&(group, item)| 1 << (firsts[group] + item)).sum()
    }

    proptest! {
        #[test]
        fn equals_the_best_of_every_subset(
            groups in prop::collection::vec((0_usize..6, prop::collection::vec((0_usize..12, 1_u8..9), 0..4)), 0..4),
            capacity in 0_usize..40,
        ) {
            let items: usize = groups.iter().map(|(_, items)| items.len()).sum();
            let (cost, value) = cost_and_value(&groups, chosen_of(&groups, capacity));
            let best = (0..1_u32 << items).map(|bits| cost_and_value(&groups, bits)).filter(|&(cost, _)| cost <= capacity);
            prop_assert!(cost <= capacity);
            prop_assert_eq!(Some(value), best.map(|(_, value)| value).max());
        }
    }

    proptest! {
        #[test]
        fn what_is_decided_by_the_bound_is_what_the_table_takes(
            items in prop::collection::vec((0_usize..60, 0_u8..40), 0..60),
            capacity in 0_usize..900,
        ) {
            let (weights, values): (Vec<usize>, Vec<f64>) =
                items.iter().map(|&(weight, value)| (weight, f64::from(value))).unzip();
            let groups = [Group { head: 0, weights: &weights, values: &values }];
            prop_assert_eq!(choose(&groups, capacity), table(&groups, capacity));
            let ranked: Vec<f64> = (0..weights.len()).map(|rank| 1.0 / (1.0 + rank as f64)).collect();
            let groups = [Group { head: 0, weights: &weights, values: &ranked }];
            let sum = |found: Vec<(usize, usize)>| found.iter().map(|&(_, item)| ranked[item]).sum::<f64>();
            let (fast, plain) = (sum(choose(&groups, capacity)), sum(table(&groups, capacity)));
            prop_assert!((fast - plain).abs() <= 1e-12 * plain, "{} {}", fast, plain);
        }
    }

    #[test]
    fn earlier_items_win_a_tie() {
        let group = |weights, values| Group { head: 0, weights, values };
        let same = [group(&[5], &[1.0]), group(&[5], &[1.0]), group(&[5], &[1.0])];
        assert_eq!(choose(&same, 5), [(0, 0)]);
        assert_eq!(choose(&same, 10), [(0, 0), (1, 0)]);
        let opened = [Group { head: 3, weights: &[2, 2], values: &[1.0, 1.0] }, group(&[7], &[2.0])];
        assert_eq!(choose(&opened, 7), [(0, 0), (0, 1)]);
        assert_eq!(choose(&opened, 6), [(0, 0)]);
        assert_eq!(choose(&opened, 4), []);
    }
}
