//! Sockets and bytes: connections up to a bound, heads and bodies up to a size and a time.

use super::books;
use super::desk::{Desk, Request};
use super::patient::Patient;
use super::reply::{No, Reply};
use super::stream;
use axum::body::Body;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Extension, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Router, extract};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::net::{IpAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout;

/// Most bytes of a head.
const HEAD_MAX: usize = 16 << 10;

/// Most bytes of a message to a stream's server.
const MESSAGE_MAX: usize = 16 << 10;

/// The page brings its own style and script and speaks to this server alone; nobody may put it in a frame.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
    connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Who is at the other end, and its place among the connections, kept for as long as any of it goes on.
#[derive(Clone)]
struct Peer {
    ip: IpAddr,
    place: Arc<OwnedSemaphorePermit>,
}

/// Accepts and answers until `stopped`.
pub(super) async fn run(socket: TcpListener, desk: Arc<Desk>, stopped: oneshot::Receiver<()>) {
    let Ok(socket) = tokio::net::TcpListener::from_std(socket) else { return };
    let router =
        Router::new().route("/v1/stream", any(upgrade)).fallback(request).with_state(desk.clone());
    let teller = tell_books(desk.clone());
    tokio::select! {
        _ = stopped => {}
        () = teller => {}
        () = accept(socket, router, &desk) => {}
    }
}

async fn tell_books(desk: Arc<Desk>) {
    let mut interval =
        tokio::time::interval(desk.options.book_interval.max(Duration::from_millis(1)));
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        books::tell_changes(&desk.hub, &desk.follower);
    }
}

async fn accept(socket: tokio::net::TcpListener, router: Router, desk: &Desk) {
    let places = Arc::new(Semaphore::new(desk.options.connections.max(1)));
    let patience = desk.options.read_patience;
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let (connection, from) = match socket.accept().await {
            Ok(accepted) => accepted,
            Err(_) => {
                // Out of files, or a peer gone before it was accepted: neither is better for being asked at once.
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            }
        };
        let _ = connection.set_nodelay(true);
        let peer = Peer { ip: from.ip(), place: Arc::new(place) };
        let service = TowerToHyperService::new(router.clone().layer(Extension(peer)));
        tokio::spawn(async move {
            // What goes wrong on a connection is the peer's affair: it is closed.
            let _ = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(patience)
                .max_buf_size(HEAD_MAX)
                .serve_connection(TokioIo::new(Patient::new(connection, patience)), service)
                .with_upgrades()
                .await;
        });
    }
}

async fn request(
    State(desk): State<Arc<Desk>>,
    Extension(peer): Extension<Peer>,
    request: extract::Request,
) -> Response {
    let (head, body) = request.into_parts();
    let reply = match whole(&desk, body).await {
        Ok(body) => {
            let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
            let request = Request {
                method: head.method.as_str().to_owned(),
                target: target.to_owned(),
                headers: head.headers,
                body,
                from: peer.ip,
            };
            desk.answer(request).await
        }
        Err(no) => no.into(),
    };
    response(reply)
}

/// A body, read whole inside its bounds.
async fn whole(desk: &Desk, body: Body) -> Result<Vec<u8>, No> {
    let limited = Limited::new(body, desk.options.body_max);
    match timeout(desk.options.read_patience, limited.collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes().into()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(No::new("too_large")),
        Ok(Err(_)) => Err(No::malformed("body", "the body ended before its end")),
        Err(_) => Err(No::new("slow")),
    }
}

fn response(reply: Reply) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(reply.kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    if let Some(seconds) = reply.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if matches!(reply.status, 408 | 413) {
        // The rest of what the peer sends is not read.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

async fn upgrade(
    State(desk): State<Arc<Desk>>,
    Extension(peer): Extension<Peer>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    head: extract::Request,
) -> Response {
    match upgrade {
        Ok(upgrade) => upgrade
            .max_message_size(MESSAGE_MAX)
            .max_frame_size(MESSAGE_MAX)
            .on_upgrade(move |socket| async move {
                stream::run(&desk, socket).await;
                drop(peer.place);
            })
            .into_response(),
        Err(_) => request(State(desk), Extension(peer), head).await,
    }
}
