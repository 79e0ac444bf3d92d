//! The paradigm picture in the paper's layout, as SVG: causal conditions left, context above, intervening conditions below,
//! action in the middle, consequences right.
//!
//! A box's size is its share of the coded time; the bar inside is how much of it supports or strains the alliance, by each
//! code's own sign and never by the element's name. Arrows are transitions beyond chance, as wide as their log odds; the
//! paper's arrows that were not found are dotted.

use maud::{Markup, PreEscaped, html};

use super::matrices::Matrices;
use super::{CodedSession, Element};
use crate::codebook::Polarity;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 560.0;
/// Where the boxes stand: middle of each, in the order of [`Element::ALL`].
const PLACES: [(f64, f64); 5] = [(150.0, 270.0), (480.0, 106.0), (480.0, 434.0), (480.0, 270.0), (810.0, 270.0)];
/// The paper's arrows.
const PROPOSED: [(Element, Element); 4] = [
    (Element::Causal, Element::Action),
    (Element::Context, Element::Action),
    (Element::Intervening, Element::Action),
    (Element::Action, Element::Consequence),
];

/// Supporting and straining, told apart by brightness as well.
const SUPPORTING: &str = "#3f8f83";
const STRAINING: &str = "#b5562f";
const EITHER: &str = "#8a8f98";
const INK: &str = "#22262b";
const QUIET: &str = "#5d646d";

/// What a box shows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Content {
    seconds: f64,
    supporting: f64,
    straining: f64,
    count: usize,
}

/// The picture of these sessions. `title` stands above. With `named`, each box, arrow and tick says in `data-` attributes what
/// it is, so that a page can light it up; the picture looks the same.
pub fn picture(sessions: &[CodedSession], matrices: &Matrices, title: &str, named: bool) -> String {
    let mut contents = [Content::default(); 5];
    for code in sessions.iter().flat_map(|session| &session.codes) {
        let content = &mut contents[code.element.index()];
        let long = (code.end_s - code.start_s).max(0.0);
        content.seconds += long;
        content.count += 1;
        match code.polarity {
            Polarity::Supporting => content.supporting += long,
            Polarity::Straining => content.straining += long,
            Polarity::ContextDependent => {}
        }
    }
    let total: f64 = contents.iter().map(|content| content.seconds).sum();
    let sizes: Vec<(f64, f64)> = contents.iter().map(|content| size(content.seconds, total)).collect();
    let markup = html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img"
            aria-label=(spoken(&contents, matrices, total)) font-family="system-ui, 'Segoe UI', Helvetica, Arial, sans-serif" {
            defs {
                marker id="tip" viewBox="0 0 10 10" refX="2" refY="5" markerWidth="13" markerHeight="13"
                    markerUnits="userSpaceOnUse" orient="auto" { path d="M0 0 L10 5 L0 10 z" fill=(INK) {} }
                marker id="tip-quiet" viewBox="0 0 10 10" refX="2" refY="5" markerWidth="13" markerHeight="13"
                    markerUnits="userSpaceOnUse" orient="auto" { path d="M0 0 L10 5 L0 10 z" fill="#a3a8af" {} }
            }
            rect width=(WIDTH) height=(HEIGHT) fill="#ffffff" {}
            text x="24" y="34" font-size="17" font-weight="600" fill=(INK) { (title) }
            (arrows(matrices, &sizes, named))
            @for ((element, content), size) in Element::ALL.iter().zip(&contents).zip(&sizes) {
                @if named { g data-box=(element.index()) { (boxed(*element, *content, *size, total)) } }
                @else { (boxed(*element, *content, *size, total)) }
            }
            (legend())
            (ticks(sessions, named))
        }
    };
    markup.into_string()
}

/// Width and height of a box: its area grows with its share of the coded time.
fn size(seconds: f64, total: f64) -> (f64, f64) {
    let share = if total > 0.0 { seconds / total } else { 0.0 };
    let scale = 1.0 + 0.25 * (share / 0.6).min(1.0).sqrt();
    (224.0 * scale, 78.0 * scale)
}

