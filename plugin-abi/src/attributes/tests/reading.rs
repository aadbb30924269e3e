//! Types, unknown attributes, and how an action runs.

use std::time::Duration;

use super::*;
use crate::{AttributeReader, Resources, SandboxMode};

#[test]
fn a_wrong_type_says_what_is_wanted_and_what_was_given() {
    let spec = spec([
        ("a", Value::Int(1)),
        ("b", Value::from("x")),
        (
            "c",
            Value::List(vec![Value::from("x"), Value::List(vec![])]),
        ),
        ("d", dict([("k", Value::Bool(true))])),
        ("n", Value::None),
    ]);
    let mut reader = AttributeReader::new(&spec);
    for (error, text) in [
        (
            reader.string("a").unwrap_err(),
            "`a` must be a string, not an int\nfocus: attribute a",
        ),
        (
            reader.bool("b", true).unwrap_err(),
            "`b` must be True or False, not a string\nfocus: attribute b",
        ),
        (
            reader.string_list("b").unwrap_err(),
            "`b` must be a list of strings, not a string\nfocus: attribute b",
        ),
        (
            reader.string_list("c").unwrap_err(),
            "`c` holds a list where a string is wanted\nfocus: attribute c\n\
             hint: join lists with `+`, as in `glob([…]) + [\":x\"]`",
        ),
        (
            reader.dict("c").unwrap_err(),
            "`c` must be a dict, not a list\nfocus: attribute c",
        ),
        (
            reader.string_dict("d").unwrap_err(),
            "the value of `k` in `d` must be a string, not a bool\nfocus: attribute d",
        ),
    ] {
        assert_eq!(shown(&error), text);
    }
    assert_eq!(reader.string("n"), Ok(None));
    assert_eq!(reader.bool("absent", true), Ok(true));
}

#[test]
fn an_attribute_that_no_one_reads_is_refused_with_the_nearest_known() {
    let spec = spec([("dep", list([])), ("run", Value::from("x"))]);
    let mut reader = AttributeReader::new(&spec);
    reader.string("run").unwrap();
    reader.dependencies().unwrap();
    assert_eq!(
        shown(&reader.finish().unwrap_err()),
        "the driver `sh` knows no attribute `dep`\nfocus: attribute dep\nhint: did you mean `deps`?"
    );
    let mut reader = AttributeReader::new(&spec);
    reader.string("run").unwrap();
    let error = reader.finish().unwrap_err();
    assert_eq!(error.hints, ["`sh` knows run"]);
}

#[test]
fn times_are_written_with_units() {
    for (text, seconds) in [("90s", 90), ("10m", 600), ("1h30m", 5400)] {
        let spec = spec([("timeout", Value::from(text))]);
        let timeout = AttributeReader::new(&spec).timeout();
        assert_eq!(timeout, Ok(Some(Duration::from_secs(seconds))));
    }
    for value in [
        Value::Int(5),
        Value::from("5"),
        Value::from("0s"),
        Value::from("-1s"),
        Value::from("soon"),
        Value::from("99999999999999999999y"),
    ] {
        let spec = spec([("timeout", value)]);
        assert!(AttributeReader::new(&spec).timeout().is_err());
    }
}

#[test]
fn resources_are_slots_and_bytes() {
    let read = |value: Value| {
        let spec = spec([("resources", value)]);
        AttributeReader::new(&spec)
            .resources()
            .map_err(|error| shown(&error))
    };
    let resources = read(dict([("cpu", Value::Int(2)), ("memory", "512M".into())]));
    let expected = Resources {
        cpu: 2,
        memory: 512 << 20,
    };
    assert_eq!(resources, Ok(expected));
    assert_eq!(
        read(dict([("memroy", "1G".into())])),
        Err(
            "`resources` knows no `memroy`\nfocus: literal memroy\nhint: did you mean `memory`?"
                .to_owned()
        )
    );
    for bad in [
        dict([("cpu", Value::Int(0))]),
        dict([("cpu", "2".into())]),
        dict([("memory", "4 GB".into())]),
        dict([("memory", "99999999999999T".into())]),
        dict([("memory", Value::Int(-1))]),
    ] {
        assert!(read(bad.clone()).is_err(), "{bad:?}");
    }
}

#[test]
fn only_the_sandbox_that_there_is_can_be_chosen() {
    let read = |mode: &str| {
        let spec = spec([("sandbox", Value::from(mode))]);
        AttributeReader::new(&spec)
            .sandbox()
            .map_err(|error| shown(&error))
    };
    assert_eq!(read("host"), Ok(Some(SandboxMode::Host)));
    assert_eq!(
        read("strict"),
        Err(
            "unknown sandbox mode `strict`\nfocus: attribute sandbox\nhint: known are: host"
                .to_owned()
        )
    );
}

#[test]
fn labels_are_words() {
    let spec = spec([("labels", list(["a b"]))]);
    let error = AttributeReader::new(&spec).labels().unwrap_err();
    assert_eq!(error.message, "`a b` is not a word");
}
