//! The correlations of one window at every lag.

use super::Shape;

/// Largest Fisher's z that counts: a correlation of 1 would be infinite (DOMAIN B.2). A bound of the computation and no
/// threshold: no window of measured series comes near it.
const MAX_Z: f64 = 10.0;

/// One window of both series.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// First sample.
    pub start: usize,
    /// What its lags say.
    pub lags: Lags,
}

/// Fisher's z over the lags of one window; `|z|` where [`Shape::absolute`] says so. Lags that could not be computed are
/// left out of the means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lags {
    /// Mean over all lags.
    pub mean: f64,
    /// Lag 0; `NaN` if it could not be computed.
    pub lag0: f64,
    /// Mean over lags above 0: the first series leads; `NaN` if there is none.
    pub first_leads: f64,
    /// Mean over lags below 0: the second series leads; `NaN` if there is none.
    pub second_leads: f64,
    /// The lag with the largest value, in samples; the one nearest to 0 of equal ones, and of two of these the positive.
    pub best_lag: i64,
}

/// All windows in order. `None`: too much is missing (more than half of a window's pairs at every lag) or one of the
/// series does not vary. `NaN` is a missing sample; pairs with one are left out. Of two series of different length the
/// tail of the longer is left out.
pub fn windows(x: &[f64], y: &[f64], shape: &Shape) -> Vec<Option<Window>> {
    let n = x.len().min(y.len());
    let (x, y) = (Series::new(&x[..n]), Series::new(&y[..n]));
    (0..shape.count(n)).map(|number| window(&x, &y, number * shape.step.max(1), shape)).collect()
}

fn window(x: &Series<'_>, y: &Series<'_>, start: usize, shape: &Shape) -> Option<Window> {
    let longest = i64::try_from(shape.max_lag).unwrap_or(i64::MAX);
    let value = |lag: i64| {
        let shift = usize::try_from(lag.unsigned_abs()).unwrap_or(0);
        let (from_x, from_y) = if lag >= 0 { (start, start + shift) } else { (start + shift, start) };
        let z = correlation(x, from_x, y, from_y, shape.window)?.atanh().clamp(-MAX_Z, MAX_Z);
        Some(if shape.absolute { z.abs() } else { z })
    };
    let (mut all, mut above, mut below) = (Mean::default(), Mean::default(), Mean::default());
    let (mut lag0, mut best) = (f64::NAN, (f64::NEG_INFINITY, 0));
    // From lag 0 outwards, so that the nearest of equal values is kept.
    for lag in std::iter::once(0).chain((1..=longest).flat_map(|lag| [lag, -lag])) {
        let Some(z) = value(lag) else { continue };
        all.add(z);
        match lag.signum() {
            1 => above.add(z),
            -1 => below.add(z),
            _ => lag0 = z,
        }
        if z > best.0 {
            best = (z, lag);
        }
    }
    let lags = Lags { mean: all.get(), lag0, first_leads: above.get(), second_leads: below.get(), best_lag: best.1 };
    (all.count > 0).then_some(Window { start, lags })
}

#[derive(Default)]
struct Mean {
    sum: f64,
    count: usize,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    fn get(&self) -> f64 {
        if self.count > 0 { self.sum / self.count as f64 } else { f64::NAN }
    }
}

/// A series with the sums that make a window's mean and spread a difference of two numbers.
struct Series<'a> {
    values: &'a [f64],
    /// Centred on the mean of the whole, so that sums of squares lose no digits; 0 where missing.
    centred: Vec<f64>,
    sums: Vec<f64>,
    squares: Vec<f64>,
    missing: Vec<u32>,
}

impl<'a> Series<'a> {
    fn new(values: &'a [f64]) -> Self {
        let known = values.iter().filter(|value| value.is_finite());
        let (sum, count) = known.fold((0.0, 0_usize), |(sum, count), value| (sum + value, count + 1));
        let middle = sum / count.max(1) as f64;
        let centred: Vec<f64> =
            values.iter().map(|value| if value.is_finite() { value - middle } else { 0.0 }).collect();
        let running = |term: &dyn Fn(f64) -> f64| {
            let mut sum = 0.0;
            let mut all = vec![0.0];
            all.extend(centred.iter().map(|&value| {
                sum += term(value);
                sum
            }));
            all
        };
        let (sums, squares) = (running(&|value| value), running(&|value| value * value));
        let mut gone = 0;
        let mut missing = vec![0];
        missing.extend(values.iter().map(|value| {
            gone += u32::from(!value.is_finite());
            gone
        }));
        Self { values, centred, sums, squares, missing }
    }

