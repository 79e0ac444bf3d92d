//! Whether a person's voice follows the partner's.

use serde::Deserialize;

use super::super::require;
use super::super::{Card, Event, Input, Marker, MarkerError, read};
use super::syllables::{self, nuclei};
use super::voices::{self, Voice, level, median_pitch, middle, voices};
use crate::time::Secs;
use crate::track::Unit;

/// ## What it sees
/// For each person and measure (pitch, loudness, rate) how the turn goes with the partner's turn before it: the
/// correlation, against the same turns paired at random. `_convergence`: how the difference goes with time, negative if
/// they come nearer to each other.
///
/// ## What it does not see
/// Whether that is good: pitch synchrony went with poorer relationships (Reich et al. 2014). It describes and is never
/// scored: its strength is always 0.
pub struct Entrainment;

const CARD: Card = Card {
    id: "aud.entrain",
    section: "entrain",
    what: "A person's voice goes along with the partner's voice before it.",
    unit: Unit::StandardScores,
    kinds: &["pitch", "loudness", "rate", "pitch_convergence", "loudness_convergence", "rate_convergence"],
    needs: &["pitch", "loudness", "spectrum"],
    after: &["aud.vad", "aud.backch", "aud.turnlen"],
    reads_text: false,
    source: "Levitan & Hirschberg 2011; surrogates by random pairing (DOMAIN B).",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    voice_baseline: voices::Settings,
    syllables: syllables::Settings,
    /// Random pairings.
    shuffles: usize,
    /// Where the generator of the pairings begins: the same session gives the same numbers.
    seed: u64,
    /// Fewer pairs of turns than this: nothing is said.
    min_pairs: usize,
    /// Pairs from which on the confidence is full.
    full_pairs: usize,
    /// Longest silence between the partner's turn and the answer.
    max_gap_secs: Secs,
    /// Shorter turns are left out.
    min_secs: Secs,
    /// Voiced speech a turn needs for its pitch.
    min_voiced_secs: Secs,
}

/// One turn's pitch, loudness and rate, as far as they could be measured.
struct Turn {
    who: usize,
    start: f64,
    end: f64,
    three: [Option<f64>; 3],
}

fn turns(voice: &Voice<'_>, who: usize, settings: &Settings) -> Vec<Turn> {
    let nuclei = nuclei(voice, &settings.syllables).unwrap_or_default();
    let min_rows = (settings.min_voiced_secs.0.as_secs_f64() * 100.0).round() as usize;
    let mut found: Vec<Turn> = Vec::new();
    for pieces in voice.pieces.chunk_by(|a, b| a.turn == b.turn) {
        let Some((first, others)) = pieces.split_first() else { continue };
        let mut whole = first.clone();
        for piece in others {
            whole.span = whole.span.hull(piece.span);
            whole.alone.extend(&piece.alone);
        }
        if whole.secs() >= settings.min_secs.0.as_secs_f64() {
            let rate = syllables::articulation_rate(&whole, &nuclei, 0.3);
            let three = [median_pitch(voice, &whole, min_rows), level(voice, &whole), rate];
            let (start, end) = (whole.span.start().secs_f64(), whole.span.end().secs_f64());
            found.push(Turn { who, start, end, three });
        }
    }
    found
}

/// Correlation of pairs; 0 where one side does not vary.
fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len().max(1) as f64;
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        xy += (x - mx) * (y - my);
        xx += (x - mx).powi(2);
        yy += (y - my).powi(2);
    }
    if xx > 0.0 && yy > 0.0 { xy / (xx * yy).sqrt() } else { 0.0 }
}

/// How far `statistic` of the true order lies from those of random orders of `0..length`, in their standard deviations.
fn z_against_shuffles(length: usize, settings: &Settings, statistic: impl Fn(&[usize]) -> f64) -> f64 {
    let mut order: Vec<usize> = (0..length).collect();
    let truth = statistic(&order);
    let mut state = settings.seed;
    let mut below = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as usize) % bound.max(1)
    };
    let found: Vec<f64> = (0..settings.shuffles)
        .map(|_| {
            for last in (1..length).rev() {
                order.swap(last, below(last + 1));
            }
            statistic(&order)
        })
        .collect();
    let mean = found.iter().sum::<f64>() / found.len().max(1) as f64;
    let spread = (found.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / found.len().max(1) as f64).sqrt();
    if spread > 0.0 { (truth - mean) / spread } else { 0.0 }
}

