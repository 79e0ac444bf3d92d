//! The tables of the coders' work.

use super::{Cell, END, Kind, LENGTH, Material, START, Table, table};
use crate::share::coders::secs;

pub(super) fn decisions(material: &Material) -> Table {
    let words = material.may_show_words();
    let rows = material.work.decisions.iter().map(|decision| {
        let mut row = vec![
            Cell::text(&decision.episode),
            Cell::text(&decision.coder),
            Cell::text(&decision.pass),
            Cell::text(&decision.verdict),
            Cell::text(&decision.code),
            Cell::text(&decision.asked),
            Cell::Number(decision.start_s),
            Cell::Number(decision.end_s),
            Cell::Number(decision.end_s - decision.start_s),
        ];
        if words {
            row.extend([Cell::text(&decision.made_at), Cell::text(&decision.note)]);
        }
        row
    });
    let mut columns = vec![
        (
            "episode",
            "id",
            Kind::Text,
            "Candidate it is about; empty for a stretch that the coder found and for controls.",
        ),
        ("coder", "name", Kind::Text, "Who decided."),
        ("pass", "word", Kind::Text, "blind (without having seen candidates) or flag (with)."),
        ("verdict", "word", Kind::Text, "confirm, reject or unsure; recode: another code than was asked about."),
        ("code", "id", Kind::Text, "Code; empty if none was given."),
        ("asked", "word", Kind::Text, "Kind of moment the page asked about; empty for what was imported."),
        START,
        END,
        LENGTH,
    ];
    if words {
        columns.push(("made_at", "ISO 8601", Kind::Text, "When it was decided; empty if not known."));
        columns.push(("note", "text", Kind::Text, "The coder's note; empty if none."));
    }
    table("decisions", material, &columns, rows.collect())
}

pub(super) fn codings(material: &Material) -> Table {
    let words = material.may_show_words();
    let rows = material.work.codings.iter().map(|coding| {
        let given = &coding.given;
        let mut row = vec![
            given.unit.map_or(Cell::Nothing, Cell::Whole),
            Cell::text(&given.coder),
            Cell::text(&given.pass),
            Cell::Whole(coding.stands.into()),
            Cell::text(&given.code),
            given.turn.map_or(Cell::Nothing, |turn| Cell::Whole(turn.into())),
            Cell::Number(secs(given.start_ms)),
            Cell::Number(secs(given.end_ms)),
            Cell::Number(secs(given.end_ms - given.start_ms)),
        ];
        if words {
            row.push(Cell::text(&given.note));
        }
        row
    });
    let mut columns = vec![
        (
            "unit",
            "number",
            Kind::Whole,
            "Rows of one number are one code: as it was at the lock, and as it was changed after it.",
        ),
        ("coder", "name", Kind::Text, "Who gave it."),
        (
            "pass",
            "word",
            Kind::Text,
            "blind: as it was at the lock, which is what agreement is measured on; flag: given or changed after it.",
        ),
        (
            "stands",
            "0 or 1",
            Kind::Whole,
            "Whether it is the coder's last word; 0 if changed or taken back after the lock.",
        ),
        ("code", "id", Kind::Text, "Code."),
        ("turn", "number", Kind::Whole, "Turn, from 0; empty for a free stretch."),
        START,
        END,
        LENGTH,
    ];
    if words {
        columns.push(("note", "text", Kind::Text, "The coder's note; empty if none."));
    }
    table("codings", material, &columns, rows.collect())
}

pub(super) fn ratings(material: &Material) -> Table {
    let rows = material.work.ratings.iter().map(|(coder, minute, rating)| {
        vec![Cell::text(coder), Cell::Whole((*minute).into()), Cell::Whole((*rating).into())]
    });
    table(
        "ratings",
        material,
        &[
            ("coder", "name", Kind::Text, "Who rated."),
            ("minute", "number", Kind::Whole, "Minute of the session, from 0."),
            ("rating", "1 to 5", Kind::Whole, "How salient the minute is, rated before any candidate was shown."),
        ],
        rows.collect(),
    )
}

pub(super) fn consensus(material: &Material) -> Table {
    let words = material.may_show_words();
    let rows = material.work.consensus.iter().map(|settled| {
        let mut row = vec![
            Cell::text(&settled.unit),
            Cell::text(&settled.code),
            Cell::Number(secs(settled.start_ms)),
            Cell::Number(secs(settled.end_ms)),
            Cell::Number(secs(settled.end_ms - settled.start_ms)),
            Cell::text(&settled.outcome),
            Cell::Whole(settled.keep.into()),
            Cell::text(settled.moved.join(" ")),
        ];
        if words {
            row.push(Cell::text(&settled.note));
        }
        row
    });
    let mut columns = vec![
        ("unit", "key", Kind::Text, "What was settled: a code on a turn, a stretch or the session."),
        ("code", "id", Kind::Text, "Code."),
        START,
        END,
        LENGTH,
        ("outcome", "word", Kind::Text, "agreed, majority or unresolved."),
        ("keep", "0 or 1", Kind::Whole, "Whether the code stays."),
        ("moved", "names", Kind::Text, "Coders who changed their mind, separated by spaces; empty if none."),
    ];
    if words {
        columns.push(("note", "text", Kind::Text, "The meeting's note; empty if none."));
    }
    table("consensus", material, &columns, rows.collect())
}
