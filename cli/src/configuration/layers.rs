//! Lays the sources of configuration over each other: built-in values, the
//! user's file, the workspace's two files, environment, flags.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use kiln_plugin_abi::did_you_mean;

use super::document::{self, Assignment, Fault};
use super::key::{KEYS, tables};
use super::raw::Raw;
use super::settings::{Configuration, Origin};
use crate::diagnostics::{Excerpt, Message};
use crate::environment::Environment;
use crate::exit::CommandError;

/// Largest configuration file taken, in bytes.
const LARGEST: u64 = 1 << 20;

/// Where configuration comes from.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// The environment, which also says where the user's file is.
    pub environment: &'a Environment,
    /// The workspace root, if there is a workspace.
    pub workspace: Option<&'a Path>,
    /// `-j`.
    pub jobs: Option<usize>,
}

/// The effective configuration.
///
/// # Errors
/// Exit 2 with every fault of the first source that has one.
pub fn load(sources: &Sources<'_>) -> Result<Configuration, CommandError> {
    let mut configuration = Configuration::built_in();
    for (path, name) in files(sources) {
        read_file(&mut configuration, &path, &name, sources.environment.home())?;
    }
    read_environment(&mut configuration, sources.environment)?;
    if let Some(jobs) = sources.jobs {
        configuration.jobs.set(jobs, Origin::Flag("-j"));
    }
    Ok(configuration)
}

/// The files of all layers, each with the name that messages use.
fn files(sources: &Sources<'_>) -> Vec<(PathBuf, String)> {
    let user = sources.environment.user_configuration();
    let user = user.map(|path| (path.clone(), path.display().to_string()));
    let workspace = sources.workspace.into_iter().flat_map(|root| {
        ["kiln.toml", "kiln.local.toml"].map(|name| (root.join(name), name.to_owned()))
    });
    user.into_iter().chain(workspace).collect()
}

fn read_file(
    configuration: &mut Configuration,
    path: &Path,
    name: &str,
    home: Option<&Path>,
) -> Result<(), CommandError> {
    let Some(text) = read_text(path, name)? else {
        return Ok(());
    };
    apply_text(configuration, &text, name, home).map_err(|faults| CommandError {
        exit: crate::exit::Exit::Usage,
        messages: faults
            .into_iter()
            .map(|fault| describe(fault, &text, name))
            .collect(),
    })
}

/// Puts the values of one file's text in place.
pub fn apply_text(
    configuration: &mut Configuration,
    text: &str,
    name: &str,
    home: Option<&Path>,
) -> Result<(), Vec<Fault>> {
    let (assignments, mut faults) = document::read(text);
    for assignment in assignments {
        let origin = Origin::File {
            path: name.to_owned(),
            line: text[..assignment.span.start].matches('\n').count() + 1,
        };
        let Assignment {
            key,
            raw,
            span,
            elements,
        } = assignment;
        if let Err(misfit) = (key.set)(configuration, raw, origin, home) {
            let element = misfit
                .element
                .and_then(|index| elements.get(index).cloned());
            faults.push(Fault {
                message: format!("`{}` {}", key.full_name(), misfit.message),
                span: element.unwrap_or(span),
                hint: None,
            });
        }
    }
    faults.sort_by_key(|fault| fault.span.start);
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults)
    }
}

fn describe(fault: Fault, text: &str, name: &str) -> Message {
    let message = Message::error(fault.message).at(Excerpt::of_bytes(name, text, fault.span));
    match fault.hint {
        Some(hint) => message.hint(hint),
        None => message,
    }
}

/// The file's text; `None` when there is no such file.
fn read_text(path: &Path, name: &str) -> Result<Option<String>, CommandError> {
    let refuse =
        |why: String| CommandError::usage(Message::error(format!("cannot read {name}: {why}")));
    let kind = match path.metadata() {
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(refuse(error.to_string())),
        Ok(metadata) => metadata,
    };
    if !kind.is_file() {
        return Err(refuse("it is not a regular file".to_owned()));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(|error| refuse(error.to_string()))?;
    if bytes.len() as u64 > LARGEST {
        return Err(refuse("it is larger than 1 MiB".to_owned()));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..valid]
                .split(|byte| *byte == b'\n')
                .count();
            Err(refuse(format!("line {line} is not UTF-8")))
        }
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn read_environment(
    configuration: &mut Configuration,
    environment: &Environment,
) -> Result<(), CommandError> {
    for name in environment.variables().keys() {
        let Some(value) = environment.get(name) else {
            continue;
        };
        if let Some(key) = KEYS.iter().find(|key| key.variable() == *name) {
            let raw = Raw::from_environment(value, key.shape);
            let origin = Origin::Environment(name.clone());
            (key.set)(configuration, raw, origin, environment.home()).map_err(|misfit| {
                let text = format!(
                    "`{}`, set by the variable {name}, {}",
                    key.full_name(),
                    misfit.message
                );
                CommandError::usage(Message::error(text))
            })?;
        } else if is_misspelt(name) {
            return Err(unknown_variable(name));
        }
    }
    Ok(())
}

/// True for a variable that can only be meant for a table of the configuration.
fn is_misspelt(name: &str) -> bool {
    let for_table = |table: &str| {
        name.strip_prefix("KILN_")
            .and_then(|rest| rest.strip_prefix(&table.to_uppercase()))
            .is_some_and(|rest| rest.starts_with('_'))
    };
    name != "KILN_CACHE_DIR" && name.starts_with("KILN_") && tables().any(for_table)
}

fn unknown_variable(name: &str) -> CommandError {
    let known: Vec<String> = KEYS.iter().map(super::key::Key::variable).collect();
    let names = known.iter().map(String::as_str).chain(["KILN_CACHE_DIR"]);
    let message = Message::error(format!("unknown variable {name} in the environment"));
    CommandError::usage(match did_you_mean(name, names) {
        Some(near) => message.hint(format!("did you mean {near}?")),
        None => message.hint("`kiln config --origin` lists what can be set"),
    })
}

#[cfg(test)]
mod tests;
