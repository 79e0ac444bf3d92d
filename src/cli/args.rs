//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Finds candidate resistance, rupture and attachment moments in a recorded therapy session, for a trained coder to
/// confirm. Nothing leaves this machine.
#[derive(Parser, Debug)]
#[command(name = "attune", version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "Examples:
  attune scan session.mp4 --transcript session.vtt
  attune scan room.mp4 client.wav --transcript talk.srt --client left
  attune record session.wav --minutes 50
  attune study new mystudy ; attune study add mystudy *.mp4 ; attune scan mystudy
  attune codebook show rs03
  attune doctor";

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Read one session, or all of a study: measure, find candidates, write results and a report.
    Scan(Box<Scan>),
    /// Record a session from a microphone into a WAV file that survives whatever happens.
    Record(Box<Record>),
    /// Learn one person's voice from a recording in which only they speak, to know them again in sessions
    /// (attune scan --therapist-voice). The file can identify the person: keep it as you keep the recordings.
    Enrol {
        /// File to write, such as dr-k.voice.
        out: PathBuf,
        /// A sound file or film.
        recording: PathBuf,
        #[command(flatten)]
        machine: Machine,
    },
    /// Learn from coders' decisions, and tell what a ranking is worth.
    #[command(subcommand)]
    Learn(Learn),
    /// A study: many sessions in one folder, with the people's consent, coders, and what became of each.
    #[command(subcommand)]
    Study(super::study::StudyCommand),
    /// Write results for other tools: tables, ELAN, Praat, REFI-QDA and more, as far as a profile allows.
    Export(Box<super::export::Export>),
    /// Cut a stretch out of a film, with faces covered and voices left out or shifted.
    #[cfg(feature = "video")]
    Clip(Box<super::clip::Clip>),
    /// Read what a coder did in ELAN back into a study, as decisions.
    Import(Box<super::import::Import>),
    /// Ask all sessions of a study in SQL, or by a ready question.
    Query(Box<super::query::Query>),
    /// The codes: list them, show one, check a folder of them.
    #[command(subcommand)]
    Codebook(Codebook),
    /// Open the coders' page of a study, or of one results folder, in the browser of this machine.
    Review(Review),
    /// Print how far the coders of a study agree.
    Agree(Agree),
    /// Say what this machine has, what is missing, and how to get it.
    Doctor {
        #[command(flatten)]
        machine: Machine,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write all settings to a folder, to be changed there and used with --config.
    Config {
        /// Folder to write to; files that are there already are left alone.
        #[arg(long, value_name = "FOLDER")]
        write: PathBuf,
    },
    /// Print a completion script for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

/// How many people speak.
#[derive(Clone, Copy, Debug)]
pub enum Speakers {
    /// As many as are heard.
    Auto,
    /// So many.
    Number(u8),
}

impl Speakers {
    /// `None` for as many as are heard.
    pub fn number(self) -> Option<u8> {
        match self {
            Self::Auto => None,
            Self::Number(number) => Some(number),
        }
    }
}

#[derive(Args, Debug)]
#[command(
    after_help = "The printed address holds a token: whoever has it can code on this machine. Ctrl-C ends the page; everything is kept."
)]
pub struct Review {
    /// Folder of the study, or the results folder of one session.
    pub study: PathBuf,
    /// Port (default: any free one).
    #[arg(long, default_value = "0", hide_default_value = true)]
    pub port: u16,
    /// Address of this machine in the lab's network; coders then need passwords, and the connection is encrypted.
    #[arg(long, value_name = "ADDRESS")]
    pub bind: Option<std::net::IpAddr>,
    /// Certificate for --bind (PEM); left out: one is made for this run.
    #[arg(long, value_name = "FILE", requires_all = ["key", "bind"])]
    pub cert: Option<PathBuf>,
    /// Its key (PEM).
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
    /// Name under which browsers call this machine, besides its address. May be given several times.
    #[arg(long, value_name = "NAME")]
    pub host: Vec<String>,
    /// Set the password of a coder, read from standard input, and end.
    #[arg(long, value_name = "NAME")]
    pub password: Option<String>,
    /// Write the decisions of the second pass to a table, of the sessions that all coders have locked, and end. Free text of
    /// the coders is in it.
    #[arg(long, value_name = "CSV", conflicts_with_all = ["password", "backup", "verify"])]
    pub decisions: Option<PathBuf>,
    /// Copy the coders' work to a file, also while others code, and end.
    #[arg(long, value_name = "FILE")]
    pub backup: Option<PathBuf>,
    /// Check that nothing in the log or in the coders' work was changed afterwards, and end.
    #[arg(long)]
    pub verify: bool,
    #[command(flatten)]
    pub machine: Machine,
}

