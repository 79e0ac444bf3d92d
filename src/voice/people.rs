//! From parts of speech to the people who speak them, over the whole recording.
//!
//! Fingerprints are clustered (Ward) into more groups than people are expected; then, again and again, every part goes
//! to the group whose mean it is most like, and the two groups that are least apart become one, until there are no more
//! than expected and all are truly apart. How far apart two groups are is measured by their own parts: how much more a
//! part is like the rest of its own group than like the other group. One voice cut in two has nearly nothing of that,
//! however noisy the recording, where a fixed limit on the likeness of two means must fail: two women on a telephone
//! line were more alike (.48) than parts of one voice in a meeting room.

use kodama::{Method, linkage};

use super::fingerprint::{cosine, to_unit_length};
use super::listening::Part;
use super::parts::part_secs;
use super::settings::People;

/// Speech from which on more of it does not make a fingerprint count more, in seconds.
const FULL_WEIGHT_SECS: f32 = 2.0;
/// Rounds of seating and averaging; it usually stands still after three.
const MOST_ROUNDS: usize = 15;
/// Length of a sum of fingerprints below which nothing is left of a group but the part itself and its copies: what rounding leaves
/// of 0, and no threshold (each fingerprint has length 1).
const LEAST_REST: f32 = 0.05;
/// Parts that are clustered at most, spread evenly over the recording: the clustering's memory grows with their square.
const MOST_CLUSTERED: usize = 1500;

/// Whose a part is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Whose {
    /// Number of the person, from 0.
    pub person: usize,
    /// How sure that is, 0 to 1.
    pub confidence: f32,
}

/// The people and their parts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Grouping {
    /// Mean fingerprint of each person, of length 1.
    pub means: Vec<Vec<f32>>,
    /// For each part; `None` without a fingerprint, and for what is nobody's.
    pub whose: Vec<Option<Whose>>,
}

impl Grouping {
    /// Seconds of each person's parts.
    pub(super) fn secs(&self, parts: &[Part]) -> Vec<f32> {
        let mut secs = vec![0.0; self.means.len()];
        for (part, whose) in parts.iter().zip(&self.whose) {
            if let Some(sum) = whose.and_then(|whose| secs.get_mut(whose.person)) {
                *sum += part_secs(&part.rows);
            }
        }
        secs
    }
}

/// Parts with fingerprints, and what ties them.
struct Items<'a> {
    /// Position of each among all parts.
    parts: Vec<usize>,
    prints: Vec<&'a [f32]>,
    weights: Vec<f32>,
    secs: Vec<f32>,
    /// Whether it shapes the means.
    trains: Vec<bool>,
    ties: Vec<Vec<(usize, f32)>>,
    /// For each item that shapes the means, the others that are the same sound.
    same: Vec<Vec<usize>>,
}

/// Groups parts into at most `expected` people. `ties` as from [`super::together::ties`].
pub(super) fn group(parts: &[Part], ties: &[Vec<(usize, f32)>], expected: usize, settings: &People) -> Grouping {
    let nobody = Grouping { means: Vec::new(), whose: vec![None; parts.len()] };
    let items = Items::of(parts, ties, settings);
    if items.parts.is_empty() {
        return nobody;
    }
    let (mut of, mut count) = items.clustered(expected + settings.spare_groups);
    loop {
        let Some(means) = items.settle(&mut of, &mut count, false, settings) else { return nobody };
        let gone = items.too_close(&of, &means, count > expected, settings).or_else(|| {
            let short = items.shortest(&of, count).filter(|(_, secs)| *secs < settings.min_speech_secs.0.as_secs_f32());
            short.map(|(group, _)| (group, None))
        });
        match gone {
            Some((group, into)) if count > 1 => {
                remove(&mut of, group, into);
                count -= 1;
            }
            // The last one speaks too little to be told from noise.
            Some((_, None)) => return nobody,
            _ => {
                let Some(means) = items.settle(&mut of, &mut count, true, settings) else { return nobody };
                let mut whose = vec![None; parts.len()];
                for (item, &part) in items.parts.iter().enumerate() {
                    whose[part] = of[item]
                        .map(|person| Whose { person, confidence: items.confidence(item, person, &means, settings) });
                }
                return Grouping { means, whose };
            }
        }
    }
}

/// Takes a group out: its items join another one, or nobody.
fn remove(of: &mut [Option<usize>], group: usize, into: Option<usize>) {
    for label in of.iter_mut() {
        if *label == Some(group) {
            *label = into;
        }
        *label = label.map(|label| label - usize::from(label > group));
    }
}

