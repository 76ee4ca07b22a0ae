//! tests/lambda-2026.md names tests that exist.

use std::fs;
use std::path::Path;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Whether tests/it has a test with this path, `module::name`.
fn exists(test: &str) -> bool {
    let Some((module, name)) = test.rsplit_once("::") else { return false };
    let file = Path::new(ROOT).join("tests/it").join(module.replace("::", "/"));
    let [file, folder] = [file.with_extension("rs"), file.join("mod.rs")].map(|path| fs::read_to_string(path).ok());
    let source = file.or(folder).unwrap_or_default();
    source.contains(&format!("#[test]\nfn {name}()"))
}

#[test]
fn every_test_that_the_page_names_exists() {
    let page = fs::read_to_string(Path::new(ROOT).join("tests/lambda-2026.md")).unwrap();
    let is_row = |line: &&str| line.strip_prefix("| ").is_some_and(|row| row.starts_with(|c: char| c.is_ascii_digit()));
    let rows: Vec<&str> = page.lines().filter(is_row).collect();
    assert!(rows.len() > 40, "{} rows", rows.len());
    let missing: Vec<&str> = rows
        .into_iter()
        .filter(|row| {
            let test = row.split(" | ").nth(2).unwrap_or_default().trim_matches('`');
            !exists(test)
        })
        .collect();
    assert_eq!(missing, [""; 0]);
    assert!(!exists("lambda_2026::a_test_that_is_nowhere"));
}
