//! Which words of a vocabulary are written almost like a given one.
//!
//! A sorted list is walked as if it were a tree of letters: what is known about the letters that a word shares with the
//! one before it is kept, and where no word that begins so can match, all of them are jumped over. So a search among
//! 300,000 terms looks at some thousands.

use crate::analysis::Analyzer;
use crate::analysis::endings::{AFTER_DOUBLING, ENDINGS};
use crate::analysis::unmarked;

/// Words beyond this many letters have no neighbors.
const LONGEST: usize = 48;

/// The words of `list` (sorted by bytes) that are within `most` edits of `word`, each as (place in the list, word, edits).
///
/// The list holds terms of `analyzer`. Where that one stems, a term stands for its words: endings are tried, and those
/// are taken whose word has this very term.
pub(super) fn near<'a>(
    list: &impl Sorted<'a>,
    analyzer: &Analyzer,
    word: &str,
    most: usize,
) -> Vec<(usize, String, usize)> {
    let word: Vec<char> = word.chars().collect();
    if word.is_empty() || word.len() > LONGEST {
        return Vec::new();
    }
    let mut edits = Edits::new(word, most, analyzer.stems());
    let mut found = Vec::new();
    walk(list, 0, &mut edits, &mut |edits, place, depth| {
        let term = list.get(place);
        if !term.chars().all(|c| c.is_alphabetic() || c == '\'') {
            return;
        }
        let mut forms = Vec::new();
        if analyzer.stems() && term.is_ascii() {
            edits.forms(term, depth, &mut forms);
        } else {
            edits.take(depth, || term.to_owned(), &mut forms);
        }
        forms.sort_by_key(|(_, edits)| *edits);
        let right = |word: &str| {
            let mut terms = Vec::new();
            analyzer.terms(word, &mut terms);
            terms == [term]
        };
        if let Some((word, edits)) = forms.into_iter().find(|(word, _)| right(word)) {
            found.push((place, word, edits));
        }
    });
    found
}

/// The stop words of `analyzer` within `most` edits of `word`.
pub(super) fn stop_words(analyzer: &Analyzer, word: &str, most: usize) -> Vec<(String, usize)> {
    let list = analyzer.stop_words();
    let mut edits = Edits::new(word.chars().take(LONGEST).collect(), most, false);
    let mut found = Vec::new();
    walk(&&list[..], 0, &mut edits, &mut |edits, place, depth| edits.take(depth, || list[place].clone(), &mut found));
    found
}

/// The places in `list` of the words that are `word` but for marks on their letters, itself included.
pub(super) fn same_but_for_marks<'a>(list: &impl Sorted<'a>, word: &str) -> Vec<usize> {
    let mut plain = Plain(word.chars().map(unmarked).collect());
    let mut found = Vec::new();
    walk(list, 0, &mut plain, &mut |plain, place, depth| {
        if depth == plain.0.len() {
            found.push(place);
        }
    });
    found
}

/// A list of strings in byte order.
pub(super) trait Sorted<'a> {
    fn len(&self) -> usize;
    fn get(&self, place: usize) -> &'a str;
}

impl<'a> Sorted<'a> for &'a super::Strings {
    fn len(&self) -> usize {
        super::Strings::len(self)
    }

    fn get(&self, place: usize) -> &'a str {
        super::Strings::get(self, place).unwrap_or_default()
    }
}

impl<'a, T: AsRef<str>> Sorted<'a> for &'a [T] {
    fn len(&self) -> usize {
        <[T]>::len(self)
    }

    fn get(&self, place: usize) -> &'a str {
        self[place].as_ref()
    }
}

/// What is known about a word letter by letter.
trait Letters {
    /// `c` is the letter at `depth`, after those that were pushed at lower depths; whether a word that begins so can match.
    fn push(&mut self, depth: usize, c: char) -> bool;

    /// The next letter after `c` that may pass at `depth`, where that is known.
    fn after(&self, _depth: usize, _c: char) -> Option<char> {
        None
    }
}

/// Calls `visit` with each word of `list` all of whose letters `letters` let pass: its place, and the depth at its end.
/// The first letter is pushed at depth `start`.
fn walk<'a, L: Letters>(
    list: &impl Sorted<'a>,
    start: usize,
    letters: &mut L,
    visit: &mut impl FnMut(&mut L, usize, usize),
) {
    let (mut place, mut known) = (0, "");
    'words: while place < list.len() {
        let word = list.get(place);
        let shared = shared(known, word);
        let mut depth = start + word[..shared].chars().count();
        for (at, c) in word[shared..].char_indices() {
            if !letters.push(depth, c) {
                known = &word[..shared + at];
                place = match letters.after(depth, c) {
                    Some(next) => from(list, place, &format!("{known}{next}")),
                    None => beyond(list, place, &word[..shared + at + c.len_utf8()]),
                };
                continue 'words;
            }
            depth += 1;
        }
        known = word;
        visit(letters, place, depth);
        place += 1;
    }
}

