//! The codebook as shipped: every file reads, every rule finds in its own examples what it says it finds, and what
//! makes no sense is refused with file, line and the nearest valid name.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what broke by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use attune::codebook::{self, Codebook, CodebookError, Observability, Paint, Polarity, Settings, Status};
use attune::config::Config;
use attune::markers::{Event, EventId};
use attune::rules::Vocabulary;
use attune::time::Span;
use attune::track::{Unit, Who};

/// The dictionary as if the engine had every marker, so that the tests do not depend on which ones it has today.
fn vocabulary() -> Vocabulary {
    let mut known = Vocabulary::from_dictionary(Config::embedded().text("dictionary.toml").unwrap()).unwrap();
    known.markers.values_mut().for_each(|term| term.measured = true);
    known
}

fn settings() -> Settings {
    Config::embedded().read("codebook.toml").unwrap()
}

fn shipped() -> Codebook {
    let config = Config::embedded();
    codebook::read(config.under("codebook"), &vocabulary(), &settings()).unwrap_or_else(|errors| {
        let list: Vec<_> = errors.iter().map(ToString::to_string).collect();
        panic!("{}", list.join("\n"))
    })
}

/// The shipped files, one of them with `from` replaced by `to`, must be refused with a message that holds all of
/// `expect`.
fn refused(file: &str, from: &str, to: &str, expect: &[&str]) -> Vec<CodebookError> {
    let config = Config::embedded();
    let mut changed = false;
    let files: Vec<(String, String)> = config
        .under("codebook")
        .map(|(path, text)| match path.contains(file) {
            true if text.contains(from) => {
                changed = true;
                (path.to_owned(), text.replacen(from, to, 1))
            }
            _ => (path.to_owned(), text.to_owned()),
        })
        .collect();
    assert!(changed, "no file {file} with {from:?}");
    let files = files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    let errors = codebook::read(files, &vocabulary(), &settings()).unwrap_err();
    let said: Vec<_> = errors.iter().map(ToString::to_string).collect();
    let all_in_one = said.iter().any(|message| expect.iter().all(|piece| message.contains(piece)));
    assert!(all_in_one, "{said:#?} does not hold {expect:?}");
    errors
}

#[test]
fn all_codes_of_the_paper_are_there() {
    let codebook = shipped();
    let mut by_prefix: BTreeMap<&str, usize> = BTreeMap::new();
    let mut by_class: BTreeMap<Observability, usize> = BTreeMap::new();
    let mut by_polarity: BTreeMap<Polarity, usize> = BTreeMap::new();
    for code in codebook.codes() {
        *by_prefix.entry(&code.id[..2]).or_default() += 1;
        *by_class.entry(code.observability).or_default() += 1;
        *by_polarity.entry(code.polarity).or_default() += usize::from(!code.id.starts_with("xt"));
    }
    assert_eq!(Vec::from_iter(by_prefix), [("co", 8), ("cx", 21), ("en", 6), ("rf", 19), ("rs", 21), ("xt", 4)]);
    // 3 direct, 28 proxy, 37 weak, 7 coder only in Table 1, and three proxies and a weak one from the Discussion.
    let classes = [Observability::Direct, Observability::Proxy, Observability::Weak, Observability::CoderOnly];
    assert_eq!(classes.map(|class| by_class[&class]), [3, 31, 38, 7]);
    let polarities = [Polarity::Supporting, Polarity::Straining, Polarity::ContextDependent];
    assert_eq!(polarities.map(|polarity| by_polarity[&polarity]), [36, 37, 2]);
    assert_eq!(codebook.counted_as("rf04"), "rf03");
    assert_eq!(codebook.counted_as("rf03"), "rf03");
}

