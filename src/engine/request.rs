//! What a scan is asked to do, and why it can fail.

use std::path::PathBuf;

use crate::config::ConfigError;
use crate::job::Cancelled;
use crate::markers::MarkerError;
use crate::media::MediaError;
use crate::model::ModelError;
use crate::track::Who;
use crate::transcript::ColumnMap;

use super::withheld::Withheld;

/// One recording of the session.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The file.
    pub path: PathBuf,
    /// Seconds after the first recording at which this one starts; `None`: find it by sound (the first: zero).
    pub offset_secs: Option<f64>,
    /// Who alone is in it, if it is known to be one person's: what they have not agreed to is then not even opened.
    pub of: Option<Who>,
}

/// What the channels of the sound are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChannelUse {
    /// Listen, and decide.
    #[default]
    Auto,
    /// One room; people are told apart by their voices.
    Mixed,
    /// One microphone per person.
    PerPerson,
}

/// What a scan is asked to do.
#[derive(Clone, Debug)]
pub struct Request {
    /// Recordings of one session; the first one's zero is the session's zero.
    pub recordings: Vec<Recording>,
    /// The transcript.
    pub transcript: Option<PathBuf>,
    /// A recogniser to run where no transcript is given (`asr::Wish::command`).
    pub asr: Option<String>,
    /// The transcript's language; `None`: told by its words.
    pub language: Option<String>,
    /// Which columns of a table mean what, where their names do not tell.
    pub columns: ColumnMap,
    /// What the user says about who the client is: names, `left`, `speaker1`, `face2`, `channel1`.
    pub client: Vec<String>,
    /// The same about the therapist.
    pub therapist: Vec<String>,
    /// How many people speak, from 1; `None`: as many as are heard.
    pub speakers: Option<u8>,
    /// A file with the therapist's voice from another recording.
    pub therapist_voice: Option<PathBuf>,
    /// What the channels are.
    pub channels: ChannelUse,
    /// Whether to look at the pictures.
    pub look: bool,
    /// Whether to listen to the sound.
    pub listen: bool,
    /// Folder of the results.
    pub out: PathBuf,
    /// Name of the session in the results.
    pub name: String,
    /// Minutes of a coder's time per hour of session; `None`: as the settings say.
    pub budget_minutes: Option<f64>,
    /// When words are looked for in the sound.
    pub align: super::words::AlignUse,
    /// Threads, at least 1. The result does not depend on it.
    pub threads: usize,
    /// Compute everything anew, also what is stored.
    pub fresh: bool,
    /// What must not be measured.
    pub withheld: Withheld,
}

/// Why a scan gave no result.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A recording cannot be opened, and nothing else can take its place.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// Neither sound nor picture nor transcript could be used.
    #[error("nothing of this session could be read:\n{0}")]
    Nothing(String),
    /// The settings do not read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A marker's settings do not read.
    #[error(transparent)]
    Marker(#[from] MarkerError),
    /// The codebook does not read.
    #[error("the codebook does not read:\n{0}")]
    Codebook(String),
    /// The networks' list does not read.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// What the user said contradicts the recording.
    #[error("{0}")]
    Request(String),
    /// The user asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The results cannot be written.
    #[error("cannot write the results ({message}): free some space, or choose another folder with --out: {folder}")]
    Write {
        /// What the system said.
        message: String,
        /// Folder.
        folder: String,
    },
}
