//! A row per second: the mean of every column of every track, of what was measured in that second.

use super::table::{Cell, Column, Kind, Table};
use super::{Material, Settings};
use crate::time::{SessionTime, Span};
use crate::track::Track;

/// A column of the timeline: whose, of which track, and its values.
struct Series<'a> {
    name: &'a str,
    track: &'a Track,
    column: usize,
}

/// The timeline of a session. In the open profile only what `export.toml` opens.
pub(super) fn table(material: &Material, settings: &Settings) -> Table {
    let session = &material.session;
    let mut columns = vec![
        Column::new("session", "id", Kind::Text, "Session, such as S001."),
        Column::new(
            "second",
            "seconds",
            Kind::Whole,
            "From here to the next: start of this row's second on the session clock.",
        ),
    ];
    let mut series = Vec::new();
    for (name, track) in session.tracks.iter() {
        for (column, label) in track.columns.iter().enumerate() {
            if material.may_show_frames() || settings.is_open(name, label) {
                columns.push(Column::new(
                    &column_name(&track.who.to_string(), name, label),
                    &unit(track),
                    Kind::Number,
                    &format!(
                        "Mean of {label} of the track {name} of {} over the second; empty if less than {:.0} % of it was measured.",
                        track.who,
                        100.0 * settings.min_measured_share
                    ),
                ));
                series.push(Series { name, track, column });
            }
        }
    }
    let first = session.span.start().secs_f64().floor() as i64;
    let last = session.span.end().secs_f64().ceil() as i64;
    // A session is at most some days long; a damaged file may say anything.
    let last = last.min(first.saturating_add(7 * 86_400));
    let rows = (first..last).map(|second| {
        let start = SessionTime::from_millis(second * 1000);
        let mut row = vec![Cell::text(&session.name), Cell::Whole(second)];
        if let Some(span) = Span::new(start, SessionTime::from_millis((second + 1) * 1000)) {
            row.extend(series.iter().map(|series| mean(series, span, settings)));
        }
        row
    });
    Table { name: "timeline", rows: rows.collect(), columns }
}

/// `client_face_actions_mouthPucker`.
pub(super) fn column_name(who: &str, track: &str, column: &str) -> String {
    format!("{who}_{track}_{column}")
}

fn unit(track: &Track) -> String {
    let unit = serde_json::to_value(track.unit).ok();
    unit.and_then(|unit| unit.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Pitch is missing wherever nobody speaks with a voice, so a share of the second says nothing about it.
const OF_ITS_OWN: [&str; 2] = ["pitch", "voice_quality"];

fn mean(series: &Series<'_>, span: Span, settings: &Settings) -> Cell {
    let track = series.track;
    let frames = track.grid.indices(span);
    let total = span.secs_f64() / track.grid.step.secs_f64();
    let (mut sum, mut count) = (0.0_f64, 0_u32);
    for frame in frames {
        let good =
            track.confidence.as_ref().and_then(|all| all.get(frame)).is_none_or(|c| *c >= settings.assessable_from);
        let value = track.values.get([frame, series.column]).copied().unwrap_or(f32::NAN);
        if good && value.is_finite() {
            sum += f64::from(value);
            count += 1;
        }
    }
    let enough = match OF_ITS_OWN.contains(&series.name) {
        true => count > 0,
        false => f64::from(count) >= settings.min_measured_share * total,
    };
    // Six digits are more than any of the measures has.
    match enough && count > 0 {
        true => Cell::single((sum / f64::from(count)) as f32),
        false => Cell::Nothing,
    }
}
