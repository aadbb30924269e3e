//! `kiln why`: the first changed leaf, by name.

use kiln_e2e::Workspace;

fn chain() -> Workspace {
    let build = r#"
target(name = "low", driver = "sh", deps = ["src.txt"], pass_env = ["TOKEN"], env = {"MODE": "fast"}, run = "cat $SRCS > $OUT", outs = ["low"])
target(name = "high", driver = "sh", deps = [":low"], run = "cat $SRCS > $OUT", outs = ["high"])
"#;
    let workspace = Workspace::with_build(build);
    workspace.write("src.txt", "one\n");
    workspace
}

#[test]
fn before_any_run_it_tells_what_would_happen() {
    chain().kiln(["why", "//:low"]).run().success();
}

#[test]
fn a_changed_source_is_named() {
    let workspace = chain();
    workspace.run(["//:high"]).success();
    workspace.write("src.txt", "two\n");
    workspace.run(["//:high"]).success();
    let run = workspace.kiln(["why", "//:low"]).run().success();
    assert!(run.stdout().contains("src.txt"), "{}", run.report());
}

#[test]
fn a_change_not_built_yet_is_named() {
    let workspace = chain();
    workspace.run(["//:high"]).success();
    workspace.write("src.txt", "two\n");
    let run = workspace.kiln(["why", "//:low"]).run().success();
    assert!(run.stdout().contains("src.txt"), "{}", run.report());
}

#[test]
fn a_changed_attribute_is_named_with_its_old_and_new_value() {
    let workspace = chain();
    workspace.run(["//:low"]).success();
    workspace.write(
        "BUILD.kiln",
        workspace.read("BUILD.kiln").replace("fast", "slow"),
    );
    workspace.run(["//:low"]).success();
    let run = workspace.kiln(["why", "//:low"]).run().success();
    for word in ["MODE", "fast", "slow"] {
        assert!(run.stdout().contains(word), "{word}{}", run.report());
    }
}

#[test]
fn a_changed_secret_is_named_and_not_shown() {
    let workspace = chain();
    workspace
        .kiln(["run", "//:low"])
        .env("TOKEN", "hunter2")
        .run()
        .success();
    workspace
        .kiln(["run", "//:low"])
        .env("TOKEN", "hunter3")
        .run()
        .success()
        .ran(["//:low"]);
    let run = workspace
        .kiln(["why", "//:low"])
        .env("TOKEN", "hunter3")
        .run()
        .success();
    assert!(run.stdout().contains("TOKEN"), "{}", run.report());
    run.never_mentions("hunter2").never_mentions("hunter3");
}

#[test]
fn a_hit_is_told_as_one() {
    let workspace = chain();
    workspace.run(["//:low"]).success();
    workspace.run(["//:low"]).success().ran_nothing();
    let run = workspace.kiln(["why", "//:low"]).run().success();
    assert!(!run.stdout().is_empty(), "{}", run.report());
}
