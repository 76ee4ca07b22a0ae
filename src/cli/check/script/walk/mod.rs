//! Walks the parser's tree and lists the commands.

mod simple;

use std::fmt::Display;
use std::rc::Rc;

use brush_parser::SourceSpan;
use brush_parser::ast::{self, SourceLocation};

use super::words;
use super::{Command, Kind, Script};
use crate::cli::check::position::{Position, column};
use crate::runtime::script::restored;

/// What conditions contain that ask of the system.
const ABOUT_SYSTEM: [&str; 18] = [
    "uname",
    "OSTYPE",
    "EUID",
    "UID",
    "id -u",
    "command -v",
    "hash ",
    "type ",
    "which ",
    "-d /",
    "-e /",
    "-f /",
    "-r /",
    "-s /",
    "-x /",
    "-z ",
    "/etc/",
    "-t ",
];

/// Where the walk is.
#[derive(Clone)]
struct Scope {
    /// The lines of the file.
    lines: Rc<[String]>,
    /// The line of the file before the first line of the text that is being walked.
    line_offset: u32,
    parent: Option<usize>,
    function: Option<usize>,
    handled: bool,
    has_alternative: bool,
    by_chance: bool,
    last: bool,
    fed: bool,
    background: bool,
    substitution: bool,
    depth: u32,
}

/// The commands of `program`.
pub(super) fn script(text: &str, program: &ast::Program) -> Script {
    let mut walk = Walk { script: Script::default() };
    let scope = Scope {
        lines: text.lines().map(restored).collect(),
        line_offset: 0,
        parent: None,
        function: None,
        handled: false,
        has_alternative: false,
        by_chance: false,
        last: true,
        fed: false,
        background: false,
        substitution: false,
        depth: 0,
    };
    walk.program(program, &scope);
    walk.script
}

struct Walk {
    script: Script,
}

impl Walk {
    fn program(&mut self, program: &ast::Program, scope: &Scope) {
        let count = program.complete_commands.len();
        for (index, list) in program.complete_commands.iter().enumerate() {
            self.list(list, &Scope { last: scope.last && index + 1 == count, ..scope.clone() });
        }
    }

    fn list(&mut self, list: &ast::CompoundList, scope: &Scope) {
        for (index, ast::CompoundListItem(and_or, separator)) in list.0.iter().enumerate() {
            let background = matches!(separator, ast::SeparatorOperator::Async);
            let last = scope.last && !background && index + 1 == list.0.len();
            self.and_or(and_or, &Scope { background, last, ..scope.clone() });
        }
    }

    fn and_or(&mut self, list: &ast::AndOrList, scope: &Scope) {
        if list.additional.is_empty() {
            return self.pipeline(&list.first, scope);
        }
        let is_or = |next: &ast::AndOr| matches!(next, ast::AndOr::Or(_));
        let only_and = !list.additional.iter().any(is_or);
        let index = self.add(Kind::List { only_and }, 0, scope);
        let mut asks_of_system = false;
        let rest = list.additional.iter().map(|(ast::AndOr::And(pipeline) | ast::AndOr::Or(pipeline))| pipeline);
        for (at, pipeline) in std::iter::once(&list.first).chain(rest).enumerate() {
            let is_last = at == list.additional.len();
            let scope = Scope {
                handled: scope.handled || !is_last,
                has_alternative: scope.has_alternative || list.additional[at..].iter().any(is_or),
                by_chance: scope.by_chance || asks_of_system,
                last: scope.last && is_last,
                ..inside(scope, index)
            };
            self.pipeline(pipeline, &scope);
            asks_of_system |= asks_of_system_in(pipeline);
        }
        self.take_position_of_first_child(index);
    }

    fn pipeline(&mut self, pipeline: &ast::Pipeline, scope: &Scope) {
        let negated = pipeline.bang;
        let scope = Scope { handled: scope.handled || negated, last: scope.last && !negated, ..scope.clone() };
        match pipeline.seq.as_slice() {
            [] => return,
            [only] => return self.command(only, &scope),
            _ => {}
        }
        let index = self.add(Kind::Pipeline, 0, &scope);
        for (at, member) in pipeline.seq.iter().enumerate() {
            self.command(member, &Scope { fed: scope.fed || at > 0, ..inside(&scope, index) });
        }
        self.take_position_of_first_child(index);
    }

    fn take_position_of_first_child(&mut self, index: usize) {
        let position = self.script.commands.get(index + 1).map(|first| first.position);
        self.script.commands[index].position = position.unwrap_or(Position::of_line(1));
    }

    fn command(&mut self, command: &ast::Command, scope: &Scope) {
        match command {
            ast::Command::Simple(simple) => self.simple(simple, scope),
            ast::Command::Compound(compound, redirections) => self.compound(compound, redirections.as_ref(), scope),
            ast::Command::Function(function) => self.function(function, scope),
            ast::Command::ExtendedTest(test, redirections) => {
                let index = self.add(Kind::Test, start_line(command), scope);
                self.script.commands[index].position.column =
                    scope.column(start_line(command), command.location().as_ref(), "[[");
                self.redirections(redirections.as_ref(), index, scope);
                self.test(&test.expr, index, scope);
            }
        }
    }

