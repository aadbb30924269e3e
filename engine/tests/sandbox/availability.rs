//! Machines that offer less than the sandbox needs.

use std::process::{Command, ExitCode};

use kiln_engine::sandbox::{Cause, Sandbox, probe};

use crate::kit::{block_on, config, text};

crate::tests![
    a_machine_that_isolates_says_so,
    switched_off_namespaces_are_an_error_with_its_cure,
    a_hidden_proc_is_an_error_with_its_cure,
];

/// First argument of this binary that makes it try to start one action.
pub(crate) const ATTEMPT: &str = "__attempt";

pub(crate) fn attempt() -> ExitCode {
    let result = Sandbox::start(&config())
        .map_err(Into::into)
        .and_then(|sandbox| crate::kit::command(&["/bin/true"]).try_run_in(&sandbox));
    match result {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = std::io::Write::write_all(&mut std::io::stdout(), error.to_string().as_bytes());
            ExitCode::FAILURE
        }
    }
}

/// What an attempt says after `preparation` in a user namespace of its own.
fn attempt_after(preparation: &str) -> String {
    let own = std::env::current_exe().unwrap();
    let script = format!("{preparation} && exec {} {ATTEMPT}", own.display());
    let output = Command::new("unshare")
        .args(["-Urm", "sh", "-c", &script])
        .output()
        .unwrap();
    assert!(!output.status.success());
    text(&output.stdout)
}

fn a_machine_that_isolates_says_so() {
    let probe = block_on(probe());
    assert_eq!(probe.user_namespaces, Ok(()));
    assert_eq!(probe.namespaces, Ok(()));
    assert_eq!(probe.overlay, Ok(()));
}

fn switched_off_namespaces_are_an_error_with_its_cure() {
    let said = attempt_after("echo 0 > /proc/sys/user/max_user_namespaces");
    assert!(said.contains("user.max_user_namespaces = 0"), "{said}");
    assert!(said.contains(Cause::NoUserNamespaces.cure()), "{said}");
}

fn a_hidden_proc_is_an_error_with_its_cure() {
    // As containers do it.
    let said = attempt_after("mount -t tmpfs none /proc/sys");
    assert!(said.contains("hides parts of /proc"), "{said}");
    assert!(said.contains(Cause::MaskedProc.cure()), "{said}");
}
