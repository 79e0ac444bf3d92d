use ndarray::Array2;

use super::*;
use crate::time::{FrameGrid, SessionTime, Span, Step};
use crate::track::{Track, Unit};
use crate::transcript::{ColumnMap, onto_clock};

fn settings() -> Settings {
    toml::from_str(include_str!("../../config/roles.toml")).unwrap()
}

fn role_names() -> RoleWords {
    toml::from_str(include_str!("../../config/language/en/roles.toml")).unwrap()
}

/// Who speaks from when to when, ms: the two voices take turns of 1 to 4 s, with half a second between. The lengths repeat
/// only after 17 turns, for nobody speaks by the clock.
fn turns() -> Vec<(u8, i64, i64)> {
    let mut turns = Vec::new();
    let mut from = 0;
    for number in 0.. {
        let to = from + 1000 + 200 * (number * number * 7 % 17);
        if to > 120_000 {
            return turns;
        }
        turns.push((if number % 2 == 0 { 1 } else { 2 }, from, to));
        from = to + 500;
    }
    turns
}

fn is_speaking(voice: u8, secs: f64) -> bool {
    let ms = (secs * 1000.0) as i64;
    turns().iter().any(|&(who, from, to)| who == voice && (from..to).contains(&ms))
}

fn track(who: Who, step_ms: i64, columns: &[&str], value: impl Fn(f64, usize) -> f32) -> Track {
    let len = usize::try_from(120_000 / step_ms).unwrap();
    let step = Step::new(u32::try_from(step_ms).unwrap(), 1000).unwrap();
    let grid = FrameGrid { first: SessionTime::from_millis(step_ms / 2), step, len };
    let values =
        Array2::from_shape_fn((len, columns.len()), |(row, column)| value(grid.time(row).unwrap().secs_f64(), column));
    let columns = columns.iter().map(|name| (*name).to_owned()).collect();
    Track { who, unit: Unit::Mixed, grid, columns, values, confidence: None }
}

/// Voices 1 and 2; each face with its centre's x and the voice that its lips follow (0 = none).
fn tracks(faces: &[(f32, u8)]) -> Tracks {
    let mut tracks = Tracks::new();
    for voice in [1, 2] {
        let speech = track(Who::Speaker(voice), 10, &["p"], |secs, _| f32::from(is_speaking(voice, secs)));
        tracks.insert("speech", speech);
    }
    for (number, (x, voice)) in (1_u8..).zip(faces) {
        let who = Who::Face(number);
        let place = [*x - 50.0, 0.0, 100.0, 100.0];
        tracks.insert("face_box", track(who, 80, &["x", "y", "width", "height"], |_, column| place[column]));
        let lips = track(who, 80, &["lips_open"], |secs, _| {
            let flapping = ((secs * 25.0).sin().abs() * 0.1) as f32;
            if *voice > 0 && is_speaking(*voice, secs) { flapping } else { flapping * 0.05 }
        });
        tracks.insert("mouth_shape", lips);
    }
    tracks
}

/// A transcript in which `first` says what voice 1 says and `second` what voice 2 says.
fn transcript(first: &str, second: &str) -> (Transcript, Placed) {
    let mut text = String::from("WEBVTT\n");
    for (voice, from, to) in turns() {
        let name = if voice == 1 { first } else { second };
        let stamp = |ms: i64| format!("{:02}:{:02}.{:03}", ms / 60_000, ms / 1000 % 60, ms % 1000);
        text += &format!("\n{} --> {}\n<v {name}>so this is what was said\n", stamp(from), stamp(to));
    }
    let settings = toml::from_str(include_str!("../../config/transcript.toml")).unwrap();
    let transcript = crate::transcript::parse(text.as_bytes(), "t.vtt", &ColumnMap::default(), &settings).unwrap();
    let session = Span::from_millis(0, 120_000).unwrap();
    let placed = onto_clock::place(&transcript, &[], session, &settings.onto_clock);
    (transcript, placed)
}

/// `who=voice,face,name` for each person.
fn picture(roles: &Roles) -> Vec<String> {
    let part = |who: Option<Who>| who.map_or("-".to_owned(), |who| who.to_string());
    let line =
        |p: &Identity| format!("{}={},{},{}", p.who, part(p.voice), part(p.face), p.speaker.as_deref().unwrap_or("-"));
    roles.people.iter().map(line).collect()
}

fn check(faces: &[(f32, u8)], names: Option<(&str, &str)>, word: &str, are_channels: bool, expect: &[&str]) -> Roles {
    let written = names.map(|(first, second)| transcript(first, second));
    let transcript = written.as_ref().map(|(transcript, placed)| (transcript, placed));
    let roles =
        assign(&tracks(faces), transcript, are_channels, &[(Who::Client, word.into())], &role_names(), &settings());
    assert_eq!(picture(&roles), expect, "{roles:?}");
    roles
}

