//! Every test named in tests/INDEX.md, docs/limits.md and SECURITY.md exists.

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_name_in_the_index_is_a_test() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let index = fs::read_to_string(tests.join("INDEX.md")).unwrap();
    let names: Vec<_> = index.split('`').skip(1).step_by(2).filter_map(|name| name.split_once("::")).collect();
    assert!(names.len() > 80, "{}", names.len());
    for (module, name) in names.into_iter().filter(|(_, name)| !name.ends_with('…')) {
        let source = fs::read_to_string(tests.join("scenarios").join(module).with_extension("rs")).unwrap();
        assert!(source.contains(&format!("#[test]\nfn {name}(")), "{module}::{name}");
    }
}

#[test]
fn every_limit_has_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = fs::read_to_string(root.join("docs/limits.md")).unwrap();
    let rows: Vec<_> = document.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what ")).collect();
    assert!(rows.len() > 30, "{}", rows.len());
    for row in rows {
        let tests = row.rsplit("| ").next().unwrap();
        let names: Vec<_> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "{row}");
        for name in names {
            let Some((module, test)) = name.split_once("::") else {
                assert!(root.join(name).exists(), "{name}");
                continue;
            };
            let mut places = Vec::new();
            find(&root.join("tests/scenarios"), module, &mut places);
            find(&root.join("src/core"), module, &mut places);
            let is_test = |source: String| source.contains(&format!("fn {test}("));
            assert!(places.iter().any(|place| fs::read_to_string(place).is_ok_and(is_test)), "{name}");
        }
    }
}

#[test]
fn every_bound_of_the_gateway_has_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let (_, section) = document.split_once("### Bounds of the gateway").unwrap();
    let (table, _) = section.split_once("\n## ").unwrap();
    let rows: Vec<_> = table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what ")).collect();
    assert!(rows.len() > 25, "{}", rows.len());
    for row in rows {
        let tests = row.trim_end_matches(" |").rsplit("| ").next().unwrap();
        let names: Vec<_> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "{row}");
        for name in names {
            assert!(root.join("tests/gateway").join(name).exists() || root.join(name).exists(), "{name}");
        }
    }
}

/// The files of this module, wherever they are in `folder`; its tests may have one of their own.
fn find(folder: &Path, module: &str, places: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            find(&entry, module, places);
        } else if entry.file_stem().is_some_and(|stem| stem == module) || folder.ends_with(module) {
            places.push(entry);
        }
    }
}
