//! All markers together, on a made session.

#![allow(clippy::unwrap_used, reason = "a test says what broke by panicking")]

use attune::config::Config;
use attune::markers::{ALL, MarkerError, Settings, SpokenTurn, read_settings, run_all};
use attune::time::{FrameGrid, SessionTime, Span, Step};
use attune::track::{Track, Tracks, Unit, Who};
use ndarray::{Array1, Array2};

fn settings() -> Settings {
    read_settings(Config::embedded().under("markers")).unwrap()
}

/// The word patterns of a language, one table per file.
fn language(name: &str) -> toml::Table {
    let config = Config::embedded();
    let folder = format!("language/{name}");
    let files = config.under(&folder).filter(|(path, _)| path.ends_with(".toml"));
    let named = files.map(|(path, text)| {
        let name = path.rsplit('/').next().unwrap().trim_end_matches(".toml");
        (name.to_owned(), toml::Value::Table(text.parse().unwrap()))
    });
    named.collect()
}

/// Speech of client (`C`), therapist (`T`) or both (`B`), one character per 100 ms.
fn voices(picture: &str) -> Tracks {
    let mut tracks = Tracks::new();
    for (who, mark) in [(Who::Client, 'C'), (Who::Therapist, 'T')] {
        let p = |c: char| if c == mark || c == 'B' { 0.9 } else { 0.1 };
        let values: Vec<f32> = picture.chars().flat_map(|c| std::iter::repeat_n(p(c), 10)).collect();
        let len = values.len();
        let track = Track {
            who,
            unit: Unit::Probability,
            grid: FrameGrid { first: SessionTime::from_millis(5), step: Step::new(1, 100).unwrap(), len },
            columns: vec!["p".into()],
            values: Array2::from_shape_vec((len, 1), values).unwrap(),
            confidence: Some(Array1::ones(len)),
        };
        tracks.insert("speech", track);
    }
    tracks
}

fn session(tracks: &Tracks) -> Span {
    tracks.iter().filter_map(|(_, t)| t.grid.span(0, t.grid.len)).reduce(Span::hull).unwrap()
}

#[test]
fn a_short_answer_and_then_silence() {
    let picture = format!("TTTTTTTTTTTTTTTTTTTTTTT...CCCCC{}TTTTTTTTTTTTTTT", ".".repeat(42));
    let tracks = voices(&picture);
    let run = run_all(&tracks, session(&tracks), None, None, &settings()).unwrap();
    let seen = |marker: &str| {
        let events = run.events.iter().filter(|e| e.marker == marker);
        events
            .map(|e| (e.span.start().millis(), e.span.end().millis(), e.kind.as_deref().unwrap_or("")))
            .collect::<Vec<_>>()
    };
    assert_eq!(seen("aud.minresp"), [(2600, 3100, "strict")]);
    assert_eq!(seen("aud.silence3"), [(3100, 7300, "CT")]);
    assert_eq!(seen("aud.backch"), []);
    // Of the sound, only the markers that read pitch or loudness could not look.
    let needs = |id: &str| ALL.iter().find(|m| m.card().id == id).unwrap().card().needs;
    let blind = run.blind.iter().filter(|(id, _)| id.starts_with("aud."));
    assert_eq!(blind.filter(|(id, _)| needs(id) == ["speech"]).count(), 0, "{:?}", run.blind);
    let pout = run.blind.iter().find(|(id, _)| id == "vid.pout").unwrap();
    assert!(pout.1.contains("face_actions"), "{pout:?}");
    for (position, event) in run.events.iter().enumerate() {
        assert_eq!(event.id.0 as usize, position);
        assert!((0.0..=1.0).contains(&event.strength) && (0.0..=1.0).contains(&event.confidence), "{event:?}");
        let card = ALL.iter().map(|m| m.card()).find(|card| card.id == event.marker).unwrap();
        assert!(event.kind.is_none() == card.kinds.is_empty(), "{event:?}");
        assert!(event.kind.as_ref().is_none_or(|kind| card.kinds.contains(&kind.as_str())), "{event:?}");
    }
    assert!(run.events.is_sorted_by_key(|e| (e.span.start(), e.span.end())));
}

#[test]
fn with_nothing_measured_every_marker_says_so() {
    let session = Span::from_millis(0, 60_000).unwrap();
    let run = run_all(&Tracks::new(), session, None, None, &settings()).unwrap();
    assert_eq!(run.events, []);
    assert_eq!(run.blind.len(), ALL.len());
}

#[test]
fn a_misspelt_a_missing_and_a_wrong_setting_are_errors_in_every_marker() {
    let session = Span::from_millis(0, 60_000).unwrap();
    // With an empty transcript, so that the markers of the text come as far as their settings.
    let language = language("en");
    let run = |settings: &Settings| run_all(&Tracks::new(), session, Some(&[]), Some(&language), settings);
    run(&settings()).unwrap();
    let fails = |settings: &Settings| run(settings).unwrap_err().to_string();
    for marker in ALL {
        let section = marker.card().section;
        let mut misspelt = settings();
        misspelt.get_mut(section).unwrap().insert("mni_secs".into(), 3.0.into());
        let message = fails(&misspelt);
        assert!(message.contains(marker.card().id) && message.contains("mni_secs"), "{message}");

        let mut missing = settings();
        missing.remove(section);
        assert!(fails(&missing).contains(section));

        for key in settings()[section].keys() {
            let mut wrong = settings();
            wrong.get_mut(section).unwrap().insert(key.clone(), toml::Value::Datetime("1979-05-27".parse().unwrap()));
            assert!(fails(&wrong).contains("config/markers"), "{section}.{key}");
        }
    }
}

