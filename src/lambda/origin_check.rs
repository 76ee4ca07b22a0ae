//! Rejects requests that web pages send.
//!
//! The servers of `coshell` listen on 127.0.0.1, and every web page that is open in the developer's browser can send requests there.
//! Three headers show that a request comes from a page: `Origin`; `Sec-Fetch-Site`, which a browser also sends without `Origin` (for a
//! link or an image); and `Host`, if an attacker has pointed a name of their own to 127.0.0.1 (DNS rebinding). A request without these
//! headers does not come from a browser. Sources: Fetch standard, "Origin header"; W3C, "Fetch Metadata Request Headers".
//!
//! - The embedded Runtime API rejects every request of a page ([`reject_pages`]), because a GET of `next` would take an event away.
//! - The Invoke API accepts pages of its own origin only ([`OriginCheck`]).
//! - A function URL also accepts pages from this machine, because a front end under development has a port of its own, and a link
//!   that somebody follows, because a sign-in on another site ends with one.

use std::net::IpAddr;

use axum::body::Body;
use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

const FETCH_SITE: &str = "sec-fetch-site";
const FETCH_MODE: &str = "sec-fetch-mode";

const REJECTED: &str = "this is coshell's Runtime API: it is for the runtime alone, not for a web page";

/// The rules for the requests to one port.
#[derive(Clone, Debug)]
pub(crate) struct OriginCheck {
    pub(crate) port: u16,
    /// The address or name that the server listens on, as given with --host.
    pub(crate) host: String,
    /// Whether the port serves a function URL.
    pub(crate) is_function_url: bool,
}

impl OriginCheck {
    /// Checks a request.
    ///
    /// # Errors
    /// When the request is rejected; the error says what to do.
    pub(crate) fn check(&self, method: &Method, headers: &HeaderMap) -> Result<(), String> {
        let own = self.own_host(headers)?;
        let mut origins = headers.get_all(ORIGIN).iter().peekable();
        if origins.peek().is_none() {
            return self.check_without_origin(method, headers);
        }
        for origin in origins {
            let origin = origin.to_str().unwrap_or_default();
            if !self.admits_origin(origin, &own) {
                return Err(format!("a page of the origin `{}` may not call this function", origin.escape_default()));
            }
        }
        Ok(())
    }

    fn own_host(&self, headers: &HeaderMap) -> Result<Authority, String> {
        let mut hosts = headers.get_all(HOST).iter();
        let host = hosts.next().and_then(|host| host.to_str().ok()).unwrap_or_default();
        let authority = host.parse().ok().filter(|authority| hosts.next().is_none() && self.is_own(authority));
        authority.ok_or_else(|| {
            format!(
                "the host `{}` is not this server: call it as `localhost:{port}` or `127.0.0.1:{port}`, or name another with --host",
                host.escape_default(),
                port = self.port
            )
        })
    }

    fn is_own(&self, authority: &Authority) -> bool {
        let host = authority.host();
        let plain = unbracketed(host);
        let named = ["localhost", "127.0.0.1", "::1", unbracketed(&self.host)];
        // A server on every address has as many hosts. Unlike a name, an address cannot be pointed elsewhere.
        let everywhere = unbracketed(&self.host).parse().is_ok_and(|address: IpAddr| address.is_unspecified());
        let own =
            named.iter().any(|own| plain.eq_ignore_ascii_case(own)) || everywhere && plain.parse::<IpAddr>().is_ok();
        own && port_of(authority, 80) == Some(self.port) && !authority.as_str().contains('@')
    }

    fn admits_origin(&self, origin: &str, own: &Authority) -> bool {
        let Some((scheme, authority)) = origin.split_once("://") else { return false };
        let Ok(authority) = authority.parse::<Authority>() else { return false };
        let same = scheme == "http"
            && authority.host().eq_ignore_ascii_case(own.host())
            && port_of(&authority, 80) == port_of(own, 80);
        same || self.is_function_url && is_this_machine(authority.host())
    }

    fn check_without_origin(&self, method: &Method, headers: &HeaderMap) -> Result<(), String> {
        let is = |name: &str, value: &str| headers.get(name).is_some_and(|given| given == value);
        let followed_link = is(FETCH_MODE, "navigate") && (method == Method::GET || method == Method::HEAD);
        if is(FETCH_SITE, "cross-site") && !(self.is_function_url && followed_link) {
            return Err("a page of another site may not call this function".to_owned());
        }
        Ok(())
    }
}

