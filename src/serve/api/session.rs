//! Sessions: the list with progress, one session for the timeline, and the clips of the second pass.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ApiError, answer, by, coder, run};
use crate::codebook::{self, Code};
use crate::desk::curves::{BUCKET_SECS, Curve, FACTOR, TILE};
use crate::desk::{Desk, Place, faces};
use crate::markers::Event;
use crate::review::Coder;
use crate::review::chain::{self, Note};
use crate::review::clips::millis;
use crate::review::flow::{self, Stage};
use crate::review::records;
use crate::serve::{App, media};
use crate::session::Session;
use crate::track::Who;

/// The list, in the coder's own order.
pub async fn list(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    answer(&app, move |app| {
        let coder = coder(app, &headers)?;
        let desk = &app.desk;
        let order = match coder.role.codes() {
            true => flow::order(&desk.plan, &coder.name),
            false => desk.plan.sessions.clone(),
        };
        let mut rows = Vec::new();
        for id in &order {
            rows.push(row(desk, &coder, id)?);
        }
        for place in desk.places().filter(|place| !place.has_results()) {
            rows.push(json!({ "id": place.id, "ready": false }));
        }
        Ok(rows)
    })
    .await
}

/// Seconds of a coder's time for each clip not yet decided.
fn row(desk: &Desk, coder: &Coder, id: &str) -> Result<Value, ApiError> {
    let session = match desk.session(id) {
        Ok(session) => session,
        Err(error) => return Ok(json!({ "id": id, "ready": false, "problem": error.to_string() })),
    };
    let (stage, waiting, coders, coded, rated, decided, mut own_clips) = desk.store.read(|c| {
        let coders = flow::coders_of(c, id)?.len();
        Ok((
            flow::stage(c, &coder.name, id)?,
            flow::waiting_for(c, id)?,
            coders,
            records::codings(c, Some(id), Some(&coder.name), false)?.len(),
            records::salience(c, id, Some(&coder.name))?.len(),
            records::decisions(c, Some(id), Some(&coder.name))?,
            Vec::new(),
        ))
    })?;
    if stage >= Stage::Flags {
        own_clips = desk.clips(id, &coder.name)?;
    }
    let is_open = |clip: &&crate::review::clips::Clip| decided.iter().all(|(_, decision)| decision.clip != clip.id);
    let left_s: f64 = match stage {
        Stage::New | Stage::Blind => session.span.secs_f64(),
        Stage::Flags => own_clips.iter().filter(is_open).map(|clip| clip.review_secs).sum(),
        Stage::Done => 0.0,
    };
    Ok(json!({
        "id": id, "ready": true, "length_s": session.span.secs_f64(), "stage": stage, "coders": coders,
        "locked": coders.saturating_sub(waiting.len()), "open": coders > 0 && waiting.is_empty(), "coded": coded,
        "minutes": (session.span.secs_f64() / 60.0).ceil(), "rated": rated, "clips": own_clips.len(),
        "decided": own_clips.len() - own_clips.iter().filter(is_open).count(), "left_s": left_s,
        "turns": session.turns.len(), "picture": session.media.iter().any(|media| media.what.contains("picture")),
    }))
}

/// Whether a coder at this stage may see the curve: before the lock only the sound.
fn shown(stage: Stage, place: &Place) -> impl Fn(&Curve) -> bool {
    let after = stage >= Stage::Flags;
    let therapist = place.therapist_face;
    move |curve| {
        let own_face = curve.who != Who::Therapist || therapist;
        curve.group == "sound" || (after && own_face)
    }
}

/// How far somebody is; who does not code waits until everybody is.
fn stage_of(app: &App, coder: &Coder, id: &str) -> Result<Stage, ApiError> {
    if coder.role.codes() {
        return Ok(app.desk.store.read(|c| flow::stage(c, &coder.name, id))?);
    }
    let place = app.desk.place(id)?;
    match (place.may_be_supervised, app.desk.store.read(|c| flow::is_open_to_all(c, id))?) {
        (false, _) => Err(ApiError::forbidden("the people in this session have not agreed to supervision")),
        (_, false) => Err(ApiError::forbidden("this session opens when all coders have locked it")),
        _ => Ok(Stage::Done),
    }
}

