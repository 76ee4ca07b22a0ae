//! Walks a parsed script and lists its commands.

mod substitutions;
mod words;

use std::rc::Rc;

use brush_parser::SourceSpan;
use brush_parser::ast::{self, CommandPrefixOrSuffixItem as Item, SourceLocation};

use self::words::{words_of, words_of_redirection};
use super::{Command, Kind, restored};

/// So many substitutions inside one another are looked into.
/// The context of the commands that are being walked.
#[derive(Clone, Default)]
struct Scope {
    /// The text that is being walked. Positions are counted in characters of this text.
    source: Rc<[char]>,
    parent: Option<usize>,
    function: Option<String>,
    handled: bool,
    before_and: bool,
    substitution: u32,
    negated: bool,
    apart: bool,
    background: bool,
    /// The number to add to a line of the walked text to get a line of the file.
    line_offset: u32,
    depth: u32,
}

/// Lists the commands of `program`; each command comes before the commands inside it.
pub(super) fn commands(text: &str, program: &ast::Program) -> Vec<Command> {
    let mut walk = Walk::default();
    walk.program(program, &Scope { source: text.chars().collect(), ..Scope::default() });
    walk.commands
}

#[derive(Default)]
struct Walk {
    commands: Vec<Command>,
    substitutions: u32,
}

impl Walk {
    fn program(&mut self, program: &ast::Program, scope: &Scope) {
        program.complete_commands.iter().for_each(|list| self.list(list, scope));
    }

    fn list(&mut self, list: &ast::CompoundList, scope: &Scope) {
        for ast::CompoundListItem(and_or, separator) in &list.0 {
            let background = matches!(separator, ast::SeparatorOperator::Async);
            let scope = Scope { background, apart: background || scope.apart, ..scope.clone() };
            self.and_or(and_or, &scope);
        }
    }

    /// In a list that is joined by `&&` and `||`, only a failure of the last command counts.
    fn and_or(&mut self, list: &ast::AndOrList, scope: &Scope) {
        let pipelines: Vec<&ast::Pipeline> = std::iter::once(&list.first)
            .chain(list.additional.iter().map(|(ast::AndOr::And(pipeline) | ast::AndOr::Or(pipeline))| pipeline))
            .collect();
        for (index, pipeline) in pipelines.iter().enumerate() {
            let handled = scope.handled || index + 1 < pipelines.len();
            let before_and = matches!(list.additional.get(index), Some(ast::AndOr::And(_)));
            self.pipeline(pipeline, &Scope { handled, before_and, ..scope.clone() });
        }
    }

    fn pipeline(&mut self, pipeline: &ast::Pipeline, scope: &Scope) {
        let scope = Scope { handled: scope.handled || pipeline.bang, negated: pipeline.bang, ..scope.clone() };
        match pipeline.seq.as_slice() {
            [] => return, // `!` alone
            [only] => return self.command(only, &scope),
            _ => {}
        }
        let index = self.add(Kind::Pipeline, String::new(), (0, 0), &scope);
        let scope = Scope { parent: Some(index), apart: true, background: false, negated: false, ..scope };
        pipeline.seq.iter().for_each(|member| self.command(member, &scope));
        let members = self.commands.iter().filter(|command| command.parent == Some(index));
        let (first, last) = members
            .fold((u32::MAX, 0), |(first, last), member| (first.min(member.first_line), last.max(member.last_line)));
        let texts: Vec<&str> = self.commands[index + 1..]
            .iter()
            .filter(|command| command.parent == Some(index))
            .map(|command| command.text.as_str())
            .collect();
        let text = texts.join(" | ");
        let pipeline = &mut self.commands[index];
        (pipeline.first_line, pipeline.last_line, pipeline.text) = (first, last, text);
    }

