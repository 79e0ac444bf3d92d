//! Every sentence about evidence, in one place: neutral words with the measured numbers, never a motive or a feeling.
//!
//! Each number in a sentence is read from the events behind it; a test looks every one of them up again.

use crate::markers::Event;
use crate::track::Who;

/// Lengths and counts as a coder reads them: one decimal for seconds and minutes.
pub(super) fn secs(value: f64) -> String {
    format!("{value:.1} s")
}

/// A length as minutes, or as seconds below one minute.
pub(super) fn minutes(value_secs: f64) -> String {
    if value_secs < 60.0 { secs(value_secs) } else { format!("{:.1} min", value_secs / 60.0) }
}

/// What was measured, as a noun, for lists of what could not be.
pub(super) fn name(marker: &str) -> &str {
    match marker {
        "vid.pout" => "lips pushed out",
        "vid.press" => "lips pressed",
        "vid.suck" => "lips rolled in",
        "vid.brow" => "brow lowered",
        "vid.smile" => "smile",
        "vid.contempt" => "one lip corner pulled",
        "vid.disgust" => "upper lip raised",
        "vid.express" => "movement of the face",
        "vid.gazeav" => "looking away",
        "vid.headdown" => "head down",
        "vid.turnaway" => "turned away",
        "vid.nod" => "nod",
        "vid.shake" => "head shake",
        "vid.lean" => "leaning back",
        "vid.arms" => "arms crossed",
        "vid.still" => "stillness",
        "vid.selftouch" => "self-touch",
        "aud.silence3" => "silence",
        "aud.lapse" => "lapse",
        "aud.minresp" => "short answer",
        "aud.latency" => "time to the answer",
        "aud.ovl_comp" => "cutting in",
        "aud.laugh" => "laugh",
        "aud.loud" => "loudness",
        "aud.rate" => "speech rate",
        "aud.sigh" => "sigh",
        "aud.whisper" => "whisper",
        "aud.arousal" => "pitch and loudness together",
        "txt.prompt" => "kind of prompt",
        "txt.meta" => "remarks on the moment",
        "txt.topic" => "change of topic",
        "txt.cohere" => "words shared with the question",
        "txt.deflect" => "phrase from the deflecting list",
        "txt.minimise" => "words from the minimising list",
        "txt.reassure" => "words from the reassuring list",
        "txt.vague" => "words from the vague list",
        "txt.critic" => "words from the critical list",
        "txt.distress" => "words from the distress list",
        "txt.mental" => "words for thoughts and feelings",
        "txt.ack" => "acknowledgement",
        other => other,
    }
}

/// The same where events of every kind of the marker are counted together.
pub(super) fn of_every_kind(marker: &str) -> &str {
    if marker == "vid.pout" { "lips pushed out or drawn down" } else { name(marker) }
}

/// Up to here a turn is called short: the loose minimal response of DOMAIN B.
const SHORT_WORDS: u32 = 5;
/// The same where words are not known, in seconds.
const SHORT_SECS: f64 = 2.0;

