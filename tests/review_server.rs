//! The coders' page, attacked: what must be refused is refused, logged, and nothing falls over.

#![cfg(all(unix, feature = "review"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test says what broke by panicking")]

mod made;
mod review_support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use review_support::{Served, attune, study};
use serde_json::json;

fn served(folder: &std::path::Path) -> Served {
    Served::start(&study(folder, &[made::four_minutes()]))
}

#[test]
fn only_the_printed_address_opens_it() {
    let folder = tempfile::tempdir().unwrap();
    let served = served(folder.path());
    for (path, status) in [("/?token=wrong", 403), ("/?token=", 403), ("/api/sessions", 401), ("/media/S001/0", 401)] {
        assert_eq!(served.ask("GET", path, &[], b"").status, status, "{path}");
    }
    let short = format!("/?token={}", &served.token[..20]);
    assert_eq!(served.ask("GET", &short, &[], b"").status, 403);
    assert_eq!(served.ask("GET", "/api/sessions", &[("cookie", "attune_1=abc")], b"").status, 401);
    let came = served.ask("GET", &format!("/?token={}", served.token), &[], b"");
    let cookie = came.header("set-cookie");
    assert!(cookie.contains("httponly") && cookie.contains("samesite=strict"), "{cookie}");
    assert_eq!(came.header("location"), "/");
    let page = served.ask("GET", "/", &[], b"");
    let policy = page.header("content-security-policy");
    for part in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
}

#[test]
fn other_pages_and_other_names_are_turned_away() {
    let folder = tempfile::tempdir().unwrap();
    let served = served(folder.path());
    let ann = served.coder("ann", "lead");
    let cookie = ("cookie", ann.cookie.as_str());
    let own = format!("http://127.0.0.1:{}", served.port);
    let rebound = format!("evil.example:{}", served.port);
    for (headers, status) in [
        (vec![cookie, ("host", rebound.as_str())], 421),
        (vec![cookie, ("host", "127.0.0.1:1")], 421),
        (vec![cookie, ("origin", "https://evil.example")], 403),
        (vec![cookie, ("origin", "null")], 403),
        (vec![cookie, ("sec-fetch-site", "cross-site")], 403),
        (vec![cookie, ("origin", own.as_str()), ("sec-fetch-site", "same-origin")], 200),
    ] {
        assert_eq!(served.ask("GET", "/api/sessions", &headers, b"").status, status, "{headers:?}");
    }
    let kind = ("content-type", "application/json");
    let csrf = ("x-attune", ann.csrf.as_str());
    for (headers, status) in [
        (vec![cookie, kind], 403),
        (vec![cookie, kind, ("x-attune", "0000")], 403),
        (vec![cookie, csrf, ("content-type", "text/plain")], 415),
        (vec![cookie, csrf, kind, ("origin", "http://localhost")], 403),
        (vec![cookie, csrf, kind], 200),
    ] {
        assert_eq!(served.ask("POST", "/api/sessions/S001/lock", &headers, b"{}").status, status, "{headers:?}");
    }
    let log = ann.get("/api/log").json();
    assert_eq!(log["verified"]["problems"], json!([]));
    let refused = log["lines"].as_array().unwrap().iter().filter(|line| line["action"] == "refused").count();
    assert_eq!(refused, 9, "{log}");
}

