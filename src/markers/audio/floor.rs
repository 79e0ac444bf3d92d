//! Who has the floor: the intervals between and inside people's speech (Heldner & Edlund 2010), and turns.

use super::super::{Event, SpokenTurn};
use super::vad::Stretch;
use crate::time::{SessionTime, Span};
use crate::track::Who;

/// One voice.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// Whose.
    pub who: Who,
    /// Stretches of speech in order; they do not touch each other.
    pub speech: Vec<Stretch>,
    /// Where the voice was not measured, in order.
    pub unknown: Vec<Span>,
}

/// All voices of a session.
#[derive(Clone, Debug, PartialEq)]
pub struct Floor {
    /// In order of person.
    pub people: Vec<Person>,
    /// The whole session.
    pub session: Span,
}

/// What an interval is. Every moment of a session at which not exactly one person speaks belongs to at most one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Nobody speaks, then the same person goes on.
    Pause(Who),
    /// Nobody speaks, then somebody else does.
    Gap {
        /// Who spoke before.
        from: Who,
        /// Who speaks after.
        to: Who,
    },
    /// Nobody speaks, and on one side at least it is not one person alone: the session's edge, a stretch that was not
    /// measured, or several who stop or start at once.
    Open {
        /// Who spoke before, if it was one person.
        before: Option<Who>,
        /// Who speaks after, if it is one person.
        after: Option<Who>,
        /// Whether it lies at the start or end of the session.
        edge: bool,
    },
    /// Several speak, then somebody else than before.
    Overlap {
        /// Who spoke before.
        from: Who,
        /// Who goes on.
        to: Who,
    },
    /// Several speak, and the one who spoke before goes on.
    Within {
        /// Who keeps the floor.
        holder: Who,
        /// Who came in.
        other: Who,
    },
}

/// One interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// When.
    pub span: Span,
    /// What.
    pub class: Class,
    /// The lowest confidence of the speech on its sides, 0 to 1; 1 if there is none.
    pub confidence: f32,
}

/// Speech of one person until somebody else takes the floor or they pause for long.
#[derive(Clone, Debug, PartialEq)]
pub struct FloorTurn {
    /// Who speaks.
    pub who: Who,
    /// From the first stretch's start to the last one's end.
    pub span: Span,
    /// Seconds of speech in it, pauses left out.
    pub speech_secs: f64,
    /// Mean confidence of its speech, weighted by length, 0 to 1.
    pub confidence: f32,
}

/// A stretch of time in which the same people speak: (person, stretch) by index.
struct Segment {
    span: Span,
    active: Vec<(usize, usize)>,
    /// Nobody is known to speak, but not everybody was measured.
    unknown: bool,
}

impl Floor {
    /// From the events of `aud.vad`. People come in order; whoever only has unmeasured stretches is there too.
    pub fn read(events: &[Event], session: Span) -> Self {
        let mut people: Vec<Person> = Vec::new();
        for event in events.iter().filter(|e| e.marker == "aud.vad") {
            let at = match people.binary_search_by_key(&event.who, |p| p.who) {
                Ok(at) => at,
                Err(at) => {
                    people.insert(at, Person { who: event.who, speech: Vec::new(), unknown: Vec::new() });
                    at
                }
            };
            match event.kind.as_deref() {
                Some("unknown") => people[at].unknown.push(event.span),
                _ => people[at].speech.push(Stretch { span: event.span, confidence: event.confidence }),
            }
        }
        Self { people, session }
    }

    /// The voice of one person, if there is one.
    pub fn person(&self, who: Who) -> Option<&Person> {
        self.people.iter().find(|p| p.who == who)
    }

    fn segments(&self) -> Vec<Segment> {
        let mut edges: Vec<SessionTime> = vec![self.session.start(), self.session.end()];
        for person in &self.people {
            edges.extend(person.speech.iter().flat_map(|s| [s.span.start(), s.span.end()]));
            edges.extend(person.unknown.iter().flat_map(|s| [s.start(), s.end()]));
        }
        edges.sort();
        edges.dedup();
        // The next stretch of each person that has not ended yet.
        let mut next = vec![(0, 0); self.people.len()];
        let mut segments: Vec<Segment> = Vec::new();
        for pair in edges.windows(2) {
            let Some(span) = Span::new(pair[0], pair[1]) else { continue };
            let (mut active, mut unknown) = (Vec::new(), false);
            for (index, person) in self.people.iter().enumerate() {
                let (speech, unmeasured) = &mut next[index];
                while person.speech.get(*speech).is_some_and(|s| s.span.end() <= span.start()) {
                    *speech += 1;
                }
                while person.unknown.get(*unmeasured).is_some_and(|s| s.end() <= span.start()) {
                    *unmeasured += 1;
                }
                if person.speech.get(*speech).is_some_and(|s| s.span.contains(span.start())) {
                    active.push((index, *speech));
                }
                unknown |= person.unknown.get(*unmeasured).is_some_and(|s| s.contains(span.start()));
            }
            unknown &= active.is_empty();
            match segments.last_mut() {
                Some(last) if last.active == active && last.unknown == unknown => last.span = last.span.hull(span),
                _ => segments.push(Segment { span, active, unknown }),
            }
        }
        segments
    }

    fn who_alone(&self, segment: Option<&Segment>) -> Option<(Who, f32)> {
        let [(person, stretch)] = segment?.active[..] else { return None };
        // The room's voice is nobody's: what is on both sides of a silence need not be the same person.
        let person = self.people.get(person).filter(|p| p.who != Who::Room)?;
        Some((person.who, person.speech.get(stretch)?.confidence))
    }

