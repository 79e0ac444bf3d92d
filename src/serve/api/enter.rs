//! Coming in: who is asking, and who takes part.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::{ApiError, answer, coder, run};
use crate::review::chain::{self, Note};
use crate::review::{Role, coders};
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
            "coder": own.map(|coder| &coder.name), "role": own.map(|coder| coder.role), "coders": shown,
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

#[derive(Deserialize)]
pub struct Admit {
    name: String,
    role: Role,
    password: Option<String>,
}

/// Adds somebody. Over a network only a lead may; on this machine whoever sits at it.
pub async fn admit(State(app): State<Arc<App>>, headers: HeaderMap, Json(admit): Json<Admit>) -> Response {
    answer(&app, move |app| {
        let asking = coder(app, &headers);
        if app.gate.is_network() && !asking.as_ref().is_ok_and(|coder| coder.role == Role::Lead) {
            return Err(ApiError::forbidden("only a lead may add people"));
        }
        let who = asking.map_or_else(|_| "server".to_owned(), |coder| coder.name);
        let secret = admit.password.as_deref().filter(|p| !p.is_empty()).map(coders::secret).transpose()?;
        if app.gate.is_network() && secret.is_none() {
            return Err(ApiError::wrong("over a network everybody needs a password"));
        }
        let name = coders::checked_name(&admit.name)?;
        if app.desk.store.read(coders::all)?.iter().any(|coder| coder.name == name) {
            return Err(ApiError::new(StatusCode::CONFLICT, "somebody of this name takes part already"));
        }
        let at_ms = (app.clock)();
        app.desk.store.write(move |c| coders::put(c, &name, admit.role, secret.as_deref(), &who, at_ms))?;
        Ok(json!({}))
    })
    .await
}