/// Each value as a distance from the person's own median, in median distances, so that two people can be compared.
fn own_scale(values: &[f64]) -> Vec<f64> {
    let median = middle(values.to_vec()).unwrap_or(0.0);
    let spread = middle(values.iter().map(|v| (v - median).abs()).collect()).filter(|s| *s > 0.0).unwrap_or(1.0);
    values.iter().map(|v| (v - median) / spread).collect()
}

impl Marker for Entrainment {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn shared(&self) -> &'static [&'static str] {
        &[voices::SECTION]
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        require(&CARD, input.tracks)?;
        let voices = voices(input, &settings.voice_baseline);
        let mut all: Vec<Turn> =
            voices.iter().enumerate().flat_map(|(who, voice)| turns(voice, who, &settings)).collect();
        all.sort_by(|a, b| a.start.total_cmp(&b.start).then(a.who.cmp(&b.who)));
        let mut events = Vec::new();
        for (who, voice) in voices.iter().enumerate() {
            let follows = |two: &&[Turn]| {
                two[1].who == who
                    && two[0].who != who
                    && two[1].start - two[0].end <= settings.max_gap_secs.0.as_secs_f64()
            };
            for measure in 0..3 {
                let pairs: Vec<(f64, f64, f64)> = all
                    .windows(2)
                    .filter(follows)
                    .filter_map(|two| Some((two[0].three[measure]?, two[1].three[measure]?, two[1].start)))
                    .collect();
                if pairs.len() < settings.min_pairs.max(3) {
                    continue;
                }
                let partner: Vec<f64> = pairs.iter().map(|pair| pair.0).collect();
                let own: Vec<f64> = pairs.iter().map(|pair| pair.1).collect();
                let time: Vec<f64> = pairs.iter().map(|pair| pair.2).collect();
                let along = z_against_shuffles(pairs.len(), &settings, |order| {
                    correlation(&order.iter().map(|&at| partner[at]).collect::<Vec<_>>(), &own)
                });
                let (near, mine) = (own_scale(&partner), own_scale(&own));
                let apart: Vec<f64> = near.iter().zip(&mine).map(|(a, b)| (a - b).abs()).collect();
                let nearer = z_against_shuffles(pairs.len(), &settings, |order| {
                    correlation(&order.iter().map(|&at| apart[at]).collect::<Vec<_>>(), &time)
                });
                let sure = (pairs.len() as f32 / settings.full_pairs.max(1) as f32).min(1.0);
                for (z, kind) in [(along, CARD.kinds[measure]), (nearer, CARD.kinds[measure + 3])] {
                    events.push(Event::new(&CARD, voice.who, input.session, z as f32).kind(kind).rated(0.0, sure));
                }
            }
        }
        if events.is_empty() {
            let need_secs = settings.voice_baseline.min_total_secs.0.as_secs_f64();
            return Err(MarkerError::TooLittleSpeech { marker: CARD.id, need_secs });
        }
        events.sort_by(|a, b| a.who.cmp(&b.who).then(a.kind.cmp(&b.kind)));
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::super::talk::Talk;
    use super::*;

    #[test]
    fn who_follows_the_partners_pitch_is_seen_to() {
        let mut talk = Talk::of_turns(60, 3.0);
        for turn in (0..60).step_by(2) {
            let up = ((turn * 7919) % 13) as f32 / 13.0;
            talk.turn(turn, |rows| rows.hz *= 1.0 + 0.3 * up);
            talk.turn(turn + 1, |rows| rows.hz *= 1.0 + 0.2 * up);
        }
        let found = talk.find(&Entrainment).unwrap();
        let z = |kind: &str| {
            found
                .iter()
                .find(|e| e.who == crate::track::Who::Therapist && e.kind.as_deref() == Some(kind))
                .unwrap()
                .value
        };
        assert!(z("pitch") > 3.0, "{}", z("pitch"));
        assert!(z("loudness").abs() < 3.0, "{}", z("loudness"));
        assert!(found.iter().all(|e| e.strength == 0.0));
        assert_eq!(found, talk.find(&Entrainment).unwrap());
    }

    #[test]
    fn correlations_are_those_of_the_textbook() {
        assert!((correlation(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]) - 1.0).abs() < 1e-12);
        assert!((correlation(&[1.0, 2.0, 3.0], &[1.0, 3.0, 2.0]) - 0.5).abs() < 1e-12);
        assert!(correlation(&[1.0, 1.0], &[1.0, 2.0]).abs() < 1e-12);
    }
}
