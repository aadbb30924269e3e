//! How an action ends, and that nothing of it stays.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use kiln_engine::cancel::CancelToken;
use kiln_engine::sandbox::{Exit, Sandbox, SandboxError, Stream};

use crate::kit::{
    block_on, command, config, holds_within, runs, sandbox, sh, succeeded, text, until_runs,
};

crate::tests![
    exit_codes_and_signals_are_told_apart,
    a_program_that_is_not_there_is_no_exit_code,
    output_keeps_its_order_and_its_stream,
    a_big_output_is_bounded_and_its_tail_kept,
    a_daemon_is_killed_and_named,
    many_leftovers_are_killed,
    a_process_that_keeps_the_output_open_does_not_hang_the_end,
    a_timeout_asks_first_and_what_obeys_may_clean_up,
    a_timeout_kills_what_does_not_obey,
    a_cancelled_action_is_gone_when_the_call_returns,
    cancelled_actions_use_nothing_up,
    a_dropped_action_is_killed,
    a_dropped_sandbox_ends_its_actions,
    a_killed_engine_takes_its_actions_along,
    usage_counts_all_processes,
    a_big_environment_and_command_arrive_whole,
    many_actions_at_once_do_not_mix,
];

/// First argument of this binary that makes it an engine to be killed.
pub(crate) const VICTIM: &str = "__victim";

fn exit_codes_and_signals_are_told_apart() {
    assert_eq!(sh("exit 7").run().exit, Exit::Code(7));
    assert_eq!(sh("exit 139").run().exit, Exit::Code(139));
    let crash = sh("kill -SEGV $$").run();
    assert_eq!((crash.exit, crash.exit.code()), (Exit::Signal(11), 139));
}

fn a_program_that_is_not_there_is_no_exit_code() {
    let exit = |argv: &[&str]| command(argv).run().exit;
    assert_eq!(exit(&["/not/there"]), Exit::NotExecuted(libc::ENOENT));
    assert_eq!(exit(&["not-there"]), Exit::NotExecuted(libc::ENOENT));
    assert_eq!(exit(&["/etc/passwd"]), Exit::NotExecuted(libc::EACCES));
    assert_eq!(exit(&["not-there"]).code(), 127);
    assert_eq!(exit(&["/usr"]).code(), 126);
    assert_eq!(sh("exit 127").run().exit, Exit::Code(127));
}

fn output_keeps_its_order_and_its_stream() {
    let finished = sh("echo out; echo err >&2").run();
    assert_eq!(finished.log.bytes_of(Stream::Stdout), b"out\n");
    assert_eq!(finished.log.bytes_of(Stream::Stderr), b"err\n");
}

fn a_big_output_is_bounded_and_its_tail_kept() {
    let finished = sh("head -c 50000000 /dev/zero; echo end").run();
    let kept = finished.log.bytes_of(Stream::Stdout);
    assert_eq!(kept.len(), 1 << 20);
    assert!(kept.ends_with(b"\0end\n"));
    assert_eq!(finished.log.dropped(Stream::Stdout), 50_000_004 - (1 << 20));
}

fn a_daemon_is_killed_and_named() {
    let finished = sh("setsid sleep 86401 & echo started").run();
    assert_eq!(succeeded(&finished), "started\n");
    // It is named as it is called at that moment: the shell's copy, or sleep.
    assert_eq!(finished.leftovers.len(), 1, "{:?}", finished.leftovers);
    assert!(!runs("sleep\x0086401"));
    assert!(sh("true").run().leftovers.is_empty());
}

fn many_leftovers_are_killed() {
    let finished =
        sh("for i in $(seq 40); do sleep 86402 & done; (sleep 86402 & sleep 86402) &").run();
    succeeded(&finished);
    assert_eq!(finished.leftovers.len(), 16);
    assert!(!runs("sleep\x0086402"));
}

fn a_process_that_keeps_the_output_open_does_not_hang_the_end() {
    let started = Instant::now();
    succeeded(&sh("sleep 30 & true").run());
    assert!(started.elapsed() < Duration::from_secs(20));
}

fn a_timeout_asks_first_and_what_obeys_may_clean_up() {
    let script = "trap 'echo cleaned; exit 3' TERM; echo ready; while :; do sleep 0.01; done";
    let finished = sh(script)
        .with(|spec| spec.timeout = Some(Duration::from_millis(300)))
        .run();
    assert_eq!(finished.exit, Exit::TimedOut);
    let stdout = text(&finished.log.bytes_of(Stream::Stdout));
    assert_eq!(stdout, "ready\ncleaned\n");
}

fn a_timeout_kills_what_does_not_obey() {
    let finished = sh("trap '' TERM; while :; do sleep 86403; done")
        .with(|spec| spec.timeout = Some(Duration::from_millis(50)))
        .run();
    assert_eq!(finished.exit, Exit::TimedOut);
    assert!(!runs("sleep\x0086403"));
}

