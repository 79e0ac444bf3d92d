//! Recordings of which a part is missing: noted while it is little, a failure (exit code 3) when it is much.

use crate::desk::{Desk, check};

/// Keeps the first bytes of a file.
fn cut(path: &std::path::Path, share: f64) {
    let bytes = std::fs::read(path).unwrap();
    std::fs::write(path, &bytes[..(bytes.len() as f64 * share) as usize]).unwrap();
}

#[test]
fn sound_cut_off_counts_by_how_much_is_missing() {
    let desk = Desk::new();
    let sound = desk.long_wav("cut.wav", 0.3, 40);
    cut(&sound, 0.97);
    let done = desk.scan(&sound, &[]);
    check(&done, 0, "damaged sound");
    check(&done, 0, "1.2 s in 1 places are missing");
    cut(&sound, 0.5);
    let done = desk.scan(&sound, &["--name", "cut"]);
    check(&done, 3, "of the sound cannot be read");
    check(&done, 3, "copy the recording anew");
    let session = attune::session::read(&desk.path("out")).unwrap();
    assert!(session.problems.iter().any(|problem| problem.is_failure && problem.message.ends_with("cut.wav")));
    assert!(!session.events.is_empty() || session.span.secs_f64() > 19.0, "the rest was scanned");
}

#[test]
fn how_much_may_be_missing_is_a_setting_that_does_not_mean_listening_again() {
    let desk = Desk::new();
    let sound = desk.long_wav("cut.wav", 0.3, 10);
    cut(&sound, 0.5);
    check(&desk.scan(&sound, &[]), 3, "50 % of the sound");
    let config = desk.path("config");
    std::fs::create_dir(&config).unwrap();
    let text = std::fs::read_to_string("config/engine.toml").unwrap();
    let lenient = text.replace("most_missing_share = 0.05", "most_missing_share = 0.6");
    assert_ne!(lenient, text);
    std::fs::write(config.join("engine.toml"), lenient).unwrap();
    let done = desk.scan(&sound, &["--config", config.to_str().unwrap()]);
    check(&done, 0, "damaged sound");
    check(&done, 0, "taken from the last run");
    std::fs::write(config.join("engine.toml"), text.replace("share = 0.05", "share = 5.0")).unwrap();
    check(&desk.scan(&sound, &["--config", config.to_str().unwrap()]), 1, "most_missing_share must be 0 to 1");
}

#[test]
fn of_two_microphones_the_damaged_one_is_named() {
    let desk = Desk::new();
    let (whole, half) = (desk.long_wav("whole.wav", 0.3, 8), desk.long_wav("half.wav", 0.3, 8));
    cut(&half, 0.5);
    let done = desk.scan(&whole, &[half.to_str().unwrap(), "--offset", "0"]);
    check(&done, 3, "half.wav");
    let session = attune::session::read(&desk.path("out")).unwrap();
    let damaged: Vec<_> = session.media.iter().filter(|media| !media.damage.missing.is_empty()).collect();
    assert!(damaged.len() == 1 && damaged[0].file == "half.wav", "{damaged:?}");
}

#[cfg(feature = "video")]
#[test]
fn a_film_cut_off_or_damaged_inside_is_scanned_and_counts_as_partial() {
    let desk = Desk::new();
    let made = [
        ["-f", "lavfi", "-i", "testsrc2=s=192x144:r=25:d=12"],
        ["-f", "lavfi", "-i", "sine=300:d=12"],
        ["-c:v", "libx264", "-preset", "ultrafast"],
        ["-g", "25", "-c:a", "aac"],
    ];
    let made: Vec<&str> = made.iter().flatten().copied().chain(["-movflags", "+faststart"]).collect();
    let Some(film) = desk.film("cut.mp4", &made) else { return };
    let whole = std::fs::read(&film).unwrap();
    check(&desk.scan(&film, &[]), 0, "report:");

    cut(&film, 0.6);
    let done = desk.scan(&film, &[]);
    check(&done, 3, "of the picture cannot be read");
    check(&done, 3, "of the sound cannot be read");
    check(&desk.scan(&film, &["--no-video"]), 3, "of the sound cannot be read");

    // Half of the bytes of each piece overwritten.
    let mut holes = whole.clone();
    let from = holes.len() / 4;
    for piece in holes[from..].chunks_mut(20_000) {
        let middle = piece.len() / 2;
        piece[..middle].fill(0xA5);
    }
    std::fs::write(&film, holes).unwrap();
    check(&desk.scan(&film, &[]), 3, "of the picture cannot be read");
}

#[cfg(feature = "video")]
#[test]
fn a_sound_track_that_starts_late_is_told_and_is_no_damage() {
    let desk = Desk::new();
    let late = [
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=160x120:r=25:d=6",
        "-itsoffset",
        "2.4",
        "-f",
        "lavfi",
        "-i",
        "sine=frequency=440:duration=3.6",
        "-map",
        "0:v",
        "-map",
        "1:a",
        "-c:v",
        "mpeg4",
        "-c:a",
        "aac",
    ];
    let Some(film) = desk.film("late.mov", &late) else { return };
    check(&desk.scan(&film, &[]), 0, "the sound starts 2.4 s after the recording does");
}
