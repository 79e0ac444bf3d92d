//! The voice stage: which recording is listened to, how, and what is stored of it.

use serde::{Deserialize, Serialize};

use crate::job::Job;
use crate::media::{Damage, MediaError, MediaSettings, SoundMix, SoundSource};
use crate::model::Shelf;
use crate::origin::{Hash, ModelFile};
use crate::session::Problem;
use crate::track::Tracks;
use crate::voice::{self, Channels, Request, Settings, VoiceError, VoiceInfo};

use super::recordings::Opened;
use super::request::ChannelUse;
use super::store::Store;

/// What listening gave, besides tracks.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Heard {
    /// Who speaks.
    pub voices: Vec<VoiceInfo>,
    /// Networks that ran.
    pub models: Vec<ModelFile>,
    /// In words.
    pub problems: Vec<String>,
    /// What could not be read of the sound of each recording, in their order.
    pub damage: Vec<Damage>,
}

/// How to listen.
pub struct Wish<'a> {
    /// Settings of the reader.
    pub media: &'a MediaSettings,
    /// Settings of the stage.
    pub voice: &'a Settings,
    /// Networks.
    pub shelf: &'a Shelf,
    /// How many people speak; `None`: as many as are heard.
    pub people: Option<u8>,
    /// What the user said of the channels.
    pub channels: ChannelUse,
    /// Threads; no influence on the result.
    pub threads: usize,
    /// Hash of the settings.
    pub settings_hash: &'a Hash,
    /// Do not use what is stored.
    pub fresh: bool,
}

/// Listens to these recordings, or takes what was stored for the same inputs; the flag says which. Several recordings are
/// taken as the channels of one.
///
/// # Errors
/// [`VoiceError`].
pub fn hear(
    recordings: &[&Opened],
    wish: &Wish<'_>,
    store: &Store,
    job: &Job,
    problems: &mut Vec<Problem>,
) -> Result<(Heard, Tracks, bool), VoiceError> {
    let channels = match wish.channels {
        ChannelUse::Mixed => Channels::Mixed,
        ChannelUse::PerPerson => Channels::OnePerPerson,
        ChannelUse::Auto => {
            let mut sound = open(recordings, wish.media)?;
            let layout = voice::channel_layout(sound.as_mut(), &wish.voice.layout)?;
            problems.extend(layout.told().map(|message| Problem::note("voice", message)));
            layout.advice()
        }
    };
    let sources: Vec<String> = recordings.iter().map(|r| format!("{} at {} ns", r.sha256, r.offset.nanos())).collect();
    let key = Hash::of_parts([
        ("stage", b"voice 3".as_slice()),
        ("recordings", sources.join("\n").as_bytes()),
        ("settings", wish.settings_hash.as_str().as_bytes()),
        ("request", format!("{channels:?} {:?}", wish.people).as_bytes()),
        ("networks", wish.shelf.fingerprint(&["segmentation", "speaker", "speech", "sounds"]).as_bytes()),
    ]);
    if !wish.fresh
        && let Some((heard, tracks)) = store.load::<Heard>("voice", &key)
    {
        return Ok((heard, tracks, true));
    }
    let mut sound = open(recordings, wish.media)?;
    let request = Request { threads: wish.threads, people: wish.people, channels };
    let result = voice::analyse(sound.as_mut(), wish.shelf, wish.voice, &request, job)?;
    let heard = Heard {
        voices: result.voices,
        models: result.models,
        problems: result.problems,
        damage: sound.damage_of_each(),
    };
    if let Err(e) = store.save("voice", &key, &heard, &result.tracks) {
        problems.push(Problem::note("voice", format!("the result could not be stored for the next run ({e})")));
    }
    Ok((heard, result.tracks, false))
}

fn open(recordings: &[&Opened], settings: &MediaSettings) -> Result<Box<dyn SoundSource>, MediaError> {
    let mut sources = recordings.iter().map(|r| r.sound(settings)).collect::<Result<Vec<_>, _>>()?;
    match sources.len() {
        1 => Ok(sources.swap_remove(0)),
        _ => Ok(Box::new(SoundMix::new(sources)?)),
    }
}

/// The recordings to listen to: all sound files (each is a microphone), for they sound better than a film; else the
/// first film with sound.
///
/// # Errors
/// [`MediaError::NoTrack`] if none has sound.
pub fn choose(recordings: &[Opened]) -> Result<Vec<usize>, MediaError> {
    let sound_only = |r: &Opened| r.probe.has_sound() && !r.probe.has_picture();
    let microphones: Vec<usize> = (0..recordings.len()).filter(|&index| sound_only(&recordings[index])).collect();
    if !microphones.is_empty() {
        return Ok(microphones);
    }
    let film = recordings.iter().position(|r| r.probe.has_sound());
    film.map(|index| vec![index]).ok_or_else(|| MediaError::NoTrack {
        what: "sound",
        file: recordings.first().map(Opened::file).unwrap_or_default(),
    })
}
