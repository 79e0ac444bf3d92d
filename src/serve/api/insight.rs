//! What is made of everybody's work: codebook, consensus, agreement, theory, the supervisor's page, the log.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ApiError, answer, coder, run};
use crate::codebook::Codebook;
use crate::desk::Desk;
use crate::episodes::Episode;
use crate::review::clips::{ClipKind, millis};
use crate::review::consensus::{self, Unit};
use crate::review::records::Decision;
use crate::review::tables::tables;
use crate::review::{Role, chain, flow, guards, records};
use crate::serve::App;
use crate::theory::{Coded, CodedSession, Element, matrices, paradigm, saturation};

pub async fn codebook(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    answer(&app, move |app| {
        coder(app, &headers)?;
        let codes: Vec<Value> = app
            .desk
            .codebook
            .codes()
            .map(|code| {
                json!({
                    "id": code.id, "label": code.label, "axial": code.axial, "primary": code.primary,
                    "polarity": code.polarity, "speaker": code.speaker, "same_as": code.same_as,
                    "definition": code.definition.operational, "include": code.definition.include,
                    "exclude": code.definition.exclude, "element": Element::of(code),
                    "look": code.aid.as_ref().map(|aid| &aid.note),
                })
            })
            .collect();
        Ok(codes)
    })
    .await
}

/// Verdicts that say that something is there.
const YES: &[&str] = &["confirm", "recode"];

/// Those whose work counts in a session, and its units.
type Counted = (Vec<String>, Vec<Unit>);

/// Units of one session that everybody has locked, and whose work they are of; `None` before that.
fn units(desk: &Desk, id: &str) -> Result<Option<Counted>, ApiError> {
    let session = desk.session(id)?;
    let turns: Vec<(i64, i64)> = session.turns.iter().map(|turn| millis(turn.span)).collect();
    let counted = desk.store.read(|c| match flow::is_open_to_all(c, id)? {
        true => Ok(Some(records::counted(c, id)?)),
        false => Ok(None),
    })?;
    Ok(counted.map(|(names, codings)| (names, consensus::units(id, &codings, &turns, desk.plan.on))))
}

pub async fn consensus(State(app): State<Arc<App>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    answer(&app, move |app| {
        coder(app, &headers)?;
        let desk = &app.desk;
        desk.place(&id)?;
        let Some((names, units)) = units(desk, &id)? else {
            let waiting = desk.store.read(|c| flow::waiting_for(c, &id))?.len();
            return Ok(json!({ "open": false, "waiting": waiting }));
        };
        let outcomes = desk.store.read(|c| records::outcomes(c, Some(&id)))?;
        let (_, retention) = consensus::kept(&units, &outcomes, desk.plan.rule, &|_| names.len());
        let rows: Vec<Value> = units
            .iter()
            .map(|unit| {
                let outcome = outcomes.iter().find(|(_, o)| o.unit == unit.key).map(|(_, outcome)| outcome);
                json!({
                    "unit": unit, "disputed": unit.is_disputed(names.len()), "outcome": outcome,
                    "by_rule": unit.is_kept_by(desk.plan.rule, names.len()),
                })
            })
            .collect();
        Ok(json!({
            "open": true, "units": rows, "coders": names, "rule": desk.plan.rule, "on": desk.plan.on,
            "retention": retention,
        }))
    })
    .await
}

pub async fn agreement(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    answer(&app, move |app| {
        let own = coder(app, &headers)?;
        let desk = &app.desk;
        let (frames, bad) = desk.frames();
        let found = tables(&desk.store, &desk.plan, &frames)?;
        let habits = guards::habits(&desk.store.read(|c| records::decisions(c, None, None))?);
        // How far somebody follows the program is for themselves and for the lead.
        let habits: Vec<_> = habits.into_iter().filter(|h| own.role == Role::Lead || h.coder == own.name).collect();
        let bad: Vec<String> = bad.into_iter().map(|(id, error)| format!("{id}: {error}")).collect();
        Ok(json!({ "tables": found, "habits": habits, "problems": bad }))
    })
    .await
}

