//! Tests of `group`.

use kiln_plugin_abi::Value;

use super::*;
use crate::testing::{dict, list, parse_one, spec};

fn view(attributes: &[(&str, Value)]) -> Result<View, String> {
    let target = parse_one(&Group, &spec("//p:g", attributes)).map_err(|error| error.message)?;
    match target.action {
        Action::View(view) => Ok(view),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_group_without_attributes_shows_everything_where_it_is() {
    assert_eq!(view(&[("deps", list(["a.c", ":x"]))]), Ok(View::default()));
}

#[test]
fn selection_and_renaming_are_normalised() {
    let attributes = [
        ("include", list(["**/*.h"])),
        ("exclude", list(["internal/*"])),
        ("strip_prefix", "src//".into()),
        ("prefix", "./include/".into()),
        ("rename", dict([("include/a.h", "b.h".into())])),
    ];
    let expected = View {
        include: vec!["**/*.h".to_owned()],
        exclude: vec!["internal/*".to_owned()],
        strip_prefix: "src".to_owned(),
        prefix: "include".to_owned(),
        rename: BTreeMap::from([("include/a.h".to_owned(), "b.h".to_owned())]),
    };
    assert_eq!(view(&attributes), Ok(expected));
}

#[test]
fn named_groups_stay_apart() {
    let attributes = [("deps", dict([("b", list([":x"])), ("a", ":y".into())]))];
    let target = parse_one(&Group, &spec("//p:g", &attributes)).unwrap();
    let names: Vec<String> = target
        .inputs
        .iter()
        .map(|group| group.name.as_ref().unwrap().to_string())
        .collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(target.outputs, []);
}

#[test]
fn paths_out_of_the_group_are_refused() {
    for (key, value, message) in [
        (
            "include",
            list(["../*"]),
            "`../*`: a pattern cannot leave the package",
        ),
        (
            "strip_prefix",
            "..".into(),
            "`..` in `strip_prefix`: the path leaves its package",
        ),
        (
            "prefix",
            "/x".into(),
            "`/x` in `prefix`: an absolute path is not allowed here",
        ),
        (
            "rename",
            dict([("a", "../b".into())]),
            "`../b` in `rename`: the path leaves its package",
        ),
        (
            "rename",
            dict([("a", "b".into()), ("./a", "c".into())]),
            "`rename` gives `a` two new names",
        ),
        (
            "outs",
            list(["x"]),
            "the driver `group` knows no attribute `outs`",
        ),
    ] {
        assert_eq!(view(&[(key, value)]), Err(message.to_owned()));
    }
}
