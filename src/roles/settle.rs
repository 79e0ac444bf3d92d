//! Whose speech it is, where the transcript knows better than the sound.
//!
//! A voice that is said to be somebody's with little confidence becomes somebody else's where the transcript has that other
//! person's turn, and nobody else's. Everything else stays: a transcript seldom writes every "mhm", and its times may be
//! a quarter of a second off. Where its words were found on the sound, they settle shorter moments too.

use std::ops::Range;

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
    pub sure_word_from: f32,
    pub near_word_secs: Secs,
    pub least_in_words: f32,
}

/// A turn of the transcript: whose voice, and when.
pub type VoiceTurn = (Who, Span);

/// A word: whose voice, when, and how sure that is, 0 to 1.
pub type VoiceWord = (Who, Span, f32);

/// The voices' speech tracks, if they can be compared row by row.
fn comparable(tracks: &Tracks) -> Option<Vec<Track>> {
    let voices: Vec<Track> = tracks.all("speech").filter(|track| track.who != Who::Room).cloned().collect();
    let grid = voices.first()?.grid;
    let fits = voices.iter().all(|track| track.grid == grid && track.values.ncols() > 0);
    (voices.len() > 1 && fits).then_some(voices)
}

/// Mean confidence of a voice over these rows.
fn mean_confidence(voice: &Track, rows: Range<usize>) -> f32 {
    let sure = |row: usize| voice.confidence.as_ref().and_then(|c| c.get(row).copied()).unwrap_or(1.0);
    rows.clone().map(sure).sum::<f32>() / rows.len().max(1) as f32
}

/// What is one voice's in these rows becomes the other's.
fn change_hands(voices: &mut [Track], heard: usize, claimed: usize, rows: Range<usize>, confidence: f32) {
    for row in rows {
        let p = voices[heard].values[(row, 0)];
        let other = voices[claimed].values[(row, 0)];
        voices[claimed].values[(row, 0)] = p;
        voices[heard].values[(row, 0)] = other;
        for voice in [heard, claimed] {
            if let Some(c) = voices[voice].confidence.as_mut().and_then(|c| c.get_mut(row)) {
                *c = confidence;
            }
        }
    }
}

/// Gives speech to whom the transcript says; the seconds that changed hands. `tracks` as voice hands them over, `turns` in
/// any order. Speech tracks on different grids (recordings of their own) are left alone.
pub fn by_transcript(tracks: &mut Tracks, turns: &[VoiceTurn], settings: &Settings) -> f64 {
    let Some(mut voices) = comparable(tracks) else { return 0.0 };
    let grid = voices[0].grid;
    let told = told(turns, &voices, grid.len, settings);
    let min_rows = (settings.min_secs.0.as_secs_f64() / grid.step.secs_f64()).ceil() as usize;
    let mut moved = 0;
    let mut from = 0;
    while from < grid.len {
        let claim = |row: usize| {
            let claimed = told[row]?;
            let heard = only_voice(&voices, row)?;
            (heard != claimed).then_some((heard, claimed))
        };
        let Some((heard, claimed)) = claim(from) else {
            from += 1;
            continue;
        };
        let to = (from..grid.len).find(|&row| claim(row) != Some((heard, claimed))).unwrap_or(grid.len);
        if to - from >= min_rows && mean_confidence(&voices[heard], from..to) < settings.unsure_below {
            change_hands(&mut voices, heard, claimed, from..to, settings.confidence);
            moved += to - from;
        }
        from = to;
    }
    if moved > 0 {
        voices.into_iter().for_each(|track| tracks.insert("speech", track));
    }
    moved as f64 * grid.step.secs_f64()
}

/// The voice that alone speaks in a row.
fn only_voice(voices: &[Track], row: usize) -> Option<usize> {
    let mut speaking = (0..voices.len()).filter(|&voice| voices[voice].values[(row, 0)] >= 0.5);
    let only = speaking.next()?;
    speaking.next().is_none().then_some(only)
}

