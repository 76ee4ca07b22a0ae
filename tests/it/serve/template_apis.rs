//! `coshell serve --template --url-port`: the paths of a template's APIs, and its function URLs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::support::serving::{Serve, Serving};
use crate::support::wire::{Answer, Wire};

/// Keeps the event, and answers with the function's name.
const ANSWERS: &str =
    r#"handler() { printf '%s' "$1" >event; echo "{\"statusCode\":200,\"body\":\"$AWS_LAMBDA_FUNCTION_NAME\"}"; }"#;

fn function(name: &str, properties: &str) -> String {
    format!(
        "  {name}:\n    Type: AWS::Serverless::Function\n    Properties:\n      Runtime: provided.al2023\n      Handler: function.handler\n\
         \x20     CodeUri: {name}/\n      Timeout: 60\n{properties}"
    )
}

fn event(name: &str, api: &str, method: &str, path: &str) -> String {
    format!("        {name}: {{Type: {api}, Properties: {{Method: {method}, Path: '{path}'}}}}\n")
}

fn serve(functions: &[(&str, String)]) -> Serving {
    let template = functions.iter().map(|(name, properties)| function(name, properties)).collect::<String>();
    let scripts: Vec<(&str, &str)> = functions.iter().map(|(name, _)| (*name, ANSWERS)).collect();
    Serve::template(&format!("Resources:\n{template}"), &scripts).with(&["--url-port", "0"]).start()
}

/// The address that is printed after `service`.
fn host(serving: &Serving, service: &str) -> String {
    let words = format!("{service} on http://");
    let said = serving.stderr_with(&words);
    said.split(&words).nth(1).unwrap().split('/').next().unwrap().to_owned()
}

/// The address of the function URL of `name`.
fn host_of_url(said: &str, name: &str) -> String {
    let line = said.lines().find(|line| line.ends_with(&format!(", for `{name}`"))).unwrap();
    line.trim_start_matches("function URL on http://").split('/').next().unwrap().to_owned()
}

fn request(host: &str, method: &str, path: &str) -> Answer {
    let mut wire = Wire::connect(host.parse().unwrap()).host(host);
    wire.send_request(method, path);
    wire.answer()
}

fn event_of(serving: &Serving, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(serving.path(name).join("event")).unwrap()).unwrap()
}

#[test]
fn requests_to_an_http_api_reach_the_function_of_the_most_specific_route() {
    let orders = event("One", "HttpApi", "get", "/orders/{id}") + &event("New", "HttpApi", "ANY", "/orders/new");
    let serving = serve(&[
        ("orders", format!("      Events:\n{orders}")),
        ("rest", format!("      Events:\n{}", event("All", "HttpApi", "ANY", "/{proxy+}"))),
    ]);
    let host = host(&serving, "HTTP API");
    assert_eq!(request(&host, "GET", "/orders/a%20b?x=1").text(), "orders");
    let event = event_of(&serving, "orders");
    for (pointer, value) in [
        ("/version", json!("2.0")),
        ("/routeKey", json!("GET /orders/{id}")),
        ("/requestContext/routeKey", json!("GET /orders/{id}")),
        ("/rawPath", json!("/orders/a%20b")),
        ("/pathParameters", json!({ "id": "a b" })),
        ("/queryStringParameters", json!({ "x": "1" })),
    ] {
        assert_eq!(event.pointer(pointer), Some(&value), "{pointer} in {event}");
    }
    assert_eq!(request(&host, "GET", "/orders/new").text(), "orders");
    assert_eq!(event_of(&serving, "orders")["routeKey"], "ANY /orders/new");
    assert_eq!(request(&host, "DELETE", "/orders/1/items").text(), "rest");
    assert_eq!(event_of(&serving, "rest")["pathParameters"], json!({ "proxy": "orders/1/items" }));
    let unknown = request(&host, "GET", "/");
    assert_eq!((unknown.status, unknown.text()), (404, "{\"message\":\"Not Found\"}"));
    serving.stderr_with("GET / 404 refused: no event of the template has this method and path\n");
    serving.stderr_with("  ANY /{proxy+} -> rest\n");
    serving.stderr_with("orders | GET /orders/a%20b?x=1 200 ");
}

