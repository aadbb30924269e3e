//! `kiln.toml` and its layers.

use kiln_e2e::{Run, Workspace};

const TARGET: &str = r#"target(name = "a", driver = "sh", run = "true", outs = [])"#;

#[track_caller]
fn refused(config: &str, texts: &[&str]) -> Run {
    let workspace = Workspace::with_build(TARGET);
    workspace.write("kiln.toml", config);
    workspace.run(["//:a"]).exits(2).complains(texts)
}

#[test]
fn an_unknown_key_gets_a_proposal() {
    refused("[build]\njbos = 8\n", &["kiln.toml:2", "jbos", "jobs"]);
    refused("[biuld]\njobs = 8\n", &["kiln.toml:1", "biuld", "build"]);
}

#[test]
fn a_wrong_type_says_what_was_expected() {
    refused("[build]\nignore = \"target\"\n", &["kiln.toml:2", "ignore"]);
    refused("[build]\njobs = -1\n", &["kiln.toml:2", "jobs"]);
    refused(
        "[cache]\nmax_size = \"much\"\n",
        &["kiln.toml:2", "max_size", "much"],
    );
}

#[test]
fn a_duplicate_key_is_refused() {
    refused("[build]\njobs = 1\njobs = 2\n", &["kiln.toml:3", "jobs"]);
}

#[test]
fn what_is_no_toml_is_shown() {
    refused("[build\n", &["kiln.toml:1"]);
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let workspace = Workspace::with_build(TARGET);
    workspace.write("kiln.toml", b"[build]\nfiles = [\"\xff\"]\n");
    workspace.run(["//:a"]).exits(2).complains(["kiln.toml"]);
}

#[test]
fn an_unknown_value_gets_the_possible_ones() {
    refused(
        "[sandbox]\ndefault = \"hots\"\n",
        &["kiln.toml:2", "hots", "host"],
    );
}

#[test]
fn an_empty_file_is_enough() {
    Workspace::with_build(TARGET).run(["//:a"]).success();
}

#[test]
fn later_layers_win_and_the_origin_of_each_value_is_told() {
    let workspace = Workspace::with_build(TARGET);
    let origin = |workspace: &Workspace, flags: &[&str], environment: Option<&str>| {
        let kiln = workspace.kiln(["config", "--origin"]).args(flags);
        let kiln = match environment {
            Some(jobs) => kiln.env("KILN_BUILD_JOBS", jobs),
            None => kiln,
        };
        let run = kiln.run().success();
        let line = run.stdout().lines().find(|line| line.contains("jobs"));
        line.unwrap_or_else(|| panic!("no line about jobs{}", run.report()))
            .to_owned()
    };
    let line = |layer: &str, value: &str, line: String| {
        assert!(
            line.contains(value) && line.contains(layer),
            "expected {value} from {layer}: {line}"
        );
    };
    std::fs::create_dir_all(workspace.home().join("config/kiln")).unwrap();
    std::fs::write(
        workspace.home().join("config/kiln/kiln.toml"),
        "[build]\njobs = 11\n",
    )
    .unwrap();
    line("config/kiln/kiln.toml", "11", origin(&workspace, &[], None));
    workspace.write("kiln.toml", "[build]\njobs = 12\n");
    line("kiln.toml", "12", origin(&workspace, &[], None));
    workspace.write("kiln.local.toml", "[build]\njobs = 13\n");
    line("kiln.local.toml", "13", origin(&workspace, &[], None));
    line("KILN_BUILD_JOBS", "14", origin(&workspace, &[], Some("14")));
    line("-j", "15", origin(&workspace, &["-j", "15"], Some("14")));
}

#[test]
fn a_broken_layer_is_named() {
    let workspace = Workspace::with_build(TARGET);
    workspace.write("kiln.local.toml", "[build]\nnope = 1\n");
    workspace
        .run(["//:a"])
        .exits(2)
        .complains(["kiln.local.toml:2", "nope"]);
    workspace.remove("kiln.local.toml");
    let run = workspace
        .kiln(["run", "//:a"])
        .env("KILN_BUILD_JOBS", "many")
        .run();
    run.exits(2).complains(["KILN_BUILD_JOBS", "many"]);
}

#[test]
fn the_store_follows_the_environment() {
    let workspace = Workspace::with_build(TARGET);
    let path = |kiln: kiln_e2e::Kiln| kiln.run().success().stdout().trim_end().to_owned();
    let own = workspace.store();
    assert_eq!(
        path(workspace.kiln(["cache", "path"])),
        own.to_str().unwrap()
    );
    let cache = workspace.home().join("cache/kiln");
    assert_eq!(
        path(
            workspace
                .kiln(["cache", "path"])
                .env_remove("KILN_CACHE_DIR")
        ),
        cache.to_str().unwrap()
    );
    let plain = workspace.home().join(".cache/kiln");
    let kiln = workspace
        .kiln(["cache", "path"])
        .env_remove("KILN_CACHE_DIR")
        .env_remove("XDG_CACHE_HOME");
    assert_eq!(path(kiln), plain.to_str().unwrap());
}

#[test]
fn the_store_is_marked_as_a_cache() {
    let workspace = Workspace::with_build(TARGET);
    workspace.run(["//:a"]).success();
    let tag = std::fs::read_to_string(workspace.store().join("CACHEDIR.TAG")).unwrap();
    assert!(tag.starts_with("Signature: 8a477f597d28d172789f06886806bc55"));
}
