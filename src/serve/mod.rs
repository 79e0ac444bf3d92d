//! The page of the coders, served to this machine's own browser, or with TLS and passwords to a lab's network.
//!
//! Everything a request can do goes through [`gate`] first: who is asking, from which page, to which address. What is
//! refused is written to the study's log.

mod api;
mod assets;
mod gate;
mod media;
mod tls;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum_server::Handle;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};

pub use gate::Gate;

use crate::desk::Desk;

/// How the page is served.
#[derive(Clone, Debug)]
pub struct Options {
    /// Address; loopback unless the lab's network is meant.
    pub address: IpAddr,
    /// Port; 0 = any free one.
    pub port: u16,
    /// Names, besides addresses, under which browsers may call the server.
    pub names: Vec<String>,
    /// Certificate and key (PEM); `None`: one is made for this run.
    pub certificate: Option<(PathBuf, PathBuf)>,
}

impl Default for Options {
    fn default() -> Self {
        Self { address: Ipv4Addr::LOCALHOST.into(), port: 0, names: Vec::new(), certificate: None }
    }
}

impl Options {
    /// Whether others than this machine can reach it: then TLS and passwords are needed.
    pub fn is_network(&self) -> bool {
        !self.address.is_loopback()
    }
}

/// Why the page could not be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address.
    #[error("cannot listen at {address} ({source}): choose another --port, or look who uses it")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// TLS.
    #[error("the connection cannot be encrypted ({0}): check --cert and --key")]
    Tls(String),
    /// The system.
    #[error("the page cannot be served ({0})")]
    System(#[from] std::io::Error),
    /// No random numbers.
    #[error("no random number is to be had from the system ({0})")]
    Random(String),
    /// Nobody could enter.
    #[error(
        "nobody has a password yet, so nobody could enter over the network: set them first with \
         attune review STUDY --password NAME"
    )]
    NoPasswords,
}

/// Most bytes of a request: a memo of 20 kB fits several times over.
const LARGEST_BODY: usize = 256 * 1024;
/// A request's head, then its body, must arrive in this time.
const SLOWEST: Duration = Duration::from_secs(10);
/// Browsers open a connection again when they need one.
const IDLE: Duration = Duration::from_secs(20);
/// An answer must begin in this time; curves of a long session take a few seconds the first time.
const LONGEST: Duration = Duration::from_secs(120);
/// Passwords that are checked at the same time.
const PASSWORDS_AT_ONCE: usize = 2;
/// What is in progress may take so long after a stop.
const LAST_ANSWERS: Duration = Duration::from_secs(3);

/// What all requests share.
pub struct App {
    /// The study.
    pub desk: Desk,
    /// Who may come in.
    pub gate: Gate,
    /// Milliseconds since 1970, UTC.
    pub clock: fn() -> i64,
    media: media::Making,
    /// Passwords are slow to check by intent: so many at once, the others wait.
    entering: tokio::sync::Semaphore,
}

/// A server that listens and does not answer yet.
pub struct Server {
    listener: std::net::TcpListener,
    app: Arc<App>,
    tls: Option<axum_server::tls_rustls::RustlsConfig>,
    address: SocketAddr,
    handle: Handle<SocketAddr>,
}

impl Server {
    /// Takes its place.
    ///
    /// # Errors
    /// [`ServeError`].
    pub fn bind(desk: Desk, options: &Options, clock: fn() -> i64) -> Result<Self, ServeError> {
        let wanted = SocketAddr::new(options.address, options.port);
        let listen = |source| ServeError::Listen { address: wanted, source };
        let listener = std::net::TcpListener::bind(wanted).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        if options.is_network() {
            let anybody =
                desk.store.read(crate::review::coders::all).is_ok_and(|all| all.iter().any(|c| c.has_password));
            if !anybody {
                return Err(ServeError::NoPasswords);
            }
        }
        let tls = if options.is_network() { Some(tls::config(options)?) } else { None };
        let gate = Gate::new(address, options)?;
        let app = Arc::new(App {
            desk,
            gate,
            clock,
            media: media::Making::default(),
            entering: tokio::sync::Semaphore::new(PASSWORDS_AT_ONCE),
        });
        Ok(Self { listener, app, tls, address, handle: Handle::new() })
    }

    /// What to open in the browser. On this machine's own address it holds the token.
    pub fn url(&self) -> String {
        self.app.gate.url(self.address, self.tls.is_some())
    }

    /// Where it listens, without the token: for others on this machine who look for it.
    pub fn place(&self) -> String {
        format!("{}://{}/", if self.tls.is_some() { "https" } else { "http" }, self.address)
    }

    /// Stops the server from another thread, after what is in progress.
    pub fn handle(&self) -> Handle<SocketAddr> {
        self.handle.clone()
    }

    /// Answers until Ctrl-C, SIGTERM or the handle stops it.
    ///
    /// # Errors
    /// [`ServeError`].
    pub fn run(self) -> Result<(), ServeError> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let Self { listener, app, tls, handle, .. } = self;
        // Curves are made before somebody waits for them; what is made already costs nothing.
        let ahead = Arc::clone(&app);
        std::thread::spawn(move || ahead.desk.plan.sessions.iter().for_each(|id| drop(ahead.desk.curves(id))));
        let service = router(app).into_make_service();
        runtime.block_on(async move {
            tokio::spawn(stop_on_signal(handle.clone()));
            match tls {
                Some(tls) => {
                    let mut server = axum_server::from_tcp_rustls(listener, tls)?.http1_only();
                    server.http_builder().http1().header_read_timeout(IDLE);
                    server.first_request_timeout(SLOWEST).handle(handle).serve(service).await
                }
                None => {
                    let mut server = axum_server::from_tcp(listener)?.http1_only();
                    server.http_builder().http1().header_read_timeout(IDLE);
                    server.first_request_timeout(SLOWEST).handle(handle).serve(service).await
                }
            }
        })?;
        runtime.shutdown_timeout(Duration::from_secs(1));
        Ok(())
    }
}

async fn stop_on_signal(handle: Handle<SocketAddr>) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = tokio::signal::ctrl_c() => {}
                    _ = terminate.recv() => {}
                }
            }
            Err(_) => _ = tokio::signal::ctrl_c().await,
        }
    }
    #[cfg(not(unix))]
    {
        _ = tokio::signal::ctrl_c().await;
    }
    handle.graceful_shutdown(Some(LAST_ANSWERS));
}

fn router(app: Arc<App>) -> Router {
    Router::new()
        .merge(assets::routes())
        .nest("/api", api::routes())
        .nest("/media", media::routes())
        .fallback(assets::not_found)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(RequestBodyTimeoutLayer::new(SLOWEST))
        .layer(TimeoutLayer::with_status_code(axum::http::StatusCode::REQUEST_TIMEOUT, LONGEST))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), gate::check))
        .with_state(app)
}
