//! What a long stage is given besides its input: a place to report progress to, and a way to be told to stop.

use std::sync::atomic::{AtomicBool, Ordering};

/// Progress and cancellation of one stage.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    report: &'a (dyn Fn(f64) + Sync),
    stop: &'a AtomicBool,
}

/// The user asked to stop. What was finished before is kept; nothing half-done is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stopped on request; run the same command again to go on from here")]
pub struct Cancelled;

static NEVER: AtomicBool = AtomicBool::new(false);

impl<'a> Job<'a> {
    /// `report` is called with the finished part of the stage in seconds of recording; `stop` is watched.
    pub fn new(report: &'a (dyn Fn(f64) + Sync), stop: &'a AtomicBool) -> Self {
        Self { report, stop }
    }

    /// Nobody watches and nobody stops it.
    pub fn quiet() -> Job<'static> {
        Job { report: &|_| (), stop: &NEVER }
    }

    /// Says that all up to `secs` of the recording is done.
    ///
    /// # Errors
    /// [`Cancelled`] if the user asked to stop: the stage then ends with this error.
    pub fn done_to(&self, secs: f64) -> Result<(), Cancelled> {
        (self.report)(secs);
        if self.stop.load(Ordering::Relaxed) { Err(Cancelled) } else { Ok(()) }
    }
}
