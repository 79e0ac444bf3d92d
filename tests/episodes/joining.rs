//! Joining.

use super::*;

#[test]
fn neighbours_of_one_type_are_one_episode() {
    let mut made = Made::new(900.0);
    made.short_then_silent(30.0);
    made.kind("aud.silence3", "TT", Room, 36.0, 40.0);
    made.exchange(80.0, "closed_question", 90.0, 4);
    made.short_then_silent(150.0);
    let ranking = made.find();
    assert_eq!(kinds(&ranking), [EpisodeKind::Withdrawal]);
    let episode = &ranking.episodes[0];
    assert_eq!((episode.span, episode.clip), (span(30.0, 160.0), span(25.0, 170.0)));
    assert_eq!(episode.units, [span(30.0, 40.0), span(150.0, 160.0)]);
    assert!(episode.sentence.ends_with("; and 1 further exchange"), "{}", episode.sentence);

    made.exchange(100.0, "closed_question", 110.0, 4);
    assert_eq!(kinds(&made.find()).len(), 2);
}

#[test]
fn what_is_longer_than_five_minutes_is_split_at_the_weakest() {
    let mut made = Made::new(1200.0);
    for (place, at) in (0..20).map(|place| (place, 30.0 + 25.0 * f64::from(place))) {
        made.short_then_silent(at);
        let whisper = made.event("aud.whisper", Client, at + 5.0, at + 5.8);
        whisper.strength = if place == 8 { 0.1 } else { 0.9 };
    }
    let ranking = made.find();
    assert_eq!(ranking.episodes.len(), 2);
    assert_eq!(ranking.episodes[0].units.len() + ranking.episodes[1].units.len(), 20);
    let border = ranking.episodes[0].units.len();
    assert!(border == 8 || border == 9, "{border}");
}

#[test]
fn a_prompt_longer_than_an_episode_is_cut() {
    let mut made = Made::new(1200.0);
    made.short_then_silent(600.0);
    made.exchanges[0].prompt = span(10.0, 604.0);
    assert_eq!(made.find().episodes[0].span, span(310.0, 610.0));
}
