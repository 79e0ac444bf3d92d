//! A trembling or breaking voice.

use serde::Deserialize;

use super::super::baseline::percentile;
use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read};
use super::voices::{self, Voice, of_everybody, semitones};
use crate::time::{Secs, Span};
use crate::track::{Unit, runs};

/// ## What it sees
/// Voiced stretches in which pitch and loudness swing at 4 to 12 Hz: the share of their modulation in that band, with
/// breaks of the pitch added, above the person's own 95th percentile. Always weak: syllables swing in the same band.
///
/// ## What it does not see
/// Whether it is emotion, age, illness or singing. A weak sign: it only supports crying and distress.
pub struct Tremor;

const CARD: Card = Card {
    id: "aud.tremor",
    section: "tremor",
    what: "A person's voice trembles or breaks.",
    unit: Unit::Share,
    kinds: &["tremor", "break"],
    needs: &["pitch", "loudness"],
    after: &["aud.vad", "aud.backch", "aud.turnlen"],
    reads_text: false,
    source: "Band of vocal tremor 4 to 12 Hz; above the own P95: judgement (DOMAIN B).",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    voice_baseline: voices::Settings,
    /// Shorter voiced stretches are not judged.
    min_secs: Secs,
    /// Longer ones are judged in pieces of this length.
    max_secs: Secs,
    /// Unvoiced holes of up to this length do not end a stretch; they are no breaks, for consonants make them too.
    hole_secs: Secs,
    /// Band of the tremor, Hz.
    band_hz: [f64; 2],
    /// Band against which it is held, Hz.
    all_hz: [f64; 2],
    /// Swings of the pitch smaller than this (root mean square in the band, semitones) are no tremor.
    min_semitones: f64,
    /// Semitones between neighbouring rows that are a break of the pitch.
    break_semitones: f64,
    /// What each break adds.
    per_break: f64,
    /// Own percentile that must be passed.
    own_percentile: f64,
    /// Least value that counts.
    least: f64,
    /// Fewer stretches of a person than this: nothing is said.
    min_stretches: usize,
    /// Value as a strength.
    strength: Ramp,
    /// The largest confidence, 0 to 1.
    most_confidence: f32,
}

/// Energy of a series at these frequencies, under a raised cosine, mean and slope taken out; mean square.
fn energy(series: &[f64], band_hz: [f64; 2], step_secs: f64) -> f64 {
    let n = series.len() as f64;
    let middle = (n - 1.0) / 2.0;
    let mean = series.iter().sum::<f64>() / n;
    let (mut over, mut under) = (0.0, 0.0);
    for (at, value) in series.iter().enumerate() {
        over += (at as f64 - middle) * (value - mean);
        under += (at as f64 - middle).powi(2);
    }
    let slope = if under > 0.0 { over / under } else { 0.0 };
    let windowed: Vec<(f64, f64)> = series
        .iter()
        .enumerate()
        .map(|(at, value)| {
            let weight = 0.5 - 0.5 * (std::f64::consts::TAU * (at as f64 + 0.5) / n).cos();
            (weight * (value - mean - slope * (at as f64 - middle)), weight * weight)
        })
        .collect();
    let weights: f64 = windowed.iter().map(|(_, weight)| weight).sum();
    let bin_hz = 1.0 / (n * step_secs);
    let (from, to) = ((band_hz[0] / bin_hz).ceil() as usize, (band_hz[1] / bin_hz).floor() as usize);
    let bin = |k: usize| {
        let (mut re, mut im) = (0.0, 0.0);
        for (at, (value, _)) in windowed.iter().enumerate() {
            let phase = std::f64::consts::TAU * k as f64 * at as f64 / n;
            re += value * phase.cos();
            im += value * phase.sin();
        }
        2.0 * (re * re + im * im) / (n * weights)
    };
    (from.max(1)..=to.min(series.len() / 2)).map(bin).sum()
}

/// One voiced stretch.
struct Stretch {
    span: Span,
    value: f64,
    breaks: usize,
}