#[test]
fn an_http_api_event_without_a_path_takes_every_request() {
    let serving = serve(&[("all", "      Events:\n        All: {Type: HttpApi}\n".to_owned())]);
    assert_eq!(request(&host(&serving, "HTTP API"), "PUT", "/").text(), "all");
    assert_eq!(event_of(&serving, "all")["routeKey"], "$default");
}

#[test]
fn requests_to_a_rest_api_have_the_resource_and_an_unknown_path_is_403() {
    let serving = serve(&[("orders", format!("      Events:\n{}", event("One", "Api", "post", "/orders/{id}")))]);
    let host = host(&serving, "REST API");
    assert_eq!(request(&host, "POST", "/orders/7").text(), "orders");
    let event = event_of(&serving, "orders");
    for (pointer, value) in [
        ("/resource", json!("/orders/{id}")),
        ("/path", json!("/orders/7")),
        ("/httpMethod", json!("POST")),
        ("/pathParameters", json!({ "id": "7" })),
        ("/requestContext/resourcePath", json!("/orders/{id}")),
    ] {
        assert_eq!(event.pointer(pointer), Some(&value), "{pointer} in {event}");
    }
    for (method, path) in [("GET", "/orders/7"), ("POST", "/orders")] {
        let unknown = request(&host, method, path);
        assert_eq!((unknown.status, unknown.text()), (403, "{\"message\":\"Missing Authentication Token\"}"));
    }
}

#[test]
fn each_function_url_has_its_own_port() {
    let url = "      FunctionUrlConfig: {AuthType: NONE}\n".to_owned();
    let serving = serve(&[("orders", url.clone()), ("users", url)]);
    let said = serving.stderr_with("for `users`\n");
    for name in ["orders", "users"] {
        assert_eq!(request(&host_of_url(&said, name), "GET", "/any/path").text(), name);
    }
}

#[test]
fn a_function_url_streams_only_with_its_invoke_mode() {
    let script = "handler() { echo one; cat go; }";
    let streams =
        "      Environment: {Variables: {COSHELL_RESPONSE: stream}}\n      FunctionUrlConfig: {AuthType: NONE";
    let template = function("buffered", &format!("{streams}}}\n"))
        + &function("streamed", &format!("{streams}, InvokeMode: RESPONSE_STREAM}}\n"));
    let serve = Serve::template(&format!("Resources:\n{template}"), &[("buffered", script), ("streamed", script)]);
    let serving = serve.fifo("buffered/go").fifo("streamed/go").with(&["--url-port", "0"]).start();
    let said = serving.stderr_with("for `streamed`\n");
    let warning = "warning: function `buffered`: COSHELL_RESPONSE streams the response, but its function URL buffers";
    assert!(said.contains(warning) && !said.contains("function `streamed`: COSHELL_RESPONSE"), "{said}");
    let connect = |name: &str| {
        let host = host_of_url(&said, name);
        let mut client = TcpStream::connect(&host).unwrap();
        write!(client, "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        BufReader::new(client)
    };
    let mut streamed = connect("streamed");
    let mut line = String::new();
    while line.trim_end() != "one" {
        line.clear();
        assert!(streamed.read_line(&mut line).unwrap() > 0, "the stream ended before its first line");
    }
    std::fs::write(serving.path("streamed/go"), "two").unwrap();
    let mut rest = String::new();
    streamed.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("two"), "{rest}");
    let mut buffered = connect("buffered");
    std::fs::write(serving.path("buffered/go"), "two").unwrap();
    let mut answer = String::new();
    buffered.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("\r\n\r\none\ntwo") && answer.contains("ontent-"), "{answer}");
}

#[test]
fn a_url_port_without_anything_to_serve_is_refused() {
    let template = format!("Resources:\n{}", function("orders", ""));
    let serve = Serve::template(&template, &[("orders", ANSWERS)]).with(&["--url-port", "0"]);
    let output = serve.command().output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--url-port has nothing to serve"), "{output:?}");
}
