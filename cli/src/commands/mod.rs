//! The commands, one file each. A command returns its exit code, or an error
//! that is shown for it.

mod bring;
mod cache;
mod cat;
mod clean;
mod completions;
mod config;
mod doctor;
mod facts;
mod gc;
mod init;
mod inspect;
mod log;
mod ls;
mod program;
mod query;
mod table;
mod version;
mod why;

use crate::arguments::Command;
use crate::exit::{CommandError, Exit};
use crate::session::Session;

/// Does what was asked.
///
/// # Errors
/// What the command could not do, with the code to exit with.
pub fn execute(command: Command, session: &Session) -> Result<Exit, CommandError> {
    match command {
        Command::Bring(bring) => bring::execute(session, bring),
        Command::Query { expression, form } => query::execute(session, &expression, form),
        Command::Why(label) => why::execute(session, &label),
        Command::Inspect(label) => inspect::execute(session, &label),
        Command::Cat(label) => cat::execute(session, &label),
        Command::Ls(label) => ls::execute(session, &label),
        Command::Log(label) => log::execute(session, &label),
        Command::Clean => clean::execute(session),
        Command::CacheStats => cache::stats(session),
        Command::CachePath => cache::path(session),
        Command::Gc(gc) => gc::execute(session, gc),
        Command::Doctor => doctor::execute(session),
        Command::Config { origin } => config::execute(session, origin),
        Command::Init => init::execute(session),
        Command::Completions(shell) => completions::execute(shell),
        Command::Version => version::execute(session),
    }
}
