//! Refuses rules that make no sense, before a session is read. Every mistake is reported, not only the first.

mod pattern;
mod place;

use std::collections::BTreeSet;

use super::language::{Observability, Rule};
use super::vocabulary::Vocabulary;
use crate::spelling::nearest;

/// More steps than this are two ideas.
const MOST_STEPS: usize = 12;

/// One mistake in a rule.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("rule {rule:?}, {place}: {what}")]
pub struct RuleError {
    /// Id of the rule.
    pub rule: String,
    /// Where in it: `step 2 (reply)`, `without 1`, `example "a short pause"`.
    pub place: String,
    /// What is wrong and what to do about it.
    pub what: String,
    /// A piece of the file's text near which the mistake is; empty if there is none.
    pub look_for: String,
}

/// Where a pattern stands decides what it may say.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    /// With the number of steps before it.
    Step(usize),
    /// Inside `any`, with whether the repeats of the whole step are counted.
    Alternative { of_repeats: bool },
    /// Inside `all`.
    Member,
    /// In `without`.
    Refusal,
    /// In `broken_by`.
    Breaker,
}

struct Checker<'c> {
    rule: &'c Rule,
    known: &'c Vocabulary,
    errors: Vec<RuleError>,
}

impl Rule {
    /// Whether everything the rule names exists and everything it says can hold.
    ///
    /// # Errors
    /// Every mistake, in the order of the file. A misspelt name comes with the nearest one that exists.
    pub fn check(&self, known: &Vocabulary) -> Result<(), Vec<RuleError>> {
        let mut checker = Checker { rule: self, known, errors: Vec::new() };
        checker.whole();
        for (index, step) in self.sequence.iter().enumerate() {
            let name = step.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
            checker.pattern(step, Role::Step(index), &format!("step {}{name}", index + 1), index);
        }
        for (index, refusal) in self.without.iter().enumerate() {
            checker.pattern(refusal, Role::Refusal, &format!("without {}", index + 1), self.sequence.len());
        }
        checker.examples();
        if checker.errors.is_empty() { Ok(()) } else { Err(checker.errors) }
    }
}

impl Checker<'_> {
    fn wrong(&mut self, place: &str, look_for: &str, what: impl Into<String>) {
        let (rule, place, look_for) = (self.rule.id.clone(), place.to_owned(), look_for.to_owned());
        self.errors.push(RuleError { rule, place, what: what.into(), look_for });
    }

    fn whole(&mut self) {
        let rule = self.rule;
        let head = "its head";
        if rule.id.trim().is_empty() {
            self.wrong(head, "", "the id is empty: give the rule a short name of its own");
        }
        if rule.version == 0 {
            self.wrong(head, "version", "versions count from 1");
        }
        if rule.observability == Some(Observability::CoderOnly) {
            self.wrong(head, "observability", "a rule cannot be coder_only: say direct, proxy or weak");
        }
        match rule.sequence.len() {
            0 => self.wrong(head, "sequence", "the sequence is empty: a rule needs at least one step"),
            1..=MOST_STEPS => {}
            more => self.wrong(head, "sequence", format!("{more} steps are too many: at most {MOST_STEPS}")),
        }
        if !rule.sequence.is_empty() && rule.sequence.iter().all(|step| step.scene) {
            self.wrong(head, "scene", "every step only sets the scene: nothing is left to give the hit its strength");
        }
        let mut names = BTreeSet::new();
        for name in rule.sequence.iter().filter_map(|step| step.name.as_deref()) {
            let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            if name.is_empty() || !plain {
                self.wrong(head, name, format!("a step's name is made of a-z, 0-9 and _, which {name:?} is not"));
            }
            if !names.insert(name) {
                self.wrong(head, name, format!("two steps are called {name:?}"));
            }
        }
        for marker in rule.blind_if_missing.iter().chain(&rule.only_if_blind) {
            self.marker(head, marker);
        }
        let read = rule.markers();
        for marker in rule.only_if_blind.iter().filter(|marker| read.contains(marker.as_str())) {
            let what = format!("it looks only if {marker:?} could not, but reads it: it would never find anything");
            self.wrong(head, marker, what);
        }
    }

    fn examples(&mut self) {
        for example in &self.rule.examples {
            let place = format!("example {:?}", example.name);
            for what in example.mistakes() {
                self.wrong(&place, &example.name, what);
            }
            for marker in example.blind.iter().chain(example.events.iter().filter_map(|event| event.marker.as_ref())) {
                self.marker(&place, marker);
            }
            for event in &example.events {
                if let (Some(marker), Some(kind)) = (&event.marker, &event.kind) {
                    self.kind(&place, marker, kind);
                }
            }
        }
    }
}

