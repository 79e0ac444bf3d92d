//! What was not looked at.

use super::*;

#[test]
fn a_face_that_was_hardly_seen_does_not_count_and_is_named() {
    let mut made = Made::new(300.0);
    made.blocked(30.0);
    let seen = made.find().episodes[0].score;
    made.coverage[0].spans = vec![span(36.0, 36.0 + 0.12 * 14.0)];
    let ranking = made.find();
    let episode = &ranking.episodes[0]; // rs03 is a direct code
    assert!((seen - episode.score - 0.9 * 0.95 * 0.8).abs() < 1e-5);
    assert!(episode.evidence_for.iter().all(|evidence| evidence.family != "face"));
    assert_eq!(episode.missing, ["the client's face was usable in 12 % of this stretch"]);
    assert_eq!(episode.sentence, "short answer (2 words), then 4.2 s silence");
}

#[test]
fn a_cycle_whose_face_was_not_seen_is_still_one_and_says_so() {
    let mut made = three_blocked();
    made.coverage[0].spans.clear();
    let ranking = with_remark(made).find();
    let episode = ranking.episodes.iter().find(|episode| episode.kind == EpisodeKind::Cycle).unwrap();
    assert!(
        episode.sentence.starts_with("3 times in 2.7 min, the face not seen: short answer"),
        "{}",
        episode.sentence
    );
    assert_eq!(episode.cycle.as_ref().unwrap().repeats.len(), 3);
    let repair = episode.repair.as_ref().unwrap();
    // Longer replies alone do not say that it helped: the face is half of that.
    assert_eq!((repair.outcome, repair.signs.len()), (Outcome::NotAssessable, 1));
    assert!(repair.remark_span.is_some());
    assert!(episode.missing.iter().any(|line| line.contains("face")));
}

#[test]
fn without_words_nobody_knows_what_the_therapist_did() {
    let mut made = three_blocked();
    made.blind.push(("txt.prompt".into(), "no transcript".into()));
    for event in made.events.iter_mut().filter(|event| event.marker == "txt.prompt") {
        event.marker = "aud.turnlen".into();
    }
    let ranking = made.find();
    let episode = ranking.episodes.iter().find(|episode| episode.kind == EpisodeKind::Cycle).unwrap();
    assert_eq!(episode.cycle.as_ref().unwrap().moves, ["not known"; 3]);
    assert!(!episode.sentence.contains("after each"), "{}", episode.sentence);
}

#[test]
fn one_repeat_whose_face_was_not_seen_counts_with_the_others() {
    let mut made = three_blocked();
    made.coverage[0].spans = vec![span(0.0, 85.0), span(110.0, 600.0)];
    let ranking = made.find();
    assert!(ranking.episodes[0].sentence.starts_with("3 times in 2.7 min, the face not seen every time: "));
}

#[test]
fn a_face_that_was_seen_and_did_not_move_is_no_cycle() {
    let mut made = Made::new(600.0);
    for at in [30.0, 90.0, 180.0] {
        made.short_then_silent(at);
    }
    assert!(!kinds(&made.find()).contains(&EpisodeKind::Cycle));
}

#[test]
fn without_a_face_a_change_of_topic_is_no_cycle() {
    let mut made = Made::new(600.0);
    for at in [30.0, 90.0, 180.0] {
        made.exchange(at, "open_question", at + 20.0, 20);
        made.event("txt.topic", Client, at + 5.0, at + 18.0);
    }
    made.coverage[0].spans.clear();
    assert!(!kinds(&made.find()).contains(&EpisodeKind::Cycle));
}

#[test]
fn where_nobody_said_how_much_was_usable_the_face_does_not_count() {
    let mut made = Made::new(300.0);
    made.blocked(30.0);
    made.coverage.clear();
    let ranking = made.find();
    assert!(ranking.episodes[0].evidence_for.iter().all(|evidence| evidence.family != "face"));
    assert_eq!(ranking.episodes[0].missing.len(), 1);
    assert!(ranking.episodes[0].missing[0].contains("is not known: it does not count here"));
}

#[test]
fn the_face_marker_says_how_much_was_usable_where_nobody_else_does() {
    let mut made = Made::new(300.0);
    made.blocked(30.0);
    made.coverage.clear();
    made.event("vid.quality", Client, 0.0, 100.0);
    let ranking = made.find();
    assert!(ranking.episodes[0].evidence_for.iter().any(|evidence| evidence.family == "face"));
    assert!(ranking.episodes[0].missing.is_empty());
}

#[test]
fn usable_stretches_come_from_a_track_too() {
    let grid = FrameGrid { first: SessionTime::from_millis(50), step: Step::new(1, 10).unwrap(), len: 4 };
    let track = Track {
        who: Client,
        unit: Unit::Mixed,
        grid,
        columns: vec!["quality".into()],
        values: ndarray::arr2(&[[0.9], [f32::NAN], [0.9], [0.9]]),
        confidence: Some(ndarray::arr1(&[0.9, 0.1, f32::NAN, 0.3])),
    };
    let spans = |track: &Track| Usable::from_track("face", track, 0.3).spans;
    assert_eq!(spans(&track), [span(0.0, 0.1), span(0.3, 0.4)]);
    assert_eq!(spans(&Track { confidence: None, ..track }), [span(0.0, 0.1), span(0.2, 0.4)]);
}

