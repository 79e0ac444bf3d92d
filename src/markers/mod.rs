//! Markers: observable happenings, measured, not interpreted.
//!
//! One file per marker. A marker reads tracks, turns and the events of earlier markers, and returns events; it never
//! opens a file, never looks at a pixel or a sample, and never says what an event means: that is the codebook's part.

pub mod audio;
pub mod baseline;
pub mod exchange;
pub mod text;
pub mod units;
pub mod video;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::meaning::Meaning;
use crate::time::{SessionTime, Span};
use crate::track::{Tracks, Unit, Who};

pub use crate::transcript::SpokenTurn;

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
    /// The measured quantity the marker's card names, in `unit`: length of a silence, peak z of a pout; `NaN` (in files
    /// `null` or empty) if it could not be measured.
    #[serde(deserialize_with = "null_is_nan")]
    #[schemars(with = "Option<f32>")]
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

/// JSON has no `NaN`: it is written as `null`, and this reads it back.
fn null_is_nan<'de, D: serde::Deserializer<'de>>(from: D) -> Result<f32, D::Error> {
    Ok(Option::<f32>::deserialize(from)?.unwrap_or(f32::NAN))
}

/// What a reader, the documentation and the planner need to know about a marker.
pub struct Card {
    /// As in the dictionary: `aud.silence3`. Used in rules and exports; never reused for another meaning.
    pub id: &'static str,
    /// Name of its file and of its section in `config/markers/*.toml`.
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
    /// What each of `turns` means, in their order; `None` where nothing could read that.
    pub meanings: Option<&'a [Option<Meaning>]>,
    /// Events of the markers that stand earlier in [`ALL`], in order of start.
    pub earlier: &'a [Event],
}

/// What a transcript gives the markers to read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spoken<'a> {
    /// [`Input::turns`].
    pub turns: Option<&'a [SpokenTurn]>,
    /// [`Input::language`].
    pub language: Option<&'a toml::Table>,
    /// [`Input::meanings`].
    pub meanings: Option<&'a [Option<Meaning>]>,
}

/// Turns and the patterns of their language, of which nobody has read what they mean.
impl<'a> From<(Option<&'a [SpokenTurn]>, Option<&'a toml::Table>)> for Spoken<'a> {
    fn from((turns, language): (Option<&'a [SpokenTurn]>, Option<&'a toml::Table>)) -> Self {
        Self { turns, language, meanings: None }
    }
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
    /// It looks for words that the user has to enter.
    #[error(
        "marker {marker:?} needs words for the agreed goals, and none are entered yet (goal.toml of the language, see attune config --write)"
    )]
    NoGoals {
        /// The marker.
        marker: &'static str,
    },
    /// The patterns of the transcript's language do not read.
    #[error("marker {marker:?} cannot use the language patterns in {file}.toml: {message}")]
    Language {
        /// The marker.
        marker: &'static str,
        /// File of `config/language/<language>/`, without its ending.
        file: String,
        /// What is wrong.
        message: String,
    },
    /// No face can be judged for long enough to say what is usual for that person.
    #[error(
        "marker {marker:?} compares a face with the same face at rest and needs {need_secs} s in which it can be judged \
         while the person does not speak; no face has so much (baseline.min_valid_secs in config/markers/video.toml)"
    )]
    TooLittle {
        /// The marker.
        marker: &'static str,
        /// Seconds that are needed.
        need_secs: f64,
    },
    /// Too few pictures per second were looked at.
    #[error(
        "marker {marker:?} needs {need_per_sec} pictures of a face per second, and fewer were looked at: if the film has so \
         many, say --full-rate"
    )]
    TooSlow {
        /// The marker.
        marker: &'static str,
        /// Pictures per second that are needed.
        need_per_sec: f64,
    },
    /// It compares two people's faces.
    #[error("marker {marker:?} compares the faces of two people, and this session has one")]
    OneFace {
        /// The marker.
        marker: &'static str,
    },
    /// Nobody speaks alone for long enough to say what is usual for that person.
    #[error(
        "marker {marker:?} compares a voice with the same voice in this session and needs {need_secs} s in which one person \
         speaks alone and can be assessed, in several stretches; nobody has that (voice_baseline in \
         config/markers/prosody.toml)"
    )]
    TooLittleSpeech {
        /// The marker.
        marker: &'static str,
        /// Seconds that are needed.
        need_secs: f64,
    },
    /// No body can be seen, or not for long enough to say what is usual for that person.
    #[error(
        "marker {marker:?} needs {need_secs} s in which what it looks at (movement, shoulders, elbows or hands, and perhaps \
         somebody who speaks) can be assessed of one person at once; nobody has that, though parts of a body may be seen for longer"
    )]
    TooLittleBody {
        /// The marker.
        marker: &'static str,
        /// Seconds that are needed.
        need_secs: f64,
    },
    /// Its settings do not read.
    #[error("settings of marker {marker:?} in config/markers: {message}")]
    Settings {
        /// The marker.
        marker: &'static str,
        /// What is wrong with them.
        message: String,
    },
    /// A settings file as a whole does not read.
    #[error("settings file {file}: {message}")]
    SettingsFile {
        /// Path inside `config/`.
        file: String,
        /// What is wrong with it.
        message: String,
    },
}

