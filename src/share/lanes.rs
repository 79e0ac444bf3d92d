//! Stretches of one kind onto lines on which none overlaps another: tiers of ELAN and Praat hold no overlaps.

/// Items in order of start, given with start and end in milliseconds, onto as few lines as they need.
pub(super) fn lanes<T>(items: Vec<(i64, i64, T)>) -> Vec<Vec<(i64, i64, T)>> {
    let mut items = items;
    items.sort_by_key(|(start, end, _)| (*start, *end));
    let mut lanes: Vec<Vec<(i64, i64, T)>> = Vec::new();
    for item in items {
        let free = lanes.iter_mut().find(|lane| lane.last().is_none_or(|(_, end, _)| *end <= item.0));
        match free {
            Some(lane) => lane.push(item),
            None => lanes.push(vec![item]),
        }
    }
    lanes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_overlaps_and_none_is_lost() {
        let items = vec![(0, 5, 'a'), (3, 4, 'b'), (4, 9, 'c'), (5, 6, 'd'), (5, 7, 'e')];
        let found = lanes(items);
        let names: Vec<String> = found.iter().map(|lane| lane.iter().map(|(.., name)| name).collect()).collect();
        assert_eq!(names, ["ad", "bc", "e"]);
        assert!(lanes::<char>(Vec::new()).is_empty());
    }
}
