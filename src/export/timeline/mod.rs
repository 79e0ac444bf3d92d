//! The timeline: the whole session, both people, as a picture (SVG).

mod axis;
mod candidates;
mod lanes;
mod legend;

use maud::{Markup, PreEscaped, html};

use super::draw::{Scale, length, n, plain, words};
use super::palette;
use super::picture::Picture;
use super::settings::Settings;
use crate::episodes::Episode;
use crate::session::Session;
pub(super) use axis::anchor;
use axis::{axis, row_secs, row_spans};
use candidates::{candidate, levels};
use lanes::{between, face, hush, voice};
pub(super) use lanes::{said, tint};
use legend::{LEGEND, legend};

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
        parts.push(voice(lane, scale, &mut y));
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
