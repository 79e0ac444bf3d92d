//! Sound in, voice tracks out: speech, overlap, who speaks, loudness, pitch, voice quality.
//!
//! Ten-second windows go through a segmentation network, which hears who of up to three voices speaks when, unless a
//! cheaper one heard nobody at all. Where one person speaks alone, speech is cut into parts, and the fingerprint of each
//! tells which of all parts are one person's. Everything streams; windows and [`prosody`] that nothing asks for until the
//! end wait in a temporary file, and some 3 MB per hour (levels, fingerprints) in memory. Whether a person is the client or
//! the therapist is not for sound to say: people are numbered in order of first appearance.

mod agreement;
mod choice;
mod cutter;
mod detector;
mod ears;
mod fbank;
mod fingerprint;
mod grid;
mod layout;
mod levels;
mod listening;
mod live;
mod microphones;
mod odds;
mod offset;
mod parts;
mod people;
pub mod prosody;
mod reserve;
mod seats;
mod segmentation;
mod settings;
mod sounds;
mod together;
mod tracks;
mod windows;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::job::{Cancelled, Job};
use crate::media::{MediaError, SoundSource};
use crate::model::{self, ModelError, Shelf};
use crate::origin::ModelFile;
use crate::track::{Tracks, Who};

pub use layout::{ChannelLayout, channel_layout};
pub use live::{LIVE_WINDOW_SECS, LiveEar, LiveRow};
pub use settings::{
    ChannelSettings, FirstPass, Layout, Overlap, Parts, People, Segmentation, Settings, Silence, Sounds,
};

/// Most people who are told apart.
pub const MOST_PEOPLE: u8 = 8;

/// How the channels of a recording are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channels {
    /// All together: one room. People are told apart by their voices.
    #[default]
    Mixed,
    /// Each channel is one person's microphone: channel 0 is speaker 1, and so on.
    OnePerPerson,
    /// Only this channel, counted from 0, as if the recording had no other.
    Only(usize),
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Windows listened to at once, at least 1. The result does not depend on it.
    pub threads: usize,
    /// People expected to speak, 1 to [`MOST_PEOPLE`]; fewer may be found. `None`: as many as are heard. Not looked at
    /// with one microphone per person.
    pub people: Option<u8>,
    /// How the channels are used.
    pub channels: Channels,
}

impl Default for Request {
    /// Two people in one room, on one thread.
    fn default() -> Self {
        Self { threads: 1, people: Some(2), channels: Channels::Mixed }
    }
}

/// One person's voice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VoiceInfo {
    /// `Speaker(n)`: in order of first appearance, or the number of the microphone.
    pub who: Who,
    /// Seconds in which they speak.
    pub speaking_secs: f64,
    /// Their microphone, counted from 0, where each person has one.
    pub channel: Option<usize>,
    /// How sure it is that what is said to be theirs is theirs, 0 to 1, on average over their speech.
    pub confidence: f32,
    /// Mean fingerprint of their voice, of length 1; `None` with a microphone each, or without the speaker network. It
    /// can identify a person: it stays in the stage's store and is part of no result.
    pub print: Option<Vec<f32>>,
}

/// What was heard.
#[derive(Clone, Debug)]
pub struct VoiceResult {
    /// `speech` (the room and each person), `overlap` (the room), `loudness` (the room, and each person who has a
    /// microphone), and for the same as `loudness` the tracks of [`prosody`]: `pitch`, `spectrum`, `voice_quality`. Every
    /// 10 ms, the first one centred 5 ms after the recording's start. From 0.5 on a `speech` or `overlap` counts as
    /// such. `sounds` (the room, or each microphone; not without its network): every 80 ms, what the second around sounds
    /// like. `NaN` with confidence 0 where the recording lacks sound.
    pub tracks: Tracks,
    /// Who speaks, in order of number.
    pub voices: Vec<VoiceInfo>,
    /// Networks that ran, in order of name.
    pub models: Vec<ModelFile>,
    /// What did not go as it should or limits the result, for the user to read.
    pub problems: Vec<String>,
}

/// Why nothing was heard.
#[derive(Debug, thiserror::Error)]
pub enum VoiceError {
    /// The recording cannot be read on.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// The segmentation network does not run.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The user asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// No sample at all.
    #[error("the sound track is empty: check the recording, or scan it without sound")]
    Empty,
    /// A setting is out of its range.
    #[error("settings file voice.toml: {name} must be {range}")]
    Settings {
        /// Its name in the file.
        name: &'static str,
        /// What it may be.
        range: &'static str,
    },
    /// Too few or too many people.
    #[error("{people} people cannot be told apart by their voices: say 1 to {MOST_PEOPLE}")]
    PeopleCount {
        /// How many were asked for.
        people: u8,
    },
    /// One microphone per person was asked for, and there are not enough, or not this one.
    #[error("the recording has {channels} sound channel(s), {asked}: leave the channels mixed, or check the recording")]
    NoSuchChannel {
        /// How many there are.
        channels: usize,
        /// What was asked for.
        asked: String,
    },
    /// What waited on the disk cannot be read back.
    #[error(
        "what was heard and kept in a temporary file cannot be read back ({0}): check the disk that holds temporary \
         files (TMPDIR), and run the same command again"
    )]
    Lost(#[from] std::io::Error),
    /// Listening ended without a reason; never seen.
    #[error("listening stopped before its end: run the same command again, with --threads 1 if it happens twice")]
    Stopped,
}

/// Hears who speaks when.
///
/// A missing or damaged *speaker* network is no error: people are then followed from window to window only, and
/// [`VoiceResult::problems`] says so; nor is that of *sounds*, without which there is no track of that name.
///
/// # Errors
/// [`VoiceError`]: the settings or the request make no sense, the recording cannot be read or is empty, the
/// segmentation network does not run, or the user asked to stop.
pub fn analyse(
    source: &mut dyn SoundSource,
    shelf: &Shelf,
    settings: &Settings,
    request: &Request,
    job: &Job<'_>,
) -> Result<VoiceResult, VoiceError> {
    settings.check()?;
    if let Some(people) = request.people.filter(|people| !(1..=MOST_PEOPLE).contains(people)) {
        return Err(VoiceError::PeopleCount { people });
    }
    let channels = source.channels();
    let no_channel = |asked: String| Err(VoiceError::NoSuchChannel { channels, asked });
    match request.channels {
        Channels::OnePerPerson if channels < 2 => {
            return no_channel("one microphone per person needs at least two".to_owned());
        }
        Channels::OnePerPerson if channels > usize::from(MOST_PEOPLE) => {
            return no_channel(format!("one microphone per person works with at most {MOST_PEOPLE}"));
        }
        Channels::Only(channel) if channel >= channels => {
            return no_channel(format!("there is no channel {}", channel.saturating_add(1)));
        }
        _ => {}
    }
    let by_channel = request.channels == Channels::OnePerPerson;
    let wants_prints = !by_channel && request.people != Some(1);
    let heard = listening::hear(source, shelf, settings, request, wants_prints, job)?;
    // The networks are gone; people and tracks need room now.
    model::give_back();
    let missing = &source.damage().missing;
    if by_channel {
        tracks::of_microphones(heard, settings, missing)
    } else {
        tracks::of_room(heard, settings, request.people.map(usize::from), missing)
    }
}