/// What is agreed in every session that all have locked, in the study's order.
fn agreed(desk: &Desk, only: Option<&str>) -> Result<Vec<(String, Vec<Unit>)>, ApiError> {
    let outcomes = desk.store.read(|c| records::outcomes(c, None))?;
    let mut found = Vec::new();
    for id in desk.plan.sessions.iter().filter(|id| only.is_none_or(|only| only == *id)) {
        if let Ok(Some((names, units))) = units(desk, id) {
            let (mut kept, _) = consensus::kept(&units, &outcomes, desk.plan.rule, &|_| names.len());
            for unit in &mut kept {
                unit.code = desk.codebook.counted_as(&unit.code).to_owned();
            }
            found.push((id.clone(), kept));
        }
    }
    Ok(found)
}

fn as_coded(book: &Codebook, unit: &Unit, start_ms: i64) -> Option<Coded> {
    let code = book.get(&unit.code)?;
    let secs = |ms: i64| (ms - start_ms) as f64 / 1000.0;
    Some(Coded {
        code: unit.code.clone(),
        element: Element::of(code)?,
        polarity: code.polarity,
        start_s: secs(unit.start_ms),
        end_s: secs(unit.end_ms),
    })
}

/// For theory: with the strains that most coders confirmed, and the repairs among them.
fn coded_sessions(desk: &Desk, agreed: &[(String, Vec<Unit>)]) -> Result<Vec<CodedSession>, ApiError> {
    let mut sessions = Vec::new();
    for (id, kept) in agreed {
        let session = desk.session(id)?;
        let (start_ms, end_ms) = millis(session.span);
        let decisions = desk.store.read(|c| records::counted_decisions(c, id))?;
        let mut votes: BTreeMap<(i64, i64), i32> = BTreeMap::new();
        for decision in decisions.iter().filter(|decision| decision.kind != ClipKind::Control) {
            let yes = YES.contains(&decision.verdict.as_str());
            *votes.entry((decision.start_ms, decision.end_ms)).or_default() += if yes { 1 } else { -1 };
        }
        let mut outcomes: Vec<(f64, bool)> = Vec::new();
        for ((start, end), _) in votes.iter().filter(|(_, votes)| **votes > 0) {
            outcomes.push(((start - start_ms) as f64 / 1000.0, false));
            let resolved = session
                .episodes
                .iter()
                .chain(&session.further)
                .find(|episode| millis(episode.span) == (*start, *end))
                .and_then(|e| {
                    let repair = e.repair.as_ref()?;
                    (repair.outcome == crate::episodes::Outcome::Resolved).then_some(repair.remark_span).flatten()
                });
            outcomes.extend(resolved.map(|span| ((millis(span).0 - start_ms) as f64 / 1000.0, true)));
        }
        sessions.push(CodedSession {
            id: id.clone(),
            length_s: (end_ms - start_ms) as f64 / 1000.0,
            codes: kept.iter().filter_map(|unit| as_coded(&desk.codebook, unit, start_ms)).collect(),
            outcomes,
        });
    }
    Ok(sessions)
}

#[derive(Deserialize)]
pub struct Which {
    session: Option<String>,
    /// With names on its parts, for the page.
    #[serde(default)]
    named: bool,
}

pub async fn theory(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    answer(&app, move |app| {
        let own = coder(app, &headers)?;
        let desk = &app.desk;
        let memos = desk.store.read(|c| records::memos(c, None, Some(&own.name)))?;
        let agreed = agreed(desk, None)?;
        let sessions = coded_sessions(desk, &agreed)?;
        let mut counts: BTreeMap<&str, (usize, BTreeSet<&str>)> = BTreeMap::new();
        for unit in agreed.iter().flat_map(|(_, units)| units) {
            let count = counts.entry(&unit.code).or_default();
            count.0 += 1;
            count.1.insert(&unit.session);
        }
        let sets: Vec<BTreeSet<String>> =
            agreed.iter().map(|(_, units)| units.iter().map(|unit| unit.code.clone()).collect()).collect();
        Ok(json!({
            "memos": memos,
            "sessions": sessions.iter().map(|s| json!({ "id": s.id, "codes": s.codes.len() })).collect::<Vec<_>>(),
            "elements": Element::ALL.map(|e| e.words()),
            "matrices": matrices::matrices(&sessions, desk.plan.seed),
            "saturation": saturation::saturation(&sets, saturation::Settings::default(), desk.plan.seed),
            "codes": counts.iter().map(|(code, (n, s))| json!({ "code": code, "count": n, "sessions": s.len() })).collect::<Vec<_>>(),
        }))
    })
    .await
}

