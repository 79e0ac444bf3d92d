//! What the rest of the page says: what could not be looked at, who is who, what went wrong, limits, origin.

use maud::{Markup, html};

use super::minutes;
use crate::export::draw::{clock_span, length, n, plain};
use crate::export::words::{count, who_name};
use crate::session::{Cohesion, Coverage, Session};
use crate::track::Who;

/// Sentences for the summary: each person and modality of which more than half could not be assessed.
pub(super) fn largest_holes(session: &Session) -> Vec<String> {
    let half_missing = |coverage: &&Coverage| coverage.total_s > 0.0 && coverage.assessable_s < 0.5 * coverage.total_s;
    session
        .coverage
        .iter()
        .filter(half_missing)
        .map(|coverage| {
            let missing = minutes(coverage.total_s - coverage.assessable_s);
            let why =
                if coverage.why_not.is_empty() { String::new() } else { format!(" ({})", plain(&coverage.why_not)) };
            format!(
                "{} of {}: not assessable in {missing} of {}{why}.",
                first_upper(&plain(&coverage.modality)),
                who_name(coverage.who).to_lowercase(),
                minutes(coverage.total_s)
            )
        })
        .collect()
}

/// Minutes with one decimal; a little is not nothing.
fn in_minutes(secs: f64) -> String {
    let little = secs > 0.0 && secs < 3.0;
    if little { "< 0.1".into() } else { format!("{:.1}", secs.max(0.0) / 60.0) }
}

fn first_upper(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}

