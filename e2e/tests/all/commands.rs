//! Commands that look at targets or at the machine: inspect, cat, ls, init, doctor, completions, config, version.

use kiln_e2e::Workspace;

fn built() -> Workspace {
    let build = r#"
target(name = "tree", driver = "sh", deps = ["src"], run = "cp src tree/file; mkdir tree/sub; echo deep > tree/sub/f; ln -s file tree/link", outs = ["tree/"])
target(name = "two", driver = "sh", run = "printf one > x; printf two > y", outs = {"x": ["x"], "y": ["y"]})
"#;
    let workspace = Workspace::with_build(build);
    workspace.write("src", "content\n");
    workspace.run(["//..."]).success();
    workspace
}

#[test]
fn cat_writes_the_bytes_of_an_output() {
    let workspace = built();
    workspace
        .kiln(["cat", "//:two[x]"])
        .run()
        .success()
        .prints("one");
    workspace
        .kiln(["cat", "//:two[y]"])
        .run()
        .success()
        .prints("two");
}

#[test]
fn ls_lists_the_output_tree() {
    let run = built().kiln(["ls", "//:tree"]).run().success();
    for path in ["tree/file", "tree/sub/f", "tree/link"] {
        assert!(run.stdout().contains(path), "{path}{}", run.report());
    }
}

#[test]
fn inspect_shows_inputs_key_and_outputs() {
    let workspace = built();
    let run = workspace.kiln(["inspect", "//:tree"]).run().success();
    for word in ["//:tree", "src", "tree"] {
        assert!(run.stdout().contains(word), "{word}{}", run.report());
    }
    let built_again = workspace.run(["//:tree"]).success();
    let key = built_again
        .event("action_finished", "//:tree")
        .field("key")
        .clone();
    let json = workspace
        .kiln(["inspect", "--json", "//:tree"])
        .run()
        .success()
        .json();
    assert_eq!(json["key"], key, "{json}");
    assert_eq!(json["label"], "//:tree", "{json}");
}

#[test]
fn inspecting_something_unknown_is_4() {
    let workspace = built();
    for command in ["inspect", "cat", "ls", "log", "why"] {
        workspace
            .kiln([command, "//:nothing"])
            .run()
            .exits(4)
            .complains(["//:nothing"]);
    }
}

#[test]
fn init_makes_a_workspace_and_changes_none() {
    let workspace = Workspace::bare();
    workspace.kiln(["init"]).run().success();
    assert!(workspace.path("kiln.toml").is_file());
    workspace.kiln(["config"]).run().success();
    workspace.write("kiln.toml", "[build]\njobs = 3\n");
    let _ = workspace.kiln(["init"]).run();
    assert_eq!(workspace.read("kiln.toml"), "[build]\njobs = 3\n");
}

#[test]
fn doctor_speaks_of_the_sandbox_and_the_store() {
    let workspace = built();
    let run = workspace.kiln(["doctor"]).run().success();
    for word in ["sandbox", "store"] {
        assert!(
            run.stdout().to_lowercase().contains(word),
            "{word}{}",
            run.report()
        );
    }
}

#[test]
fn completions_exist_for_the_usual_shells() {
    for shell in ["bash", "zsh", "fish"] {
        let run = Workspace::bare()
            .kiln(["completions", shell])
            .run()
            .success();
        assert!(run.stdout().contains("kiln"), "{}", run.report());
    }
    Workspace::bare()
        .kiln(["completions", "cmd"])
        .run()
        .exits(2);
}

#[test]
fn version_names_itself() {
    let run = Workspace::bare().kiln(["version"]).run().success();
    assert!(
        run.stdout().contains(env!("CARGO_PKG_VERSION")),
        "{}",
        run.report()
    );
}

#[test]
fn config_shows_every_section() {
    let run = Workspace::new().kiln(["config"]).run().success();
    for section in ["build", "sandbox", "cache"] {
        assert!(run.stdout().contains(section), "{section}{}", run.report());
    }
}