#[derive(Args, Debug)]
pub struct Agree {
    /// Folder of the study, or the results folder of one session.
    pub study: PathBuf,
    /// Rule for what is kept, instead of the study's.
    #[arg(long, value_parser = ["unanimous", "majority", "union"])]
    pub rule: Option<String>,
    /// What counts as the same code: anywhere in the session, on the same turn, or on stretches that share half.
    #[arg(long, value_parser = ["session", "turn", "span"])]
    pub on: Option<String>,
    /// A session coded in advance: each coder is compared with what the study keeps of it. May be given several times.
    #[arg(long, value_name = "SESSION")]
    pub gold: Vec<String>,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub machine: Machine,
}

/// What a variable of the shell says, if it says anything. It stands in for an argument as a default does: usage lines do not show
/// it as if it had been typed.
fn variable(name: &str) -> Option<&'static str> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).map(|value| &*value.leak())
}

/// Where the program finds its parts.
#[derive(Args, Debug, Clone)]
pub struct Machine {
    /// Folder of the networks (default: the variable ATTUNE_MODELS, else models/ near the program).
    #[arg(long, default_value = variable("ATTUNE_MODELS"), hide_default_value = true, value_name = "FOLDER")]
    pub models: Option<PathBuf>,
    /// What runs the networks: auto, rten (built in), gpu (a graphics card), or the path of ONNX Runtime's library
    /// (default: the variable ATTUNE_RUNTIME, else auto).
    #[arg(long, default_value = variable("ATTUNE_RUNTIME").unwrap_or("auto"), hide_default_value = true)]
    pub runtime: String,
    /// Folder of settings that replace the built-in ones file by file (see: attune config --write; default: the variable
    /// ATTUNE_CONFIG).
    #[arg(long, default_value = variable("ATTUNE_CONFIG"), hide_default_value = true, value_name = "FOLDER")]
    pub config: Option<PathBuf>,
    /// Folder of a study's own codes, which are added to the built-in ones or replace them (see: attune codebook new; default:
    /// the variable ATTUNE_CODEBOOK).
    #[arg(long = "codebook", default_value = variable("ATTUNE_CODEBOOK"), hide_default_value = true, value_name = "FOLDER")]
    pub codebook: Option<PathBuf>,
}

#[derive(Args, Debug)]
#[command(after_help = "Exit codes: 0 done; 1 nothing could be done; 2 wrong use; 3 done, but a part could not be; \
    130 stopped by Ctrl-C (run again to go on).")]
