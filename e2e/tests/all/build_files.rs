//! BUILD files that are right: loading, macros, globs, defaults.

use kiln_e2e::Workspace;

#[test]
fn a_macro_works_in_the_package_that_calls_it() {
    let workspace = Workspace::new();
    let rule = r#"
def copies():
    for name in glob(["*.in"]):
        target(name = name + ".copy", driver = "sh", deps = [name], run = "cp $SRCS $OUT", outs = [name + ".out"])
"#;
    workspace.write("rules/copy.star", rule);
    for package in ["one", "two"] {
        workspace.write(
            format!("{package}/BUILD.kiln"),
            "load(\"//rules/copy.star\", \"copies\")\ncopies()\n",
        );
        workspace.write(format!("{package}/{package}.in"), package);
    }
    workspace
        .run(["//..."])
        .success()
        .ran(["//one:one.in.copy", "//two:two.in.copy"]);
    assert_eq!(workspace.read(".kiln/out/two/two.in.out"), "two");
}

#[test]
fn a_changed_loaded_file_counts() {
    let workspace = Workspace::with_build(
        "load(\":r.star\", \"TEXT\")\ntext_file(name = \"t\", out = \"t.txt\", content = TEXT)\n",
    );
    workspace.write("r.star", "TEXT = \"one\"\n");
    workspace.run(["//:t"]).success();
    workspace.write("r.star", "TEXT = \"two\"\n");
    workspace.run(["//:t"]).success();
    assert_eq!(workspace.read(".kiln/out/t.txt"), "two");
}

#[test]
fn a_new_file_in_a_glob_counts() {
    let workspace = Workspace::with_build(
        r#"target(name = "g", driver = "sh", deps = glob(["**/*.txt"]), run = "cat $SRCS > $OUT", outs = ["g"])"#,
    );
    workspace.write("a.txt", "a\n");
    workspace.run(["//:g"]).success();
    workspace.write("deep/er/b.txt", "b\n");
    workspace.run(["//:g"]).success().ran(["//:g"]);
    assert_eq!(workspace.read(".kiln/out/g"), "a\nb\n");
    workspace.remove("deep");
    workspace.run(["//:g"]).success().ran_nothing();
    assert_eq!(workspace.read(".kiln/out/g"), "a\n");
}

#[test]
fn a_glob_stops_at_another_package() {
    let workspace = Workspace::with_build(
        r#"target(name = "g", driver = "sh", deps = glob(["**/*.txt"]), run = "echo $SRCS > $OUT", outs = ["g"])"#,
    );
    workspace.write("a.txt", "");
    workspace.write("sub/b.txt", "");
    workspace.run(["//:g"]).success();
    assert_eq!(workspace.read(".kiln/out/g"), "a.txt sub/b.txt\n");
    workspace.write("sub/BUILD.kiln", "");
    workspace.run(["//:g"]).success();
    assert_eq!(workspace.read(".kiln/out/g"), "a.txt\n");
}

#[test]
fn a_glob_does_not_follow_links() {
    let workspace = Workspace::with_build(
        r#"target(name = "g", driver = "sh", deps = glob(["**/*.txt"]), run = "echo $SRCS > $OUT", outs = ["g"])"#,
    );
    workspace.write("real/a.txt", "");
    std::os::unix::fs::symlink("real", workspace.path("linked")).unwrap();
    workspace.run(["//:g"]).success();
    assert_eq!(workspace.read(".kiln/out/g"), "real/a.txt\n");
}

#[test]
fn a_file_may_look_like_a_label() {
    let workspace = Workspace::with_build(
        r#"target(name = "f", driver = "sh", deps = ["./@types/x"], run = "cp $SRCS $OUT", outs = ["f"])"#,
    );
    workspace.write("@types/x", "typed");
    workspace.run(["//:f"]).success();
    assert_eq!(workspace.read(".kiln/out/f"), "typed");
}

#[test]
fn package_sets_defaults() {
    let build = r#"
package(env = {"MODE": "fast"})
target(name = "a", driver = "bash", run = "[[ $MODE == fast ]]; echo $MODE > $OUT", outs = ["a"])
"#;
    let workspace = Workspace::with_build(build);
    workspace.run(["//:a"]).success();
    assert_eq!(workspace.read(".kiln/out/a"), "fast\n");
}

#[test]
fn bash_stops_at_a_broken_pipe_and_sh_at_an_unset_variable() {
    let build = r#"
target(name = "pipe", driver = "bash", run = "false | true", outs = [])
target(name = "unset", driver = "sh", run = "echo $NO_SUCH_VARIABLE", outs = [])
target(name = "error", driver = "sh", run = "false; true", outs = [])
"#;
    let run = Workspace::with_build(build).run(["-k", "//..."]).exits(1);
    assert_eq!(run.summary().failed, 3, "{}", run.report());
}

#[test]
fn exec_runs_without_a_shell() {
    let build = r#"target(name = "e", driver = "exec", tools = ["cp"], deps = ["a"], run = ["cp", "a", "$HOME;x"], outs = ["$HOME;x"])"#;
    let workspace = Workspace::with_build(build);
    workspace.write("a", "plain");
    workspace.run(["//:e"]).success();
    assert_eq!(workspace.read(".kiln/out/$HOME;x"), "plain");
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_are_no_trouble() {
    let workspace = Workspace::with_build(
        "\u{feff}text_file(\r\n    name = \"t\",\r\n    out = \"t.txt\",\r\n    content = \"x\",\r\n)\r\n",
    );
    workspace.run(["//:t"]).success();
    assert_eq!(workspace.read(".kiln/out/t.txt"), "x");
}

#[test]
fn one_broken_package_does_not_disturb_the_others() {
    let workspace = Workspace::with_build("target(");
    workspace.write(
        "good/BUILD.kiln",
        r#"text_file(name = "t", out = "t", content = "")"#,
    );
    workspace.run(["//good:t"]).success();
}

#[test]
fn text_files_can_be_programs() {
    use std::os::unix::fs::PermissionsExt;
    let workspace = Workspace::with_build(
        r##"text_file(name = "t", out = "bin/t", content = "#!/bin/sh\n", executable = True)"##,
    );
    workspace
        .run(["//:t"])
        .success()
        .prints(".kiln/out/bin/t\n");
    let mode = std::fs::metadata(workspace.path(".kiln/out/bin/t"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o111, 0o111);
}