fn mean_of<'a>(prints: impl Iterator<Item = (&'a [f32], f32)>) -> Vec<f32> {
    let mut sum: Vec<f32> = Vec::new();
    for (print, weight) in prints {
        sum.resize(print.len(), 0.0);
        sum.iter_mut().zip(print).for_each(|(sum, x)| *sum += x * weight);
    }
    sum
}

/// The same of length 1.
fn directions(sums: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let mut means = sums.to_vec();
    means.iter_mut().for_each(|mean| to_unit_length(mean));
    means
}

impl<'a> Items<'a> {
    fn of(parts: &'a [Part], ties: &[Vec<(usize, f32)>], settings: &People) -> Self {
        let at: Vec<usize> = (0..parts.len()).filter(|&part| parts[part].print.is_some()).collect();
        let secs: Vec<f32> = at.iter().map(|&part| part_secs(&parts[part].rows)).collect();
        let train_secs = settings.train_secs.0.as_secs_f32();
        let mut trains: Vec<bool> = secs.iter().map(|&secs| secs >= train_secs).collect();
        if trains.iter().filter(|trains| **trains).count() < 2 {
            trains.fill(true);
        }
        let item_of = |part: usize| at.binary_search(&part).ok();
        let of_item = |&part: &usize| {
            let tied = ties.get(part).into_iter().flatten();
            tied.filter_map(|&(other, tie)| Some((item_of(other)?, tie))).collect()
        };
        let prints: Vec<&[f32]> = at.iter().filter_map(|&part| parts[part].print.as_deref()).collect();
        Self {
            same: same_sounds(&prints, &trains, settings.same_sound),
            prints,
            weights: secs.iter().map(|secs| secs.min(FULL_WEIGHT_SECS)).collect(),
            ties: at.iter().map(of_item).collect(),
            parts: at,
            secs,
            trains,
        }
    }

    /// A first cut into at most `count` groups, of those that train.
    fn clustered(&self, count: usize) -> (Vec<Option<usize>>, usize) {
        let training: Vec<usize> = (0..self.parts.len()).filter(|&item| self.trains[item]).collect();
        let taken = training.len().min(MOST_CLUSTERED);
        let chosen: Vec<usize> = (0..taken).map(|n| training[n * training.len() / taken]).collect();
        let labels = ward(&chosen.iter().map(|&item| self.prints[item]).collect::<Vec<_>>(), count);
        let groups = labels.iter().max().map_or(0, |most| most + 1);
        let mut of = vec![None; self.parts.len()];
        chosen.into_iter().zip(labels).for_each(|(item, label)| of[item] = Some(label));
        (of, groups)
    }

    /// Weighted sum of each group's fingerprints, of those that train.
    fn sums(&self, of: &[Option<usize>], count: usize) -> Vec<Vec<f32>> {
        let of_group = |group: usize| {
            let members = (0..of.len()).filter(move |&item| of[item] == Some(group) && self.trains[item]);
            mean_of(members.map(|item| (self.prints[item], self.weights[item])))
        };
        (0..count).map(of_group).collect()
    }

    /// How like a part is to the rest of its group, whose sum is given: without itself, and without the same sound at other
    /// places. `None` if nothing is left.
    fn likeness_of_rest(&self, item: usize, of: &[Option<usize>], sum: &[f32]) -> Option<f32> {
        let copies = self.same[item].iter().filter(|copy| of[**copy] == of[item]);
        let left_out = mean_of(copies.chain([&item]).map(|&copy| (self.prints[copy], self.weights[copy])));
        let mut rest: Vec<f32> = sum.iter().zip(left_out).map(|(sum, x)| sum - x).collect();
        if rest.iter().map(|x| x * x).sum::<f32>().sqrt() < LEAST_REST {
            return None;
        }
        to_unit_length(&mut rest);
        Some(cosine(self.prints[item], &rest))
    }

    /// Moves every item to the group it is most like, with some weight on what windows say, until nothing moves; groups
    /// that lose all their items go. The means in the end; `None` if no group is left. `by_rest`: an item is compared with the
    /// rest of its own group. That suits groups that are people; small groups on the way would hold together by it.
    fn settle(
        &self,
        of: &mut Vec<Option<usize>>,
        count: &mut usize,
        by_rest: bool,
        settings: &People,
    ) -> Option<Vec<Vec<f32>>> {
        loop {
            let mut sums = self.sums(of, *count);
            let mut means = directions(&sums);
            for _ in 0..MOST_ROUNDS {
                let next: Vec<Option<usize>> = (0..of.len())
                    .map(|item| self.best_group(item, of, (&means, by_rest.then_some(&sums)), settings))
                    .collect();
                if next == *of {
                    break;
                }
                *of = next;
                sums = self.sums(of, *count);
                means = directions(&sums);
            }
            match means.iter().position(Vec::is_empty) {
                None => return Some(means),
                Some(_) if *count == 1 => return None,
                Some(empty) => {
                    remove(of, empty, None);
                    *count -= 1;
                }
            }
        }
    }

