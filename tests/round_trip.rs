//! What Attune exports as a transcript it reads back without a loss: text, speakers, times, the transcriber's notes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what broke by panicking")]

mod made;

use std::path::Path;

use attune::codebook::Codebook;
use attune::config::Config;
use attune::engine::prepared::Prepared;
use attune::export::{self, Codes};
use attune::markers::SpokenTurn;
use attune::session::{self, Session};
use attune::share::material::About;
use attune::share::{Allow, Format, Material, Package, Profile, ShareError, Work, write_all};
use attune::time::{SessionTime, Span};
use attune::track::Who;
use attune::transcript::told::{SpokenWord, TurnNotes};
use attune::transcript::{self, ColumnMap, Transcript};
use proptest::prelude::*;

/// Speaker, start and end in milliseconds, text, notes.
type Row = (String, i64, i64, String, Vec<String>);

struct Bench {
    prepared: Prepared,
    share: attune::share::Settings,
}

impl Bench {
    fn new() -> Self {
        let config = Config::embedded();
        let share = config.read("export.toml").unwrap();
        Self { prepared: Prepared::read(config).unwrap(), share }
    }

    /// Text and notes as any reader leaves them.
    fn as_read(&self, said: &str) -> (String, Vec<String>) {
        let json = serde_json::json!([{"speaker": "A", "start": 1.0, "end": 2.0, "text": said}]).to_string();
        match transcript::parse(json.as_bytes(), "a", &ColumnMap::default(), &self.prepared.transcript) {
            Ok(read) => (read.turns[0].text.clone(), read.turns[0].notes.clone()),
            Err(_) => (String::new(), Vec::new()),
        }
    }

    fn session(&self, said: &[(Who, i64, i64, String)], first: i64) -> Session {
        let mut session = made::almost_nothing();
        session.events.clear();
        session.span = Span::from_millis(first, 4_000_000).unwrap();
        let mut said = said.to_vec();
        said.sort_by_key(|(_, from, to, _)| (*from, *to));
        for (who, from_ms, to, said) in said {
            let span = Span::from_millis(from_ms, to).unwrap();
            let (text, texts) = self.as_read(&said);
            // A turn whose words are not known stays a turn.
            let turn = (!text.is_empty() || texts.is_empty()).then_some(session.turns.len() as u32);
            if turn.is_some() {
                session.turns.push(SpokenTurn { who, span, text, confidence: 0.9 });
            }
            for (turn, last) in turn.into_iter().zip(session.turns.last()) {
                // Every other word has a time.
                let starts = (0..last.text.chars().count()).filter(|at| {
                    let before = last.text.chars().nth(at.wrapping_sub(1));
                    before.is_none_or(char::is_whitespace)
                });
                for from in starts.step_by(2) {
                    let text = last.text.chars().skip(from).take_while(|c| !c.is_whitespace()).collect();
                    let span = Span::from_millis(from_ms + 7 * from as i64, to + 7 * from as i64 + 5).unwrap();
                    session.words.push(SpokenWord { turn, from: from as u32, who, span, text, confidence: 0.7 });
                }
            }
            if !texts.is_empty() {
                session.notes.push(TurnNotes { turn, who, span, texts });
            }
        }
        session
    }

    fn export(&self, session: &Session, profile: Profile, out: &Path) {
        let about = About {
            id: "S001".into(),
            dyad: Some("D7".into()),
            day: Some(3),
            client: Some("D7-client".into()),
            therapist: Some("k_2".into()),
        };
        let material = Material::new(
            about,
            session.clone(),
            Vec::new(),
            Work::default(),
            (profile, Allow::ALL, false),
            &self.share,
        );
        let report: export::Settings = Config::embedded().read("report.toml").unwrap();
        let package = Package {
            name: "S001",
            out,
            formats: &[
                Format::Csv,
                Format::Json,
                Format::Elan,
                Format::Praat,
                Format::WebVtt,
                Format::Rttm,
                Format::Chat,
            ],
            profile,
            settings: &self.share,
            codebook: &self.prepared.codebook as &Codebook,
            coders: &["anna".to_owned()],
            report: (&Codes::default(), &report),
        };
        write_all::<ShareError>(&package, [Ok(material)].into_iter()).unwrap();
    }

