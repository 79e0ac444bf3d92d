//! What coders send: codes, ratings, decisions, memos, outcomes.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::{ApiError, answer, by, coder};
use crate::review::clips::millis;
use crate::review::records::{self, By, Coding, Decision, Memo, Outcome};
use crate::review::{Role, StoreError, flow};
use crate::serve::App;

type Here = (State<Arc<App>>, Path<String>, HeaderMap);

/// Runs a write of somebody who has come in.
async fn write<T: serde::Serialize + Send + 'static>(
    (State(app), Path(id), headers): Here,
    work: impl FnOnce(&rusqlite::Connection, &By) -> Result<T, StoreError> + Send + 'static,
) -> Response {
    answer(&app, move |app| {
        let by = by(app, &headers, &id)?;
        Ok(app.desk.store.write(move |c| work(c, &by))?)
    })
    .await
}

pub async fn coding(
    app: State<Arc<App>>,
    id: Path<String>,
    headers: HeaderMap,
    Json(coding): Json<Coding>,
) -> Response {
    let State(app) = app;
    answer(&app, move |app| {
        let by = by(app, &headers, &id)?;
        let session = app.desk.session(&id)?;
        if app.desk.codebook.get(&coding.code).is_none() {
            return Err(ApiError::wrong("there is no such code"));
        }
        let mut coding = coding;
        // A turn's times are those of the results, whatever was sent.
        if let Some(turn) = coding.turn {
            let turn = session.turns.get(turn as usize).ok_or_else(|| ApiError::wrong("there is no such turn"))?;
            (coding.start_ms, coding.end_ms) = millis(turn.span);
        }
        let (start, end) = millis(session.span);
        if coding.start_ms < start || coding.end_ms > end + 1 {
            return Err(ApiError::wrong("the stretch lies outside the session"));
        }
        Ok(json!({ "unit": app.desk.store.write(move |c| records::put_coding(c, &by, &coding))? }))
    })
    .await
}

pub async fn undo(app: State<Arc<App>>, id: Path<String>, headers: HeaderMap) -> Response {
    write((app, id, headers), records::undo_coding).await
}

#[derive(Deserialize)]
pub struct Rating {
    minute: u32,
    rating: Option<u8>,
}

pub async fn salience(app: State<Arc<App>>, id: Path<String>, headers: HeaderMap, Json(own): Json<Rating>) -> Response {
    write((app, id, headers), move |c, by| records::put_salience(c, by, own.minute, own.rating)).await
}

pub async fn lock(app: State<Arc<App>>, id: Path<String>, headers: HeaderMap) -> Response {
    write((app, id, headers), flow::lock).await
}

pub async fn finish(app: State<Arc<App>>, id: Path<String>, headers: HeaderMap) -> Response {
    write((app, id, headers), flow::finish).await
}

/// What a clip is, is looked up here: the page cannot say that a control was a candidate.
pub async fn decision(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(decision): Json<Decision>,
) -> Response {
    answer(&app, move |app| {
        let by = by(app, &headers, &id)?;
        let clips = app.desk.clips(&id, &by.coder)?;
        let clip = clips
            .into_iter()
            .find(|clip| clip.id == decision.clip)
            .ok_or_else(|| ApiError::wrong("there is no such clip"))?;
        if decision.code.as_ref().is_some_and(|code| app.desk.codebook.get(code).is_none()) {
            return Err(ApiError::wrong("there is no such code"));
        }
        let decision =
            Decision { start_ms: clip.start_ms, end_ms: clip.end_ms, asked: clip.asked, kind: clip.kind, ..decision };
        app.desk.store.write(move |c| records::put_decision(c, &by, &decision))?;
        Ok(json!({}))
    })
    .await
}

pub async fn memo(app: State<Arc<App>>, id: Path<String>, headers: HeaderMap, Json(memo): Json<Memo>) -> Response {
    write((app, id, headers), move |c, by| Ok(json!({ "unit": records::put_memo(c, by, &memo)? }))).await
}

/// Anybody who codes may write down what the meeting decided, once all have locked.
pub async fn outcome(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(outcome): Json<Outcome>,
) -> Response {
    answer(&app, move |app| {
        if coder(app, &headers)?.role == Role::Supervisor {
            return Err(ApiError::forbidden("supervisors look and do not code"));
        }
        let by = by(app, &headers, &id)?;
        app.desk.store.write(move |c| {
            if !flow::is_open_to_all(c, &by.session)? {
                return Err(StoreError::Refused("the meeting begins when everybody has locked the session".into()));
            }
            records::put_outcome(c, &by, &outcome)
        })?;
        Ok(json!({}))
    })
    .await
}
