//! Finds the function that a path on the command line names, and with it Lambda's `_HANDLER` and LAMBDA_TASK_ROOT.
//!
//! This module looks at the path only. The runtime checks whether the script has no errors and defines the function, and reports
//! problems in the same words as on AWS.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::identifiers::region;

/// The script in a function's folder.
const SCRIPT: &str = "function.sh";
/// The function that is called if the path does not name a function.
const FUNCTION: &str = "handler";

/// The ending of CGI programs.
const CGI: &str = ".cgi";

/// The account id in every ARN, as in AWS's own examples.
const ACCOUNT: &str = "123456789012";

/// A function to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// LAMBDA_TASK_ROOT, absolute: the script's folder.
    pub task_root: PathBuf,
    /// `_HANDLER`: the name of the script, a dot, and the name of the function.
    pub handler: String,
}

impl Function {
    /// Finds the function that `path` means: a folder with `function.sh`, a script, `dir/file.function`, or a program.
    ///
    /// # Errors
    /// When the script does not exist; the error lists the files that were looked for.
    pub fn locate(path: &Path) -> Result<Function> {
        if path.is_dir() {
            return function_in_folder(path);
        }
        let name = path.file_name().with_context(|| format!("`{}` does not name a script", path.display()))?;
        let name = name.to_str().with_context(|| format!("the name of `{}` is not UTF-8", path.display()))?;
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if path.is_file() {
            reject_event(path)?;
            // A name without a dot, or with `.cgi`, is a program, which is run for each event.
            let handler = match name.strip_suffix(".sh") {
                Some(stem) => format!("{stem}.{FUNCTION}"),
                None if name.ends_with(CGI) => name.to_owned(),
                None if name.contains('.') => format!("{name}.{FUNCTION}"),
                // Without `./` the name would mean the script.
                None if folder.join(format!("{name}.sh")).exists() => format!("./{name}"),
                None => name.to_owned(),
            };
            return function(folder, handler);
        }
        function_by_name(path, folder, name)
    }

    /// The function's name for AWS_LAMBDA_FUNCTION_NAME and its ARN: the folder's name without characters that Lambda does not allow.
    #[must_use]
    pub fn name(&self) -> String {
        let folder = self.task_root.file_name().unwrap_or_default().to_string_lossy();
        let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
        let name: String = folder.chars().filter(|letter| allowed(*letter)).take(64).collect();
        if name.is_empty() { "function".to_owned() } else { name }
    }

    /// The function's ARN, in the developer's region.
    #[must_use]
    pub fn arn(&self) -> String {
        format!("arn:aws:lambda:{}:{ACCOUNT}:function:{}", region(), self.name())
    }
}

/// Rejects an event's path in place of the function's path.
fn reject_event(path: &Path) -> Result<()> {
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json")) {
        let function = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let function = if function.ends_with("events") { function.parent().unwrap_or(function) } else { function };
        bail!(
            "`{0}` is JSON, not a handler: name the function first and then the event, as in `coshell invoke {1} @{0}`",
            path.display(),
            if function.as_os_str().is_empty() { Path::new(".") } else { function }.display()
        );
    }
    Ok(())
}

fn function_in_folder(folder: &Path) -> Result<Function> {
    let script = folder.join(SCRIPT);
    if !script.is_file() {
        bail!(
            "no handler in the folder `{}`: looked for `{}`; name another script as `{}`",
            folder.display(),
            script.display(),
            folder.join("file.function").display()
        );
    }
    let stem = SCRIPT.trim_end_matches(".sh");
    function(folder, format!("{stem}.{FUNCTION}"))
}

/// The function of `dir/file.function`, if `dir/file.sh` or `dir/file` exists.
fn function_by_name(path: &Path, folder: &Path, name: &str) -> Result<Function> {
    let mut looked_for = vec![path.to_path_buf()];
    if let Some((file, _)) = name.rsplit_once('.').filter(|(file, function)| !file.is_empty() && !function.is_empty()) {
        let scripts = [folder.join(format!("{file}.sh")), folder.join(file)];
        if scripts.iter().any(|script| script.is_file()) {
            return function(folder, name.to_owned());
        }
        looked_for.extend(scripts.into_iter().filter(|script| script != path)); // for `x.sh`, the first candidate is `path` itself
    } else {
        looked_for.push(path.join(SCRIPT));
    }
    let looked_for: Vec<String> = looked_for.iter().map(|path| format!("`{}`", path.display())).collect();
    let advice = match intended(path, folder, name) {
        Some(intended) => format!("did you mean {intended}?"),
        None => format!("give a folder with {SCRIPT}, a script, or `dir/file.function`"),
    };
    bail!("no script for `{}`: looked for {}; {advice}", path.display(), looked_for.join(", "))
}

/// The path that the user may have meant: a script without its `.sh`, a function after a slash, or a similar name.
fn intended(path: &Path, folder: &Path, name: &str) -> Option<String> {
    let script = folder.join(format!("{name}.sh"));
    if script.is_file() {
        return Some(format!(
            "`{}`, or `{}.FUNCTION` for another function of that script",
            script.display(),
            path.display()
        ));
    }
    let script_of_function = PathBuf::from(format!("{}.sh", folder.display()));
    if script_of_function.is_file() && !name.contains('.') {
        return Some(format!(
            "`{}.{name}`, the function `{name}` of `{}`",
            folder.display(),
            script_of_function.display()
        ));
    }
    if let Some(similar) = similar_name(folder, name) {
        return Some(format!("`{}`", path.with_file_name(similar).display()));
    }
    if folder.join(SCRIPT).is_file() && !name.contains('.') {
        let stem = folder.join(SCRIPT.trim_end_matches(".sh"));
        let (folder, stem) = (folder.display(), stem.display());
        return Some(format!("`{folder}` (its function `{FUNCTION}`), or `{stem}.{name}` for the function `{name}`"));
    }
    None
}

