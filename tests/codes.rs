//! What must hold for every code as shipped: rules with examples on both sides, or an aid; sources; names that exist. And what
//! is refused in files that are not ours.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what broke by panicking")]

use std::collections::BTreeSet;

use attune::codebook::{self, Codebook, Observability, Settings, places};
use attune::config::Config;
use attune::markers::{Event, EventId};
use attune::rules::Vocabulary;
use attune::time::Span;
use attune::track::{Unit, Who};

fn vocabulary() -> Vocabulary {
    let dictionary = Config::embedded().text("dictionary.toml").unwrap().to_owned();
    Vocabulary::from_dictionary(&dictionary)
        .unwrap()
        .with_cards(attune::markers::ALL.iter().map(|marker| marker.card()))
}

fn settings() -> Settings {
    Config::embedded().read("codebook.toml").unwrap()
}

fn shipped() -> Codebook {
    codebook::read(Config::embedded().under("codebook"), &vocabulary(), &settings()).unwrap()
}

#[test]
fn every_code_that_a_machine_can_see_has_rules_shown_from_both_sides() {
    for code in shipped().codes().filter(|code| code.observability != Observability::CoderOnly) {
        if let Some(other) = &code.same_as {
            assert!(code.rules.is_empty(), "{} would be found twice, as itself and as {other}", code.id);
            continue;
        }
        let examples: Vec<_> = code.rules.iter().flat_map(|rule| &rule.examples).collect();
        let hits = examples.iter().filter(|example| !example.hits_ms.is_empty()).count();
        let look_alikes = examples.len() - hits;
        assert!(code.runs() && hits >= 2 && look_alikes >= 2, "{}: {hits} hits, {look_alikes} look-alikes", code.id);
        // A near miss needs something that it nearly is.
        for example in examples.iter().filter(|example| example.hits_ms.is_empty()) {
            assert!(!example.events.is_empty(), "{}: {:?} is empty", code.id, example.name);
        }
    }
}

#[test]
fn what_only_a_coder_sees_has_an_aid_and_no_rule() {
    let codebook = shipped();
    let only: Vec<_> =
        codebook.codes().filter(|code| code.observability == Observability::CoderOnly).map(|c| c.id.as_str()).collect();
    assert_eq!(only, ["co04", "cx21", "en03", "rf13", "rf17", "rf19", "rs10"]);
    for id in only {
        let code = codebook.get(id).unwrap();
        assert!(code.rules.is_empty(), "{id} has a rule");
        assert!(code.aid.as_ref().is_some_and(|aid| !aid.look.is_empty()), "{id} has no aid");
    }
}

#[test]
fn names_of_steps_rules_and_examples_are_told_apart_and_sources_are_there() {
    for code in shipped().codes() {
        let mut rules = BTreeSet::new();
        for rule in &code.rules {
            assert!(rules.insert(&rule.id), "{}: two rules {}", code.id, rule.id);
            let mut examples = BTreeSet::new();
            for example in &rule.examples {
                assert!(examples.insert(&example.name), "{} {}: two examples {:?}", code.id, rule.id, example.name);
            }
        }
        assert!(!code.source.document.is_empty() && !code.source.place.is_empty(), "{}", code.id);
        assert!(!code.definition.show.is_empty() && !code.modality.is_empty(), "{}", code.id);
    }
}

#[test]
fn rules_read_only_what_the_engine_measures() {
    let known = vocabulary();
    for code in shipped().codes() {
        for marker in code.rules.iter().flat_map(|rule| rule.markers()) {
            assert!(known.markers[marker].measured, "{}: {marker}", code.id);
        }
    }
}

#[test]
fn the_wordings_that_rules_ask_for_stand_in_every_language() {
    let config = Config::embedded();
    let named: BTreeSet<&str> = vocabulary().markers["txt.phrase"].kinds.iter().map(String::as_str).map(leak).collect();
    for language in ["en", "de"] {
        let table: toml::Table = config.read(&format!("language/{language}/phrase.toml")).unwrap();
        let kinds: BTreeSet<&str> = table.keys().map(String::as_str).collect();
        assert_eq!(kinds, named, "config/language/{language}/phrase.toml and config/dictionary.toml");
    }
    // And no wording is kept that nobody asks for, but those of sustain talk: they are there for research.
    let asked: BTreeSet<String> = shipped()
        .codes()
        .flat_map(|code| {
            let aids = code.aid.iter().flat_map(toml::to_string);
            code.rules.iter().flat_map(toml::to_string).chain(aids).collect::<Vec<_>>()
        })
        .collect();
    let for_research = |kind: &str| kind.starts_with("sustain_") || ["pressed", "contrast"].contains(&kind);
    for kind in named.into_iter().filter(|kind| !for_research(kind)) {
        assert!(asked.iter().any(|text| text.contains(&format!("\"{kind}\""))), "no code asks for {kind:?}");
    }
}