#[test]
fn no_path_leads_out_of_the_study() {
    let folder = tempfile::tempdir().unwrap();
    let served = served(folder.path());
    let ann = served.coder("ann", "lead");
    std::fs::write(folder.path().join("secret.txt"), "secret").unwrap();
    for path in [
        "/media/..%2f..%2f..%2fsecret.txt/0",
        "/media/../../../secret.txt",
        "/media/S001/..%2f..%2fsecret.txt",
        "/media/S001/0%00",
        "/media/S001/99",
        "/media/S001/-1",
        "/media/%2e%2e/0",
        "/media//etc/passwd",
        "/assets/..%2f..%2fCargo.toml",
        "/assets/%2e%2e%2findex.html",
        "/api/sessions/..%2f..%2fsecret",
        "/api/sessions/S001/tiles/99999999999/0",
        "/api/sessions/S001/tiles/0/99999999999999999999",
        "/api/sessions/S001/tiles/0/18446744073709551615",
    ] {
        let answer = ann.get(path);
        assert!([400, 404, 500].contains(&answer.status) && !answer.text().contains("secret\n"), "{path}: {answer:?}");
        assert_ne!(answer.status, 500, "{path}");
        assert!(!answer.text().contains("root:"), "{path}");
    }
    assert_eq!(ann.get("/api/sessions").status, 200);
}

#[test]
fn what_is_written_stays_text() {
    let folder = tempfile::tempdir().unwrap();
    let served = served(folder.path());
    let evil = "x'); DROP TABLE codings; --";
    let ann = served.coder(evil, "lead");
    let text = "<script>alert(1)</script>\"'; DELETE FROM memos; -- \u{202e}";
    let memo = json!({ "start_ms": 0, "end_ms": 1000, "text": text });
    assert_eq!(ann.post("/api/sessions/S001/memos", &memo).status, 200);
    let coding = json!({ "start_ms": 1000, "end_ms": 2000, "code": "rs03", "note": text });
    assert_eq!(ann.post("/api/sessions/S001/codings", &coding).status, 200);
    for code in ["rs03' OR 1=1", "", "nope"] {
        assert_eq!(
            ann.post("/api/sessions/S001/codings", &json!({ "start_ms": 0, "end_ms": 1000, "code": code })).status,
            422
        );
    }
    let view = ann.get("/api/sessions/S001");
    assert!(view.header("content-type").starts_with("application/json"));
    let view = view.json();
    assert_eq!(view["own"]["memos"][0]["text"], text);
    assert_eq!(view["own"]["codings"][0]["note"], text);
    assert_eq!(view["own"]["codings"][0]["coder"], evil);
    let quotes = ann.get("/api/quotes?code=rs03%27%20OR%201%3D1");
    assert_eq!((quotes.status, quotes.json()), (200, json!([])));
    let picture = ann.get("/api/paradigm.svg?session=%3Cscript%3E");
    assert_eq!((picture.status, picture.header("content-type")), (404, "application/json"));
}

#[test]
fn what_is_too_large_or_no_json_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let served = served(folder.path());
    let ann = served.coder("ann", "lead");
    let memo =
        |text: String| ann.post("/api/sessions/S001/memos", &json!({ "start_ms": 0, "end_ms": 1, "text": text }));
    assert_eq!(memo("a".repeat(300_000)).status, 413);
    assert_eq!(memo("a".repeat(30_000)).status, 409);
    assert_eq!(memo("a".repeat(10_000)).status, 200);
    let headers = [("cookie", ann.cookie.as_str()), ("x-attune", &ann.csrf), ("content-type", "application/json")];
    for body in ["", "{", "[]", "null", "{\"start_ms\": \"x\"}", "{\"start_ms\":1e999,\"end_ms\":1,\"text\":\"\"}"] {
        let status = served.ask("POST", "/api/sessions/S001/memos", &headers, body.as_bytes()).status;
        assert!([400, 422].contains(&status), "{body}: {status}");
    }
    let deep = "[".repeat(100_000);
    assert!([400, 422].contains(&served.ask("POST", "/api/sessions/S001/memos", &headers, deep.as_bytes()).status));
    // Some of these wait for more until the server has waited enough.
    std::thread::scope(|scope| {
        let nonsense = [
            &b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n"[..],
            b"\x16\x03\x01\x02\x00\x01",
            b"GET / HTTP/9.9\r\n\r\n",
            b"\r\n\r\n",
        ];
        for raw in nonsense {
            let served = &served;
            scope.spawn(move || assert_ne!(served.raw(raw).status, 200));
        }
    });
    let long = format!("GET /{} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\n\r\n", "a".repeat(100_000), served.port);
    assert!(served.raw(long.as_bytes()).status >= 400);
    assert_eq!(ann.get("/api/sessions").status, 200);
}

