//! Candidate units joined into episodes (DOMAIN C.2).

use std::time::Duration;

use super::scene::{Scene, unit_interval};
use super::score::{Unit, weight_of};
use super::timeline::SpanIndex;
use super::{Episode, EpisodeCode, EpisodeKind, Evidence, missing, words};
use crate::rules::Hit;
use crate::time::Span;
use crate::track::Who;

/// Episodes of types W, K and mixed, in no particular order. `taken` units belong to a cycle and join nothing.
pub(super) fn episodes(scene: &Scene<'_>, units: &[Unit<'_>], taken: &[bool]) -> Vec<Episode> {
    let mut found = Vec::new();
    for kind in [EpisodeKind::Withdrawal, EpisodeKind::Confrontation, EpisodeKind::Mixed] {
        let candidates: Vec<usize> =
            (0..units.len()).filter(|&place| units[place].kind == Some(kind) && !taken[place]).collect();
        let mut group: Vec<usize> = Vec::new();
        for place in candidates {
            if group.last().is_some_and(|&last| !are_near(scene, units, taken, last, place)) {
                split(scene, units, kind, &group, &mut found);
                group.clear();
            }
            group.push(place);
        }
        split(scene, units, kind, &group, &mut found);
    }
    found
}

fn are_near(scene: &Scene<'_>, units: &[Unit<'_>], taken: &[bool], left: usize, right: usize) -> bool {
    let settings = &scene.settings.join;
    let between = left + 1..right;
    if between.clone().any(|place| taken[place]) {
        return false;
    }
    let gap = units[right].span.start().since(units[left].span.end()).unwrap_or_default();
    let free = between.clone().all(|place| units[place].kind.is_none());
    // Only exchanges count: windows overlap, so that their number says little.
    let others = between.filter(|&place| units[place].exchange.is_some()).count();
    gap <= settings.gap_secs.0 || (free && others <= settings.others_between && gap <= settings.others_gap_secs.0)
}

/// Splits a group that is too long at its weakest unit, as often as needed.
///
/// The weakest is looked for in the middle half of the group, so that splitting does not chip single units off its ends;
/// it stays with the nearer neighbour.
fn split(scene: &Scene<'_>, units: &[Unit<'_>], kind: EpisodeKind, group: &[usize], found: &mut Vec<Episode>) {
    let Some(span) = hull(units, group) else { return };
    if group.len() == 1 || span.length() <= scene.settings.join.longest_secs.0 {
        found.push(episode(scene, units, kind, group));
        return;
    }
    let quarter = group.len() / 4;
    let inner = quarter.max(1)..(group.len() - quarter).max(2);
    let weakest =
        inner.min_by(|&a, &b| units[group[a]].score(kind).total_cmp(&units[group[b]].score(kind))).unwrap_or(1);
    let gap = |left: usize, right: usize| -> Duration {
        let left = units[group[left]].span.end();
        units[group[right]].span.start().since(left).unwrap_or_default()
    };
    let goes_left = weakest + 1 < group.len() && gap(weakest - 1, weakest) <= gap(weakest, weakest + 1);
    let (left, right) = group.split_at(if goes_left { weakest + 1 } else { weakest });
    split(scene, units, kind, left, found);
    split(scene, units, kind, right, found);
}

fn hull(units: &[Unit<'_>], group: &[usize]) -> Option<Span> {
    group.iter().map(|&place| units[place].span).reduce(Span::hull)
}

pub(super) fn episode(scene: &Scene<'_>, units: &[Unit<'_>], kind: EpisodeKind, group: &[usize]) -> Episode {
    let members: Vec<&Unit<'_>> = group.iter().map(|&place| &units[place]).collect();
    let span = hull(units, group).unwrap_or(scene.session);
    // One prompt can be longer than an episode may be: its end is what the reply answers.
    let longest = scene.settings.join.longest_secs.0;
    let span =
        if span.length() > longest { Span::new(span.end().minus(longest), span.end()).unwrap_or(span) } else { span };
    let strongest = members.iter().copied().reduce(|a, b| if b.score(kind) > a.score(kind) { b } else { a });
    let (evidence_for, evidence_against) = evidence(scene, &members, kind);
    let clip = padded(scene, span);
    let reviewed: Vec<Span> = members.iter().map(|unit| unit.span).collect();
    let sentence = strongest.map(|unit| sentence(scene, unit, kind)).unwrap_or_default()
        + &words::further(members.len().saturating_sub(1));
    Episode {
        id: String::new(),
        kind,
        span,
        clip,
        rank: 0,
        in_budget: false,
        score: strongest.map_or(0.0, |unit| unit.score(kind)),
        likelihood: None,
        ranking_weight: joint(scene, members.iter().map(|unit| unit.probability(scene, kind))),
        sentence,
        codes: codes(scene, members.iter().flat_map(|unit| unit.hits.iter().copied()), &[]),
        missing: missing::lines(scene, span.hull(hull_of_replies(&members).unwrap_or(span)), &members),
        evidence_for,
        evidence_against,
        repair: None,
        cycle: None,
        also: Vec::new(),
        units: reviewed,
        watch: vec![clip],
        review_secs: review_secs(scene, &[clip]),
    }
}