#[test]
fn a_file_is_named_after_its_code_and_lies_with_its_axial_code() {
    let folders = BTreeMap::from([
        ("rf", "reflective_functioning"),
        ("cx", "rapport_and_goal_setting"),
        ("rs", "resistance"),
        ("en", "engagement"),
        ("co", "consequences"),
        ("xt", "extension"),
    ]);
    for (path, text) in Config::embedded().under("codebook") {
        let id = text.parse::<toml::Table>().unwrap()["id"].as_str().unwrap().to_owned();
        let start = format!("codebook/{}/{id}_", folders[&id[..2]]);
        assert!(path.starts_with(&start), "{path} should start with {start}");
    }
}

#[test]
fn the_examples_hold() {
    let problems: Vec<_> =
        codebook::check_examples(&shipped()).iter().map(|(code, problem)| format!("{code}: {problem}")).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn the_codes_of_the_first_way_through_have_rules_that_run() {
    let codebook = shipped();
    for id in ["rs02", "rs03", "rs15", "xt01", "xt02", "xt03"] {
        assert!(codebook.get(id).unwrap().runs(), "{id}");
    }
    for code in codebook.codes() {
        assert_eq!(code.status == Status::Trial, !code.rules.is_empty(), "{}", code.id);
        let read: BTreeSet<_> = code.rules.iter().flat_map(|rule| rule.markers()).collect();
        let listed: BTreeSet<_> = code.markers.iter().map(String::as_str).collect();
        assert!(read.is_subset(&listed), "{}: `markers` lacks {:?}", code.id, read.difference(&listed));
    }
}

#[test]
fn broken_examples_are_noticed() {
    let config = Config::embedded();
    let files: Vec<(String, String)> = config
        .under("codebook")
        .map(|(path, text)| (path.to_owned(), text.replace("hits_ms = [[0, 11600]]", "hits_ms = [[0, 11601]]")))
        .collect();
    let files = files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    let codebook = codebook::read(files, &vocabulary(), &settings()).unwrap();
    let problems = codebook::check_examples(&codebook);
    let message = problems[0].1.to_string();
    assert!(message.contains("should find [[0, 11601]] (ms), but finds [[0, 11600]]"), "{message}");
}

#[test]
fn misspelt_names_come_with_file_line_and_the_nearest_name() {
    refused(
        "rs03",
        "marker = \"aud.silence3\"",
        "marker = \"aud.silnce3\"",
        &[
            "rule \"short_then_silent\", step 3 (silence)",
            "did you mean \"aud.silence3\"?",
            "rs03_concise_then_silent.toml, line 38",
        ],
    );
    refused("rs02", "kind = \"TT\"", "kind = \"TX\"", &["has no kind \"TX\": did you mean \"TC\"", "rs02_"]);
    refused("rs03", "who = \"therapist\"", "who = \"therapits\"", &["did you mean `therapist`?", "line 36"]);
    refused("rs03", "max_words", "max_word", &["unknown field `max_word`", "did you mean `max_words`?"]);
    refused("rs03", "polarity = ", "polarty = ", &["unknown field `polarty`", "did you mean `polarity`?", "line 8"]);
    refused("rs03", "straining", "strainig", &["unknown variant `strainig`", "did you mean `straining`?"]);
    refused(
        "rs03",
        "\"aud.minresp\"",
        "\"aud.minres\"",
        &["code \"rs03\"", "did you mean \"aud.minresp\"?", "line 10"],
    );
    refused("xt03", "code = \"xt01\", over", "code = \"xt10\", over", &["no code is called \"xt10\"", "\"xt01\"?"]);
}

#[test]
fn codes_that_make_no_sense_are_refused() {
    refused("rs03", "id = \"rs03\"", "id = \"rs02\"", &["two files hold the code \"rs02\""]);
    refused("rs03", "id = \"rs03\"", "id = \"RS 03\"", &["an id is made of"]);
    refused("rs03", "\"direct\"", "\"coder_only\"", &["only a coder can see it, so it can have no rule"]);
    refused(
        "rs03",
        "status = \"trial\"",
        "status = \"draft\"",
        &["reads hits of \"rs03\", which has no rule that runs"],
    );
    refused("rf04", "same_as = \"rf03\"", "same_as = \"rf99\"", &["\"rf99\", which is no code"]);
    refused("rf04", "same_as = \"rf03\"", "same_as = \"rf04\"", &["itself the same as another"]);
    refused("rs03", "[definition]", "[definition", &["rs03_"]);
    refused("rs03", "[7000, 7600]", "[7600, 7600]", &["[7600, 7600] does not end after it starts"]);
    refused("rs03", "min_secs = 3.0", "min_secs = -3.0", &["negative"]);
    refused("xt01", "{ code = \"rs03\", starts", "{ code = \"xt02\", starts", &["in a circle", "xt01 -> xt02 -> xt01"]);
}

#[test]
fn every_wrong_file_is_reported_at_once() {
    let files = [("a.toml", "id = 1"), ("b.toml", "\u{0}"), ("c.toml", ""), ("readme.md", "not a code")];
    let errors = codebook::read(files, &vocabulary(), &settings()).unwrap_err();
    let said: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 3, "{said:#?}");
    for (message, file) in said.iter().zip(["a.toml", "b.toml", "c.toml"]) {
        assert!(message.contains(file), "{message}");
    }
    let nothing = codebook::read([], &vocabulary(), &settings()).unwrap_err();
    assert_eq!(nothing, [CodebookError::Empty]);
    let mut settings = settings();
    settings.caps.proxy = 1.5;
    let config = Config::embedded();
    let errors = codebook::read(config.under("codebook"), &vocabulary(), &settings).unwrap_err();
    assert_eq!(errors, [CodebookError::Cap { cap: "proxy" }]);
}