fn px(value: f64) -> String {
    format!("{value:.1}")
}

fn boxed(element: Element, content: Content, (width, height): (f64, f64), total: f64) -> Markup {
    let (x, y) = PLACES[element.index()];
    let (left, top) = (x - width / 2.0, y - height / 2.0);
    let [name, of] = element.words();
    let share =
        if total > 0.0 { format!("{:.0} % of coded time", content.seconds / total * 100.0) } else { String::new() };
    let bar = width - 28.0;
    let part = |seconds: f64| if content.seconds > 0.0 { bar * seconds / content.seconds } else { 0.0 };
    let (good, bad) = (part(content.supporting), part(content.straining));
    html! {
        rect x=(px(left)) y=(px(top)) width=(px(width)) height=(px(height)) rx="8" fill="#fbfbfa"
            stroke=(if content.count > 0 { INK } else { "#a3a8af" }) stroke-width="1.4" {}
        text x=(px(x)) y=(px(y - 16.0)) font-size="13.5" font-weight="600" text-anchor="middle" fill=(INK) { (name) }
        text x=(px(x)) y=(px(y + 1.0)) font-size="11.5" text-anchor="middle" fill=(QUIET) { (of) }
        text x=(px(x)) y=(px(y + 17.0)) font-size="11" text-anchor="middle" fill=(QUIET) {
            @match content.count { 0 => "no agreed codes", 1 => { "1 code, " (share) } n => { (n) " codes, " (share) } }
        }
        @if content.count > 0 {
            rect x=(px(left + 14.0)) y=(px(y + 24.0)) width=(px(bar)) height="6" rx="3" fill=(EITHER) {}
            rect x=(px(left + 14.0)) y=(px(y + 24.0)) width=(px(good)) height="6" rx="3" fill=(SUPPORTING) {}
            rect x=(px(left + 14.0 + bar - bad)) y=(px(y + 24.0)) width=(px(bad)) height="6" rx="3" fill=(STRAINING) {}
        }
    }
}

fn arrows(matrices: &Matrices, sizes: &[(f64, f64)], named: bool) -> Markup {
    let name = |from: Element, to: Element| named.then(|| format!("{}-{}", from.index(), to.index()));
    let found = |from: Element, to: Element| {
        let cell = &matrices.follows[from.index()][to.index()];
        (cell.shown && cell.log_odds.is_some_and(|odds| odds > 0.0)).then_some(*cell)
    };
    let pairs = || Element::ALL.into_iter().flat_map(|from| Element::ALL.map(|to| (from, to))).filter(|(a, b)| a != b);
    html! {
        @for (from, to) in PROPOSED {
            @if found(from, to).is_none() {
                path d=(path(from, to, sizes)) fill="none" stroke="#a3a8af" stroke-width="1.5" stroke-dasharray="2 5"
                    stroke-linecap="round" marker-end="url(#tip-quiet)" {}
            }
        }
        @for (from, to) in pairs() {
            @if let Some(cell) = found(from, to) {
                path data-arrow=[name(from, to)] d=(path(from, to, sizes)) fill="none" stroke=(INK) stroke-opacity="0.8"
                    marker-end="url(#tip)"
                    stroke-width=(px(1.2 + 1.4 * cell.log_odds.unwrap_or(0.0).clamp(0.0, 3.5))) {
                    title {
                        (from.words()[0]) " to " (to.words()[0]) ": " (cell.count) " times, log odds "
                        (format!("{:.2}", cell.log_odds.unwrap_or(0.0))) ", q " (format!("{:.3}", cell.q.unwrap_or(1.0)))
                    }
                }
            }
        }
    }
}

