//! `report.html`: one page to read, print and open without a network. It holds no script and loads nothing, and a
//! content security policy inside it says so, so that not even a hostile transcript could make it do either.

mod candidate;
mod further;
mod style;
mod tables;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::draw::{length, n, plain};
use super::picture::Picture;
use super::settings::Settings;
use super::words::{Codes, count, kind_name};
use super::{palette, timeline};
use crate::episodes::Episode;
use crate::session::{Session, fewest};

/// The whole page.
pub fn page(session: &Session, codes: &Codes, settings: &Settings) -> String {
    let picture = Picture::new(session, settings);
    let mut ranked: Vec<&Episode> = session.episodes.iter().collect();
    ranked.sort_by(|a, b| (a.rank, a.span, &a.id).cmp(&(b.rank, b.span, &b.id)));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (plain(&session.name)) " \u{2013} candidate moments" }
                style { (PreEscaped(palette::css(":root"))) (PreEscaped(timeline::STYLE)) (PreEscaped(style::STYLE)) }
            }
            body {
                svg width="0" height="0" style="position:absolute" aria-hidden="true" { (timeline::hatch()) }
                header {
                    h1 dir="auto" { (plain(&session.name)) }
                    p.sub { (subtitle(session)) }
                    nav aria-label="Sections" {
                        a href="#timeline" { "Timeline" }
                        a href="#candidates" { "Candidates" }
                        a href="#coverage" { "What could not be assessed" }
                        a href="#people" { "Who is who" }
                        a href="#limits" { "Limits of use" }
                        a href="#origin" { "Origin" }
                    }
                }
                main {
                    (summary(session, &ranked))
                    h2 #timeline { "Timeline" }
                    div.card { div.wide { (timeline::inline(&picture, settings)) } }
                    h2 #candidates { "Candidates, in the order to look at them" }
                    @if ranked.is_empty() { div.card { p.none { (nothing_found(session)) } } }
                    ol.ranked {
                        @for episode in &ranked { (candidate::card(&picture, codes, settings, episode)) }
                    }
                    (further::section(&picture, settings))
                    (tables::coverage(session))
                    (tables::people(session))
                    (tables::problems(session))
                    (tables::limits())
                    (tables::reading())
                    (tables::origin(session))
                }
                footer {}
            }
        }
    };
    page.into_string()
}

fn subtitle(session: &Session) -> String {
    let (fewest, most) = (fewest(&session.people), session.people.len());
    let people = match most - fewest {
        0 => count(most, "person", "people"),
        1 => format!("{fewest} or {most} people"),
        _ => format!("{fewest} to {most} people"),
    };
    let recordings = count(session.media.len(), "recording", "recordings");
    let transcript = if session.transcript.is_some() { "with a transcript" } else { "without a transcript" };
    format!("{} \u{b7} {people} \u{b7} {recordings} \u{b7} {transcript}", minutes(session.span.secs_f64()))
}

/// "50.0 min"; short sessions in seconds.
fn minutes(secs: f64) -> String {
    length(secs)
}

fn nothing_found(session: &Session) -> &'static str {
    if session.coverage.iter().all(|coverage| coverage.assessable_s <= 0.0) {
        "Nothing could be assessed in this session, so nothing could be found. The reasons stand below."
    } else {
        "No moment of this session reached the mark of a candidate. That does not mean that there was none: see what \
         could not be assessed."
    }
}

fn summary(session: &Session, ranked: &[&Episode]) -> Markup {
    let mut kinds: Vec<(&str, usize)> = Vec::new();
    for episode in ranked {
        let name = kind_name(episode.kind);
        match kinds.iter_mut().find(|(known, _)| *known == name) {
            Some((_, number)) => *number += 1,
            None => kinds.push((name, 1)),
        }
    }
    html! {
        section.card.summary aria-label="Summary" {
            div.sum {
                div { b { (ranked.len()) } span { (if ranked.len() == 1 { "candidate to look at" } else { "candidates to look at" }) } }
                (cost(session, ranked))
            }
            @if !kinds.is_empty() {
                p { (kinds.iter().map(|(name, number)| format!("{number} \u{d7} {name}")).collect::<Vec<_>>().join(", ")) "." }
            }
            @if !session.moment_secs.is_empty() { p { (moments(session)) } }
            @for sentence in tables::largest_holes(session) { p { (sentence) } }
            div.caution {
                p {
                    "Everything here is a candidate until a trained coder confirms it. "
                    @if session.origin.learned.is_some() { "Likelihoods are learned from coders' decisions on other sessions. " }
                    @else { "How many will be confirmed is a starting guess: no coder's decision has calibrated it yet. " }
                    a href="#limits" { "Limits of use" }
                }
            }
        }
    }
}

/// What a review costs and may yield.
fn cost(session: &Session, ranked: &[&Episode]) -> Markup {
    let whole = minutes(session.span.secs_f64());
    let Some(plan) = &session.review else {
        // From a positive zero, since the sum of nothing is a negative one.
        let review = ranked.iter().fold(0.0, |sum, episode| sum + episode.review_secs);
        return html! { div { b { (format!("{:.1} min", review / 60.0)) } span { "of review, of " (whole) } } };
    };
    // Nothing to decide on: what time there is goes to the stretches that everything is compared with.
    if plan.clips == 0 && plan.minutes > 0.0 {
        let controls = count(session.controls.len(), "stretch", "stretches");
        return html! {
            div {
                b { (format!("{:.1} min", plan.minutes)) }
                span { "for " (controls) " drawn at random where nothing was marked, to compare with; of " (whole) }
            }
        };
    }
    let beyond = ranked.iter().filter(|episode| !episode.in_budget).count();
    html! {
        div {
            b { (format!("{:.1} min", plan.minutes)) }
            span {
                "of review, of " (whole)
                @if beyond > 0 { "; " (count(plan.clips as usize, "clip", "clips")) " within " (format!("{:.1}", plan.budget_minutes)) " min" }
            }
        }
        @if let Some(expected) = plan.expected_confirmed {
            div title=(plain(&plan.note)) {
                b { @if expected < 0.5 { "fewer than 1" } @else { "about " (n(f64::from(expected).round())) } }
                span { "expected to be confirmed" @if session.origin.learned.is_none() { " (uncalibrated)" } }
            }
        }
    }
}

/// "Moments, also inside other candidates: secure-like moment 1.0 min." Minutes, never a class of a person.
fn moments(session: &Session) -> String {
    let each = session.moment_secs.iter().map(|(kind, secs)| format!("{} {}", kind_name(*kind), minutes(*secs)));
    format!("Moments, also those inside other candidates: {}.", each.collect::<Vec<_>>().join(", "))
}
