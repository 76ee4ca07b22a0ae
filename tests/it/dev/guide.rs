//! handlers/DEVELOPING.md and TROUBLESHOOTING.md: the commands and scripts that they show work.

use std::path::Path;
use std::process::Stdio;

use crate::support::program::{InvokeTest, Ran, coshell};
use crate::support::skip::no_namespaces;

const GUIDE: &str = include_str!("../../../handlers/DEVELOPING.md");
const TROUBLESHOOTING: &str = include_str!("../../../TROUBLESHOOTING.md");

fn run(folder: &Path, line: &str) {
    let mut command = coshell();
    command.current_dir(folder).args(line.split_whitespace()).stdin(Stdio::null());
    Ran::from(command.output().unwrap()).assert_status(0);
}

#[test]
fn the_workflow_runs_on_a_new_function() {
    let workflow = GUIDE.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    assert!(workflow.lines().count() <= 10, "{workflow}");
    let lines: Vec<&str> = workflow.lines().filter_map(|line| line.trim().strip_prefix("- run: coshell ")).collect();
    let commands: Vec<&str> = lines.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(commands, ["check", "test", "package"]);
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), "init hello");
    let function = folder.path().join("hello");
    lines.iter().for_each(|line| run(&function, line));
    assert!(function.join("report.xml").is_file() && function.join("function.zip").is_file());
}

#[test]
fn the_shown_warning_about_a_queue_is_what_invoke_prints() {
    let warning = GUIDE.lines().find_map(|line| line.trim().strip_prefix("warning: ")).unwrap();
    let test = InvokeTest::of_script("handler() { :; }").with_own_runtime();
    test.with(&["--sample", "sqs"]).run().assert_status(0).assert_stderr_has(&format!("warning: {warning}\n"));
}

#[test]
fn the_lines_that_empty_tmp_do_so_on_lambda_and_keep_the_folder_of_the_runtime() {
    if no_namespaces() {
        return;
    }
    let lines = TROUBLESHOOTING.split("```bash\n").nth(1).unwrap().split("```").next().unwrap();
    let script = format!(
        "handler() {{ {lines}\nmkdir /tmp/work /tmp/.hidden; ln -s /var/task/data /tmp/link; ls -A /var/task/data; }}"
    );
    for channel in ["proc", "fifo"] {
        let test = InvokeTest::of_script(&script).with_own_runtime();
        std::fs::create_dir(test.folder.path().join("data")).unwrap();
        std::fs::write(test.folder.path().join("data/kept"), "").unwrap();
        let channel = format!("COSHELL_CHANNEL={channel}");
        let ran = test.with(&["--sandbox", "--repeat", "3", "--env", &channel]).run().assert_status(0);
        ran.assert_stdout("kept").assert_stderr_has("3 events: 3 succeeded");
    }
}

#[test]
fn every_variable_that_replaces_a_field_of_the_context_is_set() {
    let table = TROUBLESHOOTING.split("| context in Python").nth(1).unwrap().split("\n\n").next().unwrap();
    let names: Vec<&str> =
        table.split('$').filter_map(|text| text.split(|c: char| !c.is_ascii_uppercase() && c != '_').next()).collect();
    let wanted: Vec<&&str> = names.iter().filter(|name| name.len() > 4).collect();
    assert!(wanted.len() >= 7, "{names:?}");
    let script = format!(
        "handler() {{ local name; for name in {}; do : \"${{!name}}\"; done; echo \"$((LAMBDA_RUNTIME_DEADLINE_MS - $(date +%s%3N)))\"; }}",
        wanted.iter().map(|name| **name).collect::<Vec<_>>().join(" ")
    );
    let ran = InvokeTest::of_script(&script).with_own_runtime().with(&["--timeout", "60"]).run().assert_status(0);
    let left: u64 = String::from_utf8(ran.stdout).unwrap().trim().parse().unwrap();
    assert!(left <= 60_000, "{left}");
}

#[test]
fn every_good_guess_has_versions_and_a_finding_that_shows_it() {
    let page = include_str!("../../../handlers/GOOD-GUESSES.md");
    let cells =
        |row: &str| row.split(" | ").map(|cell| cell.trim_matches(['|', ' ']).to_owned()).collect::<Vec<String>>();
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| --- ") && !line.contains("| finding |"));
    let rows: Vec<Vec<String>> = rows.map(cells).collect();
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/findings"));
    for row in &rows {
        assert_eq!(row.len(), 4, "{row:?}");
        assert!(row[2].contains(|c: char| c.is_ascii_digit()), "no version: {row:?}");
        let name = row[3].trim_matches('`');
        let finding = std::fs::read_to_string(folder.join(name).with_extension("sh")).unwrap();
        for part in ["# Guess: ", "# So:    ", "# Seen:  "] {
            assert!(finding.contains(&format!("\n{part}")), "no {part:?} in {name}");
        }
    }
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    for name in names.filter(|path| path.extension().is_some_and(|ending| ending == "sh")) {
        let name = format!("`{}`", name.file_stem().unwrap().to_str().unwrap());
        assert!(rows.iter().any(|row| row[3] == name), "{name} is not on the page");
    }
}
