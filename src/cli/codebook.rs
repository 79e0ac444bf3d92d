//! `attune codebook list | show | check | test | diff | look | new`.

use std::io::IsTerminal;
use std::path::Path;

use attune::codebook::{self, Paint, Place, View};
use attune::config::Config;
use attune::engine::prepared::read_codebook;
use attune::spelling::nearest;
use attune::study::Study;

use super::args::{Codebook, Machine};
use super::{Failure, open_config, say, tell};

/// Colours where a person reads and has not asked for none.
fn paint() -> Paint {
    match std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        true => Paint::Ansi,
        false => Paint::Plain,
    }
}

pub fn run(command: &Codebook) -> Result<(), Failure> {
    match command {
        Codebook::List { view, machine, json } => list(view.as_deref(), machine, *json),
        Codebook::Show { code, machine, json } => {
            let codes = read_codebook(&open_config(machine)?)?;
            let id = code.to_lowercase();
            let page = match json {
                true => codebook::code_json(&codes, &id).map(|page| format!("{page:#}\n")),
                false => codebook::code_page(&codes, &id, paint()),
            };
            say(&page.ok_or_else(|| unknown(&codes, code))?)
        }
        Codebook::Check { folder, machine } => check(&open(folder.as_deref(), machine)?),
        Codebook::Test { folder, machine } => test(&open(folder.as_deref(), machine)?),
        Codebook::Diff { one, other, machine, json } => diff(one, other, machine, *json),
        Codebook::Look { code, results, machine, json } => look(code, results, machine, *json),
        Codebook::New { folder } => new(folder),
    }
}

/// The codes of the settings, with those of `folder` over them.
fn open(folder: Option<&Path>, machine: &Machine) -> Result<codebook::Codebook, Failure> {
    let config = open_config(machine)?;
    let config = match folder {
        Some(folder) => config.with_codebook(folder)?,
        None => config,
    };
    // A view that does not read is a mistake, too.
    codebook::read_views(config.under("views"))?;
    Ok(read_codebook(&config)?)
}

fn list(view: Option<&str>, machine: &Machine, json: bool) -> Result<(), Failure> {
    let config = open_config(machine)?;
    let codes = read_codebook(&config)?;
    let Some(name) = view else {
        return match json {
            true => say(&format!("{:#}\n", codebook::list_json(&codes))),
            false => say(&codebook::list_table(&codes, paint())),
        };
    };
    let views = codebook::read_views(config.under("views"))?;
    let view: &View = views.get(&name.to_lowercase()).ok_or_else(|| {
        let hint = nearest(name, views.keys().map(String::as_str)).map(|id| format!(" (did you mean {id}?)"));
        let all = views.keys().cloned().collect::<Vec<_>>().join(", ");
        Failure::wrong_use(format!("there is no view {name:?}{}; there are {all}", hint.unwrap_or_default()))
    })?;
    match json {
        true => say(&format!("{:#}\n", codebook::view_json(view, &codes))),
        false => say(&view.table(&codes)),
    }
}

fn check(codes: &codebook::Codebook) -> Result<(), Failure> {
    let wrong = codebook::check_examples(codes);
    for (code, problem) in &wrong {
        tell(&format!("{code}: {problem}"));
    }
    if !wrong.is_empty() {
        return Err(Failure::told(format!("{} examples do not give what they say", wrong.len())));
    }
    let all = codes.codes().count();
    let (rules, examples) = codes
        .codes()
        .flat_map(|code| &code.rules)
        .fold((0, 0), |(rules, examples), rule| (rules + 1, examples + rule.examples.len()));
    say(&format!("{all} codes read, {rules} rules, {examples} examples: all give what they say\n"))
}

/// A line for each code with rules: how many examples it has, and what is wrong with those that fail.
fn test(codes: &codebook::Codebook) -> Result<(), Failure> {
    let wrong = codebook::check_examples(codes);
    let mut text = String::new();
    for code in codes.codes().filter(|code| !code.rules.is_empty()) {
        let examples = || code.rules.iter().flat_map(|rule| &rule.examples);
        let hits = examples().filter(|example| !example.hits_ms.is_empty()).count();
        let failed: Vec<_> = wrong.iter().filter(|(id, _)| *id == code.id).collect();
        let verdict = if failed.is_empty() { "ok".to_owned() } else { format!("{} wrong", failed.len()) };
        text.push_str(&format!(
            "{:6} {:2} rules, {:2} found, {:2} look-alikes: {verdict}\n",
            code.id,
            code.rules.len(),
            hits,
            examples().count() - hits
        ));
        for (_, problem) in failed {
            text.push_str(&format!("       {problem}\n"));
        }
    }
    say(&text)?;
    match wrong.len() {
        0 => Ok(()),
        wrong => Err(Failure::told(format!("{wrong} examples do not give what they say"))),
    }
}