pub struct Scan {
    /// Recordings of one session: films, sound files, or both. Or the folder of a study: all its sessions.
    #[arg(required = true, value_name = "RECORDING")]
    pub recordings: Vec<PathBuf>,
    /// Transcript: WebVTT, SRT, ELAN, TextGrid, CHAT, STM, RTTM, a recogniser's JSON, Word, CSV, TSV or plain "Speaker: text".
    #[arg(long, short, value_name = "FILE")]
    pub transcript: Option<PathBuf>,
    /// A speech recogniser to run instead: a command line in which {wav} stands for the sound and {out} for the file to
    /// write (else its output is read), in any of the formats above.
    #[arg(long, value_name = "COMMAND", conflicts_with = "transcript")]
    pub asr: Option<String>,
    /// Language of the transcript: en, de, or a folder of your own below language/ of --config; auto: told by its words.
    #[arg(long, value_name = "LANGUAGE", default_value = "auto")]
    pub language: Option<String>,
    /// Look for the transcript's words in the sound (English): auto where it has no times or whole seconds; always; never.
    #[arg(long, value_name = "WHEN", default_value = "auto", value_parser = ["auto", "always", "never"])]
    pub align: String,
    /// Columns of a CSV or TSV transcript, by name or number, where their names do not tell.
    #[arg(long, value_name = "speaker=A,text=B,start=C,end=D")]
    pub columns: Option<attune::transcript::ColumnMap>,
    /// Who the client is: a name in the transcript, left, right, speaker1, face2 or channel1. May be given several
    /// times, once for the voice and once for the face.
    #[arg(long, value_name = "WHO")]
    pub client: Vec<String>,
    /// Who the therapist is, in the same words.
    #[arg(long, value_name = "WHO")]
    pub therapist: Vec<String>,
    /// A moment at which somebody's face is at rest, as a coder sees it: facial actions are then compared with it. Left
    /// out: rest is found in the frames in which the person listens.
    #[arg(long, value_name = "WHO=TIME", value_parser = neutral)]
    pub neutral: Vec<(attune::track::Who, f64)>,
    /// Seconds by which each further recording starts after the first, in their order; left out: found by sound.
    #[arg(long, value_name = "SECS", allow_negative_numbers = true, value_parser = offset)]
    pub offset: Vec<f64>,
    /// How many people speak: 1 to 8, or auto for as many as are heard.
    #[arg(long, default_value = "2", value_name = "NUMBER", value_parser = speakers)]
    pub speakers: Speakers,
    /// The therapist's voice, as 'attune enrol' learned it from another recording.
    #[arg(long, value_name = "FILE")]
    pub therapist_voice: Option<PathBuf>,
    /// What the channels of the sound are: auto, mixed, or one microphone per person.
    #[arg(long, default_value = "auto", value_parser = ["auto", "mixed", "per-person"])]
    pub channels: String,
    /// Look at 25 pictures a second instead of 12.5: blinks are counted then, and it takes twice as long.
    #[arg(long)]
    pub full_rate: bool,
    /// Leave the pictures aside.
    #[arg(long)]
    pub no_video: bool,
    /// Leave the sound aside.
    #[arg(long)]
    pub no_sound: bool,
    /// Folder for the results (default: beside the recording, named after it).
    #[arg(long, short, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Name of the session in the results (default: the recording's file name).
    #[arg(long, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub name: Option<String>,
    /// Of a study: this session only. May be given several times.
    #[arg(long, value_name = "ID")]
    pub session: Vec<String>,
    /// Of a study: so many sessions at once (default: what memory and threads allow).
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
    /// The process for one session.
    #[arg(long, hide = true)]
    pub child: bool,
    /// Minutes of a coder's time for each hour of session.
    #[arg(long, value_name = "MINUTES", value_parser = minutes)]
    pub budget: Option<f64>,
    /// Weights learned from coders' decisions, as 'attune learn fit' wrote them (default: the starting weights).
    #[arg(long, value_name = "FILE")]
    pub learned: Option<PathBuf>,
    /// Threads to use (default: all).
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,
    /// Compute everything anew, also what is stored.
    #[arg(long)]
    pub fresh: bool,
    /// No progress, no summary; errors only.
    #[arg(long, short)]
    pub quiet: bool,
    /// Print the summary as JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub machine: Machine,
}

#[derive(Args, Debug)]
#[command(after_help = "Ctrl-C ends the recording and prints what was recorded. Nothing is ever written over.\n\n\
    Exit codes: 0 recorded; 1 nothing was recorded; 2 wrong use; 3 recorded, but sound was lost or the recording ended \
    early.")]
