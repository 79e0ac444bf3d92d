//! What is in a recording, before it is read.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::media::settings::MediaSettings;
use crate::media::{MediaError, wav};

/// What a recording says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Probe {
    /// Short name of the container: `wav`, `mov,mp4,m4a,3gp,3g2,mj2`, `matroska,webm`.
    pub container: String,
    /// Length in seconds, if the container tells.
    pub duration_secs: Option<f64>,
    /// All streams in order of their index.
    pub streams: Vec<Stream>,
}

/// One stream of a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Stream {
    /// Number within the file, from 0.
    pub index: usize,
    /// `h264`, `aac`, `pcm_s16le`.
    pub codec: String,
    /// Seconds from the file's zero to the first picture or sample, if the container tells; slightly negative where an
    /// encoder's delay is still counted.
    pub start_secs: Option<f64>,
    /// What it carries.
    pub kind: StreamKind,
}

/// What a stream carries.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum StreamKind {
    /// Pictures.
    Picture {
        /// Pixels, upright and square.
        width: u32,
        /// Pixels, upright and square.
        height: u32,
        /// Average number of pictures in a second, if the container tells.
        frames_per_sec: Option<f64>,
        /// Clockwise turn of the stored picture that makes it upright: 0, 90, 180 or 270.
        turned_degrees: u16,
    },
    /// Sound.
    Sound {
        /// Samples per second as stored.
        rate_hz: u32,
        /// Number of channels.
        channels: u16,
    },
    /// Subtitles, data, a cover picture, or a codec that cannot be decoded.
    Other,
}

impl Probe {
    /// Whether there are pictures.
    pub fn has_picture(&self) -> bool {
        self.streams.iter().any(|stream| matches!(stream.kind, StreamKind::Picture { .. }))
    }

    /// Whether there is sound.
    pub fn has_sound(&self) -> bool {
        self.streams.iter().any(|stream| matches!(stream.kind, StreamKind::Sound { .. }))
    }

    /// One line for people: `12:03, picture h264 1280x720 25 fps, sound aac 48000 Hz stereo`.
    pub fn describe(&self) -> String {
        let mut parts = vec![self.duration_secs.map_or("unknown length".to_owned(), |secs| {
            let whole = secs.round().max(0.0) as u64;
            match whole / 3600 {
                0 => format!("{}:{:02}", whole / 60, whole % 60),
                hours => format!("{hours}:{:02}:{:02}", whole / 60 % 60, whole % 60),
            }
        })];
        for stream in &self.streams {
            match stream.kind {
                StreamKind::Picture { width, height, frames_per_sec, turned_degrees } => {
                    let fps =
                        frames_per_sec.map_or(String::new(), |fps| format!(" {} fps", (fps * 100.0).round() / 100.0));
                    let turned =
                        if turned_degrees == 0 { String::new() } else { format!(" turned {turned_degrees}°") };
                    parts.push(format!("picture {} {width}x{height}{fps}{turned}", stream.codec));
                }
                StreamKind::Sound { rate_hz, channels } => {
                    let channels = match channels {
                        1 => "mono".to_owned(),
                        2 => "stereo".to_owned(),
                        more => format!("{more} channels"),
                    };
                    parts.push(format!("sound {} {rate_hz} Hz {channels}", stream.codec));
                }
                StreamKind::Other => (),
            }
        }
        parts.join(", ")
    }
}

/// Looks into a recording; by its content, not its name.
///
/// # Errors
/// [`MediaError::Unreadable`], [`MediaError::Unusable`].
pub fn probe(path: &Path, settings: &MediaSettings) -> Result<Probe, MediaError> {
    if super::holds_wav(path)?
        && let Ok(facts) = wav::facts(path)
    {
        let codec = match facts.spec.sample_format {
            hound::SampleFormat::Float => format!("pcm_f{}", facts.spec.bits_per_sample),
            hound::SampleFormat::Int => format!("pcm_s{}", facts.spec.bits_per_sample),
        };
        let kind = StreamKind::Sound { rate_hz: facts.spec.sample_rate, channels: facts.spec.channels };
        let duration_secs = facts.present as f64 / f64::from(facts.spec.sample_rate.max(1));
        let streams = vec![Stream { index: 0, codec, start_secs: Some(0.0), kind }];
        return Ok(Probe { container: "wav".into(), duration_secs: Some(duration_secs), streams });
    }
    #[cfg(feature = "video")]
    return super::libav::probe(path, &settings.time);
    #[cfg(not(feature = "video"))]
    {
        let _ = settings;
        Err(super::only_wav(path))
    }
}
