//! Where a pattern lies to the steps before it.

use super::{Checker, Role, did_you_mean};
use crate::rules::language::{Pattern, Stretch};
use crate::rules::plan::edge_as_written;

impl Checker<'_> {
    /// Whether it is said, and can hold, how the pattern lies to earlier steps; `earlier` as for `pattern`.
    pub(super) fn relations(&mut self, pattern: &Pattern, role: Role, place: &str, earlier: usize) {
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
            Role::Member | Role::Breaker | Role::Alternative { of_repeats: true }
                if related(pattern) || pattern.persons().next().is_some() =>
            {
                self.wrong(place, word, "how it lies to other steps goes with the whole step");
            }
            _ => {}
        }
        for (step, _) in pattern.persons() {
            if pattern.code.is_some() || !(pattern.any.is_empty()) && pattern.any.iter().any(|way| way.code.is_some()) {
                self.wrong(place, step, "whom a code's hit is about is not known: compare the person of a marker");
            }
            self.earlier_step(step, place, earlier);
        }
        if pattern.who.is_some() && pattern.persons().next().is_some() {
            self.wrong(place, "person", "say `who`, or compare the person with a step's, not both");
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
        for name in names {
            self.earlier_step(name, place, earlier);
        }
    }

    fn earlier_step(&mut self, name: &str, place: &str, earlier: usize) {
        let steps = &self.rule.sequence;
        let may: Vec<&str> = steps.iter().take(earlier).filter_map(|step| step.name.as_deref()).collect();
        if may.contains(&name) {
            return;
        }
        let what = if steps.iter().any(|step| step.name.as_deref() == Some(name)) {
            format!("a step can speak of earlier steps only, and {name:?} is not earlier")
        } else {
            format!("no earlier step is called {name:?}{}", did_you_mean(name, may.iter().copied()))
        };
        self.wrong(place, name, what);
    }
}
