//! What stands in each column of each file. The writers of the CSV files walk these lists, so a column cannot be
//! written without its description; a test keeps `docs/results.md` in step.

use std::fmt::Write;

use super::number::plain;
use crate::episodes::{Episode, Evidence, Outcome};
use crate::markers::Event;
use crate::session::Session;
use crate::time::SessionTime;

/// One column of a table whose rows are `T`.
pub struct Column<T> {
    /// As in the header; ends in its unit where it has one (`_s` = seconds).
    pub name: &'static str,
    /// Unit, or what kind of value.
    pub unit: &'static str,
    /// One sentence; says when the cell is empty.
    pub meaning: &'static str,
    /// The cell.
    pub cell: fn(&Session, &T) -> String,
}

/// `events.csv`.
pub const EVENTS: &[Column<Event>] = &[
    Column {
        name: "session",
        unit: "text",
        meaning: "Name of the session, so that files of many sessions can be joined.",
        cell: |session, _| guarded(&session.name),
    },
    Column {
        name: "event",
        unit: "number",
        meaning: "Position in the session's list, from 0; `session.json` refers to events by it.",
        cell: |_, event| event.id.0.to_string(),
    },
    Column {
        name: "marker",
        unit: "id",
        meaning: "The marker that saw it, e.g. `aud.silence3`, `vid.pout`.",
        cell: |_, event| event.marker.clone(),
    },
    Column {
        name: "who",
        unit: "person",
        meaning: "`client`, `therapist`, `room` (both), or `speaker1`, `face1` .. where nothing tells the role.",
        cell: |_, event| event.who.to_string(),
    },
    Column {
        name: "start_s",
        unit: "seconds",
        meaning: "Start on the session clock.",
        cell: |_, event| time(event.span.start()),
    },
    Column {
        name: "end_s",
        unit: "seconds",
        meaning: "End on the session clock; the first moment after.",
        cell: |_, event| time(event.span.end()),
    },
    Column {
        name: "duration_s",
        unit: "seconds",
        meaning: "Length.",
        cell: |_, event| plain(event.span.secs_f64()).to_string(),
    },
    Column {
        name: "apex_s",
        unit: "seconds",
        meaning: "When it was strongest, on the session clock; empty if it has no such moment.",
        cell: |_, event| event.apex.map(time).unwrap_or_default(),
    },
    Column {
        name: "value",
        unit: "see `unit`",
        meaning: "The quantity the marker measures; empty if it could not be measured.",
        cell: |_, event| number(event.value),
    },
    Column {
        name: "unit",
        unit: "word",
        meaning: "Unit of `value`: `seconds`, `standard_scores`, `probability`, `share`, `count` ...",
        cell: |_, event| word(&event.unit),
    },
    Column {
        name: "strength",
        unit: "0 to 1",
        meaning: "How strong it is for rules and scores: 0 at the foot of the threshold, 1 where more adds nothing.",
        cell: |_, event| number(event.strength),
    },
    Column {
        name: "confidence",
        unit: "0 to 1",
        meaning: "How sure the measurement is; not how likely any meaning is.",
        cell: |_, event| number(event.confidence),
    },
    Column {
        name: "kind",
        unit: "word",
        meaning: "Kind within the marker, e.g. who spoke before and after a silence (`TT` `TC` `CT` `CC`); empty if \
                  the marker has no kinds.",
        cell: |_, event| event.kind.clone().unwrap_or_default(),
    },
    Column {
        name: "words",
        unit: "count",
        meaning: "Words said, for turns and replies; empty without a transcript.",
        cell: |_, event| event.words.map(|words| words.to_string()).unwrap_or_default(),
    },
    Column {
        name: "seen_in",
        unit: "track names",
        meaning: "Tracks of `tracks.parquet` in which to look, separated by `; `.",
        cell: |_, event| event.seen_in.join("; "),
    },
];

