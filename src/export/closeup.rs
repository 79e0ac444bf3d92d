//! One candidate's clip as a picture: the evidence where it is, both voices, and the facial actions as curves over the
//! person's own baseline.

use maud::{Markup, html};

use super::draw::{Scale, bar, bars, clock, length, n, plain, words};
use super::picture::{Curve, Face, Lane, Picture};
use super::timeline::{GUTTER, PLOT, SPEECH, WIDTH, said, tint};
use super::words::{tone, who_name};
use crate::episodes::Episode;
use crate::markers::Event;
use crate::time::{SessionTime, Span};

const FLAGS: f64 = 18.0;
const CURVE: f64 = 24.0;
/// Points of a curve: finer than the picture shows is only a longer file.
const MOST_POINTS: usize = 600;

/// The letter of the `index`-th piece of evidence: a .. z, then a1 ..
pub(super) fn letter(index: usize) -> String {
    let letter = char::from(b'a' + (index % 26) as u8);
    match index / 26 {
        0 => letter.to_string(),
        round => format!("{letter}{round}"),
    }
}

/// The picture of one candidate.
pub(super) fn closeup(picture: &Picture<'_>, episode: &Episode) -> Markup {
    let scale = Scale { span: episode.clip, left: GUTTER, width: PLOT };
    let mut y = 4.0;
    let flags = flags(episode, &scale, &mut y);
    let top = y;
    let mut parts = Vec::new();
    for (index, lane) in picture.lanes.iter().enumerate() {
        if index == 0 {
            parts.push(faces(lane, &scale, &mut y));
        }
        if lane.speech.is_some() {
            parts.push(voice(lane, &scale, &mut y));
        }
        if index == 0 {
            parts.push(silences(picture, &scale, y));
            y += 17.0;
        } else {
            parts.push(faces(lane, &scale, &mut y));
        }
    }
    let bottom = y + 2.0;
    let height = bottom + 20.0;
    html! {
        svg class="tl close" viewBox=(format!("0 0 {} {}", n(WIDTH), n(height))) role="img"
            aria-label=(plain(&format!("Picture of the clip from {} to {}", clock(episode.clip.start()), clock(episode.clip.end())))) {
            g class=(tone(episode.kind).class()) {
                @if let Some((x, width)) = scale.bar(episode.span, 2.0) {
                    rect class="inside" x=(n(x)) y=(n(top)) width=(n(width)) height=(n(bottom - top)) {}
                }
            }
            (axis(&scale, top, bottom))
            @for part in &parts { (part) }
            (flags)
        }
    }
}

/// Letters of the evidence and the remark that addressed it, at their moments; those that would cover each other in
/// levels.
fn flags(episode: &Episode, scale: &Scale, y: &mut f64) -> Markup {
    let own = tone(episode.kind).class();
    let for_it = episode.evidence_for.iter().map(|item| (item, own));
    let against = episode.evidence_against.iter().map(|item| (item, "open"));
    let mut flags: Vec<(Span, String, &str, &str)> = for_it
        .chain(against)
        .enumerate()
        .map(|(index, (item, class))| (item.span, letter(index), class, item.sentence.as_str()))
        .collect();
    if let Some(span) = episode.repair.as_ref().and_then(|repair| repair.remark_span) {
        flags.push((span, "remark".into(), "support", "the therapist's remark that addressed it"));
    }
    let mut free_from: Vec<f64> = Vec::new();
    let mut drawn = Vec::new();
    for (span, text, class, said) in flags {
        let Some((x, width)) = scale.bar(span, 3.0) else { continue };
        let level = free_from.iter().position(|free| *free <= x).unwrap_or(free_from.len());
        if level == free_from.len() {
            free_from.push(0.0);
        }
        free_from[level] = x + width.max(8.0 + 7.0 * text.len() as f64) + 3.0;
        let top = *y + level as f64 * FLAGS;
        drawn.push(html! {
            g class=(class) {
                title { (plain(said)) }
                rect class="stretch" x=(n(x)) y=(n(top)) width=(n(width)) height=(n(FLAGS - 3.0)) rx="3" {}
                (words(x + 4.0, top + 11.5, "flag", &text))
            }
        });
    }
    let label = if drawn.is_empty() { "" } else { "evidence" };
    let at = *y + 12.0;
    *y += free_from.len() as f64 * FLAGS + 4.0;
    html! { (words(GUTTER - 8.0, at, "end", label)) @for flag in &drawn { (flag) } }
}

fn axis(scale: &Scale, top: f64, bottom: f64) -> Markup {
    let secs = scale.span.secs_f64();
    let step = [5.0, 10.0, 30.0, 60.0].into_iter().find(|step| secs / step <= 14.0).unwrap_or(secs / 10.0);
    let step = (step * 1e9) as i64;
    let first = scale.span.start().nanos().div_euclid(step) + 1;
    let marks = (first..first + 20).map(|mark| SessionTime::from_nanos(mark.saturating_mul(step)));
    html! {
        @for at in marks {
            @if scale.span.contains(at) {
                line class="rule" x1=(n(scale.x(at))) x2=(n(scale.x(at))) y1=(n(top)) y2=(n(bottom)) {}
                (words(scale.x(at), bottom + 14.0, "mid", &clock(at)))
            }
        }
    }
}

