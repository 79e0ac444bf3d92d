//! Code files in, a codebook out, or the list of everything that is wrong with them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Code, Codebook, Settings};
use crate::rules::{Observability, RuleError, Vocabulary};
use crate::spelling::nearest;

/// One mistake in a code file.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CodebookError {
    /// It is no TOML, or has a field that codes do not have, or lacks one.
    #[error("{what}: {file}, line {line}")]
    Unreadable {
        /// What is wrong.
        what: String,
        /// File.
        file: String,
        /// Line, from 1.
        line: usize,
    },
    /// One of its rules makes no sense.
    #[error("{problem}: {file}, line {line}")]
    Rule {
        /// What is wrong.
        problem: RuleError,
        /// File.
        file: String,
        /// Line near which it is, from 1.
        line: usize,
    },
    /// Something about the code itself makes no sense.
    #[error("code {code:?}: {what}: {file}, line {line}")]
    Code {
        /// Id of the code.
        code: String,
        /// What is wrong and what to do about it.
        what: String,
        /// File.
        file: String,
        /// Line near which it is, from 1.
        line: usize,
    },
    /// Two files hold the same id.
    #[error("two files hold the code {code:?}: give one of them another id: {first} and {second}")]
    Twice {
        /// Id of the code.
        code: String,
        /// The file that was read first.
        first: String,
        /// The other.
        second: String,
    },
    /// Codes read each other's hits in a circle.
    #[error("these codes read each other's hits in a circle, so none can run first: {}", codes.join(" -> "))]
    Circle {
        /// The circle; its first code stands at its end again.
        codes: Vec<String>,
    },
    /// There is nothing to read.
    #[error("the codebook is empty: no code file was found under codebook/")]
    Empty,
    /// A cap is no share.
    #[error("codebook.toml: the cap {cap:?} must lie between 0 and 1")]
    Cap {
        /// Its name.
        cap: &'static str,
    },
}

struct File<'t> {
    path: &'t str,
    text: &'t str,
}

impl File<'_> {
    /// Number of the line (from 1) in which `piece` stands, from line `from` on; `from` if it does not.
    fn line_of(&self, piece: &str, from: usize) -> usize {
        let mut lines = self.text.lines().enumerate().skip(from.saturating_sub(1));
        if piece.is_empty() {
            return from.max(1);
        }
        lines.find(|(_, line)| line.contains(piece)).map_or(from.max(1), |(index, _)| index + 1)
    }

    fn line_at(&self, byte: usize) -> usize {
        1 + self.text.as_bytes().iter().take(byte).filter(|&&b| b == b'\n').count()
    }

    fn unreadable(&self, error: &toml::de::Error) -> CodebookError {
        let message = error.message();
        let (what, file) = (format!("{message}{}", guess(message)), self.path.to_owned());
        CodebookError::Unreadable { what, file, line: self.line_at(error.span().map_or(0, |span| span.start)) }
    }

    fn code_error(&self, code: &Code, look_for: &str, what: String) -> CodebookError {
        let line = self.line_of(look_for, 1);
        CodebookError::Code { code: code.id.clone(), what, file: self.path.to_owned(), line }
    }
}