/// One marker. Implementations hold no state: same input and settings, same events.
pub trait Marker: Sync {
    /// What it is.
    fn card(&self) -> &'static Card;

    /// Sections that several markers read, such as what counts as an exchange: each stands in this marker's settings
    /// as a table of that name.
    fn shared(&self) -> &'static [&'static str] {
        &[]
    }

    /// All its events, in order of start. `settings` is its section of `config/markers/*.toml` with its
    /// [`Marker::shared`] sections inside. Settings are read before anything else, so that a wrong one is always named.
    ///
    /// # Errors
    /// [`MarkerError`]; a marker that finds nothing returns an empty list.
    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError>;
}

/// The lists of each family, in the order in which they run.
const FAMILIES: &[&[&dyn Marker]] = &[text::ALL, audio::ALL, video::ALL];

const COUNT: usize = {
    let (mut count, mut family) = (0, 0);
    while family < FAMILIES.len() {
        count += FAMILIES[family].len();
        family += 1;
    }
    count
};

const JOINED: [&dyn Marker; COUNT] = {
    let mut joined: [&dyn Marker; COUNT] = [&audio::vad::Vad; COUNT];
    let (mut at, mut family) = (0, 0);
    while family < FAMILIES.len() {
        let mut index = 0;
        while index < FAMILIES[family].len() {
            joined[at] = FAMILIES[family][index];
            at += 1;
            index += 1;
        }
        family += 1;
    }
    joined
};

/// Every marker the engine knows, in the order in which they run: text, then sound, then picture.
pub const ALL: &[&dyn Marker] = &JOINED;

/// Sections of `config/markers/*.toml` by name: one per marker ([`Card::section`]) and the shared ones.
pub type Settings = BTreeMap<String, toml::Table>;

/// What the markers saw, and which of them could not look.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// All events in order of start, then end, marker, person; [`Event::id`] is the position in this list.
    pub events: Vec<Event>,
    /// Id of each marker that could not look, with the reason in words, in the order of [`ALL`].
    pub blind: Vec<(String, String)>,
}

/// Joins settings files, given as path and text.
///
/// # Errors
/// [`MarkerError::SettingsFile`] if a file does not read, names a section twice, or names one that no marker reads.
pub fn read_settings<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Settings, MarkerError> {
    let known = |section: &str| ALL.iter().any(|m| m.card().section == section || m.shared().contains(&section));
    let mut settings = Settings::new();
    for (file, text) in files {
        let wrong = |message: String| MarkerError::SettingsFile { file: file.to_owned(), message };
        let tables: BTreeMap<String, toml::Table> = toml::from_str(text).map_err(|e| wrong(e.to_string()))?;
        for (section, table) in tables {
            if !known(&section) {
                return Err(wrong(format!("no marker reads the section [{section}]: check its spelling")));
            }
            if settings.insert(section.clone(), table).is_some() {
                return Err(wrong(format!("the section [{section}] stands in two places: keep one")));
            }
        }
    }
    Ok(settings)
}

/// Lets every marker of [`ALL`] look, each seeing the events of those before it. A marker that cannot look is noted in
/// [`Run::blind`] and the others go on.
///
/// # Errors
/// [`MarkerError::Settings`]: wrong settings are a mistake to correct, not a thing that a session lacks.
pub fn run_all(
    tracks: &Tracks,
    session: Span,
    turns: Option<&[SpokenTurn]>,
    language: Option<&toml::Table>,
    settings: &Settings,
) -> Result<Run, MarkerError> {
    run_all_on(tracks, session, (turns, language).into(), settings)
}

