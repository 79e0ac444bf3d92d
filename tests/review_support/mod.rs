//! A made study, the real program serving it, and a plain HTTP client that can also misbehave.

#![allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "each test uses its own part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use attune::export::{self, Options};
use attune::session::Session;
use serde_json::Value;

pub const ATTUNE: &str = env!("CARGO_BIN_EXE_attune");

pub fn attune(args: &[&str]) -> (i32, String) {
    let done = Command::new(ATTUNE).args(args).stdin(Stdio::null()).output().unwrap();
    let text = [done.stdout, done.stderr].concat();
    (done.status.code().unwrap_or(-1), String::from_utf8_lossy(&text).into_owned())
}

/// A study of these sessions, each with results and the bundled film as its recording.
pub fn study(folder: &Path, sessions: &[Session]) -> PathBuf {
    let study = folder.join("study");
    let place = study.to_str().unwrap();
    assert_eq!(
        attune(&[
            "study",
            "new",
            place,
            "--seed",
            "7",
            "--name",
            "Made study",
            "--consent",
            "sound,face,text,supervision"
        ])
        .0,
        0
    );
    for (number, session) in sessions.iter().enumerate() {
        let film = folder.join(format!("film{number}.mp4"));
        // Each recording is in a study once: told apart by its last byte.
        let mut bytes = std::fs::read("fixtures/example/session.mp4").unwrap();
        bytes.extend([0, 0, 0, 8, b'f', b'r', b'e', b'e']);
        bytes.extend(vec![0; number * 8].chunks(8).flat_map(|_| [0, 0, 0, 8, b'f', b'r', b'e', b'e']));
        std::fs::write(&film, bytes).unwrap();
        let (code, text) = attune(&["study", "add", place, film.to_str().unwrap()]);
        assert_eq!(code, 0, "{text}");
        let results = study.join(format!("sessions/S{:03}/results", number + 1));
        let settings: export::Settings = toml::from_str(include_str!("../../config/report.toml")).unwrap();
        export::write_results(session, &export::Codes::default(), &results, &settings, &Options::default()).unwrap();
    }
    study
}

/// `attune review`, running.
pub struct Served {
    child: Child,
    pub url: String,
    pub port: u16,
    pub token: String,
}

impl Served {
    pub fn start(study: &Path) -> Self {
        Self::start_with(study, &[])
    }

    pub fn start_with(study: &Path, more: &[&str]) -> Self {
        let mut child = Command::new(ATTUNE)
            .arg("review")
            .arg(study)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let url = url.trim().to_owned();
        assert!(url.starts_with("http"), "{url:?}");
        let address = url.split("//").nth(1).unwrap().split('/').next().unwrap();
        let port = address.rsplit(':').next().unwrap().parse().unwrap();
        let token = url.split("token=").nth(1).unwrap_or_default().to_owned();
        Self { child, url, port, token }
    }

    /// With what it says beside its address kept for [`Self::stop_and_hear`].
    pub fn start_loud(study: &Path) -> Self {
        let mut child = Command::new(ATTUNE)
            .arg("review")
            .arg(study)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let port = url.rsplit(':').next().unwrap().split('/').next().unwrap().parse().unwrap();
        let served = Self { child, url: url.trim().to_owned(), port, token: String::new() };
        // From its first answer on it ends as it should.
        assert_eq!(served.ask("GET", "/api/me", &[], b"").status, 401);
        served
    }

    /// SIGTERM; gives what it said.
    pub fn stop_and_hear(&mut self) -> String {
        assert!(Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap().success());
        let mut told = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        self.child.wait().unwrap();
        told
    }

    /// SIGKILL; gives its process number.
    pub fn kill(mut self) -> u32 {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child.id()
    }

    /// SIGTERM; gives the exit code.
    pub fn stop(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }

