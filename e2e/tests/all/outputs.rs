//! What an action must leave behind, and what becomes of it.

use kiln_e2e::{Run, Workspace};

fn build(outs: &str, run: &str) -> (Workspace, Run) {
    let workspace = Workspace::with_build(&format!(
        "target(name = \"t\", driver = \"bash\", run = {run:?}, outs = {outs})"
    ));
    let run = workspace.run(["//:t"]);
    (workspace, run)
}

#[test]
fn parents_of_outputs_and_declared_directories_exist() {
    let (workspace, run) = build(
        r#"["a/b/c.txt", "tree/"]"#,
        "echo 1 > a/b/c.txt; test -d tree; test -z \"$(ls tree)\"",
    );
    run.success();
    assert!(workspace.path(".kiln/out/tree").is_dir());
    assert_eq!(workspace.read(".kiln/out/a/b/c.txt"), "1\n");
}

#[test]
fn a_missing_output_is_named_with_what_came_instead() {
    let (_, run) = build(r#"["wanted.txt"]"#, "echo > wantd.txt");
    run.exits(1).complains(["wanted.txt", "wantd.txt"]);
}

#[test]
fn a_directory_where_a_file_was_declared_is_an_error() {
    let (_, run) = build(r#"["out"]"#, "mkdir out");
    run.exits(1).complains(["out", "directory"]);
}

#[test]
fn a_file_where_a_directory_was_declared_is_an_error() {
    let (_, run) = build(r#"["out/"]"#, "rmdir out; echo > out");
    run.exits(1).complains(["out", "file"]);
}

#[test]
fn special_files_are_refused_by_type() {
    for (command, word) in [
        ("mkfifo out/x", "FIFO"),
        (
            "python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"out/x\")'",
            "socket",
        ),
    ] {
        if command.starts_with("python3") && !std::path::Path::new("/usr/bin/python3").exists() {
            continue;
        }
        let (_, run) = build(r#"["out/"]"#, command);
        run.exits(1).complains(["out/x", word]);
    }
}

#[test]
fn links_must_be_relative_and_stay_inside() {
    for target in ["/etc/passwd", "../../escape", "../outside.txt"] {
        let (_, run) = build(r#"["out/"]"#, &format!("ln -s {target} out/link"));
        run.exits(1).complains(["out/link", target]);
    }
    let (workspace, run) = build(r#"["out/"]"#, "echo 1 > out/file; ln -s file out/link");
    run.success();
    assert_eq!(
        std::fs::read_link(workspace.path(".kiln/out/out/link"))
            .unwrap()
            .to_str(),
        Some("file")
    );
}

#[test]
fn a_setuid_mode_is_normalised() {
    use std::os::unix::fs::PermissionsExt;
    let (workspace, run) = build(
        r#"["x", "y"]"#,
        "echo > x; echo > y; chmod 755 x; chmod 600 y; chmod u+s x || true",
    );
    run.success();
    let mode = |file: &str| {
        std::fs::metadata(workspace.path(file))
            .unwrap()
            .permissions()
            .mode()
            & 0o7111
    };
    assert_eq!((mode(".kiln/out/x"), mode(".kiln/out/y")), (0o111, 0));
}

#[test]
fn undeclared_outputs_are_discarded_or_an_error_by_configuration() {
    let (workspace, run) = build(r#"["x"]"#, "echo > x; echo > extra");
    run.success();
    assert!(!workspace.path(".kiln/out/extra").exists());
    workspace.write("kiln.toml", "[sandbox]\nundeclared_outputs = \"error\"\n");
    workspace.write(
        "BUILD.kiln",
        workspace.read("BUILD.kiln").replace("extra", "extra2"),
    );
    workspace.run(["//:t"]).exits(1).complains(["extra2"]);
}

#[test]
fn a_target_without_outputs_is_fine() {
    let (workspace, run) = build("[]", "true");
    run.success().prints("").ran(["//:t"]);
    workspace.run(["//:t"]).success().ran_nothing();
}

#[test]
fn empty_directories_and_odd_names_come_back_from_the_store() {
    let (workspace, run) = build(
        r#"["out/"]"#,
        "mkdir -p out/empty/deep; echo 1 > 'out/a b'; echo 2 > out/ü; chmod +x out/ü",
    );
    run.success();
    workspace.remove(".kiln");
    workspace.run(["//:t"]).success().ran_nothing();
    assert!(workspace.path(".kiln/out/out/empty/deep").is_dir());
    assert_eq!(workspace.read(".kiln/out/out/a b"), "1\n");
    assert_eq!(workspace.read(".kiln/out/out/ü"), "2\n");
}

#[test]
fn removed_and_edited_outputs_are_put_back() {
    let (workspace, run) = build(r#"["x", "tree/"]"#, "echo 1 > x; echo 2 > tree/f");
    run.success();
    workspace.remove(".kiln/out/x");
    workspace.write(".kiln/out/tree/f", "edited\n");
    workspace.write(".kiln/out/tree/extra", "extra\n");
    workspace.run(["//:t"]).success().ran_nothing();
    assert_eq!(
        (
            workspace.read(".kiln/out/x").as_str(),
            workspace.read(".kiln/out/tree/f").as_str()
        ),
        ("1\n", "2\n")
    );
    assert!(!workspace.path(".kiln/out/tree/extra").exists());
}

#[test]
fn an_output_that_changed_its_kind_replaces_what_was_there() {
    let (workspace, run) = build(r#"["x/"]"#, "echo 1 > x/f");
    run.success();
    workspace.write(
        "BUILD.kiln",
        r#"target(name = "t", driver = "sh", run = "echo 2 > x", outs = ["x"])"#,
    );
    workspace.run(["//:t"]).success();
    assert_eq!(workspace.read(".kiln/out/x"), "2\n");
}

#[test]
fn groups_of_outputs_have_variables_and_can_be_asked_for() {
    let workspace = Workspace::with_build(
        r#"target(name = "t", driver = "sh", run = "echo bin > $OUT_BIN; echo doc > $OUT_DOCS/d", outs = {"bin": ["b"], "docs": ["man/"]})"#,
    );
    workspace
        .run(["//:t[bin]"])
        .success()
        .prints(".kiln/out/b\n");
    assert!(!workspace.path(".kiln/out/man").exists());
    workspace.run(["//:t"]).success().ran_nothing();
    assert_eq!(workspace.read(".kiln/out/man/d"), "doc\n");
}
