//! One session of a study: from its manifest to its results, with what people agreed to, under names that tell nothing.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use serde::Deserialize;

use crate::config::{Config, ConfigError};
use crate::export;
use crate::model::Shelf;
use crate::origin::Hash;
use crate::session::Session;
use crate::share::agreed::Without;
use crate::study::manifest::Channels;
use crate::study::{Outcome, ParticipantRole, ScanRecord, Scope, SessionFolder, Study, StudyError, record};
use crate::track::Who;

use super::prepared::Prepared;
use super::recordings;
use super::request::{ChannelUse, EngineError, Recording, Request};
use super::scan;
use super::watch::Watch;
use super::withheld::Withheld;

/// `config/study.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScanSettings {
    /// Memory that the scan of a session with pictures takes, in MB.
    pub film_mb: u64,
    /// The same with sound only.
    pub sound_mb: u64,
    /// The same with a transcript only.
    pub text_mb: u64,
    /// Share of the free memory, 0 to 1, that scans may take together.
    pub memory_share: f64,
}

impl ScanSettings {
    /// Reads `study.toml`.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn read(config: &Config) -> Result<Self, ConfigError> {
        let read: Self = config.read("study.toml")?;
        let wrong = |message: &str| ConfigError::Wrong { file: "study.toml".into(), message: message.into() };
        if !(0.05..=1.0).contains(&read.memory_share) {
            return Err(wrong("memory_share must be .05 to 1"));
        }
        if [read.film_mb, read.sound_mb, read.text_mb].iter().any(|mb| !(1..=1_000_000).contains(mb)) {
            return Err(wrong("film_mb, sound_mb and text_mb must be at least 1"));
        }
        Ok(read)
    }

    /// How many of these sessions are scanned at once: no more than there are threads, and no more than fit into the free
    /// memory; at least one.
    pub fn at_once(&self, sessions: &[SessionFolder], threads: usize, free_mb: Option<u64>) -> usize {
        let need = |session: &SessionFolder| match session.manifest.media.is_empty() {
            true => self.text_mb,
            false if session.manifest.media.iter().all(|medium| is_sound(&medium.file)) => self.sound_mb,
            false => self.film_mb,
        };
        let most = sessions.iter().map(need).max().unwrap_or(1);
        let fit = free_mb.map_or(usize::MAX, |mb| (mb as f64 * self.memory_share / most as f64) as usize);
        threads.min(fit).min(sessions.len()).max(1)
    }
}

/// By its ending: what is not known to be sound only counts as a film, which needs more.
fn is_sound(file: &str) -> bool {
    let ending = Path::new(file).extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    ["wav", "mp3", "m4a", "aac", "flac", "ogg", "opus", "aif", "aiff", "wma", "amr"].contains(&ending.as_str())
}

/// What is asked for of every session of a scan.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// Threads for one session.
    pub threads: usize,
    /// Compute everything anew.
    pub fresh: bool,
    /// Look at pictures.
    pub look: bool,
    /// Listen.
    pub listen: bool,
    /// Minutes of a coder's time per hour; `None`: as the study or the settings say.
    pub budget_minutes: Option<f64>,
}

