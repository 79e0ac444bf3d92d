//! A study on a disk that is full, or that may only be read.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    dead_code,
    reason = "a test says what broke by panicking"
)]

#[path = "cli/desk.rs"]
mod desk;

use std::path::{Path, PathBuf};
use std::process::Command;

use desk::{Desk, Done, check};

/// The program where no file may grow beyond nothing: what a full disk says.
fn without_room(args: &[&str]) -> Done {
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$@\"";
    let mut command = Command::new("sh");
    command
        .args(["-c", script, "sh", env!("CARGO_BIN_EXE_attune")])
        .args(args)
        .env("ATTUNE_PASSPHRASE", "correct horse battery");
    Done::of(&command.output().unwrap())
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

const TALK: &str =
    "WEBVTT\n\n00:00.000 --> 00:02.000\n<v Therapist>How was it?\n\n00:02.500 --> 00:03.500\n<v Client>Fine.\n";

/// A study with one scanned session, of words alone.
fn study_at(desk: &Desk, place: &Path) -> String {
    let talk = desk.write("talk.vtt", TALK);
    let place = place.to_str().unwrap().to_owned();
    check(&desk.attune(&["study", "new", &place, "--consent", "all"]), 0, "made");
    check(&desk.attune(&["study", "add", &place, "--transcript", talk.to_str().unwrap()]), 0, "S001");
    check(&desk.attune(&["scan", &place]), 0, "1 done");
    place
}

#[test]
fn a_full_disk_leaves_everything_as_it_was() {
    let desk = Desk::new();
    let place = study_at(&desk, &desk.path("study"));
    let sessions = Path::new(&place).join("sessions");
    let other = desk.write("other.vtt", TALK.replace("Fine", "Good"));
    let manifest = std::fs::read(sessions.join("S001/session.toml")).unwrap();
    check(&without_room(&["study", "add", &place, "--transcript", other.to_str().unwrap()]), 1, "the disk is full");
    assert_eq!(names(&sessions), ["S001"], "nothing is left of what could not be added");
    check(&without_room(&["study", "consent", &place, "S001", "client=-face"]), 1, "the disk is full");
    assert_eq!(std::fs::read(sessions.join("S001/session.toml")).unwrap(), manifest);
    // Nothing is deleted before the sealed file is whole.
    check(&without_room(&["study", "seal", &place]), 1, "the disk is full");
    assert!(sessions.join("S001/results/session.json").exists() && !Path::new(&place).join("study.sealed").exists());
    let out = desk.path("out");
    let out = out.to_str().unwrap();
    check(&desk.attune(&["export", &place, "-o", out]), 0, "1 session");
    let before = std::fs::read(Path::new(out).join("csv/events.csv")).unwrap();
    check(&without_room(&["export", &place, "-o", out]), 1, "cannot write the export");
    assert_eq!(std::fs::read(Path::new(out).join("csv/events.csv")).unwrap(), before);
    assert_eq!(
        names(desk.path("").as_path()).iter().filter(|name| name.starts_with(".attune")).count(),
        0,
        "a draft is left"
    );
    // A scan that cannot be written is tried again when there is room.
    check(&without_room(&["scan", &place, "--fresh"]), 1, "S001");
    check(&desk.attune(&["scan", &place]), 0, "0 failed");
}

/// A disk in memory, taken away when dropped.
struct Disk(PathBuf);

impl Disk {
    fn new(place: PathBuf) -> Option<Self> {
        std::fs::create_dir(&place).unwrap();
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", "size=20m", "tmpfs"]).arg(&place).output();
        if done.is_ok_and(|done| done.status.success()) {
            return Some(Self(place));
        }
        println!("skipped: no disk may be mounted here");
        None
    }

    fn make_read_only(&self) {
        let done = Command::new("mount").args(["-o", "remount,ro"]).arg(&self.0).status().unwrap();
        assert!(done.success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // The folder above is removed next, with or without it.
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_study_that_may_only_be_read_can_be_read() {
    let desk = Desk::new();
    let Some(disk) = Disk::new(desk.path("disk")) else { return };
    let place = study_at(&desk, &disk.0.join("study"));
    disk.make_read_only();
    check(&desk.attune(&["study", "list", &place]), 0, "S001");
    check(&desk.attune(&["study", "check", &place]), 0, "nothing is wrong");
    check(&desk.attune(&["query", &place, "select count(*) from sessions"]), 0, "1");
    let out = desk.path("out");
    check(&desk.attune(&["export", &place, "-o", out.to_str().unwrap()]), 0, "1 session");
    let talk = desk.write("other.vtt", TALK);
    check(
        &desk.attune(&["study", "add", &place, "--transcript", talk.to_str().unwrap()]),
        1,
        "where you may not write",
    );
    check(&desk.attune(&["study", "forget", &place, "S001", "--yes"]), 1, "where you may not write");
    check(&desk.attune(&["scan", &place]), 1, "where you may not write");
}
