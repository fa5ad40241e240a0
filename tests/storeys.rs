//! The storeys of `src/core` and `src/gateway`: imports run downwards only, and there are no import cycles.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// From the top down. `mod.rs` of the core stands above all: it re-exports the public names.
const STOREYS: [&str; 7] = ["manager", "machine", "state", "config", "api", "protocol", "kit"];

#[test]
fn imports_of_the_core_run_downwards() {
    let modules = modules();
    let upward: Vec<_> = imports(&modules).into_iter().filter(|(from, to)| is_upward(from, to)).collect();
    assert!(upward.is_empty(), "upward imports: {upward:#?}");
}

#[test]
fn there_are_no_import_cycles() {
    let modules = modules();
    assert!(modules.len() > 80, "{}", modules.len());
    let mut imports = imports(&modules);
    assert!(imports.len() > 500, "{}", imports.len());
    // A file without importers or imports is on no cycle.
    loop {
        let before = imports.len();
        let (from, to): (BTreeSet<_>, BTreeSet<_>) = imports.iter().cloned().unzip();
        imports.retain(|(source, target)| to.contains(source) && from.contains(target));
        if imports.len() == before {
            break;
        }
    }
    assert!(imports.is_empty(), "on cycles, or between them: {imports:#?}");
}

#[test]
fn paths_come_from_imports_and_code_but_not_from_comments() {
    let code = "use crate::core::kit::{table::{Named, Table}, time};\npub use limits::Limits;\nlet a = super::text::find(b);\n";
    let expected = [
        "crate::core::kit::table::Named",
        "crate::core::kit::table::Table",
        "crate::core::kit::time",
        "limits::Limits",
    ];
    assert_eq!(paths(code)[..4], expected);
    assert!(paths(code).contains(&"super::text::find".into()));
    assert_eq!(without_comments("a // b\n\"use x::y;\" /// c"), "a \n\"\" ");
}

/// The text of each module by its path, without comments, strings and tests.
fn modules() -> BTreeMap<String, String> {
    let mut modules = BTreeMap::new();
    for name in ["core", "gateway"] {
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(name), &format!("crate::{name}"), &mut modules);
    }
    modules
}

fn collect(folder: &Path, path: &str, modules: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = entry.file_stem().unwrap().to_str().unwrap();
        if entry.is_dir() {
            collect(&entry, &format!("{path}::{name}"), modules);
        } else if name != "tests" {
            let text = fs::read_to_string(&entry).unwrap();
            let code = text.split("\n#[cfg(test)]").next().unwrap();
            let module = if name == "mod" { path.to_owned() } else { format!("{path}::{name}") };
            modules.insert(module, without_comments(code));
        }
    }
}

fn without_comments(code: &str) -> String {
    let mut kept = String::new();
    for line in code.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        // Only the text outside of string literals is code. Escaped quotes do not delimit them.
        let line = line.replace("\\\"", "").replace("'\"'", "");
        let mut pieces = Vec::new();
        for (at, piece) in line.split('"').enumerate() {
            let is_code = at % 2 == 0;
            let comment = piece.find("//").filter(|_| is_code);
            pieces.push(if is_code { &piece[..comment.unwrap_or(piece.len())] } else { "" });
            if comment.is_some() {
                break;
            }
        }
        kept.push_str(&pieces.join("\""));
        kept.push_str(end);
    }
    kept
}

/// The imports between modules.
fn imports(modules: &BTreeMap<String, String>) -> BTreeSet<(String, String)> {
    let mut imports = BTreeSet::new();
    for (module, code) in modules {
        for path in paths(code) {
            if let Some(target) = resolve(module, &path, modules).filter(|target| target != module) {
                imports.insert((module.clone(), target));
            }
        }
    }
    imports
}

/// Every imported path, and every path written in full.
fn paths(code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for (at, _) in
        code.match_indices("use ").filter(|(at, _)| !code[..*at].ends_with(|before: char| is_of_name(before)))
    {
        let tree = code[at + 4..].split(';').next().unwrap();
        expand("", &tree.split_whitespace().collect::<Vec<_>>().join(" "), &mut paths);
    }
    for root in ["crate::", "super::"] {
        for (at, _) in code.match_indices(root) {
            paths.push(code[at..].chars().take_while(|next| *next == ':' || is_of_name(*next)).collect());
        }
    }
    paths
}

fn is_of_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn expand(before: &str, tree: &str, paths: &mut Vec<String>) {
    let Some(open) = tree.find('{') else {
        let path = tree.split(" as ").next().unwrap().trim();
        return paths.push(format!("{before}{path}"));
    };
    let before = format!("{before}{}", &tree[..open]);
    let (mut depth, mut start) = (0, open + 1);
    for (at, character) in tree.char_indices().skip(open + 1) {
        match character {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                if !tree[start..at].trim().is_empty() {
                    expand(&before, tree[start..at].trim(), paths);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
}

/// The module that a path refers to, seen from `module`.
fn resolve(module: &str, path: &str, modules: &BTreeMap<String, String>) -> Option<String> {
    let mut place = module.to_owned();
    let mut rest = path;
    if path.starts_with("crate::") {
        place.clear();
    }
    while let Some(further) = rest.strip_prefix("super::") {
        place = place.rsplit_once("::")?.0.to_owned();
        rest = further;
    }
    let mut whole = if place.is_empty() { rest.to_owned() } else { format!("{place}::{rest}") };
    while !modules.contains_key(&whole) {
        whole = whole.rsplit_once("::")?.0.to_owned();
    }
    Some(whole)
}

/// Whether an import runs upwards. The core itself must not use the names that it re-exports.
fn is_upward(from: &str, to: &str) -> bool {
    if from == "crate::core" || !from.starts_with("crate::core") {
        return from.starts_with("crate::core") && !to.starts_with("crate::core");
    }
    match (storey(from), storey(to)) {
        (Some(from), Some(to)) => from > to,
        _ => true,
    }
}

fn storey(module: &str) -> Option<usize> {
    let name = module.strip_prefix("crate::core::")?.split("::").next()?;
    STOREYS.iter().position(|storey| *storey == name)
}
