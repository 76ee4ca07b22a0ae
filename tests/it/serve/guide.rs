//! handlers/DEVELOPING.md: the template and the output that the guide shows.

use std::fs;

use serde_json::json;

use super::clients::client;
use crate::support::serving::Serve;
use crate::support::skip::cannot;
use crate::support::wire::Wire;

const GUIDE: &str = include_str!("../../../handlers/DEVELOPING.md");
const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");

/// The first block of this language in the section about templates.
fn block(language: &str) -> &'static str {
    let section = GUIDE.split("## Serve the functions of a template").nth(1).unwrap();
    section.split(&format!("```{language}\n")).nth(1).unwrap().split("```").next().unwrap()
}

/// The text with `:PORT` in place of each port.
fn without_ports(text: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |text, part| {
        format!("{text}127.0.0.1:PORT{}", part.trim_start_matches(|c: char| c.is_ascii_digit()))
    })
}

#[test]
fn the_template_of_the_guide_is_served_as_the_guide_shows() {
    let serve = Serve::template(block("yaml"), &[]).with(&["--url-port", "0"]);
    std::os::unix::fs::symlink(format!("{REPOSITORY}/handlers"), serve.folder.path().join("handlers")).unwrap();
    let serving = serve.start();
    let said = without_ports(&serving.stderr_with("function URL on "));
    let shown = block("console").replace("/home/me/coshell", REPOSITORY);
    let lines: Vec<&str> = shown.lines().skip(1).take_while(|line| !line.contains(" | ")).collect();
    assert!(lines.len() > 8, "{lines:?}");
    for line in lines.into_iter().map(without_ports) {
        assert!(said.contains(&format!("{line}\n")) || line.contains("aws lambda invoke"), "no {line:?} in {said}");
    }
    if cannot("jq", &["--version"]) {
        return;
    }
    let said = serving.stderr_with("HTTP API on ");
    let host = said.split("HTTP API on http://").nth(1).unwrap().split('/').next().unwrap();
    let request = |path: &str| {
        let mut wire = Wire::connect(host.parse().unwrap()).host(host);
        wire.send_request("GET", path);
        wire.answer().text().to_owned()
    };
    assert_eq!(request("/items/2"), json!({ "id": "2", "name": "teapot", "stock": 0 }).to_string());
    assert_eq!(request("/other"), "{\"message\":\"Not Found\"}");
    let Some(mut aws) = client("aws") else { return };
    let file = serving.path("response");
    aws.args(["lambda", "invoke", "--endpoint-url", &serving.url(), "--function-name", "Page", file.to_str().unwrap()]);
    let output = aws.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(fs::read_to_string(file).unwrap().contains("\"statusCode\":"), "{output:?}");
}
