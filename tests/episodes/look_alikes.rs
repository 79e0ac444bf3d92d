//! Look-alikes.

use super::*;

#[test]
fn look_alikes_give_no_candidate() {
    // A short yes to a closed question, even if silence follows.
    let mut made = Made::new(300.0);
    made.exchange(30.0, "closed_question", 40.0, 1);
    made.kind("aud.minresp", "strict", Client, 35.0, 35.4).words = Some(1);
    made.kind("aud.silence3", "CT", Room, 35.4, 39.9);
    made.event("vid.pout", Client, 36.0, 37.5);
    assert_eq!(kinds(&made.find()), []);

    // A thoughtful silence, after which the client goes on.
    let mut made = Made::new(300.0);
    made.exchange(30.0, "open_question", 60.0, 30);
    made.kind("aud.silence3", "TC", Room, 34.0, 46.0);
    made.event("aud.lapse", Room, 34.0, 46.0);
    made.kind("vid.gazeav", "listening", Client, 35.0, 44.0);
    made.kind("txt.mental", "self", Client, 46.0, 58.0);
    assert_eq!(kinds(&made.find()), []);

    // Lips pushed out while exploring.
    let mut made = Made::new(300.0);
    made.opened(30.0);
    made.event("vid.pout", Client, 36.0, 38.0);
    assert_eq!(kinds(&made.find()), []);
}

#[test]
fn nothing_gives_nothing_but_a_control_window() {
    let ranking = Made::new(300.0).find();
    assert_eq!((ranking.episodes.len(), ranking.controls.len()), (0, 1));
    assert_eq!(ranking.expected.expected_confirmed, None);
}

#[test]
fn face_and_body_alone_never_make_a_candidate() {
    let mut made = Made::new(300.0);
    made.exchange(30.0, "open_question", 60.0, 12);
    for marker in
        ["vid.pout", "vid.press", "vid.brow", "vid.contempt", "vid.headdown", "vid.lean", "vid.arms", "vid.smile"]
    {
        let event = made.event(marker, Client, 40.0, 50.0);
        (event.strength, event.confidence) = (1.0, 1.0);
    }
    let word = made.event("txt.distress", Client, 41.0, 42.0);
    (word.strength, word.confidence) = (1.0, 1.0);
    made.exchanges[0].reply_words = Some(3); // no counter-evidence from the word
    let ranking = made.find();
    assert_eq!(kinds(&ranking), []);
}

#[test]
fn words_alone_never_make_a_candidate() {
    let mut text = include_str!("../../config/episodes.toml").to_owned();
    // Even if somebody gives words all the weight.
    text = text.replacen("withdrawal = 0.7", "withdrawal = 3.0", 1).replacen("withdrawal = 0.9", "withdrawal = 3.0", 1);
    let heavy: Settings = toml::from_str(&text).unwrap();
    let mut made = Made::new(300.0);
    made.exchange(30.0, "open_question", 50.0, 12);
    made.event("txt.deflect", Client, 35.0, 40.0);
    made.event("txt.topic", Client, 35.0, 40.0);
    assert_eq!(kinds(&episodes::find(&made.input(&codes()), &heavy)), []);
    made.kind("aud.silence3", "TT", Room, 40.0, 50.0);
    assert_eq!(kinds(&episodes::find(&made.input(&codes()), &heavy)), [EpisodeKind::Withdrawal]);
}
