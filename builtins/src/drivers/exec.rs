//! The driver `exec`: `run` is a list, started without a shell.
//!
//! An argument that is exactly `$SRCS`, `$SRCS_<GROUP>`, `$OUT`, `$OUTS` or
//! `$OUT_<GROUP>` becomes the paths it stands for, one argument each; any other
//! text is passed on as it is. Variables whose values only the sandbox knows
//! (`$TOOL_…`, `$HOME`, …) are refused as arguments of their own.

use async_trait::async_trait;
use kiln_plugin_abi::{
    Action, AttributeReader, Command, Diagnostic, Driver, DriverId, Focus, InputPaths, Role,
    Target, TargetSpec, Value,
};

use crate::drivers::run_text::{check_argument, check_mentions};

/// Longest command in all, in bytes, well below what the kernel takes.
const LONGEST_COMMAND: usize = 1 << 20;

/// Variables that the environment holds and an argument cannot be replaced by.
const NOT_REPLACED: [&str; 4] = ["PATH", "HOME", "TMPDIR", "TOOL_"];

/// `driver = "exec"`.
#[derive(Debug, Default)]
pub struct Exec;

#[async_trait]
impl Driver for Exec {
    fn id(&self) -> DriverId {
        DriverId {
            name: "exec".to_owned(),
            version: 1,
        }
    }

    async fn parse(&self, specs: &[TargetSpec]) -> Vec<Result<Target, Diagnostic>> {
        specs.iter().map(|spec| read(spec, self.id())).collect()
    }

    async fn command(&self, target: &Target, inputs: &InputPaths) -> Result<Command, Diagnostic> {
        let mut argv: Vec<String> = Vec::new();
        for argument in arguments(target)? {
            match paths_of(target, inputs, argument) {
                Some(paths) => argv.extend(paths),
                None => {
                    check_mentions(target, [argument], inputs)?;
                    argv.push(argument.to_owned());
                }
            }
        }
        let length: usize = argv.iter().map(|argument| argument.len() + 1).sum();
        if length <= LONGEST_COMMAND {
            return Ok(Command { argv });
        }
        let error = Diagnostic::error(format!(
            "the command is too long: {length} bytes, where 1 MiB can be given"
        ))
        .on(&target.label)
        .focus(Focus::Attribute("run".to_owned()))
        .hint("let the program read the paths from the file `$SRCS_LIST`");
        Err(match &target.span {
            Some(span) => error.at(span),
            None => error,
        })
    }
}

fn read(spec: &TargetSpec, id: DriverId) -> Result<Target, Diagnostic> {
    let mut reader = AttributeReader::new(spec);
    if let Some(value @ Value::String(_)) = reader.value("run") {
        return Err(reader
            .wrong_type("run", "a list of strings", value)
            .hint("a script is run by `driver = \"sh\"`"));
    }
    let is_given = reader.value("run").is_some();
    let run = reader.string_list("run")?;
    let payload = Value::List(run.iter().map(|argument| Value::from(*argument)).collect());
    let target = reader.executing_target(id, Action::Execute { payload })?;
    for argument in &run {
        check_argument(&reader, argument)?;
        check_variable(spec, &target, argument)?;
    }
    let length: usize = run.iter().map(|argument| argument.len() + 1).sum();
    if length > LONGEST_COMMAND {
        let message = format!("`run` is too long: {length} bytes, where 1 MiB can be given");
        return Err(spec.attribute_error("run", message));
    }
    let missing = reader.missing("run", "a list of the program and its arguments");
    reader.finish()?;
    match run.first() {
        None if is_given => Err(spec.attribute_error("run", "`run` is empty")),
        None => Err(missing),
        Some(program) if program.trim().is_empty() => {
            Err(spec.attribute_error("run", "`run` names no program"))
        }
        Some(_) => Ok(target),
    }
}

