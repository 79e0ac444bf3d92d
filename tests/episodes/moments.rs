//! Moments.

use super::*;

#[test]
fn moments_are_found_and_are_never_a_person() {
    let mut made = Made::new(1800.0);
    for place in 0..12 {
        made.exchange(20.0 + 20.0 * f64::from(place), "closed_question", 36.0 + 20.0 * f64::from(place), 10);
    }
    for at in [500.0, 530.0, 560.0] {
        made.exchange(at, "reflection_of_distress", at + 15.0, 3);
        made.event("txt.minimise", Client, at + 5.0, at + 6.0);
    }
    made.event("aud.turnlen", Client, 800.0, 920.0);
    made.event("aud.ovl_comp", Client, 850.0, 851.0);
    made.exchange(1200.0, "reflection_of_distress", 1230.0, 30);
    for (marker, kind) in [("txt.distress", "word"), ("txt.mental", "self"), ("txt.ack", ""), ("txt.cohere", "high")] {
        made.kind(marker, kind, Client, 1206.0, 1210.0);
    }
    let ranking = made.find();
    assert_eq!(kinds(&ranking), [EpisodeKind::AvoidantLike, EpisodeKind::PreoccupiedLike, EpisodeKind::SecureLike]);
    assert_eq!(ranking.moment_secs[&EpisodeKind::PreoccupiedLike], 120.0);
    let sentences: Vec<&str> = ranking.episodes.iter().map(|episode| episode.sentence.as_str()).collect();
    assert!(sentences[0].contains("reply of 3 words (own P20"), "{sentences:?}");
    assert!(sentences[1].contains("one turn of 2.0 min"), "{sentences:?}");
}

#[test]
fn nearly_all_of_the_speaking_is_counted_over_three_minutes() {
    let mut made = Made::new(900.0);
    let turn = |who, from, to| SpokenTurn { who, span: span(from, to), text: "words".into(), confidence: 1.0 };
    made.turns = vec![turn(Therapist, 0.0, 60.0), turn(Client, 60.0, 110.0), turn(Therapist, 110.0, 170.0)];
    for at in [200.0, 260.0, 320.0, 380.0] {
        made.turns.extend([turn(Client, at, at + 55.0), turn(Therapist, at + 55.0, at + 58.0)]);
    }
    made.event("txt.vague", Client, 300.0, 310.0);
    let ranking = made.find();
    assert_eq!(kinds(&ranking), [EpisodeKind::PreoccupiedLike]);
    assert!(
        ranking.episodes[0].sentence.contains("% of all speaking over 3.0 min"),
        "{}",
        ranking.episodes[0].sentence
    );
}

#[test]
fn a_moment_inside_a_candidate_is_named_there() {
    let mut made = Made::new(1800.0);
    for place in 0..20 {
        made.exchange(700.0 + 20.0 * f64::from(place), "closed_question", 716.0 + 20.0 * f64::from(place), 10);
    }
    for at in [500.0, 520.0, 540.0] {
        made.short_then_silent(at);
        made.exchanges.last_mut().unwrap().prompt_kind = Some("reflection_of_distress".into());
        made.event("txt.minimise", Client, at + 5.0, at + 5.8);
    }
    let ranking = made.find();
    assert_eq!(kinds(&ranking), [EpisodeKind::Withdrawal]);
    assert_eq!(ranking.episodes[0].also, [EpisodeKind::AvoidantLike]);
    assert!(ranking.moment_secs.contains_key(&EpisodeKind::AvoidantLike));
}
