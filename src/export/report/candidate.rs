//! One candidate's card: where, what was measured, what speaks against it, what was said.

use maud::{Markup, html};

use crate::episodes::{Cycle, Episode, Evidence, Likelihood, Repair};
use crate::export::closeup::{closeup, letter};
use crate::export::draw::{clock, clock_span, length, n, plain};
use crate::export::picture::Picture;
use crate::export::settings::Settings;
use crate::export::timeline::{anchor, tint};
use crate::export::words::{Codes, Tone, count, kind_name, outcome_sentence, tone, who_name};
use crate::session::Session;
use crate::time::{SessionTime, Span};

pub(super) fn card(picture: &Picture<'_>, codes: &Codes, settings: &Settings, episode: &Episode) -> Markup {
    let session = picture.session;
    let tone = tone(episode.kind);
    let jump = |time: SessionTime| anchor(session.span, settings, time);
    html! {
        li.card.candidate.(tone.class()) id=(episode.id) {
            div.top {
                div.head {
                    span.number.(tone.class()) aria-label=(format!("rank {}", episode.rank)) { (episode.rank) }
                    span.kind { (kind_name(episode.kind)) }
                    a.when href=(jump(episode.span.start())) { (clock_span(episode.span)) }
                    span.cost {
                        (episode.id) " \u{b7} watch " (to_watch(episode)) " \u{b7} " (n(episode.review_secs.round())) " s of review"
                        @if session.review.is_some() && !episode.in_budget { " \u{b7} beyond the review time" }
                        @if let Some(likelihood) = &episode.likelihood { " \u{b7} likelihood " (likely(likelihood)) }
                    }
                }
                h3 dir="auto" { (plain(&episode.sentence)) }
                div.wide { (closeup(picture, episode)) }
            }
            div.two {
                div {
                    h4 { "Speaks for it" }
                    (evidence(&episode.evidence_for, 0, &jump))
                }
                div {
                    h4 { "Speaks against it" }
                    (evidence(&episode.evidence_against, episode.evidence_for.len(), &jump))
                    @if !episode.missing.is_empty() {
                        h4 style="margin-top:12px" { "Could not be looked at" }
                        ul.plain { @for item in &episode.missing { li { (plain(item)) } } }
                    }
                }
                @if !episode.codes.is_empty() { div { h4 { "Codes whose rules hold here, in the paper\u{2019}s words" } (code_list(episode, codes)) } }
                @if !episode.also.is_empty() {
                    div { h4 { "Also inside" } p { (episode.also.iter().map(|kind| kind_name(*kind)).collect::<Vec<_>>().join(", ")) } }
                }
                @if let Some(repair) = &episode.repair { div { h4 { "What came after" } (what_came(repair, &jump)) } }
            }
            @if let Some(cycle) = &episode.cycle { (steps(cycle, episode.repair.as_ref(), &jump)) }
            (excerpt(session, picture, episode, &jump))
        }
    }
}

/// "medium; of such clips 21 to 44 % were confirmed". The probability of the single clip would say more than is known.
fn likely(likelihood: &Likelihood) -> String {
    let percent = |share: f32| format!("{:.0}", share * 100.0);
    match likelihood.confirmed_low.zip(likelihood.confirmed_high) {
        Some((low, high)) => {
            format!("{}: of such clips {} to {} % were confirmed", likelihood.level.name(), percent(low), percent(high))
        }
        None => likelihood.level.name().to_owned(),
    }
}

/// The clip, or of a cycle its pieces.
fn to_watch(episode: &Episode) -> String {
    match episode.watch.as_slice() {
        [] => clock_span(episode.clip),
        pieces => pieces.iter().map(|piece| clock_span(*piece)).collect::<Vec<_>>().join(", "),
    }
}

fn evidence(items: &[Evidence], letters_from: usize, jump: &dyn Fn(SessionTime) -> String) -> Markup {
    html! {
        @if items.is_empty() { p.none { "Nothing was found." } }
        ul.ev {
            @for (index, item) in items.iter().enumerate() {
                li {
                    span.letter { (letter(letters_from + index)) }
                    span dir="auto" { (who_name(item.who)) ": " (plain(&item.sentence)) }
                    span.how {
                        (strength(item.strength)) (poorly(item.quality)) " \u{b7} "
                        a href=(jump(item.span.start())) { (clock(item.span.start())) }
                    }
                }
            }
        }
    }
}

/// In words, since a number would be taken for a probability.
fn strength(strength: f32) -> &'static str {
    match strength {
        s if s >= 0.67 => "clear",
        s if s >= 0.34 => "moderate",
        s if s >= 0.0 => "faint",
        _ => "strength unknown",
    }
}

