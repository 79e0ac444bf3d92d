//! The timeline: the whole session, both people, as a picture (SVG).

use maud::{Markup, PreEscaped, html};

use super::draw::{Scale, bar, bars, clock, clock_span, length, n, plain, words};
use super::palette;
use super::picture::{Face, Lane, Picture};
use super::settings::Settings;
use super::words::{Tone, kind_name, tone, who_name};
use crate::episodes::Episode;
use crate::markers::Event;
use crate::session::Session;
use crate::time::{SessionTime, Span};
use crate::track::Who;

/// Width of every picture; a page may scale it.
pub(super) const WIDTH: f64 = 1180.0;
/// Room for the words at the left.
pub(super) const GUTTER: f64 = 92.0;
/// Width of the part that is time; the last mark's words need the rest.
pub(super) const PLOT: f64 = WIDTH - GUTTER - 24.0;
pub(super) const SPEECH: f64 = 15.0;
const FACE_LINE: f64 = 9.0;
const BETWEEN: f64 = 15.0;
const BADGE: f64 = 20.0;
const AXIS: f64 = 18.0;

/// How the classes of the pictures look; `--name` colours come from the palette.
pub(super) const STYLE: &str = "\
.tl text{font:11px system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif;fill:var(--muted)}\
.tl .who{font-weight:600;font-size:12px}.tl .tiny{font-size:9px}.tl .end{text-anchor:end}.tl .mid{text-anchor:middle}\
.tl .client{fill:var(--client)}.tl .therapist{fill:var(--therapist)}.tl .other{fill:var(--open)}\
.tl .rail{fill:var(--line);opacity:.55}.tl .rule{stroke:var(--line);stroke-width:1}\
.tl .tick{stroke:var(--muted);stroke-width:1}.tl .silence{fill:var(--silence)}\
.tl .hush{fill:var(--silence);opacity:.16}.tl .overlap{fill:var(--overlap)}.tl .blind{fill:url(#hatch)}\
.tl .strain{--tone:var(--strain)}.tl .support{--tone:var(--support)}.tl .open{--tone:var(--open)}\
.tl .stretch{fill:var(--tone);fill-opacity:.17;stroke:var(--tone);stroke-width:1}\
.tl .notch{fill:var(--tone);opacity:.45}.tl .badge{fill:var(--tone)}.tl .badge-ring{fill:none;stroke:var(--tone);stroke-width:1.5}\
.tl .place{fill:var(--card);font-weight:700;font-size:10.5px;text-anchor:middle}.tl .name{fill:var(--tone);font-weight:600}\
.tl a:hover .stretch,.tl a:focus .stretch{fill-opacity:.4}.tl .minute{fill:transparent}\
.tl g:target .minute{fill:var(--silence);fill-opacity:.3}\
.tl .curve{fill:none;stroke-width:1.3}.tl .curve.client{stroke:var(--client)}.tl .curve.therapist{stroke:var(--therapist)}\
.tl .curve.other{stroke:var(--open)}.tl .base{stroke:var(--muted);stroke-width:.8;stroke-dasharray:3 3}\
.tl .during{opacity:.22}.tl .flag{fill:var(--ink);font-weight:700}\
.tl .inside{fill:var(--tone);opacity:.08}";

/// The picture as a file of its own, e.g. for a web page or a slide: bright or dark as its viewer is.
pub fn standalone(session: &Session, settings: &Settings) -> String {
    let picture = Picture::new(session, settings);
    let (body, height) = body(&picture, settings, false);
    let keys_at = height + 6.0;
    let whole = keys_at + LEGEND;
    let svg = html! {
        svg xmlns="http://www.w3.org/2000/svg" class="tl" viewBox=(format!("0 0 {} {}", n(WIDTH), n(whole)))
            width=(n(WIDTH)) height=(n(whole)) role="img" aria-label=(label(session)) {
            style { (PreEscaped(palette::css(".tl"))) (PreEscaped(STYLE)) }
            rect width="100%" height="100%" fill="var(--card)" {}
            (hatch())
            (body)
            g transform=(format!("translate(0 {})", n(keys_at))) { (legend(&picture)) }
        }
    };
    svg.into_string()
}

