//! `kiln init`: a workspace with a first target, nothing overwritten.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use serde_json::json;

use crate::arguments::{OutputForm, Verbosity};
use crate::diagnostics::Message;
use crate::exit::{CommandError, Exit};
use crate::session::Session;
use crate::terminal::{self, Data};
use crate::workspace::{MARKER, Workspace};

const CONFIGURATION: &str = "\
# This directory is a Kiln workspace. All keys are optional;
# `kiln config --origin` prints them with their values.
";

const BUILD: &str = r##"# kiln run //:hello       makes the program
# kiln run //:hello --    makes it and runs it
target(
    name = "hello",
    driver = "sh",
    run = """
printf '#!/bin/sh\\necho "Hello from Kiln."\\n' > $OUT
chmod +x $OUT
""",
    outs = ["hello"],
)
"##;

/// Does it, in the directory of `-C` or the current one.
pub fn execute(session: &Session) -> Result<Exit, CommandError> {
    let outer = session.directory.parent().and_then(Workspace::find);
    let mut written = Vec::new();
    for (name, content) in [(MARKER, CONFIGURATION), ("BUILD.kiln", BUILD)] {
        if create(&session.directory.join(name), content)? {
            written.push(name);
        }
    }
    let mut data = Data::default();
    match session.form {
        OutputForm::Text => {
            for name in &written {
                data.line(name);
            }
        }
        OutputForm::Json => data.json(&json!({ "written": written })),
    }
    data.write()?;
    if session.verbosity != Verbosity::Quiet {
        if let Some(outer) = outer.filter(|_| written.contains(&MARKER)) {
            terminal::say(&format!(
                "note: this workspace lies inside of another one, {}\n",
                crate::escape::line(&outer.root.display().to_string())
            ));
        }
        terminal::say(match written.as_slice() {
            [] => "nothing to do: kiln.toml and BUILD.kiln are there already\n",
            [.., "BUILD.kiln"] => "next: kiln run //:hello --\n",
            _ => "BUILD.kiln was there already and stays as it is\n",
        });
    }
    Ok(Exit::Done)
}

/// Writes a new file; false when there is one already.
fn create(path: &Path, content: &str) -> Result<bool, CommandError> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    match file.and_then(|mut file| file.write_all(content.as_bytes())) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => {
            let text = format!("cannot create {}: {error}", path.display());
            Err(CommandError::environment(Message::error(text)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_there_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(MARKER);
        assert_eq!(create(&path, "first"), Ok(true));
        assert_eq!(create(&path, "second"), Ok(false));
        assert_eq!(std::fs::read_to_string(path).unwrap(), "first");
    }
}
