//! The sessions: what is said in them, what faces do, and which episodes they hold.

use attune::episodes::Outcome;
use attune::session::{Coverage, Person, Session};
use attune::track::Who;

use super::maker::Made;
use super::{Dice, words};

/// The vignette in four minutes: cycle of three, broken by the therapist, then looked at together.
pub fn four_minutes() -> Session {
    let mut made = Made::new("example", 240.0);
    for &(who, from, to, text) in words::VIGNETTE {
        made.says(who, from, to, text);
    }
    made.face("vid.pout", Who::Client, &[(49.0, 51.1), (62.1, 64.0), (74.5, 77.6)]);
    made.face("vid.brow", Who::Client, &[(62.4, 63.6), (74.8, 77.0), (214.0, 215.1)]);
    made.face("vid.press", Who::Client, &[(77.8, 79.0), (199.6, 200.9)]);
    made.face("vid.smile", Who::Client, &[(2.0, 3.4), (143.0, 145.2), (232.0, 235.0)]);
    made.face("vid.smile", Who::Therapist, &[(1.2, 3.9), (143.6, 145.0), (233.1, 236.2)]);
    made.face("vid.gazeav", Who::Client, &[(49.4, 53.4), (75.0, 79.2), (160.0, 163.1)]);
    made.face_lost = vec![(Who::Client, 190.0, 199.0), (Who::Therapist, 120.0, 240.0)];
    made.settle();
    made.cycle(&[(42.0, 53.9), (53.9, 66.1), (66.1, 79.3)], Some((79.3, 88.4)), Outcome::Resolved, 1);
    made.withdrawal((66.1, 79.3), 2, Outcome::Resolved);
    made.withdrawal((186.0, 199.5), 3, Outcome::SpontaneousRecovery);
    made.secure((88.4, 131.0), 4);
    made.finish()
}

/// Fifty minutes with everything in it; `seed` chooses which.
pub fn fifty_minutes() -> Session {
    let mut made = Made::new("2024-017 session 6", 3000.0);
    let mut dice = Dice::new(7);
    let mut at = 2.0;
    let mut blocked: Vec<(f64, f64)> = Vec::new();
    let trouble =
        |at: f64| (610.0..760.0).contains(&at) || (1495.0..1530.0).contains(&at) || (2240.0..2330.0).contains(&at);
    while at < 2960.0 {
        let from = at;
        let ask = dice.between(2.0, 9.0);
        made.says(Who::Therapist, at, at + ask, dice.pick(words::QUESTIONS));
        at += ask + dice.between(0.1, 1.2);
        if trouble(at) {
            let reply = dice.between(0.4, 1.1);
            made.says(Who::Client, at, at + reply, dice.pick(words::SHORT));
            let quiet = dice.between(3.1, 6.5);
            let pout = dice.between(0.8, 2.6);
            made.face("vid.pout", Who::Client, &[(at + reply + 0.3, at + reply + 0.3 + pout)]);
            if dice.unit() < 0.6 {
                made.face("vid.brow", Who::Client, &[(at + reply + 0.5, at + reply + 1.4)]);
            }
            made.face("vid.gazeav", Who::Client, &[(at - 0.5, at + reply + 2.5)]);
            at += reply + quiet;
            blocked.push((from, at));
            continue;
        }
        for _ in 0..(dice.between(1.0, 4.0) as usize) {
            let tell = dice.between(3.0, 14.0);
            made.says(Who::Client, at, at + tell, dice.pick(words::STORIES));
            if dice.unit() < 0.5 {
                let listen = at + dice.between(0.4, 0.9) * tell;
                made.says(Who::Therapist, listen, listen + 0.4, "Mhm.");
            }
            if dice.unit() < 0.25 {
                let kind = dice.pick(&["vid.smile", "vid.brow", "vid.press", "vid.gazeav"]);
                let length = if kind == "vid.gazeav" { dice.between(2.0, 4.0) } else { dice.between(0.4, 2.0) };
                made.face(kind, dice.pick(&[Who::Client, Who::Client, Who::Therapist]), &[(at, at + length)]);
            }
            at += tell + dice.between(0.3, 1.1);
        }
        at += if dice.unit() < 0.15 { dice.between(3.0, 9.0) } else { dice.between(-0.4, 0.8) };
    }
    made.face_lost = vec![
        (Who::Client, 1180.0, 1342.0),
        (Who::Client, 2700.0, 2731.0),
        (Who::Therapist, 0.0, 400.0),
        (Who::Therapist, 1700.0, 3000.0),
    ];
    made.settle();
    let near = |blocked: &[(f64, f64)], from: f64, to: f64| -> Vec<(f64, f64)> {
        blocked.iter().copied().filter(|(start, _)| (from..to).contains(start)).collect()
    };
    let first = near(&blocked, 600.0, 780.0);
    made.cycle(&first[..4], Some((first[4].0, first[4].0 + 6.0)), Outcome::Unresolved, 1);
    let last = near(&blocked, 2230.0, 2340.0);
    made.cycle(&last[..3], None, Outcome::NeverAddressed, 2);
    for (rank, at) in [(4, first[1]), (6, first[5]), (3, near(&blocked, 1480.0, 1540.0)[0]), (7, last[2])] {
        made.withdrawal(at, rank, Outcome::SpontaneousRecovery);
    }
    made.confrontation((1822.0, 1871.0), 5);
    for (rank, at) in [(8, 905.0), (9, 2050.0), (10, 2610.0), (12, 1210.0)] {
        made.withdrawal((at, at + 22.0), rank, Outcome::NotAssessable);
    }
    made.secure((2402.0, 2466.0), 11);
    made.finish()
}

/// Ten minutes of two voices and two faces that are in view all the time.
pub fn ten_full_minutes() -> Session {
    let mut made = Made::new("full", 600.0);
    for minute in 0..10 {
        let at = f64::from(minute) * 60.0;
        made.says(Who::Therapist, at, at + 20.0, words::QUESTIONS[0]);
        made.says(Who::Client, at + 21.0, at + 58.0, words::STORIES[0]);
        made.face("vid.smile", Who::Client, &[(at + 10.0, at + 12.0)]);
        made.face("vid.smile", Who::Therapist, &[(at + 11.0, at + 12.0)]);
    }
    made.settle();
    made.finish()
}

/// A session in which nothing was found and little could be looked at: sound only, nobody told apart.
pub fn almost_nothing() -> Session {
    let mut made = Made::new("recording", 61.0);
    made.says(Who::Speaker(1), 3.0, 9.0, "");
    made.says(Who::Speaker(2), 11.0, 19.0, "");
    made.settle();
    let mut session = made.finish();
    session.turns.clear();
    session.transcript = None;
    session.coverage = vec![
        Coverage {
            modality: "voice".into(),
            who: Who::Room,
            assessable_s: 58.0,
            total_s: 61.0,
            why_not: "clipped sound".into(),
        },
        Coverage {
            modality: "text".into(),
            who: Who::Room,
            assessable_s: 0.0,
            total_s: 61.0,
            why_not: "no transcript".into(),
        },
    ];
    session.people = [1, 2]
        .map(|n| Person {
            who: Who::Speaker(n),
            voice: Some(format!("speaker{n}")),
            face: None,
            told_by: "nothing tells".into(),
            confidence: 0.0,
            speaking_s: Some(6.0),
        })
        .to_vec();
    session
}
