//! Guesses the media type of a file by its name, as Python's `mimetypes` does.

use std::sync::OnceLock;

/// Python's own types: extension and type.
const TYPES: &str = include_str!("media_types.tsv");
/// Files with more types, which Python reads where they are there. Later ones win.
const FILES: [&str; 3] = ["/etc/mime.types", "/etc/httpd/conf/mime.types", "/etc/apache2/mime.types"];
const SUFFIXES: [(&str, &str); 7] = [
    (".svgz", ".svg.gz"),
    (".tgz", ".tar.gz"),
    (".taz", ".tar.gz"),
    (".tz", ".tar.gz"),
    (".tbz2", ".tar.bz2"),
    (".txz", ".tar.xz"),
    ("", ""),
];
const ENCODINGS: [&str; 5] = [".gz", ".Z", ".bz2", ".xz", ".br"];

/// The type of a file; `None` where the name does not tell.
pub(super) fn guess(path: &str) -> Option<String> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let (base, extension) = extension(name);
    let (base, extension) = match SUFFIXES.iter().find(|(short, _)| !short.is_empty() && *short == extension) {
        Some((_, long)) => self::extension_of(&format!("{base}{long}")),
        None => (base.to_owned(), extension.to_owned()),
    };
    let extension = if ENCODINGS.contains(&extension.as_str()) { extension_of(&base).1 } else { extension };
    let extension = extension.strip_prefix('.')?;
    find(extension).or_else(|| find(&extension.to_lowercase()))
}

fn extension_of(name: &str) -> (String, String) {
    let (base, extension) = extension(name);
    (base.to_owned(), extension.to_owned())
}

/// Python's `splitext`: dots at the start of a name start no extension.
fn extension(name: &str) -> (&str, &str) {
    let leading = name.len() - name.trim_start_matches('.').len();
    match name.rfind('.') {
        Some(dot) if dot > leading || (dot == leading && leading == 0 && dot > 0) => name.split_at(dot),
        Some(_) | None => (name, ""),
    }
}

fn find(extension: &str) -> Option<String> {
    let in_files = files().iter().rev().find_map(|text| {
        text.lines().rev().find_map(|line| {
            let line = line.split('#').next().unwrap_or_default();
            let mut words = line.split_whitespace();
            let kind = words.next()?;
            words.any(|word| word == extension).then(|| kind.to_owned())
        })
    });
    let own = || TYPES.lines().filter_map(|line| line.split_once('\t')).find(|(name, _)| *name == extension);
    in_files.or_else(|| own().map(|(_, kind)| kind.to_owned()))
}

fn files() -> &'static Vec<String> {
    static TEXTS: OnceLock<Vec<String>> = OnceLock::new();
    TEXTS.get_or_init(|| FILES.iter().filter_map(|path| std::fs::read_to_string(path).ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::guess;

    #[test]
    fn types_are_guessed_as_python_guesses_them() {
        for (name, kind) in [
            ("a.txt", Some("text/plain")),
            ("/x/a.JSON", Some("application/json")),
            ("a.tar.gz", Some("application/x-tar")),
            ("a.tgz", Some("application/x-tar")),
            ("a.gz", None),
            (".txt", None),
            ("a", None),
        ] {
            assert_eq!(guess(name).as_deref(), kind, "{name}");
        }
    }
}