/// The picture inside a page that brings style and hatching itself.
pub(super) fn inline(picture: &Picture<'_>, settings: &Settings) -> Markup {
    let (body, height) = body(picture, settings, true);
    html! {
        svg class="tl" viewBox=(format!("0 0 {} {}", n(WIDTH), n(height))) role="img" aria-label=(label(picture.session)) {
            (body)
        }
        svg class="tl keys" viewBox=(format!("0 0 {} {}", n(WIDTH), n(LEGEND))) role="img" aria-label="Legend" { (legend(picture)) }
    }
}

/// Diagonal lines for what could not be assessed.
pub(super) fn hatch() -> Markup {
    html! {
        defs {
            pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                rect width="1.4" height="5" fill="var(--hatch)" {}
            }
        }
    }
}

fn label(session: &Session) -> String {
    let candidates = session.episodes.len();
    plain(&format!("Timeline of {}, {}: {candidates} candidates", session.name, length(session.span.secs_f64())))
}

fn body(picture: &Picture<'_>, settings: &Settings, linked: bool) -> (Markup, f64) {
    let mut y = 4.0;
    let mut rows = Vec::new();
    let row_secs = row_secs(picture.session.span, settings);
    for span in row_spans(picture.session.span, row_secs) {
        let width = PLOT * (span.secs_f64() / row_secs).min(1.0);
        let scale = Scale { span, left: GUTTER, width };
        let (row, height) = row(picture, &scale, row_secs, y, linked);
        rows.push(row);
        y += height + 20.0;
    }
    (html! { @for row in &rows { (row) } }, y)
}

fn row_secs(session: Span, settings: &Settings) -> f64 {
    let whole = session.secs_f64();
    if whole <= settings.one_row_up_to_minutes * 60.0 {
        return whole;
    }
    // A clock that runs wild in a damaged file must not make a picture of a million rows.
    (settings.row_minutes * 60.0).max(30.0).max(whole / MOST_ROWS)
}

/// Seconds between two marks of a row's axis: at most some fifteen marks.
fn mark_secs(row_secs: f64) -> i64 {
    let steps = [60, 300, 900, 3600, 6 * 3600, 24 * 3600];
    steps.into_iter().find(|step| row_secs / *step as f64 <= 15.0).unwrap_or((row_secs / 15.0) as i64 + 1)
}

/// Where a time stands in the timeline of the same page: the mark at or before it.
pub(super) fn anchor(session: Span, settings: &Settings, time: SessionTime) -> String {
    let step = mark_secs(row_secs(session, settings)).saturating_mul(NANOS);
    let first = -(-session.start().nanos()).div_euclid(step);
    let last = (session.end().nanos() - 1).div_euclid(step);
    format!("#m{}", time.nanos().div_euclid(step).min(last).max(first))
}

const NANOS: i64 = 1_000_000_000;
const MOST_ROWS: f64 = 200.0;