/// The same by words with times: a stretch of one voice alone that is not surely its person's, near none of their words and
/// within words of somebody else alone whose times are sure, is that other person's. The seconds that changed hands.
pub fn by_words(tracks: &mut Tracks, words: &[VoiceWord], settings: &Settings) -> f64 {
    let Some(mut voices) = comparable(tracks).filter(|_| !words.is_empty()) else { return 0.0 };
    let grid = voices[0].grid;
    let near = SessionTime::from_secs_f64(settings.near_word_secs.0.as_secs_f64());
    let mut inside = vec![vec![false; grid.len]; voices.len()];
    let mut around = inside.clone();
    for (who, span, sure) in words {
        let Some(voice) = voices.iter().position(|track| track.who == *who) else { continue };
        if *sure >= settings.sure_word_from {
            inside[voice][grid.indices(*span)].fill(true);
        }
        let wide = Span::new(span.start().shifted(SessionTime::from_nanos(-near.nanos())), span.end().shifted(near));
        wide.into_iter().for_each(|wide| around[voice][grid.indices(wide)].fill(true));
    }
    let mut moved = 0;
    let mut from = 0;
    while from < grid.len {
        let heard = only_voice(&voices, from);
        let to = (from..grid.len).find(|&row| only_voice(&voices, row) != heard).unwrap_or(grid.len);
        let rows = from..to;
        from = to;
        let Some(heard) = heard.filter(|&heard| !rows.clone().any(|row| around[heard][row])) else { continue };
        let mut others =
            (0..voices.len()).filter(|&voice| voice != heard && rows.clone().any(|row| inside[voice][row]));
        let (Some(claimed), None) = (others.next(), others.next()) else { continue };
        let in_words = rows.clone().filter(|&row| inside[claimed][row]).count();
        let enough = in_words as f32 >= settings.least_in_words * rows.len() as f32;
        if enough && mean_confidence(&voices[heard], rows.clone()) < settings.unsure_below {
            moved += rows.len();
            change_hands(&mut voices, heard, claimed, rows, settings.confidence);
        }
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

    /// Turns by `by_transcript`.
    fn check(picture: &str, sure: &str, turns: &[(u8, i64, i64)], expect: &str) {
        check_by(by_transcript, picture, sure, turns, expect);
    }

    /// Words by `by_words`, all of them so sure.
    fn check_words(confidence: f32, picture: &str, sure: &str, words: &[(u8, i64, i64)], expect: &str) {
        let way = |tracks: &mut Tracks, words: &[VoiceTurn], settings: &Settings| {
            let words: Vec<VoiceWord> = words.iter().map(|&(who, span)| (who, span, confidence)).collect();
            by_words(tracks, &words, settings)
        };
        check_by(way, picture, sure, words, expect);
    }

    /// One character per 100 ms: `1` or `2` speaks, `b` both. `sure`: a digit, tenths. Turns: who, from and to in ms.
    fn check_by(
        way: impl Fn(&mut Tracks, &[VoiceTurn], &Settings) -> f64,
        picture: &str,
        sure: &str,
        turns: &[(u8, i64, i64)],
        expect: &str,
    ) {
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
            unsure_below: 0.85,
            confidence: 0.7,
            sure_word_from: 0.9,
            near_word_secs: Secs(std::time::Duration::from_millis(100)),
            least_in_words: 0.3,
        };
        let moved = way(&mut tracks, &turns, &settings);
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

    #[test]
    fn a_moment_within_another_ones_words_is_theirs() {
        let words: &[(u8, i64, i64)] = &[(1, 200, 900), (2, 1500, 2000)];
        let check = |picture: &str, sure: &str, expect: &str| check_words(0.95, picture, sure, words, expect);
        let unsure = "555555555555555555555555";
        check("..111111222....22222....", unsure, "..111111111....22222....");
        // Surely theirs; both at once; nobody's words; their own words near.
        check("..111111222....22222....", "999999999999999999999999", "..111111222....22222....");
        check("..111111bbb....22222....", unsure, "..111111bbb....22222....");
        check("..111111...22..22222....", unsure, "..111111...22..22222....");
        check("..111111.......22222211.", unsure, "..111111.......22222211.");
        check("..111111......222222....", unsure, "..111111......222222....");
        check_words(0.95, "..111111222....22222....", unsure, &[], "..111111222....22222....");
        check_words(0.8, "..111111222....22222....", unsure, words, "..111111222....22222....");
    }
}