    fn command(&mut self, command: &ast::Command, scope: &Scope) {
        match command {
            ast::Command::Simple(simple) => self.simple(simple, scope),
            ast::Command::Compound(compound, redirections) => self.compound(compound, redirections.as_ref(), scope),
            ast::Command::Function(function) => self.function(function, scope),
            ast::Command::ExtendedTest(test, redirections) => {
                let index = self.add(Kind::Test, command.to_string(), lines(command), scope);
                let inside = inside(scope, index);
                self.substitutions_of_text(&test.to_string(), lines(command).0, &inside);
                self.redirections(redirections.as_ref(), index, scope);
            }
        }
    }

    fn simple(&mut self, simple: &ast::SimpleCommand, scope: &Scope) {
        let items = || {
            let prefix = simple.prefix.iter().flat_map(|prefix| &prefix.0);
            prefix.chain(simple.suffix.iter().flat_map(|suffix| &suffix.0))
        };
        let words: Vec<&ast::Word> = simple.word_or_name.iter().chain(items().flat_map(words_of)).collect();
        let of_words = words.iter().filter_map(|word| word.loc.clone());
        let spans: Vec<SourceSpan> = of_words.chain(items().filter_map(SourceLocation::location)).collect();
        let first = spans.iter().map(|span| line(span.start.line)).min().unwrap_or_default();
        let last = spans.iter().map(|span| line(span.end.line)).max().unwrap_or_default();
        // brush-parser prints the parentheses of a process substitution twice.
        let text = simple.to_string().replace("<((", "<(").replace(">((", ">(").replace(" ))", " )");
        let has_process = items().any(|item| matches!(item, Item::ProcessSubstitution(..)));
        let text = if has_process { text } else { simple.to_string() };
        let index = self.add(Kind::Simple, text, (first, last), scope);
        let inside = inside(scope, index);
        words.iter().for_each(|word| self.substitutions(word, first, &inside));
        for item in items() {
            match item {
                Item::ProcessSubstitution(_, ast::SubshellCommand { list, .. })
                | Item::IoRedirect(ast::IoRedirect::File(
                    _,
                    _,
                    ast::IoFileRedirectTarget::ProcessSubstitution(_, ast::SubshellCommand { list, .. }),
                )) => self.list(list, &Scope { apart: true, ..inside.clone() }),
                Item::IoRedirect(_) | Item::Word(_) | Item::AssignmentWord(..) => {}
            }
        }
    }

    fn compound(&mut self, compound: &ast::CompoundCommand, redirections: Option<&ast::RedirectList>, scope: &Scope) {
        use ast::CompoundCommand as C;
        let kind = match compound {
            C::Arithmetic(_) => Kind::Arithmetic,
            C::Subshell(_) => Kind::Subshell,
            _ => Kind::Compound,
        };
        let end = redirections
            .into_iter()
            .flat_map(|list| &list.0)
            .flat_map(words_of_redirection)
            .filter_map(|word| word.loc.clone());
        let text = excerpt(compound.location(), end.map(|span| span.end.index).max(), scope);
        let text = if kind == Kind::Compound { first_line(&text) } else { text };
        let index = self.add(kind, text, lines(compound), scope);
        self.redirections(redirections, index, scope);
        let inside = inside(scope, index);
        let condition = Scope { handled: true, ..inside.clone() };
        let line = lines(compound).0;
        match compound {
            C::Arithmetic(arithmetic) => self.substitutions_of_text(&arithmetic.expr.value, line, &inside),
            C::ArithmeticForClause(clause) => self.list(&clause.body.list, &inside),
            C::BraceGroup(group) => self.list(&group.list, &inside),
            C::Subshell(subshell) => self.list(&subshell.list, &Scope { apart: true, ..inside }),
            C::ForClause(clause) => {
                clause.values.iter().flatten().for_each(|word| self.substitutions(word, line, &inside));
                self.list(&clause.body.list, &inside);
            }
            C::CaseClause(clause) => {
                self.substitutions(&clause.value, line, &inside);
                clause.cases.iter().filter_map(|case| case.cmd.as_ref()).for_each(|list| self.list(list, &inside));
            }
            C::IfClause(clause) => {
                self.list(&clause.condition, &condition);
                self.list(&clause.then, &inside);
                for branch in clause.elses.iter().flatten() {
                    branch.condition.iter().for_each(|list| self.list(list, &condition));
                    self.list(&branch.body, &inside);
                }
            }
            C::WhileClause(clause) | C::UntilClause(clause) => {
                self.list(&clause.0, &condition);
                self.list(&clause.1.list, &inside);
            }
            C::Coprocess(coprocess) => {
                self.command(&coprocess.body, &Scope { apart: true, background: true, ..inside });
            }
        }
    }

