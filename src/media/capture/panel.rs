//! What the writer lets others see while it works.

use super::levels::ChannelLevels;
use super::tally::Tally;

/// What the recording is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Sound goes into the file.
    #[default]
    Recording,
    /// The device went away and is tried again.
    Reopening,
    /// The file is complete.
    Done,
}

/// The state of a recording, copied out for a display.
#[derive(Clone, Debug, Default)]
pub struct Panel {
    /// What it is doing.
    pub state: State,
    /// Samples per channel so far.
    pub frames: u64,
    /// Of each channel.
    pub levels: Vec<ChannelLevels>,
    /// What happened.
    pub tally: Tally,
    /// Minutes for which there is room on the disk, where the system tells.
    pub room_minutes: Option<f64>,
    /// Share of the buffer between device and file that is filled, 0 to 1.
    pub waiting: f64,
}

/// A copy of some sound for an analysis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Piece {
    /// Number of its first sample.
    pub start_frame: u64,
    /// Interleaved, full scale 1.
    pub samples: Vec<f32>,
}
