//! Transcripts of builds, line by line.

use std::time::Duration;

use kiln_engine::events::Usage;
use kiln_plugin_abi::{Diagnostic, PackagePath};

use super::*;

fn label(text: &str) -> Label {
    Label::parse(text, &PackagePath::root()).unwrap()
}

fn started(name: &str, reason: &str) -> Event {
    Event::ActionStarted {
        label: label(name),
        key: kiln_engine::key::ActionKey([0xab; 32]),
        reason: reason.into(),
    }
}

fn finished(name: &str, cached: Cached, exit: i32) -> Event {
    Event::ActionFinished(ActionFinished {
        label: label(name),
        key: kiln_engine::key::ActionKey([0xab; 32]),
        cached,
        exit,
        usage: Usage {
            wall_ms: 1234,
            ..Usage::default()
        },
        started: Duration::ZERO,
        finished: Duration::ZERO,
    })
}

fn output(name: &str, bytes: &[u8], dropped: u64) -> Event {
    Event::ActionOutput {
        label: label(name),
        bytes: bytes.to_vec(),
        dropped,
    }
}

fn transcript(verbosity: Verbosity, action_lines: ActionLines, events: &[Event]) -> String {
    let renderer = Renderer::new(false, 100);
    let mut transcript = Transcript::new(renderer, verbosity, action_lines, false);
    let mut text: String = events
        .iter()
        .filter_map(|event| transcript.take(event))
        .collect();
    text.extend(transcript.end());
    text
}

/// A build with a hit, a success, and a failure with a colourful log.
fn build() -> Vec<Event> {
    vec![
        finished("//a:hit", Cached::Local, 0),
        started("//a:good", "source x.c changed"),
        started("//a:bad", "never ran"),
        finished("//a:good", Cached::No, 0),
        output("//a:good", b"careful\r\n", 0),
        finished("//a:bad", Cached::No, 139),
        output("//a:bad", b"x.c:1: \x1b[31merror\x1b[0m\n", 0),
        Event::Diagnostic(
            Diagnostic::error("the command was killed by SIGSEGV")
                .on(&label("//a:bad"))
                .hint("run it in a debugger"),
        ),
        Event::Diagnostic(Diagnostic::warning("the store is slow")),
        Event::Print {
            package: PackagePath::parse("a").unwrap(),
            text: "hello\u{7}".into(),
        },
    ]
}

#[test]
fn plain_lines_tell_what_ran_and_what_failed() {
    assert_eq!(
        transcript(Verbosity::Normal, ActionLines::All, &build()),
        "\
ran    //a:good  1.23 s
--- output of //a:good
careful
FAILED //a:bad  exit 139 (signal 11) after 1.23 s
--- output of //a:bad
x.c:1: \\x1b[31merror\\x1b[0m
--- end; the whole log: kiln log //a:bad
error: //a:bad: the command was killed by SIGSEGV
 |
 = hint: run it in a debugger
warning: the store is slow
//a: hello\\x07
"
    );
}

#[test]
fn quiet_leaves_errors_only() {
    assert_eq!(
        transcript(Verbosity::Quiet, ActionLines::All, &build()),
        "\
FAILED //a:bad  exit 139 (signal 11) after 1.23 s
--- output of //a:bad
x.c:1: \\x1b[31merror\\x1b[0m
--- end; the whole log: kiln log //a:bad
error: //a:bad: the command was killed by SIGSEGV
 |
 = hint: run it in a debugger
"
    );
}

#[test]
fn verbose_adds_the_reason_of_each_executed_target() {
    let text = transcript(Verbosity::Verbose, ActionLines::Failed, &build());
    assert!(
        text.starts_with("ran    //a:good  1.23 s  (source x.c changed)\n"),
        "{text}"
    );
    assert!(text.contains("after 1.23 s  (never ran)\n"), "{text}");
    assert!(!text.contains("hit"), "{text}");
}

#[test]
fn beside_a_live_view_successes_need_no_line() {
    let text = transcript(Verbosity::Normal, ActionLines::Failed, &build());
    assert!(text.starts_with("--- output of //a:good\n"), "{text}");
}

#[test]
fn of_a_long_log_the_tail_is_shown() {
    let log: String = (0..500).map(|line| format!("line {line}\n")).collect();
    let events = [
        finished("//a", Cached::No, 1),
        output("//a", log.as_bytes(), 0),
    ];
    let text = transcript(Verbosity::Normal, ActionLines::All, &events);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[2], "… the beginning is in `kiln log //a:a`");
    assert_eq!(lines[3], "line 400");
    assert_eq!(lines[lines.len() - 2], "line 499");
}

#[test]
fn a_line_without_end_is_cut() {
    let log = vec![b'x'; 1 << 20];
    let text = transcript(
        Verbosity::Normal,
        ActionLines::All,
        &[output("//a", &log, 0)],
    );
    assert!(text.len() < 20_000, "{}", text.len());
    assert!(text.contains("the beginning is in"), "{}", &text[..200]);
}

#[test]
fn after_twenty_outputs_only_the_number_is_told() {
    let events: Vec<Event> = (0..23)
        .map(|index| output(&format!("//a:t{index}"), b"noise\n", 0))
        .collect();
    let text = transcript(Verbosity::Normal, ActionLines::All, &events);
    assert_eq!(text.matches("noise").count(), 20);
    assert!(
        text.ends_with("output of 3 more targets is not shown; see `kiln log LABEL`\n"),
        "{text}"
    );
}