/// `episodes.csv`.
pub const EPISODES: &[Column<Episode>] = &[
    Column {
        name: "session",
        unit: "text",
        meaning: "Name of the session.",
        cell: |session, _| guarded(&session.name),
    },
    Column {
        name: "episode",
        unit: "id",
        meaning: "`e001` .. in order of start, as in the report.",
        cell: |_, episode| episode.id.clone(),
    },
    Column {
        name: "rank",
        unit: "number",
        meaning: "1 = look here first.",
        cell: |_, episode| episode.rank.to_string(),
    },
    Column {
        name: "in_budget",
        unit: "true/false",
        meaning: "Whether it lies within the review time that the settings allow.",
        cell: |_, episode| episode.in_budget.to_string(),
    },
    Column {
        name: "kind",
        unit: "word",
        meaning: "What it is a candidate for: `withdrawal`, `confrontation`, `mixed`, `cycle`, `avoidant_like`, \
                  `preoccupied_like`, `secure_like`. A moment, never a label on a person.",
        cell: |_, episode| episode.kind.name().to_owned(),
    },
    Column {
        name: "also",
        unit: "words",
        meaning: "Moments that lie mostly inside and are not listed a second time, separated by `; `.",
        cell: |_, episode| episode.also.iter().map(|kind| kind.name()).collect::<Vec<_>>().join("; "),
    },
    Column {
        name: "start_s",
        unit: "seconds",
        meaning: "Start on the session clock: of the first prompt.",
        cell: |_, episode| time(episode.span.start()),
    },
    Column {
        name: "end_s",
        unit: "seconds",
        meaning: "End on the session clock: of the last reply.",
        cell: |_, episode| time(episode.span.end()),
    },
    Column {
        name: "duration_s",
        unit: "seconds",
        meaning: "Length.",
        cell: |_, episode| plain(episode.span.secs_f64()).to_string(),
    },
    Column {
        name: "clip_start_s",
        unit: "seconds",
        meaning: "Where a coder should begin to watch.",
        cell: |_, episode| time(episode.clip.start()),
    },
    Column {
        name: "clip_end_s",
        unit: "seconds",
        meaning: "Where a coder can stop.",
        cell: |_, episode| time(episode.clip.end()),
    },
    Column {
        name: "watch_s",
        unit: "seconds",
        meaning: "What to watch, as `start-end` in order, separated by `; `: the clip, or of a cycle each repeat and \
                  the break.",
        cell: |_, episode| {
            let pieces = episode.watch.iter().map(|span| format!("{}-{}", time(span.start()), time(span.end())));
            guarded(&pieces.collect::<Vec<_>>().join("; "))
        },
    },
    Column {
        name: "review_s",
        unit: "seconds",
        meaning: "Time a coder needs for it: what to watch and an overhead.",
        cell: |_, episode| plain(episode.review_secs).to_string(),
    },
    Column {
        name: "score",
        unit: "number",
        meaning: "Sum of the weighted evidence; not a probability.",
        cell: |_, episode| number(episode.score),
    },
    Column {
        name: "ranking_weight",
        unit: "0 to 1",
        meaning: "Orders the candidates. Not calibrated by any decision: do not read it as a probability.",
        cell: |_, episode| number(episode.ranking_weight),
    },
    Column {
        name: "likelihood",
        unit: "0 to 1",
        meaning: "Probability that a coder confirms it, learned from decisions on other sessions; empty without learned weights.",
        cell: |_, episode| episode.likelihood.map(|likelihood| number(likelihood.probability)).unwrap_or_default(),
    },
    Column {
        name: "sentence",
        unit: "text",
        meaning: "What was measured, in neutral words.",
        cell: |_, episode| guarded(&episode.sentence),
    },
    Column {
        name: "families_for",
        unit: "words",
        meaning: "Kinds of evidence that speak for it, each once, strongest first, separated by `; `.",
        cell: |_, episode| families(&episode.evidence_for),
    },
    Column {
        name: "evidence_for",
        unit: "text",
        meaning: "What speaks for it, strongest first, separated by `; `.",
        cell: |_, episode| sentences(&episode.evidence_for),
    },
    Column {
        name: "evidence_against",
        unit: "text",
        meaning: "What speaks against it, strongest first, separated by `; `; empty if nothing was found.",
        cell: |_, episode| sentences(&episode.evidence_against),
    },
    Column {
        name: "missing",
        unit: "text",
        meaning: "Evidence that could not be looked at, and why, separated by `; `.",
        cell: |_, episode| guarded(&episode.missing.join("; ")),
    },
    Column {
        name: "codes",
        unit: "ids",
        meaning: "Codes whose rules hold inside, separated by `; `: those that a cycle is made of, then the heaviest.",
        cell: |_, episode| episode.codes.iter().map(|code| code.code.as_str()).collect::<Vec<_>>().join("; "),
    },
    Column {
        name: "code_labels",
        unit: "text",
        meaning: "The same codes in the paper's words, separated by ` | `.",
        cell: |_, episode| {
            guarded(&episode.codes.iter().map(|code| code.label.as_str()).collect::<Vec<_>>().join(" | "))
        },
    },
    Column {
        name: "repeats",
        unit: "count",
        meaning: "Blocked exchanges of a cycle; empty for other kinds.",
        cell: |_, episode| episode.cycle.as_ref().map(|cycle| cycle.repeats.len().to_string()).unwrap_or_default(),
    },
    Column {
        name: "therapist_moves",
        unit: "words",
        meaning: "The therapist's move after each repeat of a cycle, separated by `; `; empty for other kinds.",
        cell: |_, episode| episode.cycle.as_ref().map(|cycle| guarded(&cycle.moves.join("; "))).unwrap_or_default(),
    },
    Column {
        name: "outcome",
        unit: "word",
        meaning: "What came after: `resolved`, `spontaneous_recovery`, `unresolved`, `never_addressed`, \
                  `not_assessable`; empty where it does not apply.",
        cell: |_, episode| episode.repair.as_ref().map(|r| outcome_word(r.outcome).to_owned()).unwrap_or_default(),
    },
    Column {
        name: "remark_s",
        unit: "seconds",
        meaning: "Start of the therapist's remark that addressed it; empty if there was none.",
        cell: |_, episode| {
            let remark = episode.repair.as_ref().and_then(|repair| repair.remark_span);
            remark.map(|span| time(span.start())).unwrap_or_default()
        },
    },
    Column {
        name: "repair_score",
        unit: "0 to 1",
        meaning: "Share of the signs of re-engagement that could be assessed and were met; empty if none could.",
        cell: |_, episode| episode.repair.as_ref().and_then(|r| r.score).map(number).unwrap_or_default(),
    },
];