#[test]
fn settings_files_that_do_not_read_are_named() {
    let fails = |files: &[(&str, &str)]| match read_settings(files.iter().copied()) {
        Err(MarkerError::SettingsFile { file, message }) => format!("{file}: {message}"),
        other => format!("{other:?}"),
    };
    assert!(fails(&[("a.toml", "[vad]\non = ")]).starts_with("a.toml: "));
    assert!(fails(&[("a.toml", "on = 0.5")]).starts_with("a.toml: "));
    assert!(fails(&[("a.toml", "[vda]\non = 0.5")]).contains("[vda]"));
    assert!(fails(&[("a.toml", "[vad]\n"), ("b.toml", "[vad]\n")]).contains("b.toml: the section [vad]"));
}

/// Tracks with nothing in them, with everything unknown, and with columns and lengths that do not fit.
#[test]
fn hostile_tracks_do_no_harm() {
    let grid = |len| FrameGrid { first: SessionTime::from_millis(40), step: Step::new(2, 25).unwrap(), len };
    let names = [
        "speech",
        "loudness",
        "overlap",
        "pitch",
        "spectrum",
        "voice_quality",
        "face_actions",
        "mouth_shape",
        "head_pose",
        "gaze",
        "face_quality",
    ];
    let session = Span::from_millis(0, 60_000).unwrap();
    for (len, value) in [(0, 0.0), (1, f32::NAN), (750, f32::NAN), (750, f32::INFINITY), (1000, -1e30), (2000, 0.5)] {
        for columns in
            [["p", "hz", "dbfs", "a_weighted_dbfs", "above_500_hz"], ["mouthPucker", "pitch", "pairs", "hnr_db", "p"]]
        {
            let mut tracks = Tracks::new();
            for who in [Who::Client, Who::Face(1), Who::Room] {
                for name in names {
                    let track = Track {
                        who,
                        unit: Unit::Mixed,
                        grid: grid(len),
                        columns: columns.iter().map(|&column| column.to_owned()).collect(),
                        values: Array2::from_elem((len, columns.len()), value),
                        confidence: (who != Who::Room).then(|| Array1::from_elem(len, f32::NAN)),
                    };
                    tracks.insert(name, track);
                }
            }
            run_all(&tracks, session, Some(&[]), None, &settings()).unwrap();
        }
    }
}

/// Nothing of the languages is wired into the program: the same markers find in German what they find in English.
#[test]
fn a_second_language_is_a_folder_of_files() {
    let said = [
        (Who::Therapist, "Was beschäftigt Sie denn heute?"),
        (Who::Client, "Ich weiß nicht."),
        (Who::Therapist, "Erzählen Sie mir mehr davon, wie es Ihnen nach dem Streit ging."),
        (Who::Client, "Ich war traurig und hatte Angst, dass sie geht. Vielleicht war es ja nicht so schlimm."),
        (Who::Therapist, "Ich merke, dass Ihr Gesicht sich verändert. Was passiert gerade zwischen uns?"),
        (Who::Client, "Das bringt mir hier alles nichts. Das wird schon wieder."),
        (Who::Therapist, "Es klingt, als ob Sie enttäuscht sind."),
        (Who::Client, "Ja, genau. Meine Mutter hört mich nie, und dann sind da noch die Dinge und so."),
    ];
    let turns: Vec<SpokenTurn> = (0..)
        .zip(said)
        .map(|(n, (who, text))| SpokenTurn {
            who,
            span: Span::from_millis(5000 * n, 5000 * n + 4000).unwrap(),
            text: text.to_owned(),
            confidence: 1.0,
        })
        .collect();
    let session = Span::from_millis(0, 40_000).unwrap();
    let german = language("de");
    let run = run_all(&Tracks::new(), session, Some(&turns), Some(&german), &settings()).unwrap();
    let kinds = |marker: &str, at: i64| -> Vec<&str> {
        let here = run.events.iter().filter(|e| e.marker == marker && e.span.start().millis() / 5000 == at);
        here.map(|e| e.kind.as_deref().unwrap_or("yes")).collect()
    };
    assert_eq!(kinds("txt.prompt", 0), ["open_question"]);
    assert_eq!(kinds("txt.prompt", 2), ["request_to_explore"]);
    assert_eq!(kinds("txt.prompt", 4), ["here_and_now"]);
    assert_eq!(kinds("txt.prompt", 6), ["reflection"]);
    assert_eq!(kinds("txt.deflect", 1), ["yes"]);
    assert_eq!(kinds("txt.ack", 1), [""; 0]);
    assert!(kinds("txt.distress", 3).contains(&"passage") || kinds("txt.distress", 3).len() >= 2);
    assert_eq!(kinds("txt.minimise", 3), ["yes"]);
    assert!(kinds("txt.meta", 4).contains(&"face"));
    assert_eq!(kinds("txt.critic", 5), ["therapy"]);
    assert_eq!(kinds("txt.critic", 7), ["other"]);
    assert_eq!(kinds("txt.reassure", 5), ["yes"]);
    assert_eq!(kinds("txt.ack", 7), ["token"]);
    assert_eq!(kinds("txt.vague", 7), ["yes"]);
    let blind: Vec<&String> = run.blind.iter().map(|(m, _)| m).filter(|m| m.starts_with("txt.")).collect();
    // Goal words are for the coder to enter.
    assert_eq!(blind, ["txt.goal"], "{:?}", run.blind);
}
