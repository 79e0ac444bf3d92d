//! One session as a profile shows it.

use std::path::PathBuf;

use super::{Profile, Settings, Work};
use crate::markers::EventId;
use crate::session::{Person, Session};
use crate::time::{SessionTime, Span};
use crate::track::{Unit, Who};
use crate::transcript::told;

/// A recording of the session, for tools that play it.
#[derive(Clone, Debug, PartialEq)]
pub struct Linked {
    /// Where it is.
    pub path: PathBuf,
    /// Session time of its zero.
    pub offset: SessionTime,
}

/// What of whom may leave the study.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allow {
    /// The client's.
    pub client: bool,
    /// The therapist's.
    pub therapist: bool,
}

impl Allow {
    /// Everybody's.
    pub const ALL: Self = Self { client: true, therapist: true };

    /// Whether what is about this person may; of the room, and of people without a role, only if both may.
    pub fn allows(self, who: Who) -> bool {
        match who {
            Who::Client => self.client,
            Who::Therapist => self.therapist,
            _ => self.client && self.therapist,
        }
    }
}

/// What is told about a session besides what was measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// Its id: `S001`.
    pub id: String,
    /// Pair.
    pub dyad: Option<String>,
    /// Days after the pair's first session.
    pub day: Option<i32>,
    /// What the client is called.
    pub client: Option<String>,
    /// What the therapist is called.
    pub therapist: Option<String>,
}

/// One session as a profile shows it. What the profile leaves out is not in it.
#[derive(Clone, Debug)]
pub struct Material {
    /// Id, pair, day.
    pub about: About,
    /// What was measured; `tracks` are whole, and only what [`Material::may_show_frames`] or the settings allow is written.
    pub session: Session,
    /// Recordings; empty unless the profile is [`Profile::Media`].
    pub media: Vec<Linked>,
    /// What coders gave and decided.
    pub work: Work,
    /// How much may be seen.
    pub profile: Profile,
    /// Whether rules' hits and candidates are left out, for coders who shall not see them yet.
    pub blind: bool,
}

impl Material {
    /// Makes it. `session` with its tracks, if any format needs them.
    pub fn new(
        about: About,
        mut session: Session,
        media: Vec<Linked>,
        mut work: Work,
        (profile, allow, blind): (Profile, Allow, bool),
        settings: &Settings,
    ) -> Self {
        session.name.clone_from(&about.id);
        hide_names(&mut session);
        name_candidates(&mut work, &session);
        only_allowed(&mut session, allow);
        if allow != Allow::ALL {
            // Coders' work is about both people.
            work = Work::default();
        }
        if blind {
            session.hits.clear();
            session.episodes.clear();
            session.further.clear();
            session.controls.clear();
            session.review = None;
        }
        if profile == Profile::Open {
            only_open(&mut session, settings);
            work.without_words();
        }
        let media = if profile == Profile::Media && allow == Allow::ALL { media } else { Vec::new() };
        Self { about, session, media, work, profile, blind }
    }

    /// Whether tracks may be written frame by frame.
    pub fn may_show_frames(&self) -> bool {
        self.profile != Profile::Open
    }

    /// Whether words may be written.
    pub fn may_show_words(&self) -> bool {
        self.profile != Profile::Open
    }

    /// What to add to a time for tools whose clock begins at zero: session times may be negative.
    fn shift(&self) -> SessionTime {
        let first = self.session.span.start().min(SessionTime::ZERO);
        SessionTime::from_nanos(first.nanos().saturating_neg())
    }

    /// A moment in whole milliseconds on a clock that begins at zero.
    pub fn millis(&self, time: SessionTime) -> i64 {
        let nanos = time.shifted(self.shift()).nanos().max(0);
        (nanos + 500_000) / 1_000_000
    }

    /// A span in whole milliseconds, at least one long.
    pub fn span_millis(&self, span: Span) -> (i64, i64) {
        let start = self.millis(span.start());
        (start, self.millis(span.end()).max(start + 1))
    }

    /// What somebody is called: the pseudonym where there is one.
    pub fn name_of(&self, who: Who) -> String {
        let pseudonym = match who {
            Who::Client => &self.about.client,
            Who::Therapist => &self.about.therapist,
            _ => &None,
        };
        pseudonym.clone().unwrap_or_else(|| who.to_string())
    }
}

