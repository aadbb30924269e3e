//! BUILD files that would hang or crash an engine that trusted them.

use proptest::prelude::*;

use super::*;

#[track_caller]
fn refused(text: &str, message: &str) {
    let error = error(text);
    assert!(error.message.contains(message), "{}", shown(&error));
    assert!(error.span.is_some(), "{}", shown(&error));
}

#[test]
fn a_loop_without_end_ends() {
    refused(
        "def f():\n    for a in range(100000):\n        for b in range(100000):\n            pass\nf()\n",
        "takes too long",
    );
    refused(
        "x = [1 for a in range(100000) for b in range(100000)]\n",
        "takes too",
    );
}

#[test]
fn recursion_without_end_ends() {
    refused(
        "def f(n):\n    return f(n + 1)\nf(0)\n",
        "nested deeper than 200",
    );
    refused(
        "def f(g):\n    return [g(g) for _ in [1]]\nf(f)\n",
        "nested deeper than 200",
    );
}

#[test]
fn branching_recursion_ends() {
    refused(
        "def f(n):\n    return f(n - 1) + f(n - 1) if n > 0 else 1\nf(100)\n",
        "takes too long",
    );
}

#[test]
fn a_huge_string_is_refused_before_it_is_made() {
    refused(
        "x = \"a\" * 1000000000\n",
        "a string of 1000000000 bytes is too long",
    );
    refused("x = 2147483647 * \"ab\"\n", "is too long");
    refused(
        "x = [0] * 1000000000\n",
        "a list of 1000000000 items is too long",
    );
    refused("x = (0, 1) * 1000000000\n", "is too long");
    refused(
        "x = list(range(2000000000))\n",
        "a range of 2000000000 is too long",
    );
}

#[test]
fn a_string_that_doubles_is_stopped() {
    refused(
        "def f():\n    s = \"abcdefgh\"\n    for _ in range(40):\n        s += s\nf()\n",
        "too much memory",
    );
    refused(
        "def f():\n    s = \"abcdefgh\"\n    for _ in range(40):\n        s = s + s\nf()\n",
        "too",
    );
    refused(
        "def f():\n    s = [1]\n    for _ in range(40):\n        s.extend(s)\nf()\n",
        "too much memory",
    );
}

#[test]
fn too_many_targets_are_refused() {
    refused(
        concat!(
            "def f():\n",
            "    for n in range(10000000):\n",
            "        target(name = str(n), driver = \"sh\")\n",
            "f()\n"
        ),
        "the package has more than 200000 targets",
    );
}

#[test]
fn one_long_list_in_many_targets_is_stopped() {
    refused(
        concat!(
            "l = [\"0123456789\"] * 1000000\n",
            "for n in range(100):\n",
            "    target(name = str(n), driver = \"sh\", deps = l)\n",
        ),
        "attributes take over 256 MiB",
    );
}

#[test]
fn nesting_of_every_kind_is_bounded() {
    let n = 100_000;
    for text in [
        format!("x = {}{}", "[".repeat(n), "]".repeat(n)),
        "(".repeat(n),
        "{".repeat(n),
        format!("x = {}1", "not ".repeat(n)),
        format!("x = {}1", "-".repeat(n)),
        format!("x = 1{}", " + 1".repeat(n)),
        format!("x = a{}", ".b".repeat(n)),
        format!("x = a{}", "()".repeat(n)),
        format!("x = a{}", "[0]".repeat(n)),
        format!("x = {}1", "lambda: ".repeat(n)),
        format!("x = {}1", "lambda a, b: ".repeat(n)),
        format!("x = {}1", "1 if 1 else ".repeat(n)),
        format!("if 1:\n    pass\n{}", "elif 1:\n    pass\n".repeat(n)),
        format!("x = f\"{{{}}}\"", "(".repeat(n)),
        format!("x = f\"\"\"{}", "{f'''".repeat(n)),
        (0..2_000)
            .map(|depth| format!("{}if 1:\n", " ".repeat(depth)))
            .collect(),
    ] {
        let error = error(&text);
        assert!(error.span.is_some(), "{}", shown(&error));
    }
}

