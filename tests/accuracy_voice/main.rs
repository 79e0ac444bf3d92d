//! How well voices are heard on real recordings: `docs/validation.md` shows the table that this prints.
//!
//! `ATTUNE_DATA=folder cargo test --test accuracy_voice -- --nocapture`

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what broke by panicking, and this one prints its table"
)]

mod metrics;
mod reference;

use std::path::Path;

use attune::config::Config;
use attune::job::Job;
use attune::media::{Damage, MediaError, SampleBlock, SoundSource};
use attune::model::{Runtime, Shelf};
use attune::time::SessionTime;
use attune::track::Who;
use attune::voice::{Channels, Request, Settings, VoiceResult, analyse};
use metrics::{Found, SpeakerError, auc, counts, grid};
use ndarray::Array2;
use reference::Clip;

/// Sound from memory, in blocks of an odd length.
struct Memory {
    channels: Vec<Vec<f32>>,
    at: usize,
    damage: Damage,
}

impl Memory {
    fn new(channels: Vec<Vec<f32>>) -> Self {
        Self { channels, at: 0, damage: Damage::default() }
    }
}

impl SoundSource for Memory {
    fn channels(&self) -> usize {
        self.channels.len()
    }

    fn expected_secs(&self) -> Option<f64> {
        Some(self.channels[0].len() as f64 / 16_000.0)
    }

    fn next_block(&mut self) -> Result<Option<SampleBlock>, MediaError> {
        let to = (self.at + 4_001).min(self.channels[0].len());
        if self.at == to {
            return Ok(None);
        }
        let samples =
            Array2::from_shape_fn((self.channels.len(), to - self.at), |(c, i)| self.channels[c][self.at + i]);
        let start = SessionTime::from_secs_f64(self.at as f64 / 16_000.0);
        self.at = to;
        Ok(Some(SampleBlock { start, samples }))
    }

    fn damage(&self) -> &Damage {
        &self.damage
    }
}

fn settings() -> Settings {
    // From the folder rather than the program, so that tuning needs no compiling.
    toml::from_str(&std::fs::read_to_string("config/voice.toml").unwrap()).unwrap()
}

fn shelf() -> Shelf {
    let library = Path::new("vendor/onnxruntime/libonnxruntime.so.1.32.0");
    Shelf::open(Path::new("models"), Runtime::Auto, library.is_file().then(|| library.to_owned())).unwrap()
}

fn hear(channels: &[Vec<f32>], people: usize, how: Channels) -> VoiceResult {
    let request = Request { threads: 2, people: people as u8, channels: how };
    analyse(&mut Memory::new(channels.to_vec()), &shelf(), &settings(), &request, &Job::quiet()).unwrap()
}

fn column(result: &VoiceResult, name: &str, who: Who) -> Vec<f32> {
    result.tracks.get(name, who).unwrap().column("p").unwrap().to_vec()
}

fn people(result: &VoiceResult) -> Vec<Vec<bool>> {
    let speaks = |who| column(result, "speech", who).iter().map(|&p| p >= 0.5).collect();
    result.voices.iter().map(|voice| speaks(voice.who)).collect()
}

#[derive(Default)]
struct Sums {
    speech: Found,
    overlap: Found,
    with_count: SpeakerError,
    with_two: SpeakerError,
}

fn measure(clip: &Clip, sums: &mut Sums) {
    let rows = clip.channels[0].len().div_ceil(160);
    let truth = grid(&clip.said, rows);
    let (any, two): (Vec<bool>, Vec<bool>) = counts(&truth, rows).iter().map(|&n| (n > 0, n > 1)).unzip();
    let mut ways = vec![(Channels::Mixed, "")];
    if clip.channels.len() > 1 {
        ways.push((Channels::OnePerPerson, ", own microphones"));
    }
    for (how, note) in ways {
        let result = hear(&clip.channels, truth.len(), how);
        let speech = column(&result, "speech", Who::Room);
        let found: Vec<bool> = speech.iter().map(|&p| p >= 0.5).collect();
        let overlap: Vec<bool> = column(&result, "overlap", Who::Room).iter().map(|&p| p >= 0.5).collect();
        let of_speech = Found::of(&any, &found);
        let of_overlap = Found::of(&two, &overlap);
        let of_people = SpeakerError::of(&truth, &people(&result), rows);
        let of_two = match how {
            Channels::Mixed => SpeakerError::of(&truth, &people(&hear(&clip.channels, 2, how)), rows),
            _ => of_people,
        };
        sums.speech.add(of_speech);
        if clip.overlaps {
            sums.overlap.add(of_overlap);
        }
        if clip.people {
            sums.with_count.add(of_people);
            sums.with_two.add(of_two);
        }
        let secs = |rows: usize| rows as f64 / 100.0;
        let share = |rows: usize| 100.0 * rows as f64 / of_people.speech as f64;
        let overlap = if clip.overlaps {
            let Found { hits, false_alarms, misses } = of_overlap;
            format!("{:.1} | {:.1} | {:.1}", secs(hits + misses), secs(hits + false_alarms), secs(hits))
        } else {
            "- | - | -".to_owned()
        };
        let errors = if clip.people {
            let SpeakerError { missed, false_alarms, confused, .. } = of_people;
            format!(
                "{:.1} ({:.1} + {:.1} + {:.1}) | {:.1}",
                of_people.percent(),
                share(missed),
                share(false_alarms),
                share(confused),
                of_two.percent()
            )
        } else {
            "- | -".to_owned()
        };
        println!(
            "| {}{note} | {:.0} | {:.3} | {:.3} | {:.3} | {:.3} | {overlap} | {} / {} | {errors} |",
            clip.name,
            secs(rows),
            of_speech.precision(),
            of_speech.recall(),
            of_speech.f1(),
            auc(&any, &speech),
            truth.len(),
            result.voices.len(),
        );
    }
}

#[test]
fn real_recordings_are_heard_as_well_as_written_down() {
    let Some(data) = reference::data() else { return println!("skipped: no ATTUNE_DATA") };
    let clips = reference::clips(&data);
    if clips.is_empty() {
        return println!("skipped: no recordings in ATTUNE_DATA");
    }
    println!("Runs on {}.", shelf().runtime_name());
    let mut all = Vec::new();
    for tuned_on in [false, true] {
        println!("\n{}\n", if tuned_on { "Tuned on:" } else { "Not tuned on:" });
        println!(
            "| recording | s | speech P | R | F1 | AUC | overlap s, labelled | found | common | people, true / found | \
             speaker error % (missed + false + confused) | with 2 expected |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
        let mut sums = Sums::default();
        clips.iter().filter(|clip| clip.tuned_on == tuned_on).for_each(|clip| measure(clip, &mut sums));
        println!(
            "| **all** | | {:.3} | {:.3} | {:.3} | | F1 {:.3} | P {:.3} | R {:.3} | | {:.1} | {:.1} |",
            sums.speech.precision(),
            sums.speech.recall(),
            sums.speech.f1(),
            sums.overlap.f1(),
            sums.overlap.precision(),
            sums.overlap.recall(),
            sums.with_count.percent(),
            sums.with_two.percent()
        );
        all.push(sums);
    }
}
