//! Several `kiln` at once on one store.

use kiln_e2e::{Gate, Workspace};

fn gated(exit_code: u8) -> (Workspace, Gate) {
    let workspace = Workspace::new();
    let gate = Gate::new(&workspace);
    let script = format!("{}; echo done > made; exit {exit_code}", gate.wait());
    workspace.write(
        "BUILD.kiln",
        format!("target(name = \"t\", driver = \"sh\", run = {script:?}, outs = [\"made\"])"),
    );
    (workspace, gate)
}

#[test]
fn an_action_that_two_processes_want_runs_once() {
    let (workspace, gate) = gated(0);
    let other = workspace.checkout("other");
    let mut first = workspace.kiln(["run", "//:t"]).spawn();
    first.wait_for_event(|event| event.is("action_started", "//:t"));
    let mut second = other.kiln(["run", "//:t"]).spawn();
    second.wait_for_event(|event| event.is("target_started", "//:t"));
    gate.open();
    first.finish().success().ran(["//:t"]);
    second.finish().success().ran_nothing();
    assert_eq!(other.read(".kiln/out/made"), "done\n");
}

#[test]
fn a_failure_is_handed_to_those_who_wait() {
    let (workspace, gate) = gated(9);
    let other = workspace.checkout("other");
    let mut first = workspace.kiln(["run", "//:t"]).spawn();
    first.wait_for_event(|event| event.is("action_started", "//:t"));
    let mut second = other.kiln(["run", "//:t"]).spawn();
    second.wait_for_event(|event| event.is("target_started", "//:t"));
    gate.open();
    first.finish().exits(1);
    second.finish().exits(1);
}

#[test]
fn a_killed_process_leaves_nothing_that_blocks_the_next() {
    let (workspace, gate) = gated(0);
    let mut first = workspace.kiln(["run", "//:t"]).spawn();
    first.wait_for_event(|event| event.is("action_started", "//:t"));
    first.signal(rustix::process::Signal::KILL);
    first.finish().exits(128 + 9);
    gate.open();
    workspace.run(["//:t"]).success().ran(["//:t"]);
}

#[test]
fn many_processes_in_one_workspace_agree() {
    let mut build = String::new();
    for number in 0..20 {
        build += &format!(
            "target(name = \"t{number}\", driver = \"sh\", run = \"echo {number} > $OUT\", outs = [\"t{number}\"])\n"
        );
    }
    let workspace = Workspace::with_build(&build);
    let running: Vec<_> = (0..4)
        .map(|_| workspace.kiln(["run", "//..."]).spawn())
        .collect();
    let runs: Vec<_> = running
        .into_iter()
        .map(|running| running.finish().success())
        .collect();
    let executed: usize = runs.iter().map(|run| run.executed().len()).sum();
    assert_eq!(executed, 20);
    for number in 0..20 {
        assert_eq!(
            workspace.read(format!(".kiln/out/t{number}")),
            format!("{number}\n")
        );
    }
}
