//! Pitch unlike the person's own usual pitch.

use serde::Deserialize;

use super::super::baseline::percentile;
use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read};
use super::voices::{self, Flag, changes, median_pitch, of_everybody, semitones, z_of_pieces};
use crate::time::Secs;
use crate::track::Unit;

/// ## What it sees
/// Pieces of speech whose median pitch, or whose range from the 5th to the 95th percentile, lies far from that of the
/// same person's other pieces; both in semitones, so that high and low voices count alike.
///
/// ## What it does not see
/// Creaky voice, which has no pitch. Why it changed: a question ends higher too.
pub struct Pitch;

const CARD: Card = Card {
    id: "aud.f0",
    section: "f0",
    what: "A person speaks higher, lower, more varied or flatter than they usually do.",
    unit: Unit::StandardScores,
    kinds: &["higher", "lower", "wider", "narrower"],
    needs: &["pitch"],
    after: &["aud.vad", "aud.backch", "aud.turnlen"],
    reads_text: false,
    source: "Boersma 1993; semitones from 27.5 Hz: eGeMAPS (Eyben 2016); z of 1.5: judgement.",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    voice_baseline: voices::Settings,
    /// Distance from usual that counts, in robust standard deviations.
    flag_z: f64,
    /// Least robust standard deviation of the median, semitones.
    min_spread_semitones: f64,
    /// The same of the range.
    min_range_spread_semitones: f64,
    /// Voiced speech a piece needs.
    min_voiced_secs: Secs,
    /// Voiced speech a piece needs for its range.
    min_range_voiced_secs: Secs,
    /// Distance from usual as a strength.
    strength: Ramp,
}

impl Marker for Pitch {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn shared(&self) -> &'static [&'static str] {
        &[voices::SECTION]
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        let base = &settings.voice_baseline;
        let rows = |secs: Secs| (secs.0.as_secs_f64() * 100.0).round() as usize;
        let flag = Flag { z: settings.flag_z, min_secs: 0.0, strength: settings.strength };
        of_everybody(&CARD, input, base, |voice| {
            let medians = z_of_pieces(voice, settings.min_spread_semitones, base, |piece| {
                median_pitch(voice, piece, rows(settings.min_voiced_secs))
            })?;
            let mut events = changes(&CARD, voice, &medians, flag, ["lower", "higher"]);
            let ranges = z_of_pieces(voice, settings.min_range_spread_semitones, base, |piece| {
                let hz = voice.values("pitch", "hz", &piece.alone);
                if hz.len() < rows(settings.min_range_voiced_secs) {
                    return None;
                }
                let mut sorted: Vec<f64> = hz.into_iter().map(semitones).collect();
                sorted.sort_by(f64::total_cmp);
                Some(percentile(&sorted, 95.0)? - percentile(&sorted, 5.0)?)
            });
            if let Some(ranges) = ranges {
                events.extend(changes(&CARD, voice, &ranges, flag, ["narrower", "wider"]));
            }
            Some(events)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::talk::Talk;
    use super::*;

    #[test]
    fn one_high_turn_among_even_ones() {
        let mut talk = Talk::of_turns(30, 3.0);
        talk.turn(14, |rows| rows.hz *= 1.4);
        let found = talk.find(&Pitch).unwrap();
        assert_eq!(talk.turns_of(&found), ["client 14 higher"]);
        assert!(found[0].value > 1.5 && found[0].strength > 0.5);
    }

    #[test]
    fn a_flat_turn_is_narrow() {
        let mut talk = Talk::of_turns(30, 3.0);
        talk.turn(6, |rows| rows.hz = 200.0);
        assert_eq!(talk.turns_of(&talk.find(&Pitch).unwrap()), ["client 6 narrower"]);
    }

    #[test]
    fn with_less_than_a_minute_nothing_is_usual() {
        let error = Talk::of_turns(8, 3.0).find(&Pitch).unwrap_err();
        assert!(error.to_string().contains("60 s"), "{error}");
    }
}
