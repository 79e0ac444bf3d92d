//! What can be said to `attune study`.

use std::path::PathBuf;

use attune::study::manifest::Manifest;
use attune::study::{Coder, ParticipantRole};
use clap::{Args, Subcommand};

use super::super::args::Machine;

#[derive(Subcommand, Debug)]
pub enum StudyCommand {
    /// Make a new study: a folder of plain files.
    New(New),
    /// Add sessions: each recording is one, unless --together says that they belong to one session.
    Add(Box<Add>),
    /// The sessions, a line each.
    List {
        /// The study's folder.
        study: PathBuf,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// How far the scans are.
    Status {
        /// The study's folder.
        study: PathBuf,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Look for what is wrong with the books: missing recordings, ids and recordings that stand twice, clashing offsets,
    /// consent, sessions that may no longer be kept. Exit code 3 if something is.
    Check {
        /// The study's folder.
        study: PathBuf,
        #[command(flatten)]
        machine: Machine,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Say what people of a session have agreed to.
    #[command(after_help = "Example: attune study consent mystudy S003 client=-face therapist=+export")]
    Consent {
        /// The study's folder.
        study: PathBuf,
        /// Session, such as S003.
        session: String,
        /// Who (client, therapist, both or a pseudonym) and what: sound, face, text, research, supervision, export, all
        /// or none; with + or - in front, what there is is changed.
        #[arg(required = true, value_name = "WHO=LIST", value_parser = who_and_list)]
        changes: Vec<(String, String)>,
    },
    /// Add people who code, change what they may do, or take them out. What they gave stays, and the log tells of it.
    Coder {
        /// The study's folder, or a results folder that coders work on.
        study: PathBuf,
        /// Name, or name=coder, name=lead, name=supervisor.
        #[arg(required_unless_present = "remove", value_name = "NAME[=ROLE]")]
        coders: Vec<Coder>,
        /// Somebody who has left: sessions no longer wait for them; those that they had locked keep their work. May be given
        /// several times.
        #[arg(long, value_name = "NAME")]
        remove: Vec<String>,
        /// Also where sessions that everybody has locked wait again.
        #[arg(long)]
        yes: bool,
    },
    /// Write a script with which a cluster (Slurm) scans the study, a session in each task.
    Jobs(Jobs),
    /// Put all that Attune keeps of the study into one encrypted file, under a passphrase. Recordings outside the study are
    /// not in it. The passphrase is asked for, or read from standard input or ATTUNE_PASSPHRASE.
    Seal {
        /// The study's folder.
        study: PathBuf,
    },
    /// Open a sealed study.
    Open {
        /// The study's folder.
        study: PathBuf,
    },
    /// Take sessions out again, as if they had never been added.
    Remove {
        /// The study's folder.
        study: PathBuf,
        /// Sessions, such as S003.
        #[arg(required = true)]
        sessions: Vec<String>,
        /// Also if there are results, which are deleted.
        #[arg(long)]
        yes: bool,
    },
    /// Delete all that was derived from a session, say which files, and leave a note that it was there. Recordings
    /// outside the study are not touched.
    Forget {
        /// The study's folder.
        study: PathBuf,
        /// Sessions, such as S003.
        #[arg(required = true)]
        sessions: Vec<String>,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Args, Debug)]
pub struct New {
    /// Folder to make; empty or new.
    pub study: PathBuf,
    /// What the study is called (default: the folder's name).
    #[arg(long)]
    pub name: Option<String>,
    /// Somebody who codes: NAME, or NAME=lead, NAME=supervisor. May be given several times.
    #[arg(long, value_name = "NAME[=ROLE]")]
    pub coder: Vec<Coder>,
    /// Which codes are kept: unanimous (all coders gave them), majority or union.
    #[arg(long, default_value = "unanimous", value_parser = ["unanimous", "majority", "union"])]
    pub agreement: String,
    /// Language of the transcripts.
    #[arg(long, default_value = "auto")]
    pub language: String,
    /// Minutes of a coder's time for each hour of session.
    #[arg(long, value_name = "MINUTES", value_parser = super::super::args::minutes)]
    pub budget: Option<f64>,
    /// Folder of the study's own code files.
    #[arg(long, value_name = "FOLDER")]
    pub codebook: Option<PathBuf>,
    /// Days for which a session may be kept.
    #[arg(long, value_name = "DAYS")]
    pub retention_days: Option<u32>,
    /// What people in new sessions are taken to have agreed to (default: sound,face,text,research).
    #[arg(long, value_name = "LIST")]
    pub consent: Option<String>,
    /// Chooses random orders (default: a random number, which is noted).
    #[arg(long)]
    pub seed: Option<u32>,
}

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  attune study add mystudy *.mp4                       each a session; S1.vtt beside S1.mp4 is its transcript\n  \
    attune study add mystudy room.mp4 client.wav --together --offset 1.5 --transcript talk.srt --dyad D07 --day 14\n  \
    attune study add mystudy --list sessions.csv"
)]
pub struct Add {
    /// The study's folder.
    pub study: PathBuf,
    /// Films and sound files.
    #[arg(value_name = "RECORDING", required_unless_present_any = ["list", "transcript"])]
    pub recordings: Vec<PathBuf>,
    /// A table with a line for each session: columns media (media2 ..), transcript, offset, dyad, day, client, therapist,
    /// client_is, therapist_is, consent, client_consent, therapist_consent, retain_until. Any separator, any encoding.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["recordings", "transcript", "together", "offset"])]
    pub list: Option<PathBuf>,
    /// The recordings belong to one session.
    #[arg(long)]
    pub together: bool,
    /// The transcript (default: the file beside the recording that has its name and the ending of a transcript).
    #[arg(long, short, value_name = "FILE")]
    pub transcript: Option<PathBuf>,
    /// Take no transcript, also if one lies beside the recording.
    #[arg(long, conflicts_with = "transcript")]
    pub no_transcript: bool,
    /// Columns of a CSV or TSV transcript.
    #[arg(long, value_name = "speaker=A,text=B,start=C,end=D")]
    pub columns: Option<String>,
    /// Seconds by which each further recording starts after the first; left out: found by sound.
    #[arg(long, value_name = "SECS", allow_negative_numbers = true, requires = "together", value_parser = super::super::args::offset)]
    pub offset: Vec<f64>,
    /// Whose each recording is, in their order: both, client or therapist.
    #[arg(long, value_name = "WHO", requires = "together", value_parser = ["both", "client", "therapist"])]
    pub of: Vec<String>,
    /// Which pair of people it is.
    #[arg(long, value_name = "NAME")]
    pub dyad: Option<String>,
    /// Days after the pair's first session.
    #[arg(long, value_name = "DAYS", allow_negative_numbers = true)]
    pub day: Option<i32>,
    /// What the client is called in the study: a pseudonym.
    #[arg(long, value_name = "PSEUDONYM")]
    pub client: Option<String>,
    /// What the therapist is called in the study.
    #[arg(long, value_name = "PSEUDONYM")]
    pub therapist: Option<String>,
    /// How recordings and transcript show the client: a name in the transcript, left, right, speaker1, channel1.
    #[arg(long, value_name = "WHO")]
    pub client_is: Vec<String>,
    /// The same for the therapist.
    #[arg(long, value_name = "WHO")]
    pub therapist_is: Vec<String>,
    /// What somebody has agreed to, such as client=all or both=sound,text or therapist=-face.
    #[arg(long, value_name = "WHO=LIST", value_parser = who_and_list)]
    pub consent: Vec<(String, String)>,
    /// Last day on which the session may be kept.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub retain_until: Option<attune::study::date::Date>,
    /// Copy recordings and transcript into the study (default: only their places are noted).
    #[arg(long)]
    pub copy: bool,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub struct Jobs {
    /// The study's folder.
    pub study: PathBuf,
    /// For Slurm, which is what there is.
    #[arg(long)]
    pub slurm: bool,
    /// File to write (default: print it).
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Tasks for sessions that are done as well.
    #[arg(long)]
    pub all: bool,
    /// Sessions of one task, one after the other.
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    pub sessions_per_task: usize,
    /// Most tasks at once.
    #[arg(long, value_name = "NUMBER")]
    pub at_once: Option<u32>,
    /// Processors of one task.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: u16,
    /// Memory of one task, MB.
    #[arg(long, default_value_t = 1000, value_name = "MB")]
    pub memory_mb: u32,
    /// Longest time of one task, hours.
    #[arg(long, default_value_t = 4, value_name = "HOURS")]
    pub hours: u32,
}

fn who_and_list(text: &str) -> Result<(String, String), String> {
    let (who, list) = text.split_once('=').ok_or_else(|| format!("{text:?} is not of the form WHO=LIST"))?;
    attune::study::Consent::USUAL.changed(list)?;
    Ok((who.trim().to_owned(), list.trim().to_owned()))
}

/// A manifest with the consent of some people changed.
///
/// # Errors
/// If nobody in it is called so.
pub fn with_consent(mut manifest: Manifest, changes: &[(String, String)]) -> Result<Manifest, String> {
    for (who, list) in changes {
        let mut any = false;
        for person in &mut manifest.participant {
            let is_meant = match who.as_str() {
                "both" | "all" => true,
                "client" => person.role == ParticipantRole::Client,
                "therapist" => person.role == ParticipantRole::Therapist,
                pseudonym => person.pseudonym == pseudonym,
            };
            if is_meant {
                person.consent = person.consent.changed(list)?;
                any = true;
            }
        }
        if !any {
            return Err(format!(
                "nobody in this session is called {who:?}: say client, therapist, both or a pseudonym"
            ));
        }
    }
    Ok(manifest)
}
