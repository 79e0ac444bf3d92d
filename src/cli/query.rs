//! `attune query`: SQL over all sessions of a study.

use std::path::PathBuf;

use attune::export::number::plain;
use attune::query::{self, Answer, Corpus, Filled, ready};
use attune::study::Study;
use clap::Args;
use rusqlite::types::Value;
use serde_json::json;

use super::args::Machine;
use super::{Failure, open_config, say, tell};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  attune query --list\n  attune query mystudy silences\n  \
    attune query mystudy \"select who, count(*), median(value) from events where marker = 'aud.latency' group by who\"\n\n\
    Beside what SQLite has: median(x), quantile(x, q), stddev(x).")]
pub struct Query {
    /// The study's folder.
    #[arg(required_unless_present_any = ["list"])]
    pub study: Option<PathBuf>,
    /// A select, or the name of a ready question.
    #[arg(value_name = "SQL|NAME", required_unless_present_any = ["list", "tables"])]
    pub question: Option<String>,
    /// List the ready questions.
    #[arg(long)]
    pub list: bool,
    /// List tables and columns.
    #[arg(long)]
    pub tables: bool,
    /// As CSV.
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub machine: Machine,
}

pub fn run(wish: &Query) -> Result<(), Failure> {
    let config = open_config(&wish.machine)?;
    let all = ready::all(&config)?;
    if wish.list {
        return list(&all, wish.json);
    }
    if wish.tables {
        return tables();
    }
    let (Some(place), Some(question)) = (&wish.study, &wish.question) else {
        return Err(Failure::wrong_use("say the study and the question"));
    };
    let found = ready::find(&all, question).map_err(Failure::wrong_use)?;
    let sql = found.map_or(question.as_str(), |ready| ready.sql.as_str());
    let study = Study::open(place)?;
    let _share = study.share()?;
    let settings: query::Settings = config.read("query.toml")?;
    let share = config.read("export.toml")?;
    let (corpus, filled) = Corpus::open(&study, &share, &settings, query::reads_tracks(sql))?;
    let answer = corpus.ask(sql)?;
    if wish.json {
        return say(&format!("{:#}\n", as_json(&answer, &filled)));
    }
    if wish.csv {
        return say(&as_csv(&answer)?);
    }
    if let Some(ready) = found {
        tell(&format!("{}\n{}\n", ready.title, ready.about));
    }
    say(&as_table(&answer, settings.rows_shown))?;
    if !filled.waiting.is_empty() {
        let waiting = filled.waiting.join(", ");
        tell(&format!("attune: coders' work on {waiting} is not in it: it is shown when all who code have locked"));
    }
    if !filled.left_out.is_empty() {
        tell(&format!("attune: {} session(s) are not in it; --json names them", filled.left_out.len()));
    }
    Ok(())
}

fn list(all: &[ready::Ready], json: bool) -> Result<(), Failure> {
    if json {
        let all: Vec<_> =
            all.iter().map(|r| json!({ "name": r.name, "title": r.title, "about": r.about, "sql": r.sql })).collect();
        return say(&format!("{:#}\n", json!(all)));
    }
    let lines = all.iter().map(|ready| format!("{:<28}{}\n", ready.name, ready.title));
    say(&lines.collect::<String>())
}

fn tables() -> Result<(), Failure> {
    let mut text = String::new();
    for (name, columns) in query::schema() {
        text += &format!("{name}\n");
        for column in columns {
            text += &format!("  {:<22}{:<14}{}\n", column.name, column.unit, column.meaning);
        }
    }
    say(&text)
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => plain(*number).to_string(),
        Value::Text(text) => text.clone(),
        Value::Blob(bytes) => format!("{} bytes", bytes.len()),
    }
}

fn as_table(answer: &Answer, most: usize) -> String {
    let rows: Vec<Vec<String>> = answer.rows.iter().take(most).map(|row| row.iter().map(cell).collect()).collect();
    let width = |index: usize| {
        let cells = rows.iter().filter_map(|row| row.get(index)).map(|cell| cell.chars().count());
        cells.chain([answer.columns[index].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..answer.columns.len()).map(width).collect();
    let is_number = |index: usize| {
        let mut values = answer.rows.iter().filter_map(|row| row.get(index)).filter(|value| **value != Value::Null);
        values.all(|value| matches!(value, Value::Integer(_) | Value::Real(_)))
    };
    let right: Vec<bool> = (0..answer.columns.len()).map(is_number).collect();
    let line = |cells: &[String]| {
        let cells = cells.iter().enumerate().map(|(index, cell)| match right[index] {
            true => format!("{cell:>width$}", width = widths[index]),
            false => format!("{cell:<width$}", width = widths[index]),
        });
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    let mut text = line(&answer.columns);
    text += &line(&widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>());
    rows.iter().for_each(|row| text += &line(row));
    if answer.rows.len() > most {
        text += &format!("... {} more rows: --csv or --json give all\n", answer.rows.len() - most);
    }
    text
}

fn as_csv(answer: &Answer) -> Result<String, Failure> {
    let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    table.write_record(&answer.columns)?;
    for row in &answer.rows {
        table.write_record(row.iter().map(cell))?;
    }
    Ok(String::from_utf8_lossy(&table.into_inner()?).into_owned())
}

fn as_json(answer: &Answer, filled: &Filled) -> serde_json::Value {
    let value = |value: &Value| match value {
        Value::Null | Value::Blob(_) => serde_json::Value::Null,
        Value::Integer(number) => json!(number),
        Value::Real(number) => json!(plain(*number)),
        Value::Text(text) => json!(text),
    };
    let rows: Vec<Vec<_>> = answer.rows.iter().map(|row| row.iter().map(value).collect()).collect();
    let left_out: Vec<_> = filled.left_out.iter().map(|(id, why)| json!({ "session": id, "why": why })).collect();
    json!({ "columns": answer.columns, "rows": rows, "sessions": filled.kept + filled.read, "left_out": left_out,
        "waiting_for_locks": filled.waiting })
}
