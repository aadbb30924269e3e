//! The sandbox with real processes: what an action sees, what it cannot reach,
//! how it ends.
//!
//! The sandbox starts its forkserver by executing the running binary again,
//! hence the `main` of our own.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests look at the machine from outside"
)]

mod availability;
mod ending;
mod isolation;
mod kit;
mod view;
mod workspace;

use std::process::ExitCode;

use kiln_engine::sandbox::forkserver;
use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some(forkserver::ARGUMENT) => forkserver::main(),
        Some(ending::VICTIM) => ending::run_victim(),
        Some(availability::ATTEMPT) => return availability::attempt(),
        _ => {}
    }
    let tests = [
        view::TESTS,
        isolation::TESTS,
        workspace::TESTS,
        ending::TESTS,
        availability::TESTS,
    ];
    let trials = tests
        .into_iter()
        .flatten()
        .map(|&(name, test)| {
            Trial::test(name, move || {
                test();
                Ok(())
            })
        })
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// A test and its name.
type Test = (&'static str, fn());

/// The table of a module's tests.
macro_rules! tests {
    ($($name:ident),+ $(,)?) => {
        pub(crate) const TESTS: &[crate::Test] =
            &[$((concat!(module_path!(), "::", stringify!($name)), $name)),+];
    };
}
use tests;