/// The name in `folder` of a function's folder or script that differs from `name` in one or two characters.
fn similar_name(folder: &Path, name: &str) -> Option<String> {
    let most = if name.len() < 6 { 1 } else { 2 };
    let entries = fs::read_dir(folder).ok()?.filter_map(Result::ok).filter(|entry| {
        let path = entry.path();
        path.join(SCRIPT).is_file() || (path.is_file() && path.extension().is_some_and(|ending| ending == "sh"))
    });
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let near = names.filter(|other| (1..=most).contains(&strsim::osa_distance(name, other)));
    near.min_by_key(|other| (strsim::osa_distance(name, other), other.clone()))
}

fn function(folder: &Path, handler: String) -> Result<Function> {
    let task_root =
        fs::canonicalize(folder).with_context(|| format!("cannot enter the folder `{}`", folder.display()))?;
    Ok(Function { task_root, handler })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            fs::write(folder.path().join(file), "").unwrap();
        }
        folder
    }

    #[test]
    fn every_form_of_path_finds_its_script() {
        let folder = folder_with(&["page.cgi", "function.sh", "orders.sh", "plain", "other.bash"]);
        let root = fs::canonicalize(folder.path()).unwrap();
        let table = [
            ("", "function.handler"),
            ("function.sh", "function.handler"),
            ("orders.sh", "orders.handler"),
            ("orders.create", "orders.create"),
            ("plain.run", "plain.run"),
            ("plain", "plain"),
            ("other.bash", "other.bash.handler"),
            ("page.cgi", "page.cgi"),
        ];
        for (path, handler) in table {
            let found = Function::locate(&folder.path().join(path)).unwrap();
            assert_eq!(found, Function { task_root: root.clone(), handler: handler.to_owned() }, "path `{path}`");
        }
    }

    #[test]
    fn a_program_is_chosen_by_its_name_beside_a_script_of_the_same_name() {
        let folder = folder_with(&["main", "main.sh"]);
        let handler = |name: &str| Function::locate(&folder.path().join(name)).unwrap().handler;
        assert_eq!((handler("main"), handler("main.sh")), ("./main".to_owned(), "main.handler".to_owned()));
    }

    #[test]
    fn an_event_in_place_of_a_function_is_rejected_with_the_right_order() {
        let folder = folder_with(&["event.json", "order.JSON"]);
        fs::create_dir(folder.path().join("events")).unwrap();
        fs::write(folder.path().join("events/a.json"), "{}").unwrap();
        let root = folder.path().display();
        for name in ["event.json", "order.JSON", "events/a.json"] {
            let error = Function::locate(&folder.path().join(name)).unwrap_err().to_string();
            assert!(error.contains(&format!("as in `coshell invoke {root} @{root}/{name}`")), "{error}");
        }
    }

    #[test]
    fn a_missing_script_lists_what_was_looked_for() {
        let folder = folder_with(&[]);
        let inside = |name: &str| folder.path().join(name).display().to_string();
        let error = Function::locate(&folder.path().join("orders.create")).unwrap_err().to_string();
        for name in ["orders.create", "orders.sh", "orders"] {
            assert!(error.contains(&format!("`{}`", inside(name))), "{error}");
        }
        let error = Function::locate(&folder.path().join("functoin.sh")).unwrap_err().to_string();
        assert_eq!(
            error.matches(&format!("`{}`", inside("functoin.sh"))).count(),
            2,
            "once as PATH and once as a file that was looked for: {error}"
        );
        assert_eq!(error.matches(&format!("`{}`", inside("functoin"))).count(), 1, "{error}");
        let error = Function::locate(folder.path()).unwrap_err().to_string();
        assert!(error.contains(&format!("looked for `{}`", inside("function.sh"))), "{error}");
    }

    #[test]
    fn a_path_that_is_nearly_right_gets_the_right_one() {
        let folder = folder_with(&["orders.sh"]);
        fs::create_dir(folder.path().join("hello")).unwrap();
        fs::write(folder.path().join("hello/function.sh"), "").unwrap();
        let root = folder.path().display();
        for (path, intended) in [
            ("hello/function", format!("did you mean `{root}/hello/function.sh`, or `{root}/hello/function.FUNCTION`")),
            ("hello/function/create", format!("did you mean `{root}/hello/function.create`, the function `create`")),
            (
                "orders/create",
                format!("did you mean `{root}/orders.create`, the function `create` of `{root}/orders.sh`"),
            ),
            (
                "hello/create",
                format!("did you mean `{root}/hello` (its function `handler`), or `{root}/hello/function.create`"),
            ),
            ("helo", format!("did you mean `{root}/hello`?")),
            ("hello/functoin.sh", format!("did you mean `{root}/hello/function.sh`?")),
        ] {
            let error = Function::locate(&folder.path().join(path)).unwrap_err().to_string();
            assert!(error.contains(&intended), "{path}: {error}");
        }
        let error = Function::locate(&folder.path().join("other")).unwrap_err().to_string();
        assert!(error.contains("give a folder with function.sh"), "{error}");
    }

    #[test]
    fn a_function_is_named_after_its_folder() {
        let name = |root: &str| Function { task_root: root.into(), handler: String::new() }.name();
        assert_eq!(name("/home/me/my orders.v2"), "myordersv2");
        assert_eq!(name("/"), "function");
    }
}
