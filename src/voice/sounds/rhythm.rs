//! Syllables that repeat: "ha ha ha".
//!
//! A laugh is a chain of alike bursts, 3 to 8 in a second (Bachorowski, Smoski & Owren 2001, JASA 110: 4.4 a second on
//! average); neighbouring syllables of talk are not alike. The network misses laughs with a full voice, which sound
//! like speech to it, and this finds them. How alike the sound is to itself one burst later, less how alike half a burst
//! later, is large where bursts and gaps alternate and repeat.
//!
//! What else repeats so: knocking, bells, ticking, engines, a horse. Who reads this must know that a voice is there.

use super::mel::Bands;

/// Frames of 10 ms that are compared with themselves: 1.2 s.
pub(super) const WINDOW: usize = 120;
/// Frames from burst to burst: 0.12 to 0.33 s.
const BURST: std::ops::Range<usize> = 12..34;
/// Bands that are joined before comparing.
const JOINED: usize = 4;
const BANDS: usize = super::mel::BANDS / JOINED;
/// What is added before the logarithm at a level of 1, as the network does.
pub(super) const FLOOR: f32 = 1e-3;

/// Logarithms of the joined bands. `gain` brings each frame's surroundings to the level at which [`FLOOR`] holds.
pub(super) fn logarithms(frames: &[Bands], gain: &[f32]) -> Vec<[f32; BANDS]> {
    let of = |(bands, gain): (&Bands, &f32)| {
        let floor = FLOOR / gain;
        let mut joined = [0.0; BANDS];
        for (out, part) in joined.iter_mut().zip(bands.chunks_exact(JOINED)) {
            *out = part.iter().map(|magnitude| (magnitude + floor).ln()).sum::<f32>() / JOINED as f32;
        }
        joined
    };
    frames.iter().zip(gain).map(of).collect()
}

/// Sum of the products of all bands of all pairs of frames, band by band, so that the processor does several at once.
fn product(a: &[[f32; BANDS]], b: &[[f32; BANDS]]) -> f32 {
    let mut sums = [0.0; BANDS];
    for (a, b) in a.iter().zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}

/// 0 (nothing repeats) to 1, of these [`WINDOW`] frames.
pub(super) fn repeats(window: &[[f32; BANDS]]) -> f32 {
    let mut mean = [0.0; BANDS];
    window.iter().for_each(|frame| mean.iter_mut().zip(frame).for_each(|(sum, value)| *sum += value));
    mean.iter_mut().for_each(|sum| *sum /= window.len().max(1) as f32);
    let around: Vec<[f32; BANDS]> = window.iter().map(|frame| std::array::from_fn(|b| frame[b] - mean[b])).collect();
    let own: Vec<f32> = around.iter().map(|frame| product(&[*frame], &[*frame])).collect();
    // Pearson's correlation with the same `lag` frames later, -1 to 1; 0 where nothing changes.
    let alike = |lag: usize| {
        let Some(later) = around.get(lag..) else { return 0.0 };
        let first: f32 = own[..later.len()].iter().sum();
        let second: f32 = own[lag..].iter().sum();
        product(&around, later) / (first * second + 1e-6).sqrt()
    };
    let curve: Vec<f32> = (BURST.start / 2..=BURST.end).map(alike).collect();
    let at = |lag: usize| curve[lag - BURST.start / 2];
    BURST
        .filter(|&lag| at(lag) >= at(lag - 1) && at(lag) >= at(lag + 1))
        .map(|lag| ((at(lag) - at(lag / 2)) / 2.0).min(at(lag)))
        .fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::super::mel::{HOP, Mel};
    use super::*;

    /// A voice-like hum whose loudness follows `envelope` (0 to 1), of the second part of 1.4 s.
    fn check(pitch_hz: f32, envelope: impl Fn(f32) -> f32) -> f32 {
        let samples: Vec<f32> = (0..(WINDOW + 2) * HOP)
            .map(|n| {
                let secs = n as f32 / 16_000.0;
                let hum = |part: f32| (std::f32::consts::TAU * pitch_hz * part * secs).sin() / part;
                0.2 * envelope(secs) * (1..12).map(|part| hum(part as f32)).sum::<f32>()
            })
            .collect();
        let frames = Mel::new().frames(&samples);
        repeats(&logarithms(&frames, &vec![1.0; frames.len()])[..WINDOW])
    }

    /// Bursts that take up half of each period.
    fn bursts(period_secs: f32) -> impl Fn(f32) -> f32 {
        move |secs| (std::f32::consts::TAU * secs / period_secs).sin().max(0.0)
    }

    #[test]
    fn even_bursts_repeat_at_the_pace_of_laughs_only() {
        assert!(check(180.0, bursts(0.2)) > 0.7);
        assert!(check(250.0, bursts(0.3)) > 0.7);
        assert!(check(180.0, bursts(1.0)) < 0.3);
    }

    #[test]
    fn a_steady_voice_silence_and_uneven_bursts_do_not() {
        assert!(check(180.0, |_| 1.0) < 0.3);
        assert!(check(180.0, |_| 0.0) < 1e-6);
        // Each burst comes later than the one before by another 25 %.
        let slowing = |secs: f32| (std::f32::consts::TAU * (1.0 + 4.0 * secs).ln() * 4.0).sin().max(0.0);
        assert!(check(180.0, slowing) < 0.5, "{}", check(180.0, slowing));
    }

    #[test]
    fn too_little_is_nothing() {
        assert!(repeats(&[]) < 1e-6);
        assert!(repeats(&[[1.0; BANDS]; 3]) < 1e-6);
    }
}