pub struct Record {
    /// File to write, a new one: session.wav.
    #[arg(value_name = "FILE", required_unless_present = "list_devices")]
    pub file: Option<PathBuf>,
    /// List the microphones of this machine and what each can do.
    #[arg(long)]
    pub list_devices: bool,
    /// Microphone: its number in the list, its name or a part of it (default: the system's choice).
    #[arg(long, short, value_name = "NAME|NUMBER")]
    pub device: Option<String>,
    /// Samples per second (default: the microphone's).
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(1..))]
    pub rate: Option<u32>,
    /// Channels (default: the microphone's).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub channels: Option<u16>,
    /// How samples are stored: 16 or 24 bit, or 32 bit floating point (default: 24, or 16 where the microphone has no
    /// more).
    #[arg(long, value_parser = ["16", "24", "float"])]
    pub format: Option<String>,
    /// End after so many minutes.
    #[arg(long, value_name = "M", value_parser = length)]
    pub minutes: Option<f64>,
    /// Show who could be heard in the last half minute: speech, silence, overlap. It describes and does not judge.
    #[arg(long)]
    pub live: bool,
    /// Each channel is one person's microphone: --live shows a lane for each.
    #[arg(long, requires = "live")]
    pub per_person: bool,
    /// Everyone in the room has agreed to be recorded: do not ask. Needed where there is no terminal to ask on.
    #[arg(long, visible_alias = "yes")]
    pub consent_given: bool,
    /// Rehearse with a WAV file in place of a microphone, at the speed of time.
    #[arg(long, value_name = "WAV", conflicts_with_all = ["device", "rate", "channels"])]
    pub rehearse: Option<PathBuf>,
    /// No meter, no notices, no summary; errors only.
    #[arg(long, short)]
    pub quiet: bool,
    /// Print the list or the summary as JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub machine: Machine,
}