#[test]
fn slow_clients_hold_nobody_up_and_are_let_go() {
    let folder = tempfile::tempdir().unwrap();
    let served = served(folder.path());
    let ann = served.coder("ann", "lead");
    let open = |text: String| {
        let mut stream = TcpStream::connect(("127.0.0.1", served.port)).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        stream
    };
    let head = format!("POST /api/sessions/S001/memos HTTP/1.1\r\nhost: 127.0.0.1:{}\r\n", served.port);
    let body = format!(
        "{head}cookie: {}\r\nx-attune: {}\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{{",
        ann.cookie, ann.csrf
    );
    let slow: Vec<_> = (0..60).map(|n| open(if n % 2 == 0 { head.clone() } else { body.clone() })).collect();
    let begun = Instant::now();
    for _ in 0..20 {
        assert_eq!(ann.get("/api/sessions").status, 200);
    }
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    for mut stream in slow {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
    }
    let lines = ann.get("/api/log").json()["lines"].as_array().unwrap().clone();
    assert!(lines.iter().any(|line| line["detail"].as_str().unwrap().contains("memos")), "{lines:?}");
}

#[test]
fn recordings_come_in_parts() {
    let folder = tempfile::tempdir().unwrap();
    let served = served(folder.path());
    let ann = served.coder("ann", "lead");
    let film = std::fs::read(folder.path().join("film0.mp4")).unwrap();
    let part = |range: &str| served.ask("GET", "/media/S001/0", &[("cookie", &ann.cookie), ("range", range)], b"");
    let length = film.len();
    for (range, from, to) in
        [("bytes=0-99", 0, 100), ("bytes=1000-1999", 1000, 2000), ("bytes=-50", length - 50, length)]
    {
        let answer = part(range);
        assert_eq!(answer.status, 206, "{range}");
        assert_eq!(answer.header("content-range"), format!("bytes {from}-{}/{length}", to - 1));
        assert!(answer.body == film[from..to], "{range}: other bytes");
    }
    assert!(part("bytes=0-").body == film);
    assert_eq!(part(&format!("bytes={length}-")).status, 416);
    assert_eq!(part("bytes=abc").status, 416);
    let whole = ann.get("/media/S001/0");
    assert!(whole.status == 200 && whole.body == film);
    assert_eq!(whole.header("content-type"), "video/mp4");
    assert_eq!(ann.get("/api/sessions/S001/media").json(), json!([{ "state": "ready" }]));
}

#[test]
fn films_that_browsers_do_not_play_are_converted_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = made::four_minutes();
    session.media[0].what = "0:02, picture mpeg4 320x240 25 fps, sound mp3 44100 Hz mono".into();
    let study = study(folder.path(), &[session]);
    let film = folder.path().join("film0.avi");
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", "testsrc=d=2:s=320x240", "-f", "lavfi", "-i", "sine=d=2"])
        .args(["-c:v", "mpeg4", "-c:a", "libmp3lame"])
        .arg(&film)
        .status();
    assert!(made.unwrap().success());
    let manifest = study.join("sessions/S001/session.toml");
    let text = std::fs::read_to_string(&manifest).unwrap().replace("film0.mp4", "film0.avi");
    std::fs::write(&manifest, text).unwrap();
    let served = Served::start(&study);
    let ann = served.coder("ann", "lead");
    assert_eq!(ann.get("/media/S001/0").status, 404);
    let begun = Instant::now();
    let state = || ann.get("/api/sessions/S001/media").json()[0]["state"].as_str().unwrap().to_owned();
    assert_eq!(state(), "making");
    while state() == "making" {
        assert!(begun.elapsed() < Duration::from_secs(60), "ffmpeg does not end");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(state(), "ready");
    let film = ann.get("/media/S001/0");
    assert_eq!((film.status, film.header("content-type")), (200, "video/mp4"));
    assert!(film.body.windows(4).any(|four| four == b"avc1"), "it is no H.264");
    std::fs::remove_file(folder.path().join("film0.avi")).unwrap();
    let (_, text) = attune(&["study", "check", study.to_str().unwrap()]);
    assert!(text.contains("S001"), "{text}");
}

