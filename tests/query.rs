//! Questions over a whole study: the ready ones, those of users, and what must not be asked.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    dead_code,
    reason = "a test says what broke by panicking"
)]

#[path = "made/coders.rs"]
mod coders;
#[path = "cli/desk.rs"]
mod desk;
mod made;

use std::path::Path;
use std::time::Instant;

use attune::config::Config;
use attune::export;
use attune::query::{CACHE, ready};
use attune::session::{Session, stored};
use attune::share::{Decision, decisions};
use attune::study::{Study, StudySettings};
use desk::{Desk, Done, check};

/// A study of `count` sessions that all measured the same, at event level: results without tracks, as if scanned.
fn study_of(desk: &Desk, count: usize, session: &Session) -> String {
    let place = desk.path("study");
    Study::create(&place, StudySettings::named("made", 1)).unwrap();
    let mut bytes = Vec::new();
    stored::write(session, &mut bytes).unwrap();
    for number in 1..=count {
        let id = format!("S{number:03}");
        let folder = place.join("sessions").join(&id);
        std::fs::create_dir_all(folder.join("results")).unwrap();
        std::fs::write(folder.join("results/session.json"), &bytes).unwrap();
        let person = |role: &str| {
            format!(
                "[[participant]]\npseudonym = \"P{}-{role}\"\nrole = \"{role}\"\nconsent = {{ sound = true, face = true, text = true, research = true }}\n",
                number / 4
            )
        };
        let manifest = format!(
            "schema = 1\nid = \"{id}\"\ndyad = \"P{}\"\nday = {}\n{}{}[[media]]\nfile = \"none.wav\"\n",
            number / 4,
            7 * (number % 4),
            person("client"),
            person("therapist")
        );
        std::fs::write(folder.join("session.toml"), manifest).unwrap();
    }
    place.to_str().unwrap().to_owned()
}

fn decide(study: &str, id: &str, coder: &str, codes: &[&str]) {
    let folder = Path::new(study).join("sessions").join(id).join("decisions");
    std::fs::create_dir_all(&folder).unwrap();
    let decision = |code: &&str| Decision {
        session: id.into(),
        coder: coder.into(),
        pass: "blind".into(),
        verdict: "confirm".into(),
        code: (*code).to_owned(),
        start_s: 10.0,
        end_s: 20.0,
        note: "zyxnote".into(),
        ..Decision::default()
    };
    let all: Vec<_> = codes.iter().map(decision).collect();
    decisions::write(&folder.join(format!("{coder}-blind.csv")), &all).unwrap();
}

fn rows(done: &Done) -> Vec<Vec<serde_json::Value>> {
    let told: serde_json::Value = serde_json::from_str(&done.out).unwrap_or_else(|_| panic!("{done:?}"));
    told["rows"].as_array().unwrap().iter().map(|row| row.as_array().unwrap().clone()).collect()
}

#[test]
fn answers_are_those_of_the_sessions() {
    let desk = Desk::new();
    let session = made::four_minutes();
    let place = study_of(&desk, 3, &session);
    let ask = |sql: &str| rows(&desk.attune(&["query", &place, sql, "--json"]));
    let events = ask("select count(*), count(distinct session) from events");
    assert_eq!(events[0][0].as_u64().unwrap() as usize, 3 * session.events.len());
    assert_eq!(events[0][1], 3);
    let silences: Vec<f64> =
        session.events.iter().filter(|e| e.marker == "aud.silence3").map(|e| f64::from(e.value)).collect();
    let found = ask(
        "select count(*), max(value), stddev(value) from events where marker = 'aud.silence3' and session = 'S002'",
    );
    assert_eq!(found[0][0].as_u64().unwrap() as usize, silences.len());
    assert!((found[0][1].as_f64().unwrap() - silences.iter().copied().fold(0.0, f64::max)).abs() < 1e-5);
    assert_eq!(
        ask("select dyad, day, client from sessions where session = 'S003'")[0],
        ["P0", "21", "P0-client"].map(|text| {
            text.parse::<i64>().map_or_else(|_| serde_json::Value::from(text), serde_json::Value::from)
        })
    );
    // As CSV and as a table.
    check(&desk.attune(&["query", &place, "select who from turns limit 1", "--csv"]), 0, "who\r\n");
    check(&desk.attune(&["query", &place, "select 'a' as one, 2 as two"]), 0, "one  two\n---  ---\na      2");
}

