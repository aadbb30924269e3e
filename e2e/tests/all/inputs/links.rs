//! Sources that are no plain file of their own: links, special files, one path from two inputs.

use super::{files, target};

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
