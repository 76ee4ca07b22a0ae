//! Reads the interpreter line of a script (`#!…`), and decides whether Lambda's `provided.al2023` has the interpreter.

use super::fault::Level;
use crate::lambda::base_image::{Presence, command_at, presence};

/// The part of the first line that Linux reads.
const LIMIT_BYTES: usize = 256;

/// The first line of a script.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Interpreter {
    path: String,
    /// The command that the interpreter `env` looks up on PATH.
    command: Option<String>,
    /// Whether the line ends with CR LF, as on Windows.
    carriage_return: bool,
}

impl Interpreter {
    /// Reads the first line of `bytes`. Returns `None` if the line names no interpreter.
    pub(super) fn read(bytes: &[u8]) -> Option<Interpreter> {
        let line = bytes.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
        let line = String::from_utf8_lossy(&line[..line.len().min(LIMIT_BYTES)]).into_owned();
        let mut words = line.split_whitespace();
        let path = words.next()?.to_owned();
        let is_env = path.rsplit('/').next() == Some("env");
        let command = words.find(|word| !word.starts_with('-') && !word.contains('=')).filter(|_| is_env);
        let command = command.map(|command| command.rsplit('/').next().unwrap_or(command).to_owned());
        Some(Interpreter { path, command, carriage_return: line.ends_with('\r') })
    }

    /// The fault of the interpreter of the file `name`. `has` says which paths the zip contains, `is_external` which commands a layer contains.
    pub(super) fn fault(
        &self,
        name: &str,
        has: impl Fn(&str) -> bool,
        is_external: impl Fn(&str) -> bool,
    ) -> Option<(Level, String)> {
        if self.carriage_return {
            let message = format!(
                "the first line of `{name}` ends with a carriage return, and Linux looks for an interpreter with that character in its \
                 name: run `sed -i 's/\\r$//' FILE`, which removes the character from every line"
            );
            return Some((Level::Fails, message));
        }
        let (level, message) = match (&self.command, command_at(&self.path)) {
            (Some(command), _) if is_external(command) || has(&format!("bin/{command}")) => None,
            (Some(command), _) => fault_of_command(command),
            (None, Some(command)) => fault_of_image_command(command),
            (None, None) => self.fault_of_path(has, is_external),
        }?;
        Some((level, format!("`{name}` is run by `{}`, {message}", self.command.as_ref().unwrap_or(&self.path))))
    }

    /// The fault of an interpreter outside the image's folders for commands.
    fn fault_of_path(&self, has: impl Fn(&str) -> bool, is_external: impl Fn(&str) -> bool) -> Option<(Level, String)> {
        let path = self.path.as_str();
        let name = path.rsplit('/').next().unwrap_or(path);
        if let Some(below) = path.strip_prefix("/var/task/") {
            return (!has(below)).then(|| (Level::Fails, "which is not in the function's folder".to_owned()));
        }
        if let Some(below) = path.strip_prefix("/opt/") {
            let there = has(below) || is_external(path) || is_external(name);
            let message = || format!("which must be in a layer: add --have {path} if a layer has it");
            return (!there).then(|| (Level::MayFail, message()));
        }
        let message = format!(
            "which is not on Lambda's provided.al2023: begin the file with `#!/usr/bin/env {name}`, and make sure that the image or a layer has {name}"
        );
        Some((Level::Fails, message))
    }
}

/// The fault of a command that `env` looks for on PATH.
fn fault_of_command(command: &str) -> Option<(Level, String)> {
    let (level, absence) = absence(command)?;
    let add = format!("put it into a layer with `coshell layer --add bin/{command}=FILE`, and add --have {command}");
    Some((level, format!("{absence}: {add}")))
}

/// The fault of a command that is named by a path of the image, such as /usr/bin/python3. A layer cannot put a file there.
fn fault_of_image_command(command: &str) -> Option<(Level, String)> {
    let (level, absence) = absence(command)?;
    let env = format!("begin the file with `#!/usr/bin/env {command}`");
    Some((level, format!("{absence}, and a layer's commands are in /opt/bin: {env}, and put {command} into a layer")))
}

fn absence(command: &str) -> Option<(Level, &'static str)> {
    match presence(command) {
        Presence::Present => None,
        Presence::Lacking(_) => Some((Level::Fails, "which is not on Lambda's provided.al2023")),
        Presence::Unknown => Some((Level::MayFail, "which is not known to be on Lambda's provided.al2023")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(line: &str) -> Option<(Level, String)> {
        let interpreter = Interpreter::read(line.as_bytes()).unwrap();
        interpreter.fault("bin/x", |path| path == "bin/own" || path == "venv/python", |command| command == "external")
    }

    #[test]
    fn an_interpreter_of_the_image_the_zip_or_a_layer_is_no_fault() {
        for line in [
            "#!/bin/bash\n",
            "#! /bin/sh -e\n",
            "#!/usr/bin/env bash\n",
            "#!/usr/bin/env -S awk -f\n",
            "#!/usr/bin/env -S A=b sed -f\n",
            "#!/usr/bin/awk -f",
            "#!/usr/bin/env own\n",
            "#!/usr/bin/env external\n",
            "#!/var/task/bin/own\n",
            "#!/opt/venv/python\n",
            "#!/opt/a/external\n",
        ] {
            assert_eq!(fault(line), None, "{line:?}");
        }
        assert!(["", "echo", "#!", "#!\n", "#! \n"].iter().all(|text| Interpreter::read(text.as_bytes()).is_none()));
    }

    #[test]
    fn an_interpreter_that_lambda_lacks_is_named_with_what_to_do() {
        for (line, level, part) in [
            (
                "#!/usr/bin/python3\n",
                Level::Fails,
                "is run by `/usr/bin/python3`, which is not on Lambda's provided.al2023, and a layer's",
            ),
            ("#!/usr/bin/perl -w\n", Level::Fails, "begin the file with `#!/usr/bin/env perl`"),
            ("#!/bin/zsh\n", Level::Fails, "`/bin/zsh`"),
            (
                "#!/usr/bin/env node\n",
                Level::Fails,
                "is run by `node`, which is not on Lambda's provided.al2023: put it into a layer",
            ),
            ("#!/usr/bin/env deno\n", Level::MayFail, "`deno`, which is not known to be on"),
            ("#!/usr/bin/external\n", Level::MayFail, "`/usr/bin/external`, which is not known"),
            ("#!/opt/python/bin/python\n", Level::MayFail, "add --have /opt/python/bin/python"),
            ("#!/var/task/python\n", Level::Fails, "not in the function's folder"),
            ("#!/usr/local/bin/bash\n", Level::Fails, "`#!/usr/bin/env bash`"),
            ("#!python3\n", Level::Fails, "`python3`"),
            ("#!/bin/bash\r\n", Level::Fails, "the first line of `bin/x` ends with a carriage return"),
        ] {
            let (found, message) = fault(line).unwrap();
            assert!(found == level && message.contains(part), "{line:?}: {found:?} {message}");
        }
    }
}