/// Rows of equal length; a last piece shorter than a tenth of a row still gets one, since nothing may be left out.
fn row_spans(session: Span, row_secs: f64) -> Vec<Span> {
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

fn row(picture: &Picture<'_>, scale: &Scale, row_secs: f64, top: f64, linked: bool) -> (Markup, f64) {
    let candidates: Vec<&Episode> =
        picture.session.episodes.iter().filter(|e| e.span.overlap(scale.span).is_some()).collect();
    let levels = levels(&candidates, scale);
    let depth = levels.iter().map(|level| level + 1).max().unwrap_or(0);
    let mut y = top + depth as f64 * (BADGE + 3.0) + 3.0;
    let lanes_top = y;
    let mut parts = Vec::new();
    for (index, lane) in picture.lanes.iter().enumerate() {
        // The first person's face lies above the voice, the others' below: so the voices meet in the middle.
        let face_first = index == 0 && picture.lanes.len() > 1;
        if face_first {
            parts.push(face(lane, scale, &mut y));
        }
        parts.push(voice(lane, picture, scale, &mut y));
        if index == 0 {
            parts.push(between(picture, scale, y));
            y += BETWEEN;
        }
        if !face_first {
            parts.push(face(lane, scale, &mut y));
        }
    }
    let bottom = y + 3.0;
    let height = bottom + AXIS - top;
    let markup = html! {
        (axis(scale, row_secs, lanes_top, bottom, top, linked))
        (hush(picture, scale, lanes_top, bottom))
        @for part in &parts { (part) }
        @if depth > 0 { (words(GUTTER - 8.0, top + 14.0, "end", "candidates")) }
        @for (episode, level) in candidates.iter().zip(&levels) {
            (candidate(episode, scale, top + *level as f64 * (BADGE + 3.0), linked))
        }
    };
    (markup, height)
}

/// Minute lines, their times, and a place to jump to for each minute.
fn axis(scale: &Scale, row_secs: f64, lanes_top: f64, bottom: f64, top: f64, linked: bool) -> Markup {
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

fn hush(picture: &Picture<'_>, scale: &Scale, top: f64, bottom: f64) -> Markup {
    bars(scale, picture.silences.iter().map(|event| event.span), top, bottom - top, "hush")
}

pub(super) fn tint(who: Who) -> &'static str {
    match who {
        Who::Client => "client",
        Who::Therapist => "therapist",
        _ => "other",
    }
}

fn voice(lane: &Lane<'_>, picture: &Picture<'_>, scale: &Scale, y: &mut f64) -> Markup {
    let Some(speech) = &lane.speech else { return PreEscaped(String::new()) };
    let top = *y;
    *y += SPEECH + 2.0;
    html! {
        (words(GUTTER - 8.0, top + 12.0, &format!("who end {}", tint(lane.who)), &who_name(lane.who)))
        rect class="rail" x=(n(scale.left)) y=(n(top + SPEECH / 2.0)) width=(n(scale.width)) height="1" {}
        (bars(scale, speech.iter().copied(), top, SPEECH, tint(lane.who)))
        (bars(scale, picture.missing.iter().copied(), top, SPEECH, "blind"))
    }
}

fn face(lane: &Lane<'_>, scale: &Scale, y: &mut f64) -> Markup {
    let top = *y;
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
                    (words(GUTTER - 8.0, line + 7.5, "tiny end", &action.row.label))
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
pub(super) fn said(what: &str, event: &Event) -> String {
    format!("{what}, {}, {}", clock(event.span.start()), length(event.span.secs_f64()))
}

fn between(picture: &Picture<'_>, scale: &Scale, y: f64) -> Markup {
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
        'C' => "client",
        _ => "somebody",
    };
    let mut letters = event.kind.as_deref().unwrap_or_default().chars();
    let around = match (letters.next(), letters.next()) {
        (Some(before), Some(after)) => format!(", {} before, {} after", name(before), name(after)),
        _ => String::new(),
    };
    format!("silence {} at {}{around}", length(event.span.secs_f64()), clock(event.span.start()))
}

/// Candidates that would cover each other go to different levels, from the top.
fn levels(candidates: &[&Episode], scale: &Scale) -> Vec<usize> {
    let mut free_from: Vec<f64> = Vec::new();
    candidates
        .iter()
        .map(|episode| {
            let (x, width) = scale.bar(episode.span, BADGE).unwrap_or((scale.left, BADGE));
            let level = free_from.iter().position(|free| *free <= x).unwrap_or(free_from.len());
            if level == free_from.len() {
                free_from.push(0.0);
            }
            free_from[level] = x + width.max(BADGE) + 2.0;
            level
        })
        .collect()
}

fn candidate(episode: &Episode, scale: &Scale, y: f64, linked: bool) -> Markup {
    let Some((x, width)) = scale.bar(episode.span, BADGE) else { return PreEscaped(String::new()) };
    let x = x.min(scale.right() - BADGE).max(scale.left);
    let tone = tone(episode.kind);
    let name = kind_name(episode.kind);
    let said = format!("{}. {name}, {}: {}", episode.rank, clock_span(episode.span), episode.sentence);
    let repeats = episode.cycle.iter().flat_map(|cycle| cycle.repeats.iter().copied());
    let drawing = html! {
        g class=(tone.class()) {
            title { (plain(&said)) }
            rect class="stretch" x=(n(x)) y=(n(y)) width=(n(width)) height=(n(BADGE)) rx=(n(BADGE / 2.0)) {}
            (bars(scale, repeats, y + BADGE - 4.0, 3.0, "notch"))
            (badge(x + BADGE / 2.0, y + BADGE / 2.0, episode))
            @if width > 26.0 + 6.2 * name.len() as f64 { (words(x + BADGE + 5.0, y + 13.5, "name", name)) }
        }
    };
    html! { @if linked { a href=(format!("#{}", episode.id)) { (drawing) } } @else { (drawing) } }
}

/// The rank in a shape: circle for strain, square for moments that support; a cycle has a ring.
fn badge(x: f64, y: f64, episode: &Episode) -> Markup {
    let radius = BADGE / 2.0 - 1.5;
    let class = if episode.rank > 99 { "place tiny" } else { "place" };
    html! {
        @if tone(episode.kind) == Tone::Support {
            rect class="badge" x=(n(x - radius)) y=(n(y - radius)) width=(n(2.0 * radius)) height=(n(2.0 * radius)) rx="4" {}
        } @else {
            circle class="badge" cx=(n(x)) cy=(n(y)) r=(n(radius)) {}
        }
        @if episode.cycle.is_some() { circle class="badge-ring" cx=(n(x)) cy=(n(y)) r=(n(BADGE / 2.0)) {} }
        text class=(class) x=(n(x)) y=(n(y + 3.7)) { (episode.rank) }
    }
}

/// Height of [`legend`].
const LEGEND: f64 = 34.0;

fn legend(picture: &Picture<'_>) -> Markup {
    let y = 8.0;
    let mut x = GUTTER;
    let mut keys: Vec<Markup> = Vec::new();
    let mut key = |drawing: &dyn Fn(f64) -> Markup, text: &str| {
        keys.push(html! { (drawing(x)) (words(x + 24.0, y + 9.0, "", text)) });
        x += 24.0 + 6.1 * text.chars().count() as f64 + 18.0;
    };
    let block = |class: &'static str, height: f64| move |x: f64| html! { rect class=(class) x=(n(x)) y=(n(y + 5.0 - height / 2.0)) width="18" height=(n(height)) rx="1.5" {} };
    for lane in &picture.lanes {
        key(&block(tint(lane.who), 11.0), &format!("{} speaks", who_name(lane.who)));
    }
    key(&block("silence", 7.0), "silence, 3 s or more");
    let tick = |x: f64| html! { rect class="overlap" x=(n(x + 8.0)) y=(n(y - 1.0)) width="3" height="13" {} };
    key(&tick, "both speak");
    key(&block("blind", 11.0), "not assessable");
    let round = |class: &'static str| move |x: f64| html! { g class=(class) { circle class="badge" cx=(n(x + 9.0)) cy=(n(y + 5.0)) r="7" {} } };
    key(&round("strain"), "candidate: strain");
    let square = |x: f64| {
        html! { g class="support" { rect class="badge" x=(n(x + 2.0)) y=(n(y - 2.0)) width="14" height="14" rx="4" {} } }
    };
    key(&square, "supporting moment");
    html! { @for key in &keys { (key) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_cover_the_session_once() {
        let settings: Settings = toml::from_str(include_str!("../../config/report.toml")).unwrap();
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
        let settings: Settings = toml::from_str(include_str!("../../config/report.toml")).unwrap();
        let session = Span::from_millis(-2000, 3_000_000).unwrap();
        let at = |secs: f64| anchor(session, &settings, SessionTime::from_secs_f64(secs));
        assert_eq!([at(-2.0), at(0.0), at(61.0), at(2999.0), at(9999.0)], ["#m0", "#m0", "#m1", "#m49", "#m49"]);
    }

    #[test]
    fn a_wild_clock_makes_no_endless_picture() {
        let settings: Settings = toml::from_str(include_str!("../../config/report.toml")).unwrap();
        let session = Span::new(SessionTime::from_nanos(i64::MIN), SessionTime::from_nanos(i64::MAX)).unwrap();
        assert!(row_spans(session, row_secs(session, &settings)).len() <= 202);
    }
}
