//! `kiln run X -- ARGS`: the one program among what was built, and becoming it.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use kiln_engine::request::BuiltTarget;

use crate::diagnostics::Message;
use crate::exit::{CommandError, Exit};

/// An executable output.
#[derive(Debug, PartialEq, Eq)]
pub struct Program(PathBuf);

impl Program {
    /// The one executable of the one target.
    ///
    /// # Errors
    /// Exit 2 for several targets, exit 1 for a target that is no program.
    pub fn of(built: &[BuiltTarget]) -> Result<Program, CommandError> {
        let [target] = built else {
            let text = format!(
                "`--` runs a program and needs exactly one target, not {}",
                built.len()
            );
            return Err(CommandError::usage(Message::error(text)));
        };
        match target.executables.as_slice() {
            [program] => Ok(Program(program.clone())),
            [] => {
                let message = Message::error(format!("{} has no executable output", target.label));
                Err(CommandError::new(
                    Exit::Build,
                    message.hint("its action has to set the exec bit: chmod +x $OUT"),
                ))
            }
            several => {
                let names: Vec<String> = several
                    .iter()
                    .filter_map(|path| path.file_name())
                    .map(|name| name.to_string_lossy().into_owned())
                    .collect();
                let text = format!(
                    "{} has {} executable outputs: {}",
                    target.label,
                    several.len(),
                    names.join(", ")
                );
                let message = Message::error(text);
                let hint = format!(
                    "name the output group of the one to run: {}[group]",
                    target.label
                );
                Err(CommandError::new(Exit::Build, message.hint(hint)))
            }
        }
    }
}

/// Replaces this process, in its directory and environment, by `program`;
/// returns only the reason why that is impossible.
pub fn become_it(program: &Program, arguments: Vec<OsString>) -> CommandError {
    let path = program.0.display().to_string();
    let error = Command::new(&program.0).args(arguments).exec();
    CommandError::environment(Message::error(format!("cannot run {path}: {error}")))
}

#[cfg(test)]
mod tests {
    use kiln_plugin_abi::{Label, PackagePath};

    use super::*;

    fn target(executables: &[&str]) -> BuiltTarget {
        BuiltTarget {
            label: Label::parse("//a", &PackagePath::root()).unwrap(),
            outputs: Vec::new(),
            executables: executables.iter().map(PathBuf::from).collect(),
        }
    }

    #[test]
    fn exactly_one_executable_of_exactly_one_target_is_a_program() {
        assert_eq!(Program::of(&[target(&["/x"])]), Ok(Program("/x".into())));
        let exit = |built: &[BuiltTarget]| Program::of(built).map_err(|error| error.exit);
        assert_eq!(exit(&[]), Err(Exit::Usage));
        assert_eq!(exit(&[target(&["/x"]), target(&["/y"])]), Err(Exit::Usage));
        assert_eq!(exit(&[target(&[])]), Err(Exit::Build));
        assert_eq!(exit(&[target(&["/x", "/y"])]), Err(Exit::Build));
    }
}
