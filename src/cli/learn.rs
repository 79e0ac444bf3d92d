//! `attune learn`: weights from coders' decisions, what a ranking is worth, and made sessions to try both with.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use attune::desk::name_of;
use attune::engine::made_results;
use attune::engine::prepared::Prepared;
use attune::learn::{self, Case, Context, Decision, LearnSettings, Learned, LearnedFrom, Material, Verdict};
use attune::made::{self, MadeSettings};
use attune::origin::Hash;
use attune::session::{self, Session};
use attune::time::Span;
use serde_json::json;

use super::args::{Learn, Machine};
use super::review::config_at;
use super::{Failure, open_config, say, tell};

pub fn run(command: &Learn) -> Result<(), Failure> {
    match command {
        Learn::Fit { results, decisions, out, machine, json } => {
            fit(results, decisions.as_deref(), out, machine, *json)
        }
        Learn::Check { results, truth, learned, machine, json } => {
            check(results, truth, learned.as_deref(), machine, *json)
        }
        Learn::Made { folder, sessions, dyads, minutes, seed, machine } => {
            let prepared = Prepared::read(open_config(machine)?)?;
            let settings = MadeSettings::read(&prepared.config)?.with_minutes(*minutes);
            let made = made::sessions(&settings, *seed, *dyads, *sessions);
            made_results::write(&made, &prepared, folder)?;
            let ruptures: usize = made.iter().map(|one| one.ruptures.len()).sum();
            say(&format!(
                "{sessions} made sessions with {ruptures} ruptures; where these are stands in truth.csv: {}\n",
                folder.display()
            ))
        }
    }
}

/// A stored session and what it is called in tables.
struct Stored {
    name: String,
    session: Session,
}

/// Every results folder under the given ones; those that do not read are told and left out.
fn stored(folders: &[PathBuf]) -> Result<Vec<Stored>, Failure> {
    let mut found: BTreeMap<String, Stored> = BTreeMap::new();
    let mut unread = 0;
    for folder in folders {
        let files = session_files(folder, 4);
        if files.is_empty() {
            return Err(Failure::told(format!("no results of a scan in this folder: {}", folder.display())));
        }
        for file in files {
            match session::read(&file) {
                Ok(session) => {
                    let name = name_of(file.parent().unwrap_or(folder), &session);
                    let twice = found.insert(name.clone(), Stored { name: name.clone(), session });
                    if twice.is_some() {
                        return Err(Failure::told(format!(
                            "two results folders hold the session {name:?}: leave one out"
                        )));
                    }
                }
                Err(error) => {
                    unread += 1;
                    tell(&format!("attune: {error}"));
                }
            }
        }
    }
    match found.is_empty() && unread > 0 {
        true => Err(Failure::told("none of the sessions can be read (see above)")),
        false => Ok(found.into_values().collect()),
    }
}

fn session_files(folder: &Path, depth: usize) -> Vec<PathBuf> {
    let own = folder.join(session::stored::FILE);
    if own.is_file() {
        return vec![own];
    }
    let Some(entries) = std::fs::read_dir(folder).ok().filter(|_| depth > 0) else { return Vec::new() };
    let mut inside: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    inside.sort();
    inside.iter().flat_map(|folder| session_files(folder, depth - 1)).collect()
}

fn context(prepared: &Prepared) -> Context<'_> {
    Context { codebook: &prepared.codebook, exchange: &prepared.exchange, episodes: &prepared.episodes }
}

fn case(stored: &Stored, dyad: &str, truth: Vec<Span>, prepared: &Prepared) -> Case {
    let session = &stored.session;
    let material = Material {
        name: &stored.name,
        dyad,
        span: session.span,
        events: &session.events,
        turns: &session.turns,
        hits: Some(&session.hits),
    };
    Case::of(&material, truth, &context(prepared))
}

/// What coders decided, and the hash of where it stands.
struct Said {
    decisions: Vec<Decision>,
    hash: Hash,
}

fn of_table(table: &Path) -> Result<Said, Failure> {
    let (decisions, problems) = learn::read_decisions(table)?;
    problems.iter().for_each(|problem| tell(&format!("attune: {problem}")));
    Ok(Said { decisions, hash: Hash::of_file(table)? })
}