/// One event in words; `None` for events that only say where to look, such as the prompt itself.
pub fn event(event: &Event) -> Option<String> {
    let long = secs(event.span.secs_f64());
    let kind = event.kind.as_deref().unwrap_or_default();
    let text = match event.marker.as_str() {
        "txt.prompt" | "txt.meta" | "aud.vad" | "aud.talkshare" => return None,
        "aud.turnlen" if event.who == Who::Therapist => return None,
        "aud.turnlen" => match event.words {
            Some(1) => "short answer (1 word)".into(),
            Some(words) if words <= SHORT_WORDS => format!("short answer ({words} words)"),
            Some(words) => format!("answer ({words} words)"),
            None if event.span.secs_f64() <= SHORT_SECS => format!("short answer ({long})"),
            None => format!("answer ({long})"),
        },
        "aud.silence3" if kind == "TT" => format!("no answer for {long}"),
        "aud.silence3" => format!("{long} silence"),
        "aud.lapse" => format!("nobody spoke for {long}"),
        "aud.minresp" => match event.words {
            Some(1) => "short answer (1 word)".into(),
            Some(words) => format!("short answer ({words} words)"),
            None => format!("short answer ({long})"),
        },
        "aud.latency" if event.value < 0.0 => {
            format!("answer began {} before the question's end", secs(f64::from(-event.value)))
        }
        "aud.latency" => format!("{} until the answer", secs(f64::from(event.value))),
        "aud.ovl_comp" => format!("spoke into the other's turn for {long}"),
        "aud.laugh" => format!("laugh {long}"),
        "aud.sigh" => format!("sigh {long}"),
        "aud.whisper" => format!("whispered {long}"),
        "aud.loud" if event.value < 0.0 => format!("quieter than usual {long}"),
        "aud.loud" => format!("louder than usual {long}"),
        "aud.rate" if event.value < 0.0 => format!("slower than usual {long}"),
        "aud.rate" => format!("faster than usual {long}"),
        "aud.arousal" => format!("voice higher and louder than usual {long}"),
        "txt.topic" => "another topic".into(),
        "txt.cohere" if kind == "low" => "answer shares few words with the question".into(),
        "txt.cohere" => "answer takes up words of the question".into(),
        "txt.ack" => "acknowledged what was said".into(),
        "vid.express" => format!("face moved little for {long}"),
        "vid.pout" if kind == "corners_down" => format!("mouth corners down {long}"),
        "vid.pout" if kind == "chin_raised" => format!("chin pushed up {long}"),
        "vid.contempt" | "vid.disgust" | "vid.pout" | "vid.press" | "vid.suck" | "vid.brow" | "vid.smile"
        | "vid.nod" => {
            format!("{} {long}", name(&event.marker))
        }
        "vid.gazeav" => format!("looked away {long}"),
        "vid.lean" => format!("leaned back {long}"),
        "vid.still" => format!("hardly moved for {long}"),
        "vid.selftouch" => format!("touched own face or arm {long}"),
        marker if marker.starts_with("txt.") => name(marker).to_owned(),
        marker => format!("{} {long}", name(marker)),
    };
    Some(match event.who {
        who @ (Who::Speaker(_) | Who::Face(_)) => format!("{who}: {text}"),
        _ => text,
    })
}

/// Several events that make up one piece of evidence, in order of start. A silence comes "then"; equal words are said
/// once, with their number.
pub(super) fn evidence(events: &[&Event]) -> String {
    let mut said: Vec<(String, usize, bool)> = Vec::new();
    for one in events {
        let Some(text) = event(one) else { continue };
        match said.iter_mut().find(|(other, ..)| *other == text) {
            Some((_, times, _)) => *times += 1,
            None => said.push((text, 1, one.marker == "aud.silence3")),
        }
    }
    let mut sentence = String::new();
    for (text, times, is_silence) in said {
        if !sentence.is_empty() {
            sentence.push_str(if is_silence { ", then " } else { " and " });
        }
        sentence.push_str(&text);
        if times > 1 {
            sentence.push_str(&format!(" ({times} times)"));
        }
    }
    sentence
}

/// The first letters of an episode: how many further exchanges belong to it.
pub(super) fn further(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => "; and 1 further exchange".into(),
        count => format!("; and {count} further exchanges"),
    }
}

/// What a cycle is, before the evidence of its strongest repeat.
pub(super) fn cycle(repeats: usize, unseen: usize, length_secs: f64) -> String {
    let face = match unseen {
        0 => "",
        all if all == repeats => ", the face not seen",
        _ => ", the face not seen every time",
    };
    format!("{repeats} times in {}{face}: ", minutes(length_secs))
}

/// A reply that is short for this person.
pub(super) fn short_reply(count: u32, limit: f64) -> String {
    let words = if count == 1 { "word" } else { "words" };
    format!("reply of {count} {words} (own P20 {limit:.1})")
}

/// A long turn.
pub(super) fn long_turn(length_secs: f64) -> String {
    format!("one turn of {}", minutes(length_secs))
}

/// Nearly all of the speaking.
pub(super) fn high_share(share: f64, over_secs: f64) -> String {
    format!("{:.0} % of all speaking over {}", (100.0 * share).floor(), minutes(over_secs))
}

