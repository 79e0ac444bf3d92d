//! The two 5 x 5 matrices between the elements of the paradigm, with permutation tests.
//!
//! Chance is what is left when each element's codes keep their own rhythm and lose their place beside the others': in each
//! session each element's codes are shifted around the session's clock by a random length of their own.

use serde::Serialize;

use super::{Coded, CodedSession, Element};
use crate::agreement::random::Random;

/// Elements.
const N: usize = 5;
/// Codes so close go together: seconds (DOMAIN D.8).
pub const TOGETHER_SECS: f64 = 60.0;
/// Shifts of each session (DOMAIN D.8).
pub const SHIFTS: usize = 999;
/// Cells with fewer cases are not shown (DOMAIN D.8).
pub const FEWEST: f64 = 5.0;
/// False discovery rate up to which a cell is shown (DOMAIN D.8).
pub const LARGEST_Q: f64 = 0.05;

/// One cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Cell {
    /// Pairs that go together, or transitions.
    pub count: f64,
    /// Mean count of the shifted sessions.
    pub by_chance: f64,
    /// Count over chance; `None` where chance gives none.
    pub lift: Option<f64>,
    /// Co-occurrence: minutes with both over minutes with either, 0 to 1.
    pub jaccard: Option<f64>,
    /// Transitions: adjusted residual (Haberman 1973).
    pub z: Option<f64>,
    /// Transitions: Yule's Q, -1 to 1.
    pub yule_q: Option<f64>,
    /// Transitions: log odds ratio, each cell with a half added.
    pub log_odds: Option<f64>,
    /// Share of the shifts that lie at least as far from chance, on either side.
    pub p: Option<f64>,
    /// The same with many cells in mind (Benjamini & Hochberg 1995).
    pub q: Option<f64>,
    /// Whether there are enough cases and `q` is small.
    pub shown: bool,
}

/// Both matrices: `cells[from][to]`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Matrices {
    /// Which codes lie within a minute of each other; symmetric, its diagonal is not tested.
    pub together: [[Cell; N]; N],
    /// Which code follows which; a code that follows one of its own element counts on the diagonal.
    pub follows: [[Cell; N]; N],
}

type Counts = [[f64; N]; N];

fn counted(sessions: &[Vec<(f64, f64, Element)>]) -> (Counts, Counts) {
    let (mut together, mut follows) = ([[0.0; N]; N], [[0.0; N]; N]);
    for codes in sessions {
        for (at, (_, end, a)) in codes.iter().enumerate() {
            for (start, _, b) in codes.iter().skip(at + 1) {
                if start - end > TOGETHER_SECS {
                    // Sorted by start, and no code is longer than the gap that is left: later ones are further away.
                    break;
                }
                together[a.index()][b.index()] += 1.0;
                if a != b {
                    together[b.index()][a.index()] += 1.0;
                }
            }
        }
        for pair in codes.windows(2) {
            if let [(_, _, from), (_, _, to)] = pair {
                follows[from.index()][to.index()] += 1.0;
            }
        }
    }
    (together, follows)
}

fn placed(codes: &[Coded]) -> Vec<(f64, f64, Element)> {
    let mut placed: Vec<_> = codes.iter().map(|code| (code.start_s, code.end_s, code.element)).collect();
    sort(&mut placed);
    placed
}

fn sort(codes: &mut [(f64, f64, Element)]) {
    codes.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
}

fn shifted(codes: &[(f64, f64, Element)], length_s: f64, random: &mut Random) -> Vec<(f64, f64, Element)> {
    let by: Vec<f64> = (0..N).map(|_| random.below(1 << 20) as f64 / f64::from(1 << 20) * length_s).collect();
    let mut moved: Vec<_> = codes
        .iter()
        .map(|(start, end, element)| {
            let at = (start + by[element.index()]) % length_s.max(1e-9);
            (at, at + (end - start), *element)
        })
        .collect();
    sort(&mut moved);
    moved
}

