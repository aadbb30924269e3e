//! What actions wrote: shown again on a hit, bounded, escaped, kept in the store.

use kiln_e2e::Workspace;

#[test]
fn a_requested_target_says_its_stderr_again_on_a_hit() {
    let build = r#"
target(name = "low", driver = "sh", run = "echo low warns >&2; echo > $OUT", outs = ["low"])
target(name = "high", driver = "sh", deps = [":low"], run = "echo high warns >&2; echo > $OUT", outs = ["high"])
"#;
    let workspace = Workspace::with_build(build);
    workspace
        .run(["//:high"])
        .success()
        .complains(["high warns"]);
    let again = workspace
        .run(["//:high"])
        .success()
        .ran_nothing()
        .complains(["high warns"]);
    assert!(!again.stderr().contains("low warns"), "{}", again.report());
}

#[test]
fn after_twenty_a_count_is_enough() {
    let target = |number: u32| {
        format!(
            "target(name = \"t{number}\", driver = \"sh\", run = \"echo warning {number} >&2\", outs = [])\n"
        )
    };
    let workspace = Workspace::with_build(&(0..25).map(target).collect::<String>());
    workspace.run(["//..."]).success();
    let again = workspace
        .run(["//..."])
        .success()
        .ran_nothing()
        .complains(["kiln log"]);
    let shown = again
        .stderr()
        .lines()
        .filter(|line| line.contains("warning "))
        .count();
    assert!(
        (20..=21).contains(&shown),
        "{shown} shown{}",
        again.report()
    );
}

#[test]
fn log_shows_what_the_stored_run_wrote() {
    let workspace = Workspace::with_build(
        r#"target(name = "a", driver = "sh", run = "echo out; echo err >&2", outs = [])"#,
    );
    workspace.run(["//:a"]).success();
    let run = workspace.kiln(["log", "//:a"]).run().success();
    assert!(
        run.stdout().contains("out") && run.stdout().contains("err"),
        "{}",
        run.report()
    );
}

#[test]
fn escapes_and_invalid_text_never_reach_the_terminal_raw() {
    let build = r#"target(name = "a", driver = "sh", run = "printf '\\033[2J\\007\\377\\n' >&2", outs = [])"#;
    let run = Workspace::with_build(build).run(["//:a"]).success();
    assert!(!run.stderr().contains(['\x1b', '\x07']), "{}", run.report());
}

#[test]
fn a_long_log_is_bounded_and_its_end_kept() {
    let build = r#"target(name = "a", driver = "bash", run = "yes 0123456789 | head -c 50000000 >&2; echo the end >&2; exit 1", outs = [])"#;
    let run = Workspace::with_build(build)
        .run(["//:a"])
        .exits(1)
        .complains(["the end"]);
    assert!(
        run.stderr().len() < 20_000_000,
        "{} bytes",
        run.stderr().len()
    );
}
