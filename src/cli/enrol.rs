//! `attune enrol`: one person's voice, learned from a recording.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use attune::engine::enrol::learn;
use attune::engine::places;
use attune::engine::prepared::Prepared;
use attune::job::Job;
use attune::media;
use attune::time::SessionTime;

use super::args::Machine;
use super::{Failure, open_config, runtime_from, say};

pub fn run(out: &Path, recording: &Path, machine: &Machine) -> Result<(), Failure> {
    if out.exists() {
        return Err(Failure::wrong_use(format!(
            "there is such a file already, choose another name: {}",
            out.display()
        )));
    }
    let prepared = Prepared::read(open_config(machine)?)?;
    let shelf = places::open_shelf(machine.models.as_deref(), runtime_from(&machine.runtime)?)?;
    let mut sound = media::open_sound(recording, SessionTime::ZERO, &prepared.media)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let least_secs = prepared.roles.known_voices.min_speech_secs.0.as_secs_f64();
    let stop = AtomicBool::new(false);
    let voice = learn(sound.as_mut(), &shelf, &prepared.voice, least_secs, threads, &Job::new(&|_| {}, &stop))?;
    voice.save(out)?;
    say(&format!(
        "learned from {:.0} s of speech; it can identify this person, so keep it as you keep the recordings: {}\n",
        voice.speech_s,
        out.display()
    ))
}
