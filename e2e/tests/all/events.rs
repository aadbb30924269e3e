//! The `--events` file is enough to know what ran, why, and with what result.

use kiln_e2e::{Run, Workspace};
use sha2::{Digest, Sha256};

const BUILD: &str = r#"
target(name = "a", driver = "sh", deps = ["src"], run = "cat $SRCS > $OUT", outs = ["a"])
target(name = "b", driver = "sh", deps = [":a"], run = "cat $SRCS > $OUT; exit $(cat $SRCS)", outs = ["b"])
"#;

fn built(exit_code: &str) -> (Workspace, Run) {
    let workspace = Workspace::with_build(BUILD);
    workspace.write("src", exit_code);
    let run = workspace.run(["//:b"]);
    (workspace, run)
}

#[test]
fn every_line_carries_the_schema_and_the_ends_are_fixed() {
    let (_, run) = built("0");
    for event in run.events() {
        assert_eq!(event.field("schema"), "kiln.events/1", "{event:?}");
    }
    assert_eq!(
        run.events().first().map(kiln_e2e::Event::name),
        Some("build_started")
    );
    assert_eq!(
        run.events().last().map(kiln_e2e::Event::name),
        Some("build_finished")
    );
}

#[test]
fn an_executed_action_tells_its_course() {
    let (_, run) = built("0");
    let names: Vec<&str> = run
        .events()
        .iter()
        .filter(|event| event.label() == "//:a")
        .map(kiln_e2e::Event::name)
        .collect();
    assert_eq!(
        names,
        [
            "target_started",
            "action_started",
            "action_finished",
            "target_finished"
        ],
        "{}",
        run.report()
    );
    let finished = run.event("action_finished", "//:a");
    assert_eq!(
        (finished.field("cached"), finished.field("exit")),
        (&"no".into(), &0.into())
    );
    let key = finished.field("key").as_str().unwrap();
    assert!(
        key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{key}"
    );
    for field in ["wall_ms", "user_ms", "sys_ms", "max_rss"] {
        assert!(finished.field(field).is_u64(), "{field} of {finished:?}");
    }
}

#[test]
fn a_hit_tells_its_result_and_starts_no_action() {
    let (workspace, first) = built("0");
    let second = workspace.run(["//:b"]).success();
    assert!(
        second
            .events()
            .iter()
            .all(|event| event.name() != "action_started")
    );
    let (before, now) = (
        first.event("action_finished", "//:b"),
        second.event("action_finished", "//:b"),
    );
    assert_eq!(now.field("cached"), "local");
    assert_eq!(now.field("key"), before.field("key"));
}

#[test]
fn outputs_come_with_path_digest_and_size() {
    let (_, run) = built("0");
    let outputs = run
        .event("target_finished", "//:b")
        .field("outputs")
        .clone();
    assert_eq!(outputs.as_array().map(Vec::len), Some(1), "{outputs}");
    assert!(
        outputs[0]["path"].as_str().unwrap().ends_with('b'),
        "{outputs}"
    );
    assert_eq!(outputs[0]["digest"], hex::encode(Sha256::digest("0")));
    assert_eq!(outputs[0]["size"], 1);
}

#[test]
fn a_failure_has_a_diagnostic_and_its_exit_code() {
    let (_, run) = built("7");
    assert_eq!(run.event("action_finished", "//:b").field("exit"), 7);
    let diagnostic = run.event("diagnostic", "//:b");
    assert_eq!(diagnostic.field("level"), "error");
    assert!(!diagnostic.field("message").as_str().unwrap().is_empty());
    let last = run.events().last().unwrap();
    assert_eq!(last.field("exit"), 1, "{last:?}");
}

#[test]
fn the_end_has_the_counts_of_the_summary() {
    let (_, run) = built("7");
    let last = run.events().last().unwrap();
    for (field, count) in [
        ("targets", 2),
        ("cached", 0),
        ("ran", 1),
        ("failed", 1),
        ("skipped", 0),
    ] {
        assert_eq!(last.field(field), count, "{field} of {last:?}");
    }
}

#[test]
fn an_error_of_loading_has_a_diagnostic_too() {
    let run = Workspace::with_build("target(").run(["//..."]).exits(1);
    assert!(
        run.events()
            .iter()
            .any(|event| event.name() == "diagnostic"),
        "{:?}",
        run.events()
    );
    assert_eq!(
        run.events().last().map(kiln_e2e::Event::name),
        Some("build_finished")
    );
}

#[test]
fn a_profile_is_a_trace_of_complete_events() {
    let workspace = Workspace::with_build(BUILD);
    workspace.write("src", "0");
    workspace.run(["--profile", "trace.json", "//:b"]).success();
    let trace: serde_json::Value = serde_json::from_str(&workspace.read("trace.json")).unwrap();
    let events = trace["traceEvents"]
        .as_array()
        .or(trace.as_array())
        .expect("a list of events");
    let named = |label: &str| {
        events.iter().any(|event| {
            event["name"]
                .as_str()
                .is_some_and(|name| name.contains(label))
                && event["ph"] == "X"
        })
    };
    assert!(named("//:a") && named("//:b"), "{trace}");
}

#[test]
fn a_file_that_cannot_be_written_is_an_error() {
    let workspace = Workspace::with_build(BUILD);
    workspace.write("src", "0");
    let run = workspace
        .kiln(["--events", "/nonexistent/events", "run", "//:b"])
        .run();
    run.exits(36).complains(["/nonexistent/events"]);
}