    fn read(&self, file: &Path) -> Transcript {
        transcript::read(file, &ColumnMap::default(), &self.prepared.transcript).unwrap()
    }
}

fn rows_of(read: &Transcript) -> Vec<Row> {
    let rows = read.turns.iter().map(|turn| {
        let span = turn.span.unwrap_or_else(|| panic!("no time: {turn:?}"));
        (turn.speaker.clone(), span.start().millis(), span.end().millis(), turn.text.clone(), turn.notes.clone())
    });
    sorted(rows.collect())
}

fn sorted(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort();
    rows
}

/// What a session holds, with people by their pseudonyms or their roles, `shift` ms later.
fn rows_in(session: &Session, by_pseudonym: bool, shift: i64, with_words: bool) -> Vec<Row> {
    let name = |who: Who| match who {
        Who::Client if by_pseudonym => "D7-client".to_owned(),
        Who::Therapist if by_pseudonym => "k_2".to_owned(),
        who => who.to_string(),
    };
    let at = |time: SessionTime| time.millis() + shift;
    let mut rows: Vec<Row> = Vec::new();
    for (number, turn) in session.turns.iter().enumerate() {
        let own = session.notes.iter().filter(|note| note.turn == Some(number as u32));
        let notes: Vec<String> = own.flat_map(|note| note.texts.clone()).collect();
        let (text, notes) = if with_words { (turn.text.clone(), notes) } else { (String::new(), Vec::new()) };
        rows.push((name(turn.who), at(turn.span.start()), at(turn.span.end()), text, notes));
    }
    for note in session.notes.iter().filter(|note| note.turn.is_none() && with_words) {
        rows.push((name(note.who), at(note.span.start()), at(note.span.end()), String::new(), note.texts.clone()));
    }
    sorted(rows)
}

/// Exports and reads every format.
fn check(bench: &Bench, session: &Session) {
    let folder = tempfile::tempdir().unwrap();
    let shift = -session.span.start().millis().min(0);
    for (profile, with_words) in [(Profile::Restricted, true), (Profile::Open, false)] {
        let out = folder.path().join(profile.name());
        bench.export(session, profile, &out);
        for (file, by_pseudonym, shift) in [
            ("webvtt/S001.vtt", true, shift),
            ("elan/S001.eaf", true, shift),
            ("praat/S001.TextGrid", false, shift),
            ("chat/S001.cha", true, shift),
            ("csv/turns.csv", false, 0),
            ("json/S001.json", false, 0),
        ] {
            if rows_in(session, false, 0, with_words).is_empty() {
                continue;
            }
            let read = bench.read(&out.join(file));
            assert_eq!(rows_of(&read), rows_in(session, by_pseudonym, shift, with_words), "{file}");
            assert_eq!(read.warnings, [], "{file}");
        }
        let turns = Session { notes: Vec::new(), ..copy_of(session) };
        if turns.turns.is_empty() {
            continue;
        }
        let speakers = rows_of(&bench.read(&out.join("rttm/S001.rttm")));
        assert_eq!(speakers, rows_in(&turns, true, shift, false), "rttm");
    }
    let file = folder.path().join("session.json");
    session::stored::write(session, std::fs::File::create(&file).unwrap()).unwrap();
    assert_eq!(rows_of(&bench.read(&file)), rows_in(session, false, 0, true), "session.json");
}

