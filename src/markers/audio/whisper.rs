//! Whispering and hardly voiced speech.

use serde::Deserialize;

use super::super::baseline::percentile;
use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read};
use super::floor::Floor;
use super::voices::{self, Voice, of_everybody, outside_overlap};
use crate::time::{Secs, Span};
use crate::track::{Unit, Who};

/// ## What it sees
/// Stretches of speech of which hardly any row is voiced and which are among the person's quietest, but stand out of the
/// room's noise.
///
/// ## What it does not see
/// A whisper that the speech network does not take for speech. A word of voiceless consonants alone looks alike.
pub struct Whisper;

const CARD: Card = Card {
    id: "aud.whisper",
    section: "whisper",
    what: "A person whispers, or speaks with hardly any voice.",
    unit: Unit::Share,
    kinds: &[],
    needs: &["pitch", "loudness"],
    after: &["aud.vad", "aud.backch", "aud.turnlen"],
    reads_text: false,
    source: "Voicing below .2 and level up to the own P10: judgement (DOMAIN B).",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    voice_baseline: voices::Settings,
    /// Share of voiced rows below which a stretch counts, 0 to 1.
    voiced_below: f32,
    /// Percentile of the levels of the person's stretches up to which one is quiet.
    quiet_percentile: f64,
    /// dB below the median of those levels that it is at least.
    below_median_db: f64,
    /// Shorter stretches are not judged.
    min_secs: Secs,
    /// Percentile of the whole recording's level that counts as the room's noise.
    noise_percentile: f64,
    /// dB above that from which on somebody says something.
    over_noise_db: f64,
    /// Share of rows that are not voiced as a strength.
    strength: Ramp,
    /// The largest confidence, 0 to 1: voiceless consonants alone look alike.
    most_confidence: f32,
}

/// Mean level of a stretch in dB, averaged as power, and the share of its rows that are voiced.
fn level_and_voicing(voice: &Voice<'_>, alone: &[Span]) -> Option<(f64, f32)> {
    let levels = voice.values("loudness", "dbfs", alone);
    let power: f64 = levels.iter().map(|db| 10f64.powf(f64::from(*db) / 10.0)).sum();
    let pitch = voice.track("pitch")?;
    let rows = voice.rows(pitch, alone).len();
    let voiced = voice.values("pitch", "hz", alone).len();
    (power > 0.0 && rows > 0).then(|| (10.0 * (power / levels.len() as f64).log10(), voiced as f32 / rows as f32))
}

impl Marker for Whisper {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn shared(&self) -> &'static [&'static str] {
        &[voices::SECTION]
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        let floor = Floor::read(input.earlier, input.session);
        of_everybody(&CARD, input, &settings.voice_baseline, |voice| {
            let secs: f64 = voice.pieces.iter().map(voices::Piece::secs).sum();
            if secs < settings.voice_baseline.min_total_secs.0.as_secs_f64() {
                return None;
            }
            let mut room: Vec<f64> =
                voice.values("loudness", "dbfs", &[input.session]).into_iter().map(f64::from).collect();
            room.sort_by(f64::total_cmp);
            let noise = percentile(&room, settings.noise_percentile)? + settings.over_noise_db;
            let person = floor.person(voice.who).filter(|person| person.who != Who::Room)?;
            let stretches: Vec<(Span, f32, f64, f32)> = person
                .speech
                .iter()
                .filter(|stretch| stretch.span.length() >= settings.min_secs.0)
                .filter_map(|stretch| {
                    let alone = outside_overlap(stretch.span, voice.who, &floor);
                    let (level, voiced) = level_and_voicing(voice, &alone)?;
                    Some((stretch.span, stretch.confidence, level, voiced))
                })
                .collect();
            let mut levels: Vec<f64> = stretches.iter().map(|(.., level, _)| *level).collect();
            levels.sort_by(f64::total_cmp);
            let below = percentile(&levels, 50.0)? - settings.below_median_db;
            let quiet = percentile(&levels, settings.quiet_percentile)?.min(below);
            let found = stretches
                .into_iter()
                .filter(|(_, _, level, voiced)| *voiced < settings.voiced_below && *level <= quiet && *level >= noise);
            Some(
                found
                    .map(|(span, confidence, _, voiced)| {
                        let share = 1.0 - voiced;
                        let confidence = confidence.min(settings.most_confidence);
                        Event::new(&CARD, voice.who, span, share).rated(settings.strength.strength(share), confidence)
                    })
                    .collect(),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::talk::Talk;
    use super::*;

    #[test]
    fn a_quiet_turn_without_voice_is_a_whisper_and_a_quiet_one_with_voice_is_none() {
        let mut talk = Talk::of_turns(30, 3.0);
        talk.turn(5, |rows| {
            rows.dbfs -= 15.0;
            rows.hz = f32::NAN;
        });
        talk.turn(15, |rows| rows.dbfs -= 16.0);
        talk.turn(25, |rows| rows.hz = f32::NAN);
        assert_eq!(talk.turns_of(&talk.find(&Whisper).unwrap()), ["therapist 5"]);
    }
}
