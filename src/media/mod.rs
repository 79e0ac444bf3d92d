//! Recordings in, frames and sample blocks out, each with its own time on the session clock.
//!
//! This is the only place that opens a recording. It does not know what a voice or a face is.

use ndarray::Array2;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::{SessionTime, Span};

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
