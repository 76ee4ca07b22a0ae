//! Puts the findings in order: what comments silence, and what says the same twice, is left out.

use std::collections::BTreeSet;

use super::code::Code;
use super::finding::{Finding, Severity};
use super::handler::Checked;
use super::ignore;
use crate::lambda::base_image::command_at;

impl Checked<'_> {
    /// The findings that no comment silences, in the order of their places.
    pub(super) fn into_findings(self) -> Vec<Finding> {
        let files: Vec<String> = self.visited.iter().map(|path| self.shown(path)).collect();
        let missing = self.missing;
        let mut findings = ignore::apply(self.findings, files);
        findings.sort();
        findings.dedup();
        let hidden: Vec<(String, Option<u32>)> = findings
            .iter()
            .filter(|finding| finding.code == Code::HiddenStatus)
            .map(|finding| (finding.file.clone(), finding.position.map(|position| position.line)))
            .collect();
        findings.retain(|finding| {
            // shellcheck's SC2155 says the same as `hidden-status`.
            let is_twin = finding.code == Code::Shellcheck && finding.message.contains("SC2155:");
            !(is_twin && hidden.contains(&(finding.file.clone(), finding.position.map(|position| position.line))))
        });
        merge_interpreters(&mut findings, &missing);
        findings
    }
}

/// Leaves out that an interpreter is missing where another finding says the same of the command, and names the program there.
fn merge_interpreters(findings: &mut Vec<Finding>, missing: &BTreeSet<String>) {
    for command in missing {
        let runs = |finding: &Finding| {
            let by = finding.message.split("is run by `").nth(1).and_then(|rest| rest.split('`').next());
            finding.code == Code::BrokenProgram && by.is_some_and(|by| command_at(by).unwrap_or(by) == command)
        };
        let programs: Vec<String> =
            findings.iter().filter(|finding| runs(finding)).map(|finding| format!("`{}`", finding.file)).collect();
        let opening = format!("`{command}` is not on");
        let call = findings.iter_mut().find(|finding| {
            finding.code == Code::MissingCommand
                && finding.severity == Severity::Error
                && finding.message.starts_with(&opening)
        });
        if let Some(call) = call.filter(|_| !programs.is_empty()) {
            call.message = format!("{}; it is the interpreter of {} too", call.message, programs.join(", "));
            findings.retain(|finding| !runs(finding));
        }
    }
}
