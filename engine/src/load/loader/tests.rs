//! Tests of `loader`.

use kiln_plugin_abi::LoadError;

use super::super::fake::{FakeWorkspace, package};
use super::*;
use crate::sys::fs;

/// Loads one package in a run of its own, saves, and returns the number of
/// evaluations with the files and outputs of each target.
fn run(workspace: &FakeWorkspace, path: &str) -> (u64, Vec<String>) {
    let loader = workspace.loader();
    let loaded = load(&loader, path).unwrap_or_else(|errors| panic!("{errors:?}"));
    loader.save().unwrap();
    (loader.packages_evaluated(), loaded)
}

fn load(loader: &Loader, path: &str) -> Result<Vec<String>, Vec<String>> {
    let (_, loaded) = loader.load(&[package(path)]).remove(0);
    match loaded {
        Ok(package) => Ok(package.targets().iter().map(describe).collect()),
        Err(LoadError::NoPackage) => Err(vec!["no package".to_owned()]),
        Err(LoadError::Faulty(diagnostics)) => {
            Err(diagnostics.iter().map(ToString::to_string).collect())
        }
    }
}

fn describe(target: &Target) -> String {
    let files = target.inputs.iter().flat_map(|group| &group.items);
    let files: Vec<String> = files.map(|item| format!("{item:?}")).collect();
    format!("{} {}", target.label.name(), files.join(" "))
        .replace("File(\"", "")
        .replace("\")", "")
}

fn errors(files: &[(&str, &str)], path: &str) -> Vec<String> {
    load(&FakeWorkspace::new(files).loader(), path).unwrap_err()
}

/// Loads one package in a run of its own and counts evaluations.
fn evaluations(workspace: &FakeWorkspace, path: &str) -> u64 {
    run(workspace, path).0
}

#[test]
fn an_unchanged_package_is_not_evaluated_again() {
    let workspace = FakeWorkspace::new(&[("a/BUILD", "x glob=*.c out=x.o"), ("a/1.c", "")]);
    let first = run(&workspace, "a");
    assert_eq!(first, (1, vec!["x a/1.c".to_owned()]));
    assert_eq!(run(&workspace, "a"), (0, first.1));
}

#[test]
fn what_the_evaluation_looked_at_makes_it_happen_again() {
    let files = [
        (
            "a/BUILD",
            "x glob=src/**/*.c load=rules/r out=o/x file=plain",
        ),
        ("a/src/1.c", ""),
        ("a/src/deep/none.h", ""),
        ("a/nested/BUILD", "n"),
        ("rules/r", "1"),
    ];
    type Edit = fn(&FakeWorkspace);
    let edits: [(&str, u64, Edit); 12] = [
        ("the BUILD file", 1, |w| w.write("a/BUILD", "y")),
        ("a loaded file", 1, |w| w.write("rules/r", "2")),
        ("the same text", 0, |w| w.write("rules/r", "1")),
        ("a match", 1, |w| w.write("a/src/2.c", "")),
        ("a match removed", 1, |w| w.remove("a/src/1.c")),
        ("where nothing matched", 1, |w| {
            w.write("a/src/deep/2.c", "");
        }),
        ("a matched file's text", 0, |w| w.write("a/src/1.c", "new")),
        ("an earlier BUILD name", 1, |w| {
            w.write("a/BUILD.first", "z");
        }),
        ("a nested package", 1, |w| w.write("a/src/deep/BUILD", "d")),
        ("a package at an output", 1, |w| w.write("a/o/BUILD", "d")),
        ("beside what was walked", 0, |w| w.write("a/doc", "")),
        ("another package", 0, |w| w.write("a/nested/BUILD", "m")),
    ];
    for (what, expected, edit) in edits {
        let workspace = FakeWorkspace::new(&files);
        assert_eq!(evaluations(&workspace, "a"), 1, "{what}");
        edit(&workspace);
        if what == "a package at an output" {
            let error = load(&workspace.loader(), "a").unwrap_err();
            assert!(error[0].contains("lies in the package //a/o"), "{error:?}");
            continue;
        }
        assert_eq!(evaluations(&workspace, "a"), expected, "{what}");
        assert_eq!(evaluations(&workspace, "a"), 0, "{what}, again");
    }
}