#[test]
fn every_ready_question_has_an_answer() {
    let desk = Desk::new();
    let place = study_of(&desk, 4, &made::four_minutes());
    decide(&place, "S001", "anna", &["rs03", "rs02"]);
    decide(&place, "S001", "ben", &["rs03"]);
    decide(&place, "S002", "anna", &["rs03"]);
    decide(&place, "S002", "ben", &["rs03"]);
    decide(&place, "S003", "anna", &["rs02"]);
    let all = ready::all(&Config::embedded()).unwrap();
    assert!(all.len() >= 8);
    for ready in &all {
        let done = desk.attune(&["query", &place, &ready.name]);
        check(&done, 0, &ready.title);
        let found = rows(&desk.attune(&["query", &place, &ready.name, "--json"]));
        // The made sessions have no latencies after prompts.
        assert!(!found.is_empty() || ready.name == "response-latency", "{}: no rows", ready.name);
    }
    let agreement = rows(&desk.attune(&["query", &place, "agreement-by-code", "--json"]));
    let rs03 = agreement.iter().find(|row| row[0] == "rs03").unwrap();
    assert_eq!((&rs03[1], &rs03[2], &rs03[3]), (&2.into(), &2.into(), &1.0.into()));
    // One coder alone is no agreement: S003 does not count.
    let rs02 = agreement.iter().find(|row| row[0] == "rs02").unwrap();
    assert_eq!((&rs02[1], &rs02[2]), (&1.into(), &0.into()));
    let pouts = rows(&desk.attune(&["query", &place, "pouts-per-blocked-exchange", "--json"]));
    assert_eq!(pouts.len(), 4, "{pouts:?}");
    check(&desk.attune(&["query", "--list"]), 0, "response-latency");
    check(&desk.attune(&["query", "--list", "--json"]), 0, "\"sql\"");
    check(&desk.attune(&["query", &place, "--tables"]), 0, "assessable_s");
}

#[test]
fn nothing_is_changed_and_no_other_file_is_opened() {
    let desk = Desk::new();
    let place = study_of(&desk, 1, &made::almost_nothing());
    let ask = |sql: &str| desk.attune(&["query", &place, sql]);
    for sql in [
        "delete from events",
        "drop table events",
        "insert into sessions default values",
        "select 1; select 2",
        "pragma user_version = 3",
        "vacuum;",
        "vacuum into 'copy.sqlite'",
    ] {
        let done = ask(sql);
        check(&done, 1, "");
        assert!(done.err.contains("only reads") || done.err.contains("does not read"), "{sql}: {done:?}");
    }
    let other = desk.path("other.sqlite");
    check(&ask(&format!("attach '{}' as other", other.display())), 1, "");
    assert!(!other.exists());
    check(&ask("select shoe from events"), 1, "no such column: shoe");
    check(&ask("selec"), 2, "no ready question");
    check(&ask("silencs"), 2, "did you mean silences?");
    check(&ask("select quantile(value, 2) from events"), 1, "from 0 to 1");
    check(&desk.attune(&["query", "nowhere", "select 1"]), 1, "this is no study");
    check(&desk.attune(&["query"]), 2, "STUDY");
    // What was said is in none of the tables.
    check(&ask("select text from turns"), 1, "no such column: text");
}

#[test]
fn the_cache_follows_the_study() {
    let desk = Desk::new();
    let place = study_of(&desk, 3, &made::four_minutes());
    let count =
        || rows(&desk.attune(&["query", &place, "select session, count(*) from events group by session", "--json"]));
    let before = count();
    assert_eq!(before.len(), 3);
    // New results of one session.
    let mut other = made::four_minutes();
    other.events.truncate(5);
    let mut bytes = Vec::new();
    stored::write(&other, &mut bytes).unwrap();
    std::fs::write(Path::new(&place).join("sessions/S002/results/session.json"), bytes).unwrap();
    let after = count();
    assert_eq!((after[1][1].as_u64(), &after[0]), (Some(5), &before[0]));
    // Somebody takes their consent to research back; a session is forgotten.
    check(&desk.attune(&["study", "consent", &place, "S001", "client=-research"]), 0, "");
    let who =
        rows(&desk.attune(&["query", &place, "select distinct who from events where session = 'S001'", "--json"]));
    assert_eq!(who, [["therapist"]]);
    check(&desk.attune(&["study", "forget", &place, "S003", "--yes"]), 0, CACHE);
    assert!(!Path::new(&place).join(CACHE).exists());
    assert_eq!(count().len(), 2);
    // A cache that is none is said; without notes of coders in it.
    decide(&place, "S002", "anna", &["rs03"]);
    assert_eq!(rows(&desk.attune(&["query", &place, "select code from decisions", "--json"])), [["rs03"]]);
    let cache = std::fs::read(Path::new(&place).join(CACHE)).unwrap();
    assert!(!String::from_utf8_lossy(&cache).contains("zyxnote"));
    std::fs::write(Path::new(&place).join(CACHE), "not a database, and long enough to be looked at as one").unwrap();
    assert_eq!(count().len(), 2, "a damaged cache is left aside");
}

