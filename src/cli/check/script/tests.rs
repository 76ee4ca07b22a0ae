//! What the list of a script's commands has.

use super::*;

fn script(text: &str) -> Script {
    Script::parse(text).unwrap_or_else(|| panic!("not parsed: {text}"))
}

fn commands(text: &str) -> String {
    let script = script(text);
    let names: Vec<&str> =
        script.calls().filter(|(_, call)| call.name.literal).map(|(_, call)| call.name.text.as_str()).collect();
    names.join(" ")
}

#[test]
fn commands_are_found_wherever_bash_takes_them() {
    for (text, expected) in [
        ("jq . | less; (tar x) && { find; }\n", "jq less tar find"),
        ("if a; then b; elif ! c; then d; else e; fi\nwhile f; do g; done", "a b c d e f g"),
        ("x=$(a \"$(b)\") y=`c` d \"e $(f 'g') h\"", "d a b c f"),
        ("X=1 Y+=2 a b=c\nz=(d e $(f))\n[[ g == h* && $(k) ]] && l", "a f k l"),
        ("# a\necho 'b\nc' \"d\n$(e)\" # f\n", "echo e"),
        ("cat <<END; b\njq $(find)\nEND\nc <<-'E F' 2>&1\n\td\n\tE F\nf <<<jq >g 2>h </i\n", "cat find b c f"),
        ("case $1 in a | b) c ;; (d) e ;;& *) f;; esac; g\n", "c e f g"),
        ("a() { b; }\nfunction c { d; }\nfunction e() { f; }\n", "b d f"),
        (
            "command -v jq; command less; exec find; env A=b timeout 5 tar x",
            "command command less exec find env timeout tar",
        ),
        (
            "xargs -n 1 zip; xargs -I file cp file x; timeout \"$t\" jq; timeout -s KILL 5 tar",
            "xargs zip xargs cp timeout jq timeout tar",
        ),
        (
            "find . -exec less {} \\; -execdir zip a +; nohup nice -n 5 jq; sudo -u x tar",
            "find less zip nohup nice jq sudo tar",
        ),
        ("trap cleanup EXIT; trap - ERR; trap 'rm x' INT", "trap cleanup trap trap"),
        ("for x in jq find; do a; done; ((jq = find << 2)); b; echo $((jq + 1)) ${x:-$(c)} ${#x}", "a b echo c"),
        ("/usr/bin/jq; ./find; \"$LAMBDA_TASK_ROOT/bin/jq\"; $tool; tool\"$x\"", "/usr/bin/jq ./find"),
        ("a && b || c & d |& e\n! f", "a b c d e f"),
        ("echo a\\\n  jq \\; find \\\n less; x", "echo x"),
        ("json=${1//'\"'/'\\\"'}; a \"${x%'}'*} it's\"; c ${x#'$(d)'}", "a c"),
        ("a \"${x:-it's}\"; b \"${x:-$(c)}\"", "a b c"),
        ("for ((jq = 1; jq < 1 << 4; jq <<= 1)); do a; done; c", "a c"),
        ("cat <<E; b\n$(c \"$(d)\") `e` \\$(jq) it's\nE\ncat <<\\E\n$(jq)\nE\nf", "cat c d e b cat f"),
        ("coproc a; time -p b; until c; do d; done", "a b c d"),
        ("a < <(b) > >(c); d <(e | f)", "a b c d e f"),
        ("exec &> >(tee a >(b))", "exec tee b"),
        ("\\jq .; \"less\" x; 'z'ip", "jq less zip"),
    ] {
        assert_eq!(commands(text), expected, "{text}");
    }
}

#[test]
fn every_command_has_its_line() {
    let continued = script("handler() {\n  a | \\\n    b\n  x=$(c | \\\n    d)\n}\n");
    let lines: Vec<(&str, u32)> =
        continued.calls().map(|(_, call)| (call.name.text.as_str(), call.name.position.line)).collect();
    assert_eq!(lines, [("a", 2), ("b", 3), ("c", 4), ("d", 5)]);
    let script = script("a\n\nb <<E\n1\n$(f)\nE\nc 'x\ny' \\\n z\nd \"$(\n  e\n)\"\nx=(1\n  $(g))\n");
    let lines: Vec<(&str, u32)> =
        script.commands.iter().filter_map(|command| Some((command.name()?, command.position.line))).collect();
    assert_eq!(lines, [("a", 1), ("b", 3), ("f", 5), ("c", 7), ("d", 10), ("e", 11), ("g", 14)]);
}

#[test]
fn a_command_knows_where_it_stands() {
    let text = "f() { a | b; c <x; while d; do e; done <y; g; }\nh || i && j\nif k; then l; fi\n";
    let script = script(text);
    let having = |has: fn(&Command) -> bool| -> String {
        let names = script.commands.iter().filter(|command| has(command)).filter_map(Command::name);
        names.collect::<Vec<&str>>().join(" ")
    };
    assert_eq!(having(|command| command.fed), "b c d e");
    assert_eq!(having(|command| command.handled), "d h i k");
    assert_eq!(having(|command| command.has_alternative), "d h k");
    assert_eq!(having(|command| command.last), "g l");
    assert_eq!(having(|command| command.function.is_some()), "a b c d e g");
}

#[test]
fn redirections_process_substitutions_and_dollar_zero_are_known() {
    let script = script("a >b 2>>/c/d; e &>f >&2 2>&1 <g >|i >&- >$x; o > >(p)\nmapfile -t x < <(a)\necho '<(b)'\n");
    let positions: Vec<String> = script.process_substitutions.iter().map(Position::to_string).collect();
    assert_eq!(positions, ["1:50", "2:16"]);
    let written: Vec<&str> = script
        .commands
        .iter()
        .flat_map(|command| &command.redirections)
        .filter(|redirection| matches!(redirection.direction, Direction::Write | Direction::Append))
        .map(|redirection| redirection.target.text.as_str())
        .collect();
    assert_eq!(written, ["b", "/c/d", "f", "i", "$x"]);
    let own: Vec<Option<OwnPath>> =
        super::Script::parse("a \"$0\" \"${0%/*}/x\" '$0' \"${0##*/}\"\n").unwrap().commands[0]
            .words
            .iter()
            .map(|word| word.own_path)
            .collect();
    assert_eq!(own, [None, Some(OwnPath::Path), Some(OwnPath::Folder), None, None]);
}
