//! What an action cannot reach: the network, the caller's home, other processes, what an earlier action left.

use kiln_e2e::{Run, Workspace};

fn build(script: &str) -> (Workspace, Run) {
    let workspace = Workspace::with_build(&format!(
        "target(name = \"t\", driver = \"bash\", run = {script:?}, outs = [\"out\"])"
    ));
    let run = workspace.run(["//:t"]);
    (workspace, run)
}

/// What an action with this script writes to its output.
fn sees(script: &str) -> String {
    let (workspace, run) = build(script);
    run.success();
    workspace.read(".kiln/out/out")
}

#[test]
fn identity_is_fixed() {
    assert_eq!(
        sees("echo $(id -u) $(id -g) $(id -G) $(umask) > $OUT"),
        "1000 1000 1000 0022\n"
    );
}

#[test]
fn home_and_temporary_directory_are_private_and_empty() {
    assert_eq!(
        sees("ls -A $HOME $TMPDIR | grep -v ':$' | tr -d '\\n' > $OUT; touch $HOME/x $TMPDIR/y"),
        ""
    );
}

#[test]
fn the_network_is_not_there() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (_, run) = build(&format!(
        "exec 3<>/dev/tcp/127.0.0.1/{port}; echo connected > $OUT"
    ));
    run.exits(1);
}

#[test]
fn standard_input_is_empty_and_there_is_no_terminal() {
    assert_eq!(
        sees("cat > $OUT; test ! -t 0; test ! -e /dev/tty || ! : < /dev/tty"),
        ""
    );
}

#[test]
fn processes_of_the_host_are_not_visible() {
    let pid = std::process::id();
    let (_, run) = build(&format!(
        "test -d /proc/{pid} && kill -0 {pid} && echo visible > $OUT"
    ));
    run.exits(1);
}

#[test]
fn nothing_stays_for_the_next_action() {
    let build = r#"
target(name = "one", driver = "sh", run = "echo left > /tmp/left; echo left > /dev/shm/left || true; echo left > ../left || true; true > $OUT", outs = ["one"])
target(name = "two", driver = "sh", deps = [":one"], run = "cat /tmp/left /dev/shm/left ../left > $OUT 2>/dev/null || echo nothing > $OUT", outs = ["two"])
"#;
    let workspace = Workspace::with_build(build);
    workspace.run(["//:two"]).success();
    assert_eq!(workspace.read(".kiln/out/two"), "nothing\n");
}

#[test]
fn a_process_left_behind_is_killed_at_once() {
    let started = std::time::Instant::now();
    let (_, run) = build("setsid sleep 1000 & echo done > $OUT");
    run.success();
    assert!(
        started.elapsed() < std::time::Duration::from_secs(500),
        "waited for the process left behind"
    );
}

#[test]
fn the_host_cannot_be_written() {
    for path in ["/usr/kiln-was-here", "/etc/kiln-was-here", "/kiln-was-here"] {
        let (_, run) = build(&format!("echo x > {path}; echo done > $OUT"));
        assert!(
            !std::path::Path::new(path).exists(),
            "{path} was written{}",
            run.report()
        );
    }
}

#[test]
fn descriptors_of_the_engine_are_closed() {
    assert_eq!(
        sees("ls /proc/self/fd | tr '\\n' ' ' > $TMPDIR/fds; cat $TMPDIR/fds > $OUT"),
        "0 1 2 3 "
    );
}

#[test]
fn a_crash_is_told_with_its_signal_and_not_stored() {
    let (workspace, run) = build("kill -SEGV $$");
    run.exits(1).complains(["139"]);
    workspace.run(["//:t"]).exits(1).ran(["//:t"]);
}

#[test]
fn a_timeout_is_told_apart() {
    let workspace = Workspace::with_build(
        r#"target(name = "t", driver = "sh", run = "sleep 600", outs = [], timeout = "1s")"#,
    );
    workspace
        .run(["//:t"])
        .exits(1)
        .complains(["timeout", "1s"]);
}

#[test]
fn a_full_working_directory_is_the_same_on_every_checkout() {
    let build = r#"target(name = "t", driver = "sh", deps = ["a.c"], tools = ["cc"], run = "cc -g -c -o $OUT a.c; pwd", outs = ["a.o"])"#;
    let workspace = Workspace::with_build(build);
    workspace.write("a.c", "int main(void) { return 0; }\n");
    let digest = |workspace: &Workspace| {
        let run = workspace
            .run(["--no-cache", "//:t"])
            .success()
            .ran(["//:t"]);
        run.event("target_finished", "//:t")
            .field("outputs")
            .to_string()
    };
    assert_eq!(
        digest(&workspace),
        digest(&workspace.checkout("some/other/place"))
    );
}

#[test]
fn a_file_that_an_action_missed_is_proposed_by_name() {
    let build = r#"target(name = "a", driver = "sh", run = "cat notes.txt > $OUT", outs = ["a"])"#;
    let workspace = Workspace::with_build(build);
    workspace.write("notes.txt", "x\n");
    workspace
        .run(["//:a"])
        .exits(1)
        .complains(["notes.txt: No such file", "add \"notes.txt\" to `deps`"]);
}
