//! stdout carries data only: one line per output of each named target, relative to the current directory.

use std::process::Stdio;

use kiln_e2e::Workspace;

fn two_packages() -> Workspace {
    let workspace = Workspace::new();
    let build = r#"
target(name = "two", driver = "sh", run = "echo 1 > one; echo 2 > sub/two", outs = ["one", "sub/two"])
target(name = "user", driver = "sh", deps = [":two"], run = "cat $SRCS > $OUT", outs = ["user"])
"#;
    workspace.write("lib/BUILD.kiln", build);
    workspace.write("app/BUILD.kiln", r#"target(name = "app", driver = "sh", deps = ["//lib:user"], run = "cp $SRCS $OUT", outs = ["app"])"#);
    workspace
}

#[test]
fn names_every_output_of_a_named_target() {
    two_packages()
        .run(["//lib:two"])
        .success()
        .prints(".kiln/out/lib/one\n.kiln/out/lib/sub/two\n");
}

#[test]
fn says_the_same_when_nothing_had_to_be_done() {
    let workspace = two_packages();
    let first = workspace.run(["//lib:two"]).success();
    workspace
        .run(["//lib:two"])
        .success()
        .ran_nothing()
        .prints(first.stdout());
}

#[test]
fn paths_are_relative_to_the_current_directory() {
    let workspace = two_packages();
    let run = workspace.kiln(["run", ":two"]).current_dir("lib").run();
    run.success()
        .prints("../.kiln/out/lib/one\n../.kiln/out/lib/sub/two\n");
}

#[test]
fn another_directory_can_be_named_with_a_flag() {
    let workspace = two_packages();
    let root = workspace.root().to_str().unwrap().to_owned();
    let run = workspace
        .kiln(["run", "-C", &root, "//lib:user"])
        .current_dir("..")
        .run();
    run.success().prints("checkout/.kiln/out/lib/user\n");
}

#[test]
fn dependencies_that_nobody_named_do_not_appear() {
    let workspace = two_packages();
    workspace
        .run(["//app"])
        .success()
        .prints(".kiln/out/app/app\n");
    assert_eq!(workspace.read(".kiln/out/app/app"), "1\n2\n");
    assert!(!workspace.path(".kiln/out/lib").exists());
}

#[test]
fn nothing_appears_when_a_requested_package_is_broken() {
    let workspace = two_packages();
    workspace.write("broken/BUILD.kiln", "target(");
    workspace.run(["//..."]).exits(1).prints("");
    assert!(!workspace.path(".kiln/out/lib").exists());
}

#[test]
fn outputs_are_private_copies() {
    let workspace = two_packages();
    workspace.run(["//lib:user"]).success();
    workspace.write(".kiln/out/lib/user", "scribbled\n");
    workspace.run(["//lib:user"]).success().ran_nothing();
    assert_eq!(workspace.read(".kiln/out/lib/user"), "1\n2\n");
    assert_eq!(
        workspace
            .checkout("other")
            .kiln(["cat", "//lib:user"])
            .run()
            .success()
            .stdout(),
        "1\n2\n"
    );
}

#[test]
fn the_output_directory_ignores_itself() {
    let workspace = two_packages();
    workspace.run(["//app"]).success();
    assert_eq!(workspace.read(".kiln/.gitignore").trim(), "*");
}

#[test]
fn a_closed_pipe_is_no_crash() {
    let workspace = two_packages();
    let mut command = workspace.kiln(["run", "//lib:two"]).into_command();
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert!(
        stderr
            .lines()
            .last()
            .is_some_and(|line| line.starts_with("kiln: ")),
        "{stderr}"
    );
}

#[test]
fn no_colours_without_a_terminal_unless_asked_for() {
    let workspace = two_packages();
    assert!(
        !workspace
            .run(["//lib:nothing"])
            .exits(4)
            .stderr()
            .contains('\x1b')
    );
    let run = workspace
        .kiln(["run", "--color", "always", "//lib:nothing"])
        .run()
        .exits(4);
    assert!(run.stderr().contains('\x1b'), "{}", run.report());
}
