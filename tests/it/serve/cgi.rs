//! CGI programs, unchanged, behind `coshell serve --url-port`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::executable::write_executable;
use crate::support::program::curl_is_missing;
use crate::support::serving::{Serve, Serving, curl};
use crate::support::skip::{cannot, skip};

const HTTP_BACKEND: &str = "git-http-backend";
const GITWEB: &str = "/usr/share/gitweb/gitweb.cgi";
/// Perl's CGI module with what it needs, where tests/run puts it.
const PERL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/cgi-perl/usr");

fn serve(serve: Serve, variables: &[String]) -> Serving {
    let mut arguments = vec!["--url-port", "0", "--env", "COSHELL_CONVENTION=cgi"];
    variables.iter().for_each(|variable| arguments.extend(["--env", variable]));
    serve.with(&arguments).start()
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let user = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "http.proxy="];
    let mut git = Command::new("git");
    git.current_dir(folder).args(user).args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null");
    git.env("GIT_CONFIG_SYSTEM", "/dev/null").env("GIT_TERMINAL_PROMPT", "0").env("no_proxy", "*");
    let output = git.output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// A program of git's own, where there is one.
fn of_git(name: &str) -> Option<PathBuf> {
    if cannot("git", &["--version"]) {
        return None;
    }
    let path = Path::new(git(Path::new("/"), &["--exec-path"]).trim()).join(name);
    if !path.is_file() {
        skip(&format!("`{}` is not there", path.display()));
        return None;
    }
    Some(path)
}

/// A repository to clone from and to push to, and a work tree with one commit: a text, and random bytes.
fn repositories(folder: &Path) -> (PathBuf, Vec<u8>) {
    git(folder, &["init", "--quiet", "--bare", "--initial-branch=main", "served/repo.git"]);
    git(&folder.join("served/repo.git"), &["config", "http.receivepack", "true"]);
    git(folder, &["init", "--quiet", "--initial-branch=main", "work"]);
    let mut bytes = vec![0; 2_000_000];
    std::io::Read::read_exact(&mut fs::File::open("/dev/urandom").unwrap(), &mut bytes).unwrap();
    let work = folder.join("work");
    fs::write(work.join("random"), &bytes).unwrap();
    fs::write(work.join("text & more"), "first\n").unwrap();
    git(&work, &["add", "."]);
    git(&work, &["commit", "--quiet", "--message=the first commit"]);
    (work, bytes)
}

#[test]
fn git_pushes_and_clones_through_its_own_cgi_program() {
    let Some(program) = of_git(HTTP_BACKEND) else { return };
    for delivery in ["buffered", "http-stream"] {
        let folder = tempfile::tempdir().unwrap();
        let (work, bytes) = repositories(folder.path());
        let variables = [
            format!("GIT_PROJECT_ROOT={}/served", folder.path().display()),
            "GIT_HTTP_EXPORT_ALL=1".to_owned(),
            format!("COSHELL_RESPONSE={delivery}"),
        ];
        let serving = serve(Serve::program(&program), &variables);
        let url = format!("{}/repo.git", serving.function_url());
        git(&work, &["push", "--quiet", &url, "main"]);
        git(folder.path(), &["clone", "--quiet", &url, "clone"]);
        assert_eq!(fs::read(folder.path().join("clone/random")).unwrap(), bytes, "{delivery}");
        let commits = git(&folder.path().join("clone"), &["log", "--format=%s"]);
        assert_eq!(commits, "the first commit\n");
        let said = serving.stderr_with("POST /repo.git/git-upload-pack 200 ");
        assert!(!said.contains("warning: ") && !said.contains("Function."), "{said}");
        let missing = curl(&["--output", "/dev/null", "--write-out", "%{http_code}", &format!("{url}/no-such-file")]);
        assert_eq!(missing.stdout, b"404");
    }
}

#[test]
fn gitweb_shows_a_repository_and_its_files() {
    if curl_is_missing() || cannot("git", &["--version"]) || cannot("perl", &["-v"]) {
        return;
    }
    if !Path::new(GITWEB).is_file() {
        return skip(&format!("`{GITWEB}` is not there (Debian: git)"));
    }
    let libraries = perl_libraries();
    let found = Command::new("perl").env("PERL5LIB", &libraries).args(["-MCGI", "-e", "1"]).status().unwrap();
    if !found.success() {
        return skip(&format!("Perl's CGI module does not work, and `{PERL}` has none: tests/run brings it"));
    }
    let folder = tempfile::tempdir().unwrap();
    let (work, bytes) = repositories(folder.path());
    git(&work, &["push", "--quiet", "../served/repo.git", "main"]);
    let config = folder.path().join("gitweb.conf");
    fs::write(&config, format!("$projectroot = '{}/served';\n", folder.path().display())).unwrap();
    let variables = [format!("PERL5LIB={libraries}"), format!("GITWEB_CONFIG={}", config.display())];
    let serving = serve(Serve::program(Path::new(GITWEB)), &variables);
    let get = |path: &str| curl(&["--include", &format!("{}{path}", serving.function_url())]).stdout;
    let text = |path: &str| String::from_utf8_lossy(&get(path)).into_owned();
    let projects = text("/");
    eprintln!("{}", serving.stderr_with("GET / ")); // shown where the test fails
    assert!(projects.starts_with("HTTP/1.1 200") && projects.contains("repo.git"), "{projects}");
    assert!(projects.to_lowercase().contains("content-type: "), "{projects}");
    assert!(text("/?p=repo.git;a=summary").contains("the first commit"));
    assert!(text("/repo.git/tree/main").contains("text &amp; more"));
    let raw = get("/repo.git/blob_plain/main:/random");
    assert!(raw.ends_with(&bytes), "{} bytes", raw.len());
    assert!(text("/?p=nothing.git;a=summary").starts_with("HTTP/1.1 404"));
}

