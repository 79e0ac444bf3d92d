//! Candidates above the lanes of a row.

use maud::{Markup, PreEscaped, html};

use super::BADGE;
use crate::episodes::Episode;
use crate::export::draw::{Scale, bars, clock_span, n, plain, words};
use crate::export::words::{Tone, kind_name, tone};

/// Candidates that would cover each other go to different levels, from the top.
pub(super) fn levels(candidates: &[&Episode], scale: &Scale) -> Vec<usize> {
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

/// One candidate: a stretch with its rank.
pub(super) fn candidate(episode: &Episode, scale: &Scale, y: f64, linked: bool) -> Markup {
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
