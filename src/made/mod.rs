//! Made sessions: what two people might have done, as turns and events, with ruptures whose place is known.
//!
//! They test ranking, calibration and learning without any person's data, and give coders something to practise on.
//! Every rate stands in `config/made.toml` with its source. They say nothing about how well a real session is ranked.

mod cues;
mod settings;
mod talk;

pub use self::settings::{MadeSettings, SettingsError};
use crate::markers::{Event, SpokenTurn};
use crate::random::Random;
use crate::time::Span;

/// What a planted rupture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuptureKind {
    /// The client moves away: short replies, silences.
    Withdrawal,
    /// The client moves against: criticism, cutting in.
    Confrontation,
}

impl RuptureKind {
    /// As in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Withdrawal => "withdrawal",
            Self::Confrontation => "confrontation",
        }
    }
}

/// A planted rupture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rupture {
    /// What it is.
    pub kind: RuptureKind,
    /// From its first prompt's start to the end of what follows its last reply.
    pub span: Span,
}

/// One made session.
#[derive(Clone, Debug)]
pub struct MadeSession {
    /// `made-003-02`: dyad and session, from 1.
    pub name: String,
    /// Which two people, from 1.
    pub dyad: u32,
    /// From 0 to the last word or the planned length, whichever is later.
    pub span: Span,
    /// In order of start; the text is as many words as were said, and no more than that.
    pub turns: Vec<SpokenTurn>,
    /// Everything "measured", sorted and numbered as a scan does.
    pub events: Vec<Event>,
    /// In order of start.
    pub ruptures: Vec<Rupture>,
}

/// Makes one session: of this dyad (from 1), its `number`-th (from 1). The same arguments give the same session.
pub fn session(settings: &MadeSettings, seed: u64, dyad: u32, number: u32) -> MadeSession {
    // How these two people differ from others stays with them over all their sessions.
    let people = cues::Lean::of_dyad(settings, &mut Random::of_part(seed, u64::from(dyad) << 32));
    let mut random = Random::of_part(seed, (u64::from(dyad) << 32) | u64::from(number));
    let mut talk = talk::Talk::new(settings, &mut random, people);
    talk.whole_session();
    talk.finish(format!("made-{dyad:03}-{number:02}"), dyad)
}

/// `sessions` sessions, evenly over `dyads` dyads.
pub fn sessions(settings: &MadeSettings, seed: u64, dyads: u32, sessions: u32) -> Vec<MadeSession> {
    let dyads = dyads.max(1);
    (0..sessions).map(|place| session(settings, seed, place % dyads + 1, place / dyads + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::track::Who;

    fn settings() -> MadeSettings {
        MadeSettings::read(&Config::embedded()).unwrap()
    }

    #[test]
    fn the_same_seed_makes_the_same_session_in_any_order() {
        let settings = settings();
        let many = sessions(&settings, 5, 3, 6);
        let again = session(&settings, 5, 2, 2);
        let same = many.iter().find(|made| made.name == again.name).unwrap();
        assert_eq!(same.events, again.events);
        assert_ne!(session(&settings, 6, 2, 2).events, again.events);
    }

    #[test]
    fn silences_and_ruptures_are_as_often_as_published() {
        let settings = settings();
        let many = sessions(&settings, 1, 20, 60);
        let count = |marker: &str| {
            many.iter().flat_map(|made| &made.events).filter(|event| event.marker == marker).count() as f64 / 60.0
        };
        assert!((16.7..=35.6).contains(&count("aud.silence3")), "{} silences a session", count("aud.silence3"));
        let ruptures = many.iter().map(|made| made.ruptures.len()).sum::<usize>() as f64 / 60.0;
        assert!((1.8..=3.2).contains(&ruptures), "{ruptures} ruptures a session");
        // AnnoMI: the client says .46 of the words in good sessions.
        let words = |who: Who| -> f64 {
            let turns = many.iter().flat_map(|made| &made.turns).filter(|turn| turn.who == who);
            turns.map(|turn| turn.text.split_whitespace().count() as f64).sum()
        };
        let share = words(Who::Client) / (words(Who::Client) + words(Who::Therapist));
        assert!((0.38..=0.62).contains(&share), "the client says {share} of the words");
    }

    #[test]
    fn events_are_sorted_and_inside() {
        let made = session(&settings(), 2, 1, 1);
        assert!(made.events.windows(2).all(|pair| pair[0].span.start() <= pair[1].span.start()));
        assert!(made.events.iter().all(|event| made.span.overlap(event.span) == Some(event.span)));
        assert!(made.ruptures.iter().all(|rupture| made.span.overlap(rupture.span) == Some(rupture.span)));
    }
}