    fn function(&mut self, function: &ast::FunctionDefinition, scope: &Scope) {
        let name = function.fname.value.clone();
        let index = self.add(Kind::Compound, format!("{name}()"), lines(function), scope);
        let body = Scope {
            parent: Some(index),
            function: Some(name),
            source: Rc::clone(&scope.source),
            line_offset: scope.line_offset,
            depth: scope.depth,
            ..Scope::default()
        };
        self.compound(&function.body.0, function.body.1.as_ref(), &body);
    }

    fn redirections(&mut self, redirections: Option<&ast::RedirectList>, index: usize, scope: &Scope) {
        let inside = inside(scope, index);
        let first = self.commands[index].first_line - scope.line_offset;
        for redirection in redirections.iter().flat_map(|list| &list.0) {
            words_of_redirection(redirection).iter().for_each(|word| self.substitutions(word, first, &inside));
            let target = match redirection {
                ast::IoRedirect::File(_, _, ast::IoFileRedirectTarget::Filename(word))
                | ast::IoRedirect::OutputAndError(word, _) => Some(&word.value),
                ast::IoRedirect::File(..) | ast::IoRedirect::HereDocument(..) | ast::IoRedirect::HereString(..) => None,
            };
            self.commands[index].redirections.extend(target.map(|target| restored(target)));
        }
        let last = redirections.iter().flat_map(|list| &list.0).flat_map(words_of_redirection).filter_map(end_of).max();
        if let Some(last) = last {
            let command = &mut self.commands[index];
            command.last_line = command.last_line.max(last + scope.line_offset);
        }
    }

    fn add(&mut self, kind: Kind, text: String, (first, last): (u32, u32), scope: &Scope) -> usize {
        self.commands.push(Command {
            kind,
            first_line: first + scope.line_offset,
            last_line: last.max(first) + scope.line_offset,
            text: restored(&text),
            parent: scope.parent,
            function: scope.function.clone(),
            handled: scope.handled,
            before_and: scope.before_and,
            substitution: scope.substitution,
            negated: scope.negated,
            apart: scope.apart,
            background: scope.background,
            redirections: Vec::new(),
        });
        self.commands.len() - 1
    }
}

/// The scope of the commands inside the command `index`. If their command is handled, so are they: a failure of theirs makes
/// their command fail.
fn inside(scope: &Scope, index: usize) -> Scope {
    Scope { parent: Some(index), negated: false, apart: false, background: false, ..scope.clone() }
}

fn lines(node: &impl SourceLocation) -> (u32, u32) {
    node.location().map_or((0, 0), |span| (line(span.start.line), line(span.end.line)))
}

fn end_of(word: &ast::Word) -> Option<u32> {
    word.loc.as_ref().map(|span| line(span.end.line))
}

/// The text of a compound command with its redirections. `end` is the character after the last redirection.
fn excerpt(span: Option<SourceSpan>, end: Option<usize>, scope: &Scope) -> String {
    let Some(span) = span else { return String::new() };
    let end = end.unwrap_or_default().max(span.end.index).min(scope.source.len());
    scope.source.get(span.start.index..end).map(|chars| chars.iter().collect()).unwrap_or_default()
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim_end().to_owned()
}

fn line(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
