//! One person's part of a row, voice and face, and what lies between two.

use maud::{Markup, PreEscaped, html};

use super::{BETWEEN, FACE_LINE, GUTTER, SPEECH};
use crate::export::draw::{Scale, bar, bars, clock, length, n, plain, words};
use crate::export::picture::{Face, Lane, Picture};
use crate::export::words::who_name;
use crate::markers::Event;
use crate::track::Who;

/// Silences through all lanes.
pub(super) fn hush(picture: &Picture<'_>, scale: &Scale, top: f64, bottom: f64) -> Markup {
    bars(scale, picture.silences.iter().map(|event| event.span), top, bottom - top, "hush")
}

/// Class of a person's colour.
pub(in crate::export) fn tint(who: Who) -> &'static str {
    match who {
        Who::Client => "client",
        Who::Therapist => "therapist",
        _ => "other",
    }
}

/// Who speaks when; moves `y` on.
pub(super) fn voice(lane: &Lane<'_>, scale: &Scale, y: &mut f64) -> Markup {
    let Some(speech) = &lane.speech else { return PreEscaped(String::new()) };
    let top = *y;
    *y += SPEECH + 2.0;
    html! {
        (words(GUTTER - 8.0, top + 12.0, &format!("who end {}", tint(lane.who)), &who_name(lane.who)))
        rect class="rail" x=(n(scale.left)) y=(n(top + SPEECH / 2.0)) width=(n(scale.width)) height="1" {}
        (bars(scale, speech.iter().copied(), top, SPEECH, tint(lane.who)))
        (bars(scale, lane.unheard.iter().copied(), top, SPEECH, "blind"))
    }
}

/// What the face does, a line each; moves `y` on.
pub(super) fn face(lane: &Lane<'_>, scale: &Scale, y: &mut f64) -> Markup {
    let top = *y;
    // A face without a voice has no name beside it otherwise.
    let named = |label: &str| match lane.speech {
        Some(_) => label.to_owned(),
        None => format!("{}: {label}", who_name(lane.who)),
    };
    match &lane.face {
        Face::Never(why) => {
            *y += FACE_LINE + 3.0;
            let why = if why.is_empty() { "not assessable" } else { why };
            html! {
                (words(GUTTER - 8.0, top + 8.0, "tiny end", "face"))
                rect class="blind" x=(n(scale.left)) y=(n(top + 1.0)) width=(n(scale.width)) height=(n(FACE_LINE - 2.0)) {
                    title { (plain(why)) }
                }
            }
        }
        Face::Seen { lines, blind } => {
            let height = lines.len() as f64 * FACE_LINE;
            *y += height + 4.0;
            html! {
                @for (index, action) in (0_u8..).zip(lines) {
                    @let line = top + f64::from(index) * FACE_LINE;
                    @let label = if index == 0 { named(&action.row.label) } else { action.row.label.clone() };
                    (words(GUTTER - 8.0, line + 7.5, "tiny end", &label))
                    rect class="rail" x=(n(scale.left)) y=(n(line + FACE_LINE / 2.0)) width=(n(scale.width)) height=".6" {}
                    @for event in &action.events {
                        (bar(scale, event.span, line + 1.0, FACE_LINE - 2.0, tint(lane.who), &said(&action.row.what, event)))
                    }
                }
                (bars(scale, blind.iter().copied(), top, height, "blind"))
            }
        }
    }
}

/// "lips pushed out, 0:49, 2.1 s".
pub(in crate::export) fn said(what: &str, event: &Event) -> String {
    format!("{what}, {}, {}", clock(event.span.start()), length(event.span.secs_f64()))
}

/// Silences and overlaps.
pub(super) fn between(picture: &Picture<'_>, scale: &Scale, y: f64) -> Markup {
    html! {
        @for event in &picture.silences {
            (bar(scale, event.span, y + 3.0, BETWEEN - 8.0, "silence", &silence_words(event)))
        }
        (bars(scale, picture.overlaps.iter().map(|event| event.span), y, BETWEEN - 2.0, "overlap"))
    }
}

/// "silence 4.2 s at 0:49, client before, therapist after".
fn silence_words(event: &Event) -> String {
    let name = |letter: char| match letter {
        'T' => "therapist",
        _ => "client",
    };
    let mut letters = event.kind.as_deref().unwrap_or_default().chars();
    let around = match (letters.next(), letters.next()) {
        (Some(before), Some(after)) if [before, after].iter().all(|letter| "CT".contains(*letter)) => {
            format!(", {} before, {} after", name(before), name(after))
        }
        _ => String::new(),
    };
    format!("silence {} at {}{around}", length(event.span.secs_f64()), clock(event.span.start()))
}
