//! Turns of a transcript moved to where their words are heard.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::Deserialize;

use super::asr::{self, AsrError};
use super::recordings::Opened;
use super::store::Store;
use crate::align::{self, Found, Settings};
use crate::job::Cancelled;
use crate::media::{MediaSettings, SOUND_RATE};
use crate::model::sphinx::{Sphinx, SphinxError};
use crate::origin::Hash;
use crate::session::Problem;
use crate::time::{SessionTime, Span};
use crate::track::{Tracks, Who};
use crate::transcript::Transcript;
use crate::transcript::onto_clock::Placed;
use crate::transcript::told::PlacedWord;

/// When words are looked for in the sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlignUse {
    /// Where the transcript has no times, or whole seconds only.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never: the voice alone places turns without times.
    Never,
}

/// The language of the acoustic model.
const LANGUAGE: &str = "en";

/// What there is to work with.
pub struct Wish<'a> {
    /// When.
    pub when: AlignUse,
    /// `config/align.toml`.
    pub settings: &'a Settings,
    /// Settings of the reader of recordings.
    pub media: &'a MediaSettings,
    /// Hash of the settings.
    pub settings_hash: &'a Hash,
    /// The transcript's language, if it is in one with patterns.
    pub language: Option<&'a str>,
    /// Do not use what is stored.
    pub fresh: bool,
    /// Where it is stored.
    pub store: &'a Store,
    /// Set when the user wants to stop.
    pub stop: &'a AtomicBool,
}

/// Moves the turns of `placed` to where they are heard in `recording`. What is not heard stays where it was, and is believed
/// less; what cannot be done is said in `problems`.
///
/// # Errors
/// [`Cancelled`].
pub fn refine(
    (transcript, transcript_hash): (&Transcript, &Hash),
    placed: &mut Placed,
    recording: &Opened,
    speech: &[(Who, Span)],
    wish: &Wish<'_>,
    problems: &mut Vec<Problem>,
) -> Result<(), Cancelled> {
    if !is_wanted(transcript, wish) || speech.is_empty() {
        return Ok(());
    }
    if wish.language != Some(LANGUAGE) {
        if wish.when == AlignUse::Always {
            let message = "its words are not looked for in the sound: that is there for English only";
            problems.push(Problem::failure("transcript", message));
        }
        return Ok(());
    }
    let mut sphinx = match Sphinx::open(wish.settings.search) {
        Ok(sphinx) => sphinx,
        Err(error) => {
            let message = format!("its turns are placed by the voice, and not word by word: {error}");
            problems.push(match wish.when {
                AlignUse::Always => Problem::failure("transcript", message),
                _ => Problem::note("transcript", message),
            });
            return Ok(());
        }
    };
    let key = key(transcript_hash, placed, recording, speech, wish);
    let stored = if wish.fresh { None } else { wish.store.load::<Vec<Option<Found>>>("align", &key) };
    let found = match stored {
        Some((found, _)) => found,
        None => match look(&mut sphinx, transcript, placed, recording, speech, wish) {
            Ok(found) => {
                // Without it they are looked for again next time.
                let _ = wish.store.save("align", &key, &found, &Tracks::new());
                found
            }
            Err(AlignError::Cancelled(cancelled)) => return Err(cancelled),
            Err(error) => {
                problems.push(Problem::failure("transcript", format!("its words are not laid on the sound: {error}")));
                return Ok(());
            }
        },
    };
    apply(transcript, placed, &found, wish.settings.trust.not_heard, problems);
    Ok(())
}

/// No times, or all of them whole seconds, and none of single words.
fn is_wanted(transcript: &Transcript, wish: &Wish<'_>) -> bool {
    let is_whole = |time: SessionTime| time.millis() % 1000 == 0;
    let coarse = transcript.turns.iter().all(|turn| turn.start.is_none_or(is_whole) && turn.timed.is_empty());
    transcript.has_words()
        && match wish.when {
            AlignUse::Always => true,
            AlignUse::Auto => coarse,
            AlignUse::Never => false,
        }
}

