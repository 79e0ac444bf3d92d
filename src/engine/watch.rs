//! How a scan tells what it is doing.

/// Parts of a scan that take time, in the order in which they begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Hashing and opening the recordings.
    Media,
    /// Finding where further recordings lie on the session clock.
    Align,
    /// Sound to text, by the user's recogniser.
    Recognise,
    /// Sound to voice tracks.
    Voice,
    /// Pictures to face tracks.
    Face,
    /// Tracks to events, codes and candidates.
    Find,
    /// Writing the results.
    Write,
}

impl Stage {
    /// As people read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Media => "recordings",
            Self::Align => "one clock",
            Self::Recognise => "text",
            Self::Voice => "voices",
            Self::Face => "faces",
            Self::Find => "candidates",
            Self::Write => "results",
        }
    }
}

/// Is told how a scan goes on; may be called from several threads.
pub trait Watch: Sync {
    /// A stage begins; `secs` of recording lie before it, if that is known.
    fn begins(&self, stage: Stage, secs: Option<f64>);
    /// All up to `secs` of the recording is done.
    fn done_to(&self, stage: Stage, secs: f64);
    /// A stage is over; `reused`: its result was stored from an earlier run.
    fn ends(&self, stage: Stage, reused: bool);
}

/// Nobody looks.
pub struct Unwatched;

impl Watch for Unwatched {
    fn begins(&self, _: Stage, _: Option<f64>) {}
    fn done_to(&self, _: Stage, _: f64) {}
    fn ends(&self, _: Stage, _: bool) {}
}
