//! `attune record` through the real program: with files played in a microphone's place, and with ALSA's `null` and `file`
//! plugins as devices. Those have no clock of their own: nothing here rests on when they deliver.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test says what broke by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

struct Desk {
    folder: tempfile::TempDir,
}

struct Done {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Sound to rehearse with: a ramp that says where it is, 16 kHz, one channel, 16 bit.
    fn ramp(&self, secs: u32) -> PathBuf {
        let path = self.path("ramp-source.wav");
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 16_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut file = hound::WavWriter::create(&path, spec).unwrap();
        for n in 0..16_000 * secs {
            file.write_sample(ramp_sample(n as usize)).unwrap();
        }
        file.finalize().unwrap();
        path
    }

    #[cfg(all(feature = "live", target_os = "linux"))]
    /// An ALSA world with two microphones that play the ramp without a clock, and one that does not open.
    fn alsa(&self) -> PathBuf {
        let raw: Vec<u8> = (0..16_000 * 3).flat_map(|n| ramp_sample(n).to_le_bytes()).collect();
        std::fs::write(self.path("ramp.raw"), raw).unwrap();
        let source = self.path("ramp.raw");
        let slave = format!(
            "type plug slave {{ pcm {{ type file slave.pcm null file /dev/null infile {:?} format raw }} \
             format S16_LE rate 16000 channels 1 }}",
            source.display().to_string()
        );
        let text = format!(
            "</usr/share/alsa/alsa.conf>\n\
             pcm.!default {{ {slave} hint {{ show on description \"Room microphone\" }} }}\n\
             pcm.lapel {{ {slave} hint {{ show on description \"Lapel microphone\" }} }}\n\
             pcm.away {{ type hw card 99 hint {{ show on description \"Unplugged\" }} }}\n"
        );
        let path = self.path("asound.conf");
        std::fs::write(&path, text).unwrap();
        path
    }

    fn record(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_attune"));
        command.arg("record").args(args).current_dir(self.folder.path()).stdin(Stdio::null());
        command.env("ALSA_CONFIG_PATH", "/nowhere/asound.conf");
        command
    }

    fn done(&self, args: &[&str]) -> Done {
        finish(self.record(args).output().unwrap())
    }

    #[cfg(all(feature = "live", target_os = "linux"))]
    fn with_alsa(&self, args: &[&str]) -> Done {
        finish(self.record(args).env("ALSA_CONFIG_PATH", self.alsa()).output().unwrap())
    }

    /// Starts a rehearsal and waits until the file holds so many seconds.
    fn started(&self, file: &str, secs: f64, args: &[&str]) -> Child {
        let source = self.ramp(30);
        let mut all = vec![file, "--rehearse", source.to_str().unwrap(), "--consent-given"];
        all.extend(args);
        let child = self.record(&all).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let since = Instant::now();
        while std::fs::metadata(self.path(file)).map_or(0, |file| file.len()) < (secs * 32_000.0) as u64 {
            assert!(since.elapsed() < Duration::from_secs(60), "nothing is recorded");
            std::thread::sleep(Duration::from_millis(20));
        }
        child
    }
}

/// Sample `n`: two of each number, rising for almost four seconds.
fn ramp_sample(n: usize) -> i16 {
    ((n % 60_000) / 2) as i16
}

fn finish(output: std::process::Output) -> Done {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let done = Done { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) };
    assert!(!done.err.contains("panicked"), "{}", done.err);
    done
}

fn check(done: &Done, code: i32, says: &str) {
    let said = format!("{}{}", done.out, done.err);
    assert_eq!(done.code, Some(code), "{said}");
    assert!(said.contains(says), "{says:?} is not in: {said}");
}

/// The samples of a 16 bit file, as any reader gets them.
fn samples(path: &Path) -> Vec<i16> {
    let mut reader = hound::WavReader::open(path).unwrap();
    assert_eq!(reader.spec().bits_per_sample, 16);
    reader.samples::<i16>().map(Result::unwrap).collect()
}

fn assert_ramp(samples: &[i16]) {
    for (n, &sample) in samples.iter().enumerate() {
        assert_eq!(sample, ramp_sample(n), "sample {n}");
    }
}

