//! Order.

use super::*;

#[test]
fn the_list_fits_the_budget_and_no_family_takes_it_over() {
    let ranking = busy_hour().find();
    assert_eq!(ranking.episodes.len(), 35);
    assert_eq!(ranking.expected.budget_minutes, 10.0);
    assert!((7.0..=10.0).contains(&ranking.expected.minutes), "{}", ranking.expected.minutes);
    let mut chosen: Vec<&Episode> = ranking.episodes.iter().filter(|episode| episode.in_budget).collect();
    chosen.sort_by_key(|episode| episode.rank);
    assert!(chosen.len() >= 10);
    assert!(
        chosen.iter().all(|e| usize::try_from(e.rank).unwrap() <= chosen.len()),
        "the budget is the top of the list"
    );
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for episode in &chosen {
        *counts.entry(&episode.evidence_for[0].family).or_default() += 1;
    }
    let most = (0.4 * chosen.len() as f64).ceil() as usize;
    assert!(counts.values().all(|count| *count <= most), "{counts:?}");
    let expected: f32 = chosen.iter().map(|episode| episode.ranking_weight).sum();
    assert!((ranking.expected.expected_confirmed.unwrap() - expected).abs() < 1e-4);
    assert!(ranking.expected.note.contains("uncalibrated"));
    assert_eq!(ranking.controls.len(), (chosen.len() + 5) / 10);
}

#[test]
fn one_family_alone_may_use_all_the_minutes() {
    let mut made = Made::new(3600.0);
    for place in 0..6 {
        made.short_then_silent(100.0 + 400.0 * f64::from(place));
    }
    assert_eq!(made.find().expected.clips, 6);
}

#[test]
fn the_seed_chooses_the_control_windows_and_nothing_else() {
    let mut made = busy_hour();
    let first = made.find();
    assert_eq!(first, made.find());
    made.seed = 8;
    let second = made.find();
    assert_ne!(first.controls, second.controls);
    assert_eq!(first.episodes, second.episodes);
}

#[test]
fn the_order_of_the_input_does_not_matter() {
    let mut made = with_remark(busy_hour());
    let first = made.find();
    made.events.reverse();
    made.hits.reverse();
    made.exchanges.reverse();
    assert_eq!(first, made.find());
}

#[test]
fn one_whole_ranking() {
    let mut made = with_remark(three_blocked());
    made.exchange(400.0, "challenge", 420.0, 15);
    made.kind("txt.critic", "therapy", Client, 406.0, 411.0);
    made.event("aud.arousal", Client, 406.0, 411.0);
    made.event("aud.ovl_comp", Client, 405.0, 406.0);
    made.coverage[0].spans = vec![span(0.0, 400.0)];
    insta::assert_snapshot!(serde_json::to_string_pretty(&made.find()).unwrap());
}