/// The candidates that the second pass asked about, by their times; what it asked about controls names none.
fn name_candidates(work: &mut Work, session: &Session) {
    for decision in work.decisions.iter_mut().filter(|decision| !decision.asked.is_empty()) {
        let millis = |secs: f64| (secs * 1000.0).round() as i64;
        let asked = (millis(decision.start_s), millis(decision.end_s));
        let found = session.episodes.iter().find(|episode| crate::review::clips::millis(episode.span) == asked);
        decision.episode = found.map(|episode| episode.id.clone()).unwrap_or_default();
    }
}

/// Names of files out of everything that is said.
fn hide_names(session: &mut Session) {
    let label = |stem: String, file: &str| {
        let ending = file
            .rsplit_once('.')
            .map(|(_, ending)| ending)
            .filter(|ending| ending.len() <= 5 && ending.chars().all(|c| c.is_ascii_alphanumeric()));
        ending.map_or(stem.clone(), |ending| format!("{stem}.{ending}"))
    };
    let mut names = Vec::new();
    for (index, media) in session.media.iter_mut().enumerate() {
        let new = label(format!("media{}", index + 1), &media.file);
        names.push((std::mem::replace(&mut media.file, new.clone()), new));
    }
    if let Some(transcript) = &mut session.transcript {
        let new = label("transcript".into(), &transcript.file);
        names.push((std::mem::replace(&mut transcript.file, new.clone()), new));
        // They may quote.
        transcript.warnings.clear();
    }
    // A path in a message comes last; all after its first slash goes.
    for problem in &mut session.problems {
        for (name, new) in names.iter().filter(|(name, _)| !name.is_empty()) {
            problem.message = problem.message.replace(name, new);
        }
        if let Some(at) = problem.message.find(": /") {
            problem.message.truncate(at);
        }
    }
    // The user's own words for people may be names.
    for person in &mut session.people {
        person.told_by.clear();
    }
    session.problems.retain(|problem| problem.stage != "people");
}

/// Without what is about people whose measures stay inside; positions of events change with it.
fn only_allowed(session: &mut Session, allow: Allow) {
    if allow == Allow::ALL {
        return;
    }
    session.tracks.retain(|_, who| allow.allows(who));
    told::keep(&mut session.turns, &mut session.notes, &mut session.words, |who| allow.allows(who));
    session.people.retain(|person: &Person| allow.allows(person.who));
    session.coverage.retain(|row| allow.allows(row.who));
    session.synchrony = None;
    let mut place: Vec<Option<EventId>> = Vec::with_capacity(session.events.len());
    let mut kept = Vec::new();
    for mut event in std::mem::take(&mut session.events) {
        let id = EventId(u32::try_from(kept.len()).unwrap_or(u32::MAX));
        let keep = allow.allows(event.who);
        place.push(keep.then_some(id));
        if keep {
            event.id = id;
            kept.push(event);
        }
    }
    session.events = kept;
    // Codes and candidates are about both people.
    let place = |id: EventId| place.get(id.0 as usize).copied().flatten();
    session.hits.retain_mut(|hit| {
        let moved: Option<Vec<EventId>> = hit.because.iter().map(|id| place(*id)).collect();
        moved.map(|because| hit.because = because).is_some()
    });
    session.episodes.clear();
    session.further.clear();
    session.controls.clear();
    session.moment_secs.clear();
    session.review = None;
}

/// Without words, and without what tells a voice or face.
fn only_open(session: &mut Session, settings: &Settings) {
    session.transcript = None;
    session.turns.iter_mut().for_each(|turn| turn.text.clear());
    session.notes.clear();
    session.words.clear();
    session.problems.clear();
    for event in session.events.iter_mut().filter(|event| event.unit == Unit::Hertz) {
        event.value = f32::NAN;
    }
    for episode in session.episodes.iter_mut().chain(&mut session.further) {
        episode.sentence.clear();
        episode.missing.clear();
        for evidence in episode.evidence_for.iter_mut().chain(&mut episode.evidence_against) {
            evidence.sentence.clear();
        }
        if let Some(repair) = &mut episode.repair {
            repair.signs.clear();
        }
    }
    session.tracks.retain(|name, _| settings.open.iter().any(|open| open.track == name));
}
