//! Errors in BUILD files show file:line:column, the source line, a caret under the place, and what to do.

use kiln_e2e::{Run, Workspace};

/// Builds `//...` of a root package with this BUILD file, which must fail, with these texts on stderr.
#[track_caller]
fn fails(build: &str, texts: &[&str]) -> Run {
    Workspace::with_build(build)
        .run(["//..."])
        .exits(1)
        .complains(texts)
}

#[test]
fn a_syntax_error_points_at_its_place() {
    let run = fails(
        "target(\n    name = \"a\",,\n)\n",
        &["BUILD.kiln:2:", "    name = \"a\",,", "^"],
    );
    assert!(
        !run.stderr().contains("-->")
            || run.stderr().contains("2 |")
            || run.stderr().contains("2│"),
        "{}",
        run.report()
    );
}

#[test]
fn an_unknown_attribute_gets_a_proposal() {
    let build = "target(\n    name = \"a\",\n    driver = \"sh\",\n    run = \"true\",\n    out = [\"x\"],\n)\n";
    fails(build, &["BUILD.kiln:", "out", "outs"]);
}

#[test]
fn an_unknown_driver_gets_a_proposal() {
    fails(
        "target(name = \"a\", driver = \"bsh\", run = \"true\", outs = [])",
        &["BUILD.kiln:1:", "bsh", "bash"],
    );
}

#[test]
fn an_unknown_function_gets_its_place() {
    fails(
        "\n\ngrupp(name = \"a\")\n",
        &["BUILD.kiln:3:1", "grupp", "^"],
    );
}

#[test]
fn an_unknown_dependency_shows_where_it_is_written_and_what_was_meant() {
    let build = "target(name = \"lib\", driver = \"sh\", run = \"true\", outs = [])\ntarget(name = \"a\", driver = \"sh\", deps = [\":lbi\"], run = \"true\", outs = [])\n";
    fails(build, &["BUILD.kiln:2:", "//:lbi", ":lib"]);
}

#[test]
fn a_missing_package_is_named() {
    let build = "target(name = \"a\", driver = \"sh\", deps = [\"//lib/missing:x\"], run = \"true\", outs = [])\n";
    fails(build, &["BUILD.kiln:1:", "//lib/missing"]);
}

#[test]
fn a_missing_file_is_named_with_its_place() {
    let build =
        "target(name = \"a\", driver = \"sh\", deps = [\"main.cc\"], run = \"true\", outs = [])\n";
    let workspace = Workspace::with_build(build);
    workspace.write("main.c", "");
    workspace
        .run(["//..."])
        .exits(1)
        .complains(["BUILD.kiln:1:", "main.cc", "main.c"]);
}

#[test]
fn a_source_directory_proposes_a_glob() {
    let workspace = Workspace::with_build(
        "target(name = \"a\", driver = \"sh\", deps = [\"src\"], run = \"true\", outs = [])\n",
    );
    workspace.write("src/a.c", "");
    workspace
        .run(["//..."])
        .exits(1)
        .complains(["BUILD.kiln:1:", "glob([\"src/**\"])"]);
}

#[test]
fn a_duplicate_target_shows_both_places() {
    let one = "target(name = \"a\", driver = \"sh\", run = \"true\", outs = [])\n";
    fails(
        &format!("{one}\n{one}"),
        &["BUILD.kiln:3:", "BUILD.kiln:1", "//:a"],
    );
}

#[test]
fn an_empty_glob_is_an_error_unless_allowed() {
    fails(
        "group(name = \"g\", deps = glob([\"*.none\"]))\n",
        &["BUILD.kiln:1:", "*.none", "allow_empty"],
    );
    Workspace::with_build("group(name = \"g\", deps = glob([\"*.none\"], allow_empty = True))\n")
        .run(["//:g"])
        .success();
}

#[test]
fn outputs_that_collide_or_nest_are_errors_of_loading() {
    let pair = |one: &str, two: &str| {
        format!(
            "target(name = \"a\", driver = \"sh\", run = \"true\", outs = [{one:?}])\ntarget(name = \"b\", driver = \"sh\", run = \"true\", outs = [{two:?}])\n"
        )
    };
    fails(&pair("x", "x"), &["//:a", "//:b", "x"]);
    fails(&pair("x/", "x/y"), &["//:a", "//:b", "x/y"]);
}

#[test]
fn an_output_in_another_package_is_an_error() {
    let workspace = Workspace::with_build(
        "target(name = \"a\", driver = \"sh\", run = \"true\", outs = [\"sub/x\"])\n",
    );
    workspace.write("sub/BUILD.kiln", "");
    workspace
        .run(["//:a"])
        .exits(1)
        .complains(["sub/x", "//sub"]);
}

