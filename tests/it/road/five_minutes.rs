//! The README's section "On AWS in five minutes": a released layer, a function on it, and a handler that fails.

use std::path::Path;

use super::guide::{FIVE_MINUTES, walk};
use super::terminal::Terminal;
use crate::support::skip::skip;

const LAYER: &str = "dist/coshell-runtime-x86_64.zip";

#[test]
fn the_readmes_five_minutes_give_what_they_show() {
    if super::no_place_for_zips() {
        return;
    }
    if !Path::new(env!("CARGO_MANIFEST_DIR")).join(LAYER).is_file() {
        return skip(&format!("`{LAYER}` is not there: .ci/release --install --no-tools x86_64 makes it"));
    }
    let Some(terminal) = Terminal::open() else { return };
    terminal.run("aws iam create-role --role-name lambda-role --assume-role-policy-document '{}'");
    let (told, transcript) = walk(&FIVE_MINUTES, &terminal);
    let in_order = ["sha256sum", "publish-layer-version", "create-function", "aws lambda invoke", "aws lambda invoke"];
    transcript.has_in_order(&in_order);
    let created = transcript.json("aws lambda create-function", 0);
    assert_eq!(created["CodeSha256"], terminal.zip("echo.zip").code_sha256, "{created}");
    assert_eq!(created["Layers"][0]["CodeSize"], terminal.zip(LAYER).bytes, "{created}");
    assert_eq!(transcript.output("cat response.txt", 0), "Echoing request: '{\"text\":\"Hello\"}'\n");
    let report = transcript.json("jq . response.txt", 0);
    assert_eq!(report["errorType"], "Function.ExitStatus", "{report}");
    assert_eq!(report["stackTrace"].as_array().map(Vec::len), Some(3), "{report}");
    told.assert_is_shown();
}
