//! `attune review` and `attune agree`.

use std::path::Path;
use std::time::UNIX_EPOCH;

use attune::config::Config;
use attune::desk::{AllDecided, Desk};
use attune::engine::prepared::{EngineSettings, read_codebook};
use attune::engine::study::config_of;
use attune::review::tables::{Tables, tables};
#[cfg(feature = "review")]
use attune::review::{BACKUP, Role, coders};
#[cfg(feature = "review")]
use attune::share::{self, decisions};
use attune::study::Study;

use super::args::{Agree, Machine, Review};
use super::{Failure, open_config, say, tell};

/// Milliseconds since 1970, UTC: when something was coded.
#[allow(clippy::disallowed_methods, reason = "the time of a decision is part of the decision")]
pub(super) fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Settings, in a study with its own codes over them.
pub(super) fn config_at(folder: &Path, machine: &Machine) -> Result<Config, Failure> {
    let config = open_config(machine)?;
    match Study::is_at(folder) {
        true => Ok(config_of(&Study::open(folder)?, config)?),
        false => Ok(config),
    }
}

pub(super) fn open(study: &Path, machine: &Machine) -> Result<Desk, Failure> {
    let config = config_at(study, machine)?;
    let engine: EngineSettings = config.read("engine.toml")?;
    let mut desk = Desk::open(study, read_codebook(&config)?, now_ms())?;
    desk.largest_picture_width_px = engine.largest_picture_width_px;
    Ok(desk)
}

/// How many sessions the decisions are of, and how many still wait.
pub(super) fn of_sessions(all: &AllDecided) -> String {
    let waiting = match all.waiting.len() {
        0 => String::new(),
        number => format!("; {number} left out, not locked by all coders yet: {}", all.waiting.join(", ")),
    };
    format!("{} decisions of {} sessions that all coders have locked{waiting}", all.rows.len(), all.locked)
}

/// A row of the table.
#[cfg(feature = "review")]
fn as_row(row: &attune::desk::Decided) -> share::Decision {
    let decision = &row.decision;
    share::Decision {
        session: row.session.clone(),
        dyad: row.dyad.clone(),
        episode: row.episode.clone(),
        coder: decision.coder.clone(),
        pass: "flag".into(),
        verdict: decision.verdict.clone(),
        code: decision.code.clone().unwrap_or_default(),
        start_s: decision.start_ms as f64 / 1000.0,
        end_s: decision.end_ms as f64 / 1000.0,
        made_at: decision.made_at.clone(),
        note: decision.note.clone(),
        asked: String::new(),
    }
}

/// The log is written first: nothing leaves the study without its line.
#[cfg(feature = "review")]
fn write_decisions(desk: &Desk, file: &Path) -> Result<(), Failure> {
    let all = desk.decided()?;
    desk.note_export(&all, "as a table", now_ms())?;
    let rows: Vec<share::Decision> = all.rows.iter().map(as_row).collect();
    decisions::write(file, &rows)?;
    say(&format!("{}: {}\n", of_sessions(&all), file.display()))
}

/// Reads a password from standard input and keeps it.
#[cfg(feature = "review")]
fn set_password(desk: &Desk, name: &str) -> Result<(), Failure> {
    tell(&format!("password of {name} (one line, at least 8 characters):"));
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let secret = coders::secret(line.trim_end_matches(['\r', '\n']))?;
    let name = coders::checked_name(name)?;
    let known = desk.store.read(coders::all)?;
    let role = match known.iter().find(|coder| coder.name == name) {
        Some(coder) => coder.role,
        None if known.is_empty() => Role::Lead,
        None => {
            return Err(Failure::wrong_use(format!(
                "nobody called {name:?} takes part: add them first, attune study coder STUDY NAME[=lead]"
            )));
        }
    };
    desk.store.write(move |c| coders::put(c, &name, role, Some(&secret), "server", now_ms()))?;
    say("kept\n")
}

#[cfg(feature = "review")]
pub fn review(review: &Review) -> Result<(), Failure> {
    use attune::serve::{Options, Server};

    let desk = open(&review.study, &review.machine)?;
    if let Some(name) = &review.password {
        return set_password(&desk, name);
    }
    if let Some(file) = &review.decisions {
        return write_decisions(&desk, file);
    }
    if let Some(file) = &review.backup {
        desk.store.backup(file)?;
        let head = desk.store.read(attune::review::chain::head)?;
        return say(&format!("copied; last line of the log: {head}\n"));
    }
    if review.verify {
        let found = desk.store.read(attune::review::chain::verify)?;
        return match found.problems.as_slice() {
            [] => {
                let gone =
                    found.forgotten.iter().map(|(id, lines)| format!("{id} was forgotten ({lines} lines emptied)\n"));
                let gone: String = gone.collect();
                say(&format!("the log is whole: {} lines, last {}\n{gone}", found.lines, found.head))
            }
            problems => Err(Failure::told(format!("the log is not whole:\n  {}", problems.join("\n  ")))),
        };
    }
    let (mut lock, before) = attune::study::lock_page(&review.study, "the coders' page")?;
    if let Some(before) = before {
        tell(&format!(
            "attune: the page was not ended last time ({before}, which is gone): taken over; all that was acknowledged is kept"
        ));
    }
    // What others may break later is there as it was when the page was opened last.
    desk.store.backup(&review.study.join(BACKUP))?;
    let usual = Options::default();
    let options = Options {
        address: review.bind.unwrap_or(usual.address),
        port: review.port,
        names: review.host.clone(),
        certificate: review.cert.clone().zip(review.key.clone()),
    };
    for (name, reopened) in &desk.admitted {
        let again = match reopened.is_empty() {
            true => String::new(),
            false => format!("; all had locked {}, which waits for {name} again", reopened.join(", ")),
        };
        tell(&format!("attune: {name} takes part from now on, as study.toml says{again}"));
    }
    let server = Server::bind(desk, &options, now_ms)?;
    lock.name(&format!("the coders' page at {}", server.place()));
    say(&format!("{}\n", server.url()))?;
    if options.is_network() && options.certificate.is_none() {
        tell("attune: the certificate is made for this run: browsers warn once, and say so to the coders");
    }
    tell("attune: open this address in the browser of this machine; Ctrl-C ends it, and everything is kept");
    Ok(server.run()?)
}