pub async fn view(State(app): State<Arc<App>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    answer(&app, move |app| {
        let coder = coder(app, &headers)?;
        let stage = stage_of(app, &coder, &id)?;
        let place = app.desk.place(&id)?;
        let session = app.desk.session(&id)?;
        let (name, at_ms, session_id) = (coder.name.clone(), (app.clock)(), id.clone());
        let open = app.desk.store.write(move |c| {
            let note = Note { at_ms, who: &name, action: "opened", session: &session_id, detail: "" };
            chain::note(c, &note)?;
            flow::is_open_to_all(c, &session_id)
        })?;
        let own = own_work(app, &coder, &id, open)?;
        let mut view = plain(&session);
        let (start_ms, end_ms) = millis(session.span);
        view["id"] = json!(id);
        view["start_ms"] = json!(start_ms);
        view["end_ms"] = json!(end_ms);
        view["stage"] = json!(stage);
        view["open"] = json!(open);
        view["own"] = own;
        view["media"] = place
            .media
            .iter()
            .enumerate()
            .map(|(at, medium)| {
                let known = session.media.get(at);
                json!({
                    "label": medium.label, "url": format!("/media/{id}/{at}"),
                    "offset_ms": known.map_or(0.0, |m| m.offset_s.secs_f64() * 1000.0),
                    "picture": known.is_some_and(|m| m.what.contains("picture")),
                })
            })
            .collect();
        if stage >= Stage::Flags {
            view["measured"] = measured(&session, place);
        }
        let curves = app.desk.curves(&id);
        view["curves"] = match &curves {
            Ok(curves) => {
                let may = shown(stage, place);
                json!({
                    "list": curves.curves.iter().filter(|curve| may(curve)).collect::<Vec<_>>(),
                    "start_ms": (curves.start_s * 1000.0).round(), "levels": curves.levels.len(),
                    "buckets": curves.buckets(), "bucket_ms": BUCKET_SECS * 1000.0, "tile": TILE, "factor": FACTOR,
                })
            }
            Err(error) => json!({ "list": [], "problem": error.to_string() }),
        };
        Ok(view)
    })
    .await
}

/// What the coder has given, and what others have where that may be seen.
fn own_work(app: &App, coder: &Coder, id: &str, open: bool) -> Result<Value, ApiError> {
    let found = app.desk.store.read(|c| {
        let name = Some(coder.name.as_str());
        let counted = flow::coders_of(c, id)?;
        let mut others = if open { records::codings(c, Some(id), None, false)? } else { Vec::new() };
        others.retain(|coding| counted.contains(&coding.coder));
        Ok(json!({
            "codings": records::codings(c, Some(id), name, false)?,
            "salience": records::salience(c, id, name)?.into_iter().map(|(_, m, r)| (m, r)).collect::<Vec<_>>(),
            "memos": records::memos(c, Some(id), name)?,
            "others": others,
            "waiting": flow::waiting_for(c, id)?.len(),
        }))
    })?;
    Ok(found)
}

/// The same alone, after a change: nothing is opened by that.
pub async fn own(State(app): State<Arc<App>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    answer(&app, move |app| {
        let coder = coder(app, &headers)?;
        stage_of(app, &coder, &id)?;
        let open = app.desk.store.read(|c| flow::is_open_to_all(c, &id))?;
        own_work(app, &coder, &id, open)
    })
    .await
}

/// What a coder may see before the lock: who speaks when, and the words.
fn plain(session: &Session) -> Value {
    let turns: Vec<Value> = session
        .turns
        .iter()
        .map(|turn| {
            let (start_ms, end_ms) = millis(turn.span);
            json!({ "who": turn.who, "start_ms": start_ms, "end_ms": end_ms, "text": turn.text })
        })
        .collect();
    let speech: Vec<Value> = session
        .events
        .iter()
        .filter(|event| event.marker == "aud.vad" && event.kind.as_deref() != Some("unknown"))
        .map(|event| json!([event.who, millis(event.span).0, millis(event.span).1]))
        .collect();
    json!({ "turns": turns, "speech": speech })
}

/// Events that the timeline draws after the lock.
const DRAWN: &[&str] = &[
    "aud.silence3",
    "aud.lapse",
    "aud.ovl_comp",
    "aud.ovl_term",
    "aud.ovl_coop",
    "aud.minresp",
    "aud.laugh",
    "aud.sigh",
    "aud.cry",
    "vid.pout",
    "vid.press",
    "vid.suck",
    "vid.brow",
    "vid.smile",
    "vid.gazeav",
    "vid.nod",
    "vid.shake",
    "vid.headdown",
    "vid.turnaway",
    "vid.selftouch",
    "txt.meta",
    "txt.topic",
    "txt.distress",
    "txt.deflect",
];

/// What of a therapist's face is not shown where that person did not agree to it.
fn hidden(place: &Place, event: &Event) -> bool {
    !place.therapist_face && event.marker.starts_with("vid.") && event.who == Who::Therapist
}

fn measured(session: &Session, place: &Place) -> Value {
    let events: Vec<Value> = session
        .events
        .iter()
        .filter(|event| DRAWN.contains(&event.marker.as_str()) && !hidden(place, event))
        .map(|event| {
            let (start_ms, end_ms) = millis(event.span);
            let words = crate::episodes::event_in_words(event).unwrap_or_else(|| event.marker.clone());
            json!({ "marker": event.marker, "who": event.who, "start_ms": start_ms, "end_ms": end_ms, "words": words })
        })
        .collect();
    json!({ "events": events, "coverage": session.coverage })
}

pub async fn media_states(State(app): State<Arc<App>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let looked = {
        let id = id.clone();
        run(&app, move |app| {
            stage_of(app, &coder(app, &headers)?, &id)?;
            Ok(app.desk.place(&id)?.media.len())
        })
        .await
    };
    let count = match looked {
        Ok(count) => count,
        Err(error) => return error.into_response(),
    };
    let mut states = Vec::new();
    for number in 0..count {
        states.push(media::state(&app, &id, number).await);
    }
    Json(states).into_response()
}