fn poorly(quality: f32) -> &'static str {
    if quality >= 0.6 { "" } else { ", poorly measured" }
}

fn code_list(episode: &Episode, codes: &Codes) -> Markup {
    html! {
        ul.codes {
            @for code in &episode.codes {
                @let known = codes.get(&code.code);
                @let tone = known.map_or(Tone::Open, |known| known.tone);
                li.(tone.class()) title=(known.map(|known| plain(&known.definition)).unwrap_or_default()) {
                    span.id { (plain(&code.code)) }
                    (plain(&code.label))
                    @if let Some(known) = known { small { (plain(&known.place)) " \u{b7} " (tone.word()) } }
                }
            }
        }
    }
}

fn what_came(repair: &Repair, jump: &dyn Fn(SessionTime) -> String) -> Markup {
    html! {
        p {
            (outcome_sentence(repair.outcome))
            @if let Some(remark) = repair.remark_span {
                " Remark at " a href=(jump(remark.start())) { (clock_span(remark)) } "."
            }
        }
        @if !repair.signs.is_empty() {
            ul.signs {
                @for (sign, met) in &repair.signs { li { (if *met { "\u{2713} " } else { "\u{2013} " }) (plain(sign)) (if *met { "" } else { " (not met)" }) } }
            }
        }
    }
}

/// All repeats of a cycle, the therapist's move after each, and how it ended.
fn steps(cycle: &Cycle, repair: Option<&Repair>, jump: &dyn Fn(SessionTime) -> String) -> Markup {
    let remark = repair.and_then(|repair| repair.remark_span);
    let spacing = cycle.spacing_secs.iter().map(|secs| length(*secs)).collect::<Vec<_>>().join(", ");
    html! {
        h4 style="margin-top:14px" {
            (count(cycle.repeats.len(), "blocked exchange", "blocked exchanges"))
            @if !spacing.is_empty() { ", from start to start " (spacing) }
        }
        ol.steps {
            @for (index, repeat) in cycle.repeats.iter().enumerate() {
                li {
                    span.box { b { "blocked " (index + 1) } a href=(jump(repeat.start())) { (clock_span(*repeat)) } }
                    span.move { (cycle.moves.get(index).map_or("?".into(), |step| plain(step))) }
                }
            }
            li {
                span.box.break {
                    @if let Some(remark) = remark { b { "remark" } a href=(jump(remark.start())) { (clock_span(remark)) } }
                    @else { b { "no remark about it" } }
                }
            }
            @if let Some(repair) = repair { li { span.move {} span.box { b { "after" } (after(repair)) } } }
        }
    }
}

fn after(repair: &Repair) -> &'static str {
    use crate::episodes::Outcome as O;
    match repair.outcome {
        O::Resolved => "resolved",
        O::SpontaneousRecovery => "recovered without a remark",
        O::Unresolved => "not resolved",
        O::NeverAddressed => "never addressed",
        O::NotAssessable => "not assessable",
    }
}

/// A line of the excerpt: a turn or a silence.
enum Line<'a> {
    Turn(&'a crate::markers::SpokenTurn),
    Silence(Span),
}

fn excerpt(
    session: &Session,
    picture: &Picture<'_>,
    episode: &Episode,
    jump: &dyn Fn(SessionTime) -> String,
) -> Markup {
    let inside = |span: Span| span.overlap(episode.clip).is_some();
    let turns = session.turns.iter().filter(|turn| inside(turn.span) && !turn.text.is_empty());
    let mut lines: Vec<(Span, Line<'_>)> = turns.map(|turn| (turn.span, Line::Turn(turn))).collect();
    if lines.is_empty() {
        return html! {};
    }
    let silences = picture.silences.iter().filter(|event| inside(event.span));
    lines.extend(silences.map(|event| (event.span, Line::Silence(event.span))));
    lines.sort_by_key(|(span, line)| (*span, matches!(line, Line::Silence(_))));
    html! {
        h4 style="margin-top:14px" { "What was said" }
        div.excerpt tabindex="0" role="region" aria-label="Transcript of the clip" {
            table.talk {
                tbody {
                    @for (span, line) in &lines {
                        @match line {
                            Line::Turn(turn) => {
                                tr.around[span.overlap(episode.span).is_none()] {
                                    td.at { a href=(jump(span.start())) { (clock(span.start())) } }
                                    td.by.(tint(turn.who)) { (who_name(turn.who)) }
                                    td.said dir="auto" { (plain(&turn.text)) }
                                }
                            }
                            Line::Silence(span) => {
                                tr.hush { td.at { (clock(span.start())) } td.by {} td { (length(span.secs_f64())) " silence" } }
                            }
                        }
                    }
                }
            }
        }
    }
}