#[test]
fn a_change_within_the_clocks_resolution_is_noticed() {
    let workspace = FakeWorkspace::new(&[("BUILD", "x file=1")]);
    for round in 2..40_u32 {
        let text = format!("x file={}", round % 10);
        workspace.write("BUILD", &text);
        let (_, targets) = run(&workspace, "");
        assert_eq!(targets, [format!("x {}", round % 10)]);
    }
}

#[test]
fn a_damaged_or_foreign_snapshot_is_not_used_and_is_replaced() {
    let workspace = FakeWorkspace::new(&[("a/BUILD", "x file=f"), ("b/BUILD", "y file=g")]);
    let snapshot = workspace.path(".kiln/state/packages-v1");
    run(&workspace, "a");
    let good = fs::read(&snapshot).unwrap();
    for at in (0..good.len()).step_by(7).chain([good.len() - 1]) {
        let mut bad = good.clone();
        bad[at] ^= 0x41;
        fs::write(&snapshot, &bad).unwrap();
        assert_eq!(run(&workspace, "a").1, ["x a/f"], "byte {at}");
        fs::write(&snapshot, &good[..at]).unwrap();
        assert_eq!(
            run(&workspace, "a"),
            (1, vec!["x a/f".to_owned()]),
            "cut at {at}"
        );
        assert_eq!(evaluations(&workspace, "a"), 0);
    }
    let other = LoaderSetup {
        identity: "another version".into(),
        ..workspace.setup()
    };
    let other = Loader::new(other);
    load(&other, "a").unwrap();
    assert_eq!(other.packages_evaluated(), 1);
}

#[test]
fn records_that_a_run_does_not_reach_are_kept_and_those_of_lost_packages_dropped() {
    let workspace = FakeWorkspace::new(&[("a/BUILD", "x"), ("b/BUILD", "y")]);
    run(&workspace, "a");
    run(&workspace, "b");
    assert_eq!(evaluations(&workspace, "a"), 0);
    workspace.remove("a/BUILD");
    let loader = workspace.loader();
    assert_eq!(load(&loader, "a").unwrap_err(), ["no package"]);
    loader.save().unwrap();
    workspace.write("a/BUILD", "x");
    assert_eq!(evaluations(&workspace, "a"), 1);
    assert_eq!(evaluations(&workspace, "b"), 0);
}

#[test]
fn a_second_save_keeps_what_the_first_wrote() {
    let workspace = FakeWorkspace::new(&[("a/BUILD", "x"), ("b/BUILD", "y")]);
    let loader = workspace.loader();
    load(&loader, "a").unwrap();
    assert!(loader.save().unwrap());
    assert!(!loader.save().unwrap());
    load(&loader, "b").unwrap();
    assert!(loader.save().unwrap());
    assert_eq!(evaluations(&workspace, "a"), 0);
    assert_eq!(evaluations(&workspace, "b"), 0);
}

#[test]
fn nothing_new_is_not_written() {
    let workspace = FakeWorkspace::new(&[]);
    assert!(!workspace.loader().save().unwrap());
    assert!(!workspace.path(".kiln").exists());
}

#[test]
fn all_packages_of_a_call_are_loaded_once_and_answered_in_order() {
    let workspace = FakeWorkspace::new(&[("a/BUILD", "x"), ("b/BUILD", "y")]);
    let loader = workspace.loader();
    let asked = [package("b"), package("a"), package("b"), package("none")];
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let answers = loader.load(&asked);
                let order: Vec<_> = answers.iter().map(|(path, _)| path.clone()).collect();
                assert_eq!(order, asked);
                assert!(answers[..3].iter().all(|(_, loaded)| loaded.is_ok()));
                assert_eq!(answers[3].1, Err(LoadError::NoPackage));
            });
        }
    });
    assert_eq!(loader.packages_evaluated(), 3);
}

