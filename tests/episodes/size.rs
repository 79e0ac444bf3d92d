//! Size and bad input.

use super::*;

#[test]
fn four_hours_with_a_hundred_thousand_events_finish() {
    let long = 4.0 * 3600.0;
    let mut made = Made::new(long);
    let markers = [
        "vid.pout",
        "vid.press",
        "vid.brow",
        "vid.smile",
        "vid.nod",
        "vid.gazeav",
        "aud.silence3",
        "aud.lapse",
        "aud.ovl_comp",
        "txt.distress",
        "txt.mental",
        "txt.topic",
        "txt.ack",
        "txt.deflect",
        "aud.latency",
        "vid.headdown",
        "aud.vad",
    ];
    for place in 0..100_000 {
        let at = f64::from(place) * (long - 40.0) / 100_000.0;
        let marker = markers[usize::try_from(place).unwrap() * 7 % markers.len()];
        made.event(marker, Client, at, at + 0.2 + f64::from(place % 37));
    }
    // A few that last for hours.
    for marker in markers {
        made.event(marker, Client, 1.0, long - 1.0);
    }
    for place in 0..1400 {
        made.blocked(5.0 + 10.2 * f64::from(place));
    }
    let ranking = episodes::find(&made.input(&codes()), &settings());
    assert!(!ranking.episodes.is_empty());
}

#[test]
fn damaged_input_gives_a_result_and_no_panic() {
    let mut made = three_blocked();
    for event in &mut made.events {
        (event.strength, event.confidence, event.value) = (f32::NAN, f32::INFINITY, f32::NAN);
    }
    for hit in &mut made.hits {
        (hit.strength, hit.quality) = (f32::NAN, -1.0);
        hit.because = vec![EventId(u32::MAX)];
    }
    made.hits[0].code = "nobody's code".into();
    let outside = Exchange { prompt: span(-500.0, -400.0), resp: span(9000.0, 9001.0), ..made.exchanges[0].clone() };
    made.exchanges.push(outside);
    made.exchanges[0].latency_secs = Some(f64::NAN);
    made.exchanges[1].quality = f32::NAN;
    made.coverage[0].spans = vec![span(0.0, 100.0); 50];
    let extremes = (SessionTime::from_nanos(i64::MIN), SessionTime::from_nanos(i64::MAX));
    let _ = episodes::find(&made.input(&codes()), &settings());
    made.session = Span::new(SessionTime::from_nanos(0), SessionTime::from_nanos(1)).unwrap();
    let _ = episodes::find(&made.input(&codes()), &settings());
    made.session = Span::new(extremes.0, extremes.1).unwrap();
    made.exchanges.clear();
    made.events.truncate(2);
    let ranking = episodes::find(&made.input(&codes()), &settings());
    assert_eq!(kinds(&ranking), []);
}

#[test]
fn the_cues_name_kinds_that_their_markers_have() {
    let settings = settings();
    let patterns = settings.cue.iter().flat_map(|cue| &cue.events).chain(&settings.repair.remarks);
    let patterns = patterns.chain(&settings.cycle.break_remarks).chain(&settings.moments.secure.with);
    for pattern in patterns {
        for card in attune::markers::ALL.iter().map(|marker| marker.card()) {
            if pattern.markers.iter().any(|marker| marker == card.id) {
                let known = pattern.kinds.iter().all(|kind| card.kinds.contains(&kind.as_str()));
                assert!(known, "{} has no kind of {:?}", card.id, pattern.kinds);
            }
        }
    }
}