/// As `diff` does: 0 if they are the same, 1 if they differ, 2 if one does not read.
fn diff(one: &Path, other: &Path, machine: &Machine, json: bool) -> Result<(), Failure> {
    let read = |folder: &Path| -> Result<codebook::Codebook, Failure> {
        let built_in = folder == Path::new(BUILT_IN);
        open((!built_in).then_some(folder), machine).map_err(|failure| Failure::wrong_use(failure.to_string()))
    };
    let (one, other) = (read(one)?, read(other)?);
    let found = codebook::differences(&one, &other);
    let text = match json {
        true => format!("{:#}\n", serde_json::to_value(&found)?),
        false => {
            let mut lines: Vec<String> = found.iter().map(ToString::to_string).collect();
            if one.title() != other.title() {
                lines.insert(0, format!("{} to {}", one.title(), other.title()));
            }
            lines.iter().map(|line| format!("{line}\n")).collect()
        }
    };
    say(&text)?;
    if found.is_empty() { Ok(()) } else { Err(Failure::silent(Failure::NOTHING)) }
}

fn look(code: &str, results: &Path, machine: &Machine, json: bool) -> Result<(), Failure> {
    let codes = read_codebook(&open_config(machine)?)?;
    let known = codes.get(&code.to_lowercase()).ok_or_else(|| unknown(&codes, code))?;
    if Study::is_at(results) {
        return Err(Failure::wrong_use(format!(
            "this is a study, and moments are looked up in one session: name its results, as {}",
            results.join("sessions/S001/results").display()
        )));
    }
    let session = attune::session::read(results)?;
    let places: Vec<Place> = match &known.aid {
        Some(_) => codebook::places(&codes, &known.id, &session.events),
        None => {
            let hits = session.hits.iter().filter(|hit| hit.code == known.id);
            hits.map(|hit| Place { span: hit.span, events: hit.because.clone() }).collect()
        }
    };
    if json {
        return say(&format!("{:#}\n", serde_json::to_value(&places)?));
    }
    let mut text = format!("{}  {}: {}\n", known.id, known.label, counted(places.len(), known.aid.is_some()));
    for place in &places {
        let secs = place.span.start().secs_f64();
        text.push_str(&format!("{:02.0}:{:04.1}", (secs / 60.0).floor(), secs % 60.0));
        let said = session.turns.iter().filter(|turn| turn.span.overlap(place.span).is_some());
        for turn in said {
            text.push_str(&format!("  {}: {}", turn.who, turn.text));
        }
        text.push('\n');
    }
    say(&text)
}

fn counted(places: usize, by_hand: bool) -> String {
    let what = if by_hand { "to look at by hand; none is flagged" } else { "found by its rules" };
    match places {
        1 => format!("one place {what}"),
        places => format!("{places} places {what}"),
    }
}

/// Stands for the program's own codes where a folder is asked for.
const BUILT_IN: &str = "built-in";

fn new(folder: &Path) -> Result<(), Failure> {
    let fail = |path: &Path, e: std::io::Error| {
        Failure::told(format!("cannot write the codebook ({e}): choose another folder: {}", path.display()))
    };
    if folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        let message = format!("the folder is not empty, and nothing is written over: {}", folder.display());
        return Err(Failure::told(message));
    }
    std::fs::create_dir_all(folder).map_err(|e| fail(folder, e))?;
    for (name, text) in codebook::starter(Config::embedded().text("codebook.toml")?) {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|e| fail(&path, e))?;
    }
    say(&format!(
        "a codebook with one commented code was begun; read README.md in it, and check it with attune codebook check {}\n",
        folder.display()
    ))
}

fn unknown(codes: &codebook::Codebook, code: &str) -> Failure {
    let ids = codes.codes().map(|code| code.id.as_str());
    let hint = nearest(code, ids).map(|id| format!(" (did you mean {id}?)")).unwrap_or_default();
    Failure::wrong_use(format!("there is no code {code:?}{hint}; attune codebook list shows all"))
}