#[test]
fn nothing_is_seen_before_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let served = served(folder.path());
    let (ann, ben) = (served.coder("ann", "lead"), served.coder("ben", "coder"));
    let sue = served.coder("sue", "supervisor");
    assert_eq!(ann.code("S001", 3, "rs03").status, 200);
    let before = ann.get("/api/sessions/S001").json();
    assert!(before.get("measured").is_none());
    assert!(before["curves"]["list"].as_array().unwrap().iter().all(|curve| curve["group"] == "sound"));
    for word in ["episode", "withdrawal", "vid.", "rs02", "sentence"] {
        assert!(!before.to_string().contains(word), "{word} is shown in the first pass");
    }
    let tile = ann.get("/api/sessions/S001/tiles/0/0");
    assert_eq!(tile.body.len(), before["curves"]["list"].as_array().unwrap().len() * 512 * 8);
    assert_eq!(ann.get("/api/sessions/S001/clips").status, 409);
    assert_eq!(sue.get("/api/sessions/S001").status, 403);
    assert_eq!(ben.get("/api/sessions/S001/summary").status, 403);
    // The log tells each of themselves, whatever they ask for, and a lead of all.
    let lines =
        |who: &review_support::Visitor<'_>, path: &str| who.get(path).json()["lines"].as_array().unwrap().clone();
    for path in ["/api/log", "/api/log?who=ann", "/api/log?who=&action=coded"] {
        assert!(lines(&ben, path).iter().all(|line| line["who"] == "ben"), "{path}");
    }
    assert!(!lines(&ben, "/api/log").is_empty() && ben.get("/api/log").json()["names"] == json!(["ben"]));
    let coded = lines(&ann, "/api/log?who=ann&action=coded");
    assert!(coded.len() == 1 && coded[0]["who"] == "ann" && coded[0]["action"] == "coded", "{coded:?}");
    let before = format!("/api/log?before={}", coded[0]["id"]);
    assert!(lines(&ann, &before).iter().all(|line| line["id"].as_i64() < coded[0]["id"].as_i64()));
    ann.lock("S001");
    let after = ann.get("/api/sessions/S001").json();
    assert!(after["measured"]["events"].as_array().unwrap().len() > 5);
    assert_eq!(after["own"]["others"], json!([]));
    assert_eq!(ann.get("/api/sessions/S001/consensus").json()["open"], json!(false));
    let clips = ann.get("/api/sessions/S001/clips");
    for word in ["marked", "control", "rank", "score", "\"e0"] {
        assert!(!clips.text().contains(word), "{word} tells candidates and controls apart");
    }
    assert!(!ben.get("/api/sessions/S001").text().contains("rs03"), "ben sees what ann gave");
    ben.lock("S001");
    assert_eq!(ann.get("/api/sessions/S001/consensus").json()["units"].as_array().unwrap().len(), 1);
    assert_eq!(ben.get("/api/sessions/S001").json()["own"]["others"].as_array().unwrap().len(), 1);
    assert_eq!(sue.get("/api/sessions/S001/summary").status, 200);
    // A control stays one, whatever the page says.
    let clip = &clips.json()["clips"][0];
    let decision = json!({ "clip": clip["id"], "verdict": "confirm", "marked": true, "seconds": 3.0 });
    assert_eq!(ann.post("/api/sessions/S001/decisions", &decision).status, 200);
    assert_eq!(ann.post("/api/sessions/S001/decisions", &json!({ "clip": "other", "verdict": "confirm" })).status, 422);
}

