//! Tests of `label`.

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Result<OutputReference, SyntaxError> {
    OutputReference::parse(text, &PackagePath::parse("here").unwrap())
}

#[track_caller]
fn prints_as(text: &str, full: &str) {
    assert_eq!(parse(text).unwrap().to_string(), full);
}

#[track_caller]
fn refused_at(text: &str, offset: usize) {
    match parse(text) {
        Ok(label) => panic!("{text:?} was read as {label}"),
        Err(error) => assert_eq!(error.offset, offset, "{error}"),
    }
}

#[test]
fn short_forms_are_completed() {
    prints_as("//a/b", "//a/b:b");
    prints_as("//a/b:c", "//a/b:c");
    prints_as("//:c", "//:c");
    prints_as(":c", "//here:c");
    prints_as(":c[hdrs]", "//here:c[hdrs]");
    prints_as("@fs:file@path=a.c", "//@fs:file@path=a.c");
    prints_as("@host:tool@name=cc", "//@host:tool@name=cc");
    prints_as("//@types/x", "//@types/x:x");
    prints_as("//a:sub/name", "//a:sub/name");
}

#[test]
fn parameters_are_sorted_and_quoted_where_they_must_be() {
    prints_as("//a:b@z=1,a=2[g]", "//a:b@a=2,z=1[g]");
    prints_as(r#"//a:b@k="x,\"y\\""#, r#"//a:b@k="x,\"y\\""#);
    prints_as(r#"//a:b@k="plain""#, "//a:b@k=plain");
    prints_as("//a@k=v", "//a:a@k=v");
}

#[test]
fn the_offending_character_is_named() {
    refused_at("", 0);
    refused_at("a", 0);
    refused_at(":", 1);
    refused_at("//", 2);
    refused_at("//../x", 2);
    refused_at("//a//b", 4);
    refused_at("//a/", 4);
    refused_at("///a", 2);
    refused_at("//a:b:c", 5);
    refused_at("//a:", 4);
    refused_at("//a b", 3);
    refused_at("//a:b\u{7}", 5);
    refused_at("//a:b[G]", 6);
    refused_at("//a:b]", 5);
    refused_at("//a:b[]", 6);
    refused_at("//a:b[x]y", 5);
    refused_at("//a:b@k=1,k=2", 10);
    refused_at("//a:b@k=", 8);
    refused_at("//a:b@k=\"open", 8);
    refused_at("//a:b@", 5);
    refused_at(&format!("//{}", "x".repeat(10_000)), 4096);
}

#[test]
fn a_group_is_refused_where_only_a_target_can_stand() {
    let package = PackagePath::root();
    assert!(Label::parse("//a:b[x]", &package).is_err());
}

fn segment() -> impl Strategy<Value = String> {
    "[a-zA-Zäß0-9._+-]{1,8}".prop_filter("dots", |s| s != "." && s != "..")
}

proptest! {
    #[test]
    fn reading_what_was_printed_gives_the_same(
        package in prop::collection::vec("@?[a-zé0-9_-]{1,6}", 0..4),
        name in segment(),
        parameters in prop::collection::btree_map("[a-z_][a-z0-9_]{0,5}", "\\PC{1,12}", 0..3),
        group in prop::option::of("[a-z0-9_]{1,5}"),
    ) {
        let reference = OutputReference {
            label: Label {
                package: PackagePath::parse(&package.join("/")).unwrap(),
                name: TargetName::parse(&name).unwrap(),
                parameters: Parameters::from_map(parameters),
            },
            group: group.map(|group| GroupName::parse(&group).unwrap()),
        };
        let again = OutputReference::parse(&reference.to_string(), &PackagePath::root());
        prop_assert_eq!(again.unwrap(), reference);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,40}|[/:@\\[\\]=,\"a\\\\]{0,30}") {
        if let Err(error) = parse(&text) {
            prop_assert!(error.to_string().contains('^'));
        }
    }
}
