//! What was heard when, in tenths of a second: the recent past, and sums over everything.

use std::collections::VecDeque;

/// Cells of one second.
pub(super) const CELLS_PER_SEC: u64 = 10;

/// A tenth of a second of one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nobody speaks.
    Silence,
    /// Somebody speaks: in the room, or into this microphone.
    Speech,
    /// At least two speak at once.
    Overlap,
    /// Not looked at.
    Unknown,
}

/// Parts of the time that was looked at, each 0 to 1, together 1 (or all 0 before anything was).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shares {
    /// One person speaks.
    pub one: f64,
    /// At least two speak.
    pub overlap: f64,
    /// Nobody speaks.
    pub silence: f64,
    /// Seconds that were looked at.
    pub secs: f64,
}

/// The lanes of a recording.
#[derive(Clone, Debug)]
pub struct Lanes {
    lanes: usize,
    shown: usize,
    settle: u64,
    /// The settled cells that are still shown, a column of all lanes each.
    recent: VecDeque<Vec<Cell>>,
    /// Number of settled columns.
    settled: u64,
    /// What may still change.
    open: Vec<Vec<Cell>>,
    /// Silent columns at the end of the settled ones.
    silent_run: u64,
    counts: [u64; 3],
}

fn is_silent(column: &[Cell]) -> bool {
    column.iter().all(|&cell| cell == Cell::Silence)
}

impl Lanes {
    /// For so many lanes, of which the last `shown_secs` are kept; the last `settle_secs` heard may still change.
    pub fn new(lanes: usize, shown_secs: f64, settle_secs: f64) -> Self {
        let cells = |secs: f64| (secs * CELLS_PER_SEC as f64).round() as u64;
        Self {
            lanes,
            shown: usize::try_from(cells(shown_secs)).unwrap_or(usize::MAX),
            settle: cells(settle_secs),
            recent: VecDeque::new(),
            settled: 0,
            open: Vec::new(),
            silent_run: 0,
            counts: [0; 3],
        }
    }

    /// Takes what was heard: columns of which the last ends with column number `end`. What was settled stays; what was
    /// left out is unknown.
    pub fn hear(&mut self, end: u64, columns: &[Vec<Cell>]) {
        let start = end.saturating_sub(columns.len() as u64);
        let settled = end.saturating_sub(self.settle);
        while self.settled < settled {
            let column = match self.settled.checked_sub(start) {
                Some(at) => columns.get(at as usize).cloned(),
                None => None,
            };
            self.settle_one(column.unwrap_or_else(|| vec![Cell::Unknown; self.lanes]));
        }
        let open = usize::try_from(self.settled.saturating_sub(start)).unwrap_or(usize::MAX);
        self.open = columns.get(open..).unwrap_or_default().to_vec();
    }

    /// Nothing more will come: what was open is settled.
    pub fn finish(&mut self) {
        for column in std::mem::take(&mut self.open) {
            self.settle_one(column);
        }
    }

    fn settle_one(&mut self, column: Vec<Cell>) {
        self.silent_run = if is_silent(&column) { self.silent_run + 1 } else { 0 };
        if !column.contains(&Cell::Unknown) {
            let speaking = column.iter().filter(|&&cell| cell != Cell::Silence).count();
            let which = if column.contains(&Cell::Overlap) { 2 } else { speaking.min(1) };
            self.counts[which] += 1;
        }
        self.recent.push_back(column);
        if self.recent.len() > self.shown {
            self.recent.pop_front();
        }
        self.settled += 1;
    }

    /// The columns that are shown, oldest first.
    pub fn shown(&self) -> Vec<Vec<Cell>> {
        let columns: Vec<&Vec<Cell>> = self.recent.iter().chain(&self.open).collect();
        columns.iter().skip(columns.len().saturating_sub(self.shown)).map(|&column| column.clone()).collect()
    }

