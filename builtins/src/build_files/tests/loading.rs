//! `load()`, macros, and the modules that packages share.

use super::*;
use crate::testing::{label, list};

const MACRO: &str = concat!(
    "def library(name, srcs):\n",
    "    target(name = name, driver = \"sh\", deps = srcs + glob([\"*.h\"]))\n",
);

#[test]
fn a_macro_acts_for_the_package_that_calls_it() {
    let host = FakeHost::with([
        (
            "p/BUILD.kiln",
            "load(\"//rules/c.star\", \"library\")\n\nlibrary(name = \"l\", srcs = [\"a.c\"])\n",
        ),
        ("rules/c.star", MACRO),
        ("rules/no.h", ""),
        ("p/yes.h", ""),
    ]);
    let targets = load_p(&host).unwrap();
    assert_eq!(targets[0].label, label("//p:l"));
    assert_eq!(targets[0].attributes["deps"], list(["a.c", "yes.h"]));
    let span = targets[0].span.as_ref().unwrap();
    assert_eq!((span.file.as_str(), span.line), ("p/BUILD.kiln", 3));
}

#[test]
fn an_error_of_a_macro_s_call_stands_at_the_call_in_the_build_file() {
    let host = FakeHost::with([
        (
            "p/BUILD.kiln",
            "load(\"//rules/c.star\", \"library\")\nlibrary(\"l\", [\"a.c\"])\n",
        ),
        ("rules/c.star", MACRO),
    ]);
    shows(
        &load_p(&host).unwrap_err(),
        &[
            "p/BUILD.kiln:2:1: the glob matches no file",
            "focus: literal *.h",
            "note: called at rules/c.star:2:54",
            "hint: `allow_empty = True` lets it match nothing",
        ],
    );
}

#[test]
fn an_error_inside_a_macro_shows_the_place_and_the_callers() {
    let host = FakeHost::with([
        ("p/BUILD.kiln", "load(\":f.star\", \"f\")\nf(1)\n"),
        ("p/f.star", "def f(x):\n    y = x\n    fail(\"bad\", y)\n"),
    ]);
    shows(
        &load_p(&host).unwrap_err(),
        &[
            "p/f.star:3:5: bad 1",
            "note: in `f`, called from p/BUILD.kiln:2:1",
        ],
    );
}

#[test]
fn a_macro_so_small_that_it_is_inlined_keeps_the_callers_place() {
    let host = FakeHost::with([
        ("p/BUILD.kiln", "load(\":f.star\", \"f\")\n\nf()\n"),
        (
            "p/f.star",
            "def f():\n    return target(name = \"x\", driver = \"sh\")\n",
        ),
    ]);
    let targets = load_p(&host).unwrap();
    let span = targets[0].span.as_ref().unwrap();
    assert_eq!((span.file.as_str(), span.line), ("p/BUILD.kiln", 3));
}

#[test]
fn a_relative_load_means_the_directory_of_its_file() {
    let host = FakeHost::with([
        (
            "p/BUILD.kiln",
            "load(\"//rules/a.star\", \"x\")\ntarget(name = x, driver = \"sh\")\n",
        ),
        ("rules/a.star", "load(\":b.star\", \"y\")\nx = y\n"),
        ("rules/b.star", "y = \"deep\"\n"),
    ]);
    assert_eq!(load_p(&host).unwrap()[0].label, label("//p:deep"));
}

#[test]
fn a_shared_file_is_read_once_and_noted_for_every_package() {
    let text = "load(\"//r/a.star\", \"x\")\ntarget(name = x, driver = \"sh\")\n";
    let mut files = vec![
        ("p/BUILD.kiln", text),
        ("q/BUILD.kiln", text),
        ("r/a.star", "load(\":b.star\", \"y\")\nx = y\n"),
        ("r/b.star", "y = \"t\"\n"),
    ];
    let provider = BuildFileProvider::default();
    let first = FakeHost::with(files.clone());
    load(&provider, &first, "p").unwrap();
    files.truncate(2);
    let second = FakeHost::with(files);
    let package = load(&provider, &second, "q").unwrap();
    assert_eq!(package.targets[0].label, label("//q:t"));
    let noted: Vec<String> = second.noted.lock().unwrap().iter().cloned().collect();
    assert_eq!(noted, ["q/BUILD.kiln", "r/a.star", "r/b.star"]);
    assert_eq!(*second.read.lock().unwrap(), ["q/BUILD.kiln"]);
}

