//! How well voices are heard on real recordings: `docs/validation.md` shows the tables that this prints.
//!
//! All of these recordings were looked at while settings were chosen, so the numbers are kind: judge by recordings that
//! were never seen. What was chosen on what stands beside each setting in `config/voice.toml`.
//!
//! `ATTUNE_DATA=folder cargo test --test accuracy_voice -- --nocapture`

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what broke by panicking, and this one prints its table"
)]

#[path = "../support/memory.rs"]
mod memory;
mod metrics;
mod reference;

use std::path::Path;

use attune::engine::words::AlignUse;
use attune::job::Job;
use attune::model::{Runtime, Shelf};
use attune::track::Who;
use attune::voice::{Channels, Request, Settings, VoiceResult, analyse};
use memory::Memory;
use metrics::{Found, SpeakerError, auc, counts, grid};
use reference::Clip;

fn settings() -> Settings {
    // From the folder rather than the program, so that tuning needs no compiling.
    toml::from_str(
        &std::fs::read_to_string(std::env::var("ATTUNE_VOICE").unwrap_or("config/voice.toml".into())).unwrap(),
    )
    .unwrap()
}

fn shelf() -> Shelf {
    let library = Path::new("vendor/onnxruntime/libonnxruntime.so.1.32.0");
    Shelf::open(Path::new("models"), Runtime::Auto, library.is_file().then(|| library.to_owned())).unwrap()
}

fn hear(channels: &[Vec<f32>], people: Option<usize>, how: Channels) -> VoiceResult {
    let request = Request { threads: 2, people: people.and_then(|n| u8::try_from(n).ok()), channels: how };
    analyse(&mut Memory::new(channels.to_vec()), &shelf(), &settings(), &request, &Job::quiet()).unwrap()
}

fn column(result: &VoiceResult, name: &str, who: Who) -> Vec<f32> {
    result.tracks.get(name, who).unwrap().column("p").unwrap().to_vec()
}

fn people(result: &VoiceResult) -> Vec<Vec<bool>> {
    let speaks = |who| column(result, "speech", who).iter().map(|&p| p >= 0.5).collect();
    result.voices.iter().map(|voice| speaks(voice.who)).collect()
}

/// What a group of recordings together must reach at least (F1, AUC) and may reach at most (speaker error in percent): a
/// little below what was reached when this was written.
struct Floors {
    speech_f1: f64,
    speech_auc: f64,
    overlap_f1: f64,
    speaker_error: f64,
}

/// Near microphones: calls and studios. Far ones: meetings.
const NEAR: Floors = Floors { speech_f1: 0.98, speech_auc: 0.99, overlap_f1: 0.80, speaker_error: 5.5 };
const FAR: Floors = Floors { speech_f1: 0.945, speech_auc: 0.98, overlap_f1: 0.57, speaker_error: 25.0 };