pub(super) fn coverage(session: &Session) -> Markup {
    html! {
        h2 #coverage { "What could not be assessed" }
        section.card {
            p { "Not assessable is not absent: in these minutes nothing could be seen or heard well enough, so nothing was looked for." }
            @if session.coverage.is_empty() { p.none { "Nothing is known about it." } }
            @else {
                div.wide {
                    table.data {
                        thead { tr { th { "What" } th { "Of whom" } th { "Assessable" } th.num { "Minutes assessable" } th.num { "Not assessable" } th { "Why" } } }
                        tbody {
                            @for row in &session.coverage {
                                @let share = if row.total_s > 0.0 { (row.assessable_s / row.total_s).clamp(0.0, 1.0) } else { 0.0 };
                                tr {
                                    td { (plain(&row.modality)) }
                                    td { (who_name(row.who)) }
                                    td { span.meter role="img" aria-label=(format!("{} of {}", minutes(row.assessable_s), minutes(row.total_s))) { i style=(format!("width:{}%", n(share * 100.0))) {} } }
                                    td.num { (in_minutes(row.assessable_s)) " of " (in_minutes(row.total_s)) }
                                    td.num { (in_minutes(row.total_s - row.assessable_s)) }
                                    td { (plain(&row.why_not)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

pub(super) fn people(session: &Session) -> Markup {
    html! {
        h2 #people { "Who is who" }
        section.card {
            @if session.people.is_empty() { p.none { "Nobody could be told apart." } }
            @else {
                div.wide {
                    table.data {
                        thead { tr { th { "Person" } th { "Voice" } th { "Face" } th { "Told by" } th { "How sure" } th.num { "Speaking" } } }
                        tbody {
                            @for person in &session.people {
                                tr {
                                    td { b { (who_name(person.who)) } }
                                    td { (person.voice.as_deref().map_or("none found".into(), plain)) }
                                    td { (person.face.as_deref().map_or("none found".into(), plain)) }
                                    td { (plain(&person.told_by)) }
                                    td { (sure(person.confidence)) }
                                    td.num { (person.speaking_s.map_or("\u{2013}".into(), minutes)) }
                                }
                            }
                        }
                    }
                }
                @if let Some(line) = synchrony(session) { p style="margin-top:10px" { (line) } }
                p style="margin-top:10px" {
                    @if session.people.iter().any(|person| matches!(person.who, Who::Client | Who::Therapist)) {
                        "If this is wrong, every sentence about one person is about the other: name the client yourself and scan again."
                    } @else {
                        "Nothing tells who is the client and who the therapist, so nothing that depends on it could be looked for: name the client and scan again."
                    }
                }
            }
        }
    }
}

/// One line on how two people moved together: how much, who first, and against chance.
fn synchrony(session: &Session) -> Option<String> {
    let told = session.synchrony.as_ref()?;
    let (first, second) = (who_name(told.first).to_lowercase(), who_name(told.second).to_lowercase());
    let leads = match told.first_leads.zip(told.second_leads) {
        Some((a, b)) if a >= b => format!("; the {first} rather moves first ({a:.3} against {b:.3})"),
        Some((a, b)) => format!("; the {second} rather moves first ({b:.3} against {a:.3})"),
        None => String::new(),
    };
    let chance = match told.chance_sd {
        Some(sd) if sd >= 0.0 => format!("; {sd:.1} SD above {} shuffled sessions", told.shuffles),
        Some(sd) => format!("; {:.1} SD below {} shuffled sessions", -sd, told.shuffles),
        None => "; too short to compare with chance".into(),
    };
    let measure = if told.absolute { "|z|" } else { "z" };
    Some(format!(
        "Synchrony of movement: mean {measure} {:.3} in {} ({:.0} s each, every {:.0} s, lags up to {:.0} s){leads}{chance}. \
         It describes the two and is no sign of strain.",
        told.mean,
        count(told.windows, "window", "windows"),
        told.window_s,
        told.step_s,
        told.max_lag_s,
    ))
}

fn sure(confidence: f32) -> &'static str {
    match confidence {
        c if c >= 0.9 => "well supported",
        c if c >= 0.6 => "probably",
        c if c > 0.0 => "weakly supported",
        _ => "unknown",
    }
}

pub(super) fn problems(session: &Session) -> Markup {
    if session.problems.is_empty() {
        return html! {};
    }
    html! {
        h2 #problems { "Problems" }
        section.card { ul.plain { @for problem in &session.problems { li { b { (plain(&problem.stage)) (if problem.is_failure { " (not done)" } else { "" }) } ": " (plain(&problem.message)) } } } }
    }
}

pub(super) fn limits() -> Markup {
    html! {
        h2 #limits { "Limits of use" }
        section.card {
            ul.plain {
                li { b { "A candidate is not a finding." } " A trained coder watches the clip and decides." }
                li { b { "Not for" } " diagnosis, appraisal of therapists, live alerts or lie detection." }
                li { b { "Actions, not emotions." } " \u{201c}Lips pushed out\u{201d} is what was measured; what it meant is the coder\u{2019}s to say. A silence can be thoughtful." }
                li { b { "Uncalibrated." } " Ranks order the coder\u{2019}s time. They are no probabilities, and no accuracy is claimed." }
                li { b { "No label on a person." } " \u{201c}Avoidant-like\u{201d} names a moment, never somebody\u{2019}s attachment." }
                li { b { "What is not listed may still be there," } " above all where little could be assessed." }
                li { b { "Confidential." } " This page holds words that were said in a session. It loads nothing and sends nothing." }
            }
        }
    }
}

pub(super) fn reading() -> Markup {
    html! {
        h2 #reading { "How to read this page" }
        section.card {
            ul.plain {
                li { "A candidate needs at least two kinds of evidence, e.g. a silence and a face, or one rule that describes the code itself." }
                li { "Facial actions are measured against the same person\u{2019}s own neutral (dashed line), never against other people, and mouth actions only while that person does not speak." }
                li { "Clear, moderate and faint say how strong a measured sign is; \u{201c}poorly measured\u{201d} says that the recording let it be seen or heard only badly." }
                li { "Colours follow how a code bears on the alliance (straining, supporting, depends), not the name of its group in the codebook." }
                li { "Letters in a candidate\u{2019}s picture stand for its evidence. Times lead to the minute in the timeline." }
                li { "The files beside this page hold the same in tables: events.csv, episodes.csv, tracks.parquet and session.json." }
            }
        }
    }
}

pub(super) fn origin(session: &Session) -> Markup {
    let origin = &session.origin;
    html! {
        h2 #origin { "Origin" }
        section.card {
            div.wide { table.data {
                tbody {
                    @for media in &session.media {
                        tr {
                            th { "Recording" }
                            td {
                                (plain(&media.file)) br; (plain(&media.what)) br;
                                "starts at " (n(media.offset_s.secs_f64())) " s (" (plain(&media.offset_from)) ")"
                                @if let Some(drift) = media.drift_ppm { ", clock " (n(drift)) " ppm off" }
                                @if media.damage.broken_packets > 0 || !media.damage.missing.is_empty() {
                                    br; (count(usize::try_from(media.damage.broken_packets).unwrap_or(usize::MAX), "broken packet", "broken packets"))
                                    @if !media.damage.missing.is_empty() {
                                        "; missing: " (media.damage.missing.iter().take(20).map(|span| clock_span(*span)).collect::<Vec<_>>().join(", "))
                                        @if media.damage.missing.len() > 20 { " and " (media.damage.missing.len() - 20) " more" }
                                    }
                                }
                            }
                            td { code { (media.sha256.short()) } }
                        }
                    }
                    @if let Some(transcript) = &session.transcript {
                        tr {
                            th { "Transcript" }
                            td {
                                (plain(&transcript.file)) br;
                                (plain(&transcript.format)) ", " (count(transcript.turns, "turn", "turns"))
                                @if let Some(offset) = transcript.offset_s { ", " (length(offset.abs())) (if offset < 0.0 { " after the sound" } else { " before the sound" }) }
                                @if let Some(drift) = transcript.drift_ppm { " at the start, " (format!("{:.1}", drift.abs() / 1000.0)) " s " (if drift < 0.0 { "later" } else { "earlier" }) " for every 1,000 s after it" }
                                @match transcript.cohesion {
                                    Some(Cohesion::Meaning) => ", topics and cohesion by what sentences mean",
                                    Some(Cohesion::Words) => ", topics and cohesion by shared words",
                                    None => {},
                                }
                                @for (line, warning) in transcript.warnings.iter().take(10) { br; "line " (line) ": " (plain(warning)) }
                                @if transcript.warnings.len() > 10 { br; "and " (transcript.warnings.len() - 10) " more" }
                            }
                            td { code { (transcript.sha256.short()) } }
                        }
                    }
                    tr { th { "Engine" } td { "Attune " (plain(&origin.engine)) } td {} }
                    tr { th { "Settings" } td {} td { code { (origin.settings.short()) } } }
                    tr { th { "Codebook" } td {} td { code { (origin.codebook.short()) } } }
                    tr { th { "Language" } td {} td { code { (origin.language.short()) } } }
                    @for model in &origin.models {
                        tr { th { "Network" } td { (plain(&model.name)) ", " (plain(&model.runtime)) } td { code { (model.sha256.short()) } } }
                    }
                }
            } }
            p.sub style="margin:10px 0 0" { "The first 12 digits of each SHA-256 sum; all of them stand in session.json." }
        }
    }
}
