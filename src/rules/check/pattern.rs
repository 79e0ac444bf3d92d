//! What a pattern looks for, and within which limits.

use super::{Checker, Role, did_you_mean};
use crate::rules::language::{AtLeast, Pattern};

/// A longer list of kinds would bury the message.
const MOST_LISTED: usize = 12;

impl Checker<'_> {
    /// `earlier` = number of steps whose names may be used.
    pub(super) fn pattern(&mut self, pattern: &Pattern, role: Role, place: &str, earlier: usize) {
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
            ("in_first_secs", pattern.in_first_secs.is_some()),
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

    pub(super) fn marker(&mut self, place: &str, marker: &str) {
        if !self.known.markers.contains_key(marker) {
            let guess = did_you_mean(marker, self.known.markers.keys().map(String::as_str));
            self.wrong(place, marker, format!("no marker is called {marker:?}{guess}"));
        }
    }

    pub(super) fn kind(&mut self, place: &str, marker: &str, kind: &str) {
        let Some(term) = self.known.markers.get(marker) else { return };
        if term.kinds.is_empty() {
            self.wrong(place, kind, format!("{marker} has no kinds, so none is called {kind:?}"));
        } else if !term.kinds.iter().any(|known| known == kind) {
            let guess = did_you_mean(kind, term.kinds.iter().map(String::as_str));
            let list = match term.kinds.len() {
                ..=MOST_LISTED => term.kinds.join(", "),
                more => format!("{more} kinds, see config/dictionary.toml"),
            };
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
}
