//! Damaged films, and files that are none.

use super::*;

/// The same bytes with `count` of them changed, always the same ones for one seed; the first `spare` bytes stay.
fn damaged(bytes: &[u8], count: usize, spare: std::ops::Range<usize>, seed: u64) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let mut state = seed;
    let mut done = 0;
    while done < count {
        // Knuth's MMIX generator.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = (state >> 24) as usize % out.len();
        if !spare.contains(&at) {
            out[at] ^= 1 + (state >> 17) as u8 % 255;
            done += 1;
        }
    }
    out
}

/// Where the index (`moov`) of an mp4 file lies.
fn index_of(bytes: &[u8]) -> std::ops::Range<usize> {
    let at = bytes.windows(4).rposition(|four| four == b"moov").unwrap() - 4;
    let length = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    at..at + length
}

fn long_film(films: &Films, name: &str) -> PathBuf {
    let picture = "testsrc2=s=320x240:r=25:d=40";
    let sound = "aevalsrc=0.3*sin(2*PI*(200+50*t)*t)|0.3*sin(2*PI*300*t):s=44100:d=40";
    let inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound];
    let codec: &[&str] = match name.split('.').next() {
        Some("hevc") => &["-c:v", "libx265", "-x265-params", "log-level=none"],
        Some("mpeg4") => &["-c:v", "mpeg4"],
        _ => &["-c:v", "libx264"],
    };
    films.make(name, &[&inputs[..], codec, &["-preset", "veryfast", "-g", "50", "-c:a", "aac"]].concat())
}

#[test]
fn a_damaged_film_goes_on_to_its_end_with_the_right_times() {
    if !ffmpeg_is_there() {
        return;
    }
    let films = Films::new();
    for (name, seed) in [("h264.mp4", 1), ("hevc.mp4", 3), ("mpeg4.mp4", 4)] {
        let bytes = std::fs::read(long_film(&films, name)).unwrap();
        let path = films.path("damaged.mp4");
        std::fs::write(&path, damaged(&bytes, 200, index_of(&bytes), seed)).unwrap();
        let all = |path: &Path, threads: usize| {
            let mut settings = settings();
            settings.picture.threads = threads;
            let mut pictures = open_pictures(path, SessionTime::ZERO, PictureWish::default(), &settings).unwrap();
            let mut frames = Vec::new();
            while let Some(frame) = pictures.next_frame().unwrap() {
                frames.push((frame.time, brightness(&frame).to_bits()));
            }
            (frames, pictures.damage().clone())
        };
        assert_eq!(all(&films.path(name), 1), all(&films.path(name), 3), "the number of threads does not matter");
        let (frames, damage) = all(&path, settings().picture.threads);
        println!("{name}: {} of 1000 pictures, {damage:?}", frames.len());
        assert_eq!((&frames, &damage), (&all(&path, settings().picture.threads).0, &damage), "the same in each run");
        assert!(frames.len() > 300 && damage.broken_packets > 0);
        assert!(frames.last().unwrap().0.secs_f64() > 38.0);
        assert!(frames.iter().all(|(time, _)| time.nanos() % 40_000_000 == 0), "times stay on the grid of the film");
        let heard = hear(&path);
        println!("        {:.3} s of sound, {:?}", heard.secs(), heard.damage);
        assert!((heard.secs() - 40.0).abs() < 0.1);
    }
}

#[test]
fn a_film_cut_off_gives_what_it_has_and_says_what_is_missing() {
    if !ffmpeg_is_there() {
        return;
    }
    let films = Films::new();
    for name in ["cut.mkv", "cut.mp4"] {
        let start = ["-movflags", "+faststart"];
        let whole = long_film(&films, "whole.mp4");
        let whole = whole.to_str().unwrap();
        let extra: &[&str] = if name.ends_with("mp4") { &start } else { &[] };
        let path = films.make(name, &[&["-i", whole, "-c", "copy"], extra].concat());
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        let (seen, heard) = (see(&path, PictureWish::default()), hear(&path));
        println!(
            "{name}: {} pictures, {:?}; {:.2} s of sound, {:?}",
            seen.times.len(),
            seen.damage,
            heard.secs(),
            heard.damage
        );
        assert!((300..800).contains(&seen.times.len()));
        assert!((12.0..32.0).contains(&heard.secs()));
        for damage in [seen.damage, heard.damage] {
            let last = damage.missing.last().unwrap();
            assert!((last.end().secs_f64() - 40.0).abs() < 0.2, "{last:?}");
        }
    }
}

