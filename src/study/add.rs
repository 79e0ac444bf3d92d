//! Sessions into a study.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::date::Date;
use super::manifest::{EVERYBODY, Manifest, Medium, Participant, ParticipantRole};
use super::{MANIFEST_FILE, SCHEMA, SessionFolder, Study, StudyError, files};
use crate::study::manifest::Channels;

/// Where copies of recordings lie inside a session's folder.
pub const COPIES: &str = "media";

/// A recording that is to be in a new session.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMedium {
    /// Where it is.
    pub path: PathBuf,
    /// Whose: a pseudonym or `both`.
    pub of: String,
    /// Seconds after the session's zero; `None`: found by sound.
    pub offset_s: Option<f64>,
}

impl NewMedium {
    /// Before a role, for a recording of somebody whose pseudonym is made when the session is added: `?client`.
    pub const MADE: &'static str = "?";

    /// A recording of everybody, at a place that is to be found.
    pub fn of_everybody(path: PathBuf) -> Self {
        Self { path, of: EVERYBODY.into(), offset_s: None }
    }
}

/// What one person is to be in a new session.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewPerson {
    /// What they are called; `None`: made from the pair's or the session's id.
    pub pseudonym: Option<String>,
    /// How recordings and transcript show them.
    pub known_as: Vec<String>,
    /// A list of what they agreed to ([`super::Consent::changed`]); `None`: the study's usual.
    pub consent: Option<String>,
}

/// A session that is to be added.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewSession {
    /// Its id; `None`: the next free one.
    pub id: Option<String>,
    /// Recordings in order.
    pub media: Vec<NewMedium>,
    /// Transcript.
    pub transcript: Option<PathBuf>,
    /// Columns of a transcript that is a table.
    pub columns: Option<String>,
    /// Which pair of people.
    pub dyad: Option<String>,
    /// Days after the pair's first session.
    pub day: Option<i32>,
    /// Last day on which it may be kept; `None`: as the study says.
    pub retain_until: Option<Date>,
    /// The client.
    pub client: NewPerson,
    /// The therapist.
    pub therapist: NewPerson,
    /// What the channels are.
    pub channels: Option<Channels>,
    /// How many people speak.
    pub speakers: Option<u8>,
    /// Whether recordings and transcript are copied into the study.
    pub copy: bool,
}

impl Study {
    /// Adds a session; the caller holds [`Study::lock`]. `today` is where the time for which it may be kept begins.
    ///
    /// # Errors
    /// [`StudyError`]: a file is not there, an id or a recording is in the study already, the session contradicts itself.
    /// Nothing is left of it then.
    pub fn add(&self, new: &NewSession, today: Date, taken: &mut Taken) -> Result<SessionFolder, StudyError> {
        let id = match &new.id {
            Some(id) => id.clone(),
            None => super::manifest::id_of(taken.highest.saturating_add(1)),
        };
        let Some(number) = super::manifest::number_of(&id) else {
            return Err(StudyError::Wrong(format!("an id is S and a number, such as S001, not {id:?}: leave it out")));
        };
        let folder = self.sessions_folder().join(&id);
        if folder.exists() {
            return Err(StudyError::Wrong(format!(
                "the study has a session {id} already, or had one that was forgotten"
            )));
        }
        let mut media = Vec::new();
        for medium in &new.media {
            let path = found(&medium.path)?;
            if let Some(what) = no_recording(&path)? {
                return Err(StudyError::Wrong(format!(
                    "{what}, and no recording; if it is the session's transcript, give it with --transcript: {}",
                    path.display()
                )));
            }
            if let Some(other) = taken.media.get(&path) {
                return Err(StudyError::Wrong(format!(
                    "this recording is in the study already, as session {other}: {}",
                    path.display()
                )));
            }
            if media.iter().any(|known: &Medium| Path::new(&known.file) == path) {
                return Err(StudyError::Wrong(format!("the same recording is given twice: {}", path.display())));
            }
            let of = match medium.of.strip_prefix(NewMedium::MADE) {
                Some(role) => format!("{}-{role}", new.dyad.as_deref().unwrap_or(&id)),
                None => medium.of.clone(),
            };
            media.push(Medium { file: text_of(&path)?, of, offset_s: medium.offset_s });
        }
        let transcript =
            new.transcript.as_deref().map(|path| found(path).and_then(|path| text_of(&path))).transpose()?;
        let retained = self.settings.retention_days.map(|days| today.plus_days(days));
        let mut manifest = Manifest {
            schema: SCHEMA,
            id: id.clone(),
            dyad: new.dyad.clone(),
            day: new.day,
            retain_until: new.retain_until.or(retained),
            transcript,
            columns: new.columns.clone(),
            language: None,
            channels: new.channels,
            speakers: new.speakers,
            participant: self.people(new, &id)?,
            media,
        };
        manifest.check()?;

        fs::create_dir_all(&folder).map_err(|e| StudyError::writing(&folder, e))?;
        let written = (|| {
            if new.copy {
                copy_all(&mut manifest, &folder)?;
            }
            manifest.write(&folder.join(MANIFEST_FILE))
        })();
        if let Err(error) = written {
            // Whatever was begun was begun here a moment ago.
            let _ = fs::remove_dir_all(&folder);
            return Err(error);
        }
        taken.highest = taken.highest.max(number);
        let session = SessionFolder { id: id.clone(), folder, manifest };
        taken.note(&session);
        Ok(session)
    }

