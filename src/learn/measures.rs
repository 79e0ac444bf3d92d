//! Areas under curves.

/// Area under the receiver operating curve: the chance that a positive one scores above a negative one, ties half
/// (Mann and Whitney 1947). `None` unless there are both.
pub fn area_under_curve(scored: &[(f64, bool)]) -> Option<f64> {
    let mut sorted: Vec<(f64, bool)> = scored.iter().copied().filter(|(score, _)| !score.is_nan()).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let positives = sorted.iter().filter(|(_, positive)| *positive).count();
    let negatives = sorted.len() - positives;
    if positives == 0 || negatives == 0 {
        return None;
    }
    let mut rank_sum = 0.0;
    let mut from = 0;
    while from < sorted.len() {
        let same = sorted[from..].iter().take_while(|(score, _)| score.total_cmp(&sorted[from].0).is_eq()).count();
        let mean_rank = from as f64 + (same as f64 + 1.0) / 2.0;
        rank_sum += mean_rank * sorted[from..from + same].iter().filter(|(_, positive)| *positive).count() as f64;
        from += same;
    }
    let (p, n) = (positives as f64, negatives as f64);
    Some((rank_sum - p * (p + 1.0) / 2.0) / (p * n))
}

/// Average precision: the area under precision over recall, in steps (as scikit-learn has it). Ties count together.
/// `None` without a positive one.
pub fn average_precision(scored: &[(f64, bool)]) -> Option<f64> {
    let mut sorted: Vec<(f64, bool)> = scored.iter().copied().filter(|(score, _)| !score.is_nan()).collect();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let positives = sorted.iter().filter(|(_, positive)| *positive).count() as f64;
    if positives == 0.0 {
        return None;
    }
    let (mut area, mut found, mut from) = (0.0, 0.0, 0);
    while from < sorted.len() {
        let same = sorted[from..].iter().take_while(|(score, _)| score.total_cmp(&sorted[from].0).is_eq()).count();
        let new = sorted[from..from + same].iter().filter(|(_, positive)| *positive).count() as f64;
        found += new;
        from += same;
        area += new / positives * found / from as f64;
    }
    Some(area)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// sklearn.metrics.roc_auc_score and average_precision_score of [0, 0, 1, 1], [.1, .4, .35, .8]: .75 and .8333.
    #[test]
    fn areas_are_those_of_scikit_learn() {
        let scored = [(0.1, false), (0.4, false), (0.35, true), (0.8, true)];
        assert!((area_under_curve(&scored).unwrap() - 0.75).abs() < 1e-12);
        assert!((average_precision(&scored).unwrap() - 0.833_333).abs() < 1e-5);
        let ties = [(1.0, true), (1.0, false), (1.0, false), (1.0, false)];
        assert!((area_under_curve(&ties).unwrap() - 0.5).abs() < 1e-12);
        assert!((average_precision(&ties).unwrap() - 0.25).abs() < 1e-12);
        assert_eq!((area_under_curve(&[(1.0, true)]), average_precision(&[(1.0, false)])), (None, None));
    }
}
