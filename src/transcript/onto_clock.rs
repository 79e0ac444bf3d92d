//! The transcript's turns on the session clock: given times are checked against the voice and a constant offset is
//! found; times that are missing come from the voice, in order and in proportion to the words.

use serde::Deserialize;

use super::told::PlacedWord;
use super::{Transcript, Turn, activity, by_order, count_words};
use crate::time::{Secs, SessionTime, Span};
use crate::track::Who;

/// `[onto_clock]` of `config/transcript.toml`; each field is explained there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "config/transcript.toml explains each with its unit and source")]
pub struct ClockSettings {
    pub grid_secs: Secs,
    pub max_offset_secs: Secs,
    pub min_likeness: f64,
    pub min_lead: f64,
    pub rival_from_secs: Secs,
    pub apply_from_secs: Secs,
    pub drift_window_secs: Secs,
    pub drift_min_windows: usize,
    pub drift_steady_secs: Secs,
    pub drift_tries_percent: Vec<f64>,
    pub drift_short_from_secs: Secs,
    pub drift_short_likeness: f64,
    pub drift_short_lead: f64,
    pub words_per_sec: f64,
    pub full_coverage: f64,
    pub confidence_unchecked: f32,
    pub confidence_silent: f32,
    pub confidence_no_end: f32,
    pub confidence_no_times: f32,
    pub confidence_guessed: f32,
    pub confidence_word: f32,
    pub join_gap_secs: Secs,
    pub listener_secs: Secs,
    pub cost_skipped_voice: f64,
    pub cost_other_voice: f64,
    pub max_stretches_per_turn: usize,
    pub max_cells: usize,
    pub join_turns_secs: Secs,
}

/// Where each turn lies.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Placed {
    /// For each turn of the transcript in order: when, and how sure (0 to 1). `None`: it lies outside the recording.
    pub turns: Vec<Option<(Span, f32)>>,
    /// For each turn its words with times: those that the transcript gives, until somebody has looked for them on the sound.
    pub words: Vec<Vec<PlacedWord>>,
    /// What has to be added to the transcript's times to fit the sound, in seconds; `None` if that is not clear. Where it
    /// changes over the session, what has to be added at its start.
    pub offset_s: Option<f64>,
    /// By how much that grows, in seconds for a million; `None` if it does not change enough to matter.
    pub drift_ppm: Option<f64>,
    /// Whether that was done (it is left if it is shorter than `apply_from_secs`).
    pub is_offset_applied: bool,
    /// What went wrong, in sentences for the user.
    pub problems: Vec<String>,
    /// What to say of turns without times of their own, as long as nobody has looked for their words; `None` if all have.
    pub rough: Option<String>,
}

