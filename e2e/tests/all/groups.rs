//! `group`: files under other names, nothing copied.

use kiln_e2e::Workspace;

/// The paths that `group(name = "g", …)` yields, as a consumer in the same package sees them.
#[track_caller]
fn paths(attributes: &str) -> String {
    let build = format!(
        "{PACKAGE}\ngroup(name = \"g\", {attributes})\ntarget(name = \"t\", driver = \"sh\", deps = [\":g\"], run = \"echo $SRCS > $OUT\", outs = [\"t.txt\"])"
    );
    let workspace = files(&build);
    workspace.run(["//:t"]).success();
    workspace.read(".kiln/out/t.txt").trim_end().to_owned()
}

const PACKAGE: &str = r#"target(name = "gen", driver = "sh", run = "echo 1 > lib/gen.a; echo 2 > inc/gen.h", outs = {"lib": ["lib/gen.a"], "inc": ["inc/gen.h"]})"#;

fn files(build: &str) -> Workspace {
    let workspace = Workspace::with_build(build);
    for file in ["src/a.c", "src/a.h", "src/deep/b.c"] {
        workspace.write(file, file);
    }
    workspace
}

#[test]
fn re_exports_labels_and_plain_files() {
    assert_eq!(
        paths(r#"deps = ["src/a.h", ":gen[inc]"]"#),
        "src/a.h inc/gen.h"
    );
}

#[test]
fn include_and_exclude_select() {
    assert_eq!(
        paths(r#"deps = glob(["src/**"]), include = ["**/*.c"]"#),
        "src/a.c src/deep/b.c"
    );
    assert_eq!(
        paths(r#"deps = glob(["src/**"]), exclude = ["**/*.c"]"#),
        "src/a.h"
    );
}

#[test]
fn a_prefix_is_cut_off_and_another_put_in_front() {
    assert_eq!(
        paths(r#"deps = ["src/deep/b.c"], strip_prefix = "src", prefix = "usr/share""#),
        "usr/share/deep/b.c"
    );
}

#[test]
fn single_files_get_other_names() {
    assert_eq!(
        paths(r#"deps = ["src/a.c"], rename = {"src/a.c": "main.c"}"#),
        "main.c"
    );
}

#[test]
fn a_prefix_that_a_file_does_not_have_is_an_error() {
    let workspace = files(r#"group(name = "g", deps = ["src/a.c"], strip_prefix = "include")"#);
    workspace
        .run(["//:g"])
        .exits(1)
        .complains(["src/a.c", "include"]);
}

#[test]
fn outputs_of_a_named_group_appear_under_their_new_names() {
    let workspace =
        files(r#"group(name = "g", deps = ["src/a.c"], strip_prefix = "src", prefix = "dist")"#);
    workspace
        .run(["//:g"])
        .success()
        .prints(".kiln/out/dist/a.c\n");
    assert_eq!(workspace.read(".kiln/out/dist/a.c"), "src/a.c");
}

#[test]
fn a_filtered_view_cuts_off_early() {
    let build = r#"
target(name = "two", driver = "sh", deps = ["src/a.c", "src/a.h"], run = "cp src/a.c o.c; cp src/a.h o.h", outs = ["o.c", "o.h"])
group(name = "headers", deps = [":two"], include = ["*.h"])
target(name = "user", driver = "sh", deps = [":headers"], run = "cat $SRCS > $OUT", outs = ["user"])
"#;
    let workspace = files(build);
    workspace
        .run(["//:user"])
        .success()
        .ran(["//:two", "//:user"]);
    workspace.write("src/a.c", "changed");
    workspace.run(["//:user"]).success().ran(["//:two"]);
}

#[test]
fn a_group_of_groups_is_flat() {
    let build = r#"
group(name = "inner", deps = ["src/a.c"], prefix = "x")
group(name = "outer", deps = [":inner"], prefix = "y")
"#;
    files(build)
        .run(["//:outer"])
        .success()
        .prints(".kiln/out/y/x/src/a.c\n");
}

#[test]
fn sources_in_a_group_write_nothing_to_the_store() {
    let workspace = files(r#"group(name = "g", deps = glob(["src/**"]))"#);
    let run = workspace.run(["//:g"]).success();
    let finished = run.events().last().expect("the build finishes");
    for counter in ["store_bytes_written", "store_rows_written"] {
        assert_eq!(*finished.field(counter), 0, "{counter}{}", run.report());
    }
}