#[derive(Default)]
struct Sums {
    clips: usize,
    speech: Found,
    overlap: Found,
    speakers: SpeakerError,
    /// Every row of every clip: whether anybody speaks, and the probability that somebody does.
    truth: Vec<bool>,
    speaks: Vec<f32>,
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
        let result = hear(&clip.channels, Some(truth.len()), how);
        let speech = column(&result, "speech", Who::Room);
        let found: Vec<bool> = speech.iter().map(|&p| p >= 0.5).collect();
        let overlap: Vec<bool> = column(&result, "overlap", Who::Room).iter().map(|&p| p >= 0.5).collect();
        let of_speech = Found::of(&any, &found);
        let of_overlap = Found::of(&two, &overlap);
        let of_people = SpeakerError::of(&truth, &people(&result), rows);
        let estimated = match how {
            Channels::Mixed => hear(&clip.channels, None, how).voices.len().to_string(),
            _ => "-".to_owned(),
        };
        // Own microphones are shown and not summed: they are the same talk again.
        if how == Channels::Mixed {
            sums.clips += 1;
            sums.speech.add(of_speech);
            sums.truth.extend(&any);
            sums.speaks.extend(&speech);
            if clip.overlaps {
                sums.overlap.add(of_overlap);
            }
            if clip.people {
                sums.speakers.add(of_people);
            }
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
                "{:.1} ({:.1} + {:.1} + {:.1})",
                of_people.percent(),
                share(missed),
                share(false_alarms),
                share(confused)
            )
        } else {
            "-".to_owned()
        };
        println!(
            "| {}{note} | {:.0} | {:.3} | {:.3} | {:.3} | {:.3} | {overlap} | {} / {} | {estimated} | {errors} |",
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
    for (far, floors, complete) in [(false, NEAR, 7), (true, FAR, 6)] {
        println!("\n{}\n", if far { "Far microphones (AMI excerpts):" } else { "Near microphones:" });
        println!(
            "| recording | s | speech P | R | F1 | AUC | overlap s, labelled | found | common | people, true / found with that \
             number given | estimated | speaker error % (missed + false + confused) |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
        let mut sums = Sums::default();
        clips.iter().filter(|clip| clip.far == far).for_each(|clip| measure(clip, &mut sums));
        let area = auc(&sums.truth, &sums.speaks);
        println!(
            "| **all** | | {:.3} | {:.3} | {:.3} | {area:.3} | F1 {:.3} | P {:.3} | R {:.3} | | | {:.1} |",
            sums.speech.precision(),
            sums.speech.recall(),
            sums.speech.f1(),
            sums.overlap.f1(),
            sums.overlap.precision(),
            sums.overlap.recall(),
            sums.speakers.percent(),
        );
        if sums.clips == complete {
            assert!(sums.speech.f1() >= floors.speech_f1, "speech F1 {}", sums.speech.f1());
            assert!(area >= floors.speech_auc, "speech AUC {area}");
            assert!(sums.overlap.f1() >= floors.overlap_f1, "overlap F1 {}", sums.overlap.f1());
            assert!(sums.speakers.percent() <= floors.speaker_error, "speaker error {}", sums.speakers.percent());
        }
    }
}

/// A recording that begins a little later is cut into other windows: what that alone changes. `ATTUNE_STARTS=1`: two minutes.
#[test]
fn how_much_hangs_on_where_windows_lie() {
    let (Some(data), Ok(only)) = (reference::data(), std::env::var("ATTUNE_STARTS")) else {
        return println!("skipped: no ATTUNE_DATA, or no ATTUNE_STARTS");
    };
    let mut all = SpeakerError::default();
    let wanted = |clip: &&Clip| only == "1" || only.split(',').any(|name| name == clip.name);
    for clip in reference::clips(&data).iter().filter(|clip| clip.people && clip.channels.len() == 1).filter(wanted) {
        let mut sum = SpeakerError::default();
        let mut each = Vec::new();
        for start in 0..7 {
            let late = f64::from(start) * 0.35;
            let sound = clip.channels[0][(late * 16_000.0) as usize..].to_vec();
            let said = clip.said.iter().filter(|said| said.to > late).cloned();
            let said: Vec<_> =
                said.map(|s| reference::Said { from: (s.from - late).max(0.0), to: s.to - late, who: s.who }).collect();
            let rows = sound.len().div_ceil(160);
            let truth = grid(&said, rows);
            let error = SpeakerError::of(&truth, &people(&hear(&[sound], Some(truth.len()), Channels::Mixed)), rows);
            each.push(format!("{:.1}", error.percent()));
            sum.add(error);
        }
        println!("| {} | {} | {:.1} |", clip.name, each.join(", "), sum.percent());
        all.add(sum);
    }
    println!("| **all** | | {:.1} |", all.percent());
}

/// The whole engine on the call, with and without its transcript: who speaks must not get worse by knowing more.
#[test]
fn a_transcript_helps_to_tell_who_speaks() {
    let Some(data) = reference::data() else { return println!("skipped: no ATTUNE_DATA") };
    let (wav, stm) = (data.join("audio/pyannote_sample.wav"), data.join("audio/pyannote_sample.stm"));
    let clips = reference::clips(&data);
    let call = clips.iter().find(|clip| clip.name == "pyannote_sample");
    let (Some(call), true) = (call, stm.is_file()) else {
        return println!("skipped: no call with transcript in ATTUNE_DATA");
    };
    let rows = call.channels[0].len().div_ceil(160);
    let truth = grid(&call.said, rows);
    let prepared = attune::engine::prepared::Prepared::read(attune::config::Config::embedded()).unwrap();
    let error = |transcript: Option<std::path::PathBuf>, align| {
        let out = tempfile::tempdir().unwrap();
        let request = attune::engine::request::Request {
            recordings: vec![attune::engine::request::Recording { path: wav.clone(), offset_secs: None, of: None }],
            transcript,
            asr: None,
            language: None,
            columns: attune::transcript::ColumnMap::default(),
            client: vec!["Sheila".into()],
            therapist: Vec::new(),
            speakers: Some(2),
            therapist_voice: None,
            channels: attune::engine::request::ChannelUse::Auto,
            look: false,
            listen: true,
            out: out.path().to_owned(),
            name: "call".into(),
            align,
            budget_minutes: None,
            threads: 2,
            fresh: true,
            withheld: Default::default(),
        };
        let stop = std::sync::atomic::AtomicBool::new(false);
        let watch = attune::engine::watch::Unwatched;
        let session = attune::engine::scan::scan(&request, &prepared, &shelf(), &watch, &stop).unwrap();
        // As results tell it: the stretches of speech of each person.
        let mut found = std::collections::BTreeMap::<Who, Vec<bool>>::new();
        for event in session.events.iter().filter(|e| e.marker == "aud.vad" && e.kind.as_deref() == Some("speech")) {
            let speaks = found.entry(event.who).or_insert_with(|| vec![false; rows]);
            let row = |time: attune::time::SessionTime| ((time.secs_f64() * 100.0).round() as usize).min(rows);
            speaks[row(event.span.start())..row(event.span.end())].fill(true);
        }
        let found: Vec<Vec<bool>> = found.into_values().collect();
        SpeakerError::of(&truth, &found, rows).percent()
    };
    let (without, with) = (error(None, AlignUse::Auto), error(Some(stm.clone()), AlignUse::Auto));
    let with_words = error(Some(stm), AlignUse::Always);
    println!(
        "the call: speaker error {without:.1} % without its transcript, {with:.1} % with it, {with_words:.1} % with its words \
         found on the sound"
    );
    assert!(with <= without + 0.05 && with <= 6.0, "{with} {without}");
    assert!(with_words <= with + 0.05, "{with_words} {with}");
}

fn speech_found(clip: &Clip, result: &VoiceResult) -> Found {
    let rows = clip.channels[0].len().div_ceil(160);
    let truth: Vec<bool> = counts(&grid(&clip.said, rows), rows).iter().map(|&n| n > 0).collect();
    let found: Vec<bool> = column(result, "speech", Who::Room).iter().map(|&p| p >= 0.5).collect();
    Found::of(&truth, &found)
}

/// The network divides by a window's own level, so nothing need be done for a far microphone.
#[test]
fn a_faint_recording_is_heard_like_a_loud_one() {
    let Some(data) = reference::data() else { return println!("skipped: no ATTUNE_DATA") };
    let (mut loud, mut faint) = (Found::default(), Found::default());
    for clip in reference::clips(&data).iter().filter(|clip| clip.far) {
        let quieter: Vec<Vec<f32>> =
            clip.channels.iter().map(|c| c.iter().map(|s| s * 10f32.powf(-30.0 / 20.0)).collect()).collect();
        loud.add(speech_found(clip, &hear(&clip.channels, Some(1), Channels::Mixed)));
        faint.add(speech_found(clip, &hear(&quieter, Some(1), Channels::Mixed)));
    }
    if loud.hits == 0 {
        return println!("skipped: no recordings in ATTUNE_DATA");
    }
    println!("speech F1: as recorded {:.3}, 30 dB fainter {:.3}", loud.f1(), faint.f1());
    assert!(faint.f1() > loud.f1() - 0.02, "{loud:?} {faint:?}");
}

/// Identity must hold over the whole recording, not only within a few windows.
#[test]
fn people_stay_who_they_are_over_minutes() {
    let Some(data) = reference::data() else { return println!("skipped: no ATTUNE_DATA") };
    let clips = reference::clips(&data);
    let Some(call) = clips.iter().find(|clip| clip.name == "pyannote_sample") else {
        return println!("skipped: no recordings in ATTUNE_DATA");
    };
    let times = 6;
    let secs = call.channels[0].len() as f64 / 16_000.0;
    let said: Vec<_> = (0..times)
        .flat_map(|n| {
            let by = f64::from(n) * secs;
            call.said.iter().map(move |s| reference::Said { from: s.from + by, to: s.to + by, who: s.who.clone() })
        })
        .collect();
    let sound: Vec<f32> = (0..times).flat_map(|_| call.channels[0].iter().copied()).collect();
    let rows = sound.len().div_ceil(160);
    let result = hear(&[sound], Some(2), Channels::Mixed);
    let error = SpeakerError::of(&grid(&said, rows), &people(&result), rows);
    println!("the call {times} times over: speaker error {:.1} %", error.percent());
    assert!(error.percent() < 7.0, "{error:?}");
}