/// Both matrices of all sessions together. The same seed gives the same numbers.
pub fn matrices(sessions: &[CodedSession], seed: u64) -> Matrices {
    let own: Vec<_> = sessions.iter().map(|session| placed(&session.codes)).collect();
    let (together, follows) = counted(&own);
    let mut random = Random::of(seed, &["shifts"]);
    let shifts: Vec<(Counts, Counts)> = (0..SHIFTS)
        .map(|_| {
            let moved: Vec<_> =
                own.iter().zip(sessions).map(|(codes, s)| shifted(codes, s.length_s, &mut random)).collect();
            counted(&moved)
        })
        .collect();
    let first: Vec<&Counts> = shifts.iter().map(|shift| &shift.0).collect();
    let second: Vec<&Counts> = shifts.iter().map(|shift| &shift.1).collect();
    let mut cells = Matrices { together: tested(&together, &first, true), follows: tested(&follows, &second, false) };
    let jaccard = jaccard(sessions);
    for (i, row) in cells.together.iter_mut().enumerate() {
        for (j, cell) in row.iter_mut().enumerate() {
            cell.jaccard = jaccard[i][j];
        }
    }
    for i in 0..N {
        for j in 0..N {
            (cells.follows[i][j].z, cells.follows[i][j].yule_q, cells.follows[i][j].log_odds) =
                of_transition(&follows, i, j);
        }
    }
    cells
}

fn tested(counts: &Counts, shifts: &[&Counts], symmetric: bool) -> [[Cell; N]; N] {
    let mut cells = [[Cell::default(); N]; N];
    let mut order = Vec::new();
    for i in 0..N {
        for j in 0..N {
            let cell = &mut cells[i][j];
            cell.count = counts[i][j];
            cell.by_chance = shifts.iter().map(|shift| shift[i][j]).sum::<f64>() / shifts.len().max(1) as f64;
            cell.lift = (cell.by_chance > 0.0).then(|| cell.count / cell.by_chance);
            let is_tested = !symmetric || i != j;
            let any = cell.count > 0.0 || cell.by_chance > 0.0;
            if is_tested && any {
                let off = (cell.count - cell.by_chance).abs() - 1e-9;
                let as_far = shifts.iter().filter(|shift| (shift[i][j] - cell.by_chance).abs() >= off).count();
                cell.p = Some((as_far + 1) as f64 / (shifts.len() + 1) as f64);
                // Both halves of a symmetric matrix are one test.
                if !symmetric || i < j {
                    order.push((i, j));
                }
            }
        }
    }
    order.sort_by(|a, b| cells[a.0][a.1].p.unwrap_or(1.0).total_cmp(&cells[b.0][b.1].p.unwrap_or(1.0)).then(a.cmp(b)));
    let mut least = 1.0_f64;
    for (rank, (i, j)) in order.iter().copied().enumerate().rev() {
        least = least.min(cells[i][j].p.unwrap_or(1.0) * order.len() as f64 / (rank + 1) as f64);
        for (i, j) in if symmetric { vec![(i, j), (j, i)] } else { vec![(i, j)] } {
            cells[i][j].q = Some(least);
            cells[i][j].shown = least < LARGEST_Q && cells[i][j].count >= FEWEST;
        }
    }
    cells
}

/// Minutes with both over minutes with either.
fn jaccard(sessions: &[CodedSession]) -> [[Option<f64>; N]; N] {
    let (mut both, mut either) = ([[0.0; N]; N], [[0.0; N]; N]);
    for session in sessions {
        let minutes = (session.length_s / 60.0).ceil().max(1.0) as usize;
        for minute in 0..minutes {
            let (from, to) = (minute as f64 * 60.0, (minute + 1) as f64 * 60.0);
            let mut here = [false; N];
            for code in session.codes.iter().filter(|code| code.start_s < to && code.end_s > from) {
                here[code.element.index()] = true;
            }
            for i in 0..N {
                for j in 0..N {
                    both[i][j] += f64::from(here[i] && here[j]);
                    either[i][j] += f64::from(here[i] || here[j]);
                }
            }
        }
    }
    let mut shares = [[None; N]; N];
    for i in 0..N {
        for j in 0..N {
            shares[i][j] = (either[i][j] > 0.0).then(|| both[i][j] / either[i][j]);
        }
    }
    shares
}

