//! Tests of `environment`.

use std::collections::BTreeSet;

use kiln_plugin_abi::{
    Action, DeclaredOutput, DriverId, Label, PackagePath, Resources, Value, WorkspacePath,
};

use super::*;

fn target(outs: &[&str]) -> Target {
    let outputs = outs.iter().map(|path| DeclaredOutput {
        path: WorkspacePath::resolve("lib/x", path).unwrap(),
        kind: if path.ends_with('/') {
            OutputKind::Directory
        } else {
            OutputKind::File
        },
    });
    Target {
        label: Label::parse("//lib/x:t", &PackagePath::root()).unwrap(),
        driver: DriverId {
            name: "sh".into(),
            version: 1,
        },
        span: None,
        inputs: Vec::new(),
        outputs: vec![OutputGroup {
            name: None,
            outputs: outputs.collect(),
        }],
        action: Action::Execute {
            payload: Value::None,
        },
        environment: BTreeMap::from([("TZ".into(), "CET".into())]),
        pass_environment: BTreeSet::new(),
        labels: BTreeSet::new(),
        timeout: None,
        network: false,
        cache: true,
        resources: Resources::default(),
        sandbox: None,
    }
}

fn describe(target: &Target, inputs: &[&str], tools: &[ToolPath]) -> ActionEnvironment {
    describe_environment(&EnvironmentRequest {
        target,
        inputs: vec![(None, inputs.iter().map(|&path| path.to_owned()).collect())],
        tools,
        passed: BTreeMap::new(),
    })
}

#[test]
fn paths_are_relative_to_the_package() {
    let target = target(&["out.txt"]);
    let words = describe(
        &target,
        &["lib/x/a.c", "lib/y/b.h", "top.h", "lib/x/a.c"],
        &[],
    );
    assert_eq!(words.variables["SRCS"], "a.c ../y/b.h ../../top.h");
    assert_eq!(words.variables["OUT"], "out.txt");
    assert_eq!(
        words.lists,
        [("SRCS".to_owned(), b"a.c\0../y/b.h\0../../top.h\0".to_vec())]
    );
}

#[test]
fn what_the_target_sets_wins_over_what_is_fixed() {
    let words = describe(&target(&[]), &[], &[]);
    assert_eq!(words.variables["TZ"], "CET");
    assert_eq!(words.variables["LANG"], "C.UTF-8");
    assert_eq!(words.variables["SRCS"], "");
    assert!(!words.variables.contains_key("OUT"));
}

#[test]
fn a_variable_that_would_lie_is_unset_with_a_reason() {
    let long = "x".repeat(60 * 1024);
    for inputs in [&["lib/x/a b"][..], &[&long, "y", &format!("{long}z")]] {
        let words = describe(&target(&[]), inputs, &[]);
        assert!(!words.variables.contains_key("SRCS"));
        assert_eq!(words.paths.unset[0].0, "SRCS");
        assert!(words.variables.contains_key("SRCS_LIST"));
    }
}

#[test]
fn declared_tools_come_first_on_the_path() {
    let tools = [
        ToolPath {
            name: "gen-x".into(),
            path: "/kiln/tools/gen_x/gen/gen-x".into(),
        },
        ToolPath {
            name: "cc".into(),
            path: "/usr/bin/cc".into(),
        },
    ];
    let words = describe(&target(&[]), &[], &tools);
    assert_eq!(
        words.variables["PATH"],
        "/kiln/tools/gen_x/gen:/usr/bin:/bin"
    );
    assert_eq!(words.variables["TOOL_GEN_X"], "/kiln/tools/gen_x/gen/gen-x");
    assert_eq!(words.variables["TOOL_CC"], "/usr/bin/cc");
}

#[test]
fn several_outputs_have_no_single_one() {
    let words = describe(&target(&["a", "d/"]), &[], &[]);
    assert!(!words.variables.contains_key("OUT"));
    assert_eq!(words.variables["OUTS"], "a d");
}