    fn is_whole(&self, from: usize, length: usize) -> bool {
        self.missing[from + length] == self.missing[from]
    }

    /// Sum and sum of squares of a whole stretch.
    fn moments(&self, from: usize, length: usize) -> (f64, f64) {
        (self.sums[from + length] - self.sums[from], self.squares[from + length] - self.squares[from])
    }
}

/// Spread below this part of the sum of squares is rounding, not movement.
const NO_SPREAD: f64 = 1e-12;

/// Pearson's correlation of two stretches; `None` if more than half of the pairs are missing or one side does not vary.
fn correlation(x: &Series<'_>, from_x: usize, y: &Series<'_>, from_y: usize, length: usize) -> Option<f64> {
    let stretch = |series: &Series<'_>, from: usize| {
        Some(from..from.checked_add(length)?).filter(|r| r.end <= series.values.len())
    };
    let (of_x, of_y) = (stretch(x, from_x)?, stretch(y, from_y)?);
    let (count, sums) = if x.is_whole(from_x, length) && y.is_whole(from_y, length) {
        let ((sx, sxx), (sy, syy)) = (x.moments(from_x, length), y.moments(from_y, length));
        (length as f64, [sx, sy, sxx, syy, dot(&x.centred[of_x], &y.centred[of_y])])
    } else {
        let (mut count, mut sums) = (0_usize, [0.0; 5]);
        let pairs = x.values[of_x.clone()].iter().zip(&y.values[of_y.clone()]);
        for ((raw_x, raw_y), (a, b)) in pairs.zip(x.centred[of_x].iter().zip(&y.centred[of_y])) {
            if raw_x.is_finite() && raw_y.is_finite() {
                count += 1;
                for (sum, term) in sums.iter_mut().zip([*a, *b, a * a, b * b, a * b]) {
                    *sum += term;
                }
            }
        }
        if 2 * count < length || count < 2 {
            return None;
        }
        (count as f64, sums)
    };
    let [sx, sy, sxx, syy, sxy] = sums;
    let (var_x, var_y) = (sxx - sx * sx / count, syy - sy * sy / count);
    // The part that cancels, against what the running sums have grown to.
    let no_spread = |variance: f64, squares: f64, series: &Series<'_>| {
        let whole = series.squares.last().copied().unwrap_or(0.0);
        variance <= NO_SPREAD * squares.max(whole)
    };
    if no_spread(var_x, sxx, x) || no_spread(var_y, syy, y) {
        return None;
    }
    Some(((sxy - sx * sy / count) / (var_x * var_y).sqrt()).clamp(-1.0, 1.0))
}

/// Sum of products, in four lanes so that the compiler can keep them apart.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 4];
    let (fours_a, fours_b) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = fours_a.remainder().iter().zip(fours_b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in fours_a.zip(fours_b) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += a * b;
        }
    }
    lanes.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { window: 50, step: 25, max_lag: 10, absolute: true };

    fn wave(n: usize, shift: i64) -> Vec<f64> {
        (0..n as i64)
            .map(|i| ((i - shift) as f64 * 0.37).sin() + (((i - shift) * (i - shift)) as f64 * 0.011).cos())
            .collect()
    }

    #[test]
    fn who_moves_first_leads() {
        let lag = |shift: i64| windows(&wave(200, 0), &wave(200, shift), &SHAPE)[0].clone().unwrap().lags.best_lag;
        assert_eq!([lag(0), lag(4), lag(-7)], [0, 4, -7]);
    }

    #[test]
    fn moving_against_each_other_counts_only_without_a_sign() {
        let (x, y) = (wave(200, 0), wave(200, 0).iter().map(|v| -v).collect::<Vec<_>>());
        let lag0 = |absolute| windows(&x, &y, &Shape { absolute, ..SHAPE })[0].clone().unwrap().lags.lag0;
        assert!((lag0(true) - MAX_Z).abs() < 1e-9 && (lag0(false) + MAX_Z).abs() < 1e-9);
    }

    #[test]
    fn half_missing_or_still_is_no_window() {
        let mut x = wave(110, 0);
        x[..45].fill(f64::NAN);
        let found = windows(&x, &wave(110, 3), &SHAPE);
        assert!(found[0].is_none() && found[1].is_some(), "{found:?}");
        assert!(windows(&[0.1; 110], &wave(110, 0), &SHAPE).iter().all(Option::is_none));
        assert!(windows(&[f64::NAN; 110], &[f64::INFINITY; 110], &SHAPE).iter().all(Option::is_none));
        assert!(windows(&[], &[1.0], &SHAPE).is_empty());
    }
}
