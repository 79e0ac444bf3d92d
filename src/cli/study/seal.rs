//! `attune study seal` and `open`.

use std::io::{BufRead, IsTerminal};
use std::path::Path;

use attune::study::{Study, seal};

use super::{Failure, say, tell};

/// Where a passphrase may stand for programs.
const VARIABLE: &str = "ATTUNE_PASSPHRASE";

pub fn seal(place: &Path) -> Result<(), Failure> {
    let study = Study::open(place)?;
    let _lock = study.lock("seal")?;
    let _scan = study.lock_scan()?;
    let passphrase = passphrase(true)?;
    let sealed = seal::seal(&study, &passphrase)?;
    say(&format!(
        "sealed {} file(s), {:.1} MB, in study.sealed: 'attune study open' opens it, and so does 'age -d study.sealed | tar x'\n\
         Without the passphrase nobody can, you neither: keep it where you keep passphrases.\n\
         Not covered: {} recording(s) and transcript(s) outside the study; exports and other copies; backups; what the disk keeps of \
         deleted files; the name of the folder and how large it is.\n",
        sealed.files,
        sealed.bytes as f64 / 1e6,
        sealed.outside.len()
    ))
}

pub fn open(place: &Path) -> Result<(), Failure> {
    let passphrase = passphrase(false)?;
    let opened = seal::open(place, &passphrase)?;
    say(&format!(
        "opened: {} file(s), {:.1} MB; they are readable now until you seal the study again\n",
        opened.files,
        opened.bytes as f64 / 1e6
    ))
}

/// From the environment, from the terminal without showing it, or from standard input.
fn passphrase(twice: bool) -> Result<String, Failure> {
    if let Ok(passphrase) = std::env::var(VARIABLE) {
        return Ok(passphrase);
    }
    if !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        let line = line.trim_end_matches(['\r', '\n']).to_owned();
        return match line.is_empty() {
            true => Err(Failure::wrong_use(format!(
                "no passphrase: there is no terminal to ask on; give it on standard input or as {VARIABLE}"
            ))),
            false => Ok(line),
        };
    }
    let ask = |question: &str| {
        tell(&format!("attune: {question}"));
        console::Term::stderr().read_secure_line()
    };
    let first = ask("passphrase (not shown):")?;
    if twice && ask("once more:")? != first {
        return Err(Failure::wrong_use("the two are not the same; nothing was sealed"));
    }
    Ok(first)
}
