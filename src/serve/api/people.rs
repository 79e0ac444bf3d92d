//! Who takes part: a lead adds people, changes what they may do, and takes them out.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ApiError, answer, coder};
use crate::review::coders::{self, New};
use crate::review::{Role, Standing, flow};
use crate::serve::App;

/// Everybody who ever took part, with how many sessions each has locked; for leads.
pub async fn list(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    answer(&app, move |app| {
        if coder(app, &headers)?.role != Role::Lead {
            return Err(ApiError::forbidden("this page is for leads"));
        }
        let sessions = &app.desk.plan.sessions;
        let people: Vec<Value> = app.desk.store.read(|c| {
            let mut rows = Vec::new();
            for person in coders::everybody(c)? {
                let mut locked = 0;
                for session in sessions {
                    locked += usize::from(flow::is_locked(c, &person.name, session)?);
                }
                rows.push(json!({
                    "name": person.name, "role": person.role, "standing": person.standing, "locked": locked,
                    "has_password": person.has_password,
                }));
            }
            Ok(rows)
        })?;
        Ok(json!({ "people": people, "sessions": sessions.len() }))
    })
    .await
}

#[derive(Deserialize)]
pub struct Admit {
    name: String,
    role: Role,
    password: Option<String>,
    #[serde(default)]
    sure: bool,
}

/// Adds somebody: a lead may, and whoever is the first in a study.
pub async fn admit(State(app): State<Arc<App>>, headers: HeaderMap, Json(admit): Json<Admit>) -> Response {
    answer(&app, move |app| {
        let asking = coder(app, &headers);
        let leads = asking.as_ref().is_ok_and(|coder| coder.role == Role::Lead);
        let somebody = !app.desk.store.read(coders::all)?.is_empty();
        if !leads && (somebody || app.gate.is_network()) {
            return Err(ApiError::forbidden("only a lead adds people: come in as a lead, or use attune study coder"));
        }
        let secret = admit.password.as_deref().filter(|p| !p.is_empty()).map(coders::secret).transpose()?;
        if app.gate.is_network() && secret.is_none() {
            return Err(ApiError::wrong("over a network everybody needs a password"));
        }
        let new = New { name: admit.name, role: admit.role, secret, sure: admit.sure };
        let (at_ms, sessions) = ((app.clock)(), app.desk.plan.sessions.clone());
        let who = asking.ok().map(|coder| coder.name);
        app.desk.store.write(move |c| coders::admit(c, &new, who.as_deref(), &sessions, at_ms))?;
        Ok(json!({}))
    })
    .await
}

#[derive(Deserialize)]
pub struct Change {
    name: String,
    role: Role,
    standing: Standing,
    #[serde(default)]
    sure: bool,
}

/// Changes what somebody may do, takes them out, or lets them come back.
pub async fn change(State(app): State<Arc<App>>, headers: HeaderMap, Json(change): Json<Change>) -> Response {
    answer(&app, move |app| {
        let asking = coder(app, &headers)?;
        if asking.role != Role::Lead {
            return Err(ApiError::forbidden("only a lead says who takes part"));
        }
        let (at_ms, sessions) = ((app.clock)(), app.desk.plan.sessions.clone());
        let Change { name, role, standing, sure } = change;
        app.desk
            .store
            .write(move |c| coders::change(c, &name, (role, standing), (&asking.name, sure), &sessions, at_ms))?;
        Ok(json!({}))
    })
    .await
}