/// How many bytes two words have in common, in whole characters.
fn shared(one: &str, other: &str) -> usize {
    let mut bytes = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
    while !other.is_char_boundary(bytes) {
        bytes -= 1;
    }
    bytes
}

/// The first place after `place` whose word does not begin with `prefix`, as the one at `place` does.
fn beyond<'a>(list: &impl Sorted<'a>, place: usize, prefix: &str) -> usize {
    let inside = |place: usize| place < list.len() && list.get(place).starts_with(prefix);
    let mut step = 1;
    while inside(place + step) {
        step *= 2;
    }
    let (mut from, mut to) = (place + step / 2, place + step);
    while from + 1 < to {
        let middle = usize::midpoint(from, to);
        if inside(middle) { from = middle } else { to = middle }
    }
    to.min(list.len())
}

/// The first place after `place` whose word is not before `bound`, as the one at `place` is.
fn from<'a>(list: &impl Sorted<'a>, place: usize, bound: &str) -> usize {
    let (mut before, mut to) = (place, list.len());
    while before + 1 < to {
        let middle = usize::midpoint(before, to);
        if list.get(middle) < bound { before = middle } else { to = middle }
    }
    to
}

/// Words that have these letters under their marks.
struct Plain(Vec<char>);

impl Letters for Plain {
    fn push(&mut self, depth: usize, c: char) -> bool {
        self.0.get(depth) == Some(&unmarked(c))
    }

    fn after(&self, depth: usize, c: char) -> Option<char> {
        // The plain letter comes first, the marked ones beyond ASCII.
        let plain = self.0.get(depth).copied().filter(|plain| plain.is_ascii())?;
        if c < plain { Some(plain) } else { c.is_ascii().then_some('\u{80}') }
    }
}

/// The rows of the table of edits (insert, delete, replace, swap neighbors; no letter is edited twice) between the
/// letters pushed so far and `word`.
struct Edits {
    word: Vec<char>,
    most: usize,
    stems: bool,
    letters: Vec<char>,
    rows: Vec<Vec<usize>>,
}

impl Edits {
    fn new(word: Vec<char>, most: usize, stems: bool) -> Self {
        let rows = vec![(0..=word.len()).map(|edits| edits.min(most + 1)).collect()];
        Self { word, most, stems, letters: Vec::new(), rows }
    }

    /// As good as any number above `most`.
    fn far(&self) -> usize {
        self.most + 1
    }

    fn edits(&self, depth: usize) -> usize {
        self.rows[depth][self.word.len()]
    }

    /// Adds the form that ends at `depth` if it is close enough.
    fn take(&self, depth: usize, form: impl FnOnce() -> String, forms: &mut Vec<(String, usize)>) {
        if self.edits(depth) <= self.most {
            forms.push((form(), self.edits(depth)));
        }
    }

    /// The words of an English stem that are close enough; the stem's letters are pushed up to `depth`.
    fn forms(&mut self, stem: &str, depth: usize, forms: &mut Vec<(String, usize)>) {
        self.endings(stem, ENDINGS, depth, forms);
        let Some(last) = stem.chars().last() else { return };
        if last == 'i' {
            // studi: study
            if self.row(depth - 1, 'y') {
                self.endings(&format!("{}y", &stem[..stem.len() - 1]), &["", "ing"], depth, forms);
            }
            self.row(depth - 1, last);
        } else if !matches!(last, 'a' | 'e' | 'o' | 'u') && self.push(depth, last) {
            // run: running
            self.endings(&format!("{stem}{last}"), AFTER_DOUBLING, depth + 1, forms);
        }
    }

    fn endings(&mut self, stem: &str, list: &'static [&'static str], depth: usize, forms: &mut Vec<(String, usize)>) {
        walk(&list, depth, self, &mut |edits, place, depth| {
            edits.take(depth, || format!("{stem}{}", list[place]), forms);
        });
    }
}

impl Letters for Edits {
    fn push(&mut self, depth: usize, c: char) -> bool {
        // The i of a stem may be the y of its word.
        let as_y = c == 'i' && self.stems && self.row(depth, 'y');
        self.row(depth, c) || as_y
    }
}

