//! Markers: observable happenings, measured, not interpreted.
//!
//! One file per marker. A marker reads tracks, turns and the events of earlier markers, and returns events; it never
//! opens a file, never looks at a pixel or a sample, and never says what an event means: that is the codebook's part.

pub mod exchange;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::{SessionTime, Span};
use crate::track::{Tracks, Unit, Who};

/// Position of an event in the session's list, from 0; the list is sorted by start, then end, marker, person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct EventId(pub u32);

/// One happening.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Set when the session's list is complete.
    pub id: EventId,
    /// [`Card::id`] of the marker that saw it.
    pub marker: String,
    /// Whom it is about.
    pub who: Who,
    /// When.
    #[serde(flatten)]
    pub span: Span,
    /// When it was strongest, if it has such a moment.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub apex: Option<SessionTime>,
    /// The measured quantity the marker's card names, in `unit`: length of a silence, peak z of a pout.
    pub value: f32,
    /// Of `value`.
    pub unit: Unit,
    /// How strong it is for rules and scores, 0 to 1: 0 at the marker's threshold's foot, 1 where more adds nothing.
    pub strength: f32,
    /// How sure the measurement is, 0 to 1. Not how likely any meaning is.
    pub confidence: f32,
    /// One of the marker's closed list of kinds ([`Card::kinds`]): the switching context of a silence, a prompt's
    /// type.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kind: Option<String>,
    /// Words said, for turns and replies; `None` without a transcript.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub words: Option<u32>,
    /// Tracks where a coder can look, besides the clip itself.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub seen_in: Vec<String>,
}

/// What a reader, the documentation and the planner need to know about a marker.
pub struct Card {
    /// As in the dictionary: `aud.silence3`. Used in rules and exports; never reused for another meaning.
    pub id: &'static str,
    /// Name of its file and of its section in `config/markers.toml`.
    pub section: &'static str,
    /// One sentence a coder understands.
    pub what: &'static str,
    /// What `value` counts.
    pub unit: Unit,
    /// The values `kind` can have; empty if it has none.
    pub kinds: &'static [&'static str],
    /// Tracks it reads, by name. The engine computes these first, or says why it cannot.
    pub needs: &'static [&'static str],
    /// Markers whose events it reads: they stand earlier in [`ALL`].
    pub after: &'static [&'static str],
    /// Whether it reads the transcript's turns.
    pub reads_text: bool,
    /// Where the measure and its thresholds come from.
    pub source: &'static str,
}

/// A turn on the session clock, with the person who spoke it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SpokenTurn {
    /// Who spoke.
    pub who: Who,
    /// When, on the session clock.
    #[serde(flatten)]
    pub span: Span,
    /// What was said.
    pub text: String,
    /// How sure the time is, 0 to 1: 1 = from the transcript and in agreement with the voice.
    pub confidence: f32,
}

/// All that a marker may read.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// Measurements.
    pub tracks: &'a Tracks,
    /// The whole session.
    pub session: Span,
    /// Turns of the transcript in order of start; `None` without a transcript.
    pub turns: Option<&'a [SpokenTurn]>,
    /// Word patterns of the transcript's language.
    pub language: Option<&'a toml::Table>,
    /// Events of the markers that stand earlier in [`ALL`], in order of start.
    pub earlier: &'a [Event],
}

/// Why a marker could not look.
#[derive(Debug, thiserror::Error)]
pub enum MarkerError {
    /// A track in [`Card::needs`] is not there.
    #[error("marker {marker:?} needs the track {track:?}, which this session does not have")]
    MissingTrack {
        /// The marker.
        marker: &'static str,
        /// The track.
        track: &'static str,
    },
    /// It needs a transcript.
    #[error("marker {marker:?} reads the transcript, and this session has none")]
    NoTranscript {
        /// The marker.
        marker: &'static str,
    },
    /// Its settings do not read.
    #[error("settings of marker {marker:?} in markers.toml: {message}")]
    Settings {
        /// The marker.
        marker: &'static str,
        /// What is wrong with them.
        message: String,
    },
}

/// One marker. Implementations hold no state: same input and settings, same events.
pub trait Marker: Sync {
    /// What it is.
    fn card(&self) -> &'static Card;

    /// All its events, in order of start. `settings` is its section of `config/markers.toml`.
    ///
    /// # Errors
    /// [`MarkerError`]; a marker that finds nothing returns an empty list.
    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError>;
}

/// Every marker the engine knows, in the order in which they run.
pub const ALL: &[&dyn Marker] = &[];
