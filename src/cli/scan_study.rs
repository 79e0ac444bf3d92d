//! `attune scan STUDY`: all sessions, several at once, each in a process of its own.
//!
//! A process for each session, because a decoder that crashes or a machine that runs out of memory then costs one session
//! and not all, and gives its memory back. A child ends when this process does: its standard input is then closed.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use attune::engine::prepared::Prepared;
use attune::engine::request::EngineError;
use attune::engine::study::{self, ScanError, ScanSettings, Wish};
use attune::engine::{places, watch};
use attune::study::{Outcome, ScanRecord, SessionFolder, Study, record};
use serde_json::json;

use super::args::Scan;
use super::study::opened;
use super::{Failure, open_config, runtime_from, say, stop_on_ctrl_c, tell};

/// How often a child is looked after.
const LOOK: Duration = Duration::from_millis(20);

pub fn run(scan: &Scan, place: &Path) -> Result<(), Failure> {
    only_what_fits(scan)?;
    if scan.child {
        return child(scan, place);
    }
    let study = if scan.quiet { Study::open(place)? } else { opened(place)? };
    let _share = study.share()?;
    let _scan = if scan.session.is_empty() { Some(study.lock_scan()?) } else { None };
    let config = open_config(&scan.machine)?;
    let limits = ScanSettings::read(&config)?;
    let prepared = Prepared::read(study::config_of(&study, config)?)?.at_full_rate(scan.full_rate);
    let shelf = places::open_shelf(scan.machine.models.as_deref(), runtime_from(&scan.machine.runtime)?)?;
    let wanted = sessions(scan, &study)?;

    let program = study::program(&prepared, &shelf, &study, &wish(scan, 1));
    let holds = |session: &SessionFolder| {
        let record = session.scan_record().filter(|_| !scan.fresh);
        record.is_some_and(|record| record.still_holds(&record::inputs(session), &program))
    };
    let (as_before, to_do): (Vec<_>, Vec<_>) = wanted.good.into_iter().partition(holds);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = scan.threads.map_or(cores, usize::from);
    let at_once = scan.jobs.map_or_else(
        || limits.at_once(&to_do, threads, study::free_memory_mb()),
        |jobs| usize::from(jobs).min(to_do.len()).max(1),
    );
    if !scan.quiet && !to_do.is_empty() {
        tell(&format!(
            "attune: {} session(s) to scan, {} unchanged, {at_once} at a time",
            to_do.len(),
            as_before.len()
        ));
    }
    let stop = stop_on_ctrl_c()?;
    let work = Work { scan, place, threads: (threads / at_once).max(1), stop: &stop, total: to_do.len() };
    let mut done = work.all(&to_do, at_once);
    done.sort_by(|a, b| a.id.cmp(&b.id));
    let summary = Summary { as_before: as_before.len(), done, unreadable: wanted.bad };
    summary.tell(scan, stop.load(Ordering::SeqCst))
}

/// What is said of one session does not fit all of them.
fn only_what_fits(scan: &Scan) -> Result<(), Failure> {
    let one: [(&str, bool); 12] = [
        ("--transcript", scan.transcript.is_some()),
        ("--asr", scan.asr.is_some()),
        ("--columns", scan.columns.is_some()),
        ("--client", !scan.client.is_empty()),
        ("--therapist", !scan.therapist.is_empty()),
        ("--neutral", !scan.neutral.is_empty()),
        ("--offset", !scan.offset.is_empty()),
        ("--therapist-voice", scan.therapist_voice.is_some()),
        ("--out", scan.out.is_some()),
        ("--name", scan.name.is_some()),
        ("--language", scan.language.as_deref().is_some_and(|language| language != "auto")),
        ("--channels", scan.channels != "auto"),
    ];
    match one.iter().find(|(_, given)| *given) {
        Some((flag, _)) => Err(Failure::wrong_use(format!(
            "{flag} is for a single session: in a study it stands in the session's manifest (docs/study.md)"
        ))),
        None => Ok(()),
    }
}

struct Wanted {
    good: Vec<SessionFolder>,
    /// Session and why its manifest does not read.
    bad: Vec<(String, String)>,
}

fn sessions(scan: &Scan, study: &Study) -> Result<Wanted, Failure> {
    if !scan.session.is_empty() {
        let good = scan.session.iter().map(|id| study.session(id)).collect::<Result<_, _>>()?;
        return Ok(Wanted { good, bad: Vec::new() });
    }
    let all = study.sessions()?;
    Ok(Wanted { good: all.good, bad: all.bad.into_iter().map(|(id, error)| (id, error.to_string())).collect() })
}

fn wish(scan: &Scan, threads: usize) -> Wish {
    Wish { threads, fresh: scan.fresh, look: !scan.no_video, listen: !scan.no_sound, budget_minutes: scan.budget }
}

