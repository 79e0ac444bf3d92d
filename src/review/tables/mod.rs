//! The tables of agreement: on what coders gave before the lock, before any rule throws something away.

use std::collections::{BTreeMap, BTreeSet};

mod rows;

pub use rows::{CodeRow, DriftRow, PairRow, SalienceRow, Tables};

use super::consensus::{self, SAME, turns_of};
use super::records::{self, Coding};
use super::{Plan, Store, StoreError, chain, coders, flow};
use crate::agreement::{self, Interval, Level, Ratings, Unit, nominal};

/// What of a session the tables need besides the coders' work.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Session id.
    pub id: String,
    /// Start and end of the session, milliseconds.
    pub start_ms: i64,
    /// See `start_ms`.
    pub end_ms: i64,
    /// Start and end of each turn; empty without a transcript: minutes are compared then.
    pub turns: Vec<(i64, i64)>,
}

impl Frame {
    /// The stretches that are compared: turns, or minutes where there are none.
    fn slots(&self) -> Vec<(i64, i64)> {
        if !self.turns.is_empty() {
            return self.turns.clone();
        }
        let minutes = (self.end_ms - self.start_ms).max(0).div_ceil_minute();
        (0..minutes)
            .map(|m| (self.start_ms + m * 60_000, (self.start_ms + (m + 1) * 60_000).min(self.end_ms)))
            .collect()
    }
}

trait Minutes {
    fn div_ceil_minute(self) -> i64;
}

impl Minutes for i64 {
    fn div_ceil_minute(self) -> i64 {
        (self + 59_999) / 60_000
    }
}

/// A session that all have locked, with their work.
struct Shared<'f> {
    frame: &'f Frame,
    slots: Vec<(i64, i64)>,
    /// Whose work counts here.
    coders: Vec<String>,
    codings: Vec<Coding>,
    salience: Vec<(String, u32, u8)>,
}

/// Rounds of the bootstrap.
const ROUNDS: usize = 1000;
/// Below this share of judgements PABAK and AC1 are worth a look (DOMAIN D).
const RARE: f64 = 0.1;

/// Makes the tables from all sessions that everybody has locked.
///
/// # Errors
/// What SQLite says.
pub fn tables(store: &Store, plan: &Plan, frames: &[Frame]) -> Result<Tables, StoreError> {
    store.read(|connection| {
        let coding = coders::all(connection)?.into_iter().filter(|c| c.role.codes()).map(|c| c.name);
        let mut coders: BTreeSet<String> = coding.collect();
        let (mut shared, mut waiting) = (Vec::new(), Vec::new());
        for frame in frames {
            if flow::is_open_to_all(connection, &frame.id)? {
                let (own, codings) = records::counted(connection, &frame.id)?;
                let mut salience = records::salience(connection, &frame.id, None)?;
                salience.retain(|(coder, ..)| own.contains(coder));
                coders.extend(own.iter().cloned());
                shared.push(Shared { frame, slots: frame.slots(), coders: own, codings, salience });
            } else {
                waiting.push(frame.id.clone());
            }
        }
        let coders = Vec::from_iter(coders);
        // On the continuum and in ICC there is no "was not there": those who coded every session.
        let in_all = |coder: &&String| shared.iter().all(|session| session.coders.contains(coder));
        let throughout: Vec<String> = coders.iter().filter(in_all).cloned().collect();
        let outcomes = records::outcomes(connection, None)?;
        let units: Vec<consensus::Unit> =
            shared.iter().flat_map(|s| consensus::units(&s.frame.id, &s.codings, &s.frame.turns, plan.on)).collect();
        let (kept, retention) = consensus::kept(&units, &outcomes, plan.rule, &|id| {
            shared.iter().find(|s| s.frame.id == id).map_or(0, |s| s.coders.len())
        });
        let used: BTreeSet<&str> = shared.iter().flat_map(|s| &s.codings).map(|c| c.code.as_str()).collect();
        let everything = continuum(&shared.iter().collect::<Vec<_>>(), &throughout, None);
        let length: f64 = shared.iter().map(Shared::secs).sum();
        Ok(Tables {
            codes: used.iter().map(|code| code_row(code, &shared, &coders, &throughout, plan.seed)).collect(),
            u_alpha: agreement::u_alpha(&everything, length, false),
            u_alpha_binary: agreement::u_alpha(&everything, length, true),
            pairs: pairs(&shared, &coders),
            salience: salience(&shared, &throughout),
            drift: drift(&shared, &coders, &kept, &plan.gold),
            slot: if shared.iter().any(|s| s.frame.turns.is_empty()) { "minute" } else { "turn" }.into(),
            slots: shared.iter().map(|s| s.slots.len()).sum(),
            sessions: shared.iter().map(|s| s.frame.id.clone()).collect(),
            waiting,
            coders,
            throughout,
            rule: plan.rule,
            on: plan.on,
            retention,
            head: chain::head(connection)?,
        })
    })
}

