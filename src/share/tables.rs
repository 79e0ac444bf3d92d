//! The tables: sessions, events, turns, hits, candidates, coverage, and those of the coders' work.

mod work;

use super::Material;
use super::said::said;
use super::table::{Cell, Column, Kind, Table};
use crate::export::dictionary::outcome_word;
use crate::time::{SessionTime, Span};
use crate::transcript::own;

/// Every table, in the order in which they are written.
pub const NAMES: [&str; 11] = [
    "sessions",
    "events",
    "turns",
    "hits",
    "episodes",
    "coverage",
    "decisions",
    "codings",
    "ratings",
    "consensus",
    "words",
];

/// All tables of a session that its profile shows.
pub fn all(material: &Material) -> Vec<Table> {
    let mut all = vec![
        sessions(material),
        events(material),
        turns(material),
        hits(material),
        episodes(material),
        coverage(material),
        work::decisions(material),
        work::codings(material),
        work::ratings(material),
        work::consensus(material),
    ];
    if material.may_show_words() {
        all.push(words(material));
    }
    all
}

/// Columns that begin every table.
fn about_columns() -> Vec<Column> {
    vec![
        Column::new("session", "id", Kind::Text, "Session, such as S001."),
        Column::new("dyad", "id", Kind::Text, "Pair of people; empty if nothing is said about it."),
        Column::new(
            "day",
            "days",
            Kind::Whole,
            "Days after the pair's first session; empty if nothing is said about it.",
        ),
    ]
}

fn about(material: &Material) -> Vec<Cell> {
    let about = &material.about;
    vec![
        Cell::text(&about.id),
        about.dyad.as_deref().map_or(Cell::Nothing, Cell::text),
        about.day.map_or(Cell::Nothing, |day| Cell::Whole(day.into())),
    ]
}

fn table(name: &'static str, material: &Material, columns: &[(&str, &str, Kind, &str)], rows: Vec<Vec<Cell>>) -> Table {
    let mut all = about_columns();
    all.extend(columns.iter().map(|(name, unit, kind, meaning)| Column::new(name, unit, *kind, meaning)));
    let rows = rows.into_iter().map(|row| about(material).into_iter().chain(row).collect()).collect();
    Table { name, columns: all, rows }
}

fn time(time: SessionTime) -> Cell {
    Cell::Number(time.secs_f64())
}

fn span(span: Span) -> [Cell; 3] {
    [time(span.start()), time(span.end()), Cell::Number(span.secs_f64())]
}

fn word(value: &impl serde::Serialize) -> Cell {
    let text = serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned));
    Cell::text(text.unwrap_or_default())
}

const START: (&str, &str, Kind, &str) = ("start_s", "seconds", Kind::Number, "Start on the session clock.");
const END: (&str, &str, Kind, &str) =
    ("end_s", "seconds", Kind::Number, "End on the session clock; the first moment after.");
const LENGTH: (&str, &str, Kind, &str) = ("duration_s", "seconds", Kind::Number, "Length.");
const WHO: (&str, &str, Kind, &str) = (
    "who",
    "person",
    Kind::Text,
    "client, therapist, room (both), or speaker1, face1 .. where nothing tells the role.",
);

fn sessions(material: &Material) -> Table {
    let session = &material.session;
    let speaking = |who| {
        let person = session.people.iter().find(|person| person.who == who);
        Cell::maybe(person.and_then(|person| person.speaking_s))
    };
    let row = vec![
        material.about.client.as_deref().map_or(Cell::Nothing, Cell::text),
        material.about.therapist.as_deref().map_or(Cell::Nothing, Cell::text),
        Cell::Number(session.span.secs_f64()),
        speaking(crate::track::Who::Client),
        speaking(crate::track::Who::Therapist),
        Cell::text(&session.origin.engine),
        Cell::text(session.origin.settings.short()),
        Cell::text(session.origin.codebook.short()),
        Cell::text(material.profile.name()),
        material.work.coders.map_or(Cell::Nothing, |count| Cell::Whole(i64::try_from(count).unwrap_or(i64::MAX))),
    ];
    table(
        "sessions",
        material,
        &[
            ("client", "pseudonym", Kind::Text, "What the client is called in the study; empty outside a study."),
            ("therapist", "pseudonym", Kind::Text, "What the therapist is called in the study; empty outside a study."),
            ("length_s", "seconds", Kind::Number, "Length of the session."),
            (
                "client_speaking_s",
                "seconds",
                Kind::Number,
                "Speaking time of the client; empty if their voice is not known.",
            ),
            (
                "therapist_speaking_s",
                "seconds",
                Kind::Number,
                "Speaking time of the therapist; empty if their voice is not known.",
            ),
            ("engine", "version", Kind::Text, "Version of Attune that measured it."),
            (
                "settings",
                "hash",
                Kind::Text,
                "First 12 digits of the hash of all settings: sessions with another one are not comparable without care.",
            ),
            ("codebook", "hash", Kind::Text, "First 12 digits of the hash of the codebook."),
            ("profile", "word", Kind::Text, "What may be seen: open, restricted or media."),
            (
                "coders",
                "count",
                Kind::Whole,
                "People whose work counts in the session, once all who code have locked their first pass; empty before: the tables of the coders' \
                 work then hold only what was imported.",
            ),
        ],
        vec![row],
    )
}

