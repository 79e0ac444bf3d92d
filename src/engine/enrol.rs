//! A voice that is known from another recording: a therapist's, over the sessions of a study.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::job::Job;
use crate::media::SoundSource;
use crate::model::Shelf;
use crate::roles::UserWord;
use crate::track::Who;
use crate::voice::{self, Channels, VoiceInfo};

use super::request::EngineError;

/// What such a file begins with; changes when its numbers mean something else.
const FORMAT: &str = "attune voice 1";

/// One person's voice as a file. It can identify the person, so it needs the same care as a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownVoice {
    format: String,
    /// What network made the numbers, and what ran it.
    network: String,
    /// Seconds of speech that went into it.
    pub speech_s: f64,
    /// Mean fingerprint, of length 1.
    numbers: Vec<f32>,
}

fn network(shelf: &Shelf) -> String {
    // Without the runtime: both give the same numbers within 1e-4.
    shelf.fingerprint(&["speaker"]).lines().next().unwrap_or_default().to_owned()
}

/// Learns the voice of the person who speaks in a recording.
///
/// # Errors
/// [`EngineError::Request`]: nobody speaks, several people do, or the speaker network is missing; else as
/// [`voice::analyse`].
pub fn learn(
    sound: &mut dyn SoundSource,
    shelf: &Shelf,
    settings: &voice::Settings,
    least_secs: f64,
    threads: usize,
    job: &Job<'_>,
) -> Result<KnownVoice, EngineError> {
    let request = voice::Request { threads, people: None, channels: Channels::Mixed };
    let heard = voice::analyse(sound, shelf, settings, &request, job).map_err(|error| match error {
        voice::VoiceError::Cancelled(cancelled) => cancelled.into(),
        error => EngineError::Request(error.to_string()),
    })?;
    let ask = "give a recording in which only this person speaks, for a minute if possible";
    match &heard.voices[..] {
        [] => Err(EngineError::Request(format!("nobody was heard to speak: {ask}"))),
        [VoiceInfo { speaking_secs, .. }] if *speaking_secs < least_secs => Err(EngineError::Request(format!(
            "only {speaking_secs:.0} s of speech were heard, and {least_secs:.0} s are needed: {ask}"
        ))),
        [VoiceInfo { print: Some(print), speaking_secs, .. }] => Ok(KnownVoice {
            format: FORMAT.into(),
            network: network(shelf),
            speech_s: *speaking_secs,
            numbers: print.clone(),
        }),
        [_] => Err(EngineError::Request(
            "voices cannot be told apart without the speaker network: run scripts/setup.sh".into(),
        )),
        several => Err(EngineError::Request(format!("{} people were heard to speak: {ask}", several.len()))),
    }
}

impl KnownVoice {
    /// Writes the file; an existing one is left alone.
    ///
    /// # Errors
    /// [`EngineError::Request`] with what the system said.
    pub fn save(&self, path: &Path) -> Result<(), EngineError> {
        let fail = |e: std::io::Error| {
            EngineError::Request(format!(
                "cannot write the voice ({e}): choose another name or folder: {}",
                path.display()
            ))
        };
        let text = serde_json::to_string_pretty(self).map_err(|e| fail(e.into()))?;
        let mut file = std::fs::File::create_new(path).map_err(fail)?;
        std::io::Write::write_all(&mut file, format!("{text}\n").as_bytes()).map_err(fail)
    }

    /// Reads a file written by [`Self::save`].
    ///
    /// # Errors
    /// [`EngineError::Request`]: it cannot be read, is none of these files, or was made with another network.
    pub fn load(path: &Path, shelf: &Shelf) -> Result<Self, EngineError> {
        let fail = |what: String| {
            EngineError::Request(format!("{what}: make it anew with 'attune enrol': {}", path.display()))
        };
        let text = std::fs::read_to_string(path).map_err(|e| fail(format!("the known voice cannot be read ({e})")))?;
        let voice: Self = serde_json::from_str(&text).map_err(|e| fail(format!("this is no known voice ({e})")))?;
        let length = voice.numbers.iter().map(|x| x * x).sum::<f32>().sqrt();
        if voice.format != FORMAT || !(0.9..1.1).contains(&length) {
            return Err(fail("this known voice has another format".into()));
        }
        if voice.network != network(shelf) {
            return Err(fail("this known voice was made with another network".into()));
        }
        Ok(voice)
    }

    fn likeness(&self, print: &[f32]) -> f32 {
        if print.len() == self.numbers.len() { self.numbers.iter().zip(print).map(|(a, b)| a * b).sum() } else { -1.0 }
    }

    /// Which of the voices heard this one is, as a word about the therapist; or, in a sentence for the user, why none.
    ///
    /// # Errors
    /// The sentence.
    pub fn find(&self, voices: &[VoiceInfo], settings: &crate::roles::KnownVoices) -> Result<(Who, UserWord), String> {
        let mut alike: Vec<(f32, u8)> = voices
            .iter()
            .filter_map(|voice| match (voice.who, &voice.print) {
                (Who::Speaker(n), Some(print)) => Some((self.likeness(print), n)),
                _ => None,
            })
            .collect();
        alike.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let Some(&(best, n)) = alike.first() else {
            return Err("the known voice was not looked for: with a microphone each, voices are not compared".into());
        };
        let next = alike.get(1).map_or(-1.0, |(likeness, _)| *likeness);
        if best < settings.min_likeness || best - next < settings.min_lead {
            return Err(format!(
                "the known voice is like none of the voices heard, or like several (likeness {best:.2}, next {next:.2}): say \
                 who is who with --client or --therapist"
            ));
        }
        Ok((Who::Therapist, UserWord::Known(n)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voice(n: u8, degrees: f32) -> VoiceInfo {
        let (sin, cos) = degrees.to_radians().sin_cos();
        VoiceInfo {
            who: Who::Speaker(n),
            speaking_secs: 60.0,
            channel: None,
            confidence: 1.0,
            print: Some(vec![cos, sin]),
        }
    }

    fn check(known: f32, heard: &[f32], expect: Option<u8>) {
        let known = KnownVoice {
            format: FORMAT.into(),
            network: String::new(),
            speech_s: 60.0,
            numbers: voice(1, known).print.unwrap(),
        };
        let voices: Vec<_> = heard.iter().zip(1..).map(|(&degrees, n)| voice(n, degrees)).collect();
        let settings = crate::roles::KnownVoices {
            min_likeness: 0.5,
            min_lead: 0.15,
            min_speech_secs: crate::time::Secs(std::time::Duration::ZERO),
        };
        let found = known.find(&voices, &settings);
        assert_eq!(found.ok(), expect.map(|n| (Who::Therapist, UserWord::Known(n))), "{heard:?}");
    }

    #[test]
    fn the_voice_that_is_clearly_most_alike_is_it() {
        check(0.0, &[80.0, 20.0], Some(2));
        check(0.0, &[20.0], Some(1));
    }

    #[test]
    fn a_stranger_and_a_doubt_are_nobody() {
        check(0.0, &[80.0, 90.0], None);
        check(0.0, &[10.0, 20.0], None);
        check(0.0, &[], None);
    }
}