impl Edits {
    /// Works out the row of letter `c` at `depth`; whether any word that begins so is close enough.
    fn row(&mut self, depth: usize, c: char) -> bool {
        let (width, far) = (self.word.len() + 1, self.far());
        if depth + 1 >= width + self.most {
            return false; // more letters than can be deleted
        }
        self.letters.truncate(depth);
        self.letters.push(c);
        if self.rows.len() < depth + 2 {
            self.rows.push(vec![far; width]);
        }
        let (above, below) = self.rows.split_at_mut(depth + 1);
        let (before, row) = (&above[depth], &mut below[0]);
        // Farther from the diagonal than `most` everything is too far.
        let (from, to) = ((depth + 1).saturating_sub(self.most).max(1), (depth + 1 + self.most).min(width - 1));
        row[from - 1] = if from == 1 { (depth + 1).min(far) } else { far };
        let mut least = row[from - 1];
        for j in from..=to {
            let typed = self.word[j - 1];
            let mut edits = (before[j - 1] + usize::from(typed != c)).min(before[j] + 1).min(row[j - 1] + 1);
            if depth > 0 && j > 1 && typed == self.letters[depth - 1] && self.word[j - 2] == c {
                edits = edits.min(above[depth - 1][j - 2] + 1);
            }
            row[j] = edits.min(far);
            least = least.min(edits);
        }
        if let Some(next) = row.get_mut(to + 1) {
            *next = far;
        }
        // A swap looks back two rows, but what it could save was paid for in the row between.
        least <= self.most
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The textbook's table, whole.
    fn distance(one: &str, other: &str) -> usize {
        let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
        let mut table = vec![vec![0; other.len() + 1]; one.len() + 1];
        for i in 0..=one.len() {
            for j in 0..=other.len() {
                table[i][j] = if i == 0 || j == 0 {
                    i.max(j)
                } else {
                    let replaced = table[i - 1][j - 1] + usize::from(one[i - 1] != other[j - 1]);
                    let mut least = replaced.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
                    if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                        least = least.min(table[i - 2][j - 2] + 1);
                    }
                    least
                };
            }
        }
        table[one.len()][other.len()]
    }

    fn analyzer(name: &str) -> Analyzer {
        Analyzer::new(name).expect("a known name")
    }

    fn sorted(words: impl IntoIterator<Item = String>) -> Vec<String> {
        let set: std::collections::BTreeSet<String> = words.into_iter().collect();
        set.into_iter().collect()
    }

    proptest! {
        #[test]
        fn the_walk_finds_what_comparing_with_each_word_finds(
            words in prop::collection::vec("[abđé]{1,6}", 0..80), word in "[abđé]{1,6}", most in 0_usize..4,
        ) {
            let list = sorted(words);
            let found = near(&&list[..], &analyzer("whitespace"), &word, most);
            let expected: Vec<_> = list
                .iter()
                .enumerate()
                .map(|(place, other)| (place, other.clone(), distance(other, &word)))
                .filter(|(.., edits)| *edits <= most)
                .collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn words_without_their_marks_are_found(words in prop::collection::vec("[aáàâấdđeê ]{1,5}", 0..80), word in "[adeâ ]{1,5}") {
            let list = sorted(words);
            let plain = |word: &str| word.chars().map(unmarked).collect::<String>();
            let expected: Vec<usize> = (0..list.len()).filter(|&i| plain(&list[i]) == plain(&word)).collect();
            prop_assert_eq!(same_but_for_marks(&&list[..], &word), expected);
        }
    }

    #[test]
    fn stems_are_found_by_the_words_they_stand_for() {
        let list = ["databas", "experiment", "run", "studi", "vibrat"].map(str::to_owned);
        let first = |word: &str| near(&&list[..], &analyzer("english"), word, 1);
        for (typed, term, word) in [
            ("vibratoin", 4, "vibration"),
            ("experimnetal", 1, "experimental"),
            ("runnign", 2, "running"),
            ("stuyd", 3, "study"),
            ("stdy", 3, "study"),
            ("stdies", 3, "studies"),
            ("databse", 0, "database"),
        ] {
            assert_eq!(first(typed), [(term, word.to_owned(), 1)], "{typed}");
        }
        assert_eq!(first("vibratoinx"), []);
    }

    #[test]
    fn what_is_no_word_is_no_neighbor() {
        let list = ["ab1", "abc", "x y"].map(str::to_owned);
        assert_eq!(near(&&list[..], &analyzer("whitespace"), "abd", 1), [(1, "abc".to_owned(), 1)]);
        assert_eq!(near(&&list[..], &analyzer("whitespace"), "xy", 1), []);
        assert_eq!(near(&&list[..], &analyzer("whitespace"), &"a".repeat(LONGEST + 1), 1), []);
        assert_eq!(near(&&list[..0], &analyzer("whitespace"), "abd", 1), []);
    }
}
