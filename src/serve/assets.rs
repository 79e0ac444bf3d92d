//! The page's own files, built into the program (`web/`, made by the set-up).

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use super::{App, gate};

#[derive(rust_embed::RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Files;

/// Shown where the program was built without the page.
const NOT_BUILT: &str = "<!doctype html><html lang=en><meta charset=utf-8><title>Attune</title><h1>The page was not built</h1>\
    <p>This program was built without its page. Run <code>bash scripts/setup.sh</code> (it needs Node 20), then \
    <code>cargo build --release</code>, and start <code>attune review</code> again.</p></html>";

pub fn routes() -> Router<Arc<App>> {
    Router::new().route("/", get(page)).route("/assets/{name}", get(asset))
}

async fn page() -> Response {
    match Files::get("index.html") {
        Some(file) => Html(file.data.into_owned()).into_response(),
        None => (StatusCode::SERVICE_UNAVAILABLE, Html(NOT_BUILT)).into_response(),
    }
}

async fn asset(Path(name): Path<String>) -> Response {
    let Some(file) = Files::get(&format!("assets/{name}")) else { return not_found().await };
    let kind = match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    };
    // Their names change with their contents.
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, file.data.into_owned()).into_response()
}

pub async fn not_found() -> Response {
    gate::refusal(StatusCode::NOT_FOUND, "there is nothing at this address")
}
