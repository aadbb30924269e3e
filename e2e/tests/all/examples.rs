//! The workspace under `examples/`, as its readers would build it.

use std::ffi::OsStr;

use kiln_e2e::{Workspace, copy_tree, repository};

fn examples() -> Workspace {
    let workspace = Workspace::bare();
    copy_tree(&repository().join("examples"), workspace.root(), &|path| {
        path.file_name() != Some(OsStr::new(".kiln"))
    });
    workspace
}

#[test]
fn all_of_them_build_and_a_second_run_does_nothing() {
    let workspace = examples();
    workspace.run(["//..."]).success();
    let summary = workspace.run(["//..."]).success().ran_nothing().summary();
    assert_eq!(summary.cached, summary.total);
}

#[test]
fn hello_greets_its_argument() {
    examples()
        .run(["//hello", "--", "reader"])
        .success()
        .prints("hello, reader\n");
}

#[test]
fn the_app_links_the_library_and_its_generated_headers() {
    examples()
        .run(["//app", "--", "reader"])
        .success()
        .prints("hello, reader (greeter 1.0.2)\n");
}

#[test]
fn a_new_version_compiles_one_object_and_links() {
    let workspace = examples();
    workspace.run(["//app"]).success();
    workspace.write("greeter/version.txt", "2.0.0\n");
    let changed = [
        "//greeter:version",
        "//greeter:greeter.version",
        "//greeter:greeter",
        "//app:app",
    ];
    workspace.run(["//app"]).success().ran(changed);
}

#[test]
fn the_bundle_places_files_without_copying_them() {
    let workspace = examples();
    workspace.run(["//bundle:contents"]).success();
    let contents = workspace.read(".kiln/out/bundle/contents.txt");
    let paths: Vec<&str> = contents
        .lines()
        .filter_map(|line| line.split_whitespace().nth(1))
        .collect();
    assert_eq!(
        paths,
        [
            "bin/app",
            "bin/hello",
            "share/doc/README.md",
            "share/doc/install.md"
        ]
    );
}

#[test]
fn the_report_uses_a_tool_that_the_workspace_builds() {
    let workspace = examples();
    workspace
        .run(["//report"])
        .success()
        .prints(".kiln/out/report/report.txt\n");
    assert_eq!(
        workspace.read(".kiln/out/report/report.txt"),
        "words: 4\nlimits: 2\n"
    );
}

#[test]
fn a_text_file_can_be_a_program() {
    examples()
        .run(["//scripts:shout", "--", "good", "morning"])
        .success()
        .prints("GOOD MORNING\n");
}
