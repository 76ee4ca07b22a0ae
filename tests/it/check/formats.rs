//! `coshell check --format`: what programs read.

use serde_json::Value;

use super::{Bundle, CLEAN};

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
        (&place(1)["artifactLocation"]["uri"], &place(1)["region"]["startLine"]),
        (&"function.sh".into(), &2.into())
    );
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
