//! From what the networks say to what counts: how readily speech is taken for speech, and overlap for overlap.
//!
//! The segmentation network is shy of overlap, the more so the more a recording holds of it. Its probabilities are
//! therefore weighed by odds before one half decides, and the odds for overlap grow with the share of overlap that the
//! network itself finds (the first step of Saerens, Latinne and Decaestecker, Neural Computation 14, 2002: outputs of a
//! classifier adjusted to the base rate of what it is used on). They never shrink: overlaps of a calm talk are rare, not
//! unlikely.

use super::settings::{FirstPass, Overlap};

/// Probability at which the first pass stops counting for more, so that it never decides alone.
const SUREST: f32 = 0.001;

/// Whether anybody and whether two people speak, as the segmentation network says, 0 to 1 on rows of 10 ms.
pub(super) struct Rows {
    pub any: Vec<f32>,
    pub two: Vec<f32>,
}

/// ln(p / (1 - p)) with `p` kept off 0 and 1.
fn log_odds(p: f32) -> f32 {
    let p = p.clamp(SUREST, 1.0 - SUREST);
    (p / (1.0 - p)).ln()
}

fn probability(log_odds: f32) -> f32 {
    1.0 / (1.0 + (-log_odds).exp())
}

impl Rows {
    /// By which odds overlap is preferred in this recording.
    pub(super) fn overlap_odds(&self, settings: &Overlap) -> f32 {
        let sum = |rows: &[f32]| rows.iter().map(|&p| f64::from(p)).sum::<f64>();
        let share = sum(&self.two) / sum(&self.any).max(1.0);
        let rarer = (share as f32 / settings.usual_share).clamp(1.0, settings.most_odds / settings.odds);
        settings.odds * rarer
    }

    /// Weighs every row: `speech_odds` for speech against silence, `overlap_odds` for two against one, and the word of
    /// the first pass (one number per row, or empty).
    pub(super) fn weighed(mut self, speech_odds: f32, overlap_odds: f32, first: &[f32], settings: &FirstPass) -> Self {
        let shift = speech_odds.ln();
        for (row, (any, two)) in self.any.iter_mut().zip(&mut self.two).enumerate() {
            let heard = first.get(row).map_or(0.0, |&p| settings.weight * log_odds(p));
            // Two among those who speak: weighing speech against silence leaves it as it is.
            let of_speech = if *any > 0.0 { (*two / *any).min(1.0) } else { 0.0 };
            let of_speech = of_speech * overlap_odds / (1.0 - of_speech + of_speech * overlap_odds);
            *any = probability(log_odds(*any) + shift + heard);
            *two = *any * of_speech;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::tests::default_settings;
    use super::*;

    fn weighed(any: f32, two: f32, speech_odds: f32, overlap_odds: f32, first: &[f32]) -> (f32, f32) {
        let rows = Rows { any: vec![any], two: vec![two] };
        let rows = rows.weighed(speech_odds, overlap_odds, first, &default_settings().first_pass);
        (rows.any[0], rows.two[0])
    }

    #[test]
    fn odds_move_the_border() {
        let (any, two) = weighed(0.4, 0.0, 1.0, 1.0, &[]);
        assert!((any - 0.4).abs() < 1e-5 && two.abs() < 1e-5);
        assert!(weighed(0.4, 0.0, 2.0, 1.0, &[]).0 >= 0.5);
        assert!(weighed(1.0, 0.31, 1.0, 1.0, &[]).1 < 0.5);
        assert!(weighed(1.0, 0.31, 1.0, 7.0 / 3.0, &[]).1 >= 0.5);
    }

    #[test]
    fn the_first_pass_tips_the_balance_and_no_more() {
        assert!(weighed(0.5, 0.0, 1.0, 1.0, &[0.99]).0 > 0.6);
        assert!(weighed(0.5, 0.0, 1.0, 1.0, &[0.01]).0 < 0.4);
        assert!(weighed(0.95, 0.0, 1.0, 1.0, &[0.0]).0 > 0.5);
        assert!(weighed(0.05, 0.0, 1.0, 1.0, &[1.0]).0 < 0.5);
    }

    #[test]
    fn overlap_counts_more_where_there_is_much_of_it() {
        let settings = default_settings().overlap;
        let odds = |share: f32| Rows { any: vec![1.0; 100], two: vec![share; 100] }.overlap_odds(&settings);
        assert_eq!(odds(0.0).to_bits(), settings.odds.to_bits());
        assert!((odds(settings.usual_share * 2.0) - 2.0 * settings.odds).abs() < 1e-3);
        assert!((odds(0.9) - settings.most_odds).abs() < 1e-3);
        assert!(Rows { any: vec![], two: vec![] }.overlap_odds(&settings).is_finite());
    }

    #[test]
    fn nothing_comes_out_of_range() {
        for any in [0.0, 0.2, 1.0] {
            for first in [&[][..], &[0.0], &[1.0]] {
                let (any, two) = weighed(any, any, 2.0, 4.0, first);
                assert!((0.0..=1.0).contains(&any) && (0.0..=any).contains(&two));
            }
        }
    }
}
