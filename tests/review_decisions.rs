//! What coders decide in the second pass: candidates, stretches below the mark and controls alike; out of the study as a
//! table, and into learning.

#![cfg(all(unix, feature = "review"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what broke by panicking")]

mod made;
mod review_support;

use std::path::Path;

use attune::codebook::Codebook;
use attune::config::Config;
use attune::desk::Desk;
use attune::engine::prepared::read_codebook;
use attune::episodes::Episode;
use attune::review::clips::{ClipKind, millis};
use attune::review::records::{self, By, Decision};
use attune::review::{FILE, Role, Store, chain, coders, flow};
use attune::session::Session;
use review_support::{Served, attune, study};
use serde_json::{Value, json};

/// The vignette with two stretches below the mark and one control.
fn vignette() -> Session {
    let mut session = made::four_minutes();
    let like: Episode = session.episodes[0].clone();
    for (number, at) in [(1, (150.0, 158.0)), (2, (20.0, 28.0))] {
        let span = made::span(at.0, at.1);
        session.further.push(Episode {
            id: format!("f{number:03}"),
            rank: 4 + number,
            span,
            watch: vec![span],
            review_secs: 18.0,
            ..like.clone()
        });
    }
    session.controls = vec![made::span(205.0, 213.0)];
    session
}

/// Kind and id of what a clip is, by its time; the page does not know.
fn what(session: &Session, clip: &Value) -> String {
    let time = (clip["start_ms"].as_i64().unwrap(), clip["end_ms"].as_i64().unwrap());
    let mut all = session.episodes.iter().chain(&session.further);
    all.find(|e| millis(e.span) == time).map_or_else(|| "control".into(), |e| e.id.clone())
}

fn codebook() -> Codebook {
    read_codebook(&Config::embedded()).unwrap()
}

fn table(study: &Path, file: &Path) -> (String, Vec<csv::StringRecord>) {
    let (code, said) = attune(&["review", study.to_str().unwrap(), "--decisions", file.to_str().unwrap()]);
    assert_eq!(code, 0, "{said}");
    let mut reader = csv::Reader::from_path(file).unwrap();
    let columns = "session,dyad,episode,coder,pass,verdict,code,start_s,end_s,made_at,note";
    assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>().join(","), columns);
    (said, reader.records().map(Result::unwrap).collect())
}