/// A made session, one line per event: seconds, marker, kind, words.
struct Script(Vec<Event>);

impl Script {
    fn new() -> Self {
        Self(Vec::new())
    }

    fn add(
        &mut self,
        who: Who,
        marker: &str,
        kind: Option<&str>,
        words: Option<u32>,
        start: f64,
        end: f64,
    ) -> &mut Self {
        let ms = |secs: f64| (secs * 1000.0).round() as i64;
        self.0.push(Event {
            id: EventId(u32::try_from(self.0.len()).unwrap()),
            marker: marker.into(),
            who,
            span: Span::from_millis(ms(start), ms(end)).unwrap(),
            apex: None,
            value: (end - start) as f32,
            unit: Unit::Seconds,
            strength: 0.8,
            confidence: 0.9,
            kind: kind.map(str::to_owned),
            words,
            seen_in: Vec::new(),
        });
        self
    }

    fn prompt(&mut self, kind: &str, start: f64) -> &mut Self {
        self.add(Who::Therapist, "aud.turnlen", None, Some(12), start, start + 5.0).add(
            Who::Therapist,
            "txt.prompt",
            Some(kind),
            Some(12),
            start,
            start + 5.0,
        )
    }

    /// An open question, a one-word reply, four seconds of silence, and a face as wanted.
    fn blocked(&mut self, start: f64, face: bool) -> &mut Self {
        self.prompt("open_question", start)
            .add(Who::Client, "aud.turnlen", None, Some(1), start + 5.6, start + 6.2)
            .add(Who::Room, "aud.silence3", Some("CT"), None, start + 6.2, start + 10.2);
        if face {
            // Held into the therapist's next turn.
            self.add(Who::Client, "vid.pout", None, None, start + 6.6, start + 12.0);
        }
        self
    }

    fn explored(&mut self, start: f64) -> &mut Self {
        self.prompt("open_question", start).add(Who::Client, "aud.turnlen", None, Some(38), start + 5.8, start + 22.0)
    }
}