    fn test(&mut self, expression: &ast::ExtendedTestExpr, index: usize, scope: &Scope) {
        use ast::{ExtendedTestExpr as E, UnaryPredicate as P};
        let line = self.script.commands[index].position.line - scope.line_offset;
        match expression {
            E::And(left, right) | E::Or(left, right) => {
                self.test(left, index, scope);
                self.test(right, index, scope);
            }
            E::Not(inner) | E::Parenthesized(inner) => self.test(inner, index, scope),
            E::UnaryTest(predicate, word) => {
                let word = self.word(word, line, index, scope);
                if matches!(predicate, P::FileExists | P::FileExistsAndIsRegularFile | P::FileExistsAndIsExecutable) {
                    self.script.looked_for.extend(word.text.rsplit('/').next().map(str::to_owned));
                }
            }
            E::BinaryTest(_, left, right) => {
                self.word(left, line, index, scope);
                self.word(right, line, index, scope);
            }
        }
    }

    fn compound(&mut self, compound: &ast::CompoundCommand, redirections: Option<&ast::RedirectList>, scope: &Scope) {
        use ast::CompoundCommand as C;
        let line = start_line(compound);
        let kind = match compound {
            C::Arithmetic(arithmetic) => Kind::Arithmetic(arithmetic.expr.value.trim().to_owned()),
            C::Subshell(_) => Kind::Subshell,
            _ => Kind::Compound,
        };
        let index = self.add(kind, line, scope);
        if matches!(compound, C::Arithmetic(_)) {
            self.script.commands[index].position.column = scope.column(line, compound.location().as_ref(), "((");
        }
        self.redirections(redirections, index, scope);
        let fed = self.script.commands[index].fed;
        let scope = Scope { fed, ..scope.clone() };
        let body = inside(&scope, index);
        let condition = Scope { handled: true, has_alternative: true, last: false, ..body.clone() };
        match compound {
            C::Arithmetic(arithmetic) => {
                self.substitutions(words::of_arithmetic(&arithmetic.expr.value), line, index, &scope);
            }
            C::ArithmeticForClause(clause) => self.list(&clause.body.list, &body),
            C::BraceGroup(group) => self.list(&group.list, &body),
            C::Subshell(subshell) => self.list(&subshell.list, &body),
            C::ForClause(clause) => {
                for word in clause.values.iter().flatten() {
                    self.word(word, line, index, &scope);
                }
                self.list(&clause.body.list, &body);
            }
            C::CaseClause(clause) => {
                self.word(&clause.value, line, index, &scope);
                let by_chance = body.by_chance || asks_of_system_in(&clause.value);
                let body = Scope { by_chance, ..body };
                clause.cases.iter().filter_map(|case| case.cmd.as_ref()).for_each(|list| self.list(list, &body));
            }
            C::IfClause(clause) => {
                self.list(&clause.condition, &condition);
                let by_chance = body.by_chance || asks_of_system_in(&clause.condition);
                let mut body = Scope { by_chance, ..body };
                self.list(&clause.then, &body);
                for branch in clause.elses.iter().flatten() {
                    branch.condition.iter().for_each(|list| self.list(list, &condition));
                    body.by_chance |= branch.condition.iter().any(asks_of_system_in);
                    self.list(&branch.body, &body);
                }
            }
            C::WhileClause(clause) | C::UntilClause(clause) => {
                self.list(&clause.0, &condition);
                self.list(&clause.1.list, &body);
            }
            C::Coprocess(coprocess) => self.command(&coprocess.body, &Scope { fed: true, last: false, ..body }),
        }
    }

    fn function(&mut self, function: &ast::FunctionDefinition, scope: &Scope) {
        let index = self.add(Kind::Function(restored(&function.fname.value)), start_line(function), scope);
        let body = Scope {
            parent: Some(index),
            function: Some(index),
            handled: false,
            has_alternative: false,
            last: true,
            fed: false,
            background: false,
            substitution: false,
            ..scope.clone()
        };
        self.compound(&function.body.0, function.body.1.as_ref(), &body);
    }

    fn add(&mut self, kind: Kind, line: u32, scope: &Scope) -> usize {
        self.script.commands.push(Command {
            kind,
            position: Position::of_line(line + scope.line_offset),
            parent: scope.parent,
            function: scope.function,
            words: Vec::new(),
            assignments: Vec::new(),
            redirections: Vec::new(),
            handled: scope.handled,
            has_alternative: scope.has_alternative,
            by_chance: scope.by_chance,
            last: scope.last,
            fed: scope.fed,
            background: scope.background,
            substitution: scope.substitution,
        });
        self.script.commands.len() - 1
    }
}

impl Scope {
    /// The column of `text`, which begins at `span`, in line `line` of the text that is being walked.
    fn column(&self, line: u32, span: Option<&SourceSpan>, text: &str) -> Option<u32> {
        let starts_here = span.filter(|span| line_number(span.start.line) == line);
        // The columns of the first line of a substitution are not those of the file.
        let expected =
            starts_here.filter(|_| self.line_offset == 0 && self.depth == 0 || line > 1).map(|span| span.start.column);
        column(self.lines.get((line + self.line_offset).checked_sub(1)? as usize)?, expected, &restored(text))
    }
}

fn inside(scope: &Scope, index: usize) -> Scope {
    Scope { parent: Some(index), background: false, ..scope.clone() }
}

/// Whether a condition asks what system it is on, who runs the script, or whether something is there already: what depends on that need
/// not run on Lambda.
fn asks_of_system_in(condition: &impl Display) -> bool {
    let text = condition.to_string();
    ABOUT_SYSTEM.iter().any(|question| text.contains(question))
}

fn start_line(node: &impl SourceLocation) -> u32 {
    node.location().map_or(1, |span: SourceSpan| line_number(span.start.line))
}

fn line_number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
