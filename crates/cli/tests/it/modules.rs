//! The modules of the program: imports go one way.
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Every module below `main.rs`, and the others that it may import.
const ALLOWED: [(&str, &[&str]); 13] = [
    ("app", &["commands", "invocation", "options", "signals", "terminal"]),
    ("arguments", &["names", "terminal"]),
    (
        "commands",
        &[
            "arguments",
            "connection",
            "hidden_keys",
            "invocation",
            "names",
            "pages",
            "roles",
            "signals",
            "state",
            "terminal",
        ],
    ),
    ("connection", &["options"]),
    ("hidden_keys", &["invocation", "names", "terminal"]),
    ("invocation", &["connection", "options", "state", "terminal"]),
    ("names", &[]),
    ("options", &["arguments"]),
    ("pages", &[]),
    ("roles", &["terminal"]),
    ("signals", &[]),
    ("state", &[]),
    ("terminal", &[]),
];

/// The source files in a folder and below it.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// The names after `crate::` or `super::` in a source file, without those of its tests.
fn imported(source: &str, from: &str) -> BTreeSet<String> {
    let code = source.split("#[cfg(test)]").next().unwrap();
    code.split(from).skip(1).flat_map(names).collect()
}

/// The first name of a path, or of every path in braces.
fn names(rest: &str) -> Vec<String> {
    let first =
        |path: &str| path.trim_start().split(|c: char| !c.is_alphanumeric() && c != '_').next().map(str::to_owned);
    let Some(group) = rest.strip_prefix('{') else { return first(rest).into_iter().collect() };
    let (mut depth, mut paths) = (1, vec![String::new()]);
    for c in group.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        match c {
            _ if depth == 0 => break,
            ',' if depth == 1 => paths.push(String::new()),
            c => paths.last_mut().unwrap().push(c),
        }
    }
    paths.iter().filter_map(|path| first(path)).filter(|name| !name.is_empty()).collect()
}

/// The path of a module in the sources: `commands/tokens/find`.
fn module(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap().with_extension("").to_str().unwrap().to_owned()
}

#[test]
fn modules_import_only_those_below_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let modules: BTreeSet<String> = files.iter().map(|path| module(&root, path)).collect();
    let mut siblings: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in files.iter().filter(|path| !path.ends_with("main.rs")) {
        let (name, source) = (module(&root, path), fs::read_to_string(path).unwrap());
        let top = name.split('/').next().unwrap();
        let (_, allowed) =
            ALLOWED.iter().find(|(of, _)| *of == top).unwrap_or_else(|| panic!("{top} is not in the table"));
        for import in imported(&source, "crate::") {
            assert!(allowed.contains(&import.as_str()), "{name} imports {import}");
        }
        for import in imported(&source, "super::") {
            let sibling = format!("{}/{import}", name.rsplit_once('/').map_or("", |(folder, _)| folder));
            assert!(modules.contains(&sibling), "{name} imports {import} from the module above it");
            siblings.entry(name.clone()).or_default().insert(sibling);
        }
    }
    // Modules that import nothing more are taken away, until none is left or the rest goes round in circles.
    loop {
        let is_free = |imports: &BTreeSet<String>| imports.iter().all(|import| !siblings.contains_key(import));
        let free: Vec<String> =
            siblings.iter().filter(|(_, imports)| is_free(imports)).map(|(name, _)| name.clone()).collect();
        if free.is_empty() {
            break;
        }
        siblings.retain(|name, _| !free.contains(name));
    }
    assert!(siblings.is_empty(), "these import one another: {siblings:?}");
}

#[test]
fn the_names_of_imports_are_found() {
    let source = "use crate::{a::{self, B}, c::D};\nfn e() { crate::f::g() }\n#[cfg(test)]\nuse crate::h;";
    assert_eq!(imported(source, "crate::").into_iter().collect::<Vec<_>>(), ["a", "c", "f"]);
}
