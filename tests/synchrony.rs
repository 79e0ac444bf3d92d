//! Synchrony of movement against other programs' numbers.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test says what broke by panicking")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use attune::synchrony::{Shape, Summary, Window, smoothed, windows};
use serde::Deserialize;

/// Where the real recordings lie, if they do: `ATTUNE_DATA`, or beside the repository.
fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("ATTUNE_DATA").map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from);
    folder.is_dir().then_some(folder)
}

#[derive(Deserialize)]
struct Expected {
    mean: f64,
    lag0: Option<f64>,
    first_leads: Option<f64>,
    second_leads: Option<f64>,
    best_lag: i64,
}

#[derive(Deserialize)]
struct Made {
    window: usize,
    step: usize,
    max_lag: usize,
    smooth: usize,
    x: Vec<Option<f64>>,
    y: Vec<Option<f64>>,
    absolute_raw: Vec<Option<Expected>>,
    signed_smoothed: Vec<Option<Expected>>,
}

fn with_holes(values: &[Option<f64>]) -> Vec<f64> {
    values.iter().map(|value| value.unwrap_or(f64::NAN)).collect()
}

fn check(found: &[Option<Window>], expect: &[Option<Expected>]) {
    assert_eq!(found.len(), expect.len());
    for (number, (found, expect)) in found.iter().zip(expect).enumerate() {
        let (Some(found), Some(expect)) = (found, expect) else {
            assert!(found.is_none() && expect.is_none(), "window {number}: {found:?}");
            continue;
        };
        let lags = found.lags;
        let pairs = [
            (lags.mean, Some(expect.mean)),
            (lags.lag0, expect.lag0),
            (lags.first_leads, expect.first_leads),
            (lags.second_leads, expect.second_leads),
        ];
        for (found, expect) in pairs {
            match expect {
                Some(expect) => assert!((found - expect).abs() < 1e-9, "window {number}: {found} {expect}"),
                None => assert!(found.is_nan(), "window {number}: {found}"),
            }
        }
        assert_eq!(lags.best_lag, expect.best_lag, "window {number}");
    }
}

/// Made series with a hole and a still stretch, against numpy's correlations (`fixtures/synchrony_reference.py`).
#[test]
fn a_made_pair_gives_the_numbers_of_another_implementation() {
    let made: Made = serde_json::from_str(include_str!("../fixtures/synchrony_reference.json")).unwrap();
    let (x, y) = (with_holes(&made.x), with_holes(&made.y));
    let shape = |absolute| Shape { window: made.window, step: made.step, max_lag: made.max_lag, absolute };
    check(&windows(&x, &y, &shape(true)), &made.absolute_raw);
    let (x, y) = (smoothed(&x, made.smooth), smoothed(&y, made.smooth));
    check(&windows(&x, &y, &shape(false)), &made.signed_smoothed);
}

#[derive(Deserialize)]
struct Reference {
    group: String,
    move_patient: f64,
    move_therapist: f64,
    grand_abs_raw_l5_w60_i30: f64,
    lag0_abs_raw: f64,
    grand_signed_smooth_l5_w30_i10: f64,
    nwin: usize,
}

/// Every value of the stored reference for those of rMEA's sample sessions (25 Hz) that are at hand.
#[test]
fn real_intake_sessions_give_rmeas_numbers() {
    let Some(folder) = data().map(|data| data.join("timeseries/rMEA")).filter(|folder| folder.is_dir()) else {
        return println!("skipped: no rMEA sample in ATTUNE_DATA");
    };
    let reference: BTreeMap<String, Reference> =
        serde_json::from_str(include_str!("../fixtures/rmea_reference.json")).unwrap();
    let (mut sessions, mut largest) = (0, [0.0_f64; 5]);
    for (name, expect) in &reference {
        let Ok(text) = std::fs::read_to_string(folder.join(&expect.group).join(format!("{name}_01.txt"))) else {
            continue;
        };
        sessions += 1;
        let number = |line: &str, place: usize| line.split_whitespace().nth(place).unwrap().parse::<f64>().unwrap();
        let column = |place| text.lines().skip(1).map(|line| number(line, place)).collect::<Vec<f64>>();
        let (patient, therapist) = (column(0), column(1));
        let moving =
            |values: &[f64]| 100.0 * values.iter().filter(|value| **value > 0.0).count() as f64 / values.len() as f64;
        let shape = |window: usize, step: usize, absolute| Shape {
            window: window * 25,
            step: step * 25,
            max_lag: 5 * 25,
            absolute,
        };
        let raw = Summary::of(&windows(&patient, &therapist, &shape(60, 30, true))).unwrap();
        // Half a second of 25 a second, rounded down, as rMEA takes it.
        let smooth = windows(&smoothed(&patient, 12), &smoothed(&therapist, 12), &shape(30, 10, false));
        let signed = Summary::of(&smooth).unwrap();
        assert_eq!(smooth.len(), expect.nwin, "{name}");
        let pairs = [
            ("movement of the patient, %", moving(&patient), expect.move_patient, 0.05),
            ("movement of the therapist, %", moving(&therapist), expect.move_therapist, 0.05),
            ("mean |z| 60/30/5", raw.mean, expect.grand_abs_raw_l5_w60_i30, 5e-7),
            ("|z| at lag 0", raw.lag0, expect.lag0_abs_raw, 5e-7),
            ("mean z, smoothed, 30/10/5", signed.mean, expect.grand_signed_smooth_l5_w30_i10, 5e-7),
        ];
        for ((what, found, expect, tolerance), largest) in pairs.into_iter().zip(&mut largest) {
            // The reference is rounded to the digit that the tolerance is half of.
            assert!((found - expect).abs() <= tolerance * 1.000_001, "{name}: {what}: {found} {expect}");
            *largest = largest.max((found - expect).abs());
        }
    }
    println!("{sessions} sessions; largest deviation, in the order of the reference: {largest:?}");
    assert!(sessions > 0, "the folder holds none of the sessions");
}