fn voice(lane: &Lane<'_>, scale: &Scale, y: &mut f64) -> Markup {
    let top = *y;
    *y += SPEECH + 3.0;
    html! {
        (words(GUTTER - 8.0, top + 12.0, &format!("who end {}", tint(lane.who)), &who_name(lane.who)))
        rect class="rail" x=(n(scale.left)) y=(n(top + SPEECH / 2.0)) width=(n(scale.width)) height="1" {}
        (bars(scale, lane.speech.iter().flatten().copied(), top, SPEECH, tint(lane.who)))
    }
}

fn silences(picture: &Picture<'_>, scale: &Scale, y: f64) -> Markup {
    html! {
        @for event in &picture.silences {
            @if let Some((x, width)) = scale.bar(event.span, 2.0) {
                rect class="silence" x=(n(x)) y=(n(y + 1.0)) width=(n(width)) height="3" {}
                (words((x + width / 2.0).clamp(scale.left + 34.0, scale.right() - 34.0), y + 14.0, "mid", &format!("{} silence", length(event.span.secs_f64()))))
            }
        }
        (bars(scale, picture.overlaps.iter().map(|event| event.span), y - 1.0, 12.0, "overlap"))
    }
}

/// Only the actions that happened in the clip: a flat line says nothing that its absence does not.
fn faces(lane: &Lane<'_>, scale: &Scale, y: &mut f64) -> Markup {
    let (lines, blind) = match &lane.face {
        Face::Never(why) => return note(&format!("{}\u{2019}s face: {why}", who_name(lane.who)), scale, y),
        Face::Seen { lines, blind } => (lines, blind),
    };
    let here = |events: &[&Event]| events.iter().any(|event| event.span.overlap(scale.span).is_some());
    let moved: Vec<_> = lines.iter().filter(|line| here(&line.events)).collect();
    if moved.is_empty() {
        let hidden: f64 = blind.iter().filter_map(|span| span.overlap(scale.span)).map(Span::secs_f64).sum();
        let name = who_name(lane.who);
        return note(
            &match hidden {
                hidden if hidden > 0.9 * scale.span.secs_f64() => {
                    format!("{name}\u{2019}s face: not assessable in this clip")
                }
                hidden if hidden > 1.0 => {
                    format!("{name}\u{2019}s face: no action seen; {} not assessable", length(hidden))
                }
                _ => format!("{name}\u{2019}s face: none of the drawn actions in this clip"),
            },
            scale,
            y,
        );
    }
    let top = *y;
    let drawn: Vec<Markup> = moved
        .iter()
        .map(|action| {
            let line = *y;
            *y += CURVE + 3.0;
            html! {
                (words(GUTTER - 8.0, line + 15.0, "end", &action.row.label))
                @for event in &action.events {
                    (bar(scale, event.span, line, CURVE, &format!("during {}", tint(lane.who)), &said(&action.row.what, event)))
                }
                @if let Some(curve) = &action.curve { (drawn_curve(curve, tint(lane.who), scale, line)) }
            }
        })
        .collect();
    *y += 3.0;
    html! {
        @for line in &drawn { (line) }
        (bars(scale, blind.iter().copied(), top, *y - top - 6.0, "blind"))
    }
}

fn note(text: &str, scale: &Scale, y: &mut f64) -> Markup {
    *y += 18.0;
    words(scale.left, *y - 5.0, "", text)
}

/// The curve of one action with the person's baseline; broken where it could not be assessed.
fn drawn_curve(curve: &Curve, tint: &str, scale: &Scale, top: f64) -> Markup {
    let (low, high) = curve.range;
    let level = |value: f32| {
        let share = f64::from(((value - low) / (high - low)).clamp(0.0, 1.0));
        top + CURVE - 2.0 - share * (CURVE - 4.0)
    };
    let frames = curve.grid.indices(scale.span);
    let together = (frames.len() / MOST_POINTS).max(1);
    let mut path = String::new();
    let mut pen = 'M';
    for from in frames.clone().step_by(together) {
        let group = curve.values.get(from..(from + together).min(frames.end)).unwrap_or_default();
        // Of several frames in one point the one farthest from the baseline: peaks must not vanish.
        let off = |value: &f32| (value - curve.base).abs();
        let farthest = group.iter().copied().filter(|v| !v.is_nan()).max_by(|a, b| off(a).total_cmp(&off(b)));
        match (farthest, curve.grid.time(from)) {
            (Some(value), Some(time)) => {
                path.push_str(&format!("{pen}{} {}", n(scale.x(time)), n(level(value))));
                pen = 'L';
            }
            _ => pen = 'M',
        }
    }
    let base = n(level(curve.base));
    html! {
        line class="base" x1=(n(scale.left)) x2=(n(scale.right())) y1=(base) y2=(base) {}
        path class=(format!("curve {tint}")) d=(path) {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_never_run_out() {
        assert_eq!([letter(0), letter(25), letter(26), letter(53)], ["a", "z", "a1", "b2"]);
    }
}
