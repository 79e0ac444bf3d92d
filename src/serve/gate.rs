//! Who may come in: the address asked for, the page that asks, the cookie, and the header against forged requests.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::{App, Options, ServeError};
use crate::review::chain::{self, Note};

/// Header that pages of this server send with every change.
pub const CSRF: &str = "x-attune";
/// Sessions kept at most; the oldest goes.
const MOST_VISITS: usize = 500;
/// Refusals written to the log in one run; a flood must not fill the disk.
const MOST_LOGGED: u32 = 5000;

/// Somebody's browser.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Sent back by the page with every change.
    pub csrf: String,
    /// Who it is, once they have said so.
    pub coder: Option<String>,
    order: u64,
}

/// See the module.
pub struct Gate {
    token: String,
    cookie: String,
    port: u16,
    names: Vec<String>,
    network: bool,
    any_address: bool,
    visits: Mutex<BTreeMap<String, Visit>>,
    logged: AtomicU32,
}

/// 32 random bytes as text.
fn secret() -> Result<String, ServeError> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|e| ServeError::Random(e.to_string()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Compares without telling by its time where two texts differ.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0_u8, |sum, (x, y)| sum | (x ^ y)) == 0
}

impl Gate {
    pub(super) fn new(address: SocketAddr, options: &Options) -> Result<Self, ServeError> {
        let mut names = options.names.clone();
        match address.ip() {
            ip if ip.is_loopback() => names.extend(["127.0.0.1".into(), "localhost".into(), "[::1]".into()]),
            std::net::IpAddr::V6(ip) => names.push(format!("[{ip}]")),
            ip => names.push(ip.to_string()),
        }
        Ok(Self {
            token: secret()?,
            cookie: format!("attune_{}", address.port()),
            port: address.port(),
            names,
            network: options.is_network(),
            any_address: address.ip().is_unspecified(),
            visits: Mutex::default(),
            logged: AtomicU32::new(0),
        })
    }

    pub(super) fn url(&self, address: SocketAddr, tls: bool) -> String {
        match tls {
            true => format!("https://{address}/"),
            false => format!("http://{address}/?token={}", self.token),
        }
    }

    /// Whether passwords are asked for.
    pub fn is_network(&self) -> bool {
        self.network
    }

    /// Whether the request names an address of ours. A page that makes its own name point here (DNS rebinding) does not.
    fn knows_host(&self, host: &str) -> bool {
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name, port.parse().ok()),
            _ => (host, Some(if self.network { 443 } else { 80 })),
        };
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        let known = self.names.iter().any(|own| own.eq_ignore_ascii_case(name));
        port == Some(self.port) && (known || (self.any_address && bare.parse::<std::net::IpAddr>().is_ok()))
    }

    fn visits(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Visit>> {
        self.visits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cookie_of<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        all.flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == self.cookie)
            .map(|(_, value)| value)
    }

    /// The visit of a request, if its cookie is one of ours.
    pub fn visit(&self, headers: &HeaderMap) -> Option<Visit> {
        let cookie = self.cookie_of(headers)?;
        self.visits().get(cookie).cloned()
    }

    /// Begins a visit and gives the cookie for it. A cookie from before entering is never kept on.
    ///
    /// # Errors
    /// [`ServeError::Random`].
    pub fn begin(&self, coder: Option<String>) -> Result<(Visit, HeaderValue), ServeError> {
        let (id, csrf) = (secret()?, secret()?);
        let mut visits = self.visits();
        let order = visits.values().map(|visit| visit.order).max().unwrap_or(0) + 1;
        if visits.len() >= MOST_VISITS {
            let oldest = visits.iter().min_by_key(|(_, visit)| visit.order).map(|(id, _)| id.clone());
            oldest.and_then(|id| visits.remove(&id));
        }
        let visit = Visit { csrf, coder, order };
        visits.insert(id.clone(), visit.clone());
        let secure = if self.network { "; Secure" } else { "" };
        let text = format!("{}={id}; Path=/; HttpOnly; SameSite=Strict{secure}", self.cookie);
        let value = HeaderValue::from_str(&text).map_err(|e| ServeError::Random(e.to_string()))?;
        Ok((visit, value))
    }

    /// Ends the visit of a request.
    pub fn end(&self, headers: &HeaderMap) {
        if let Some(cookie) = self.cookie_of(headers) {
            self.visits().remove(cookie);
        }
    }
}

/// A refusal in the page's shape.
pub fn refusal(status: StatusCode, why: &str) -> Response {
    (status, axum::Json(serde_json::json!({ "error": why }))).into_response()
}

/// What every answer carries. Nothing may be loaded from anywhere else, no page may frame this one.
const HEADERS: [(&str, &str); 7] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self'; \
         connect-src 'self'; font-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=(), interest-cohort=()"),
];

