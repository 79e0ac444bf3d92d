//! `attune clip`: a stretch of a film with faces covered.

use std::path::PathBuf;

use attune::engine::clip::{self, Voice};
use attune::export::tracks;
use attune::media::MediaSettings;
use attune::session;
use attune::study::{Scope, Study};
use attune::time::{SessionTime, Span};
use clap::Args;

use super::args::Machine;
use super::export::ask_twice;
use super::{Failure, open_config, say};

#[derive(Args, Debug)]
#[command(
    after_help = "Example: attune clip session.attune --media session.mp4 --from 12:30 --until 13:10 --pitch 4 -o clip.mp4\n\n\
    What it cannot hide: voice and words (a shifted voice can be shifted back), bodies, clothes, the room, what hangs on its walls, \
    and faces that the scan did not see. Watch the whole clip before anybody else does."
)]
pub struct Clip {
    /// A results folder, or the folder of a study with --session.
    pub from_results: PathBuf,
    /// Of a study: which session.
    #[arg(long, value_name = "ID")]
    pub session: Option<String>,
    /// The film that was scanned (a study knows it).
    #[arg(long, value_name = "FILE")]
    pub media: Option<PathBuf>,
    /// Where it begins, on the session clock: 12:30, 1:02:03.5 or seconds.
    #[arg(long, value_name = "TIME", value_parser = super::args::clock)]
    pub from: f64,
    /// Where it ends.
    #[arg(long, value_name = "TIME", value_parser = super::args::clock)]
    pub until: f64,
    /// Let voices be heard, shifted by so many semitones, such as 4 or -3 (default: no sound).
    #[arg(long, value_name = "SEMITONES", allow_negative_numbers = true, conflicts_with = "plain_voice")]
    pub pitch: Option<f64>,
    /// Let voices be heard as they are.
    #[arg(long)]
    pub plain_voice: bool,
    /// File to write, a new one: clip.mp4.
    #[arg(long, short, value_name = "FILE")]
    pub out: PathBuf,
    /// Do not ask whether everybody has agreed.
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    pub machine: Machine,
}

pub fn run(wish: &Clip) -> Result<(), Failure> {
    let (from, until) = (SessionTime::from_secs_f64(wish.from), SessionTime::from_secs_f64(wish.until));
    let span = Span::new(from, until).ok_or_else(|| Failure::wrong_use("--until must lie after --from"))?;
    if span.secs_f64() > 3600.0 {
        return Err(Failure::wrong_use("a clip is at most an hour long"));
    }
    if wish.pitch.is_some_and(|semitones| semitones.is_nan() || semitones.abs() > 12.0 || semitones.abs() < 2.0) {
        return Err(Failure::wrong_use("--pitch is 2 to 12 semitones up or down: less does not change a voice"));
    }
    if wish.out.exists() {
        return Err(Failure::wrong_use(format!(
            "the file is there already, and nothing is written over: {}",
            wish.out.display()
        )));
    }
    let voice = match (wish.pitch, wish.plain_voice) {
        (Some(semitones), _) => Voice::Shifted(semitones),
        (None, true) => Voice::Plain,
        (None, false) => Voice::None,
    };
    let (results, media) = place(wish, voice)?;
    let scanned = session::read(&results)?;
    let films: Vec<usize> =
        (0..scanned.media.len()).filter(|index| scanned.media[*index].what.contains("picture")).collect();
    let film = match films[..] {
        [film] => film,
        [] => return Err(Failure::told("the session has no film")),
        _ => {
            return Err(Failure::told(
                "the session has several films, and nothing says in which of them a face was: a clip cannot be covered safely",
            ));
        }
    };
    let path = media.get(film).or(media.first()).ok_or_else(|| Failure::wrong_use("say the film with --media"))?;
    if attune::origin::Hash::of_file(path)? != scanned.media[film].sha256 {
        return Err(Failure::told(format!(
            "this is not the film that was scanned, so its faces would not be found: {}",
            path.display()
        )));
    }
    if !wish.yes {
        let (writes, questions) = questions(voice);
        ask_twice(&writes, [&questions[0], &questions[1]])?;
    }
    let config = open_config(&wish.machine)?;
    let engine: attune::engine::prepared::EngineSettings = config.read("engine.toml")?;
    let settings: clip::Settings = config.read("clip.toml")?;
    let media_settings: MediaSettings = config.read("media.toml")?;
    let tracks = tracks::read(&results.join("tracks.parquet"))?;
    let wanted = clip::Wish {
        film: path,
        offset: scanned.media[film].offset_s,
        span,
        voice,
        max_width: engine.largest_picture_width_px,
        out: &wish.out,
    };
    let made = clip::make(&wanted, &tracks, &settings, &media_settings)?;
    say(&format!(
        "{} pictures, {} of them covered as a whole; watch all of it before anybody else does: {}\n",
        made.pictures,
        made.covered_whole,
        wish.out.display()
    ))
}

/// What is asked before a clip is written.
fn questions(voice: Voice) -> (String, [String; 2]) {
    let heard = match voice {
        Voice::None => "",
        Voice::Shifted(_) => ", with voices that can be shifted back,",
        Voice::Plain => ", with voices as they are,",
    };
    (
        format!("a clip{heard} shows people, their bodies and the room, with faces covered"),
        [
            format!(
                "the clip{heard} will show bodies, clothes and the room, with faces covered. Has everybody in it agreed to that?"
            ),
            "once more: somebody who knows them may know them in it. Write it?".to_owned(),
        ],
    )
}

/// Results and recordings.
fn place(wish: &Clip, voice: Voice) -> Result<(PathBuf, Vec<PathBuf>), Failure> {
    let given = || wish.media.clone().into_iter().collect();
    if !Study::is_at(&wish.from_results) {
        return Ok((wish.from_results.clone(), given()));
    }
    let study = Study::open(&wish.from_results)?;
    let id =
        wish.session.as_deref().ok_or_else(|| Failure::wrong_use("say which session of the study with --session"))?;
    let session = study.session(id)?;
    let needed = [Scope::Export, Scope::Face, Scope::Sound];
    let needed = if voice == Voice::None { &needed[..2] } else { &needed[..] };
    if let Some(scope) = needed.iter().find(|scope| !session.all_agree(**scope)) {
        return Err(Failure::told(format!(
            "not everybody in {id} has agreed to {}: there can be no clip",
            scope.name()
        )));
    }
    let media = if wish.media.is_some() { given() } else { session.media_paths() };
    Ok((session.results(), media))
}
