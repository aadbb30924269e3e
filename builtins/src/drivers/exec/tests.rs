//! Tests of `exec`.

use kiln_plugin_abi::{GroupName, NamedPaths};

use super::*;
use crate::testing::{block_on, dict, list, parse_one, spec};

fn inputs() -> InputPaths {
    let strings = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
    InputPaths {
        groups: vec![NamedPaths {
            name: Some(GroupName::parse("c").unwrap()),
            paths: strings(&["a b.c", "c.c"]),
        }],
        all: strings(&["a b.c", "c.c", "x.h"]),
        unset: vec![("SRCS".to_owned(), "white space".to_owned())],
    }
}

fn target<const N: usize>(run: [&str; N]) -> Result<Target, Diagnostic> {
    let attributes = [
        ("run", list(run)),
        ("deps", dict([("c", list(["a b.c", "c.c"]))])),
        (
            "outs",
            dict([("bin", list(["out/prog"])), ("docs", list(["man/", "x"]))]),
        ),
    ];
    parse_one(&Exec, &spec("//p:a", &attributes))
}

#[test]
fn an_argument_that_is_a_variable_becomes_its_paths() {
    let run = [
        "cc",
        "-o",
        "$OUT_BIN",
        "$SRCS_C",
        "$SRCS",
        "$OUTS",
        "-D$SRCS_C",
        "$x",
    ];
    let command = block_on(Exec.command(&target(run).unwrap(), &inputs())).unwrap();
    assert_eq!(
        command.argv,
        [
            "cc",
            "-o",
            "out/prog",
            "a b.c",
            "c.c",
            "a b.c",
            "c.c",
            "x.h",
            "out/prog",
            "man",
            "x",
            "-D$SRCS_C",
            "$x"
        ]
    );
}

#[test]
fn one_output_is_out() {
    let attributes = [("run", list(["touch", "$OUT"])), ("outs", list(["o"]))];
    let target = parse_one(&Exec, &spec("//p:a", &attributes)).unwrap();
    let command = block_on(Exec.command(&target, &inputs())).unwrap();
    assert_eq!(command.argv, ["touch", "o"]);
}

#[test]
fn a_variable_that_would_not_be_replaced_is_refused() {
    for (argument, message) in [
        ("$OUT", "`$OUT` needs one output, and the target has 3"),
        ("$OUT_LIB", "`outs` has no group for `$OUT_LIB`"),
        ("$SRCS_H", "`deps` has no group for `$SRCS_H`"),
        ("$SRCS_LIST", "`exec` does not replace `$SRCS_LIST`"),
        ("$TOOL_CC", "`exec` does not replace `$TOOL_CC`"),
        ("$HOME", "`exec` does not replace `$HOME`"),
    ] {
        let error = target(["echo", argument]).unwrap_err();
        assert_eq!(error.message, message);
        assert_eq!(error.focus, Some(Focus::Literal(argument.to_owned())));
    }
}

#[test]
fn a_mention_of_an_unset_variable_inside_an_argument_is_an_error() {
    let target = target(["sh", "-c", "cat $SRCS"]).unwrap();
    let error = block_on(Exec.command(&target, &inputs())).unwrap_err();
    assert!(error.message.contains("`$SRCS`"), "{}", error.message);
}

#[test]
fn commands_that_cannot_run_are_refused() {
    for (run, message) in [
        (None, "the driver `exec` needs the attribute `run`"),
        (Some(list([])), "`run` is empty"),
        (Some(list([""])), "`run` names no program"),
        (
            Some(Value::from("cc a.c")),
            "`run` must be a list of strings, not a string",
        ),
        (Some(list(["a", "b\0"])), "`run` has a NUL byte"),
        (
            Some(Value::List(vec![Value::String("x".repeat(100_000)); 30])),
            "`run` is too long: 3000030 bytes, where 1 MiB can be given",
        ),
    ] {
        let attributes: Vec<_> = run.into_iter().map(|run| ("run", run)).collect();
        let error = parse_one(&Exec, &spec("//p:a", &attributes)).unwrap_err();
        assert_eq!(error.message, message);
    }
}

#[test]
fn paths_that_make_the_command_too_long_are_an_error() {
    let mut inputs = inputs();
    inputs.all = vec!["x".repeat(1000); 2000];
    let error = block_on(Exec.command(&target(["cc", "$SRCS"]).unwrap(), &inputs)).unwrap_err();
    assert!(error.message.starts_with("the command is too long"));
}
