use super::super::picture::{self, events_ms, find, frames, frames_of, sounds, track};
use super::super::vad::Vad;
use super::*;
use crate::track::Tracks;

const MARKERS: [&dyn Marker; 2] = [&Vad, &Laugh];
/// Speech, one character per 80 ms as in [`frames`], and sounds of the room.
fn check(speech: &str, room: &str, expect: &[(i64, i64, &str)]) {
    let mut tracks = frames(speech, 80);
    tracks.insert("sounds", sounds(Who::Room, room));
    assert_eq!(events_ms(&find(&tracks, &MARKERS, None)), expect, "{speech} {room}");
}

#[test]
fn a_laugh_is_the_persons_whose_voice_fills_it() {
    check("TTTTTT..........CCCCC........", "SSSSSS..........LLLLL........", &[(1240, 1720, "client alone")]);
}

#[test]
fn without_a_voice_it_is_the_only_ones_who_speaks_near_or_nobodys() {
    check("TTTTTT....................CC.", "SSSSSS..LLLLL................", &[(600, 1080, "therapist alone")]);
    check("TTTTTT.....................CC", "SSSSSS.........LLLL..........", &[(1120, 1600, "room alone")]);
}

#[test]
fn inside_own_speech_it_is_a_speech_laugh() {
    check("CCCCCCCCCCCCCCCCCCCCCCCCC....", "SSSSSSSSLLLLLSSSSSSSSSSSS....", &[(600, 1080, "client in_speech")]);
}

#[test]
fn several_voices_in_one_room_laugh_together() {
    check("TTTTTT......BBBBBBBB.........", "SSSSSS......LLLLLLLL.........", &[(960, 1600, "room together")]);
}

#[test]
fn a_voice_that_repeats_its_syllables_laughs_and_knocking_and_music_do_not() {
    // The rhythm reaches 0.4 s further than it is measured.
    check("TTTTTT......CCCCCCCC.........", "..............RRRRR..........", &[(720, 1920, "client alone")]);
    check("TTTTTT......CCCCCCCC.........", "..............KKKKK..........", &[(720, 1920, "client alone")]);
    check(
        "TTT.....................................CC.",
        "................RRRRR......................",
        &[(880, 2080, "room alone")],
    );
    check("TTT.....................................CC.", "................KKKKK......................", &[]);
    check("TTTTTT......CCCCCCCC.........", "..............MMMMM..........", &[]);
}

#[test]
fn holes_are_closed_unless_not_measured() {
    let client = "CC........................CC.";
    check(client, "......LLLL.......LLLL........", &[(400, 880, "client alone"), (1280, 1760, "client alone")]);
    check(client, "......LLLL....LLLL...........", &[(480, 1440, "client alone")]);
    check(client, "......LLLL.??.LLLL...........", &[(400, 880, "client alone"), (1040, 1520, "room alone")]);
}

/// Own microphones: speech, then what each hears; `loud` are the levels of client and therapist during their laughs.
fn with_microphones(client: &str, therapist: &str, loud: [f32; 2]) -> Vec<(i64, i64, &'static str)> {
    let mut tracks: Tracks = frames_of("CCTT..........................", 80, Who::Client, Who::Therapist);
    for (who, picture, loud) in [(Who::Client, client, loud[0]), (Who::Therapist, therapist, loud[1])] {
        tracks.insert("sounds", sounds(who, picture));
        let levels =
            picture.chars().flat_map(|c| std::iter::repeat_n(if c == 'L' { loud } else { -60.0 }, 8)).collect();
        let mut loudness = track(who, levels);
        loudness.columns = vec!["dbfs".into()];
        tracks.insert("loudness", loudness);
    }
    events_ms(&find(&tracks, &MARKERS, None))
}

#[test]
fn with_own_microphones_who_starts_and_who_joins() {
    let found = with_microphones("..........LLLLLLL.............", "...............LLLLLL.........", [-20.0, -20.0]);
    assert_eq!(found, [(785, 1385, "client starts"), (1185, 1705, "therapist joins")]);
    let found = with_microphones("....LLLLLL....................", "...............LLLLLL.........", [-20.0, -20.0]);
    assert_eq!(found.iter().map(|f| f.2).collect::<Vec<_>>(), ["client starts", "therapist joins"]);
    let found = with_microphones("LLLLL.........................", ".........................LLLLL", [-20.0, -20.0]);
    assert_eq!(found.iter().map(|f| f.2).collect::<Vec<_>>(), ["client alone", "therapist alone"]);
}

#[test]
fn what_the_other_microphone_hears_louder_is_the_others() {
    let found = with_microphones("..........LLLLLLL.............", "..........LLLLLLL.............", [-20.0, -40.0]);
    assert_eq!(found.iter().map(|f| f.2).collect::<Vec<_>>(), ["client alone"]);
}

#[test]
fn the_level_gives_begin_and_end() {
    let mut tracks = frames("CCC...........................", 80);
    tracks.insert("sounds", sounds(Who::Room, "..........LLLLLLLLLLL........."));
    // Louder from 0.95 s to 1.55 s.
    let mut loudness = track(Who::Room, (0..240).map(|i| if (95..155).contains(&i) { -20.0 } else { -70.0 }).collect());
    loudness.columns = vec!["dbfs".into()];
    tracks.insert("loudness", loudness);
    let found = find(&tracks, &MARKERS, None);
    assert_eq!(found.len(), 1);
    let near = |a: i64, b: i64| (a - b).abs() <= 30;
    let span = found[0].span;
    assert!(near(span.start().millis(), 950) && near(span.end().millis(), 1550), "{span:?}");
}

#[test]
fn without_the_track_it_cannot_look() {
    let tracks = frames("CCC...", 80);
    let run = crate::markers::run_all(&tracks, picture::session(&tracks), None, None, &picture::settings());
    assert!(run.is_err() || run.unwrap().blind.iter().any(|(marker, _)| marker == "aud.laugh"));
}
