//! What the page asks for and sends. Work on files and the store runs on threads that may wait.

mod enter;
mod insight;
mod people;
mod session;
mod work;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Serialize;

use super::{App, gate};
use crate::desk::DeskError;
use crate::review::records::By;
use crate::review::{Coder, StoreError, coders};

/// Why something was not done.
pub struct ApiError {
    status: StatusCode,
    message: String,
    /// Sessions that would wait again, if that is why.
    reopens: Vec<String>,
}

impl ApiError {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), reopens: Vec::new() }
    }

    fn forbidden(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    fn wrong(message: &str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let status = match error {
            StoreError::Refused(_) | StoreError::Reopens { .. } => StatusCode::CONFLICT,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let message = error.to_string();
        let reopens = if let StoreError::Reopens { sessions, .. } = error { sessions } else { Vec::new() };
        Self { status, message, reopens }
    }
}

impl From<DeskError> for ApiError {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::Store(error) => error.into(),
            DeskError::NoSession(_) => Self::new(StatusCode::NOT_FOUND, error.to_string()),
            _ => Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        match self.reopens.is_empty() {
            true => gate::refusal(self.status, &self.message),
            false => {
                let body = serde_json::json!({ "error": self.message, "reopens": self.reopens });
                (self.status, axum::Json(body)).into_response()
            }
        }
    }
}

/// Runs work that may wait for the disk.
async fn run<T: Send + 'static>(
    app: &Arc<App>,
    work: impl FnOnce(&Arc<App>) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let app = Arc::clone(app);
    tokio::task::spawn_blocking(move || work(&app))
        .await
        .unwrap_or_else(|_| Err(ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "this could not be worked out")))
}

/// The same, answered as JSON.
async fn answer<T: Serialize + Send + 'static>(
    app: &Arc<App>,
    work: impl FnOnce(&Arc<App>) -> Result<T, ApiError> + Send + 'static,
) -> Response {
    match run(app, work).await {
        Ok(found) => axum::Json(found).into_response(),
        Err(error) => error.into_response(),
    }
}

/// Who asks.
fn coder(app: &App, headers: &HeaderMap) -> Result<Coder, ApiError> {
    let name = app.gate.visit(headers).and_then(|visit| visit.coder);
    let name = name.ok_or_else(|| ApiError::new(StatusCode::UNAUTHORIZED, "say first who you are"))?;
    Ok(app.desk.store.read(|c| coders::find(c, &name))?)
}

/// Who does something to a session that exists.
fn by(app: &App, headers: &HeaderMap, session: &str) -> Result<By, ApiError> {
    let coder = coder(app, headers)?;
    app.desk.place(session)?;
    Ok(By { coder: coder.name, session: session.to_owned(), at_ms: (app.clock)() })
}

pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/me", get(enter::me))
        .route("/enter", post(enter::enter))
        .route("/leave", post(enter::leave))
        .route("/coders", get(people::list).post(people::admit))
        .route("/coders/change", post(people::change))
        .route("/codebook", get(insight::codebook))
        .route("/sessions", get(session::list))
        .route("/sessions/{id}", get(session::view))
        .route("/sessions/{id}/own", get(session::own))
        .route("/sessions/{id}/media", get(session::media_states))
        .route("/sessions/{id}/tiles/{level}/{index}", get(session::tile))
        .route("/sessions/{id}/clips", get(session::clips))
        .route("/sessions/{id}/face", get(session::face))
        .route("/sessions/{id}/places", get(session::places))
        .route("/sessions/{id}/codings", post(work::coding))
        .route("/sessions/{id}/undo", post(work::undo))
        .route("/sessions/{id}/salience", post(work::salience))
        .route("/sessions/{id}/lock", post(work::lock))
        .route("/sessions/{id}/decisions", post(work::decision))
        .route("/sessions/{id}/finish", post(work::finish))
        .route("/sessions/{id}/memos", post(work::memo))
        .route("/sessions/{id}/consensus", get(insight::consensus))
        .route("/sessions/{id}/outcomes", post(work::outcome))
        .route("/sessions/{id}/summary", get(insight::summary))
        .route("/agreement", get(insight::agreement))
        .route("/theory", get(insight::theory))
        .route("/paradigm.svg", get(insight::paradigm))
        .route("/paradigm/steps", get(insight::steps))
        .route("/quotes", get(insight::quotes))
        .route("/log", get(insight::log))
        .fallback(super::assets::not_found)
}