#[derive(Subcommand, Debug)]
pub enum Learn {
    /// Fit the weights to coders' decisions, check them on dyads that were left out, and write them to a file of their own.
    #[command(after_help = "Examples: attune learn fit mystudy -o learned.toml\n          \
        attune learn fit results/ more/ --decisions decisions.csv -o learned.toml\n\
        A study's decisions are read from its coders' work, where all coders have locked the session.\n\
        A table needs the columns session, verdict (confirm, reject, unsure, recode), start_s and end_s; dyad and coder\n\
        are welcome. Nothing uses the file until 'attune scan --learned' names it.")]
    Fit {
        /// Studies, results folders, or folders of such folders.
        #[arg(required = true, value_name = "FOLDER")]
        results: Vec<PathBuf>,
        /// Table of decisions (default: what the coders of the given studies decided).
        #[arg(long, short, value_name = "CSV")]
        decisions: Option<PathBuf>,
        /// Where to write the weights.
        #[arg(long, short, value_name = "FILE")]
        out: PathBuf,
        #[command(flatten)]
        machine: Machine,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Tell what the ranking is worth where ruptures are known: recall per review minute, precision, areas, event F1.
    Check {
        /// Results folders, or folders of such folders.
        #[arg(required = true, value_name = "FOLDER")]
        results: Vec<PathBuf>,
        /// Table of known ruptures: columns session, start_s, end_s; dyad is welcome.
        #[arg(long, value_name = "CSV")]
        truth: PathBuf,
        /// Rank with these learned weights.
        #[arg(long, value_name = "FILE")]
        learned: Option<PathBuf>,
        #[command(flatten)]
        machine: Machine,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Make sessions of invented events with known ruptures, to practise on and to try the tools with.
    Made {
        /// A new folder for them, with truth.csv.
        folder: PathBuf,
        /// How many.
        #[arg(long, default_value = "20", value_parser = clap::value_parser!(u32).range(1..=10_000))]
        sessions: u32,
        /// Of how many dyads.
        #[arg(long, default_value = "10", value_parser = clap::value_parser!(u32).range(1..=10_000))]
        dyads: u32,
        /// Length of each.
        #[arg(long, default_value = "50", value_parser = length)]
        minutes: f64,
        /// Another seed makes other sessions.
        #[arg(long, default_value = "1")]
        seed: u64,
        #[command(flatten)]
        machine: Machine,
    },
}

#[derive(Subcommand, Debug)]
pub enum Codebook {
    /// All codes, a line each.
    List {
        /// Grouped as another system has it: 3rs, pacs, or one of your own in views/.
        #[arg(long, value_name = "NAME")]
        view: Option<String>,
        #[command(flatten)]
        machine: Machine,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// One code's page.
    Show {
        /// Its id, such as rs03.
        code: String,
        #[command(flatten)]
        machine: Machine,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Read all codes and run the examples of their rules: every mistake with file and line.
    Check {
        /// A folder of codes over the built-in ones.
        #[arg(value_name = "FOLDER")]
        folder: Option<PathBuf>,
        #[command(flatten)]
        machine: Machine,
    },
    /// Run the examples of all rules: a line for each code, and what is wrong with those that fail.
    Test {
        /// A folder of codes over the built-in ones.
        #[arg(value_name = "FOLDER")]
        folder: Option<PathBuf>,
        #[command(flatten)]
        machine: Machine,
    },
    /// What differs between two codebooks: codes added (+), removed (-), changed (~).
    #[command(after_help = "Exit codes: 0 they are the same; 1 they differ; 2 one of them does not read.")]
    Diff {
        /// A folder of codes; built-in for the program's own.
        #[arg(value_name = "ONE")]
        one: PathBuf,
        /// The other.
        #[arg(value_name = "OTHER")]
        other: PathBuf,
        #[command(flatten)]
        machine: Machine,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Where to look for a code in a session's results: what its aid finds, for codes that only a coder can judge; else what
    /// its rules found.
    Look {
        /// Its id, such as rf13.
        code: String,
        /// Folder of the results of attune scan.
        #[arg(value_name = "RESULTS")]
        results: PathBuf,
        #[command(flatten)]
        machine: Machine,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Begin a codebook of your own: a folder with one commented code.
    New {
        /// Folder to write to, a new or empty one.
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
    },
}

fn speakers(text: &str) -> Result<Speakers, String> {
    match (text, text.parse()) {
        ("auto", _) => Ok(Speakers::Auto),
        (_, Ok(number)) if (1..=8).contains(&number) => Ok(Speakers::Number(number)),
        _ => Err("say a number from 1 to 8, or auto".to_owned()),
    }
}

/// `client=12:34.5`: whose face is at rest, and when on the session clock: hours and minutes may be left out.
fn neutral(text: &str) -> Result<(attune::track::Who, f64), String> {
    let wrong = || format!("{text:?} is not a person and a time, such as client=12:34.5 or face2=95");
    let (who, time) = text.split_once('=').ok_or_else(wrong)?;
    let who = who.trim().parse()?;
    Ok((who, clock(time).map_err(|_| wrong())?))
}

/// `12:34.5`: a time on the session clock; hours and minutes may be left out.
pub fn clock(text: &str) -> Result<f64, String> {
    let wrong = || format!("{text:?} is no time, such as 12:34.5 or 95");
    let mut secs = 0.0;
    let parts: Vec<&str> = text.trim().split(':').collect();
    for (place, part) in parts.iter().enumerate() {
        let value: f64 = part.parse().map_err(|_| wrong())?;
        if parts.len() > 3 || !(0.0..=86_400.0).contains(&value) || (place > 0 && value >= 60.0) {
            return Err(wrong());
        }
        secs = secs * 60.0 + value;
    }
    Ok(secs)
}

/// Recordings of one session begin within a day of each other.
pub fn offset(text: &str) -> Result<f64, String> {
    let secs: f64 = text.parse().map_err(|_| "say a number of seconds".to_owned())?;
    match secs.abs() <= 86_400.0 {
        true => Ok(secs),
        false => Err("recordings of one session begin within a day of each other".into()),
    }
}

pub fn minutes(text: &str) -> Result<f64, String> {
    let minutes: f64 = text.parse().map_err(|_| "say a number of minutes".to_owned())?;
    match (0.0..=60.0).contains(&minutes) {
        true => Ok(minutes),
        false => Err("an hour of session takes 0 to 60 minutes of review".into()),
    }
}

/// A recording may be as long as a day.
fn length(text: &str) -> Result<f64, String> {
    let minutes: f64 = text.parse().map_err(|_| "say a number of minutes".to_owned())?;
    match minutes > 0.0 && minutes <= 1440.0 {
        true => Ok(minutes),
        false => Err("say more than 0 and at most 1440 minutes".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_neutral_moment_is_a_person_and_a_time() {
        for (text, secs) in [("client=12:34.5", 754.5), ("face2=95", 95.0), ("therapist=1:02:03", 3723.0)] {
            assert!((neutral(text).unwrap().1 - secs).abs() < 1e-9, "{text}");
        }
        for text in ["client", "client=", "client=1:75", "client=-3", "nobody=5", "client=1:2:3:4", "client=nan"] {
            assert!(neutral(text).is_err(), "{text}");
        }
    }
}
