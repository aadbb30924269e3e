//! Graphs that are deep, wide or large: bounded stack, no wall.

use kiln_e2e::Workspace;

/// A chain of groups over one source, `length` long.
fn chain(length: u32) -> Workspace {
    let build = format!(
        "
target(name = \"n0\", driver = \"sh\", deps = [\"src\"], run = \"cat $SRCS > $OUT\", outs = [\"n0\"])
[group(name = \"n%d\" % i, deps = [\":n%d\" % (i - 1)]) for i in range(1, {length})]
target(name = \"end\", driver = \"sh\", deps = [\":n{}\"], run = \"cat $SRCS > $OUT\", outs = [\"end\"])
",
        length - 1
    );
    let workspace = Workspace::with_build(&build);
    workspace.write("src", "at the bottom\n");
    workspace
}

#[test]
fn a_chain_of_100_000_targets_builds_and_can_be_asked() {
    let workspace = chain(100_000);
    workspace.run(["//:end"]).success().ran(["//:end", "//:n0"]);
    assert_eq!(workspace.read(".kiln/out/end"), "at the bottom\n");
    workspace.run(["//:end"]).success().ran_nothing();
    let labels = workspace
        .kiln(["query", "deps(//:end)"])
        .run()
        .success()
        .stdout()
        .lines()
        .count();
    assert!(labels > 100_000, "{labels} labels");
    workspace
        .kiln(["query", "somepath(//:end, //:n0)"])
        .run()
        .success();
}

#[test]
fn a_cycle_of_100_000_targets_is_found() {
    let build = "[group(name = \"n%d\" % i, deps = [\":n%d\" % ((i + 1) % 100000)]) for i in range(100000)]\n";
    let run = Workspace::with_build(build)
        .run(["//:n0"])
        .exits(1)
        .complains(["cycle", "//:n0"]);
    assert!(run.stderr().contains("//:n99999"), "the path is not whole");
}

#[test]
fn a_chain_of_actions_needs_no_stack() {
    let build = "
target(name = \"n0\", driver = \"sh\", run = \"echo > $OUT\", outs = [\"o0\"])
[target(name = \"n%d\" % i, driver = \"sh\", deps = [\":n%d\" % (i - 1)], run = \"cp $SRCS $OUT\", outs = [\"o%d\" % i]) for i in range(1, 500)]
";
    let workspace = Workspace::with_build(build);
    assert_eq!(workspace.run(["//:n499"]).success().summary().ran, 500);
    assert_eq!(
        workspace
            .run(["//:n499"])
            .success()
            .ran_nothing()
            .summary()
            .cached,
        500
    );
}

#[test]
fn ten_thousand_files_in_one_glob_are_inputs_of_one_action() {
    let build = r#"target(name = "count", driver = "bash", deps = glob(["src/**"]), run = "tr -cd '\\0' < $SRCS_LIST | wc -c | tr -d ' ' > $OUT", outs = ["count"])"#;
    let workspace = Workspace::with_build(build);
    for number in 0..10_000 {
        workspace.write(
            format!("src/{}/{number}.txt", number % 100),
            number.to_string(),
        );
    }
    workspace.run(["//:count"]).success();
    assert_eq!(workspace.read(".kiln/out/count"), "10000\n");
    workspace.run(["//:count"]).success().ran_nothing();
}

#[test]
fn names_as_long_as_the_file_system_allows() {
    let name = "n".repeat(251) + ".txt";
    let workspace = Workspace::with_build(&format!(
        "target(name = \"t\", driver = \"sh\", deps = [{name:?}], run = \"cat $SRCS > $OUT\", outs = [\"t\"])"
    ));
    workspace.write(&name, "long\n");
    workspace.run(["//:t"]).success();
    assert_eq!(workspace.read(".kiln/out/t"), "long\n");
}
