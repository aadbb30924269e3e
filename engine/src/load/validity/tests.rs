//! Tests of `validity`.

use std::sync::Arc;

use super::super::fake::FakeWorkspace;
use super::*;

/// A time after anything that a test writes.
const LONG_AFTER: i64 = i64::MAX;

fn path(text: &str) -> WorkspacePath {
    WorkspacePath::from_normalised(text).unwrap()
}

/// A new run's picture of the workspace.
fn seen(workspace: &FakeWorkspace) -> Arc<Seen> {
    Arc::new(Seen::new(workspace.description()))
}

fn notes(workspace: &FakeWorkspace) -> Notes {
    let seen = seen(workspace);
    let mut notes = Notes::default();
    notes.file(&path("d/f"), &seen.file(&path("d/f")).unwrap().unwrap());
    let listing = seen.listing(&path("d")).unwrap().unwrap();
    notes.directory(&path("d"), Scope::Everything, &listing);
    notes
}

fn touch(workspace: &FakeWorkspace, path: &str) {
    let bytes = crate::sys::fs::read(&workspace.path(path)).unwrap();
    workspace.remove(path);
    crate::sys::fs::write(&workspace.path(path), &bytes).unwrap();
}

#[test]
fn settled_stamps_are_proof_enough() {
    let workspace = FakeWorkspace::new(&[("d/f", "1")]);
    let mut notes = notes(&workspace);
    // With equal stamps the contents are not looked at: a wrong digest passes.
    notes.files.get_mut(&path("d/f")).unwrap().sha256 = [7; 32];
    assert_eq!(check(&notes, LONG_AFTER, &seen(&workspace)), Validity::Same);
}

#[test]
fn stamps_as_young_as_the_record_are_not() {
    let workspace = FakeWorkspace::new(&[("d/f", "1")]);
    let mut notes = notes(&workspace);
    let recorded = seen(&workspace).recorded();
    assert_eq!(check(&notes, recorded, &seen(&workspace)), Validity::Same);
    notes.files.get_mut(&path("d/f")).unwrap().sha256 = [7; 32];
    assert_eq!(
        check(&notes, recorded, &seen(&workspace)),
        Validity::Changed
    );
}

#[test]
fn a_touch_without_a_change_refreshes_the_stamps() {
    let workspace = FakeWorkspace::new(&[("d/f", "1")]);
    let old = notes(&workspace);
    touch(&workspace, "d/f");
    let Validity::Refreshed(new) = check(&old, LONG_AFTER, &seen(&workspace)) else {
        panic!("not refreshed");
    };
    assert_ne!(new, old);
    assert_eq!(check(&new, LONG_AFTER, &seen(&workspace)), Validity::Same);
}

#[test]
fn changed_contents_listings_and_kinds_are_changes() {
    type Edit = fn(&FakeWorkspace);
    let edits: [Edit; 4] = [
        |w| w.write("d/f", "2"),
        |w| w.write("d/g", ""),
        |w| w.remove("d/f"),
        |w| {
            w.remove("d/f");
            w.link("d/f", "g");
        },
    ];
    for edit in edits {
        let workspace = FakeWorkspace::new(&[("d/f", "1")]);
        let notes = notes(&workspace);
        edit(&workspace);
        let found = check(&notes, LONG_AFTER, &seen(&workspace));
        assert_eq!(found, Validity::Changed);
    }
}

#[test]
fn only_directories_count_where_only_they_were_asked_for() {
    let workspace = FakeWorkspace::new(&[("d/f", "1"), ("d/sub/x", "")]);
    let mut notes = Notes::default();
    let listing = seen(&workspace).listing(&path("d")).unwrap().unwrap();
    notes.directory(&path("d"), Scope::Directories, &listing);
    workspace.write("d/new", "");
    let found = check(&notes, LONG_AFTER, &seen(&workspace));
    assert!(matches!(found, Validity::Refreshed(_)));
    workspace.write("d/newer/file", "");
    let found = check(&notes, LONG_AFTER, &seen(&workspace));
    assert_eq!(found, Validity::Changed);
}
