//! The drivers `sh` and `bash`: `run` is a script, `$0` the target's name.

use async_trait::async_trait;
use kiln_plugin_abi::{
    Action, AttributeReader, Command, Diagnostic, Driver, DriverId, InputPaths, Target, TargetSpec,
    Value,
};

use crate::drivers::run_text::{check_argument, check_mentions};

/// `driver = "sh"`: `/bin/sh -eu -c RUN NAME`.
#[derive(Debug, Default)]
pub struct Sh;

/// `driver = "bash"`: `bash -eu -o pipefail -c RUN NAME`.
#[derive(Debug, Default)]
pub struct Bash;

#[async_trait]
impl Driver for Sh {
    fn id(&self) -> DriverId {
        DriverId {
            name: "sh".to_owned(),
            version: 1,
        }
    }

    async fn parse(&self, specs: &[TargetSpec]) -> Vec<Result<Target, Diagnostic>> {
        specs.iter().map(|spec| read(spec, self.id())).collect()
    }

    async fn command(&self, target: &Target, inputs: &InputPaths) -> Result<Command, Diagnostic> {
        command(target, inputs, &["/bin/sh", "-eu", "-c"])
    }
}

#[async_trait]
impl Driver for Bash {
    fn id(&self) -> DriverId {
        DriverId {
            name: "bash".to_owned(),
            version: 1,
        }
    }

    async fn parse(&self, specs: &[TargetSpec]) -> Vec<Result<Target, Diagnostic>> {
        specs.iter().map(|spec| read(spec, self.id())).collect()
    }

    async fn command(&self, target: &Target, inputs: &InputPaths) -> Result<Command, Diagnostic> {
        command(target, inputs, &["bash", "-eu", "-o", "pipefail", "-c"])
    }
}

fn read(spec: &TargetSpec, id: DriverId) -> Result<Target, Diagnostic> {
    let mut reader = AttributeReader::new(spec);
    let run = match reader.value("run") {
        None => None,
        Some(Value::String(text)) => Some(text.as_str()),
        Some(other) => {
            let error = reader.wrong_type("run", "a string", other);
            return Err(match other {
                Value::List(_) => error.hint("a list of arguments is run by `driver = \"exec\"`"),
                _ => error,
            });
        }
    };
    let payload = Value::from(run.unwrap_or_default());
    let target = reader.executing_target(id, Action::Execute { payload })?;
    if let Some(run) = run {
        check_argument(&reader, run)?;
        if run.trim().is_empty() {
            return Err(spec.attribute_error("run", "`run` is empty"));
        }
    }
    let missing = reader.missing("run", "the script to run");
    reader.finish()?;
    run.map(|_| target).ok_or(missing)
}

fn command(target: &Target, inputs: &InputPaths, shell: &[&str]) -> Result<Command, Diagnostic> {
    let Action::Execute {
        payload: Value::String(run),
    } = &target.action
    else {
        let name = &target.driver.name;
        let message = format!("this is not a target of the driver `{name}`");
        return Err(Diagnostic::error(message).on(&target.label));
    };
    check_mentions(target, [run.as_str()], inputs)?;
    let name = target.label.name().as_str();
    let words = shell.iter().copied().chain([run.as_str(), name]);
    Ok(Command {
        argv: words.map(str::to_owned).collect(),
    })
}

#[cfg(test)]
mod tests;
