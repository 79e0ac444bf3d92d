//! Voice quality unlike the person's own usual one.

use serde::Deserialize;

use super::super::baseline::percentile;
use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read};
use super::voices::{self, Flag, Piece, Voice, changes, of_everybody, z_of_pieces};
use crate::time::Secs;
use crate::track::Unit;

/// ## What it sees
/// Pieces of speech whose jitter (local), shimmer (local) or harmonics-to-noise ratio lies far from that of the same
/// person's other pieces, over voiced rows that are not among the faintest.
///
/// ## What it does not see
/// Anything in telephone, clipped or holed sound: those rows are not assessable. Compression that keeps the whole band
/// is not noticed and may change the numbers; so may a recorder that levels all speech out.
pub struct VoiceQuality;

const CARD: Card = Card {
    id: "aud.voiceq",
    section: "voiceq",
    what: "A person's voice is rougher or clearer than it usually is.",
    unit: Unit::StandardScores,
    kinds: &["jitter_lower", "jitter_higher", "shimmer_lower", "shimmer_higher", "hnr_lower", "hnr_higher"],
    needs: &["pitch", "spectrum", "voice_quality"],
    after: &["aud.vad", "aud.backch", "aud.turnlen"],
    reads_text: false,
    source: "Jitter, shimmer (local): Praat; HNR: Boersma 1993; z of 2 within a person: judgement (DOMAIN B).",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    voice_baseline: voices::Settings,
    /// Distance from usual that counts, in robust standard deviations.
    flag_z: f64,
    /// Voiced rows below this percentile of the person's voiced level are too faint.
    faint_percentile: f64,
    /// Voiced, loud, assessable speech a piece needs.
    min_voiced_secs: Secs,
    /// Least robust standard deviation of each measure: percent, percent, dB.
    min_spread_jitter: f64,
    min_spread_shimmer: f64,
    min_spread_hnr_db: f64,
    /// Distance from usual as a strength.
    strength: Ramp,
}

/// Jitter and shimmer in percent and HNR in dB of a piece; `None` with too little that can be assessed.
fn measures(voice: &Voice<'_>, piece: &Piece, faint_dbfs: f32, min_rows: usize) -> Option<[f64; 3]> {
    let (quality, spectrum) = (voice.track("voice_quality")?, voice.track("spectrum")?);
    let levels = spectrum.column("a_weighted_dbfs")?;
    let hnr = quality.column("hnr_db")?;
    let columns: Vec<_> = ["pairs", "period_s", "period_change_s", "peak", "peak_pairs", "peak_change"]
        .iter()
        .map(|name| quality.column(name))
        .collect::<Option<_>>()?;
    let (mut rows, mut hnr_sum, mut sums) = (0usize, 0.0, [0.0f64; 6]);
    for row in voice.rows(quality, &piece.alone) {
        let (Some(hnr), Some(level)) = (hnr.get(row), levels.get(row)) else { continue };
        if hnr.is_nan() || *level < faint_dbfs || level.is_nan() {
            continue;
        }
        rows += 1;
        hnr_sum += f64::from(*hnr);
        for (sum, column) in sums.iter_mut().zip(&columns) {
            *sum += f64::from(column.get(row).copied().filter(|v| v.is_finite()).unwrap_or(0.0));
        }
    }
    if rows < min_rows.max(1) {
        return None;
    }
    let [pairs, period, period_change, peak, peak_pairs, peak_change] = sums;
    let jitter = 100.0 * period_change / period;
    let shimmer = 100.0 * (peak_change / peak_pairs) / (peak / pairs);
    Some([jitter, shimmer, hnr_sum / rows as f64])
}

impl Marker for VoiceQuality {
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
        let spreads = [settings.min_spread_jitter, settings.min_spread_shimmer, settings.min_spread_hnr_db];
        let kinds =
            [["jitter_lower", "jitter_higher"], ["shimmer_lower", "shimmer_higher"], ["hnr_lower", "hnr_higher"]];
        of_everybody(&CARD, input, base, |voice| {
            let all: Vec<_> = voice.pieces.iter().flat_map(|piece| piece.alone.iter().copied()).collect();
            let mut levels: Vec<f64> =
                voice.values("spectrum", "a_weighted_dbfs", &all).into_iter().map(f64::from).collect();
            levels.sort_by(f64::total_cmp);
            let faint_dbfs = percentile(&levels, settings.faint_percentile)? as f32;
            let each: Vec<Option<[f64; 3]>> =
                voice.pieces.iter().map(|piece| measures(voice, piece, faint_dbfs, min_rows)).collect();
            let mut events = Vec::new();
            let mut any = false;
            for (index, (spread, kinds)) in spreads.into_iter().zip(kinds).enumerate() {
                let of_piece = |piece: &Piece| {
                    let at = voice.pieces.iter().position(|other| other == piece)?;
                    each.get(at).copied().flatten().map(|three| three[index])
                };
                if let Some(z) = z_of_pieces(voice, spread, base, of_piece) {
                    any = true;
                    events.extend(changes(&CARD, voice, &z, flag, kinds));
                }
            }
            any.then_some(events)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::talk::Talk;
    use super::*;

    #[test]
    fn a_rough_turn_is_rough() {
        let mut talk = Talk::of_turns(30, 3.0);
        talk.turn(11, |rows| {
            rows.jitter *= 3.0;
            rows.hnr_db -= 8.0;
        });
        assert_eq!(
            talk.turns_of(&talk.find(&VoiceQuality).unwrap()),
            ["therapist 11 jitter_higher", "therapist 11 hnr_lower"]
        );
    }

    #[test]
    fn spoiled_sound_is_not_judged() {
        let mut talk = Talk::of_turns(30, 3.0);
        talk.turn(11, |rows| rows.jitter *= 3.0);
        talk.spoiled();
        let error = talk.find(&VoiceQuality).unwrap_err();
        assert!(error.to_string().contains("assessed"), "{error}");
    }
}