/// The same with all that a transcript gives.
///
/// # Errors
/// As [`run_all`].
pub fn run_all_on(
    tracks: &Tracks,
    session: Span,
    Spoken { turns, language, meanings }: Spoken<'_>,
    settings: &Settings,
) -> Result<Run, MarkerError> {
    let mut run = Run::default();
    for marker in ALL {
        let card = marker.card();
        let own = settings_of(*marker, settings)?;
        let input = Input { tracks, session, turns, language, meanings, earlier: &run.events };
        match marker.find(&input, &own) {
            Ok(found) => {
                // The first frame of a track may stand for some milliseconds before the session.
                let measured = !card.needs.is_empty();
                run.events.extend(found.into_iter().map(|event| match event.span.overlap(session) {
                    Some(span) if measured => Event { span, ..event },
                    _ => event,
                }));
                run.events.sort_by(in_order);
            }
            Err(error @ (MarkerError::Settings { .. } | MarkerError::SettingsFile { .. })) => return Err(error),
            Err(reason) => run.blind.push((card.id.to_owned(), reason.to_string())),
        }
    }
    for (position, event) in run.events.iter_mut().enumerate() {
        event.id = EventId(u32::try_from(position).unwrap_or(u32::MAX));
    }
    Ok(run)
}

fn in_order(a: &Event, b: &Event) -> std::cmp::Ordering {
    let key = |e: &Event| (e.span.start(), e.span.end());
    key(a)
        .cmp(&key(b))
        .then_with(|| a.marker.cmp(&b.marker))
        .then_with(|| a.who.cmp(&b.who))
        .then_with(|| a.kind.cmp(&b.kind))
        .then_with(|| a.value.total_cmp(&b.value))
}

/// A marker's own section with its shared sections inside.
fn settings_of(marker: &dyn Marker, settings: &Settings) -> Result<toml::Table, MarkerError> {
    let section = |name: &'static str| {
        settings.get(name).cloned().ok_or_else(|| MarkerError::Settings {
            marker: marker.card().id,
            message: format!("there is no section [{name}]: copy it from the default settings"),
        })
    };
    let mut own = section(marker.card().section)?;
    for name in marker.shared() {
        own.insert((*name).to_owned(), toml::Value::Table(section(name)?));
    }
    Ok(own)
}

/// Reads a marker's settings table; every key must be known and there.
///
/// # Errors
/// [`MarkerError::Settings`] with the key.
pub(crate) fn read<T: DeserializeOwned>(card: &Card, settings: &toml::Table) -> Result<T, MarkerError> {
    settings
        .clone()
        .try_into()
        .map_err(|e: toml::de::Error| MarkerError::Settings { marker: card.id, message: e.message().to_owned() })
}

/// Checks that each track of [`Card::needs`] is there for somebody.
///
/// # Errors
/// [`MarkerError::MissingTrack`].
pub(crate) fn require(card: &Card, tracks: &Tracks) -> Result<(), MarkerError> {
    match card.needs.iter().find(|name| tracks.all(name).next().is_none()) {
        Some(track) => Err(MarkerError::MissingTrack { marker: card.id, track }),
        None => Ok(()),
    }
}

impl Event {
    /// An event with full strength and confidence and nothing further known.
    pub(crate) fn new(card: &Card, who: Who, span: Span, value: f32) -> Self {
        Self {
            id: EventId::default(),
            marker: card.id.to_owned(),
            who,
            span,
            apex: None,
            value,
            unit: card.unit,
            strength: 1.0,
            confidence: 1.0,
            kind: None,
            words: None,
            seen_in: card.needs.iter().map(|&name| name.to_owned()).collect(),
        }
    }

    /// The same with its kind.
    pub(crate) fn kind(self, kind: &str) -> Self {
        Self { kind: Some(kind.to_owned()), ..self }
    }

    /// The same with strength and confidence, both kept within 0 to 1 (`NaN` becomes 0).
    pub(crate) fn rated(self, strength: f32, confidence: f32) -> Self {
        Self { strength: unit_range(strength), confidence: unit_range(confidence), ..self }
    }
}

/// Within 0 to 1; what is no number becomes 0.
pub(crate) fn unit_range(value: f32) -> f32 {
    if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) }
}

/// How a value becomes a strength: 0 at `zero`, 1 at `full`, straight between. `full` may lie below `zero`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ramp {
    /// Value with strength 0.
    pub zero: f32,
    /// Value from which on more adds nothing.
    pub full: f32,
}

impl Ramp {
    /// Strength of a value, 0 to 1; 0 for `NaN`.
    pub fn strength(self, value: f32) -> f32 {
        let share = (value - self.zero) / (self.full - self.zero);
        if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) }
    }
}