/// One session that was tried.
struct Tried {
    id: String,
    /// `None`: stopped before it was done.
    outcome: Option<Outcome>,
    messages: Vec<String>,
    secs: f64,
}

struct Work<'a> {
    scan: &'a Scan,
    place: &'a Path,
    threads: usize,
    stop: &'a AtomicBool,
    total: usize,
}

impl Work<'_> {
    fn all(&self, to_do: &[SessionFolder], at_once: usize) -> Vec<Tried> {
        let next = Mutex::new(to_do.iter());
        let done = Mutex::new(Vec::new());
        let take = || next.lock().unwrap_or_else(PoisonError::into_inner).next();
        std::thread::scope(|scope| {
            for _ in 0..at_once {
                scope.spawn(|| {
                    while let Some(session) = take().filter(|_| !self.stop.load(Ordering::SeqCst)) {
                        let tried = self.one(session);
                        let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                        done.push(tried);
                        if let (false, Some(tried)) = (self.scan.quiet, done.last()) {
                            tell(&self.line(tried, done.len()));
                        }
                    }
                });
            }
        });
        done.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self, tried: &Tried, number: usize) -> String {
        let outcome = tried.outcome.map_or("stopped", Outcome::name);
        let message = tried.messages.first().map(|message| format!("  {message}")).unwrap_or_default();
        format!("{number:>6}/{}  {:<6} {outcome:<7} {:>8.1} s{message}", self.total, tried.id, tried.secs)
    }

    /// Scans one session in a process of its own.
    fn one(&self, session: &SessionFolder) -> Tried {
        let since = Instant::now();
        let before = session.scan_record();
        let ended = self.spawn(session).and_then(|child| self.wait(child));
        let record = session.scan_record();
        let tried = |outcome, messages| Tried {
            id: session.id.clone(),
            outcome,
            messages,
            secs: since.elapsed().as_secs_f64(),
        };
        match (ended, record) {
            (Ok(End::Stopped), _) => tried(None, Vec::new()),
            (Ok(End::Told(0 | 3)), Some(record)) => tried(Some(record.outcome), record.messages),
            (Ok(End::Told(1)), Some(record)) if record.outcome == Outcome::Failed => {
                tried(Some(Outcome::Failed), record.messages)
            }
            (Ok(End::Said(message)), _) => tried(Some(Outcome::Failed), vec![message]),
            (end, _) => {
                let how = match end {
                    Ok(End::Told(code)) => format!("exit code {code}"),
                    Ok(_) => "killed: out of memory, or by somebody".into(),
                    Err(e) => e.to_string(),
                };
                let messages = vec![format!("the scan of this session broke off ({how})")];
                let program = before.map_or_else(|| attune::origin::Hash::of_bytes(b""), |record| record.program);
                let record = ScanRecord::new(record::inputs(session), program, Outcome::Failed, messages.clone());
                // If it cannot be written either, the session counts as not scanned, which is as true.
                let _ = record.write(&session.folder);
                tried(Some(Outcome::Failed), messages)
            }
        }
    }

    fn spawn(&self, session: &SessionFolder) -> std::io::Result<Child> {
        let scan = self.scan;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("scan").arg(self.place).args(["--child", "--session", &session.id, "--quiet"]);
        command.args(["--threads", &self.threads.to_string(), "--runtime", &scan.machine.runtime]);
        for (flag, given) in [
            ("--fresh", scan.fresh),
            ("--full-rate", scan.full_rate),
            ("--no-video", scan.no_video),
            ("--no-sound", scan.no_sound),
        ] {
            command.args(given.then_some(flag));
        }
        for (flag, folder) in [("--models", &scan.machine.models), ("--config", &scan.machine.config)] {
            if let Some(folder) = folder {
                command.arg(flag).arg(folder);
            }
        }
        if let Some(minutes) = scan.budget {
            command.args(["--budget", &minutes.to_string()]);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()
    }

    /// Waits for a child; a stop closes its standard input, at which it ends.
    fn wait(&self, mut child: Child) -> std::io::Result<End> {
        let mut lead = child.stdin.take();
        let mut errors = child.stderr.take();
        // Read while it runs, so that it never waits for us.
        let reader = std::thread::spawn(move || {
            let mut text = Vec::new();
            errors.as_mut().map(|from| from.take(1 << 16).read_to_end(&mut text));
            String::from_utf8_lossy(&text).into_owned()
        });
        loop {
            if let Some(status) = child.try_wait()? {
                let said = reader.join().unwrap_or_default();
                return Ok(match status.code() {
                    Some(130) => End::Stopped,
                    Some(code @ (0 | 1 | 3)) if code != 1 || said.is_empty() => End::Told(code),
                    Some(1 | 2) => End::Said(said.trim().trim_start_matches("attune: ").to_owned()),
                    Some(code) => End::Told(code),
                    None => End::Killed,
                });
            }
            if self.stop.load(Ordering::SeqCst) {
                lead = None;
            }
            std::thread::sleep(LOOK);
            _ = &lead;
        }
    }
}