/// `: did you mean "aud.turnlen"?`, or nothing.
fn did_you_mean<'n>(wrong: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    nearest(wrong, names).map(|name| format!(": did you mean {name:?}?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DICTIONARY: &str = r#"
        ["aud.turnlen"]
        name = "turn"
        ["aud.silence3"]
        name = "silence"
        kinds = ["TT", "CT"]
    "#;

    /// The sequence (and what follows it) must be refused with a message that holds `expect`.
    fn refused(sequence: &str, expect: &str) {
        let text = format!("id = \"r\"\nversion = 1\nsequence = {sequence}");
        let rule: Rule = toml::from_str(&text).unwrap();
        let mut known = Vocabulary::from_dictionary(DICTIONARY).unwrap();
        known.codes.insert("rs03".into());
        let errors = rule.check(&known).unwrap_err();
        let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert!(all.iter().any(|error| error.contains(expect)), "{all:#?} does not say {expect:?}");
    }

    #[test]
    fn a_misspelt_name_comes_with_the_nearest() {
        refused(
            "[{ marker = 'aud.turnlenn' }]",
            "step 1: no marker is called \"aud.turnlenn\": did you mean \"aud.turnlen\"?",
        );
        refused("[{ marker = 'aud.silence3', kind = 'TC' }]", "no kind \"TC\": did you mean \"CT\"");
        refused("[{ marker = 'aud.turnlen', kind = 'x' }]", "aud.turnlen has no kinds");
        refused("[{ code = 'rs3' }]", "no code is called \"rs3\": did you mean \"rs03\"?");
        let second = "{ marker = 'aud.silence3', starts_in = { step = 'replyy' } }";
        refused(&format!("[{{ name = 'reply', marker = 'aud.turnlen' }}, {second}]"), "did you mean \"reply\"?");
        refused("[{ marker = 'aud.turnlen' }]\nonly_if_blind = ['aud.x']", "no marker is called \"aud.x\"");
    }

    #[test]
    fn a_pattern_looks_for_one_thing() {
        refused("[{ who = 'client' }]", "exactly one of");
        refused("[{ marker = 'aud.turnlen', code = 'rs03' }]", "exactly one of");
        refused("[{ code = 'rs03', who = 'client' }]", "`who` goes with `marker`");
        refused("[{ any = [{ marker = 'aud.turnlen' }] }]", "two patterns or more");
        let two = "{ marker = 'aud.turnlen' }, { marker = 'aud.silence3' }";
        refused(&format!("[{{ min_secs = 1, any = [{two}] }}]"), "goes with each alternative");
        refused(&format!("[{{ all = [{{ any = [{two}] }}, {two}] }}]"), "nest no deeper");
        refused(&format!("[{{ any = [{{ name = 'x', marker = 'aud.turnlen' }}, {two}] }}]"), "belongs to a step");
    }

    #[test]
    fn every_step_says_where_it_lies() {
        refused("[]", "at least one step");
        refused("[{ marker = 'aud.turnlen' }, { marker = 'aud.silence3' }]", "nothing says where it lies");
        refused("[{ marker = 'aud.turnlen', within_secs = 1 }]", "nothing stands before it");
        refused("[{ marker = 'aud.turnlen' }]\nwithout = [{ marker = 'aud.silence3' }]", "needs its stretch");
        let from = "{ from = 'a.middle', to = 'b.end' }";
        refused(
            &format!("[{{ name = 'a', marker = 'aud.turnlen' }}, {{ marker = 'aud.turnlen', during = {from} }}]"),
            "is no moment",
        );
        refused(
            "[{ marker = 'aud.turnlen' }, { name = 'b', marker = 'aud.turnlen', during = { step = 'b' } }]",
            "not earlier",
        );
        refused(
            "[{ name = 'a', marker = 'aud.turnlen' }, { marker = 'aud.turnlen', during = { step = 'a', from = 'a.end' } }]",
            "either `step`",
        );
    }

    #[test]
    fn what_can_never_fit_is_refused() {
        refused("[{ marker = 'aud.turnlen', min_words = 4, max_words = 3 }]", "nothing can fit");
        refused("[{ marker = 'aud.turnlen', min_confidence = 1.5 }]", "between 0 and 1");
        refused("[{ marker = 'aud.turnlen', min_strength = nan }]", "between 0 and 1");
        refused("[{ marker = 'aud.turnlen', max_value = inf }]", "must be a number");
        refused("[{ marker = 'aud.turnlen', scene = true }]", "only sets the scene");
        refused("[{ marker = 'aud.turnlen', at_least = { count = 1, in_secs = 5 } }]", "count from 2");
        refused("[{ marker = 'aud.turnlen' }]\nonly_if_blind = ['aud.turnlen']", "would never find");
    }

    #[test]
    fn every_mistake_is_reported() {
        let rule: Rule =
            toml::from_str("id = 'r'\nversion = 0\nsequence = [{ marker = 'x' }, { marker = 'y' }]").unwrap();
        assert_eq!(rule.check(&Vocabulary::default()).unwrap_err().len(), 4);
    }

    #[test]
    fn negative_lengths_and_unknown_people_do_not_read() {
        for (field, expect) in
            [("min_secs = -1", "negative"), ("who = 'clint'", "`clint`"), ("mraker = 'x'", "`mraker`")]
        {
            let text = format!("id = 'r'\nversion = 1\nsequence = [{{ {field} }}]");
            let error = toml::from_str::<Rule>(&text).unwrap_err().to_string();
            assert!(error.contains(expect), "{error}");
        }
    }
}
