//! The paper's vignette.

use super::*;

#[test]
fn the_vignette_is_one_cycle_with_its_break_resolved() {
    let ranking = with_remark(three_blocked()).find();
    assert_eq!(kinds(&ranking), [EpisodeKind::Cycle]);
    let episode = &ranking.episodes[0];
    let cycle = episode.cycle.as_ref().unwrap();
    assert_eq!(cycle.repeats.len(), 3);
    assert_eq!(cycle.spacing_secs, [60.0, 90.0]);
    assert_eq!(cycle.moves, ["re-prompt", "re-prompt", "names the face"]);
    let repair = episode.repair.as_ref().unwrap();
    assert_eq!(repair.outcome, Outcome::Resolved);
    assert_eq!(repair.remark_span, Some(span(190.5, 194.5)));
    assert_eq!(repair.score, Some(1.0));
    assert_eq!(
        episode.sentence,
        "3 times in 2.7 min: short answer (2 words), then 4.2 s silence; lips pushed out 1.4 s; \
         after each, the therapist: re-prompt, re-prompt, names the face"
    );
    assert_eq!(episode.codes[0].code, "rs03");
    assert_eq!((episode.rank, episode.in_budget), (1, true));
    assert!(episode.missing.is_empty(), "{:?}", episode.missing);
}

#[test]
fn without_a_remark_it_was_never_addressed() {
    let ranking = three_blocked().find();
    assert_eq!(kinds(&ranking), [EpisodeKind::Cycle]);
    let repair = ranking.episodes[0].repair.as_ref().unwrap();
    assert_eq!((repair.outcome, repair.remark), (Outcome::NeverAddressed, None));
}

#[test]
fn a_remark_that_does_not_help_leaves_it_unresolved() {
    let mut made = three_blocked();
    made.exchange(190.5, "open_question", 200.0, 2);
    made.kind("txt.meta", "face", Therapist, 190.5, 194.5);
    made.event("vid.pout", Client, 196.0, 197.5);
    made.event("vid.pout", Client, 240.0, 241.5);
    let ranking = made.find();
    assert_eq!(ranking.episodes[0].kind, EpisodeKind::Cycle);
    let repair = ranking.episodes[0].repair.as_ref().unwrap();
    assert_eq!((repair.outcome, repair.score), (Outcome::Unresolved, Some(0.0)));
}

#[test]
fn a_remark_just_before_the_end_cannot_be_judged() {
    let mut made = three_blocked();
    made.session = span(0.0, 200.0);
    made.kind("txt.meta", "face", Therapist, 190.5, 194.5);
    assert_eq!(made.find().episodes[0].repair.as_ref().unwrap().outcome, Outcome::NotAssessable);
}

#[test]
fn where_remarks_could_not_be_read_nobody_says_never_addressed() {
    let mut made = three_blocked();
    made.blind.push(("txt.meta".into(), "marker \"txt.meta\" has no patterns for this language".into()));
    let ranking = made.find();
    assert_eq!(ranking.episodes[0].repair.as_ref().unwrap().outcome, Outcome::NotAssessable);
    let expected = "words not looked at (remarks on the moment): has no patterns for this language";
    assert_eq!(ranking.episodes[0].missing, [expected]);
}

#[test]
fn two_repeats_are_no_cycle() {
    let mut made = Made::new(600.0);
    made.blocked(30.0);
    made.blocked(90.0);
    let ranking = made.find();
    assert_eq!(kinds(&ranking), [EpisodeKind::Withdrawal]);
    assert_eq!(ranking.episodes[0].units.len(), 2);
}

#[test]
fn a_remark_on_the_face_between_repeats_ends_the_row() {
    let mut made = three_blocked();
    made.kind("txt.meta", "face", Therapist, 101.0, 104.0);
    assert!(!kinds(&made.find()).contains(&EpisodeKind::Cycle));
}

#[test]
fn repeats_too_far_apart_are_no_cycle() {
    let mut made = Made::new(3000.0);
    for at in [30.0, 700.0, 1300.0] {
        made.blocked(at);
    }
    assert!(!kinds(&made.find()).contains(&EpisodeKind::Cycle));
}

#[test]
fn a_long_row_is_one_cycle_though_its_ends_are_far_apart() {
    let mut made = Made::new(3000.0);
    for at in [30.0, 500.0, 1000.0, 1500.0, 2000.0] {
        made.blocked(at);
    }
    let ranking = made.find();
    assert_eq!(kinds(&ranking), [EpisodeKind::Cycle]);
    assert_eq!(ranking.episodes[0].cycle.as_ref().unwrap().repeats.len(), 5);
    // A coder watches the repeats, not the half hour.
    assert_eq!(ranking.episodes[0].watch.len(), 5);
    assert!(ranking.episodes[0].review_secs < 150.0);
}

#[test]
fn a_code_that_says_blocked_makes_a_repeat() {
    let mut made = Made::new(600.0);
    for at in [30.0, 90.0, 150.0] {
        made.exchange(at, "open_question", at + 12.0, 8);
        let brow = made.events.len();
        made.event("vid.brow", Client, at + 6.0, at + 7.0);
        made.event("vid.press", Client, at + 6.2, at + 7.2);
        made.hit("xt01", "brow-and-press", &[brow, brow + 1]);
    }
    assert_eq!(kinds(&made.find()), [EpisodeKind::Cycle]);
}

#[test]
fn the_codebook_as_shipped_reads_the_vignette_the_same_way() {
    let config = Config::embedded();
    let mut vocabulary = Vocabulary::from_dictionary(config.text("dictionary.toml").unwrap()).unwrap();
    vocabulary.markers.values_mut().for_each(|term| term.measured = true);
    let caps = config.read("codebook.toml").unwrap();
    let codebook = codebook::read(config.under("codebook"), &vocabulary, &caps).unwrap();
    let cards = CodeCard::all(&codebook);
    assert_eq!(cards["rs02"].rule_caps["asked_and_deflected"], 0.6);

    let mut made = with_remark(three_blocked());
    made.hits.clear();
    for exchange in made.exchanges.clone() {
        let turns = [(Therapist, Some(exchange.prompt), Some(12)), (Client, exchange.reply, exchange.reply_words)];
        for (who, turn, words) in turns {
            let Some(turn) = turn else { continue };
            made.event("aud.turnlen", who, turn.start().secs_f64(), turn.end().secs_f64()).words = words;
        }
    }
    made.hits = codebook::run(&codebook, &made.events, &BTreeSet::new());
    let ranking = episodes::find(&made.input(&cards), &settings());
    made.holds_for_every_ranking(&ranking);
    assert_eq!(kinds(&ranking), [EpisodeKind::Cycle]);
    let found: Vec<&str> = ranking.episodes[0].codes.iter().map(|code| code.code.as_str()).collect();
    assert_eq!(found, ["xt02", "xt01", "rs03", "rf16", "xt03"], "what the cycle is made of comes first");
    assert!(ranking.episodes[0].sentence.contains("short answer (2 words), then 4.2 s silence; lips pushed out 1.4 s"));
}
