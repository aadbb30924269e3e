//! `env` and `pass_env`.

use std::collections::BTreeMap;

use super::*;
use crate::{AttributeReader, LONGEST_ARGUMENT};

fn environment(name: &str, value: &str) -> Result<BTreeMap<String, String>, String> {
    let spec = spec([("env", dict([(name, value.into())]))]);
    AttributeReader::new(&spec)
        .environment()
        .map_err(|error| error.message)
}

#[test]
fn variables_are_taken_as_they_are() {
    for (name, value) in [
        ("A", ""),
        ("_a1", "$HOME ö\n"),
        ("TZ", "UTC"),
        ("LANG", "C"),
    ] {
        let expected = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        assert_eq!(environment(name, value), Ok(expected));
    }
}

#[test]
fn what_kiln_sets_cannot_be_set() {
    for name in [
        "PATH",
        "HOME",
        "TMPDIR",
        "PKG",
        "NAME",
        "USER",
        "COLUMNS",
        "OUT",
        "OUTS",
        "OUT_BIN",
        "SRCS",
        "SRCS_LIST",
        "TOOL_CC",
    ] {
        let message = format!("the variable `{name}` is set by Kiln and cannot be set here");
        assert_eq!(environment(name, "x"), Err(message.clone()));
        let spec = spec([("pass_env", list([name]))]);
        let passed = AttributeReader::new(&spec).pass_environment(&BTreeMap::new());
        assert_eq!(passed.unwrap_err().message, message);
    }
}

#[test]
fn names_and_values_that_the_system_would_refuse_are_refused() {
    for name in ["", "1A", "A B", "A=B", "A-B", "Ä", "A\0"] {
        let message = environment(name, "x").unwrap_err();
        assert!(
            message.ends_with("is not the name of a variable"),
            "{message}"
        );
    }
    assert_eq!(
        environment("A", "a\0b"),
        Err("the value of `A` in `env` has a NUL byte".to_owned())
    );
    assert!(environment("A", &"x".repeat(LONGEST_ARGUMENT - 3)).is_ok());
    let message = environment("A", &"x".repeat(LONGEST_ARGUMENT - 2)).unwrap_err();
    assert!(message.contains("too long: 131070 bytes"), "{message}");
}

#[test]
fn one_name_in_both_is_an_error() {
    let spec = spec([("env", dict([("A", "".into())])), ("pass_env", list(["A"]))]);
    let mut reader = AttributeReader::new(&spec);
    let environment = reader.environment().unwrap();
    let error = reader.pass_environment(&environment).unwrap_err();
    assert_eq!(
        shown(&error),
        "`A` stands in `env` and in `pass_env`\nfocus: attribute pass_env\n\
         hint: `env` gives a value here, `pass_env` takes the caller's: keep one"
    );
}
