//! The action's own process: from the init to the first instruction of its
//! program.

use std::ffi::{CString, c_int};
use std::os::fd::AsRawFd;

use rustix::fd::BorrowedFd;
use rustix::io::Errno;

use super::process::{self, PointerList};
use super::syscall;
use crate::sandbox::error::{SetupError, Step};
use crate::sandbox::message::Order;

/// Enough for the handful of calls before `execve`.
const STACK_BYTES: usize = 32 << 10;

/// How the start of a program went.
#[derive(Debug)]
pub(super) enum Started {
    /// It runs, as this process of the action's PID namespace.
    Running(i32),
    /// The kernel refused to execute it.
    NotExecuted(Errno),
}

/// All that the new process needs, made before it exists.
struct Plan {
    /// What to try, in this order.
    programs: Vec<CString>,
    argv: PointerList,
    env: PointerList,
    cwd: CString,
    stdout: c_int,
    stderr: c_int,
    /// Set by the new process when it cannot go on.
    failure: Option<(Step, Errno)>,
}

/// Starts the program of `order` with the given outputs and no input.
pub(super) fn start(
    order: Order,
    stdout: BorrowedFd<'_>,
    stderr: BorrowedFd<'_>,
) -> Result<Started, SetupError> {
    let invalid = |_| SetupError::new(Step::Order, Errno::INVAL);
    let cwd = [b"/kiln/ws/", &order.cwd[..]].concat();
    let mut plan = Plan {
        programs: candidates(&order)
            .into_iter()
            .map(CString::new)
            .collect::<Result<_, _>>()
            .map_err(invalid)?,
        argv: pointer_list(order.argv).map_err(invalid)?,
        env: pointer_list(order.env).map_err(invalid)?,
        cwd: CString::new(cwd).map_err(invalid)?,
        stdout: stdout.as_raw_fd(),
        stderr: stderr.as_raw_fd(),
        failure: None,
    };
    let mut stack = Vec::<u8>::with_capacity(STACK_BYTES);
    let pid = process::spawn_sharing_memory(0, stack.spare_capacity_mut(), run, &mut plan)
        .map_err(|errno| SetupError::new(Step::Process, errno))?;
    match plan.failure {
        None => Ok(Started::Running(pid)),
        Some((Step::Process, errno)) => Ok(Started::NotExecuted(errno)),
        Some((step, errno)) => Err(SetupError::on(
            step,
            plan.cwd.to_string_lossy().into_owned(),
            errno,
        )),
    }
}

fn pointer_list(strings: Vec<Vec<u8>>) -> Result<PointerList, std::ffi::NulError> {
    let strings = strings.into_iter().map(CString::new);
    Ok(PointerList::new(strings.collect::<Result<_, _>>()?))
}

/// The paths at which the program may lie: itself when it has a slash, else in
/// each directory of the action's `PATH`.
fn candidates(order: &Order) -> Vec<Vec<u8>> {
    let program = order.argv.first().map_or(&[][..], Vec::as_slice);
    if program.contains(&b'/') {
        return vec![program.to_vec()];
    }
    let path = order
        .env
        .iter()
        .find_map(|variable| variable.strip_prefix(b"PATH="))
        .unwrap_or_default();
    path.split(|&byte| byte == b':')
        .filter(|directory| !directory.is_empty())
        .map(|directory| [directory, b"/", program].concat())
        .collect()
}

/// The new process. It shares the init's memory: no allocation, no panic.
fn run(plan: &mut Plan) {
    plan.failure = Some(become_program(plan));
}

/// Returns only when the program cannot be executed.
fn become_program(plan: &Plan) -> (Step, Errno) {
    process::begin_session();
    for (from, to) in [(plan.stdout, 1), (plan.stderr, 2)] {
        if let Err(errno) = syscall::duplicate_to(from, to) {
            return (Step::Process, errno);
        }
    }
    syscall::close_from(3);
    if let Err(errno) = process::change_directory(&plan.cwd) {
        return (Step::WorkingDirectory, errno);
    }
    process::unblock_signals();
    // As `execvp`: one that may not be executed does not hide a later one, but
    // is what the answer is about when there is no later one.
    let mut answer = Errno::NOENT;
    for program in &plan.programs {
        match process::execute(program, &plan.argv, &plan.env) {
            Errno::NOENT | Errno::NOTDIR => {}
            Errno::ACCESS => answer = Errno::ACCESS,
            errno => return (Step::Process, errno),
        }
    }
    (Step::Process, answer)
}