#[test]
fn a_consent_that_was_changed_by_hand_counts_at_once() {
    let desk = Desk::new();
    let place = study_of(&desk, 2, &made::four_minutes());
    let sessions = || {
        let done = desk.attune(&["query", &place, "select distinct session from events order by 1", "--json"]);
        (rows(&done), format!("{}{}", done.out, done.err))
    };
    assert_eq!(sessions().0.len(), 2);
    let manifest = Path::new(&place).join("sessions/S001/session.toml");
    let agreed = std::fs::read_to_string(&manifest).unwrap();
    for (scope, changed) in [
        ("sound", agreed.replacen("sound = true", "sound = false", 1)),
        ("face", agreed.replacen(", face = true", "", 1)),
        ("text", agreed.replacen("text = true", "text = false", 1)),
    ] {
        std::fs::write(&manifest, &changed).unwrap();
        let (found, said) = sessions();
        assert_eq!(found, [["S002"]], "{scope}");
        assert!(said.contains(&format!("any more ({scope})")), "{said}");
        std::fs::write(&manifest, changed.replace("research = true", "research = true, export = true")).unwrap();
        let out = desk.path("out");
        let done = desk.attune(&["export", &place, "--session", "S001", "-o", out.to_str().unwrap()]);
        check(&done, 1, &format!("any more ({scope})"));
        assert!(!out.exists());
    }
    std::fs::write(&manifest, &agreed).unwrap();
    assert_eq!(sessions().0.len(), 2);
}

#[test]
fn places_of_a_code_that_overlap_count_once() {
    let desk = Desk::new();
    let mut session = made::four_minutes();
    let mut hit = session.hits[0].clone();
    session.hits.clear();
    hit.code = "rs03".into();
    for (from, to) in [(10.0, 20.0), (12.0, 14.0), (19.0, 25.0), (25.0, 30.0), (40.0, 41.0)] {
        session.hits.push(attune::rules::Hit { span: made::span(from, to), ..hit.clone() });
    }
    let place = study_of(&desk, 2, &session);
    let found = rows(&desk.attune(&["query", &place, "codes", "--json"]));
    // 10 to 25, 25 to 30, 40 to 41, in each of two sessions.
    assert_eq!((found.len(), &found[0][0], &found[0][1], &found[0][2]), (1, &"rs03".into(), &6.into(), &2.into()));
}

