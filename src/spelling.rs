//! What a misspelt name was meant to be.

/// The name most like `wrong`, if one is alike enough to be what was meant: at most a third of its letters differ.
/// Nothing is like a name of more than 60 letters.
pub fn nearest<'n>(wrong: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    if wrong.chars().nth(60).is_some() {
        return None;
    }
    let lower = wrong.to_lowercase();
    let allowed = (wrong.chars().count() / 3).max(1);
    names
        .into_iter()
        .map(|name| (distance(&lower, &name.to_lowercase()), name))
        .filter(|(far, _)| *far <= allowed)
        .min()
        .map(|(_, name)| name)
}

/// Letters to add, leave out, replace or swap with their neighbour to get from one to the other (optimal string
/// alignment distance).
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows = vec![(0..=other.len()).collect::<Vec<_>>()];
    for i in 1..=one.len() {
        let mut row = vec![i];
        for j in 1..=other.len() {
            let same = usize::from(one[i - 1] != other[j - 1]);
            let mut best = (rows[i - 1][j - 1] + same).min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_one_that_could_be_meant() {
        let names = ["aud.silence3", "aud.silctx", "vid.pout", "txt.prompt"];
        assert_eq!(nearest("aud.silnce3", names), Some("aud.silence3"));
        assert_eq!(nearest("vid.puot", names), Some("vid.pout"));
        assert_eq!(nearest("VID.POUT", names), Some("vid.pout"));
        assert_eq!(nearest("something else", names), None);
        assert_eq!(nearest("", names), None);
    }

    #[test]
    fn distances_count_single_changes() {
        for (one, other, far) in [("", "", 0), ("ab", "ba", 1), ("abc", "", 3), ("kitten", "sitting", 3)] {
            assert_eq!(distance(one, other), far, "{one} {other}");
            assert_eq!(distance(other, one), far, "{other} {one}");
        }
    }
}