/// Code, start and end in seconds of every hit, run on the shipped codebook.
fn found(script: &Script, blind: &[&str]) -> Vec<(String, f64, f64)> {
    let blind = blind.iter().map(|&marker| marker.to_owned()).collect();
    let hits = codebook::run(&shipped(), &script.0, &blind);
    hits.into_iter().map(|hit| (hit.code, hit.span.start().secs_f64(), hit.span.end().secs_f64())).collect()
}

fn at(code: &str, start: f64, end: f64) -> (String, f64, f64) {
    (code.to_owned(), start, end)
}

#[test]
fn the_vignette_is_found_from_first_block_to_remark() {
    let mut script = Script::new();
    script.explored(0.0).blocked(30.0, true).blocked(60.0, true).blocked(90.0, true);
    script.add(Who::Therapist, "aud.turnlen", None, Some(16), 101.0, 107.0);
    script.add(Who::Therapist, "txt.meta", Some("face"), None, 101.0, 107.0);
    script.explored(120.0);
    assert_eq!(
        found(&script, &[]),
        [
            at("rs03", 30.0, 40.2),
            at("xt01", 30.0, 42.0),
            at("xt02", 30.0, 102.0),
            at("rs03", 60.0, 70.2),
            at("xt01", 60.0, 72.0),
            at("rs03", 90.0, 100.2),
            at("xt01", 90.0, 102.0),
            at("xt03", 90.0, 107.0),
            // A remark about the face after it moved is also a code of the paper.
            at("rf16", 96.6, 107.0),
        ]
    );
}

#[test]
fn look_alikes_are_left_alone() {
    let mut script = Script::new();
    // A short yes to a closed question, silence, and a pushed-out lip.
    script.prompt("closed_question", 0.0);
    script.add(Who::Client, "aud.turnlen", None, Some(1), 5.3, 5.8);
    script.add(Who::Room, "aud.silence3", Some("CT"), None, 5.8, 9.5);
    script.add(Who::Client, "vid.pout", None, None, 6.0, 8.0);
    // A thoughtful silence, after which the client explores; the lip is pushed out meanwhile.
    script.prompt("open_question", 30.0);
    script.add(Who::Room, "aud.silence3", Some("TC"), None, 35.0, 39.5);
    script.add(Who::Client, "vid.pout", None, None, 36.0, 39.0);
    script.add(Who::Client, "aud.turnlen", None, Some(45), 39.5, 58.0);
    // A face without any prompt.
    script.add(Who::Client, "vid.pout", None, None, 100.0, 103.0);
    assert_eq!(found(&script, &[]), []);
}

#[test]
fn what_could_not_be_looked_at_is_named() {
    let mut script = Script::new();
    script.blocked(0.0, false).blocked(30.0, false).blocked(60.0, false);
    let faceless = ["vid.pout", "vid.brow", "vid.press", "vid.smile"];
    assert_eq!(found(&script, &faceless), [at("rs03", 0.0, 10.2), at("rs03", 30.0, 40.2), at("rs03", 60.0, 70.2)]);
    let blind: BTreeSet<String> = faceless.iter().map(|&marker| marker.to_owned()).collect();
    let unable = codebook::cannot_look(&shipped(), &blind);
    let rules: Vec<_> = unable.iter().map(|one| (one.code.as_str(), one.rule.as_str())).collect();
    assert_eq!(
        rules,
        [
            ("rs15", "smile_at_own_distress"),
            ("xt01", "displeased_and_blocked"),
            ("xt02", "three_times_and_never_named"),
            ("xt03", "named_after_a_block"),
        ]
    );
    assert_eq!(unable[2].markers, ["vid.brow", "vid.pout", "vid.press"]);
}