/// Lays the transcript's turns on the session clock.
///
/// `speech` holds the stretches in which each voice was heard, in any order (empty: no voice was measured); `session`
/// is the time that the recording covers.
pub fn place(transcript: &Transcript, speech: &[(Who, Span)], session: Span, settings: &ClockSettings) -> Placed {
    let mut speech: Vec<(Who, Span)> = speech.to_vec();
    speech.sort_by_key(|(who, span)| (*span, *who));
    let drift = activity::drift(transcript, &speech, session, settings);
    let offset = match drift {
        Some(drift) => Some(drift.at_start_s),
        None => activity::offset(transcript, &speech, session, settings),
    };
    let is_constant = offset.is_some_and(|secs| secs.abs() >= settings.apply_from_secs.0.as_secs_f64());
    let is_offset_applied = drift.is_some() || is_constant;
    let shift = offset.filter(|_| is_offset_applied).unwrap_or(0.0);
    let per_sec = drift.map_or(0.0, |drift| drift.per_sec);
    let moved = |time: SessionTime| {
        time.shifted(SessionTime::from_secs_f64(shift + per_sec * time.secs_after(session.start())))
    };
    let drift_ppm = drift.map(|drift| drift.per_sec * 1e6);
    let mut placed = Placed { offset_s: offset, drift_ppm, is_offset_applied, ..Placed::default() };
    let starts: Vec<Option<SessionTime>> = transcript.turns.iter().map(|turn| turn.start.map(moved)).collect();
    placed.turns = transcript
        .turns
        .iter()
        .enumerate()
        .map(|(at, turn)| {
            let span = turn.span.and_then(|span| Span::new(moved(span.start()), moved(span.end())));
            timed(turn, at, &starts, span, &speech, settings)
        })
        .collect();
    let words = |(turn, place): (&Turn, &Option<(Span, f32)>)| {
        place.map_or_else(Vec::new, |(_, sure)| words(turn, sure, session, &moved, settings))
    };
    placed.words = transcript.turns.iter().zip(&placed.turns).map(words).collect();
    if starts.iter().any(Option::is_none) {
        between(transcript, &starts, &mut placed, &speech, session, settings);
    }
    if let Some(per_sec) = drift.map(|drift| drift.per_sec) {
        let change = per_sec * session.secs_f64();
        placed.problems.push(format!(
            "the transcript's clock runs {} than the recording's: its times lie {shift:+.1} s off the sound at the start and {:+.1} s at \
             the end, and were shifted by that",
            if per_sec > 0.0 { "slower" } else { "faster" },
            shift + change
        ));
    } else if is_offset_applied {
        placed
            .problems
            .push(format!("the transcript's times lie {shift:+.1} s off the sound and were shifted by that"));
    }
    clip(transcript, &mut placed, session);
    placed
}

/// A turn with a start of its own, and perhaps an end (`span`); `None` if it has none.
fn timed(
    turn: &Turn,
    at: usize,
    starts: &[Option<SessionTime>],
    span: Option<Span>,
    speech: &[(Who, Span)],
    settings: &ClockSettings,
) -> Option<(Span, f32)> {
    let start = starts.get(at).copied().flatten()?;
    if let Some(span) = span {
        return Some((span, agreement(span, speech, settings)));
    }
    // No end: where the last stretch of speech before the next turn ends, at most where the next turn begins.
    let next = starts[at + 1..].iter().flatten().find(|next| **next > start).copied();
    let words = f64::from(count_words(&turn.text).max(1));
    let by_words = start.shifted(SessionTime::from_secs_f64(words / settings.words_per_sec.max(0.1)));
    let open = Span::new(start, next.unwrap_or(by_words.shifted(SessionTime::from_secs_f64(5.0))));
    let heard = open.and_then(|open| speech.iter().filter_map(|(_, s)| s.overlap(open)).map(Span::end).max());
    let end = heard.unwrap_or(next.map_or(by_words, |next| next.min(by_words)));
    let span = Span::new(start, end)?;
    Some((span, agreement(span, speech, settings).min(settings.confidence_no_end)))
}

/// The turn's words that have times of their own, on the session clock. They are believed as the turn is, and no more than a
/// recogniser's times can be.
fn words(
    turn: &Turn,
    sure: f32,
    session: Span,
    moved: &impl Fn(SessionTime) -> SessionTime,
    settings: &ClockSettings,
) -> Vec<PlacedWord> {
    let placed = turn.timed.iter().filter_map(|word| {
        let span = Span::new(moved(word.span.start()), moved(word.span.end()))?.overlap(session)?;
        let confidence = sure.min(settings.confidence_word) * word.confidence.unwrap_or(1.0);
        Some(PlacedWord { chars: word.chars, span, confidence })
    });
    placed.collect()
}

/// How far speech fills the span, as confidence.
fn agreement(span: Span, speech: &[(Who, Span)], settings: &ClockSettings) -> f32 {
    if speech.is_empty() {
        return settings.confidence_unchecked;
    }
    // Starts are sorted: nothing from here on begins inside the span.
    let until = speech.partition_point(|(_, stretch)| stretch.start() < span.end());
    let mut covered = 0.0;
    let mut to = span.start();
    for inside in speech[..until].iter().filter_map(|(_, stretch)| stretch.overlap(span)) {
        let from = inside.start().max(to);
        covered += inside.end().secs_after(from).max(0.0);
        to = to.max(inside.end());
    }
    let share = covered / span.secs_f64() / settings.full_coverage.max(0.01);
    (share as f32).clamp(settings.confidence_silent, 1.0)
}

