//! `attune scan`: one session, results beside it.

use std::path::PathBuf;

use attune::engine::prepared::Prepared;
use attune::engine::request::{ChannelUse, EngineError, Recording, Request};
use attune::engine::watch::{Stage, Watch};
use attune::engine::withheld::Withheld;
use attune::engine::words::AlignUse;
use attune::engine::{places, recordings, scan};
use attune::export;
use attune::session::Session;
use attune::study::Study;
use serde_json::json;

use super::args::Scan;
use super::progress::Progress;
use super::{Failure, open_config, runtime_from, say, scan_study, stop_on_ctrl_c, tell};

/// Names in the results folder that belong to the engine's store.
const STORE: &[&str] = &["stages"];

pub fn run(scan: Scan) -> Result<(), Failure> {
    if let Some(place) = scan.recordings.iter().find(|path| Study::is_at(path)) {
        return match scan.recordings.len() {
            1 => scan_study::run(&scan, place),
            _ => Err(Failure::wrong_use(format!(
                "a study is scanned by itself: leave out the rest: {}",
                place.display()
            ))),
        };
    }
    if !scan.session.is_empty() || scan.jobs.is_some() || scan.child {
        return Err(Failure::wrong_use("--session and --jobs are for a study"));
    }
    let mut prepared =
        Prepared::read(open_config(&scan.machine)?)?.with_neutral(&scan.neutral).at_full_rate(scan.full_rate);
    if let Some(file) = &scan.learned {
        prepared = prepared.with_learned(file)?;
    }
    let shelf = places::open_shelf(scan.machine.models.as_deref(), runtime_from(&scan.machine.runtime)?)?;
    let request = request(&scan)?;
    let progress = Progress::new(scan.quiet);
    if !scan.quiet && shelf.runtime_name().starts_with("rten") {
        tell(&format!("attune: ONNX Runtime is not used; the built-in runtime is slower ({})", shelf.runtime_name()));
    }
    // Before hours of work: is the place for the results ours to write to?
    let hashes = || recordings::hashes(&request.recordings, &prepared.media);
    let whose = export::Whose { name: &request.name, recordings: &hashes };
    let _claim = export::claim(&request.out, &whose, &options())?;

    let stop = stop_on_ctrl_c()?;
    let session = match scan::scan(&request, &prepared, &shelf, &progress, &stop) {
        Ok(session) => session,
        Err(error @ EngineError::Cancelled(_)) => {
            return Err(Failure { code: Failure::STOPPED, message: error.to_string() });
        }
        Err(EngineError::Request(message)) => return Err(Failure::wrong_use(message)),
        Err(error) => return Err(error.into()),
    };
    progress.begins(Stage::Write, None);
    export::write_results(&session, &prepared.code_words(), &request.out, &prepared.report, &options())?;
    progress.ends(Stage::Write, false);

    if scan.json {
        say(&format!("{:#}\n", summary_json(&session, &request)))?;
    } else if !scan.quiet {
        say(&summary(&session, &request))?;
    }
    match session.problems.iter().filter(|problem| problem.is_failure).count() {
        0 => Ok(()),
        _ if !scan.quiet => {
            Err(Failure { code: Failure::PARTLY, message: "a part could not be done (see above)".into() })
        }
        _ => Err(Failure { code: Failure::PARTLY, message: failures(&session) }),
    }
}

/// What could not be done, for those who see no summary.
fn failures(session: &Session) -> String {
    let failures = session.problems.iter().filter(|problem| problem.is_failure);
    let lines: Vec<_> = failures.map(|problem| format!("  {}: {}", problem.stage, problem.message)).collect();
    format!("a part could not be done:\n{}", lines.join("\n"))
}

fn options() -> export::Options<'static> {
    export::Options { also_ours: STORE, replace_other: false }
}