fn events(material: &Material) -> Table {
    let rows = material.session.events.iter().map(|event| {
        let mut row =
            vec![Cell::Whole(event.id.0.into()), Cell::text(&event.marker), Cell::text(event.who.to_string())];
        row.extend(span(event.span));
        row.extend([
            event.apex.map_or(Cell::Nothing, time),
            Cell::single(event.value),
            word(&event.unit),
            Cell::single(event.strength),
            Cell::single(event.confidence),
            event.kind.as_deref().map_or(Cell::Nothing, Cell::text),
            event.words.map_or(Cell::Nothing, |words| Cell::Whole(words.into())),
        ]);
        row
    });
    table(
        "events",
        material,
        &[
            ("event", "number", Kind::Whole, "Position in the session's list, from 0."),
            (
                "marker",
                "id",
                Kind::Text,
                "The marker that saw it, e.g. aud.silence3, vid.pout (docs/data-dictionary.md).",
            ),
            WHO,
            START,
            END,
            LENGTH,
            ("apex_s", "seconds", Kind::Number, "When it was strongest; empty if it has no such moment."),
            ("value", "see unit", Kind::Number, "The quantity the marker measures; empty if it could not be measured."),
            ("unit", "word", Kind::Text, "Unit of value."),
            ("strength", "0 to 1", Kind::Number, "How strong it is for rules and scores."),
            ("confidence", "0 to 1", Kind::Number, "How sure the measurement is; not how likely any meaning is."),
            ("kind", "word", Kind::Text, "Kind within the marker; empty if it has none."),
            ("words", "count", Kind::Whole, "Words said; empty without a transcript."),
        ],
        rows.collect(),
    )
}

fn turns(material: &Material) -> Table {
    let words = material.may_show_words();
    let rows = said(material).into_iter().map(|said| {
        let turn = said.turn.and_then(|turn| material.session.turns.get(turn));
        let number = said.turn.and_then(|turn| i64::try_from(turn).ok());
        let mut row = vec![number.map_or(Cell::Nothing, Cell::Whole), Cell::text(said.who.to_string())];
        row.extend(span(said.span));
        row.push(turn.map_or(Cell::Nothing, |turn| Cell::single(turn.confidence)));
        if words {
            let notes = if said.notes.is_empty() { String::new() } else { own::written("", &said.notes) };
            row.extend([Cell::text(said.text), Cell::text(notes)]);
        }
        row
    });
    let mut columns = vec![
        ("turn", "number", Kind::Whole, "Position in the transcript, from 0; empty for notes where nothing was said."),
        WHO,
        START,
        END,
        LENGTH,
        ("confidence", "0 to 1", Kind::Number, "How sure the time is; empty for notes where nothing was said."),
    ];
    if words {
        columns.push(("text", "text", Kind::Text, "What was said; empty for notes where nothing was said."));
        columns.push((
            "notes",
            "text",
            Kind::Text,
            "What the transcriber noted besides, such as ((laughs)); empty if nothing.",
        ));
    }
    table("turns", material, &columns, rows.collect())
}

/// Words that were found on the sound.
fn words(material: &Material) -> Table {
    let rows = material.session.words.iter().map(|word| {
        let mut row =
            vec![Cell::Whole(word.turn.into()), Cell::Whole(word.from.into()), Cell::text(word.who.to_string())];
        row.extend(span(word.span));
        row.extend([Cell::single(word.confidence), Cell::text(&word.text)]);
        row
    });
    table(
        "words",
        material,
        &[
            ("turn", "number", Kind::Whole, "Turn it stands in, from 0."),
            ("chars_before", "characters", Kind::Whole, "Characters of the turn's text before it."),
            WHO,
            START,
            END,
            LENGTH,
            ("confidence", "0 to 1", Kind::Number, "How sure the time is."),
            ("text", "text", Kind::Text, "The word as it is written, without punctuation."),
        ],
        rows.collect(),
    )
}