#[test]
fn targets_are_found_by_label_with_and_without_parameters() {
    let workspace = FakeWorkspace::new(&[("a/BUILD", "x")]);
    let loader = workspace.loader();
    let find = |text: &str| {
        let label = Label::parse(text, &PackagePath::root()).unwrap();
        loader.target(&label).map(|found| found.is_some())
    };
    assert_eq!(find("//a:x"), Ok(true));
    assert_eq!(find("//a:y"), Ok(false));
    assert_eq!(find("//none:x"), Err(LoadError::NoPackage));
    assert_eq!(find("//a:any@k=v"), Ok(true));
    assert_eq!(find("//a:other@k=v"), Ok(false));
}

#[test]
fn every_fault_of_a_package_is_reported() {
    let build = "x out=o/1\nx\ny driver=fke\nz out=o\nv out=o/1\nw file=nested/f";
    let found = errors(&[("a/BUILD", build), ("a/nested/BUILD", "n")], "a");
    let expected = [
        "a/BUILD:2:1: //a:x: there are two targets with the name `x`",
        "a/BUILD:3:1: //a:y: there is no driver `fke`",
        "a/BUILD:1:1: //a:x: the output `a/o/1` lies in `a/o`, an output of `//a:z`",
        "a/BUILD:5:1: //a:v: the output `a/o/1` is declared by `//a:x` too",
        "a/BUILD:6:1: //a:w: `a/nested/f` lies in the package //a/nested",
    ];
    assert_eq!(found, expected);
}

#[test]
fn an_unknown_driver_is_answered_with_the_nearest() {
    let workspace = FakeWorkspace::new(&[("BUILD", "x driver=fke")]);
    let (_, loaded) = workspace.loader().load(&[package("")]).remove(0);
    let Err(LoadError::Faulty(diagnostics)) = loaded else {
        panic!("loaded");
    };
    assert_eq!(diagnostics[0].hints, ["did you mean `fake`?"]);
}

#[test]
fn outputs_stay_in_their_package() {
    let nested = [("a/BUILD", "x out=n/o\ny out=m/o"), ("a/n/BUILD", "n")];
    let found = errors(&nested, "a");
    assert_eq!(
        found,
        ["a/BUILD:1:1: //a:x: the output `a/n/o` lies in the package //a/n"]
    );
}

#[test]
fn packages_are_found_again_without_listing_what_did_not_change() {
    let workspace = FakeWorkspace::new(&[
        ("BUILD", "r"),
        ("a/BUILD", "x"),
        ("a/b/c/BUILD.first", "x"),
        ("ab/BUILD", "x"),
        ("ignored/BUILD", "x"),
        (".git/BUILD", "x"),
        ("a/with space/BUILD", "x"),
    ]);
    workspace.link("linked", "a");
    let below = |base: &str| {
        let loader = workspace.loader();
        let found = loader.packages_below(&package(base)).unwrap();
        loader.save().unwrap();
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        found.join(" ")
    };
    for _ in 0..2 {
        assert_eq!(below(""), "// //a //a/b/c //ab");
        assert_eq!(below("a"), "//a //a/b/c");
    }
    assert_eq!(below("none"), "");
    workspace.write("a/b/BUILD", "x");
    workspace.remove("a/b/c/BUILD.first");
    assert_eq!(below("a"), "//a //a/b");
    assert_eq!(below(""), "// //a //a/b //ab");
    let told = workspace.sink.0.lock().unwrap();
    assert!(told[0].contains("`a/with space` holds a BUILD file but cannot be a package"));
}