/// The therapist's moves after the repeats of a cycle, in order; nothing where none is known.
pub(super) fn moves(moves: &[String]) -> String {
    match moves.iter().all(|step| step == UNKNOWN_MOVE) {
        true => String::new(),
        false => format!("; after each, the therapist: {}", moves.join(", ")),
    }
}

/// A move of the therapist, from the kind of prompt or remark (DOMAIN C.6).
pub(super) fn therapist_move(act: &Event) -> &'static str {
    match (act.marker.as_str(), act.kind.as_deref().unwrap_or_default()) {
        ("txt.meta", "face") => "names the face",
        (_, "here_and_now") => "names the moment",
        ("txt.meta", "repair") => "clarifies or apologises",
        (_, "open_question" | "closed_question" | "request_to_explore" | "challenge") => "re-prompt",
        (_, "reflection" | "reflection_of_distress") => "re-prompt",
        (_, "advice" | "information") => "advice",
        _ => OTHER_MOVE,
    }
}

/// The therapist begins something else.
pub(super) const NEW_TOPIC: &str = "new topic";
/// The therapist lets a lapse pass, or says nothing.
pub(super) const SILENT: &str = "silence";
/// Without words nobody knows.
pub(super) const UNKNOWN_MOVE: &str = "not known";
/// Something that has no kind.
pub(super) const OTHER_MOVE: &str = "other";

/// What is known about a stretch of which only part could be assessed.
pub(super) fn partly_usable(who: Who, modality: &str, share: f64) -> String {
    format!("the {who}'s {modality} was usable in {:.0} % of this stretch", (100.0 * share).floor())
}

/// What is said where nobody knows how much of a modality was usable.
pub(super) fn usable_unknown(who: Who, modality: &str) -> String {
    format!("how much of the {who}'s {modality} was usable is not known: it does not count here")
}

/// Beside every expected number.
pub(super) const UNCALIBRATED: &str =
    "uncalibrated: the expected number comes from the weights of the settings, not from coders' decisions";

/// Without a transcript.
pub(super) const NO_WORDS: &str = "no transcript: words not read";

/// Without roles.
pub(super) const NO_ROLES: &str = "who is client and who therapist is not known: events of either person count";

/// Where exchanges do not cover a stretch.
pub(super) const NO_EXCHANGE: &str = "no prompt with a reply in this stretch: looked at in windows";

/// Without a known kind of prompt.
pub(super) const NO_PROMPT_KIND: &str = "the kind of prompt is not known: it may have been a closed question";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::episodes::settings::Settings;

    /// Words that say more than what was measured.
    const NEVER: &[&str] = &[
        "resist",
        "refus",
        "angry",
        "anger",
        "sad",
        "hostil",
        "defens",
        "avoid",
        "withdraw",
        "contempt",
        "disgust",
        "ruptur",
        "pout",
        "sulk",
        "denial",
        "denies",
        "nervous",
        "anxious",
        "unwilling",
        "uncooperative",
        "ignor",
    ];

    #[test]
    fn no_marker_is_said_in_words_that_judge() {
        let settings: Settings = toml::from_str(include_str!("../../config/episodes.toml")).unwrap();
        let span = crate::time::Span::from_millis(0, 1400).unwrap();
        let mut said =
            vec![NO_WORDS.to_owned(), NO_ROLES.to_owned(), NO_EXCHANGE.to_owned(), NO_PROMPT_KIND.to_owned()];
        for marker in settings.modality.iter().flat_map(|m| &m.markers) {
            assert_ne!(name(marker), marker, "{marker} has no words");
            said.push(name(marker).to_owned());
            for (kind, value) in [("TT", -1.0), ("low", 1.0), ("ok", 1.0), ("flat", 1.0)] {
                let event = Event {
                    id: Default::default(),
                    marker: marker.clone(),
                    who: Who::Client,
                    span,
                    apex: None,
                    value,
                    unit: crate::track::Unit::Seconds,
                    strength: 1.0,
                    confidence: 1.0,
                    kind: Some(kind.into()),
                    words: Some(2),
                    seen_in: vec![],
                };
                said.extend(super::event(&event));
            }
        }
        for text in said {
            let text = text.to_lowercase();
            assert!(!NEVER.iter().any(|word| text.contains(word)), "{text}");
        }
    }
}
