//! Numbers that other programs gave for the same data: PyPI krippendorff 0.9.0, pingouin, a textbook's Fleiss table.

use super::*;

#[track_caller]
fn near(found: Option<f64>, expected: f64) {
    let found = found.unwrap();
    assert!((found - expected).abs() < 0.000_05, "{found} is not {expected}");
}

fn rows(text: &str) -> Ratings {
    text.lines().map(|line| line.split_whitespace().map(|word| word.parse().ok()).collect()).collect()
}

const FOUR_CODERS: &str = "1 2 3 3 2 1 4 1 2 . . .
1 2 3 3 2 2 4 1 2 5 . 3
. 3 3 3 2 3 4 2 2 5 1 .
1 2 3 3 2 4 4 1 2 5 1 .";

#[test]
fn alpha_of_krippendorffs_own_example() {
    let ratings = rows(FOUR_CODERS);
    near(krippendorff(&ratings, Level::Nominal), 0.7434);
    near(krippendorff(&ratings, Level::Ordinal), 0.8154);
    near(krippendorff(&ratings, Level::Interval), 0.8491);
    near(krippendorff(&ratings, Level::Ratio), 0.7974);
}

#[test]
fn intraclass_correlations_of_shrout_and_fleiss() {
    let table = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]];
    let ratings = (0..4).map(|coder| table.iter().map(|row| Some(f64::from(row[coder]))).collect()).collect();
    let found = icc(&ratings).unwrap();
    near(Some(found.icc1), 0.165_742);
    near(Some(found.icc2), 0.289_764);
    near(Some(found.icc3), 0.714_841);
    near(Some(found.icc1_k), 0.442_797);
    near(Some(found.icc2_k), 0.620_051);
    near(Some(found.icc3_k), 0.909_316);
}

#[test]
fn kappa_of_the_textbook_table() {
    let table = [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ];
    let counts: Vec<Vec<f64>> = table.iter().map(|row| row.iter().map(|n| f64::from(*n)).collect()).collect();
    near(nominal::fleiss_counts(&counts), 0.2099);
}

fn three_coders() -> [Vec<Unit>; 3] {
    let units = |list: &[(i32, i32, &str)]| -> Vec<Unit> {
        list.iter().map(|(from, to, label)| Unit::new(f64::from(*from), f64::from(*to), *label)).collect()
    };
    [
        units(&[(60, 95, "w"), (300, 330, "c"), (610, 650, "w"), (900, 920, "r")]),
        units(&[(65, 100, "w"), (305, 325, "c"), (615, 640, "c"), (1200, 1215, "w")]),
        units(&[(58, 90, "w"), (298, 335, "c"), (612, 655, "w"), (905, 925, "r")]),
    ]
}

#[test]
fn alpha_on_the_continuum() {
    let coders = three_coders();
    near(u_alpha(&coders, 1500.0, false), 0.6421);
    near(u_alpha(&coders, 1500.0, true), 0.7105);
}

#[test]
fn alpha_of_the_same_in_slices_of_a_second() {
    let labels = ["w", "c", "r"];
    let sliced = |binary: bool| -> Ratings {
        let label = |units: &Vec<Unit>, second: i32| {
            let middle = f64::from(second) + 0.5;
            let here = units.iter().find(|unit| unit.start <= middle && middle < unit.end);
            here.map_or(0, |unit| if binary { 1 } else { 1 + labels.iter().position(|l| *l == unit.label).unwrap() })
        };
        let coders = three_coders();
        coders.iter().map(|units| (0..1500).map(|second| Some(label(units, second) as f64)).collect()).collect()
    };
    near(krippendorff(&sliced(false), Level::Nominal), 0.6419);
    near(krippendorff(&sliced(true), Level::Nominal), 0.7104);
}

#[test]
fn units_found_again_by_the_other_coder() {
    let [a, b, d] = three_coders();
    for (one, other, units, labelled) in [(&a, &b, 0.75, 0.5), (&a, &d, 1.0, 1.0), (&b, &d, 0.75, 0.5)] {
        let found = f1(one, other, 0.5).unwrap();
        near(Some(found.units), units);
        near(Some(found.labelled), labelled);
    }
}

#[test]
fn units_without_a_partner_change_kappa() {
    let [a, b, _] = three_coders();
    let aligned = align(&a, &b, 0.5);
    assert_eq!(aligned.links, [(0, 0), (1, 1), (2, 2)]);
    // Linked: w-w, c-c, w-c: agreement 2/3; chance (2/3)(1/3) + (1/3)(2/3) = 4/9.
    near(aligned.kappa_linked_only, (2.0 / 3.0 - 4.0 / 9.0) / (5.0 / 9.0));
    // With r-none and none-w, 5 pairs: agreement 2/5; chance w .4*.4 + c .2*.4 + r .2*0 + none .2*.2 = .28.
    near(aligned.kappa_with_unmatched, (0.4 - 0.28) / 0.72);
}

#[test]
fn kappa_of_two_coders() {
    // Cohen's table 20 5 / 10 15: agreement .7, chance .5.
    let pairs = [(1.0, 1.0, 20), (1.0, 0.0, 5), (0.0, 1.0, 10), (0.0, 0.0, 15)];
    let column = |first: bool| -> Vec<Option<f64>> {
        let value = |p: &(f64, f64, usize)| vec![Some(if first { p.0 } else { p.1 }); p.2];
        pairs.iter().flat_map(value).collect()
    };
    let both = vec![column(true), column(false)];
    near(nominal::cohen(&both[0], &both[1]), 0.4);
    near(nominal::percent(&both), 0.7);
    near(nominal::pabak(&both, 2), 0.4);
    // AC1: mean share of 1 = (.5 + .6) / 2 = .55, chance 2 * .55 * .45 = .495.
    near(nominal::ac1(&both, 2), (0.7 - 0.495) / 0.505);
}

#[test]
fn what_cannot_be_said_is_not_said() {
    let all_same = rows("1 1 1\n1 1 1");
    assert_eq!(krippendorff(&all_same, Level::Nominal), None);
    assert_eq!(nominal::fleiss(&all_same), None);
    assert_eq!(nominal::cohen(&all_same[0], &all_same[1]), None);
    assert_eq!(nominal::percent(&all_same), Some(1.0));
    assert_eq!(icc(&all_same), None);
    assert_eq!(krippendorff(&rows("1 2 3"), Level::Interval), None);
    assert_eq!(u_alpha(&[Vec::new(), Vec::new()], 100.0, false), None);
    assert_eq!(nominal::percent(&Vec::new()), None);
    assert_eq!(nominal::cohen(&[], &[]), None);
    assert_eq!(f1(&[], &[], 0.5), None);
}

#[test]
fn an_interval_holds_the_number_and_comes_out_the_same_again() {
    let sessions: Vec<f64> = (0..40).map(f64::from).collect();
    let mean = |drawn: &[&f64]| Some(drawn.iter().copied().sum::<f64>() / drawn.len() as f64);
    let found = interval(&sessions, 1000, 7, mean).unwrap();
    assert_eq!(Some(found), interval(&sessions, 1000, 7, mean));
    assert_ne!(Some(found), interval(&sessions, 1000, 8, mean));
    // The standard error of the mean is 11.54 / sqrt(40) = 1.83.
    assert!((found.low - (19.5 - 1.96 * 1.83)).abs() < 0.6, "{found:?}");
    assert!((found.high - (19.5 + 1.96 * 1.83)).abs() < 0.6, "{found:?}");
    assert_eq!(interval(&[1.0], 100, 7, |_| Some(1.0)), None);
}