/// The middleware around everything.
pub async fn check(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = match allowed(&app, &request) {
        Ok(None) => next.run(request).await,
        Ok(Some(answer)) | Err(answer) => *answer,
    };
    let private = path.starts_with("/api") || path.starts_with("/media") || path == "/";
    for (name, value) in HEADERS {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if private && !response.headers().contains_key(header::CACHE_CONTROL) {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if app.gate.network {
        let week = HeaderValue::from_static("max-age=604800");
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, week);
    }
    log_refusal(&app, response.status(), &method, &path).await;
    response
}

async fn log_refusal(app: &Arc<App>, status: StatusCode, method: &Method, path: &str) {
    let refused = matches!(status.as_u16(), 400 | 401 | 403 | 404 | 405 | 408 | 413 | 414 | 415 | 416 | 421 | 431);
    // A page that asks who is there before anybody has entered is no attack.
    if !refused || (status == StatusCode::UNAUTHORIZED && path == "/api/me") {
        return;
    }
    if app.gate.logged.fetch_add(1, Ordering::Relaxed) >= MOST_LOGGED {
        return;
    }
    // Only what cannot carry a person's words: the path's beginning, in plain characters.
    let plain: String = path.chars().take(80).map(|c| if c.is_ascii_graphic() { c } else { '?' }).collect();
    let detail = format!("{} {method} {plain}", status.as_u16());
    let app = Arc::clone(app);
    _ = tokio::task::spawn_blocking(move || {
        let at_ms = (app.clock)();
        app.desk.store.write(move |c| {
            chain::note(c, &Note { at_ms, who: "server", action: "refused", session: "", detail: &detail })
        })
    })
    .await;
}

/// `Ok(None)`: go on. `Ok(Some)`: this is the answer.
fn allowed(app: &App, request: &Request) -> Result<Option<Box<Response>>, Box<Response>> {
    let gate = &app.gate;
    let headers = request.headers();
    let refuse = |status, why| Err(Box::new(refusal(status, why)));
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !gate.knows_host(host) {
        return refuse(StatusCode::MISDIRECTED_REQUEST, "this address is not the one that was printed");
    }
    if let Some(origin) = headers.get(header::ORIGIN) {
        let own = format!("{}://{host}", if gate.network { "https" } else { "http" });
        if !origin.to_str().is_ok_and(|origin| origin.eq_ignore_ascii_case(&own)) {
            return refuse(StatusCode::FORBIDDEN, "another page asked for this");
        }
    }
    let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    let path = request.uri().path();
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if (changes || path != "/") && site.is_some_and(|site| site == "cross-site" || site == "same-site") {
        return refuse(StatusCode::FORBIDDEN, "another page asked for this");
    }
    if path == "/"
        && let Some(token) = request.uri().query().and_then(|query| query.strip_prefix("token="))
    {
        return exchange(gate, token);
    }
    // The page's own files hold nothing of the study; without a visit it shows how to come in.
    if !(path.starts_with("/api/") || path.starts_with("/media/")) {
        return Ok(None);
    }
    let is_entering = gate.network && path == "/api/enter";
    let visit = gate.visit(headers);
    if visit.is_none() && !is_entering && path != "/api/me" {
        return refuse(StatusCode::UNAUTHORIZED, "open the address that attune review printed");
    }
    if changes && !is_entering {
        let sent = headers.get(CSRF).and_then(|sent| sent.to_str().ok()).unwrap_or_default();
        if !visit.is_some_and(|visit| same(&visit.csrf, sent)) {
            return refuse(StatusCode::FORBIDDEN, "the request did not come from the page: load it again");
        }
    }
    // Forms of other pages cannot send this type without asking first.
    if changes && headers.get(header::CONTENT_TYPE).is_none_or(|kind| !kind.as_bytes().starts_with(b"application/json"))
    {
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "changes are sent as JSON");
    }
    Ok(None)
}

/// The token of the printed address for a cookie, so that it stays out of the history and of referrers.
fn exchange(gate: &Gate, token: &str) -> Result<Option<Box<Response>>, Box<Response>> {
    if gate.network || !same(token, &gate.token) {
        let why = "this address is no longer valid: open the one that attune review printed last";
        return Err(Box::new(refusal(StatusCode::FORBIDDEN, why)));
    }
    match gate.begin(None) {
        Ok((_, cookie)) => {
            let headers = [(header::SET_COOKIE, cookie), (header::LOCATION, HeaderValue::from_static("/"))];
            Ok(Some(Box::new((StatusCode::SEE_OTHER, headers).into_response())))
        }
        Err(error) => Err(Box::new(refusal(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()))),
    }
}
