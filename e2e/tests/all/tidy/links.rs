//! Every path that a document names exists.

use std::path::Path;

use kiln_e2e::repository;

use super::{files, read};

#[test]
fn documents_name_only_paths_that_exist() {
    let top: Vec<String> = std::fs::read_dir(repository())
        .expect("a readable directory")
        .filter_map(|entry| {
            entry
                .expect("a readable entry")
                .file_name()
                .into_string()
                .ok()
        })
        .collect();
    for document in files(&["md"]) {
        let text = read(&document);
        let here = document.parent().unwrap_or(Path::new(""));
        for path in code_paths(&text, &top).chain(link_paths(&text)) {
            let exists = [Path::new(""), here]
                .iter()
                .any(|base| repository().join(base).join(path).exists());
            assert!(
                exists,
                "{} names {path}, which does not exist",
                document.display()
            );
        }
    }
}

/// Paths in backticks that begin with something at the repository's root.
fn code_paths<'a>(text: &'a str, top: &'a [String]) -> impl Iterator<Item = &'a str> {
    let spans = text.split('`').skip(1).step_by(2);
    spans.filter(|span| {
        let plain = span
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "/._-".contains(letter));
        let first = span.split('/').next().unwrap_or_default();
        plain && span.contains('/') && first != "target" && top.iter().any(|name| name == first)
    })
}

/// Targets of links inside the repository, without their fragment.
fn link_paths(text: &str) -> impl Iterator<Item = &str> {
    let targets = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let inside = targets
        .filter(|target| !target.contains("://") && !target.starts_with('#') && !target.is_empty());
    inside.map(|target| target.split('#').next().unwrap_or(target))
}

#[test]
fn paths_are_found_in_code_and_in_links() {
    let top = ["engine".to_owned()];
    let text = "See `engine/src/lib.rs`, `//engine:x`, `a/b`, and [this](docs/x.md#part) or [that](https://example.org/).";
    assert_eq!(
        code_paths(text, &top).collect::<Vec<_>>(),
        ["engine/src/lib.rs"]
    );
    assert_eq!(link_paths(text).collect::<Vec<_>>(), ["docs/x.md"]);
}
