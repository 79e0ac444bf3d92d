//! Coming in: who is asking.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::{ApiError, answer, run};
use crate::review::chain::{self, Note};
use crate::review::coders;
use crate::serve::App;

/// Wrong passwords wait so long before they are told.
const WRONG: Duration = Duration::from_millis(700);

pub async fn me(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let Some(visit) = app.gate.visit(&headers) else {
        let mode = if app.gate.is_network() { "password" } else { "token" };
        return (StatusCode::UNAUTHORIZED, Json(json!({ "need": mode, "error": "" }))).into_response();
    };
    answer(&app, move |app| {
        let all = app.desk.store.read(coders::all)?;
        let own = all.iter().find(|coder| Some(&coder.name) == visit.coder.as_ref());
        // Over a network the names of the others are nobody's business before entering.
        let shown = if app.gate.is_network() && own.is_none() { &[] } else { all.as_slice() };
        Ok(json!({
            "csrf": visit.csrf, "study": app.desk.name, "network": app.gate.is_network(),
            "coder": own.map(|coder| &coder.name), "role": own.map(|coder| coder.role), "coders": shown, "results": app.desk.is_results(),
            "rule": app.desk.plan.rule, "version": env!("CARGO_PKG_VERSION"),
        }))
    })
    .await
}

#[derive(Deserialize)]
pub struct Enter {
    name: String,
    #[serde(default)]
    password: String,
}

/// A new cookie for whoever this is: one from before never becomes somebody's.
pub async fn enter(State(app): State<Arc<App>>, headers: HeaderMap, Json(enter): Json<Enter>) -> Response {
    let turn = app.entering.acquire().await;
    let found = run(&app, move |app| {
        let found = app.desk.store.read(|c| coders::find(c, &enter.name));
        if app.gate.is_network() {
            // An unknown name costs as much time as a wrong password.
            let right = match &found {
                Ok(coder) if coder.has_password => coder.knows(&enter.password),
                _ => coders::secret(&format!("{:8}", enter.password)).is_err(),
            };
            if !right {
                return Err(ApiError::forbidden("name or password is wrong"));
            }
        }
        let coder = found?;
        let (name, at_ms) = (coder.name.clone(), (app.clock)());
        app.desk
            .store
            .write(move |c| chain::note(c, &Note { at_ms, who: &name, action: "entered", session: "", detail: "" }))?;
        Ok(coder)
    })
    .await;
    drop(turn);
    let coder = match found {
        Ok(coder) => coder,
        Err(error) => {
            tokio::time::sleep(WRONG).await;
            return error.into_response();
        }
    };
    app.gate.end(&headers);
    match app.gate.begin(Some(coder.name)) {
        Ok((visit, cookie)) => ([(header::SET_COOKIE, cookie)], Json(json!({ "csrf": visit.csrf }))).into_response(),
        Err(error) => ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// On this machine: back to "who are you?". Over a network: out.
pub async fn leave(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    app.gate.end(&headers);
    if app.gate.is_network() {
        return Json(json!({})).into_response();
    }
    match app.gate.begin(None) {
        Ok((visit, cookie)) => ([(header::SET_COOKIE, cookie)], Json(json!({ "csrf": visit.csrf }))).into_response(),
        Err(error) => ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
