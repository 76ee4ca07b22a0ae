use super::*;

const VERSION_2: Reply = Reply { form: Form::Version2, is_head: false };
const VERSION_1: Reply = Reply { form: Form::Version1, is_head: false };
const MULTI_VALUE: Reply = Reply { form: Form::LoadBalancer { multi_value: true }, is_head: false };
const SINGLE_VALUE: Reply = Reply { form: Form::LoadBalancer { multi_value: false }, is_head: false };
const HEAD: Reply = Reply { form: Form::Version2, is_head: true };

fn of(output: &[u8], reply: Reply) -> Result<Value, String> {
    let response = lambda_response(output, output.len() as u64, reply).map_err(|failure| failure.to_string())?;
    Ok(serde_json::from_slice(&response).unwrap())
}

#[test]
fn headers_and_cookies_take_the_form_of_the_event() {
    let output =
        b"Status: 201 Created\nSet-Cookie: a=1\nContent-Type: text/plain\nset-cookie: b=2\nX-A: 1\nx-a: 2\n\nhi\n";
    let headers = json!({ "Content-Type": "text/plain", "X-A": "1, 2" });
    let version_2 = json!({ "statusCode": 201, "headers": headers, "cookies": ["a=1", "b=2"], "body": "hi\n", "isBase64Encoded": false });
    assert_eq!(of(output, VERSION_2).unwrap(), version_2);
    let lists = json!({ "Set-Cookie": ["a=1", "b=2"], "X-A": ["1", "2"] });
    let version_1 = json!({ "statusCode": 201, "headers": { "Content-Type": "text/plain" }, "multiValueHeaders": lists,
        "body": "hi\n", "isBase64Encoded": false });
    assert_eq!(of(output, VERSION_1).unwrap(), version_1);
    let lists = json!({ "Content-Type": ["text/plain"], "Set-Cookie": ["a=1", "b=2"], "X-A": ["1", "2"] });
    let multi_value = json!({ "statusCode": 201, "statusDescription": "201 Created", "multiValueHeaders": lists,
        "body": "hi\n", "isBase64Encoded": false });
    assert_eq!(of(output, MULTI_VALUE).unwrap(), multi_value);
    assert!(of(output, SINGLE_VALUE).unwrap_err().contains("`lambda.multi_value_headers.enabled`"));
    let one = of(b"Content-Type: a/b\nSet-Cookie: a=1\nX-A: 1\nX-A: 2\n\n", SINGLE_VALUE).unwrap();
    assert_eq!(one["headers"], json!({ "Content-Type": "a/b", "Set-Cookie": "a=1", "X-A": "1, 2" }));
}

#[test]
fn a_body_is_base64_unless_its_type_and_its_bytes_are_text() {
    let table: [(&str, &[u8], &str, bool); 10] = [
        ("text/html", b"\xc3\xa9\0\r\n\n", "\u{e9}\0\r\n\n", false),
        ("text/html; charset=iso-8859-1", b"\xe9", "6Q==", true),
        ("application/json", b"{}", "{}", false),
        ("APPLICATION/JSON ; charset=utf-8", b"{}", "{}", false),
        ("application/vnd.api+json", b"{}", "{}", false),
        ("image/svg+xml", b"<svg/>", "<svg/>", false),
        ("image/png", b"PNG", "UE5H", true),
        ("application/x-git-upload-pack-result", b"0000", "MDAwMA==", true),
        ("image/png", b"", "", false),
        ("text/plain\nContent-Encoding: gzip", b"x", "eA==", true),
    ];
    for (content_type, body, sent, is_binary) in table {
        let output = [format!("Content-Type: {content_type}\r\n\r\n").as_bytes(), body].concat();
        let response = of(&output, VERSION_2).unwrap();
        assert_eq!(
            (&response["body"], &response["isBase64Encoded"]),
            (&json!(sent), &json!(is_binary)),
            "{content_type}"
        );
    }
}

#[test]
fn no_body_follows_a_head_request_a_204_or_a_304() {
    for (output, reply) in [
        (&b"Content-Type: a/b\n\nbody"[..], HEAD),
        (b"Status: 204 No Content\n\nbody", VERSION_2),
        (b"Status: 304 Not Modified\nETag: \"a\"\n\nbody", VERSION_2),
        (b"Location: https://example.com/\n\n\n\n", VERSION_2),
        (b"Status: 200\n\n", VERSION_2),
    ] {
        assert_eq!(of(output, reply).unwrap()["body"], "", "{}", String::from_utf8_lossy(output));
    }
    assert!(of(b"Status: 200\n\nbody", VERSION_2).unwrap_err().contains("a body and no Content-Type"));
    assert!(of(b"Location: /\n\nbody", VERSION_2).unwrap_err().contains("a body and no Content-Type"));
}

#[test]
fn what_is_more_than_the_caller_takes_is_refused_with_its_limit() {
    let output = |bytes: usize| [b"Content-Type: text/plain\n\n", "x".repeat(bytes).as_bytes()].concat();
    assert!(of(&output(6 * 1024 * 1024), VERSION_2).is_ok());
    assert!(of(&output(6 * 1024 * 1024 + 100), VERSION_2).unwrap_err().contains("6 MiB and 100 bytes"));
    assert!(of(&output(1024 * 1024), SINGLE_VALUE).unwrap_err().contains("a load balancer takes at most 1 MiB"));
    let binary = [b"Content-Type: image/png\n\n", "x".repeat(5_000_000).as_bytes()].concat();
    assert!(of(&binary, VERSION_2).unwrap_err().contains("the response has 6666"));
    let cut = lambda_response(b"Content-Type: text/plain\n\nx", 7_000_000, VERSION_2).unwrap_err();
    assert!(cut.to_string().contains("7000000 bytes"), "{cut}");
}

#[test]
fn a_refused_request_is_answered_with_400() {
    let response = of(bad_request("the path has a `..` segment").as_bytes(), VERSION_2).unwrap();
    assert_eq!(
        (&response["statusCode"], &response["body"]),
        (&json!(400), &json!("Bad request: the path has a `..` segment\n"))
    );
}
