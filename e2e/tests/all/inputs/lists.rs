//! What the variables and lists of inputs say: order, groups, lengths, odd names.

use kiln_e2e::Workspace;

use super::{files, prints, target};

#[test]
fn order_is_as_declared_and_globs_are_sorted() {
    assert_eq!(
        prints(r#"deps = ["b.c", "a.c"]"#, "echo $SRCS > $OUT"),
        "b.c a.c\n"
    );
    assert_eq!(
        prints(
            r#"deps = glob(["**/*.c"], exclude = ["with*"])"#,
            "echo $SRCS > $OUT"
        ),
        "a.c b.c sub/c.c\n"
    );
}

#[test]
fn groups_have_variables_of_their_own_and_share_one() {
    let text = prints(
        r#"deps = {"srcs": ["b.c"], "hdrs": ["h.h"]}"#,
        "echo $SRCS_SRCS / $SRCS_HDRS / $SRCS > $OUT",
    );
    assert_eq!(text, "b.c / h.h / h.h b.c\n");
}

#[test]
fn a_file_in_two_groups_is_named_once_in_the_whole_list() {
    let text = prints(
        r#"deps = {"x": ["a.c"], "y": ["a.c", "b.c"]}"#,
        "echo $SRCS / $SRCS_Y > $OUT",
    );
    assert_eq!(text, "a.c b.c / a.c b.c\n");
}

#[test]
fn inputs_of_other_packages_lie_at_their_path_from_the_root() {
    assert_eq!(
        prints(
            r#"deps = ["//q:gen"]"#,
            "echo $SRCS > $OUT; cat $SRCS >> $OUT"
        ),
        "../q/z ../q/y\n1\n2\n"
    );
    assert_eq!(
        prints(r#"deps = ["//q:gen[two]"]"#, "echo $SRCS > $OUT"),
        "../q/y\n"
    );
    assert_eq!(
        prints(r#"deps = ["//q:gen[two]"]"#, "cat /kiln/ws/q/y > $OUT"),
        "2\n"
    );
}

#[test]
fn a_generated_directory_is_one_entry() {
    let workspace = files();
    let build = r#"target(name = "tree", driver = "sh", run = "mkdir -p tree/x; echo 1 > tree/x/f; echo 2 > tree/g", outs = ["tree/"])"#;
    workspace.write("q/BUILD.kiln", build);
    workspace.write(
        "p/BUILD.kiln",
        target(
            r#"deps = ["//q:tree"]"#,
            "echo $SRCS > $OUT; cat ../q/tree/x/f ../q/tree/g >> $OUT",
        ),
    );
    workspace.run(["//p:t"]).success();
    assert_eq!(
        workspace
            .read(".kiln/out/p/out.txt")
            .replace("tree/\n", "tree\n"),
        "../q/tree\n1\n2\n"
    );
}

#[test]
fn lists_are_nul_terminated_and_always_there() {
    let text = prints(
        r#"deps = {"srcs": ["with space.c", "a.c"]}"#,
        "tr '\\0' '|' < $SRCS_SRCS_LIST > $OUT; tr '\\0' '|' < $SRCS_LIST >> $OUT",
    );
    assert_eq!(text, "with space.c|a.c|with space.c|a.c|");
    assert_eq!(prints("", "wc -c < $SRCS_LIST | tr -d ' ' > $OUT"), "0\n");
}

#[test]
fn a_list_with_white_space_cannot_be_mentioned() {
    let workspace = files();
    workspace.write(
        "p/BUILD.kiln",
        target(r#"deps = ["with space.c"]"#, "cat $SRCS > $OUT"),
    );
    workspace
        .run(["//p:t"])
        .exits(1)
        .complains(["SRCS", "with space.c", "SRCS_LIST"]);
}

#[test]
fn a_list_that_is_too_long_cannot_be_mentioned() {
    let workspace = Workspace::new();
    let name = |number: u32| format!("{}{number:05}.txt", "long-name-".repeat(10));
    for number in 0..1000 {
        workspace.write(format!("p/{}", name(number)), "");
    }
    let glob = r#"deps = glob(["*.txt"])"#;
    workspace.write("p/BUILD.kiln", target(glob, "echo ${SRCS} > $OUT"));
    workspace
        .run(["//p:t"])
        .exits(1)
        .complains(["SRCS", "100 KiB", "SRCS_LIST"]);
    workspace.write("p/BUILD.kiln", target(glob, "tr -cd '\\0' < $SRCS_LIST | wc -c | tr -d ' ' > $OUT; echo ${SRCS-unset} | head -c 5 >> $OUT"));
    workspace.run(["//p:t"]).exits(1);
    workspace.write(
        "p/BUILD.kiln",
        target(glob, "tr -cd '\\0' < $SRCS_LIST | wc -c | tr -d ' ' > $OUT"),
    );
    workspace.run(["//p:t"]).success();
    assert_eq!(workspace.read(".kiln/out/p/out.txt"), "1000\n");
}

#[test]
fn exec_gets_one_argument_per_input_whatever_its_name() {
    let workspace = files();
    let build = r#"target(name = "t", driver = "exec", tools = ["sort"], deps = ["with space.c", "a.c"], run = ["sort", "-o", "out.txt", "$SRCS"], outs = ["out.txt"])"#;
    workspace.write("p/BUILD.kiln", build);
    workspace.run(["//p:t"]).success();
    assert_eq!(workspace.read(".kiln/out/p/out.txt"), "a.c\nwith space.c\n");
}
