//! Praat's TextGrid, the long text format.

use std::fmt::Write;

use super::Material;
use super::elan::{Tier, tiers};
use crate::transcript::own;

/// The same tiers as the ELAN document, each filled up with empty intervals as Praat wants it.
pub(super) fn document(material: &Material) -> String {
    let (_, end) = material.span_millis(material.session.span);
    let tiers: Vec<Tier> = tiers(material).into_iter().filter(|tier| !tier.items.is_empty()).collect();
    let end = tiers.iter().flat_map(|tier| &tier.items).map(|(_, to, _)| *to).fold(end, i64::max);
    let secs = |millis: i64| millis as f64 / 1000.0;
    let mut text = format!(
        "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\nxmin = 0\nxmax = {}\ntiers? <exists>\nsize = {}\n{}\n",
        secs(end),
        tiers.len(),
        own::TEXTGRID
    );
    for (number, tier) in tiers.iter().enumerate() {
        let intervals = filled(&tier.items, end);
        _ = write!(
            text,
            "    item [{}]:\n        class = \"IntervalTier\"\n        name = \"{}\"\n        xmin = 0\n        xmax = {}\n        \
             intervals: size = {}\n",
            number + 1,
            quoted(&tier.name),
            secs(end),
            intervals.len()
        );
        for (number, (from, to, label)) in intervals.iter().enumerate() {
            _ = write!(
                text,
                "        intervals [{}]:\n            xmin = {}\n            xmax = {}\n            text = \"{}\"\n",
                number + 1,
                secs(*from),
                secs(*to),
                quoted(label)
            );
        }
    }
    text
}

/// Intervals from 0 to the end without a hole.
fn filled(items: &[(i64, i64, String)], end: i64) -> Vec<(i64, i64, &str)> {
    let mut all = Vec::new();
    let mut at = 0;
    for (from, to, label) in items {
        if *from > at {
            all.push((at, *from, ""));
        }
        all.push((*from, *to, label.as_str()));
        at = *to;
    }
    if at < end || all.is_empty() {
        all.push((at, end, ""));
    }
    all
}

fn quoted(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.replace('"', "\"\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_leave_no_hole() {
        let items = [(5, 7, "a".to_owned()), (7, 9, "b".to_owned())];
        assert_eq!(filled(&items, 10), [(0, 5, ""), (5, 7, "a"), (7, 9, "b"), (9, 10, "")]);
        assert_eq!(filled(&[], 10), [(0, 10, "")]);
    }
}
