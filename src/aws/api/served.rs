//! Writes the list of the calls that this program serves, for `coshell check`: src/cli/check/rules/aws_calls.tsv.

use std::path::Path;

use super::table::{TABLES, Table};
use super::wait::Waiter;
use crate::aws::failure::Failure;
use crate::aws::globals::Globals;
use crate::aws::s3;

/// The options of the AWS CLI that every command takes.
const GLOBALS: [&str; 18] = [
    "ca-bundle",
    "cli-auto-prompt",
    "cli-binary-format",
    "cli-connect-timeout",
    "cli-read-timeout",
    "color",
    "debug",
    "endpoint-url",
    "no-cli-auto-prompt",
    "no-cli-pager",
    "no-paginate",
    "no-sign-request",
    "no-verify-ssl",
    "output",
    "profile",
    "query",
    "region",
    "version",
];

/// How the list names an option that every command takes: with a `=` where it takes a value. `None` where this program does not serve it.
fn listed(name: &str) -> Option<String> {
    let option = format!("--{name}");
    let takes_value = match Globals::take(&[option.clone(), "json".to_owned()]) {
        Ok((_, others)) if others.contains(&option) => return None,
        Ok((_, others)) => others.is_empty(),
        Err(Failure::Unserved(_)) => return None,
        Err(_) => true, // `json` is a wrong value
    };
    Some(if takes_value { format!("{name}=") } else { name.to_owned() })
}

fn operations() -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for text in TABLES {
        let service = text.split('\t').nth(1).unwrap();
        let table = Table::find(service).unwrap();
        let named =
            |kind: &'static str| text.lines().filter_map(move |line| line.strip_prefix(kind)?.split('\t').nth(1));
        let waited = named("waiter").map(|state| {
            let operation = Waiter::find(&table, state).unwrap().operation;
            (format!("wait {state}"), table.operation(operation).unwrap())
        });
        let called = named("operation").map(|name| (name.to_owned(), table.operation(name).unwrap()));
        for (command, operation) in called.chain(waited) {
            let mut options: Vec<String> =
                operation.arguments.iter().map(|argument| argument.name.to_owned()).collect();
            options.push("cli-input-json".to_owned());
            if operation.paginator.is_some() {
                options.extend(["max-items", "page-size", "starting-token"].map(str::to_owned));
            }
            found.push((format!("{service} {command}"), options));
        }
    }
    found
}

#[test]
fn coshell_check_has_the_list_of_served_calls() {
    let mut calls = vec![(String::new(), GLOBALS.into_iter().filter_map(listed).collect())];
    calls.push(("configure get".to_owned(), Vec::new()));
    calls.push(("configure set".to_owned(), Vec::new()));
    calls.extend(s3::served());
    calls.extend(operations());
    calls.sort();
    let lines = calls.into_iter().map(|(command, mut options)| {
        options.sort();
        format!("{command}\t{}\n", options.join(" "))
    });
    let list: String = lines.collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/check/rules/aws_calls.tsv");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &list).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap_or_default() == list,
        "UPDATE_GOLDEN=1 cargo test --features aws --lib served writes {}",
        path.display()
    );
}
