//! Tests of `shell`.

use std::time::Duration;

use kiln_plugin_abi::{GroupName, NamedPaths, Role};

use super::*;
use crate::testing::{block_on, dict, label, list, parse_one, spec};

fn no_inputs() -> InputPaths {
    InputPaths {
        groups: Vec::new(),
        all: Vec::new(),
        unset: Vec::new(),
    }
}

#[test]
fn the_script_is_one_argument_and_the_name_is_its_zeroth() {
    let sh = parse_one(&Sh, &spec("//p:a", &[("run", "echo $0".into())])).unwrap();
    let command = block_on(Sh.command(&sh, &no_inputs())).unwrap();
    assert_eq!(command.argv, ["/bin/sh", "-eu", "-c", "echo $0", "a"]);
    let bash = parse_one(&Bash, &spec("//p:a", &[("run", "true".into())])).unwrap();
    let command = block_on(Bash.command(&bash, &no_inputs())).unwrap();
    assert_eq!(
        command.argv,
        ["bash", "-eu", "-o", "pipefail", "-c", "true", "a"]
    );
}

#[test]
fn every_attribute_has_its_place_in_the_target() {
    let attributes = [
        ("run", "cc".into()),
        (
            "deps",
            dict([("srcs", list(["a.c", ":b"])), ("hdrs", list([]))]),
        ),
        ("tools", list(["cc"])),
        ("runtime_deps", list(["data.txt"])),
        ("outs", list(["lua"])),
        ("env", dict([("LC_CTYPE", "C".into())])),
        ("pass_env", list(["CC_FLAGS"])),
        ("labels", list(["release"])),
        ("timeout", "10m".into()),
        ("network", true.into()),
        ("cache", false.into()),
        ("sandbox", "host".into()),
        (
            "resources",
            dict([("cpu", Value::Int(2)), ("memory", "4G".into())]),
        ),
    ];
    let target = parse_one(&Sh, &spec("//p:lua", &attributes)).unwrap();
    let groups: Vec<(Role, Option<&str>, usize)> = target
        .inputs
        .iter()
        .map(|group| {
            (
                group.role,
                group.name.as_ref().map(GroupName::as_str),
                group.items.len(),
            )
        })
        .collect();
    assert_eq!(
        groups,
        [
            (Role::Dependency, Some("hdrs"), 0),
            (Role::Dependency, Some("srcs"), 2),
            (Role::Tool, Some("cc"), 1),
            (Role::Runtime, None, 1),
        ]
    );
    assert_eq!(target.label, label("//p:lua"));
    assert_eq!(target.driver.name, "sh");
    assert_eq!(target.outputs[0].outputs[0].path.as_str(), "p/lua");
    assert_eq!(target.environment["LC_CTYPE"], "C");
    assert!(target.pass_environment.contains("CC_FLAGS"));
    assert!(target.labels.contains("release"));
    assert_eq!(target.timeout, Some(Duration::from_secs(600)));
    assert!(target.network && !target.cache);
    assert_eq!(target.resources.memory, 4 << 30);
    let payload = Value::from("cc");
    assert_eq!(target.action, Action::Execute { payload });
}

#[test]
fn a_target_may_have_no_outputs() {
    let attributes = [("run", "true".into()), ("outs", list([]))];
    let target = parse_one(&Sh, &spec("//p:a", &attributes)).unwrap();
    assert_eq!(target.outputs, []);
}

#[test]
fn commands_that_cannot_run_are_refused_when_they_are_read() {
    for (run, message) in [
        (None, "the driver `sh` needs the attribute `run`"),
        (Some(Value::from("")), "`run` is empty"),
        (Some(Value::from(" \n ")), "`run` is empty"),
        (Some(Value::from("a\0b")), "`run` has a NUL byte"),
        (
            Some(Value::String("x".repeat(3 << 20))),
            "`run` is too long: 3145728 bytes, where the system takes 128 KiB",
        ),
        (Some(list(["cc"])), "`run` must be a string, not a list"),
    ] {
        let attributes: Vec<_> = run.into_iter().map(|run| ("run", run)).collect();
        let error = parse_one(&Sh, &spec("//p:a", &attributes)).unwrap_err();
        assert_eq!(error.message, message);
    }
}

#[test]
fn a_misspelt_attribute_is_reported_rather_than_the_missing_one() {
    let error = parse_one(&Sh, &spec("//p:a", &[("rum", "cc".into())])).unwrap_err();
    assert_eq!(error.message, "the driver `sh` knows no attribute `rum`");
    assert_eq!(error.hints, ["did you mean `run`?"]);
}

#[test]
fn what_is_not_built_yet_is_unknown() {
    for attribute in ["codegen", "test"] {
        let attributes = [("run", "true".into()), (attribute, "copy".into())];
        let error = parse_one(&Sh, &spec("//p:a", &attributes)).unwrap_err();
        let message = format!("the driver `sh` knows no attribute `{attribute}`");
        assert_eq!(error.message, message);
    }
}

#[test]
fn a_mention_of_an_unset_variable_is_an_error_with_the_way_out() {
    let inputs = InputPaths {
        groups: vec![NamedPaths {
            name: None,
            paths: vec!["a b".to_owned()],
        }],
        all: vec!["a b".to_owned()],
        unset: vec![(
            "SRCS".to_owned(),
            "the path `a b` has white space".to_owned(),
        )],
    };
    let target = parse_one(&Sh, &spec("//p:a", &[("run", "cat $SRCS".into())])).unwrap();
    let error = block_on(Sh.command(&target, &inputs)).unwrap_err();
    assert_eq!(
        error.message,
        "`run` mentions `$SRCS`, which is not set: the path `a b` has white space"
    );
    assert!(error.hints[0].contains("$SRCS_LIST"), "{:?}", error.hints);
    let run = "xargs -0 cat < $SRCS_LIST".into();
    let target = parse_one(&Sh, &spec("//p:a", &[("run", run)])).unwrap();
    assert!(block_on(Sh.command(&target, &inputs)).is_ok());
}
