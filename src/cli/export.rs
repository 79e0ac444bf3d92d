//! `attune export`: results for other tools, as far as a profile allows.

use std::io::{BufRead, IsTerminal};
use std::path::{Path, PathBuf};

use attune::config::Config;
use attune::engine::prepared::read_codebook;
use attune::engine::study::{config_of, without};
use attune::export::{self, tracks};
use attune::review::{Store, StoreError, chain};
use attune::session::{self, Session};
use attune::share::agreed::Without;
use attune::share::coders;
use attune::share::material::About;
use attune::share::{self, Allow, Decision, Format, Linked, Material, Package, Profile, Work, decisions};
use attune::study::{ParticipantRole, Scope, SessionFolder, Study};
use attune::track::Tracks;
use clap::Args;
use serde_json::json;

use super::args::Machine;
use super::review::now_ms;
use super::{Failure, open_config, say, tell};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  attune export mystudy --to csv,parquet,elan -o shared\n  \
    attune export session.attune --to elan,praat --profile restricted -o tools\n\nExit codes: 0 done; 1 nothing was written; \
    2 wrong use; 3 done, but some sessions could not be.")]
pub struct Export {
    /// Results folders, or the folder of a study.
    #[arg(required = true, value_name = "RESULTS|STUDY")]
    pub from: Vec<PathBuf>,
    /// Formats: csv, wide, parquet, json, elan, praat, webvtt, rttm, chat, qdpx, report, or all.
    #[arg(long, value_delimiter = ',', default_value = "csv", value_name = "LIST")]
    pub to: Vec<String>,
    /// How much may be seen: open (events, means over seconds; no words), restricted (words and tracks) or media (with
    /// links to the recordings; asks).
    #[arg(long, default_value = "open", value_parser = ["open", "restricted", "media"])]
    pub profile: String,
    /// Folder to write: empty, new, or an earlier export, which is replaced.
    #[arg(long, short, value_name = "FOLDER")]
    pub out: PathBuf,
    /// Of a study: this session only. May be given several times.
    #[arg(long, value_name = "ID")]
    pub session: Vec<String>,
    /// What the export is called, and the session if there is one (default: export, and session1 ..; in a study: S001 ..).
    #[arg(long)]
    pub name: Option<String>,
    /// Recordings to link, in the order in which they were scanned (a study knows them).
    #[arg(long, value_name = "FILE")]
    pub media: Vec<PathBuf>,
    /// Somebody who will code: gets an empty tier in ELAN (a study knows its coders).
    #[arg(long, value_name = "NAME")]
    pub coder: Vec<String>,
    /// Coders' decisions to write with the rest (a study knows those that were imported).
    #[arg(long, value_name = "FILE")]
    pub decisions: Vec<PathBuf>,
    /// Leave codes and candidates out, for coders who shall not see them yet.
    #[arg(long)]
    pub blind: bool,
    /// Do not ask whether links to recordings may be written.
    #[arg(long)]
    pub yes: bool,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub machine: Machine,
}

/// One session that is to be written.
struct Source {
    about: About,
    results: PathBuf,
    media: Vec<PathBuf>,
    allow: Allow,
    without: Without,
    work: Work,
}

pub fn run(wish: &Export) -> Result<(), Failure> {
    let profile = match wish.profile.as_str() {
        "media" => Profile::Media,
        "restricted" => Profile::Restricted,
        _ => Profile::Open,
    };
    let formats = formats(&wish.to)?;
    if profile == Profile::Media && !wish.yes {
        ask_twice(MEDIA_WRITES, MEDIA_QUESTIONS)?;
    }
    let study = wish.from.iter().find(|path| Study::is_at(path));
    if study.is_some() && wish.from.len() > 1 {
        return Err(Failure::wrong_use("a study is exported by itself: leave out the rest"));
    }
    if study.is_none() && !wish.session.is_empty() {
        return Err(Failure::wrong_use("--session is for a study"));
    }
    let study = study.map(|place| Study::open(place)).transpose()?;
    let _share = study.as_ref().map(Study::share).transpose()?;
    let config = match &study {
        Some(study) => config_of(study, open_config(&wish.machine)?)?,
        None => open_config(&wish.machine)?,
    };
    let mut left_out = Vec::new();
    let sources = match &study {
        Some(study) => of_study(study, wish, &mut left_out)?,
        None => of_folders(wish)?,
    };
    if sources.is_empty() {
        return Err(Failure::told(format!("there is nothing to export:\n  {}", left_out.join("\n  "))));
    }
    let mut coders: Vec<String> =
        study.iter().flat_map(|study| &study.settings().coders).map(|coder| coder.name.clone()).collect();
    coders.extend(wish.coder.iter().cloned());
    let ids: Vec<String> = sources.iter().map(|source| source.about.id.clone()).collect();
    let written = write(wish, &config, &formats, profile, &coders, sources, &mut left_out)?;
    if let Some(study) = &study {
        let names: Vec<&str> = formats.iter().map(|format| format.name()).collect();
        let detail = format!("{}, {}: {}", profile.name(), names.join(" "), ids.join(" "));
        if let Err(error) = noted(study, detail) {
            left_out.push(format!("the export is not in the log of the coders' work: {error}"));
        }
    }
    tell_result(wish, &written, &left_out)
}