fn of_transition(counts: &Counts, i: usize, j: usize) -> (Option<f64>, Option<f64>, Option<f64>) {
    let total: f64 = counts.iter().flatten().sum();
    let row: f64 = counts[i].iter().sum();
    let column: f64 = counts.iter().map(|row| row[j]).sum();
    if total == 0.0 {
        return (None, None, None);
    }
    let (a, b, c) = (counts[i][j], row - counts[i][j], column - counts[i][j]);
    let d = total - a - b - c;
    let expected = row * column / total;
    let spread = expected * (1.0 - row / total) * (1.0 - column / total);
    let z = (spread > 0.0).then(|| (a - expected) / spread.sqrt());
    let q = (a * d + b * c > 0.0).then(|| (a * d - b * c) / (a * d + b * c));
    let odds = ((a + 0.5) * (d + 0.5) / ((b + 0.5) * (c + 0.5))).ln();
    (z, q, Some(odds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codebook::Polarity;

    fn session(codes: &[(f64, Element)], length_s: f64) -> CodedSession {
        let codes = codes
            .iter()
            .map(|(start_s, element)| Coded {
                code: "x".into(),
                element: *element,
                polarity: Polarity::Straining,
                start_s: *start_s,
                end_s: start_s + 5.0,
            })
            .collect();
        CodedSession { id: "s".into(), length_s, codes, outcomes: Vec::new() }
    }

    /// Resistance, then action 10 s later, every five minutes or so; context anywhere.
    fn planted() -> Vec<CodedSession> {
        let mut random = Random::new(3);
        (0..6)
            .map(|_| {
                let mut codes = Vec::new();
                for at in 0..8 {
                    let start = f64::from(at) * 350.0 + random.below(200) as f64;
                    codes.extend([(start, Element::Intervening), (start + 10.0, Element::Action)]);
                    codes.push((random.below(2900) as f64, Element::Context));
                }
                session(&codes, 3000.0)
            })
            .collect()
    }

    #[test]
    fn what_was_planted_is_shown_and_nothing_else() {
        let found = matrices(&planted(), 1);
        let (resistance, action) = (Element::Intervening.index(), Element::Action.index());
        let arrow = found.follows[resistance][action];
        assert!(arrow.shown && arrow.z.unwrap() > 3.0 && arrow.yule_q.unwrap() > 0.5, "{arrow:?}");
        assert!(found.together[resistance][action].shown);
        let both = [found.together[resistance][action].count, found.together[action][resistance].count];
        assert!((both[0] - both[1]).abs() < 1e-9);
        let context = Element::Context.index();
        assert!((0..N).all(|other| !found.together[context][other].shown), "{:?}", found.together[context]);
        assert_eq!(found, matrices(&planted(), 1));
    }

    #[test]
    fn without_codes_nothing_is_said() {
        let found = matrices(&[session(&[], 100.0)], 1);
        assert!(
            found.follows.iter().flatten().chain(found.together.iter().flatten()).all(|c| !c.shown && c.p.is_none())
        );
    }

    #[test]
    fn residuals_are_those_of_the_table() {
        let mut counts = [[0.0; N]; N];
        (counts[0][0], counts[0][1], counts[1][0], counts[1][1]) = (10.0, 20.0, 30.0, 40.0);
        let (z, q, _) = of_transition(&counts, 0, 0);
        // Expected 30 * 40 / 100 = 12; (10 - 12) / sqrt(12 * .7 * .6).
        assert!((z.unwrap() + 0.890_87).abs() < 1e-4);
        assert!((q.unwrap() - (400.0 - 600.0) / 1000.0).abs() < 1e-12);
    }
}
