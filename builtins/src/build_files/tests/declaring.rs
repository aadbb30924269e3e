//! What BUILD files can say.

use kiln_plugin_abi::{LoadError, Value};

use super::*;
use crate::testing::{dict, label, list};

#[test]
fn a_target_keeps_its_attributes_and_its_place() {
    let targets = targets(concat!(
        "target(\n",
        "    name = \"lua\", driver = \"sh\",\n",
        "    deps = {\"srcs\": [\"a.c\"], \"cfg\": (\":x\",)},\n",
        "    cache = False, resources = {\"cpu\": 2}, timeout = None,\n",
        ")\n"
    ));
    assert_eq!(targets.len(), 1);
    let lua = &targets[0];
    assert_eq!(lua.label, label("//p:lua"));
    assert_eq!(lua.driver, "sh");
    assert_eq!(
        lua.attributes,
        [
            (
                "deps".to_owned(),
                dict([("srcs", list(["a.c"])), ("cfg", list([":x"]))])
            ),
            ("cache".to_owned(), Value::Bool(false)),
            ("resources".to_owned(), dict([("cpu", Value::Int(2))])),
        ]
        .into()
    );
    let span = lua.span.as_ref().unwrap();
    assert_eq!(span.file.as_str(), "p/BUILD.kiln");
    assert_eq!((span.line, span.column), (1, 1));
    assert_eq!((span.end_line, span.end_column), (5, 2));
}

#[test]
fn text_file_and_group_are_targets_of_their_drivers() {
    let targets = targets(concat!(
        "text_file(name = \"t\", out = \"o\", content = \"c\")\n",
        "group(name = \"g\", deps = [\":t\"])\n"
    ));
    let drivers: Vec<&str> = targets
        .iter()
        .map(|target| target.driver.as_str())
        .collect();
    assert_eq!(drivers, ["text_file", "group"]);
    assert_eq!(targets[1].attributes["deps"], list([":t"]));
}

#[test]
fn statements_comprehensions_and_format_strings_work_at_the_top() {
    let targets = targets(concat!(
        "names = [f\"t{n}\" for n in range(2)]\n",
        "for n in names + [\"a\" * 3, \"x%s\" % 1]:\n",
        "    if n != \"t1\":\n",
        "        target(name = n, driver = \"sh\")\n",
        "[target(name = str(n), driver = \"sh\") for n in map(lambda x: x + 1, [1, 2])]\n",
        "target(name = struct(a = \"s\").a, driver = \"sh\", run = json.encode({\"k\": [1]}))\n",
    ));
    let names: Vec<&str> = targets
        .iter()
        .map(|target| target.label.name().as_str())
        .collect();
    assert_eq!(names, ["t0", "aaa", "x1", "2", "3", "s"]);
    assert_eq!(targets[5].attributes["run"], Value::from("{\"k\":[1]}"));
}

#[test]
fn a_byte_order_mark_and_carriage_returns_do_not_matter() {
    let targets = targets("\u{feff}target(\r\n  name = \"a\",\r\n  driver = \"sh\",\r\n)\r\n");
    assert_eq!(targets[0].span.as_ref().unwrap().end_line, 4);
}

#[test]
fn a_directory_without_a_build_file_is_no_package() {
    let host = FakeHost::default();
    let result = load(&BuildFileProvider::default(), &host, "p");
    assert_eq!(result, Err(LoadError::NoPackage));
}

#[test]
fn defaults_hold_for_what_a_target_does_not_give() {
    let targets = targets(concat!(
        "package(env = {\"A\": \"1\"}, timeout = \"1m\", labels = [\"l\"])\n",
        "target(name = \"a\", driver = \"sh\")\n",
        "target(name = \"b\", driver = \"sh\", env = {\"B\": \"2\"}, timeout = None, labels = [])\n",
        "group(name = \"g\")\n",
    ));
    let of = |index: usize, key: &str| targets[index].attributes.get(key).cloned();
    assert_eq!(of(0, "env"), Some(dict([("A", "1".into())])));
    assert_eq!(of(0, "timeout"), Some("1m".into()));
    assert_eq!(of(1, "env"), Some(dict([("B", "2".into())])));
    assert_eq!(of(1, "timeout"), None);
    assert_eq!(of(1, "labels"), Some(list([])));
    assert_eq!(of(2, "env"), None, "a group runs nothing");
    assert_eq!(of(2, "labels"), Some(list(["l"])));
}

#[test]
fn globs_are_sorted_relative_and_never_look_like_labels() {
    let host = FakeHost::with([
        (
            "p/BUILD.kiln",
            "target(name = \"a\", driver = \"sh\", deps = glob([\"**/*.c\", \"@*\"], exclude = [\"x/*\"]))",
        ),
        ("p/b.c", ""),
        ("p/a.c", ""),
        ("p/d/e.c", ""),
        ("p/x/e.c", ""),
        ("p/@types", ""),
        ("q/z.c", ""),
    ]);
    let targets = load_p(&host).unwrap();
    assert_eq!(
        targets[0].attributes["deps"],
        list(["./@types", "a.c", "b.c", "d/e.c"])
    );
}

#[test]
fn an_empty_glob_is_an_error_unless_it_is_expected() {
    shows(
        &error("x = glob([\"*.c\"])\n"),
        &[
            "p/BUILD.kiln:1:5: the glob matches no file",
            "focus: literal *.c",
            "hint: `allow_empty = True` lets it match nothing",
        ],
    );
    let text = "target(name = \"a\", driver = \"sh\", deps = glob([\"*.c\"], allow_empty = True))";
    assert_eq!(targets(text)[0].attributes["deps"], list([]));
}

#[test]
fn print_goes_to_the_host_with_the_package() {
    let host = FakeHost::with([("p/BUILD.kiln", "print(\"a\", 1)")]);
    load_p(&host).unwrap();
    assert_eq!(*host.printed.lock().unwrap(), ["//p: a 1"]);
}

#[test]
fn the_root_package_has_files_below_the_root() {
    let host = FakeHost::with([
        (
            "BUILD.kiln",
            "target(name = \"a\", driver = \"sh\", deps = glob([\"*.c\"]))",
        ),
        ("m.c", ""),
    ]);
    let package = load(&BuildFileProvider::default(), &host, "").unwrap();
    assert_eq!(package.targets[0].label, label("//:a"));
    assert_eq!(package.targets[0].attributes["deps"], list(["m.c"]));
}
