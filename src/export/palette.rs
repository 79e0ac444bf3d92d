//! Colours, for bright and dark screens. Told apart by lightness and place as well, since one man in twelve does not
//! tell red from green; a test checks every contrast (WCAG 2.1: 4.5 for text, 3 for shapes).

use std::fmt::Write;

/// A colour by its CSS name: on a bright page, on a dark page.
type Colour = (&'static str, &'static str, &'static str);

/// Backgrounds.
const GROUNDS: &[Colour] = &[("page", "#f6f6f3", "#11151b"), ("card", "#ffffff", "#1a2029")];

/// Colours of text.
const INKS: &[Colour] = &[
    ("ink", "#1b2430", "#e8ebf0"),
    ("muted", "#566170", "#a7b2c1"),
    ("link", "#1c57a5", "#8cc0ff"),
    // By the codebook's polarity, never by the name of a code's group.
    ("strain", "#ab4309", "#ffa266"),
    ("support", "#006b57", "#55d3ae"),
    ("open", "#62528f", "#c3b2f2"),
];

/// Colours of shapes that carry meaning.
const SHAPES: &[Colour] = &[
    ("client", "#1f62ad", "#69aef4"),
    ("therapist", "#5f6b79", "#a9b5c4"),
    ("silence", "#9c7100", "#e6bd45"),
    ("overlap", "#a8175c", "#ff80b5"),
    ("hatch", "#85909d", "#76828f"),
];

/// Lines that only divide; they carry no meaning.
const LINES: &[Colour] = &[("line", "#dcdfe3", "#333c48")];

fn all() -> impl Iterator<Item = &'static Colour> {
    [GROUNDS, INKS, SHAPES, LINES].into_iter().flatten()
}

/// CSS that defines `--name` for each colour under `selector`, for bright and dark screens and for paper.
pub(super) fn css(selector: &str) -> String {
    let mut text = String::new();
    let mut block = |before: &str, pick: fn(&Colour) -> &'static str, after: &str| {
        let _ = write!(text, "{before}{selector}{{");
        for colour in all() {
            let _ = write!(text, "--{}:{};", colour.0, pick(colour));
        }
        let _ = write!(text, "}}{after}");
    };
    block("", |colour| colour.1, "");
    block("@media (prefers-color-scheme:dark) and (not print){", |colour| colour.2, "}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance of `#rrggbb`, WCAG 2.1.
    fn luminance(hex: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn everything_is_readable_on_both_grounds() {
        assert!((contrast("#000000", "#ffffff") - 21.0).abs() < 1e-9);
        for (colours, least) in [(INKS, 4.5), (SHAPES, 3.0)] {
            for colour in colours {
                for ground in GROUNDS {
                    let (bright, dark) = (contrast(colour.1, ground.1), contrast(colour.2, ground.2));
                    assert!(bright >= least && dark >= least, "{}: {bright:.2}, {dark:.2} < {least}", colour.0);
                }
            }
        }
    }

    /// What a person without red or green cones sees must differ too (matrices of Viénot, Brettel & Mollon 1999, on
    /// linear light).
    #[test]
    fn people_and_polarities_differ_without_red_or_green_cones() {
        let linear = |hex: &str| -> [f64; 3] {
            [1, 3, 5].map(|at| (f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0).powf(2.2))
        };
        let protan =
            |[r, g, b]: [f64; 3]| [0.11238 * r + 0.88762 * g, 0.11238 * r + 0.88762 * g, 0.00401 * r - 0.00401 * g + b];
        let deutan = |[r, g, b]: [f64; 3]| {
            [0.29275 * r + 0.70725 * g, 0.29275 * r + 0.70725 * g, -0.02234 * r + 0.02234 * g + b]
        };
        let find = |name: &str| *all().find(|colour| colour.0 == name).unwrap();
        for (a, b) in [("client", "therapist"), ("strain", "support"), ("silence", "overlap"), ("client", "silence")] {
            for pick in [|c: &Colour| c.1, |c: &Colour| c.2] {
                for seen in [protan, deutan] {
                    let (a, b) = (seen(linear(pick(&find(a)))), seen(linear(pick(&find(b)))));
                    let distance = (0..3)
                        .map(|i| (a[i].max(0.0).powf(0.4545) - b[i].max(0.0).powf(0.4545)).powi(2))
                        .sum::<f64>()
                        .sqrt();
                    assert!(distance > 0.12, "{a:?} {b:?}: {distance:.3}");
                }
            }
        }
    }
}
