//! A constant offset of the sound, as cheap sound cards add it: it is no sound, and counts as level if it stays.

/// Of the old input, how much stays in the output from one sample to the next: a high-pass at 5 Hz (1 - 2 pi 5 / 16000),
/// far below any voice.
const POLE: f32 = 0.998_036_5;

/// Takes the constant part out of one channel (the usual one-pole DC blocker), and keeps its mean.
#[derive(Clone, Debug, Default)]
pub(super) struct Offset {
    input: Option<f32>,
    output: f32,
    sum: f64,
    count: u64,
}

impl Offset {
    /// The next sample without the constant part.
    pub(super) fn without(&mut self, sample: f32) -> f32 {
        self.sum += f64::from(sample);
        self.count += 1;
        // The first sample is taken for the constant part, so that there is no jump at the start.
        let before = self.input.replace(sample).unwrap_or(sample);
        self.output = sample - before + POLE * self.output;
        self.output
    }

    /// Mean of all samples, full scale = 1; 0 without any.
    pub(super) fn mean(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum / self.count as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constant_part_goes_and_a_tone_stays() {
        let mut offset = Offset::default();
        let tone = |n: usize| 0.5 * (std::f32::consts::TAU * n as f32 / 100.0).sin();
        let out: Vec<f32> = (0..32_000).map(|n| offset.without(tone(n) + 0.25)).collect();
        assert!((offset.mean() - 0.25).abs() < 1e-3);
        let mean = out[16_000..].iter().sum::<f32>() / 16_000.0;
        assert!(mean.abs() < 1e-3, "{mean}");
        let most = out[16_000..].iter().fold(0.0f32, |most, s| most.max(s.abs()));
        assert!((most - 0.5).abs() < 0.01, "{most}");
        assert!(Offset::default().mean().abs() < f64::EPSILON);
    }

    #[test]
    fn a_constant_alone_is_silence() {
        let mut offset = Offset::default();
        assert!((0..1000).all(|_| offset.without(0.3).abs() < 1e-6));
    }
}
