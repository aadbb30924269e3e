//! `deps`, `runtime_deps` and `tools`.

use super::*;
use crate::{AttributeReader, InputGroup, InputReference, Role};

fn dependencies(value: Value) -> Result<Vec<InputGroup>, String> {
    let spec = spec([("deps", value)]);
    AttributeReader::new(&spec)
        .dependencies()
        .map_err(|error| shown(&error))
}

fn tools(value: Value) -> Result<Vec<(String, InputReference)>, String> {
    let spec = spec([("tools", value)]);
    let groups = AttributeReader::new(&spec)
        .tools()
        .map_err(|error| shown(&error))?;
    Ok(groups
        .into_iter()
        .map(|mut group| (group.name.unwrap().to_string(), group.items.remove(0)))
        .collect())
}

/// The members of a group as text: paths bare, targets as labels.
fn items(group: &InputGroup) -> Vec<String> {
    group
        .items
        .iter()
        .map(|item| match item {
            InputReference::File(path) => path.to_string(),
            InputReference::Target(target) => target.to_string(),
            InputReference::HostTool(name) => format!("host {name}"),
        })
        .collect()
}

#[test]
fn strings_are_files_unless_they_look_like_labels() {
    let groups = dependencies(list([
        "b.c",
        "a/./x.c",
        "./@types/x",
        ":t",
        ":t[hdrs]",
        "//q",
        "@fs:file@path=q/x",
        "@fs:glob@include=\"*.c\"",
    ]))
    .unwrap();
    assert_eq!(groups.len(), 1);
    assert_eq!((groups[0].role, &groups[0].name), (Role::Dependency, &None));
    assert_eq!(
        items(&groups[0]),
        [
            "p/b.c",
            "p/a/x.c",
            "p/@types/x",
            "//p:t",
            "//p:t[hdrs]",
            "//q:q",
            "q/x",
            "//@fs:glob@include=*.c",
        ]
    );
}

#[test]
fn a_dict_has_named_groups_sorted_with_their_members_in_order() {
    let value = dict([
        ("srcs", list(["z", "a"])),
        ("cfg", "x".into()),
        ("e", list([])),
    ]);
    let groups = dependencies(value).unwrap();
    let names: Vec<String> = groups
        .iter()
        .map(|group| group.name.as_ref().unwrap().to_string())
        .collect();
    assert_eq!(names, ["cfg", "e", "srcs"]);
    assert_eq!(items(&groups[2]), ["p/z", "p/a"]);
}

#[test]
fn bad_dependencies_are_refused_at_the_literal() {
    for (value, text) in [
        (
            list(["//a//b"]),
            "invalid label: empty segment in the package\nfocus: literal //a//b\n\
             note:   //a//b\n      ^",
        ),
        (
            list(["../x"]),
            "`../x`: the path leaves its package\nfocus: literal ../x\n\
             hint: a file elsewhere is reached through a label: a target of its package, or \
             `@fs:file@path=<path from the workspace root>`",
        ),
        (
            list(["/etc/passwd"]),
            "`/etc/passwd`: an absolute path is not allowed here\nfocus: literal /etc/passwd\n\
             hint: paths are relative to the package; labels start with `//`",
        ),
        (
            list(["src/"]),
            "`src/` is a directory, not a file\nfocus: literal src/\n\
             hint: take its files with `glob([\"src/**\"])`",
        ),
        (list([""]), "``: the path is empty\nfocus: literal "),
        (
            list(["@host:tool@name=cc"]),
            "`@host:tool@name=cc` is not a file to depend on\nfocus: literal @host:tool@name=cc\n\
             hint: name programs of the host in `tools`",
        ),
        (
            dict([("Srcs", list([]))]),
            "invalid group name: a group is written with a-z, 0-9 and _\nfocus: literal Srcs\n\
             note:   Srcs\n  ^\nnote: it is a key of `deps`",
        ),
        (
            dict([("a", Value::Int(1))]),
            "the group `a` of `deps` must be a list of strings, not an int\nfocus: attribute deps",
        ),
        (
            Value::from("a.c"),
            "`deps` must be a list, or a dict of lists, not a string\nfocus: attribute deps\n\
             hint: write `deps = [\"a.c\", \":other\"]`",
        ),
        (
            dict([("a", list([])), ("a_list", list([]))]),
            "the group name `a_list` is taken: `$SRCS_A_LIST` is the list of the group `a`\n\
             focus: literal a_list\nhint: choose another name for the group",
        ),
        (
            dict([("list", list([]))]),
            "the group name `list` is taken: `$SRCS_LIST` is the list of all inputs\n\
             focus: literal list\nhint: choose another name for the group",
        ),
    ] {
        assert_eq!(dependencies(value), Err(text.to_owned()));
    }
    assert!(dependencies(dict([("b_list", list([])), ("mylist", list([]))])).is_ok());
}