#[test]
fn a_rehearsal_is_in_the_file_to_the_sample_and_summed_up() {
    let desk = Desk::new();
    let source = desk.ramp(2);
    let source = source.to_str().unwrap();
    let done = desk.done(&["one.wav", "--rehearse", source, "--consent-given", "--json"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(done.err.contains("Everyone in the room must have agreed"), "{}", done.err);
    let summary: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(summary["length_s"], 2.0);
    assert_eq!((&summary["dropouts"], &summary["gone"]), (&0.into(), &0.into()));
    let bytes = std::fs::read(desk.path("one.wav")).unwrap();
    assert_eq!(summary["sha256"], attune::origin::Hash::of_bytes(&bytes).as_str());
    let found = samples(&desk.path("one.wav"));
    assert_eq!(found.len(), 32_000);
    assert_ramp(&found);

    let quiet = desk.done(&["two.wav", "--rehearse", source, "--yes", "--quiet", "--minutes", "0.01"]);
    assert_eq!((quiet.code, quiet.out.as_str(), quiet.err.as_str()), (Some(0), "", ""));
    assert_eq!(samples(&desk.path("two.wav")).len(), 9600);
}

#[cfg(unix)]
#[test]
fn a_killed_program_leaves_a_playable_file_up_to_the_last_second() {
    let desk = Desk::new();
    let mut child = desk.started("killed.wav", 3.0, &[]);
    child.kill().unwrap();
    child.wait().unwrap();
    let on_disk = (std::fs::metadata(desk.path("killed.wav")).unwrap().len() - 80) / 2;
    let found = samples(&desk.path("killed.wav"));
    // What the header speaks of is at most a second behind what had been written; the settings say half a second.
    assert!(found.len() as u64 + 16_000 >= on_disk && found.len() >= 2 * 16_000, "{} of {on_disk}", found.len());
    assert_ramp(&found);
}

#[cfg(unix)]
#[test]
fn ctrl_c_and_a_closed_terminal_end_the_recording_with_a_summary() {
    for signal in ["-INT", "-TERM", "-HUP"] {
        let desk = Desk::new();
        let child = desk.started("talk.wav", 1.0, &[]);
        Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        let done = finish(child.wait_with_output().unwrap());
        check(&done, 0, "sha256");
        let found = samples(&desk.path("talk.wav"));
        assert!(found.len() >= 16_000);
        assert_ramp(&found);
    }
}

/// A limit on file sizes stands in for a full disk: writing fails in the same way, in the middle of a piece.
#[cfg(unix)]
#[test]
fn a_file_that_cannot_grow_ends_the_recording_and_keeps_what_there_is() {
    let desk = Desk::new();
    let source = desk.ramp(6);
    let script = format!(
        "trap '' XFSZ; ulimit -f 100; exec {:?} record full.wav --rehearse {:?} --yes",
        env!("CARGO_BIN_EXE_attune"),
        source.display().to_string()
    );
    // Blocks of 512 or 1024 bytes, by shell: 1.6 or 3.2 s.
    let output = Command::new("bash").args(["-c", &script]).current_dir(desk.folder.path()).output().unwrap();
    let done = finish(output);
    check(&done, 3, "make room on the disk");
    check(&done, 3, "recorded 00:00:0");
    let found = samples(&desk.path("full.wav"));
    assert_eq!(found.len() as u64, (std::fs::metadata(desk.path("full.wav")).unwrap().len() - 80) / 2);
    assert!(found.len() > 16_000);
    assert_ramp(&found);
}

#[test]
fn without_consent_nothing_is_recorded() {
    let desk = Desk::new();
    let source = desk.ramp(1);
    let done = desk.done(&["talk.wav", "--rehearse", source.to_str().unwrap()]);
    check(&done, 2, "--consent-given");
    assert!(!desk.path("talk.wav").exists());
}

#[test]
fn nothing_is_written_over_and_bad_places_are_named() {
    let desk = Desk::new();
    let source = desk.ramp(1);
    let source = source.to_str().unwrap();
    std::fs::write(desk.path("talk.wav"), "mine").unwrap();
    let refused = |name: &str, says: &str| {
        check(&desk.done(&[name, "--rehearse", source, "--yes"]), 1, says);
    };
    refused("talk.wav", "talk-2.wav");
    assert_eq!(std::fs::read(desk.path("talk.wav")).unwrap(), b"mine");
    refused("no/talk.wav", "the folder is not there");
    refused("talk.mp3", ".wav");
    check(&desk.done(&["new.wav", "--rehearse", "none.wav", "--yes"]), 1, "cannot rehearse");
    assert!(!desk.path("new.wav").exists());
    // A place where nobody, not even root, may make files.
    if Path::new("/proc/self").exists() {
        refused("/proc/talk.wav", "choose a folder that you may write to");
    }
}

#[test]
fn wrong_use_is_told_at_once() {
    let desk = Desk::new();
    check(&desk.done(&[]), 2, "FILE");
    check(&desk.done(&["a.wav", "--minutes", "0"]), 2, "1440");
    check(&desk.done(&["a.wav", "--minutes", "nan"]), 2, "1440");
    check(&desk.done(&["a.wav", "--format", "8"]), 2, "float");
    check(&desk.done(&["a.wav", "--per-person"]), 2, "--live");
    let source = desk.ramp(1);
    let one = ["a.wav", "--yes", "--live", "--per-person", "--rehearse", source.to_str().unwrap()];
    check(&desk.done(&one), 1, "two channels");
    let config = desk.path("config");
    std::fs::create_dir(&config).unwrap();
    let text = include_str!("../config/record.toml").replace("flush_secs = 0.5", "flush_secs = 60.0");
    std::fs::write(config.join("record.toml"), text).unwrap();
    check(
        &desk.done(&["a.wav", "--yes", "--config", config.to_str().unwrap()]),
        1,
        "file.flush_secs must be 0.05 to 1",
    );
}

#[test]
fn the_live_view_goes_on_by_loudness_where_there_is_no_network() {
    let desk = Desk::new();
    let source = desk.ramp(2);
    let none = desk.path("no-models");
    let all = ["a.wav", "--rehearse", source.to_str().unwrap(), "--yes", "--live", "--json", "--models"];
    let done = desk.done(&[&all[..], &[none.to_str().unwrap()]].concat());
    check(&done, 0, "by loudness alone");
    let summary: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(summary["heard"]["by"], "levels");
    assert!(summary["heard"]["looked_at_s"].as_f64().unwrap() > 1.5, "{summary}");
}

#[cfg(not(feature = "live"))]
#[test]
fn a_program_without_sound_devices_says_so() {
    let desk = Desk::new();
    check(&desk.done(&["--list-devices"]), 1, "the feature `live`");
    check(&desk.done(&["a.wav", "--yes"]), 1, "the feature `live`");
}

#[cfg(all(feature = "live", target_os = "linux"))]
mod alsa {
    use super::*;

    /// Whether ALSA's own files are installed: without them no device can be made up.
    fn present() -> bool {
        let there = Path::new("/usr/share/alsa/alsa.conf").exists();
        if !there {
            eprintln!("skipped: no /usr/share/alsa/alsa.conf");
        }
        there
    }

    #[test]
    fn microphones_are_listed_with_what_they_can_do() {
        if !present() {
            return;
        }
        let desk = Desk::new();
        let done = desk.with_alsa(&["--list-devices"]);
        check(&done, 0, "Lapel microphone");
        check(&done, 0, "(default)");
        check(&done, 0, "does not open now");
        assert!(!done.err.contains("ALSA lib"), "{}", done.err);
        let listed: serde_json::Value =
            serde_json::from_str(&desk.with_alsa(&["--list-devices", "--json"]).out).unwrap();
        let listed = listed.as_array().unwrap();
        assert!(listed.iter().any(|one| one["id"] == "lapel" && one["usual"]["rate"] == 48_000), "{listed:?}");
        assert!(listed.iter().all(|one| one["id"] != "null"));
        assert_eq!(listed.iter().filter(|one| one["is_default"] == true).count(), 1);
    }

    #[test]
    fn no_microphone_at_all_is_told_with_what_to_do() {
        let desk = Desk::new();
        let done = desk.done(&["--list-devices"]);
        check(&done, 1, "plug one in");
        check(&desk.done(&["--list-devices", "--json"]), 1, "[]");
        check(&desk.done(&["a.wav", "--yes"]), 1, "plug one in");
        assert!(!desk.path("a.wav").exists());
    }

    #[test]
    fn a_device_is_recorded_in_order_and_without_losses_of_ours() {
        if !present() {
            return;
        }
        let desk = Desk::new();
        let args = ["a.wav", "--yes", "--minutes", "0.03", "--device", "lapel", "--format", "16", "--json"];
        let done = desk.with_alsa(&[&args[..], &["--rate", "16000", "--channels", "1"]].concat());
        assert_eq!(done.code, Some(0), "{}", done.err);
        let summary: serde_json::Value = serde_json::from_str(&done.out).unwrap();
        assert_eq!(summary["microphone"], "Lapel microphone");
        assert_eq!((&summary["dropouts"], &summary["trouble"]), (&0.into(), &serde_json::Value::Null));
        let found = samples(&desk.path("a.wav"));
        assert_eq!(found.len(), 28_800);
        // ALSA's plugin itself skips parts of its file (80 of each 160 samples here), so only the order can be expected.
        assert_ramp(&found[..40]);
        assert!(found.windows(2).all(|pair| pair[0] <= pair[1]));
    }

    #[test]
    fn unknown_names_and_rates_are_told_with_what_there_is() {
        if !present() {
            return;
        }
        let desk = Desk::new();
        let fails = |args: &[&str], says: &str| {
            check(&desk.with_alsa(&[&["a.wav", "--yes"], args].concat()), 1, says);
            assert!(!desk.path("a.wav").exists());
        };
        fails(&["--device", "Lapel micraphone"], "did you mean \"Lapel microphone\"");
        fails(&["--device", "9"], "Lapel microphone");
        fails(&["--device", "Unplugged"], "does not open");
        fails(&["--device", "lapel", "--rate", "300000"], "8000 to 192000 Hz");
    }

    #[test]
    fn a_stand_in_without_a_clock_is_found_out() {
        if !present() {
            return;
        }
        let desk = Desk::new();
        let args = ["a.wav", "--yes", "--device", "null", "--rate", "8000", "--channels", "1"];
        check(&desk.with_alsa(&args), 3, "faster than time passes");
        assert!(hound::WavReader::open(desk.path("a.wav")).unwrap().duration() > 8000);
    }
}