/// The coders' work of studies (or of results folders that were coded on their own).
fn of_studies(folders: &[PathBuf], machine: &Machine) -> Result<Said, Failure> {
    let mut said = Vec::new();
    for folder in folders {
        if !folder.join(attune::review::FILE).is_file() {
            return Err(Failure::told(format!(
                "nobody has coded here (no {} in this folder): give the folder of a study that was coded with attune review, or \
                 --decisions with a table: {}",
                attune::review::FILE,
                folder.display()
            )));
        }
        let desk = super::review::open(folder, machine)?;
        let all = desk.decided()?;
        desk.note_export(&all, "to learn from", super::review::now_ms())?;
        tell(&format!("attune: {}: {}", super::review::of_sessions(&all), folder.display()));
        said.extend(all.rows);
    }
    let mut words = String::new();
    let mut decisions = Vec::new();
    for row in said {
        let decision = &row.decision;
        let span = Span::from_millis(decision.start_ms, decision.end_ms);
        let verdict = Verdict::of_word(&decision.verdict);
        let (Some(span), Some(verdict)) = (span, verdict) else { continue };
        words += &format!("{:?}\n", (&row.session, &row.dyad, &decision.coder, span, &decision.verdict));
        let coder = decision.coder.clone();
        decisions.push(Decision { session: row.session, dyad: row.dyad, coder, span, verdict });
    }
    Ok(Said { decisions, hash: Hash::of_parts([("decisions", words.as_bytes())]) })
}

fn fit(folders: &[PathBuf], table: Option<&Path>, out: &Path, machine: &Machine, as_json: bool) -> Result<(), Failure> {
    // Several studies share their settings, or their results would not have been made with one codebook.
    let config = folders.first().map_or_else(|| Ok(open_config(machine)?), |first| config_at(first, machine))?;
    let prepared = Prepared::read(config)?;
    let settings = LearnSettings::read(&prepared.config)?;
    let Said { decisions, hash } = match table {
        Some(table) => of_table(table)?,
        None => of_studies(folders, machine)?,
    };
    let sessions = stored(folders)?;
    let codebooks: BTreeSet<&Hash> = sessions.iter().map(|one| &one.session.origin.codebook).collect();
    let codebook = match codebooks.iter().collect::<Vec<_>>()[..] {
        [one] => (*one).clone(),
        _ => return Err(Failure::told("the sessions were scanned with different codebooks: scan them again with one")),
    };
    let decided = learn::joined(&decisions);
    tell_of_unknown(decided.iter().map(|(session, ..)| session.as_str()), &sessions);
    let cases: Vec<Case> = sessions.iter().map(|one| case(one, &one.name, Vec::new(), &prepared)).collect();
    let taught = learn::teach(&cases, &decided, &prepared.episodes, &settings)?;
    let from = LearnedFrom {
        engine: env!("CARGO_PKG_VERSION").into(),
        codebook,
        episodes: prepared.starting_weights(),
        decisions_sha256: hash,
        decisions: taught.decisions,
        confirmed: taught.confirmed,
        dyads: taught.dyads,
    };
    let learned = Learned::new(&taught, from, &settings.calibration);
    let text = learned.to_toml().map_err(Failure::told)?;
    std::fs::write(out, text).map_err(|e| {
        Failure::told(format!("cannot write the weights ({e}): choose another place: {}", out.display()))
    })?;
    if as_json {
        return say(&format!("{:#}\n", serde_json::to_value(&learned)?));
    }
    say(&told(&taught, out))
}

/// Rows of a table about sessions that were not given: most likely they are called otherwise there.
fn tell_of_unknown<'a>(rows: impl Iterator<Item = &'a str>, sessions: &[Stored]) {
    let unknown: Vec<&str> = rows.filter(|row| !sessions.iter().any(|one| one.name == *row)).collect();
    let names: BTreeSet<&str> = unknown.iter().copied().collect();
    if let Some(first) = names.first() {
        let here =
            sessions.first().map(|one| format!(" (here they are called like {:?})", one.name)).unwrap_or_default();
        tell(&format!(
            "attune: {} rows of the table are about {} sessions that are not among the results, such as {first:?}{here}",
            unknown.len(),
            names.len()
        ));
    }
}

