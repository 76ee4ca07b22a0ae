//! The rules of the house (src/lib.rs): the client of AWS imports no other folder, the runtime and the small `aws` import only the client,
//! Lambda-on-this-machine imports no command, no folder imports the small `aws`, and no two files import each other. A module may use items of the modules that contain it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use syn::visit::{self, Visit};
use syn::{Attribute, File, ItemMod, ItemUse, UseTree};

type Module = Vec<String>;
type Imports = BTreeMap<Module, BTreeSet<Module>>;

#[test]
fn no_folder_imports_what_it_must_not() {
    let imports = imports();
    let crossing = |from: &str, to: &[&str]| -> Vec<String> {
        let from = imports.iter().filter(|(module, _)| module.first().is_some_and(|folder| folder == from));
        let pairs = from.flat_map(|(module, imported)| imported.iter().map(move |imported| (module, imported)));
        let forbidden =
            pairs.filter(|(_, imported)| to.iter().any(|folder| imported.first().is_some_and(|first| first == folder)));
        forbidden.map(|(module, imported)| format!("{} imports {}", module.join("::"), imported.join("::"))).collect()
    };
    assert_eq!(crossing("client", &["runtime", "lambda", "cli", "aws"]), [""; 0]);
    assert_eq!(crossing("runtime", &["lambda", "cli", "aws"]), [""; 0]);
    assert_eq!(crossing("lambda", &["cli", "aws"]), [""; 0]);
    assert_eq!(crossing("cli", &["aws"]), [""; 0]);
    assert_eq!(crossing("aws", &["runtime", "lambda", "cli"]), [""; 0]);
    assert!(!crossing("cli", &["lambda"]).is_empty(), "no import was seen at all");
}

#[test]
fn no_two_files_import_each_other_over_whatever_way() {
    let imports = imports();
    let circles: Vec<String> = imports
        .keys()
        .filter_map(|module| {
            let way = way_back(&imports, module)?;
            Some(way.iter().map(|module| module.join("::")).collect::<Vec<_>>().join(" -> "))
        })
        .collect();
    assert!(circles.is_empty(), "circles:\n{}", circles.join("\n"));
}

#[test]
fn no_file_of_the_library_has_more_than_300_lines() {
    let long: Vec<String> = files()
        .into_iter()
        .filter_map(|(_, path)| {
            let lines = std::fs::read_to_string(&path).unwrap().lines().count();
            (lines > 300).then(|| format!("{}: {lines} lines", path.display()))
        })
        .collect();
    assert_eq!(long, [""; 0]);
}

/// The modules on a way from `start` to itself, if there is one.
fn way_back(imports: &Imports, start: &Module) -> Option<Vec<Module>> {
    let mut seen = BTreeSet::new();
    let mut open = vec![vec![start.clone()]];
    while let Some(way) = open.pop() {
        for next in way.last().and_then(|last| imports.get(last)).into_iter().flatten() {
            let longer: Vec<Module> = way.iter().cloned().chain([next.clone()]).collect();
            if next == start {
                return Some(longer);
            }
            if seen.insert(next.clone()) {
                open.push(longer);
            }
        }
    }
    None
}

/// Every module of the library with the file that holds it.
fn files() -> Vec<(Module, std::path::PathBuf)> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let entries = walkdir::WalkDir::new(&source).sort_by_file_name().into_iter().map(Result::unwrap);
    let files =
        entries.map(walkdir::DirEntry::into_path).filter(|path| path.extension().is_some_and(|end| end == "rs"));
    files
        .filter_map(|path| {
            let module = path.strip_prefix(&source).unwrap().with_extension("");
            let mut module: Module = module.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
            module.pop_if(|last| last == "mod");
            (!matches!(module[0].as_str(), "lib" | "bin" | "fuzzing")).then_some((module, path))
        })
        .collect()
}

/// For each module, the modules that its code names, without those that contain it.
fn imports() -> Imports {
    let files = files();
    let modules: BTreeSet<Module> = files.iter().map(|(module, _)| module.clone()).collect();
    files
        .iter()
        .map(|(module, path)| {
            let file: File = syn::parse_file(&std::fs::read_to_string(path).unwrap()).unwrap();
            let mut names = Names { module, modules: &modules, found: BTreeSet::new() };
            names.visit_file(&file);
            (module.clone(), names.found)
        })
        .collect()
}

struct Names<'a> {
    module: &'a Module,
    modules: &'a BTreeSet<Module>,
    found: BTreeSet<Module>,
}

impl Names<'_> {
    fn add(&mut self, path: &[String]) {
        let mut absolute = match path.first().map(String::as_str) {
            Some("crate") => Vec::new(),
            Some("self" | "super") => self.module.clone(),
            Some(first) if self.modules.contains(&[self.module.clone(), vec![first.to_owned()]].concat()) => {
                [self.module.clone(), vec![first.to_owned()]].concat()
            }
            Some(_) | None => return,
        };
        for part in path {
            match part.as_str() {
                "crate" | "self" => {}
                "super" => drop(absolute.pop()),
                part if absolute.last().is_some_and(|last| last == part)
                    && path.first().is_some_and(|first| first == part) => {}
                part => absolute.push(part.to_owned()),
            }
        }
        while !absolute.is_empty() && !self.modules.contains(&absolute) {
            absolute.pop();
        }
        if !absolute.is_empty() && !self.module.starts_with(&absolute) {
            self.found.insert(absolute);
        }
    }

    fn add_tree(&mut self, before: &[String], tree: &UseTree) {
        let with = |ident: &syn::Ident| [before, &[ident.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.add_tree(&with(&path.ident), &path.tree),
            UseTree::Name(name) => self.add(&with(&name.ident)),
            UseTree::Rename(rename) => self.add(&with(&rename.ident)),
            UseTree::Glob(_) => self.add(before),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.add_tree(before, tree)),
        }
    }
}

impl<'ast> Visit<'ast> for Names<'_> {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.add_tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if parts.len() > 1 {
            self.add(&parts);
        }
        visit::visit_path(self, path);
    }

    /// Tests may look at anything.
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if !is_for_tests(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}
