//! What an action finds of its inputs: paths, order, lists, times; and nothing that it did not declare.

use kiln_e2e::Workspace;

/// Runs a target `//p:t` with these attributes, in a workspace with some files, and returns what it wrote to `$OUT`.
fn prints(attributes: &str, run: &str) -> String {
    let workspace = files();
    workspace.write("p/BUILD.kiln", target(attributes, run));
    workspace.run(["//p:t"]).success();
    workspace.read(".kiln/out/p/out.txt")
}

fn target(attributes: &str, run: &str) -> String {
    format!(
        "target(name = \"t\", driver = \"bash\", run = {run:?}, outs = [\"out.txt\"], {attributes})\n"
    )
}

fn files() -> Workspace {
    let workspace = Workspace::new();
    for name in ["b.c", "a.c", "sub/c.c", "h.h", "with space.c"] {
        workspace.write(format!("p/{name}"), format!("{name}\n"));
    }
    workspace.write("q/BUILD.kiln", r#"target(name = "gen", driver = "sh", run = "echo 1 > z; echo 2 > y", outs = {"one": ["z"], "two": ["y"]})"#);
    workspace
}

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

#[test]
fn times_of_inputs_are_constant() {
    assert_eq!(
        prints(r#"deps = ["a.c"]"#, "stat -c %Y a.c > $OUT"),
        "315532800\n"
    );
}

#[test]
fn the_exec_bit_of_a_source_is_kept() {
    use std::os::unix::fs::PermissionsExt;
    let workspace = files();
    std::fs::set_permissions(
        workspace.path("p/a.c"),
        std::fs::Permissions::from_mode(0o700),
    )
    .unwrap();
    workspace.write(
        "p/BUILD.kiln",
        target(
            r#"deps = ["a.c", "b.c"]"#,
            "stat -c %A a.c b.c | cut -c 1-4 > $OUT",
        ),
    );
    workspace.run(["//p:t"]).success();
    let modes = workspace.read(".kiln/out/p/out.txt");
    assert!(
        modes.starts_with("-r") && modes.lines().next().unwrap().ends_with('x'),
        "{modes}"
    );
    assert!(!modes.lines().nth(1).unwrap().ends_with('x'), "{modes}");
}

#[test]
fn an_undeclared_neighbour_does_not_exist() {
    for run in [
        "cat b.c > $OUT",
        "cat /kiln/ws/p/b.c > $OUT",
        "test -e b.c && echo there > $OUT",
        "cat ../q/BUILD.kiln > $OUT",
        "cat BUILD.kiln > $OUT",
    ] {
        let workspace = files();
        workspace.write("p/BUILD.kiln", target(r#"deps = ["a.c"]"#, run));
        workspace.run(["//p:t"]).exits(1);
    }
    assert_eq!(
        prints(
            r#"deps = ["a.c"]"#,
            "ls > $TMPDIR/seen; cat $TMPDIR/seen > $OUT"
        ),
        "a.c\n"
    );
}

#[test]
fn the_checkout_itself_does_not_exist() {
    let workspace = files();
    let source = workspace.path("p/b.c");
    workspace.write(
        "p/BUILD.kiln",
        target("", &format!("cat {} > $OUT", source.display())),
    );
    workspace
        .run(["//p:t"])
        .exits(1)
        .complains(["No such file"]);
}

#[test]
fn inputs_cannot_be_changed() {
    for tamper in [
        "echo x >> a.c",
        "rm -f a.c",
        "mv a.c b",
        "chmod 777 a.c",
        "cp /dev/null a.c",
        "ln -sf /dev/null a.c",
    ] {
        let workspace = files();
        workspace.write(
            "p/BUILD.kiln",
            target(r#"deps = ["a.c"]"#, &format!("{tamper}; echo done > $OUT")),
        );
        let run = workspace.run(["//p:t"]).exits(1);
        run.complains(["a.c"]);
        assert_eq!(workspace.read("p/a.c"), "a.c\n", "after {tamper}");
        workspace.write(
            "p/BUILD.kiln",
            target(r#"deps = ["a.c"]"#, "cat a.c > $OUT"),
        );
        workspace.run(["//p:t"]).success();
        assert_eq!(
            workspace.read(".kiln/out/p/out.txt"),
            "a.c\n",
            "after {tamper}"
        );
    }
}

#[test]
fn a_tool_of_the_workspace_is_called_by_its_name_with_its_files_around_it() {
    let workspace = files();
    let build = r#"
text_file(name = "data", out = "data.txt", content = "from the tool's data\n")
target(name = "tool", driver = "sh", run = "printf '#!/bin/sh\ncat \"$(dirname \"$0\")/data.txt\"\n' > $OUT; chmod +x $OUT", outs = ["tool.sh"], runtime_deps = [":data"])
"#;
    workspace.write("tools/BUILD.kiln", build);
    workspace.write(
        "p/BUILD.kiln",
        target(
            r#"tools = [{"helper": "//tools:tool"}]"#,
            "tool.sh > $OUT; $TOOL_HELPER >> $OUT",
        ),
    );
    workspace.run(["//p:t"]).success();
    assert_eq!(
        workspace.read(".kiln/out/p/out.txt"),
        "from the tool's data\nfrom the tool's data\n"
    );
}

#[test]
fn two_tools_with_one_variable_are_an_error_of_loading() {
    let workspace = files();
    workspace.write(
        "p/BUILD.kiln",
        target(
            r#"tools = ["x86_64-linux-gnu-gcc", "x86_64_linux_gnu_gcc"]"#,
            "true",
        ),
    );
    workspace
        .run(["//p:t"])
        .exits(1)
        .complains(["TOOL_X86_64_LINUX_GNU_GCC"]);
}

#[test]
fn a_host_tool_that_is_not_installed_is_named() {
    let workspace = files();
    workspace.write(
        "p/BUILD.kiln",
        target(r#"tools = ["no-such-compiler"]"#, "true"),
    );
    workspace
        .run(["//p:t"])
        .exits(1)
        .complains(["no-such-compiler", "/usr/bin"]);
}

#[test]
fn a_source_link_is_staged_as_the_file_it_points_to() {
    let workspace = files();
    std::os::unix::fs::symlink("a.c", workspace.path("p/link.c")).unwrap();
    workspace.write(
        "p/BUILD.kiln",
        target(
            r#"deps = ["link.c"]"#,
            "test ! -L link.c; cat link.c > $OUT",
        ),
    );
    workspace.run(["//p:t"]).success();
    assert_eq!(workspace.read(".kiln/out/p/out.txt"), "a.c\n");
    workspace.write("p/a.c", "new\n");
    workspace.run(["//p:t"]).success().ran(["//p:t"]);
}

#[test]
fn a_source_link_that_leaves_the_workspace_or_names_a_directory_is_refused() {
    let workspace = files();
    for target_of_link in ["/etc/hostname", "../../home", "sub", "nowhere", "link.c"] {
        let link = workspace.path("p/link.c");
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(target_of_link, link).unwrap();
        workspace.write(
            "p/BUILD.kiln",
            target(r#"deps = ["link.c"]"#, "true > $OUT"),
        );
        workspace.run(["//p:t"]).exits(1).complains(["p/link.c"]);
    }
}

#[test]
fn one_path_from_two_inputs_must_be_the_same_file() {
    let workspace = files();
    let build = r#"
group(name = "g1", deps = ["a.c"], rename = {"a.c": "same.c"})
group(name = "g2", deps = ["b.c"], rename = {"b.c": "same.c"})
"#;
    workspace.write(
        "p/BUILD.kiln",
        format!(
            "{build}{}",
            target(r#"deps = [":g1", ":g2"]"#, "echo $SRCS > $OUT")
        ),
    );
    workspace
        .run(["//p:t"])
        .exits(1)
        .complains(["same.c", "//p:g1", "//p:g2"]);
    workspace.write("p/b.c", workspace.read("p/a.c"));
    workspace.run(["//p:t"]).success();
    assert_eq!(workspace.read(".kiln/out/p/out.txt"), "same.c\n");
}

#[test]
fn odd_file_types_in_a_glob_are_typed_errors() {
    let workspace = files();
    let made = std::process::Command::new("mkfifo")
        .arg(workspace.path("p/pipe.c"))
        .status()
        .unwrap();
    assert!(made.success());
    workspace.write(
        "p/BUILD.kiln",
        target(r#"deps = ["pipe.c"]"#, "true > $OUT"),
    );
    workspace
        .run(["//p:t"])
        .exits(1)
        .complains(["p/pipe.c", "FIFO"]);
}
