//! Makes the variables of a CGI request from an event. Source: RFC 3875, section 4.1.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use percent_encoding::percent_decode_str;

use super::Form;
use super::event::{Event, legal};
use super::identity::Identity;

const SOFTWARE: &str = concat!("coshell/", env!("CARGO_PKG_VERSION"));
/// The client's address if the event does not have one. Scripts may trust 127.0.0.1, so that address is not used.
const NO_ADDRESS: &str = "0.0.0.0";
/// Headers that never become variables. `Proxy` would become HTTP_PROXY, by which programs choose a proxy (httpoxy). The body has no
/// transfer coding any more; its type and length have variables of their own.
const NEVER: [&str; 5] = ["proxy", "proxy-authorization", "transfer-encoding", "content-type", "content-length"];
/// The header with credentials. It is removed if an authorizer has checked them.
const AUTHORIZATION: &str = "authorization";

type Variables = Vec<(String, Vec<u8>)>;
/// Values by the lower-case name.
type Headers<'a> = BTreeMap<String, Vec<&'a str>>;

/// The variables of a request whose body has `body_bytes` bytes. Also returns the reason if the handler must not see the request.
pub(super) fn of(event: &Event, body_bytes: usize) -> (Variables, Option<&'static str>) {
    let headers = headers(event);
    let mut variables = Variables::new();
    let mut set = |name: &str, value: &str| variables.push((name.to_owned(), clean(value.as_bytes())));
    set("GATEWAY_INTERFACE", "CGI/1.1");
    set("SERVER_SOFTWARE", SOFTWARE);
    set("REQUEST_METHOD", event.method());
    set("QUERY_STRING", &event.query());
    server(event, &headers, &mut set);
    set("REMOTE_ADDR", &remote_address(event, &headers));
    let identity = Identity::of(event);
    if let Some(identity) = &identity {
        set("AUTH_TYPE", identity.auth_type);
        set("REMOTE_USER", identity.user);
    }
    if let Some(content_type) = headers.get("content-type") {
        set("CONTENT_TYPE", &content_type.join(", "));
    }
    if body_bytes > 0 || headers.contains_key("content-length") {
        set("CONTENT_LENGTH", &body_bytes.to_string());
    }
    for (name, values) in &headers {
        let is_checked = name == AUTHORIZATION && identity.is_some();
        if let Some(name) = variable_of(name).filter(|_| !is_checked) {
            set(&name, &values.join(if name == "HTTP_COOKIE" { "; " } else { ", " }));
        }
    }
    let refusal = add_path(event, &mut variables).or_else(|| refused_method(event.method()));
    (variables, refusal)
}

/// Adds the path of the URL: decoded as the RFC requires, and as the client sent it in REQUEST_URI.
fn add_path(event: &Event, variables: &mut Variables) -> Option<&'static str> {
    let path = event.path();
    let [prefix, rest] = [path.prefix, path.rest].map(|part| percent_decode_str(part).collect::<Vec<u8>>());
    let mut uri = legal(path.prefix) + &legal(path.rest);
    let query = event.query();
    if !query.is_empty() {
        uri = uri + "?" + &query;
    }
    let refusal = refused_path(&rest);
    for (name, value) in [("SCRIPT_NAME", prefix), ("PATH_INFO", rest), ("REQUEST_URI", uri.into_bytes())] {
        variables.push((name.to_owned(), clean(&value)));
    }
    refusal
}

/// Refuses paths that are dangerous for handlers that open files by the path or print it in a header. Web servers refuse them too.
fn refused_path(path: &[u8]) -> Option<&'static str> {
    if path.iter().any(|byte| [0, b'\r', b'\n'].contains(byte)) {
        return Some("the path has a NUL, CR or LF byte");
    }
    path.split(|byte| *byte == b'/').any(|segment| segment == b"..").then_some("the path has a `..` segment")
}

fn refused_method(method: &str) -> Option<&'static str> {
    let is_token = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (!is_token).then_some("the method is not an HTTP method")
}

/// The request's headers; in payload format 2.0 its cookies stand beside them.
fn headers(event: &Event) -> Headers<'_> {
    let mut headers = Headers::new();
    for (name, values) in event.headers() {
        headers.entry(name.to_ascii_lowercase()).or_default().extend(values);
    }
    let cookies = event.cookies();
    if !cookies.is_empty() {
        headers.insert("cookie".to_owned(), cookies);
    }
    headers
}

/// The variable of a header. A name with characters other than letters, digits and dashes has no variable: `x_y` would look like `x-y`.
fn variable_of(name: &str) -> Option<String> {
    let is_plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (is_plain && !NEVER.contains(&name)).then(|| format!("HTTP_{}", name.to_ascii_uppercase().replace('-', "_")))
}

fn server(event: &Event, headers: &Headers, set: &mut impl FnMut(&str, &str)) {
    let is_load_balancer = matches!(event.form, Form::LoadBalancer { .. });
    let scheme = match last(headers, "x-forwarded-proto") {
        Some(scheme) => scheme.to_ascii_lowercase(),
        None => if is_load_balancer { "http" } else { "https" }.to_owned(),
    };
    let host = event.text("/requestContext/domainName").or_else(|| last(headers, "host")).unwrap_or_default();
    let (name, port) = name_and_port(host);
    let is_https = scheme == "https";
    let port = last(headers, "x-forwarded-port").filter(|port| is_port(port)).or(port);
    let protocol = match event.form {
        Form::Version2 => event.text("/requestContext/http/protocol"),
        Form::Version1 => event.text("/requestContext/protocol"),
        Form::LoadBalancer { .. } => None,
    };
    set("SERVER_NAME", name);
    set("SERVER_PORT", port.unwrap_or(if is_https { "443" } else { "80" }));
    set("SERVER_PROTOCOL", protocol.filter(|protocol| protocol.starts_with("HTTP/")).unwrap_or("HTTP/1.1"));
    set("REQUEST_SCHEME", if is_https { "https" } else { "http" });
    if is_https {
        set("HTTPS", "on");
    }
}

/// The name and the port in `host`, which may come from a client's header. An invalid name becomes `localhost`.
fn name_and_port(host: &str) -> (&str, Option<&str>) {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if is_port(port) => (name, Some(port)),
        Some(_) | None => (host, None),
    };
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(is_of_a_host);
    if is_name(name) { (name, port) } else { ("localhost", port) }
}

fn is_of_a_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte)
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

/// A load balancer adds the client's address at the end of X-Forwarded-For; what stands before may be the client's own.
fn remote_address(event: &Event, headers: &Headers) -> String {
    let address = match event.form {
        Form::Version2 => event.text("/requestContext/http/sourceIp"),
        Form::Version1 => event.text("/requestContext/identity/sourceIp"),
        Form::LoadBalancer { .. } => last(headers, "x-forwarded-for"),
    };
    let text = address.unwrap_or_default().trim();
    let parsed: Option<IpAddr> =
        text.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()));
    parsed.map_or_else(|| NO_ADDRESS.to_owned(), |address| address.to_string())
}

/// The last element of a header with a list.
fn last<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    let value = headers.get(name)?.last()?;
    value.rsplit(',').next().map(str::trim).filter(|element| !element.is_empty())
}

/// Replaces each NUL, CR and LF by a blank, as RFC 9110 (section 5.5) allows. A variable cannot hold a NUL, and a handler may print a value
/// in a header, where a line break would begin another header.
fn clean(value: &[u8]) -> Vec<u8> {
    value.iter().map(|byte| if [0, b'\r', b'\n'].contains(byte) { b' ' } else { *byte }).collect()
}

#[cfg(test)]
mod tests;
