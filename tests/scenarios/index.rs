//! The index of promises names tests that exist.

use std::fs;
use std::path::Path;

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
