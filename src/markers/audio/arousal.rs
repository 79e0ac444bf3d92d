//! A voice higher, louder and brighter than usual at once.

use serde::Deserialize;

use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read};
use super::voices::{self, Flag, changes, high_share, level, median_pitch, of_everybody, z_of_pieces};
use crate::time::Secs;
use crate::track::Unit;

/// ## What it sees
/// Pieces of speech in which the mean of three within-person z is high: median log pitch, A-weighted level, share of
/// energy above 500 Hz.
///
/// ## What it does not see
/// Which feeling it is, or whether any: speaking up over noise sounds the same.
pub struct Arousal;

const CARD: Card = Card {
    id: "aud.arousal",
    section: "arousal",
    what: "A person's voice is higher, louder and brighter than it usually is.",
    unit: Unit::StandardScores,
    kinds: &[],
    needs: &["pitch", "spectrum"],
    after: &["aud.vad", "aud.backch", "aud.turnlen"],
    reads_text: false,
    source: "Bone, Lee & Narayanan 2014 (rule-based arousal); z of 1.5: judgement.",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    voice_baseline: voices::Settings,
    /// Mean z that counts.
    flag_z: f64,
    /// Least robust standard deviation of each part: semitones, dB, share.
    min_spread_semitones: f64,
    min_spread_db: f64,
    min_spread_share: f64,
    /// Voiced speech a piece needs.
    min_voiced_secs: Secs,
    /// Mean z as a strength.
    strength: Ramp,
}

impl Marker for Arousal {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn shared(&self) -> &'static [&'static str] {
        &[voices::SECTION]
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        let base = &settings.voice_baseline;
        let min_rows = (settings.min_voiced_secs.0.as_secs_f64() * 100.0).round() as usize;
        let flag = Flag { z: settings.flag_z, min_secs: 0.0, strength: settings.strength };
        of_everybody(&CARD, input, base, |voice| {
            let pitch =
                z_of_pieces(voice, settings.min_spread_semitones, base, |piece| median_pitch(voice, piece, min_rows))?;
            let loud = z_of_pieces(voice, settings.min_spread_db, base, |piece| level(voice, piece))?;
            let bright = z_of_pieces(voice, settings.min_spread_share, base, |piece| high_share(voice, piece))?;
            let mean: Vec<Option<f64>> =
                pitch.iter().zip(&loud).zip(&bright).map(|((p, l), b)| Some(((*p)? + (*l)? + (*b)?) / 3.0)).collect();
            Some(changes(&CARD, voice, &mean, flag, ["", "raised"]))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::talk::Talk;
    use super::*;

    #[test]
    fn all_three_raised_count_and_one_alone_does_not() {
        let mut talk = Talk::of_turns(30, 3.0);
        talk.turn(9, |rows| {
            rows.hz *= 1.3;
            rows.dbfs += 8.0;
            rows.high_share += 0.2;
        });
        talk.turn(19, |rows| rows.dbfs += 4.0);
        talk.turn(25, |rows| {
            rows.hz /= 1.3;
            rows.dbfs -= 8.0;
            rows.high_share -= 0.2;
        });
        assert_eq!(talk.turns_of(&talk.find(&Arousal).unwrap()), ["therapist 9"]);
    }
}