#[test]
fn stretches_below_the_mark_come_last_and_look_like_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let session = vignette();
    let place = study(folder.path(), std::slice::from_ref(&session));
    let manifest = place.join("sessions/S001/session.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, format!("dyad = \"D07\"\n{text}")).unwrap();
    let served = Served::start(&place);
    let (ann, ben) = (served.coder("ann", "lead"), served.coder("ben", "coder"));
    ann.lock("S001");
    let answer = ann.get("/api/sessions/S001/clips");
    for word in ["kind", "marked", "further", "control", "candidate", "rank", "\"f001", "\"e001"] {
        assert!(!answer.text().contains(word), "{word} tells clips apart");
    }
    let clips = answer.json()["clips"].as_array().unwrap().clone();
    let order: Vec<String> = clips.iter().map(|clip| what(&session, clip)).filter(|id| id != "control").collect();
    let mut ranked: Vec<&Episode> = session.episodes.iter().collect();
    ranked.sort_by_key(|episode| episode.rank);
    let expected = ranked.iter().map(|episode| episode.id.as_str()).chain(["f001", "f002"]);
    assert_eq!(order, expected.collect::<Vec<_>>());
    let keys = |clip: &Value| clip.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert!(clips.iter().all(|clip| keys(clip) == keys(&clips[0])));
    let row = |who: &review_support::Visitor<'_>| who.get("/api/sessions").json()[0].clone();
    assert_eq!((&row(&ann)["clips"], &row(&ann)["decided"]), (&json!(7), &json!(0)));
    let all_left = row(&ann)["left_s"].as_f64().unwrap();

    for clip in &clips {
        let (verdict, code) = match what(&session, clip).as_str() {
            "f001" => ("recode", Some("rs02")),
            "f002" | "e001" => ("reject", None),
            "control" => ("unsure", None),
            _ => ("confirm", None),
        };
        let said =
            json!({ "clip": clip["id"], "verdict": verdict, "code": code, "seconds": 9.0, "note": "so, \"well\"" });
        assert_eq!(ann.post("/api/sessions/S001/decisions", &said).status, 200);
        if what(&session, clip) == "f002" {
            let left = row(&ann)["left_s"].as_f64().unwrap();
            assert!(left <= all_left - 18.0, "a stretch below the mark counts in the time left: {left} of {all_left}");
        }
    }
    // The last word counts.
    let first = clips.iter().find(|clip| what(&session, clip) == "f002").unwrap();
    ann.post("/api/sessions/S001/decisions", &json!({ "clip": first["id"], "verdict": "confirm", "seconds": 1.0 }));
    let habits = ann.get("/api/agreement").json()["habits"][0].clone();
    let shares = ["candidates", "accept_rate", "further", "further_rate", "controls", "control_hit_rate"];
    let found: Vec<f64> = shares.iter().map(|name| habits[*name].as_f64().unwrap()).collect();
    assert_eq!(found, [4.0, 0.75, 2.0, 1.0, 1.0, 0.0], "{habits}");

    // Nothing of a session leaves the study while somebody still codes it blind.
    let file = folder.path().join("d.csv");
    let (said, rows) = table(&place, &file);
    assert!(rows.is_empty() && said.contains("1 left out") && said.contains("S001"), "{said}");
    ben.lock("S001");
    let (said, rows) = table(&place, &file);
    assert!(said.contains("7 decisions of 1 sessions"), "{said}");
    let cell = |episode: &str, column: usize| {
        let row = rows.iter().find(|row| &row[2] == episode).unwrap();
        row[column].to_owned()
    };
    assert!(rows.iter().all(|row| (&row[0], &row[1], &row[3], &row[4]) == ("S001", "D07", "ann", "flag")));
    assert_eq!((cell("f001", 5), cell("f001", 6), cell("f002", 5)), ("recode".into(), "rs02".into(), "confirm".into()));
    assert_eq!((cell("f001", 7), cell("f001", 8)), ("150.0".into(), "158.0".into()));
    assert_eq!((cell("", 5), cell("", 7)), ("unsure".into(), "205.0".into()));
    assert_eq!(cell("f001", 10), "so, \"well\"");
    let made_at = cell("f001", 9);
    assert!(made_at.len() == 20 && made_at.ends_with('Z') && made_at.starts_with("20"), "{made_at}");

    // What was confirmed below the mark stands in the summary, what was not does not.
    let moments = ann.get("/api/sessions/S001/summary").json()["moments"].as_array().unwrap().clone();
    assert_eq!(moments.len(), session.episodes.len() + 2);
    let log = ann.get("/api/log").json();
    assert_eq!(log["verified"]["problems"], json!([]));
    let last = log["lines"].as_array().unwrap().iter().find(|line| line["action"] == "exported").unwrap();
    assert_eq!(last["detail"], json!("7 decisions of 1 sessions, as a table"));
}

#[test]
fn a_study_has_its_own_codes_on_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let place = study(folder.path(), &[vignette()]);
    let codes = place.join("codes");
    std::fs::create_dir(&codes).unwrap();
    let built_in =
        std::fs::read_to_string("config/codebook/rapport_and_goal_setting/cx21_alternative_view.toml").unwrap();
    let (head, _) = built_in.split_once("[aid]").unwrap();
    let label = head.lines().find(|line| line.starts_with("label = ")).unwrap();
    let head = head.replace(label, "label = \"Sees it another way\"");
    let own =
        format!("{head}[aid]\nlook = [{{ marker = \"vid.smile\", who = \"client\" }}]\nnote = \"After a smile.\"\n");
    std::fs::write(codes.join("cx21.toml"), own).unwrap();
    let settings = std::fs::read_to_string(place.join("study.toml")).unwrap();
    std::fs::write(place.join("study.toml"), format!("codebook = \"codes\"\n{settings}")).unwrap();
    let served = Served::start(&place);
    let ann = served.coder("ann", "lead");
    let listed = ann.get("/api/codebook").json();
    let code = |id: &str| listed.as_array().unwrap().iter().find(|code| code["id"] == id).cloned().unwrap();
    assert_eq!(code("cx21")["label"], json!("Sees it another way"));
    assert_ne!(code("rs03")["label"], json!("Sees it another way"));
    // Where to look for it: not before the lock, and then what the codebook's aid finds.
    assert_eq!(ann.get("/api/sessions/S001/places").status, 403);
    ann.lock("S001");
    let looks = ann.get("/api/sessions/S001/places").json();
    let events = vignette().events;
    let mut somewhere = 0;
    let book = read_codebook(&Config::embedded().with_codebook(&codes).unwrap()).unwrap();
    for code in book.codes() {
        let found = attune::codebook::places(&book, &code.id, &events);
        let expected: Vec<(i64, i64)> = found.iter().map(|place| millis(place.span)).collect();
        assert_eq!(looks.get(&code.id), code.aid.as_ref().map(|_| json!(expected)).as_ref(), "{}", code.id);
        somewhere += usize::from(!expected.is_empty());
    }
    assert!(somewhere > 0, "no aid finds anything in the vignette: this test looks at nothing");
    assert_eq!(code("cx21")["look"], json!("After a smile."));
    assert_eq!(served.stop(), Some(0));
    std::fs::write(codes.join("cx21.toml"), "id = \"cx21\"").unwrap();
    let (code, said) = attune(&["review", place.to_str().unwrap(), "--verify"]);
    assert!(code != 0 && said.contains("cx21"), "{said}");
}