#[test]
fn without_a_transcript_length_alone_counts_and_for_less() {
    let mut script = Script::new();
    script.blocked(0.0, true);
    script.0.retain(|event| event.marker != "txt.prompt");
    script.0.iter_mut().for_each(|event| event.words = None);
    let known = vocabulary();
    let text: Vec<&str> = known.markers.keys().map(String::as_str).filter(|id| id.starts_with("txt.")).collect();
    assert_eq!(found(&script, &text), [at("rs03", 0.0, 10.2), at("xt01", 0.0, 12.0)]);
    let blind = text.iter().map(|&marker| marker.to_owned()).collect();
    let codebook = shipped();
    let hits = codebook::run(&codebook, &script.0, &blind);
    assert_eq!(hits[0].rule, "short_then_silent_by_sound");
    assert!((codebook.cap(&hits[0]) - 0.35).abs() < 1e-6);
    assert!(hits[0].blind.is_empty());
}

#[test]
fn the_order_of_events_does_not_matter() {
    let mut script = Script::new();
    script.explored(0.0).blocked(30.0, true).blocked(60.0, true).blocked(90.0, true);
    let forwards = codebook::run(&shipped(), &script.0, &BTreeSet::new());
    script.0.reverse();
    assert_eq!(codebook::run(&shipped(), &script.0, &BTreeSet::new()), forwards);
    assert!(!forwards.is_empty());
}

#[test]
fn a_marker_the_engine_lacks_blinds_its_rule_and_is_no_error() {
    let mut known = vocabulary();
    known.markers.get_mut("aud.laugh").unwrap().measured = false;
    let config = Config::embedded();
    let codebook = codebook::read(config.under("codebook"), &known, &settings()).unwrap();
    let unable = codebook::cannot_look(&codebook, &BTreeSet::new());
    assert_eq!(unable.len(), 1);
    assert_eq!(
        (unable[0].rule.as_str(), unable[0].markers.as_slice()),
        ("laugh_at_own_distress", &["aud.laugh".to_owned()][..])
    );
    // The smile rule looks, and says that it could not make sure that the therapist did not laugh first.
    let mut script = Script::new();
    script.add(Who::Client, "vid.smile", None, None, 10.0, 12.0);
    script.add(Who::Client, "txt.distress", Some("word"), None, 10.5, 11.0);
    let hits = codebook::run(&codebook, &script.0, &BTreeSet::new());
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].blind, ["aud.laugh"]);
}

#[test]
fn strength_is_that_of_what_counts_and_quality_that_of_the_weakest_link() {
    let mut script = Script::new();
    script.blocked(0.0, false);
    script.0[1].strength = 0.0; // the prompt only sets the scene
    script.0[2].strength = 0.0; // so does the reply: a short turn has no strength as a turn
    script.0[3].confidence = 0.5; // the silence
    let hits = codebook::run(&shipped(), &script.0, &BTreeSet::new());
    assert_eq!(hits.len(), 1);
    assert!((hits[0].strength - 0.8).abs() < 1e-6, "{}", hits[0].strength);
    assert!((hits[0].quality - 0.5).abs() < 1e-6, "{}", hits[0].quality);
    assert_eq!(hits[0].because, [EventId(1), EventId(2), EventId(3)]);
}

#[test]
fn the_page_of_a_code_says_everything() {
    let codebook = shipped();
    let page = codebook::code_page(&codebook, "rs03", Paint::Plain).unwrap();
    let one_line = page.split_whitespace().collect::<Vec<_>>().join(" ");
    for piece in [
        "Very concise response to the therapist intervention and then silence",
        "direct, confidence shown at most 0.9",
        "straining",
        "Rule short_then_silent (version 1)",
        "reply: turn (aud.turnlen) of the client, at most 2 s, at most 3 words",
        "Table 1, Resistance, Direct avoidance",
        "Example (not found): look-alike: a short yes to a closed question",
    ] {
        assert!(one_line.contains(piece), "{page}\nlacks {piece:?}");
    }
    assert!(page.lines().all(|line| line.chars().count() <= 100));
    assert!(codebook::code_page(&codebook, "rs99", Paint::Plain).is_none());
    let page = codebook::code_page(&codebook, "rf13", Paint::Plain).unwrap();
    assert!(page.contains("coder only: never flagged") && page.contains("no rule for this code"), "{page}");
    let json = codebook::code_json(&codebook, "rs03").unwrap();
    assert_eq!(json["cap"], 0.9);
    assert_eq!(json["rules_in_words"].as_array().unwrap().len(), 3);
}