    fn best_group(
        &self,
        item: usize,
        of: &[Option<usize>],
        (means, sums): (&[Vec<f32>], Option<&Vec<Vec<f32>>>),
        settings: &People,
    ) -> Option<usize> {
        let known = self.ties[item].iter().filter_map(|&(other, tie)| Some((of[other]?, tie * self.weights[other])));
        let mut votes = vec![0.0; means.len()];
        let mut total = 0.0;
        for (group, vote) in known {
            votes[group] += vote;
            total += vote.abs();
        }
        let worth = |group: usize| {
            let vote = if total > 0.0 { votes[group] / total } else { 0.0 };
            // Among those of its own group a part would be like itself.
            let own = sums.filter(|_| of[item] == Some(group) && self.trains[item]);
            let rest = own.and_then(|sums| self.likeness_of_rest(item, of, &sums[group]));
            let likeness = rest.unwrap_or_else(|| cosine(self.prints[item], &means[group]));
            likeness + settings.together_weight * vote
        };
        (0..means.len()).reduce(|best, group| if worth(group) > worth(best) { group } else { best })
    }

    /// The two groups that are least apart, if they must become one: because there are too many, or because they are not
    /// apart enough. The second is to go into the first.
    fn too_close(
        &self,
        of: &[Option<usize>],
        means: &[Vec<f32>],
        too_many: bool,
        settings: &People,
    ) -> Option<(usize, Option<usize>)> {
        let members: Vec<Vec<usize>> = (0..means.len())
            .map(|group| (0..of.len()).filter(|&item| of[item] == Some(group) && self.trains[item]).collect())
            .collect();
        let sums: Vec<Vec<f32>> = members
            .iter()
            .map(|members| mean_of(members.iter().map(|&item| (self.prints[item], self.weights[item]))))
            .collect();
        let secs = |group: &[usize]| group.iter().map(|&item| self.weights[item]).sum::<f32>();
        let few_secs =
            settings.few_secs.0.as_secs_f32().max(settings.few_share * members.iter().map(|g| secs(g)).sum::<f32>());
        let few = |group: &[usize]| group.len() < 2 || secs(group) < few_secs;
        let pairs = (0..means.len()).flat_map(|a| (a + 1..means.len()).map(move |b| (a, b)));
        let slack = pairs.map(|(a, b)| {
            let (mut sum, mut weight) = (0.0, 0.0);
            for (own, other) in [(a, b), (b, a)] {
                for &item in members[own].iter().filter(|_| members[own].len() > 1) {
                    let w = self.weights[item];
                    let Some(rest) = self.likeness_of_rest(item, of, &sums[own]) else { continue };
                    sum += w * (rest - cosine(self.prints[item], &means[other]));
                    weight += w;
                }
            }
            let margin = match weight > 0.0 {
                true => sum / weight,
                // Single parts have nothing of their own to be compared with.
                false => settings.usual_likeness - cosine(&means[a], &means[b]),
            };
            let slack = match few(&members[a]) || few(&members[b]) {
                // A voice in the middle of a noise is unlike itself, but not as unlike as somebody else.
                true => (margin - settings.few_margin).min(settings.few_likeness - cosine(&means[a], &means[b])),
                false => margin - settings.margin,
            };
            (slack, a, b)
        });
        let (slack, a, b) = slack.min_by(|x, y| x.0.total_cmp(&y.0))?;
        (too_many || slack < 0.0).then_some((b, Some(a)))
    }

