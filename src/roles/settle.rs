//! Whose speech it is, where the transcript knows better than the sound.
//!
//! A voice that is said to be somebody's with little confidence becomes somebody else's where the transcript has that other
//! person's turn, and nobody else's. Everything else stays: a transcript seldom writes every "mhm", and its times may be
//! a quarter of a second off.

use serde::Deserialize;

use crate::time::{Secs, SessionTime, Span};
use crate::track::{Track, Tracks, Who};

/// `[settle]` of `config/roles.toml`; each field is explained there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "config/roles.toml explains each with its unit and source")]
pub struct Settings {
    pub edge_secs: Secs,
    pub min_secs: Secs,
    pub unsure_below: f32,
    pub confidence: f32,
}

/// A turn of the transcript: whose voice, and when.
pub type VoiceTurn = (Who, Span);

/// Gives speech to whom the transcript says; the seconds that changed hands. `tracks` as voice hands them over, `turns` in
/// any order. Speech tracks on different grids (recordings of their own) are left alone.
pub fn by_transcript(tracks: &mut Tracks, turns: &[VoiceTurn], settings: &Settings) -> f64 {
    let mut voices: Vec<Track> = tracks.all("speech").filter(|track| track.who != Who::Room).cloned().collect();
    let Some(grid) = voices.first().map(|track| track.grid) else { return 0.0 };
    if voices.len() < 2 || voices.iter().any(|track| track.grid != grid || track.values.ncols() == 0) {
        return 0.0;
    }
    let told = told(turns, &voices, grid.len, settings);
    let min_rows = (settings.min_secs.0.as_secs_f64() / grid.step.secs_f64()).ceil() as usize;
    let mut moved = 0;
    let mut from = 0;
    while from < grid.len {
        let claim = |row: usize| {
            let claimed = told[row]?;
            let mut speaking = (0..voices.len()).filter(|&v| voices[v].values[(row, 0)] >= 0.5);
            let heard = speaking.next()?;
            (speaking.next().is_none() && heard != claimed).then_some((heard, claimed))
        };
        let Some((heard, claimed)) = claim(from) else {
            from += 1;
            continue;
        };
        let to = (from..grid.len).find(|&row| claim(row) != Some((heard, claimed))).unwrap_or(grid.len);
        let sure = |row: usize| voices[heard].confidence.as_ref().and_then(|c| c.get(row).copied()).unwrap_or(1.0);
        let mean = (from..to).map(sure).sum::<f32>() / (to - from) as f32;
        if to - from >= min_rows && mean < settings.unsure_below {
            for row in from..to {
                let p = voices[heard].values[(row, 0)];
                let other = voices[claimed].values[(row, 0)];
                voices[claimed].values[(row, 0)] = p;
                voices[heard].values[(row, 0)] = other;
                for voice in [heard, claimed] {
                    if let Some(c) = voices[voice].confidence.as_mut().and_then(|c| c.get_mut(row)) {
                        *c = settings.confidence;
                    }
                }
            }
            moved += to - from;
        }
        from = to;
    }
    if moved > 0 {
        voices.into_iter().for_each(|track| tracks.insert("speech", track));
    }
    moved as f64 * grid.step.secs_f64()
}

/// For each row, the position of the only voice whose turn it clearly is.
fn told(turns: &[VoiceTurn], voices: &[Track], rows: usize, settings: &Settings) -> Vec<Option<usize>> {
    let grid = voices.first().map(|track| track.grid);
    let edge = SessionTime::from_secs_f64(settings.edge_secs.0.as_secs_f64());
    let back = SessionTime::from_nanos(-edge.nanos());
    // Inside a turn by the edge, and as far from everybody else's.
    let mut inside: Vec<Vec<bool>> = vec![vec![false; rows]; voices.len()];
    let mut near = inside.clone();
    for (who, span) in turns {
        let Some((voice, grid)) = voices.iter().position(|track| track.who == *who).zip(grid) else { continue };
        if let Some(core) = Span::new(span.start().shifted(edge), span.end().shifted(back)) {
            inside[voice][grid.indices(core)].fill(true);
        }
        if let Some(wide) = Span::new(span.start().shifted(back), span.end().shifted(edge)) {
            near[voice][grid.indices(wide)].fill(true);
        }
    }
    (0..rows)
        .map(|row| {
            let mut sure = (0..voices.len()).filter(|&voice| inside[voice][row]);
            let only = sure.next()?;
            (0..voices.len()).all(|voice| voice == only || !near[voice][row]).then_some(only)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use ndarray::{Array1, Array2};

    use super::*;
    use crate::time::{FrameGrid, Step};
    use crate::track::Unit;

    /// One character per 100 ms: `1` or `2` speaks, `b` both. `sure`: a digit, tenths. Turns: who, from and to in ms.
    fn check(picture: &str, sure: &str, turns: &[(u8, i64, i64)], expect: &str) {
        let step = Step { numer: NonZeroU32::MIN, denom: NonZeroU32::new(10).unwrap() };
        let grid = FrameGrid { first: SessionTime::from_millis(50), step, len: picture.len() };
        let mut tracks = Tracks::new();
        for number in [1u8, 2] {
            let speaks = |c: char| c == 'b' || c == char::from(b'0' + number);
            let values: Vec<f32> = picture.chars().map(|c| if speaks(c) { 0.9 } else { 0.1 }).collect();
            let confidence = sure.chars().map(|c| c.to_digit(10).unwrap() as f32 / 10.0).collect();
            let track = Track {
                who: Who::Speaker(number),
                unit: Unit::Probability,
                grid,
                columns: vec!["p".into()],
                values: Array2::from_shape_vec((picture.len(), 1), values).unwrap(),
                confidence: Some(Array1::from_vec(confidence)),
            };
            tracks.insert("speech", track);
        }
        let turns: Vec<VoiceTurn> = turns
            .iter()
            .map(|&(who, from, to)| {
                let at = SessionTime::from_millis;
                (Who::Speaker(who), Span::new(at(from), at(to)).unwrap())
            })
            .collect();
        let settings = Settings {
            edge_secs: Secs(std::time::Duration::from_millis(100)),
            min_secs: Secs(std::time::Duration::from_millis(300)),
            unsure_below: 0.9,
            confidence: 0.7,
        };
        let moved = by_transcript(&mut tracks, &turns, &settings);
        let p = |who: u8, row: usize| tracks.get("speech", Who::Speaker(who)).unwrap().values[(row, 0)] >= 0.5;
        let found: String = (0..picture.len())
            .map(|row| match (p(1, row), p(2, row)) {
                (true, true) => 'b',
                (true, false) => '1',
                (false, true) => '2',
                (false, false) => '.',
            })
            .collect();
        assert_eq!(found, expect);
        assert!((moved > 0.0) == (expect != picture));
    }

    #[test]
    fn an_unsure_voice_goes_to_whom_the_transcript_says() {
        check("..11111111..", "555555555555", &[(2, 0, 1200)], "..22222222..");
        check("..11111111..", "555555555555", &[(1, 0, 600), (2, 600, 1200)], "..11111222..");
    }

    #[test]
    fn a_sure_voice_an_overlap_and_a_moment_stay() {
        check("..11111111..", "999999999999", &[(2, 0, 1200)], "..11111111..");
        check("..bbbbbbbb..", "555555555555", &[(2, 0, 1200)], "..bbbbbbbb..");
        check("..11111111..", "555555555555", &[(2, 300, 600)], "..11111111..");
        check("..11111111..", "555555555555", &[], "..11111111..");
    }
}