#[test]
fn runtime_dependencies_are_one_group() {
    let spec = spec([("runtime_deps", list(["a", ":b"]))]);
    let groups = AttributeReader::new(&spec).runtime_dependencies().unwrap();
    assert_eq!((groups[0].role, &groups[0].name), (Role::Runtime, &None));
    assert_eq!(items(&groups[0]), ["p/a", "//p:b"]);
}

#[test]
fn tools_are_words_labels_and_names_of_ones_own() {
    let value = Value::List(vec![
        "cc".into(),
        "g++".into(),
        "cc".into(),
        "//tools:sub/Gen".into(),
        "@host:tool@name=ld".into(),
        dict([("mk", "//x:y[bin]".into()), ("as-1", "as".into())]),
    ]);
    let tools = tools(value).unwrap();
    let shown: Vec<String> = tools
        .iter()
        .map(|(name, tool)| match tool {
            InputReference::HostTool(program) => format!("{name} = host {program}"),
            InputReference::Target(target) => format!("{name} = {target}"),
            InputReference::File(path) => format!("{name} = {path}"),
        })
        .collect();
    assert_eq!(
        shown,
        [
            "as_1 = host as",
            "cc = host cc",
            "g__ = host g++",
            "gen = //tools:sub/Gen",
            "ld = host ld",
            "mk = //x:y[bin]",
        ]
    );
}

#[test]
fn tools_that_would_share_a_variable_are_refused() {
    assert_eq!(
        tools(Value::List(vec!["a-b".into(), "a.b".into()])),
        Err(
            "the tools `a-b` and `a.b` are both `$TOOL_A_B`\nfocus: attribute tools\n\
             hint: give one of them another name: `{\"name\": \"//label\"}`"
                .to_owned()
        )
    );
    assert_eq!(
        tools(list(["//a:gen", "//b:gen"])),
        Err("two tools have the name `gen`\nfocus: attribute tools\n\
             hint: give one of them another name: `{\"name\": \"//label\"}`"
            .to_owned())
    );
}

#[test]
fn what_is_no_program_is_refused() {
    for bad in ["", "./gen.sh", "bin/gen", "a b", "-x", "a\n"] {
        assert!(tools(list([bad])).is_err(), "{bad:?}");
    }
    let error = tools(list(["bin/gen"])).unwrap_err();
    assert_eq!(
        error,
        "a host tool is named without a directory\nfocus: literal bin/gen\n\
         hint: a file of the workspace is named `@fs:file@path=<path from the root>`"
    );
    assert!(tools(Value::from("cc")).is_err());
    assert!(tools(Value::List(vec![Value::Int(1)])).is_err());
    assert!(tools(Value::List(vec![dict([("a", Value::Int(1))])])).is_err());
    assert!(tools(Value::List(vec![dict([("", "cc".into())])])).is_err());
}

proptest::proptest! {
    #[test]
    fn no_string_makes_the_readers_panic(text in "\\PC{0,20}|[:@/.=a\"\\[\\]*]{0,12}") {
        let _ = dependencies(list([&text]));
        let _ = dependencies(dict([(&text, list([&text]))]));
        let _ = tools(list([&text]));
        let _ = tools(Value::List(vec![dict([(&text, "cc".into())])]));
        let spec = spec([("outs", list([&text])), ("timeout", text.as_str().into())]);
        let mut reader = AttributeReader::new(&spec);
        let _ = reader.outputs();
        let _ = reader.timeout();
    }
}
