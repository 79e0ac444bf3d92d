//! Everything the steps look things up in: events by time, hits by time, what was usable, who is who.

use std::collections::BTreeMap;

use super::settings::Settings;
use super::timeline::{SpanIndex, Timeline, belongs};
use super::{CodeCard, Input, missing};
use crate::markers::Event;
use crate::markers::exchange::Exchange;
use crate::rules::Hit;
use crate::time::Span;
use crate::track::Who;

/// Input and settings with indexes over them.
pub(super) struct Scene<'a> {
    pub(super) session: Span,
    pub(super) settings: &'a Settings,
    pub(super) input: &'a Input<'a>,
    pub(super) events: Timeline<'a>,
    /// In order of start.
    pub(super) exchanges: Vec<&'a Exchange>,
    /// The same in order of RESP's start.
    pub(super) by_reply: Vec<&'a Exchange>,
    hits: SpanIndex,
    usable: BTreeMap<(&'a str, Who), SpanIndex>,
    /// Words were read: there is a transcript.
    pub(super) has_words: bool,
    /// Modality of each marker of the settings.
    modality: BTreeMap<&'a str, usize>,
    /// What no marker could look at, in words; the same for every episode.
    pub(super) blind: Vec<String>,
}

impl<'a> Scene<'a> {
    pub(super) fn new(input: &'a Input<'a>, settings: &'a Settings) -> Self {
        let role = |who: Who| matches!(who, Who::Client | Who::Therapist);
        let roles_known = !input.exchanges.is_empty()
            || input.events.iter().any(|event| role(event.who))
            || input.turns.iter().any(|turn| role(turn.who));
        let mut exchanges: Vec<_> = input.exchanges.iter().collect();
        exchanges.sort_by_key(|exchange| (exchange.prompt, exchange.resp));
        let mut by_reply = exchanges.clone();
        by_reply.sort_by_key(|exchange| (exchange.resp, exchange.prompt));
        let mut lists: BTreeMap<(&str, Who), Vec<(Span, usize)>> = BTreeMap::new();
        for usable in input.coverage {
            let list = lists.entry((&usable.modality, usable.who)).or_default();
            list.extend(usable.spans.iter().copied().enumerate().map(|(place, span)| (span, place)));
        }
        for event in input.events.iter().filter(|event| event.marker == "vid.quality") {
            if !input.coverage.iter().any(|usable| usable.modality == "face" && usable.who == event.who) {
                lists.entry(("face", event.who)).or_default().push((event.span, 0));
            }
        }
        let mut modality = BTreeMap::new();
        for (place, group) in settings.modality.iter().enumerate() {
            modality.extend(group.markers.iter().map(|marker| (marker.as_str(), place)));
        }
        Self {
            session: input.session,
            settings,
            input,
            events: Timeline::new(input.events, roles_known),
            exchanges,
            by_reply,
            hits: SpanIndex::new(input.hits.iter().enumerate().map(|(place, hit)| (hit.span, place)).collect()),
            usable: lists.into_iter().map(|(key, items)| (key, SpanIndex::new(items))).collect(),
            has_words: !input.turns.is_empty(),
            blind: missing::blind(input, settings, &modality),
            modality,
        }
    }

    /// Stretch of `window` that lies inside the session; `None` if nothing does.
    pub(super) fn inside(&self, window: Option<Span>) -> Option<Span> {
        window?.overlap(self.session)
    }

    /// Hits that belong to a stretch, in order of start, then place in the list.
    pub(super) fn hits_in(&self, window: Span) -> Vec<&'a Hit> {
        let mut places = self.hits.overlapping(window);
        places.retain(|&place| belongs(self.input.hits[place].span, window));
        places.sort_by_key(|&place| (self.input.hits[place].span, place));
        places.into_iter().map(|place| &self.input.hits[place]).collect()
    }

    pub(super) fn card(&self, code: &str) -> Option<&'a CodeCard> {
        self.input.codes.get(code)
    }

    /// Share of a stretch in which this modality of this person could be assessed, 0 to 1; `None` if nobody said.
    /// Where nothing is said of the gaze, what is said of the face holds.
    pub(super) fn usable_share(&self, modality: &str, who: Who, window: Span) -> Option<f64> {
        let list = self.usable.get(&(modality, who)).or_else(|| match modality {
            "gaze" => self.usable.get(&("face", who)),
            _ => None,
        })?;
        Some((list.covered_secs(window) / window.secs_f64()).clamp(0.0, 1.0))
    }

    /// Whether enough of the stretch was usable for this event to count in it (DOMAIN C.5).
    pub(super) fn counts(&self, event: &Event, window: Span) -> bool {
        let Some(&place) = self.modality.get(event.marker.as_str()) else { return true };
        let modality = &self.settings.modality[place];
        let Some(least) = modality.least_usable else { return true };
        self.usable_share(&modality.id, event.who, window).is_some_and(|share| share >= least)
    }

    /// g of DOMAIN C.1, 0 to 1.
    pub(super) fn strength(&self, event: &Event) -> f32 {
        unit_interval(event.strength)
    }

    /// r of DOMAIN C.1, 0 to 1, lowered for people without a role.
    pub(super) fn quality(&self, event: &Event) -> f32 {
        let nobody = matches!(event.who, Who::Speaker(_) | Who::Face(_));
        let factor = if nobody { self.settings.unit.unknown_person_quality } else { 1.0 };
        unit_interval(event.confidence) * factor
    }
}

/// Kept within 0 to 1; `NaN` becomes 0.
pub(super) fn unit_interval(value: f32) -> f32 {
    if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) }
}
