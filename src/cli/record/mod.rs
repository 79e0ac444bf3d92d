//! `attune record`: a session from a microphone into a file.

mod consent;
mod screen;
mod words;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};

use attune::engine::places;
use attune::media::capture::{
    self, Microphone, PIECES_PER_SEC, Panel, Plan, PlayedFile, Recorded, SafeWav, SampleFormat, Shape,
};
use attune::origin::Hash;
use attune::record::{LiveView, Settings, View, Wish, listen};
use attune::voice::LiveEar;

use super::args::Record;
use super::{Failure, open_config, runtime_from, say, stop_on_ctrl_c};
use screen::Screen;

pub fn run(asked: &Record) -> Result<(), Failure> {
    let config = open_config(&asked.machine)?;
    let settings = Settings::read(&config)?;
    if asked.list_devices {
        return list_devices(asked, &settings);
    }
    let path = asked.file.as_deref().ok_or_else(|| Failure::told("say which file to write"))?;
    capture::check_name(path)?;
    let Input { mut microphone, name, best_format } = open_input(asked, &settings)?;
    let shape = microphone.shape();
    let format = match asked.format.as_deref() {
        Some("16") => SampleFormat::Int16,
        Some("24") => SampleFormat::Int24,
        Some("float") => SampleFormat::Float,
        _ => best_format,
    };
    if asked.per_person && shape.channels < 2 {
        return Err(Failure::told("--per-person needs a microphone with two channels or more, see --channels"));
    }
    // The network is looked for before the consent is asked, so that nothing delays the start afterwards.
    let (ear, no_ear) = match asked.live.then(|| load_ear(asked, &config)) {
        Some(Ok(ear)) => (Some(ear), None),
        Some(Err(failure)) => (None, Some(failure.message)),
        None => (None, None),
    };
    consent::ask(asked, &settings.consent)?;
    let stop = stop_on_ctrl_c()?;

    let mut fresh = Fresh { path: path.to_owned(), kept: false };
    let file = capture::create_file(path)?;
    let wav = SafeWav::new(file, shape, format).map_err(|e| {
        Failure::told(format!("cannot write the recording ({e}): is the disk full? {}", path.display()))
    })?;
    let most_frames = asked.minutes.map(|minutes| shape.frames(minutes * 60.0).max(1));
    let mut screen = Screen::new(asked, &settings, shape);
    screen.tell(&words::start(&name, shape, format, path, asked.minutes));
    if let Some(reason) = &no_ear {
        screen.tell(&format!(
            "speech is told from silence by loudness alone, and overlap is not shown, for there is no network ({reason})"
        ));
    }
    let (panel, view) = (Mutex::new(Panel::default()), LiveView::default());
    let free_bytes = || capture::free_bytes(path);
    let waiting = (settings.live.waiting_secs.0.as_secs_f64() * PIECES_PER_SEC as f64).ceil() as usize;
    let (tap, pieces) = sync_channel(waiting.max(1));
    let plan =
        Plan { most_frames, free_bytes: &free_bytes, stop: &stop, panel: &panel, tap: asked.live.then_some(tap) };
    let capture_settings = settings.capture();

    let recorded = std::thread::scope(|threads| {
        let writer = threads.spawn(|| capture::record(microphone.as_mut(), wav, &capture_settings, plan));
        if asked.live {
            let wish = Wish { shape, per_person: asked.per_person, ear, settings: &settings.live };
            let view = &view;
            threads.spawn(move || listen(wish, &pieces, view));
        }
        while !writer.is_finished() {
            std::thread::sleep(settings.screen.redraw_secs.0);
            let panel = panel.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let view = asked.live.then(|| view.lock().unwrap_or_else(PoisonError::into_inner).clone());
            screen.draw(&panel, view.as_ref());
        }
        writer.join()
    });
    screen.clear();
    let recorded = match recorded {
        Ok(Ok(recorded)) => recorded,
        Ok(Err(error)) => return Err(error.into()),
        Err(_) => {
            fresh.kept = true;
            return Err(Failure::told(format!(
                "the recording broke off; what was written up to then can be played: {}",
                path.display()
            )));
        }
    };
    if recorded.frames == 0 {
        return Err(Failure::told(format!("nothing was recorded: {}", words::end(&recorded.end))));
    }
    fresh.kept = true;
    let view = view.into_inner().unwrap_or_else(PoisonError::into_inner);
    report(asked, &settings, &recorded, &Facts { path, shape, format, microphone: &name }, asked.live.then_some(&view))
}

