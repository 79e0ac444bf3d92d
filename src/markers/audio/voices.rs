//! One person's voice outside overlaps, in pieces, and what is usual for it in this session (DOMAIN 1).
//!
//! A piece is a turn, or where a turn is long a part of it of about `piece_secs` that ends at a pause. Raw numbers of two
//! people are never compared: a piece is held against the other pieces of the same person.

use serde::Deserialize;

use super::super::baseline::percentile;
use super::super::{Card, Event, Input, MarkerError, Ramp, require};
use super::floor::{Floor, Person};
use super::turnlen::{backchannels, turns};
use crate::time::{Secs, Span};
use crate::track::{Track, Tracks, Who};

/// Name of the section that holds [`Settings`] in `config/markers/prosody.toml`.
pub const SECTION: &str = "voice_baseline";

/// Section `[voice_baseline]` of `config/markers/prosody.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Longer turns are cut at pauses into pieces of about this length.
    pub piece_secs: Secs,
    /// Shorter pieces do not shape what is usual.
    pub min_piece_secs: Secs,
    /// Less speech in such pieces makes no baseline.
    pub min_total_secs: Secs,
    /// Fewer such pieces make no baseline.
    pub min_pieces: usize,
    /// Rows with a lower confidence are not assessable, 0 to 1.
    pub min_confidence: f32,
}

/// Part of a turn.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// From the first word to the last.
    pub span: Span,
    /// Where this person alone speaks, in order.
    pub alone: Vec<Span>,
    /// Of the speech, 0 to 1.
    pub confidence: f32,
    /// Which of the person's turns it belongs to, from 0.
    pub turn: usize,
}

impl Piece {
    /// Seconds in which this person alone speaks.
    pub fn secs(&self) -> f64 {
        self.alone.iter().map(|span| span.secs_f64()).sum()
    }
}

/// One person's pieces in order.
pub struct Voice<'a> {
    /// Whose.
    pub who: Who,
    /// In order of start.
    pub pieces: Vec<Piece>,
    tracks: &'a Tracks,
    min_confidence: f32,
}

impl Voice<'_> {
    /// The track that hears this person: the own microphone's, else the room's.
    pub fn track(&self, name: &str) -> Option<&Track> {
        self.tracks.get(name, self.who).or_else(|| self.tracks.get(name, Who::Room))
    }

    /// The rows of a track inside these spans that can be assessed.
    pub fn rows(&self, track: &Track, spans: &[Span]) -> Vec<usize> {
        let sure = |row: &usize| {
            track.confidence.as_ref().and_then(|c| c.get(*row).copied()).unwrap_or(1.0) >= self.min_confidence
        };
        spans.iter().flat_map(|span| track.grid.indices(*span)).filter(sure).collect()
    }

    /// The numbers of one column inside these spans, `NaN` left out; empty without the track.
    pub fn values(&self, name: &str, column: &str, spans: &[Span]) -> Vec<f32> {
        let Some(track) = self.track(name) else { return Vec::new() };
        let Some(values) = track.column(column) else { return Vec::new() };
        let rows = self.rows(track, spans).into_iter();
        rows.filter_map(|row| values.get(row).copied()).filter(|value| !value.is_nan()).collect()
    }
}

/// Everybody's voice; nobody where voices were not told apart.
pub fn voices<'a>(input: &Input<'a>, settings: &Settings) -> Vec<Voice<'a>> {
    let floor = Floor::read(input.earlier, input.session);
    let turns = turns(input.earlier);
    let backchannels = backchannels(input.earlier);
    let people = floor.people.iter().filter(|person| person.who != Who::Room);
    let voice = |person: &Person| {
        let own_turns = turns.iter().filter(|turn| turn.who == person.who).enumerate();
        let pieces = own_turns.flat_map(|(number, turn)| {
            let first = person.speech.partition_point(|s| s.span.end() <= turn.span.start());
            let inside = person.speech.iter().skip(first).take_while(|s| s.span.start() < turn.span.end());
            let stretches = inside.filter(|s| !backchannels.contains(&(person.who, s.span)));
            let alone = stretches.map(|s| (s.span, outside_overlap(s.span, person.who, &floor), s.confidence));
            in_pieces(alone, number, settings.piece_secs.0.as_secs_f64())
        });
        Voice {
            who: person.who,
            pieces: pieces.collect(),
            tracks: input.tracks,
            min_confidence: settings.min_confidence,
        }
    };
    people.map(voice).collect()
}

/// What is left of a stretch where nobody else speaks.
pub fn outside_overlap(span: Span, who: Who, floor: &Floor) -> Vec<Span> {
    let mut left = vec![span];
    for other in floor.people.iter().filter(|p| p.who != who && p.who != Who::Room) {
        let first = other.speech.partition_point(|s| s.span.end() <= span.start());
        for taken in other.speech.iter().skip(first).map(|s| s.span).take_while(|s| s.start() < span.end()) {
            let cut = |piece: Span| {
                [
                    Span::new(piece.start(), taken.start().min(piece.end())),
                    Span::new(taken.end().max(piece.start()), piece.end()),
                ]
            };
            left = left.into_iter().flat_map(|piece| cut(piece).into_iter().flatten()).collect();
        }
    }
    left
}

fn in_pieces(stretches: impl Iterator<Item = (Span, Vec<Span>, f32)>, turn: usize, longest_secs: f64) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for (span, alone, confidence) in stretches.filter(|(_, alone, _)| !alone.is_empty()) {
        match pieces.last_mut() {
            Some(last) if span.end().secs_after(last.span.start()) <= longest_secs => {
                last.span = last.span.hull(span);
                last.alone.extend(alone);
                last.confidence = last.confidence.min(confidence);
            }
            _ => pieces.push(Piece { span, alone, confidence, turn }),
        }
    }
    pieces
}

