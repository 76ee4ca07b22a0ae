//! The road of AWS's tutorial, walked as handlers/deploy/README.md tells it: the page's own commands, with the real AWS CLI, moto in AWS's
//! place, and the zips as they were uploaded under the real emulator.

mod durable;
mod emulate;
mod five_minutes;
mod guide;
mod image;
mod mask;
mod metadata;
mod model;
mod moto;
mod probe;
mod recorded;
mod recorder;
mod templates;
mod terminal;
mod transcript;
mod venv;

use terminal::Terminal;
use transcript::Transcript;

use crate::support::skip::{emulator, no_namespaces};

/// What the tutorial has the AWS CLI do, in its order. Its role is made by hand, in the console.
const TUTORIAL: [&str; 15] = [
    "aws --version",
    "aws iam create-role",
    "aws lambda create-function",
    "aws lambda invoke",
    "aws lambda publish-layer-version",
    "aws lambda update-function-configuration",
    "aws lambda update-function-code",
    "aws lambda invoke",
    "aws lambda publish-layer-version",
    "aws lambda update-function-configuration",
    "aws lambda invoke",
    "aws lambda add-layer-version-permission",
    "aws lambda delete-layer-version",
    "aws lambda delete-layer-version",
    "aws lambda delete-function",
];

/// One walk for all claims: it takes half a minute.
#[test]
fn the_guides_commands_give_what_it_shows_and_aws_has_what_was_packaged() {
    if no_place_for_zips() {
        return;
    }
    let Some(terminal) = Terminal::open() else { return };
    let (told, transcript) = guide::walk(&guide::GUIDE, &terminal);
    transcript.has_in_order(&TUTORIAL);
    the_function_is_what_was_packaged(&terminal, &transcript);
    the_layers_are_what_was_packaged(&terminal, &transcript);
    the_function_uses_the_layers(&transcript);
    it_answers_under_the_emulator(&transcript);
    the_environment_is_in_the_log(&transcript);
    anyone_may_use_the_layer(&transcript);
    nothing_is_left(&transcript);
    the_alias_goes_back(&terminal, &transcript);
    told.assert_is_shown();
}

/// Whether the zips of a page cannot be run here; says so.
fn no_place_for_zips() -> bool {
    if cfg!(not(target_arch = "x86_64")) {
        eprintln!("skip: the guides make zips for x86_64, and run them");
        return true;
    }
    no_namespaces() || emulator().is_none()
}

fn the_function_is_what_was_packaged(terminal: &Terminal, transcript: &Transcript) {
    let zip = terminal.zip("function.zip");
    let printed = transcript.output("coshell package handlers/echo -o function.zip", 0);
    assert!(printed.contains(&format!("CodeSha256  {}\n", zip.code_sha256)), "{printed}");
    let created = transcript.json("aws lambda create-function", 0);
    assert_eq!(created["CodeSha256"], zip.code_sha256, "{created}");
    assert_eq!(created["CodeSize"], zip.bytes, "{created}");
    assert_eq!(created["Runtime"], "provided.al2023", "{created}");
    assert_eq!(zip.files.mode("bootstrap"), 0o755);

    let zip = terminal.zip("function-only.zip");
    let updated = transcript.json("aws lambda update-function-code", 0);
    assert_eq!(updated["CodeSha256"], zip.code_sha256, "{updated}");
    assert_eq!(updated["CodeSize"], zip.bytes, "{updated}");
    let names = zip.files.names();
    assert!(names.contains(&"function.sh") && !names.contains(&"bootstrap"), "{names:?}");
}

fn the_layers_are_what_was_packaged(terminal: &Terminal, transcript: &Transcript) {
    for (index, name) in ["runtime.zip", "runtime-2.zip"].into_iter().enumerate() {
        let zip = terminal.zip(name);
        let published = transcript.json("aws lambda publish-layer-version", index);
        assert_eq!(published["Content"]["CodeSha256"], zip.code_sha256, "{published}");
        assert_eq!(published["Content"]["CodeSize"], zip.bytes, "{published}");
        assert_eq!(published["Version"], index + 1, "{published}");
        assert_eq!(zip.files.mode("bootstrap"), 0o755);
    }
    let versions = transcript.json("aws lambda list-layer-versions", 0);
    let versions: Vec<_> = versions.as_array().unwrap().iter().map(|version| version["Version"].as_u64()).collect();
    assert_eq!(versions, [Some(2), Some(1)]);
}

fn the_function_uses_the_layers(transcript: &Transcript) {
    for version in 1..=2 {
        let layer = format!("arn:aws:lambda:us-west-2:123456789012:layer:bash-runtime:{version}");
        let updated = transcript.json("aws lambda update-function-configuration", version - 1);
        assert_eq!(updated["Layers"][0]["Arn"], layer, "{updated}");
    }
}

fn it_answers_under_the_emulator(transcript: &Transcript) {
    for index in 0..3 {
        let invoked = transcript.output("aws lambda invoke", index);
        assert!(invoked.contains("\"StatusCode\": 200"), "{invoked}");
        assert_eq!(transcript.output("cat response.txt", index), "Echoing request: '{\"text\":\"Hello\"}'\n");
    }
}

fn the_environment_is_in_the_log(transcript: &Transcript) {
    let log = transcript.output("COSHELL_LOG_ENV=1", 1);
    for line in ["LAMBDA_TASK_ROOT=/var/task", "_HANDLER=function.handler", "AWS_SECRET_ACCESS_KEY=***"] {
        assert!(log.lines().any(|there| there == line), "no {line} in {log}");
    }
}

fn anyone_may_use_the_layer(transcript: &Transcript) {
    let policy = transcript.json("aws lambda get-layer-version-policy", 0);
    let statement = &policy["Statement"][0];
    assert_eq!(statement["Principal"], "*", "{policy}");
    assert_eq!(statement["Action"], "lambda:GetLayerVersion", "{policy}");
    let layer = "arn:aws:lambda:us-west-2:123456789012:layer:bash-runtime:2";
    assert_eq!(statement["Resource"], layer, "{policy}");
}

fn nothing_is_left(transcript: &Transcript) {
    for left in ["aws lambda list-layers", "aws lambda list-functions"] {
        assert_eq!(transcript.json(left, 0), serde_json::json!([]));
    }
}

fn the_alias_goes_back(terminal: &Terminal, transcript: &Transcript) {
    let [good, bad] = ["function.zip", "failing.zip"].map(|name| terminal.zip(name).code_sha256);
    let released = transcript.json("aws lambda create-function", 1);
    assert_eq!((&released["Version"], &released["CodeSha256"]), (&"1".into(), &good.clone().into()));
    let next = transcript.json("aws lambda update-function-code", 1);
    assert_eq!((&next["Version"], &next["CodeSha256"]), (&"2".into(), &bad.into()));
    for (index, version) in ["2", "1"].into_iter().enumerate() {
        assert_eq!(transcript.json("aws lambda update-alias", index), version);
    }
    assert_eq!(transcript.json("aws lambda get-function-configuration", 0), good);
}