impl Shared<'_> {
    fn secs(&self) -> f64 {
        (self.frame.end_ms - self.frame.start_ms) as f64 / 1000.0
    }
}

/// Each coder's stretches in seconds, sessions laid end to end.
fn continuum(shared: &[&Shared<'_>], coders: &[String], code: Option<&str>) -> Vec<Vec<Unit>> {
    let mut all = vec![Vec::new(); coders.len()];
    let mut zero = 0.0;
    for session in shared {
        let length = session.secs();
        for coding in session.codings.iter().filter(|c| code.is_none_or(|code| c.code == code)) {
            let at = |ms: i64| zero + ((ms - session.frame.start_ms) as f64 / 1000.0).clamp(0.0, length);
            if let Some(own) = coders.iter().position(|c| *c == coding.coder).and_then(|at| all.get_mut(at)) {
                own.push(Unit::new(at(coding.start_ms), at(coding.end_ms), coding.code.clone()));
            }
        }
        zero += length;
    }
    all
}

/// Who gave the code to which slot: `ratings[coder][slot]`, 0 or 1; `None` = did not code this session.
fn ratings(session: &Shared<'_>, coders: &[String], code: &str) -> Ratings {
    let none = |coder: &String| session.coders.contains(coder).then_some(0.0);
    let mut ratings: Ratings = coders.iter().map(|coder| vec![none(coder); session.slots.len()]).collect();
    for coding in session.codings.iter().filter(|coding| coding.code == code) {
        let Some(own) = coders.iter().position(|c| *c == coding.coder) else { continue };
        for slot in turns_of(coding, &session.slots) {
            if let Some(cell) = ratings.get_mut(own).and_then(|row| row.get_mut(slot as usize)) {
                *cell = Some(1.0);
            }
        }
    }
    ratings
}

/// Coincidences of 0 and 1 add up over units, so that drawing sessions again costs nothing.
fn coincidences(ratings: &Ratings) -> [[f64; 2]; 2] {
    let mut sums = [[0.0; 2]; 2];
    for slot in 0..ratings.first().map_or(0, Vec::len) {
        let judged = || ratings.iter().filter_map(|row| row.get(slot).copied().flatten());
        let ones = judged().filter(|value| *value > 0.5).count() as f64;
        let coders = judged().count() as f64;
        if coders < 2.0 {
            continue;
        }
        let (zeros, share) = (coders - ones, 1.0 / (coders - 1.0));
        sums[1][1] += ones * (ones - 1.0) * share;
        sums[0][0] += zeros * (zeros - 1.0) * share;
        sums[0][1] += ones * zeros * share;
        sums[1][0] += ones * zeros * share;
    }
    sums
}

fn alpha_of(sums: &[&[[f64; 2]; 2]]) -> Option<f64> {
    let cell = |i: usize, j: usize| sums.iter().map(|table| table[i][j]).sum::<f64>();
    let (zeros, ones) = (cell(0, 0) + cell(0, 1), cell(1, 0) + cell(1, 1));
    let expected = 2.0 * zeros * ones;
    (expected > 0.0).then(|| 1.0 - (zeros + ones - 1.0) * (cell(0, 1) + cell(1, 0)) / expected)
}

fn code_row(code: &str, shared: &[Shared<'_>], coders: &[String], throughout: &[String], seed: u64) -> CodeRow {
    let by_session: Vec<Ratings> = shared.iter().map(|session| ratings(session, coders, code)).collect();
    let mut joined: Ratings = vec![Vec::new(); coders.len()];
    for session in &by_session {
        joined.iter_mut().zip(session).for_each(|(all, own)| all.extend(own));
    }
    let judged = joined.iter().flatten().flatten().count();
    let yes = joined.iter().flatten().filter(|value| **value == Some(1.0)).count();
    let prevalence = yes as f64 / judged.max(1) as f64;
    let several = coders.len() >= 2;
    let interval = several.then(|| {
        let sums: Vec<_> = by_session.iter().map(coincidences).collect();
        agreement::interval(&sums, ROUNDS, seed, alpha_of)
    });
    let stretches = continuum(&shared.iter().collect::<Vec<_>>(), throughout, Some(code));
    let rare = prevalence < RARE;
    let mut found = Vec::new();
    for (i, one) in stretches.iter().enumerate() {
        found.extend(stretches.iter().skip(i + 1).filter_map(|other| Some(agreement::f1(one, other, SAME)?.units)));
    }
    CodeRow {
        code: code.to_owned(),
        prevalence,
        given: shared.iter().flat_map(|s| &s.codings).filter(|c| c.code == code).count(),
        percent: nominal::percent(&joined),
        kappa: match joined.as_slice() {
            [one, other] => nominal::cohen(one, other),
            _ => nominal::fleiss(&joined),
        },
        alpha: agreement::krippendorff(&joined, Level::Nominal),
        alpha_interval: interval.flatten().map(|Interval { low, high }| (low, high)),
        pabak: if rare { nominal::pabak(&joined, 2) } else { None },
        ac1: if rare { nominal::ac1(&joined, 2) } else { None },
        u_alpha: agreement::u_alpha(&stretches, shared.iter().map(Shared::secs).sum(), true),
        unit_f1: (!found.is_empty()).then(|| found.iter().sum::<f64>() / found.len() as f64),
    }
}

/// Each pair on the sessions that both coded.
fn pairs(shared: &[Shared<'_>], coders: &[String]) -> Vec<PairRow> {
    let mut rows = Vec::new();
    for (at, first) in coders.iter().enumerate() {
        for second in coders.iter().skip(at + 1) {
            let both = |session: &&Shared<'_>| session.coders.contains(first) && session.coders.contains(second);
            let shared: Vec<&Shared<'_>> = shared.iter().filter(both).collect();
            let [one, other] = [first, second]
                .map(|coder| continuum(&shared, std::slice::from_ref(coder), None).pop().unwrap_or_default());
            if shared.is_empty() {
                continue;
            }
            let aligned = agreement::align(&one, &other, SAME);
            let found = agreement::f1(&one, &other, SAME);
            rows.push(PairRow {
                first: first.clone(),
                second: second.clone(),
                kappa_with_unmatched: aligned.kappa_with_unmatched,
                kappa_linked_only: aligned.kappa_linked_only,
                unit_f1: found.map(|f| f.units),
                labelled_f1: found.map(|f| f.labelled),
            });
        }
    }
    rows
}

fn salience(shared: &[Shared<'_>], coders: &[String]) -> SalienceRow {
    let mut all: BTreeMap<(usize, u32), Vec<Option<f64>>> = BTreeMap::new();
    for (number, session) in shared.iter().enumerate() {
        for (coder, minute, rating) in &session.salience {
            let row = all.entry((number, *minute)).or_insert_with(|| vec![None; coders.len()]);
            if let Some(cell) = coders.iter().position(|c| c == coder).and_then(|at| row.get_mut(at)) {
                *cell = Some(f64::from(*rating));
            }
        }
    }
    let ratings: Ratings =
        (0..coders.len()).map(|coder| all.values().map(|row| row.get(coder).copied().flatten()).collect()).collect();
    let icc = agreement::icc(&ratings);
    SalienceRow {
        minutes: all.values().filter(|row| row.iter().all(Option::is_some)).count(),
        icc: icc.map(|i| [i.icc1, i.icc2, i.icc3, i.icc1_k, i.icc2_k, i.icc3_k]),
        alpha_ordinal: agreement::krippendorff(&ratings, Level::Ordinal),
        alpha_interval: agreement::krippendorff(&ratings, Level::Interval),
    }
}

fn drift(shared: &[Shared<'_>], coders: &[String], kept: &[consensus::Unit], gold: &[String]) -> Vec<DriftRow> {
    let mut rows = Vec::new();
    for session in shared.iter().filter(|session| gold.contains(&session.frame.id)) {
        let truth: Vec<Coding> = kept.iter().filter(|unit| unit.session == session.frame.id).map(as_coding).collect();
        let used: BTreeSet<&str> = session.codings.iter().chain(&truth).map(|coding| coding.code.as_str()).collect();
        let wanted = Shared {
            frame: session.frame,
            slots: session.slots.clone(),
            coders: vec![String::new()],
            codings: truth.clone(),
            salience: Vec::new(),
        };
        for coder in coders.iter().filter(|coder| session.coders.contains(coder)) {
            let (mut own, mut right) = (Vec::new(), Vec::new());
            for code in &used {
                own.extend(ratings(session, std::slice::from_ref(coder), code).into_iter().flatten());
                right.extend(ratings(&wanted, &[String::new()], code).into_iter().flatten());
            }
            rows.push(DriftRow {
                coder: coder.clone(),
                session: session.frame.id.clone(),
                kappa: nominal::cohen(&own, &right),
            });
        }
    }
    rows
}

/// A kept unit as a coding of nobody.
fn as_coding(unit: &consensus::Unit) -> Coding {
    Coding {
        unit: None,
        revision: 0,
        coder: String::new(),
        session: unit.session.clone(),
        pass: "blind".into(),
        turn: unit.turn,
        start_ms: unit.start_ms,
        end_ms: unit.end_ms,
        code: unit.code.clone(),
        note: String::new(),
        removed: false,
    }
}
