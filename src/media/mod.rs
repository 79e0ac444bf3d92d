//! Recordings in, frames and sample blocks out, each with its own time on the session clock.
//!
//! This is the only place that opens a recording. It does not know what a voice or a face is.
//!
//! A file's zero is presentation time 0, where a player starts to count; the caller says where that lies on the session
//! clock. A film whose picture starts 500 ms late has its first frame at 0.5 s, and its sound begins at 0.

mod ahead;
mod align;
mod assemble;
pub mod capture;
#[cfg(feature = "live")]
pub mod devices;
#[cfg(feature = "video")]
mod libav;
mod mix;
#[cfg(feature = "video")]
mod pick;
mod probe;
mod resample;
mod settings;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(feature = "video")]
mod timeline;
mod wav;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use ndarray::Array2;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::{SessionTime, Span};

#[cfg(feature = "video")]
pub use self::ahead::pictures_ahead;
pub use self::ahead::{Ahead, sound_ahead};
pub use self::align::{Alignment, OpenSound, find_offset};
#[cfg(feature = "video")]
pub use self::libav::{PictureWish, SoundReader, VideoReader};
pub use self::mix::SoundMix;
#[cfg(feature = "video")]
pub use self::pick::PictureGrid;
pub use self::probe::{Probe, Stream, StreamKind, probe};
pub(crate) use self::resample::Resampler;
pub use self::settings::{AlignSettings, MediaSettings, PictureSettings, SoundSettings, TimeSettings};
pub use self::wav::WavSound;

/// Sample rate of every [`SampleBlock`], in samples per second.
pub const SOUND_RATE: u32 = 16_000;

/// A stretch of sound at [`SOUND_RATE`]. Blocks of one source follow each other without holes: what the file lacks
/// (damage, a track that starts late, a gap in its time stamps) comes as zeros and is listed in [`Damage`].
#[derive(Clone, Debug)]
pub struct SampleBlock {
    /// When the first sample was.
    pub start: SessionTime,
    /// Shape `[channels, samples]`, full scale = 1.0.
    pub samples: Array2<f32>,
}

/// Where sound comes from: a file, several files on one clock, or a test.
pub trait SoundSource: Send {
    /// Number of channels of every block, at least 1.
    fn channels(&self) -> usize;
    /// Length of the recording in seconds if the container tells.
    fn expected_secs(&self) -> Option<f64>;
    /// The next block; `None` at the end. Damaged stretches are not errors.
    fn next_block(&mut self) -> Result<Option<SampleBlock>, MediaError>;
    /// What was skipped so far.
    fn damage(&self) -> &Damage;
    /// The same for each recording of a source that joins several, in their order.
    fn damage_of_each(&self) -> Vec<Damage> {
        vec![self.damage().clone()]
    }
}

/// One picture.
#[cfg(feature = "video")]
#[derive(Debug)]
pub struct Frame {
    /// When it was shown first.
    pub time: SessionTime,
    /// Upright (rotation applied), 8 bit, three channels, blue green red.
    pub image: opencv::core::Mat,
}

/// Where pictures come from: a file or a test.
#[cfg(feature = "video")]
pub trait FrameSource: Send {
    /// Width and height in pixels, after rotation.
    fn size(&self) -> (u32, u32);
    /// Length of the recording in seconds if the container tells.
    fn expected_secs(&self) -> Option<f64>;
    /// The next wanted picture in order of time; `None` at the end. Damaged pictures are skipped, not errors.
    fn next_frame(&mut self) -> Result<Option<Frame>, MediaError>;
    /// What was skipped so far.
    fn damage(&self) -> &Damage;
}

/// What could not be read of a file, while the rest could.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Damage {
    /// Packets or frames that the decoder refused.
    pub broken_packets: u64,
    /// Stretches of the session without data although the track should have some, in order, joined.
    pub missing: Vec<Span>,
}

/// Why a recording could not be opened or read on.
///
/// Messages say what is wrong and what to do first, and the file last.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// Not there, not readable.
    #[error("cannot read the recording ({source}): check that the file exists and may be read: {file}")]
    Unreadable {
        /// File name.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// No known container or codec, or damaged beyond its index.
    #[error("{what}: {advice}: {file}")]
    Unusable {
        /// What is wrong.
        what: String,
        /// What to do.
        advice: &'static str,
        /// File name.
        file: String,
    },
    /// The file has no such track.
    #[error("the recording has no {what} track: {file}")]
    NoTrack {
        /// `sound` or `picture`.
        what: &'static str,
        /// File name.
        file: String,
    },
    /// A library failed in a way that is no fault of the file.
    #[error("{library} failed while {doing}: {message}")]
    Library {
        /// Which library.
        library: &'static str,
        /// At what.
        doing: &'static str,
        /// Its words.
        message: String,
    },
}

