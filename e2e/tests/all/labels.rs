//! Labels on the command line and in BUILD files: what is refused, and that the caret shows where.

use kiln_e2e::Workspace;

/// Asserts that a label is refused as a bad command line, with the caret under this column of the label.
#[track_caller]
fn refused_at(label: &str, column: usize) {
    let run = Workspace::with_build("").run([label]).exits(2);
    let lines: Vec<&str> = run.stderr().lines().collect();
    let shown = lines
        .iter()
        .position(|line| line.contains('^'))
        .unwrap_or_else(|| panic!("no caret{}", run.report()));
    let caret = lines[shown].find('^').expect("just found");
    let start = lines[..shown]
        .iter()
        .rev()
        .find_map(|line| line.rfind(label));
    let start =
        start.unwrap_or_else(|| panic!("the label is not shown above the caret{}", run.report()));
    assert_eq!(caret - start, column, "{}", run.report());
}

#[test]
fn a_segment_of_dots_is_refused() {
    refused_at("//../x", 2);
    refused_at("//a/./x", 4);
}

#[test]
fn an_empty_segment_is_refused() {
    refused_at("//a//b", 4);
}

#[test]
fn an_empty_name_is_refused() {
    refused_at("//a:", 4);
    Workspace::with_build("").run([":"]).exits(2);
}

#[test]
fn a_second_colon_is_refused() {
    refused_at("//a:b:c", 5);
}

#[test]
fn white_space_is_refused() {
    refused_at("//a b:c", 3);
}

#[test]
fn an_unknown_kind_of_group_name_is_refused() {
    refused_at("//a:b[HDRS]", 6);
}

#[test]
fn an_empty_label_is_refused() {
    Workspace::with_build("").run([""]).exits(2);
}

#[test]
fn control_characters_are_refused_and_not_echoed_raw() {
    let run = Workspace::with_build("")
        .run(["//a:\x1b[31mred\x07"])
        .exits(2);
    assert!(!run.stderr().contains(['\x1b', '\x07']), "{}", run.report());
}

#[test]
fn ten_kilobytes_are_refused_in_a_short_message() {
    let run = Workspace::with_build("")
        .run([format!("//{}", "a/".repeat(5000) + "b")])
        .exits(2);
    assert!(
        run.stderr().len() < 10_000,
        "{} bytes of stderr",
        run.stderr().len()
    );
}

#[test]
fn a_label_without_name_means_the_last_segment() {
    let workspace = Workspace::new();
    workspace.write(
        "a/b/BUILD.kiln",
        r#"target(name = "b", driver = "sh", run = "echo > $OUT", outs = ["out"])"#,
    );
    workspace.run(["//a/b"]).success().ran(["//a/b:b"]);
}

#[test]
fn unusual_names_work_everywhere() {
    let workspace = Workspace::new();
    workspace.write(
        "@types/zürich-1.0+x~y/BUILD.kiln",
        r#"target(name = "ö.#%!", driver = "sh", run = "echo $NAME $PKG > $OUT", outs = ["out"])"#,
    );
    let label = "//@types/zürich-1.0+x~y:ö.#%!";
    workspace.run([label]).success().ran([label]);
    let out = ".kiln/out/@types/zürich-1.0+x~y/out";
    assert_eq!(workspace.read(out), "ö.#%! @types/zürich-1.0+x~y\n");
}

#[test]
fn a_malformed_label_in_a_build_file_is_an_error_of_the_build() {
    let build = "target(name = \"a\", driver = \"sh\",\n    deps = [\"//x//y\"],\n    run = \"true\", outs = [])\n";
    Workspace::with_build(build)
        .run(["//:a"])
        .exits(1)
        .complains(["BUILD.kiln:", "//x//y", "^"]);
}

#[test]
fn targets_of_build_files_take_no_parameters() {
    let workspace =
        Workspace::with_build(r#"target(name = "a", driver = "sh", run = "true", outs = [])"#);
    let run = workspace.run(["//:a@os=linux"]);
    assert_ne!(run.code(), 0, "{}", run.report());
    run.complains(["takes no parameters"]);
}
