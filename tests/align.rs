//! Words on the sound: the bundled example's transcript without its times, with turns missing, with one that was never said,
//! and with whole seconds only. Skipped, with a word, where PocketSphinx is not installed (scripts/setup.sh installs it).

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says what broke by panicking, and prints its table"
)]

use std::path::Path;
use std::process::Command;

use attune::model::sphinx::{Search, Sphinx};
use attune::session::{self, Session};

const EXAMPLE: &str = "fixtures/example";
const SEARCH: Search =
    Search { beam: 1e-60, word_beam: 1e-40, skip_turn: 1e-3, other_speech: 1e-4, other_phone: 0.3, end: 0.02 };

/// Speaker, start in seconds, text: what was really said, and when.
fn said() -> Vec<(String, f64, String)> {
    let text = std::fs::read_to_string(format!("{EXAMPLE}/session.vtt")).unwrap();
    let mut turns = Vec::new();
    let mut start = 0.0;
    for line in text.lines() {
        if let Some((from, _)) = line.split_once(" --> ") {
            start = from.split(':').fold(0.0, |sum, part| sum * 60.0 + part.parse::<f64>().unwrap());
        } else if let Some((who, words)) = line.strip_prefix("<v ").and_then(|rest| rest.split_once('>')) {
            turns.push((who.to_owned(), start, words.to_owned()));
        }
    }
    turns
}

fn scan(folder: &Path, name: &str, transcript: &str) -> Session {
    let file = folder.join(name);
    std::fs::write(&file, transcript).unwrap();
    let out = folder.join("results");
    let done = Command::new(env!("CARGO_BIN_EXE_attune"))
        .args(["scan", &format!("{EXAMPLE}/session.mp4"), "--no-video", "--quiet", "--transcript"])
        .arg(&file)
        .arg("--out")
        .arg(&out)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    session::read(&out).unwrap()
}

/// How far the starts lie off, in seconds, of the turns that begin a turn of the session; sorted. `left_out`: not written.
fn off(session: &Session, truth: &[(String, f64, String)], left_out: &[usize]) -> Vec<f64> {
    let mut errors: Vec<f64> = Vec::new();
    let mut from = 0;
    for (_, start, words) in truth.iter().enumerate().filter(|(at, _)| !left_out.contains(at)).map(|(_, turn)| turn) {
        // In order; what was joined to the turn before has no start of its own.
        let found = session.turns[from..].iter().take(3).position(|turn| turn.text.starts_with(words.as_str()));
        if let Some(place) = found {
            errors.push((session.turns[from + place].span.start().secs_f64() - start).abs());
            from += place + 1;
        }
    }
    errors.sort_by(f64::total_cmp);
    errors
}

fn plain(turns: &[(String, f64, String)], left_out: &[usize]) -> String {
    let written = turns.iter().enumerate().filter(|(at, _)| !left_out.contains(at));
    written.map(|(_, (who, _, words))| format!("{who}: {words}\n")).collect()
}

fn told(name: &str, errors: &[f64]) -> (f64, f64) {
    let (median, most) = (errors[errors.len() / 2], errors[errors.len() - 1]);
    let late = errors.iter().filter(|error| **error > 0.6).count();
    println!("{name}: {} starts, median {median:.3} s, most {most:.2} s, {late} above .6 s", errors.len());
    (median, late as f64 / errors.len() as f64)
}

/// Words lie inside their turns, in the order of the text, and say where in it they stand.
fn words_stand_where_they_were_said(session: &Session) {
    let written: usize = session.turns.iter().map(|turn| attune::align::words_in(&turn.text).len()).sum();
    let share = session.words.len() as f64 / written as f64;
    let short =
        session.words.iter().filter(|word| word.span.secs_f64() < 2.0).count() as f64 / session.words.len() as f64;
    println!("words: {} of {written}, {:.0} % shorter than 2 s", session.words.len(), 100.0 * short);
    assert!(share > 0.8 && short > 0.99, "{share} {short}");
    for word in &session.words {
        let turn = &session.turns[word.turn as usize];
        let there: String = turn.text.chars().skip(word.from as usize).take(word.text.chars().count()).collect();
        assert_eq!((&there, word.who), (&word.text, turn.who));
        assert!(word.span.start() >= turn.span.start() && word.span.end() <= turn.span.end(), "{word:?} {turn:?}");
        assert!(word.confidence > 0.0 && word.confidence <= turn.confidence.max(0.95), "{word:?}");
    }
    for pair in session.words.windows(2).filter(|pair| pair[0].turn == pair[1].turn) {
        assert!(pair[0].from < pair[1].from && pair[0].span.end() <= pair[1].span.start(), "{pair:?}");
    }
}

