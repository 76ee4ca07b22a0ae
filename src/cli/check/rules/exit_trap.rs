//! EXIT traps of a handler whose shell stays for the next event (COSHELL_STATE=keep).

use super::{Found, Parsed, Shell, warning};
use crate::cli::check::code::Code;
use crate::cli::check::script::{Command, Kind};

pub(super) fn judge(shell: &Shell, found: &mut Vec<Found>) {
    if !shell.circumstances.keeps_state {
        return;
    }
    for (file, _, command) in shell.commands().filter(|(_, _, command)| sets_exit_trap(command)) {
        if command.function.is_some() && !is_in_another_process(file, command) {
            let message = "with COSHELL_STATE=keep the handler's EXIT trap does not run at the end of the event, but when the shell ends: clean up at \
                           the end of the handler, in a RETURN trap, or set the trap in a subshell `( … )`";
            found.push(warning(&file.path, command.position, Code::ExitTrap, message.to_owned()));
        }
    }
}

/// Whether the command is `trap ACTION … EXIT …`.
fn sets_exit_trap(command: &Command) -> bool {
    let mut arguments = command.words.iter().skip(1).skip_while(|word| word.text == "--");
    let action = arguments.next().map(|word| word.text.as_str());
    let removes_or_lists = matches!(action, None | Some("-" | "-p" | "-l"));
    let is_exit = |signal: &str| signal == "0" || signal.eq_ignore_ascii_case("EXIT");
    command.name() == Some("trap") && !removes_or_lists && arguments.any(|word| is_exit(&word.text))
}

/// Whether the command runs in a process that ends before the handler does.
fn is_in_another_process(file: &Parsed, command: &Command) -> bool {
    let parents = std::iter::successors(command.parent, |parent| file.script.commands[*parent].parent);
    let mut around = parents.map(|parent| &file.script.commands[parent]).take_while(|outer| outer.function.is_some());
    command.substitution
        || command.background
        || around.any(|outer| outer.background || matches!(outer.kind, Kind::Subshell | Kind::Pipeline))
}
