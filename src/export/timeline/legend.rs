//! What the signs mean.

use maud::{Markup, html};

use super::GUTTER;
use super::lanes::tint;
use crate::export::draw::{n, words};
use crate::export::picture::Picture;
use crate::export::words::who_name;

/// Height of [`legend`].
pub(super) const LEGEND: f64 = 34.0;

/// One sign and its words after the other.
pub(super) fn legend(picture: &Picture<'_>) -> Markup {
    let y = 8.0;
    let mut x = GUTTER;
    let mut keys: Vec<Markup> = Vec::new();
    let mut key = |drawing: &dyn Fn(f64) -> Markup, text: &str| {
        keys.push(html! { (drawing(x)) (words(x + 24.0, y + 9.0, "", text)) });
        x += 24.0 + 6.1 * text.chars().count() as f64 + 18.0;
    };
    let block = |class: &'static str, height: f64| move |x: f64| html! { rect class=(class) x=(n(x)) y=(n(y + 5.0 - height / 2.0)) width="18" height=(n(height)) rx="1.5" {} };
    for lane in picture.lanes.iter().filter(|lane| lane.speech.is_some()) {
        key(&block(tint(lane.who), 11.0), &format!("{} speaks", who_name(lane.who)));
    }
    key(&block("silence", 7.0), "silence, 3 s or more");
    let tick = |x: f64| html! { rect class="overlap" x=(n(x + 8.0)) y=(n(y - 1.0)) width="3" height="13" {} };
    key(&tick, "both speak");
    key(&block("blind", 11.0), "not assessable");
    let round = |class: &'static str| move |x: f64| html! { g class=(class) { circle class="badge" cx=(n(x + 9.0)) cy=(n(y + 5.0)) r="7" {} } };
    key(&round("strain"), "candidate: strain");
    let square = |x: f64| {
        html! { g class="support" { rect class="badge" x=(n(x + 2.0)) y=(n(y - 2.0)) width="14" height="14" rx="4" {} } }
    };
    key(&square, "supporting moment");
    html! { @for key in &keys { (key) } }
}