pub async fn paradigm(State(app): State<Arc<App>>, Query(which): Query<Which>, headers: HeaderMap) -> Response {
    let made = run(&app, move |app| {
        coder(app, &headers)?;
        let desk = &app.desk;
        let sessions = coded_sessions(desk, &agreed(desk, which.session.as_deref())?)?;
        let title = match &which.session {
            Some(id) => format!("Paradigm of the working alliance: session {}", desk.place(id)?.id),
            None if sessions.len() == 1 => format!("Paradigm of the working alliance: {}, 1 session", desk.name),
            None => format!("Paradigm of the working alliance: {}, {} sessions", desk.name, sessions.len()),
        };
        let found = matrices::matrices(&sessions, desk.plan.seed);
        Ok(paradigm::file(&paradigm::picture(&sessions, &found, &title, which.named)))
    })
    .await;
    match made {
        Ok(svg) => ([(header::CONTENT_TYPE, "image/svg+xml")], svg).into_response(),
        Err(error) => error.into_response(),
    }
}

/// The agreed codes of one session in order of start, and its confirmed strains and repairs: what the picture had seen at a
/// moment. Seconds from the session's start.
pub async fn steps(State(app): State<Arc<App>>, Query(which): Query<Which>, headers: HeaderMap) -> Response {
    answer(&app, move |app| {
        coder(app, &headers)?;
        let desk = &app.desk;
        let id = which.session.unwrap_or_default();
        let place = desk.place(&id)?;
        let found = coded_sessions(desk, &agreed(desk, Some(&place.id))?)?;
        let Some(session) = found.first() else {
            return Err(ApiError::forbidden("this picture opens when all coders have locked the session"));
        };
        let start_ms = millis(desk.session(&id)?.span).0;
        let mut codes: Vec<&Coded> = session.codes.iter().collect();
        // As transitions are counted.
        codes.sort_by(|a, b| {
            a.start_s.total_cmp(&b.start_s).then(a.end_s.total_cmp(&b.end_s)).then(a.element.cmp(&b.element))
        });
        let codes: Vec<Value> = codes
            .into_iter()
            .map(|code| {
                json!({ "code": code.code, "element": code.element.index(), "start_s": code.start_s, "end_s": code.end_s })
            })
            .collect();
        Ok(json!({ "codes": codes, "outcomes": session.outcomes, "length_s": session.length_s, "start_ms": start_ms }))
    })
    .await
}

#[derive(Deserialize)]
pub struct Quotes {
    code: String,
}

/// Constant comparison: everywhere a code was agreed on, with the words.
pub async fn quotes(State(app): State<Arc<App>>, Query(asked): Query<Quotes>, headers: HeaderMap) -> Response {
    answer(&app, move |app| {
        coder(app, &headers)?;
        let desk = &app.desk;
        let mut rows = Vec::new();
        for (id, kept) in agreed(desk, None)? {
            let session = desk.session(&id)?;
            for unit in kept.iter().filter(|unit| unit.code == asked.code) {
                let turns = session.turns.iter().filter(|turn| {
                    let (start, end) = millis(turn.span);
                    start < unit.end_ms && end > unit.start_ms
                });
                let words: Vec<Value> = turns.map(|turn| json!({ "who": turn.who, "text": turn.text })).collect();
                rows.push(json!({
                    "session": id, "start_ms": unit.start_ms, "end_ms": unit.end_ms, "given_by": unit.given_by.len(),
                    "notes": unit.notes.iter().map(|(_, note)| note).collect::<Vec<_>>(), "words": words,
                }));
            }
        }
        Ok(rows)
    })
    .await
}

