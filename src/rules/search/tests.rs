//! Rules against pictures of events.

use super::*;
use crate::rules::Example;

/// Three letters of markers, one line each, one character per second (`#` there, `.` not); hits as `[from, to)` in
/// seconds.
fn check(rule: &str, lines: &[(&str, &str)], expect: &[[i64; 2]]) {
    let rule: Rule = toml::from_str(&format!("id = 'r'\nversion = 1\n{rule}")).unwrap();
    let mut events = Vec::new();
    for (marker, picture) in lines {
        for (from, to) in crate::track::runs(picture.chars().map(|c| c == '#')) {
            events.push(format!("{{ marker = '{marker}', ms = [{}, {}] }}", from * 1000, to * 1000));
        }
    }
    let text = format!("name = 'picture'\nhits_ms = []\nevents = [{}]", events.join(", "));
    let mut example: Example = toml::from_str(&text).unwrap();
    example.hits_ms = expect.iter().map(|[from, to]| [from * 1000, to * 1000]).collect();
    let rule = Rule { examples: vec![example], ..rule };
    assert_eq!(rule.failing_examples(), [], "{lines:?}");
}

const CHAIN: &str =
    "sequence = [{ marker = 'a' }, { marker = 'b', within_secs = 3 }, { marker = 'c', within_secs = 1 }]";

#[test]
fn steps_follow_each_other() {
    check(CHAIN, &[("a", "##......."), ("b", "..#......"), ("c", "...##....")], &[[0, 5]]);
    check(CHAIN, &[("a", "##......."), ("b", "......#.."), ("c", ".......##")], &[]);
    check(CHAIN, &[("a", "##......."), ("b", ".#......."), ("c", "...##....")], &[[0, 5]]);
    check(CHAIN, &[("b", "##......."), ("a", "...#....."), ("c", "....##...")], &[]);
}

#[test]
fn a_first_match_that_leads_nowhere_does_not_hide_a_later_one() {
    check(CHAIN, &[("a", "##......."), ("b", "..#.#...."), ("c", ".....##..")], &[[0, 7]]);
}

#[test]
fn one_hit_for_each_thing_that_fits_the_first_step() {
    check(CHAIN, &[("a", "#.#......"), ("b", "...##...."), ("c", ".....##..")], &[[0, 7], [2, 7]]);
}

#[test]
fn cutting_in_can_be_limited() {
    let rule = "sequence = [{ marker = 'a' }, { marker = 'b', within_secs = 3, cut_in_secs = 1 }]";
    check(rule, &[("a", "#####...."), ("b", ".#.......")], &[]);
    check(rule, &[("a", "#####...."), ("b", "....##...")], &[[0, 6]]);
}

/// `b` against the stretch from 1 s before to 2 s after `a`, which is `[3, 8)`.
fn beside(word: &str, picture: &str, expect: &[[i64; 2]]) {
    let stretch = format!("{word} = {{ step = 'a', before_secs = 1, after_secs = 2 }}");
    let rule = format!("sequence = [{{ name = 'a', marker = 'a' }}, {{ marker = 'b', {stretch} }}]");
    check(&rule, &[("a", "....##......"), ("b", picture)], expect);
}

#[test]
fn a_stretch_includes_its_start_and_not_its_end() {
    beside("during", "...#####....", &[[3, 8]]);
    beside("during", "..######....", &[]);
    beside("during", "...######...", &[]);
    beside("overlaps", "####........", &[[0, 6]]);
    beside("overlaps", "###.........", &[]);
    beside("overlaps", ".......#####", &[[4, 12]]);
    beside("overlaps", "........####", &[]);
    beside("starts_in", "...#########", &[[3, 12]]);
    beside("starts_in", "..##########", &[]);
    beside("starts_in", "........####", &[]);
}

#[test]
fn a_long_event_that_began_early_is_still_seen_to_overlap() {
    let rule = "sequence = [{ name = 'a', marker = 'a' }, { marker = 'b', overlaps = { step = 'a', for_secs = 2 } }]";
    check(rule, &[("a", "........##.."), ("b", "############")], &[[0, 12]]);
    check(rule, &[("a", "........##.."), ("b", "#.#.#.#.####")], &[[8, 12]]);
    check(rule, &[("a", "........##.."), ("b", "#########...")], &[]);
}

#[test]
fn a_refusal_forbids_only_in_its_stretch() {
    let rule = "sequence = [{ name = 'a', marker = 'a' }, { name = 'b', marker = 'b', within_secs = 9 }]
        without = [{ marker = 'x', starts_in = { from = 'a.end', to = 'b.start' } }]";
    check(rule, &[("a", "##......."), ("b", ".....##.."), ("x", "...#.....")], &[]);
    check(rule, &[("a", "##......."), ("b", ".....##.."), ("x", ".......##")], &[[0, 7]]);
    check(rule, &[("a", "##......."), ("b", ".....##.."), ("x", ".....#...")], &[[0, 7]]);
    // Cutting in leaves no stretch between them.
    check(rule, &[("a", "####....."), ("b", "...##...."), ("x", "...#.....")], &[[0, 5]]);
    // The first b is forbidden by nothing, the second by the x before it.
    check(rule, &[("a", "##......."), ("b", "..#...#.."), ("x", "...#.....")], &[[0, 3]]);
}

#[test]
fn what_is_part_of_the_picture_cannot_forbid_it() {
    let rule = "sequence = [{ name = 'a', marker = 'a' }]\nwithout = [{ marker = 'a', overlaps = { step = 'a' } }]";
    check(rule, &[("a", ".###.....")], &[[1, 4]]);
}