/// Why a session of a study gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The study's files.
    #[error(transparent)]
    Study(#[from] StudyError),
    /// The scan.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The results.
    #[error(transparent)]
    Export(#[from] export::ExportError),
    /// Nobody agreed to anything that there is.
    #[error("nothing may be measured: nobody has agreed to what its recordings and transcript hold")]
    NothingAgreed,
}

/// Settings with the study's own codebook over them.
///
/// # Errors
/// [`ConfigError`] if it does not read.
pub fn config_of(study: &Study, config: Config) -> Result<Config, ConfigError> {
    match study.codebook() {
        Some(folder) => config.with_codebook(&folder),
        None => Ok(config),
    }
}

/// Hash of all that a scan uses besides the session itself.
pub fn program(prepared: &Prepared, shelf: &Shelf, study: &Study, wish: &Wish) -> Hash {
    let names: Vec<&str> = shelf.entries().map(|(name, _)| name).collect();
    let budget = wish.budget_minutes.or(study.settings().review_minutes_per_hour);
    let asked = format!("{} {} {budget:?} {}", wish.look, wish.listen, study.settings().language);
    Hash::of_parts([
        ("version", env!("CARGO_PKG_VERSION").as_bytes()),
        ("settings", prepared.hash().as_str().as_bytes()),
        ("codebook", prepared.config.hash("codebook").as_str().as_bytes()),
        ("language", prepared.config.hash("language").as_str().as_bytes()),
        ("networks", shelf.fingerprint(&names).as_bytes()),
        ("asked", asked.as_bytes()),
    ])
}

/// Scans one session of a study, writes its results and then its record. The caller holds [`SessionFolder::lock`].
///
/// # Errors
/// [`ScanError`]; but for a stop by the user (and a study that cannot be written to) it is in the record as well.
pub fn scan_session(
    study: &Study,
    session: &SessionFolder,
    prepared: &Prepared,
    shelf: &Shelf,
    wish: &Wish,
    watch: &dyn Watch,
    stop: &AtomicBool,
) -> Result<(Session, ScanRecord), ScanError> {
    let (inputs, program) = (record::inputs(session), program(prepared, shelf, study, wish));
    clear_leftovers(&session.results());
    let request = request(study, session, wish)?;
    match scan_and_write(session, &request, prepared, shelf, watch, stop) {
        Ok(scanned) => {
            let failures: Vec<String> = scanned
                .problems
                .iter()
                .filter(|p| p.is_failure)
                .map(|p| format!("{}: {}", p.stage, p.message))
                .collect();
            let outcome = if failures.is_empty() { Outcome::Done } else { Outcome::Partly };
            let record = ScanRecord::new(inputs, program, outcome, failures);
            record.write(&session.folder)?;
            Ok((scanned, record))
        }
        Err(error @ ScanError::Engine(EngineError::Cancelled(_))) => Err(error),
        Err(error) => {
            // What was made when more was agreed to must not stay because a new scan fails.
            if !request.withheld.is_empty() {
                remove_results(&session.results());
            }
            let message = without_quotes(&names_of(session).hide(&error.to_string()));
            ScanRecord::new(inputs, program, Outcome::Failed, vec![message]).write(&session.folder)?;
            Err(error)
        }
    }
}

fn scan_and_write(
    session: &SessionFolder,
    request: &Request,
    prepared: &Prepared,
    shelf: &Shelf,
    watch: &dyn Watch,
    stop: &AtomicBool,
) -> Result<Session, ScanError> {
    if !request.listen && !request.look && request.transcript.is_none() {
        return Err(ScanError::NothingAgreed);
    }
    let options = export::Options { also_ours: &["stages"], replace_other: true };
    let whose = export::Whose { name: &request.name, recordings: &Vec::new };
    let _claim = export::claim(&request.out, &whose, &options)?;
    let mut scanned = scan::scan(request, prepared, shelf, watch, stop)?;
    names_of(session).hide_in(&mut scanned);
    export::write_results(&scanned, &prepared.code_words(), &request.out, &prepared.report, &options)?;
    Ok(scanned)
}

/// What to ask the engine for.
///
/// # Errors
/// [`StudyError::Wrong`] if the manifest's columns do not read.
pub fn request(study: &Study, session: &SessionFolder, wish: &Wish) -> Result<Request, StudyError> {
    let manifest = &session.manifest;
    let withheld = withheld(session);
    let anybody = |scope| manifest.participant.iter().any(|person| person.consent.has(scope));
    let who = |of: &str| manifest.participant.iter().find(|person| person.pseudonym == of).and_then(|p| who(p.role));
    let recordings = manifest.media.iter().zip(session.media_paths()).map(|(medium, path)| Recording {
        path,
        offset_secs: medium.offset_s,
        of: who(&medium.of),
    });
    let known_as = |role| manifest.person(role).map(|person| person.known_as.clone()).unwrap_or_default();
    let language = manifest.language.clone().or_else(|| Some(study.settings().language.clone()));
    let columns = manifest.columns.as_deref().map(str::parse).transpose();
    Ok(Request {
        recordings: recordings.collect(),
        transcript: session.transcript_path().filter(|_| anybody(Scope::Text)),
        asr: None,
        language: language.filter(|name| name != "auto"),
        columns: columns.map_err(|message| StudyError::Wrong(format!("columns: {message}")))?.unwrap_or_default(),
        client: known_as(ParticipantRole::Client),
        therapist: known_as(ParticipantRole::Therapist),
        speakers: Some(manifest.speakers.unwrap_or(u8::try_from(manifest.participant.len()).unwrap_or(8).clamp(2, 8))),
        therapist_voice: None,
        channels: match manifest.channels {
            Some(Channels::Mixed) => ChannelUse::Mixed,
            Some(Channels::PerPerson) => ChannelUse::PerPerson,
            Some(Channels::Auto) | None => ChannelUse::Auto,
        },
        look: wish.look && !manifest.media.is_empty() && anybody(Scope::Face),
        listen: wish.listen && !manifest.media.is_empty() && anybody(Scope::Sound),
        out: session.results(),
        name: session.id.clone(),
        align: Default::default(),
        budget_minutes: wish.budget_minutes.or(study.settings().review_minutes_per_hour),
        threads: wish.threads,
        fresh: wish.fresh,
        withheld,
    })
}

fn who(role: ParticipantRole) -> Option<Who> {
    match role {
        ParticipantRole::Client => Some(Who::Client),
        ParticipantRole::Therapist => Some(Who::Therapist),
        ParticipantRole::Other => None,
    }
}

/// What somebody in this session has not agreed to. A further person has no role that the engine could tell: their
/// "no" stands for whoever is neither client nor therapist.
fn withheld(session: &SessionFolder) -> Withheld {
    let Without { sound, face, text } = without(session);
    Withheld { sound, face, text }
}

/// The same, for results that exist.
pub fn without(session: &SessionFolder) -> Without {
    let of = |scope| session.not_agreed(scope).into_iter().map(|role| who(role).unwrap_or(Who::Room)).collect();
    Without { sound: of(Scope::Sound), face: of(Scope::Face), text: of(Scope::Text) }
}

/// How a sentence about tiers goes on with their names.
const TIERS: &str = "were not taken as speech";

/// Names of files and what results call them instead.
struct Names(Vec<(String, String)>);

fn names_of(session: &SessionFolder) -> Names {
    let media = session.media_paths().into_iter().enumerate().map(|(index, path)| (path, session.media_label(index)));
    let all = media.chain(session.transcript_path().map(|path| (path, session.transcript_label())));
    let mut names: Vec<(String, String)> = all
        .flat_map(|(path, label)| [(path.display().to_string(), label.clone()), (recordings::file_name(&path), label)])
        .collect();
    names.push((session.folder.display().to_string(), session.id.clone()));
    // A path holds a name: the longer goes first.
    names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    Names(names)
}

impl Names {
    fn hide(&self, text: &str) -> String {
        self.0
            .iter()
            .filter(|(name, _)| !name.is_empty())
            .fold(text.to_owned(), |text, (name, label)| put(&text, name, label))
    }

    /// Everywhere in a session where the engine names a file.
    fn hide_in(&self, session: &mut Session) {
        for media in &mut session.media {
            media.file = self.hide(&media.file);
        }
        for problem in &mut session.problems {
            problem.message = without_quotes(&self.hide(&problem.message));
        }
        for row in &mut session.coverage {
            row.why_not = self.hide(&row.why_not);
        }
        if let Some(transcript) = &mut session.transcript {
            transcript.file = self.hide(&transcript.file);
            for (_, warning) in &mut transcript.warnings {
                *warning = without_quotes(&self.hide(warning));
                // Names of tiers, which may be people's, stand at the end.
                if let Some(at) = warning.find(TIERS) {
                    warning.truncate(at + TIERS.len());
                }
            }
        }
    }
}

/// `text` with `label` wherever `name` stands as a whole: a file that is called `a` does not change every word.
fn put(text: &str, name: &str, label: &str) -> String {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(name) {
        let (before, after) = (&rest[..at], &rest[at + name.len()..]);
        let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        let is_whole =
            edge(before.chars().next_back().or_else(|| done.chars().next_back())) && edge(after.chars().next());
        done += before;
        done += if is_whole { label } else { name };
        rest = after;
    }
    done + rest
}

/// What stands in quotes may be a name that the transcript or the manifest says: results and messages do without.
fn without_quotes(text: &str) -> String {
    let parts = text.split('"').enumerate().map(|(index, part)| if index % 2 == 0 { part } else { ".." });
    parts.collect::<Vec<_>>().join("\"")
}

/// Files that a scan which was killed was about to write.
fn clear_leftovers(results: &Path) {
    for folder in [results.to_owned(), results.join("stages")] {
        let entries = fs::read_dir(&folder).into_iter().flatten().filter_map(Result::ok);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(".tmp") || (name.starts_with('.') && name.ends_with(".part")) {
                // The next scan writes its own; one that cannot be deleted is in nobody's way.
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

fn remove_results(results: &Path) {
    for name in export::NAMES {
        let _ = fs::remove_file(results.join(name));
    }
    let _ = fs::remove_dir_all(results.join("stages"));
    let _ = fs::remove_dir(results);
}

/// Free memory of this machine in MB, or what is left of this process's share of it; `None` if nothing tells.
pub fn free_memory_mb() -> Option<u64> {
    let meminfo = fs::read_to_string("/proc/meminfo").ok()?;
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let machine: u64 = line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? / 1024;
    let number = |file: &str| fs::read_to_string(file).ok()?.trim().parse::<u64>().ok();
    let share =
        || Some(number("/sys/fs/cgroup/memory.max")?.saturating_sub(number("/sys/fs/cgroup/memory.current")?) >> 20);
    Some(share().map_or(machine, |share| share.min(machine)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_stays_in_quotes() {
        let text = "nobody is \"Anna\" (the transcript names \"Ruth\", \"T\")";
        assert_eq!(without_quotes(text), "nobody is \"..\" (the transcript names \"..\", \"..\")");
        assert_eq!(without_quotes("plain"), "plain");
    }

    #[test]
    fn names_go_and_words_stay() {
        for (text, name, expect) in [
            ("cannot open /a/anna.mp4: /a/anna.mp4", "/a/anna.mp4", "cannot open M: M"),
            ("a cat: a", "a", "M cat: M"),
            ("an anna: anna", "anna", "an M: M"),
            ("übel: bel", "bel", "übel: M"),
        ] {
            assert_eq!(put(text, name, "M"), expect);
        }
    }
}
