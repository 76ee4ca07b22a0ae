//! Writes the findings as SARIF 2.1.0, the format that code scanners read (OASIS, "Static Analysis Results Interchange Format").

use serde_json::{Value, json};

use super::code::Code;
use super::finding::Finding;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The log file with one run.
pub(super) fn log(findings: &[Finding]) -> Value {
    let rules: Vec<Value> = Code::ALL
        .into_iter()
        .map(|code| json!({ "id": code.name(), "shortDescription": { "text": code.meaning() } }))
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "coshell check", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": findings.iter().map(result).collect::<Vec<Value>>(),
        }],
    })
}

fn result(finding: &Finding) -> Value {
    let mut location = json!({ "artifactLocation": { "uri": uri(&finding.file) } });
    if let Some(position) = finding.position {
        location["region"] = json!({ "startLine": position.line.max(1) });
        if let Some(column) = position.column {
            location["region"]["startColumn"] = column.into();
        }
    }
    json!({
        "ruleId": finding.code.name(),
        "ruleIndex": Code::ALL.iter().position(|code| *code == finding.code),
        "level": finding.severity.name(),
        "message": { "text": finding.message },
        "locations": [{ "physicalLocation": location }],
    })
}

/// The path as a relative reference, or as a `file` URI where the path is absolute.
fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let mut uri = if path.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn a_path_is_a_uri_with_its_bytes_escaped() {
        assert_eq!(uri("./a b/ü.sh"), "a%20b/%C3%BC.sh");
        assert_eq!(uri("/x:y"), "file:///x%3Ay");
    }
}