/// Fills runs of turns without times, each between the timed turns around it.
fn between(
    transcript: &Transcript,
    starts: &[Option<SessionTime>],
    placed: &mut Placed,
    speech: &[(Who, Span)],
    session: Span,
    settings: &ClockSettings,
) {
    let mut at = 0;
    while at < starts.len() {
        if starts[at].is_some() {
            at += 1;
            continue;
        }
        let end = (at..starts.len()).find(|i| starts[*i].is_some()).unwrap_or(starts.len());
        let from =
            at.checked_sub(1).and_then(|before| placed.turns[before]).map_or(session.start(), |(span, _)| span.end());
        let to = starts.get(end).copied().flatten().unwrap_or(session.end());
        if let Some(window) = Span::new(from, to) {
            let spans = by_order::distribute(&transcript.turns[at..end], window, speech, settings);
            placed.turns[at..end].clone_from_slice(&spans);
        }
        at = end;
    }
    let count = starts.iter().filter(|start| start.is_none()).count();
    let how =
        if speech.is_empty() { "spread evenly over the recording" } else { "worked out from the order of the voices" };
    placed.rough = Some(format!("{count} turns of the transcript have no times; theirs were {how} and are rough"));
}

/// Drops what lies outside the recording and cuts what reaches over its end.
fn clip(transcript: &Transcript, placed: &mut Placed, session: Span) {
    let mut outside = 0;
    for (turn, place) in transcript.turns.iter().zip(&mut placed.turns) {
        let had = turn.start.is_some();
        *place = place.and_then(|(span, sure)| Some((span.overlap(session)?, sure)));
        outside += usize::from(had && place.is_none());
    }
    if outside > 0 {
        placed.problems.push(format!(
            "{outside} turns of the transcript lie outside the recording and were left out: check that both are of the same session"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::{Settings, TimedWord};

    fn settings() -> ClockSettings {
        toml::from_str::<Settings>(include_str!("../../config/transcript.toml")).unwrap().onto_clock
    }

    fn session(secs: i64) -> Span {
        Span::from_millis(0, secs * 1000).unwrap()
    }

    /// A conversation with uneven turns and pauses: who, start and end in ms.
    fn conversation(count: usize) -> Vec<(Who, Span)> {
        let mut at = 1000;
        (0..count)
            .map(|i| {
                let length = 800 + (i as i64 * 7919) % 6000;
                let who = if i % 2 == 0 { Who::Speaker(1) } else { Who::Speaker(2) };
                let span = Span::from_millis(at, at + length).unwrap();
                at += length + 150 + (i as i64 * 104_729) % 1800;
                (who, span)
            })
            .collect()
    }

    /// A transcript of these stretches, `off` ms early, with three words a second.
    fn written(speech: &[(Who, Span)], off: i64, with_start: bool, with_end: bool) -> Transcript {
        let shift = SessionTime::from_millis(-off);
        let turns = speech.iter().map(|(who, span)| {
            let words = (span.secs_f64() * 3.0).round().max(1.0) as usize;
            let shifted = span.shifted(shift);
            Turn {
                speaker: if *who == Who::Speaker(1) { "T".into() } else { "C".into() },
                text: vec!["word"; words].join(" "),
                span: Some(shifted).filter(|_| with_start && with_end),
                start: Some(shifted.start()).filter(|_| with_start),
                ..Turn::default()
            }
        });
        Transcript { format: "made".into(), turns: turns.collect(), warnings: Vec::new() }
    }

    fn worst_start_error_ms(placed: &Placed, speech: &[(Who, Span)]) -> i64 {
        let error = |(place, (_, span)): (&Option<(Span, f32)>, &(Who, Span))| {
            place.map_or(i64::MAX, |(found, _)| (found.start().millis() - span.start().millis()).abs())
        };
        placed.turns.iter().zip(speech).map(error).max().unwrap()
    }

    #[test]
    fn a_constant_offset_is_found_and_taken_off() {
        let speech = conversation(60);
        for (off, applied) in [(0, false), (400, false), (4300, true), (-12_700, true), (31_000, true)] {
            let placed = place(&written(&speech, off, true, true), &speech, session(400), &settings());
            let found = placed.offset_s.unwrap_or(f64::NAN);
            assert!((found - off as f64 / 1000.0).abs() < 0.06, "{off}: {found}");
            assert_eq!(placed.is_offset_applied, applied, "{off}");
            if applied {
                assert!(worst_start_error_ms(&placed, &speech) < 60, "{off}");
                assert_eq!(placed.problems.len(), 1);
            }
        }
    }

    /// The same transcript by a clock that runs so many parts per million slower.
    fn slower(transcript: &Transcript, ppm: f64) -> Transcript {
        let slow = |time: SessionTime| SessionTime::from_secs_f64(time.secs_f64() / (1.0 + ppm / 1e6));
        let mut transcript = transcript.clone();
        for turn in &mut transcript.turns {
            turn.span = turn.span.and_then(|span| Span::new(slow(span.start()), slow(span.end())));
            turn.start = turn.span.map(Span::start);
        }
        transcript
    }

    fn check_clock(count: usize, ppm: f64, within_ppm: f64, within_ms: i64) {
        let speech = conversation(count);
        let end = speech.last().unwrap().1.end().secs_f64().ceil() as i64;
        let placed = place(&slower(&written(&speech, 3000, true, true), ppm), &speech, session(end), &settings());
        if (ppm / 1e6 * end as f64).abs() < 0.7 {
            assert_eq!(placed.drift_ppm, None, "{ppm}");
            return;
        }
        let found = placed.drift_ppm.unwrap_or(f64::NAN);
        assert!((found - ppm).abs() < within_ppm, "{ppm}: {found}");
        assert!(worst_start_error_ms(&placed, &speech) < within_ms, "{ppm}");
        let told = if ppm > 0.0 { "slower" } else { "faster" };
        assert!(placed.problems[0].contains(told), "{:?}", placed.problems);
    }

    #[test]
    fn a_clock_that_runs_fast_or_slow_is_set_right() {
        for ppm in [0.0, 200.0, 1000.0, -2000.0, 4000.0] {
            check_clock(400, ppm, 60.0, 200);
        }
    }

    #[test]
    fn a_film_played_at_another_rate_is_set_right() {
        // 25 and 24 pictures a second against 23.976 and back, and rates between.
        for ppm in [42_708.0, -40_959.0, 41_667.0, -40_000.0, 12_000.0, -27_500.0] {
            check_clock(280, ppm, 60.0, 400);
        }
    }

    #[test]
    fn in_a_short_recording_only_the_rates_of_films_are_told() {
        for ppm in [42_708.0, -40_959.0] {
            check_clock(60, ppm, 1500.0, 900);
        }
        // An offset, or times to the second, are no other rate.
        let speech = conversation(60);
        for off in [0, 7_300] {
            assert_eq!(place(&written(&speech, off, true, true), &speech, session(400), &settings()).drift_ppm, None);
        }
        let mut whole = written(&speech, 0, true, true);
        for turn in &mut whole.turns {
            turn.start = turn.start.map(|start| SessionTime::from_millis(start.millis() / 1000 * 1000));
            turn.span = None;
        }
        assert_eq!(place(&whole, &speech, session(400), &settings()).drift_ppm, None);
    }

    #[test]
    fn a_recognisers_words_go_with_their_turn() {
        let speech = conversation(60);
        let mut transcript = written(&speech, 4300, true, true);
        for turn in &mut transcript.turns {
            let word = turn.span.unwrap();
            turn.timed.push(TimedWord { chars: (0, 4), span: word, confidence: Some(0.5) });
        }
        let placed = place(&transcript, &speech, session(400), &settings());
        let word = &placed.words[5][0];
        assert_eq!((word.chars, word.span), ((0, 4), placed.turns[5].unwrap().0));
        assert!((word.confidence - 0.5 * settings().confidence_word).abs() < 1e-6);
    }

    #[test]
    fn no_offset_is_claimed_where_nothing_fits() {
        let speech = conversation(60);
        let other: Vec<(Who, Span)> =
            (0..50).map(|i| (Who::Speaker(1), Span::from_millis(i * 7000, i * 7000 + 6500).unwrap())).collect();
        assert_eq!(place(&written(&other, 0, true, true), &speech, session(400), &settings()).offset_s, None);
        assert_eq!(place(&written(&speech, 0, true, true), &[], session(400), &settings()).offset_s, None);
    }

    #[test]
    fn confidence_says_whether_anybody_spoke() {
        let speech = conversation(20);
        let settings = settings();
        let good = place(&written(&speech, 0, true, true), &speech, session(200), &settings);
        assert!(good.turns.iter().all(|turn| turn.unwrap().1 > 0.99));
        let blind = place(&written(&speech, 0, true, true), &[], session(200), &settings);
        assert!(blind.turns.iter().all(|turn| (turn.unwrap().1 - settings.confidence_unchecked).abs() < 1e-6));
        let mut silent = speech.clone();
        silent.remove(4);
        let less = place(&written(&speech, 0, true, true), &silent, session(200), &settings);
        assert!(less.turns[4].unwrap().1 < 0.5);
    }

    #[test]
    fn missing_ends_come_from_the_voice() {
        let speech = conversation(30);
        let placed = place(&written(&speech, 0, true, false), &speech, session(200), &settings());
        for (place, (_, span)) in placed.turns.iter().zip(&speech) {
            let (found, _) = place.unwrap();
            assert!((found.end().millis() - span.end().millis()).abs() < 10, "{found:?} {span:?}");
        }
    }

    #[test]
    fn missing_times_come_from_the_order_of_the_voices() {
        let speech = conversation(40);
        let placed = place(&written(&speech, 0, false, false), &speech, session(260), &settings());
        assert!(worst_start_error_ms(&placed, &speech) < 50, "{:?}", placed.turns);
        assert!(placed.turns.iter().all(|turn| turn.unwrap().1 <= settings().confidence_no_times));
        // Two listener's sounds that nobody wrote down, and a pause inside a turn.
        let mut heard = speech.clone();
        let inside =
            Span::new(speech[6].1.middle(), speech[6].1.middle().shifted(SessionTime::from_millis(300))).unwrap();
        heard.push((Who::Speaker(2), inside));
        let placed = place(&written(&speech, 0, false, false), &heard, session(260), &settings());
        assert!(worst_start_error_ms(&placed, &speech) < 50, "{:?}", placed.turns);
    }

    #[test]
    fn without_voice_and_times_turns_are_spread_by_their_words() {
        let speech = conversation(10);
        let placed = place(&written(&speech, 0, false, false), &[], session(100), &settings());
        let spans: Vec<Span> = placed.turns.iter().map(|turn| turn.unwrap().0).collect();
        assert!(spans.windows(2).all(|pair| pair[0].end() <= pair[1].start()));
        assert_eq!(spans[9].end().millis(), 100_000);
        assert!(placed.turns.iter().all(|turn| turn.unwrap().1 <= settings().confidence_guessed));
    }

    #[test]
    fn a_transcript_longer_than_the_recording_is_cut_and_said() {
        let speech = conversation(40);
        let placed = place(&written(&speech, 0, true, true), &[], session(50), &settings());
        assert!(placed.turns.iter().flatten().all(|(span, _)| span.end() <= session(50).end()));
        assert!(placed.turns.last().unwrap().is_none());
        assert!(placed.problems[0].contains("outside the recording"));
        assert!(placed.turns.iter().flatten().count() < 20);
    }
}