fn hits(material: &Material) -> Table {
    let rows = material.session.hits.iter().map(|hit| {
        let because: Vec<_> = hit.because.iter().map(|id| id.0.to_string()).collect();
        let mut row = vec![Cell::text(&hit.code), Cell::text(&hit.rule), Cell::Whole(hit.rule_version.into())];
        row.extend(span(hit.span));
        row.extend([Cell::single(hit.strength), Cell::single(hit.quality), Cell::text(because.join(" "))]);
        row
    });
    table(
        "hits",
        material,
        &[
            ("code", "id", Kind::Text, "Code whose rule holds here: a place to look at, not a finding."),
            ("rule", "id", Kind::Text, "Rule of that code."),
            ("rule_version", "number", Kind::Whole, "Version of the rule."),
            START,
            END,
            LENGTH,
            ("strength", "0 to 1", Kind::Number, "Mean strength of the rule's steps."),
            ("quality", "0 to 1", Kind::Number, "Lowest confidence among its events."),
            ("events", "numbers", Kind::Text, "The events that make it hold, separated by spaces."),
        ],
        rows.collect(),
    )
}

fn episodes(material: &Material) -> Table {
    let words = material.may_show_words();
    let candidates = material.session.episodes.iter().map(|episode| ("candidate", episode));
    let further = material.session.further.iter().map(|episode| ("further", episode));
    let rows = candidates.chain(further).map(|(list, episode)| {
        let codes: Vec<_> = episode.codes.iter().map(|code| code.code.as_str()).collect();
        let mut row = vec![
            Cell::text(&episode.id),
            Cell::text(list),
            Cell::Whole(episode.rank.into()),
            Cell::Whole(episode.in_budget.into()),
            Cell::text(episode.kind.name()),
        ];
        row.extend(span(episode.span));
        row.extend([
            Cell::single(episode.score),
            Cell::single(episode.ranking_weight),
            episode.likelihood.map_or(Cell::Nothing, |likelihood| Cell::single(likelihood.probability)),
            Cell::text(codes.join(" ")),
            episode
                .cycle
                .as_ref()
                .map_or(Cell::Nothing, |cycle| Cell::Whole(i64::try_from(cycle.repeats.len()).unwrap_or(i64::MAX))),
            episode.repair.as_ref().map_or(Cell::Nothing, |repair| Cell::text(outcome_word(repair.outcome))),
            episode.repair.as_ref().and_then(|repair| repair.score).map_or(Cell::Nothing, Cell::single),
        ]);
        if words {
            row.push(Cell::text(&episode.sentence));
        }
        row
    });
    let mut columns = vec![
        ("episode", "id", Kind::Text, "Candidate, e001 .. in order of start; f001 .. for further stretches."),
        (
            "list",
            "word",
            Kind::Text,
            "candidate, or further: a stretch below the candidates' mark for minutes of review that are left; no count of candidates \
             holds it.",
        ),
        ("rank", "number", Kind::Whole, "1 = look here first."),
        ("in_budget", "0 or 1", Kind::Whole, "Whether it lies within the review time that the settings allow."),
        ("kind", "word", Kind::Text, "What it is a candidate for. A moment, never a label on a person."),
        START,
        END,
        LENGTH,
        ("score", "number", Kind::Number, "Sum of the weighted evidence; not a probability."),
        ("ranking_weight", "0 to 1", Kind::Number, "Orders the candidates; not a probability."),
        (
            "likelihood",
            "0 to 1",
            Kind::Number,
            "Probability that a coder confirms it, learned from decisions on other sessions; empty without learned weights.",
        ),
        (
            "codes",
            "ids",
            Kind::Text,
            "Codes whose rules hold inside, separated by spaces: those that a cycle is made of, then the heaviest.",
        ),
        ("repeats", "count", Kind::Whole, "Blocked exchanges of a cycle; empty elsewhere."),
        ("outcome", "word", Kind::Text, "What came after; empty where it does not apply."),
        (
            "repair_score",
            "0 to 1",
            Kind::Number,
            "Share of the signs of re-engagement that were met; empty if none could be assessed.",
        ),
    ];
    if words {
        columns.push(("sentence", "text", Kind::Text, "What was measured, in neutral words."));
    }
    table("episodes", material, &columns, rows.collect())
}

fn coverage(material: &Material) -> Table {
    let rows = material.session.coverage.iter().map(|row| {
        vec![
            Cell::text(&row.modality),
            Cell::text(row.who.to_string()),
            Cell::Number(row.assessable_s),
            Cell::Number(row.total_s),
            Cell::text(&row.why_not),
        ]
    });
    table(
        "coverage",
        material,
        &[
            ("modality", "word", Kind::Text, "voice, face, gaze, movement, body or text."),
            WHO,
            (
                "assessable_s",
                "seconds",
                Kind::Number,
                "Seconds that could be assessed: what is missing there was not measured, which is not the same as absent.",
            ),
            ("total_s", "seconds", Kind::Number, "Seconds of the session."),
            ("why_not", "text", Kind::Text, "Why the rest could not be; empty if all could."),
        ],
        rows.collect(),
    )
}