#[test]
fn a_lead_alone_says_who_takes_part() {
    let folder = tempfile::tempdir().unwrap();
    let served = served(folder.path());
    let new = |name: &str, role: &str| json!({ "name": name, "role": role });
    assert_eq!(served.visitor().post("/api/coders", &new("ann", "coder")).status, 409, "the first one leads");
    let ann = served.coder("ann", "lead");
    assert_eq!(served.visitor().post("/api/coders", &new("eve", "coder")).status, 403, "from the page of names");
    assert_eq!(ann.post("/api/coders", &new("ben", "coder")).status, 200);
    let ben = served.enter("ben");
    for (path, body) in [
        ("/api/coders", new("eve", "lead")),
        ("/api/coders/change", json!({ "name": "ben", "role": "lead", "standing": "in", "sure": true })),
        ("/api/coders/change", json!({ "name": "ann", "role": "lead", "standing": "out", "sure": true })),
    ] {
        assert_eq!(ben.post(path, &body).status, 403, "{path} {body}");
    }
    assert_eq!(ben.get("/api/coders").status, 403);
    ann.lock("S001");
    ben.lock("S001");
    // It is asked first, in words, and nothing has changed meanwhile.
    let asked = ann.post("/api/coders", &new("eve", "coder"));
    assert_eq!((asked.status, &asked.json()["reopens"]), (409, &json!(["S001"])));
    assert!(asked.json()["error"].as_str().unwrap().contains("would wait for eve again"), "{asked:?}");
    assert_eq!(ben.get("/api/sessions/S001/consensus").json()["open"], json!(true));
    assert_eq!(ann.post("/api/coders", &json!({ "name": "eve", "role": "coder", "sure": true })).status, 200);
    assert_eq!(ben.get("/api/sessions/S001/consensus").json()["open"], json!(false));
    let eve = served.enter("eve");
    assert_eq!(eve.code("S001", 1, "rs03").status, 200);
    let leave = |standing: &str| {
        ann.post("/api/coders/change", &json!({ "name": "eve", "role": "coder", "standing": standing }))
    };
    assert_eq!(leave("left").status, 200);
    assert_eq!(eve.get("/api/sessions").status, 409, "who has left is out at once");
    assert_eq!(served.visitor().post("/api/enter", &json!({ "name": "eve" })).status, 409);
    assert_eq!(ben.get("/api/sessions/S001/consensus").json()["open"], json!(true));
    assert_eq!(leave("in").status, 409, "coming back opens it again");
    let people = ann.get("/api/coders").json();
    assert_eq!(
        people["people"][2],
        json!({
            "name": "eve", "role": "coder", "standing": "left", "locked": 0, "has_password": false
        })
    );
    // She was in the study's own list or not: opening the page again does not bring her back.
    let place = folder.path().join("study");
    assert_eq!(served.stop(), Some(0));
    let at = place.to_str().unwrap();
    let (code, text) = attune(&["study", "coder", at, "dora"]);
    assert!(code == 2 && text.contains("S001 is locked by everybody") && text.contains("--yes"), "{text}");
    let (code, text) = attune(&["study", "coder", at, "sue=supervisor", "ben=lead"]);
    assert!(code == 0 && text.contains("sue (supervisor)") && text.contains("ben (lead)"), "{text}");
    let (code, text) = attune(&["study", "coder", at, "dora", "--yes"]);
    assert!(code == 0 && text.contains("dora (coder)"), "{text}");
    let (code, text) = attune(&["study", "coder", at, "--remove", "dora"]);
    assert!(code == 0 && !text.contains("dora"), "{text}");
    let (code, text) = attune(&["study", "coder", at, "--remove", "nobody"]);
    assert!(code != 0 && text.contains("nobody called"), "{text}");
    let served = Served::start(&place);
    let coders = served.visitor().get("/api/me").json()["coders"].clone();
    let names: Vec<_> = coders.as_array().unwrap().iter().map(|coder| coder["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["ann", "ben", "sue"]);
    let log = served.enter("ben").get("/api/log").json();
    assert_eq!(log["verified"]["problems"], json!([]));
    assert_eq!(served.stop(), Some(0));
    // Somebody written into study.toml by hand comes in, and it is said what that opens.
    let toml = place.join("study.toml");
    let text = std::fs::read_to_string(&toml).unwrap();
    std::fs::write(&toml, format!("{text}\n[[coder]]\nname = \"finn\"\n")).unwrap();
    let told = Served::start_loud(&place).stop_and_hear();
    assert!(
        told.contains("finn takes part from now on") && told.contains("S001, which waits for finn again"),
        "{told}"
    );
}

#[test]
fn one_page_of_a_study_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let served = served(folder.path());
    let place = folder.path().join("study");
    let at = place.to_str().unwrap();
    let (code, text) = attune(&["review", at]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains(&format!("http://127.0.0.1:{}/", served.port)) && !text.contains(&served.token), "{text}");
    let (code, text) = attune(&["study", "coder", at, "dora"]);
    assert!(code == 1 && text.contains("the coders' page at http"), "{text}");
    // A folder of results has coders of its own.
    let results = place.join("sessions/S001/results");
    let (code, text) = attune(&["study", "coder", results.to_str().unwrap(), "zoe=lead"]);
    assert!(code == 0 && text.contains("coders: zoe (lead)"), "{text}");
    assert!(attune(&["study", "coder", folder.path().to_str().unwrap(), "zoe"]).1.contains("this is no study"));
    // What needs no page works beside it.
    assert_eq!(attune(&["review", at, "--verify"]).0, 0);
    // Killed: the next one takes over and says so. Ended: nothing is said.
    let pid = served.kill();
    let mut next = Served::start_loud(&place);
    let told = next.stop_and_hear();
    assert!(told.contains(&format!("process {pid}")) && told.contains("taken over"), "{told}");
    let told = Served::start_loud(&place).stop_and_hear();
    assert!(!told.contains("taken over"), "{told}");
}

#[test]
fn the_clients_face_is_told_after_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = made::four_minutes();
    made::face_at(&mut session, [200.0, 100.0, 80.0, 120.0]);
    let (heard, mut unseen, mut twice) = (made::four_minutes(), made::almost_nothing(), session.clone());
    made::filmed(&mut unseen);
    twice.media.push(twice.media[0].clone());
    let study = study(folder.path(), &[session, heard, unseen, twice]);
    let served = Served::start(&study);
    let ann = served.coder("ann", "lead");
    let face = |from: i64, to: i64| ann.get(&format!("/api/sessions/S001/face?from_ms={from}&to_ms={to}"));
    assert_eq!(face(0, 10_000).status, 403);
    ann.lock("S001");
    let found = face(10_000, 20_000).json();
    assert_eq!((&found["why"], &found["film"], &found["largest_width_px"]), (&json!(null), &json!(0), &json!(1920)));
    assert_eq!(found["boxes"].as_array().unwrap().len(), 20);
    assert_eq!((&found["boxes"][3], &found["start_ms"]), (&json!([200.0, 100.0, 80.0, 120.0]), &json!(10_000.0)));
    assert_eq!(face(191_000, 198_000).json()["why"], json!("not_here"), "the face is lost there");
    // Without a film, without a face, or with two films: why there is none.
    for (session, path) in [("no_film", "S002"), ("no_face", "S003"), ("several_films", "S004")] {
        ann.lock(path);
        let found = ann.get(&format!("/api/sessions/{path}/face?from_ms=0&to_ms=9000")).json();
        assert_eq!((&found["why"], &found["boxes"]), (&json!(session), &json!([])), "{path}");
    }
    for (from, to) in [(-5, 10), (10, 5), (900_000_000, i64::MAX), (i64::MIN, i64::MAX)] {
        assert_eq!(face(from, to).status, 200, "{from} {to}");
    }
}