fn port_of(authority: &Authority, default: u16) -> Option<u16> {
    match authority.port() {
        Some(port) => Some(port.as_u16()),
        None if authority.as_str().ends_with(':') => None,
        None => Some(default),
    }
}

fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

fn is_this_machine(host: &str) -> bool {
    let host = unbracketed(host).to_ascii_lowercase();
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Answers 403 to a request of a web page; other requests go on to `next`.
pub(crate) async fn reject_pages(request: Request<Body>, next: Next) -> Response {
    if is_from_page(request.headers()) {
        return (StatusCode::FORBIDDEN, REJECTED).into_response();
    }
    next.run(request).await
}

fn is_from_page(headers: &HeaderMap) -> bool {
    headers.contains_key(ORIGIN) || headers.contains_key(FETCH_SITE) || has_foreign_name(headers)
}

fn has_foreign_name(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(HOST) else { return false };
    let host = String::from_utf8_lossy(host.as_bytes());
    let name = host.rsplit_once(':').map_or(&host[..], |(name, _port)| name);
    name.contains('.') && name.trim_matches(['[', ']']).parse::<IpAddr>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(origin_check: &OriginCheck, method: Method, headers: &[(&'static str, &str)]) -> Result<(), String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        origin_check.check(&method, &map)
    }

    fn on(host: &str, is_function_url: bool) -> OriginCheck {
        OriginCheck { port: 9000, host: host.to_owned(), is_function_url }
    }

    #[test]
    fn only_names_of_this_server_are_a_host() {
        let table = [
            ("127.0.0.1", "127.0.0.1:9000", true),
            ("127.0.0.1", "LOCALHOST:9000", true),
            ("127.0.0.1", "[::1]:9000", true),
            ("127.0.0.1", "localhost", false),
            ("127.0.0.1", "localhost:9001", false),
            ("127.0.0.1", "rebound.example:9000", false),
            ("127.0.0.1", "localhost.evil.example:9000", false),
            ("127.0.0.1", "192.0.2.7:9000", false),
            ("127.0.0.1", "a@localhost:9000", false),
            ("127.0.0.1", "", false),
            ("build.example", "build.example:9000", true),
            ("::1", "[::1]:9000", true),
            ("0.0.0.0", "192.0.2.7:9000", true),
            ("0.0.0.0", "rebound.example:9000", false),
        ];
        for (given, host, admitted) in table {
            for is_function_url in [false, true] {
                let result = check(&on(given, is_function_url), Method::POST, &[("host", host)]);
                assert_eq!(result.is_ok(), admitted, "--host {given}, Host: {host}: {result:?}");
            }
        }
        let two = [("host", "localhost:9000"), ("host", "rebound.example:9000")];
        assert!(check(&on("127.0.0.1", false), Method::POST, &two).is_err());
    }

    #[test]
    fn an_origin_must_be_ours_and_may_be_this_machines_on_a_function_url() {
        let table = [
            ("http://localhost:9000", true, true),
            ("https://localhost:9000", false, true),
            ("http://localhost:3000", false, true),
            ("http://app.localhost:3000", false, true),
            ("http://127.0.0.2:3000", false, true),
            ("http://[::1]:3000", false, true),
            ("https://evil.example", false, false),
            ("http://localhost.evil.example:9000", false, false),
            ("http://127.0.0.1.evil.example", false, false),
            ("null", false, false),
            ("", false, false),
            ("file://", false, false),
        ];
        for (origin, by_api, by_url) in table {
            for (is_function_url, admitted) in [(false, by_api), (true, by_url)] {
                let headers = [("host", "localhost:9000"), ("origin", origin)];
                let result = check(&on("127.0.0.1", is_function_url), Method::POST, &headers);
                assert_eq!(result.is_ok(), admitted, "Origin: {origin}, function URL: {is_function_url}: {result:?}");
            }
        }
    }

    #[test]
    fn without_an_origin_the_site_decides_and_a_function_url_accepts_a_followed_link() {
        let with = |method, site: &str, mode: &str, is_function_url| {
            let headers = [("host", "localhost:9000"), (FETCH_SITE, site), (FETCH_MODE, mode)];
            check(&on("127.0.0.1", is_function_url), method, &headers).is_ok()
        };
        assert!(with(Method::GET, "none", "navigate", true) && with(Method::GET, "same-origin", "no-cors", true));
        assert!(with(Method::GET, "cross-site", "navigate", true));
        assert!(!with(Method::GET, "cross-site", "no-cors", true), "an image");
        assert!(!with(Method::POST, "cross-site", "navigate", true), "a form");
        assert!(!with(Method::GET, "cross-site", "navigate", false));
    }
}