#[derive(Debug, thiserror::Error)]
enum AlignError {
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    #[error(transparent)]
    Sphinx(#[from] SphinxError),
    #[error("{0}")]
    Sound(String),
}

impl From<AsrError> for AlignError {
    fn from(error: AsrError) -> Self {
        match error {
            AsrError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            error => Self::Sound(error.to_string()),
        }
    }
}

fn look(
    sphinx: &mut Sphinx,
    transcript: &Transcript,
    placed: &Placed,
    recording: &Opened,
    speech: &[(Who, Span)],
    wish: &Wish<'_>,
) -> Result<Vec<Option<Found>>, AlignError> {
    let unreadable = |e: &dyn std::fmt::Display| AlignError::Sound(format!("the sound cannot be read again ({e})"));
    let folder = tempfile::tempdir().map_err(|e| unreadable(&e))?;
    let path = folder.path().join("session.wav");
    asr::write_sound(recording, wish.media, &path, wish.stop)?;
    let mut wav = hound::WavReader::open(&path).map_err(|e| unreadable(&e))?;
    let rough: Vec<Option<Span>> = placed.turns.iter().map(|turn| turn.map(|(span, _)| span)).collect();
    let words: Vec<Vec<Option<Span>>> = transcript
        .turns
        .iter()
        .enumerate()
        .map(|(at, turn)| told(&turn.text, placed, at).into_iter().map(|word| word.map(|word| word.span)).collect())
        .collect();
    let timed: Vec<bool> = transcript.turns.iter().map(|turn| turn.start.is_some()).collect();
    let believed = align::Believed { turns: &rough, timed: &timed, words: &words };
    let spans: Vec<Span> = speech.iter().map(|(_, span)| *span).collect();
    align::align(sphinx, &transcript.turns, &believed, &spans, wish.settings, |span: Span| {
        if wish.stop.load(Ordering::Relaxed) {
            return Err(Cancelled.into());
        }
        let sample = |time: SessionTime| (time.secs_f64().max(0.0) * f64::from(SOUND_RATE)).round() as u32;
        let (from, to) = (sample(span.start()).min(wav.len()), sample(span.end()).min(wav.len()));
        wav.seek(from).map_err(|e| unreadable(&e))?;
        let read: Result<Vec<i16>, _> = wav.samples::<i16>().take((to - from) as usize).collect();
        read.map_err(|e| unreadable(&e))
    })
}

fn key(transcript: &Hash, placed: &Placed, recording: &Opened, speech: &[(Who, Span)], wish: &Wish<'_>) -> Hash {
    let mut spans = Vec::new();
    for span in speech.iter().map(|(_, span)| Some(*span)).chain(placed.turns.iter().map(|turn| Some(turn.as_ref()?.0)))
    {
        let (from, to) = span.map_or((i64::MIN, i64::MIN), |span| (span.start().nanos(), span.end().nanos()));
        spans.extend(from.to_le_bytes());
        spans.extend(to.to_le_bytes());
    }
    Hash::of_parts([
        ("stage", b"align 3".as_slice()),
        ("recording", recording.sha256.as_str().as_bytes()),
        ("offset", &recording.offset.nanos().to_le_bytes()),
        ("transcript", transcript.as_str().as_bytes()),
        ("settings", wish.settings_hash.as_str().as_bytes()),
        ("spans", &spans),
    ])
}

/// The transcript's own time of each word of a turn, in the order of its text; `None` where it gives none.
fn told(text: &str, placed: &Placed, turn: usize) -> Vec<Option<PlacedWord>> {
    let told = placed.words.get(turn).map_or(&[][..], Vec::as_slice);
    let mut next = told.iter().peekable();
    let word_at = |word: align::TextWord| {
        while next.next_if(|told| told.chars.1 <= word.chars.0).is_some() {}
        // What a recogniser writes as one word ("well-known") may be two here: each has the time of both.
        let told = next.peek().filter(|told| told.chars.0 < word.chars.1)?;
        Some(PlacedWord { chars: word.chars, ..(*told).clone() })
    };
    align::words_in(text).into_iter().map(word_at).collect()
}

/// For each word of a turn the time that is surer: where it was heard, or where the transcript has it. What lies before the word
/// before it is left out.
fn surest(text: &str, placed: &Placed, turn: usize, found: Option<&Found>, not_heard: f32) -> Vec<PlacedWord> {
    let Some(found) = found else {
        let told = placed.words.get(turn).into_iter().flatten();
        return told.map(|word| PlacedWord { confidence: word.confidence * not_heard, ..word.clone() }).collect();
    };
    let mut words: Vec<PlacedWord> = Vec::new();
    let told = told(text, placed, turn);
    for ((word, told), heard) in align::words_in(text).into_iter().zip(told).zip(&found.words) {
        let heard = heard.as_ref().map(|heard| PlacedWord {
            chars: word.chars,
            span: heard.span,
            confidence: heard.confidence,
        });
        let surer = match (told, heard) {
            (Some(told), Some(heard)) if told.confidence > heard.confidence => Some(told),
            (told, heard) => heard.or(told),
        };
        let in_order = |next: &PlacedWord| words.last().is_none_or(|last| next.span.start() >= last.span.start());
        let surer = surer.filter(in_order);
        words.extend(surer);
    }
    words
}

fn apply(
    transcript: &Transcript,
    placed: &mut Placed,
    found: &[Option<Found>],
    not_heard: f32,
    problems: &mut Vec<Problem>,
) {
    let mut unheard: Vec<f64> = Vec::new();
    placed.rough = None;
    let turns = transcript.turns.iter().zip(found).enumerate();
    placed.words = turns.map(|(at, (turn, found))| surest(&turn.text, placed, at, found.as_ref(), not_heard)).collect();
    for ((turn, place), found) in transcript.turns.iter().zip(&mut placed.turns).zip(found) {
        match (found, place) {
            (Some(found), place) => *place = Some((found.span, found.confidence)),
            (None, Some((span, confidence))) if !turn.text.is_empty() => {
                *confidence *= not_heard;
                unheard.push(span.start().secs_f64());
            }
            _ => {}
        }
    }
    if let Some(first) = unheard.first() {
        let of = transcript.turns.iter().filter(|turn| !turn.text.is_empty()).count();
        if unheard.len() == of {
            let message = "none of its turns was heard: check that it is the transcript of this recording; until then its turns \
                           are laid on the voices in their order, which may be wrong";
            problems.push(Problem::note("transcript", message));
            return;
        }
        problems.push(Problem::note(
            "transcript",
            format!(
                "{} of {of} turns were not heard where they should be (the first near {first:.0} s): they were perhaps never \
                 said, or lie under another voice; their times are believed less",
                unheard.len()
            ),
        ));
    }
}