/// How a child ended.
enum End {
    /// By itself, with this exit code.
    Told(i32),
    /// By itself, saying why it could do nothing.
    Said(String),
    /// Because it was told to.
    Stopped,
    /// Not by itself.
    Killed,
}

struct Summary {
    as_before: usize,
    done: Vec<Tried>,
    unreadable: Vec<(String, String)>,
}

impl Summary {
    fn count(&self, outcome: Outcome) -> usize {
        self.done.iter().filter(|tried| tried.outcome == Some(outcome)).count()
    }

    fn tell(&self, scan: &Scan, stopped: bool) -> Result<(), Failure> {
        let (whole, partly) = (self.count(Outcome::Done), self.count(Outcome::Partly));
        let failed = self.count(Outcome::Failed) + self.unreadable.len();
        if scan.json {
            let told = |tried: &Tried| json!({ "id": tried.id, "outcome": tried.outcome.map(Outcome::name), "messages": tried.messages, "secs": tried.secs });
            let unreadable = self.unreadable.iter().map(|(id, message)| json!({ "id": id, "message": message }));
            say(&format!(
                "{:#}\n",
                json!({
                    "unchanged": self.as_before, "done": whole, "partly": partly, "failed": failed,
                    "sessions": self.done.iter().map(told).collect::<Vec<_>>(),
                    "unreadable": unreadable.collect::<Vec<_>>(),
                })
            ))?;
        } else if !scan.quiet {
            let mut text = format!("{whole} done, {} unchanged, {partly} partly, {failed} failed\n", self.as_before);
            for tried in self.done.iter().filter(|tried| tried.outcome == Some(Outcome::Failed)) {
                text += &format!("  {}: {}\n", tried.id, tried.messages.join("; "));
            }
            for (id, message) in &self.unreadable {
                text += &format!("  {id}: {message}\n");
            }
            say(&text)?;
        }
        if stopped {
            let message = "stopped on request; run the same command again to go on from here".into();
            return Err(Failure { code: Failure::STOPPED, message });
        }
        let none = failed > 0 && whole + partly + self.as_before == 0;
        match (failed + partly, none) {
            (0, _) => Ok(()),
            (_, true) => Err(Failure::told("no session could be scanned")),
            _ => Err(Failure {
                code: Failure::PARTLY,
                message: format!("{failed} session(s) failed, {partly} were done in part"),
            }),
        }
    }
}

/// One session, in the process that is there for it alone.
fn child(scan: &Scan, place: &Path) -> Result<(), Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    end_with_parent(Arc::clone(&stop));
    let study = Study::open(place)?;
    let id = scan.session.first().ok_or_else(|| Failure::wrong_use("--child needs --session"))?;
    let session = study.session(id)?;
    let _lock = locked(&session)?;
    let prepared = Prepared::read(study::config_of(&study, open_config(&scan.machine)?)?)?.at_full_rate(scan.full_rate);
    let shelf = places::open_shelf(scan.machine.models.as_deref(), runtime_from(&scan.machine.runtime)?)?;
    let threads = scan.threads.map_or(1, usize::from);
    match study::scan_session(&study, &session, &prepared, &shelf, &wish(scan, threads), &watch::Unwatched, &stop) {
        Ok((_, record)) if record.outcome == Outcome::Done => Ok(()),
        Ok(_) => Err(Failure { code: Failure::PARTLY, message: String::new() }),
        Err(ScanError::Engine(EngineError::Cancelled(cancelled))) => {
            Err(Failure { code: Failure::STOPPED, message: cancelled.to_string() })
        }
        Err(ScanError::Study(error)) => Err(error.into()),
        // It is in the record.
        Err(_) => Err(Failure { code: Failure::NOTHING, message: String::new() }),
    }
}

/// A process whose parent was killed ends a moment later: the next scan waits for that.
fn locked(session: &SessionFolder) -> Result<attune::study::Lock, Failure> {
    let since = Instant::now();
    loop {
        match session.lock() {
            Ok(lock) => return Ok(lock),
            Err(error) if since.elapsed() > Duration::from_secs(3) => return Err(error.into()),
            Err(_) => std::thread::sleep(LOOK),
        }
    }
}

/// Ends this process when the one that started it is gone: at once if it was killed, for nobody waits for us then.
fn end_with_parent(stop: Arc<AtomicBool>) {
    std::thread::spawn(move || {
        let mut rest = Vec::new();
        let _ = std::io::stdin().lock().read_to_end(&mut rest);
        stop.store(true, Ordering::SeqCst);
        // What is written is put in its place whole or not at all, so a process may end at any moment.
        std::thread::sleep(Duration::from_secs(2));
        std::process::exit(i32::from(Failure::STOPPED));
    });
}