#[test]
fn twenty_coders_at_once_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let served = served(folder.path());
    let turns = made::four_minutes().turns.len() as u32;
    served.coder("coder 0", "lead");
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for number in 0..20 {
            let served = &served;
            scope.spawn(move || {
                let coder = served.coder(&format!("coder {number}"), "coder");
                for n in 0..20 {
                    assert_eq!(coder.code("S001", n % turns, "rs03").status, 200);
                }
                coder.lock("S001");
            });
        }
    });
    println!("20 coders, 400 codes over HTTP in {:.1} s", begun.elapsed().as_secs_f64());
    let lead = served.enter("coder 0");
    assert_eq!(lead.get("/api/sessions/S001").json()["own"]["others"].as_array().unwrap().len(), 400);
    let place = folder.path().join("study");
    assert_eq!(served.stop(), Some(0));
    let (code, text) = attune(&["review", place.to_str().unwrap(), "--verify"]);
    assert!(code == 0 && text.contains("the log is whole"), "{text}");
    let (code, text) = attune(&["agree", place.to_str().unwrap(), "--json"]);
    assert_eq!(code, 0, "{text}");
    let tables: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(tables["coders"].as_array().unwrap().len(), 20);
    assert_eq!(tables["codes"][0]["percent"], json!(1.0));
    let (_, text) = attune(&["agree", place.to_str().unwrap()]);
    assert!(text.contains("gamma (Mathet et al. 2015) is not among these numbers"), "{text}");
}

