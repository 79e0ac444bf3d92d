//! The command line: says what the library found, in words and exit codes.

pub mod args;
#[cfg(feature = "video")]
mod clip;
mod codebook;
mod doctor;
mod enrol;
mod export;
mod import;
mod learn;
mod progress;
mod query;
mod record;
mod review;
mod scan;
mod scan_study;
mod study;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use attune::config::{Config, ConfigError};
use attune::model::Runtime;

use args::{Cli, Command, Machine};

/// Why a command ended without what was asked for.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// Nothing could be done.
    const NOTHING: u8 = 1;
    /// The command contradicts itself or names what does not exist in Attune.
    const WRONG_USE: u8 = 2;
    /// Done, but a part could not be.
    const PARTLY: u8 = 3;
    /// Stopped by Ctrl-C, as shells count it.
    const STOPPED: u8 = 130;

    fn told(message: impl Into<String>) -> Self {
        Self { code: Self::NOTHING, message: message.into() }
    }

    /// Everything was said already.
    fn silent(code: u8) -> Self {
        Self { code, message: String::new() }
    }

    fn wrong_use(message: impl Into<String>) -> Self {
        Self { code: Self::WRONG_USE, message: message.into() }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::told(error.to_string())
    }
}

/// Runs the command and gives the program's exit code.
pub fn run(cli: Cli) -> ExitCode {
    let done = match cli.command {
        Command::Scan(scan) => scan::run(*scan),
        Command::Enrol { out, recording, machine } => enrol::run(&out, &recording, &machine),
        Command::Record(record) => record::run(&record),
        #[cfg(feature = "video")]
        Command::Clip(wish) => clip::run(&wish),
        Command::Export(wish) => export::run(&wish),
        Command::Import(wish) => import::run(&wish),
        Command::Query(wish) => query::run(&wish),
        Command::Study(command) => study::run(&command),
        Command::Codebook(command) => codebook::run(&command),
        Command::Learn(command) => learn::run(&command),
        Command::Review(review) => review::review(&review),
        Command::Agree(agree) => review::agree(&agree),
        Command::Doctor { machine, json } => doctor::run(&machine, json),
        Command::Config { write } => write_config(&write),
        Command::Completions { shell } => {
            let mut command = <Cli as clap::CommandFactory>::command();
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command, "attune", &mut script);
            say(&String::from_utf8_lossy(&script))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { code, message }) => {
            if !message.is_empty() {
                tell(&format!("attune: {message}"));
            }
            ExitCode::from(code)
        }
    }
}

/// Prints to standard output. A reader that has seen enough (`| head`) is no failure, a full disk is.
fn say(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::told(format!("cannot write to the standard output ({e})")))
        }
        _ => Ok(()),
    }
}

/// Prints a line to standard error. Where nobody reads it (`2>&1 | head`), the exit code still tells.
fn tell(line: &str) {
    _ = writeln!(std::io::stderr(), "{line}");
}

/// A flag that Ctrl-C raises. The second Ctrl-C ends the program at once.
fn stop_on_ctrl_c() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if raised.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(Failure::STOPPED));
        }
    })?;
    Ok(stop)
}

/// The settings: the built-in ones, or the user's folder over them, and the codes of a study over these.
fn open_config(machine: &Machine) -> Result<Config, ConfigError> {
    let config = machine.config.as_deref().map_or_else(|| Ok(Config::embedded()), Config::with_folder)?;
    match machine.codebook.as_deref() {
        Some(folder) => config.with_codebook(folder),
        None => Ok(config),
    }
}

/// Reads `--runtime`.
fn runtime_from(text: &str) -> Result<Runtime, Failure> {
    match text {
        "auto" => Ok(Runtime::Auto),
        "rten" => Ok(Runtime::Rten),
        "gpu" => Ok(Runtime::Graphics(None)),
        path if Path::new(path).is_file() => Ok(Runtime::OnnxRuntime(PathBuf::from(path))),
        _ => Err(Failure::wrong_use(format!(
            "--runtime must be auto, rten, gpu, or the path of ONNX Runtime's library; there is no file {text}"
        ))),
    }
}

/// `attune config --write`: all built-in settings as files; what is there already is left alone.
fn write_config(folder: &Path) -> Result<(), Failure> {
    let fail = |path: &Path, e: std::io::Error| {
        Failure::told(format!("cannot write the settings ({e}): choose another folder: {}", path.display()))
    };
    let (mut written, mut kept) = (0, 0);
    for (name, text) in Config::embedded().all() {
        let path = folder.join(name);
        if path.exists() {
            kept += 1;
            continue;
        }
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|e| fail(parent, e))?;
        }
        std::fs::write(&path, text).map_err(|e| fail(&path, e))?;
        written += 1;
    }
    say(&format!("{written} files written, {kept} left as they were; use them with --config {}\n", folder.display()))
}