fn hull_of_replies(members: &[&Unit<'_>]) -> Option<Span> {
    members.iter().map(|unit| unit.reply).reduce(Span::hull)
}

/// With what comes before and after, inside the session.
pub(super) fn padded(scene: &Scene<'_>, span: Span) -> Span {
    let settings = &scene.settings.join;
    let wide = span.widened(settings.clip_before_secs.0, settings.clip_after_secs.0);
    wide.overlap(scene.session).unwrap_or(wide)
}

/// Seconds of a coder's time: playing the clips, and opening and deciding once (DOMAIN C.4).
pub(super) fn review_secs(scene: &Scene<'_>, watch: &[Span]) -> f64 {
    let settings = &scene.settings.ranking;
    let playing: f64 = watch.iter().map(|clip| clip.secs_f64()).sum();
    playing / settings.playing_speed + f64::from(settings.overhead_secs)
}

/// `1 - prod(1 - p)^exponent` of DOMAIN C.2, 0 to 1.
pub(super) fn joint(scene: &Scene<'_>, probabilities: impl Iterator<Item = f64>) -> f32 {
    let none: f64 = probabilities.map(|p| 1.0 - p).product();
    let weight = 1.0 - none.powf(scene.settings.join.exponent);
    let most = if scene.has_words { 1.0 } else { f64::from(scene.settings.unit.without_words_most) };
    weight.min(most) as f32
}

/// Evidence for and against, of each unit the strongest of each family, each piece once, strongest first.
pub(super) fn evidence(scene: &Scene<'_>, members: &[&Unit<'_>], kind: EpisodeKind) -> (Vec<Evidence>, Vec<Evidence>) {
    let mut all: Vec<Evidence> = Vec::new();
    for unit in members {
        for part in unit.parts(kind) {
            let found = &unit.matches[part.place];
            let new = Evidence {
                family: found.cue.family.clone(),
                sentence: words::evidence(&found.events),
                who: found.who,
                span: found.span,
                weight: part.weight,
                strength: found.strength,
                quality: found.quality,
                events: found.events.iter().map(|event| event.id).collect(),
            };
            // Windows overlap: the same events are found in two of them.
            if !all.iter().rev().take(64).any(|old| old.events == new.events && old.family == new.family) {
                all.push(new);
            }
        }
        let Some(hit) = unit.direct else { continue };
        let told = all.iter().any(|old| hit.because.iter().any(|id| old.events.contains(id)));
        if !told {
            all.push(direct(scene, hit));
        }
    }
    let (mut evidence_for, mut against): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| one.weight >= 0.0);
    let weight = |one: &Evidence| (one.weight * one.strength * one.quality).abs();
    for list in [&mut evidence_for, &mut against] {
        list.sort_by(|a, b| weight(b).total_cmp(&weight(a)).then(a.span.cmp(&b.span)).then(a.family.cmp(&b.family)));
    }
    (evidence_for, against)
}

/// A directly observable code that no cue of the table reads.
fn direct(scene: &Scene<'_>, hit: &Hit) -> Evidence {
    Evidence {
        family: "code".into(),
        sentence: direct_sentence(scene, hit),
        who: Who::Client,
        span: hit.span,
        weight: 0.0,
        strength: unit_interval(hit.strength),
        quality: unit_interval(hit.quality),
        events: hit.because.clone(),
    }
}

pub(super) fn direct_sentence(scene: &Scene<'_>, hit: &Hit) -> String {
    let mut events: Vec<_> = hit.because.iter().filter_map(|&id| scene.events.get(id)).collect();
    events.sort_by_key(|event| (event.span, event.id));
    let said = words::evidence(&events);
    if said.is_empty() { format!("the rule of {} holds", hit.code) } else { said }
}

/// What speaks for a unit, in the order of the table of weights.
pub(super) fn sentence(scene: &Scene<'_>, unit: &Unit<'_>, kind: EpisodeKind) -> String {
    let mut said: Vec<String> = Vec::new();
    for part in unit.parts(kind).into_iter().filter(|part| part.value > 0.0) {
        let one = words::evidence(&unit.matches[part.place].events);
        if !one.is_empty() && !said.contains(&one) {
            said.push(one);
        }
    }
    if let (true, Some(hit)) = (said.is_empty(), unit.direct) {
        said.push(direct_sentence(scene, hit));
    }
    said.join("; ")
}

/// The codes that the episode is made of, in their order, then the heaviest others, each once.
pub(super) fn codes<'a>(scene: &Scene<'_>, hits: impl Iterator<Item = &'a Hit>, own: &[String]) -> Vec<EpisodeCode> {
    let mut codes: Vec<EpisodeCode> = Vec::new();
    for hit in hits {
        let Some(card) = scene.card(&hit.code) else { continue };
        let weight = weight_of(hit) * unit_interval(card.cap_of(&hit.rule));
        match codes.iter_mut().find(|code| code.code == hit.code) {
            Some(code) => code.weight = code.weight.max(weight),
            None => codes.push(EpisodeCode { code: hit.code.clone(), label: card.label.clone(), weight }),
        }
    }
    let place = |code: &EpisodeCode| own.iter().position(|one| *one == code.code).unwrap_or(own.len());
    codes.sort_by(|a, b| place(a).cmp(&place(b)).then(b.weight.total_cmp(&a.weight)).then(a.code.cmp(&b.code)));
    codes.truncate(scene.settings.join.codes_at_most);
    codes
}

/// A moment that lies mostly inside an episode is named there; the others become episodes of their own.
pub(super) fn fold_moments(episodes: &mut Vec<Episode>, moments: Vec<Episode>) {
    let index = SpanIndex::new(episodes.iter().enumerate().map(|(place, episode)| (episode.clip, place)).collect());
    for moment in moments {
        let inside = |place: &usize| {
            let watched = episodes[*place].watch.iter().filter_map(|clip| clip.overlap(moment.span));
            watched.map(Span::secs_f64).sum::<f64>() >= moment.span.secs_f64() / 2.0
        };
        match index.overlapping(moment.span).into_iter().find(inside) {
            Some(place) if !episodes[place].also.contains(&moment.kind) => episodes[place].also.push(moment.kind),
            Some(_) => {}
            None => episodes.push(moment),
        }
    }
}
