//! Where a session's results and recordings are, and what of them may be shown.

use std::path::{Path, PathBuf};

use crate::session::{Session, stored};
use crate::study::{ParticipantRole, Scope, SessionFolder};

/// A recording that the page may play.
#[derive(Clone, Debug, PartialEq)]
pub struct Medium {
    /// The file; `None` if it cannot be found.
    pub path: Option<PathBuf>,
    /// What the page calls it: never a file name of a study.
    pub label: String,
}

/// One session.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// As in addresses and in the store.
    pub id: String,
    /// What tables outside call it.
    pub name: String,
    /// Which two people, as far as the study says.
    pub dyad: Option<String>,
    /// Folder of its results; may not exist yet.
    pub results: PathBuf,
    /// Where what is made for the page is kept; may be deleted at any time.
    pub cache: PathBuf,
    /// Its recordings, in the order of the results.
    pub media: Vec<Medium>,
    /// Whether everybody in it agreed to its being shown to supervisors.
    pub may_be_supervised: bool,
    /// Whether the therapist's face may be measured and shown at all.
    pub therapist_face: bool,
}

/// What tables call the session of a results folder: in a study its number, elsewhere its own name.
pub fn name_of(folder: &Path, session: &Session) -> String {
    let in_study = Some(folder).filter(|folder| folder.file_name().is_some_and(|name| name == "results"));
    let number = in_study.and_then(Path::parent).and_then(Path::file_name);
    number.map_or_else(|| session.name.clone(), |number| number.to_string_lossy().into_owned())
}

/// What is made for the page stands beside the results.
const CACHE: &str = "page-cache";

impl Place {
    /// A session of a study.
    pub fn of_session(session: &SessionFolder) -> Self {
        let media = session.media_paths().into_iter().enumerate();
        let therapist = session.manifest.person(ParticipantRole::Therapist);
        Self {
            id: session.id.clone(),
            name: session.id.clone(),
            dyad: session.manifest.dyad.clone(),
            results: session.results(),
            cache: session.folder.join(CACHE),
            media: media
                .map(|(at, path)| Medium { path: path.is_file().then_some(path), label: session.media_label(at) })
                .collect(),
            may_be_supervised: session.all_agree(Scope::Supervision),
            therapist_face: therapist.is_none_or(|person| person.consent.has(Scope::Face)),
        }
    }

    /// A folder of results: recordings are looked for inside it and beside it.
    pub fn of_results(folder: &Path, session: &Session) -> Self {
        let near = [Some(folder), folder.parent().filter(|parent| !parent.as_os_str().is_empty())];
        let find = |file: &str| {
            // A name out of a file of results must not lead anywhere else.
            let plain = Path::new(file).file_name()?;
            near.iter().flatten().map(|near| near.join(plain)).find(|path| path.is_file())
        };
        let media = session.media.iter();
        Self {
            id: "S001".into(),
            name: name_of(folder, session),
            dyad: None,
            results: folder.to_owned(),
            cache: folder.join(CACHE),
            media: media.map(|m| Medium { path: find(&m.file), label: m.file.clone() }).collect(),
            may_be_supervised: true,
            therapist_face: true,
        }
    }

    /// Whether it was scanned.
    pub fn has_results(&self) -> bool {
        self.results.join(stored::FILE).is_file()
    }
}