fn a_cancelled_action_is_gone_when_the_call_returns() {
    let action = sh("trap '' TERM INT; sleep 86404 & sleep 86404");
    let cancel = CancelToken::new();
    let result = block_on(async {
        let (result, ()) = tokio::join!(sandbox().run(&action.spec, &cancel), async {
            until_runs("sleep\x0086404").await;
            cancel.cancel();
        });
        result
    });
    assert!(matches!(result, Err(SandboxError::Cancelled)), "{result:?}");
    assert!(!runs("sleep\x0086404"));
    // One that is cancelled before it starts runs nothing.
    let result = block_on(sandbox().run(&action.spec, &cancel));
    assert!(matches!(result, Err(SandboxError::Cancelled)), "{result:?}");
}

fn cancelled_actions_use_nothing_up() {
    // More than there are workers, each of which ends with its killed init.
    for _ in 0..10 {
        let action = sh("sleep 86408");
        let cancel = CancelToken::new();
        let result = block_on(async {
            let (result, ()) = tokio::join!(sandbox().run(&action.spec, &cancel), async {
                until_runs("sleep\x0086408").await;
                cancel.cancel();
            });
            result
        });
        assert!(matches!(result, Err(SandboxError::Cancelled)), "{result:?}");
    }
    assert_eq!(sh("echo still here").stdout(), "still here\n");
}

fn a_dropped_action_is_killed() {
    let action = sh("sleep 86405");
    block_on(async {
        let cancel = CancelToken::new();
        tokio::select! {
            _ = sandbox().run(&action.spec, &cancel) => panic!("ended by itself"),
            () = until_runs("sleep\x0086405") => {}
        }
    });
    assert!(holds_within(Duration::from_secs(1), || !runs(
        "sleep\x0086405"
    )));
}

fn a_dropped_sandbox_ends_its_actions() {
    let sandbox = Sandbox::start(&config()).unwrap();
    let action = sh("sleep 86406");
    block_on(async {
        let cancel = CancelToken::new();
        tokio::select! {
            _ = sandbox.run(&action.spec, &cancel) => panic!("ended by itself"),
            () = until_runs("sleep\x0086406") => {}
        }
    });
    drop(sandbox);
    assert!(holds_within(Duration::from_secs(1), || !runs(
        "sleep\x0086406"
    )));
}

/// Runs an action that does not end, as an engine of its own.
pub(crate) fn run_victim() {
    let result = block_on(async {
        let action = sh("setsid sleep 86407 & sleep 86407");
        let sandbox = Sandbox::start(&config()).unwrap();
        sandbox.run(&action.spec, &CancelToken::new()).await
    });
    panic!("ended by itself: {result:?}");
}

fn a_killed_engine_takes_its_actions_along() {
    let mut engine = Command::new(std::env::current_exe().unwrap())
        .arg(VICTIM)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mark = "sleep\x0086407";
    assert!(holds_within(Duration::from_secs(20), || runs(mark)));
    engine.kill().unwrap();
    engine.wait().unwrap();
    assert!(holds_within(Duration::from_secs(1), || !runs(mark)));
    // Its forkserver held the pipe as well, if it were still there.
    let mut lines = BufReader::new(engine.stderr.take().unwrap()).lines();
    assert!(lines.next().is_none());
}

fn usage_counts_all_processes() {
    let busy = "for i in 1 2; do (i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done) & done; wait";
    let usage = sh(busy).run().usage;
    assert!(usage.user > Duration::from_millis(10), "{usage:?}");
    let allocate = "import sys; x = bytearray(64 << 20)";
    let usage = command(&["python3", "-c", allocate]).run().usage;
    assert!(
        (64 << 10..256 << 10).contains(&usage.max_rss_kib),
        "{usage:?}"
    );
}

fn a_big_environment_and_command_arrive_whole() {
    let big = "x".repeat(120_000);
    let script = "echo ${#BIG0} ${#BIG4} ${#1} $#";
    let mut action = command(&["/bin/sh", "-c", script, "sh", &big, &big, &big]);
    for index in 0..5 {
        let name = format!("BIG{index}").into();
        action.spec.env.push((name, big.clone().into()));
    }
    assert_eq!(action.stdout(), "120000 120000 120000 3\n");
}

fn many_actions_at_once_do_not_mix() {
    let outputs = block_on(async {
        let actions = (0..40).map(|index| async move {
            let action = sh(&format!("echo {index}; echo {index} > file; cat file"));
            let finished = sandbox().run(&action.spec, &CancelToken::new()).await;
            (index, finished.unwrap())
        });
        futures::future::join_all(actions).await
    });
    for (index, finished) in outputs {
        assert_eq!(succeeded(&finished), format!("{index}\n{index}\n"));
    }
}
