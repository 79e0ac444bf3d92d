//! Who there is, and transcript speakers with voices by their times.

use super::Settings;
use crate::time::Span;
use crate::track::{Tracks, Who};
use crate::transcript::Transcript;
use crate::transcript::onto_clock::Placed;

/// More people of one kind than this are not told apart; the ones with most time are taken.
const MOST_PEOPLE: usize = 4;

/// A voice and when it speaks.
pub(super) struct Voice {
    pub who: Who,
    pub speech: Vec<Span>,
}

/// A face and where it is.
pub(super) struct Face {
    pub who: Who,
    /// Mean of its box's centre, in pixels.
    pub centre_x: f64,
}

/// A row (speaker or face) that belongs to a column (voice).
pub(super) struct Link {
    pub row: usize,
    pub column: usize,
    pub confidence: f32,
}

/// The voices with most speech, in order of their number.
pub(super) fn voices(tracks: &Tracks, settings: &Settings) -> Vec<Voice> {
    let seconds = |voice: &Voice| voice.speech.iter().map(|span| span.secs_f64()).sum::<f64>();
    let mut voices: Vec<Voice> = tracks
        .all("speech")
        .filter(|track| track.who != Who::Room)
        .map(|track| Voice { who: track.who, speech: track.runs("p", |p| p > settings.speech_above) })
        .filter(|voice| seconds(voice) >= settings.min_voice_secs.0.as_secs_f64())
        .collect();
    voices.sort_by(|a, b| seconds(b).total_cmp(&seconds(a)).then(a.who.cmp(&b.who)));
    voices.truncate(MOST_PEOPLE);
    voices.sort_by_key(|voice| voice.who);
    voices
}

/// The faces that are longest in view, in order of their number.
pub(super) fn faces(tracks: &Tracks, settings: &Settings) -> Vec<Face> {
    let mut faces: Vec<(f64, Face)> = tracks
        .all("face_box")
        .filter_map(|track| {
            let (x, width) = (track.column("x")?, track.column("width")?);
            let centres: Vec<f64> =
                x.iter().zip(width).map(|(x, w)| f64::from(x + w / 2.0)).filter(|centre| centre.is_finite()).collect();
            let secs = centres.len() as f64 * track.grid.step.secs_f64();
            let centre_x = centres.iter().sum::<f64>() / centres.len().max(1) as f64;
            Some((secs, Face { who: track.who, centre_x }))
        })
        .filter(|(secs, _)| *secs >= settings.min_face_secs.0.as_secs_f64())
        .collect();
    faces.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.who.cmp(&b.1.who)));
    faces.truncate(MOST_PEOPLE);
    let mut faces: Vec<Face> = faces.into_iter().map(|(_, face)| face).collect();
    faces.sort_by_key(|face| face.who);
    faces
}

/// The transcript's speakers with most words, in order of first appearance.
pub(super) fn speakers(transcript: &Transcript) -> Vec<String> {
    let names = transcript.speakers();
    let words = |name: &str| -> u64 {
        transcript.turns.iter().filter(|turn| turn.speaker == name).map(|turn| u64::from(turn.words())).sum()
    };
    let mut counted: Vec<(usize, u64)> = names.iter().map(|name| words(name)).enumerate().collect();
    counted.sort_by_key(|(at, words)| (std::cmp::Reverse(*words), *at));
    counted.truncate(MOST_PEOPLE);
    counted.sort_unstable();
    counted.into_iter().filter_map(|(at, _)| names.get(at).map(|name| (*name).to_owned())).collect()
}

/// Speakers with voices: of each speaker's time, the share in which each voice was heard.
pub(super) fn by_time(
    transcript: &Transcript,
    placed: &Placed,
    speakers: &[String],
    voices: &[Voice],
    settings: &Settings,
) -> Vec<Link> {
    let shares: Vec<Vec<f64>> = speakers
        .iter()
        .map(|name| {
            let own = transcript.turns.iter().zip(&placed.turns).filter(|(turn, _)| turn.speaker == *name);
            let spans: Vec<Span> = own.filter_map(|(_, place)| place.map(|(span, _)| span)).collect();
            let heard: Vec<f64> = voices.iter().map(|voice| common_secs(&spans, &voice.speech)).collect();
            let all: f64 = heard.iter().sum();
            heard.iter().map(|secs| if all > 0.0 { secs / all } else { 0.0 }).collect()
        })
        .collect();
    pairs(&shares, 1e-6, settings.min_overlap_margin, settings.full_overlap_margin)
}

/// Seconds in which a span of `a` and one of `b` hold; `b` sorted and apart from each other.
fn common_secs(a: &[Span], b: &[Span]) -> f64 {
    a.iter()
        .map(|span| {
            let from = b.partition_point(|other| other.end() <= span.start());
            let inside = b[from..].iter().take_while(|other| other.start() < span.end());
            inside.filter_map(|other| other.overlap(*span)).map(Span::secs_f64).sum::<f64>()
        })
        .sum()
}

/// Gives each row a column of its own so that the scores' sum is largest. A pair counts if its score reaches `least`
/// and every pairing in which the row has another column is worse by `min_margin` or more.
fn pairs(scores: &[Vec<f64>], least: f64, min_margin: f64, full_margin: f64) -> Vec<Link> {
    let columns = scores.first().map_or(0, Vec::len);
    let all = pairings(scores.len(), columns);
    let sum = |pairing: &[Option<usize>]| -> f64 {
        pairing.iter().zip(scores).filter_map(|(column, row)| column.map(|column| row[column])).sum()
    };
    let Some(best) = all.iter().max_by(|a, b| sum(a).total_cmp(&sum(b))) else { return Vec::new() };
    let mut links = Vec::new();
    for (row, column) in best.iter().enumerate() {
        let Some(column) = *column else { continue };
        let others = all.iter().filter(|pairing| pairing[row] != Some(column));
        let rival = others.map(|pairing| sum(pairing)).fold(f64::NEG_INFINITY, f64::max);
        // With one person of each kind there is no rival; the score itself must speak.
        let margin = if rival.is_finite() { sum(best) - rival } else { scores[row][column] };
        if scores[row][column] >= least && margin >= min_margin {
            let confidence = (margin / full_margin.max(1e-9)).clamp(0.0, 1.0) as f32;
            links.push(Link { row, column, confidence });
        }
    }
    links
}

/// All ways to give rows different columns; a row goes without only where there are fewer columns than rows.
fn pairings(rows: usize, columns: usize) -> Vec<Vec<Option<usize>>> {
    let allowed = rows.saturating_sub(columns);
    let mut all: Vec<Vec<Option<usize>>> = vec![Vec::new()];
    while all.first().is_some_and(|made| made.len() < rows) {
        all = all
            .into_iter()
            .flat_map(|made| {
                let missing = made.iter().filter(|column| column.is_none()).count();
                let free = (0..columns).map(Some).filter(|column| !made.contains(column)).collect::<Vec<_>>();
                let none = (missing < allowed).then_some(None);
                free.into_iter()
                    .chain(none)
                    .map(move |column| [made.as_slice(), &[column]].concat())
                    .collect::<Vec<_>>()
            })
            .collect();
    }
    all
}
