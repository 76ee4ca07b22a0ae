//! handlers/DURABLE.md: its scripts and its commands.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use super::guide::{DURABLE, LOCAL_RUNNER, walk};
use super::terminal::Terminal;
use crate::support::program::{Ran, coshell};
use crate::support::skip::{cannot, skip};

#[test]
fn the_pages_commands_give_what_it_shows_from_the_script_to_the_test() {
    if cannot("jq", &["--version"]) {
        return;
    }
    // The commands of this part call no service.
    let Some(terminal) = Terminal::at(SocketAddr::from(([127, 0, 0, 1], 1))) else { return };
    for (name, text) in DURABLE.scripts() {
        terminal.write(&name, &text);
    }
    let (told, transcript) = walk(&DURABLE, &terminal);
    assert_eq!(transcript.output("approval=Grace", 0).matches("InvocationCompleted").count(), 3);
    told.assert_is_shown();
}

#[test]
fn the_pages_commands_run_the_example_on_awss_local_runner_with_an_answered_callback() {
    let tools = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/durable-venv/bin");
    if !Path::new(tools).join("dex-local-runner").exists() {
        return skip("AWS's local runner is not there: tests/run --with-aws brings it");
    }
    if cannot("curl", &["--version"]) || cannot("jq", &["--version"]) {
        return;
    }
    let Some(terminal) = Terminal::at(SocketAddr::from(([127, 0, 0, 1], 1))) else { return };
    let blocks = LOCAL_RUNNER.blocks();
    let [servers, start, answer] = &blocks[..] else { panic!("{blocks:?}") };
    let (pip, servers) = servers.split_once('\n').unwrap();
    assert!(pip.starts_with("pip install aws-durable-execution-sdk-python-testing=="), "{pip}");
    let (callback, questions) = answer.split_once('\n').unwrap();
    let free = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let [ours, runners] = free.map(|listener| listener.local_addr().unwrap().port().to_string());
    // The reader waits for the servers, and copies the ARN and the id.
    let script = format!(
        "PATH=$PATH:{tools}; exec 2>&1; trap 'kill $(jobs -p)' EXIT
{{ {servers} }} >log 2>&1
until_it() {{ for _ in {{1..300}}; do if \"$@\"; then return; fi; sleep 0.1; done; cat log; return 1; }}
listens() {{ (exec 3<>\"/dev/tcp/127.0.0.1/$1\") 2>/dev/null; }}
until_it listens 9000; until_it listens 5000
ARN=$({{ {start} }} | jq -r .ExecutionArn)
until_it grep -q 'goes to' log
ID=$(grep -o 'goes to .*' log | cut -d ' ' -f 3); ID=${{ID//=/%3D}}
{callback}
has_ended() {{ ! dex-local-runner get-durable-execution --durable-execution-arn \"$ARN\" | grep -q RUNNING; }}
until_it has_ended
{questions}"
    );
    let script = script.replace("9000", &ours).replace("5000", &runners);
    let script = script.replace("/ID/", "/$ID/").replace("-arn ARN", "-arn \"$ARN\"");
    let printed = terminal.run(&script);
    let result = r#""Result": "{\"order\":\"A-17\",\"approver\":\"Grace\",\"payment\":\"payment-A-17\"}""#;
    assert!(printed.contains("\"Status\": \"SUCCEEDED\"") && printed.contains(result), "{printed}");
    assert_eq!(printed.matches("\"EventType\": \"StepFailed\"").count(), 1, "{printed}");
}

#[test]
fn coshell_check_has_nothing_to_say_about_the_pages_scripts() {
    let folder = tempfile::tempdir().unwrap();
    let scripts = DURABLE.scripts();
    assert!(scripts.len() > 3, "{scripts:?}");
    for (name, text) in scripts {
        let path = folder.path().join(&name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        let ran = coshell().arg("check").arg(path.parent().unwrap()).args(["--have", "jq"]).output().unwrap();
        let printed = String::from_utf8_lossy(&Ran::from(ran).assert_status(0).stdout).into_owned();
        assert!(!printed.contains("durable"), "{name}: {printed}");
    }
}

/// The runtime's source, which the page explains.
const PARSER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/runtime/durable");

#[test]
fn the_page_names_every_operation_and_option() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("handlers/DURABLE.md")).unwrap();
    let sources: String =
        ["words.rs", "parse.rs"].map(|file| fs::read_to_string(format!("{PARSER}/{file}")).unwrap()).concat();
    let quoted = |begin: &str| -> Vec<String> {
        let opening = format!("\"{begin}");
        let parts = sources.split(&opening).skip(1).filter_map(|part| part.split('"').next());
        let is_name =
            |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        parts.filter(|name| is_name(name)).map(|name| format!("{begin}{name}")).collect()
    };
    let options = quoted("--");
    assert!(options.len() > 10, "{options:?}");
    for option in options {
        assert!(page.contains(&format!("`{option}")), "{option}");
    }
    let verbs: Vec<&str> =
        sources.split("\"durable ").skip(1).filter_map(|part| part.split([' ', '"']).next()).collect();
    assert!(verbs.len() > 10, "{verbs:?}");
    for verb in verbs {
        assert!(page.contains(&format!("| `durable {verb}")), "{verb}");
    }
}
