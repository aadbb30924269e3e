//! What enters a key and what does not: the engine's answer is whether the action ran again.

use kiln_e2e::Workspace;

const BUILD: &str = r#"
target(
    name = "a",
    driver = "sh",
    deps = {"one": ["x", "y"], "two": ["z"]},
    run = "cat $SRCS_ONE $SRCS_TWO > $OUT",
    outs = ["a"],
    env = {"B": "2", "A": "1"},
)
"#;

fn built() -> Workspace {
    let workspace = Workspace::with_build(BUILD);
    for (file, content) in [("x", "1\n"), ("y", "2\n"), ("z", "3\n")] {
        workspace.write(file, content);
    }
    workspace.run(["//:a"]).success().ran(["//:a"]);
    workspace
}

#[track_caller]
fn runs_again_with(from: &str, to: &str) {
    edited(from, to).run(["//:a"]).success().ran(["//:a"]);
}

#[track_caller]
fn hits_with(from: &str, to: &str) {
    edited(from, to).run(["//:a"]).success().ran_nothing();
}

#[track_caller]
fn edited(from: &str, to: &str) -> Workspace {
    assert!(BUILD.contains(from), "{from:?} is not in the BUILD file");
    let workspace = built();
    workspace.write("BUILD.kiln", BUILD.replace(from, to));
    workspace
}

#[test]
fn the_command_counts() {
    runs_again_with("cat $SRCS_ONE", "cat  $SRCS_ONE");
}

#[test]
fn a_variable_counts_and_the_order_of_variables_does_not() {
    runs_again_with("\"A\": \"1\"", "\"A\": \"0\"");
    hits_with(r#""B": "2", "A": "1""#, r#""A": "1", "B": "2""#);
}

#[test]
fn the_order_of_inputs_counts_and_the_order_of_groups_does_not() {
    runs_again_with(r#"["x", "y"]"#, r#"["y", "x"]"#);
    hits_with(
        r#"{"one": ["x", "y"], "two": ["z"]}"#,
        r#"{"two": ["z"], "one": ["x", "y"]}"#,
    );
}

#[test]
fn the_driver_counts() {
    runs_again_with("driver = \"sh\"", "driver = \"bash\"");
}

#[test]
fn comments_labels_and_timeouts_do_not_count() {
    hits_with("name = \"a\",", "name = \"a\",  # a comment");
    hits_with("name = \"a\",", "name = \"a\", labels = [\"release\"],");
    hits_with("name = \"a\",", "name = \"a\", timeout = \"10m\",");
}

#[test]
fn the_number_of_jobs_does_not_count() {
    built().run(["-j", "1", "//:a"]).success().ran_nothing();
}

#[test]
fn two_inputs_that_exchange_their_contents_count() {
    let workspace = built();
    workspace.write("x", "2\n");
    workspace.write("y", "1\n");
    workspace.run(["//:a"]).success().ran(["//:a"]);
}

#[test]
fn a_file_renamed_inside_a_glob_counts() {
    let build = r#"target(name = "g", driver = "sh", deps = glob(["*.txt"]), run = "echo $SRCS > $OUT", outs = ["g"])"#;
    let workspace = Workspace::with_build(build);
    workspace.write("a.txt", "same\n");
    workspace.run(["//:g"]).success();
    std::fs::rename(workspace.path("a.txt"), workspace.path("b.txt")).unwrap();
    workspace.run(["//:g"]).success().ran(["//:g"]);
    assert_eq!(workspace.read(".kiln/out/g"), "b.txt\n");
}

#[test]
fn the_exec_bit_counts() {
    use std::os::unix::fs::PermissionsExt;
    let workspace = built();
    std::fs::set_permissions(workspace.path("x"), std::fs::Permissions::from_mode(0o755)).unwrap();
    workspace.run(["//:a"]).success().ran(["//:a"]);
}

#[test]
fn a_same_size_edit_with_a_restored_time_counts() {
    let workspace = built();
    let before = std::fs::metadata(workspace.path("x"))
        .unwrap()
        .modified()
        .unwrap();
    workspace.write("x", "9\n");
    let file = std::fs::File::options()
        .append(true)
        .open(workspace.path("x"))
        .unwrap();
    file.set_modified(before).unwrap();
    workspace.run(["//:a"]).success().ran(["//:a"]);
}

#[test]
fn a_passed_variable_counts_and_unset_is_not_empty() {
    let build = r#"target(name = "e", driver = "sh", pass_env = ["V"], run = "echo ${V-unset} > $OUT", outs = ["e"])"#;
    let workspace = Workspace::with_build(build);
    let runs = |value: Option<&str>| {
        let kiln = workspace.kiln(["run", "//:e"]);
        let kiln = match value {
            Some(value) => kiln.env("V", value),
            None => kiln,
        };
        let run = kiln.run().success();
        (!run.executed().is_empty(), workspace.read(".kiln/out/e"))
    };
    assert_eq!(runs(None), (true, "unset\n".to_owned()));
    assert_eq!(runs(Some("")), (true, "\n".to_owned()));
    assert_eq!(runs(Some("x")), (true, "x\n".to_owned()));
    assert_eq!(runs(None), (false, "unset\n".to_owned()));
}

#[test]
fn the_callers_environment_does_not_count() {
    let workspace = built();
    let kiln = workspace
        .kiln(["run", "//:a"])
        .env("PATH", "/nonexistent:/usr/bin")
        .env("LC_ALL", "tr_TR.UTF-8");
    kiln.env("HOME", workspace.outside("elsewhere"))
        .env("UNRELATED", "1")
        .run()
        .success()
        .ran_nothing();
}

#[test]
fn an_unchanged_output_stops_the_wave() {
    let build = r#"
target(name = "sorted", driver = "sh", deps = ["words"], run = "sort $SRCS > $OUT", outs = ["sorted"])
target(name = "user", driver = "sh", deps = [":sorted"], run = "cp $SRCS $OUT", outs = ["user"])
"#;
    let workspace = Workspace::with_build(build);
    workspace.write("words", "b\na\n");
    workspace.run(["//:user"]).success();
    workspace.write("words", "a\nb\n");
    workspace.run(["//:user"]).success().ran(["//:sorted"]);
}

#[test]
fn only_the_selected_group_counts() {
    let build = r#"
target(name = "two", driver = "sh", deps = ["a", "b"], run = "cp a oa; cp b ob", outs = {"ga": ["oa"], "gb": ["ob"]})
target(name = "user", driver = "sh", deps = [":two[ga]"], run = "cp $SRCS $OUT", outs = ["user"])
"#;
    let workspace = Workspace::with_build(build);
    workspace.write("a", "1\n");
    workspace.write("b", "1\n");
    workspace.run(["//:user"]).success();
    workspace.write("b", "2\n");
    workspace.run(["//:user"]).success().ran(["//:two"]);
}
