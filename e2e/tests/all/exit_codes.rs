//! Each exit code of the contract, reached.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use kiln_e2e::Workspace;
use rustix::process::Signal;

const GOOD: &str =
    r#"target(name = "good", driver = "sh", run = "echo good > $OUT", outs = ["good"])"#;

#[test]
fn done_is_0() {
    Workspace::with_build(GOOD).run(["//:good"]).exits(0);
}

#[test]
fn a_failing_action_is_1() {
    let workspace = Workspace::with_build(
        r#"target(name = "bad", driver = "sh", run = "exit 3", outs = ["bad"])"#,
    );
    workspace
        .run(["//:bad"])
        .exits(1)
        .complains(["//:bad", "3"]);
}

#[test]
fn an_error_in_a_build_file_is_1() {
    Workspace::with_build("target(nonsense = 1)")
        .run(["//..."])
        .exits(1);
}

#[test]
fn a_missing_dependency_is_1() {
    let build = r#"target(name = "a", driver = "sh", deps = [":b"], run = "true", outs = [])"#;
    Workspace::with_build(build)
        .run(["//:a"])
        .exits(1)
        .complains(["//:b"]);
}

#[test]
fn an_unknown_flag_is_2() {
    Workspace::with_build(GOOD)
        .run(["--no-such-flag", "//:good"])
        .exits(2);
}

#[test]
fn an_unknown_command_is_2() {
    Workspace::new().kiln(["bake"]).run().exits(2);
}

#[test]
fn a_malformed_label_is_2() {
    Workspace::with_build(GOOD).run(["//a//b"]).exits(2);
}

#[test]
fn zero_jobs_are_2() {
    Workspace::with_build(GOOD)
        .run(["-j", "0", "//:good"])
        .exits(2);
}

#[test]
fn no_workspace_is_2() {
    Workspace::bare()
        .run(["//:good"])
        .exits(2)
        .complains(["kiln.toml", "kiln init"]);
}

#[test]
fn bad_configuration_is_2() {
    let workspace = Workspace::with_build(GOOD);
    workspace.write("kiln.toml", "[build]\njobs = \"many\"\n");
    workspace
        .run(["//:good"])
        .exits(2)
        .complains(["kiln.toml:2", "jobs"]);
}

#[test]
fn an_unknown_target_on_the_command_line_is_4() {
    Workspace::with_build(GOOD)
        .run(["//:godo"])
        .exits(4)
        .complains(["//:godo", "good"]);
}

#[test]
fn an_unknown_package_on_the_command_line_is_4() {
    Workspace::with_build(GOOD).run(["//nowhere:good"]).exits(4);
}

#[test]
fn an_unknown_group_on_the_command_line_is_4() {
    Workspace::with_build(GOOD)
        .run(["//:good[docs]"])
        .exits(4)
        .complains(["docs"]);
}

#[test]
fn a_pattern_without_targets_is_4() {
    Workspace::new().run(["//..."]).exits(4);
}

#[test]
fn an_interruption_is_8_and_counts_the_rest_as_skipped() {
    for signal in [Signal::INT, Signal::TERM] {
        let build = r#"
target(name = "slow", driver = "sh", run = "sleep 600", outs = [])
target(name = "after", driver = "sh", deps = [":slow"], run = "true", outs = [])
"#;
        let workspace = Workspace::with_build(build);
        let mut running = workspace.kiln(["run", "//:after"]).spawn();
        running.wait_for_event(|event| event.is("action_started", "//:slow"));
        running.signal(signal);
        let summary = running.finish().exits(8).summary();
        assert_eq!((summary.total, summary.skipped), (2, 2));
    }
}

#[test]
fn a_store_that_cannot_be_made_is_said_and_the_build_goes_on() {
    let workspace = Workspace::with_build(GOOD);
    std::fs::write(workspace.outside("file"), "").unwrap();
    let store = workspace.outside("file/store");
    let run = workspace
        .kiln(["run", "//:good"])
        .env("KILN_CACHE_DIR", &store)
        .run();
    run.success()
        .complains(["cannot be written", store.to_str().unwrap()]);
}

#[test]
fn outputs_that_cannot_be_written_are_36() {
    let workspace = Workspace::with_build(GOOD);
    workspace.write(".kiln", "a file where the directory should be");
    workspace.run(["//:good"]).exits(36).complains([".kiln"]);
}

#[test]
fn a_program_that_was_run_decides_for_itself() {
    let build = r##"text_file(name = "seven", out = "seven", content = "#!/bin/sh\nexit 7\n", executable = True)"##;
    Workspace::with_build(build)
        .run(["//:seven", "--"])
        .exits(7);
}

#[test]
fn a_source_that_cannot_be_read_names_it() {
    if rustix::process::getuid().is_root() {
        return; // Root reads everything.
    }
    let build = r#"target(name = "a", driver = "sh", deps = ["secret"], run = "true", outs = [])"#;
    let workspace = Workspace::with_build(build);
    workspace.write("secret", "");
    std::fs::set_permissions(workspace.path("secret"), Permissions::from_mode(0o000)).unwrap();
    workspace.run(["//:a"]).exits(36).complains(["secret"]);
}
