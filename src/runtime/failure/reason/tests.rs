//! What real programs write, and the line of it that says why.

use super::reason_line;

#[test]
fn the_last_line_is_the_reason_where_nothing_follows_it() {
    assert_eq!(
        reason_line("a\nls: cannot access '/x': No such file or directory\n"),
        Some("ls: cannot access '/x': No such file or directory")
    );
    assert_eq!(reason_line("ls: no\n\nreal\t0m0.004s\nuser\t0m0.002s\nsys\t0m0.000s\n"), Some("ls: no"));
    assert_eq!(reason_line("+ ls /x\nls: no\n++ grep y\n+ :\n"), Some("ls: no"));
    assert_eq!(reason_line("+ grep y\n"), None);
    assert_eq!(reason_line("real problem\n"), Some("real problem"));
    assert_eq!(reason_line("Error: outer\n\nCaused by:\n    inner\n"), Some("inner"));
    assert_eq!(reason_line("\n \n"), None);
    assert_eq!(reason_line(""), None);
}

#[test]
fn of_node_it_is_the_error_above_the_stack() {
    let missing = "node:internal/modules/cjs/loader:1210
  throw err;
  ^

Error: Cannot find module './missing-module'
Require stack:
- /var/task/[eval]
    at Module._resolveFilename (node:internal/modules/cjs/loader:1207:15)
    at evalScript (node:internal/process/execution:133:3) {
  code: 'MODULE_NOT_FOUND',
  requireStack: [ '/var/task/[eval]' ]
}

Node.js v20.20.2
";
    assert_eq!(reason_line(missing), Some("Error: Cannot find module './missing-module'"));
    let thrown = "\n[eval]:1\nthrow \"boom\"\n^\nboom\n(Use `node --trace-uncaught ...` to show where the exception was thrown)\n\nNode.js v20.20.2\n";
    assert_eq!(reason_line(thrown), Some("boom"));
    let printed = "SyntaxError: Unexpected token 'x', \"x\" is not valid JSON\n    at JSON.parse (<anonymous>)\n    at [eval]:1:12\n";
    assert_eq!(reason_line(printed), Some("SyntaxError: Unexpected token 'x', \"x\" is not valid JSON"));
    let with_properties = "Error: connect ECONNREFUSED 127.0.0.1:1 {\n  errno: -111,\n  code: 'ECONNREFUSED'\n}\n";
    assert_eq!(reason_line(with_properties), Some("Error: connect ECONNREFUSED 127.0.0.1:1"));
    let of_two_lines = "TypeError: first\nsecond\n    at f (x.js:1:1)\n";
    assert_eq!(reason_line(of_two_lines), Some("TypeError: first"));
}

#[test]
fn of_python_it_is_the_exception() {
    let traceback = "Traceback (most recent call last):\n  File \"<string>\", line 1, in <module>\n";
    assert_eq!(reason_line(&format!("{traceback}KeyError: 'x'\n")), Some("KeyError: 'x'"));
    let of_three_lines = format!("{traceback}ValidationError: 1 validation error for Order\ntotal\n  Field required\n");
    assert_eq!(reason_line(&of_three_lines), Some("ValidationError: 1 validation error for Order"));
    let chained = format!(
        "{traceback}KeyError: 'x'\n\nDuring handling of the above exception, another exception occurred:\n\n{traceback}ValueError: y\n"
    );
    assert_eq!(reason_line(&chained), Some("ValueError: y"));
    let syntax = "  File \"<string>\", line 1\n    foo(\n       ^\nSyntaxError: '(' was never closed\n";
    assert_eq!(reason_line(syntax), Some("SyntaxError: '(' was never closed"));
    let later = format!("{traceback}KeyError: 'x'\n\nfetch: cannot go on\n  with what was fetched\n");
    assert_eq!(reason_line(&later), Some("with what was fetched"));
}

#[test]
fn of_jq_it_is_the_first_error() {
    let one = "jq: error: syntax error, unexpected IDENT at <top-level>, line 1:\n.a b   \njq: 1 compile error\n";
    assert_eq!(reason_line(one), Some("jq: error: syntax error, unexpected IDENT at <top-level>, line 1"));
    let two = "jq: error: x/0 is not defined at <top-level>, line 1:\nx + y\njq: error: y/0 is not defined at <top-level>, line 1:\nx + y    \njq: 2 compile errors\n";
    assert_eq!(reason_line(two), Some("jq: error: x/0 is not defined at <top-level>, line 1"));
    let with_caret = "jq: error: syntax error, unexpected end of file at <top-level>, line 1, column 5:\n    .a |\n       ^\njq: 1 compile error\n";
    assert_eq!(
        reason_line(with_caret),
        Some("jq: error: syntax error, unexpected end of file at <top-level>, line 1, column 5")
    );
    let option = "jq: Unknown option --nosuch\nUse jq --help for help with command-line options,\nor see the jq manpage, or online docs  at https://stedolan.github.io/jq\n";
    assert_eq!(reason_line(option), Some("jq: Unknown option --nosuch"));
}

#[test]
fn a_caret_and_the_text_above_it_follow_the_message() {
    assert_eq!(reason_line("query: error: x\n.a b\n   ^\n"), Some("query: error: x"));
    assert_eq!(reason_line(".a b\n   ^\n"), Some(".a b"));
}

#[test]
fn of_java_it_is_the_innermost_cause() {
    let outer = "Exception in thread \"main\" java.lang.RuntimeException: outer\n\tat A.main(A.java:3)\n";
    assert_eq!(reason_line(outer), Some("Exception in thread \"main\" java.lang.RuntimeException: outer"));
    let caused = format!("{outer}Caused by: java.io.IOException: inner\n\tat A.x(A.java:9)\n\t... 1 more\n");
    assert_eq!(reason_line(&caused), Some("java.io.IOException: inner"));
}