/// Perl's folders below `PERL`.
fn perl_libraries() -> String {
    let modules = glob::glob(&format!("{PERL}/lib/*/perl5/*")).unwrap().flatten();
    let folders = modules.map(|path| path.display().to_string()).chain([format!("{PERL}/share/perl5")]);
    folders.collect::<Vec<_>>().join(":")
}

/// In the style of shell2http's examples: commands that print a page by the variables of the request.
const PAGES: &str = r#"#!/bin/sh
case $REQUEST_METHOD:$PATH_INFO in
GET:/date) printf 'Content-Type: text/plain\r\n\r\n'; date -u -d @0 +%Y ;;
GET:/form) printf 'Content-Type: text/html\n\n<form method="POST" action="/form"><input name="from"></form>\n' ;;
POST:/form) from=$(head -c "$CONTENT_LENGTH"); printf 'Content-Type: text/html\n\n%s\n' "<b>${from#from=}</b>" ;;
GET:/cookie) printf 'Content-Type: text/plain\nSet-Cookie: n=%s\nSet-Cookie: m=1\n\n%s\n' "$QUERY_STRING" "$HTTP_COOKIE" ;;
*:/redirect) printf 'Location: /date\n\n' ;;
*) printf 'Status: 404 Not Found\nContent-Type: text/plain\n\nno %s\n' "$PATH_INFO" ;;
esac
"#;

#[test]
fn a_script_of_pages_answers_as_behind_any_web_server() {
    if curl_is_missing() {
        return;
    }
    for caller in ["function-url", "http-api", "rest-api", "alb"] {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("pages");
        write_executable(&program, PAGES);
        let serving = serve(Serve::program(&program).with(&["--url-as", caller]), &[]);
        let url = serving.http_url();
        let get = |arguments: &[&str], path: &str| {
            let url = format!("{url}{path}");
            String::from_utf8(curl(&[arguments, &["--include", &url]].concat()).stdout).unwrap()
        };
        assert!(get(&[], "/date").ends_with("\r\n\r\n1970\n"), "{caller}");
        assert!(get(&["--data", "from=me"], "/form").ends_with("\r\n\r\n<b>me</b>\n"), "{caller}");
        let several = get(&["--cookie", "a=1; b=2"], "/cookie?x=%20y");
        if caller == "alb" {
            serving.stderr_with("turn on its attribute `lambda.multi_value_headers.enabled`");
        } else {
            assert!(
                several.contains("Set-Cookie: n=x=%20y\r\n") && several.contains("Set-Cookie: m=1\r\n"),
                "{several}"
            );
            assert!(several.ends_with("\r\n\r\na=1; b=2\n"), "{caller}: {several}");
        }
        assert!(get(&["--location"], "/redirect").ends_with("\r\n\r\n1970\n"), "{caller}");
        let missing = get(&[], "/a%20b");
        assert!(missing.starts_with("HTTP/1.1 404") && missing.ends_with("\r\n\r\nno /a b\n"), "{caller}: {missing}");
        let refused = get(&["--path-as-is"], "/../etc/passwd");
        assert!(refused.starts_with("HTTP/1.1 400"), "{caller}: {refused}");
        let said = serving.stderr_with("the path has a `..` segment");
        assert!(!said.contains("warning: the "), "{caller}: {said}");
    }
}

/// Every `$ curl` of the guide prints what stands below it, of the function and of the program.
#[test]
fn what_the_guide_shows_is_what_curl_prints() {
    const GUIDE: &str = include_str!("../../../handlers/CGI.md");
    if curl_is_missing() {
        return;
    }
    let lines: Vec<&str> = GUIDE.lines().filter_map(|line| line.strip_prefix("    ")).collect();
    let between = |first: &str, end: &str| {
        let from = lines.iter().position(|line| *line == first).unwrap();
        let length = lines[from..].iter().position(|line| line.starts_with(end)).unwrap();
        lines[from..from + length].join("\n") + "\n"
    };
    let function = Serve::script(&between("handler() {", "$ coshell"));
    let program = function.folder.path().join("hello.cgi");
    write_executable(&program, between("#!/bin/sh", "$ coshell"));
    let servers = [serve(function, &[]), serve(Serve::program(&program), &[])];
    let mut shown = 0;
    for (at, line) in lines.iter().enumerate() {
        let Some(arguments) = line.strip_prefix("$ curl ") else { continue };
        let serving = &servers[usize::from(arguments.contains("page"))];
        let arguments = arguments.replace("http://127.0.0.1:8000", &serving.function_url()).replace('\'', "");
        let words: Vec<&str> = arguments.split(' ').collect();
        assert_eq!(String::from_utf8(curl(&words).stdout).unwrap(), format!("{}\n", lines[at + 1]), "{line}");
        shown += 1;
    }
    assert_eq!(shown, 3);
}

#[test]
fn a_malformed_response_is_a_bare_error_for_the_client_and_a_sentence_on_the_terminal() {
    if curl_is_missing() {
        return;
    }
    let serving = serve(Serve::script("handler() { echo hello; }"), &[]);
    let url = format!("{}/", serving.function_url());
    let output = curl(&["--write-out", " %{http_code}", &url]);
    assert_eq!(output.stdout, b"Internal Server Error 502");
    serving.stderr_with("GET / 502 Function.InvalidCgiResponse ");
    let message =
        include_str!("../../../handlers/CGI.md").lines().find_map(|line| line.strip_prefix("    the handler's output"));
    serving.stderr_with(&format!("the handler's output{}\n", message.unwrap()));
}
