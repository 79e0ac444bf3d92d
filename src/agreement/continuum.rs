//! Alpha for units that coders mark freely on a continuum (Krippendorff, Mathet, Bouvry & Widlöcher 2016).

use std::collections::BTreeMap;

/// A stretch with a label, in any one unit of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// Start.
    pub start: f64,
    /// End, after the start.
    pub end: f64,
    /// Category.
    pub label: String,
}

impl Unit {
    /// A stretch with a label.
    pub fn new(start: f64, end: f64, label: impl Into<String>) -> Self {
        Self { start, end, label: label.into() }
    }
}

/// Label of what nobody marked. No unit can have it.
const GAP: &str = "";

/// Alpha over `0..length` for two coders or more, each with the units they marked. Gaps count as a label. `binary`: only
/// whether something was marked counts, not which label. Overlapping units of one coder are cut at the later one's start.
/// `None` with fewer than two coders, or where nobody marked anything.
///
/// Lengths are in the unit in which single moments of a gap would count as one: seconds.
pub fn u_alpha(coders: &[Vec<Unit>], length: f64, binary: bool) -> Option<f64> {
    if coders.len() < 2 || length <= 0.0 {
        return None;
    }
    let whole: Vec<Vec<Unit>> = coders.iter().map(|units| with_gaps(units, length, binary)).collect();
    let mut sums: BTreeMap<&str, f64> = BTreeMap::new();
    let mut squares: BTreeMap<&str, f64> = BTreeMap::new();
    for unit in whole.iter().flatten() {
        let long = unit.end - unit.start;
        *sums.entry(&unit.label).or_default() += long;
        // A gap has no inner unity: its moments pair with each other.
        *squares.entry(&unit.label).or_default() += if unit.label == GAP { long } else { long * long };
    }
    let mut same = 0.0;
    for (i, one) in whole.iter().enumerate() {
        for other in whole.iter().skip(i + 1) {
            same += 2.0 * shared(one, other);
        }
    }
    let observed = same / (coders.len() - 1) as f64;
    let total: f64 = sums.values().sum();
    let free = total * total - squares.values().sum::<f64>();
    let expected: f64 =
        sums.iter().map(|(label, sum)| total * (sum * sum - squares.get(label).unwrap_or(&0.0)) / free).sum();
    let disagreement = total - expected;
    (free > 0.0 && disagreement > 1e-9).then(|| 1.0 - (total - observed) / disagreement)
}

/// Units in order with the gaps between them.
fn with_gaps(units: &[Unit], length: f64, binary: bool) -> Vec<Unit> {
    let mut sorted: Vec<&Unit> = units.iter().filter(|unit| unit.end > unit.start).collect();
    sorted.sort_by(|a, b| a.start.total_cmp(&b.start).then(a.end.total_cmp(&b.end)).then(a.label.cmp(&b.label)));
    let mut whole = Vec::new();
    let mut at = 0.0_f64;
    for unit in sorted {
        let (start, end) = (unit.start.max(at).max(0.0), unit.end.min(length));
        if end <= start {
            continue;
        }
        if start > at {
            whole.push(Unit::new(at, start, GAP));
        }
        let label = if binary { "marked" } else { unit.label.as_str() };
        whole.push(Unit::new(start, end, label));
        at = end;
    }
    if length > at {
        whole.push(Unit::new(at, length, GAP));
    }
    whole
}

/// Length over which two coders' labels are the same.
fn shared(one: &[Unit], other: &[Unit]) -> f64 {
    let (mut i, mut j, mut sum) = (0, 0, 0.0);
    while let (Some(a), Some(b)) = (one.get(i), other.get(j)) {
        let both = a.end.min(b.end) - a.start.max(b.start);
        if a.label == b.label && both > 0.0 {
            sum += both;
        }
        if a.end <= b.end {
            i += 1;
        } else {
            j += 1;
        }
    }
    sum
}