/// Refuses an argument that looks like a variable and would not be replaced.
fn check_variable(spec: &TargetSpec, target: &Target, argument: &str) -> Result<(), Diagnostic> {
    let Some(variable) = argument.strip_prefix('$') else {
        return Ok(());
    };
    let error = |message: String| {
        spec.error(message)
            .focus(Focus::Literal(argument.to_owned()))
    };
    let is_word = variable
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_word {
        return Ok(());
    }
    if NOT_REPLACED.iter().any(|name| variable.starts_with(name)) {
        let hint = if variable.starts_with("TOOL_") {
            "a tool is called by its file name, which is on the path"
        } else {
            "use `driver = \"sh\"`, whose shell knows the environment"
        };
        return Err(error(format!("`exec` does not replace `{argument}`")).hint(hint));
    }
    if variable == "OUT" {
        let outputs: usize = target.outputs.iter().map(|group| group.outputs.len()).sum();
        if outputs != 1 {
            let message = format!("`$OUT` needs one output, and the target has {outputs}");
            return Err(error(message).hint("`$OUTS` is all of them, `$OUT_<GROUP>` a group"));
        }
    } else if let Some(group) = variable.strip_prefix("OUT_") {
        let is_declared = target
            .outputs
            .iter()
            .any(|other| is_group(other.name.as_ref(), group));
        if !is_declared {
            return Err(error(format!("`outs` has no group for `{argument}`")));
        }
    } else if let Some(group) = variable.strip_prefix("SRCS_") {
        let is_declared = target
            .inputs
            .iter()
            .filter(|other| other.role == Role::Dependency)
            .any(|other| is_group(other.name.as_ref(), group));
        if !is_declared && !group.ends_with("LIST") {
            return Err(error(format!("`deps` has no group for `{argument}`")));
        }
        if !is_declared {
            let message = format!("`exec` does not replace `{argument}`");
            return Err(error(message).hint("use `driver = \"sh\"` to read a list file"));
        }
    }
    Ok(())
}

/// True when `upper` is the part of a variable that stands for the group.
fn is_group(name: Option<&kiln_plugin_abi::GroupName>, upper: &str) -> bool {
    name.is_some_and(|name| name.as_str().to_ascii_uppercase() == upper)
}

/// The paths that an argument stands for; `None` when it is plain text.
fn paths_of(target: &Target, inputs: &InputPaths, argument: &str) -> Option<Vec<String>> {
    let variable = argument.strip_prefix('$')?;
    if variable == "SRCS" {
        return Some(inputs.all.clone());
    }
    if let Some(group) = variable.strip_prefix("SRCS_") {
        return inputs
            .groups
            .iter()
            .find(|other| is_group(other.name.as_ref(), group))
            .map(|group| group.paths.clone());
    }
    let selected: Vec<_> = match variable.strip_prefix("OUT_") {
        Some(group) => target
            .outputs
            .iter()
            .filter(|other| is_group(other.name.as_ref(), group))
            .collect(),
        None if matches!(variable, "OUT" | "OUTS") => target.outputs.iter().collect(),
        None => return None,
    };
    let directory = target.label.package().directory();
    Some(
        selected
            .into_iter()
            .flat_map(|group| &group.outputs)
            .map(|output| {
                let path = &output.path;
                path.below(directory.as_str())
                    .unwrap_or(path.as_str())
                    .to_owned()
            })
            .collect(),
    )
}

/// The words of `run`.
fn arguments(target: &Target) -> Result<Vec<&str>, Diagnostic> {
    let wrong = || Diagnostic::error("this is not a target of the driver `exec`").on(&target.label);
    let Action::Execute {
        payload: Value::List(items),
    } = &target.action
    else {
        return Err(wrong());
    };
    items
        .iter()
        .map(|item| match item {
            Value::String(text) => Ok(text.as_str()),
            _ => Err(wrong()),
        })
        .collect()
}

#[cfg(test)]
mod tests;
