//! Nothing in the repository says of itself that it is unfinished, and every file says what it is for.

use super::{files, read};

#[test]
fn nothing_is_left_for_later() {
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("#[ig", "nore"),
    ];
    for path in files(&["rs", "md", "toml", "star", "kiln", "c", "proto"]) {
        let text = read(&path);
        for mark in marks {
            assert!(!text.contains(mark), "{} contains {mark}", path.display());
        }
    }
}

#[test]
fn every_source_begins_with_what_it_owns() {
    for path in files(&["rs"]) {
        assert!(
            read(&path).starts_with("//!"),
            "{} begins without //!",
            path.display()
        );
    }
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    for path in files(&["toml"]) {
        let fixture = path.starts_with("e2e/fixtures");
        if path.file_name().is_some_and(|name| name == "Cargo.toml")
            && path.components().count() > 1
            && !fixture
        {
            let manifest: toml::Table = read(&path).parse().expect("cargo reads it too");
            let inherits = manifest
                .get("lints")
                .and_then(|lints| lints.get("workspace"))
                .and_then(toml::Value::as_bool);
            assert_eq!(inherits, Some(true), "{}", path.display());
        }
    }
}