/// What is usual for one measure of one voice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usual {
    /// Median over the pieces.
    pub median: f64,
    /// Robust standard deviation: 1.4826 times the median distance to the median, at least the marker's own least.
    pub spread: f64,
}

impl Usual {
    /// From a measure of each piece, `None` where it could not be taken; `None` if too little could.
    pub fn of(pieces: &[Piece], measures: &[Option<f64>], min_spread: f64, settings: &Settings) -> Option<Self> {
        let min_secs = settings.min_piece_secs.0.as_secs_f64();
        let used: Vec<(f64, f64)> = pieces
            .iter()
            .zip(measures)
            .filter(|(piece, _)| piece.secs() >= min_secs)
            .filter_map(|(piece, measure)| Some((piece.secs(), (*measure).filter(|m| m.is_finite())?)))
            .collect();
        let secs: f64 = used.iter().map(|(secs, _)| secs).sum();
        if used.len() < settings.min_pieces.max(1) || secs < settings.min_total_secs.0.as_secs_f64() {
            return None;
        }
        let median = middle(used.iter().map(|(_, measure)| *measure).collect())?;
        let spread = 1.4826 * middle(used.iter().map(|(_, measure)| (measure - median).abs()).collect())?;
        Some(Self { median, spread: spread.max(min_spread).max(f64::MIN_POSITIVE) })
    }

    /// How far from usual, in robust standard deviations.
    pub fn z(&self, measure: f64) -> f64 {
        (measure - self.median) / self.spread
    }
}

/// Median; `None` of nothing.
pub fn middle(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    percentile(&values, 50.0)
}

/// Z of each piece of a voice where there is one; `None` without a baseline.
pub fn z_of_pieces(
    voice: &Voice<'_>,
    min_spread: f64,
    settings: &Settings,
    measure: impl Fn(&Piece) -> Option<f64>,
) -> Option<Vec<Option<f64>>> {
    let measures: Vec<Option<f64>> = voice.pieces.iter().map(measure).collect();
    let usual = Usual::of(&voice.pieces, &measures, min_spread, settings)?;
    Some(measures.into_iter().map(|m| Some(usual.z(m?)).filter(|z| z.is_finite())).collect())
}

/// Which pieces count as changed.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// Distance from usual, in robust standard deviations.
    pub z: f64,
    /// Shorter pieces are not judged.
    pub min_secs: f64,
    /// Distance as a strength.
    pub strength: Ramp,
}

/// Events for pieces whose z passes the flag: `kinds` = names for below and above usual, where an empty name is no event.
pub fn changes(card: &Card, voice: &Voice<'_>, z: &[Option<f64>], flag: Flag, kinds: [&str; 2]) -> Vec<Event> {
    let judged = voice.pieces.iter().zip(z).filter(|(piece, _)| piece.secs() >= flag.min_secs);
    judged
        .filter_map(|(piece, z)| {
            let z = (*z)?;
            let kind = kinds[usize::from(z > 0.0)];
            if z.abs() < flag.z || kind.is_empty() {
                return None;
            }
            let event = Event::new(card, voice.who, piece.span, z as f32);
            let event = if card.kinds.is_empty() { event } else { event.kind(kind) };
            Some(event.rated(flag.strength.strength(z.abs() as f32), piece.confidence))
        })
        .collect()
}

/// Everybody's events, in order. `find` gives `None` for a voice without a baseline.
///
/// # Errors
/// [`MarkerError::MissingTrack`]; [`MarkerError::TooLittleSpeech`] if no voice has a baseline.
pub fn of_everybody<'a>(
    card: &Card,
    input: &Input<'a>,
    settings: &Settings,
    mut find: impl FnMut(&Voice<'a>) -> Option<Vec<Event>>,
) -> Result<Vec<Event>, MarkerError> {
    require(card, input.tracks)?;
    let found: Vec<Vec<Event>> = voices(input, settings).iter().filter_map(&mut find).collect();
    if found.is_empty() {
        let need_secs = settings.min_total_secs.0.as_secs_f64();
        return Err(MarkerError::TooLittleSpeech { marker: card.id, need_secs });
    }
    let mut events: Vec<Event> = found.into_iter().flatten().collect();
    events.sort_by_key(|e| (e.span, e.who));
    Ok(events)
}

/// Semitones above 27.5 Hz (eGeMAPS).
pub fn semitones(hz: f32) -> f64 {
    12.0 * (f64::from(hz) / 27.5).log2()
}

/// Median pitch of a piece in semitones; `None` with fewer voiced rows than `min_rows`.
pub fn median_pitch(voice: &Voice<'_>, piece: &Piece, min_rows: usize) -> Option<f64> {
    let hz = voice.values("pitch", "hz", &piece.alone);
    if hz.len() < min_rows.max(1) { None } else { middle(hz.into_iter().map(semitones).collect()) }
}

/// A-weighted level of a piece in dB full scale, averaged as power; `None` if it was not measured.
pub fn level(voice: &Voice<'_>, piece: &Piece) -> Option<f64> {
    let levels = voice.values("spectrum", "a_weighted_dbfs", &piece.alone);
    let power: f64 = levels.iter().map(|db| 10f64.powf(f64::from(*db) / 10.0)).sum();
    (power > 0.0).then(|| 10.0 * (power / levels.len() as f64).log10())
}

/// Share of a piece's energy above 500 Hz, median over its rows.
pub fn high_share(voice: &Voice<'_>, piece: &Piece) -> Option<f64> {
    let shares = voice.values("spectrum", "above_500_hz", &piece.alone);
    middle(shares.into_iter().map(f64::from).collect())
}
