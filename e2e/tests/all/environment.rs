//! The environment of an action: exactly the fixed and the declared variables, on every machine.

use std::collections::BTreeMap;

use kiln_e2e::{Workspace, files_below};

/// What `env` prints inside of a target with these attributes.
fn variables(attributes: &str) -> BTreeMap<String, String> {
    let workspace = Workspace::new();
    let build = format!(
        "target(name = \"env-of\", driver = \"sh\", tools = [\"env\"], run = \"env > env.txt\", outs = [\"env.txt\"], {attributes})"
    );
    workspace.write("some/pkg/BUILD.kiln", build);
    workspace.write("some/pkg/file.txt", "");
    let run = workspace
        .kiln(["run", "//some/pkg:env-of"])
        .env("SECRET", "s3cret")
        .env("LD_PRELOAD", "")
        .env("LC_ALL", "C");
    run.run().success();
    let text = workspace.read(".kiln/out/some/pkg/env.txt");
    let lines = text.lines().map(|line| {
        line.split_once('=')
            .unwrap_or_else(|| panic!("no variable: {line}"))
    });
    lines
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn every_variable_is_accounted_for() {
    let variables = variables(r#"deps = {"docs": ["file.txt"]}"#);
    let names: Vec<&str> = variables.keys().map(String::as_str).collect();
    let by_the_shell = ["PWD", "SHLVL", "_"];
    let ours: Vec<&str> = names
        .into_iter()
        .filter(|name| !by_the_shell.contains(name))
        .collect();
    let expected = [
        "COLUMNS",
        "HOME",
        "LANG",
        "NAME",
        "OUT",
        "OUTS",
        "OUTS_LIST",
        "OUT_OUT",
        "PATH",
        "PKG",
        "SOURCE_DATE_EPOCH",
        "SRCS",
        "SRCS_DOCS",
        "SRCS_DOCS_LIST",
        "SRCS_LIST",
        "TMPDIR",
        "TOOL_ENV",
        "TZ",
        "USER",
    ];
    let unexpected: Vec<&&str> = ours
        .iter()
        .filter(|name| !expected.contains(name))
        .collect();
    assert!(
        unexpected.is_empty(),
        "unexpected {unexpected:?} in {variables:?}"
    );
    for name in expected
        .iter()
        .filter(|name| !["OUTS_LIST", "OUT_OUT"].contains(name))
    {
        assert!(
            variables.contains_key(*name),
            "{name} is missing in {variables:?}"
        );
    }
}

#[test]
fn fixed_variables_have_the_values_of_the_contract() {
    let variables = variables("");
    let fixed = [
        ("LANG", "C.UTF-8"),
        ("TZ", "UTC"),
        ("SOURCE_DATE_EPOCH", "315532800"),
        ("COLUMNS", "80"),
        ("USER", "build"),
        ("PKG", "some/pkg"),
        ("NAME", "env-of"),
        ("OUT", "env.txt"),
        ("OUTS", "env.txt"),
        ("PWD", "/kiln/ws/some/pkg"),
    ];
    for (name, value) in fixed {
        assert_eq!(
            variables.get(name).map(String::as_str),
            Some(value),
            "{name}"
        );
    }
}

#[test]
fn language_zone_and_epoch_may_be_set() {
    let variables = variables(
        r#"env = {"LANG": "de_DE.UTF-8", "TZ": "CET", "SOURCE_DATE_EPOCH": "1", "MINE": "$HOME"}"#,
    );
    for (name, value) in [
        ("LANG", "de_DE.UTF-8"),
        ("TZ", "CET"),
        ("SOURCE_DATE_EPOCH", "1"),
        ("MINE", "$HOME"),
    ] {
        assert_eq!(
            variables.get(name).map(String::as_str),
            Some(value),
            "{name}"
        );
    }
}

#[test]
fn reserved_names_cannot_be_set() {
    for name in [
        "PATH",
        "HOME",
        "TMPDIR",
        "OUT",
        "OUT_DOCS",
        "SRCS",
        "SRCS_LIST",
        "TOOL_CC",
        "PKG",
        "NAME",
    ] {
        for attribute in [
            format!("env = {{{name:?}: \"x\"}}"),
            format!("pass_env = [{name:?}]"),
        ] {
            let build = format!(
                "target(name = \"a\", driver = \"sh\", run = \"true\", outs = [], {attribute})"
            );
            Workspace::with_build(&build)
                .run(["//:a"])
                .exits(1)
                .complains([name, "BUILD.kiln:1:"]);
        }
    }
}

#[test]
fn one_name_cannot_be_set_and_passed() {
    let build = r#"target(name = "a", driver = "sh", run = "true", outs = [], env = {"X": "1"}, pass_env = ["X"])"#;
    Workspace::with_build(build)
        .run(["//:a"])
        .exits(1)
        .complains(["X", "pass_env"]);
}

#[test]
fn a_passed_secret_reaches_the_action_and_nothing_else() {
    let build = r#"target(name = "a", driver = "sh", pass_env = ["TOKEN"], run = "printf %s \"$TOKEN\" | wc -c > $OUT", outs = ["a"])"#;
    let workspace = Workspace::with_build(build);
    let secret = "correct-horse-battery-staple";
    let kiln = |arguments: &[&str]| {
        workspace
            .kiln(arguments)
            .env("TOKEN", secret)
            .run()
            .success()
            .never_mentions(secret)
    };
    kiln(&["run", "-v", "--profile", "profile.json", "//:a"]);
    assert_eq!(
        workspace.read(".kiln/out/a").trim(),
        secret.len().to_string()
    );
    for command in [
        ["inspect", "//:a"],
        ["why", "//:a"],
        ["log", "//:a"],
        ["query", "deps(//:a)"],
    ] {
        kiln(&command);
    }
    kiln(&["inspect", "--json", "//:a"]);
    assert!(!workspace.read("profile.json").contains(secret));
    for directory in [workspace.store(), workspace.path(".kiln")] {
        for file in files_below(&directory, &|_| true) {
            let bytes = std::fs::read(&file).unwrap_or_default();
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found, "the secret lies in {}", file.display());
        }
    }
}
