//! Takes the questions that `durable` asks in Bash.

use super::FailedCommand;
use super::Surroundings;
use super::ask::Ask;
use super::operation::{ErrorObject, Identity, Kind};
use super::parse;
use super::pending::{Pending, Stage};
use super::session::{Session, Verdict};
use super::verb::Verb;
use crate::runtime::failure::shortened;

impl Session {
    pub(super) fn take_questions(&mut self, surroundings: &mut dyn Surroundings) {
        for number in 0..self.strands.len() {
            let Some(strand) = &mut self.strands[number] else { continue };
            strand.read_output();
            match strand.next_ask() {
                Ok(None) => continue,
                Ok(Some(ask)) => {
                    strand.read_output();
                    if number == 0 {
                        surroundings.read_log();
                    }
                    self.take_question(number, ask, surroundings);
                }
                Err(_) => self.fail_two_at_once(),
            }
            self.label_log(number, surroundings);
        }
    }

    fn take_question(&mut self, number: usize, ask: Ask, surroundings: &mut dyn Surroundings) {
        let Some(strand) = &mut self.strands[number] else { return };
        if strand.pending.is_none() {
            strand.key.clone_from(&ask.key);
        }
        match ask.words.first().map(String::as_str) {
            Some("ended") => {
                let status = ask.words.get(1).and_then(|status| status.parse().ok()).unwrap_or(1);
                self.end_body(number, status, &ask, surroundings);
            }
            Some("branch") => self.next_branch(number, ask.words.get(1).and_then(|pid| pid.parse().ok())),
            _ if strand.pending.is_some() => self.fail_two_at_once(),
            _ => match parse::parse(&ask.words, ask.after) {
                Err(problem) => strand.answer(&["say", "2", &format!("durable: {problem}")]),
                Ok(Verb::Replaying) => {
                    let is_repeated = self.contexts.is_repeated(strand.context().unwrap_or_default());
                    strand.answer(&["return", if is_repeated { "0" } else { "1" }]);
                }
                Ok(Verb::Error) => {
                    let error = strand.last_error.as_ref().map(ErrorObject::own_json);
                    strand.answer(&["return", if error.is_some() { "0" } else { "1" }, &error.unwrap_or_default()]);
                }
                Ok(verb) => self.begin_operation(number, verb, &ask.context),
            },
        }
    }

    fn begin_operation(&mut self, number: usize, verb: Verb, context: &str) {
        let Some(strand) = &mut self.strands[number] else { return };
        match strand.context() {
            None if context == super::IN_STEP => {
                let within = strand.bodies.last().map(|body| body.identity.words()).unwrap_or_default();
                let text =
                    format!("durable: {within} cannot contain durable operations; use `durable child` around them");
                strand.answer(&["say", "2", &text]);
                return;
            }
            current if current != Some(context) => return self.fail_two_at_once(),
            _ => {}
        }
        if let Verb::Await { callback_id } = &verb {
            let known = self.journal.operations().any(|operation| operation.callback_id.as_ref() == Some(callback_id));
            if !known {
                let text =
                    format!("durable: `{callback_id}` is no id that `durable callback` of this execution has printed");
                strand.answer(&["say", "2", &text]);
                return;
            }
        }
        let identity = if let Verb::Await { callback_id } = &verb {
            Identity { id: callback_id.clone(), parent: None, name: None, kind: Kind::Callback, sub_type: "Callback" }
        } else {
            let (id, parent) = self.contexts.next_operation(context);
            let identity = verb.identity(id, parent);
            if !self.check(&identity, context) {
                return;
            }
            identity
        };
        if let Some(strand) = &mut self.strands[number] {
            strand.pending = Some(Pending { verb, identity, stage: Stage::Look });
        }
    }

    /// Compares an operation with the history, and ends the execution if it is another one.
    pub(super) fn check(&mut self, now: &Identity, context: &str) -> bool {
        let then = self.journal.operation(&now.id);
        if let Some(difference) = then.and_then(|then| then.difference(now)) {
            let message = format!(
                "the handler does not do again what it did before: where operation {} was, it asks for {}, but {difference}; \
                 what differs from one run to the next, such as the time or a random number, belongs into a step",
                now.id,
                now.words()
            );
            self.verdict = Some(Verdict::Failed(ErrorObject::new("Function.NotDeterministic", message)));
            return false;
        }
        self.contexts.meet(context, &now.id);
        true
    }

    fn fail_two_at_once(&mut self) {
        let message = "two operations run at once in one context, so that their order is left to chance; run them one after another, \
                       or with `durable parallel`";
        self.verdict = Some(Verdict::Failed(ErrorObject::new("Function.NotDeterministic", message)));
    }

    /// Notes the end of the command of the innermost body.
    fn end_body(&mut self, number: usize, status: i32, ask: &Ask, surroundings: &mut dyn Surroundings) {
        let Some(strand) = &mut self.strands[number] else { return };
        let Some(body) = strand.bodies.last_mut() else { return };
        let error = (status != 0).then(|| {
            let branch = strand.branch.as_ref().map(|branch| (branch.trace.file.try_clone(), branch.lines.tail()));
            surroundings.error(&FailedCommand {
                status,
                level: ask.level + 1,
                command: command(&ask.words[2..]),
                what: body.identity.words(),
                stdout: &body.output,
                trace_start: body.trace_start,
                branch: branch.and_then(|(file, tail)| Some((file.ok()?, tail))),
            })
        });
        body.ended = Some((status, error));
        strand.read_output(); // its end of the output may have been seen already
    }
}

/// The most bytes of a command in a message.
const MAX_COMMAND_BYTES: usize = 200;

/// A command as text: the words of an `eval` are text already.
fn command(words: &[String]) -> String {
    let words = match words {
        [builtin, eval, text] if builtin == "builtin" && eval == "eval" => std::slice::from_ref(text),
        words => words,
    };
    shortened(&words.join(" "), MAX_COMMAND_BYTES)
}