#[test]
fn coders_work_is_asked_when_all_have_locked() {
    let desk = Desk::new();
    let session = made::four_minutes();
    let place = study_of(&desk, 2, &session);
    let store = coders::store(&place, &["ann", "ben"]);
    let ask = |sql: &str| rows(&desk.attune(&["query", &place, sql, "--json"]));
    let given = "select coder, pass, stands, code, start_s from codings order by coder, pass";
    let unit = coders::code(&store, "ann", "S001", "rs03");
    coders::code(&store, "ben", "S001", "rs03");
    coders::rate(&store, "ann", "S001", 4);
    coders::lock(&store, "ann", "S001");
    let early = desk.attune(&["query", &place, given]);
    check(&early, 0, "");
    assert!(early.err.contains("coders' work on S001 is not in it"), "{early:?}");
    assert!(ask(given).is_empty() && ask("select * from ratings").is_empty());
    assert_eq!(ask("select coders from sessions"), [[serde_json::Value::Null], [serde_json::Value::Null]]);
    // The last lock opens it; changes after the lock stand beside what was locked.
    coders::lock(&store, "ben", "S001");
    coders::change(&store, "ann", "S001", unit, "rs02");
    let row = |coder: &str, pass: &str, stands: i64, code: &str| {
        serde_json::json!([coder, pass, stands, code, 10.0]).as_array().unwrap().clone()
    };
    assert_eq!(
        ask(given),
        [row("ann", "blind", 0, "rs03"), row("ann", "flag", 1, "rs02"), row("ben", "blind", 1, "rs03")]
    );
    assert_eq!(
        ask("select coder, minute, rating from ratings"),
        [serde_json::json!(["ann", 0, 4]).as_array().unwrap().clone()]
    );
    assert_eq!(
        rows(&desk.attune(&["query", &place, "agreement-by-code", "--json"]))[0][..3],
        *serde_json::json!(["rs03", 1, 1]).as_array().unwrap()
    );
    // The second pass and the meeting; a candidate is known by its times.
    let millis = attune::review::clips::millis(session.episodes[0].span);
    coders::recode(&store, "ben", "S001", millis, "rs05");
    coders::settle(&store, "ann", "S001");
    assert_eq!(
        ask("select episode, coder, pass, verdict, code, asked from decisions"),
        [[session.episodes[0].id.as_str(), "ben", "flag", "recode", "rs05", "rupture"]]
    );
    assert_eq!(ask("select outcome, moved, code from consensus"), [["majority", "ben", "rs03"]]);
    // No words in the cache; nothing of a session with one person's consent, for codes are about both.
    let cache = std::fs::read(Path::new(&place).join(CACHE)).unwrap();
    assert!(!String::from_utf8_lossy(&cache).contains("qvx"));
    check(&desk.attune(&["study", "consent", &place, "S001", "client=-research"]), 0, "");
    assert!(ask(given).is_empty());
    // A new coder closes it again.
    check(&desk.attune(&["study", "consent", &place, "S001", "client=+research"]), 0, "");
    assert_eq!(ask(given).len(), 3);
    drop(coders::store(&place, &["cem"]));
    assert!(ask(given).is_empty());
}

#[test]
fn tracks_by_the_second_can_be_asked() {
    let desk = Desk::new();
    let session = made::four_minutes();
    let place = study_of(&desk, 1, &session);
    let results = Path::new(&place).join("sessions/S001/results");
    let file = std::fs::File::create(results.join("tracks.parquet")).unwrap();
    export::tracks::write(&session.tracks, file).unwrap();
    let ask = |sql: &str| rows(&desk.attune(&["query", &place, sql, "--json"]));
    let found = ask("select who, count(*), avg(mean) from tracks where track = 'speech' group by who order by who");
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(found[0][1], 240);
    // A question without tracks keeps what is there.
    assert_eq!(ask("select count(*) from sessions")[0][0], 1);
    std::fs::remove_file(results.join("tracks.parquet")).unwrap();
    assert_eq!(ask("select count(*) from tracks where track = 'loudness'")[0][0], 240);
}

/// `ATTUNE_SESSIONS=1000 cargo test --release --test query thousand -- --nocapture` prints the figures of docs/performance.md.
#[test]
fn a_thousand_sessions() {
    let count = std::env::var("ATTUNE_SESSIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(40);
    let desk = Desk::new();
    let session = made::fifty_minutes();
    let place = study_of(&desk, count, &session);
    let mut times = Vec::new();
    let mut timed = |what: &str, args: &[&str]| {
        let since = Instant::now();
        let done = desk.attune(args);
        let code = done.code;
        assert!(code == Some(0) || code == Some(3), "{done:?}");
        times.push(format!("{what}: {:.2} s", since.elapsed().as_secs_f64()));
        since.elapsed().as_secs_f64()
    };
    let group = "select marker, who, count(*), median(value), stddev(duration_s) from events group by marker, who";
    timed("first question (fills the cache)", &["query", &place, group]);
    let again = timed("group by over all events", &["query", &place, group]);
    timed("silences", &["query", &place, "silences"]);
    timed("status", &["study", "status", &place]);
    timed("list", &["study", "list", &place]);
    println!("{count} sessions of {} events\n{}", session.events.len(), times.join("\n"));
    // In a debug build as well.
    assert!(again < 2.0, "{again} s");
}
