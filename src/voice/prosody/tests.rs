//! What prosody says of made sound.

use super::measured::hnr_db;
use super::*;

/// The settings inside the program.
pub(super) fn settings() -> Settings {
    crate::voice::settings::tests::default_settings().prosody
}

fn measure(samples: &[f32]) -> Measured {
    measure_in_blocks(samples, samples.len().max(1))
}

fn measure_in_blocks(samples: &[f32], block: usize) -> Measured {
    let mut prosody = Prosody::new(&settings());
    samples.chunks(block).for_each(|block| prosody.add(block));
    prosody.finish()
}

/// Pitch of every row in Hz.
fn hz(measured: &Measured) -> Vec<f32> {
    measured.all().iter().map(|row| row[0]).collect()
}

/// A wave with ten harmonics whose frequency at sample `n` is `hz(n)`.
fn voice(samples: usize, level: f32, hz: impl Fn(usize) -> f64) -> Vec<f32> {
    let mut phase = 0.0f64;
    (0..samples)
        .map(|n| {
            phase += std::f64::consts::TAU * hz(n) / 16_000.0;
            let sum: f64 = (1..=10).map(|k| (f64::from(k) * phase).sin() / f64::from(k)).sum();
            level * (sum / 2.0) as f32
        })
        .collect()
}

fn noise(samples: usize, level: f32) -> Vec<f32> {
    let mut state = 1u32;
    (0..samples)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            level * ((state >> 8) as f32 / (1u32 << 23) as f32 - 1.0)
        })
        .collect()
}

/// Median of the voiced rows' error in percent, and share of rows that are voiced.
fn error(measured: &Measured, hz: impl Fn(usize) -> f64) -> (f64, f64) {
    let found = self::hz(measured);
    let mut errors: Vec<f64> = found
        .iter()
        .enumerate()
        .filter(|(_, found)| !found.is_nan())
        .map(|(row, found)| 100.0 * (f64::from(*found) / hz(row * ROW + ROW / 2) - 1.0).abs())
        .collect();
    errors.sort_by(f64::total_cmp);
    (errors.get(errors.len() / 2).copied().unwrap_or(f64::NAN), errors.len() as f64 / found.len() as f64)
}

#[test]
fn a_ramp_of_pitch_comes_out_where_it_went_in() {
    let hz = |n: usize| 90.0 + 60.0 * n as f64 / 16_000.0;
    let measured = measure(&voice(5 * 16_000, 0.3, hz));
    assert_eq!(measured.len(), 500);
    let (median, voiced) = error(&measured, hz);
    // 5 ms late would be 0.2 %.
    assert!(median < 0.05 && voiced > 0.98, "{median} {voiced}");
}

#[test]
fn pitch_is_found_over_the_whole_range_and_whatever_the_level() {
    for level in [0.001, 0.9] {
        for hz in [65.0, 110.0, 230.0, 490.0] {
            let (median, voiced) = error(&measure(&voice(16_000, level, |_| hz)), |_| hz);
            assert!(median < 0.05 && voiced > 0.9, "{hz} Hz at {level}: {median} {voiced}");
        }
    }
}

#[test]
fn blocks_of_any_size_give_the_same() {
    let mut samples = voice(3 * 16_000, 0.3, |n| 120.0 + 40.0 * (n as f64 / 3000.0).sin());
    samples[20_000..30_000].fill(0.0);
    samples.iter_mut().zip(noise(48_000, 0.02)).for_each(|(s, n)| *s += n);
    let told = |measured: Measured| format!("{:?} {:?} {}", measured.all(), measured.spoiled, measured.is_narrow());
    let whole = told(measure(&samples));
    for block in [1, 159, 160, 161, 4001, 40_000] {
        assert!(told(measure_in_blocks(&samples, block)) == whole, "blocks of {block}");
    }
}

