//! Who really spoke when: recordings and what people wrote down about them.

use std::path::{Path, PathBuf};
use std::process::Command;

/// One stretch of one person's speech, in seconds.
#[derive(Clone, Debug)]
pub struct Said {
    pub from: f64,
    pub to: f64,
    pub who: String,
}

/// A recording with its reference.
pub struct Clip {
    pub name: &'static str,
    pub channels: Vec<Vec<f32>>,
    pub said: Vec<Said>,
    /// Whether the microphone is far from the speakers.
    pub far: bool,
    /// Whether the reference marks overlaps.
    pub overlaps: bool,
    /// Whether who speaks is sure enough for a speaker error.
    pub people: bool,
}

/// The folder of real recordings, if there is one.
pub fn data() -> Option<PathBuf> {
    let named = std::env::var_os("ATTUNE_DATA").map(PathBuf::from);
    named.into_iter().chain([PathBuf::from("../shared/data")]).find(|folder| folder.join("audio").is_dir())
}

fn wav(path: &Path) -> Vec<Vec<f32>> {
    let mut reader = hound::WavReader::open(path).unwrap();
    let spec = reader.spec();
    assert_eq!(spec.sample_rate, 16_000, "{}", path.display());
    let samples: Vec<f32> = match spec.sample_format {
        hound::SampleFormat::Float => reader.samples::<f32>().map(Result::unwrap).collect(),
        hound::SampleFormat::Int => {
            let full = 2f32.powi(i32::from(spec.bits_per_sample) - 1);
            reader.samples::<i32>().map(|s| s.unwrap() as f32 / full).collect()
        }
    };
    let count = usize::from(spec.channels);
    (0..count).map(|c| samples.iter().skip(c).step_by(count).copied().collect()).collect()
}

/// The sound of a film, through the program `ffmpeg`; `None` without it.
fn film(path: &Path) -> Option<Vec<Vec<f32>>> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(path)
        .args(["-ac", "1", "-ar", "16000", "-f", "f32le", "-"])
        .output()
        .ok()?;
    output.status.success().then_some(())?;
    let samples = output.stdout.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    Some(vec![samples])
}

fn rttm(path: &Path) -> Vec<Said> {
    let said = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (from, secs): (f64, f64) = (fields.get(3)?.parse().ok()?, fields.get(4)?.parse().ok()?);
        Some(Said { from, to: from + secs, who: (*fields.get(7)?).to_owned() })
    };
    std::fs::read_to_string(path).unwrap().lines().filter_map(said).collect()
}

fn segments(path: &Path) -> Vec<Said> {
    let said = |line: &str| {
        let mut fields = line.split_whitespace();
        let (from, to) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        Some(Said { from, to, who: fields.next()?.to_owned() })
    };
    std::fs::read_to_string(path).unwrap().lines().filter_map(said).collect()
}

fn falcon(path: &Path) -> Vec<Said> {
    let json: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let segments = json["tests"]["diarization_tests"][0]["segments"].as_array().unwrap();
    segments
        .iter()
        .map(|s| Said {
            from: s["start_sec"].as_f64().unwrap(),
            to: s["end_sec"].as_f64().unwrap(),
            who: s["speaker_tag"].to_string(),
        })
        .collect()
}

/// The `speech` rows of a `.labels.csv`.
fn labels(path: &Path) -> Vec<Said> {
    let text = std::fs::read_to_string(path).unwrap();
    let said = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        (fields.get(2) == Some(&"speech")).then_some(())?;
        Some(Said { from: fields[0].parse().ok()?, to: fields[1].parse().ok()?, who: fields[3].to_owned() })
    };
    text.lines().filter(|line| !line.starts_with('#')).filter_map(said).collect()
}

/// The turns of a Lhotse cut.
fn cuts(path: &Path) -> Vec<Said> {
    let json: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let said = |s: &serde_json::Value| {
        let from = s["start"].as_f64().unwrap();
        Said { from, to: from + s["duration"].as_f64().unwrap(), who: s["speaker"].to_string() }
    };
    json[0]["supervisions"].as_array().unwrap().iter().map(said).collect()
}

/// Every recording that is there.
pub fn clips(data: &Path) -> Vec<Clip> {
    let audio = data.join("audio");
    let mut clips = Vec::new();
    let mut add = |name, channels: Option<Vec<Vec<f32>>>, said: Option<Vec<Said>>, far, overlaps, people| match (
        channels, said,
    ) {
        (Some(channels), Some(said)) => {
            clips.push(Clip { name, channels, said, far, overlaps, people });
        }
        _ => println!("skipped: {name} is not there, or ffmpeg is not"),
    };
    let there = |path: PathBuf| path.is_file().then_some(path);
    let names = [
        ("pyannote_sample", false),
        ("ami_dev00", true),
        ("ami_trn01", true),
        ("ami_trn02", true),
        ("ami_trn03", true),
        ("ami_trn05", true),
        ("ami_trn08", true),
    ];
    for (name, far) in names {
        let cut = |mut channels: Vec<Vec<f32>>| {
            // Labelled for the first 30 s.
            channels.iter_mut().for_each(|c| c.truncate(30 * 16_000));
            channels
        };
        let sound = there(audio.join(format!("{name}.wav"))).map(|p| cut(wav(&p)));
        add(name, sound, there(audio.join(format!("{name}.rttm"))).map(|p| rttm(&p)), far, true, true);
    }
    let sound = |name: &str| there(audio.join(name)).map(|p| wav(&p));
    let written = there(audio.join("diarizationExample.segments")).map(|p| segments(&p));
    add("diarizationExample", sound("diarizationExample.wav"), written, false, false, true);
    let written = there(audio.join("falcon_test.expected.json")).map(|p| falcon(&p));
    add("falcon_test", sound("falcon_test.wav"), written, false, false, true);
    let written = there(audio.join("ami_ES2011a_40s-46s.cuts.json")).map(|p| cuts(&p));
    add("ami_ES2011a (one person's headset)", sound("ami_ES2011a.Headset-0-40s-46s.wav"), written, false, false, false);
    let made = data.join("constructed");
    let sound = there(made.join("grid_split_open.per_person.wav")).map(|p| wav(&p));
    add("grid_split_open", sound, there(made.join("grid_split_open.rttm")).map(|p| rttm(&p)), false, true, true);
    for name in ["mexca_debate_b", "mexca_debate_c"] {
        let sound = there(data.join(format!("video/{name}.mp4"))).and_then(|p| film(&p));
        let written = there(data.join(format!("video/{name}.labels.csv"))).map(|p| labels(&p));
        add(name, sound, written, false, false, false);
    }
    clips
}