    /// All intervals in order.
    pub fn intervals(&self) -> Vec<Interval> {
        let segments = self.segments();
        let mut intervals = Vec::new();
        let mut at = 0;
        while at < segments.len() {
            let count = segments[at].active.len();
            let mut end = at + 1;
            if count >= 2 {
                while end < segments.len() && segments[end].active.len() >= 2 {
                    end += 1;
                }
            }
            let sides = (
                at.checked_sub(1).and_then(|before| self.who_alone(segments.get(before))),
                self.who_alone(segments.get(end)),
            );
            let class = match count {
                0 if !segments[at].unknown => Some(match sides {
                    (Some((from, _)), Some((to, _))) if from == to => Class::Pause(from),
                    (Some((from, _)), Some((to, _))) => Class::Gap { from, to },
                    (before, after) => Class::Open {
                        before: before.map(|b| b.0),
                        after: after.map(|a| a.0),
                        edge: at == 0 || end == segments.len(),
                    },
                }),
                0 | 1 => None,
                _ => match sides {
                    (Some((from, _)), Some((to, _))) if from != to => Some(Class::Overlap { from, to }),
                    (Some((holder, _)), _) | (None, Some((holder, _))) => segments[at..end]
                        .iter()
                        .flat_map(|s| &s.active)
                        .map(|&(person, _)| self.people[person].who)
                        .find(|&who| who != holder)
                        .map(|other| Class::Within { holder, other }),
                    (None, None) => None,
                },
            };
            if let Some(class) = class {
                let inside = segments[at..end].iter().flat_map(|s| &s.active);
                let confidence = inside
                    .filter_map(|&(person, stretch)| Some(self.people.get(person)?.speech.get(stretch)?.confidence))
                    .chain(sides.0.map(|s| s.1))
                    .chain(sides.1.map(|s| s.1))
                    .fold(1.0, f32::min);
                let span = segments[at].span.hull(segments[end - 1].span);
                intervals.push(Interval { span, class, confidence });
            }
            at = end;
        }
        intervals
    }

    /// Turns in order of start. A stretch that is a backchannel, or lies wholly inside somebody else's stretch, does
    /// not take the floor and belongs to no turn; stretches of the person who has the floor join while the pause
    /// between them is shorter than `merge_below_secs`.
    pub fn turns(&self, backchannels: &[(Who, Span)], merge_below_secs: f64) -> Vec<FloorTurn> {
        let mut stretches: Vec<(Span, Who, f32)> = Vec::new();
        for person in self.people.iter().filter(|p| p.who != Who::Room) {
            for stretch in &person.speech {
                let backchannel = backchannels.contains(&(person.who, stretch.span));
                let others = self.people.iter().filter(|other| other.who != person.who);
                let inside = others.filter_map(|other| under(&other.speech, stretch.span.start())).any(|other| {
                    other.start() <= stretch.span.start() && other.end() >= stretch.span.end() && other != stretch.span
                });
                if !backchannel && !inside {
                    stretches.push((stretch.span, person.who, stretch.confidence));
                }
            }
        }
        stretches.sort_by_key(|&(span, who, _)| (span, who));
        let mut turns: Vec<FloorTurn> = Vec::new();
        for (span, who, confidence) in stretches {
            let secs = span.secs_f64();
            match turns.last_mut() {
                Some(last) if last.who == who && span.start().secs_after(last.span.end()) < merge_below_secs => {
                    let all = last.speech_secs + secs;
                    last.confidence =
                        ((f64::from(last.confidence) * last.speech_secs + f64::from(confidence) * secs) / all) as f32;
                    last.speech_secs = all;
                    last.span = last.span.hull(span);
                }
                _ => turns.push(FloorTurn { who, span, speech_secs: secs, confidence }),
            }
        }
        turns
    }
}

/// The stretch that has begun by `time` and is nearest to it.
fn under(speech: &[Stretch], time: SessionTime) -> Option<Span> {
    let after = speech.partition_point(|s| s.span.start() <= time);
    after.checked_sub(1).and_then(|at| speech.get(at)).map(|s| s.span)
}

/// How the speakers before and after are written: `TC` = therapist, then client. Where roles are not known, `same` or
/// `other`.
pub fn context(before: Who, after: Who) -> &'static str {
    match (before, after) {
        (Who::Therapist, Who::Therapist) => "TT",
        (Who::Therapist, Who::Client) => "TC",
        (Who::Client, Who::Therapist) => "CT",
        (Who::Client, Who::Client) => "CC",
        (before, after) if before == after => "same",
        _ => "other",
    }
}

/// Words said in a turn: those of the same person's written turns, each shared out over the turns of speech that it
/// overlaps, by the length in common. `None` without a transcript.
pub fn words_in(turn: &FloorTurn, all: &[FloorTurn], turns: Option<&[SpokenTurn]>) -> Option<u32> {
    let common = |written: &SpokenTurn, spoken: &FloorTurn| {
        let both = if written.who == spoken.who { written.span.overlap(spoken.span) } else { None };
        both.map_or(0.0, Span::secs_f64)
    };
    let share = |written: &SpokenTurn| {
        let own = common(written, turn);
        // Turns are sorted by start, so those that can overlap stand together.
        let until = all.partition_point(|t| t.span.start() < written.span.end());
        let total: f64 = if own > 0.0 { all[..until].iter().map(|t| common(written, t)).sum() } else { 1.0 };
        f64::from(super::super::exchange::words(&written.text)) * own / total
    };
    Some(turns?.iter().map(share).sum::<f64>().round() as u32)
}
