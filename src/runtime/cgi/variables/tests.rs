use super::*;
use serde_json::{Value, json};

fn variables(event: &Value, body_bytes: usize) -> (BTreeMap<String, String>, Option<&'static str>) {
    let event = Event::parse(event.to_string().as_bytes()).unwrap();
    let (variables, refusal) = of(&event, body_bytes);
    let count = variables.len();
    let text = |value: Vec<u8>| String::from_utf8_lossy(&value).into_owned();
    let variables: BTreeMap<_, _> = variables.into_iter().map(|(name, value)| (name, text(value))).collect();
    assert_eq!(variables.len(), count, "a name stands twice: {variables:?}");
    (variables, refusal)
}

fn version_2(change: impl FnOnce(&mut Value)) -> (BTreeMap<String, String>, Option<&'static str>) {
    let mut event = json!({
        "version": "2.0",
        "rawPath": "/a%20b",
        "rawQueryString": "x=1",
        "headers": { "host": "h.example" },
        "requestContext": {
            "domainName": "d.example",
            "http": { "method": "GET", "protocol": "HTTP/2", "sourceIp": "192.0.2.1" },
        },
    });
    change(&mut event);
    variables(&event, 0)
}

fn as_pairs(variables: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
    variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[test]
fn a_request_of_version_2_has_these_variables_and_no_others() {
    let (variables, refusal) = version_2(|_| {});
    let expected = [
        ("GATEWAY_INTERFACE", "CGI/1.1"),
        ("HTTPS", "on"),
        ("HTTP_HOST", "h.example"),
        ("PATH_INFO", "/a b"),
        ("QUERY_STRING", "x=1"),
        ("REMOTE_ADDR", "192.0.2.1"),
        ("REQUEST_METHOD", "GET"),
        ("REQUEST_SCHEME", "https"),
        ("REQUEST_URI", "/a%20b?x=1"),
        ("SCRIPT_NAME", ""),
        ("SERVER_NAME", "d.example"),
        ("SERVER_PORT", "443"),
        ("SERVER_PROTOCOL", "HTTP/2"),
        ("SERVER_SOFTWARE", SOFTWARE),
    ];
    assert_eq!((as_pairs(&variables), refusal), (expected.to_vec(), None));
}

#[test]
fn headers_that_could_do_harm_become_no_variable() {
    let (variables, _) = version_2(|event| {
        event["headers"] = json!({
            "Proxy": "evil:80", "PROXY": "evil:80", "proxy-authorization": "x", "x_forwarded_for": "1", "a b": "1", "": "1",
            "é": "1", "transfer-encoding": "chunked", "content-type": "text/plain", "content-length": "77", "X-Two": "a\r\nb\u{0}c",
        });
    });
    let kept: Vec<(&str, &str)> =
        as_pairs(&variables).into_iter().filter(|(name, _)| name.starts_with("HTTP_")).collect();
    assert_eq!(kept, [("HTTP_X_TWO", "a  b c")]);
    assert_eq!((&*variables["CONTENT_TYPE"], &*variables["CONTENT_LENGTH"]), ("text/plain", "0"));
}

#[test]
fn cookies_of_version_2_and_repeated_headers_are_joined() {
    let (variables, _) = version_2(|event| {
        event["cookies"] = json!(["a=1", "b=2"]);
        event["headers"] = json!({ "cookie": "a=1; b=2", "x-two": "a,b" });
    });
    assert_eq!((&*variables["HTTP_COOKIE"], &*variables["HTTP_X_TWO"]), ("a=1; b=2", "a,b"));
    let lists = json!({ "X-Two": ["a", "b"], "x-two": ["c"], "Cookie": ["a=1", "b=2"] });
    let event = json!({ "httpMethod": "GET", "path": "/", "headers": { "X-Two": "b" }, "multiValueHeaders": lists });
    let (variables, _) = self::variables(&event, 0);
    assert_eq!((&*variables["HTTP_COOKIE"], &*variables["HTTP_X_TWO"]), ("a=1; b=2", "a, b, c"));
}

#[test]
fn authorization_is_passed_on_only_where_no_authorizer_has_checked_it() {
    let with = |authorizer: Value| {
        version_2(|event| {
            event["headers"]["authorization"] = json!("Basic eA==");
            event["requestContext"]["authorizer"] = authorizer;
        })
        .0
    };
    assert_eq!(with(Value::Null)["HTTP_AUTHORIZATION"], "Basic eA==");
    let checked = with(json!({ "jwt": { "claims": { "sub": "ann\n" } } }));
    assert_eq!((&*checked["AUTH_TYPE"], &*checked["REMOTE_USER"]), ("Bearer", "ann "));
    assert!(!checked.contains_key("HTTP_AUTHORIZATION"), "{checked:?}");
}

#[test]
fn a_path_that_handlers_cannot_take_safely_is_refused() {
    for (path, refusal) in [
        ("/a%00b", Some("the path has a NUL, CR or LF byte")),
        ("/a%0D%0Ab", Some("the path has a NUL, CR or LF byte")),
        ("/a/../b", Some("the path has a `..` segment")),
        ("/a/%2e%2E%2fb", Some("the path has a `..` segment")),
        ("/a..b/...", None),
        ("/%zz%", None),
        ("/caf%C3%A9/%FF", None),
    ] {
        assert_eq!(version_2(|event| event["rawPath"] = json!(path)).1, refusal, "{path}");
    }
    let (_, refusal) = version_2(|event| event["requestContext"]["http"]["method"] = json!("GET /\n"));
    assert_eq!(refusal, Some("the method is not an HTTP method"));
}

#[test]
fn a_load_balancer_names_the_client_last() {
    let of = |headers: Value| {
        let event = json!({ "httpMethod": "GET", "path": "/", "headers": headers, "requestContext": { "elb": {} } });
        variables(&event, 3).0
    };
    let forwarded = json!({
        "x-forwarded-for": "10.0.0.1, 192.0.2.7:1234", "x-forwarded-proto": "https", "x-forwarded-port": "8443", "host": "h.example:1",
    });
    let variables = of(forwarded);
    for (name, value) in [
        ("REMOTE_ADDR", "192.0.2.7"),
        ("SERVER_NAME", "h.example"),
        ("SERVER_PORT", "8443"),
        ("HTTPS", "on"),
        ("CONTENT_LENGTH", "3"),
        ("SERVER_PROTOCOL", "HTTP/1.1"),
    ] {
        assert_eq!(variables[name], value, "{name}");
    }
    let bare = of(json!({ "host": "evil\"><script>", "x-forwarded-for": "me", "x-forwarded-port": "-1" }));
    let found = ["REMOTE_ADDR", "SERVER_NAME", "SERVER_PORT"].map(|name| bare[name].as_str());
    assert_eq!(found, [NO_ADDRESS, "localhost", "80"]);
    assert!(!bare.contains_key("HTTPS"));
    assert_eq!(of(json!({ "x-forwarded-for": "[2001:db8::1]:80" }))["REMOTE_ADDR"], "2001:db8::1");
}