#[test]
fn outputs_are_plain_relative_paths() {
    for out in ["/abs", "../up", "*.o", "", "a//b", "a/../b"] {
        fails(
            &format!("target(name = \"a\", driver = \"sh\", run = \"true\", outs = [{out:?}])\n"),
            &["BUILD.kiln:1:"],
        );
    }
}

#[test]
fn a_path_that_leaves_the_package_or_enters_another_is_an_error() {
    let workspace = Workspace::new();
    workspace.write(
        "p/BUILD.kiln",
        "target(name = \"a\", driver = \"sh\", deps = [\"../x.c\"], run = \"true\", outs = [])\n",
    );
    workspace.write("x.c", "");
    workspace
        .run(["//p:a"])
        .exits(1)
        .complains(["p/BUILD.kiln:1:", "../x.c"]);
    workspace.write(
        "p/BUILD.kiln",
        "target(name = \"a\", driver = \"sh\", deps = [\"sub/x.c\"], run = \"true\", outs = [])\n",
    );
    workspace.write("p/sub/BUILD.kiln", "");
    workspace.write("p/sub/x.c", "");
    workspace
        .run(["//p:a"])
        .exits(1)
        .complains(["p/BUILD.kiln:1:", "sub/x.c", "//p/sub"]);
}

#[test]
fn fail_shows_its_message_and_who_called() {
    let workspace = Workspace::with_build("load(\":rule.star\", \"rule\")\n\nrule(\"x\")\n");
    workspace.write(
        "rule.star",
        "def rule(name):\n    fail(\"no rule for \" + name)\n",
    );
    workspace
        .run(["//..."])
        .exits(1)
        .complains(["no rule for x", "rule.star:2:", "BUILD.kiln:3:"]);
}

#[test]
fn print_goes_to_stderr_with_its_package() {
    let workspace = Workspace::new();
    workspace.write("p/BUILD.kiln", "print(\"seen\", 1 + 1)\ntarget(name = \"p\", driver = \"sh\", run = \"true\", outs = [])\n");
    workspace
        .run(["//p"])
        .success()
        .prints("")
        .complains(["//p", "seen 2"]);
}

#[test]
fn a_cycle_prints_its_whole_path() {
    let target = |name: &str, dep: &str| {
        format!(
            "target(name = {name:?}, driver = \"sh\", deps = [{dep:?}], run = \"true\", outs = [])\n"
        )
    };
    let build = target("a", ":b") + &target("b", ":c") + &target("c", ":a");
    fails(&build, &["cycle", "//:a", "//:b", "//:c"]);
    fails(&target("self", ":self"), &["cycle", "//:self"]);
}

#[test]
fn a_load_of_nothing_is_shown() {
    fails(
        "load(\"//rules/none.star\", \"x\")\n",
        &["BUILD.kiln:1:", "rules/none.star"],
    );
    let workspace = Workspace::with_build("load(\":r.star\", \"missing\")\n");
    workspace.write("r.star", "present = 1\n");
    workspace
        .run(["//..."])
        .exits(1)
        .complains(["BUILD.kiln:1:", "missing"]);
}

#[test]
fn a_failed_action_shows_its_label_its_code_and_what_it_wrote() {
    let build = "target(name = \"a\", driver = \"sh\", run = \"echo to stdout; echo to stderr >&2; exit 42\", outs = [])\n";
    Workspace::with_build(build)
        .run(["//:a"])
        .exits(1)
        .prints("")
        .complains(["//:a", "42", "to stdout", "to stderr"]);
}

#[test]
fn missing_attributes_are_named() {
    fails(
        "target(driver = \"sh\", run = \"true\", outs = [])\n",
        &["BUILD.kiln:1:1", "name"],
    );
    fails(
        "target(name = \"a\", driver = \"sh\", outs = [])\n",
        &["BUILD.kiln:1:1", "run"],
    );
}

#[test]
fn a_value_of_the_wrong_type_is_named_with_what_was_expected() {
    fails(
        "target(name = \"a\", driver = \"sh\", run = 7, outs = [])\n",
        &["BUILD.kiln:1:", "run", "string"],
    );
    fails(
        "target(name = \"a\", driver = \"exec\", run = \"true\", outs = [])\n",
        &["BUILD.kiln:1:", "run", "list"],
    );
    fails(
        "target(name = \"a\", driver = \"sh\", run = \"true\", outs = [], timeout = \"soon\")\n",
        &["BUILD.kiln:1:", "timeout", "soon"],
    );
}
