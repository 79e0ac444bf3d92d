//! The person's own usual numbers, against which replies are long, short or late.

use super::scene::Scene;

/// Of the whole session.
#[derive(Clone, Debug, Default)]
pub(super) struct Usual {
    /// Words of each reply, sorted; replies of no words count.
    words: Vec<f64>,
    /// Seconds from the prompt's end to the reply, sorted.
    latencies: Vec<f64>,
}

impl Usual {
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let words = scene.exchanges.iter().filter_map(|exchange| exchange.reply_words).map(f64::from).collect();
        let latencies = scene.exchanges.iter().filter_map(|exchange| exchange.latency_secs).collect();
        Self { words: sorted(words), latencies: sorted(latencies) }
    }

    /// Median words of a reply.
    pub(super) fn words(&self) -> Option<f64> {
        quantile(&self.words, 0.5)
    }

    /// Quantile of the words of a reply, if so many replies are known.
    pub(super) fn words_quantile(&self, share: f64, least_replies: usize) -> Option<f64> {
        if self.words.len() < least_replies { None } else { quantile(&self.words, share) }
    }

    /// First and third quartile of the time to a reply.
    pub(super) fn latency_quartiles(&self) -> Option<(f64, f64)> {
        Some((quantile(&self.latencies, 0.25)?, quantile(&self.latencies, 0.75)?))
    }
}

/// In order, without `NaN`.
pub(super) fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.retain(|value| !value.is_nan());
    values.sort_by(f64::total_cmp);
    values
}

/// The value below which this share of the sorted values lies, straight between neighbours (Hyndman and Fan 1996, type
/// 7, the default of R and NumPy). `None` without values.
pub(super) fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let position = share.clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted.get(position.floor() as usize)?, sorted.get(position.ceil() as usize)?);
    Some(below + (above - below) * position.fract())
}

/// Median of values in any order; `None` without values.
pub(super) fn median(values: Vec<f64>) -> Option<f64> {
    quantile(&sorted(values), 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// numpy.quantile([1, 2, 4, 8], [0, 0.2, 0.25, 0.5, 1]).
    #[test]
    fn quantiles_are_those_of_numpy() {
        let values = [1.0, 2.0, 4.0, 8.0];
        let found: Vec<_> = [0.0, 0.2, 0.25, 0.5, 1.0].map(|share| quantile(&values, share).unwrap()).into();
        let expected = [1.0, 1.6, 1.75, 3.0, 8.0];
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(median(vec![f64::NAN, 3.0, 1.0]), Some(2.0));
    }
}