/// Ann locks every session and confirms what lies on a rupture.
fn decide(place: &Path, truth: &[(String, f64, f64)]) -> usize {
    let desk = Desk::open(place, codebook(), 1).unwrap();
    desk.store.write(|c| coders::put(c, "ann", Role::Lead, None, "server", 1)).unwrap();
    let mut further = 0;
    for (number, id) in desk.plan.sessions.clone().into_iter().enumerate() {
        let by = By { coder: "ann".into(), session: id.clone(), at_ms: 1_767_225_600_000 };
        let locking = by.clone();
        desk.store.write(move |c| flow::lock(c, &locking)).unwrap();
        let name = desk.session(&id).unwrap().name.clone();
        for clip in desk.clips(&id, "ann").unwrap() {
            let here = |from: f64, to: f64| from * 1000.0 < clip.end_ms as f64 && to * 1000.0 > clip.start_ms as f64;
            let yes = truth.iter().any(|(session, from, to)| *session == name && here(*from, *to));
            further += usize::from(clip.kind == ClipKind::Further);
            let mut decision: Decision =
                serde_json::from_value(json!({ "clip": clip.id, "verdict": if yes { "confirm" } else { "reject" } }))
                    .unwrap();
            (decision.start_ms, decision.end_ms, decision.kind) = (clip.start_ms, clip.end_ms, clip.kind);
            let by = by.clone();
            desk.store.write(move |c| records::put_decision(c, &by, &decision)).unwrap();
        }
        assert!(number < 100);
    }
    further
}

#[test]
fn a_study_teaches_what_its_table_teaches() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let text = |name: &str| path(name).to_str().unwrap().to_owned();
    let (code, said) =
        attune(&["learn", "made", &text("made"), "--sessions", "20", "--dyads", "20", "--minutes", "40"]);
    assert_eq!(code, 0, "{said}");
    let mut truth = Vec::new();
    let mut reader = csv::Reader::from_path(path("made/truth.csv")).unwrap();
    for row in reader.records().map(Result::unwrap) {
        if let (Ok(from), Ok(to)) = (row[3].parse(), row[4].parse()) {
            truth.push((row[0].to_owned(), from, to));
        }
    }
    let mut names: Vec<_> = std::fs::read_dir(path("made")).unwrap().map(|e| e.unwrap().path()).collect();
    names.retain(|folder| folder.is_dir());
    names.sort();
    let sessions: Vec<Session> = names.iter().map(|folder| attune::session::read(folder).unwrap()).collect();
    let place = study(folder.path(), &sessions);
    let place = place.to_str().unwrap();
    let (code, said) = attune(&["learn", "fit", place, "-o", &text("early.toml")]);
    assert!(code != 0 && said.contains("nobody has coded here"), "{said}");
    let further = decide(Path::new(place), &truth);
    assert!(further > 0, "the made sessions have no stretches below the mark");

    let (code, said) = attune(&["learn", "fit", place, "-o", &text("study.toml")]);
    assert_eq!(code, 0, "{said}");
    let (_, rows) = table(Path::new(place), &path("d.csv"));
    assert!(rows.iter().all(|row| row[0] == row[1] && &row[9] == "2026-01-01T00:00:00Z"), "{:?}", rows[0]);
    let (code, said) = attune(&["learn", "fit", place, "--decisions", &text("d.csv"), "-o", &text("table.toml")]);
    assert_eq!(code, 0, "{said}");
    let learned = |name: &str| {
        let text = std::fs::read_to_string(path(name)).unwrap();
        let (hash, rest): (Vec<_>, Vec<_>) =
            text.lines().map(str::to_owned).partition(|l| l.contains("decisions_sha256"));
        assert_eq!(hash.len(), 1);
        rest
    };
    assert_eq!(learned("study.toml"), learned("table.toml"));
    let store = Store::open(&Path::new(place).join(FILE)).unwrap();
    let lines = store.read(|c| chain::last(c, 3)).unwrap();
    let exports: Vec<&str> = lines
        .iter()
        .filter(|line| line.action == "exported")
        .map(|line| line.detail.rsplit(", ").next().unwrap())
        .collect();
    assert_eq!(exports, ["as a table", "to learn from"]);
}
