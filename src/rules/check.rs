//! Refuses rules that make no sense, before a session is read. Every mistake is reported, not only the first.

use std::collections::BTreeSet;

use super::language::{AtLeast, Observability, Pattern, Rule, Stretch};
use super::plan::edge_as_written;
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

    /// `earlier` = number of steps whose names may be used.
    fn pattern(&mut self, pattern: &Pattern, role: Role, place: &str, earlier: usize) {
        self.what_it_looks_for(pattern, role, place);
        self.limits(pattern, place);
        self.relations(pattern, role, place, earlier);
        let only_steps = [("name", pattern.name.is_some()), ("scene", pattern.scene)];
        for (word, _) in only_steps.into_iter().filter(|(_, set)| *set && !matches!(role, Role::Step(_))) {
            self.wrong(place, word, format!("`{word}` belongs to a step of the sequence"));
        }
        let of_repeats = pattern.at_least.is_some();
        for (index, way) in pattern.any.iter().enumerate() {
            let role = Role::Alternative { of_repeats };
            self.pattern(way, role, &format!("{place}, alternative {}", index + 1), earlier);
        }
        for (index, member) in pattern.all.iter().enumerate() {
            self.pattern(member, Role::Member, &format!("{place}, part {}", index + 1), earlier);
        }
        if let Some(repeats) = &pattern.at_least {
            self.repeats(repeats, role, place);
        }
    }

    fn repeats(&mut self, repeats: &AtLeast, role: Role, place: &str) {
        if !matches!(role, Role::Step(_)) {
            self.wrong(place, "at_least", "`at_least` belongs to a step of the sequence");
        }
        if repeats.count < 2 {
            self.wrong(place, "at_least", "repeats count from 2: leave `at_least` out for a single one");
        }
        for (index, breaker) in repeats.broken_by.iter().enumerate() {
            self.pattern(breaker, Role::Breaker, &format!("{place}, broken_by {}", index + 1), 0);
        }
    }

    fn what_it_looks_for(&mut self, pattern: &Pattern, role: Role, place: &str) {
        let set = [pattern.marker.is_some(), pattern.code.is_some(), !pattern.any.is_empty(), !pattern.all.is_empty()];
        let near = pattern.marker.as_deref().or(pattern.code.as_deref()).unwrap_or("any");
        if set.iter().filter(|set| **set).count() != 1 {
            self.wrong(place, near, "say exactly one of `marker`, `code`, `any`, `all`");
        }
        if let Some(marker) = &pattern.marker {
            self.marker(place, marker);
            pattern.kind.0.iter().for_each(|kind| self.kind(place, marker, kind));
        }
        if let Some(code) = pattern.code.as_ref().filter(|code| !self.known.codes.contains(*code)) {
            let guess = did_you_mean(code, self.known.codes.iter().map(String::as_str));
            self.wrong(place, code, format!("no code is called {code:?}{guess}"));
        }
        if pattern.any.len() == 1 || pattern.all.len() == 1 {
            self.wrong(place, near, "`any` and `all` need two patterns or more");
        }
        let inside = matches!(role, Role::Alternative { .. });
        if (inside && !pattern.any.is_empty())
            || (role == Role::Member && !(pattern.any.is_empty() && pattern.all.is_empty()))
        {
            self.wrong(place, near, "patterns nest no deeper: `any` may hold `all`, and `all` only markers and codes");
        }
        let about_events = [
            ("who", pattern.who.is_some()),
            ("kind", !pattern.kind.is_empty()),
            ("min_words", pattern.min_words.is_some()),
            ("max_words", pattern.max_words.is_some()),
            ("min_value", pattern.min_value.is_some()),
            ("max_value", pattern.max_value.is_some()),
        ];
        let about_any = [
            ("min_secs", pattern.min_secs.is_some()),
            ("max_secs", pattern.max_secs.is_some()),
            ("min_strength", pattern.min_strength.is_some()),
            ("min_confidence", pattern.min_confidence.is_some()),
        ];
        if pattern.marker.is_none() {
            for (word, _) in about_events.into_iter().filter(|(_, set)| *set) {
                self.wrong(place, word, format!("`{word}` goes with `marker`, and this has none"));
            }
        }
        if !pattern.any.is_empty() {
            for (word, _) in about_any.into_iter().filter(|(_, set)| *set) {
                self.wrong(place, word, format!("`{word}` goes with each alternative, not with `any`"));
            }
        }
    }

    fn marker(&mut self, place: &str, marker: &str) {
        if !self.known.markers.contains_key(marker) {
            let guess = did_you_mean(marker, self.known.markers.keys().map(String::as_str));
            self.wrong(place, marker, format!("no marker is called {marker:?}{guess}"));
        }
    }

    fn kind(&mut self, place: &str, marker: &str, kind: &str) {
        let Some(term) = self.known.markers.get(marker) else { return };
        if term.kinds.is_empty() {
            self.wrong(place, kind, format!("{marker} has no kinds, so none is called {kind:?}"));
        } else if !term.kinds.iter().any(|known| known == kind) {
            let guess = did_you_mean(kind, term.kinds.iter().map(String::as_str));
            let list = term.kinds.join(", ");
            self.wrong(place, kind, format!("{marker} has no kind {kind:?}{guess} (it has {list})"));
        }
    }

    fn limits(&mut self, pattern: &Pattern, place: &str) {
        let upside_down = [
            ("min_secs", pattern.min_secs.zip(pattern.max_secs).is_some_and(|(min, max)| min > max)),
            ("min_words", pattern.min_words.zip(pattern.max_words).is_some_and(|(min, max)| min > max)),
            ("min_value", pattern.min_value.zip(pattern.max_value).is_some_and(|(min, max)| min > max)),
        ];
        for (word, _) in upside_down.into_iter().filter(|(_, wrong)| *wrong) {
            let max = word.replace("min", "max");
            self.wrong(place, word, format!("`{word}` is more than `{max}`: nothing can fit"));
        }
        for (word, number) in [("min_value", pattern.min_value), ("max_value", pattern.max_value)] {
            if number.is_some_and(|number| !number.is_finite()) {
                self.wrong(place, word, format!("`{word}` must be a number"));
            }
        }
        for (word, number) in [("min_strength", pattern.min_strength), ("min_confidence", pattern.min_confidence)] {
            if number.is_some_and(|number| !(0.0..=1.0).contains(&number)) {
                self.wrong(place, word, format!("`{word}` lies between 0 and 1"));
            }
        }
    }

    fn relations(&mut self, pattern: &Pattern, role: Role, place: &str, earlier: usize) {
        let stretches = pattern.stretches().count();
        let related = |pattern: &Pattern| pattern.within_secs.is_some() || pattern.stretches().next().is_some();
        let word = if pattern.within_secs.is_some() { "within_secs" } else { "step" };
        match role {
            Role::Step(0) if related(pattern) || pattern.any.iter().any(related) => {
                self.wrong(place, word, "the first step is what is counted: nothing stands before it to relate it to");
            }
            Role::Step(1..) if !related(pattern) && (pattern.any.is_empty() || !pattern.any.iter().all(related)) => {
                let what = "nothing says where it lies: add `within_secs`, `during`, `overlaps` or `starts_in`";
                self.wrong(place, pattern.marker.as_deref().unwrap_or("any"), what);
            }
            Role::Refusal if pattern.within_secs.is_some() || stretches == 0 => {
                let what = "a refusal needs its stretch: add `during`, `overlaps` or `starts_in`, and no `within_secs`";
                self.wrong(place, "without", what);
            }
            Role::Member | Role::Breaker | Role::Alternative { of_repeats: true } if related(pattern) => {
                self.wrong(place, word, "how it lies to other steps goes with the whole step");
            }
            _ => {}
        }
        if pattern.cut_in_secs.is_some() && pattern.within_secs.is_none() {
            self.wrong(place, "cut_in_secs", "`cut_in_secs` goes with `within_secs`");
        }
        for (word, stretch) in
            [("during", &pattern.during), ("overlaps", &pattern.overlaps), ("starts_in", &pattern.starts_in)]
        {
            if let Some(stretch) = stretch {
                self.stretch(stretch, word, place, earlier);
            }
        }
    }

    fn stretch(&mut self, stretch: &Stretch, word: &str, place: &str, earlier: usize) {
        let place = &format!("{place}, {word}");
        if stretch.for_secs.is_some() && word != "overlaps" {
            self.wrong(place, "for_secs", "`for_secs` goes with `overlaps`");
        }
        let names: Vec<&str> = match (&stretch.step, &stretch.from, &stretch.to) {
            (Some(step), None, None) => vec![step],
            (None, Some(from), Some(to)) => {
                let mut names = Vec::new();
                for edge in [from, to] {
                    match edge_as_written(edge) {
                        Some((name, _)) => names.push(name),
                        None => {
                            let what = format!("{edge:?} is no moment: write the step's name and `.start` or `.end`");
                            self.wrong(place, edge, what);
                        }
                    }
                }
                names
            }
            _ => {
                self.wrong(place, word, "say either `step`, or both `from` and `to`");
                return;
            }
        };
        let steps = &self.rule.sequence;
        let may: Vec<&str> = steps.iter().take(earlier).filter_map(|step| step.name.as_deref()).collect();
        for name in names.into_iter().filter(|name| !may.contains(name)) {
            let what = if steps.iter().any(|step| step.name.as_deref() == Some(name)) {
                format!("a step can speak of earlier steps only, and {name:?} is not earlier")
            } else {
                format!("no earlier step is called {name:?}{}", did_you_mean(name, may.iter().copied()))
            };
            self.wrong(place, name, what);
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