fn stretches(voice: &Voice<'_>, settings: &Settings) -> Option<Vec<Stretch>> {
    let (pitch, loudness) = (voice.track("pitch")?, voice.track("loudness")?);
    let (hz, levels) = (pitch.column("hz")?, loudness.column("dbfs")?);
    let step_secs = pitch.grid.step.secs_f64();
    let rows_of = |secs: Secs| (secs.0.as_secs_f64() / step_secs).round() as usize;
    let (min_rows, hole_rows) = (rows_of(settings.min_secs).max(4), rows_of(settings.hole_secs));
    let max_rows = rows_of(settings.max_secs).max(min_rows);
    let mut found = Vec::new();
    for span in voice.pieces.iter().flat_map(|piece| piece.alone.iter()) {
        let rows = pitch.grid.indices(*span);
        let mut joined: Vec<(usize, usize)> = Vec::new();
        for (from, to) in runs(rows.clone().map(|row| hz.get(row).is_some_and(|hz| !hz.is_nan()))) {
            match joined.last_mut() {
                Some(last) if from - last.1 <= hole_rows => last.1 = to,
                _ => joined.push((from, to)),
            }
        }
        let pieces = joined
            .into_iter()
            .flat_map(|(from, to)| (from..to).step_by(max_rows).map(move |at| (at, (at + max_rows).min(to))));
        for (from, to) in pieces.filter(|(from, to)| to - from >= min_rows) {
            let (from, to) = (rows.start + from, rows.start + to);
            let (mut tones, mut breaks, mut last) = (Vec::new(), 0, f64::NAN);
            let mut in_hole = false;
            for row in from..to {
                let tone = hz.get(row).map_or(f64::NAN, |hz| semitones(*hz));
                if tone.is_nan() {
                    in_hole = true;
                } else {
                    breaks += usize::from(!in_hole && (tone - last).abs() > settings.break_semitones);
                    in_hole = false;
                    last = tone;
                }
                tones.push(last);
            }
            let loud: Vec<f64> = (from..to).filter_map(|row| levels.get(row).copied()).map(f64::from).collect();
            let share = |series: &[f64]| {
                let all = energy(series, settings.all_hz, step_secs);
                if all > 0.0 { energy(series, settings.band_hz, step_secs) / all } else { 0.0 }
            };
            let swing = energy(&tones, settings.band_hz, step_secs).sqrt();
            let trembles = if swing >= settings.min_semitones { (share(&tones) + share(&loud)) / 2.0 } else { 0.0 };
            let value = (trembles + settings.per_break * breaks as f64).min(1.0);
            found.extend(pitch.grid.span(from, to).map(|span| Stretch { span, value, breaks }));
        }
    }
    Some(found)
}

impl Marker for Tremor {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn shared(&self) -> &'static [&'static str] {
        &[voices::SECTION]
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        of_everybody(&CARD, input, &settings.voice_baseline, |voice| {
            let found = stretches(voice, &settings)?;
            let secs: f64 = voice.pieces.iter().map(voices::Piece::secs).sum();
            let enough = secs >= settings.voice_baseline.min_total_secs.0.as_secs_f64();
            if found.len() < settings.min_stretches || !enough {
                return None;
            }
            let mut values: Vec<f64> = found.iter().map(|stretch| stretch.value).collect();
            values.sort_by(f64::total_cmp);
            let usual = percentile(&values, settings.own_percentile)?.max(settings.least);
            let events = found.into_iter().filter(|stretch| stretch.value > usual).map(|stretch| {
                let kind = if stretch.breaks > 0 { "break" } else { "tremor" };
                let value = stretch.value as f32;
                let sure = voice.pieces.iter().find(|p| p.span.overlap(stretch.span).is_some());
                Event::new(&CARD, voice.who, stretch.span, value).kind(kind).rated(
                    settings.strength.strength(value),
                    sure.map_or(0.0, |piece| piece.confidence.min(settings.most_confidence)),
                )
            });
            Some(events.collect())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::talk::Talk;
    use super::*;

    #[test]
    fn energy_is_found_in_its_band() {
        let series: Vec<f64> = (0..200)
            .map(|n| 3.0 + 0.02 * f64::from(n) + (std::f64::consts::TAU * 6.0 * f64::from(n) / 100.0).sin())
            .collect();
        assert!((energy(&series, [4.0, 12.0], 0.01) - 0.5).abs() < 0.02);
        assert!(energy(&series, [12.0, 20.0], 0.01) < 0.01);
    }

    #[test]
    fn a_voice_that_swings_six_times_a_second_trembles() {
        let mut talk = Talk::of_turns(30, 3.0);
        talk.turn(13, |rows| {
            let swing = (std::f32::consts::TAU * 6.0 * rows.secs).sin();
            rows.hz = 200.0 * (swing * 0.06).exp2();
            rows.dbfs = -25.0 + 3.0 * swing;
        });
        let found = talk.find(&Tremor).unwrap();
        let strongest = found.into_iter().max_by(|a, b| a.value.total_cmp(&b.value)).unwrap();
        assert_eq!(talk.turns_of(&[strongest]), ["therapist 13 tremor"]);
    }
}