    fn people(&self, new: &NewSession, id: &str) -> Result<Vec<Participant>, StudyError> {
        let base = new.dyad.as_deref().unwrap_or(id);
        let person = |new: &NewPerson, role, word: &str| {
            let usual = self.settings.consent;
            let consent = new.consent.as_deref().map_or(Ok(usual), |list| usual.changed(list));
            Ok(Participant {
                pseudonym: new.pseudonym.clone().unwrap_or_else(|| format!("{base}-{word}")),
                role,
                known_as: new.known_as.clone(),
                consent: consent.map_err(StudyError::Wrong)?,
            })
        };
        Ok(vec![
            person(&new.client, ParticipantRole::Client, "client")?,
            person(&new.therapist, ParticipantRole::Therapist, "therapist")?,
        ])
    }
}

/// What a study holds already; kept while many sessions are added, so that adding takes the same time for each.
#[derive(Debug, Default)]
pub struct Taken {
    highest: u32,
    media: std::collections::BTreeMap<PathBuf, String>,
}

impl Taken {
    /// What this study holds.
    ///
    /// # Errors
    /// As [`Study::sessions`].
    pub fn of(study: &Study) -> Result<Self, StudyError> {
        let numbers = study.session_folders()?.into_keys().filter_map(|id| super::manifest::number_of(&id));
        let mut taken = Self { highest: numbers.max().unwrap_or(0), ..Self::default() };
        study.sessions()?.good.iter().for_each(|session| taken.note(session));
        Ok(taken)
    }

    fn note(&mut self, session: &SessionFolder) {
        for path in session.media_paths() {
            self.media.insert(path, session.id.clone());
        }
    }
}

/// The file's full path, so that it is found from everywhere.
fn found(path: &Path) -> Result<PathBuf, StudyError> {
    let full = path.canonicalize().map_err(|e| {
        StudyError::Wrong(format!("this file cannot be found or read ({e}): check its place: {}", path.display()))
    })?;
    match full.is_file() {
        true => Ok(full),
        false => Err(StudyError::Wrong(format!("this is no file: {}", path.display()))),
    }
}

/// How files end that hold text or documents.
const TEXTS: &[&str] = &[
    "vtt", "srt", "sbv", "eaf", "textgrid", "cha", "stm", "ctm", "rttm", "txt", "md", "csv", "tsv", "json", "toml",
    "xml", "html", "doc", "docx", "odt", "rtf", "pdf", "xlsx",
];

/// What a file is that people take for a recording by mistake (`*.*`), by its first bytes and its ending; `None`: it may be one.
fn no_recording(path: &Path) -> Result<Option<&'static str>, StudyError> {
    let mut first = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(4096).read_to_end(&mut first));
    read.map_err(|e| StudyError::reading(path, e))?;
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    let has_text_ending = TEXTS.contains(&ending.as_str());
    // Recordings begin with numbers in which some byte is zero or a control character; text holds none but a few.
    let is_control = |byte: &u8| *byte < 0x20 && !b"\t\n\x0b\x0c\r\x15\x1b".contains(byte);
    let is_text = !first.iter().any(is_control) || first.starts_with(b"\xFF\xFE") && first.get(3) == Some(&0);
    Ok(match () {
        () if first.is_empty() => Some("this file is empty"),
        () if first.starts_with(b"%PDF") || first.starts_with(b"PK\x03\x04") => Some("this is a document"),
        () if is_text && (has_text_ending || first.contains(&b'\n')) => Some("this is a text file"),
        () if has_text_ending => Some("this file ends like a text"),
        () => None,
    })
}

fn text_of(path: &Path) -> Result<String, StudyError> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        StudyError::Wrong(format!("a manifest holds text, and this path is none: rename the file: {}", path.display()))
    })
}

/// Copies recordings and transcript under plain names.
fn copy_all(manifest: &mut Manifest, folder: &Path) -> Result<(), StudyError> {
    let place = folder.join(COPIES);
    fs::create_dir_all(&place).map_err(|e| StudyError::writing(&place, e))?;
    let copy = |from: &str, stem: &str| -> Result<String, StudyError> {
        let name = files::label(stem, files::plain_ending(from));
        let to = place.join(&name);
        fs::copy(from, &to).map_err(|e| StudyError::writing(&to, e))?;
        Ok(format!("{COPIES}/{name}"))
    };
    for (index, medium) in manifest.media.iter_mut().enumerate() {
        medium.file = copy(&medium.file, &format!("media{}", index + 1))?;
    }
    if let Some(transcript) = &mut manifest.transcript {
        *transcript = copy(transcript, "transcript")?;
    }
    Ok(())
}
