//! How an action runs: `timeout`, `resources`, `sandbox`, `network`, `cache`;
//! and the whole of a target made of the attributes that all drivers share.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::attributes::AttributeReader;
use crate::{
    Action, Diagnostic, DriverId, Focus, InputGroup, OutputGroup, Resources, SandboxMode, Target,
    Value,
};

impl AttributeReader<'_> {
    /// Reads every attribute of a target that runs a process: `deps`,
    /// `runtime_deps`, `tools`, `outs`, `env`, `pass_env`, `labels`, `timeout`,
    /// `network`, `cache`, `resources`, `sandbox`.
    pub fn executing_target(
        &mut self,
        driver: DriverId,
        action: Action,
    ) -> Result<Target, Diagnostic> {
        let mut inputs = self.dependencies()?;
        inputs.extend(self.tools()?);
        inputs.extend(self.runtime_dependencies()?);
        let outputs = self.outputs()?;
        let environment = self.environment()?;
        let pass_environment = self.pass_environment(&environment)?;
        Ok(Target {
            environment,
            pass_environment,
            timeout: self.timeout()?,
            network: self.bool("network", false)?,
            cache: self.bool("cache", true)?,
            resources: self.resources()?,
            sandbox: self.sandbox()?,
            ..self.plain_target(driver, action, inputs, outputs)?
        })
    }

    /// Makes a target that runs nothing; reads `labels` only.
    pub fn plain_target(
        &mut self,
        driver: DriverId,
        action: Action,
        inputs: Vec<InputGroup>,
        outputs: Vec<OutputGroup>,
    ) -> Result<Target, Diagnostic> {
        Ok(Target {
            label: self.spec().label.clone(),
            driver,
            span: self.spec().span.clone(),
            inputs,
            outputs,
            action,
            environment: BTreeMap::new(),
            pass_environment: BTreeSet::new(),
            labels: self.labels()?,
            timeout: None,
            network: false,
            cache: true,
            resources: Resources::default(),
            sandbox: None,
        })
    }

    /// Reads `labels`, words to select targets by.
    pub fn labels(&mut self) -> Result<BTreeSet<String>, Diagnostic> {
        let labels = self.string_list("labels")?;
        for label in &labels {
            if label.is_empty() || label.chars().any(|c| c.is_control() || c.is_whitespace()) {
                let message = format!("`{}` is not a word", label.escape_debug());
                return Err(self.spec().attribute_error("labels", message));
            }
        }
        Ok(labels.into_iter().map(str::to_owned).collect())
    }

    /// Reads `timeout`, such as "90s" or "1h30m"; longer than nothing.
    pub fn timeout(&mut self) -> Result<Option<Duration>, Diagnostic> {
        let wanted = "a string such as \"10m\"";
        let text = match self.value("timeout") {
            None => return Ok(None),
            Some(Value::String(text)) => text,
            Some(other) => return Err(self.wrong_type("timeout", wanted, other)),
        };
        match humantime::parse_duration(text) {
            Ok(duration) if !duration.is_zero() => Ok(Some(duration)),
            _ => Err(self
                .spec()
                .attribute_error(
                    "timeout",
                    format!("`{}` is not a time to wait", text.escape_debug()),
                )
                .hint("write it like \"90s\", \"10m\" or \"1h30m\"")),
        }
    }

    /// Reads `resources`: `cpu` in job slots, `memory` in bytes or like "4G".
    pub fn resources(&mut self) -> Result<Resources, Diagnostic> {
        let mut resources = Resources::default();
        let Some(entries) = self.dict("resources")? else {
            return Ok(resources);
        };
        for (key, value) in entries {
            match (key.as_str(), value) {
                ("cpu", Value::Int(slots)) if (1..=4096).contains(slots) => {
                    resources.cpu = u32::try_from(*slots).expect("it was compared with 4096");
                }
                ("cpu", _) => {
                    let message = "`cpu` in `resources` must be an int from 1 to 4096";
                    return Err(self.spec().attribute_error("resources", message));
                }
                ("memory", value) => {
                    resources.memory = bytes(value).ok_or_else(|| {
                        let message =
                            "`memory` in `resources` must be a size such as \"512M\" or \"4G\"";
                        self.spec().attribute_error("resources", message)
                    })?;
                }
                (other, _) => {
                    let message = format!("`resources` knows no `{other}`");
                    let error = self
                        .spec()
                        .error(message)
                        .focus(Focus::Literal(other.to_owned()));
                    return Err(Self::with_suggestion(error, other, ["cpu", "memory"]));
                }
            }
        }
        Ok(resources)
    }

    /// Reads `sandbox`.
    pub fn sandbox(&mut self) -> Result<Option<SandboxMode>, Diagnostic> {
        match self.string("sandbox")? {
            None => Ok(None),
            Some("host") => Ok(Some(SandboxMode::Host)),
            Some(other) => {
                let message = format!("unknown sandbox mode `{}`", other.escape_debug());
                let error = self.spec().attribute_error("sandbox", message);
                Err(Self::with_suggestion(error, other, ["host"]))
            }
        }
    }
}

/// A number of bytes: an int, or a string with K, M, G or T for powers of 1024.
fn bytes(value: &Value) -> Option<u64> {
    match value {
        Value::Int(bytes) => u64::try_from(*bytes).ok().filter(|bytes| *bytes > 0),
        Value::String(text) => {
            let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            let shift = match &text[digits.len()..] {
                "" => 0,
                "K" => 10,
                "M" => 20,
                "G" => 30,
                "T" => 40,
                _ => return None,
            };
            let count: u64 = digits.parse().ok().filter(|count| *count > 0)?;
            count.checked_mul(1 << shift)
        }
        _ => None,
    }
}
