//! A folder with small made media, and the program run on it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with small made media, and what was printed.
pub struct Desk {
    folder: tempfile::TempDir,
}

#[derive(Debug)]
pub struct Done {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Desk {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    /// Two seconds of a tone (or of nothing), 16 kHz, one channel.
    pub fn wav(&self, name: &str, level: f32) -> PathBuf {
        self.long_wav(name, level, 2)
    }

    /// A tone of whole seconds, 16 kHz, one channel.
    pub fn long_wav(&self, name: &str, level: f32, secs: usize) -> PathBuf {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 16_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut file = hound::WavWriter::create(self.path(name), spec).unwrap();
        for i in 0..secs * 16_000 {
            let value = (i as f32 * 0.17).sin() * level * 32_000.0;
            file.write_sample(value as i16).unwrap();
        }
        file.finalize().unwrap();
        self.path(name)
    }

    /// Lets ffmpeg make a file; `None`, and a word of it, where there is no ffmpeg.
    #[cfg(feature = "video")]
    pub fn film(&self, name: &str, arguments: &[&str]) -> Option<PathBuf> {
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-nostdin", "-y", "-threads", "1"]).args(arguments).arg(self.path(name));
        let Ok(out) = command.output() else {
            println!("skipped: no ffmpeg program");
            return None;
        };
        assert!(out.status.success(), "{name}: {}", String::from_utf8_lossy(&out.stderr));
        Some(self.path(name))
    }

    pub fn attune<S: AsRef<std::ffi::OsStr>>(&self, args: &[S]) -> Done {
        let done = Command::new(env!("CARGO_BIN_EXE_attune")).args(args).output().unwrap();
        Done::of(&done)
    }

    /// Scans one recording into `out`, with further arguments.
    pub fn scan(&self, recording: &Path, more: &[&str]) -> Done {
        let out = self.path("out");
        let mut args = vec!["scan", recording.to_str().unwrap(), "--out", out.to_str().unwrap(), "--threads", "1"];
        args.extend(more);
        self.attune(&args)
    }
}

impl Done {
    pub fn of(done: &std::process::Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let done = Self { code: done.status.code(), out: text(&done.stdout), err: text(&done.stderr) };
        assert!(!done.err.contains("panicked"), "{}", done.err);
        done
    }
}

/// Exit code and a part of what is said, on either stream.
pub fn check(done: &Done, code: i32, says: &str) {
    let said = format!("{}{}", done.out, done.err);
    assert_eq!(done.code, Some(code), "{said}");
    assert!(said.contains(says), "{says:?} is not in: {said}");
}