#[test]
fn many_threads_that_want_one_file_evaluate_it_once() {
    let host = FakeHost::with([
        (
            "p/BUILD.kiln",
            "load(\"//a.star\", \"x\")\ntarget(name = x, driver = \"sh\")\n",
        ),
        ("a.star", "load(\"//b.star\", \"y\")\nx = y\n"),
        ("b.star", "print(\"evaluated\")\ny = \"t\"\n"),
    ]);
    let provider = BuildFileProvider::default();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| load(&provider, &host, "p").unwrap());
        }
    });
    assert_eq!(host.printed.lock().unwrap().len(), 1);
}

#[test]
fn a_load_cycle_is_shown_whole() {
    let host = FakeHost::with([
        ("p/BUILD.kiln", "load(\"//a.star\", \"x\")\n"),
        ("a.star", "load(\"//b.star\", \"x\")\n"),
        ("b.star", "x = 1\nload(\":c.star\", \"x\")\n"),
        ("c.star", "load(\"//b.star\", \"x\")\n"),
    ]);
    shows(
        &load_p(&host).unwrap_err(),
        &[
            "c.star:1:6: load cycle: the files load each other",
            "note: b.star → c.star → b.star",
            "hint: move what both need into a third file",
        ],
    );
}

#[test]
fn a_long_chain_of_loads_ends_with_an_error() {
    let mut host = FakeHost::with([("p/BUILD.kiln", "load(\"//0.star\", \"x\")\n")]);
    for n in 0..200 {
        let text = format!("load(\"//{}.star\", \"x\")\n", n + 1);
        host.add(&format!("{n}.star"), text.as_bytes());
    }
    assert_eq!(
        load_p(&host).unwrap_err().message,
        "files load each other more than 100 deep"
    );
}

#[test]
fn a_missing_file_is_named_where_it_is_loaded() {
    let host = FakeHost::with([
        ("p/BUILD.kiln", "load(\"//a.star\", \"x\")\n"),
        ("a.star", "load(\":gone.star\", \"x\")\n"),
    ]);
    shows(
        &load_p(&host).unwrap_err(),
        &[
            "a.star:1:6: cannot load `:gone.star`: there is no file gone.star",
            "note: loaded from p/BUILD.kiln:1:6",
        ],
    );
}

#[test]
fn a_faulty_file_names_those_that_load_it() {
    let host = FakeHost::with([
        ("p/BUILD.kiln", "load(\"//a.star\", \"x\")\n"),
        ("a.star", "load(\":b.star\", \"x\")\n"),
        ("b.star", "x = 1 +\n"),
    ]);
    let error = load_p(&host).unwrap_err();
    assert_eq!(error.span.as_ref().unwrap().file.as_str(), "b.star");
    assert_eq!(
        error.notes,
        ["loaded from a.star:1:6", "loaded from p/BUILD.kiln:1:6"]
    );
}

#[test]
fn what_cannot_be_loaded_is_refused() {
    for (text, message) in [
        (
            "load(\"a.star\", \"x\")",
            "cannot load `a.star`: it is relative",
        ),
        ("load(\"//a:b.star\", \"x\")", "`//a:b.star` is not a path"),
        (
            "load(\"//../a.star\", \"x\")",
            "cannot load `//../a.star`: the path leaves the workspace",
        ),
        (
            "load(\":../a.star\", \"x\")",
            "cannot load `:../a.star`: the path leaves this directory",
        ),
        ("load(\":\", \"x\")", "cannot load `:`: the path is empty"),
    ] {
        assert_eq!(error(text).message, message, "{text}");
    }
}

#[test]
fn a_loaded_file_declares_nothing_itself() {
    let host = FakeHost::with([
        ("p/BUILD.kiln", "load(\":a.star\", \"x\")\n"),
        ("p/a.star", "x = 1\ntarget(name = \"a\", driver = \"sh\")\n"),
    ]);
    shows(
        &load_p(&host).unwrap_err(),
        &[
            "p/a.star:2:1: `target` belongs to no package here",
            "note: loaded from p/BUILD.kiln:1:6",
            "hint: put the call into a function, and call that from a BUILD file",
        ],
    );
}

#[test]
fn a_symbol_that_is_not_there_is_named() {
    let host = FakeHost::with([
        ("p/BUILD.kiln", "load(\":a.star\", \"librari\")\n"),
        ("p/a.star", "library = 1\n_private = 2\n"),
    ]);
    let error = load_p(&host).unwrap_err();
    assert!(error.message.contains("librari"), "{}", shown(&error));
    assert_eq!(error.span.unwrap().line, 1);
}