#[test]
fn of_dot_net_and_php_it_is_the_exception() {
    let net = "Unhandled exception. System.Exception: outer\n ---> System.IO.IOException: inner\n   at B.F()\n   --- End of inner exception stack trace ---\n   at A.Main()\n";
    assert_eq!(reason_line(net), Some("System.IO.IOException: inner"));
    let php = "PHP Fatal error:  Uncaught Exception: boom in /x.php:3\nStack trace:\n#0 /x.php(5): f()\n#1 {main}\n  thrown in /x.php on line 3\n";
    assert_eq!(reason_line(php), Some("PHP Fatal error:  Uncaught Exception: boom in /x.php:3"));
}

#[test]
fn of_perl_and_ruby_it_is_the_message_above_the_stack() {
    let module = "Can't locate Foo.pm in @INC (@INC contains: /etc/perl) at -e line 1.\nBEGIN failed--compilation aborted at -e line 1.\n";
    assert_eq!(reason_line(module), Some("Can't locate Foo.pm in @INC (@INC contains: /etc/perl) at -e line 1."));
    let syntax = "syntax error at -e line 1, near \"( ;\"\nExecution of -e aborted due to compilation errors.\n";
    assert_eq!(reason_line(syntax), Some("syntax error at -e line 1, near \"( ;\""));
    assert_eq!(reason_line("boom at -e line 1.\n\tmain::f(1) called at -e line 1\n"), Some("boom at -e line 1."));
    let ruby = "x.rb:1:in `f': boom (RuntimeError)\n\tfrom x.rb:4:in `<main>'\n";
    assert_eq!(reason_line(ruby), Some("x.rb:1:in `f': boom (RuntimeError)"));
    let highlighted = "x.rb:1:in '<main>': undefined method 'foo' for nil (NoMethodError)\n\nnil.foo\n   ^^^^\n\tfrom x.rb:4:in 'g'\n";
    assert_eq!(reason_line(highlighted), Some("x.rb:1:in '<main>': undefined method 'foo' for nil (NoMethodError)"));
}

#[test]
fn of_go_and_rust_it_is_what_the_panic_says() {
    let go = "panic: boom\n\ngoroutine 1 [running]:\nmain.main()\n\t/tmp/main.go:4 +0x27\n";
    assert_eq!(reason_line(go), Some("panic: boom"));
    assert_eq!(reason_line(&format!("{go}exit status 2\n")), Some("panic: boom"));
    assert_eq!(reason_line("exit status 2\n"), Some("exit status 2"));
    let note = "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n";
    let rust = format!(
        "\nthread 'main' (4711) panicked at src/main.rs:2:5:\ncalled `Option::unwrap()` on a `None` value\n{note}"
    );
    assert_eq!(reason_line(&rust), Some("called `Option::unwrap()` on a `None` value"));
    let old = format!("thread 'main' panicked at 'boom', src/main.rs:2:5\n{note}");
    assert_eq!(reason_line(&old), Some("thread 'main' panicked at 'boom', src/main.rs:2:5"));
    let traced = "thread 'main' panicked at p.rs:1:41:\nboom\nstack backtrace:\n   0: p::main\n             at /p.rs:1:2\nnote: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.\n";
    assert_eq!(reason_line(traced), Some("boom"));
}

#[test]
fn of_curl_it_is_the_message_and_not_the_meter() {
    let meter = "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current
                                 Dload  Upload   Total   Spent    Left  Speed
\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0";
    let message = "curl: (6) Could not resolve host: nosuch";
    assert_eq!(reason_line(&format!("{meter}\n{message}\n")), Some(message));
    assert_eq!(reason_line(&format!("{meter}{message}\n")), Some(message));
    assert_eq!(reason_line(&format!("{message}\n{meter}\n")), Some(message));
    let certificate = "curl: (60) SSL certificate problem: self-signed certificate
More details here: https://curl.se/docs/sslcerts.html

curl failed to verify the legitimacy of the server and therefore could not
establish a secure connection to it. To learn more about this situation and
how to fix it, please visit the web page mentioned above.
";
    assert_eq!(reason_line(certificate), Some("curl: (60) SSL certificate problem: self-signed certificate"));
}

#[test]
fn advice_that_programs_print_after_the_message_is_skipped() {
    let help = "ls: unrecognized option '--nosuch'\nTry 'ls --help' for more information.\n";
    assert_eq!(reason_line(help), Some("ls: unrecognized option '--nosuch'"));
    let git = "ssh: connect to host example.com port 22: Connection refused\r\nfatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.\n";
    assert_eq!(reason_line(git), Some("ssh: connect to host example.com port 22: Connection refused"));
    let tar = "tar: /x.tar: Cannot open: No such file or directory\ntar: Error is not recoverable: exiting now\n";
    assert_eq!(reason_line(tar), Some("tar: /x.tar: Cannot open: No such file or directory"));
    let aws = "usage: aws [options]\naws: error: argument command: Invalid choice, valid choices are:\n\nacm      | acm-pca\nhelp     |\n";
    assert_eq!(reason_line(aws), Some("aws: error: argument command: Invalid choice"));
    let usage_alone = "Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.\n";
    assert_eq!(reason_line(usage_alone), Some("Try 'grep --help' for more information."));
}

#[test]
fn the_further_members_of_a_pipeline_that_was_killed_are_skipped() {
    let killed =
        "f.sh: line 2:  4711 Killed                  sh -c 'kill -KILL $$'\n      4712 Done                    | cat\n";
    assert_eq!(reason_line(killed), Some("f.sh: line 2:  4711 Killed                  sh -c 'kill -KILL $$'"));
}
