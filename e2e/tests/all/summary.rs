//! The last line of stderr counts every target with an action in the requested closure exactly once.

use kiln_e2e::{Summary, Workspace};

const GRAPH: &str = r#"
target(name = "a", driver = "sh", deps = ["src"], run = "cat $SRCS > $OUT", outs = ["a"])
target(name = "bad", driver = "sh", deps = [":a"], run = "echo broken >&2; exit 1", outs = ["bad"])
target(name = "above", driver = "sh", deps = [":bad"], run = "cat $SRCS > $OUT", outs = ["above"])
target(name = "top", driver = "sh", deps = [":above"], run = "cat $SRCS > $OUT", outs = ["top"])
target(name = "other", driver = "sh", deps = [":a"], run = "cat $SRCS > $OUT", outs = ["other"])
text_file(name = "text", out = "text", content = "no action")
group(name = "all", deps = [":top", ":other", ":text"])
"#;

fn graph() -> Workspace {
    let workspace = Workspace::with_build(GRAPH);
    workspace.write("src", "1\n");
    workspace
}

#[test]
fn files_groups_and_texts_count_nowhere() {
    let workspace = graph();
    workspace.write("BUILD.kiln", GRAPH.replace("exit 1", "echo > $OUT"));
    let all = Summary {
        total: 5,
        cached: 0,
        ran: 5,
        failed: 0,
        skipped: 0,
    };
    assert_eq!(workspace.run(["//:all"]).success().summary(), all);
    assert_eq!(workspace.run(["//:text"]).success().summary().total, 0);
}

#[test]
fn what_a_failure_kept_from_running_is_skipped() {
    let run = graph()
        .run(["-k", "//:all"])
        .exits(1)
        .ran(["//:a", "//:bad", "//:other"]);
    assert_eq!(
        run.summary(),
        Summary {
            total: 5,
            cached: 0,
            ran: 2,
            failed: 1,
            skipped: 2
        }
    );
}

#[test]
fn what_was_there_before_is_cached_also_beside_a_failure() {
    let workspace = graph();
    workspace.run(["//:other"]).success();
    let run = workspace.run(["-k", "//:all"]).exits(1).ran(["//:bad"]);
    assert_eq!(
        run.summary(),
        Summary {
            total: 5,
            cached: 2,
            ran: 0,
            failed: 1,
            skipped: 2
        }
    );
}

#[test]
fn only_the_requested_closure_is_counted() {
    assert_eq!(graph().run(["//:a"]).success().summary().total, 1);
}

#[test]
fn nothing_new_starts_after_the_first_failure() {
    let mut build =
        String::from("target(name = \"bad\", driver = \"sh\", run = \"exit 1\", outs = [])\n");
    for number in 0..50 {
        build += &format!(
            "target(name = \"t{number}\", driver = \"sh\", deps = [\":bad\"], run = \"true\", outs = [])\n"
        );
    }
    build += "target(name = \"independent\", driver = \"sh\", run = \"true\", outs = [])\n";
    let workspace = Workspace::with_build(&build);
    let summary = workspace.run(["-j", "1", "//..."]).exits(1).summary();
    assert_eq!((summary.total, summary.failed), (52, 1));
    let summary = workspace.run(["-j", "1", "-k", "//..."]).exits(1).summary();
    assert_eq!((summary.failed, summary.skipped), (1, 50));
}
