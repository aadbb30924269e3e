//! Inputs as the action finds them: times, modes, protection; and nothing that it did not declare.

use super::{files, prints, target};

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