/// From the edge of one box to the edge of the other, bent aside so that both ways can be told apart.
fn path(from: Element, to: Element, sizes: &[(f64, f64)]) -> String {
    let ((x1, y1), (x2, y2)) = (PLACES[from.index()], PLACES[to.index()]);
    let (dx, dy) = (x2 - x1, y2 - y1);
    let long = dx.hypot(dy).max(1.0);
    // Far pairs would run through the middle box.
    let bend = if long > 420.0 { 150.0 } else { 14.0 };
    let (mx, my) = ((x1 + x2) / 2.0 - dy / long * bend, (y1 + y2) / 2.0 + dx / long * bend);
    let edge = |(x, y): (f64, f64), (w, h): (f64, f64), gap: f64| {
        let (dx, dy) = (mx - x, my - y);
        let scale = ((w / 2.0 + gap) / dx.abs().max(1e-6)).min((h / 2.0 + gap) / dy.abs().max(1e-6)).min(1.0);
        (x + dx * scale, y + dy * scale)
    };
    let size = |element: Element| sizes.get(element.index()).copied().unwrap_or((224.0, 78.0));
    let (a, b) = (edge((x1, y1), size(from), 2.0), edge((x2, y2), size(to), 14.0));
    format!("M{:.1} {:.1} Q{mx:.1} {my:.1} {:.1} {:.1}", a.0, a.1, b.0, b.1)
}

fn legend() -> Markup {
    let entry = |x: f64, colour: &str, text: &str| {
        html! {
            rect x=(px(x)) y="514" width="14" height="6" rx="3" fill=(colour) {}
            text x=(px(x + 20.0)) y="521" font-size="11" fill=(QUIET) { (text) }
        }
    };
    html! {
        (entry(24.0, SUPPORTING, "supports the alliance"))
        (entry(172.0, STRAINING, "strains it"))
        (entry(262.0, EITHER, "by context"))
        path d="M360 517 h28" stroke=(INK) stroke-width="3" marker-end="url(#tip)" {}
        text x="404" y="521" font-size="11" fill=(QUIET) { "followed beyond chance" }
        path d="M552 517 h28" stroke="#a3a8af" stroke-width="1.5" stroke-dasharray="2 5" marker-end="url(#tip-quiet)" {}
        text x="596" y="521" font-size="11" fill=(QUIET) { "the paper's arrow, not found here" }
    }
}

/// Confirmed strains and repairs over one session's time.
fn ticks(sessions: &[CodedSession], named: bool) -> Markup {
    let [session] = sessions else { return html! {} };
    let at = |secs: f64| 24.0 + (WIDTH - 48.0) * (secs / session.length_s.max(1.0)).clamp(0.0, 1.0);
    html! {
        line x1="24" x2=(WIDTH - 24.0) y1="543" y2="543" stroke="#c9ccd1" {}
        @for (secs, repair) in &session.outcomes {
            line data-at=[named.then_some(secs)] x1=(px(at(*secs))) x2=(px(at(*secs))) y1="535" y2="551" stroke-width="3"
                stroke=(if *repair { SUPPORTING } else { STRAINING }) {
                title { (if *repair { "repair" } else { "strain" }) ", confirmed" }
            }
        }
    }
}

/// The picture in words.
fn spoken(contents: &[Content; 5], matrices: &Matrices, total: f64) -> String {
    let boxes = Element::ALL.iter().zip(contents).map(|(element, content)| {
        let share = if total > 0.0 { content.seconds / total * 100.0 } else { 0.0 };
        format!("{}: {} codes, {share:.0} % of coded time", element.words()[0], content.count)
    });
    let arrows =
        Element::ALL.into_iter().flat_map(|from| Element::ALL.map(|to| (from, to))).filter_map(|(from, to)| {
            let cell = &matrices.follows[from.index()][to.index()];
            (from != to && cell.shown).then(|| format!("{} is followed by {}", from.words()[0], to.words()[0]))
        });
    boxes.chain(arrows).collect::<Vec<_>>().join("; ")
}

/// The picture as a file of its own.
pub fn file(svg: &str) -> String {
    html! { (PreEscaped("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")) (PreEscaped(svg)) "\n" }.into_string()
}
