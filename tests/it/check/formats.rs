//! `coshell check --format`: what programs read.

use std::process::Command;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Bundle, CLEAN};
use crate::support::skip::{aws_tool, skip};

#[test]
fn sarif_has_the_members_that_the_standard_requires() {
    let bundle = Bundle::of("handler() { :; }\nx() { xargs; }\n").file("bin/a b", "#!/usr/bin/perl\n", 0o755);
    let ran = bundle.check_at("", &["--format", "sarif"]).assert_status(1);
    let log: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!((log["version"].as_str(), log["runs"].as_array().map(Vec::len)), (Some("2.1.0"), Some(1)), "{log}");
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "coshell check");
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 2, "{log}");
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(driver["rules"][index]["id"], result["ruleId"], "{result}");
        assert!(result["message"]["text"].is_string() && result["level"] == "error", "{result}");
        assert_eq!(result["locations"].as_array().map(Vec::len), Some(1), "{result}");
    }
    let place = |index: usize| &results[index]["locations"][0]["physicalLocation"];
    assert_eq!(place(0)["artifactLocation"]["uri"], "bin/a%20b", "{log}");
    assert_eq!(
        (&place(1)["artifactLocation"]["uri"], &place(1)["region"]),
        (&"function.sh".into(), &serde_json::json!({ "startLine": 2, "startColumn": 7 }))
    );
    assert_eq!(place(0)["region"], serde_json::json!({ "startLine": 1 }), "a column that is not known is left out");
}

#[test]
fn a_sound_function_has_a_log_without_results() {
    let ran = Bundle::of(CLEAN).check_at("", &["--format", "sarif"]).assert_status(0);
    let log: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(log["runs"][0]["results"], Value::Array(Vec::new()));
    Bundle::of(CLEAN)
        .check_at("", &["--format", "json"])
        .assert_status(0)
        .assert_stdout("{\"ok\":true,\"findings\":[]}\n");
    Bundle::of(CLEAN).check_at("", &["--format", "sarif", "--json"]).assert_status(2);
}

#[test]
fn json_has_the_code_of_each_finding() {
    let ran = Bundle::of("handler() { xargs; }\n").check_at("", &["--json"]).assert_status(1);
    let told: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let finding = &told["findings"][0];
    assert_eq!((&finding["check"], &finding["code"]), (&"command".into(), &"missing-command".into()), "{told}");
}

/// The official schema of SARIF 2.1.0, with errata 1 (OASIS, sarif-2.1/schema/sarif-schema-2.1.0.json of github.com/oasis-tcs/sarif-spec). `tests/run
/// --with-aws` brings the file; it is no part of this repository.
const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/sarif-schema-2.1.0.json");
const SCHEMA_SHA256: &str = "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e";
/// Prints a line for each fault; the schema is the first argument, the log the second.
const VALIDATE: &str = "
import json, sys
from jsonschema import Draft4Validator, FormatChecker
schema, log = (json.load(open(path)) for path in sys.argv[1:])
Draft4Validator.check_schema(schema)
for error in Draft4Validator(schema, format_checker=FormatChecker()).iter_errors(log):
    print(error.json_path, error.message)
";

/// The faults that the official schema finds in `log`; `None` where the schema or Python's jsonschema is missing.
fn faults_by_schema(log: &[u8]) -> Option<String> {
    let python = aws_tool("python")?;
    let Ok(schema) = std::fs::read(SCHEMA) else {
        skip(&format!("`{SCHEMA}` is not there: `tests/run --with-aws` brings it"));
        return None;
    };
    let sum: String = Sha256::digest(&schema).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(sum, SCHEMA_SHA256, "`{SCHEMA}` is not the official schema");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), log).unwrap();
    let ran = Command::new(python).args(["-c", VALIDATE, SCHEMA]).arg(file.path()).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    Some(String::from_utf8(ran.stdout).unwrap())
}

#[test]
fn sarif_is_valid_by_the_official_schema() {
    // Findings with a line and a column, with a line alone, and without either; a name that has to be escaped; a note.
    let script = "handler() {\n  jq . <(echo)\n  cat <<E\n${x:-it's}\nE\n}\n";
    let bundle = Bundle::of(script).file("bin/a b\u{e9}", "#!/usr/bin/perl\n", 0o755).file("run", "#!/bin/sh\n", 0o600);
    let ran = bundle.check_at("", &["--format", "sarif"]).assert_status(1);
    let mut log: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(log["runs"][0]["columnKind"], "unicodeCodePoints");
    let regions: Vec<&Value> = log["runs"][0]["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| &result["locations"][0]["physicalLocation"]["region"])
        .collect();
    let has = |name: &str| regions.iter().filter(|region| region[name].is_u64()).count();
    assert!(has("startColumn") > 0 && has("startLine") > has("startColumn"), "{regions:?}");
    let Some(faults) = faults_by_schema(&ran.stdout) else { return };
    assert_eq!(faults, "");
    log["runs"][0]["results"][0]["level"] = "fatal".into();
    log["runs"][0]["results"][0]["where"] = 1.into();
    let faults = faults_by_schema(log.to_string().as_bytes()).unwrap();
    assert!(faults.contains("'fatal' is not one of") && faults.contains("'where' was unexpected"), "{faults}");
}