#[test]
fn all_means_at_the_same_moment() {
    let rule = "sequence = [{ all = [{ marker = 'a' }, { marker = 'b' }, { marker = 'c' }], min_secs = 2 }]";
    check(rule, &[("a", "######..."), ("b", "..#####.."), ("c", ".#######.")], &[[0, 8]]);
    check(rule, &[("a", "###......"), ("b", "..#####.."), ("c", ".#######.")], &[]);
    check(rule, &[("a", "####....."), ("b", "..####..."), ("c", "....####.")], &[]);
}

const REPEATS: &str =
    "sequence = [{ marker = 'a', at_least = { count = 3, in_secs = 6, broken_by = [{ marker = 'x' }] } }]";

#[test]
fn repeats_make_one_run() {
    check(REPEATS, &[("a", "#..#..#......")], &[[0, 7]]);
    check(REPEATS, &[("a", "#..#...#.....")], &[]);
    check(REPEATS, &[("a", "#.#.#.#.#.#.#")], &[[0, 13]]);
    check(REPEATS, &[("a", "#.#.#............#.#.#")], &[[0, 5], [17, 22]]);
    check(REPEATS, &[("a", "#..#..#......"), ("x", "....#........")], &[]);
    check(REPEATS, &[("a", "#.#.#.#......"), ("x", ".....#.......")], &[[0, 5]]);
    // What starts together with a repeat comes before it.
    check(REPEATS, &[("a", "#..#..#......"), ("x", "......#......")], &[]);
    check(REPEATS, &[("a", "#..#..#......"), ("x", "#............")], &[[0, 7]]);
}

#[test]
fn the_stronger_filling_wins_and_among_equals_the_nearer() {
    let rule = "id = 'r'\nversion = 1\nsequence = [{ marker = 'a' }, { marker = 'b', within_secs = 9 }]
        example = [{ name = 'e', hits_ms = [[0, 7000]], events = [{ marker = 'a', ms = [0, 1000] },
        { marker = 'b', ms = [2000, 3000], strength = 0.5 }, { marker = 'b', ms = [6000, 7000] },
        { marker = 'b', ms = [7000, 8000] }, { marker = 'b', ms = [8000, 9000], confidence = 0.2 }] }]";
    let rule: Rule = toml::from_str(rule).unwrap();
    assert_eq!(rule.failing_examples(), []);
}

/// Every way tried one by one, as a check on the search.
fn best_by_trying(
    a: &[i64],
    b: &[(i64, f32)],
    c: &[(i64, f32)],
    goes_with: impl Fn(i64, i64) -> bool,
) -> Vec<(i64, i64)> {
    let mut best = Vec::new();
    for &a in a {
        let mut found: Option<(f64, i64)> = None;
        for &(b, b_strength) in b.iter().filter(|(b, _)| *b >= a && *b <= a + 10 + 50) {
            for &(c, c_strength) in c.iter().filter(|(c, _)| *c >= b && *c <= b + 10 + 30 && goes_with(a, *c)) {
                let weight = f64::from(b_strength) + f64::from(c_strength);
                if found.is_none_or(|(best, _)| weight > best) {
                    found = Some((weight, c));
                }
            }
        }
        best.extend(found.map(|(weight, _)| (a, (weight * 1e4).round() as i64)));
    }
    best
}

proptest::proptest! {
    #[test]
    fn the_search_finds_what_trying_everything_finds(
        a in proptest::collection::btree_set(0..400i64, 0..8),
        b in proptest::collection::btree_map(0..400i64, 0.0..1.0f32, 0..20),
        c in proptest::collection::btree_map(0..400i64, 0.0..1.0f32, 0..20),
        person in 0..3usize,
    ) {
        // Events at even times are the client's, at odd ones the therapist's.
        let person_of = ["", ", same_person_as = 'a'", ", other_person_than = 'a'"][person];
        let goes_with = |a: i64, c: i64| person == 0 || ((a + c) % 2 == 0) == (person == 1);
        let rule: Rule = toml::from_str(&format!("id = 'r'\nversion = 1\nsequence = [{{ name = 'a', marker = 'a', scene = true }},
            {{ marker = 'b', within_secs = 5 }}, {{ marker = 'c', within_secs = 3{person_of} }}]")).unwrap();
        let mut example = Example { name: String::new(), events: Vec::new(), blind: Vec::new(), hits_ms: Vec::new() };
        let strong = |strength: f32| format!(", strength = {strength:.7}");
        let mut add = |marker: &str, at: i64, more: String| {
            let who = if at % 2 == 0 { "client" } else { "therapist" };
            let text = format!("marker = '{marker}', who = '{who}', ms = [{}, {}]{more}", at * 100, at * 100 + 1000);
            example.events.push(toml::from_str::<toml::Table>(&format!("e = {{ {text} }}")).unwrap()["e"].clone().try_into().unwrap());
        };
        a.iter().for_each(|&at| add("a", at, String::new()));
        b.iter().for_each(|(&at, &strength)| add("b", at, strong(strength)));
        c.iter().for_each(|(&at, &strength)| add("c", at, strong(strength)));
        let events = example.made_events();
        let found = rule.hits("x", &Seen::new(&events), &BTreeMap::new(), &[]);
        let found: Vec<_> = found.iter()
            .map(|hit| (hit.span.start().millis() / 100, (f64::from(hit.strength) * 2e4).round() as i64)).collect();
        let (a, b, c): (Vec<_>, Vec<_>, Vec<_>) = (a.into_iter().collect(), b.into_iter().collect(), c.into_iter().collect());
        let expect = best_by_trying(&a, &b, &c, goes_with);
        proptest::prop_assert_eq!(found.len(), expect.len());
        for (found, expect) in found.iter().zip(&expect) {
            proptest::prop_assert!(found.0 == expect.0 && (found.1 - expect.1).abs() <= 2, "{:?} {:?}", found, expect);
        }
    }
}
