//! Which crate may know which: checked on what cargo resolves, directly and through others.

use std::collections::BTreeMap;

use serde_json::Value;

use super::metadata;

/// A crate, and those that it must never reach.
const FORBIDDEN: [(&str, &[&str]); 5] = [
    (
        "kiln-proto",
        &[
            "kiln-plugin-abi",
            "kiln-engine",
            "kiln-builtins",
            "kiln-cli",
        ],
    ),
    (
        "kiln-plugin-abi",
        &[
            "kiln-engine",
            "kiln-builtins",
            "kiln-cli",
            "starlark",
            "clap",
            "rusqlite",
        ],
    ),
    (
        "kiln-builtins",
        &["kiln-engine", "kiln-cli", "clap", "rusqlite"],
    ),
    (
        "kiln-engine",
        &["kiln-builtins", "kiln-cli", "starlark", "clap", "indicatif"],
    ),
    (
        "kiln-e2e",
        &[
            "kiln-proto",
            "kiln-plugin-abi",
            "kiln-engine",
            "kiln-builtins",
            "kiln-cli",
        ],
    ),
];

#[test]
fn no_crate_reaches_what_it_must_not_know() {
    let dependencies = dependencies(&metadata());
    for (from, forbidden) in FORBIDDEN {
        let reached = reachable(&dependencies, from);
        for name in forbidden {
            assert!(!reached.contains(name), "{from} depends on {name}");
        }
    }
}

/// For each package the names of what it links, build and test dependencies left out.
fn dependencies(metadata: &Value) -> BTreeMap<String, Vec<String>> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let packages = list(&metadata["packages"]);
    let names: BTreeMap<String, String> = packages
        .iter()
        .map(|package| (text(&package["id"]), text(&package["name"])))
        .collect();
    let normal = |dependency: &Value| {
        list(&dependency["dep_kinds"])
            .iter()
            .any(|kind| kind["kind"].is_null())
    };
    let mut dependencies: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for node in list(&metadata["resolve"]["nodes"]) {
        let linked = list(&node["deps"])
            .into_iter()
            .filter(normal)
            .map(|dependency| names[&text(&dependency["pkg"])].clone());
        dependencies
            .entry(names[&text(&node["id"])].clone())
            .or_default()
            .extend(linked);
    }
    dependencies
}

fn reachable<'a>(dependencies: &'a BTreeMap<String, Vec<String>>, from: &str) -> Vec<&'a str> {
    assert!(dependencies.contains_key(from), "there is no crate {from}");
    let mut reached: Vec<&str> = Vec::new();
    let mut open: Vec<&str> = dependencies[from].iter().map(String::as_str).collect();
    while let Some(name) = open.pop() {
        if !reached.contains(&name) {
            reached.push(name);
            open.extend(dependencies[name].iter().map(String::as_str));
        }
    }
    reached
}