/// Says in the log of the coders' work, where there is one, what was exported.
fn noted(study: &Study, detail: String) -> Result<(), StoreError> {
    let file = study.review_store();
    if !file.is_file() {
        return Ok(());
    }
    let at_ms = now_ms();
    Store::open(&file)?.write(move |connection| {
        let note = chain::Note { at_ms, who: "server", action: "exported", session: "", detail: &detail };
        chain::note(connection, &note)
    })
}

fn formats(words: &[String]) -> Result<Vec<Format>, Failure> {
    if words.iter().any(|word| word == "all") {
        return Ok(Format::ALL.to_vec());
    }
    let mut formats: Vec<Format> =
        words.iter().map(|word| word.parse()).collect::<Result<_, _>>().map_err(Failure::wrong_use)?;
    formats.sort_unstable();
    formats.dedup();
    Ok(formats)
}

/// Two questions, for recordings show people: `without_terminal` says what the command does where nobody can be asked.
pub fn ask_twice(without_terminal: &str, questions: [&str; 2]) -> Result<(), Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::wrong_use(format!(
            "{without_terminal}: there is no terminal to ask on, so say --yes if everybody in them has agreed"
        )));
    }
    for question in questions {
        tell(&format!("attune: {question} [yes/no]"));
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer)?;
        if answer.trim().to_lowercase() != "yes" {
            return Err(Failure::told("nothing was written"));
        }
    }
    Ok(())
}

/// What the profile media asks.
const MEDIA_WRITES: &str = "the profile media writes where the recordings are, and words, and tracks";
const MEDIA_QUESTIONS: [&str; 2] = [
    "the export will say where the recordings are, what was said, and every face over time. Has everybody in them agreed to that?",
    "once more: whoever gets the folder can find the people in it. Write it?",
];

fn of_folders(wish: &Export) -> Result<Vec<Source>, Failure> {
    let decided = read_decisions(&wish.decisions)?;
    let many = wish.from.len() > 1;
    if many && !wish.media.is_empty() {
        return Err(Failure::wrong_use("--media is for a single results folder"));
    }
    let name = wish.name.clone().unwrap_or_else(|| "session".into());
    if !attune::study::manifest::is_word(&name) {
        return Err(Failure::wrong_use(format!("--name is up to 40 letters, digits, - or _, not {name:?}")));
    }
    if let Some(missing) = wish.from.iter().find(|path| !path.exists()) {
        return Err(Failure::wrong_use(format!(
            "there is no results folder and no study of this name (the formats stand behind --to): {}",
            missing.display()
        )));
    }
    let sources = wish.from.iter().enumerate().map(|(index, folder)| {
        let id = if many || wish.name.is_none() { format!("{name}{}", index + 1) } else { name.clone() };
        let decisions = decided.iter().filter(|d| d.session == id || !many).cloned().collect();
        let results =
            if folder.is_dir() { folder.clone() } else { folder.parent().unwrap_or(Path::new("")).to_owned() };
        Source {
            about: About { id, ..About::default() },
            results,
            media: wish.media.clone(),
            allow: Allow::ALL,
            without: Without::default(),
            work: Work::imported(decisions),
        }
    });
    Ok(sources.collect())
}

fn read_decisions(files: &[PathBuf]) -> Result<Vec<Decision>, Failure> {
    let mut all = Vec::new();
    for file in files {
        all.extend(decisions::read(file)?);
    }
    Ok(all)
}

