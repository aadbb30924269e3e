//! Patterns: all of a package, everything below a directory, and subtraction.

use kiln_e2e::Workspace;

/// Packages `//:x`, `//a:x`, `//a:y`, `//a/b:x`, `//ab:x`.
fn packages() -> Workspace {
    let workspace = Workspace::new();
    let target = |name: &str| {
        format!(
            "target(name = {name:?}, driver = \"sh\", run = \"echo > $OUT\", outs = [{name:?}])\n"
        )
    };
    for directory in ["", "a/", "a/b/", "ab/"] {
        workspace.write(format!("{directory}BUILD.kiln"), target("x"));
    }
    workspace.append("a/BUILD.kiln", &target("y"));
    workspace
}

#[track_caller]
fn matches(patterns: &[&str], labels: &[&str]) {
    packages().run(patterns).success().ran(labels);
}

#[test]
fn everything() {
    matches(&["//..."], &["//:x", "//a:x", "//a:y", "//a/b:x", "//ab:x"]);
}

#[test]
fn everything_below_a_directory_and_not_its_namesakes() {
    matches(&["//a/..."], &["//a:x", "//a:y", "//a/b:x"]);
}

#[test]
fn all_of_one_package() {
    matches(&["//a:all"], &["//a:x", "//a:y"]);
}

#[test]
fn one_named_twice_is_built_once() {
    matches(&["//a:x", "//a:x", "//a:all"], &["//a:x", "//a:y"]);
}

#[test]
fn what_a_minus_names_is_taken_away() {
    matches(&["//...", "-//a/..."], &["//:x", "//ab:x"]);
    matches(&["//a/...", "-//a:x"], &["//a:y", "//a/b:x"]);
}

#[test]
fn a_relative_pattern_belongs_to_the_current_directory() {
    packages()
        .kiln(["run", ":x"])
        .current_dir("a/b")
        .run()
        .success()
        .ran(["//a/b:x"]);
}

#[test]
fn nothing_left_is_nothing_matched() {
    packages().run(["//a:x", "-//a:x"]).exits(4);
}

#[test]
fn ignored_directories_are_not_entered() {
    let workspace = packages();
    workspace.write("kiln.toml", "[build]\nignore = [\"ab\"]\n");
    workspace.run(["//...", "-//a/..."]).success().ran(["//:x"]);
}

#[test]
fn outputs_of_kiln_and_of_version_control_are_no_packages() {
    let workspace = packages();
    for directory in [".git", ".hg", ".kiln/out"] {
        workspace.write(format!("{directory}/BUILD.kiln"), "fail('entered')");
    }
    workspace.run(["//..."]).success();
}

#[test]
fn packages_may_use_another_file_name() {
    let workspace = packages();
    workspace.write("kiln.toml", "[build]\nfiles = [\"KILN\", \"BUILD.kiln\"]\n");
    workspace.write(
        "a/KILN",
        r#"target(name = "z", driver = "sh", run = "echo > $OUT", outs = ["z"])"#,
    );
    workspace.run(["//a:all"]).success().ran(["//a:z"]);
}
