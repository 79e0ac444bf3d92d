//! Measures of agreement, over rows of 10 ms and without a collar.

use super::reference::Said;

/// Who speaks in each row: `[person][row]`, people in order of name.
pub fn grid(said: &[Said], rows: usize) -> Vec<Vec<bool>> {
    let mut names: Vec<&str> = said.iter().map(|s| s.who.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let row = |secs: f64| ((secs * 100.0).round() as usize).min(rows);
    names
        .iter()
        .map(|name| {
            let mut speaks = vec![false; rows];
            said.iter().filter(|s| s.who == *name).for_each(|s| speaks[row(s.from)..row(s.to)].fill(true));
            speaks
        })
        .collect()
}

/// How many speak in each row.
pub fn counts(people: &[Vec<bool>], rows: usize) -> Vec<usize> {
    (0..rows).map(|row| people.iter().filter(|p| p[row]).count()).collect()
}

/// Hits, false alarms and misses, in rows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found {
    pub hits: usize,
    pub false_alarms: usize,
    pub misses: usize,
}

impl Found {
    pub fn of(truth: &[bool], found: &[bool]) -> Self {
        let count = |t: bool, f: bool| truth.iter().zip(found).filter(|(a, b)| **a == t && **b == f).count();
        Self { hits: count(true, true), false_alarms: count(false, true), misses: count(true, false) }
    }

    pub fn add(&mut self, other: Self) {
        self.hits += other.hits;
        self.false_alarms += other.false_alarms;
        self.misses += other.misses;
    }

    pub fn precision(self) -> f64 {
        self.hits as f64 / (self.hits + self.false_alarms) as f64
    }

    pub fn recall(self) -> f64 {
        self.hits as f64 / (self.hits + self.misses) as f64
    }

    pub fn f1(self) -> f64 {
        2.0 * self.hits as f64 / (2 * self.hits + self.false_alarms + self.misses) as f64
    }
}

/// Area under the ROC curve: how often a row with speech scores above one without.
pub fn auc(truth: &[bool], scores: &[f32]) -> f64 {
    let mut order: Vec<usize> = (0..truth.len()).collect();
    order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    let (mut below, mut won, mut start) = (0.0, 0.0, 0);
    while start < order.len() {
        let same = order[start..].iter().take_while(|&&i| scores[i].total_cmp(&scores[order[start]]).is_eq()).count();
        let yes = order[start..start + same].iter().filter(|&&i| truth[i]).count() as f64;
        let no = same as f64 - yes;
        won += yes * (below + no / 2.0);
        below += no;
        start += same;
    }
    won / (below * (truth.len() as f64 - below))
}

/// Speaker error in rows of speech, with the best pairing of reference and found people.
#[derive(Clone, Copy, Debug, Default)]
pub struct SpeakerError {
    pub speech: usize,
    pub missed: usize,
    pub false_alarms: usize,
    pub confused: usize,
}

impl SpeakerError {
    pub fn of(truth: &[Vec<bool>], found: &[Vec<bool>], rows: usize) -> Self {
        let common = |t: usize, f: usize| (0..rows).filter(|&row| truth[t][row] && found[f][row]).count();
        let table: Vec<Vec<usize>> =
            (0..truth.len()).map(|t| (0..found.len()).map(|f| common(t, f)).collect()).collect();
        let (in_truth, in_found) = (counts(truth, rows), counts(found, rows));
        let mut error = Self::default();
        for (&t, &f) in in_truth.iter().zip(&in_found) {
            error.speech += t;
            error.missed += t.saturating_sub(f);
            error.false_alarms += f.saturating_sub(t);
            error.confused += t.min(f);
        }
        error.confused -= best_pairing(&table, 0, &mut vec![false; found.len()]);
        error
    }

    pub fn add(&mut self, other: Self) {
        self.speech += other.speech;
        self.missed += other.missed;
        self.false_alarms += other.false_alarms;
        self.confused += other.confused;
    }

    /// Diarization error rate in percent.
    pub fn percent(self) -> f64 {
        100.0 * (self.missed + self.false_alarms + self.confused) as f64 / self.speech as f64
    }
}

fn best_pairing(table: &[Vec<usize>], from: usize, taken: &mut [bool]) -> usize {
    let Some(row) = table.get(from) else { return 0 };
    let mut best = best_pairing(table, from + 1, taken);
    for found in 0..row.len() {
        if !taken[found] {
            taken[found] = true;
            best = best.max(row[found] + best_pairing(table, from + 1, taken));
            taken[found] = false;
        }
    }
    best
}

/// The measures themselves, on a case worked out by hand.
#[test]
fn the_measures_are_right() {
    let truth = vec![vec![true, true, true, false, false], vec![false, false, true, true, false]];
    let found = vec![vec![false, false, false, true, true], vec![true, true, true, false, false]];
    let error = SpeakerError::of(&truth, &found, 5);
    let SpeakerError { speech, missed, false_alarms, confused } = error;
    assert_eq!((speech, missed, false_alarms, confused), (5, 1, 1, 0));
    assert!((error.percent() - 40.0).abs() < 1e-9);
    assert!((auc(&[false, true, true, false], &[0.1, 0.9, 0.4, 0.4]) - 0.875).abs() < 1e-9);
    let found = Found::of(&[true, true, false, false], &[true, false, true, false]);
    assert!((found.f1() - 0.5).abs() < 1e-9 && (found.precision() - 0.5).abs() < 1e-9);
}