/// A function whose value nests as deep as the number it is given.
const DEEP: &str =
    "def deep(n):\n    x = ()\n    for _ in range(n):\n        x = (x,)\n    return x\n";

#[test]
fn values_that_nest_without_end_are_refused() {
    refused(
        &format!("{DEEP}target(name = \"a\", driver = \"sh\", deps = deep(1000000))\n"),
        "nested more than 32 deep",
    );
    refused(
        "x = []\nx.append(x)\ntarget(name = \"a\", driver = \"sh\", y = x)\n",
        "nested",
    );
    for text in [
        "str(x)",
        "repr(x)",
        "print(x)",
        "fail(x)",
        "json.encode(x)",
        "\"%s\" % x",
    ] {
        refused(
            &format!("{DEEP}x = deep(1000000)\n{text}\n"),
            "nested more than 500 deep",
        );
    }
    refused(
        &format!("{DEEP}deep(1000000) == deep(1000000)\n"),
        "recursion",
    );
}

#[test]
fn values_that_repeat_themselves_are_not_written_out() {
    let laughs =
        "def f():\n    x = [\"ha\"]\n    for _ in range(60):\n        x = [x, x]\n    return x\n";
    refused(&format!("{laughs}str(f())\n"), "too large");
    refused(
        &format!("{laughs}target(name = \"a\", driver = \"sh\", deps = f())\n"),
        "nested",
    );
}

#[test]
fn a_loaded_file_may_hold_no_deeper_values_than_can_be_frozen() {
    for (depth, is_good) in [(100_000, true), (10_000_000, false)] {
        let text = format!("{DEEP}y = deep({depth})\n");
        let result = load_p(&FakeHost::with([
            ("p/BUILD.kiln", "load(\":a.star\", \"y\")\n"),
            ("p/a.star", text.as_str()),
        ]));
        assert_eq!(result.is_ok(), is_good, "{result:?}");
    }
}

#[test]
fn a_file_at_the_limits_of_nesting_is_read() {
    targets(&format!("x = {}1{}\n", "[".repeat(190), "]".repeat(190)));
    targets(&format!("x = 1{}\n", " + 1".repeat(4_900)));
    targets(&format!("x = {}1\n", "-".repeat(4_900)));
    targets(&format!("x = {}1\n", "1 if 1 else ".repeat(2_400)));
}

#[test]
fn control_characters_do_not_reach_a_message() {
    let error = error("fail(\"a\\u001b[31m\\nb\")\n");
    assert_eq!(error.message, "a\u{fffd}[31m b");
}

/// Pieces of which BUILD files are made.
fn snippet() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "target",
        "glob",
        "group",
        "package",
        "load",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "=",
        "name",
        "driver",
        "\"a\"",
        "\"sh\"",
        "'",
        "\"",
        "\"\"\"",
        "f\"",
        "{x}",
        "r'",
        "b\"",
        "\\",
        "\n",
        "\n    ",
        "\n  ",
        "\t",
        "\r\n",
        "def f(x):",
        "for x in",
        "if",
        "elif",
        "else",
        "lambda",
        "return",
        "pass",
        "not",
        "+",
        "-",
        "*",
        "%",
        "//",
        ".",
        "..",
        "**",
        "x",
        "1",
        "0x",
        "1e9",
        "#",
        ";",
        "é",
        "\u{0}",
        "None",
        "in",
        "range",
        "str",
        "json",
        "->",
        "==",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_text_makes_the_engine_panic(text in prop_oneof![snippet(), "\\PC{0,60}", "[ -~\n]{0,80}"]) {
        if let Err(error) = load_p(&FakeHost::with([("p/BUILD.kiln", text.as_str())])) {
            prop_assert!(error.message != "the Starlark evaluator failed", "{}", text);
            prop_assert!(error.span.is_some(), "{}: {}", text, error.message);
        }
    }
}