pub async fn tile(
    State(app): State<Arc<App>>,
    Path((id, level, index)): Path<(String, usize, usize)>,
    headers: HeaderMap,
) -> Response {
    let found = run(&app, move |app| {
        let stage = stage_of(app, &coder(app, &headers)?, &id)?;
        let tile = app.desk.curves(&id)?.tile(level, index, shown(stage, app.desk.place(&id)?));
        tile.ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, "there is no such level"))
    })
    .await;
    match found {
        Ok(bytes) => {
            let headers =
                [(header::CONTENT_TYPE, "application/octet-stream"), (header::CACHE_CONTROL, "private, no-cache")];
            (headers, bytes).into_response()
        }
        Err(error) => error.into_response(),
    }
}

#[derive(Deserialize)]
pub struct Part {
    from_ms: i64,
    to_ms: i64,
}

/// Longest stretch that is told at once.
const LONGEST_PART_MS: i64 = 900_000;

/// Where the client's face is in a stretch, in pixels of the picture scaled down to the largest width, and why it is not
/// known where it is not; once the coder has locked.
pub async fn face(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(part): Query<Part>,
    headers: HeaderMap,
) -> Response {
    answer(&app, move |app| {
        if stage_of(app, &coder(app, &headers)?, &id)? < Stage::Flags {
            return Err(ApiError::forbidden("what was measured is shown after you have locked your own coding"));
        }
        let session = app.desk.session(&id)?;
        let films = session.media.iter().enumerate().filter(|(_, media)| media.what.contains("picture"));
        let films: Vec<usize> = films.map(|(number, _)| number).collect();
        let curves = app.desk.curves(&id)?;
        let client = curves.faces.iter().find(|face| face.who == Who::Client);
        // With several films nothing says in which of them a face was seen.
        let (why, film) = match (films.as_slice(), client) {
            ([], _) => (Some("no_film"), None),
            ([_, _, ..], _) => (Some("several_films"), None),
            (_, None) => (Some("no_face"), None),
            ([film], Some(_)) => (None, Some(*film)),
        };
        let step_ms = faces::STEP_SECS * 1000.0;
        let row = |ms: i64| ((ms as f64 - curves.start_s * 1000.0) / step_ms).max(0.0);
        let to_ms = part.to_ms.min(part.from_ms.saturating_add(LONGEST_PART_MS));
        let (from, to) = (row(part.from_ms).floor() as usize, row(to_ms).ceil() as usize);
        let known = client.filter(|_| film.is_some()).and_then(|face| face.rows.get(from.min(face.rows.len())..));
        let rows: Vec<_> = known.unwrap_or_default().iter().take(to.saturating_sub(from)).collect();
        let lost = rows.iter().all(|row| row.is_none());
        Ok(json!({
            "why": why.or(lost.then_some("not_here")), "film": film, "boxes": rows, "step_ms": step_ms,
            "start_ms": curves.start_s * 1000.0 + from as f64 * step_ms,
            "largest_width_px": app.desk.largest_picture_width_px,
        }))
    })
    .await
}

/// Where to look for codes that no rule finds, as start and end by code; once the coder has locked.
pub async fn places(State(app): State<Arc<App>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    answer(&app, move |app| {
        if stage_of(app, &coder(app, &headers)?, &id)? < Stage::Flags {
            return Err(ApiError::forbidden("where to look is shown after you have locked your own coding"));
        }
        let (place, session) = (app.desk.place(&id)?, app.desk.session(&id)?);
        let events: Vec<Event> = session.events.iter().filter(|event| !hidden(place, event)).cloned().collect();
        let book = &app.desk.codebook;
        let of_code = |code: &Code| {
            let found = codebook::places(book, &code.id, &events);
            (code.id.clone(), json!(found.iter().map(|place| millis(place.span)).collect::<Vec<_>>()))
        };
        Ok(book.codes().filter(|code| code.aid.is_some()).map(of_code).collect::<serde_json::Map<_, _>>())
    })
    .await
}

/// The clips, once the coder has locked.
pub async fn clips(State(app): State<Arc<App>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    answer(&app, move |app| {
        let by = by(app, &headers, &id)?;
        let decided = app.desk.store.read(|c| match flow::is_locked(c, &by.coder, &id)? {
            true => records::decisions(c, Some(&id), Some(&by.coder)),
            false => Err(crate::review::StoreError::Refused(
                "candidates are shown after you have locked your own coding".into(),
            )),
        })?;
        let decisions: Vec<Value> = decided
            .into_iter()
            .map(|(_, d)| json!({ "clip": d.clip, "verdict": d.verdict, "code": d.code, "note": d.note }))
            .collect();
        Ok(json!({ "clips": app.desk.clips(&id, &by.coder)?, "decisions": decisions }))
    })
    .await
}