#[test]
fn a_lab_needs_passwords_and_is_encrypted() {
    let folder = tempfile::tempdir().unwrap();
    let study = study(folder.path(), &[made::four_minutes()]);
    let place = study.to_str().unwrap();
    let (code, text) = attune(&["review", place, "--bind", "0.0.0.0"]);
    assert!(code == 1 && text.contains("--password NAME"), "{text}");
    let set = |password: &str| {
        let mut child = Command::new(review_support::ATTUNE)
            .args(["review", place, "--password", "ann"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        child.wait().unwrap().code()
    };
    assert_eq!(set("short\n"), Some(1));
    assert_eq!(set("correct horse\n"), Some(0));
    let served = Served::start_with(&study, &["--bind", "0.0.0.0"]);
    assert!(served.url.starts_with("https://") && served.token.is_empty(), "{}", served.url);
    assert_ne!(served.ask("GET", "/api/me", &[], b"").status, 200, "it answers without encryption");
    let jar = folder.path().join("jar");
    let curl = |path: &str, more: &[&str]| {
        let url = format!("https://127.0.0.1:{}{path}", served.port);
        let mut command = Command::new("curl");
        command.args(["-sk", "-w", "\n%{http_code}", "-b"]).arg(&jar).arg("-c").arg(&jar).args(more).arg(url);
        let out = command.output().unwrap();
        String::from_utf8_lossy(&out.stdout).into_owned()
    };
    assert!(curl("/api/me", &[]).ends_with("401"));
    let kind = ["-H", "content-type: application/json", "-d"];
    let enter = |body: &str| curl("/api/enter", &[&kind[..], &[body]].concat());
    assert!(enter("{\"name\":\"ann\",\"password\":\"wrong horse\"}").ends_with("403"));
    assert!(enter("{\"name\":\"nobody\",\"password\":\"correct horse\"}").ends_with("403"));
    assert!(curl("/api/sessions", &[]).ends_with("401"));
    assert!(enter("{\"name\":\"ann\",\"password\":\"correct horse\"}").ends_with("200"));
    assert!(curl("/api/sessions", &[]).ends_with("200"));
    assert!(std::fs::read_to_string(&jar).unwrap().contains("TRUE"), "the cookie is for encrypted connections only");
}