#[test]
fn the_list_has_a_line_per_code_and_colours_by_polarity() {
    let codebook = shipped();
    let plain = codebook::list_table(&codebook, Paint::Plain);
    assert_eq!(plain.lines().count(), 1 + 79 + 2);
    assert!(plain.contains("79 codes (78 distinct: 36 supporting, 40 straining, 2 context-dependent)"), "{plain}");
    assert!(!plain.contains('\u{1b}'));
    // Under "Engagement", and yet a strain sign: the same colour as resistance.
    let painted = codebook::list_table(&codebook, Paint::Ansi);
    let colour = |id: &str| {
        let line = painted.lines().find(|line| line.contains(&format!("m{id} "))).unwrap();
        line.split('m').next().unwrap().to_owned()
    };
    assert_eq!(colour("en01"), colour("rs01"));
    assert_ne!(colour("en01"), colour("cx01"));
    assert_eq!(codebook::list_json(&codebook).as_array().unwrap().len(), 79);
}

#[test]
fn four_dense_hours_take_no_more_than_a_moment() {
    let mut script = Script::new();
    for exchange in 0..720 {
        let start = f64::from(exchange) * 20.0;
        script.blocked(start, exchange % 2 == 0);
        for step in 0..40 {
            let at = start + f64::from(step) * 0.5;
            script.add(Who::Client, "vid.brow", None, None, at, at + 30.0);
            script.add(Who::Client, "txt.distress", Some("word"), None, at, at + 0.3);
            script.add(Who::Client, "vid.smile", None, None, at, at + 0.4);
        }
    }
    let begun = std::time::Instant::now();
    let hits = codebook::run(&shipped(), &script.0, &BTreeSet::new());
    assert_eq!(hits.iter().filter(|hit| hit.code == "rs03").count(), 720);
    // Half a second on a slow machine; looking at every pair would take minutes.
    assert!(begun.elapsed().as_secs() < 20);
}

#[test]
fn the_rule_in_the_documentation_reads_and_holds() {
    let page = std::fs::read_to_string("docs/rule-language.md").unwrap();
    let block = page.split("```toml").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let table: toml::Table = block.parse().unwrap();
    let rule: attune::rules::Rule = table["rule"][0].clone().try_into().unwrap();
    rule.check(&vocabulary()).unwrap();
    assert_eq!(rule.failing_examples(), []);
}

#[test]
fn the_dictionary_holds_every_marker_of_the_engine_with_its_kinds() {
    let known = vocabulary();
    for card in attune::markers::ALL.iter().map(|marker| marker.card()) {
        let term = known.markers.get(card.id).unwrap_or_else(|| panic!("add {} to config/dictionary.toml", card.id));
        // Those of this one are the tables of the languages' files.
        if card.id != "txt.phrase" {
            assert_eq!(term.kinds, card.kinds, "config/dictionary.toml: kinds of {}", card.id);
        }
    }
}

#[test]
fn the_shipped_codebook_reads_with_the_markers_the_engine_has() {
    let config = Config::embedded();
    let known = Vocabulary::from_dictionary(config.text("dictionary.toml").unwrap())
        .unwrap()
        .with_cards(attune::markers::ALL.iter().map(|marker| marker.card()));
    let codebook = codebook::read(config.under("codebook"), &known, &settings()).unwrap();
    // Everything measured: what still cannot look needs a marker that the engine lacks.
    for unable in codebook::cannot_look(&codebook, &BTreeSet::new()) {
        assert!(unable.markers.iter().all(|marker| known.not_measured().contains(marker)), "{unable:?}");
    }
}