fn of_study(study: &Study, wish: &Export, left_out: &mut Vec<String>) -> Result<Vec<Source>, Failure> {
    let sessions: Vec<SessionFolder> = match wish.session.is_empty() {
        true => study.sessions()?.good,
        false => wish.session.iter().map(|id| study.session(id)).collect::<Result<_, _>>()?,
    };
    let given = read_decisions(&wish.decisions)?;
    // Who shall not see candidates yet shall not see what others made of them.
    let coded = if wish.blind { coders::Coded::default() } else { coders::read(&study.review_store())? };
    let mut sources = Vec::new();
    for session in sessions {
        let may = |role| {
            let person = session.manifest.person(role);
            person.is_some_and(|person| person.consent.has(Scope::Export) && person.consent.has(Scope::Research))
        };
        let allow = Allow { client: may(ParticipantRole::Client), therapist: may(ParticipantRole::Therapist) };
        if !allow.client && !allow.therapist {
            left_out.push(format!(
                "{}: nobody in it has agreed to export (and research): 'attune study consent' notes it when they do",
                session.id
            ));
            continue;
        }
        if allow != Allow::ALL {
            let who = if allow.client { "therapist" } else { "client" };
            left_out.push(format!("{}: without what is about the {who}, who has not agreed to export", session.id));
        }
        if !session.results().join(session::stored::FILE).is_file() {
            left_out.push(format!("{}: there are no results: 'attune scan' makes them", session.id));
            continue;
        }
        let person = |role| session.manifest.person(role).map(|person| person.pseudonym.clone());
        let mut decisions: Vec<Decision> =
            given.iter().filter(|decision| decision.session == session.id).cloned().collect();
        decisions.extend(read_decisions(&session.decision_files())?);
        sources.push(Source {
            about: About {
                id: session.id.clone(),
                dyad: session.manifest.dyad.clone(),
                day: session.manifest.day,
                client: person(ParticipantRole::Client).filter(|_| allow.client),
                therapist: person(ParticipantRole::Therapist).filter(|_| allow.therapist),
            },
            results: session.results(),
            media: session.media_paths(),
            allow,
            without: without(&session),
            work: Work::imported(decisions).and(coded.sessions.get(&session.id)),
        });
        if coded.waiting.contains(&session.id) {
            tell(&format!("attune: {}: without the coders' work, which not all of them have locked", session.id));
        }
    }
    Ok(sources)
}

fn write(
    wish: &Export,
    config: &Config,
    formats: &[Format],
    profile: Profile,
    coders: &[String],
    sources: Vec<Source>,
    left_out: &mut Vec<String>,
) -> Result<share::package::Written, Failure> {
    let settings: share::Settings = config.read("export.toml")?;
    let report: export::Settings = config.read("report.toml")?;
    let codebook = read_codebook(config)?;
    let codes = attune::engine::prepared::code_words(&codebook);
    let name = wish.name.clone().unwrap_or_else(|| "export".into());
    let package = Package {
        name: &name,
        out: &wish.out,
        formats,
        profile,
        settings: &settings,
        codebook: &codebook,
        coders,
        report: (&codes, &report),
    };
    let with_tracks = package.needs_tracks();
    let mut failed = Vec::new();
    let materials = sources.into_iter().filter_map(|source| match whole_session(&source, with_tracks) {
        Ok(session) => {
            let offsets: Vec<_> = session.media.iter().map(|media| media.offset_s).collect();
            let media = source.media.into_iter().enumerate().map(|(index, path)| Linked {
                // ELAN and REFI-QDA want whole paths.
                path: path.canonicalize().unwrap_or(path),
                offset: offsets.get(index).copied().unwrap_or(attune::time::SessionTime::ZERO),
            });
            let how = (profile, source.allow, wish.blind);
            Some(Ok::<_, Failure>(Material::new(source.about, session, media.collect(), source.work, how, &settings)))
        }
        Err(error) => {
            failed.push(format!("{}: {}", source.about.id, error.message));
            None
        }
    });
    let written = share::write_all(&package, materials)?;
    if written.sessions == 0 {
        // Nothing of an empty export is of use to anybody.
        std::fs::remove_dir_all(&wish.out)?;
        return Err(Failure::told(format!("nothing could be exported:\n  {}", failed.join("\n  "))));
    }
    left_out.extend(failed);
    Ok(written)
}

fn whole_session(source: &Source, with_tracks: bool) -> Result<Session, Failure> {
    let mut session = session::read(&source.results)?;
    if let Some(scope) = source.without.beyond(&session) {
        return Err(Failure::told(Without::told(scope)));
    }
    let file = source.results.join("tracks.parquet");
    session.tracks = if with_tracks { tracks::read(&file)? } else { Tracks::new() };
    Ok(session)
}

fn tell_result(wish: &Export, written: &share::package::Written, left_out: &[String]) -> Result<(), Failure> {
    let bytes: u64 = written.files.iter().map(|(_, bytes)| bytes).sum();
    if wish.json {
        let files: Vec<_> = written
            .files
            .iter()
            .map(|(path, bytes)| json!({ "file": path.to_string_lossy(), "bytes": bytes }))
            .collect();
        let notes: Vec<&String> = left_out.iter().chain(&written.notes).collect();
        say(&format!("{:#}\n", json!({ "sessions": written.sessions, "files": files, "notes": notes })))?;
    } else {
        left_out.iter().chain(&written.notes).for_each(|note| tell(&format!("attune: {note}")));
        say(&format!(
            "{} session(s), {} files, {:.1} MB, profile {}: {}\n",
            written.sessions,
            written.files.len(),
            bytes as f64 / 1e6,
            wish.profile,
            wish.out.display()
        ))?;
    }
    match left_out.is_empty() {
        true => Ok(()),
        false => Err(Failure { code: Failure::PARTLY, message: "a part was left out (see above)".into() }),
    }
}
