//! One microphone per person: whose speech is it that a microphone hears?
//!
//! Each microphone hears its own person loudest and the others more faintly. The level difference between two
//! microphones therefore lies near one value while the one person speaks and near another while the other does, in
//! between while both do. Where those values are is learned from the recording itself, so that gains need not match.

use super::levels::{quantile, smoothed};
use super::settings::ChannelSettings;

/// Share of the rows that the rarer of two values must hold: less is chance.
const RARE: f64 = 0.01;

/// The two values that a level difference takes, in dB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TwoValues {
    /// Half way between them.
    pub middle: f32,
    /// From the middle to either.
    pub half: f32,
}

/// Finds the two values by two-means; `None` if there is but one (closer than `apart_db`, or one of them rare).
pub(super) fn two_values(differences: &[f32], apart_db: f32) -> Option<TwoValues> {
    let mut numbers = differences.to_vec();
    let mut low = quantile(&mut numbers, RARE)?;
    let mut high = quantile(&mut numbers, 1.0 - RARE)?;
    for _ in 0..50 {
        let middle = (low + high) / 2.0;
        let mean = |wanted: &dyn Fn(f32) -> bool| {
            let (sum, count) = differences
                .iter()
                .filter(|&&d| wanted(d))
                .fold((0.0f64, 0usize), |(sum, count), &d| (sum + f64::from(d), count + 1));
            (count as f64 >= RARE * differences.len() as f64).then(|| (sum / count.max(1) as f64) as f32)
        };
        let next = (mean(&|d| d < middle)?, mean(&|d| d >= middle)?);
        if (next.0 - low).abs() + (next.1 - high).abs() < 0.01 {
            break;
        }
        (low, high) = next;
    }
    (high - low >= apart_db).then_some(TwoValues { middle: (low + high) / 2.0, half: (high - low) / 2.0 })
}

/// Takes the others' speech out of each microphone: `speech[m][row]` is the probability that microphone `m` hears
/// speech, `dbfs[m][row]` its level. Both stay as long as they are.
pub(super) fn without_crosstalk(speech: &[Vec<f32>], dbfs: &[Vec<f32>], settings: &ChannelSettings) -> Vec<Vec<f32>> {
    let rows_level = (settings.level_secs.0.as_secs_f64() * 100.0).round() as usize;
    let levels: Vec<Vec<f32>> = dbfs.iter().map(|lane| smoothed(lane, rows_level)).collect();
    let mut own: Vec<Vec<f32>> = speech.to_vec();
    for a in 0..speech.len() {
        for b in a + 1..speech.len() {
            let rows = speech[a].len().min(speech[b].len()).min(levels[a].len()).min(levels[b].len());
            let difference = |row: usize| levels[a][row] - levels[b][row];
            let spoken: Vec<f32> =
                (0..rows).filter(|&row| speech[a][row] >= 0.5 || speech[b][row] >= 0.5).map(difference).collect();
            let (middle, reach) = match two_values(&spoken, settings.apart_db) {
                Some(TwoValues { middle, half }) => (middle, half * settings.crosstalk_share),
                None => (0.0, settings.crosstalk_db),
            };
            let pass = |db: f32| 1.0 / (1.0 + (-(db + reach) / settings.crosstalk_soft_db).exp());
            for row in 0..rows {
                let towards_a = difference(row) - middle;
                own[a][row] = own[a][row].min(speech[a][row] * pass(towards_a));
                own[b][row] = own[b][row].min(speech[b][row] * pass(-towards_a));
            }
        }
    }
    own
}

#[cfg(test)]
mod tests {
    use super::super::settings::tests::default_settings;
    use super::*;

    /// One character per 100 ms: `a` and `b` speak, `2` both, `.` nobody. Each is 20 dB fainter in the other's
    /// microphone, and b's microphone is `gain_db` louder. Expects who is heard through which microphone.
    fn check(picture: &str, gain_db: f32, bleed_db: f32, expect: &str) {
        let rows: Vec<char> = picture.chars().flat_map(|c| std::iter::repeat_n(c, 10)).collect();
        let power = |db: f32| 10f32.powf(db / 10.0);
        let level = |own: bool, other: bool, gain: f32| {
            let sum = f32::from(u8::from(own)) + f32::from(u8::from(other)) * power(-bleed_db) + power(-60.0);
            10.0 * sum.log10() - 25.0 + gain
        };
        let dbfs: Vec<Vec<f32>> = vec![
            rows.iter().map(|c| level("a2".contains(*c), "b2".contains(*c), 0.0)).collect(),
            rows.iter().map(|c| level("b2".contains(*c), "a2".contains(*c), gain_db)).collect(),
        ];
        // Both microphones hear every speech.
        let heard: Vec<f32> = rows.iter().map(|c| if *c == '.' { 0.02 } else { 0.98 }).collect();
        let own = without_crosstalk(&[heard.clone(), heard], &dbfs, &default_settings().channels);
        let found: String = (0..picture.len())
            .map(|at| match (own[0][at * 10 + 5] >= 0.5, own[1][at * 10 + 5] >= 0.5) {
                (true, true) => '2',
                (true, false) => 'a',
                (false, true) => 'b',
                (false, false) => '.',
            })
            .collect();
        assert_eq!(found, expect, "gain {gain_db}, bleed {bleed_db}");
    }

    #[test]
    fn each_is_heard_through_the_own_microphone_whatever_the_gains() {
        let picture = "aaaaaaa....bbbbbbbbb...222222..aaaaaaaaaa...bbb...";
        for gain_db in [0.0, 12.0, -25.0] {
            for bleed_db in [10.0, 20.0, 50.0] {
                check(picture, gain_db, bleed_db, picture);
            }
        }
    }

    #[test]
    fn who_never_speaks_is_not_made_up_from_crosstalk() {
        check("aaaaaaa....aaaaaaaaa..aaaaa", 0.0, 15.0, "aaaaaaa....aaaaaaaaa..aaaaa");
        check("bbbbbbb....bbbbbbbbb..bbbbb", 0.0, 15.0, "bbbbbbb....bbbbbbbbb..bbbbb");
    }

    #[test]
    fn nothing_and_too_little_do_no_harm() {
        assert_eq!(two_values(&[], 6.0), None);
        assert_eq!(two_values(&[1.0], 6.0), None);
        assert_eq!(two_values(&[f32::NAN, 1.0, 20.0], 6.0).map(|v| v.half.is_nan()), None);
        let settings = default_settings().channels;
        assert_eq!(
            without_crosstalk(&[vec![], vec![]], &[vec![], vec![]], &settings),
            [vec![], vec![]] as [Vec<f32>; 2]
        );
    }
}
