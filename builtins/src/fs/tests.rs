//! Tests of `fs`.

use kiln_plugin_abi::{Action, InputReference, Target, View};

use super::*;
use crate::testing::{FakeHost, block_on, label, parse_one};
use crate::{Files, HostToolProvider};

fn host() -> FakeHost {
    FakeHost::with([("a/x.c", ""), ("a/x.h", ""), ("a/b/y.c", ""), ("z.c", "")])
}

fn target(text: &str) -> Result<Target, String> {
    match block_on(FileSystemProvider.get(&label(text), &host())) {
        Ok(Some(spec)) => Ok(parse_one(&Files, &spec).unwrap()),
        Ok(None) => Err("no target".to_owned()),
        Err(LoadError::Faulty(errors)) => Err(errors[0].message.clone()),
        Err(LoadError::NoPackage) => Err("no package".to_owned()),
    }
}

#[track_caller]
fn shows(text: &str, paths: &[&str]) {
    let target = target(text).unwrap();
    assert_eq!(target.action, Action::View(View::default()));
    let files: Vec<String> = target.inputs[0]
        .items
        .iter()
        .map(|item| match item {
            InputReference::File(path) => path.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(files, paths);
}

#[test]
fn a_file_is_named_from_the_workspace_root() {
    shows("@fs:file@path=a/x.c", &["a/x.c"]);
    shows("@fs:file@path=./a//x.c", &["a/x.c"]);
}

#[test]
fn a_glob_takes_several_patterns() {
    shows("@fs:glob@include=\"**/*.c\"", &["a/b/y.c", "a/x.c", "z.c"]);
    shows(
        "@fs:glob@package=a,include=\"*.c,*.h\"",
        &["a/x.c", "a/x.h"],
    );
    shows(
        "@fs:glob@package=\"//a\",include=\"*.{c,h}\"",
        &["a/x.c", "a/x.h"],
    );
    shows(
        "@fs:glob@include=\"**/*.c\",exclude=\"a/b/*,z.c\"",
        &["a/x.c"],
    );
}

#[test]
fn wrong_parameters_are_named() {
    for (text, message) in [
        ("@fs:file@pat=x", "`@fs:file` takes no parameter `pat`"),
        (
            "@fs:glob@exclude=x",
            "`@fs:glob` needs the parameter `include`",
        ),
        (
            "@fs:file@path=\"../x\"",
            "`../x`: the path leaves its package",
        ),
        ("@fs:glob@include=\"*.rs\"", "the glob matches no file"),
        (
            "@fs:glob@include=\"../*\"",
            "`../*`: a pattern cannot leave the package",
        ),
        ("@fs:tree@path=x", "no target"),
    ] {
        assert_eq!(target(text), Err(message.to_owned()), "{text}");
    }
}

#[test]
fn a_host_tool_is_no_target() {
    let get = |text: &str| block_on(HostToolProvider.get(&label(text), &host()));
    let Err(LoadError::Faulty(errors)) = get("@host:tool@name=cc") else {
        panic!("a host tool was taken for a target");
    };
    assert_eq!(errors[0].message, "a program of the host is not a target");
    assert_eq!(get("@host:other@name=cc"), Ok(None));
}

#[test]
fn every_package_has_one_provider() {
    let providers = crate::providers();
    for (package, name) in [("@fs", "@fs"), ("@host", "@host"), ("a/@x", "BUILD files")] {
        let package = PackagePath::parse(package).unwrap();
        let serving: Vec<&str> = providers
            .iter()
            .filter(|provider| provider.serves(&package))
            .map(|provider| provider.name())
            .collect();
        assert_eq!(serving, [name]);
    }
}
