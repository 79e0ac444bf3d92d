//! Between the samples: a band-limited series at any place, and the place and height of its peaks.

/// Samples used on each side.
const DEPTH: usize = 30;
/// Places between two samples.
const STEPS: usize = 64;

/// Windowed-sinc interpolation from a table (Boersma 1993, eq. 22: a sinc under a raised cosine).
pub(super) struct Between {
    /// `STEPS + 1` lists of `2 * DEPTH` weights, for the samples from `DEPTH - 1` before the place to `DEPTH` after it.
    weights: Vec<f32>,
}

impl Between {
    pub(super) fn new() -> Self {
        let mut weights = Vec::with_capacity((STEPS + 1) * 2 * DEPTH);
        for step in 0..=STEPS {
            let part = step as f64 / STEPS as f64;
            for tap in 0..2 * DEPTH {
                let away = tap as f64 - (DEPTH as f64 - 1.0) - part;
                let x = std::f64::consts::PI * away;
                let sinc = if away.abs() < 1e-9 { 1.0 } else { x.sin() / x };
                let edge = (away / (DEPTH as f64 + part.max(1.0 - part))).clamp(-1.0, 1.0);
                weights.push((sinc * (0.5 + 0.5 * (std::f64::consts::PI * edge).cos())) as f32);
            }
        }
        Self { weights }
    }

    /// The value `step / STEPS` after sample `at`. Near the ends the missing samples count as 0.
    fn value(&self, series: &[f32], at: usize, step: usize) -> f32 {
        let Some(weights) = self.weights.chunks_exact(2 * DEPTH).nth(step) else { return 0.0 };
        match (at + 1).checked_sub(DEPTH).and_then(|from| series.get(from..from + 2 * DEPTH)) {
            Some(samples) => dot(samples, weights),
            None => weights
                .iter()
                .enumerate()
                .filter_map(|(tap, weight)| Some(series.get((at + 1 + tap).checked_sub(DEPTH)?)? * weight))
                .sum(),
        }
    }

    /// Place (in samples) and height of the peak near the largest sample `at`, which is no smaller than its neighbours.
    pub(super) fn peak(&self, series: &[f32], at: usize) -> (f64, f32) {
        // In units of 1 / STEPS sample from the one before `at`; the peak lies within one sample of `at`.
        let origin = at.saturating_sub(1);
        let (least, most) = (0, 2 * STEPS);
        let value = |place: usize| self.value(series, origin + place / STEPS, place % STEPS);
        let (start, _) = parabola(
            *series.get(origin).unwrap_or(&0.0),
            *series.get(at).unwrap_or(&0.0),
            *series.get(at + 1).unwrap_or(&0.0),
        );
        let mut place = (((1.0 + start) * STEPS as f32).round().max(0.0) as usize).clamp(least + 1, most - 1);
        let mut stride = STEPS / 8;
        let mut three = [0.0; 3];
        while stride >= 1 {
            // Walks uphill on this stride, then takes a finer one.
            for _ in 0..16 {
                let (low, high) = (place.saturating_sub(stride), (place + stride).min(most));
                three = [value(low), value(place), value(high)];
                if three[0] > three[1] && three[0] >= three[2] && low > least {
                    place = low;
                } else if three[2] > three[1] && high < most {
                    place = high;
                } else {
                    break;
                }
            }
            stride /= 8;
        }
        let (part, height) = parabola(three[0], three[1], three[2]);
        (origin as f64 + (place as f64 + f64::from(part)) / STEPS as f64, height)
    }
}

/// Sum of products in eight lanes, so that it is the same on every processor and fast.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 8];
    let (mut left, mut right) = (a.chunks_exact(8), b.chunks_exact(8));
    for (a, b) in left.by_ref().zip(right.by_ref()) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    let rest: f32 = left.remainder().iter().zip(right.remainder()).map(|(a, b)| a * b).sum();
    lanes.iter().sum::<f32>() + rest
}

/// Place (from the middle one, -0.5 to 0.5 for a peak) and height of the top of the parabola through three values.
pub(super) fn parabola(before: f32, middle: f32, after: f32) -> (f32, f32) {
    let (slope, curve) = (0.5 * (after - before), 2.0 * middle - before - after);
    if curve <= 0.0 {
        return (0.0, middle);
    }
    let part = (slope / curve).clamp(-1.0, 1.0);
    (part, middle + 0.5 * slope * part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_between_samples_is_found() {
        let between = Between::new();
        for (period, phase) in [(40.0, 0.3), (7.3, 0.0), (5.0, 0.49), (150.0, 0.77)] {
            let wave = |x: f64| (std::f64::consts::TAU * (x - phase) / period).cos();
            let series: Vec<f32> = (0..400).map(|n| wave(f64::from(n)) as f32).collect();
            let top = phase + (200.0 / period).round() * period;
            let (place, height) = between.peak(&series, top.round() as usize);
            assert!((place - top).abs() < 2e-3 * period, "{period}: {place}, not {top}");
            assert!((height - 1.0).abs() < 2e-4, "{period}: {height}");
        }
    }

    #[test]
    fn the_ends_do_no_harm() {
        let between = Between::new();
        for at in [0, 1, 2, 9] {
            let (place, height) = between.peak(&[1.0, 2.0, 0.0, 3.0], at);
            assert!(place.is_finite() && height.is_finite());
        }
        assert_eq!(parabola(1.0, 1.0, 1.0), (0.0, 1.0));
        assert_eq!(parabola(0.0, 1.0, 0.0), (0.0, 1.0));
    }
}
