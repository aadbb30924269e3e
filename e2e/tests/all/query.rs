//! `kiln query`: the graph, asked.

use kiln_e2e::{Run, Workspace};
use serde_json::Value;

/// top → left, right → base; base reads a source.
fn diamond() -> Workspace {
    let build = r#"
target(name = "base", driver = "sh", deps = ["src"], run = "cat $SRCS > $OUT", outs = ["base"])
target(name = "left", driver = "sh", deps = [":base"], run = "cat $SRCS > $OUT", outs = ["left"])
target(name = "right", driver = "sh", deps = [":base"], run = "cat $SRCS > $OUT", outs = ["right"])
target(name = "top", driver = "sh", deps = [":left", ":right"], run = "cat $SRCS > $OUT", outs = ["top"])
"#;
    let workspace = Workspace::with_build(build);
    workspace.write("src", "");
    workspace
}

fn ask(expression: &str) -> Run {
    diamond().kiln(["query", expression]).run()
}

#[track_caller]
fn answers(expression: &str, labels: &[&str]) {
    let expected: String = labels.iter().map(|label| format!("{label}\n")).collect();
    ask(expression).success().prints(&expected);
}

#[test]
fn a_pattern_is_a_set() {
    answers("//...", &["//:base", "//:left", "//:right", "//:top"]);
    answers("//:base", &["//:base"]);
}

#[test]
fn deps_hold_the_start_and_every_source() {
    answers(
        "deps(//:left)",
        &["//:base", "//:left", "//@fs:file@path=src"],
    );
}

#[test]
fn deps_can_be_cut_at_a_depth() {
    answers("deps(//:top, 1)", &["//:left", "//:right", "//:top"]);
    answers("deps(//:top, 0)", &["//:top"]);
}

#[test]
fn rdeps_stay_inside_their_universe() {
    answers(
        "rdeps(//..., //:base)",
        &["//:base", "//:left", "//:right", "//:top"],
    );
    answers("rdeps(//:left, //:base)", &["//:base", "//:left"]);
    answers(
        "rdeps(//..., @fs:file@path=src)",
        &[
            "//:base",
            "//:left",
            "//:right",
            "//:top",
            "//@fs:file@path=src",
        ],
    );
}

#[test]
fn somepath_is_one_path() {
    let run = ask("somepath(//:top, //:base)").success();
    let lines: Vec<&str> = run.stdout().lines().collect();
    assert_eq!(lines.len(), 3, "{}", run.report());
    assert!(
        lines.contains(&"//:left") != lines.contains(&"//:right"),
        "{}",
        run.report()
    );
}

#[test]
fn no_path_is_an_empty_answer() {
    answers("somepath(//:base, //:top)", &[]);
}

#[test]
fn sets_have_operators_in_words_and_signs() {
    answers("//:left + //:right", &["//:left", "//:right"]);
    answers("//:left union //:right", &["//:left", "//:right"]);
    answers("//... - //:top", &["//:base", "//:left", "//:right"]);
    answers("//... except deps(//:left)", &["//:right", "//:top"]);
    answers(
        "deps(//:left) ^ deps(//:right)",
        &["//:base", "//@fs:file@path=src"],
    );
    answers("deps(//:left) intersect //:left", &["//:left"]);
}

#[test]
fn operators_bind_from_left_to_right_and_brackets_hold() {
    answers(
        "//... - //:top + //:top",
        &["//:base", "//:left", "//:right", "//:top"],
    );
    answers("//... - (//:top + //:left)", &["//:base", "//:right"]);
}

#[test]
fn json_is_one_object_with_the_same_labels() {
    let run = diamond()
        .kiln(["query", "--output", "json", "deps(//:left)"])
        .run()
        .success();
    let text = run.json().to_string();
    for label in ["//:base", "//:left", "//@fs:file@path=src"] {
        assert!(
            text.contains(&Value::from(label).to_string()),
            "{}",
            run.report()
        );
    }
}

#[test]
fn dot_is_a_graph_with_the_edges_of_the_set() {
    let run = diamond()
        .kiln(["query", "--output", "dot", "deps(//:top) - deps(//:base)"])
        .run()
        .success();
    assert!(run.stdout().starts_with("digraph"), "{}", run.report());
    assert!(
        run.stdout().contains(r#""//:top" -> "//:left""#),
        "{}",
        run.report()
    );
    assert!(!run.stdout().contains("//:base"), "{}", run.report());
}

#[test]
fn a_broken_expression_is_shown_with_a_caret() {
    ask("deps(//:top").exits(2).complains(["deps(//:top", "^"]);
    ask("depz(//:top)").exits(2).complains(["depz", "deps"]);
    ask("//:top +").exits(2).complains(["^"]);
}

#[test]
fn deep_nesting_is_no_crash() {
    let run = ask(&format!(
        "{}//:top{}",
        "(".repeat(50_000),
        ")".repeat(50_000)
    ));
    assert!([0, 2].contains(&run.code()), "{}", run.code());
}

#[test]
fn an_unknown_target_is_4() {
    ask("deps(//:topp)").exits(4).complains(["//:topp", "top"]);
}