    /// Seconds for which nobody has spoken by now; 0 while somebody speaks or where it was not looked.
    pub fn silence_secs(&self) -> f64 {
        let open = self.open.iter().rev().take_while(|column| is_silent(column)).count();
        let run = if open == self.open.len() { self.silent_run + open as u64 } else { open as u64 };
        run as f64 / CELLS_PER_SEC as f64
    }

    /// Parts of all that is settled.
    pub fn shares(&self) -> Shares {
        let [silence, one, overlap] = self.counts;
        let sum = silence + one + overlap;
        let share = |count: u64| if sum == 0 { 0.0 } else { count as f64 / sum as f64 };
        let secs = sum as f64 / CELLS_PER_SEC as f64;
        Shares { one: share(one), overlap: share(overlap), silence: share(silence), secs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(picture: &str) -> Vec<Vec<Cell>> {
        picture
            .chars()
            .map(|c| {
                vec![match c {
                    '#' => Cell::Speech,
                    '%' => Cell::Overlap,
                    '?' => Cell::Unknown,
                    _ => Cell::Silence,
                }]
            })
            .collect()
    }

    fn picture(lanes: &Lanes) -> String {
        let letter = |cell: &Cell| match cell {
            Cell::Speech => '#',
            Cell::Overlap => '%',
            Cell::Unknown => '?',
            Cell::Silence => '.',
        };
        lanes.shown().iter().flat_map(|column| column.iter().map(letter)).collect()
    }

    fn tenths(lanes: &Lanes) -> u64 {
        (lanes.silence_secs() * 10.0).round() as u64
    }

    #[test]
    fn what_is_settled_stays_and_the_end_may_change() {
        let mut lanes = Lanes::new(1, 1.0, 0.3);
        lanes.hear(5, &columns("##..%"));
        assert_eq!((picture(&lanes).as_str(), lanes.shares().secs), ("##..%", 0.2));
        lanes.hear(7, &columns(".....##"));
        assert_eq!(picture(&lanes), "##...##");
        lanes.hear(14, &columns("####...."));
        assert_eq!(picture(&lanes), "??####....", "the last second");
        assert_eq!(lanes.shares(), Shares { one: 6.0 / 9.0, overlap: 0.0, silence: 3.0 / 9.0, secs: 0.9 });
    }

    #[test]
    fn what_was_left_out_is_unknown_and_counts_as_nothing() {
        let mut lanes = Lanes::new(1, 3.0, 0.0);
        lanes.hear(4, &columns("#..."));
        lanes.hear(10, &columns("..%%"));
        assert_eq!(picture(&lanes), "#...??..%%");
        let shares = lanes.shares();
        assert_eq!((shares.secs, shares.overlap, shares.silence), (0.8, 0.25, 0.625));
    }

    #[test]
    fn the_silence_counts_through_settled_and_open_cells_and_ends_with_speech() {
        let mut lanes = Lanes::new(1, 1.0, 0.2);
        lanes.hear(6, &columns("#....."));
        assert_eq!(tenths(&lanes), 5);
        lanes.hear(106, &columns(&".".repeat(102)));
        assert_eq!(tenths(&lanes), 105);
        lanes.hear(107, &columns("...#"));
        assert_eq!(tenths(&lanes), 0);
        lanes.hear(109, &columns("#.?."));
        assert_eq!(tenths(&lanes), 1, "what was not looked at is no silence");
        lanes.finish();
        assert_eq!(tenths(&lanes), 1);
    }

    #[test]
    fn two_lanes_that_speak_at_once_are_overlap() {
        let mut lanes = Lanes::new(2, 1.0, 0.0);
        use Cell::{Overlap, Silence, Speech};
        lanes.hear(3, &[vec![Speech, Silence], vec![Overlap, Overlap], vec![Silence, Silence]]);
        let shares = lanes.shares();
        assert!((shares.one - 1.0 / 3.0).abs() < 1e-12 && (shares.overlap - 1.0 / 3.0).abs() < 1e-12);
    }
}