    /// One request as it stands, on a connection of its own.
    pub fn raw(&self, bytes: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        // A server that refuses may close before all is sent.
        _ = stream.write_all(bytes);
        let mut all = Vec::new();
        _ = stream.read_to_end(&mut all);
        Answer::read(&all)
    }

    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        if headers.iter().all(|(name, _)| *name != "host") {
            head += &format!("host: 127.0.0.1:{}\r\n", self.port);
        }
        headers.iter().for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
        self.raw(&[head.as_bytes(), b"\r\n", body].concat())
    }

    /// Comes in by the printed address.
    pub fn visitor(&self) -> Visitor<'_> {
        let answer = self.ask("GET", &format!("/?token={}", self.token), &[], b"");
        assert_eq!(answer.status, 303, "{answer:?}");
        let mut visitor = Visitor { served: self, cookie: answer.cookie(), csrf: String::new() };
        visitor.csrf = visitor.get("/api/me").json()["csrf"].as_str().unwrap().to_owned();
        visitor
    }

    /// Comes in as somebody who takes part.
    pub fn enter(&self, name: &str) -> Visitor<'_> {
        let mut visitor = self.visitor();
        let entered = visitor.post("/api/enter", &serde_json::json!({ "name": name }));
        assert_eq!(entered.status, 200, "{entered:?}");
        visitor.cookie = entered.cookie();
        entered.json()["csrf"].as_str().unwrap().clone_into(&mut visitor.csrf);
        visitor
    }

    /// Comes in as this coder, whom a lead adds first; the first one must lead. Finished sessions are opened again unasked.
    pub fn coder(&self, name: &str, role: &str) -> Visitor<'_> {
        let visitor = self.visitor();
        let coders = visitor.get("/api/me").json()["coders"].as_array().unwrap().clone();
        if coders.iter().all(|coder| coder["name"] != name) {
            let lead = coders.iter().find(|coder| coder["role"] == "lead").and_then(|coder| coder["name"].as_str());
            let adding = lead.map_or(visitor, |lead| self.enter(lead));
            let added = adding.post("/api/coders", &serde_json::json!({ "name": name, "role": role, "sure": true }));
            assert_eq!(added.status, 200, "{added:?}");
        }
        self.enter(name)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// Somebody's browser.
pub struct Visitor<'s> {
    pub served: &'s Served,
    pub cookie: String,
    pub csrf: String,
}

impl Visitor<'_> {
    pub fn get(&self, path: &str) -> Answer {
        self.served.ask("GET", path, &[("cookie", &self.cookie)], b"")
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        let headers =
            [("cookie", self.cookie.as_str()), ("x-attune", &self.csrf), ("content-type", "application/json")];
        self.served.ask("POST", path, &headers, body.to_string().as_bytes())
    }

    pub fn lock(&self, session: &str) {
        let done = self.post(&format!("/api/sessions/{session}/lock"), &serde_json::json!({}));
        assert_eq!(done.status, 200, "{done:?}");
    }

    pub fn code(&self, session: &str, turn: u32, code: &str) -> Answer {
        let body = serde_json::json!({ "turn": turn, "start_ms": 0, "end_ms": 1, "code": code });
        self.post(&format!("/api/sessions/{session}/codings"), &body)
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    fn read(all: &[u8]) -> Self {
        let cut = all.windows(4).position(|four| four == b"\r\n\r\n").map_or(all.len(), |at| at + 4);
        let head = String::from_utf8_lossy(&all[..cut]).to_lowercase();
        let status = head.split_whitespace().nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let mut body = all[cut..].to_vec();
        if head.contains("transfer-encoding: chunked") {
            body = unchunked(&body);
        }
        Self { status, head, body }
    }

    pub fn header(&self, name: &str) -> &str {
        let line = self.head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap_or_default()
    }

    pub fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap().to_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = body.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(String::from_utf8_lossy(&body[..end]).trim(), 16).unwrap_or(0);
        if size == 0 || body.len() < end + 2 + size {
            break;
        }
        whole.extend(&body[end + 2..end + 2 + size]);
        body = body.get(end + 4 + size..).unwrap_or_default();
    }
    whole
}