/// Columns of `tracks.parquet`: name, type and unit, meaning.
pub const TRACKS: &[(&str, &str, &str)] = &[
    ("track", "dictionary of text", "Name of the track, e.g. `speech`, `face_actions`, `head_pose`."),
    ("who", "dictionary of text", "Whom it is about, as in `events.csv`."),
    ("column", "dictionary of text", "Name of the number within the track, e.g. `p`, `mouthPucker`, `yaw`."),
    (
        "unit",
        "dictionary of text",
        "Unit of `value`: `probability`, `decibels_full_scale`, `degrees`, `eye_distances`, `pixels`, or `mixed` \
         where each column has its own.",
    ),
    ("time_s", "double, seconds", "Middle of the stretch that was measured, on the session clock."),
    ("value", "float, see `unit`", "The number; null = not measured (no face in view), which is not 0."),
    (
        "confidence",
        "float, 0 to 1",
        "Quality of this moment's measurement; below 0.3 = not assessable; null = the extractor has no opinion.",
    ),
];

/// A table of columns as it stands in `docs/results.md`.
pub fn markdown<T>(columns: &[Column<T>]) -> String {
    table(columns.iter().map(|column| (column.name, column.unit, column.meaning)))
}

/// [`TRACKS`] as it stands in `docs/results.md`.
pub fn tracks_markdown() -> String {
    table(TRACKS.iter().copied())
}

fn table<'a>(rows: impl Iterator<Item = (&'a str, &'a str, &'a str)>) -> String {
    let mut text = String::from("| column | unit | meaning |\n|---|---|---|\n");
    for (name, unit, meaning) in rows {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| `{name}` | {unit} | {} |", meaning.replace('|', "\\|"));
    }
    text
}

/// As in `session.json`.
pub fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Resolved => "resolved",
        Outcome::SpontaneousRecovery => "spontaneous_recovery",
        Outcome::Unresolved => "unresolved",
        Outcome::NeverAddressed => "never_addressed",
        Outcome::NotAssessable => "not_assessable",
    }
}

fn time(time: SessionTime) -> String {
    plain(time.secs_f64()).to_string()
}

fn number(number: f32) -> String {
    if number.is_finite() { (number + 0.0).to_string() } else { String::new() }
}

fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn families(evidence: &[Evidence]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for item in evidence {
        if !names.contains(&item.family.as_str()) {
            names.push(&item.family);
        }
    }
    names.join("; ")
}

fn sentences(evidence: &[Evidence]) -> String {
    guarded(&evidence.iter().map(|item| item.sentence.as_str()).collect::<Vec<_>>().join("; "))
}

/// Free text for a cell. Spreadsheet programs run a cell that begins like a formula, so such text gets an apostrophe
/// in front, which they read as "this is text".
fn guarded(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::episodes::EpisodeKind;

    #[test]
    fn words_are_those_of_the_session_file() {
        for kind in EpisodeKind::ALL {
            assert_eq!(word(&kind), kind.name());
        }
        for outcome in [
            Outcome::Resolved,
            Outcome::SpontaneousRecovery,
            Outcome::Unresolved,
            Outcome::NeverAddressed,
            Outcome::NotAssessable,
        ] {
            assert_eq!(word(&outcome), outcome_word(outcome));
        }
    }

    #[test]
    fn text_is_never_a_formula_and_no_number_is_text() {
        assert_eq!(guarded("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(guarded("a = b"), "a = b");
        assert_eq!(number(-1.5), "-1.5");
        assert_eq!(number(f32::NAN), "");
        assert_eq!(number(-0.0), "0");
    }
}
