//! What BUILD files get wrong, and what is said about it.

use super::*;

#[test]
fn a_syntax_error_names_its_place() {
    shows(
        &error("target(name = \"a\"\n\ntarget(name = \"b\")\n"),
        &["p/BUILD.kiln:3:1: unexpected identifier 'target', expected symbol ')'"],
    );
}

#[test]
fn an_unknown_name_is_found_with_the_nearest_known() {
    shows(
        &error("x = 1\ntaget(name = \"a\")\n"),
        &["p/BUILD.kiln:2:1: Variable `taget` not found, did you mean `target`?"],
    );
}

#[test]
fn a_type_error_names_the_expression() {
    shows(
        &error("x = 1\ny = x + \"a\"\n"),
        &["p/BUILD.kiln:2:5: Operation `+` not supported for types `int` and `string`"],
    );
}

#[test]
fn an_error_in_a_function_shows_who_called_it() {
    shows(
        &error("def f(x):\n    return g(x)\n\ndef g(x):\n    y = x\n    return y.z\n\nf(1)\n"),
        &[
            "p/BUILD.kiln:6:12: Object of type `int` has no attribute `z`",
            "note: in `g`, called from p/BUILD.kiln:2:12",
            "note: in `f`, called from p/BUILD.kiln:8:1",
        ],
    );
}

#[test]
fn fail_says_what_its_author_wrote() {
    shows(&error("fail(\"no\", 1)\n"), &["p/BUILD.kiln:1:1: no 1"]);
}

#[test]
fn two_targets_of_one_name_are_both_named() {
    shows(
        &error("target(name = \"a\", driver = \"sh\")\n\ntarget(name = \"a\", driver = \"sh\")\n"),
        &[
            "p/BUILD.kiln:3:1: //p:a: the target `a` is declared twice",
            "focus: attribute name",
            "note: first declared at p/BUILD.kiln:1:1",
        ],
    );
}

#[test]
fn a_bad_name_is_refused_with_the_reason() {
    shows(
        &error("target(name = \"a:b\", driver = \"sh\")\n"),
        &[
            "p/BUILD.kiln:1:1: `a:b` is not the name of a target: `:` is not allowed in a name",
            "focus: attribute name",
        ],
    );
}

#[test]
fn missing_and_misplaced_arguments_are_named() {
    for (text, message) in [
        ("target(driver = \"sh\")", "`target` needs a `name`"),
        ("target(name = \"a\")", "the target `a` has no driver"),
        (
            "target(\"a\", driver = \"sh\")",
            "`target` takes named arguments only",
        ),
        (
            "target(name = 1, driver = \"sh\")",
            "`name` must be a string, not a value of type int",
        ),
        (
            "group(name = \"a\", driver = \"sh\")",
            "the driver of `group` is `group`",
        ),
        (
            "target(name = \"a\", driver = \"sh\", run = len)",
            "`run` holds a value of type function; strings, ints, bools, lists and dicts can be given",
        ),
        (
            "target(name = \"a\", driver = \"sh\", env = {1: \"\"})",
            "`env` has a key of type int; keys are strings",
        ),
        (
            "target(name = \"a\", driver = \"sh\", x = 1 << 70)",
            "`x` holds an int that does not fit 64 bits",
        ),
        (
            "glob([\"../x\"])",
            "`../x`: a pattern cannot leave the package",
        ),
        (
            "package(envv = {})",
            "`package` gives no default for `envv`",
        ),
        ("package()\npackage()", "`package` is called twice"),
        (
            "group(name = \"a\")\npackage()",
            "`package` comes after a target",
        ),
    ] {
        assert_eq!(error(text).message, message, "{text}");
    }
}

#[test]
fn text_that_is_not_utf_8_is_refused_at_the_byte() {
    let mut host = FakeHost::default();
    host.add("p/BUILD.kiln", b"x = 1\ny = \"\xc3\xa9\xff\"\n");
    shows(
        &load_p(&host).unwrap_err(),
        &["p/BUILD.kiln:2:7: the file is not UTF-8 text (byte 0xff)"],
    );
}

#[test]
fn targets_of_build_files_take_no_parameters() {
    use kiln_plugin_abi::Provider;
    let provider = BuildFileProvider::default();
    let label = crate::testing::label("//p:a@k=v");
    let host = FakeHost::default();
    let result = crate::testing::block_on(provider.get(&label, &host));
    let Err(LoadError::Faulty(errors)) = result else {
        panic!("{result:?}");
    };
    shows(
        &errors[0],
        &[
            "//p:a@k=v: a target of a BUILD file takes no parameters",
            "hint: write `//p:a`",
        ],
    );
}