#[test]
fn silence_noise_and_nonsense_have_no_pitch() {
    let nonsense = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 1e7];
    let odd: Vec<f32> = nonsense.iter().copied().cycle().take(16_000).collect();
    for samples in [vec![0.0; 16_000], noise(32_000, 0.3), odd] {
        let measured = measure(&samples);
        let voiced = hz(&measured).iter().filter(|hz| !hz.is_nan()).count();
        assert!(voiced * 20 <= measured.len(), "{voiced} rows of {} are voiced", measured.len());
        assert!(measured.all().iter().all(|row| row[4..].iter().all(|sum| sum.is_finite())));
    }
}

#[test]
fn very_short_sound_has_rows_and_nothing_in_them() {
    for length in [0, 1, 159, 160, 161, 799, 801, 1500] {
        let measured = measure(&voice(length, 0.5, |_| 150.0));
        assert_eq!(measured.len(), length.div_ceil(160));
        assert_eq!(measured.spoiled.len(), length.div_ceil(160));
    }
}

#[test]
fn a_constant_offset_changes_nothing() {
    let clean = voice(32_000, 0.2, |_| 140.0);
    let offset: Vec<f32> = clean.iter().map(|s| s + 0.4).collect();
    let (clean, offset) = (measure(&clean), measure(&offset));
    for (a, b) in hz(&clean).iter().zip(hz(&offset)) {
        assert!((a.is_nan() && b.is_nan()) || (a - b).abs() < 0.05, "{a} {b}");
    }
    for row in 20..180 {
        assert!((hnr_db(&clean.all()[row]) - hnr_db(&offset.all()[row])).abs() < 1.0);
    }
}

#[test]
fn noise_lowers_hnr_by_its_level() {
    for db in [5.0f32, 10.0, 20.0] {
        let mut samples = voice(32_000, 0.2, |_| 150.0);
        let power = |samples: &[f32]| samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32;
        let level = (3.0 * power(&samples) / 10f32.powf(db / 10.0)).sqrt();
        samples.iter_mut().zip(noise(32_000, level)).for_each(|(s, n)| *s += n);
        let measured = measure(&samples);
        let rows: Vec<f32> = measured.all()[5..195].iter().map(hnr_db).filter(|db| !db.is_nan()).collect();
        let mean = rows.iter().sum::<f32>() / rows.len() as f32;
        assert!((mean - db).abs() < 0.7, "{mean}, not {db}");
    }
}

#[test]
fn a_telephone_band_is_noticed_and_a_wide_one_is_not() {
    let mut samples = voice(32_000, 0.2, |_| 150.0);
    assert!(measure(&samples).is_narrow(), "ten harmonics end at 1.5 kHz");
    samples.iter_mut().zip(noise(32_000, 0.002)).for_each(|(s, n)| *s += n);
    let wide = measure(&samples);
    assert!(!wide.is_narrow());
    assert!(limits(&wide, "the recording").unwrap().is_none());
}

#[test]
fn clipped_sound_and_holes_spoil_voice_quality_there() {
    let mut samples = voice(64_000, 0.3, |_| 150.0);
    samples.iter_mut().zip(noise(64_000, 0.002)).for_each(|(s, n)| *s += n);
    samples[16_000..24_000].iter_mut().for_each(|s| *s = (*s * 10.0).clamp(-1.0, 1.0));
    samples[40_000..40_200].fill(0.0);
    let measured = measure(&samples);
    let all = |rows: std::ops::Range<usize>, spoiled: bool| measured.spoiled[rows].iter().all(|&s| s == spoiled);
    assert!(all(100..150, true) && all(248..253, true));
    assert!(all(0..94, false) && all(156..244, false) && all(258..400, false));
    assert!(limits(&measured, "the recording").unwrap().unwrap().contains("clipped"));
}

#[test]
fn what_is_kept_of_a_long_sound_is_bounded() {
    let mut prosody = Prosody::new(&settings());
    let tone = voice(16_000, 0.3, |_| 160.0);
    for _ in 0..60 {
        prosody.add(&tone);
        assert!(prosody.kept.len() < 35 * 16_000, "{}", prosody.kept.len());
    }
    let measured = prosody.finish();
    assert!(hz(&measured).iter().filter(|hz| !hz.is_nan()).count() > 5900);
}
