//! `attune import`: what coders did in ELAN, as decisions.

use std::path::{Path, PathBuf};

use attune::engine::prepared::read_codebook;
use attune::engine::study::config_of;
use attune::session;
use attune::share::{decisions, elan_import};
use attune::study::manifest::is_word;
use attune::study::{DECISIONS, Study};
use clap::Args;
use serde_json::json;

use super::args::Machine;
use super::{Failure, open_config, say, tell};

#[derive(Args, Debug)]
#[command(
    after_help = "Example: attune import mystudy S003 S003-anna.eaf --coder anna\n\nEach annotation of the coder's tier becomes \
    a decision: a code of the codebook (confirm), a code with a question mark or 'unsure' (unsure), or 'reject'. Notes on the tier \
    below become notes."
)]
pub struct Import {
    /// The study's folder.
    pub study: PathBuf,
    /// Session, such as S003.
    pub session: String,
    /// An ELAN document (.eaf).
    pub file: PathBuf,
    /// Who coded.
    #[arg(long, value_name = "NAME")]
    pub coder: String,
    /// Tier to read (default: coder.NAME, or the one that is called as the coder). May be given several times.
    #[arg(long, value_name = "TIER")]
    pub tier: Vec<String>,
    /// Whether the coder saw candidates: blind or flag (default: flag if the document shows any).
    #[arg(long, value_parser = ["blind", "flag"])]
    pub pass: Option<String>,
    /// File to write (default: in the session's folder, decisions/NAME-PASS.csv).
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub machine: Machine,
}

pub fn run(import: &Import) -> Result<(), Failure> {
    if !is_word(&import.coder) {
        return Err(Failure::wrong_use(format!("--coder is up to 40 letters, digits, - or _, not {:?}", import.coder)));
    }
    let study = Study::open(&import.study)?;
    let _lock = study.lock("import")?;
    let folder = study.session(&import.session)?;
    if study.settings().coder(&import.coder).is_none() {
        tell(&format!("attune: {} is not among the study's coders ('attune study coder' adds them)", import.coder));
    }
    let codebook = read_codebook(&config_of(&study, open_config(&import.machine)?)?)?;
    // Without results the document can only have been made for the recording itself.
    let zero_s = session::read(&folder.results()).map_or(0.0, |session| session.span.start().secs_f64().min(0.0));
    let wish = elan_import::Wish {
        session: &folder.id,
        dyad: folder.manifest.dyad.as_deref().unwrap_or_default(),
        coder: &import.coder,
        tiers: &import.tier,
        pass: import.pass.as_deref(),
        zero_s,
        codebook: &codebook,
    };
    let read = elan_import::read(&import.file, &wish)?;
    let pass = read.decisions.first().map_or("blind", |decision| decision.pass.as_str());
    let out = match &import.out {
        Some(out) => out.clone(),
        None => place(&folder.folder, &import.coder, pass)?,
    };
    if !read.decisions.is_empty() || read.errors.is_empty() {
        decisions::write(&out, &read.decisions)?;
    }
    if import.json {
        let told = json!({ "decisions": read.decisions.len(), "errors": read.errors, "tiers": read.tiers, "file": out.to_string_lossy() });
        say(&format!("{told:#}\n"))?;
    } else {
        say(&format!(
            "{} decision(s) of {} in {} from {}\n",
            read.decisions.len(),
            import.coder,
            folder.id,
            read.tiers.join(", ")
        ))?;
    }
    match read.errors.is_empty() {
        true => Ok(()),
        false => Err(Failure {
            code: if read.decisions.is_empty() { Failure::NOTHING } else { Failure::PARTLY },
            message: format!("{} annotation(s) could not be taken:\n  {}", read.errors.len(), read.errors.join("\n  ")),
        }),
    }
}

/// A second import of the same coder and pass takes the place of the first.
fn place(session: &Path, coder: &str, pass: &str) -> Result<PathBuf, Failure> {
    let folder = session.join(DECISIONS);
    std::fs::create_dir_all(&folder)?;
    Ok(folder.join(format!("{coder}-{pass}.csv")))
}