/// The supervisor's page: what was measured and what coders made of it, for those who may see it.
pub async fn summary(State(app): State<Arc<App>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    answer(&app, move |app| {
        let own = coder(app, &headers)?;
        let desk = &app.desk;
        let place = desk.place(&id)?;
        if own.role == Role::Supervisor && !place.may_be_supervised {
            return Err(ApiError::forbidden("the people in this session have not agreed to supervision"));
        }
        if !desk.store.read(|c| flow::is_open_to_all(c, &id))? {
            return Err(ApiError::forbidden("this page opens when all coders have locked the session"));
        }
        let session = desk.session(&id)?;
        let (start_ms, end_ms) = millis(session.span);
        let decisions = desk.store.read(|c| records::counted_decisions(c, &id))?;
        // Further stretches are no candidates: they stand here once a coder has confirmed them.
        let confirmed = |episode: &&Episode| {
            let on_it = |d: &Decision| d.kind != ClipKind::Control && (d.start_ms, d.end_ms) == millis(episode.span);
            decisions.iter().any(|d| on_it(d) && YES.contains(&d.verdict.as_str()))
        };
        let mut episodes: Vec<_> =
            session.episodes.iter().chain(session.further.iter().filter(confirmed)).collect();
        episodes.sort_by_key(|episode| episode.rank);
        let moments: Vec<Value> = episodes
            .iter()
            .map(|episode| {
                let (start, end) = millis(episode.span);
                let votes = |verdicts: &[&str]| {
                    let here = decisions.iter().filter(|d| d.kind != ClipKind::Control && (d.start_ms, d.end_ms) == (start, end));
                    here.filter(|d| verdicts.contains(&d.verdict.as_str())).count()
                };
                json!({
                    "id": episode.id, "kind": episode.kind, "start_ms": start, "end_ms": end, "rank": episode.rank,
                    "sentence": episode.sentence, "review_secs": episode.review_secs, "evidence": episode.evidence_for,
                    "against": episode.evidence_against, "missing": episode.missing,
                    "cycle": episode.cycle.as_ref().map(|cycle| json!({
                        "repeats": cycle.repeats.iter().map(|span| millis(*span)).collect::<Vec<_>>(), "moves": cycle.moves,
                    })),
                    "repair": episode.repair.as_ref().map(|repair| json!({
                        "outcome": repair.outcome, "remark": repair.remark_span.map(millis), "signs": repair.signs,
                    })),
                    "confirmed": votes(YES), "rejected": votes(&["reject"]), "unsure": votes(&["unsure"]),
                })
            })
            .collect();
        let turns: Vec<Value> = session
            .turns
            .iter()
            .map(|turn| json!({ "who": turn.who, "start_ms": millis(turn.span).0, "end_ms": millis(turn.span).1, "text": turn.text }))
            .collect();
        Ok(json!({
            "id": id, "start_ms": start_ms, "end_ms": end_ms, "moments": moments, "turns": turns,
            "coverage": session.coverage, "therapist_face": place.therapist_face,
        }))
    })
    .await
}

/// Lines of the log that are sent at once.
const LINES: u32 = 200;

#[derive(Deserialize)]
pub struct Lines {
    #[serde(default)]
    who: String,
    #[serde(default)]
    action: String,
    before: Option<i64>,
}

/// The log's lines, newest first, and whether it is whole: to a lead everybody's, to others their own.
pub async fn log(State(app): State<Arc<App>>, Query(asked): Query<Lines>, headers: HeaderMap) -> Response {
    answer(&app, move |app| {
        let own = coder(app, &headers)?;
        let leads = own.role == Role::Lead;
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        let wanted = chain::Wanted {
            who: if leads { some(asked.who) } else { Some(own.name) },
            action: some(asked.action),
            before: asked.before,
        };
        let (verified, lines, (names, actions)) = app.desk.store.read(|c| {
            let of_whom = wanted.who.as_deref().filter(|_| !leads);
            Ok((chain::verify(c)?, chain::lines(c, &wanted, LINES + 1)?, chain::known(c, of_whom)?))
        })?;
        let more = lines.len() > LINES as usize;
        let lines: Vec<_> = lines.into_iter().take(LINES as usize).collect();
        Ok(json!({ "verified": verified, "lines": lines, "more": more, "names": names, "actions": actions }))
    })
    .await
}
