//! Rows of the timeline and the marks of their time axis.

use maud::{Markup, html};

use crate::export::draw::{Scale, clock, n, words};
use crate::export::settings::Settings;
use crate::time::{SessionTime, Span};

const NANOS: i64 = 1_000_000_000;
const MOST_ROWS: f64 = 200.0;

/// Distances between two marks, seconds.
const STEPS: [i64; 12] = [1, 2, 5, 10, 15, 30, 60, 300, 900, 3600, 6 * 3600, 24 * 3600];

/// Most distances in a row: words of some 40 px each, with room between.
const MOST_MARKS: f64 = 15.0;

/// Seconds that a whole row of the timeline shows.
pub(super) fn row_secs(session: Span, settings: &Settings) -> f64 {
    let whole = session.secs_f64();
    if whole <= settings.one_row_up_to_minutes * 60.0 {
        return whole;
    }
    // A clock that runs wild in a damaged file must not make a picture of a million rows.
    (settings.row_minutes * 60.0).max(30.0).max(whole / MOST_ROWS)
}

/// Seconds between two marks of a row's axis: as few as leave room for their words.
fn mark_secs(row_secs: f64) -> i64 {
    STEPS.into_iter().find(|step| row_secs / *step as f64 <= MOST_MARKS).unwrap_or((row_secs / MOST_MARKS) as i64 + 1)
}

/// Where a time stands in the timeline of the same page: the mark at or before it.
pub(in crate::export) fn anchor(session: Span, settings: &Settings, time: SessionTime) -> String {
    let step = mark_secs(row_secs(session, settings)).saturating_mul(NANOS);
    let first = -(-session.start().nanos()).div_euclid(step);
    let last = (session.end().nanos() - 1).div_euclid(step);
    format!("#m{}", time.nanos().div_euclid(step).min(last).max(first))
}

/// Rows of equal length; a last piece shorter than a tenth of a row still gets one, since nothing may be left out.
pub(super) fn row_spans(session: Span, row_secs: f64) -> Vec<Span> {
    let step = SessionTime::from_secs_f64(row_secs);
    let mut rows = Vec::new();
    let mut from = session.start();
    while from < session.end() {
        let to = from.shifted(step).min(session.end());
        rows.extend(Span::new(from, to));
        if to <= from {
            break;
        }
        from = to;
    }
    rows
}

/// Lines at each mark, their times, and a place to jump to for each.
pub(super) fn axis(scale: &Scale, row_secs: f64, lanes_top: f64, bottom: f64, top: f64, linked: bool) -> Markup {
    let step = mark_secs(row_secs).saturating_mul(NANOS);
    let first = scale.span.start().nanos().div_euclid(step);
    let last = scale.span.end().nanos().div_euclid(step);
    let marks = (first..=last).map(|mark| (mark, SessionTime::from_nanos(mark.saturating_mul(step))));
    html! {
        rect class="rail" x=(n(scale.left)) y=(n(bottom)) width=(n(scale.width)) height="1" {}
        @for (mark, at) in marks {
            @if at >= scale.span.start() && at <= scale.span.end() {
                @if linked && at < scale.span.end() {
                    g id=(format!("m{mark}")) {
                        @if let Some((x, width)) = stretch(scale, at, step) {
                            rect class="minute" x=(n(x)) y=(n(top)) width=(n(width)) height=(n(bottom - top)) {}
                        }
                    }
                }
                line class="rule" x1=(n(scale.x(at))) x2=(n(scale.x(at))) y1=(n(lanes_top)) y2=(n(bottom)) {}
                line class="tick" x1=(n(scale.x(at))) x2=(n(scale.x(at))) y1=(n(bottom)) y2=(n(bottom + 4.0)) {}
                (words(scale.x(at), bottom + 15.0, "mid", &clock(at)))
            }
        }
    }
}

fn stretch(scale: &Scale, at: SessionTime, step: i64) -> Option<(f64, f64)> {
    scale.bar(Span::new(at, at.shifted(SessionTime::from_nanos(step)))?, 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_cover_the_session_once() {
        let settings: Settings = toml::from_str(include_str!("../../../config/report.toml")).unwrap();
        for (minutes, rows) in [(4, 1), (12, 1), (50, 5), (51, 6), (240, 24)] {
            let session = Span::from_millis(-2000, minutes * 60_000 - 2000).unwrap();
            let spans = row_spans(session, row_secs(session, &settings));
            assert_eq!(spans.len(), rows, "{minutes} min");
            assert_eq!((spans[0].start(), spans[rows - 1].end()), (session.start(), session.end()));
            assert!(spans.windows(2).all(|pair| pair[0].end() == pair[1].start()));
        }
    }

    #[test]
    fn every_time_has_a_place_to_jump_to() {
        let settings: Settings = toml::from_str(include_str!("../../../config/report.toml")).unwrap();
        let session = Span::from_millis(-2000, 3_000_000).unwrap();
        let at = |secs: f64| anchor(session, &settings, SessionTime::from_secs_f64(secs));
        assert_eq!([at(-2.0), at(0.0), at(61.0), at(2999.0), at(9999.0)], ["#m0", "#m0", "#m1", "#m49", "#m49"]);
    }

    #[test]
    fn a_wild_clock_makes_no_endless_picture() {
        let settings: Settings = toml::from_str(include_str!("../../../config/report.toml")).unwrap();
        let session = Span::new(SessionTime::from_nanos(i64::MIN), SessionTime::from_nanos(i64::MAX)).unwrap();
        // Half of this longest of all spans is more than a length can say.
        assert!(row_spans(session, row_secs(session, &settings)).len() <= 402);
    }

    #[test]
    fn marks_suit_the_length() {
        let marks = [10.0, 29.0, 60.0, 216.0, 600.0, 720.0, 4500.0].map(mark_secs);
        assert_eq!(marks, [1, 2, 5, 15, 60, 60, 300]);
    }
}