#[cfg(not(feature = "review"))]
pub fn review(_: &Review) -> Result<(), Failure> {
    Err(Failure::told("this program was built without its page: build it with the feature review"))
}

pub fn agree(agree: &Agree) -> Result<(), Failure> {
    let mut desk = open(&agree.study, &agree.machine)?;
    desk.plan.gold.clone_from(&agree.gold);
    if let Some(rule) = &agree.rule {
        desk.plan.rule = read_word(rule)?;
    }
    if let Some(on) = &agree.on {
        desk.plan.on = read_word(on)?;
    }
    let (frames, bad) = desk.frames();
    let found = tables(&desk.store, &desk.plan, &frames)?;
    for (id, error) in &bad {
        tell(&format!("attune: {id} is left out: {error}"));
    }
    if agree.json {
        return say(&format!("{}\n", serde_json::to_string_pretty(&found)?));
    }
    say(&printed(&found))
}

/// A rule or unit by its name in files; the command line lets only those through.
fn read_word<T: serde::de::DeserializeOwned>(word: &str) -> Result<T, Failure> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).map_err(|e| Failure::wrong_use(e.to_string()))
}

fn number(value: Option<f64>) -> String {
    // Rounded first: nothing is "-0.00".
    value.map_or_else(|| "    -".into(), |value| format!("{:5.2}", (value * 100.0).round() / 100.0 + 0.0))
}

fn printed(found: &Tables) -> String {
    let mut text = format!(
        "{} of {} sessions are locked by all ({}); before the rule {:?} on {:?}\n",
        found.sessions.len(),
        found.sessions.len() + found.waiting.len(),
        found.coders.join(", "),
        found.rule,
        found.on
    )
    .to_lowercase();
    if found.codes.is_empty() {
        return text + "nothing to compare yet\n";
    }
    text += &format!(
        "\n{:<6} {:>5} {:>6} {:>7} {:>5} {:>5} {:>15} {:>5} {:>5} {:>7} {:>5}   {} {}s\n",
        "code",
        "given",
        "preval",
        "percent",
        "kappa",
        "alpha",
        "95 %",
        "PABAK",
        "AC1",
        "u-alpha",
        "F1",
        found.slots,
        found.slot
    );
    for row in &found.codes {
        let interval = row.alpha_interval.map_or_else(
            || "-".into(),
            |(low, high)| format!("{} to {}", number(Some(low)).trim(), number(Some(high)).trim()),
        );
        text += &format!(
            "{:<6} {:>5} {:>6.3} {:>7} {} {} {interval:>15} {} {} {:>7} {}\n",
            row.code,
            row.given,
            row.prevalence,
            number(row.percent),
            number(row.kappa),
            number(row.alpha),
            number(row.pabak),
            number(row.ac1),
            number(row.u_alpha),
            number(row.unit_f1)
        );
    }
    text += &format!(
        "\nall codes on the continuum: u-alpha {}, whether anything {}\n",
        number(found.u_alpha),
        number(found.u_alpha_binary)
    );
    if found.throughout.len() < found.coders.len() {
        let names = if found.throughout.is_empty() { "nobody".into() } else { found.throughout.join(", ") };
        text += &format!("u-alpha, F1 by code and ICC are of those who coded every session compared: {names}\n");
    }
    text += "\nevents, pairs of coders: kappa with those without a partner, linked only; F1, with the same code\n";
    for row in &found.pairs {
        text += &format!(
            "{:<24} {} {}   {} {}\n",
            format!("{}, {}", row.first, row.second),
            number(row.kappa_with_unmatched),
            number(row.kappa_linked_only),
            number(row.unit_f1),
            number(row.labelled_f1)
        );
    }
    text += "gamma (Mathet et al. 2015) is not among these numbers: no maintained Rust library computes it; the exported \
             codes can be given to pygamma-agreement (docs/review.md)\n";
    if let Some(icc) = found.salience.icc {
        text += &format!(
            "\nsalience, {} minutes: ICC(1,1) {} (2,1) {} (3,1) {} (1,k) {} (2,k) {} (3,k) {}; alpha ordinal {}\n",
            found.salience.minutes,
            number(Some(icc[0])),
            number(Some(icc[1])),
            number(Some(icc[2])),
            number(Some(icc[3])),
            number(Some(icc[4])),
            number(Some(icc[5])),
            number(found.salience.alpha_ordinal)
        );
    }
    if !found.drift.is_empty() {
        text += "\nkappa against what the study keeps of its gold sessions\n";
        for row in &found.drift {
            text += &format!("{:<24} {:<6} {}\n", row.coder, row.session, number(row.kappa));
        }
    }
    let kept = &found.retention;
    text += &format!(
        "\nthe rule keeps {} of {} units, the meeting's outcomes make it {}; {} disputed, {} of them settled\n",
        kept.kept_by_rule, kept.given, kept.kept, kept.disputed, kept.settled
    );
    text + &format!("last line of the log: {}\n", found.head)
}