/// Takes away the file that was made for a recording that never began.
struct Fresh {
    path: PathBuf,
    kept: bool,
}

impl Drop for Fresh {
    fn drop(&mut self) {
        // An empty recording is a header: 80 to 104 bytes. More is somebody's sound.
        let empty = std::fs::metadata(&self.path).is_ok_and(|file| file.len() <= 104);
        if !self.kept && empty {
            _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Where the sound comes from.
struct Input {
    microphone: Box<dyn Microphone>,
    name: String,
    best_format: SampleFormat,
}

fn open_input(asked: &Record, settings: &Settings) -> Result<Input, Failure> {
    if let Some(path) = &asked.rehearse {
        let played = PlayedFile::open(path)?;
        let name = "rehearsal with a file, no microphone".to_owned();
        return Ok(Input { microphone: Box::new(played), name, best_format: SampleFormat::Int16 });
    }
    open_device(asked, settings)
}

#[cfg(feature = "live")]
fn open_device(asked: &Record, settings: &Settings) -> Result<Input, Failure> {
    use attune::media::devices;
    let wish = devices::Wish { rate: asked.rate, channels: asked.channels };
    let near = |wrong: &str, names: &[&str]| attune::spelling::nearest(wrong, names.iter().copied()).map(str::to_owned);
    let chosen = devices::choose_device(asked.device.as_deref(), wish, &settings.device, near)?;
    let (name, best_format) = (chosen.name().to_owned(), chosen.best_format());
    Ok(Input { microphone: Box::new(chosen), name, best_format })
}

#[cfg(not(feature = "live"))]
const NO_DEVICES: &str = "this program was built without sound devices (the feature `live`): use a build that has it, or \
    record with another program and read the file with attune scan";

#[cfg(not(feature = "live"))]
fn open_device(_: &Record, _: &Settings) -> Result<Input, Failure> {
    Err(Failure::told(NO_DEVICES))
}

#[cfg(not(feature = "live"))]
fn list_devices(_: &Record, _: &Settings) -> Result<(), Failure> {
    Err(Failure::told(NO_DEVICES))
}

#[cfg(feature = "live")]
fn list_devices(asked: &Record, settings: &Settings) -> Result<(), Failure> {
    let listed = match attune::media::devices::list_devices(&settings.device) {
        // A list that is read by a program is a list, also when it is empty.
        Err(error @ capture::CaptureError::NoDevice { .. }) if asked.json => {
            say("[]\n")?;
            return Err(error.into());
        }
        other => other?,
    };
    match asked.json {
        true => say(&format!("{}\n", serde_json::to_string_pretty(&listed).unwrap_or_default())),
        false => say(&words::devices(&listed)),
    }
}

fn load_ear(asked: &Record, config: &attune::config::Config) -> Result<LiveEar, Failure> {
    let shelf = places::open_shelf(asked.machine.models.as_deref(), runtime_from(&asked.machine.runtime)?)?;
    Ok(LiveEar::load(&shelf, &config.read("voice.toml")?)?)
}

/// What is known of a recording besides what happened in it.
pub struct Facts<'a> {
    path: &'a Path,
    shape: Shape,
    format: SampleFormat,
    microphone: &'a str,
}

fn report(
    asked: &Record,
    settings: &Settings,
    recorded: &Recorded,
    facts: &Facts<'_>,
    view: Option<&View>,
) -> Result<(), Failure> {
    let hash = Hash::of_file(facts.path);
    if asked.json {
        say(&format!("{:#}\n", words::summary_json(recorded, facts, hash.as_ref().ok().map(Hash::as_str), view)))?;
    } else if !asked.quiet {
        say(&words::summary(
            recorded,
            facts,
            hash.as_ref().map(Hash::as_str).map_err(ToString::to_string),
            view,
            settings,
        ))?;
    }
    match words::trouble(recorded) {
        None => Ok(()),
        Some(message) => Err(Failure { code: Failure::PARTLY, message }),
    }
}

/// A line for the user; a terminal that is gone is no reason to stop recording.
fn tell(text: &str) {
    _ = writeln!(std::io::stderr(), "attune: {text}");
}