    /// The group that speaks least, and for how many seconds.
    fn shortest(&self, of: &[Option<usize>], count: usize) -> Option<(usize, f32)> {
        let secs = |group: usize| -> f32 {
            of.iter().zip(&self.secs).filter(|(label, _)| **label == Some(group)).map(|(_, secs)| secs).sum()
        };
        (0..count).map(|group| (group, secs(group))).min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// How much more like this person than like the next one a part is, as a probability.
    fn confidence(&self, item: usize, person: usize, means: &[Vec<f32>], settings: &People) -> f32 {
        let likeness = |group: usize| cosine(self.prints[item], &means[group]);
        let others = (0..means.len()).filter(|&other| other != person).map(likeness);
        let margin = likeness(person) - others.fold(f32::NEG_INFINITY, f32::max);
        1.0 / (1.0 + (-margin / settings.margin_scale).exp())
    }
}

/// For each print that trains, the others of them that are the same sound.
fn same_sounds(prints: &[&[f32]], trains: &[bool], from: f32) -> Vec<Vec<usize>> {
    let trained: Vec<usize> = (0..prints.len()).filter(|&item| trains[item]).collect();
    let mut same = vec![Vec::new(); prints.len()];
    for (at, &a) in trained.iter().enumerate() {
        for &b in &trained[at + 1..] {
            if cosine(prints[a], prints[b]) >= from {
                same[a].push(b);
                same[b].push(a);
            }
        }
    }
    same
}

/// Ward clustering of fingerprints into at most `count` groups, numbered in order of their first member.
fn ward(prints: &[&[f32]], count: usize) -> Vec<usize> {
    let mut distances = Vec::with_capacity(prints.len() * prints.len().saturating_sub(1) / 2);
    for (at, a) in prints.iter().enumerate() {
        distances.extend(prints[at + 1..].iter().map(|b| (2.0 - 2.0 * cosine(a, b)).max(0.0).sqrt()));
    }
    // A group is a tree in which each member knows another; merging all but the last steps leaves `count` of them.
    let mut parent: Vec<usize> = (0..2 * prints.len()).collect();
    if prints.len() > 1 {
        let tree = linkage(&mut distances, prints.len(), Method::Ward);
        let merged = prints.len() - count.clamp(1, prints.len());
        for (step, merge) in tree.steps().iter().enumerate().take(merged) {
            parent[merge.cluster1] = prints.len() + step;
            parent[merge.cluster2] = prints.len() + step;
        }
    }
    let root = |mut at: usize| {
        while parent[at] != at {
            at = parent[at];
        }
        at
    };
    let mut roots = Vec::new();
    (0..prints.len())
        .map(|at| {
            let root = root(at);
            roots.iter().position(|&known| known == root).unwrap_or_else(|| {
                roots.push(root);
                roots.len() - 1
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::settings::tests::default_settings;
    use super::*;

    /// Parts of these seconds, with fingerprints in a plane at these angles; the persons of the parts, `-` for nobody's.
    fn check(parts: &[(f32, f32)], ties: &[(usize, usize, f32)], expected: usize, expect: &str) {
        let mut at = 0;
        let mut list = Vec::new();
        for &(secs, degrees) in parts {
            let rows = (secs * 100.0) as usize;
            let (sin, cos) = degrees.to_radians().sin_cos();
            list.push(Part { rows: at..at + rows, print: Some(vec![cos, sin]) });
            at += rows + 50;
        }
        let mut tied = vec![Vec::new(); list.len()];
        for &(a, b, tie) in ties {
            tied[a].push((b, tie));
            tied[b].push((a, tie));
        }
        let grouping = group(&list, &tied, expected, &default_settings().people);
        let label = |whose: &Option<Whose>| whose.map_or('-', |whose| (b'0' + whose.person as u8) as char);
        assert_eq!(grouping.whose.iter().map(label).collect::<String>(), expect, "{parts:?}");
        assert!(grouping.whose.iter().flatten().all(|w| (0.0..=1.0).contains(&w.confidence)));
    }

    #[test]
    fn two_people_are_told_apart() {
        let parts = [(2.0, 0.0), (2.0, 80.0), (2.0, 8.0), (2.0, 90.0), (2.0, -6.0), (2.0, 84.0)];
        check(&parts, &[], 2, "010101");
        check(&parts, &[], 4, "010101");
        check(&parts, &[], 1, "000000");
    }

    #[test]
    fn one_voice_is_not_cut_in_two_to_please_the_expectation() {
        check(&[(2.0, 0.0), (2.0, 25.0), (2.0, 5.0), (2.0, 30.0), (2.0, 15.0), (2.0, 10.0)], &[], 2, "000000");
    }

    #[test]
    fn a_moment_of_noise_is_no_person() {
        // Half a second, quite unlike: not the second person, whatever is expected.
        check(&[(2.0, 0.0), (2.0, 10.0), (0.6, 55.0), (2.0, 5.0)], &[], 2, "0000");
        // All of it too short to be told from noise.
        check(&[(0.3, 0.0), (0.3, 5.0)], &[], 2, "--");
    }

    #[test]
    fn what_windows_say_decides_where_the_sound_does_not() {
        let parts = [(2.0, 0.0), (2.0, 90.0), (2.0, 8.0), (2.0, 82.0), (0.4, 44.5)];
        check(&parts, &[], 2, "01010");
        check(&parts, &[(4, 1, 1.0), (4, 3, 1.0)], 2, "01011");
    }

    #[test]
    fn nothing_gives_nobody() {
        check(&[], &[], 2, "");
    }
}
