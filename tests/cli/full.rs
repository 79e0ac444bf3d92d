//! No room for results: nothing is half written, what was there stays whole, and the message says what to do.

#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::desk::{Desk, Done, check};

/// The results with their bytes, and the names of all that lies in the folder.
fn results(out: &Path) -> (Vec<Vec<u8>>, Vec<String>) {
    let bytes = attune::export::NAMES.iter().map(|name| std::fs::read(out.join(name)).unwrap()).collect();
    let mut names: Vec<_> = std::fs::read_dir(out)
        .unwrap()
        .chain(std::fs::read_dir(out.join("stages")).unwrap())
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    (bytes, names)
}

fn check_full(done: &Done) {
    check(done, 1, "cannot write the results");
    check(done, 1, "make room or choose a folder on another disk");
}

#[test]
fn results_larger_than_the_user_may_write_leave_the_earlier_ones_whole() {
    let desk = Desk::new();
    let tone = desk.wav("tone.wav", 0.3);
    let limited = || {
        // The shell counts in blocks of 512 bytes. Ignored, the signal becomes an error of the write.
        let script = "trap '' XFSZ; ulimit -f 24; exec \"$@\"";
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh", env!("CARGO_BIN_EXE_attune"), "scan"]).arg(&tone).arg("--out");
        Done::of(&command.arg(desk.path("out")).args(["--speakers", "1", "--threads", "1"]).output().unwrap())
    };
    check_full(&limited());
    assert!(!desk.path("out/session.json").exists(), "nothing half written");
    check(&desk.scan(&tone, &[]), 0, "report:");
    let before = results(&desk.path("out"));
    check_full(&limited());
    assert!(results(&desk.path("out")) == before);
}

/// A small disk in memory, taken away when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn new(place: PathBuf) -> Option<Self> {
        std::fs::create_dir(&place).unwrap();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(&place).output();
        match mount {
            Ok(done) if done.status.success() => Some(Self(place)),
            Ok(done) => {
                println!("skipped: no disk may be mounted here: {}", String::from_utf8_lossy(&done.stderr).trim());
                None
            }
            Err(e) => {
                println!("skipped: no mount program ({e})");
                None
            }
        }
    }

    /// Fills it up but for so many bytes.
    fn fill_but(&self, bytes: u64) {
        use std::io::Write;
        let mut filler = std::fs::File::create(self.0.join("filler")).unwrap();
        while filler.write_all(&[1; 4096]).is_ok() {}
        let length = filler.metadata().unwrap().len();
        filler.set_len(length.saturating_sub(bytes)).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_leaves_the_earlier_results_whole() {
    let desk = Desk::new();
    let tone = desk.wav("tone.wav", 0.3);
    let Some(disk) = SmallDisk::new(desk.path("disk")) else { return };
    let out = disk.0.join("out");
    let scan = |more: &[&str]| {
        let args = ["scan", tone.to_str().unwrap(), "--threads", "1", "--out", out.to_str().unwrap()];
        desk.attune(&[&args[..], more].concat())
    };
    check(&scan(&[]), 0, "report:");
    let before = results(&out);
    for left in [0, 12_288] {
        disk.fill_but(left);
        let done = scan(&["--fresh", "--speakers", "1"]);
        check_full(&done);
        check(&done, 1, "No space left");
        let (bytes, names) = results(&out);
        assert!(bytes == before.0);
        assert_eq!(names, before.1, "with {left} bytes left");
    }
}
