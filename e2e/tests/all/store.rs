//! The store as its user sees it: clean, gc, cache stats.

use std::path::Path;

use kiln_e2e::{Workspace, files_below};

fn built() -> Workspace {
    let build = r#"
target(name = "small", driver = "sh", run = "echo 1 > $OUT", outs = ["small"])
target(name = "large", driver = "sh", run = "head -c 3000000 /dev/zero > $OUT", outs = ["large"])
"#;
    let workspace = Workspace::with_build(build);
    workspace.run(["//..."]).success();
    workspace
}

#[test]
fn clean_removes_outputs_and_nothing_of_the_store() {
    let workspace = built();
    workspace.kiln(["clean"]).run().success();
    assert!(!workspace.path(".kiln/out").exists());
    workspace.kiln(["clean"]).run().success();
    workspace.run(["//..."]).success().ran_nothing();
    assert_eq!(workspace.read(".kiln/out/small"), "1\n");
}

#[test]
fn stats_count_what_is_stored() {
    let workspace = built();
    let stats = workspace
        .kiln(["cache", "stats", "--json"])
        .run()
        .success()
        .json();
    assert!(stats.is_object(), "{stats}");
    let plain = workspace.kiln(["cache", "stats"]).run().success();
    assert!(!plain.stdout().is_empty());
}

#[test]
fn gc_to_nothing_forgets_everything_and_harms_nobody() {
    let workspace = built();
    workspace.kiln(["gc", "--max-size", "0"]).run().success();
    let run = workspace.run(["//..."]).success();
    assert_eq!(
        workspace.read_bytes(".kiln/out/large").len(),
        3_000_000,
        "{}",
        run.report()
    );
    workspace.run(["//..."]).success().ran_nothing();
}

#[test]
fn gc_within_its_limits_keeps_everything() {
    let workspace = built();
    workspace
        .kiln(["gc", "--max-size", "10G", "--max-age", "30d"])
        .run()
        .success();
    workspace.remove(".kiln");
    workspace.run(["//..."]).success().ran_nothing();
}

#[test]
fn gc_refuses_sizes_it_does_not_understand() {
    built()
        .kiln(["gc", "--max-size", "lots"])
        .run()
        .exits(2)
        .complains(["lots"]);
}

#[test]
fn a_lost_store_costs_time_only() {
    let workspace = built();
    std::fs::remove_dir_all(workspace.store()).unwrap();
    workspace
        .run(["//..."])
        .success()
        .ran(["//:large", "//:small"]);
    assert_eq!(workspace.read(".kiln/out/small"), "1\n");
}

#[test]
fn garbage_in_place_of_every_file_of_the_store_costs_time_only() {
    let workspace = built();
    for file in files_below(&workspace.store(), &|_| true) {
        replace(&file, "scribble");
    }
    workspace.remove(".kiln");
    workspace.run(["//..."]).success();
    assert_eq!(workspace.read(".kiln/out/small"), "1\n");
    assert!(
        workspace
            .read_bytes(".kiln/out/large")
            .iter()
            .all(|byte| *byte == 0)
    );
}

#[test]
fn an_output_that_lost_its_bytes_is_made_again() {
    let workspace = built();
    workspace.remove(".kiln");
    let files = files_below(&workspace.store(), &|_| true);
    let large = files
        .iter()
        .find(|file| file.metadata().unwrap().len() == 3_000_000);
    replace(large.expect("a large output is a file of its own"), "");
    let run = workspace.run(["//:large"]).success().ran(["//:large"]);
    assert_eq!(
        workspace.read_bytes(".kiln/out/large").len(),
        3_000_000,
        "{}",
        run.report()
    );
}

/// Puts another file in the place of one, which may be read-only.
fn replace(path: &Path, content: &str) {
    std::fs::remove_file(path).unwrap();
    std::fs::write(path, content).unwrap();
}

#[test]
fn lost_blobs_are_made_again_in_the_same_build_also_behind_a_group() {
    let build = |suffix: &str| {
        format!(
            r#"
target(name = "big", driver = "sh", run = "head -c 300000 /dev/zero > $OUT", outs = ["big"])
group(name = "view", deps = [":big"])
target(name = "use", driver = "sh", deps = [":view"], run = "wc -c < big > $OUT{suffix}", outs = ["use"])
target(name = "copy", driver = "sh", deps = [":view"], run = "cat big big > $OUT{suffix}", outs = ["copy"])
"#
        )
    };
    let workspace = Workspace::with_build(&build(""));
    workspace.run(["//..."]).success();
    std::fs::remove_dir_all(workspace.outside("store/v1/blobs")).unwrap();
    workspace.write("BUILD.kiln", build(" # again"));
    let run = workspace.run(["//..."]).success();
    run.ran(["//:big", "//:use", "//:copy"])
        .complains(["//:big", "missing from the store"]);
    assert_eq!(workspace.read(".kiln/out/use"), "300000\n");
    assert_eq!(workspace.read_bytes(".kiln/out/copy").len(), 600_000);
    workspace.run(["//..."]).success().ran_nothing();
}