#[test]
fn turns_are_found_where_they_were_said() {
    if let Err(missing) = Sphinx::open(SEARCH) {
        println!("skipped: {missing}");
        return;
    }
    let truth = said();
    let folder = tempfile::tempdir().unwrap();

    let without_times = scan(folder.path(), "plain.txt", &plain(&truth, &[]));
    let (median, late) = told("without times", &off(&without_times, &truth, &[]));
    assert!(median <= 0.15 && late <= 0.05, "{median} {late}");

    words_stand_where_they_were_said(&without_times);

    // Two turns are missing in the text; one is there that nobody said.
    let missing = [8, 15];
    let mut text = plain(&truth, &missing);
    let place = text.match_indices('\n').nth(11).unwrap().0 + 1;
    text.insert_str(place, "Client: My mother went to the market on sunday to buy some oranges.\n");
    let wrong = scan(folder.path(), "wrong.txt", &text);
    let (median, late) = told("two missing, one never said", &off(&wrong, &truth, &missing));
    assert!(median <= 0.15 && late <= 0.08, "{median} {late}");
    let never = wrong.turns.iter().find(|turn| turn.text.contains("oranges")).unwrap();
    assert!(never.confidence < 0.5, "{never:?}");
    assert!(
        wrong.problems.iter().any(|problem| problem.message.contains("not heard where they should be")),
        "{:?}",
        wrong.problems
    );

    let mut whole = "WEBVTT\n\n".to_owned();
    for (who, start, words) in &truth {
        let secs = start.floor() as u32;
        let clock = |secs: u32| format!("00:{:02}:{:02}.000", secs / 60, secs % 60);
        whole += &format!("{} --> {}\n<v {who}>{words}\n\n", clock(secs), clock(secs + 1));
    }
    let seconds = scan(folder.path(), "seconds.vtt", &whole);
    let (median, late) = told("whole seconds", &off(&seconds, &truth, &[]));
    assert!(median <= 0.15 && late <= 0.05, "{median} {late}");
}

#[test]
fn a_transcript_made_for_another_film_rate_is_set_right() {
    let text = std::fs::read_to_string(format!("{EXAMPLE}/session.vtt")).unwrap();
    let truth = said();
    let folder = tempfile::tempdir().unwrap();
    for (name, rate) in [("for 25 pictures a second", 25.0 / 23.976), ("and back", 23.976 / 25.0), ("as it is", 1.0)] {
        let slower = |stamp: &str| {
            let secs = stamp.split(':').fold(0.0, |sum, part| sum * 60.0 + part.parse::<f64>().unwrap()) / rate;
            format!("{:02}:{:02}:{:06.3}", (secs / 3600.0) as u32, (secs / 60.0) as u32 % 60, secs % 60.0)
        };
        let line = |line: &str| match line.split_once(" --> ") {
            Some((from, to)) => format!("{} --> {}\n", slower(from), slower(to)),
            None => format!("{line}\n"),
        };
        let session = scan(folder.path(), "film.vtt", &text.lines().map(line).collect::<String>());
        let found = session.transcript.as_ref().unwrap().drift_ppm;
        let (median, late) = told(name, &off(&session, &truth, &[]));
        assert!(median <= 0.1 && late <= 0.0, "{name}: {median} {late}");
        let expected = (rate - 1.0) * 1e6;
        assert!((found.unwrap_or(0.0) - expected).abs() < 100.0, "{name}: {found:?}");
    }
}

#[test]
fn damaged_and_odd_sound_gives_no_panic() {
    let Ok(mut sphinx) = Sphinx::open(SEARCH) else {
        println!("skipped: PocketSphinx is not installed");
        return;
    };
    let hello = sphinx.pronunciations("hello");
    assert_eq!(hello.len(), 2, "{hello:?}");
    assert!(sphinx.pronunciations("qwxzv").is_empty() && sphinx.pronunciations("a\0b").is_empty());
    let words = vec![hello; 3];
    for sound in [Vec::new(), vec![0; 100], vec![0; 48_000], vec![i16::MAX; 48_000]] {
        let heard = sphinx.align(&sound, &words, &[0, 1, 1]).unwrap_or_default();
        assert!(heard.windows(2).all(|pair| pair[0].word < pair[1].word), "{heard:?}");
    }
    assert!(sphinx.align(&[0; 16_000], &[], &[]).unwrap_or_default().is_empty());
}