fn leak(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

fn event(id: u32, marker: &str, kind: &str, who: Who, secs: (i64, i64)) -> Event {
    Event {
        id: EventId(id),
        marker: marker.into(),
        who,
        span: Span::from_millis(secs.0 * 1000, secs.1 * 1000).unwrap(),
        apex: None,
        value: 1.0,
        unit: Unit::Count,
        strength: 1.0,
        confidence: 1.0,
        kind: Some(kind.into()),
        words: Some(30),
        seen_in: Vec::new(),
    }
}

#[test]
fn an_aid_lists_moments_and_flags_none() {
    let codebook = shipped();
    let events = [
        event(0, "txt.phrase", "automatic", Who::Client, (10, 12)),
        event(1, "txt.phrase", "automatic", Who::Therapist, (20, 22)),
        event(2, "txt.phrase", "meant_well", Who::Client, (30, 32)),
        event(3, "txt.phrase", "automatic", Who::Client, (40, 42)),
    ];
    let found: Vec<_> = places(&codebook, "rf13", &events).into_iter().flat_map(|place| place.events).collect();
    assert_eq!(found, [EventId(0), EventId(3)]);
    assert_eq!(places(&codebook, "rs03", &events), []);
    assert_eq!(places(&codebook, "none", &events), []);
    let hits = codebook::run(&codebook, &events, &BTreeSet::new());
    assert!(hits.iter().all(|hit| codebook.get(&hit.code).unwrap().observability != Observability::CoderOnly));
}

/// A whole code in a file of its own must be refused with a message that holds all of `expect`.
fn refused(change: impl Fn(String) -> String, expect: &[&str]) {
    let code = change(OWN.to_owned());
    let files = [("codebook/own/my01_own.toml", code.as_str())];
    let errors = codebook::read(files, &vocabulary(), &settings()).unwrap_err();
    let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
    for piece in expect {
        assert!(all.iter().any(|message| message.contains(piece)), "{all:#?} does not say {piece:?}");
    }
}

const OWN: &str = r#"id = "my01"
label = "Own code"
axial = "Own"
primary = "Own"
speaker = "both"
modality = ["verbal"]
observability = "weak"
polarity = "straining"
status = "trial"
markers = ["txt.turn", "txt.hedge"]

[definition]
operational = "Own."
how = "Own."
show = "text"

[mapping]
pacs = "-"
attachment = "-"
rrs = "none"

[source]
document = "Own paper"
place = "Table 2"

[[rule]]
id = "own"
version = 1
sequence = [
  { name = "turn", marker = "txt.turn", min_words = 5 },
  { marker = "txt.hedge", kind = "hedge", same_person_as = "turn", overlaps = { step = "turn" } },
]

[[rule.example]]
name = "a hedge of the same person"
events = [
  { marker = "txt.turn", who = "client", ms = [0, 5000], words = 9 },
  { marker = "txt.hedge", who = "client", ms = [0, 5000], kind = "hedge" },
]
hits_ms = [[0, 5000]]

[[rule.example]]
name = "look-alike: a hedge of the other person"
events = [
  { marker = "txt.turn", who = "client", ms = [0, 5000], words = 9 },
  { marker = "txt.hedge", who = "therapist", ms = [0, 5000], kind = "hedge" },
]
hits_ms = []
"#;

#[test]
fn a_step_can_be_about_the_same_person_or_another() {
    let read = |text: &str| codebook::read([("own.toml", text)], &vocabulary(), &settings()).unwrap();
    assert_eq!(codebook::check_examples(&read(OWN)), []);
    let other = OWN.replace("same_person_as", "other_person_than");
    let wrong = codebook::check_examples(&read(&other));
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    let page = codebook::code_page(&read(OWN), "my01", codebook::Paint::Plain).unwrap();
    assert!(page.contains("same person as turn"), "{page}");
}

#[test]
fn codes_from_elsewhere_are_refused_with_file_line_and_the_nearest_name() {
    let swap = |from: &'static str, to: &'static str| move |text: String| text.replacen(from, to, 1);
    refused(swap("document = \"Own paper\"", "document = \" \""), &["`document` is empty", "my01_own.toml, line 23"]);
    refused(swap("[source]\ndocument = \"Own paper\"\nplace = \"Table 2\"\n", ""), &["missing field `source`"]);
    refused(
        swap("min_words = 5", "min_words = 5, max_words = 3"),
        &["`min_words` is more than `max_words`: nothing can fit", "line 30"],
    );
    refused(swap("same_person_as = \"turn\"", "same_person_as = \"trun\""), &["did you mean \"turn\"?", "line 31"]);
    refused(
        swap("same_person_as = \"turn\"", "who = \"client\", same_person_as = \"turn\""),
        &["say `who`, or compare the person"],
    );
    refused(
        swap("txt.turn\", min", "txt.tunr\", min"),
        &["no marker is called \"txt.tunr\": did you mean \"txt.turn\"?"],
    );
    refused(swap("kind = \"hedge\", same", "kind = \"hegde\", same"), &["no kind \"hegde\": did you mean \"hedge\"?"]);
    refused(
        swap("[[rule]]", "[aid]\nlook = [{ marker = \"txt.hegde\" }]\n\n[[rule]]"),
        &["no marker is called \"txt.hegde\": did you mean \"txt.hedge\"?", "line 27"],
    );
    refused(
        swap("[[rule]]", "[aid]\nlook = [{ marker = \"txt.hedge\", within_secs = 3 }]\n\n[[rule]]"),
        &["nothing stands before it"],
    );
    refused(
        |text| text.replace("observability = \"weak\"", "observability = \"coder_only\""),
        &["only a coder can see it, so it can have no rule"],
    );
    refused(swap("min_words = 5", "in_first_secs = -5"), &["negative"]);
}

#[test]
fn the_pages_of_the_codes_are_up_to_date() {
    let folder = std::path::Path::new("docs/codebook");
    let pages = codebook::pages(&shipped());
    assert_eq!(pages.len(), 7);
    if std::env::var_os("ATTUNE_WRITE_DOCS").is_some() {
        std::fs::create_dir_all(folder).unwrap();
        for (file, text) in &pages {
            std::fs::write(folder.join(file), text).unwrap();
        }
    }
    for (file, text) in pages {
        let written = std::fs::read_to_string(folder.join(&file)).unwrap_or_default();
        assert!(written == text, "docs/codebook/{file} is old: ATTUNE_WRITE_DOCS=1 cargo test --test codes");
    }
}

#[test]
fn views_group_the_same_codes() {
    let codebook = shipped();
    let views = codebook::read_views(Config::embedded().under("views")).unwrap();
    assert_eq!(views.keys().map(String::as_str).collect::<Vec<_>>(), ["3rs", "pacs"]);
    for (id, view) in &views {
        let grouped = view.grouped(&codebook);
        for (group, codes) in &grouped {
            assert!(!codes.is_empty(), "{id}: {group} holds no code");
        }
        let all: BTreeSet<&str> = grouped.iter().flat_map(|(_, codes)| codes).map(|code| code.id.as_str()).collect();
        assert_eq!(all.len(), 79, "{id}: a code is lost");
    }
    // Each mapping that says something is taken up.
    for code in codebook.codes().filter(|code| code.mapping.rrs.starts_with("withdrawal")) {
        assert!(!views["3rs"].groups_of(code).is_empty(), "{}: {}", code.id, code.mapping.rrs);
    }
    let wrong =
        codebook::read_views([("views/x.toml", "name = 'x'\nnote = ''\nfield = 'pax'\ngroup = []")]).unwrap_err();
    assert!(wrong.to_string().contains("views/x.toml"), "{wrong}");
}

#[test]
fn the_first_code_of_a_new_codebook_reads_and_holds() {
    let config = Config::embedded();
    let files = codebook::starter(config.text("codebook.toml").unwrap());
    let code = files.iter().find(|(name, _)| name.starts_with("my01")).unwrap();
    let own = codebook::read([("own.toml", code.1.as_str())], &vocabulary(), &settings()).unwrap();
    assert_eq!(codebook::check_examples(&own), []);
    let settings: Settings =
        toml::from_str(&files.iter().find(|(name, _)| *name == "codebook.toml").unwrap().1).unwrap();
    assert_eq!((settings.name.as_str(), settings.version), ("own", 1));
}

#[test]
fn two_codebooks_are_told_apart_code_by_code() {
    let read = |text: &str| codebook::read([("own.toml", text)], &vocabulary(), &settings()).unwrap();
    let said = |one: &str, other: &str| -> Vec<String> {
        codebook::differences(&read(one), &read(other)).iter().map(ToString::to_string).collect()
    };
    assert_eq!(said(OWN, OWN), [""; 0]);
    assert_eq!(said(OWN, &OWN.replace("my01", "my02")), ["- my01  Own code", "+ my02  Own code"]);
    assert_eq!(
        said(OWN, &OWN.replace("min_words = 5", "min_words = 6")),
        ["~ my01  rule own changed, and is still version 1: raise it"]
    );
    assert_eq!(
        said(OWN, &OWN.replace("min_words = 5", "min_words = 6").replace("version = 1", "version = 2")),
        ["~ my01  rule own changed, version 1 to 2"]
    );
    assert_eq!(said(OWN, &OWN.replace("label = \"Own code\"", "label = \"Another\"")), ["~ my01  wording changed"]);
}