/// Which libraries read films, for `attune doctor`.
#[cfg(feature = "video")]
pub fn library_version() -> String {
    let version = ffmpeg_next::codec::version();
    format!("libavcodec {}.{}.{}", version >> 16, version >> 8 & 0xff, version & 0xff)
}

/// Opens the sound of a recording, chosen by content and not by name: WAV through `hound`, all else through libav.
/// `offset` is the session time of the file's zero; the first block starts there.
///
/// # Errors
/// [`MediaError::Unreadable`], [`MediaError::Unusable`], [`MediaError::NoTrack`].
pub fn open_sound(
    path: &Path,
    offset: SessionTime,
    settings: &MediaSettings,
) -> Result<Box<dyn SoundSource>, MediaError> {
    let wav_error = match holds_wav(path)?.then(|| WavSound::open(path, offset, settings)) {
        Some(Ok(sound)) => return Ok(Box::new(sound)),
        Some(Err(error)) => Some(error),
        None => None,
    };
    // WAV is a container as well: what `hound` does not know (A-law, more than 4 GB) may be read by libav.
    #[cfg(feature = "video")]
    return match (SoundReader::open(path, None, offset, settings), wav_error) {
        (Ok(sound), _) => Ok(Box::new(sound)),
        (Err(_), Some(error)) | (Err(error), None) => Err(error),
    };
    #[cfg(not(feature = "video"))]
    Err(wav_error.unwrap_or_else(|| only_wav(path)))
}

/// Opens the pictures of a film. `offset` is the session time of the file's zero.
///
/// # Errors
/// [`MediaError::Unreadable`], [`MediaError::Unusable`], [`MediaError::NoTrack`].
#[cfg(feature = "video")]
pub fn open_pictures(
    path: &Path,
    offset: SessionTime,
    wish: PictureWish,
    settings: &MediaSettings,
) -> Result<Box<dyn FrameSource>, MediaError> {
    refuse_what_is_no_file(path)?;
    Ok(Box::new(VideoReader::open(path, offset, wish, settings)?))
}

/// Refuses folders, pipes and devices: a recording is read several times, and a pipe could wait for ever.
fn refuse_what_is_no_file(path: &Path) -> Result<(), MediaError> {
    let facts = std::fs::metadata(path).map_err(|e| unreadable(path, e))?;
    if facts.is_dir() {
        return Err(MediaError::Unusable {
            what: "this is a folder".into(),
            advice: "name the recordings in it, one by one",
            file: path.display().to_string(),
        });
    }
    if !facts.is_file() {
        return Err(MediaError::Unusable {
            what: "this is a pipe or a device, and a recording is read more than once".into(),
            advice: "save it to a file first",
            file: path.display().to_string(),
        });
    }
    Ok(())
}

/// Whether the first bytes are those of a WAV file.
fn holds_wav(path: &Path) -> Result<bool, MediaError> {
    refuse_what_is_no_file(path)?;
    let file = File::open(path).map_err(|e| unreadable(path, e))?;
    let mut first = Vec::new();
    file.take(12).read_to_end(&mut first).map_err(|e| unreadable(path, e))?;
    Ok(wav::is_wav(&first))
}

fn unreadable(path: &Path, source: std::io::Error) -> MediaError {
    MediaError::Unreadable { file: path.display().to_string(), source }
}

#[cfg(not(feature = "video"))]
fn only_wav(path: &Path) -> MediaError {
    MediaError::Unusable {
        what: "this is no WAV file, and this build of the program reads nothing else".into(),
        advice: "convert the sound to WAV, or use a build with the feature `video`",
        file: path.display().to_string(),
    }
}

/// Refuses rates and channel counts that only a damaged header has.
fn check_sound_shape(rate: u32, channels: u16, settings: &SoundSettings, path: &Path) -> Result<(), MediaError> {
    let rates = settings.lowest_rate_hz..=settings.highest_rate_hz;
    if rates.contains(&rate) && (1..=settings.most_channels).contains(&channels) {
        return Ok(());
    }
    Err(MediaError::Unusable {
        what: format!("the sound has {channels} channels at {rate} Hz, which cannot be read"),
        advice: "convert the sound to at most 8 channels at 8 to 192 kHz",
        file: path.display().to_string(),
    })
}

/// Adds a stretch to the list, joined with the last one if they touch.
fn add_missing(damage: &mut Damage, span: Option<Span>) {
    let Some(span) = span else { return };
    match damage.missing.last_mut() {
        Some(last) if span.start() <= last.end() => *last = last.hull(span),
        _ => damage.missing.push(span),
    }
}
