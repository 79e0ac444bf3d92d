//! From a microphone into a file that is playable at every moment.
//!
//! A device calls back on a thread of its own and may neither wait nor ask for memory there: it puts its samples into a
//! ring ([`Inlet`]) and goes. One thread empties the ring into the file ([`record`]), measures levels and watches
//! for losses. Whatever looks at the sound besides (a meter, an analysis) gets copies that may be dropped.
//!
//! The clock of the file is kept true: sound that is known to be lost is replaced by silence of the same length, and told.

mod clock;
mod levels;
mod panel;
mod played;
mod ring;
mod settings;
mod tally;
mod wav_file;
mod writer;

use std::path::Path;

pub use self::levels::ChannelLevels;
pub use self::panel::{Panel, Piece, State};
pub use self::played::PlayedFile;
pub use self::ring::{Inlet, Signals};
pub use self::settings::{CaptureSettings, DeviceSettings, FileSettings, LevelSettings};
pub use self::tally::{Moment, Tally, What};
pub use self::wav_file::{Disk, SafeWav, SampleFormat};
pub use self::writer::{End, PIECES_PER_SEC, Plan, Recorded, record};

/// Rate and channels of what a microphone delivers; both stay the same for the whole recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Shape {
    /// Samples per second and channel, above 0.
    pub rate: u32,
    /// Channels, above 0.
    pub channels: u16,
}

impl Shape {
    /// Seconds of so many samples per channel.
    pub fn secs(self, frames: u64) -> f64 {
        frames as f64 / f64::from(self.rate)
    }

    /// Samples per channel of so many seconds.
    pub fn frames(self, secs: f64) -> u64 {
        (secs * f64::from(self.rate)).round() as u64
    }
}

/// Where sound comes from while recording: a device, a file played in its place, or a test.
pub trait Microphone: Send {
    /// What it delivers.
    fn shape(&self) -> Shape;

    /// Begins to deliver into `inlet` from a thread of its own, until the returned value is dropped. Called again after
    /// a device went away; nothing of the earlier start delivers any more then.
    ///
    /// # Errors
    /// [`CaptureError::Device`] if it cannot be opened (now).
    fn start(&mut self, inlet: Inlet) -> Result<Box<dyn Send>, CaptureError>;
}

/// Why nothing is recorded.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// No device that records.
    #[error(
        "this machine has no microphone that can be used ({message}): plug one in, check that no other program holds it \
         and that this user may use sound devices, then look with attune record --list-devices"
    )]
    NoDevice {
        /// What the system said.
        message: String,
    },
    /// None of this name.
    #[error("there is no microphone {name:?}: {advice}")]
    UnknownDevice {
        /// What was asked for.
        name: String,
        /// Which ones there are.
        advice: String,
    },
    /// Not with this rate or number of channels.
    #[error("the microphone {device:?} does not record {asked}: it offers {offers}")]
    Unsupported {
        /// Which one.
        device: String,
        /// What was asked for.
        asked: String,
        /// What it can do.
        offers: String,
    },
    /// It does not open.
    #[error("the microphone does not open ({message}): check that no other program holds it and that it is plugged in")]
    Device {
        /// What the system said.
        message: String,
    },
    /// The file is there already.
    #[error(
        "there is a file of this name already, and nothing is written over it: use another name, such as {free}: {file}"
    )]
    Exists {
        /// A name that is free.
        free: String,
        /// Its path.
        file: String,
    },
    /// The file in a microphone's place does not read.
    #[error("cannot rehearse with this file ({message}): give a WAV file: {file}")]
    NotPlayed {
        /// What is wrong.
        message: String,
        /// Its path.
        file: String,
    },
    /// The file cannot be made.
    #[error("cannot write the recording ({message}): {advice}: {file}")]
    File {
        /// What the system said.
        message: String,
        /// What to do.
        advice: &'static str,
        /// Its path.
        file: String,
    },
}

/// Whether a recording may get this name: a new one that ends in `.wav`, in a folder that is there.
///
/// # Errors
/// [`CaptureError::Exists`] with a free name, [`CaptureError::File`].
pub fn check_name(path: &Path) -> Result<(), CaptureError> {
    let file = || path.display().to_string();
    let fail = |message: &str, advice| Err(CaptureError::File { message: message.into(), advice, file: file() });
    if !path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("wav")) {
        return fail("only WAV is recorded", "give the file a name that ends in .wav");
    }
    if path.symlink_metadata().is_ok() {
        return Err(CaptureError::Exists { free: free_name(path), file: file() });
    }
    if path.parent().is_some_and(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        return fail("the folder is not there", "make it first, or choose another");
    }
    Ok(())
}

/// Makes the file of a recording; never touches one that is there.
///
/// # Errors
/// [`CaptureError::Exists`] with a free name, [`CaptureError::File`].
pub fn create_file(path: &Path) -> Result<std::fs::File, CaptureError> {
    check_name(path)?;
    let file = || path.display().to_string();
    std::fs::File::options().write(true).create_new(true).open(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => CaptureError::Exists { free: free_name(path), file: file() },
        _ => {
            CaptureError::File { message: e.to_string(), advice: "choose a folder that you may write to", file: file() }
        }
    })
}

/// `talk-2.wav` for `talk.wav`, or the next number that is free.
fn free_name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let names = (2..1000).map(|number| format!("{stem}-{number}.wav"));
    names
        .into_iter()
        .find(|name| path.with_file_name(name).symlink_metadata().is_err())
        .unwrap_or_else(|| format!("{stem}-new.wav"))
}

/// Bytes that may still be written where this file lies; `None` where the system does not tell.
pub fn free_bytes(path: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let disk = rustix::fs::statvfs(folder).ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }
    #[cfg(not(unix))]
    {
        _ = path;
        None
    }
}

#[cfg(test)]
mod tests;
