//! Command lines, good and bad.

use kiln_engine::request::{Execution, OnFailure, Reuse};

use super::*;
use crate::arguments::{Bring, ColourWhen, Command, OutputForm, QueryForm, UiChoice, Verbosity};

fn words(line: &str) -> Vec<OsString> {
    line.split(' ')
        .filter(|word| !word.is_empty())
        .map(OsString::from)
        .collect()
}

fn good(line: &str) -> Invocation {
    parse(words(line)).unwrap_or_else(|refusal| panic!("{line}: {}", refusal.text(false)))
}

fn bring(line: &str) -> Bring {
    match good(line).command {
        Command::Bring(bring) => bring,
        other => panic!("{line}: {other:?}"),
    }
}

/// The text of a refusal that deserves exit 2.
fn bad(line: &str) -> String {
    match parse(words(line)) {
        Ok(invocation) => panic!("{line}: {invocation:?}"),
        Err(Refusal::Shown(error)) => panic!("{line}: {error}"),
        Err(refusal) => refusal.text(false),
    }
}

#[test]
fn flags_may_stand_before_and_after_the_command() {
    for line in [
        "-j 3 -k build //a --json -q",
        "build --keep-going -j3 -q --json //a",
    ] {
        let invocation = good(line);
        assert_eq!(invocation.jobs, Some(3), "{line}");
        assert_eq!(invocation.form, OutputForm::Json, "{line}");
        assert_eq!(invocation.verbosity, Verbosity::Quiet, "{line}");
        assert_eq!(bring(line).on_failure, OnFailure::KeepGoing, "{line}");
    }
    let invocation = good("-C sub --ui plain --color=never run //a --events e --profile p -v");
    assert_eq!(invocation.directory, Some("sub".into()));
    assert_eq!(invocation.ui, UiChoice::Plain);
    assert_eq!(invocation.colour, ColourWhen::Never);
    assert_eq!(invocation.records.events, Some("e".into()));
    assert_eq!(invocation.records.profile, Some("p".into()));
}

#[test]
fn patterns_that_subtract_are_no_flags() {
    assert_eq!(
        bring("build //... -//a/b -k -:x -@fs:y").patterns,
        ["//...", "-//a/b", "-:x", "-@fs:y"]
    );
    assert_eq!(
        bad("build -//a //..."),
        "`-//a` takes targets away, so it cannot be the first pattern"
    );
}

#[test]
fn what_follows_the_separator_is_the_program_s() {
    assert_eq!(bring("run //a").program, None);
    assert_eq!(bring("run //a --").program, Some(vec![]));
    assert_eq!(
        bring("run //a -- -k --json -//x -- y").program,
        Some(words("-k --json -//x -- y"))
    );
    assert_eq!(
        bring("run //a/... -//a:b -- x").patterns,
        ["//a/...", "-//a:b"]
    );
    for line in [
        "run //a //b --",
        "run //a --json --",
        "run //a --dry-run -- x",
        "build //a --",
        "run -- x",
    ] {
        bad(line);
    }
}

#[test]
fn elsewhere_labels_may_follow_the_separator() {
    assert!(matches!(good("why -- :x").command, Command::Why(label) if label == ":x"));
    assert!(matches!(good("cat -//x").command, Command::Cat(label) if label == "-//x"));
}

#[test]
fn modes_of_a_build() {
    assert_eq!(bring("run //a").reuse, Reuse::Normal);
    assert_eq!(bring("run --force //a").reuse, Reuse::ForceNamed);
    assert_eq!(bring("run --no-cache //a").reuse, Reuse::Nothing);
    assert_eq!(bring("run --dry-run //a").execution, Execution::DryRun);
    bad("run --force --no-cache //a");
}

#[test]
fn forms_of_a_query() {
    let form = |line: &str| match good(line).command {
        Command::Query { form, .. } => form,
        other => panic!("{other:?}"),
    };
    assert_eq!(form("query deps(//a)"), QueryForm::Label);
    assert_eq!(form("query //a --output dot"), QueryForm::Dot);
    assert_eq!(form("query //a --json"), QueryForm::Json);
    assert_eq!(form("query //a --json --output json"), QueryForm::Json);
    bad("query //a --json --output dot");
    bad("query //a --output xml");
}

#[test]
fn sizes_and_ages_are_read_here() {
    let Command::Gc(gc) = good("gc --max-size 20G --max-age 30d").command else {
        panic!("no gc")
    };
    assert_eq!(gc.max_size, Some(20 << 30));
    assert_eq!(gc.max_age.map(|age| age.as_secs()), Some(30 * 86_400));
    for line in [
        "gc --max-size much",
        "gc --max-size -1",
        "gc --max-age 30",
        "gc --max-size",
    ] {
        bad(line);
    }
}

#[test]
fn what_is_not_built_is_unknown() {
    for line in [
        "test //a",
        "shell //a",
        "affected",
        "watch //a",
        "fmt",
        "lsp",
        "fetch",
        "cache verify",
        "cache get //a",
        "run //a --sandbox host",
        "run //a --check-determinism",
        "run //a --retries 2",
        "completions powershell",
        "frobnicate",
    ] {
        bad(line);
    }
    let help = command().render_long_help().to_string();
    for word in [
        "watch",
        "affected",
        "lsp",
        "determinism",
        "sandbox",
        "remote",
        "shell ",
    ] {
        assert!(!help.contains(word), "{word}: {help}");
    }
}

#[test]
fn bad_values_and_idle_flags_are_refused() {
    for line in [
        "run",
        "build",
        "query",
        "why",
        "run //a -j 0",
        "run //a -j -1",
        "run //a -j x",
        "run //a -j 99999",
        "run //a --ui shiny",
        "run //a --color blue",
        "run //a -q -v",
        "run //a --frob",
        "query //a --force",
        "clean -k",
        "why //a --events f",
        "gc --dry-run",
        "cat //a --json",
        "version extra",
        "cache",
        "config --orign",
    ] {
        bad(line);
    }
}

#[test]
fn typos_are_met_with_a_proposal_and_without_the_mark() {
    assert!(bad("biuld //a").contains("'build'"));
    assert!(bad("run //a --keep-goin").contains("--keep-going"));
    let refusal = bad("clean -//a");
    assert!(
        refusal.contains("-//a") && !refusal.contains(MARK),
        "{refusal:?}"
    );
}

#[test]
fn help_and_version_are_answers_not_refusals() {
    for line in ["--help", "help", "run --help", "--version", "help run"] {
        assert!(
            matches!(parse(words(line)), Err(Refusal::Shown(_))),
            "{line}"
        );
    }
    bad("");
}