fn told(taught: &learn::Taught, out: &Path) -> String {
    let number = |value: Option<f64>| value.map_or("not known".into(), |value| format!("{value:.2}"));
    let mut text =
        format!("learned from {} clips ({} confirmed) of {} dyads\n", taught.decisions, taught.confirmed, taught.dyads);
    if taught.without_session > 0 {
        text += &format!("{} decisions are about sessions that were not given\n", taught.without_session);
    }
    text += "\nfamily of evidence   log odds per unit of its starting weight\n";
    for (family, factor) in &taught.families {
        text += &format!("  {family:18} {factor:.2}\n");
    }
    let reliability = &taught.reliability;
    text += &format!(
        "\non dyads that were left out, one at a time:\n  area under the curve  {} (with the starting weights {})\n  \
         calibration slope     {}\n  calibration error     {:.3}\n\n  said   confirmed  clips\n",
        number(taught.auc.1),
        number(taught.auc.0),
        number(reliability.slope),
        reliability.error
    );
    for (said, seen, clips) in &reliability.table {
        text += &format!("  {said:.2}   {seen:.2}       {clips}\n");
    }
    for step in &taught.steps {
        if let Some(share) = step.confirmed {
            text += &format!(
                "  {:7} {} clips, {:.0} % confirmed (90 % interval {:.0} to {:.0} %)\n",
                step.level.name(),
                step.clips,
                share.value * 100.0,
                share.low * 100.0,
                share.high * 100.0
            );
        }
    }
    text + &format!("\nwritten; use it with attune scan --learned: {}\n", out.display())
}

fn check(
    folders: &[PathBuf],
    table: &Path,
    learned: Option<&Path>,
    machine: &Machine,
    as_json: bool,
) -> Result<(), Failure> {
    let mut prepared = Prepared::read(open_config(machine)?)?;
    if let Some(file) = learned {
        prepared = prepared.with_learned(file)?;
    }
    let settings = LearnSettings::read(&prepared.config)?;
    // Lists as long as the largest budget needs.
    let largest = settings.evaluation.budgets_minutes.iter().copied().fold(0.0, f64::max);
    prepared.episodes = prepared.episodes.with_budget(largest).map_err(Failure::told)?;
    let (truth, problems) = learn::read_truth(table)?;
    problems.iter().for_each(|problem| tell(&format!("attune: {problem}")));
    let sessions = stored(folders)?;
    tell_of_unknown(truth.iter().map(|truth| truth.session.as_str()), &sessions);
    let cases: Vec<Case> = sessions
        .iter()
        .map(|one| {
            let known: Vec<_> = truth.iter().filter(|truth| truth.session == one.name).collect();
            let dyad = known.first().map_or(one.name.as_str(), |first| first.dyad.as_str());
            case(one, dyad, known.iter().filter_map(|truth| truth.span).collect(), &prepared)
        })
        .collect();
    let evaluation = learn::evaluate(&cases, &prepared.episodes, &settings.evaluation);
    if as_json {
        let rows = evaluation.rows.iter().map(|row| {
            json!({
                "measure": row.measure, "method": row.method, "value": row.result.map(|r| r.value),
                "low": row.result.map(|r| r.low), "high": row.result.map(|r| r.high),
            })
        });
        let all = json!({
            "sessions": evaluation.sessions, "dyads": evaluation.dyads, "ruptures": evaluation.ruptures,
            "rows": rows.collect::<Vec<_>>(),
        });
        return say(&format!("{all:#}\n"));
    }
    let mut text = format!(
        "{} sessions of {} dyads, {} known ruptures; minutes are per session hour, intervals 90 % over dyads\n\n",
        evaluation.sessions, evaluation.dyads, evaluation.ruptures
    );
    for row in &evaluation.rows {
        let shown = row
            .result
            .map_or("cannot be computed".into(), |r| format!("{:6.3}  [{:.3}, {:.3}]", r.value, r.low, r.high));
        text += &format!("{:32} {:32} {shown}\n", row.measure, row.method);
    }
    say(&text)
}
