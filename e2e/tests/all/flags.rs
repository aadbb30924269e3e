//! Flags of a build: what is forced, what is not stored, what is only told.

use kiln_e2e::Workspace;

const BUILD: &str = r#"
target(name = "low", driver = "sh", deps = ["src"], run = "cat $SRCS > $OUT", outs = ["low"])
target(name = "high", driver = "sh", deps = [":low"], run = "cat $SRCS > $OUT", outs = ["high"])
"#;

fn workspace() -> Workspace {
    let workspace = Workspace::with_build(BUILD);
    workspace.write("src", "1\n");
    workspace
}

#[test]
fn flags_stand_before_and_after_the_command() {
    let workspace = workspace();
    workspace
        .kiln(["-j", "1", "run", "//:high"])
        .run()
        .success();
    workspace
        .kiln(["run", "//:high", "-j", "1"])
        .run()
        .success();
    workspace
        .kiln(["run", "-j1", "--color=never", "//:high"])
        .run()
        .success();
}

#[test]
fn force_runs_the_named_targets_and_stores() {
    let workspace = workspace();
    workspace.run(["//:high"]).success();
    workspace
        .run(["--force", "//:high"])
        .success()
        .ran(["//:high"]);
    workspace.run(["//:high"]).success().ran_nothing();
}

#[test]
fn force_warns_of_other_bytes_under_one_key() {
    let workspace = Workspace::with_build(
        r#"target(name = "r", driver = "sh", run = "cat /proc/sys/kernel/random/uuid > $OUT", outs = ["r"])"#,
    );
    workspace.run(["//:r"]).success();
    workspace
        .run(["--force", "//:r"])
        .success()
        .complains(["warning", "//:r"]);
}

#[test]
fn no_cache_neither_looks_nor_stores() {
    let workspace = workspace();
    workspace
        .run(["--no-cache", "//:high"])
        .success()
        .ran(["//:high", "//:low"]);
    workspace
        .run(["--no-cache", "//:high"])
        .success()
        .ran(["//:high", "//:low"]);
    assert_eq!(workspace.read(".kiln/out/high"), "1\n");
    workspace
        .run(["//:high"])
        .success()
        .ran(["//:high", "//:low"]);
}

#[test]
fn a_dry_run_runs_and_writes_nothing() {
    let workspace = workspace();
    let run = workspace
        .run(["--dry-run", "//:high"])
        .success()
        .ran_nothing();
    assert!(
        run.stdout().contains("//:low") || run.stderr().contains("//:low"),
        "{}",
        run.report()
    );
    assert!(!workspace.path(".kiln/out").exists());
    workspace
        .run(["//:high"])
        .success()
        .ran(["//:high", "//:low"]);
}

#[test]
fn quiet_keeps_errors_and_the_summary() {
    let workspace = workspace();
    let run = workspace.run(["-q", "//:high"]).success();
    assert_eq!(run.stderr().lines().count(), 1, "{}", run.report());
    run.summary();
    workspace
        .run(["-q", "//:missing"])
        .exits(4)
        .complains(["//:missing"]);
}

#[test]
fn verbose_tells_the_reason_of_each_executed_target() {
    let workspace = workspace();
    workspace.run(["//:high"]).success();
    workspace.write("src", "2\n");
    workspace
        .run(["-v", "//:high"])
        .success()
        .complains(["//:low", "src"]);
}

#[test]
fn json_is_one_object_on_stdout() {
    let run = workspace().run(["--json", "//:high"]).success();
    assert!(run.json().is_object(), "{}", run.report());
    assert!(run.stdout().contains(".kiln/out/high"), "{}", run.report());
}

#[test]
fn keep_going_builds_what_does_not_depend_on_the_failure() {
    let build = r#"
target(name = "bad", driver = "sh", run = "exit 1", outs = [])
target(name = "good", driver = "sh", run = "true", outs = [])
"#;
    Workspace::with_build(build)
        .run(["-k", "-j", "1", "//..."])
        .exits(1)
        .ran(["//:bad", "//:good"]);
    Workspace::with_build(build)
        .run(["--keep-going", "-j", "1", "//..."])
        .exits(1)
        .ran(["//:bad", "//:good"]);
}

#[test]
fn what_is_not_built_yet_is_unknown_and_not_in_the_help() {
    let help = Workspace::new().kiln(["--help"]).run().success();
    for command in ["test", "shell", "affected", "watch", "fmt", "lsp"] {
        let listed = help
            .stdout()
            .lines()
            .any(|line| line.split_whitespace().next() == Some(command));
        let known = Workspace::new().kiln([command, "--help"]).run().code() != 2;
        assert_eq!(listed, known, "{command}{}", help.report());
    }
}

#[test]
fn help_and_version_go_to_stdout() {
    let workspace = Workspace::bare();
    for arguments in [
        vec!["--help"],
        vec!["run", "--help"],
        vec!["version"],
        vec!["--version"],
    ] {
        let run = workspace.kiln(&arguments).run().success();
        assert!(
            !run.stdout().is_empty() && run.stderr().is_empty(),
            "{}",
            run.report()
        );
    }
}
