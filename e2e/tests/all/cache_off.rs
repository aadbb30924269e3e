//! `cache = False`: runs each time, stores nothing, and still stops the wave where its output is the same.

use kiln_e2e::Workspace;

const BUILD: &str = r#"
target(name = "always", driver = "sh", deps = ["src"], run = "cat $SRCS > $OUT", outs = ["always"], cache = False)
target(name = "user", driver = "sh", deps = [":always"], run = "cat $SRCS > $OUT", outs = ["user"])
"#;

#[test]
fn it_runs_each_time_and_its_consumers_do_not() {
    let workspace = Workspace::with_build(BUILD);
    workspace.write("src", "1\n");
    workspace
        .run(["//:user"])
        .success()
        .ran(["//:always", "//:user"]);
    workspace.run(["//:user"]).success().ran(["//:always"]);
    workspace.write("src", "2\n");
    workspace
        .run(["//:user"])
        .success()
        .ran(["//:always", "//:user"]);
    assert_eq!(workspace.read(".kiln/out/user"), "2\n");
}

#[test]
fn several_consumers_share_one_run() {
    let more = "target(name = \"third\", driver = \"sh\", deps = [\":always\"], run = \"cat $SRCS > $OUT\", outs = [\"third\"])\n";
    let workspace = Workspace::with_build(&format!("{BUILD}{more}"));
    workspace.write("src", "1\n");
    workspace
        .run(["//..."])
        .success()
        .ran(["//:always", "//:third", "//:user"]);
}

#[test]
fn its_own_output_appears() {
    let workspace = Workspace::with_build(BUILD);
    workspace.write("src", "1\n");
    workspace
        .run(["//:always"])
        .success()
        .prints(".kiln/out/always\n");
    assert_eq!(workspace.read(".kiln/out/always"), "1\n");
}