#[test]
fn a_hit_that_rests_on_a_face_hardly_seen_does_not_count() {
    let mut made = Made::new(300.0);
    made.exchange(30.0, "reflection", 60.0, 15);
    made.event("txt.distress", Client, 40.0, 40.5);
    made.event("vid.smile", Client, 41.0, 42.0);
    let word = made.events.len() - 2;
    made.hit("rs15", "smile-at-distress", &[word, word + 1]);
    assert_eq!(kinds(&made.find()), [EpisodeKind::Withdrawal]);
    made.coverage[0].spans = vec![span(40.0, 44.0)];
    assert_eq!(kinds(&made.find()), []);
}

#[test]
fn a_rule_that_sees_less_than_its_code_is_no_direct_observation() {
    let mut made = Made::new(300.0);
    made.exchange(30.0, "open_question", 44.0, 0);
    made.event("txt.deflect", Client, 35.0, 36.0);
    let words = made.events.len() - 1;
    made.hit("rs02", "asked_and_deflected", &[words]);
    let mut codes = codes();
    assert_eq!(kinds(&episodes::find(&made.input(&codes), &settings())), [EpisodeKind::Withdrawal]);
    codes.get_mut("rs02").unwrap().rule_caps.insert("asked_and_deflected".into(), 0.6);
    assert_eq!(kinds(&episodes::find(&made.input(&codes), &settings())), []);
}

#[test]
fn markers_that_could_not_look_are_named_by_what_they_look_at() {
    let mut made = Made::new(300.0);
    made.short_then_silent(30.0);
    for marker in
        ["vid.pout", "vid.press", "vid.suck", "vid.brow", "vid.smile", "vid.contempt", "vid.disgust", "vid.express"]
    {
        let reason = format!("marker {marker:?} needs the track \"face_actions\", which this session does not have");
        made.blind.push((marker.into(), reason));
    }
    for marker in ["vid.gazeav", "vid.headdown", "vid.turnaway", "vid.nod", "vid.shake"] {
        made.blind.push((marker.into(), "the recording has no picture".into()));
    }
    made.blind.push(("aud.tremor".into(), "read by nothing here".into()));
    made.coverage.clear();
    let expected = [
        "face not looked at (lips pushed out, lips pressed, lips rolled in, brow lowered, smile, one lip corner pulled, \
         upper lip raised, movement of the face): needs the track \"face_actions\", which this session does not have",
        "direction of looking and head not looked at (looking away, head down, turned away, nod, head shake): the recording \
         has no picture",
    ];
    assert_eq!(made.find().episodes[0].missing, expected);
}

#[test]
fn without_a_transcript_the_weight_stays_low_and_it_is_said() {
    let mut made = Made::new(300.0);
    made.blocked(30.0);
    made.turns.clear();
    made.blind
        .push(("txt.topic".into(), "marker \"txt.topic\" reads the transcript, and this session has none".into()));
    made.exchanges[0].prompt_kind = None;
    made.exchanges[0].reply_words = None;
    let ranking = made.find();
    assert_eq!(ranking.episodes[0].missing, ["no transcript: words not read"]);
    assert!(ranking.episodes[0].ranking_weight <= 0.2);
    assert_eq!(ranking.episodes[0].repair.as_ref().unwrap().outcome, Outcome::NotAssessable);
}

#[test]
fn without_roles_windows_are_looked_at_and_it_is_said() {
    let mut made = Made::new(200.0);
    made.turns.clear();
    made.coverage = ["face", "gaze"]
        .map(|modality| Usable { modality: modality.into(), who: Who::Face(1), spans: vec![made.session] })
        .into();
    for (marker, who) in
        [("aud.lapse", Room), ("vid.pout", Who::Face(1)), ("vid.headdown", Who::Face(1)), ("aud.sigh", Who::Speaker(2))]
    {
        let event = made.event(marker, who, 65.0, 79.0);
        (event.strength, event.confidence) = (1.0, 1.0);
    }
    let ranking = made.find();
    assert_eq!(kinds(&ranking), [EpisodeKind::Withdrawal]);
    let episode = &ranking.episodes[0];
    assert!(
        episode.span.start() <= SessionTime::from_millis(65_000)
            && episode.span.end() >= SessionTime::from_millis(79_000)
    );
    assert_eq!(episode.evidence_for.len(), 4, "{:?}", episode.evidence_for);
    assert!(episode.sentence.contains("face1: lips pushed out 14.0 s"), "{}", episode.sentence);
    assert_eq!(episode.missing.len(), 3);
    assert!(episode.missing[1].contains("who is client and who therapist is not known"));
}
