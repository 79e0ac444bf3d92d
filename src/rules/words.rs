//! A rule in words, built from its data, so that what a coder reads is what runs.

use std::fmt::Write as _;

use super::language::{Pattern, Rule, Stretch};
use super::vocabulary::Vocabulary;
use crate::time::Secs;

/// One numbered line per step, then one per refusal and condition, each ending in a line break.
pub fn in_words(rule: &Rule, known: &Vocabulary) -> String {
    let mut text = String::new();
    for (index, step) in rule.sequence.iter().enumerate() {
        let name = step.name.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
        let scene = if step.scene { " (sets the scene)" } else { "" };
        let _ = writeln!(text, "{}. {name}{}{scene}", index + 1, pattern_in_words(step, known));
    }
    for refusal in &rule.without {
        let _ = writeln!(text, "Not if there is any {}", pattern_in_words(refusal, known));
    }
    let list = |markers: &[String]| markers.join(", ");
    if !rule.blind_if_missing.is_empty() {
        let _ = writeln!(text, "Does not look unless these could look: {}", list(&rule.blind_if_missing));
    }
    if !rule.only_if_blind.is_empty() {
        let _ = writeln!(text, "Looks only if these could not: {}", list(&rule.only_if_blind));
    }
    text
}

fn pattern_in_words(pattern: &Pattern, known: &Vocabulary) -> String {
    let listed = |patterns: &[Pattern], word: &str| {
        let each: Vec<_> = patterns.iter().map(|inner| format!("[{}]", pattern_in_words(inner, known))).collect();
        each.join(word)
    };
    let mut said = if let Some(marker) = &pattern.marker {
        format!("{} ({marker})", known.name(marker))
    } else if let Some(code) = &pattern.code {
        format!("a place where {code} was found")
    } else if pattern.any.is_empty() {
        format!("at the same moment {}", listed(&pattern.all, " and "))
    } else {
        listed(&pattern.any, " or ")
    };
    if let Some(who) = pattern.who {
        let _ = write!(said, " of the {who}");
    }
    if !pattern.kind.is_empty() {
        let _ = write!(said, ", kind {}", pattern.kind.0.join(" or ").replace('_', " "));
    }
    persons_in_words(pattern, &mut said);
    limits_in_words(pattern, &mut said);
    if let Some(repeats) = &pattern.at_least {
        let _ = write!(said, ", at least {} times in {}", repeats.count, secs(repeats.in_secs));
        for breaker in &repeats.broken_by {
            let _ = write!(said, ", a run ends at any {}", pattern_in_words(breaker, known));
        }
    }
    relations_in_words(pattern, &mut said);
    said
}

fn limits_in_words(pattern: &Pattern, said: &mut String) {
    let mut limit = |word: &str, number: Option<String>| {
        if let Some(number) = number {
            let _ = write!(said, ", {word} {number}");
        }
    };
    let words = |count: u32| if count == 1 { "1 word".to_owned() } else { format!("{count} words") };
    limit("at least", pattern.min_secs.map(secs));
    limit("at most", pattern.max_secs.map(secs));
    limit("at least", pattern.min_words.map(words));
    limit("at most", pattern.max_words.map(words));
    limit("value at least", pattern.min_value.map(|value| value.to_string()));
    limit("value at most", pattern.max_value.map(|value| value.to_string()));
    limit("in the first", pattern.in_first_secs.map(|first| format!("{} of the session", secs(first))));
    limit("strength at least", pattern.min_strength.map(|value| value.to_string()));
    limit("quality at least", pattern.min_confidence.map(|value| value.to_string()));
}

fn relations_in_words(pattern: &Pattern, said: &mut String) {
    if let Some(gap) = pattern.within_secs {
        let _ = write!(said, ", starting at most {} after the step before ended", secs(gap));
    }
    if let Some(most) = pattern.cut_in_secs {
        let _ = write!(said, " (cutting in by at most {})", secs(most));
    }
    if let Some(stretch) = &pattern.during {
        let _ = write!(said, ", wholly inside {}", stretch_in_words(stretch));
    }
    if let Some(stretch) = &pattern.overlaps {
        let least = stretch.for_secs.map(|least| format!("at least {} of ", secs(least))).unwrap_or_default();
        let _ = write!(said, ", sharing {least}{}", stretch_in_words(stretch));
    }
    if let Some(stretch) = &pattern.starts_in {
        let _ = write!(said, ", starting in {}", stretch_in_words(stretch));
    }
}

fn persons_in_words(pattern: &Pattern, said: &mut String) {
    for (step, same) in pattern.persons() {
        let _ = write!(
            said,
            ", {} person {} {step}",
            if same { "same" } else { "another" },
            if same { "as" } else { "than" }
        );
    }
}

fn stretch_in_words(stretch: &Stretch) -> String {
    let moment = |edge: &str| match edge.rsplit_once('.') {
        Some((step, side)) => format!("the {side} of {step}"),
        None => edge.to_owned(),
    };
    let edge = |secs_away: Option<Secs>, way: &str, edge: String| match secs_away {
        Some(away) => format!("{} {way} {edge}", secs(away)),
        None => edge,
    };
    let (from, to) = match &stretch.step {
        Some(step) => (format!("the start of {step}"), format!("the end of {step}")),
        None => {
            (moment(stretch.from.as_deref().unwrap_or_default()), moment(stretch.to.as_deref().unwrap_or_default()))
        }
    };
    let (from, to) = (edge(stretch.before_secs, "before", from), edge(stretch.after_secs, "after", to));
    format!("the time from {from} to {to}")
}

fn secs(secs: Secs) -> String {
    let secs = secs.0.as_secs_f64();
    if secs >= 120.0 { format!("{} min", secs / 60.0) } else { format!("{secs} s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_a_rule_is_said() {
        let rule: Rule = toml::from_str(
            r#"
            id = "r"
            version = 1
            only_if_blind = ["txt.prompt"]
            sequence = [
              { name = "ask", marker = "txt.prompt", who = "therapist", kind = ["open_question", "challenge"], scene = true },
              { name = "face", all = [{ marker = "vid.brow" }, { marker = "vid.press", min_confidence = 0.5 }],
                overlaps = { from = "ask.end", to = "ask.end", before_secs = 1, after_secs = 3, for_secs = 0.5 } },
              { code = "rs03", within_secs = 2, cut_in_secs = 1, at_least = { count = 3, in_secs = 1200 } },
            ]
            without = [{ marker = "aud.turnlen", min_words = 1, starts_in = { step = "face" } }]
            "#,
        )
        .unwrap();
        let known = Vocabulary::from_dictionary("['aud.turnlen']\nname = 'turn'").unwrap();
        let expect = "\
1. ask: txt.prompt (txt.prompt) of the therapist, kind open question or challenge (sets the scene)
2. face: at the same moment [vid.brow (vid.brow)] and [vid.press (vid.press), quality at least 0.5], sharing at least 0.5 s of \
the time from 1 s before the end of ask to 3 s after the end of ask
3. a place where rs03 was found, at least 3 times in 20 min, starting at most 2 s after the step before ended (cutting in by \
at most 1 s)
Not if there is any turn (aud.turnlen), at least 1 word, starting in the time from the start of face to the end of face
Looks only if these could not: txt.prompt
";
        assert_eq!(in_words(&rule, &known), expect);
    }
}
