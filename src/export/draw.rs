//! Numbers, times and shapes of the pictures.

use maud::{Markup, PreEscaped, html};

use crate::time::{SessionTime, Span};

/// A coordinate: one decimal is finer than a screen shows.
pub(super) fn n(value: f64) -> String {
    let text = format!("{value:.1}");
    match text.strip_suffix(".0") {
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

/// `mm:ss`, from an hour on `h:mm:ss`; rounded down, so that a moment never shows before it can be seen.
pub(super) fn clock(time: SessionTime) -> String {
    let secs = time.nanos().div_euclid(1_000_000_000);
    let (sign, secs) = if secs < 0 { ("\u{2212}", -secs) } else { ("", secs) };
    let (hours, minutes, secs) = (secs / 3600, secs / 60 % 60, secs % 60);
    if hours > 0 { format!("{sign}{hours}:{minutes:02}:{secs:02}") } else { format!("{sign}{minutes}:{secs:02}") }
}

/// `mm:ss–mm:ss`.
pub(super) fn clock_span(span: Span) -> String {
    format!("{}\u{2013}{}", clock(span.start()), clock(span.end()))
}

/// A length for people: `4.2 s`, from two minutes on `9.6 min`.
pub(super) fn length(secs: f64) -> String {
    if secs < 120.0 { format!("{secs:.1} s") } else { format!("{:.1} min", secs / 60.0) }
}

/// Text without characters that SVG files may not hold or that turn the reading direction of what follows.
pub(super) fn plain(text: &str) -> String {
    let bad = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}')
    };
    text.chars().map(|c| if bad(c) { '\u{fffd}' } else { c }).collect()
}

/// A stretch of session time on a stretch of the picture.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    pub span: Span,
    pub left: f64,
    pub width: f64,
}

impl Scale {
    /// Where `time` is, kept inside.
    pub fn x(&self, time: SessionTime) -> f64 {
        let share = time.secs_after(self.span.start()) / self.span.secs_f64();
        self.left + share.clamp(0.0, 1.0) * self.width
    }

    /// Left edge and width of the part of `span` that is inside, at least `least` wide.
    pub fn bar(&self, span: Span, least: f64) -> Option<(f64, f64)> {
        let inside = span.overlap(self.span)?;
        let (from, to) = (self.x(inside.start()), self.x(inside.end()));
        Some((from, (to - from).max(least)))
    }

    /// Right edge.
    pub fn right(&self) -> f64 {
        self.left + self.width
    }
}

/// Many bars of one kind as one shape.
pub(super) fn bars(scale: &Scale, spans: impl IntoIterator<Item = Span>, y: f64, height: f64, class: &str) -> Markup {
    let mut path = String::new();
    for span in spans {
        if let Some((x, width)) = scale.bar(span, 1.0) {
            path.push_str(&format!("M{} {}h{}v{}h-{}z", n(x), n(y), n(width), n(height), n(width)));
        }
    }
    html! { @if !path.is_empty() { path class=(class) d=(path) {} } }
}

/// One bar with words that show when the pointer rests on it.
pub(super) fn bar(scale: &Scale, span: Span, y: f64, height: f64, class: &str, words: &str) -> Markup {
    let Some((x, width)) = scale.bar(span, 1.6) else { return PreEscaped(String::new()) };
    html! {
        rect class=(class) x=(n(x)) y=(n(y)) width=(n(width)) height=(n(height)) rx=(n((height / 4.0).min(2.0))) {
            title { (plain(words)) }
        }
    }
}

/// Words at a place.
pub(super) fn words(x: f64, y: f64, class: &str, text: &str) -> Markup {
    html! { text class=(class) x=(n(x)) y=(n(y)) { (plain(text)) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_like_a_players() {
        let at = |secs: f64| clock(SessionTime::from_secs_f64(secs));
        assert_eq!(
            [at(0.0), at(59.99), at(61.0), at(3725.0), at(-4.5)],
            ["0:00", "0:59", "1:01", "1:02:05", "\u{2212}0:05"]
        );
        assert_eq!((length(4.0), length(118.04), length(576.0)), ("4.0 s".into(), "118.0 s".into(), "9.6 min".into()));
    }

    #[test]
    fn text_cannot_turn_the_page_around() {
        assert_eq!(plain("a\u{202e}b\u{0}c"), "a\u{fffd}b\u{fffd}c");
    }

    #[test]
    fn bars_stay_inside_and_are_never_invisible() {
        let scale = Scale { span: Span::from_millis(0, 10_000).unwrap(), left: 100.0, width: 1000.0 };
        let bar = |from, to| scale.bar(Span::from_millis(from, to).unwrap(), 2.0);
        assert_eq!(bar(-5000, 5000), Some((100.0, 500.0)));
        assert_eq!(bar(9999, 20_000).map(|b| b.1), Some(2.0));
        assert_eq!(bar(10_000, 20_000), None);
    }
}