fn copy_of(session: &Session) -> Session {
    let mut bytes = Vec::new();
    session::stored::write(session, &mut bytes).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

const AWKWARD: &[&str] = &[
    "",
    "So. How was it? Fine! And then...",
    "\u{201c}No\u{201d}, she said: \u{2018}I can't\u{2019} \u{2013} at 10:30 = half past; e.g. Dr. Lee.",
    "((laughs)) I don't (3.2) know [sighs] *coughs* [NAME] of [City] (maybe)",
    "((laughs))",
    "[crosstalk] (silence 5 s)",
    "<b>bold</b> &amp; &lt;v Ann&gt; 1 < 2 > 0 --> x",
    "=1+1",
    "-5",
    "@home",
    "+",
    "'=x",
    "'tis",
    "- yes",
    ">> no",
    "NOTE well",
    "WEBVTT",
    "a [b (c *d ((e",
    "2 * 3 )] ))",
    "Client: I said this",
    "T: one\nC: two",
    "\"quoted\" \"\"twice\"\"",
    "a, b; c | d\te",
    "0 0is 3.5 %cod: $rs03",
    "*CLI:\tno \u{15}1_2\u{15}",
    "&=laughs xxx www yyy +... [/] <so so> [=! cries]",
    "Ich weiß nicht \u{2026} \u{201e}doch\u{201c}?",
    "¿Qué? ¡No!",
    "لا أعرف، حقا؟",
    "אני לא יודע.",
    "我不知道。真的？",
    "\u{939}\u{93f}\u{928}\u{94d}\u{926}\u{940} \u{939}\u{948}\u{964}",
    "𝄞 👩‍👩‍👧 e\u{301} \u{200F}x",
    "a\u{0}b\u{7}c\u{85}d\u{2028}e\u{FEFF}f\u{FFFE}g",
    "(a (b) c) ((a) laughs (b))",
    "a [b (c *d ((e))",
    "a [b (c *d ((e))((laughs))",
    "(speaks)",
    "[laughs ((x]",
    "end",
    "[x]",
    "1",
    "0",
];

#[test]
fn awkward_words_come_back_as_they_were() {
    let bench = Bench::new();
    let people = [Who::Client, Who::Therapist, Who::Room, Who::Speaker(1), Who::Speaker(2), Who::Face(3)];
    let said: Vec<_> = AWKWARD
        .iter()
        .enumerate()
        .map(|(at, text)| {
            // Each overlaps the next, of whomever; some of one person's own.
            let from = 700 * at as i64 - 900;
            (people[(at / 2) % people.len()], from, from + 1501, (*text).to_owned())
        })
        .collect();
    check(&bench, &bench.session(&said, -1234));
    // Nothing but a note.
    check(&bench, &bench.session(&[(Who::Client, 0, 900, "((laughs))".into())], 0));
}

#[test]
fn words_that_somebody_changed_count() {
    let bench = Bench::new();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let session = bench.session(&[(Who::Client, 0, 900, "I \"know\". No.".into())], 0);
    bench.export(&session, Profile::Restricted, &out);
    let file = out.join("chat/S001.cha");
    let chat = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, chat.replace("I know .", "I do not know .")).unwrap();
    assert_eq!(bench.read(&file).turns[0].text, "I do not know. No.");
}

fn said() -> impl Strategy<Value = Vec<(Who, i64, i64, String)>> {
    let who = prop_oneof![
        3 => Just(Who::Client),
        3 => Just(Who::Therapist),
        1 => Just(Who::Room),
        1 => (1_u8..=255).prop_map(Who::Speaker),
    ];
    let piece = prop_oneof![
        4 => proptest::sample::select(AWKWARD).prop_map(str::to_owned),
        2 => "\\PC{0,12}",
        2 => "[a-z]{1,6}",
        3 => proptest::sample::select(
            &["((", "))", "(", ")", "[", "]", "*", "<", ">", "<v A>", "&amp;", "\"", "'", ":", "=", "laughs", "xxx", "www", "0", ".", "?", "!", "\u{2026}", ",", "$", "%", "&=", "\t", "\n"][..]
        ).prop_map(str::to_owned),
    ];
    let text = (proptest::collection::vec(piece, 0..6), any::<bool>())
        .prop_map(|(pieces, apart)| pieces.join(if apart { " " } else { "" }));
    let turn =
        (who, 0_i64..3_000_000, 1_i64..20_000, text).prop_map(|(who, from, long, text)| (who, from, from + long, text));
    proptest::collection::vec(turn, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]
    #[test]
    fn anything_that_was_said_comes_back(said in said(), first in prop_oneof![Just(0_i64), -100_000_i64..0]) {
        let bench = Bench::new();
        check(&bench, &bench.session(&said, first));
    }
}
