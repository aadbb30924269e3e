//! `kiln completions`: a script for a shell.

use crate::arguments::{self, Shell};
use crate::exit::{CommandError, Exit};
use crate::terminal;

/// Does it.
pub fn execute(shell: Shell) -> Result<Exit, CommandError> {
    let generator = match shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
    };
    let mut script = Vec::new();
    clap_complete::generate(generator, &mut arguments::command(), "kiln", &mut script);
    terminal::write_bytes(&script)?;
    Ok(Exit::Done)
}
