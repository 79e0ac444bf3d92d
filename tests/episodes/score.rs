//! Score.

use super::*;

#[test]
fn the_score_is_the_sum_of_the_strongest_cue_of_each_family() {
    let mut made = Made::new(300.0);
    made.blocked(30.0);
    made.event("vid.press", Client, 36.0, 38.0); // same family as the pout: adds nothing
    made.event("aud.sigh", Client, 37.5, 38.5);
    let episode = &made.find().episodes[0];
    let gr = 0.9 * 0.95;
    assert!((episode.score - gr * (1.8 + 0.8 + 0.4)).abs() < 1e-5, "{}", episode.score);
    let p = 1.0 / (1.0 + (2.94 - 1.8 * f64::from(episode.score)).exp());
    assert!((f64::from(episode.ranking_weight) - (1.0 - (1.0 - p).sqrt())).abs() < 1e-6);
    let families: Vec<&str> = episode.evidence_for.iter().map(|e| e.family.as_str()).collect();
    assert_eq!(families, ["brevity", "face", "voice"]);
}

#[test]
fn a_silence_after_a_short_answer_never_makes_it_count_for_less() {
    let score = |silence: Option<f32>| {
        let mut made = Made::new(300.0);
        made.short_then_silent(30.0);
        made.event("vid.pout", Client, 35.9, 37.3);
        match silence {
            Some(strength) => made.hits[0].strength = strength,
            None => made.hits.clear(),
        }
        made.find().episodes[0].score
    };
    let without = score(None);
    assert!((score(Some(0.2)) - without).abs() < 1e-5, "a silence that is hardly one");
    assert!(score(Some(0.7)) > without + 0.1, "{without}");
}

#[test]
fn counter_evidence_lowers_the_score_and_is_shown() {
    let mut made = Made::new(300.0);
    made.exchange(30.0, "open_question", 60.0, 12);
    made.kind("aud.silence3", "TT", Room, 34.0, 45.0);
    made.event("aud.whisper", Client, 46.0, 49.0);
    made.event("vid.headdown", Client, 36.0, 50.0);
    made.event("txt.deflect", Client, 46.0, 49.0);
    let before = made.find().episodes[0].score;
    made.event("txt.distress", Client, 47.0, 48.0).strength = 0.3;
    let ranking = made.find();
    let episode = &ranking.episodes[0];
    assert!((before - episode.score - 0.3 * 0.95).abs() < 1e-5);
    assert_eq!(episode.evidence_against[0].family, "counter");
    assert!(episode.evidence_against[0].weight < 0.0);
}

#[test]
fn a_direct_code_is_a_candidate_alone_if_strong_enough() {
    let mut made = Made::new(300.0);
    made.exchange(30.0, "reflection", 60.0, 15);
    made.event("txt.distress", Client, 40.0, 40.5);
    made.event("aud.laugh", Client, 41.0, 42.0);
    let word = made.events.len() - 2;
    made.hit("rs15", "laugh-at-distress", &[word, word + 1]);
    let ranking = made.find();
    assert_eq!(kinds(&ranking), [EpisodeKind::Withdrawal]);
    assert_eq!(ranking.episodes[0].sentence, "words from the distress list and laugh 1.0 s");

    made.hits[0].quality = 0.75; // 0.9 * 0.75 < 0.7
    assert_eq!(kinds(&made.find()), []);
    made.hits[0].quality = 1.0;
    made.hits[0].code = "xt01".into(); // a proxy alone is no candidate
    assert_eq!(kinds(&made.find()), []);
}

#[test]
fn a_direct_code_without_a_cue_of_its_own_says_what_it_saw() {
    let mut made = Made::new(300.0);
    made.exchange(30.0, "open_question", 44.0, 0);
    made.kind("aud.silence3", "TT", Room, 34.0, 44.0);
    let silence = made.events.len() - 1;
    made.hit("rs02", "no-answer", &[silence]);
    let ranking = made.find();
    assert_eq!(ranking.episodes[0].sentence, "no answer for 10.0 s");
    assert_eq!(ranking.episodes[0].evidence_for.len(), 1);
}

#[test]
fn confrontation_and_mixed_are_told_apart() {
    let mut made = Made::new(300.0);
    made.exchange(30.0, "challenge", 50.0, 15);
    made.kind("txt.critic", "therapy", Client, 36.0, 41.0);
    made.event("aud.arousal", Client, 36.0, 41.0);
    made.event("aud.ovl_comp", Client, 36.0, 37.0);
    let ranking = made.find();
    assert_eq!(kinds(&ranking), [EpisodeKind::Confrontation]);
    made.kind("aud.silence3", "TT", Room, 42.0, 50.0);
    made.event("vid.headdown", Client, 42.0, 50.0);
    let ranking = made.find();
    assert_eq!(kinds(&ranking), [EpisodeKind::Mixed]);
    let families: BTreeSet<&str> = ranking.episodes[0].evidence_for.iter().map(|e| e.family.as_str()).collect();
    assert_eq!(families, BTreeSet::from(["words", "voice", "floor", "silence", "gaze_body"]));
}