#[test]
fn names_tell_which_voice_is_whose() {
    let roles =
        check(&[], Some(("Therapist", "Ann")), "", false, &["client=speaker2,-,Ann", "therapist=speaker1,-,Therapist"]);
    assert!(roles.people.iter().all(|person| person.confidence > 0.8), "{roles:?}");
    assert_eq!(roles.rename(Who::Speaker(2)), Who::Client);
    assert_eq!(roles.of_speaker("Ann"), Who::Client);
    assert_eq!(roles.of_speaker("Bob"), Who::Room);
    check(&[], Some(("C", "Dr. Lee")), "", false, &["client=speaker1,-,C", "therapist=speaker2,-,Dr. Lee"]);
}

#[test]
fn nothing_tells() {
    let roles = check(&[], None, "", false, &["speaker1=speaker1,-,-", "speaker2=speaker2,-,-"]);
    assert!(roles.people.iter().all(|person| person.told_by.contains("nothing tells")));
    assert_eq!(roles.rename(Who::Speaker(1)), Who::Speaker(1));
    check(&[], Some(("Ann", "Bob")), "", false, &["speaker1=speaker1,-,Ann", "speaker2=speaker2,-,Bob"]);
}

#[test]
fn the_users_word_stands_above_names() {
    check(&[], None, "speaker2", false, &["client=speaker2,-,-", "therapist=speaker1,-,-"]);
    check(&[], None, "channel1", true, &["client=speaker1,-,-", "therapist=speaker2,-,-"]);
    check(&[], None, "left", true, &["client=speaker1,-,-", "therapist=speaker2,-,-"]);
    check(&[], Some(("Ann", "Bob")), "bob", false, &["client=speaker2,-,Bob", "therapist=speaker1,-,Ann"]);
    let roles = check(&[], None, "face3", false, &["speaker1=speaker1,-,-", "speaker2=speaker2,-,-"]);
    assert_eq!(roles.problems.len() + roles.unknown_words.len(), 1);
}

#[test]
fn lips_tie_faces_to_voices() {
    let faces = [(200.0, 2), (600.0, 1)];
    check(&faces, Some(("T", "C")), "", false, &["client=speaker2,face1,C", "therapist=speaker1,face2,T"]);
    check(&faces, None, "right", false, &["client=speaker1,face2,-", "therapist=speaker2,face1,-"]);
    // One face: it is the person's whose speech its lips follow.
    check(&[(300.0, 1)], Some(("T", "C")), "", false, &["client=speaker2,-,C", "therapist=speaker1,face1,T"]);
}

#[test]
fn a_voice_that_nobodys_lips_follow_stays_off_screen() {
    // One face listens, one follows the first voice; the second voice's speaker is not in the picture.
    let faces = [(200.0, 0), (600.0, 1)];
    check(&faces, None, "", false, &["speaker1=speaker1,face2,-", "speaker2=speaker2,-,-", "face1=-,face1,-"]);
    // Lips that move all the time, for nobody's speech.
    let mut tracks = tracks(&[(200.0, 0)]);
    let chewing = track(Who::Face(1), 80, &["lips_open"], |secs, _| ((secs * 0.9).sin() * (secs * 25.0).sin()) as f32);
    tracks.insert("mouth_shape", chewing);
    let roles = assign(&tracks, None, false, &[], &role_names(), &settings());
    assert_eq!(picture(&roles), ["speaker1=speaker1,-,-", "speaker2=speaker2,-,-", "face1=-,face1,-"]);
}

#[test]
fn a_silent_face_is_nobody_until_the_user_says_so() {
    let still = [(300.0, 0)];
    check(&still, Some(("T", "C")), "", false, &["client=speaker2,-,C", "therapist=speaker1,-,T", "face1=-,face1,-"]);
    check(
        &still,
        Some(("T", "C")),
        "face1",
        false,
        &["client=-,face1,-", "therapist=speaker1,-,T"]
            .map(|line| if line.starts_with("client") { "client=speaker2,face1,C" } else { line }),
    );
}

#[test]
fn names_are_read_with_care() {
    let role = |name| role_names().role(name);
    for name in
        ["T", "Th", "therapist", "Therapist 1", "THERAPIST:", "Dr. Lee", "Interviewer", "Counsellor (female)", "T2"]
    {
        assert_eq!(role(name), Some(Who::Therapist), "{name}");
    }
    for name in ["C", "Cl.", "Client", "P", "Patient_07", "participant", "Young client"] {
        assert_eq!(role(name), Some(Who::Client), "{name}");
    }
    for name in ["", "Ann", "Speaker 1", "Tom", "Patient's therapist", "Carl"] {
        assert_eq!(role(name), None, "{name}");
    }
}

#[test]
fn the_users_word_reads() {
    assert_eq!(UserWord::from("Left"), UserWord::Left);
    assert_eq!(UserWord::from("speaker2"), UserWord::Speaker(2));
    assert_eq!(UserWord::from("face 1"), UserWord::Face(1));
    assert_eq!(UserWord::from("channel0"), UserWord::Name("channel0".into()));
    assert_eq!(UserWord::from(" "), UserWord::Nothing);
}