#[test]
fn what_is_no_recording_says_so() {
    let films = Films::new();
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(films.path(name), bytes).unwrap();
        films.path(name)
    };
    let mut cases = vec![
        (write("empty.mp4", b""), "empty"),
        (write("empty.wav", b""), "empty"),
        (write("text.mp4", b"Client: I don't know.\nTherapist: Mm-hm.\n"), "no film or sound"),
        (write("playlist.mp4", b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/etc/passwd\n"), "no film or sound"),
        (write("list.mp4", b"ffconcat version 1.0\nfile other.mp4\n"), "no film or sound"),
        (write("header-only.wav", b"RIFF\x24\0\0\0WAVE"), "WAV header|no film or sound"),
        (write("noise.mkv", &damaged(&[0; 5000], 20_000, 0..0, 7)), "no film or sound"),
        (films.path(""), "this is a folder"),
        (films.path("not-there.mp4"), "cannot read"),
    ];
    if ffmpeg_is_there() {
        let bytes = std::fs::read(films.flash_and_beep("whole.mp4", "25", H264_AAC)).unwrap();
        let without_index = bytes[..index_of(&bytes).start].to_vec();
        cases.push((write("no-index.mp4", &without_index), "index is missing"));
    }
    for (path, words) in cases {
        let errors = [
            open_pictures(&path, SessionTime::ZERO, PictureWish::default(), &settings()).err(),
            open_sound(&path, SessionTime::ZERO, &settings()).err(),
            probe(&path, &settings()).err(),
        ];
        for error in errors {
            let error = error.unwrap_or_else(|| panic!("{} opened", path.display())).to_string();
            assert!(words.split('|').any(|words| error.contains(words)), "{error}");
            assert!(error.ends_with(&path.display().to_string()), "the file comes last: {error}");
        }
    }
}

#[test]
fn a_missing_track_is_named_and_the_other_one_read() {
    if !ffmpeg_is_there() {
        return;
    }
    let films = Films::new();
    let (picture, sound) = (flash("25"), beep());
    let only_picture = films.make("picture.mp4", &["-f", "lavfi", "-i", &picture, "-c:v", "libx264"]);
    let only_sound = films.make("sound.m4a", &["-f", "lavfi", "-i", &sound, "-c:a", "aac"]);
    let error = open_sound(&only_picture, SessionTime::ZERO, &settings()).err().unwrap();
    assert!(matches!(error, MediaError::NoTrack { what: "sound", .. }), "{error}");
    assert_eq!(see(&only_picture, PictureWish::default()).flashes.len(), 5);
    let error = open_pictures(&only_sound, SessionTime::ZERO, PictureWish::default(), &settings()).err().unwrap();
    assert!(matches!(error, MediaError::NoTrack { what: "picture", .. }), "{error}");
    assert_eq!(hear(&only_sound).beeps().len(), 5);
    let facts = probe(&only_sound, &settings()).unwrap();
    assert!(facts.has_sound() && !facts.has_picture());
    assert_eq!(facts.describe(), "0:06, sound aac 48000 Hz mono");
}

#[test]
fn a_silent_track_is_silence_and_not_missing() {
    if !ffmpeg_is_there() {
        return;
    }
    let films = Films::new();
    let path = films.make("silent.mp4", &["-f", "lavfi", "-i", "anullsrc=r=44100:cl=stereo:d=3", "-c:a", "aac"]);
    let heard = hear(&path);
    assert_eq!(heard.channels.len(), 2);
    assert!((heard.secs() - 3.0).abs() < 0.03);
    assert!(heard.channels.iter().flatten().all(|v| v.abs() < 1e-6));
    assert_eq!(heard.damage, Damage::default());
}
