//! BUILD files that want to hang, crash or exhaust the engine: a diagnostic, in bounded time.

use std::time::Duration;

use kiln_e2e::{Run, Workspace};

/// Far above what the engine allows a BUILD file; only a hang exceeds it.
const BOUND: Duration = Duration::from_secs(180);

#[track_caller]
fn refused(build: impl AsRef<[u8]>) -> Run {
    let workspace = Workspace::new();
    workspace.write("BUILD.kiln", build);
    workspace
        .kiln(["run", "//..."])
        .hung_after(BOUND)
        .run()
        .exits(1)
        .complains(["BUILD.kiln"])
}

/// For what may be taken or refused, as long as the engine lives on.
#[track_caller]
fn survived(build: &str) {
    let workspace = Workspace::with_build(build);
    let run = workspace.kiln(["run", "//..."]).hung_after(BOUND).run();
    assert!([1, 4].contains(&run.code()), "{}", run.report());
}

#[test]
fn an_endless_loop() {
    refused(
        "def f():\n    for i in range(1000000000):\n        for j in range(1000000000):\n            pass\nf()\n",
    );
}

#[test]
fn endless_and_deep_recursion() {
    refused("def f(n):\n    return f(n + 1)\nf(0)\n").complains(["f"]);
    refused("def f(n):\n    return g(n)\ndef g(n):\n    return f(n) + 1\ng(0)\n");
}

#[test]
fn a_string_of_a_gigabyte_or_more() {
    refused("x = \"0123456789\" * 1000000000\n");
    refused("def f():\n    s = \"x\" * 1024\n    for i in range(64):\n        s = s + s\nf()\n");
}

#[test]
fn a_list_that_eats_the_memory() {
    refused("def f():\n    x = [0] * 1000\n    for i in range(40):\n        x = x + x\nf()\n");
    refused("x = list(range(1000000000))\n");
}

#[test]
fn ten_million_targets() {
    refused(
        "def f():\n    for i in range(10000000):\n        group(name = \"t%d\" % i, deps = [])\nf()\n",
    );
}

#[test]
fn a_hundred_thousand_nested_brackets() {
    refused(format!(
        "x = {}{}\n",
        "[".repeat(100_000),
        "]".repeat(100_000)
    ));
    refused(format!("x = {}\n", "(".repeat(100_000)));
}

#[test]
fn a_hundred_thousand_operators() {
    for operator in ["-", "not ", "1 + ", "f."] {
        survived(&format!("x = {}1\n", operator.repeat(100_000)));
    }
}

#[test]
fn deeply_nested_blocks() {
    let mut build = String::from("def f():\n");
    for depth in 1..3000 {
        build += &format!("{}if True:\n", " ".repeat(depth));
    }
    build += &format!("{}pass\n", " ".repeat(3000));
    survived(&build);
}

#[test]
fn bytes_that_are_no_text() {
    refused(b"target(name = \"\xff\xfe\")\n".as_slice()).complains(["UTF-8"]);
    refused(b"x = 1\0\n".as_slice());
}

#[test]
fn a_cycle_of_loads() {
    let workspace = Workspace::with_build("load(\":a.star\", \"a\")\n");
    workspace.write("a.star", "load(\":b.star\", \"b\")\na = b\n");
    workspace.write("b.star", "load(\":a.star\", \"a\")\nb = a\n");
    workspace
        .run(["//..."])
        .exits(1)
        .complains(["cycle", "a.star", "b.star"]);
}

#[test]
fn a_file_that_loads_itself() {
    let workspace = Workspace::with_build("load(\":a.star\", \"a\")\n");
    workspace.write("a.star", "load(\":a.star\", \"a\")\n");
    workspace
        .run(["//..."])
        .exits(1)
        .complains(["cycle", "a.star"]);
}

#[test]
fn a_build_file_that_is_no_regular_file() {
    let workspace = Workspace::new();
    std::fs::create_dir(workspace.path("BUILD.kiln")).unwrap();
    let run = workspace.kiln(["run", "//:x"]).hung_after(BOUND).run();
    assert_ne!(run.code(), 0, "{}", run.report());
    workspace.remove("BUILD.kiln");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(workspace.path("BUILD.kiln"))
            .status()
            .unwrap()
            .success()
    );
    let run = workspace.kiln(["run", "//:x"]).hung_after(BOUND).run();
    assert_ne!(run.code(), 0, "{}", run.report());
}

#[test]
fn commands_that_cannot_be_run_are_errors_of_loading() {
    for run in [
        "\"\"".to_owned(),
        "\"a\\0b\"".to_owned(),
        format!("\"{}\"", "x".repeat(3 << 20)),
    ] {
        refused(format!(
            "target(name = \"a\", driver = \"sh\", run = {run}, outs = [])\n"
        ));
    }
    for run in ["[]", "[\"\"]", "[\"a\\0b\"]"] {
        refused(format!(
            "target(name = \"a\", driver = \"exec\", run = {run}, outs = [])\n"
        ));
    }
}

#[test]
fn patterns_of_globs_are_checked() {
    for pattern in ["", "/etc/*", "../*", "[", "a//b", "{a"] {
        refused(format!(
            "group(name = \"g\", deps = glob([{pattern:?}], allow_empty = True))\n"
        ));
    }
}

#[test]
fn control_characters_in_messages_never_reach_the_terminal_raw() {
    let run = refused("fail(\"\\x1b]0;title\\x07\\x1b[2J\")\n");
    assert!(!run.stderr().contains(['\x1b', '\x07']), "{}", run.report());
}