/// Reads code files, given as path (for messages) and text, in any order. Files whose name does not end in `.toml` are
/// passed over.
///
/// # Errors
/// Everything that is wrong with any of them, in order of path: a codebook is read whole or not at all.
pub fn read<'t>(
    files: impl IntoIterator<Item = (&'t str, &'t str)>,
    vocabulary: &Vocabulary,
    settings: &Settings,
) -> Result<Codebook, Vec<CodebookError>> {
    let mut files: Vec<File<'t>> =
        files.into_iter().filter(|(path, _)| path.ends_with(".toml")).map(|(path, text)| File { path, text }).collect();
    files.sort_by_key(|file| file.path);
    let mut errors = cap_errors(settings);
    if files.is_empty() {
        errors.push(CodebookError::Empty);
    }
    let mut vocabulary = vocabulary.clone();
    let mut codes: BTreeMap<String, (Code, &File<'t>)> = BTreeMap::new();
    for file in &files {
        match toml::from_str::<Code>(file.text) {
            Err(error) => {
                errors.push(file.unreadable(&error));
                // Its id is known all the same, so that others that name it are not called wrong as well.
                let table = file.text.parse::<toml::Table>().unwrap_or_default();
                vocabulary.codes.extend(table.get("id").and_then(|id| id.as_str()).map(str::to_owned));
            }
            Ok(code) => {
                vocabulary.codes.insert(code.id.clone());
                if let Some((_, first)) = codes.get(&code.id) {
                    let (first, second) = (first.path.to_owned(), file.path.to_owned());
                    errors.push(CodebookError::Twice { code: code.id, first, second });
                } else {
                    codes.insert(code.id.clone(), (code, file));
                }
            }
        }
    }
    for (code, file) in codes.values() {
        errors.extend(mistakes(code, file, &vocabulary, &codes));
    }
    let codes: BTreeMap<String, Code> = codes.into_iter().map(|(id, (code, _))| (id, code)).collect();
    let order = match running_order(&codes) {
        Ok(order) => order,
        Err(circle) => {
            errors.push(CodebookError::Circle { codes: circle });
            Vec::new()
        }
    };
    if errors.is_empty() {
        Ok(Codebook {
            codes,
            order,
            vocabulary,
            caps: settings.caps.clone(),
            title: format!("{} {}", settings.name, settings.version),
        })
    } else {
        Err(errors)
    }
}

fn cap_errors(settings: &Settings) -> Vec<CodebookError> {
    let caps = &settings.caps;
    [("direct", caps.direct), ("proxy", caps.proxy), ("weak", caps.weak)]
        .into_iter()
        .filter(|(_, cap)| !(0.0..=1.0).contains(cap))
        .map(|(cap, _)| CodebookError::Cap { cap })
        .collect()
}

fn mistakes(
    code: &Code,
    file: &File<'_>,
    vocabulary: &Vocabulary,
    all: &BTreeMap<String, (Code, &File<'_>)>,
) -> Vec<CodebookError> {
    let mut errors = Vec::new();
    let plain = code.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if code.id.is_empty() || !plain {
        errors.push(file.code_error(code, "id", "an id is made of a-z, 0-9 and _".into()));
    }
    let texts = [
        ("label", &code.label),
        ("axial", &code.axial),
        ("primary", &code.primary),
        ("operational", &code.definition.operational),
        ("how", &code.definition.how),
    ];
    for (name, _) in texts.into_iter().filter(|(_, text)| text.trim().is_empty()) {
        errors.push(file.code_error(code, name, format!("`{name}` is empty")));
    }
    for (name, _) in [("document", &code.source.document), ("place", &code.source.place)]
        .into_iter()
        .filter(|(_, text)| text.trim().is_empty())
    {
        let what = format!("`{name}` is empty: say in [source] where the code comes from");
        errors.push(file.code_error(code, &format!("{name} ="), what));
    }
    for marker in code.markers.iter().filter(|marker| !vocabulary.markers.contains_key(*marker)) {
        let near = nearest(marker, vocabulary.markers.keys().map(String::as_str));
        let guess = near.map(|near| format!(": did you mean {near:?}?")).unwrap_or_default();
        errors.push(file.code_error(code, marker, format!("no marker is called {marker:?}{guess}")));
    }
    if let Some(other) = &code.same_as {
        let target = all.get(other).map(|(other, _)| other);
        if !vocabulary.codes.contains(other) {
            errors.push(file.code_error(code, "same_as", format!("same_as names {other:?}, which is no code")));
        } else if target.is_some_and(|target| target.same_as.is_some()) {
            let what = format!("same_as names {other:?}, which is itself the same as another: name that one");
            errors.push(file.code_error(code, "same_as", what));
        }
    }
    if code.observability == Observability::CoderOnly && !code.rules.is_empty() {
        let what = "only a coder can see it, so it can have no rule: change `observability` or take the rule out";
        errors.push(file.code_error(code, "[[rule]]", what.into()));
    }
    if let Some(aid) = &code.aid {
        let start = file.line_of("[aid]", 1);
        for problem in aid.check(vocabulary) {
            let line = file.line_of(&problem.look_for, start);
            errors.push(CodebookError::Rule { problem, file: file.path.to_owned(), line });
        }
    }
    let mut ids = BTreeSet::new();
    for rule in &code.rules {
        if !ids.insert(&rule.id) {
            errors.push(file.code_error(code, &rule.id, format!("two rules are called {:?}", rule.id)));
        }
        let start = file.line_of(&format!("\"{}\"", rule.id), file.line_of("[[rule]]", 1));
        for problem in rule.check(vocabulary).err().unwrap_or_default() {
            let line = file.line_of(&problem.look_for, start);
            errors.push(CodebookError::Rule { problem, file: file.path.to_owned(), line });
        }
        // A circle is reported as such.
        for read in rule.codes() {
            if all.get(read).is_some_and(|(read, _)| !read.runs()) {
                let what = format!("rule {:?} reads hits of {read:?}, which has no rule that runs", rule.id);
                errors.push(file.code_error(code, &format!("\"{read}\""), what));
            }
        }
    }
    errors
}

/// Ids so that each code comes after those whose hits it reads, else in order of id; or a circle.
fn running_order(codes: &BTreeMap<String, Code>) -> Result<Vec<String>, Vec<String>> {
    let reads: BTreeMap<&str, BTreeSet<&str>> = codes
        .values()
        .map(|code| {
            let others = code.rules.iter().flat_map(|rule| rule.codes());
            (code.id.as_str(), others.filter(|other| codes.contains_key(*other)).collect())
        })
        .collect();
    let mut order: Vec<String> = Vec::new();
    let mut open = reads.clone();
    while !open.is_empty() {
        let ready: Vec<&str> = open
            .iter()
            .filter(|(_, others)| others.iter().all(|other| !open.contains_key(other)))
            .map(|(id, _)| *id)
            .collect();
        if ready.is_empty() {
            return Err(circle(&open));
        }
        for id in ready {
            open.remove(id);
            order.push(id.to_owned());
        }
    }
    Ok(order)
}

/// Follows codes that wait for one another until one comes up again.
fn circle(open: &BTreeMap<&str, BTreeSet<&str>>) -> Vec<String> {
    let mut way: Vec<&str> = Vec::new();
    let mut at = open.keys().next().copied();
    while let Some(id) = at {
        if let Some(start) = way.iter().position(|seen| *seen == id) {
            return way.iter().skip(start).chain([&id]).map(|&id| id.to_owned()).collect();
        }
        way.push(id);
        at = open.get(id).and_then(|others| others.iter().find(|other| open.contains_key(*other)).copied());
    }
    way.into_iter().map(str::to_owned).collect()
}

/// serde's messages put the wrong name and the right ones in backticks: name the nearest.
fn guess(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let Some(wrong) = quoted.next().filter(|_| message.starts_with("unknown")) else { return String::new() };
    nearest(wrong, quoted).map(|name| format!(": did you mean `{name}`?")).unwrap_or_default()
}
