//! `kiln run TARGET -- ARGS`: the built program takes over.

use kiln_e2e::Workspace;

fn script(content: &str) -> Workspace {
    let workspace = Workspace::new();
    let build = format!(
        "text_file(name = \"tool\", out = \"tool\", content = {content:?}, executable = True)"
    );
    workspace.write("tools/BUILD.kiln", build);
    workspace
}

#[test]
fn arguments_arrive_as_they_were_typed() {
    let workspace = script("#!/bin/sh\nfor word; do echo \"[$word]\"; done\n");
    workspace
        .run(["//tools:tool", "--", "a b", "", "--flag", "--", "*"])
        .success()
        .prints("[a b]\n[]\n[--flag]\n[--]\n[*]\n");
}

#[test]
fn without_the_dashes_it_is_only_built() {
    script("#!/bin/sh\necho ran\n")
        .run(["//tools:tool"])
        .success()
        .prints(".kiln/out/tools/tool\n");
}

#[test]
fn empty_arguments_still_run_it() {
    script("#!/bin/sh\necho ran $#\n")
        .run(["//tools:tool", "--"])
        .success()
        .prints("ran 0\n");
}

#[test]
fn it_runs_in_the_callers_directory_and_environment() {
    let workspace = script("#!/bin/sh\necho \"$FROM_CALLER\"; basename \"$PWD\"\n");
    let run = workspace
        .kiln(["run", ":tool", "--"])
        .current_dir("tools")
        .env("FROM_CALLER", "yes")
        .run();
    run.success().prints("yes\ntools\n");
}

#[test]
fn it_reads_the_callers_standard_input() {
    let workspace = script("#!/bin/sh\nexec cat\n");
    workspace
        .kiln(["run", "//tools:tool", "--"])
        .stdin("typed\n")
        .run()
        .success()
        .prints("typed\n");
}

#[test]
fn the_summary_comes_before_what_the_program_writes() {
    let run = script("#!/bin/sh\necho from the program >&2\n")
        .run(["//tools:tool", "--"])
        .success();
    let lines: Vec<&str> = run.stderr().lines().collect();
    assert_eq!(lines.last(), Some(&"from the program"), "{}", run.report());
    assert!(
        lines[lines.len() - 2].starts_with("kiln: 0 targets: "),
        "{}",
        run.report()
    );
}

#[test]
fn a_signal_that_ends_it_is_told_as_128_and_its_number() {
    script("#!/bin/sh\nkill -TERM $$\n")
        .run(["//tools:tool", "--"])
        .exits(128 + 15);
}

#[test]
fn two_programs_cannot_take_over() {
    let workspace = script("#!/bin/sh\n");
    workspace.write(
        "BUILD.kiln",
        r#"text_file(name = "other", out = "other", content = "", executable = True)"#,
    );
    workspace.run(["//tools:tool", "//:other", "--"]).exits(2);
}

#[test]
fn a_target_without_an_executable_output_cannot_be_run() {
    let workspace =
        Workspace::with_build(r#"text_file(name = "plain", out = "plain", content = "")"#);
    let run = workspace.run(["//:plain", "--"]);
    assert_ne!(run.code(), 0, "{}", run.report());
    run.complains(["//:plain", "executable"]);
}

#[test]
fn build_takes_no_arguments_for_a_program() {
    script("#!/bin/sh\n")
        .kiln(["build", "//tools:tool", "--", "x"])
        .run()
        .exits(2);
}

#[test]
fn build_is_run_otherwise() {
    script("#!/bin/sh\n")
        .kiln(["build", "//tools:tool"])
        .run()
        .success()
        .prints(".kiln/out/tools/tool\n");
}
