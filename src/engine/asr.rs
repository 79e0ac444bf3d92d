//! A transcript from the recogniser that the user trusts: a command that is given the sound and gives text with times.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::job::Cancelled;
use crate::media::{MediaSettings, SOUND_RATE};
use crate::origin::Hash;
use crate::track::Tracks;
use crate::transcript::{self, ColumnMap, Settings, Transcript};

use super::recordings::Opened;
use super::store::Store;

/// How often a running command is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How much of what a failed command said is told, in bytes from its end.
const TOLD_BYTES: usize = 600;

/// Why there is no transcript.
#[derive(Debug, thiserror::Error)]
pub enum AsrError {
    /// The user asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// In words.
    #[error("the recogniser of --asr {0}")]
    Failed(String),
}

fn failed(what: impl std::fmt::Display) -> AsrError {
    AsrError::Failed(what.to_string())
}

/// What is needed to run a recogniser.
pub struct Wish<'a> {
    /// Program and arguments. `{wav}` stands for the sound (16 kHz, one channel, 16 bit; put at the end if it stands
    /// nowhere), `{out}` for a file to write, to which the program may add an ending; else standard output is read.
    pub command: &'a str,
    /// Settings of the reader of recordings.
    pub media: &'a MediaSettings,
    /// Settings of the reader of transcripts.
    pub transcript: &'a Settings,
    /// Do not use what is stored.
    pub fresh: bool,
}

/// Runs the recogniser on the recording's sound, or takes what it said before of the same recording; also gives the hash
/// of its text and whether it was stored. Times are on the session clock.
///
/// # Errors
/// [`AsrError`]: the command cannot be started, ends with an error, says nothing, or what no reader understands.
pub fn recognise(
    recording: &Opened,
    wish: &Wish<'_>,
    store: &Store,
    stop: &AtomicBool,
) -> Result<(Transcript, Hash, bool), AsrError> {
    let key = Hash::of_parts([
        ("stage", b"asr 1".as_slice()),
        ("recording", recording.sha256.as_str().as_bytes()),
        ("offset", &recording.offset.nanos().to_le_bytes()),
        ("command", wish.command.as_bytes()),
    ]);
    let stored = if wish.fresh { None } else { store.load::<Vec<u8>>("asr", &key) };
    let reused = stored.is_some();
    let said = match stored {
        Some((said, _)) => said,
        None => run(recording, wish, stop)?,
    };
    let read = transcript::parse(&said, "the recogniser's text", &ColumnMap::default(), wish.transcript);
    let read = read.map_err(|error| failed(format!("gave no transcript: {error}")))?;
    if !reused {
        // Without it the command runs again next time.
        let _ = store.save("asr", &key, &said, &Tracks::new());
    }
    Ok((read, Hash::of_bytes(&said), reused))
}

fn run(recording: &Opened, wish: &Wish<'_>, stop: &AtomicBool) -> Result<Vec<u8>, AsrError> {
    let folder = tempfile::tempdir().map_err(|e| failed(format!("needs room for temporary files ({e})")))?;
    let (wav, out) = (folder.path().join("session.wav"), folder.path().join("transcript"));
    write_sound(recording, wish.media, &wav, stop)?;
    let words = shlex::split(wish.command).filter(|words| !words.is_empty());
    let mut words = words.ok_or_else(|| failed("is no command line: check its quotes"))?;
    if !words.iter().any(|word| word.contains("{wav}")) {
        words.push("{wav}".to_owned());
    }
    let writes = words.iter().any(|word| word.contains("{out}"));
    let filled =
        words.iter().map(|word| word.replace("{wav}", &wav.to_string_lossy()).replace("{out}", &out.to_string_lossy()));
    let words: Vec<String> = filled.collect();
    let scratch = || tempfile::tempfile().map_err(|e| failed(format!("needs room for temporary files ({e})")));
    let (mut said, mut told) = (scratch()?, scratch()?);
    let copy = |file: &File| file.try_clone().map(Stdio::from).map_err(failed);
    let child = Command::new(&words[0])
        .args(&words[1..])
        .stdin(Stdio::null())
        .stdout(copy(&said)?)
        .stderr(copy(&told)?)
        .spawn()
        .map_err(|e| failed(format!("cannot be started ({e}): check that the program is installed: {}", words[0])))?;
    let status = wait(child, stop)?;
    if !status.success() {
        let told = String::from_utf8_lossy(&whole(&mut told)?).into_owned();
        let from = told.ceil_char_boundary(told.len().saturating_sub(TOLD_BYTES));
        return Err(failed(format!("ended with an error ({status}); it said last: {}", told[from..].trim())));
    }
    if writes { written(folder.path(), &out) } else { whole(&mut said) }
}

/// The end of the command; it is ended when the user asks to stop.
fn wait(mut child: Child, stop: &AtomicBool) -> Result<ExitStatus, AsrError> {
    loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            return Ok(status);
        }
        if stop.load(Ordering::Relaxed) {
            let _ = child.kill();
            let _ = child.wait();
            return Err(Cancelled.into());
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

fn whole(file: &mut File) -> Result<Vec<u8>, AsrError> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_end(&mut bytes)).map_err(failed)?;
    Ok(bytes)
}

/// What the command wrote to `{out}`, with whatever ending it gave.
fn written(folder: &Path, out: &Path) -> Result<Vec<u8>, AsrError> {
    let name = out.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(failed)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(&name)))
        .collect();
    // Of several forms of the same text the one that says most: words and speakers stand in JSON.
    files.sort_by_key(|path| (path.extension().is_none_or(|ending| ending != "json"), path.clone()));
    let file = files.first().ok_or_else(|| failed("wrote nothing to {out}"))?;
    std::fs::read(file).map_err(failed)
}

/// All channels together, from the session's zero on.
pub(super) fn write_sound(
    recording: &Opened,
    settings: &MediaSettings,
    path: &Path,
    stop: &AtomicBool,
) -> Result<(), AsrError> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: SOUND_RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let fail = |e: hound::Error| failed(format!("cannot be given the sound ({e})"));
    let mut wav = hound::WavWriter::create(path, spec).map_err(fail)?;
    let mut sound = recording.sound(settings).map_err(failed)?;
    let mut written: i64 = 0;
    while let Some(block) = sound.next_block().map_err(failed)? {
        if stop.load(Ordering::Relaxed) {
            return Err(Cancelled.into());
        }
        let first = (block.start.secs_f64() * f64::from(SOUND_RATE)).round() as i64;
        while written < first {
            wav.write_sample(0_i16).map_err(fail)?;
            written += 1;
        }
        let channels = block.samples.nrows().max(1) as f32;
        for (at, column) in (first..).zip(block.samples.columns()) {
            if at >= written {
                // `as` saturates and takes NaN as 0.
                wav.write_sample((column.sum() / channels * 32_767.0) as i16).map_err(fail)?;
                written += 1;
            }
        }
    }
    wav.finalize().map_err(fail)
}