fn request(scan: &Scan) -> Result<Request, Failure> {
    let first = scan.recordings.first().ok_or_else(|| Failure::told("no recording was given"))?;
    let stem = first.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_else(|| "session".into());
    let out = scan.out.clone().unwrap_or_else(|| first.with_file_name(format!("{stem}.attune")));
    if scan.offset.len() >= scan.recordings.len() && !scan.offset.is_empty() {
        return Err(Failure::wrong_use(format!(
            "--offset is for the recordings after the first: {} given for {} of them",
            scan.offset.len(),
            scan.recordings.len() - 1
        )));
    }
    if let Some(word) = scan.client.iter().find(|word| scan.therapist.contains(word)) {
        return Err(Failure::wrong_use(format!("--client and --therapist name the same person: {word}")));
    }
    let offset = |index: usize| index.checked_sub(1).and_then(|at| scan.offset.get(at).copied());
    let recordings = scan.recordings.iter().enumerate();
    Ok(Request {
        recordings: recordings
            .map(|(i, path)| Recording { path: path.clone(), offset_secs: offset(i), of: None })
            .collect(),
        transcript: scan.transcript.clone(),
        asr: scan.asr.clone(),
        language: scan.language.clone().filter(|name| name != "auto"),
        columns: scan.columns.clone().unwrap_or_default(),
        client: scan.client.clone(),
        therapist: scan.therapist.clone(),
        speakers: scan.speakers.number(),
        therapist_voice: scan.therapist_voice.clone(),
        channels: match scan.channels.as_str() {
            "mixed" => ChannelUse::Mixed,
            "per-person" => ChannelUse::PerPerson,
            _ => ChannelUse::Auto,
        },
        look: !scan.no_video,
        listen: !scan.no_sound,
        out,
        name: scan.name.clone().unwrap_or(stem),
        align: match scan.align.as_str() {
            "always" => AlignUse::Always,
            "never" => AlignUse::Never,
            _ => AlignUse::Auto,
        },
        budget_minutes: scan.budget,
        threads: scan
            .threads
            .map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
            .max(1),
        fresh: scan.fresh,
        withheld: Withheld::default(),
    })
}

fn report_path(request: &Request) -> PathBuf {
    request.out.join("report.html")
}

fn clock(secs: f64) -> String {
    let secs = secs.max(0.0) as u64;
    match secs / 3600 {
        0 => format!("{:02}:{:02}", secs / 60, secs % 60),
        hours => format!("{hours}:{:02}:{:02}", secs / 60 % 60, secs % 60),
    }
}

fn summary(session: &Session, request: &Request) -> String {
    let mut text = String::new();
    let mut ranked: Vec<_> = session.episodes.iter().collect();
    ranked.sort_by_key(|episode| episode.rank);
    text += &match ranked.len() {
        0 => "\nno candidates\n".to_owned(),
        1 => "\n1 candidate for a coder to confirm\n".to_owned(),
        count => format!("\n{count} candidates for a coder to confirm\n"),
    };
    if let Some(review) = &session.review
        && review.clips > 0
    {
        let clips = if review.clips == 1 { "1 clip".to_owned() } else { format!("{} clips", review.clips) };
        text += &format!("{clips}, {:.1} min of review ({})\n", review.minutes, review.note);
    }
    for episode in ranked.iter().take(10) {
        let span = episode.span;
        let (from, to) = (clock(span.start().secs_f64()), clock(span.end().secs_f64()));
        text += &format!("{:>4}. {from} - {to}  {}\n", episode.rank, episode.sentence);
    }
    if ranked.len() > 10 {
        text += &format!("      and {} more in the report\n", ranked.len() - 10);
    }
    if let Some(review) = session.review.as_ref().filter(|review| review.further > 0) {
        text += &format!(
            "{} further stretches below the mark for the review time that is left ({:.1} min): in the report\n",
            review.further, review.further_minutes
        );
    }
    if !session.problems.is_empty() {
        text += match session.problems.iter().any(|problem| problem.is_failure) {
            true => "\nnot everything could be done:\n",
            false => "\nto know:\n",
        };
        // Which markers and rules could not look follows from the lines above them; the report names each.
        let (details, plain): (Vec<_>, Vec<_>) =
            session.problems.iter().partition(|problem| ["markers", "codes"].contains(&problem.stage.as_str()));
        for problem in plain {
            text += &format!("  {}: {}\n", problem.stage, problem.message);
        }
        if !details.is_empty() {
            text += "  some markers and rules could not look; the report names them and says why\n";
        }
    }
    text + &format!("\nreport: {}\n", report_path(request).display())
}

fn summary_json(session: &Session, request: &Request) -> serde_json::Value {
    json!({
        "name": session.name,
        "length_s": session.span.secs_f64(),
        "events": session.events.len(),
        "hits": session.hits.len(),
        "episodes": session.episodes,
        "further": session.further,
        "review": session.review,
        "coverage": session.coverage,
        "problems": session.problems,
        // A path may hold bytes that are no text, which JSON cannot.
        "results": request.out.to_string_lossy(),
        "report": report_path(request).to_string_lossy(),
        "recordings": session.media.iter().map(|media| &media.file).collect::<Vec<_>>(),
        "transcript": request.transcript.as_deref().map(recordings::file_name),
    })
}
