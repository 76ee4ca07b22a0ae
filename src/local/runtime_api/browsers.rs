//! Keeps web pages out. The Runtime API has no password, as Lambda's has none, and a page of anybody's can have the developer's browser
//! send requests to 127.0.0.1: a GET of `next` would take an event away.
//!
//! No runtime sends `Origin` or `Sec-Fetch-Site`; a browser leaves out both where a name of the page's own was pointed here, and then
//! that name, with a dot in it, stands in `Host`.

use std::net::IpAddr;

use axum::body::Body;
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

const FETCH_SITE: &str = "sec-fetch-site";
const REFUSED: &str = "this is coshell's Runtime API: it is for the runtime alone, not for a web page";

pub(super) async fn kept_out(request: Request<Body>, next: Next) -> Response {
    if is_of_a_page(request.headers()) {
        return (StatusCode::FORBIDDEN, REFUSED).into_response();
    }
    next.run(request).await
}

fn is_of_a_page(headers: &HeaderMap) -> bool {
    headers.contains_key(ORIGIN) || headers.contains_key(FETCH_SITE) || has_foreign_name(headers)
}

fn has_foreign_name(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(HOST) else { return false };
    let host = String::from_utf8_lossy(host.as_bytes());
    let name = host.rsplit_once(':').map_or(&host[..], |(name, _port)| name);
    name.contains('.') && name.trim_matches(['[', ']']).parse::<IpAddr>().is_err()
}
